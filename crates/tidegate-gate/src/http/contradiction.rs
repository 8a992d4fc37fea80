//! Proofs of one function that no request has together.
//!
//! A request at the gate could have come over any of a function's entries, so it has to prove what each of them asks. Two
//! entries that ask for tokens of two issuers thus let nobody in: a request has one token, and a token one issuer. Nor does
//! a provider of webhooks sign in the way of another. What may go together isn't told here: one issuer with two audiences,
//! two secrets that may be one, patterns of paths of which neither lies in the other.

use super::policy::is_http;
use std::collections::HashSet;
use tidegate_decide::readings::fits;
use tidegate_graph::contract::{Contract, Edge, Function, Proof};

/// What is asked for, as far as it can exclude something else.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Asked<'c> {
    Token(&'c str),
    /// By its word.
    Webhook(&'c str),
}

/// Where, and over which edge.
#[derive(Clone, Copy)]
struct Demand<'c> {
    asked: Asked<'c>,
    paths: &'c [String],
    edge: &'c Edge,
}

/// What of a contract lets nobody through the gate: the resource id of the function, and what contradicts each other, for
/// people.
pub fn contradictions(contract: &Contract) -> Vec<(String, String)> {
    let all =
        contract.functions.iter().flat_map(|(id, function)| of(function).map(|text| (id.clone(), text)));
    all.collect()
}

fn of(function: &Function) -> impl Iterator<Item = String> {
    let demands = demands(function);
    let mut told = HashSet::new();
    let mut out = Vec::new();
    for (at, one) in demands.iter().enumerate() {
        for other in demands.iter().skip(at + 1) {
            if one.excludes(other) && told.insert((one.asked, other.asked)) {
                out.push(one.beside(other));
            }
        }
    }
    out.into_iter()
}

/// Each that differs, once: many edges ask for the same.
fn demands(function: &Function) -> Vec<Demand<'_>> {
    let mut seen = HashSet::new();
    let edges = function.edges.iter().filter(|edge| is_http(edge));
    let all = edges.flat_map(|edge| edge.authenticate.iter().map(move |asked| (edge, asked)));
    let all = all.filter_map(|(edge, asked)| {
        let paths = asked.paths.as_slice();
        let asked = match &asked.proof {
            Proof::Jwt(jwt) => Asked::Token(&jwt.issuer),
            Proof::Webhook(webhook) => Asked::Webhook(webhook.scheme.word()),
            _ => return None,
        };
        seen.insert((asked, paths)).then_some(Demand { asked, paths, edge })
    });
    all.collect()
}

impl Demand<'_> {
    /// No request has both, and one that has to have both can come.
    fn excludes(&self, other: &Self) -> bool {
        let exclusive = match (self.asked, other.asked) {
            (Asked::Token(one), Asked::Token(other)) => one != other,
            (Asked::Webhook(one), Asked::Webhook(other)) => one != other,
            _ => false,
        };
        exclusive && meet(self.paths, other.paths)
    }

    fn beside(&self, other: &Self) -> String {
        let (one, second) = (self.words(), other.words());
        let beside = match self.edge.id == other.edge.id {
            true => String::new(),
            false => format!("`{}` ", other.edge.id),
        };
        let why = match self.asked {
            Asked::Token(_) => "no request has both",
            Asked::Webhook(_) => "no provider signs in both ways",
        };
        format!(
            "`{}` asks for {one}, and {beside}for {second}: {why}, and the gate asks for both",
            self.edge.id
        )
    }

    fn words(&self) -> String {
        let what = match self.asked {
            Asked::Token(issuer) => format!("a token of `{issuer}`"),
            Asked::Webhook(scheme) => format!("a webhook of {scheme}"),
        };
        if self.paths.is_empty() { what } else { format!("{what} on `{}`", self.paths.join("`, `")) }
    }
}

