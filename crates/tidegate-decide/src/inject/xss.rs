//! Script in markup: would a browser run something if the text were put into a page?
//!
//! Markup alone is no attack; people send HTML. What runs is: elements that are script, attributes that are handlers,
//! addresses that are code, styles that are expressions, and script that breaks out of the string it was put into.

use super::marks::{self, Ahead, Cursor, Group};
use super::{ByteSet, Hit, Text};
use crate::bytes;
use crate::decision::Class;
use tidegate_graph::contract::field::Kind;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    const NEEDED: ByteSet = ByteSet::from_list(b"<>=(:`[&+");
    if !text.bytes.intersects(NEEDED) {
        return None;
    }
    tags(text).or_else(|| handlers(text)).or_else(|| schemes(text)).or_else(|| script(text))
}

fn hit(at: usize, why: &'static str) -> Hit {
    Hit { class: Class::Xss, at, why: why.into() }
}

/// Elements that run, load or redirect by themselves.
fn tags(text: &Text<'_>) -> Option<Hit> {
    if !text.bytes.has(b'<') {
        return None;
    }
    let lower = text.lower;
    let (mut styles, mut ends) = (Cursor::new(Group::Attributes, text.marks), Ahead::new(b">"));
    let mut braces = Ahead::new(b"&{");
    let (mut near, mut framed) = (false, false);
    let last = memchr::memrchr3(b'=', b'>', b'/', lower).unwrap_or_default();
    let found = bytes::find_map(lower, [b'<'], |at| {
        let rest = lower.get(at + 1..).unwrap_or_default();
        // No element's name begins with anything else.
        let Some(b'a'..=b'z' | b'0'..=b'9' | b'/' | b'!' | b'?' | b':' | b'-' | 0) = rest.first() else {
            return None;
        };
        if !text.spend(16) {
            return Some(None);
        }
        if rest.starts_with(b"!--#")
            && rest.get(4..).is_some_and(|r| {
                [&b"exec"[..], b"include", b"echo", b"config", b"printenv", b"set"]
                    .iter()
                    .any(|w| r.trim_ascii_start().starts_with(w))
            })
        {
            return Some(Some(Hit {
                class: Class::Template,
                at,
                why: "a directive that the server runs".into(),
            }));
        }
        let rest = rest.strip_prefix(b"/").unwrap_or(rest);
        // Browsers skip what is no letter between the bracket and the name's start only for a few bytes.
        let length = rest
            .iter()
            .take(24)
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | 0))
            .count();
        let mut letters = [0; 24];
        let mut used = 0;
        for (byte, to) in rest.iter().take(length).filter(|b| **b != 0).zip(&mut letters) {
            *to = *byte;
            used += 1;
        }
        let name = letters.get(..used).unwrap_or_default();
        let after = rest.get(length..).unwrap_or_default();
        let attributes = after.get(..2048.min(after.len())).unwrap_or_default();
        let has = |what: &[u8]| text.spend(100) && memchr::memmem::find(attributes, what).is_some();
        let ended = after.first().is_none_or(|b| {
            b.is_ascii_whitespace() || matches!(b, b'>' | b'/' | b'<' | b'\\' | b'"' | b'\'')
        });
        let last_name = name.rsplit(|b| *b == b':').next().unwrap_or_default();
        let found = match last_name {
            b"script" => ended,
            b"iframe" | b"frame" | b"frameset" | b"embed" | b"object" | b"applet" | b"portal"
            | b"fencedframe" => ended && last >= lower.len() - after.len(),
            // Its other uses say which characters a page is in.
            b"meta" => {
                has(b"http-equiv")
                    && [&b"refresh"[..], b"cookie", b"script", b"utf-7", b"link"].iter().any(|w| has(w))
            }
            b"base" => has(b"href"),
            // A style that lies beside the page is the page's own.
            b"link" => {
                has(b"stylesheet") && has(b"href") && (has(b"//") || has(b"script") || has(b"data:"))
                    || has(b"import")
            }
            b"import" => rest.starts_with(b"?") || has(b"implementation"),
            b"bgsound" | b"layer" | b"ilayer" | b"xss" => {
                has(b"src") || has(b"=") || last_name == b"xss" && ended
            }
            b"form" | b"isindex" => has(b"javascript") || has(b"formaction"),
            b"button" | b"input" => has(b"formaction") || has(b"javascript:"),
            b"use" => has(b"data:"),
            b"math" | b"maction" => has(b"xlink:href") || has(b"actiontype"),
            b"style" => {
                ended
                    && [
                        &b"expression"[..],
                        b"behavio",
                        b"-moz-binding",
                        b"@import",
                        b"javascript",
                        b"vbscript",
                    ]
                    .iter()
                    .any(|w| has(w))
            }
            b"html" => has(b"implementation"),
            // Islands of data, which old browsers write into the page.
            b"xml" => ended && has(b"src="),
            _ if name.is_empty() || after.first().is_none_or(|b| *b == b'>') => false,
            _ => {
                let start = lower.len() - after.len();
                let end = ends.from(lower, start).unwrap_or(lower.len()).min(start + attributes.len());
                // What begins within the tag counts, wherever it ends.
                let begins = |found: Option<usize>| found.is_some_and(|at| at < end);
                begins(styles.from(lower, start).map(|(at, _)| at))
                    || text.bytes.has(b'{') && begins(braces.from(lower, start))
            }
        };
        let closes = lower.get(at + 1) == Some(&b'/');
        if found && last_name == b"iframe" && (framed && closes || is_embedded(after)) {
            framed = true;
            text.suspect(Class::Xss, at, "a page of another site, shown in a frame");
            return None;
        }
        if found && is_mentioned(lower, at, after) {
            text.suspect(Class::Xss, at, "an element by its name");
            return None;
        }
        if found {
            let loads = hit(at, RUNS);
            // What only loads something is at home in a page; what runs is caught by what it runs, too.
            let kinds: &[Kind] = match last_name {
                b"iframe" | b"frame" | b"embed" | b"object" | b"link" | b"meta" => &[Kind::Markup],
                _ => &[],
            };
            match text.unless_expected(kinds, loads, RUNS) {
                None => return None,
                found => return Some(found),
            }
        }
        if !near && is_placed(last_name) && attributes.iter().take(256).any(|b| *b == b'=') {
            near = true;
            text.suspect(Class::Xss, at, "an element with attributes, which a page would show as one");
        }
        if rest.starts_with(b"?import")
            || rest.starts_with(b"?xml:namespace")
            || rest.starts_with(b"!<script")
            || rest.starts_with(b"![cdata[<script")
        {
            return Some(Some(hit(at, RUNS)));
        }
        None
    });
    found.flatten()
}

