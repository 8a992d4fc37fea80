//! Script without an element around it: calls that scripts are proven with, and objects of a page that are reached.

use super::super::marks::{self, Group};
use super::super::{Hit, Text};
use super::{hit, utf7};
use tidegate_graph::contract::field::Kind;

/// Script without markup: it stands in a string or a handler already.
pub(super) fn script(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    let mut program = None;
    let mut acts = |before: &[u8]| !*program.get_or_insert_with(|| is_program(lower)) || escapes(before);
    if text.marks.has(Group::Sinks) {
        for (at, sink) in marks::find(lower, 0, Group::Sinks) {
            let before = lower.get(..at).unwrap_or_default();
            if before.last().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_')) {
                continue;
            }
            if !text.spend(10) {
                return None;
            }
            let after = lower.get(at + sink.len()..).unwrap_or_default();
            if is_idle(sink, after) {
                continue;
            }
            if (is_called(after) && !is_told(before, after) || is_taken(before, after)) && acts(before) {
                const CALL: &str = "a call that scripts are proven with";
                // People who write about code leave no string with it.
                let kinds: &[Kind] = if escapes(before) { &[] } else { &[Kind::Markup, Kind::Prose] };
                match text.unless_expected(kinds, hit(at, CALL), CALL) {
                    None => continue,
                    found => return found,
                }
            }
        }
    }
    if text.marks.has(Group::Objects) {
        for (at, object) in marks::find(lower, 0, Group::Objects) {
            let before = lower.get(..at).unwrap_or_default();
            if before.last().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')) {
                continue;
            }
            if !text.spend(40) {
                return None;
            }
            let after = lower.get(at + object.len() - 1..).unwrap_or_default();
            if reaches(after) && acts(before) {
                const REACHES: &str = "script that reaches for the page";
                let kinds: &[Kind] = if escapes(before) { &[] } else { &[Kind::Markup, Kind::Prose] };
                match text.unless_expected(kinds, hit(at, REACHES), REACHES) {
                    None => continue,
                    found => return found,
                }
            }
        }
    }
    if text.marks.has(Group::Utf7) { utf7(lower) } else { None }
}

/// After the name: `(1)`, `` `1` ``, `?.(`, `.call(`, `)(1)`.
/// `setTimeout()` waits for nothing, `prompt (#17)` is the number of an issue, and in a shell `eval` has a blank behind it.
fn is_idle(sink: &[u8], after: &[u8]) -> bool {
    match after.trim_ascii_start() {
        [b'(', b')', ..] => matches!(sink, b"settimeout" | b"setinterval" | b"eval" | b"function"),
        [b'(', b'#', next, ..] => next.is_ascii_digit(),
        // Where a call came from, as browsers tell.
        [b'(', from @ ..] if sink == b"eval" && after.starts_with(b" ") => from.starts_with(b"eval at "),
        [b'`', ..] => sink == b"eval" && after.starts_with(b" "),
        _ => false,
    }
}

fn is_called(after: &[u8]) -> bool {
    let after = after.strip_prefix(b")").unwrap_or(after);
    let after = after.strip_prefix(b"?.").unwrap_or(after);
    let after =
        [&b".call"[..], b".apply", b".bind"].iter().find_map(|m| after.strip_prefix(*m)).unwrap_or(after);
    let comments = after.strip_prefix(b"/**/").unwrap_or(after).trim_ascii_start();
    match comments {
        [b'`', ..] => true,
        [b'(', inside @ ..] => {
            let inside = inside.trim_ascii_start();
            inside.first().is_none_or(|b| !b.is_ascii_alphabetic())
                || [
                    &b"document"[..],
                    b"string",
                    b"this",
                    b"window",
                    b"xss",
                    b"location",
                    b"self",
                    b"name",
                    b"eval",
                    b"atob",
                    b"origin",
                    b"null",
                ]
                .iter()
                .any(|w| inside.starts_with(w))
        }
        _ => false,
    }
}

