//! Requests that become something else: web sockets above all. The request itself was decided on; what is said
//! afterwards passes.

use hyper::header::{self, HeaderValue};
use hyper::{HeaderMap, Request, Response, StatusCode, Version, upgrade};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

/// The protocol that the client wants to go on with.
pub(super) fn wanted<B>(request: &Request<B>) -> Option<HeaderValue> {
    if request.version() != Version::HTTP_11 {
        return None;
    }
    let named = request.headers().get(header::CONNECTION)?.to_str().ok()?;
    let upgrades = named.split(',').any(|n| n.trim().eq_ignore_ascii_case("upgrade"));
    request.headers().get(header::UPGRADE).filter(|_| upgrades).cloned()
}

/// Asks the upstream for it.
pub(super) fn ask(headers: &mut HeaderMap, protocol: HeaderValue) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, protocol);
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