/// `is <script> allowed here?`: a tag without attributes between words, and nothing behind it that could be code.
fn is_mentioned(lower: &[u8], at: usize, after: &[u8]) -> bool {
    let Some(rest) = after.strip_prefix(b">") else { return false };
    let before = lower.get(..at).unwrap_or_default();
    let words = before.ends_with(b" ") && before.trim_ascii_end().last().is_some_and(u8::is_ascii_alphabetic);
    // Elements may be named behind it, too, as long as no script could do anything there.
    let prose = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b' ' | b',' | b'.' | b'?' | b'!' | b'\'' | b'<' | b'>' | b'/')
    };
    let closes = lower.get(at + 1) == Some(&b'/');
    words && rest.len() <= 256 && (closes || rest.contains(&b' ')) && rest.iter().all(prose)
}

/// `<iframe width="560" src="https://..."></iframe>`: a film or a map of another site, which can't reach the page around it.
fn is_embedded(after: &[u8]) -> bool {
    let near = after.get(..1024).unwrap_or(after);
    let Some(end) = memchr::memchr(b'>', near) else { return after.is_empty() };
    let (tag, rest) = near.split_at_checked(end).unwrap_or_default();
    let has = |word: &[u8]| memchr::memmem::find(tag, word).is_some();
    let from = |quote: &[u8]| memchr::memmem::find(tag, quote).is_some();
    (from(b" src=\"https://") || from(b" src='https://"))
        && (has(b" width=") || has(b" allow") || has(b" title="))
        && !has(b" on")
        && !has(b"/on")
        && !has(b"\"on")
        && !has(b"script")
        && !has(b"srcdoc")
        && !has(b"data:")
        && rest.starts_with(b"></iframe>")
}

const RUNS: &str = "an element that a browser runs or loads by itself";

