//! Serverless Framework services.

mod variables;

use crate::Files;
use crate::reading::{Options, Reading};
use tidegate_graph::{FileId, Value};

/// Reads a service.
pub(crate) fn read(files: &Files, file: FileId, root: Value, options: &Options) -> Vec<Reading> {
    let _ = (files, file, root, options);
    Vec::new()
}
