//! AsyncAPI documents, 2.x and 3.x.

use crate::Files;
use crate::reading::Reading;
use tidegate_graph::{FileId, Value};

/// Reads a document.
pub(crate) fn read(files: &Files, file: FileId, root: Value) -> Vec<Reading> {
    let _ = (files, file, root);
    Vec::new()
}