/// Elements that lead, load, ask or lay out.
fn is_placed(name: &[u8]) -> bool {
    matches!(
        name,
        b"a" | b"img"
            | b"svg"
            | b"math"
            | b"form"
            | b"input"
            | b"button"
            | b"video"
            | b"audio"
            | b"source"
            | b"picture"
            | b"style"
            | b"link"
            | b"meta"
            | b"body"
            | b"table"
            | b"details"
            | b"marquee"
            | b"textarea"
            | b"select"
            | b"template"
            | b"div"
    )
}

/// `onload=`, with whatever a browser takes between name and value, in a tag or at the end of an attribute.
fn handlers(text: &Text<'_>) -> Option<Hit> {
    if !text.bytes.has(b'=') {
        return None;
    }
    let lower = text.lower;
    let first_tag = memchr::memchr(b'<', lower).unwrap_or(usize::MAX);
    let first_quote = memchr::memchr3(b'"', b'\'', b'>', lower).unwrap_or(usize::MAX);
    for at in memchr::memmem::find_iter(lower, b"on") {
        let before = at.checked_sub(1).and_then(|i| lower.get(i));
        let leads = before.is_none_or(|b| {
            b.is_ascii_whitespace()
                || matches!(b, b'/' | b'"' | b'\'' | b'`' | b'<' | b'>' | b';' | b'&' | 0x0b | 0x0c | 0)
        });
        if !leads {
            continue;
        }
        let rest = lower.get(at + 2..).unwrap_or_default();
        let length = rest.iter().take(32).take_while(|b| b.is_ascii_alphabetic()).count();
        let name = rest.get(..length).unwrap_or_default();
        if length < 3 {
            continue;
        }
        let gap = rest.get(length..).unwrap_or_default();
        let skip = gap
            .iter()
            .take(48)
            .take_while(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'=' | b'>'))
            .count();
        if gap.get(skip) != Some(&b'=') {
            continue;
        }
        let value = gap.get(skip + 1..).unwrap_or_default().trim_ascii_start();
        let quoted = value
            .strip_prefix(b"\"")
            .or_else(|| value.strip_prefix(b"'"))
            .or_else(|| value.strip_prefix(b"`"))
            .unwrap_or(value);
        let in_tag = first_tag < at;
        let breaks_out = matches!(before, Some(b'"' | b'\'' | b'`' | b'/' | b'>')) || first_quote < at;
        if !text.spend(80) {
            return None;
        }
        let known = EVENTS.iter().any(|e| name.starts_with(e));
        let event = known || in_tag;
        let own = quoted.iter().take(256).position(|b| matches!(b, b'"' | b'\'' | b'>')).unwrap_or(256);
        // `once="no"` is an attribute like any other; what nobody knows as an event has to call something.
        let looked = if known { quoted.len().min(256) } else { own.min(quoted.len()) };
        let code = quoted.iter().take(looked).any(|b| {
            matches!(b, b'(' | b'`' | b'=' | b'[' | b'{' | b'&') || known && matches!(b, b'.' | b'/')
        }) || known && in_tag && !quoted.is_empty();
        if event && code && (in_tag || breaks_out) {
            return Some(hit(at, "an attribute that runs as script when something happens"));
        }
    }
    None
}

