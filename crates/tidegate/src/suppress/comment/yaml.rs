//! Comments of a YAML file.

use super::{Comment, Found, indent, is_for_us};

/// What goes on from one line to the next.
enum Open {
    Nothing,
    /// In a quoted string.
    Quote(u8),
    /// In a block scalar whose lines are indented more than this.
    Block(usize),
    /// The same in one that holds JSON, which has no comments.
    Json(usize),
}

/// All comments and block scalars. A line with a tab, a flow collection over many lines and the like are read like any
/// other line.
pub(super) fn find(lines: &[&str]) -> Found {
    let (mut out, mut texts) = (Vec::new(), Vec::new());
    let mut begins = 0;
    let mut open = Open::Nothing;
    let mut offset = 0;
    // Something was written in the block scalar already.
    let mut seen = false;
    for (number, line) in lines.iter().enumerate() {
        if let Open::Block(depth) | Open::Json(depth) = open {
            let text = line.trim();
            if text.is_empty() || indent(line) > depth {
                if text.starts_with(['{', '[']) && !seen {
                    open = Open::Json(depth);
                } else if matches!(open, Open::Block(_)) && is_for_us(text) {
                    let at = offset + line.len() - line.trim_start().len();
                    out.push(Comment { line: number, bytes: at..at + text.len(), alone: true });
                }
                seen |= !text.is_empty();
                offset += line.len() + 1;
                continue;
            }
            open = Open::Nothing;
            texts.push(begins..number);
        }
        let (at, next) = scan(line, open);
        open = next;
        (seen, begins) = (false, number + 1);
        if let Some(at) = at {
            let before = line.get(..at).unwrap_or_default();
            let end = offset + line.trim_end().len();
            out.push(Comment {
                line: number,
                bytes: offset + at..end.max(offset + at),
                alone: before.trim().is_empty(),
            });
        }
        offset += line.len() + 1;
    }
    if matches!(open, Open::Block(_) | Open::Json(_)) {
        texts.push(begins..lines.len());
    }
    Found { comments: out, deltas: Vec::new(), texts }
}

/// Where the comment of a line begins, and what is open at its end.
fn scan(line: &str, open: Open) -> (Option<usize>, Open) {
    let bytes = line.as_bytes();
    let mut quote = if let Open::Quote(sign) = open { Some(sign) } else { None };
    // A token begins here: behind the indentation, a dash, a colon, a tag, or a bracket or comma.
    let mut start = quote.is_none();
    // Where the mapping key or the last dash stands: what a block scalar has to be indented more than.
    let mut parent = indent(line);
    let mut dashes = true;
    let mut i = 0;
    while let Some(byte) = bytes.get(i).copied() {
        let before = i.checked_sub(1).and_then(|n| bytes.get(n)).copied();
        let after = bytes.get(i + 1).copied();
        let blank_after = after.is_none_or(|b| b.is_ascii_whitespace());
        if let Some(sign) = quote {
            match byte {
                b'\\' if sign == b'"' => i += 1,
                _ if byte == sign && sign == b'\'' && after == Some(sign) => i += 1,
                _ if byte == sign => quote = None,
                _ => {}
            }
        } else if byte == b'#' && before.is_none_or(|b| b.is_ascii_whitespace()) {
            return (Some(i), Open::Nothing);
        } else if byte.is_ascii_whitespace() {
        } else if start && matches!(byte, b'"' | b'\'') {
            (quote, start, dashes) = (Some(byte), false, false);
        } else if start && matches!(byte, b'|' | b'>') {
            let header = line.get(i + 1..).unwrap_or_default().split(" #").next().unwrap_or_default();
            if header.trim().bytes().all(|b| matches!(b, b'+' | b'-' | b'0'..=b'9')) {
                let comment = line.get(i..).and_then(|rest| rest.find(" #")).map(|n| i + n + 1);
                return (comment, Open::Block(parent));
            }
            start = false;
        } else if start && matches!(byte, b'!' | b'&') {
            // A tag or an anchor: the token itself follows.
            while bytes.get(i + 1).is_some_and(|b| !b.is_ascii_whitespace()) {
                i += 1;
            }
        } else if start && matches!(byte, b'-' | b'?') && blank_after {
            if dashes {
                parent = i;
            }
        } else if matches!(byte, b'[' | b'{' | b',') || byte == b':' && blank_after {
            start = true;
        } else {
            if start && dashes {
                parent = i;
                dashes = false;
            }
            start = false;
        }
        i += 1;
    }
    (None, quote.map_or(Open::Nothing, Open::Quote))
}
