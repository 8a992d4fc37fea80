//! CloudFormation templates, and what becomes one: SAM, CDK assemblies, Serverless Framework services.

mod sam;

use crate::reading::{Options, Reading};
use crate::Files;
use std::collections::HashMap;
use tidegate_graph::{FileId, Map, Problem, Str, Value};

/// What a transform says of a resource that it made or changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Logical id of the resource it was made from; `None` when it stands for itself.
    pub(crate) made_from: Option<Str>,
    /// Type as it was written.
    pub(crate) declared_type: Str,
}

/// A template in CloudFormation's own words, ready to be evaluated.
#[derive(Debug, Default)]
pub(crate) struct Template {
    /// The file it was written in.
    pub(crate) file: FileId,
    /// Name of the stack, and first part of the ids of its resources.
    pub(crate) stack: Str,
    /// `cloudformation`, `sam`, `cdk`, `serverless`.
    pub(crate) format: &'static str,
    /// The root mapping, intrinsics in long form (`{"Fn::GetAtt": [..]}`, `{"Ref": ..}`).
    pub(crate) root: Map,
    /// Parameter values that are fixed from outside (parameter file, parent stack).
    pub(crate) bound: HashMap<Str, Value>,
    /// Where resources come from, by logical id; missing for those that were written as they are.
    pub(crate) origins: HashMap<Str, Origin>,
    /// Problems met so far.
    pub(crate) problems: Vec<Problem>,
}

/// Reads a template file: SAM transform, language extensions, intrinsics, nested stacks.
pub(crate) fn read(files: &Files, file: FileId, root: Value, options: &Options) -> Vec<Reading> {
    let _ = (files, file, root, options);
    Vec::new()
}

/// Reads a CDK assembly.
pub(crate) fn read_assembly(files: &Files, manifest: FileId, root: &Value, options: &Options) -> Vec<Reading> {
    let _ = (files, manifest, root, options);
    Vec::new()
}

/// Evaluates a template that is in CloudFormation's own words: its reading first, then those of its nested stacks.
pub(crate) fn lower(files: &Files, template: Template, options: &Options) -> Vec<Reading> {
    let _ = (files, template, options);
    Vec::new()
}