/// `javascript:` and its like, with the blanks and entities that browsers see through.
fn schemes(text: &Text<'_>) -> Option<Hit> {
    // The letters of `script`, `data` and `mocha`.
    let any =
        |word: &[&[u8; 2]]| word.iter().all(|letter| text.bytes.intersects(ByteSet::from_list(*letter)));
    let may = any(&[b"sS", b"cC", b"rR", b"iI", b"pP", b"tT"])
        || any(&[b"dD", b"aA", b"tT"])
        || any(&[b"mM", b"oO", b"cC", b"hH"]);
    if !text.bytes.has(b':') || !may {
        return None;
    }
    let lower = text.lower;
    let last_script = memchr::memmem::rfind(lower, b"script").unwrap_or_default();
    for colon in memchr::memchr_iter(b':', lower) {
        let before = lower.get(colon.saturating_sub(48)..colon).unwrap_or_default();
        // `javascript`, `mocha`, `data`: most colons follow something else.
        if before.last().is_some_and(|b| b.is_ascii_alphanumeric() && !matches!(b, b't' | b'a')) {
            continue;
        }
        let mut ending = before;
        let mut last = || {
            while let [rest @ .., byte] = ending {
                ending = rest;
                if !is_dropped(*byte) {
                    return *byte;
                }
            }
            0
        };
        let followed: &[u8] = match last() {
            b't' => b"p",
            b'a' => b"th",
            _ => continue,
        };
        if !followed.contains(&last()) {
            continue;
        }
        if !text.spend(160) {
            return None;
        }
        let mut word = [0; 10];
        let letters = before.iter().rev().filter(|b| !is_dropped(**b)).take_while(|b| b.is_ascii_lowercase());
        let mut length = 0;
        for (byte, to) in letters.zip(word.iter_mut().rev()) {
            *to = *byte;
            length += 1;
        }
        let letters = word.get(10 - length..).unwrap_or_default();
        let scheme =
            [&b"javascript"[..], b"vbscript", b"livescript", b"mocha"].iter().any(|s| letters.ends_with(s));
        let after = lower.get(colon + 1..).unwrap_or_default();
        let straight = before.ends_with(b"javascript") || before.ends_with(b"vbscript");
        let next = after.trim_ascii_start();
        let code = || {
            next.iter().take(256).any(|b| matches!(b, b'(' | b'`' | b'=' | b'[' | b'.' | b'{' | b'/' | b'&'))
                && (!straight
                    || after.first().is_some_and(|b| !b.is_ascii_whitespace())
                    || lower
                        .get(..colon.saturating_sub(10))
                        .and_then(<[u8]>::last)
                        .is_some_and(|b| matches!(b, b'"' | b'\'' | b'=' | b'(' | b'`')))
        };
        if scheme && code() {
            return Some(hit(colon, "an address that is script"));
        }
        if letters.ends_with(b"data")
            && (after.starts_with(b"text/html") || after.starts_with(b"image/svg+xml") && last_script > colon)
        {
            return Some(hit(colon, "an address that is a page of its own"));
        }
    }
    None
}

/// `<!-- -->` and blanks inside of a word are dropped by old browsers.
fn is_dropped(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' ' | 0..=8 | b'\\' | b'<' | b'>' | b'!' | b'-' | b'+' | b'"')
}

