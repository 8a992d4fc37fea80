//! `tidegate contract schema pull`: schemas from a registry into the project, pinned.

use crate::config::Config;
use crate::contract::{LOCK, Lock, Locked, is_schema};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::registry::{Registry, Revision};
use anyhow::Context;
use base64::Engine as _;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Credentials; they come from nowhere else.
const TOKEN: &str = "TIDEGATE_REGISTRY_TOKEN";
const USER: &str = "TIDEGATE_REGISTRY_USER";
const PASSWORD: &str = "TIDEGATE_REGISTRY_PASSWORD";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address of a registry with Confluent's interface, or of Apicurio's own, which ends in /apis/registry/v2 or /apis/registry/v3
    #[arg(long, value_name = "URL")]
    registry: String,
    /// Subjects, each with the version that is meant if it isn't the newest: orders-value, orders-value@3; for Apicurio's own interface artifacts: shop/orders, shop/orders@1.0.2
    #[arg(required = true, value_name = "SUBJECT[@VERSION]")]
    subjects: Vec<String>,
    /// Folder for the files, below the folder of tidegate.toml
    #[arg(long, value_name = "FOLDER", default_value = "schemas")]
    folder: PathBuf,
    /// Certificate authorities of the registry (PEM) instead of the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Configuration beside which the lock file lies, instead of the nearest tidegate.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let config = Config::load(args.config.as_deref(), Path::new("."), &[])?;
    if config.folder.as_os_str().is_empty() {
        let help = "`tidegate init` writes one; schemas and the lock file lie beside it".to_string();
        return Err(Failure::usage("there is no tidegate.toml", Some(help)));
    }
    if !args.folder.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir)) {
        return Err(Failure::usage("`--folder` leads out of the project", None));
    }
    let refused = |message: String| {
        let shown = args.registry.split('@').next_back().unwrap_or_default();
        Failure::usage(format!("the registry at `{shown}` can't be asked: {message}"), None)
    };
    let registry = Registry::new(&args.registry, authorization(), args.ca.clone()).map_err(refused)?;
    let mut lock = Lock::load(&config.folder)
        .map_err(|message| Failure::usage(format!("`{LOCK}` can't be read: {message}"), None))?;
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    for asked in &args.subjects {
        let (subject, version) = asked_for(asked)?;
        let failed = |message: String| {
            Failure::Own(anyhow::anyhow!("the registry at `{}`: {message}", registry.base()))
        };
        let found = registry.version(subject, version.as_ref()).map_err(failed)?;
        let text = registry.whole(&found).map_err(failed)?;
        is_schema(found.language.kind(), &text).map_err(|why| {
            let help = "nothing is written; look at what the registry has under that name".to_string();
            Failure::usage(format!("what the registry has as `{subject}` is no schema: {why}"), Some(help))
        })?;
        let file = args.folder.join(format!("{}.{}", file_name(subject), found.language.extension()));
        let file = file.components().filter(|c| matches!(c, Component::Normal(_)));
        let file = file.map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        if !seen.insert(file.clone()) {
            return Err(Failure::usage(format!("two subjects would be the file `{file}`"), None));
        }
        let locked = Locked {
            registry: registry.base().to_string(),
            subject: found.subject,
            version: found.version,
            id: found.id,
            digest: tidegate_decide::schema::compile::digest(&[&text]),
            file: file.clone(),
        };
        same(lock.of(&file), &locked)?;
        lock.insert(locked);
        files.push((file, text));
    }
    // Nothing is written before everything is here.
    let mut told = String::new();
    for (file, text) in &files {
        let path = config.folder.join(file);
        let folder = path.parent().unwrap_or(&config.folder);
        std::fs::create_dir_all(folder).with_context(|| format!("could not make `{}`", folder.display()))?;
        let real = folder.canonicalize().with_context(|| format!("could not open `{}`", folder.display()))?;
        if !real.starts_with(&config.folder) {
            return Err(Failure::usage("`--folder` leads out of the project", None));
        }
        output::deliver(text, Some(&path))?;
        let locked = lock.of(file);
        told.extend(
            locked
                .map(|l| format!("{file}: {} version {}, id {}, {}\n", l.subject, l.version, l.id, l.digest)),
        );
    }
    let text = serde_json::to_string_pretty(&lock).context("writing the lock file")?;
    output::deliver(&format!("{text}\n"), Some(&config.folder.join(LOCK)))?;
    output::deliver(&told, None)?;
    Ok(Exit::Clean)
}

/// A version never changes: a registry that says something else now is not to be believed.
fn same(known: Option<&Locked>, found: &Locked) -> Result<(), Failure> {
    let Some(known) = known else { return Ok(()) };
    let one = (&known.registry, &known.subject, &known.version)
        == (&found.registry, &found.subject, &found.version);
    if !one || known.digest == found.digest {
        return Ok(());
    }
    let message = format!("version {} of `{}` isn't what it was", found.version, found.subject);
    let help =
        format!("find out who changed it; if that is meant, take its entry out of {LOCK} and pull again");
    Err(Failure::usage(message, Some(help)))
}

fn asked_for(text: &str) -> Result<(&str, Option<Revision>), Failure> {
    let (subject, version) = match text.rsplit_once('@') {
        Some((subject, version)) => (subject, Revision::of(version).map(Some)),
        None => (text, Some(None)),
    };
    match version {
        Some(version) if !subject.is_empty() => Ok((subject, version)),
        _ => Err(Failure::usage(
            format!("`{text}` names no version of a subject"),
            Some("as in orders-value@3".into()),
        )),
    }
}

/// A subject as the name of a file.
fn file_name(subject: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = subject.chars().map(plain).collect();
    if name.starts_with('.') { format!("_{name}") } else { name }
}

fn authorization() -> Option<String> {
    let said = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    if let Some(token) = said(TOKEN) {
        return Some(format!("Bearer {token}"));
    }
    let pair = format!("{}:{}", said(USER)?, said(PASSWORD).unwrap_or_default());
    Some(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_become_files_of_the_folder() {
        let third = Some(Revision::Number(3));
        assert_eq!(asked_for("orders-value@3").unwrap(), ("orders-value", third));
        let named = Some(Revision::Name("1.0.2".into()));
        assert_eq!(asked_for("shop/orders@1.0.2").unwrap(), ("shop/orders", named));
        assert_eq!(asked_for("orders-value").unwrap(), ("orders-value", None));
        for wrong in ["@3", "a@", "a@0", "a@x y", ""] {
            assert!(asked_for(wrong).is_err(), "{wrong}");
        }
        assert_eq!(file_name("../a/b"), "_.._a_b");
        assert_eq!(file_name(":.ctx:orders"), "_.ctx_orders");
    }
}
