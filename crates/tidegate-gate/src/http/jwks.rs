//! Keys of OpenID providers, fetched beside the requests: none of them waits.

use super::server::Running;
use super::token::{Remote, Tokens};
use crate::client::{Address, Client};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use jsonwebtoken::jwk::JwkSet;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After which keys are fetched anew.
const FRESH: Duration = Duration::from_secs(600);
/// Between two tries, whatever tokens ask for: who invents names of keys makes no traffic.
const PAUSE: Duration = Duration::from_secs(5);
/// How often it is looked whether somebody asks for keys.
const LOOK: Duration = Duration::from_millis(200);
/// The longest document that is read.
const LONGEST: usize = 1 << 20;
/// The longest that a provider may take.
const TIME: Duration = Duration::from_secs(10);
/// Where a provider says where its keys are.
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Fetches keys for as long as the gate runs.
pub(super) async fn keep(running: &Running) {
    let mut tried: HashMap<String, Instant> = HashMap::new();
    loop {
        let tokens = &running.shared.tokens;
        for place in tokens.places() {
            if tried.get(&place).is_some_and(|at| at.elapsed() < PAUSE) || !is_due(tokens, &place) {
                continue;
            }
            tried.insert(place.clone(), Instant::now());
            let found = tokio::time::timeout(TIME, fetch(&place)).await;
            match found.unwrap_or_else(|_| Err("no answer in time".into())) {
                Ok(set) => tokens.fetched(&place, set),
                Err(message) => running.tell(&format!("warning: `{place}` gave no keys: {message}")),
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn is_due(tokens: &Tokens, place: &str) -> bool {
    let held: Option<Arc<Remote>> = tokens.remote(place);
    held.is_none_or(|held| held.is_wanted() || held.at.elapsed() >= FRESH)
}

async fn fetch(place: &str) -> Result<JwkSet, String> {
    let mut keys = place.to_string();
    if let Some(issuer) = place.strip_suffix(DISCOVERY) {
        let document: serde_json::Value =
            serde_json::from_slice(&read(place).await?).map_err(|e| e.to_string())?;
        let text = |name: &str| document.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        if text("issuer").trim_end_matches('/') != issuer.trim_end_matches('/') {
            return Err("its `issuer` is another".into());
        }
        keys = text("jwks_uri").to_string();
    }
    serde_json::from_slice(&read(&keys).await?).map_err(|e| e.to_string())
}

/// What an address over https holds, of at most [`LONGEST`] bytes.
pub(super) async fn read(address: &str) -> Result<Bytes, String> {
    let address = Address::of(address).filter(is_believed).ok_or("expected an address over https")?;
    let client = Client::new(address.base)?;
    let request = Request::get(address.path)
        .header(header::HOST, client.authority())
        .header(header::ACCEPT, "application/json");
    let request = request.body(Full::new(Bytes::new())).map_err(|e| e.to_string())?;
    match client.send(request).await? {
        // Whom a redirect leads to is not whom the contract names.
        (StatusCode::OK, body) if body.len() <= LONGEST => Ok(body),
        (StatusCode::OK, _) => Err("the answer is longer than keys are".into()),
        (status, _) => Err(format!("the answer is {status}")),
    }
}

/// Over TLS, or on this machine.
fn is_believed(address: &Address<'_>) -> bool {
    address.secure || address.is_local()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_tls_or_from_this_machine() {
        let believed = |text| Address::of(text).filter(is_believed).map(|a| (a.base, a.path));
        assert_eq!(believed("https://id.example.com/a?b"), Some(("https://id.example.com", "/a?b")));
        assert_eq!(believed("http://127.0.0.1:81/a"), Some(("http://127.0.0.1:81", "/a")));
        assert_eq!(believed("http://[::1]:81"), Some(("http://[::1]:81", "/")));
        for wrong in [
            "http://id.example.com/a",
            "http://127.0.0.1@evil.example/a",
            "http://localhost.evil.example/",
            "http://[::1",
            "https://",
            "ftp://127.0.0.1/",
            "/a",
        ] {
            assert_eq!(believed(wrong), None, "{wrong}");
        }
    }
}