/// Script without markup: it stands in a string or a handler already.
fn script(text: &Text<'_>) -> Option<Hit> {
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

/// `+ADw-script+AD4-`: markup in UTF-7.
fn utf7(lower: &[u8]) -> Option<Hit> {
    let at = memchr::memmem::find(lower, b"+adw-")?;
    Some(hit(at, "markup in an encoding that browsers once guessed"))
}

pub(super) const SINKS: &[&[u8]] = &[
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
pub(super) const OBJECTS: &[&[u8]] = &[
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

/// Styles and attributes that run or load, in any element.
pub(super) const ATTRIBUTES: &[&[u8]] = &[
    b"expression(",
    b"behaviour:",
    b"behavior:",
    b"-moz-binding",
    b"datasrc=",
    b"dataformatas=",
    b"dynsrc=",
    b"lowsrc=",
];

const EVENTS: &[&[u8]] = &[
    b"load",
    b"error",
    b"click",
    b"mouse",
    b"key",
    b"focus",
    b"blur",
    b"change",
    b"submit",
    b"reset",
    b"select",
    b"abort",
    b"unload",
    b"resize",
    b"scroll",
    b"drag",
    b"drop",
    b"copy",
    b"cut",
    b"paste",
    b"wheel",
    b"touch",
    b"pointer",
    b"animation",
    b"transition",
    b"toggle",
    b"play",
    b"pause",
    b"ended",
    b"seek",
    b"time",
    b"volume",
    b"wait",
    b"begin",
    b"end",
    b"repeat",
    b"hashchange",
    b"message",
    b"offline",
    b"online",
    b"pagehide",
    b"pageshow",
    b"popstate",
    b"storage",
    b"invalid",
    b"input",
    b"search",
    b"show",
    b"context",
    b"auxclick",
    b"dblclick",
    b"before",
    b"after",
    b"canplay",
    b"cuechange",
    b"durationchange",
    b"emptied",
    b"finish",
    b"start",
    b"bounce",
    b"readystate",
    b"propertychange",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::{ByteSet, Context, sample, sample_for};
    use crate::trigger::Place;
    use tidegate_graph::contract::field::Said;

    #[test]
    fn what_a_schema_expects_is_spared_unless_it_runs() {
        let found = |raw: &str, is: Kind| {
            let said = Said { is, by: String::new() };
            let lower = raw.to_ascii_lowercase();
            let bytes = ByteSet::of(raw.as_bytes());
            let mut text = Text::new(raw.as_bytes(), lower.as_bytes(), bytes, Place::Field, b"");
            text.context = Context::default().saying(Some(&said));
            (detect(&text).is_some(), text.nears().any(|near| near.spared))
        };
        let (frame, call) = ("<iframe src=\"https://example.org/map\"></iframe>", "run alert(1) to see it");
        assert_eq!(found(frame, Kind::Markup), (false, true));
        assert_eq!(found(frame, Kind::Prose), (true, false));
        assert_eq!(found(call, Kind::Prose), (false, true));
        for runs in [
            "<script>x</script>",
            "<img src=x onerror=alert(1)>",
            "<iframe src=javascript:alert(1)>",
            "'-alert(1)//",
        ] {
            assert!(found(runs, Kind::Markup).0 && found(runs, Kind::Prose).0, "{runs}");
        }
        assert!(sample(detect, frame) && sample(detect, call));
    }

    /// Too little by itself; enough where a page shows it.
    #[test]
    fn markup_that_people_send_as_well() {
        for text in ["<a href=\"https://x.example\">win</a>", "<img src=//x.example/p.png>", "<style a=b>"] {
            assert!(!sample(detect, text) && sample_for(detect, text, Class::Xss), "{text}");
        }
        for text in ["<b>one</b>", "x<y>z", "a <b and c> d = 3", "1 < 2"] {
            assert!(!sample_for(detect, text, Class::Xss), "{text}");
        }
    }

    #[test]
    fn what_a_browser_would_run() {
        for text in [
            "<script>alert(1)</script>",
            "<ScRiPt src=//x>",
            "<svg/onload=confirm()//",
            "<img src=x onerror=alert(1)>",
            "\"onwheel=ead(1)",
            "<a href=javascript:alert(1)>x",
            "<iframe src=\"java sc ript:al ert()\">",
            "document[\"cookie\"]",
            "alert?.(document?.cookie)",
            "'-alert(1)//",
            "(alert)(1)",
            "prompt.call(null,1)",
            "<body onload!#$%&()*~+-_.,:;?@[/|]^`=alert(1)>",
            "<div style=\"width: expression(alert(1))\">",
            "<meta http-equiv=refresh content=0>",
            "<!--#exec cmd=\"ls\"-->",
            "+ADw-script+AD4-",
            "<x onpointerrawupdate=a(1)>",
            "<div datafld=b dataformatas=html>",
            "<xml id=x src=a.xml>",
            "<?xml:namespace prefix=t ns=urn:schemas-microsoft-com:time>",
            "[1].find(alert)",
            "onerror=alert;throw 1",
            "<svg><use href='data:image/svg+xml,x#y'/></svg>",
            "<iframe src=\"https://x.example\" width=1 onload=a></iframe>",
            "<iframe srcdoc=x src=\"https://x.example\" width=1></iframe>",
            "x <script>alert(1)</script> y",
        ] {
            assert!(sample(detect, text), "{text}");
        }
    }

    #[test]
    fn markup_and_prose_that_run_nothing() {
        for text in [
            "<p style=\"color:#333\">It's here: <a href=\"https://x.example/o/7?x=1\">track</a></p>",
            "x<y>z",
            "alert the cast!",
            "the cookie of the document",
            "h2<h1",
            "JavaScript: Basics of JavaScript Language",
            "<b>one</b> on=two",
            "const f = (a) => alert(a);",
            "1 < 2 && on = 3",
            "prompt (and friendly) service",
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><rect width=\"8\"/></svg>",
            "confirm by mail",
            "fetch (the ball)",
            "window seat: 12A",
            "print(x)",
            "<iframe width=\"560\" src=\"https://www.example.com/embed/x\" allowfullscreen></iframe>",
            "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">",
            "<link rel=\"stylesheet\" href=\"../a.css\">",
            "The <script> tag must be closed with </script>.",
            "Please alert (1) Ann and (2) Bob.",
            "What does alert() do?",
            "<item online=\"yes\" once=\"no\"/>",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
