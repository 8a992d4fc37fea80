//! Headers that end at a proxy, and those that it adds.

use hyper::HeaderMap;
use hyper::header::{self, HeaderName, HeaderValue};
use std::collections::HashSet;
use tidegate_decide::trace::Context;

/// Headers of one connection, by RFC 9110 and the practice before it.
const HOP: [HeaderName; 10] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("http2-settings"),
    HeaderName::from_static("proxy-connection"),
];

/// Headers for whoever answers, which no sender may let end here (RFC 9110, 7.6.1): whoever asks for that means the upstream
/// to read another request than was decided on.
const WHOLE_WAY: [HeaderName; 10] = [
    header::AUTHORIZATION,
    header::CACHE_CONTROL,
    header::COOKIE,
    header::EXPECT,
    header::FORWARDED,
    header::HOST,
    header::ORIGIN,
    TRACEPARENT,
    TRACESTATE,
    HeaderName::from_static("x-api-key"),
];
/// The same by how they begin.
const WHOLE_WAY_FAMILIES: [&str; 4] = ["access-control-", "content-", "x-amz-", "x-forwarded-"];

/// `Connection` names what no sender may name there, or is no list of names.
#[derive(Debug)]
pub(super) struct Misnamed;

/// Takes away what `Connection` names, so that what is decided on is what goes on. Headers that always end here stay for now:
/// some of them say what the client wants of us.
pub(super) fn drop_named(headers: &mut HeaderMap) -> Result<(), Misnamed> {
    let mut named = Vec::new();
    for list in headers.get_all(header::CONNECTION) {
        for name in list.as_bytes().split(|b| *b == b',').map(<[u8]>::trim_ascii).filter(|n| !n.is_empty()) {
            let name = HeaderName::from_bytes(name).map_err(|_| Misnamed)?;
            let family = WHOLE_WAY_FAMILIES.iter().any(|family| name.as_str().starts_with(family));
            if family || WHOLE_WAY.contains(&name) {
                return Err(Misnamed);
            }
            named.push(name);
        }
    }
    for name in named.iter().filter(|name| !HOP.contains(name)) {
        headers.remove(name);
    }
    Ok(())
}

/// What else the gate reads itself, by how it begins.
const READ_FAMILIES: [&str; 1] = ["sec-websocket-"];

/// A name with an underscore that some upstreams read as that of another header.
#[derive(Debug)]
pub(super) struct Folded;

/// CGI and WSGI have one name for `X-Forwarded-For` and `X_Forwarded_For`. What the gate sets or checks must not come under
/// such a second name, and no header may come under both: of two, upstreams take either.
pub(super) fn refuse_folded(headers: &HeaderMap) -> Result<(), Folded> {
    let mut seen = HashSet::new();
    for name in headers.keys().filter(|name| name.as_str().contains('_')) {
        let name = name.as_str().replace('_', "-");
        let ours = WHOLE_WAY_FAMILIES.iter().chain(&READ_FAMILIES).any(|family| name.starts_with(family))
            || WHOLE_WAY.iter().chain(&HOP).any(|own| own.as_str() == name);
        if ours || headers.contains_key(&name) || !seen.insert(name) {
            return Err(Folded);
        }
    }
    Ok(())
}

/// Takes away what is for this connection alone, and what `Connection` names.
pub(super) fn end_of_hop(headers: &mut HeaderMap) {
    let all: Vec<HeaderValue> = headers.get_all(header::CONNECTION).iter().cloned().collect();
    for named in all {
        let names = named.to_str().unwrap_or_default().split(',');
        for name in names.filter_map(|n| HeaderName::from_bytes(n.trim().as_bytes()).ok()) {
            headers.remove(name);
        }
    }
    for name in &HOP {
        headers.remove(name);
    }
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Says whom the request is from. What a client says of itself there is not handed on as our word.
pub(super) fn forwarded(headers: &mut HeaderMap, peer: &HeaderValue, https: bool) {
    let mut value = Vec::new();
    for before in headers.get_all(FORWARDED_FOR) {
        value.extend_from_slice(before.as_bytes());
        value.extend_from_slice(b", ");
    }
    let chain = if value.is_empty() {
        Ok(peer.clone())
    } else {
        value.extend_from_slice(peer.as_bytes());
        HeaderValue::from_bytes(&value)
    };
    if let Ok(chain) = chain {
        headers.insert(FORWARDED_FOR, chain);
    }
    let scheme = if https { "https" } else { "http" };
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme));
    if let Some(host) = headers.get(header::HOST).cloned() {
        headers.insert(FORWARDED_HOST, host);
    }
}

/// The id of a request's trace, and the header that has to be added where none came.
pub(super) struct Trace {
    pub(super) id: [u8; 32],
    new: Option<HeaderValue>,
}

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

