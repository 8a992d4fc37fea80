//! The words that accept a finding, where they go: the opposite of reading them.

use super::comment::Lines;
use super::scope::{header, language, line};
use crate::config::Config;
use tidegate_graph::{Edit, Finding, Source, Span, System};

/// A comment above the line of a finding, or else above its resource; `None` where the file has no comments, or where
/// one would be taken for something else. Its reason is empty: only the person who accepts it knows it.
pub(crate) fn comment(system: &System, finding: &Finding) -> Option<Edit> {
    // The text is read again for each try, while somebody waits.
    const LARGEST: usize = 2 * 1024 * 1024;
    let file = finding.span.file;
    let source = system.sources.source(file).filter(|source| source.text().len() <= LARGEST)?;
    let language = language(source)?;
    let resource = system.resource(&finding.resource).filter(|r| r.span.file == file);
    let lines = [Some(line(system, finding.span)), resource.map(|r| header(system, r))];
    lines.into_iter().flatten().find_map(|line| {
        let (at, text) = above(source, line, finding.rule)?;
        let after = [source.text().get(..at)?, &text, source.text().get(at..)?].concat();
        let lines = Lines::new(language, &after);
        let seen = lines.comments.iter().find(|comment| comment.line == line && comment.alone)?;
        (lines.subject(seen) == Some(line + 1))
            .then(|| Edit { span: Span::new(file, at, at), replacement: text })
    })
}

/// Where a line (from 0) begins, and the comment that goes there.
fn above(source: &Source, line: usize, rule: &str) -> Option<(usize, String)> {
    let text = source.text();
    let at = match line {
        0 => 0,
        _ => text.match_indices('\n').nth(line - 1)?.0 + 1,
    };
    let below = text.get(at..)?.lines().next()?;
    let indentation = below.get(..below.len() - below.trim_start().len())?;
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    Some((at, format!("{indentation}# tidegate: allow {rule} reason=\"\"{end}")))
}

/// The text of a configuration that accepts a finding, too; `None` where no pattern would name it alone.
pub(crate) fn configured(before: &str, system: &System, finding: &Finding, path: &str) -> Option<String> {
    let resource = system.resource(&finding.resource)?;
    let name = &resource.logical_id;
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./ ".contains(&b))
    };
    if !plain(name) || !plain(path) {
        return None;
    }
    let end = if before.contains("\r\n") { "\r\n" } else { "\n" };
    let gap = match before {
        "" => "",
        text if text.ends_with('\n') => end,
        _ => &end.repeat(2),
    };
    let lines = [
        "[[allow]]".to_string(),
        format!("rule = \"{}\"", finding.rule),
        format!("resource = \"{name}\""),
        format!("path = \"{path}\""),
        "reason = \"\"".to_string(),
    ];
    let added: String = lines.iter().map(|line| format!("{line}{end}")).collect();
    let after = format!("{before}{gap}{added}");
    // What stands at the end of a file may not be what it seems, as when a string is still open.
    Config::reads(&after).then_some(after)
}
