//! Attributes that run script when something happens.

use super::super::{Hit, Text};
use super::hit;

/// `onload=`, with whatever a browser takes between name and value, in a tag or at the end of an attribute.
pub(super) fn handlers(text: &Text<'_>) -> Option<Hit> {
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

/// Styles and attributes that run or load, in any element.
pub(in super::super) const ATTRIBUTES: &[&[u8]] = &[
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
