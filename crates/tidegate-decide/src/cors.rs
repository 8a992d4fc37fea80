//! Lets the pages that may read an answer read a refusal, too: to all others a browser shows a failed connection.

use crate::json::{Item, Kind};
use crate::origin;
use crate::trigger::Trigger;
use tidegate_graph::contract::{Cors, Edge};

/// What a refusal tells a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readers {
    /// Who may read it.
    allowed: Option<String>,
    credentials: bool,
}

impl Readers {
    /// What the entry declares for a request with these values of the header `origin`.
    pub fn of<'o>(declared: &Cors, mut origins: impl Iterator<Item = &'o str>) -> Self {
        // Two origins are none: which one a browser meant would be a guess.
        let origin = match (origins.next(), origins.next()) {
            (Some(origin), None) => Some(origin).filter(|o| is_plain(o)),
            _ => None,
        };
        let allowed = origin.and_then(|o| allowed(declared, o)).map(str::to_owned);
        let credentials = declared.credentials && allowed.as_deref().is_some_and(|o| o != "*");
        Self { allowed, credentials }
    }

    /// The headers that say so: their values need no escaping, wherever they are written.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let allowed = self.allowed.as_deref().map(|origin| ("access-control-allow-origin", origin));
        let credentials = self.credentials.then_some(("access-control-allow-credentials", "true"));
        // A cache may not give one origin's answer to another.
        allowed.into_iter().chain(credentials).chain([("vary", "origin")])
    }
}

/// What `access-control-allow-origin` says to a page of that origin.
fn allowed<'o>(cors: &Cors, origin: &'o str) -> Option<&'o str> {
    let fits = |declared: &String| match declared.strip_suffix("://*") {
        Some(scheme) => origin.split_once("://").is_some_and(|(own, _)| own == scheme),
        None => declared == origin,
    };
    // A star lets no credentials pass, whatever stands beside it.
    if cors.origins.iter().any(|o| o == "*") {
        return Some("*");
    }
    cors.origins.iter().any(fits).then_some(origin)
}

/// Whether a text has only what an origin can have. Nothing else may come back as a header.
fn is_plain(origin: &str) -> bool {
    origin.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b',' | b';'))
}

/// What the edges that an event may have come over declare; nothing where one says something else than another.
pub(crate) fn of_edges<'e>(mut edges: impl Iterator<Item = &'e Edge>) -> Option<Cors> {
    let first = edges.next()?.cors.as_ref()?;
    edges.all(|edge| edge.cors.as_ref() == Some(first)).then(|| first.clone())
}

/// Whether a function's own answer has to carry the headers. An HTTP API puts its own in their place, and so does a load
/// balancer that has any; a function URL adds its own, and no browser takes two. A REST API hands on what it gets.
pub(crate) fn is_ours(trigger: Trigger) -> bool {
    trigger == Trigger::ApiGatewayV1
}

