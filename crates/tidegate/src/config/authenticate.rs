//! The tables `contract.authenticate`, `contract.condition` and `contract.replay`: what is asked of events and of their
//! senders.

use super::{Complaint, Glob, Reader};
use crate::custom::Wrong;
use std::ops::Range;
use tidegate_graph::contract::{
    Authenticate, Certificates, Edge, Jwt, Principals, Proof, Replay, Scheme, Topics, Webhook,
};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is asked on which edges.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked<T> {
    pub(super) edges: Vec<Glob>,
    /// As they were written.
    pub(crate) named: String,
    pub(crate) what: Option<T>,
}

impl<T> Asked<T> {
    /// Whether it is asked on this edge: a pattern fits the function's id, alone or with `:<trigger>`, or the edge's.
    pub(crate) fn fits(&self, edge: &Edge, function: &str) -> bool {
        self.edges.iter().any(|pattern| names(pattern, edge, function))
    }
}

/// Whether a pattern names an edge: by its function, alone or with `:<trigger>`, or by its own id.
fn names(pattern: &Glob, edge: &Edge, function: &str) -> bool {
    let short = format!("{function}:{}", edge.trigger);
    pattern.fits(function) || pattern.fits(&short) || pattern.fits(&edge.id)
}

/// A pattern that names edges, as it was written.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(crate) named: String,
    glob: Glob,
}

impl Pattern {
    pub(super) fn new(pattern: String) -> Self {
        Self { glob: Glob::new(&pattern), named: pattern }
    }

    pub(crate) fn fits(&self, edge: &Edge, function: &str) -> bool {
        names(&self.glob, edge, function)
    }
}

/// The time that senders sign may differ from ours by this much; what Stripe and Slack ask for.
const TOLERANCE: u64 = 300;

/// SNS tries for an hour at most to deliver a message over HTTP.
const DELIVERY: u64 = 3600;

const PROOFS: [&str; 5] = ["webhook", "jwt", "sigv4", "sns", "mtls"];
const ONE_PROOF: &str = "expected one of `webhook`, `jwt`, `sigv4`, `sns` and `mtls`";

/// Characters of a condition that are shown.
const SHORT: usize = 30;

/// Whether a table has a key.
fn has(table: &DeTable<'_>, name: &str) -> bool {
    table.iter().any(|(key, _)| key.get_ref() == name)
}

