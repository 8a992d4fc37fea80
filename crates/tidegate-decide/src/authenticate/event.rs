//! What the event of an HTTP trigger says of its sender.

use super::View;
use crate::decode::base64;
use crate::json::{Item, Kind, unescape};
use crate::trigger::{self, Trigger};
use std::borrow::Cow;

/// The request that an event tells of.
pub(crate) struct Request<'a> {
    event: Item<'a>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    batch: bool,
}

impl<'a> Request<'a> {
    /// Of the triggers that stand for a request; the others have neither headers nor a sender.
    pub(crate) fn of(trigger: Trigger, event: Item<'a>) -> Self {
        let http = [
            Trigger::ApiGatewayV1,
            Trigger::ApiGatewayV2,
            Trigger::Alb,
            Trigger::Lattice,
            Trigger::WebSocket,
            Trigger::Authorizer,
        ];
        let batch = trigger::records(trigger, event) > 0;
        let mut request = Self { event, headers: Vec::new(), body: Vec::new(), batch };
        if !http.contains(&trigger) {
            return request;
        }
        // Lists hold what the other has joined, or left out.
        for table in ["multiValueHeaders", "headers"] {
            let table = event.field(table).filter(|t| t.kind() == Kind::Object);
            for (name, value) in table.into_iter().flat_map(Item::entries) {
                let value = if value.kind() == Kind::Array { value.items().next() } else { Some(value) };
                let value = value.filter(|v| v.kind() == Kind::String).map(bytes).unwrap_or_default();
                let name = String::from_utf8_lossy(&bytes(name)).to_ascii_lowercase();
                request.headers.push((name, value));
            }
        }
        let body = event.field("body").filter(|b| b.kind() == Kind::String).map(bytes).unwrap_or_default();
        let encoded = event.field("isBase64Encoded").or_else(|| event.field("is_base64_encoded"));
        let decoded = encoded.is_some_and(Item::is_true) && base64::decode(&body, &mut request.body);
        if !decoded {
            request.body = body;
        }
        request
    }

    fn at(&self, path: &[&str]) -> Option<Cow<'_, str>> {
        text(path.iter().try_fold(self.event, |item, key| item.field(key))?)
    }
}

impl View for Request<'_> {
    fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_slice())
    }

    fn body(&self) -> &[u8] {
        &self.body
    }

    fn paths(&self) -> Vec<Cow<'_, str>> {
        let given = [
            self.at(&["rawPath"]),
            self.at(&["raw_path"]),
            self.at(&["path"]),
            self.at(&["requestContext", "path"]),
            self.at(&["requestContext", "http", "path"]),
            self.at(&["resource"]),
            // `POST /orders/{id}`
            self.at(&["routeKey"]).filter(|key| key.contains(" /")),
        ];
        let mut paths: Vec<Cow<'_, str>> = given.into_iter().flatten().collect();
        for path in &mut paths {
            if let Some((_, after)) = path.split_once(" /") {
                *path = format!("/{after}").into();
            }
        }
        // Behind an address of API Gateway's own, the path begins with the stage.
        if let Some(stage) = self.at(&["requestContext", "stage"]) {
            let without = |path: &Cow<'_, str>| {
                let rest = path.strip_prefix('/')?.strip_prefix(&*stage)?;
                rest.starts_with('/').then(|| Cow::Owned(rest.to_string()))
            };
            let more: Vec<Cow<'_, str>> = paths.iter().filter_map(without).collect();
            paths.extend(more);
        }
        paths
    }

    fn claim(&self, name: &str) -> Option<Cow<'_, str>> {
        let of = |path: &[&str]| self.at(&[&["requestContext", "authorizer"], path, &[name]].concat());
        of(&["jwt", "claims"]).or_else(|| of(&["claims"]))
    }

    fn principal(&self) -> Option<Cow<'_, str>> {
        let found = self.at(&["requestContext", "authorizer", "iam", "userArn"]);
        found.or_else(|| self.at(&["requestContext", "identity", "userArn"]))
    }

    fn certificate(&self) -> Option<Cow<'_, str>> {
        let found = self.at(&["requestContext", "authentication", "clientCert", "subjectDN"]);
        found.or_else(|| self.at(&["requestContext", "identity", "clientCert", "subjectDN"]))
    }

    fn topic(&self) -> Option<Cow<'_, str>> {
        // What only the gate writes.
        self.at(&["requestContext", "authorizer", "sns", "topicArn"])
    }

    fn is_batch(&self) -> bool {
        self.batch
    }

    fn pointer(&self, pointer: &str) -> Option<Cow<'_, str>> {
        self::pointer(self.event, pointer)
    }
}