/// What the refusal of the request that an event tells of has to say.
pub(crate) fn of_event(declared: &Cors, event: Item<'_>) -> Readers {
    // Where there are lists, the other table has the last value alone.
    let table = ["multiValueHeaders", "headers"].into_iter().find_map(|name| {
        let table = event.field(name).filter(|t| t.kind() == Kind::Object);
        table.filter(|t| t.entries().next().is_some())
    });
    let own = table.into_iter().flat_map(Item::entries);
    let own = own.filter(|(name, _)| origin::text(*name).is_some_and(|n| n.eq_ignore_ascii_case("origin")));
    let values = own.flat_map(|(_, value)| match value.kind() {
        Kind::Array => value.items().collect(),
        _ => vec![value],
    });
    let values: Vec<_> = values.map(|value| origin::text(value).unwrap_or_default()).collect();
    Readers::of(declared, values.iter().map(AsRef::as_ref))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Guard;
    use crate::json::{Limits, Tape};
    use crate::remedy::{Remedy, remedy};

    const SHOP: &str = "https://shop.example";
    const EVIL: &str = "https://evil.example";

    fn cors(origins: &[&str], credentials: bool) -> Cors {
        Cors { origins: origins.iter().map(ToString::to_string).collect(), credentials }
    }

    fn told(readers: &Readers) -> Vec<String> {
        readers.headers().map(|(name, value)| format!("{name}: {value}")).collect()
    }

    #[test]
    fn only_declared_origins_are_allowed() {
        let of = |origins: &[&str], origin| {
            Readers::of(&cors(origins, false), [origin].into_iter()).allowed.unwrap_or_default()
        };
        assert_eq!(of(&[SHOP], SHOP), SHOP);
        for other in ["https://shop.example.evil", "http://shop.example", "null", ""] {
            assert_eq!(of(&[SHOP], other), "", "{other}");
        }
        assert_eq!(of(&["https://*"], "https://a.example"), "https://a.example");
        assert_eq!(of(&["https://*"], "http://a.example"), "");
        for forged in [
            "https://a\"b",
            "https://a\\b",
            "https://a\r\nset-cookie: a",
            "https://a, https://b",
            "https://ä",
        ] {
            assert_eq!(of(&["https://*"], forged), "", "{forged}");
        }
        assert_eq!(of(&[SHOP, "*"], "http://a.example"), "*");
        assert_eq!(of(&[], "https://a.example"), "");
    }

    #[test]
    fn the_declared_origin_alone_reads_a_refusal() {
        let of = |origins: &[&str], credentials, request: &[&str]| {
            told(&Readers::of(&cors(origins, credentials), request.iter().copied()))
        };
        let own = format!("access-control-allow-origin: {SHOP}");
        let with = "access-control-allow-credentials: true".to_string();
        let vary = "vary: origin".to_string();
        assert_eq!(of(&[SHOP], false, &[SHOP]), [own.clone(), vary.clone()]);
        assert_eq!(of(&[SHOP], true, &[SHOP]), [own, with, vary.clone()]);
        for request in [&[EVIL][..], &[SHOP, EVIL], &[]] {
            assert_eq!(of(&[SHOP], true, request), [vary.as_str()], "{request:?}");
        }
        let star = "access-control-allow-origin: *".to_string();
        assert_eq!(of(&["*"], true, &["https://any.example"]), [star, vary]);
    }

    #[test]
    fn an_event_names_its_origin_in_either_table() {
        let of = |event: &str| {
            let mut tape = Tape::default();
            tape.read(event.as_bytes(), &Limits::default()).unwrap();
            of_event(&cors(&[SHOP], false), tape.root(event.as_bytes())).allowed.is_some()
        };
        assert!(of(&format!(r#"{{"headers":{{"Origin":"{SHOP}"}}}}"#)));
        let escaped = r#"{"headers":{"or\u0069gin":"https:\/\/shop.example"},"multiValueHeaders":{}}"#;
        assert!(of(escaped));
        assert!(of(&format!(
            r#"{{"headers":{{"origin":"{SHOP}"}},"multiValueHeaders":{{"origin":["{SHOP}"]}}}}"#
        )));
        for two in [
            format!(
                r#"{{"headers":{{"origin":"{SHOP}"}},"multiValueHeaders":{{"origin":["{EVIL}","{SHOP}"]}}}}"#
            ),
            format!(r#"{{"headers":{{"origin":"{SHOP}","Origin":"{EVIL}"}}}}"#),
        ] {
            assert!(!of(&two), "{two}");
        }
        for none in [r#"{"headers":null}"#, r#"{"headers":{"origin":1}}"#, "[]"] {
            assert!(!of(none), "{none}");
        }
    }

    /// Behind everything else the service says it, and a second time would be once too often.
    #[test]
    fn a_function_says_it_to_a_rest_api_alone() {
        let attack = "' UNION SELECT password FROM users-- -";
        let rest = format!(
            r#"{{"httpMethod":"GET","path":"/","resource":"/","requestContext":{{"apiId":"a"}},"headers":{{"origin":"{SHOP}"}},"body":"{attack}"}}"#
        );
        let http = format!(
            r#"{{"version":"2.0","rawPath":"/","requestContext":{{"http":{{}}}},"headers":{{"origin":"{SHOP}"}},"body":"{attack}"}}"#
        );
        let balancer = rest.replace(r#""apiId":"a""#, r#""elb":{}"#);
        let refused = |event: &str, retry_after| {
            let ruling = Guard::default().rule(event.as_bytes(), None);
            let ruling = crate::Ruling { cors: Some(cors(&[SHOP], true)), retry_after, ..ruling };
            let Remedy::Respond(body) = remedy(event.as_bytes(), &ruling) else { panic!("{ruling:?}") };
            serde_json::from_slice::<serde_json::Value>(&body).unwrap()["headers"].clone()
        };
        let headers = serde_json::json!({
            "content-type": "application/json",
            "access-control-allow-origin": SHOP,
            "access-control-allow-credentials": "true",
            "vary": "origin",
        });
        assert_eq!(refused(&rest, None), headers);
        assert_eq!(refused(&rest, Some(3))["access-control-allow-origin"], SHOP);
        let plain = serde_json::json!({"content-type": "application/json"});
        assert_eq!((refused(&http, None), refused(&balancer, None)), (plain.clone(), plain));
    }
}
