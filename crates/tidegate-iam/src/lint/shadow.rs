//! Statements that change nothing, because another one of the document says the same or more.

use super::Remark;
use super::reading::{Reading, Statement, pattern};
use crate::Glob;
use tidegate_graph::{Data, Value};

/// More statements than this are not compared: each would be with each.
const MOST_STATEMENTS: usize = 120;
/// Nor are longer lists.
const MOST_ITEMS: usize = 60;

/// Statements that another one covers: allowed already, denied already, or allowed in vain.
pub fn shadowed(reading: &Reading<'_>) -> Vec<Remark> {
    let statements = &reading.statements;
    if statements.len() < 2 || statements.len() > MOST_STATEMENTS {
        return Vec::new();
    }
    let covers: Vec<Option<Cover>> = statements.iter().map(Cover::of).collect();
    let mut out = Vec::new();
    if covers.iter().all(Option::is_none) {
        return out;
    }
    for (n, statement) in statements.iter().enumerate() {
        let Some(scope) = Scope::of(statement) else { continue };
        let over = covers.iter().enumerate().find(|(m, cover)| {
            let Some(cover) = cover.as_ref().filter(|c| n != *m && c.holds(&scope)) else { return false };
            // Of two that say the same the later one is too many.
            let same = cover.allows == scope.allows;
            let back = covers.get(n).and_then(Option::as_ref);
            let equal = same
                && back
                    .is_some_and(|own| statements.get(*m).and_then(Scope::of).is_some_and(|s| own.holds(&s)));
            (same || !cover.allows) && (!equal || *m < n)
        });
        let Some((m, Some(cover))) = over else { continue };
        let number = m + 1;
        let message = match (cover.allows, scope.allows) {
            (false, true) => format!("statement {number} denies all that this one allows"),
            (_, true) => format!("statement {number} allows all that this one allows"),
            (_, false) => format!("statement {number} denies all that this one denies"),
        };
        out.push(Remark::new(statement.value, statement.key(), message).help("take it out"));
    }
    out
}

/// What a statement speaks of.
struct Scope {
    allows: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    principal: Option<String>,
}

impl Scope {
    fn of(statement: &Statement<'_>) -> Option<Self> {
        let simple = statement.not_actions.is_empty() && statement.not_resources.is_empty();
        if !simple || statement.open || statement.not_principal.is_some() || statement.actions.is_empty() {
            return None;
        }
        let short = statement.actions.len() <= MOST_ITEMS && statement.resources.len() <= MOST_ITEMS;
        let texts = |values: &[&Value]| -> Option<Vec<String>> {
            values.iter().map(|v| v.as_str().map(Into::into)).collect()
        };
        // Names that differ by deployment may be the same; as text they aren't.
        let resources: Option<Vec<String>> =
            statement.resources.iter().map(|r| pattern(r).and(Some(r.display()))).collect();
        Some(Self {
            allows: statement.allows,
            actions: texts(&statement.actions)
                .filter(|_| short)?
                .iter()
                .map(|a| a.to_ascii_lowercase())
                .collect(),
            resources: resources?,
            principal: statement.principal.map(plain),
        })
    }
}

/// Principals as text that is equal for equal ones.
fn plain(value: &Value) -> String {
    match &value.data {
        Data::List(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        Data::Map(map) => map.iter().map(|(key, value)| format!("{key}={};", plain(value))).collect(),
        _ => value.display(),
    }
}

/// What a statement without conditions covers for certain.
struct Cover {
    allows: bool,
    actions: Vec<Pattern>,
    resources: Vec<Pattern>,
    principal: Option<String>,
}

struct Pattern {
    text: String,
    /// Where every wildcard stands for any text.
    glob: Option<Glob>,
}

impl Cover {
    fn of(statement: &Statement<'_>) -> Option<Self> {
        if !statement.conditions.is_empty() {
            return None;
        }
        let scope = Scope::of(statement)?;
        Some(Self {
            allows: scope.allows,
            actions: scope.actions.into_iter().map(Pattern::new).collect(),
            resources: scope.resources.into_iter().map(Pattern::new).collect(),
            principal: scope.principal,
        })
    }

    fn holds(&self, scope: &Scope) -> bool {
        let all = |own: &[Pattern], of: &[String]| of.iter().all(|text| own.iter().any(|p| p.holds(text)));
        self.principal == scope.principal
            && self.resources.is_empty() == scope.resources.is_empty()
            && all(&self.actions, &scope.actions)
            && all(&self.resources, &scope.resources)
    }
}

impl Pattern {
    fn new(text: String) -> Self {
        // A `?` would take a `*` for one character, and a variable is no text.
        let glob = (text.contains('*') && !text.contains(['?', '$'])).then(|| Glob::new(&text));
        Self { text, glob }
    }

    fn holds(&self, other: &str) -> bool {
        self.text == other || self.glob.as_ref().is_some_and(|glob| glob.matches(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_graph::{FileId, World};

    #[track_caller]
    fn check(statements: &[(&str, &str, &str)], expect: &[&str]) {
        let list: Vec<String> = statements
            .iter()
            .map(|(effect, action, rest)| {
                format!(r#"{{"Effect": "{effect}", "Action": {action}, "Resource": {rest}}}"#)
            })
            .collect();
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, list.join(","));
        let document = crate::json::parse(FileId(0), &text).unwrap();
        let found = shadowed(&Reading::new(&World::default(), &document));
        let said: Vec<String> = found.iter().map(|r| format!("{}: {}", r.key, r.message)).collect();
        assert_eq!(said, expect);
    }

    #[test]
    fn what_another_statement_says_already() {
        check(
            &[("Allow", "\"sqs:*\"", "\"*\""), ("Allow", "[\"SQS:Send*\"]", "\"arn:aws:sqs:*:*:orders\"")],
            &["Statement/1: statement 1 allows all that this one allows"],
        );
        check(
            &[("Allow", "\"sqs:*\"", "\"*\""), ("Allow", "\"sqs:*\"", "\"*\"")],
            &["Statement/1: statement 1 allows all that this one allows"],
        );
        check(
            &[("Allow", "\"sqs:SendMessage\"", "\"arn:a\""), ("Deny", "\"sqs:*\"", "\"*\"")],
            &["Statement/0: statement 2 denies all that this one allows"],
        );
    }

    #[test]
    fn what_says_something_of_its_own() {
        check(&[("Deny", "\"sqs:Send*\"", "\"arn:a\""), ("Allow", "\"sqs:*\"", "\"*\"")], &[]);
        check(&[("Allow", "\"sqs:Send?\"", "\"*\""), ("Allow", "\"sqs:Send*\"", "\"arn:a\"")], &[]);
        check(&[("Allow", "\"sqs:*\"", "\"arn:b\""), ("Allow", "\"sqs:*\"", "\"arn:a\"")], &[]);
        let bounded = "\"*\", \"Condition\": {\"Bool\": {\"aws:SecureTransport\": \"true\"}}";
        check(&[("Allow", "\"sqs:*\"", bounded), ("Allow", "\"sqs:Get*\"", "\"*\"")], &[]);
        check(
            &[("Allow", "\"sqs:*\"", "\"arn:${aws:a}*\""), ("Allow", "\"sqs:*\"", "\"arn:${aws:a}b\"")],
            &[],
        );
    }
}
