//! Signs a contract, and reads one that has to be signed.

use crate::failure::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs;
use std::path::{Path, PathBuf};
use tidegate_decide::signed;

/// Where the signature of the contract at `path` lies.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// The signature of `text` by the private key in the file `key`, as it is written beside the contract.
pub(crate) fn sign(text: &str, key: &Path) -> Result<String, Failure> {
    let pem = read_key(key)?;
    let signature = signed::sign(text.as_bytes(), &pem).map_err(|flaw| wrong_key(key, flaw))?;
    Ok(format!("{}\n", STANDARD.encode(signature)))
}

/// Whether the contract `text` at `path` has been signed by the private half of the key in the file `key`.
pub(crate) fn verify(text: &[u8], path: &Path, key: &Path) -> Result<(), Failure> {
    let pem = read_key(key)?;
    let place = beside(path);
    let help = || Some("`tidegate contract --sign KEY --out FILE` writes contract and signature".to_string());
    let signature = fs::read_to_string(&place).map_err(|error| {
        let message =
            format!("`{}` isn't signed: could not read `{}`: {error}", path.display(), place.display());
        Failure::usage(message, help())
    })?;
    signed::verify(text, &signature, &pem).map_err(|flaw| match flaw {
        signed::Flaw::Key => wrong_key(key, flaw),
        _ => Failure::usage(format!("`{}` isn't believed: {flaw}", path.display()), help()),
    })
}

fn read_key(key: &Path) -> Result<String, Failure> {
    fs::read_to_string(key).map_err(|error| Failure::reading(key, error))
}

fn wrong_key(key: &Path, flaw: signed::Flaw) -> Failure {
    let help = "`openssl genpkey -algorithm ed25519 -out KEY` makes a private key, `openssl pkey -in KEY -pubout` its public half";
    Failure::usage(format!("`{}`: {flaw}", key.display()), Some(help.to_string()))
}
