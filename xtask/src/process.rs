//! Other programs: cargo first of all.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Cargo at the root of the workspace: the one that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Runs a program to its end and returns what it wrote to its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = format!("{command:?}");
    let output = command.output().with_context(|| format!("failed to start {shown}"))?;
    if !output.status.success() {
        bail!("{shown} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{shown} wrote no UTF-8"))
}

/// Runs a program that speaks for itself; true when it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool> {
    let shown = format!("{command:?}");
    Ok(command.status().with_context(|| format!("failed to start {shown}"))?.success())
}

/// Where cargo builds.
pub(crate) fn target() -> Result<PathBuf> {
    let metadata = output(&mut cargo(&["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata: serde_json::Value =
        serde_json::from_str(&metadata).context("failed to read cargo's metadata")?;
    let target = metadata
        .get("target_directory")
        .and_then(|v| v.as_str())
        .context("cargo named no target directory")?;
    Ok(PathBuf::from(target))
}

/// Builds the release binary and returns its path.
pub(crate) fn release() -> Result<PathBuf> {
    if !succeeds(&mut cargo(&["build", "--release", "--package", "tidegate"]))? {
        bail!("the release build failed");
    }
    Ok(target()?.join("release").join(format!("tidegate{}", std::env::consts::EXE_SUFFIX)))
}
