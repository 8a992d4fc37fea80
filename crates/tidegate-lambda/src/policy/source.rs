//! Where the contract comes from: a file of the layer or of a mount, or the environment itself.

use super::Policy;
use std::path::PathBuf;
use std::time::SystemTime;
use tidegate_decide::signed;
use tidegate_graph::contract::Contract;

/// The longest contract.
const MOST: u64 = 64 << 20;

/// Where the contract comes from.
#[derive(Debug)]
pub(crate) struct Source {
    origin: Origin,
    /// The public key that has to have signed it, in PEM.
    key: Option<String>,
    function: String,
}

#[derive(Debug)]
enum Origin {
    /// There is none: every trigger is inspected and blocked.
    None,
    File(PathBuf),
    /// The text itself, and its signature.
    Inline(String, String),
}

/// What changes when a file does: its place on the disk, its time, its length, and those of its signature.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mark([Option<(u64, SystemTime, u64)>; 2]);

impl Source {
    /// Reads variables of the environment: `TIDEGATE_CONTRACT` is the path of a file, or the contract itself.
    pub(crate) fn of(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let origin = match variable("TIDEGATE_CONTRACT") {
            None => Origin::None,
            Some(text) if text.trim_start().starts_with('{') => {
                Origin::Inline(text, variable("TIDEGATE_CONTRACT_SIGNATURE").unwrap_or_default())
            }
            Some(path) => Origin::File(path.into()),
        };
        let key = match variable("TIDEGATE_CONTRACT_KEY") {
            Some(text) if !text.trim_start().starts_with("-----BEGIN") => {
                let read = std::fs::read_to_string(&text);
                Some(read.map_err(|e| format!("TIDEGATE_CONTRACT_KEY: could not read `{text}`: {e}"))?)
            }
            other => other,
        };
        if key.is_some() && matches!(origin, Origin::None) {
            return Err("TIDEGATE_CONTRACT_KEY is set, but there is no contract to verify".into());
        }
        let function = variable("TIDEGATE_FUNCTION").or_else(|| variable("AWS_LAMBDA_FUNCTION_NAME"));
        Ok(Self { origin, key, function: function.unwrap_or_default() })
    }

    /// Reads it, believes it only if it has to be signed and is, and prepares it.
    pub(crate) fn load(&self, before: Option<&Policy>) -> Result<Policy, String> {
        let (name, text, signature) = match &self.origin {
            Origin::None => return Policy::new(None, &self.function, before),
            Origin::Inline(text, signature) => {
                ("TIDEGATE_CONTRACT".to_string(), text.clone().into_bytes(), Some(signature.clone()))
            }
            Origin::File(path) => {
                let name = path.display().to_string();
                let failed = |e: std::io::Error| format!("could not read `{name}`: {e}");
                if std::fs::metadata(path).map_err(failed)?.len() > MOST {
                    return Err(format!("`{name}` is too long for a contract"));
                }
                let text = std::fs::read(path).map_err(failed)?;
                (name, text, std::fs::read_to_string(beside(path)).ok())
            }
        };
        if let Some(key) = &self.key {
            let signature = signature
                .ok_or_else(|| format!("`{name}` has to be signed, and `{name}.sig` can't be read"))?;
            // Before anything is made of it.
            signed::verify(&text, &signature, key)
                .map_err(|flaw| format!("`{name}` isn't believed: {flaw}"))?;
        }
        let contract: Contract =
            serde_json::from_slice(&text).map_err(|e| format!("`{name}` is no contract: {e}"))?;
        Policy::new(Some(contract), &self.function, before).map_err(|e| format!("`{name}`: {e}"))
    }

    /// Whether it can change at all.
    pub(crate) fn changes(&self) -> bool {
        matches!(self.origin, Origin::File(_))
    }

    /// What tells one version of the file from another; `None` while there is no file.
    pub(super) fn mark(&self) -> Option<Mark> {
        let Origin::File(path) = &self.origin else { return None };
        let of = |path: &PathBuf| {
            let file = std::fs::metadata(path).ok()?;
            Some((inode(&file), file.modified().ok()?, file.len()))
        };
        let contract = of(path)?;
        Some(Mark([Some(contract), of(&beside(path))]))
    }
}

fn beside(path: &std::path::Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

#[cfg(unix)]
fn inode(file: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(file)
}

#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> u64 {
    0
}
