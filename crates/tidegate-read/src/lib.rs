//! Infrastructure code in, event graph out.
//!
//! [`read`] finds every file of every known format below a folder and lowers what it declares to the canonical
//! resources of [`tidegate_graph::System`]; [`link()`] joins them to the event [`tidegate_graph::Graph`].
//! Neither can fail: broken input becomes a [`tidegate_graph::Problem`] and the rest is still read.

mod account;
mod asl;
mod asyncapi;
mod cloudformation;
mod clouds;
mod discover;
mod document;
mod edit;
mod files;
#[doc(hidden)]
pub mod fuzz;
mod glob;
mod link;
mod openapi;
mod reading;
mod reference;
mod serverless;
mod terraform;
mod within;
mod yaml;

pub use account::account;
pub use clouds::{CloudStep, CloudWays, cloud_cut, cloud_steps, is_cloud_compute, subscription_of};
pub use document::document as inside;
pub use edit::{Editor, edits, is_generated};
pub use files::{Files, LoadError};
pub use glob::Glob;
pub use link::link;
pub use reading::{Options, read};
pub use yaml::parse_one as parse;

use tidegate_graph::{FileId, Problem, Value};

/// Reads the documents of a YAML or JSON text that is no template, each value with its place.
pub fn parse_yaml(file: FileId, text: &str) -> (Vec<Value>, Vec<Problem>) {
    let parsed = yaml::parse(file, text);
    (parsed.documents, parsed.problems)
}
