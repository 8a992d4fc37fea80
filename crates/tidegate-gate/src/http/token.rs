//! Tokens of OpenID providers, verified with keys from files, or from the provider.

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::HeaderMap;
use hyper::header;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
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
    pub(super) fn verify(&self, jwt: &Jwt, headers: &HeaderMap) -> Option<String> {
        let mut all = headers.get_all(header::AUTHORIZATION).iter();
        let (value, None) = (all.next()?.to_str().ok()?, all.next()) else { return None };
        let (scheme, token) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") || token.len() > LONGEST || asks_for_more(token) {
            return None;
        }
        let place = jwt.keys.as_deref()?;
        if !is_remote(place) {
            return claims(token, jwt, self.keys.load().get(place)?);
        }
        let remote = self.remote(place).filter(|remote| remote.at.elapsed() < STALE)?;
        let kid = decode_header(token).ok()?.kid;
        if kid.is_some_and(|kid| remote.keys.find(&kid).is_none()) {
            remote.missed.store(true, Ordering::Relaxed);
            return None;
        }
        claims(token, jwt, &remote.keys)
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

fn claims(token: &str, jwt: &Jwt, keys: &JwkSet) -> Option<String> {
    let head = decode_header(token).ok().filter(|h| ALGORITHMS.contains(&h.alg))?;
    let key = match &head.kid {
        Some(kid) => keys.find(kid)?,
        // Which of several is meant would be a guess.
        None => keys.keys.first().filter(|_| keys.keys.len() == 1)?,
    };
    if !fits(key, head.alg) {
        return None;
    }
    let mut validation = Validation::new(head.alg);
    validation.leeway = LEEWAY;
    validation.validate_nbf = true;
    validation.set_issuer(&[&jwt.issuer]);
    validation.set_required_spec_claims(&["exp", "iss"]);
    // The decision core compares it, `client_id` in its place among others.
    validation.validate_aud = false;
    let claims =
        decode::<serde_json::Value>(token, &DecodingKey::from_jwk(key).ok()?, &validation).ok()?.claims;
    let flat: serde_json::Map<String, serde_json::Value> = claims
        .as_object()?
        .iter()
        .map(|(name, value)| {
            (name.clone(), value.as_array().map_or_else(|| value.clone(), |list| joined(list)))
        })
        .collect();
    Some(serde_json::Value::Object(flat).to_string())
}

/// A list as API Gateway writes it.
fn joined(list: &[serde_json::Value]) -> serde_json::Value {
    let words: Vec<&str> = list.iter().filter_map(serde_json::Value::as_str).collect();
    format!("[{}]", words.join(" ")).into()
}

/// Whether the key is of the kind that the algorithm needs, and says no other.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let kind = match key.algorithm {
        AlgorithmParameters::RSA(_) => "RP",
        AlgorithmParameters::EllipticCurve(_) | AlgorithmParameters::OctetKeyPair(_) => "E",
        // A shared secret, or something newer.
        _ => return false,
    };
    let name = format!("{algorithm:?}");
    let said = key.common.key_algorithm.map(|a| a.to_string());
    kind.contains(name.get(..1).unwrap_or_default()) && said.is_none_or(|said| said == name)
}

fn read(place: &str) -> Result<JwkSet, String> {
    let text = std::fs::read(place).map_err(|e| e.to_string())?;
    serde_json::from_slice(&text).map_err(|e| e.to_string())
}
