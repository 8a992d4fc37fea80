//! What the escapes of a string stand for.

use crate::bytes;

/// Appends the value of the raw string `raw` to `out`. A lone surrogate becomes U+FFFD, as most runtimes have it; an escape
/// that JSON doesn't know stays as it is.
pub fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    // Nothing is longer than its escape. Room for eight more lets eight bytes be written wherever one is due.
    out.resize(start + raw.len() + 8, 0);
    let slots = out.get_mut(start..).unwrap_or_default();
    let left = fill(raw, slots);
    let end = out.len() - left;
    out.truncate(end);
}

/// Fills slots from the first on; gives how many are left.
fn fill(mut raw: &[u8], mut slots: &mut [u8]) -> usize {
    while let Some((eight, far)) = raw.split_first_chunk::<8>() {
        // Eight bytes are written at once, and what follows is written over those from the escape on.
        let Some(to) = slots.first_chunk_mut() else { return 0 };
        *to = *eight;
        match bytes::first_of_eight(*eight, b'\\') {
            None => {
                let length = bytes::without_escapes(far);
                let (whole, tail) = far.split_at(length);
                slots = slots.get_mut(8..).unwrap_or_default();
                slots.get_mut(..length).unwrap_or_default().copy_from_slice(whole);
                slots = slots.get_mut(length..).unwrap_or_default();
                raw = tail;
            }
            Some(plain) => {
                let (rest, free) = (raw.get(plain..), slots.get_mut(plain..));
                (raw, slots) = each(rest.unwrap_or_default(), free.unwrap_or_default());
            }
        }
    }
    while !raw.is_empty() {
        (raw, slots) = each(raw, slots);
    }
    slots.len()
}

/// Takes one byte or escape after the other, until escapes don't stand close together: what is left of both.
fn each<'r, 's>(mut raw: &'r [u8], mut slots: &'s mut [u8]) -> (&'r [u8], &'s mut [u8]) {
    let mut plain = 0;
    while plain < 8
        && let [byte, more @ ..] = raw
    {
        let byte = match (byte, more) {
            (b'\\', [b'u', digits @ ..]) => {
                let (c, more) = unicode(digits);
                let length = c.map_or(0, |c| c.encode_utf8(slots).len());
                return (more, slots.get_mut(length..).unwrap_or_default());
            }
            (b'\\', [letter, more @ ..]) => {
                plain = 0;
                raw = more;
                STANDS_FOR.get(usize::from(*letter)).copied().unwrap_or_default()
            }
            (b'\\', []) => return (&[], slots),
            (byte, more) => {
                plain += 1;
                raw = more;
                *byte
            }
        };
        let Some((slot, free)) = slots.split_first_mut() else { return (&[], &mut []) };
        *slot = byte;
        slots = free;
    }
    (raw, slots)
}

/// What letters after a backslash stand for: some for something else, the others for themselves.
static STANDS_FOR: [u8; 256] = stands_for();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn stands_for() -> [u8; 256] {
    let mut table = [0; 256];
    let mut letter = 0;
    while letter < 256 {
        table[letter] = letter as u8;
        letter += 1;
    }
    table[b'n' as usize] = b'\n';
    table[b't' as usize] = b'\t';
    table[b'r' as usize] = b'\r';
    table[b'b' as usize] = 8;
    table[b'f' as usize] = 12;
    table
}

/// The character of the digits after `\u`, and of the second half of a pair if there is one; and what is left.
fn unicode(digits: &[u8]) -> (Option<char>, &[u8]) {
    let Some((high, rest)) = unit(digits) else { return (None, digits) };
    let (code, rest) = match (high, rest) {
        (0xd800..=0xdbff, [b'\\', b'u', more @ ..]) => match unit(more) {
            Some((low @ 0xdc00..=0xdfff, rest)) => (0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), rest),
            _ => (high, rest),
        },
        _ => (high, rest),
    };
    (Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)), rest)
}

/// Four hexadecimal digits, and what follows them.
pub(super) fn unit(digits: &[u8]) -> Option<(u32, &[u8])> {
    Some((bytes::hex(digits, 4)?, digits.get(4..)?))
}

/// Appends `text` as the inside of a JSON string. Bytes that are no UTF-8 stay what they are.
pub fn escape(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    let mut rest = text;
    // Most texts hold nothing of the kind, which is quick to see for many bytes at a time.
    if !text.iter().fold(false, |any, b| any | (*b == b'"') | (*b == b'\\') | (*b < 0x20)) {
        return out.extend_from_slice(text);
    }
    while let Some(at) = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f)) {
        let (plain, more) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((special, after)) = more.split_first() else { break };
        match special {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                let _ = std::io::Write::write_fmt(out, format_args!("\\u{control:04x}"));
            }
        }
        rest = after;
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(raw: &str) -> String {
        let mut out = Vec::new();
        unescape(raw.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn escapes() {
        assert_eq!(value(r#"a\n\"\\\/\u0041"#), "a\n\"\\/A");
        assert_eq!(value(r"\ud83d\ude00!"), "😀!");
        assert_eq!(value(r"\ud800x"), "\u{fffd}x");
        assert_eq!(value(r"\ud800\u0041"), "\u{fffd}A");
        assert_eq!(value("\\"), "");
        let long = "plain text of some length; ".repeat(3);
        assert_eq!(value(&long), long);
        assert_eq!(value(&long.replace(' ', r"\t")), long.replace(' ', "\t"));
        assert_eq!(value(&format!(r"\u00e9{long}\u20ac{long}\\")), format!("é{long}€{long}\\"));
    }

    #[test]
    fn what_is_escaped_is_itself_again() {
        for text in ["", "plain", "a\"b\\c\n\r\t\u{1}\u{1f}", "ü😀"] {
            let mut raw = Vec::new();
            escape(text.as_bytes(), &mut raw);
            assert_eq!(value(std::str::from_utf8(&raw).unwrap()), text);
        }
    }
}
