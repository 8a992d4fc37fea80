//! The page of a rule in Markdown.

use tidegate_check::{Metadata, Profile};

/// Title, table, and what the rule's author wrote.
pub(crate) fn page(rule: &Metadata) -> String {
    let quoted = |words: &[&str]| match words {
        [] => "none".to_string(),
        some => some.iter().map(|a| format!("`{a}`")).collect::<Vec<_>>().join(", "),
    };
    format!(
        "# {title}\n\n| | |\n|---|---|\n| Rule | `{id}` |\n| Severity | {severity} |\n| Confidence | {confidence} |\n\
         | Profiles | {profiles} |\n| Aliases | {aliases} |\n| Threats | {threats} |\n| Since | {since} |\n\n{body}\n",
        title = rule.title,
        id = rule.id,
        severity = rule.severity.word(),
        confidence = rule.confidence.word(),
        profiles = quoted(&profiles(rule)),
        aliases = quoted(rule.aliases),
        threats = quoted(rule.threats),
        since = rule.since,
        body = body(rule),
    )
}

/// What the author wrote, as plain Markdown.
pub(crate) fn body(rule: &Metadata) -> String {
    let docs = rule.docs.trim();
    if docs.is_empty() {
        return rule.why.to_string();
    }
    let lines = rule.docs.lines().map(|line| {
        // A doc comment keeps the blank behind its slashes, and its fences say what a test expects of them.
        let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
        match line.split_once(',') {
            Some((fence, _)) if fence.trim_start().starts_with("```") => fence,
            _ => line,
        }
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_string()
}

/// Profiles that hold a rule, `all` alone when no other does.
pub(crate) fn profiles(rule: &Metadata) -> Vec<&'static str> {
    match rule.profiles {
        [] => vec![Profile::All.word()],
        some => some.iter().map(|p| p.word()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_graph::{Confidence, Severity};

    #[test]
    fn doc_comments_become_markdown() {
        let docs = " ## Example\n ```yaml,finding\n A:\n   B: 1, 2\n ```\n";
        let rule = Metadata {
            id: "x",
            title: "X",
            severity: Severity::Low,
            confidence: Confidence::High,
            since: "0.1.0",
            aliases: &[],
            threats: &[],
            profiles: &[],
            why: "because",
            docs,
        };
        assert_eq!(body(&rule), "## Example\n```yaml\nA:\n  B: 1, 2\n```");
        assert_eq!(body(&Metadata { docs: "", ..rule }), "because");
    }
}
