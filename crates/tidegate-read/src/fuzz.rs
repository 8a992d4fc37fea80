//! One function per parser, for fuzzing alone: text in, nothing out, and it must end without a panic.
//!
//! Not part of the interface of this crate. Each target of a reader goes as far as the event graph, so that what it lowers
//! is linked too; those of access policies go as far as a decision.

use crate::discover::Part;
use crate::reading::{Options, join, read_part};
use crate::{Files, document, link, yaml};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tidegate_graph::{FileId, Span, Value};
use tidegate_iam::decide::explain;
use tidegate_iam::inclusion::includes;
use tidegate_iam::policy::Reader;
use tidegate_iam::{Account, Applicable, Context, Request};

/// A target by its name, which is also that of its folder of seeds.
pub type Target = (&'static str, fn(&str));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("yaml", |text| drop(yaml::parse(FileId(0), text))),
    ("document", |text| drop(document::document(&Value::text(text, Span::default())))),
    ("cloudformation", |text| one(text, |file, root| Part::CloudFormation { file, root, parameters: None })),
    ("serverless", |text| one(text, |file, root| Part::Serverless { file, root })),
    ("asl", |text| one(text, |file, root| Part::StateMachine { file, root })),
    ("openapi", |text| one(text, |file, root| Part::OpenApi { file, root })),
    ("asyncapi", |text| one(text, |file, root| Part::AsyncApi { file, root })),
    ("terraform-json", |text| one(text, |file, root| Part::TerraformJson { file, root })),
    ("terraform", terraform),
    ("iam-policy", policy),
    ("iam-account", account),
];

/// Two policies are read, decided on, and compared with each other: what stands before and behind a line of dashes.
fn policy(text: &str) {
    let (old, new) = text.split_once("\n---\n").unwrap_or((text, text));
    let read = |text: &str| {
        let (value, _) = yaml::parse_one(FileId(0), text);
        value.map(|value| Reader::default().policy("fuzz", &value))
    };
    let (Some(old), Some(new)) = (read(old), read(new)) else { return };
    let identity = [Arc::new(old.clone())];
    for principal in ["arn:aws:iam::111122223333:role/fuzz", "sns.amazonaws.com", "anonymous"] {
        let mut request = Request::new(principal, "s3:GetObject", "arn:aws:s3:::bucket/key");
        let policies = Applicable { identity: &identity, resource: Some(&new), ..Applicable::default() };
        drop(explain(&request, &policies));
        request.context = Context::unknown();
        drop(explain(&request, &policies));
    }
    drop(includes(&old, &new, &|_| Vec::new()));
}

/// An export of an account, and questions about it.
fn account(text: &str) {
    let (Some(value), _) = yaml::parse_one(FileId(0), text) else { return };
    let account = Account::from_export(&value, &|_| None);
    for arn in ["*", "arn:aws:s3:::bucket/key"] {
        drop(account.who_can("s3:GetObject", arn));
    }
    for identity in account.identities.iter().take(4) {
        drop(account.what_can(identity, &|pattern| vec![pattern.text().into()]));
        drop(account.who_can("sts:AssumeRole", &identity.arn));
    }
}

/// A document that one reader reads, as if it were the only file of a project.
fn one(text: &str, part: impl Fn(FileId, Value) -> Part) {
    // There is no such folder, so that nothing that the text names can be opened.
    let files = Files::new(Path::new("tidegate-fuzz-nowhere"));
    let file = files.add("input.yaml", text);
    let (Some(root), _) = yaml::parse_one(file, text) else { return };
    whole(&files, part(file, root));
}

/// A module has to lie on a disk.
fn terraform(text: &str) {
    let folder = folder();
    let path = folder.join("main.tf");
    if std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, text)).is_ok() {
        whole(
            &Files::new(&folder),
            Part::TerraformFolder(folder.canonicalize().unwrap_or_else(|_| folder.clone())),
        );
        // What the next input leaves out must not be read again.
        let _ = std::fs::remove_dir_all(&folder);
    }
}

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!(
        "tidegate-fuzz-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ))
}

fn whole(files: &Files, part: Part) {
    let readings = read_part(files, part, &Options::default());
    drop(link(&join(files, readings, Vec::new())));
}

/// Runs the target of that name; does nothing when there is none.
pub fn run(name: &str, text: &str) {
    if let Some((_, target)) = TARGETS.iter().find(|(known, _)| *known == name) {
        target(text);
    }
}
