//! Lets pages that may read an answer read a refusal, and browsers ask for them.

use super::event::Known;
use hyper::Method;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use tidegate_decide::Readers;
use tidegate_graph::contract::Cors;

/// What the entry declares for the origin that a request names.
pub(super) fn readers(declared: &Cors, request: &HeaderMap) -> Readers {
    let origins = request.get_all(header::ORIGIN).iter();
    Readers::of(declared, origins.map(|origin| origin.to_str().unwrap_or_default()))
}

/// Writes it into a response.
pub(super) fn write(readers: &Readers, response: &mut HeaderMap) {
    for (name, value) in readers.headers() {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.insert(HeaderName::from_static(name), value);
        }
    }
}

/// Whether a browser asks here for a page whether that may send a request. It sends nothing that could prove who asks, and
/// whoever sends that is decided on as always.
pub(super) fn is_preflight(known: &Known<'_>) -> bool {
    let only = |name: HeaderName| {
        let mut values = known.headers.get_all(name).iter();
        values.next().is_some_and(|value| !value.is_empty()) && values.next().is_none()
    };
    known.method == Method::OPTIONS.as_str()
        && known.body.is_empty()
        && only(header::ORIGIN)
        && only(header::ACCESS_CONTROL_REQUEST_METHOD)
        && !known.headers.contains_key(header::AUTHORIZATION)
        && !known.headers.contains_key(header::COOKIE)
}

/// Whether the page may read answers.
pub(super) fn may_read(readers: &Readers) -> bool {
    readers.headers().any(|(name, _)| name == header::ACCESS_CONTROL_ALLOW_ORIGIN.as_str())
}

/// What an upstream needs to answer it.
const OF_PREFLIGHT: [HeaderName; 13] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::ACCESS_CONTROL_REQUEST_HEADERS,
    header::ACCESS_CONTROL_REQUEST_METHOD,
    header::HOST,
    header::ORIGIN,
    header::REFERER,
    header::USER_AGENT,
    header::VIA,
    HeaderName::from_static("access-control-request-private-network"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("x-forwarded-for"),
];

/// Takes everything else away: who sends it has proven nothing, and some headers make another request of one.
pub(super) fn leave_preflight(headers: &mut HeaderMap) {
    let others: Vec<HeaderName> =
        headers.keys().filter(|name| !OF_PREFLIGHT.contains(name)).cloned().collect();
    for name in others {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_origin_alone_reads_a_refusal() {
        let shop = "https://shop.example";
        let cors = Cors { origins: vec![shop.to_string()], credentials: true };
        let told = |origins: &[&[u8]]| {
            let mut request = HeaderMap::new();
            for origin in origins {
                request.append(header::ORIGIN, HeaderValue::from_bytes(origin).unwrap());
            }
            let mut response = HeaderMap::new();
            write(&readers(&cors, &request), &mut response);
            response.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
        };
        let all: Vec<String> = told(&[shop.as_bytes()]);
        let own = format!("access-control-allow-origin: {shop}");
        assert_eq!(all, [own.as_str(), "access-control-allow-credentials: true", "vary: origin"]);
        // One that can't be read is one, too.
        let others: [&[&[u8]]; 4] =
            [&[], &[b"https://evil.example"], &[shop.as_bytes(), b"\xff"], &[b"\xff"]];
        for other in others {
            assert_eq!(told(other), ["vary: origin"], "{other:?}");
        }
    }
}