/// The string or number at a JSON pointer (RFC 6901) below `item`.
pub(super) fn pointer<'a>(item: Item<'a>, pointer: &str) -> Option<Cow<'a, str>> {
    let steps = pointer.split('/').skip(1);
    let found = steps.take(64).try_fold(item, |item, step| match item.kind() {
        Kind::Array => item.items().nth(step.parse().ok()?),
        _ => item.field(&step.replace("~1", "/").replace("~0", "~")),
    })?;
    match found.kind() {
        Kind::String => text(found),
        Kind::Number => std::str::from_utf8(found.raw()).ok().map(Cow::Borrowed),
        _ => None,
    }
}

fn bytes(item: Item<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    unescape(item.raw(), &mut out);
    out
}

fn text(item: Item<'_>) -> Option<Cow<'_, str>> {
    if item.kind() != Kind::String {
        return None;
    }
    match item.is_escaped() {
        false => std::str::from_utf8(item.raw()).ok().map(Cow::Borrowed),
        true => String::from_utf8(bytes(item)).ok().map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Refusal, Trust, authenticate};
    use super::*;
    use crate::json::{Limits, Tape};
    use tidegate_graph::Exposure;
    use tidegate_graph::contract::{
        Answer, Authenticate, Certificates, Contract, Edge, Inspect, Jwt, Mode, OnDeny, Origin, Principals,
        Proof, Replay, Scheme, Webhook,
    };

    fn edge(proof: Option<Proof>, replay: Option<Replay>) -> Edge {
        Edge {
            id: "api->f:apigw-v2".into(),
            from: "api".into(),
            trigger: "apigw-v2".into(),
            evidence: String::new(),
            origin: Origin::default(),
            exposure: Exposure::Anonymous,
            taint: Some(0),
            mode: Mode::Block,
            inspect: Inspect::Full,
            authenticate: proof.into_iter().map(|proof| Authenticate { paths: Vec::new(), proof }).collect(),
            condition: None,
            schemas: Vec::new(),
            replay,
            further_replays: Vec::new(),
            cors: None,
            on_deny: OnDeny::of(Answer::Respond),
            unknown: Vec::new(),
            limits: tidegate_graph::contract::EdgeLimits::default(),
        }
    }

    fn ask(edge: &Edge, trust: &Trust, event: &str, now: u64) -> Result<(), Refusal> {
        let mut tape = Tape::default();
        tape.read(event.as_bytes(), &Limits::default()).unwrap();
        let request = Request::of(Trigger::ApiGatewayV2, tape.root(event.as_bytes()));
        authenticate(edge, &request, trust, Some(now))?.settle(trust, now)
    }

    #[test]
    fn claims_are_those_that_the_service_verified() {
        let jwt = Jwt {
            issuer: "https://id".into(),
            audiences: vec!["orders".into()],
            keys: None,
            scopes: vec!["write".into()],
        };
        let edge = edge(Some(Proof::Jwt(jwt)), None);
        let claims = |claims: &str| {
            let event = format!(r#"{{"requestContext":{{"authorizer":{{"jwt":{{"claims":{claims}}}}}}}}}"#);
            ask(&edge, &Trust::default(), &event, 0).is_ok()
        };
        assert!(claims(r#"{"iss":"https://id","aud":"orders","scope":"read write"}"#));
        assert!(claims(r#"{"iss":"https://id","aud":"[other orders]","scope":"write"}"#));
        assert!(claims(r#"{"iss":"https://id","client_id":"orders","scope":"write"}"#));
        assert!(claims(r#"{"iss":"https://id","aud":"orders","scp":"read write"}"#));
        assert!(claims(r#"{"iss":"https://id","aud":"orders","scp":"[read write]"}"#));
        assert!(!claims(r#"{"iss":"https://id","aud":"orders","scp":"[read writer]"}"#));
        assert!(!claims(r#"{"iss":"https://id2","aud":"orders","scope":"write"}"#));
        assert!(!claims(r#"{"iss":"https://id","aud":"orders2","scope":"write"}"#));
        assert!(!claims(r#"{"iss":"https://id","aud":"orders","scope":"writer"}"#));
        assert!(
            !claims(r#"{"iss":"https://id","aud":"other orders","scope":"write"}"#),
            "one name with a blank"
        );
        // A header that says the same was verified by nobody.
        let forged = r#"{"headers":{"iss":"https://id"},"claims":{"iss":"https://id","aud":"orders"}}"#;
        assert!(ask(&edge, &Trust::default(), forged, 0).is_err());
    }

    #[test]
    fn principals_and_certificates_are_compared_with_patterns() {
        let principals = vec!["arn:aws:sts::1:assumed-role/caller/*".to_string()];
        let signed = edge(Some(Proof::Sigv4(Principals { principals, ..Principals::default() })), None);
        let by = |arn: &str| {
            let event = format!(r#"{{"requestContext":{{"authorizer":{{"iam":{{"userArn":"{arn}"}}}}}}}}"#);
            ask(&signed, &Trust::default(), &event, 0).is_ok()
        };
        assert!(by("arn:aws:sts::1:assumed-role/caller/one"));
        assert!(!by("arn:aws:sts::2:assumed-role/caller/one"));
        let tls = edge(Some(Proof::Mtls(Certificates { names: vec!["CN=orders".into()] })), None);
        let with = |name: &str| {
            let event =
                format!(r#"{{"requestContext":{{"identity":{{"clientCert":{{"subjectDN":"{name}"}}}}}}}}"#);
            ask(&tls, &Trust::default(), &event, 0).is_ok()
        };
        assert!(with("CN=orders"));
        assert!(!with("CN=orders2"));
        assert!(ask(&tls, &Trust::default(), "{}", 0).is_err());
    }

    #[test]
    fn proof_is_asked_on_every_spelling_of_a_path() {
        let mut asking = edge(
            Some(Proof::Sigv4(Principals { principals: vec!["*".into()], ..Principals::default() })),
            None,
        );
        asking.authenticate[0].paths = vec!["/hooks/*".into()];
        let passes = |event: &str| ask(&asking, &Trust::default(), event, 0).is_ok();
        for event in [
            r#"{"rawPath":"/hooks/push"}"#,
            r#"{"rawPath":"/%68ooks/push"}"#,
            r#"{"rawPath":"//Hooks/push"}"#,
            r#"{"rawPath":"/a/../hooks/push"}"#,
            r#"{"rawPath":"/dev/hooks/push","requestContext":{"stage":"dev"}}"#,
            r#"{"path":"/base/hooks/push","resource":"/hooks/{proxy+}"}"#,
            r#"{"rawPath":"/base/hooks/push","routeKey":"POST /hooks/{id}"}"#,
            r#"{"body":"no path at all"}"#,
        ] {
            assert!(!passes(event), "{event}");
        }
        assert!(passes(r#"{"rawPath":"/orders","routeKey":"$default","requestContext":{"stage":"hooks"}}"#));
    }

    #[test]
    fn an_event_passes_once_in_its_window() {
        let header = edge(None, Some(Replay { key: "Idempotency-Key".into(), window_seconds: 10 }));
        let trust = Trust::default();
        let event = |key: &str| format!(r#"{{"headers":{{"idempotency-key":"{key}"}}}}"#);
        assert_eq!(ask(&header, &trust, &event("a"), 1000), Ok(()));
        assert!(matches!(ask(&header, &trust, &event("a"), 10_999), Err(Refusal::Replay(_))));
        assert_eq!(ask(&header, &trust, &event("b"), 1000), Ok(()));
        assert_eq!(ask(&header, &trust, &event("a"), 11_000), Ok(()));
        assert!(matches!(ask(&header, &trust, "{}", 0), Err(Refusal::Replay(_))));
        let pointer = edge(None, Some(Replay { key: "/detail/ids/1".into(), window_seconds: 10 }));
        assert_eq!(ask(&pointer, &trust, r#"{"detail":{"ids":["x",7]}}"#, 0), Ok(()));
        assert!(ask(&pointer, &trust, r#"{"detail":{"ids":["y",7]}}"#, 1).is_err());
    }

    #[test]
    fn all_that_makes_an_event_unique_has_to_be_new() {
        let replay = |key: &str, window_seconds: u64| Replay { key: key.into(), window_seconds };
        let mut edge = edge(None, Some(replay("a", 10)));
        edge.further_replays = vec![replay("b", 20)];
        let trust = Trust::default();
        let at = |a: &str, b: &str, now: u64| {
            ask(&edge, &trust, &format!(r#"{{"headers":{{"a":"{a}","b":"{b}"}}}}"#), now)
        };
        assert_eq!(at("1", "1", 1000), Ok(()));
        assert!(at("2", "1", 1000).is_err());
        assert_eq!(at("2", "2", 1000), Ok(()), "what was refused isn't remembered");
        assert!(at("3", "2", 12_000).is_err(), "each has its window");
        assert_eq!(at("2", "3", 12_000), Ok(()));
        assert!(ask(&edge, &trust, r#"{"headers":{"a":"9"}}"#, 0).is_err());
    }

    /// Of entries that were joined, each may ask for the signature in its own way: it is one delivery all the same.
    #[test]
    fn a_signature_that_is_asked_for_twice_is_one_delivery() {
        let signed = |secrets: &[&str], tolerance_seconds: u64| {
            let secrets = secrets.iter().map(|s| (*s).to_string()).collect();
            Proof::Webhook(Webhook { scheme: Scheme::Github, secrets, tolerance_seconds })
        };
        let mut edge = edge(Some(signed(&["A"], 30)), None);
        edge.authenticate.push(Authenticate { paths: Vec::new(), proof: signed(&["A", "B"], 300) });
        let contract = serde_json::json!({"version": 1, "graph_digest": "", "compiled_by": "",
            "defaults": {"account": null, "region": null, "mode": "block", "on_error": "closed", "max_bytes": 0, "max_depth": 0},
            "functions": {"f": {"logical_id": "f", "name": null, "type": "", "exposure": "anonymous", "taint": 0, "roles": [],
                "limits": {"concurrency": null, "timeout_seconds": null, "memory_mb": null}, "egress": [], "edges": [edge]}}});
        let contract = serde_json::from_value::<Contract>(contract).unwrap();
        let trust = Trust::of(&contract, |_| Some("It's a Secret to Everybody".to_string()));
        let event = r#"{"headers":{"x-hub-signature-256":
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},"body":"Hello, World!"}"#;
        assert_eq!(ask(&edge, &trust, event, 1000), Ok(()));
        assert!(ask(&edge, &trust, event, 600_000).is_err(), "for the longer time");
        assert_eq!(ask(&edge, &trust, event, 601_000), Ok(()));
    }
}