impl Reader {
    pub(super) fn authenticate(&mut self, value: &Spanned<DeValue<'_>>) {
        for (table, at) in self.tables("contract.authenticate", value) {
            let (mut edges, mut named) = (None, String::new());
            let (mut paths, mut proofs) = (Vec::new(), Vec::new());
            let (mut secrets, mut tolerance) = (Vec::new(), None);
            for (key, value) in table {
                match key.get_ref().as_ref() {
                    "edges" => {
                        let texts = self.plain("contract.authenticate.edges", value);
                        edges = Some(texts.iter().map(|t| Glob::new(t)).collect());
                        named = texts.join(", ");
                    }
                    "paths" => paths = self.plain("contract.authenticate.paths", value),
                    "secrets" => secrets = self.plain("contract.authenticate.secrets", value),
                    "tolerance" => {
                        tolerance = self.seconds("contract.authenticate.tolerance", value);
                    }
                    "webhook" => {
                        let Some((word, span)) = self.text("contract.authenticate.webhook", value) else {
                            continue;
                        };
                        match Scheme::ALL.into_iter().find(|s| s.word() == word) {
                            Some(scheme) => {
                                let secrets = Vec::new();
                                proofs.push(Proof::Webhook(Webhook {
                                    scheme,
                                    secrets,
                                    tolerance_seconds: 0,
                                }));
                            }
                            None => self.unknown_word(
                                span,
                                "way of signing a webhook",
                                &word,
                                &Scheme::ALL.map(Scheme::word),
                            ),
                        }
                    }
                    "jwt" => proofs.extend(self.jwt(value).map(Proof::Jwt)),
                    "sigv4" => {
                        proofs.extend(self.sigv4(value).map(Proof::Sigv4));
                    }
                    "sns" => proofs.extend(self.sns(value).map(Proof::Sns)),
                    "mtls" => {
                        let names = self.plain("contract.authenticate.mtls", value);
                        if names.iter().any(String::is_empty) {
                            let empty = Complaint::new(
                                value.span(),
                                "`contract.authenticate.mtls` has an empty name",
                            );
                            self.complaints.push(empty.label("expected a SPIFFE id or a subject"));
                        }
                        proofs.push(Proof::Mtls(Certificates { names }));
                    }
                    name => self.unknown_key(key.span(), name, "contract.authenticate."),
                }
            }
            let needs_secret = proofs.iter().any(|p| matches!(p, Proof::Webhook(_))) && secrets.is_empty();
            if needs_secret {
                let complaint = Complaint::new(at.clone(), "`contract.authenticate` names no secret");
                self.complaints.push(
                    complaint.label("expected `secrets`: names of environment variables that hold them"),
                );
            }
            let asked = table.iter().filter(|(key, _)| PROOFS.contains(&key.get_ref().as_ref())).count();
            if asked != 1 {
                let complaint =
                    Complaint::new(at.clone(), "`contract.authenticate` asks for no single proof");
                self.complaints.push(complaint.label(ONE_PROOF));
                continue;
            }
            let Some(edges) = edges else {
                let complaint = Complaint::new(at.clone(), "`contract.authenticate` names no edge");
                self.complaints.push(complaint.label(
                    "expected `edges`: patterns of function ids, `<function>:<trigger>`, or edge ids",
                ));
                continue;
            };
            let what = proofs.pop().map(|mut proof| {
                match &mut proof {
                    Proof::Webhook(webhook) => {
                        (webhook.secrets, webhook.tolerance_seconds) =
                            (secrets, tolerance.unwrap_or(TOLERANCE));
                    }
                    Proof::Sns(topics) => topics.tolerance_seconds = tolerance.unwrap_or(DELIVERY),
                    _ => {}
                }
                Authenticate { paths, proof }
            });
            self.config.contract.authenticate.push(Asked { edges, named, what });
        }
    }

    pub(super) fn replay(&mut self, value: &Spanned<DeValue<'_>>) {
        for (table, at) in self.tables("contract.replay", value) {
            let (mut edges, mut unique, mut window) = (Vec::new(), None, TOLERANCE);
            let mut named = String::new();
            for (key, value) in table {
                match key.get_ref().as_ref() {
                    "edges" => {
                        let texts = self.plain("contract.replay.edges", value);
                        edges = texts.iter().map(|t| Glob::new(t)).collect();
                        named = texts.join(", ");
                    }
                    "key" => unique = self.text("contract.replay.key", value).map(|(t, _)| t),
                    "window" => window = self.seconds("contract.replay.window", value).unwrap_or(window),
                    name => self.unknown_key(key.span(), name, "contract.replay."),
                }
            }
            match unique {
                Some(key) if !edges.is_empty() => {
                    let what = Some(Replay { key, window_seconds: window });
                    self.config.contract.replay.push(Asked { edges, named, what });
                }
                // What is wrong with the value of one was told.
                _ if has(table, "edges") && has(table, "key") => {}
                _ => {
                    let complaint = Complaint::new(at, "`contract.replay` needs `edges` and `key`");
                    self.complaints.push(
                        complaint.label("`key` is the name of a header, or a JSON pointer into the event"),
                    );
                }
            }
        }
    }

