//! A decision as people read it.

use crate::cli::iam::documents::Documents;
use crate::output::Look;
use annotate_snippets::normalize_untrusted_str;
use anstyle::{AnsiColor, Style};
use std::fmt::Write as _;
use tidegate_iam::decide::{Change, Clause, Explanation, Hit};
use tidegate_iam::{Kind, Request, Verdict, hole};

pub(super) fn render(
    request: &Request,
    explanation: &Explanation<'_>,
    documents: &Documents,
    look: Look,
) -> String {
    let mut out = String::new();
    let by = explanation.decision.by.map(|kind| format!(" by the {}", kind.phrase())).unwrap_or_default();
    let (word, color) = match explanation.decision.verdict {
        Verdict::Allowed => ("allowed", AnsiColor::Green),
        Verdict::ImplicitlyDenied => ("implicitly denied", AnsiColor::Yellow),
        Verdict::ExplicitlyDenied => ("explicitly denied", AnsiColor::Red),
        Verdict::Unknown => ("unknown: it depends on values that were not given", AnsiColor::Yellow),
    };
    let _ = writeln!(out, "{}{by}", look.paint(word, color.on_default().bold()));
    let _ = writeln!(out, "  {} asks for {}", shown(request.principal.text()), shown(&request.action.text));
    let _ = writeln!(out, "  on {}", shown(&request.resource));
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = writeln!(out, "\n{}", look.paint(title, Style::new().bold()));
            lines.iter().for_each(|line| _ = writeln!(out, "  {line}"));
        }
    };
    let because = explanation.because.iter().map(|hit| statement(hit, documents));
    section(
        if explanation.decision.verdict == Verdict::Allowed { "allowed by" } else { "denied by" },
        because.collect(),
    );
    section(
        "what would have to change",
        explanation.changes.iter().flat_map(|c| change(c, documents)).collect(),
    );
    section(
        "allowed if all of this holds",
        explanation.clauses.iter().flat_map(|c| clause(c, documents)).collect(),
    );
    out
}

/// `identity policy  role.json:7  statement `Send``
fn statement(hit: &Hit<'_>, documents: &Documents) -> String {
    let level = hit.level.filter(|l| !l.is_empty()).map(|l| format!(" of {}", shown(l))).unwrap_or_default();
    let place = match documents.location(hit.statement.span) {
        Some(location) => format!("{}:{}", location.file, location.line),
        None => hit.policy.name.to_string(),
    };
    let name = match &hit.statement.sid {
        Some(sid) => format!("`{}`", shown(sid)),
        None => (hit.statement.index + 1).to_string(),
    };
    format!("{}{level}  {}  statement {name}", hit.kind.phrase(), shown(&place))
}

fn change(change: &Change<'_>, documents: &Documents) -> Vec<String> {
    match change {
        Change::Lift(hit) => {
            vec![format!("the deny must no longer apply: {}", statement(hit, documents))]
        }
        Change::Allow { kinds, level, near } => {
            let kinds: Vec<&str> =
                kinds.iter().filter(|kind| **kind != Kind::Grant).map(|kind| kind.phrase()).collect();
            let level =
                level.filter(|l| !l.is_empty()).map(|l| format!(" of {}", shown(l))).unwrap_or_default();
            let mut out = vec![format!("the {}{level} must allow it", kinds.join(" or the "))];
            for hit in near {
                out.push(format!("  as does {}, if", statement(hit, documents)));
                out.extend(conditions(hit));
            }
            out
        }
    }
}

fn clause(clause: &Clause<'_>, documents: &Documents) -> Vec<String> {
    let hits = match clause {
        Clause::Any(hits) => hits.as_slice(),
        Clause::Not(hit) => std::slice::from_ref(hit),
    };
    let mut out = Vec::new();
    for (i, hit) in hits.iter().enumerate() {
        let lead = match clause {
            Clause::Not(_) => "does not apply:",
            Clause::Any(_) if i > 0 => "or applies:",
            Clause::Any(_) => "applies:",
        };
        out.push(format!("{lead} {}", statement(hit, documents)));
        out.extend(conditions(hit));
        if hit.open.is_empty() {
            out.push("    depends on parts of the statement that are not known".to_string());
        }
    }
    if hits.is_empty() {
        out.push("a policy that was not read allows it".to_string());
    }
    out
}

fn conditions(hit: &Hit<'_>) -> impl Iterator<Item = String> {
    hit.open.iter().map(|condition| format!("    {}", shown(&condition.display())))
}

fn shown(text: &str) -> String {
    normalize_untrusted_str(&hole::display(text))
}
