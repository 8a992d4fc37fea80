//! Script in markup: would a browser run something if the text were put into a page?
//!
//! Markup alone is no attack; people send HTML. What runs is: elements that are script, attributes that are handlers,
//! addresses that are code, styles that are expressions, and script that breaks out of the string it was put into.

use super::marks::{Ahead, Cursor, Group};
use super::{ByteSet, Hit, Text};
use crate::bytes;
use crate::decision::Class;
use tidegate_graph::contract::field::Kind;

mod handlers;
mod script;

pub(super) use handlers::ATTRIBUTES;
use handlers::handlers;
use script::script;
pub(super) use script::{OBJECTS, SINKS};

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
            // With nothing said of what to load, nothing is: `map <Object> to <Function>`.
            b"object" | b"embed" | b"applet" if after.first() == Some(&b'>') => false,
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
            b"form" | b"isindex" => {
                has(b"javascript") || has(b"formaction") || text.spend(300) && asks_for_others(attributes)
            }
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

/// A form that goes to another host and asks for a password, or that is left open to take in what the page has behind it.
fn asks_for_others(attributes: &[u8]) -> bool {
    let tag = memchr::memchr(b'>', attributes).unwrap_or(attributes.len());
    let (tag, inside) = attributes.split_at_checked(tag).unwrap_or_default();
    let Some(at) = memchr::memmem::find(tag, b"action") else { return false };
    let value = tag.get(at + 6..).unwrap_or_default().trim_ascii_start();
    let Some(value) = value.strip_prefix(b"=").map(<[u8]>::trim_ascii_start) else { return false };
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let has = |what: &[u8]| memchr::memmem::find(inside, what).is_some();
    let open = value.starts_with(b"//") && !has(b"</form");
    let foreign = [&b"//"[..], b"http://", b"https://"].iter().any(|start| value.starts_with(start));
    foreign && (open || has(b"password"))
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
        if scheme && code() && !is_void(next) {
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

/// `javascript:void(0)`: an address that goes nowhere.
fn is_void(script: &[u8]) -> bool {
    let rest = script.strip_prefix(b"void(0)").or_else(|| script.strip_prefix(b"void 0"));
    let rest = rest.map(|rest| rest.strip_prefix(b";").unwrap_or(rest));
    rest.is_some_and(|rest| {
        rest.first().is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'>'))
    })
}

/// `<!-- -->` and blanks inside of a word are dropped by old browsers.
fn is_dropped(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' ' | 0..=8 | b'\\' | b'<' | b'>' | b'!' | b'-' | b'+' | b'"')
}

/// `+ADw-script+AD4-`: markup in UTF-7.
fn utf7(lower: &[u8]) -> Option<Hit> {
    let at = memchr::memmem::find(lower, b"+adw-")?;
    Some(hit(at, "markup in an encoding that browsers once guessed"))
}

#[cfg(test)]
mod tests;
