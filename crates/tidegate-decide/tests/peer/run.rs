//! Programs of others that a test asks.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The lines of JSON that a Python script writes with a package of others; nothing where that isn't installed and needn't be.
pub(crate) fn python(package: &str, script: &str) -> Option<Vec<Value>> {
    let given = std::env::var_os("TIDEGATE_PEERS").map(PathBuf::from);
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers");
    let must = given.is_some();
    let folder = given.unwrap_or(target).join("pypi").join(package);
    if !folder.is_dir() {
        assert!(!must, "{} is missing", folder.display());
        eprintln!("SKIPPED: {package} isn't at {}", folder.display());
        return None;
    }
    let ran = Command::new("python3").args(["-c", script]).env("PYTHONPATH", folder).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let lines = String::from_utf8(ran.stdout).unwrap();
    Some(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Bytes of hexadecimal digits.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}
