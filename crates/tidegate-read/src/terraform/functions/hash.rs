//! Digests of known text. Those of files aren't computed: they name a build, not a resource.

use super::{Arguments, Outcome, Trouble, text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha512};

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Outcome> {
    let digest = |name: &str, bytes: &[u8]| match name {
        "sha256" | "base64sha256" => Sha256::digest(bytes).to_vec(),
        _ => Sha512::digest(bytes).to_vec(),
    };
    Some(match name {
        "sha256" | "sha512" => arguments.text(0).and_then(|t| text(hex(&digest(name, t.as_bytes())))),
        "base64sha256" | "base64sha512" => {
            arguments.text(0).and_then(|t| text(STANDARD.encode(digest(name, t.as_bytes()))))
        }
        "md5" | "sha1" => Err(Trouble::Unknown),
        _ => return None,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
