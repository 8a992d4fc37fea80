//! Tokens of OpenID providers, verified with keys from files, or from the provider.

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::HeaderMap;
use hyper::header;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tidegate_graph::contract::{Contract, Jwt, Proof};

/// Signatures by a key that only the provider has. A shared secret could be one that everybody knows.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// The longest token that is looked at, in bytes.
const LONGEST: usize = 16 << 10;
/// Seconds that clocks may differ.
const LEEWAY: u64 = 60;

/// Why a token isn't believed, in the order in which that is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unbelieved {
    /// There is none, or more than one.
    Missing,
    /// It is no token, or one that asks for more than is understood here.
    Malformed,
    /// The provider's keys aren't there.
    NoKeys,
    /// None of them is the one that it is signed with.
    UnknownKey,
    /// It doesn't say which of several keys it is signed with.
    SeveralKeys,
    /// Signature, issuer or time are wrong.
    Invalid,
}

impl Unbelieved {
    pub(super) const ALL: [Self; 6] =
        [Self::Missing, Self::Malformed, Self::NoKeys, Self::UnknownKey, Self::SeveralKeys, Self::Invalid];

    /// As metrics have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::NoKeys => "no-keys",
            Self::UnknownKey => "unknown-key",
            Self::SeveralKeys => "several-keys",
            Self::Invalid => "invalid",
        }
    }
}

/// Keys by where they come from.
#[derive(Default)]
pub(super) struct Tokens {
    keys: ArcSwap<HashMap<String, Arc<JwkSet>>>,
    /// Those that were fetched.
    remote: ArcSwap<HashMap<String, Arc<Remote>>>,
    /// Places that the contract names.
    wanted: Mutex<Vec<String>>,
}

/// Keys that were fetched.
pub(super) struct Remote {
    keys: JwkSet,
    pub(super) at: Instant,
    /// A token names a key that isn't there.
    missed: AtomicBool,
}

impl Remote {
    /// Whether a token asked for a key that isn't there.
    pub(super) fn is_wanted(&self) -> bool {
        self.missed.load(Ordering::Relaxed)
    }
}

/// For how long keys are good when their provider doesn't answer: who took one back wants it to be gone.
const STALE: Duration = Duration::from_secs(24 * 3_600);

impl Tokens {
    /// Notes where the contract says that keys are.
    pub(super) fn want(&self, contract: Option<&Contract>) {
        let edges = contract.into_iter().flat_map(|c| c.functions.values()).flat_map(|f| &f.edges);
        let mut places: Vec<String> = edges
            .flat_map(|e| &e.authenticate)
            .filter_map(|a| match &a.proof {
                Proof::Jwt(Jwt { keys: Some(keys), .. }) => Some(keys.clone()),
                _ => None,
            })
            .collect();
        places.sort();
        places.dedup();
        if let Ok(mut wanted) = self.wanted.lock() {
            *wanted = places;
        }
    }

    /// Reads all keys again. What can't be read leaves those from before; returns what went wrong.
    pub(super) fn refresh(&self) -> Vec<String> {
        let wanted = self.wanted.lock().map(|w| w.clone()).unwrap_or_default();
        let before = self.keys.load_full();
        let mut wrong = Vec::new();
        let mut keys = HashMap::new();
        for place in wanted.into_iter().filter(|place| !is_remote(place)) {
            match read(&place) {
                Ok(set) => {
                    keys.insert(place, Arc::new(set));
                }
                Err(message) => {
                    wrong.push(format!("`{place}` holds no keys: {message}"));
                    if let Some(old) = before.get(&place) {
                        keys.insert(place, Arc::clone(old));
                    }
                }
            }
        }
        self.keys.store(Arc::new(keys));
        wrong
    }

    /// The claims of the request's token, as a JSON object, if its provider has signed it for us and it is in force.
    pub(super) fn verify(&self, jwt: &Jwt, headers: &HeaderMap) -> Result<String, Unbelieved> {
        let token = bearer(headers).ok_or(Unbelieved::Missing)?;
        if token.len() > LONGEST || asks_for_more(token) {
            return Err(Unbelieved::Malformed);
        }
        let head = decode_header(token).ok().filter(|head| ALGORITHMS.contains(&head.alg));
        let head = head.ok_or(Unbelieved::Malformed)?;
        let place = jwt.keys.as_deref().ok_or(Unbelieved::NoKeys)?;
        if !is_remote(place) {
            let keys = self.keys.load();
            let keys = keys.get(place).ok_or(Unbelieved::NoKeys)?;
            return claims(token, jwt, &head, signer(keys, &head)?);
        }
        let remote = self.remote(place).filter(|remote| remote.at.elapsed() < STALE);
        let remote = remote.ok_or(Unbelieved::NoKeys)?;
        let signer = signer(&remote.keys, &head).inspect_err(|why| {
            if *why == Unbelieved::UnknownKey {
                remote.missed.store(true, Ordering::Relaxed);
            }
        })?;
        claims(token, jwt, &head, signer)
    }