/// `please alert (1) ann`, `what does alert() do`: words around, and a blank or nothing in the brackets.
fn is_told(before: &[u8], after: &[u8]) -> bool {
    let words = before.is_empty()
        || before.ends_with(b" ") && before.trim_ascii_end().last().is_some_and(u8::is_ascii_alphabetic);
    let close = memchr::memchr(b')', after.get(..32).unwrap_or(after));
    let empty = matches!(after, [b' ', ..] | [b'(', b')', ..]);
    words
        && empty
        && close
            .and_then(|at| after.get(at + 1..))
            .is_some_and(|rest| matches!(rest, [b' ', next, ..] if next.is_ascii_alphabetic()))
}

/// `onerror=alert;throw 1`, `a=alert,a(1)`, `[1].find(alert)`: handed on under another name, to be called there.
fn is_taken(before: &[u8], after: &[u8]) -> bool {
    match (before.last(), after.first()) {
        (Some(b'='), Some(b';' | b',')) => {
            let rest = after.get(1..32.min(after.len())).unwrap_or_default();
            rest.starts_with(b"throw") || rest.contains(&b'(') || rest.contains(&b'`')
        }
        (Some(b'('), Some(b')')) => {
            let near = before.get(before.len().saturating_sub(16)..before.len() - 1).unwrap_or_default();
            let name = near.iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
            name > 2 && matches!(near.get(..near.len() - name), Some([.., b']' | b'"' | b'\'', b'.']))
        }
        _ => false,
    }
}

/// After an object of the page: its cookie, its location, or a member written as a string.
fn reaches(after: &[u8]) -> bool {
    let dotted = after.strip_prefix(b"?").unwrap_or(after);
    if let Some(member) = dotted.strip_prefix(b".") {
        return [
            &b"cookie"[..],
            b"domain",
            b"write(",
            b"writeln(",
            b"location=",
            b"location.",
            b"location",
            b"onerror",
            b"eval(",
            b"localstorage",
            b"execcommand",
            b"body.innerhtml",
            b"documentelement",
            b"defaultview",
        ]
        .iter()
        .any(|m| {
            member
                .strip_prefix(*m)
                .is_some_and(|rest| rest.first().is_none_or(|b| !b.is_ascii_alphanumeric()))
        });
    }
    after
        .strip_prefix(b"[")
        .is_some_and(|inside| matches!(inside.first(), Some(b'"' | b'\'' | b'`' | b'/' | b'+' | b'(')))
}

/// A quote or bracket before it, that leaves what the text was put into.
fn escapes(before: &[u8]) -> bool {
    let before = before.trim_ascii_end();
    matches!(
        before.last(),
        Some(b'\'' | b'"' | b'`' | b'-' | b'+' | b'^' | b'*' | b'/' | b'>' | b'}' | b'|' | b'&' | b'!')
    ) && before.len() <= 64
}

/// Honest source code quotes these too: it has statements, and none of them leaves a string at the start.
fn is_program(lower: &[u8]) -> bool {
    [&b"function "[..], b"const ", b"let ", b"var ", b"return ", b" => ", b"// ", b"import "]
        .iter()
        .any(|w| memchr::memmem::find(lower, w).is_some())
}

pub(in super::super) const SINKS: &[&[u8]] = &[
    b"alert",
    b"confirm",
    b"prompt",
    b"eval",
    b"settimeout",
    b"setinterval",
    b"string.fromcharcode",
    b"atob",
    b"fetch",
    b"import",
    b"execscript",
    b"msgbox",
];

/// Objects of the page, each with what a member of it begins with.
pub(in super::super) const OBJECTS: &[&[u8]] = &[
    b"document.",
    b"document[",
    b"document?",
    b"window.",
    b"window[",
    b"window?",
    b"self.",
    b"self[",
    b"self?",
    b"top.",
    b"top[",
    b"top?",
    b"this.",
    b"this[",
    b"this?",
    b"globalthis.",
    b"globalthis[",
    b"globalthis?",
    b"parent.",
    b"parent[",
    b"parent?",
    b"frames.",
    b"frames[",
    b"frames?",
];
