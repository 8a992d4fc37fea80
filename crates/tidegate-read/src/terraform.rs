//! Terraform and OpenTofu.

use crate::Files;
use crate::reading::{Options, Reading};
use std::path::Path;
use tidegate_graph::{FileId, Value};

/// Reads a root module.
pub(crate) fn read_folder(files: &Files, folder: &Path, options: &Options) -> Vec<Reading> {
    let _ = (files, folder, options);
    Vec::new()
}

/// Reads `terraform show -json`, of a plan or a state.
pub(crate) fn read_json(files: &Files, file: FileId, root: &Value) -> Vec<Reading> {
    let _ = (files, file, root);
    Vec::new()
}
