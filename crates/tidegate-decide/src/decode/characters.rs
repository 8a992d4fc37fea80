//! Ways to write a character other than as itself: percent signs, entities, escapes, look-alikes.

use crate::bytes;

/// Appends `text` with one layer of all of them taken off; false when there was nothing to take off.
///
/// One pass from left to right. `plus` makes `+` a space, as forms have it.
pub(crate) fn decode(text: &[u8], plus: bool, out: &mut Vec<u8>) -> bool {
    let mut changed = false;
    let mut rest = text;
    loop {
        // They stand close together.
        let next = rest.first().is_some_and(|b| matches!(b, b'%' | b'&' | b'\\'));
        let plain = if next { Some(0) } else { bytes::position(rest, |b| marks(b) | (plus & (b == b'+'))) };
        let (before, tail) = rest.split_at(plain.unwrap_or(rest.len()));
        if !next {
            out.extend_from_slice(before);
        }
        let Some(&first) = tail.first() else { return changed };
        let taken = match first {
            b'%' => percent(tail, out),
            b'&' => entity(tail, out),
            b'\\' => escape(tail, out),
            b'+' => {
                out.push(b' ');
                1
            }
            _ => look_alike(tail, out),
        };
        if taken == 0 {
            out.push(first);
            rest = tail.get(1..).unwrap_or_default();
        } else {
            changed = true;
            rest = tail.get(taken..).unwrap_or_default();
        }
    }
}

/// True if [`decode`] may find something.
pub(crate) fn may_hide(text: &[u8]) -> bool {
    bytes::position(text, marks).is_some()
}

/// What begins another way to write a character; other alphabets among it.
fn marks(b: u8) -> bool {
    (b == b'%') | (b == b'&') | (b == b'\\') | (b >= 0x80)
}

/// `%41` and `%u0041`.
fn percent(text: &[u8], out: &mut Vec<u8>) -> usize {
    if let [_, b'u' | b'U', digits @ ..] = text
        && let Some(code) = hex(digits, 4)
    {
        return push(code, out, 6);
    }
    match text.get(1..).and_then(|digits| hex(digits, 2)) {
        Some(code) => {
            out.push(u8::try_from(code).unwrap_or(b'?'));
            3
        }
        None => 0,
    }
}

/// `&#65;`, `&#x41;`, both with any number of zeros and without the semicolon, and the named ones that matter.
fn entity(text: &[u8], out: &mut Vec<u8>) -> usize {
    // No other letter begins a name below.
    let Some(b'#' | b'a' | b'c' | b'e' | b'g' | b'l' | b'n' | b'q' | b'r' | b's' | b't' | b'A'..=b'Z') =
        text.get(1)
    else {
        return 0;
    };
    if let [_, b'#', digits @ ..] = text {
        let (radix, digits, head) = match digits {
            [b'x' | b'X', more @ ..] => (16, more, 3),
            _ => (10, digits, 2),
        };
        let zeros = digits.iter().take(16).take_while(|&&b| b == b'0').count();
        let digits = digits.get(zeros..).unwrap_or_default();
        let mut code = 0_u32;
        let mut count = 0;
        for digit in digits.iter().take(7).map_while(|&b| char::from(b).to_digit(radix)) {
            code = code * radix + digit;
            count += 1;
        }
        if count == 0 {
            return 0;
        }
        let semicolon = usize::from(digits.get(count) == Some(&b';'));
        return push(code, out, head + zeros + count + semicolon);
    }
    if let [_, b'a', b'm', b'p', b';', ..] = text {
        out.push(b'&');
        return 5;
    }
    for (name, value) in ENTITIES {
        if name.first() != text.get(1).map(u8::to_ascii_lowercase).as_ref() {
            continue;
        }
        if text.get(1..).is_some_and(|t| t.get(..name.len()).is_some_and(|t| t.eq_ignore_ascii_case(name))) {
            out.push(*value);
            return 1 + name.len();
        }
    }
    0
}

const ENTITIES: &[(&[u8], u8)] = &[
    (b"lt;", b'<'),
    (b"gt;", b'>'),
    (b"amp;", b'&'),
    (b"quot;", b'"'),
    (b"apos;", b'\''),
    (b"tab;", b'\t'),
    (b"newline;", b'\n'),
    (b"colon;", b':'),
    (b"lpar;", b'('),
    (b"rpar;", b')'),
    (b"sol;", b'/'),
    (b"grave;", b'`'),
    (b"lbrace;", b'{'),
    (b"equals;", b'='),
];

/// `\x41`, `\u0041`, `\u{41}`, `\101`.
fn escape(text: &[u8], out: &mut Vec<u8>) -> usize {
    match text {
        [_, b'x' | b'X', digits @ ..] => hex(digits, 2).map_or(0, |code| push(code, out, 4)),
        [_, b'u', b'{', digits @ ..] => {
            let count = digits.iter().take(6).take_while(|b| b.is_ascii_hexdigit()).count();
            match (hex(digits, count), digits.get(count)) {
                (Some(code), Some(b'}')) => push(code, out, 4 + count),
                _ => 0,
            }
        }
        [_, b'u' | b'U', digits @ ..] => hex(digits, 4).map_or(0, |code| push(code, out, 6)),
        [_, digits @ ..] if digits.iter().take(3).filter(|b| matches!(b, b'0'..=b'7')).count() == 3 => {
            let code = digits.iter().take(3).fold(0, |n, b| n * 8 + u32::from(b - b'0'));
            if code < 128 { push(code, out, 4) } else { 0 }
        }
        _ => 0,
    }
}

