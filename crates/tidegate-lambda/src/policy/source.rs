//! Where the contract comes from: a file of the layer or of a mount, a bucket of S3, or the environment itself.

use super::Policy;
use crate::s3::Object;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use tidegate_decide::signed;
use tidegate_graph::contract::Contract;

/// The longest contract.
const MOST: u64 = 64 << 20;
/// The longest signature: 64 bytes in base64, and whitespace.
const SIGNATURE: usize = 4096;
/// How often a file is looked at. The environment stands still between events: this costs nothing then.
const OFTEN: Duration = Duration::from_secs(1);
/// How often S3 is asked unless told otherwise: each question is billed.
const SELDOM: u64 = 60;

/// Where the contract comes from.
#[derive(Debug)]
pub(crate) struct Source {
    origin: Origin,
    /// The public key that has to have signed it, in PEM.
    key: Option<String>,
    function: String,
    /// How often it is looked at.
    pub(super) every: Duration,
}

#[derive(Debug)]
enum Origin {
    /// There is none: every trigger is inspected and blocked.
    None,
    File(PathBuf),
    Bucket(Object),
    /// The text itself, and its signature.
    Inline(String, String),
}

/// What tells one version of a contract from another.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A file's place on the disk, its time, its length, and those of its signature.
    File([Option<(u64, SystemTime, u64)>; 2]),
    /// The ETags of an object and of its signature.
    Bucket([String; 2]),
}

impl Source {
    /// Reads variables of the environment: `TIDEGATE_CONTRACT` is the path of a file, `s3://BUCKET/KEY`, or the contract
    /// itself.
    pub(crate) fn of(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let origin = match variable("TIDEGATE_CONTRACT") {
            None => Origin::None,
            Some(text) if text.trim_start().starts_with('{') => {
                Origin::Inline(text, variable("TIDEGATE_CONTRACT_SIGNATURE").unwrap_or_default())
            }
            Some(name) if name.starts_with("s3://") => Origin::Bucket(Object::of(&name, variable)?),
            Some(path) => Origin::File(path.into()),
        };
        let every = match (&origin, variable("TIDEGATE_CONTRACT_SECONDS")) {
            (Origin::Bucket(_), Some(text)) => {
                let seconds = text.parse().ok().filter(|seconds| *seconds > 0);
                Duration::from_secs(seconds.ok_or_else(|| {
                    format!("TIDEGATE_CONTRACT_SECONDS: `{text}` is no number of seconds above 0")
                })?)
            }
            (Origin::Bucket(_), None) => Duration::from_secs(SELDOM),
            _ => OFTEN,
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
        Ok(Self { origin, key, function: function.unwrap_or_default(), every })
    }

    /// Reads it, believes it only if it has to be signed and is, and prepares it. With it comes what marks the version that
    /// was read.
    pub(crate) fn load(&self, before: Option<&Policy>) -> Result<(Policy, Option<Mark>), String> {
        // Taken first: what changes while it is read differs from its mark, and is read again.
        let mut mark = if let Origin::File(_) = &self.origin { self.mark()? } else { None };
        let (name, text, signature) = match &self.origin {
            Origin::None => return Ok((Policy::new(None, &self.function, before)?, None)),
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
            Origin::Bucket(object) => {
                let contract = object.read(MOST as usize)?;
                let beside = match &self.key {
                    Some(_) => Some(object.read_signature(SIGNATURE)?),
                    None => None,
                };
                let (tag, signature) = match beside {
                    Some(beside) => (beside.etag, String::from_utf8(beside.bytes).ok()),
                    None => (String::new(), None),
                };
                mark = Some(Mark::Bucket([contract.etag, tag]));
                (object.name().to_string(), contract.bytes, signature)
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
        let policy = Policy::new(Some(contract), &self.function, before);
        Ok((policy.map_err(|e| format!("`{name}`: {e}"))?, mark))
    }

    /// Whether it can change at all.
    pub(crate) fn changes(&self) -> bool {
        matches!(self.origin, Origin::File(_) | Origin::Bucket(_))
    }

    /// What marks the version of now; `None` while there is no file.
    pub(super) fn mark(&self) -> Result<Option<Mark>, String> {
        match &self.origin {
            Origin::None | Origin::Inline(..) => Ok(None),
            Origin::File(path) => {
                let of = |path: &PathBuf| {
                    let file = std::fs::metadata(path).ok()?;
                    Some((inode(&file), file.modified().ok()?, file.len()))
                };
                Ok(of(path).map(|contract| Mark::File([Some(contract), of(&beside(path))])))
            }
            Origin::Bucket(object) => Ok(Some(Mark::Bucket(object.etags(self.key.is_some())?))),
        }
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
