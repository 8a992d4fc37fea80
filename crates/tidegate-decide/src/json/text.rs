//! What the escapes of a string stand for.

use crate::bytes;

/// Appends the value of the raw string `raw` to `out`. A lone surrogate becomes U+FFFD, as most runtimes have it; an escape
/// that JSON doesn't know stays as it is.
pub fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    out.reserve(raw.len());
    let mut rest = raw;
    loop {
        rest = match rest {
            [b'\\', b'u', digits @ ..] => unicode(digits, out),
            [b'\\', _, ..] => simple(rest, out),
            [] | [b'\\'] => return,
            // Escapes stand close together: eight bytes are written at once, and those from the escape on taken back.
            _ => match rest.first_chunk::<8>() {
                Some(eight) => {
                    let plain = bytes::first_of_eight(*eight, b'\\').unwrap_or(8);
                    out.extend_from_slice(eight);
                    out.truncate(out.len() - (8 - plain));
                    rest.get(plain..).unwrap_or_default()
                }
                None => {
                    let plain = rest.iter().position(|b| *b == b'\\').unwrap_or(rest.len());
                    let (before, tail) = rest.split_at(plain);
                    out.extend(before);
                    tail
                }
            },
        };
    }
}

/// Takes escapes of one letter and the few bytes between them, as long as they stand close together.
fn simple<'a>(text: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let mut near = [0; 64];
    let mut rest = text;
    let mut used = 0;
    for slot in &mut near {
        (*slot, rest) = match rest {
            [b'\\', b'u', ..] | [b'\\'] | [] => break,
            [b'\\', c, more @ ..] => (stands_for(*c), more),
            [c, b'\\', ..] | [c, _, b'\\', ..] | [c, _, _, b'\\', ..] => {
                (*c, rest.get(1..).unwrap_or_default())
            }
            _ => break,
        };
        used += 1;
    }
    out.extend_from_slice(near.get(..used).unwrap_or_default());
    rest
}

/// What a letter after a backslash stands for.
fn stands_for(letter: u8) -> u8 {
    match letter {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        other => other,
    }
}

/// Takes the digits after `\u`, and the second half of a pair if there is one; gives what is left.
fn unicode<'a>(digits: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let Some((high, rest)) = unit(digits) else { return digits };
    let (code, rest) = match (high, rest) {
        (0xd800..=0xdbff, [b'\\', b'u', more @ ..]) => match unit(more) {
            Some((low @ 0xdc00..=0xdfff, rest)) => (0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), rest),
            _ => (high, rest),
        },
        _ => (high, rest),
    };
    let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    rest
}

/// Four hexadecimal digits, and what follows them.
pub(super) fn unit(digits: &[u8]) -> Option<(u32, &[u8])> {
    let (four, rest) = digits.split_at_checked(4)?;
    let value = |b: &u8| u32::from(HEX.get(usize::from(*b)).copied().unwrap_or(0xff));
    let code = four.iter().fold(0, |n, b| n << 4 | value(b));
    four.iter().all(|b| value(b) < 16).then_some((code, rest))
}

/// The values of hexadecimal digits.
static HEX: [u8; 256] = hex();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn hex() -> [u8; 256] {
    let mut table = [0xff; 256];
    let mut digit = 0;
    while digit < 16 {
        table[b"0123456789abcdef"[digit as usize] as usize] = digit;
        table[b"0123456789ABCDEF"[digit as usize] as usize] = digit;
        digit += 1;
    }
    table
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
