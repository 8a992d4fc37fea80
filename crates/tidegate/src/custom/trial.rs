//! `--test-rules`: runs the tests that stand beside rules.

use crate::exit::Exit;
use crate::failure::Failure;
use std::path::Path;

pub(crate) fn test(_folder: &Path) -> Result<(String, Exit), Failure> {
    Ok((String::new(), Exit::Clean))
}
