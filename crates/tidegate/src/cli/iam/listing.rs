//! What `who-can` and `what-can` have in common: rows of answers.

use super::estate::Estate;
use crate::failure::Failure;
use crate::output::Look;
use crate::suggest::closest;
use annotate_snippets::normalize_untrusted_str;
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use std::fmt::Write as _;
use tidegate_graph::{Location, Str};
use tidegate_iam::decide::{Clause, Explanation, Hit};
use tidegate_iam::{Account, Arn, Decision, Verdict, hole};

/// Form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// For people
    #[default]
    Text,
    /// For programs; a schema in docs/schemas describes it
    Json,
}

/// One answer.
pub(super) struct Row {
    pub(super) title: String,
    pub(super) decision: Decision,
    pub(super) location: Option<Location>,
    /// The statements that make it so.
    pub(super) because: Vec<String>,
}

/// The ARN that a text on the command line means.
pub(super) fn arn(account: &Account, text: &str) -> Result<Str, Failure> {
    if text == "*" || Arn::parse(text).is_some() {
        return Ok(text.into());
    }
    let logical = |id: &Option<Str>| id.as_deref().and_then(|id| id.rsplit('/').next()) == Some(text);
    let resource = account.resources.iter().find(|r| r.name == text || logical(&r.id)).map(|r| r.arn.clone());
    if let Some(arn) = resource.or_else(|| account.find(text).map(|identity| identity.arn.clone())) {
        return Ok(arn);
    }
    let resources = account.resources.iter().map(|r| r.name.as_str());
    let names = resources.chain(account.identities.iter().map(|i| i.name.as_str()));
    let help = closest(text, names).map(|name| format!("did you mean `{name}`?"));
    Err(Failure::usage(format!("there is no resource `{text}`, and it is no ARN"), help))
}

/// The statements that speak for it.
pub(super) fn hits<'a>(explanation: &Explanation<'a>) -> Vec<Hit<'a>> {
    let open = explanation.clauses.iter().flat_map(|clause| match clause {
        Clause::Any(hits) => hits.clone(),
        Clause::Not(_) => Vec::new(),
    });
    explanation.because.iter().cloned().chain(open).collect()
}

pub(super) fn reason(explanation: &Explanation<'_>, estate: &Estate) -> Vec<String> {
    let mut out: Vec<String> = hits(explanation).iter().map(|hit| statement(hit, estate)).collect();
    for clause in &explanation.clauses {
        if let Clause::Not(hit) = clause {
            out.push(format!("unless denied by {}", statement(hit, estate)));
        }
    }
    out
}

pub(super) fn statement(hit: &Hit<'_>, estate: &Estate) -> String {
    let place = match estate.location(hit.statement.span) {
        Some(location) => format!("{}:{}", location.file, location.line),
        None => hit.policy.name.to_string(),
    };
    let mut out = format!("{} {}", hit.kind.phrase(), shown(&place));
    for (i, condition) in hit.open.iter().enumerate() {
        let _ = write!(out, "{} {}", if i == 0 { " if" } else { " and" }, shown(&condition.display()));
    }
    out
}

pub(super) fn text(title: &str, rows: &[Row], look: Look) -> String {
    let mut out = format!("{}\n", look.paint(title, Style::new().bold()));
    for row in rows {
        let (word, color) = match row.decision.verdict {
            Verdict::Allowed => ("can  ", AnsiColor::Green),
            _ => ("might", AnsiColor::Yellow),
        };
        let place =
            row.location.as_ref().map(|l| format!("  {}:{}", shown(&l.file), l.line)).unwrap_or_default();
        let _ = writeln!(out, "{}  {}{place}", look.paint(word, color.on_default()), shown(&row.title));
        row.because.iter().for_each(|line| _ = writeln!(out, "         {line}"));
    }
    out
}

pub(super) fn json(asked: Value, list: &str, key: &str, rows: &[Row]) -> String {
    let mut out = json!({ "version": 1 });
    let row = |row: &Row| {
        json!({
            key: row.title,
            "decision": row.decision.verdict.word(),
            "by": row.decision.by.map(tidegate_iam::Kind::word),
            "location": row.location,
            "because": row.because,
        })
    };
    if let (Some(out), Value::Object(asked)) = (out.as_object_mut(), asked) {
        out.extend(asked);
        out.insert(list.to_string(), rows.iter().map(row).collect());
    }
    format!("{out:#}\n")
}

pub(super) fn shown(text: &str) -> String {
    normalize_untrusted_str(&hole::display(text))
}
