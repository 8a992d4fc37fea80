//! Edits of Terraform texts.

use super::Raw;
use tidegate_graph::{Change, Resource};

pub(super) fn set(_: &Resource, _: &Change, _: &str) -> Option<Raw> {
    None
}