    pub(super) fn conditions(&mut self, value: &Spanned<DeValue<'_>>) {
        for (table, at) in self.tables("contract.condition", value) {
            let (mut edges, mut named, mut what) = (Vec::new(), String::new(), None);
            for (key, value) in table {
                match key.get_ref().as_ref() {
                    "edges" => {
                        let texts = self.plain("contract.condition.edges", value);
                        edges = texts.iter().map(|t| Glob::new(t)).collect();
                        named = texts.join(", ");
                    }
                    "when" => {
                        let Some((text, span)) = self.text("contract.condition.when", value) else {
                            continue;
                        };
                        match crate::contract::condition(&text) {
                            Ok(condition) => what = Some(condition),
                            Err(wrong) => self.no_condition(&text, span, wrong),
                        }
                    }
                    name => self.unknown_key(key.span(), name, "contract.condition."),
                }
            }
            if !has(table, "when") || !has(table, "edges") {
                let complaint = Complaint::new(at, "`contract.condition` needs `edges` and `when`");
                self.complaints.push(complaint.label("`when` is an expression in CEL over `event`"));
            } else if what.is_some() && !edges.is_empty() {
                self.config.contract.conditions.push(Asked { edges, named, what });
            }
        }
    }

    /// Says what is wrong with a condition, at its place in the file where the text stands there as it is.
    fn no_condition(&mut self, text: &str, span: Range<usize>, wrong: Wrong) {
        let raw = self.text.get(span.clone()).unwrap_or_default();
        let rest = text.get(wrong.at.start..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        let length = wrong.at.len().min(line.len());
        let (span, label) = match raw.find(text) {
            Some(offset) if length > 0 => {
                let start = span.start + offset + wrong.at.start;
                (start..start + length, "here".to_string())
            }
            _ if line.is_empty() => (span, "at its end".into()),
            _ => {
                let short: String = line.chars().take(SHORT).collect();
                let more = if short.len() < rest.len() { "..." } else { "" };
                (span, format!("at `{short}{more}`"))
            }
        };
        let message = format!("`when` is no condition: {}", wrong.message);
        let help = "`when` is an expression in CEL over `event` that is true or false, as `event.body.amount <= 10000`";
        self.complaints.push(Complaint::new(span, message).label(label).help(help));
    }

    fn jwt(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Jwt> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong("contract.authenticate.jwt", value, "a table: `{ issuer = ..., audiences = [...] }`");
            return None;
        };
        let mut jwt = Jwt { issuer: String::new(), audiences: Vec::new(), keys: None, scopes: Vec::new() };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "issuer" => {
                    jwt.issuer = self.text("contract.authenticate.jwt.issuer", value).map(|(t, _)| t)?;
                }
                "audiences" => jwt.audiences = self.plain("contract.authenticate.jwt.audiences", value),
                "keys" => jwt.keys = self.text("contract.authenticate.jwt.keys", value).map(|(t, _)| t),
                "scopes" => jwt.scopes = self.plain("contract.authenticate.jwt.scopes", value),
                name => self.unknown_key(key.span(), name, "contract.authenticate.jwt."),
            }
        }
        // A token for somebody else, of the same provider, would do otherwise.
        if jwt.issuer.is_empty() || jwt.audiences.is_empty() {
            let complaint = Complaint::new(value.span(), "`jwt` needs `issuer` and `audiences`");
            self.complaints.push(complaint.label("a token for another service would pass without"));
            return None;
        }
        Some(jwt)
    }

    /// Patterns alone, or a table of them and of what the gate needs.
    fn sigv4(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Principals> {
        let mut all =
            Principals { principals: Vec::new(), keys: None, services: Vec::new(), regions: Vec::new() };
        let DeValue::Table(table) = value.get_ref() else {
            all.principals = self.plain("contract.authenticate.sigv4", value);
            return Some(all);
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "principals" => all.principals = self.plain("contract.authenticate.sigv4.principals", value),
                "keys" => all.keys = self.text("contract.authenticate.sigv4.keys", value).map(|(t, _)| t),
                "services" => all.services = self.plain("contract.authenticate.sigv4.services", value),
                "regions" => all.regions = self.plain("contract.authenticate.sigv4.regions", value),
                name => self.unknown_key(key.span(), name, "contract.authenticate.sigv4."),
            }
        }
        if all.principals.is_empty() {
            let complaint = Complaint::new(value.span(), "`sigv4` needs `principals`");
            self.complaints.push(complaint.label("expected patterns of ARNs"));
            return None;
        }
        Some(all)
    }

    /// Patterns alone, or a table of them and of a file of certificates.
    fn sns(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Topics> {
        let mut all = Topics { topics: Vec::new(), certificates: None, tolerance_seconds: 0 };
        let DeValue::Table(table) = value.get_ref() else {
            all.topics = self.plain("contract.authenticate.sns", value);
            return Some(all);
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "topics" => all.topics = self.plain("contract.authenticate.sns.topics", value),
                "certificates" => {
                    all.certificates =
                        self.text("contract.authenticate.sns.certificates", value).map(|(t, _)| t);
                }
                name => self.unknown_key(key.span(), name, "contract.authenticate.sns."),
            }
        }
        if all.topics.is_empty() {
            let complaint = Complaint::new(value.span(), "`sns` needs `topics`");
            self.complaints.push(complaint.label("expected patterns of ARNs"));
            return None;
        }
        Some(all)
    }

    pub(super) fn plain(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Vec<String> {
        let told = self.complaints.len();
        let texts = self.texts(key, value);
        if texts.is_empty() && told == self.complaints.len() {
            let complaint = Complaint::new(value.span(), format!("`{key}` is empty"));
            self.complaints.push(complaint.label("expected at least one"));
        }
        texts.into_iter().map(|(text, _)| text).collect()
    }

    fn seconds(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<u64> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => number.to_string().parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.wrong(key, value, "a number of seconds");
        }
        number
    }

    /// The tables of an array of tables, each with its place.
    pub(super) fn tables<'v>(
        &mut self,
        key: &str,
        value: &'v Spanned<DeValue<'_>>,
    ) -> Vec<(&'v DeTable<'v>, std::ops::Range<usize>)> {
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong(key, value, &format!("tables: `[[{key}]]`"));
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::Table(table) => out.push((table, item.span())),
                _ => self.wrong(key, item, &format!("a table: `[[{key}]]`")),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use crate::failure::Failure;
    use std::path::Path;

    fn read(text: &str) -> Result<super::super::Config, ()> {
        parse(Path::new("tidegate.toml"), text, &[]).map_err(|_| ())
    }

    #[test]
    fn a_proof_is_read() {
        let text = "[[contract.authenticate]]\nedges = '*:apigw-v2'\npaths = '/hook*'\nwebhook = 'github'\nsecrets = ['A', 'B']\n\
                    [[contract.authenticate]]\nedges = ['*/Pay']\njwt = { issuer = 'https://id.example', audiences = ['pay'] }\n\
                    [[contract.authenticate]]\nedges = ['*/Ship']\nsigv4 = { principals = '*', keys = 'env:KEYS' }\n\
                    [[contract.authenticate]]\nedges = ['*/Note']\nsns = 'arn:aws:sns:*:*:orders'\n\
                    [[contract.replay]]\nedges = '*'\nkey = 'Idempotency-Key'\nwindow = 60\n";
        let contract = read(text).unwrap().contract;
        let proofs: Vec<_> = contract.authenticate.iter().map(|a| a.what.clone().unwrap()).collect();
        let webhook = Webhook {
            scheme: Scheme::Github,
            secrets: vec!["A".into(), "B".into()],
            tolerance_seconds: TOLERANCE,
        };
        assert_eq!(proofs[0], Authenticate { paths: vec!["/hook*".into()], proof: Proof::Webhook(webhook) });
        assert!(matches!(&proofs[1].proof, Proof::Jwt(jwt) if jwt.audiences == ["pay"]));
        assert!(matches!(&proofs[2].proof, Proof::Sigv4(p) if p.keys.as_deref() == Some("env:KEYS")));
        let topics = vec!["arn:aws:sns:*:*:orders".to_string()];
        let sns = Topics { topics, certificates: None, tolerance_seconds: DELIVERY };
        assert_eq!(proofs[3].proof, Proof::Sns(sns));
        let replay = Replay { key: "Idempotency-Key".into(), window_seconds: 60 };
        assert_eq!(contract.replay[0].what, Some(replay));
    }

    #[test]
    fn what_would_let_everybody_in_is_refused() {
        for wrong in [
            "edges = '*'",
            "edges = '*'\nwebhook = 'github'",
            "edges = '*'\nwebhook = 'gitub'\nsecrets = 'A'",
            "webhook = 'github'\nsecrets = 'A'",
            "edges = '*'\nmtls = []",
            "edges = '*'\nmtls = ''",
            "edges = '*'\njwt = { issuer = 'https://id.example' }",
            "edges = '*'\nmtls = 'a'\nsigv4 = 'b'",
            "edges = '*'\nsigv4 = { keys = 'env:KEYS' }",
            "edges = '*'\nsigv4 = { principals = 'b', key = 'env:KEYS' }",
            "edges = '*'\nmtls = 'a'\ntolerance = 'x'",
            "edges = '*'\nsns = { certificates = 'a.pem' }",
            "edges = '*'\nsns = []",
            "edges = '*'\nmtls = 'a'\nedge = 'x'",
        ] {
            assert!(read(&format!("[[contract.authenticate]]\n{wrong}\n")).is_err(), "{wrong}");
        }
        for wrong in
            ["edges = '*'", "when = 'true'", "edges = '*'\nwhen = 'event.'", "edges = '*'\nwhen = 'x'"]
        {
            assert!(read(&format!("[[contract.condition]]\n{wrong}\n")).is_err(), "{wrong}");
        }
        assert!(read("[[contract.condition]]\nedges = '*'\nwhen = 'event.a == 1'\n").is_ok());
        assert!(read("[[contract.replay]]\nedges = '*'\n").is_err());
    }

    fn told(text: &str) -> Vec<Complaint> {
        match parse(Path::new("tidegate.toml"), text, &[]) {
            Err(Failure::Config(complaints)) => complaints.all,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_mistake_is_told_once() {
        for wrong in [
            "[[contract.authenticate]]\nedges = '*'\nmtls = true",
            "[[contract.authenticate]]\nedges = '*'\nmtls = []",
            "[[contract.authenticate]]\nedges = '*'\nmtls = ''",
            "[[contract.authenticate]]\nedges = '*'\nmtls = ['a', 1]",
            "[[contract.authenticate]]\nedges = '*'\nsecrets = 'A'\nwebhook = 'gitub'",
            "[[contract.authenticate]]\nedges = '*'\njwt = 'a'",
            "[[contract.authenticate]]\nedges = true\nmtls = 'a'",
            "[[contract.replay]]\nedges = '*'\nkey = 1",
            "[[contract.condition]]\nedges = []\nwhen = 'true'",
        ] {
            let all = told(&format!("{wrong}\n"));
            assert_eq!(all.len(), 1, "{wrong}: {all:?}");
        }
    }

    #[test]
    fn a_condition_is_told_at_its_place() {
        let deep = format!("event.a == nobody && {}event.b{}", "(".repeat(30), ")".repeat(30));
        for quote in ["'", "\"", "\"\"\""] {
            let text = format!("[[contract.condition]]\nedges = '*'\nwhen = {quote}{deep}{quote}\n");
            let all = told(&text);
            assert_eq!(all.len(), 1, "{all:?}");
            assert!(all[0].words().contains("there is no name `nobody`"), "{all:?}");
            let at = text.find("nobody").unwrap();
            assert_eq!(all[0].span, at..at + "nobody".len(), "{quote}");
        }
        // What is escaped has no place in the file: some of it is shown.
        let text = format!(
            "[[contract.condition]]\nedges = '*'\nwhen = \"event.a == \\\"\\\" && {}\"\n",
            "nobody + ".repeat(40)
        );
        let all = told(&text);
        assert!(all.len() == 1 && format!("{:?}", all[0]).len() < 250, "{all:?}");
    }
}
