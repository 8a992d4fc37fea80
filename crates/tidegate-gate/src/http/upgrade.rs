//! Requests that become web sockets. The request itself was decided on; what is said afterwards passes.
//!
//! Nothing else may be become: over HTTP/2, say, requests would follow that nobody decides on.

use hyper::header::{self, HeaderValue};
use hyper::{HeaderMap, Request, Response, StatusCode, Version, upgrade};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Whether the client wants to go on as a web socket.
pub(super) fn is_wanted<B>(request: &Request<B>) -> bool {
    if request.version() != Version::HTTP_11 {
        return false;
    }
    let named = request.headers().get_all(header::CONNECTION).iter().filter_map(|named| named.to_str().ok());
    let upgrades = named.flat_map(|n| n.split(',')).any(|n| n.trim().eq_ignore_ascii_case("upgrade"));
    // Of several, the upstream could choose another.
    let mut protocols = request.headers().get_all(header::UPGRADE).iter();
    let socket = protocols.next().is_some_and(|p| p.as_bytes().eq_ignore_ascii_case(b"websocket"));
    upgrades && socket && protocols.next().is_none()
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
