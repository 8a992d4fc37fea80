//! Names in a token that look like addresses.
//!
//! The issuer of a token, those it is for, and the pages that may ask with it are compared with what is configured, not
//! fetched; behind a provider in the own network, or on the own machine, they are addresses inside all the same. In the
//! head of a token, `jku` and `x5u` are there to be fetched, so they get no such leave.

use crate::decode::{Chain, Step};
use crate::json::{Item, Kind};
use std::ops::Range;

/// Claims that name parties: of RFC 7519, of OpenID Connect, and of Keycloak.
pub(crate) const PARTIES: [&str; 4] = ["iss", "aud", "azp", "allowed-origins"];

/// The nodes of a document that name parties.
#[derive(Debug, Default)]
pub(crate) struct Parties {
    /// In the order of the document.
    nodes: Vec<Range<u32>>,
    next: usize,
}

impl Parties {
    /// Of the document that so many steps led to: none where it is no part of a token.
    pub(crate) fn of(chain: Chain, root: Item<'_>) -> Self {
        if !is_part(chain) {
            return Self::default();
        }
        let named = root.entries().filter(|(name, _)| PARTIES.iter().any(|party| name.is_text(party)));
        Self { nodes: named.filter_map(|(_, value)| texts(value)).collect(), next: 0 }
    }

    /// Whether a node is one of them. Asked in the order of the document.
    pub(crate) fn hold(&mut self, node: u32) -> bool {
        while self.nodes.get(self.next).is_some_and(|range| range.end <= node) {
            self.next += 1;
        }
        self.nodes.get(self.next).is_some_and(|range| range.contains(&node))
    }
}

/// Whether the last steps are those into a part of a token.
fn is_part(chain: Chain) -> bool {
    let mut last = [None; 3];
    for step in chain.steps() {
        last.rotate_left(1);
        last = [last[0], last[1], Some(step)];
    }
    last == [Step::Token, Step::Base64, Step::Json].map(Some)
}

