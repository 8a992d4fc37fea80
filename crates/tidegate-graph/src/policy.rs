//! Policy documents as statements. Reading only: what they allow is decided elsewhere.

use crate::{Map, Piece, Span, Str, Value, World};

/// Allow or Deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// `Allow`.
    Allow,
    /// `Deny`.
    Deny,
}

/// Who a statement of a resource or trust policy speaks of.
#[derive(Clone, Debug, PartialEq)]
pub struct Principal<'a> {
    /// `AWS`, `Service`, `Federated`, `CanonicalUser`, or `*` for the bare star.
    pub kind: &'a str,
    /// The principal.
    pub value: &'a Value,
}

impl Principal<'_> {
    /// True for `*` and `{"AWS": "*"}`: anyone at all.
    pub fn is_anyone(&self) -> bool {
        matches!(self.kind, "*" | "AWS" | "Federated") && self.value.as_str() == Some("*")
    }
}

/// One statement, in one world. Lists are normalised: a single string is a list of one.
#[derive(Clone, Debug)]
pub struct Statement<'a> {
    /// Allow or Deny; Deny when it is neither, which grants nothing.
    pub effect: Effect,
    /// `Action`.
    pub actions: Vec<&'a Value>,
    /// `NotAction`.
    pub not_actions: Vec<&'a Value>,
    /// `Resource`.
    pub resources: Vec<&'a Value>,
    /// `NotResource`.
    pub not_resources: Vec<&'a Value>,
    /// `Principal`.
    pub principals: Vec<Principal<'a>>,
    /// `NotPrincipal`.
    pub not_principals: Vec<Principal<'a>>,
    /// `Condition`: operator -> key -> values.
    pub conditions: Option<&'a Map>,
    /// `Sid`.
    pub sid: Option<Str>,
    /// The statement's place.
    pub span: Span,
}

impl Statement<'_> {
    /// True if the statement allows.
    pub fn allows(&self) -> bool {
        self.effect == Effect::Allow
    }

    /// True if an action pattern of this statement matches `action` (`sqs:SendMessage`), case-insensitively.
    pub fn covers_action(&self, action: &str) -> bool {
        if !self.not_actions.is_empty() {
            return !self.not_actions.iter().any(|a| a.as_str().is_some_and(|p| matches(p, action)));
        }
        self.actions.iter().any(|a| a.as_str().is_some_and(|p| matches(p, action)))
    }

    /// True if any `Resource` is the bare `*`.
    pub fn on_everything(&self) -> bool {
        self.resources.iter().any(|r| r.as_str() == Some("*")) || !self.not_resources.is_empty()
    }

    /// All condition keys with operator and values: `("StringEquals", "aws:SourceArn", value)`.
    pub fn condition_keys<'s>(&'s self, world: &'s World) -> Vec<(&'s str, &'s str, &'s Value)> {
        let mut out = Vec::new();
        for (operator, keys) in self.conditions.into_iter().flat_map(Map::iter) {
            let Some(keys) = world.resolve(keys).and_then(Value::as_map) else { continue };
            for (key, value) in keys.iter() {
                out.extend(world.resolve(value).map(|value| (operator.as_str(), key.as_str(), value)));
            }
        }
        out
    }
}

/// `*` and `?` wildcards against a text, case-insensitively, in time linear in pattern times text.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (p, t) = (pattern.as_bytes(), text.as_bytes());
    let (mut i, mut j, mut star) = (0, 0, None);
    while j < t.len() {
        match (p.get(i), t.get(j)) {
            (Some(b'*'), _) => {
                star = Some((i, j));
                i += 1;
            }
            (Some(a), Some(b)) if *a == b'?' || a.eq_ignore_ascii_case(b) => {
                i += 1;
                j += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    i = at + 1;
                    j = from + 1;
                }
                None => return false,
            },
        }
    }
    p.get(i..).is_some_and(|rest| rest.iter().all(|b| *b == b'*'))
}

/// The statements of a policy document. Anything that is no statement is left out; the linter speaks of it.
pub fn statements<'a>(world: &World, document: &'a Value) -> Vec<Statement<'a>> {
    let Some(list) = world.get(document, "Statement") else { return Vec::new() };
    world.items(list).into_iter().filter_map(|s| statement(world, s)).collect()
}

/// One statement.
pub fn statement<'a>(world: &World, value: &'a Value) -> Option<Statement<'a>> {
    let map = value.as_map()?;
    let strings = |key: &str| map.get(key).map(|v| world.items(v)).unwrap_or_default();
    let effect = match world.get(value, "Effect").and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        _ => Effect::Deny,
    };
    Some(Statement {
        effect,
        actions: strings("Action"),
        not_actions: strings("NotAction"),
        resources: strings("Resource"),
        not_resources: strings("NotResource"),
        principals: principals(world, map.get("Principal")),
        not_principals: principals(world, map.get("NotPrincipal")),
        conditions: world.get(value, "Condition").and_then(Value::as_map),
        sid: world.get(value, "Sid").and_then(Value::as_text),
        span: value.span,
    })
}

fn principals<'a>(world: &World, value: Option<&'a Value>) -> Vec<Principal<'a>> {
    let Some(value) = value.and_then(|v| world.resolve(v)) else { return Vec::new() };
    match value.as_map() {
        Some(map) => map
            .iter()
            .flat_map(|(kind, values)| {
                world.items(values).into_iter().map(move |value| Principal { kind: kind.as_str(), value })
            })
            .collect(),
        None => world.items(value).into_iter().map(|value| Principal { kind: "*", value }).collect(),
    }
}

/// The service of an action pattern: `sqs` of `sqs:Send*`; `*` of `*`.
pub fn service_of(action: &str) -> &str {
    action.split_once(':').map_or(action, |(service, _)| service)
}

/// Pieces as a wildcard pattern: text as it is, everything else a `*`.
pub fn pattern_of(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|p| match p {
            Piece::Text(text) => text.as_str(),
            _ => "*",
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        assert!(matches("s3:*", "s3:GetObject"));
        assert!(matches("S3:get*", "s3:GetObject"));
        assert!(matches("*", ""));
        assert!(matches("s3:Get?bject", "s3:GetObject"));
        assert!(!matches("s3:Put*", "s3:GetObject"));
        assert!(!matches("", "s3:GetObject"));
        assert!(matches("a*b*c", "a-b-b-c"));
    }
}