/// Overlong UTF-8, full-width and circled letters, and characters that nobody sees.
fn look_alike(text: &[u8], out: &mut Vec<u8>) -> usize {
    match text {
        // Overlong forms of ASCII: invalid, yet some decoders take them for `.` and `/`.
        [a @ (0xc0 | 0xc1), b @ 0x80..=0xbf, ..] => {
            out.push((a & 1) << 6 | b & 0x3f);
            2
        }
        // Decoders that don't look whether a second byte is one.
        [0xc0, b @ (b'.' | b'/' | b'\\'), ..] => {
            out.push(*b);
            2
        }
        [0xe0, a @ 0x80..=0x81, b @ 0x80..=0xbf, ..]
        | [0xf0, 0x80, a @ 0x80..=0x81, b @ 0x80..=0xbf, ..]
        | [0xf8, 0x80, 0x80, a @ 0x80..=0x81, b @ 0x80..=0xbf, ..]
        | [0xfc, 0x80, 0x80, 0x80, a @ 0x80..=0x81, b @ 0x80..=0xbf, ..] => {
            out.push((a & 1) << 6 | b & 0x3f);
            match text.first() {
                Some(0xe0) => 3,
                Some(0xf0) => 4,
                Some(0xf8) => 5,
                _ => 6,
            }
        }
        [0xe2 | 0xe3 | 0xef | 0xc2 | 0xca | 0xcb, ..] => {
            let Some(c) = first_char(text) else { return 0 };
            let Some(plain) = fold(c) else { return 0 };
            out.extend(plain);
            c.len_utf8()
        }
        _ => 0,
    }
}

/// What a look-alike stands for: `Some(None)` for nothing at all, `None` for a character that is itself.
fn fold(c: char) -> Option<Option<u8>> {
    let code = u32::from(c);
    let ascii = |first: u32, base: u8| u8::try_from(code - first).ok().map(|n| Some(base + n));
    match code {
        0xff01..=0xff5e => ascii(0xff01, b'!'),
        0x24b6..=0x24cf => ascii(0x24b6, b'A'),
        0x24d0..=0x24e9 => ascii(0x24d0, b'a'),
        0x2460..=0x2468 => ascii(0x2460, b'1'),
        0x24ea => Some(Some(b'0')),
        0x3002 | 0xff61 => Some(Some(b'.')),
        // Databases and libraries that turn text into one of eight bits make apostrophes of these.
        0x2b9 | 0x2bc | 0x2c8 => Some(Some(b'\'')),
        0x2018 | 0x2019 | 0x201b | 0x2032 => None,
        0x2044 | 0x2215 => Some(Some(b'/')),
        0x2216 => Some(Some(b'\\')),
        0x3000 | 0xa0 => Some(Some(b' ')),
        0x200b..=0x200d | 0x2060 | 0xfeff | 0xad => Some(None),
        _ => None,
    }
}

fn first_char(text: &[u8]) -> Option<char> {
    let four = text.get(..4).unwrap_or(text);
    let valid = match std::str::from_utf8(four) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(four.get(..error.valid_up_to())?).ok()?,
    };
    valid.chars().next()
}

fn push(code: u32, out: &mut Vec<u8>, taken: usize) -> usize {
    let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    taken
}

/// At least one digit is needed.
fn hex(digits: &[u8], count: usize) -> Option<u32> {
    if count == 0 { None } else { bytes::hex(digits, count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> String {
        let mut out = Vec::new();
        decode(text.as_bytes(), false, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn one_layer_of_everything() {
        assert_eq!(decoded("%3Cb%u003e"), "<b>");
        assert_eq!(decoded("%253C"), "%3C");
        assert_eq!(decoded("&#x3c;&#0000060&lt;"), "<<<");
        assert_eq!(decoded(r"\x3c\u003c\u{3c}\074"), "<<<<");
        assert_eq!(decoded("ｓｅｌｅｃｔ Ⓖo\u{200b}"), "select Go");
        assert_eq!(decoded("Об\u{2bc}єкт"), "Об'єкт");
        assert_eq!(decoded("50% & more\\ 100%zz"), "50% & more\\ 100%zz");
    }

    #[test]
    fn overlong_dots() {
        let mut out = Vec::new();
        let dots = b"\xc0\xae\xc0\xaf\xe0\x80\xae\xf0\x80\x80\xae\xf8\x80\x80\x80\xaf\xfc\x80\x80\x80\x80\xae\xc0\x2f";
        assert!(decode(dots, false, &mut out));
        assert_eq!(out, b"./.././");
        assert!(!decode("\u{10000}\u{c0}.".as_bytes(), false, &mut out));
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in ["café – 50%", "naïve", "日本語", "a & b", "it’s"] {
            let mut out = Vec::new();
            assert!(!decode(text.as_bytes(), false, &mut out), "{text}");
            assert_eq!(out, text.as_bytes());
        }
    }
}
