//! Contracts that somebody has signed: Ed25519 (RFC 8032) over the bytes of the file.
//!
//! Keys are those of `openssl genpkey -algorithm ed25519`, in PEM; a signature is base64 of its 64 bytes, as
//! `openssl pkeyutl -sign -rawin` makes them.

use crate::decode::base64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use std::fmt;

/// Why a contract isn't believed, or can't be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The text is no key of that kind.
    Key,
    /// The text is no signature.
    Form,
    /// It is another text's, or another key's.
    Wrong,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "the key is no Ed25519 key in PEM",
            Self::Form => "the signature is not 64 bytes in base64",
            Self::Wrong => "the signature is that of another text, or by another key",
        })
    }
}

impl std::error::Error for Flaw {}

/// What stands before the 32 bytes of a public key (RFC 8410, `SubjectPublicKeyInfo`).
const PUBLIC: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// What stands before the 32 bytes of a private key (RFC 8410, `PrivateKeyInfo`).
const PRIVATE: &[u8] =
    &[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Whether `signature` is that of `text` by the private half of `key`.
///
/// # Errors
/// [`Flaw`] when it isn't, or when that can't be said.
pub fn verify(text: &[u8], signature: &str, key: &str) -> Result<(), Flaw> {
    let key = VerifyingKey::from_bytes(&pem(key, "PUBLIC KEY", PUBLIC)?).map_err(|_| Flaw::Key)?;
    let mut bytes = Vec::new();
    let decoded = base64::decode(signature.trim().as_bytes(), &mut bytes);
    let signature = Signature::from_slice(&bytes).ok().filter(|_| decoded).ok_or(Flaw::Form)?;
    // Strict: no key that signs everything, no second form of a signature.
    key.verify_strict(text, &signature).map_err(|_| Flaw::Wrong)
}

/// The 64 bytes of the signature of `text` by the private key `key`.
///
/// # Errors
/// [`Flaw::Key`].
pub fn sign(text: &[u8], key: &str) -> Result<[u8; 64], Flaw> {
    let key = SigningKey::from_bytes(&pem(key, "PRIVATE KEY", PRIVATE)?);
    Ok(key.sign(text).to_bytes())
}

fn pem(text: &str, label: &str, before: &[u8]) -> Result<[u8; 32], Flaw> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let body = text.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end));
    let body: String = body.ok_or(Flaw::Key)?.0.split_ascii_whitespace().collect();
    let mut bytes = Vec::new();
    let decoded = base64::decode(body.as_bytes(), &mut bytes);
    let key = bytes.strip_prefix(before).filter(|_| decoded).ok_or(Flaw::Key)?;
    key.try_into().map_err(|_| Flaw::Key)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8410, section 10.
    const PRIVATE_PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

    fn encoded(signature: [u8; 64]) -> String {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bits = |at: usize| {
            (0..6).fold(0, |n, bit| {
                let bit = at * 6 + bit;
                n << 1 | signature.get(bit / 8).map_or(0, |byte| usize::from(byte >> (7 - bit % 8) & 1))
            })
        };
        let text: String = (0..86).map(|at| char::from(DIGITS[bits(at)])).collect();
        text + "=="
    }

    #[test]
    fn what_one_half_signs_the_other_verifies() {
        let signature = encoded(sign(b"a contract", PRIVATE_PEM).unwrap());
        assert_eq!(verify(b"a contract", &signature, PUBLIC_PEM), Ok(()));
        assert_eq!(verify(b"a contract", &format!("{signature}\n"), PUBLIC_PEM), Ok(()));
        assert_eq!(verify(b"A contract", &signature, PUBLIC_PEM), Err(Flaw::Wrong));
        assert_eq!(verify(b"a contract", "AAAA", PUBLIC_PEM), Err(Flaw::Form));
        assert_eq!(verify(b"a contract", "", PUBLIC_PEM), Err(Flaw::Form));
        assert_eq!(verify(b"a contract", &signature, PRIVATE_PEM), Err(Flaw::Key));
        assert_eq!(sign(b"", PUBLIC_PEM), Err(Flaw::Key));
    }
}
