//! Rules in the language of CloudFormation Guard, over templates of what was resolved.

use super::Loaded;
use super::rule::Head;
use super::run::{Ran, Seen};
use crate::config::Complaint;
use serde_json::Value;

/// A rule of a file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) head: Head,
}

/// Why a file of Guard can't be used by this build.
const MISSING: &str = "this build has no engine for Guard: take a release, or build with \
                       `cargo build --release --features guard-rules`";

impl File {
    pub(super) fn read(_path: &str, _text: &str) -> Result<(Vec<Self>, Vec<Complaint>), String> {
        Err(MISSING.to_string())
    }
}

pub(super) fn run(_rules: &[&Loaded<File>], _seen: Seen<'_>, _ran: &mut Ran) {}

pub(super) fn evaluate(_path: &str, _text: &str, _templates: &[String]) -> Result<Value, String> {
    Err(MISSING.to_string())
}
