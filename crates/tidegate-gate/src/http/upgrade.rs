//! Requests that become web sockets. The request itself was decided on; what is said afterwards passes.
//!
//! Nothing else may be become: over HTTP/2, say, requests would follow that nobody decides on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{self, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Version, upgrade};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Whether the client begins a web socket as RFC 6455 has it. Whatever only looks like that is a plain request: an upstream
/// that joins it all the same would get what nobody has decided on.
pub(super) fn is_wanted<B>(request: &Request<B>) -> bool {
    if request.version() != Version::HTTP_11 || request.method() != Method::GET {
        return false;
    }
    let named = request.headers().get_all(header::CONNECTION).iter().filter_map(|named| named.to_str().ok());
    let mut upgrades = false;
    for name in named.flat_map(|named| named.split(',')).map(str::trim) {
        // What is named there ends here: the upstream would be asked without it.
        if [header::SEC_WEBSOCKET_KEY, header::SEC_WEBSOCKET_VERSION]
            .iter()
            .any(|n| name.eq_ignore_ascii_case(n.as_str()))
        {
            return false;
        }
        upgrades |= name.eq_ignore_ascii_case("upgrade");
    }
    // Of several, the upstream could choose another.
    let only = |name| {
        let mut values = request.headers().get_all(name).iter();
        values.next().filter(|_| values.next().is_none()).map(HeaderValue::as_bytes)
    };
    upgrades
        && only(header::UPGRADE).is_some_and(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
        && only(header::SEC_WEBSOCKET_VERSION) == Some(b"13".as_slice())
        && only(header::SEC_WEBSOCKET_KEY)
            .is_some_and(|key| STANDARD.decode(key).is_ok_and(|key| key.len() == 16))
}

/// Asks the upstream for it.
pub(super) fn ask(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, WEBSOCKET);
}

/// Joins both sides once each has switched.
pub(super) fn join<B>(client: upgrade::OnUpgrade, response: &mut Response<B>) {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    let upstream = upgrade::on(response);
    tokio::spawn(async move {
        if let (Ok(client), Ok(upstream)) = (client.await, upstream.await) {
            let (mut client, mut upstream) = (TokioIo::new(client), TokioIo::new(upstream));
            let _ = copy_bidirectional(&mut client, &mut upstream).await;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake() -> Request<()> {
        let request =
            Request::get("/chat").header("connection", "keep-alive, Upgrade").header("upgrade", "WebSocket");
        let request = request.header("sec-websocket-version", "13");
        request.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==").body(()).unwrap()
    }

    #[test]
    fn only_a_whole_handshake_begins_a_web_socket() {
        assert!(is_wanted(&handshake()));
        for (method, version) in [(Method::POST, Version::HTTP_11), (Method::GET, Version::HTTP_10)] {
            let mut other = handshake();
            (*other.method_mut(), *other.version_mut()) = (method, version);
            assert!(!is_wanted(&other), "{other:?}");
        }
        for name in ["connection", "upgrade", "sec-websocket-version", "sec-websocket-key"] {
            let mut lacking = handshake();
            lacking.headers_mut().remove(name);
            assert!(!is_wanted(&lacking), "{name}");
        }
        for (name, value, beside) in [
            ("upgrade", "websocket, h2c", false),
            ("upgrade", "h2c", true),
            ("sec-websocket-version", "8", false),
            ("sec-websocket-key", "c2hvcnQ=", false),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==", true),
            ("connection", "Sec-WebSocket-Key", true),
        ] {
            let (mut other, value) = (handshake(), HeaderValue::from_static(value));
            if beside {
                other.headers_mut().append(name, value);
            } else {
                other.headers_mut().insert(name, value);
            }
            assert!(!is_wanted(&other), "{other:?}");
        }
    }
}