impl Trace {
    /// The W3C trace context that came, or a new one with a random id.
    pub(super) fn of(headers: &HeaderMap, random: &mut u64) -> Self {
        let given =
            headers.get(TRACEPARENT).and_then(|v| v.to_str().ok()).filter(|v| Context::parse(v).is_some());
        if let Some(id) = given.and_then(|v| v.as_bytes().get(3..35)?.try_into().ok()) {
            return Self { id, new: None };
        }
        let mut value = *b"00-00000000000000000000000000000000-0000000000000000-00";
        for (range, number) in [(3..19, next(random)), (19..35, next(random)), (36..52, next(random) | 1)] {
            let digits = value.get_mut(range).into_iter().flatten().rev();
            for (at, digit) in digits.enumerate() {
                let four = (number >> (4 * at) & 15) as usize;
                *digit = b"0123456789abcdef".get(four).copied().unwrap_or(b'0');
            }
        }
        let id = value.get(3..35).and_then(|id| id.try_into().ok()).unwrap_or([b'0'; 32]);
        Self { id, new: HeaderValue::from_bytes(&value).ok() }
    }

    /// Adds what is new to a request that goes on.
    pub(super) fn hand_on(self, headers: &mut HeaderMap) {
        if let Some(value) = self.new {
            headers.insert(TRACEPARENT, value);
            // Whoever sent it without its parent sent it for another trace.
            headers.remove(TRACESTATE);
        }
    }
}

/// SplitMix64: ids that don't repeat, not secrets.
pub(super) fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_connection_names_ends_here() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, X-Secret, ;bad"),
            ("keep-alive", "timeout=5"),
            ("upgrade", "h2c"),
            ("http2-settings", "AAMAAABk"),
            ("x-secret", "1"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("x-kept", "1"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.append("connection", HeaderValue::from_static("x-other"));
        headers.insert("x-other", HeaderValue::from_static("1"));
        end_of_hop(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-kept"]);
    }

    #[test]
    fn connection_names_nothing_for_whoever_answers() {
        let named = |list: &'static [u8]| {
            let mut headers = HeaderMap::new();
            for name in ["x-secret", "upgrade", "host", "te"] {
                headers.insert(name, HeaderValue::from_static("1"));
            }
            headers.append("connection", HeaderValue::from_static("keep-alive"));
            headers.append("connection", HeaderValue::from_bytes(list).unwrap());
            drop_named(&mut headers)
                .map(|()| headers.contains_key("x-secret") && headers.contains_key("upgrade"))
        };
        for list in [
            &b"Host"[..],
            b"close, content-type",
            b"Content-Length",
            b"Cookie",
            b"te,Authorization",
            b"X-Forwarded-For",
            b"forwarded",
            b"x-amz-date",
            b"a b",
            b"x-secret\xff",
        ] {
            assert!(named(list).is_err(), "{list:?}");
        }
        for (list, kept) in [
            (&b"close"[..], true),
            (b"Upgrade, HTTP2-Settings,, TE", true),
            (b"proxy-connection, trailers, transfer-encoding,", true),
            (b"", true),
            (b"X-Secret", false),
        ] {
            assert_eq!(named(list).unwrap(), kept, "{list:?}");
        }
    }

    #[test]
    fn an_underscore_stands_for_no_header_that_is_ours() {
        let folded = |names: &[&str]| {
            let mut headers = HeaderMap::new();
            for name in ["host", "content-type", "x-role"].iter().chain(names) {
                headers
                    .append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static("1"));
            }
            refuse_folded(&headers).is_err()
        };
        for name in [
            "X_Forwarded_For",
            "x-forwarded_proto",
            "X_Forwarded_Whatever",
            "Content_Length",
            "CONTENT_TYPE",
            "Transfer_Encoding",
            "Proxy_Authorization",
            "X_Api_Key",
            "x_amz_date",
            "Sec_WebSocket-Key",
            // Beside one that came under its own name.
            "X_Role",
        ] {
            assert!(folded(&[name]), "{name}");
        }
        assert!(folded(&["user_name-1", "user-name_1"]));
        assert!(!folded(&[
            "user_name",
            "user_name",
            "x_roles",
            "_",
            "forwarded_",
            "authorization_",
            "host-"
        ]));
    }

    #[test]
    fn a_trace_is_taken_or_begun() {
        let mut headers = HeaderMap::new();
        let mut random = 1;
        let trace = Trace::of(&headers, &mut random);
        let id = trace.id;
        trace.hand_on(&mut headers);
        let made = headers["traceparent"].to_str().unwrap().to_owned();
        assert!(Context::parse(&made).is_some() && made.as_bytes()[3..35] == id);
        assert_eq!(Trace::of(&headers, &mut random).id, id, "taken the second time");
        headers.insert("traceparent", HeaderValue::from_static("00-0-0-01"));
        headers.insert("tracestate", HeaderValue::from_static("a=b"));
        Trace::of(&headers, &mut random).hand_on(&mut headers);
        assert!(Context::parse(headers["traceparent"].to_str().unwrap()).is_some());
        assert!(!headers.contains_key("tracestate"));
    }
}