/// Whether some path is surely one of both: a pattern that fits another fits all that the other one does.
fn meet(one: &[String], other: &[String]) -> bool {
    let within = |these: &[String], those: &[String]| {
        these.iter().any(|inner| those.iter().any(|outer| fits(outer, inner)))
    };
    one.is_empty() || other.is_empty() || within(one, other) || within(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn jwt(issuer: &str, paths: &[&str]) -> Value {
        json!({"paths": paths, "proof": {"jwt": {"issuer": issuer, "audiences": []}}})
    }

    fn webhook(scheme: &str, paths: &[&str]) -> Value {
        let proof = json!({"scheme": scheme, "secrets": [scheme], "tolerance_seconds": 300});
        json!({"paths": paths, "proof": {"webhook": proof}})
    }

    fn edge(from: &str, trigger: &str, authenticate: &[Value]) -> Value {
        json!({"id": format!("{from}->F:{trigger}"), "from": from, "trigger": trigger, "evidence": "", "exposure": "anonymous",
            "taint": 0, "origin": {"arns": [], "accounts": [], "regions": [], "ids": [], "sources": [], "detail_types": []},
            "mode": "block", "inspect": "full", "on_deny": {"answer": "respond"}, "unknown": [], "authenticate": authenticate})
    }

    fn told(edges: &[Value]) -> Vec<String> {
        let function: Function =
            serde_json::from_value(json!({"logical_id": "F", "name": "f", "type": "AWS::Lambda::Function",
            "exposure": "anonymous", "taint": 0, "roles": [], "egress": [], "edges": edges,
            "limits": {"concurrency": null, "timeout_seconds": null, "memory_mb": null}}))
            .unwrap();
        of(&function).collect()
    }

    #[test]
    fn proofs_that_exclude_each_other_are_told_with_their_edges() {
        let a = edge("A", "apigw-v2", &[jwt("https://a", &[]), webhook("github", &["/hooks/*"])]);
        let b = edge("B", "alb", &[jwt("https://b", &["/orders/*"]), webhook("stripe", &["/Hooks/pay"])]);
        assert_eq!(
            told(&[a, b]),
            [
                "`A->F:apigw-v2` asks for a token of `https://a`, and `B->F:alb` for a token of `https://b` on `/orders/*`: \
                 no request has both, and the gate asks for both",
                "`A->F:apigw-v2` asks for a webhook of github on `/hooks/*`, and `B->F:alb` for a webhook of stripe on \
                 `/Hooks/pay`: no provider signs in both ways, and the gate asks for both",
            ]
        );
        // Of one edge, too.
        let both = told(&[edge("A", "alb", &[jwt("a", &[]), jwt("b", &[])])]);
        assert_eq!(
            both,
            [
                "`A->F:alb` asks for a token of `a`, and for a token of `b`: no request has both, and the gate asks for both"
            ]
        );
    }

    #[test]
    fn a_contradiction_is_told_once() {
        let edges: Vec<Value> = (0..40)
            .map(|n| edge(&format!("E{n}"), "alb", &[jwt(if n % 2 == 0 { "a" } else { "b" }, &["/x"])]))
            .collect();
        assert_eq!(told(&edges).len(), 1);
    }

    #[test]
    fn what_may_go_together_is_not_told() {
        for (one, other) in [
            (jwt("a", &[]), jwt("a", &[])),
            (jwt("a", &["/a/*"]), jwt("b", &["/b/*"])),
            (webhook("github", &["/a"]), webhook("stripe", &["/a/b", "/b"])),
            (webhook("github", &[]), webhook("github", &["/b"])),
            (webhook("github", &[]), jwt("a", &[])),
            (jwt("a", &[]), json!({"proof": {"mtls": {"names": ["*"]}}})),
        ] {
            let edges = [edge("A", "apigw-v2", &[one]), edge("B", "apigw-v2", &[other])];
            assert_eq!(told(&edges), [""; 0]);
        }
        // What doesn't come to the gate asks for nothing there.
        let edges = [edge("A", "alb", &[jwt("a", &[])]), edge("B", "sqs", &[jwt("b", &[])])];
        assert_eq!(told(&edges), [""; 0]);
    }
}