/// A text, or a list of nothing but texts.
fn texts(value: Item<'_>) -> Option<Range<u32>> {
    let at = value.index();
    match value.kind() {
        Kind::String => Some(at..at + 1),
        Kind::Array if value.items().all(|item| item.kind() == Kind::String) => {
            Some(at + 1..at + 1 + u32::try_from(value.items().count()).ok()?)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::decision::{Class, Verdict};
    use crate::guard::Guard;

    fn base64(text: &str) -> String {
        let table = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut out = String::new();
        for chunk in text.as_bytes().chunks(3) {
            let n = chunk.iter().fold(0_usize, |n, b| n << 8 | usize::from(*b)) << (8 * (3 - chunk.len()));
            out.extend((0..=chunk.len()).map(|i| char::from(table[n >> (18 - 6 * i) & 63])));
        }
        out
    }

    fn event(scheme: &str, head: &str, claims: &str) -> String {
        let token = format!("{}.{}.c2ln", base64(head), base64(claims));
        format!(r#"{{"version":"2.0","rawPath":"/","headers":{{"authorization":"{scheme}{token}"}}}}"#)
    }

    fn denied(event: &str) -> bool {
        let decision = Guard::default().decide(event.as_bytes(), None);
        let mut reasons = decision.records.iter().flat_map(|r| &r.reasons);
        reasons.any(|reason| reason.class == Class::Ssrf)
    }

    fn of_claims(claims: &str) -> bool {
        denied(&event("Bearer ", r#"{"alg":"RS256"}"#, claims))
    }

    #[test]
    fn a_party_inside_is_a_name() {
        for claims in [
            r#"{"iss":"https://localhost:8443/realms/dev","sub":"1"}"#,
            r#"{"iss":"http://127.0.0.1:8080/realms/dev"}"#,
            r#"{"iss":"http://[::1]:8080"}"#,
            r#"{"iss":"https:\/\/keycloak.identity.svc.cluster.local/realms/shop"}"#,
            r#"{"iss":"https://10.1.2.3/oidc","aud":["shop","http://localhost:3000/api"],"azp":"http://192.168.0.7"}"#,
            r#"{"iss":"https://login.example","allowed-origins":["http://localhost:3000","https://shop.example"]}"#,
        ] {
            assert!(!of_claims(claims), "{claims}");
        }
        let local = r#"{"iss":"https://localhost:8443/"}"#;
        assert!(!denied(&event("", "{}", local)), "without a scheme");
        let cookies =
            event("theme=dark; session=", "{\"alg\":\"RS256\"}", local).replace("authorization", "cookie");
        assert!(!denied(&cookies), "{cookies}");
        let log = format!("got {}.{}.c2ln from the client", base64(r#"{"alg":"RS256"}"#), base64(local));
        assert!(!denied(&format!(r#"{{"note":"{log}"}}"#)), "{log}");
        let alone = format!("got {} from the client", base64(local));
        assert!(denied(&format!(r#"{{"note":"{alone}"}}"#)), "a document, but no token");
    }

    /// What an authorizer took out of a token is inspected as the token is.
    #[test]
    fn claims_of_an_authorizer() {
        let of = |claims: &str| {
            let (v1, v2) =
                (format!(r#"{{"claims":{claims}}}"#), format!(r#"{{"jwt":{{"claims":{claims}}}}}"#));
            let event = |version: &str, authorizer: &str| {
                format!(
                    r#"{{"version":"{version}","rawPath":"/","path":"/","httpMethod":"GET","requestContext":{{"http":{{}},"authorizer":{authorizer}}}}}"#
                )
            };
            [event("1.0", &v1), event("2.0", &v2)]
                .map(|event| Guard::default().decide(event.as_bytes(), None))
        };
        for claims in [
            r#"{"sub":"1","name":"x' OR 1=1-- "}"#,
            r#"{"picture":"http://169.254.169.254/latest/"}"#,
            r#"{"iss":"http://169.254.169.254/"}"#,
            r#"{"picture":"https://localhost:8443/realms/dev"}"#,
        ] {
            assert!(of(claims).iter().all(|d| d.verdict == Verdict::Deny), "{claims}");
        }
        let honest =
            r#"{"sub":"1","name":"Ann O'Brien","iss":"https://localhost:8443/realms/dev","aud":"[a b]"}"#;
        assert!(of(honest).iter().all(|d| d.verdict == Verdict::Allow));
    }

    #[test]
    fn what_gives_out_credentials_is_no_party() {
        for party in [
            "http://169.254.169.254/",
            "http://169.254.170.2/v2/credentials",
            "http://metadata.google.internal/",
            "http://[fd00:ec2::254]/",
            "http://100.100.100.200/",
            "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
        ] {
            for claim in [format!(r#"{{"iss":"{party}"}}"#), format!(r#"{{"aud":["a","{party}"]}}"#)] {
                assert!(of_claims(&claim), "{claim}");
            }
        }
    }

    /// An issuer has neither a query nor a fragment, and nobody configures one in disguise.
    #[test]
    fn what_is_spelled_as_no_issuer_is_none() {
        for party in [
            "http://127.0.0.1:9001/admin?delete=1",
            "http://localhost/admin#",
            "http://user@localhost/",
            "http://a:b@10.0.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://127.0.0.1.nip.io/",
            "http://%6cocalhost/",
            "http://localhost/a/../b",
            "gopher://localhost:6379/_x",
            "ftp://localhost/",
            "file:///etc/passwd",
            "see http://localhost/",
            "http://example.com/ http://localhost/",
            "http://example.com//http://localhost/",
        ] {
            let claims = format!(r#"{{"iss":"{party}"}}"#);
            assert!(of_claims(&claims), "{claims}");
        }
    }

    #[test]
    fn nothing_else_in_a_token_names_a_party() {
        let inside = "https://localhost:8443/a";
        for claims in [
            format!(r#"{{"jku":"{inside}"}}"#),
            format!(r#"{{"picture":"{inside}"}}"#),
            format!(r#"{{"client_id":"{inside}"}}"#),
            format!(r#"{{"a":{{"iss":"{inside}"}}}}"#),
            format!(r#"{{"aud":[{{"iss":"{inside}"}}]}}"#),
            format!(r#"{{"iss":"{{\"iss\":\"{}\"}}"}}"#, "http://localhost/"),
        ] {
            assert!(of_claims(&claims), "{claims}");
        }
        for head in ["jku", "x5u"] {
            let head = format!(r#"{{"alg":"RS256","{head}":"{inside}"}}"#);
            for scheme in ["Bearer ", "bearer ", "BEARER "] {
                assert!(denied(&event(scheme, &head, "{}")), "{scheme}{head}");
            }
        }
        // In a document that is no token, an address is one.
        let plain =
            format!(r#"{{"version":"2.0","rawPath":"/","headers":{{}},"body":"{{\"iss\":\"{inside}\"}}"}}"#);
        assert!(denied(&plain));
    }

    /// What a guard remembers of a claim says nothing about another text.
    #[test]
    fn the_same_text_elsewhere_is_an_address() {
        let mut guard = Guard::default();
        let mut denied = |event: &str| {
            let decision = guard.decide(event.as_bytes(), None);
            decision.records.iter().any(|r| !r.reasons.is_empty())
        };
        let claims = event("Bearer ", "{}", r#"{"iss":"https://localhost"}"#);
        let plain = r#"{"version":"2.0","rawPath":"/","headers":{},"body":"{\"to\":\"https://localhost\"}"}"#;
        assert!(!denied(&claims) && denied(plain) && !denied(&claims));
    }
}