    /// Places from which keys are fetched.
    pub(super) fn places(&self) -> Vec<String> {
        let wanted = self.wanted.lock().map(|w| w.clone()).unwrap_or_default();
        wanted.into_iter().filter(|place| is_remote(place)).collect()
    }

    /// What was fetched from there.
    pub(super) fn remote(&self, place: &str) -> Option<Arc<Remote>> {
        self.remote.load().get(place).cloned()
    }

    /// Takes what was fetched in the place of what was there.
    pub(super) fn fetched(&self, place: &str, keys: JwkSet) {
        let wanted = self.places();
        let mut all = HashMap::clone(&self.remote.load());
        all.retain(|place, _| wanted.contains(place));
        let remote = Remote { keys, at: Instant::now(), missed: AtomicBool::new(false) };
        all.insert(place.to_string(), Arc::new(remote));
        self.remote.store(Arc::new(all));
    }
}

/// The request's one token.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (all.next()?.to_str().ok()?, all.next()) else { return None };
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn is_remote(place: &str) -> bool {
    place.contains("://")
}

/// Whether who issued it wants it refused by whoever doesn't understand an extension (RFC 7515, 4.1.11): we know none.
/// What can't be read is none of ours either.
fn asks_for_more(token: &str) -> bool {
    let head = token.split('.').next().and_then(|head| URL_SAFE_NO_PAD.decode(head).ok());
    let head =
        head.and_then(|head| serde_json::from_slice::<serde_json::Map<_, serde_json::Value>>(&head).ok());
    head.is_none_or(|head| head.contains_key("crit"))
}

/// The one key that a token can be signed with, of those that its head names, or else of all. A token that doesn't say
/// which of several it is could be tried with each (RFC 7515, appendix D); a provider that keeps more than one names it.
fn signer<'k>(keys: &'k JwkSet, head: &Header) -> Result<&'k Jwk, Unbelieved> {
    let named = |key: &Jwk| head.kid.is_none() || key.common.key_id == head.kid;
    let mut fitting = keys.keys.iter().filter(|key| named(key) && fits(key, head.alg));
    let first = fitting.next().ok_or(Unbelieved::UnknownKey)?;
    if fitting.next().is_some() { Err(Unbelieved::SeveralKeys) } else { Ok(first) }
}

fn claims(token: &str, jwt: &Jwt, head: &Header, key: &Jwk) -> Result<String, Unbelieved> {
    let mut validation = Validation::new(head.alg);
    validation.leeway = LEEWAY;
    validation.validate_nbf = true;
    validation.set_issuer(&[&jwt.issuer]);
    validation.set_required_spec_claims(&["exp", "iss"]);
    // The decision core compares it, `client_id` in its place among others.
    validation.validate_aud = false;
    let key = DecodingKey::from_jwk(key).map_err(|_| Unbelieved::UnknownKey)?;
    let token = decode::<serde_json::Value>(token, &key, &validation).map_err(|_| Unbelieved::Invalid)?;
    let flat: serde_json::Map<String, serde_json::Value> = token
        .claims
        .as_object()
        .ok_or(Unbelieved::Invalid)?
        .iter()
        .map(|(name, value)| {
            (name.clone(), value.as_array().map_or_else(|| value.clone(), |list| joined(list)))
        })
        .collect();
    Ok(serde_json::Value::Object(flat).to_string())
}

/// A list as API Gateway writes it.
fn joined(list: &[serde_json::Value]) -> serde_json::Value {
    let words: Vec<&str> = list.iter().filter_map(serde_json::Value::as_str).collect();
    format!("[{}]", words.join(" ")).into()
}

