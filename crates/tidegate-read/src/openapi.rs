//! OpenAPI and Swagger documents: of their own, and as bodies of API Gateway APIs.

use crate::Files;
use crate::reading::Reading;
use tidegate_graph::{FileId, Value};

/// Reads a document that no template uses as the body of an API.
pub(crate) fn read(files: &Files, file: FileId, root: Value) -> Vec<Reading> {
    let _ = (files, file, root);
    Vec::new()
}
