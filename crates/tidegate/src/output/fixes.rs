//! Fixes as the outputs show them: edits with places, and a small diff.

use super::Look;
use super::mask::{self, MASK};
use anstyle::AnsiColor;
use serde_json::{Value, json};
use tidegate_graph::{Edit, Finding, Source, System};
use tidegate_read::Editor;

/// Bytes of text that are read again to find edits, in all: about a second. Each edit is tried on its resource, or on the
/// whole file where that isn't enough; what comes after so much text has no edits. `--fix` has no such bound.
const MAX_READ: usize = 32 * 1024 * 1024;

/// Lines of a diff that are shown.
const MAX_LINES: usize = 14;

/// Finds edits, within a budget.
pub(crate) struct Fixes<'a> {
    system: &'a System,
    editor: Editor<'a>,
}

impl<'a> Fixes<'a> {
    pub(crate) fn new(system: &'a System) -> Self {
        Self { system, editor: Editor::new(system) }
    }

    /// The edits that mend a finding.
    pub(crate) fn edits(&self, finding: &Finding) -> Option<Vec<Edit>> {
        let fix = finding.fix.as_ref()?;
        if self.editor.read() > MAX_READ {
            return None;
        }
        self.editor.edits(fix)
    }

    /// For programs.
    pub(crate) fn json(&self, finding: &Finding) -> Value {
        let (Some(fix), Some(edits)) = (&finding.fix, self.edits(finding)) else { return Value::Null };
        let place = |source: &Source, at: u32| {
            let (line, column) = source.position(at);
            json!({"line": line, "column": column})
        };
        let edit = |edit: &Edit| {
            let source = self.system.sources.source(edit.span.file)?;
            Some(json!({
                "file": source.path(),
                "start": place(source, edit.span.start),
                "end": place(source, edit.span.end),
                "replacement": edit.replacement,
            }))
        };
        let edits: Vec<Value> = edits.iter().filter_map(edit).collect();
        json!({"title": fix.title, "safety": fix.safety, "edits": edits})
    }

    /// As SARIF has it; empty without a fix.
    pub(crate) fn sarif(&self, finding: &Finding, uri: impl Fn(&str) -> String) -> Vec<Value> {
        let (Some(fix), Some(edits)) = (&finding.fix, self.edits(finding)) else { return Vec::new() };
        let change = |edit: &Edit| {
            let source = self.system.sources.source(edit.span.file)?;
            let (start, end) = (source.position(edit.span.start), source.position(edit.span.end));
            Some(json!({
                "artifactLocation": {"uri": uri(source.path())},
                "replacements": [{
                    "deletedRegion": {
                        "startLine": start.0, "startColumn": start.1, "endLine": end.0, "endColumn": end.1,
                    },
                    "insertedContent": {"text": edit.replacement},
                }],
            }))
        };
        let changes: Vec<Value> = edits.iter().filter_map(change).collect();
        vec![json!({"description": {"text": fix.title}, "artifactChanges": changes})]
    }

    /// For people: what it does, and the lines that go and come.
    pub(crate) fn diff(&self, finding: &Finding, look: Look) -> String {
        let (Some(fix), Some(edits)) = (&finding.fix, self.edits(finding)) else { return String::new() };
        let safety = match fix.safety {
            tidegate_graph::Safety::Safe => "`--fix`",
            tidegate_graph::Safety::Unsafe => "`--fix=unsafe`",
        };
        let mut out = format!(
            "\n  {} {} ({safety})",
            look.paint("fix:", AnsiColor::BrightCyan.on_default().bold()),
            fix.title
        );
        let lines: Vec<String> = edits.iter().flat_map(|edit| self.lines(edit, look)).collect();
        for line in lines.iter().take(MAX_LINES) {
            out.push_str(&format!("\n  {line}"));
        }
        if lines.len() > MAX_LINES {
            out.push_str("\n  ...");
        }
        out
    }

    fn lines(&self, edit: &Edit, look: Look) -> Vec<String> {
        let Some(source) = self.system.sources.source(edit.span.file) else { return Vec::new() };
        let text = source.text();
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        let (Some(before), Some(old), Some(after)) =
            (text.get(..start), text.get(start..end), text.get(end..))
        else {
            return Vec::new();
        };
        let head = before.rsplit('\n').next().unwrap_or_default();
        let tail = after.split('\n').next().unwrap_or_default();
        let old = format!("{head}{old}{tail}");
        let new = format!("{head}{}{tail}", edit.replacement);
        let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
        let first = source.position(edit.span.start).0;
        let same = |(a, b): &(&&str, &&str)| a == b;
        let top = old.iter().zip(&new).take_while(same).count();
        let left = old.len().min(new.len()) - top;
        let bottom = old.iter().rev().zip(new.iter().rev()).take(left).take_while(same).count();
        let number = |n: usize| first as usize + n;
        let row = |n: usize, sign: char, line: &str| {
            format!("{:>5} {sign} {}", number(n), shown(source, number(n), line))
        };
        let mut out = Vec::new();
        // The line before is what tells where it goes.
        if let Some((n, line)) = old.iter().enumerate().take(top).next_back() {
            out.push(row(n, ' ', line));
        }
        for (n, line) in old.iter().enumerate().take(old.len() - bottom).skip(top) {
            out.push(look.paint(&row(n, '-', line), AnsiColor::Red.on_default()));
        }
        for (n, line) in new.iter().enumerate().take(new.len() - bottom).skip(top) {
            out.push(look.paint(&row(n, '+', line), AnsiColor::Green.on_default()));
        }
        out
    }
}

/// A line as it may be shown: short, without secrets and without what would move a terminal's cursor.
fn shown(source: &Source, number: usize, line: &str) -> String {
    const MOST: usize = 200;
    if line.len() > 4096 {
        return "...".to_string();
    }
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    let above = (1..number).rev().map(|n| source.line(n));
    let mut text = line.to_string();
    for range in mask::secrets(line, above, std::iter::empty()).into_iter().rev() {
        text.replace_range(range, MASK);
    }
    let text = annotate_snippets::normalize_untrusted_str(&text);
    if text.chars().count() > MOST { text.chars().take(MOST).chain("...".chars()).collect() } else { text }
}