/// Whether the key is of the kind that the algorithm needs, says no other, and is there to verify.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    let kind = match &key.algorithm {
        AlgorithmParameters::RSA(_) => {
            matches!(algorithm, RS256 | RS384 | RS512 | PS256 | PS384 | PS512)
        }
        AlgorithmParameters::EllipticCurve(point) => {
            matches!((algorithm, &point.curve), (ES256, EllipticCurve::P256) | (ES384, EllipticCurve::P384))
        }
        AlgorithmParameters::OctetKeyPair(_) => algorithm == EdDSA,
        // A shared secret, or something newer.
        _ => false,
    };
    let common = &key.common;
    let said = common.key_algorithm.as_ref().map(ToString::to_string);
    kind && said.is_none_or(|said| said == format!("{algorithm:?}"))
        && common.public_key_use.as_ref().is_none_or(|said| *said == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(|said| said.contains(&KeyOperations::Verify))
}

fn read(place: &str) -> Result<JwkSet, String> {
    let text = std::fs::read(place).map_err(|e| e.to_string())?;
    serde_json::from_slice(&text).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place of the key that a token of this head is held against, or why none is.
    fn chosen(keys: serde_json::Value, algorithm: Algorithm, kid: Option<&str>) -> Result<usize, Unbelieved> {
        let set: JwkSet = serde_json::from_value(serde_json::json!({"keys": keys})).unwrap();
        let mut head = Header::new(algorithm);
        head.kid = kid.map(str::to_string);
        let key = signer(&set, &head)?;
        Ok(set.keys.iter().position(|own| own == key).unwrap())
    }

    #[test]
    fn a_token_that_names_no_key_needs_one_that_alone_fits() {
        let rsa = |more: &str| format!(r#"{{"kty":"RSA","n":"AQAB","e":"AQAB"{more}}}"#);
        let curve = |name: &str| format!(r#"{{"kty":"EC","crv":"{name}","x":"AA","y":"AA"}}"#);
        let octets = r#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#.to_string();
        let choose = |keys: &[String], algorithm| {
            let keys = serde_json::from_str(&format!("[{}]", keys.join(","))).unwrap();
            chosen(keys, algorithm, None)
        };
        let all = [rsa(""), curve("P-256"), curve("P-384"), octets];
        for (algorithm, at) in
            [(Algorithm::PS512, 0), (Algorithm::ES256, 1), (Algorithm::ES384, 2), (Algorithm::EdDSA, 3)]
        {
            assert_eq!(choose(&all, algorithm), Ok(at), "{algorithm:?}");
            assert_eq!(choose(&all[..at], algorithm), Err(Unbelieved::UnknownKey), "{algorithm:?}");
        }
        for more in [
            r#","alg":"PS256""#,
            r#","use":"enc""#,
            r#","use":"sig","alg":"RS384""#,
            r#","key_ops":["encrypt"]"#,
        ] {
            assert_eq!(choose(&[rsa(more), rsa("")], Algorithm::RS256), Ok(1), "{more}");
            assert_eq!(choose(&[rsa(more)], Algorithm::RS256), Err(Unbelieved::UnknownKey), "{more}");
        }
        for more in [r#","alg":"RS256""#, r#","use":"sig""#, r#","key_ops":["verify"]"#, r#","kid":"a""#] {
            assert_eq!(choose(&[rsa(more)], Algorithm::RS256), Ok(0), "{more}");
            let two = [rsa(more), rsa("")];
            assert_eq!(choose(&two, Algorithm::RS256), Err(Unbelieved::SeveralKeys), "{more}");
        }
    }

    #[test]
    fn a_name_leads_to_the_key_of_its_kind() {
        let keys = serde_json::json!([
            {"kty": "EC", "crv": "P-256", "kid": "a", "x": "AA", "y": "AA"},
            {"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"},
            {"kty": "RSA", "kid": "b", "n": "AQAB", "e": "AQAB"},
            {"kty": "RSA", "kid": "b", "n": "AQAC", "e": "AQAB"},
        ]);
        let choose = |algorithm, kid| chosen(keys.clone(), algorithm, Some(kid));
        assert_eq!(choose(Algorithm::RS256, "a"), Ok(1));
        assert_eq!(choose(Algorithm::ES256, "a"), Ok(0));
        assert_eq!(choose(Algorithm::RS256, "b"), Err(Unbelieved::SeveralKeys));
        assert_eq!(choose(Algorithm::RS256, "c"), Err(Unbelieved::UnknownKey));
        assert_eq!(choose(Algorithm::EdDSA, "a"), Err(Unbelieved::UnknownKey));
    }
}
