//! Modules of the public registry that most Terraform uses, without their sources.
//!
//! A call of such a module declares resources although nothing of it lies in the project. What the modules make of their
//! inputs is condensed in `data/modules`, one file each, in Terraform's own language: it keeps what rules and the graph
//! look at, and the defaults that decide. A file is read once for each call, with every span on the call, so that whatever
//! an argument doesn't say is shown at the head of the call.

mod version;

use super::ast::{Block, Kind};
use super::module::{self, Module};
use super::parse;
use std::path::PathBuf;

/// A module: its name behind `terraform-aws-modules/` (with the path of a submodule), and its condensed text.
type Known = (&'static str, &'static str);

macro_rules! known {
    ($($name:literal => $file:literal,)*) => {
        &[$(($name, include_str!(concat!("../../data/modules/", $file, ".tf"))),)*]
    };
}

const MODULES: &[Known] = known! {
    "s3-bucket" => "s3-bucket",
    "s3-bucket//modules/notification" => "s3-bucket-notification",
    "sqs" => "sqs",
    "sns" => "sns",
    "lambda" => "lambda",
    "lambda//modules/alias" => "lambda-alias",
    "dynamodb-table" => "dynamodb-table",
    "kms" => "kms",
    "eventbridge" => "eventbridge",
    "apigateway-v2" => "apigateway-v2",
    "step-functions" => "step-functions",
    "secrets-manager" => "secrets-manager",
    "cloudwatch//modules/log-group" => "cloudwatch-log-group",
    "iam//modules/iam-policy" => "iam-policy",
    "iam//modules/iam-role" => "iam-role",
    "iam//modules/iam-assumable-role" => "iam-assumable-role",
    "iam//modules/iam-user" => "iam-user",
};

/// The module that a call names, if it is one of those; every span in it is the call's head.
pub(super) fn module(call: &Block, folder: PathBuf) -> Option<Module> {
    let Kind::Text(source) = &call.body.attribute("source")?.value.kind else { return None };
    let (name, tag) = name_of(source)?;
    let (_, text) = MODULES.iter().find(|(known, _)| *known == name)?;
    let constraint = match call.body.attribute("version").map(|a| &a.value.kind) {
        Some(Kind::Text(constraint)) => constraint.as_str(),
        _ => tag.unwrap_or_default(),
    };
    let text = at_version(text, constraint);
    let (body, _) = parse::parse_fixed(&text, call.header);
    Some(Module { folder, condensed: Some(call.header), ..module::collect(body) })
}

/// The module behind a source of the registry or of its repository, and the tag that the source asks for.
fn name_of(source: &str) -> Option<(String, Option<&str>)> {
    let (source, query) = source.split_once('?').unwrap_or((source, ""));
    let tag = query.split('&').find_map(|pair| pair.strip_prefix("ref="));
    let registry = ["registry.terraform.io/", "registry.opentofu.org/"];
    let source = registry.iter().find_map(|host| source.strip_prefix(host)).unwrap_or(source);
    if let Some(rest) = source.strip_prefix("terraform-aws-modules/") {
        let (name, rest) = rest.split_once("/aws")?;
        return (rest.is_empty() || rest.starts_with("//")).then(|| (format!("{name}{rest}"), tag));
    }
    let (host, rest) = source.split_once("github.com")?;
    let remote =
        host.is_empty() || ["git::", "https://", "ssh://", "git@"].iter().any(|p| host.starts_with(p));
    let rest = rest.strip_prefix(['/', ':'])?.strip_prefix("terraform-aws-modules/terraform-aws-")?;
    let (name, path) = match rest.split_once("//") {
        Some((name, path)) => (name, format!("//{path}")),
        None => (rest, String::new()),
    };
    remote.then(|| (format!("{}{path}", name.trim_end_matches(".git")), tag))
}

/// A condensed text as it is at a version: `since("3.9.0")` is true from that version on.
fn at_version(text: &str, constraint: &str) -> String {
    const SINCE: &str = "since(\"";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(SINCE) {
        out.push_str(before);
        let Some((version, behind)) = after.split_once("\")") else { break };
        out.push_str(if version::reaches(constraint, version) { "true" } else { "false" });
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
