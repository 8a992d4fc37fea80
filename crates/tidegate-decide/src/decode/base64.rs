//! Base64 as people write it: either alphabet, padded or not, broken into lines or not.

/// Decodes all of `text`; false, with `out` as it was, when it is no Base64.
pub(crate) fn decode(text: &[u8], out: &mut Vec<u8>) -> bool {
    let before = out.len();
    let body = text.trim_ascii();
    let padding = body.iter().rev().take_while(|&&b| b == b'=').count();
    let Some(body) = body.get(..body.len() - padding).filter(|_| padding <= 2) else { return false };
    out.reserve(body.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for &byte in body {
        let Some(value) = VALUES.get(usize::from(byte)).copied().filter(|v| *v != BAD) else {
            out.truncate(before);
            return false;
        };
        if value == SPACE {
            continue;
        }
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xff) as u8);
        }
    }
    // Six bits left over are a character too many.
    if held >= 6 || out.len() == before {
        out.truncate(before);
        return false;
    }
    true
}

/// True if `text` may be Base64 that carries something: long enough, and of its alphabet at both ends.
pub(crate) fn may_be(text: &[u8]) -> bool {
    let known = |b: Option<&u8>| {
        b.is_some_and(|b| VALUES.get(usize::from(*b)).is_some_and(|v| *v < SPACE) || *b == b'=')
    };
    text.len() >= 8 && known(text.first()) && known(text.last()) && known(text.get(text.len() / 2))
}

/// True if bytes that came out of a guess are worth a look: text for the most part, or something compressed.
pub(crate) fn is_telling(bytes: &[u8]) -> bool {
    if super::inflate::kind(bytes).is_some() {
        return true;
    }
    let sample = bytes.get(..4096).unwrap_or(bytes);
    let text = sample.iter().filter(|&&b| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)).count();
    bytes.len() >= 4
        && (text * 10 >= sample.len() * 9 || text * 2 >= sample.len() && std::str::from_utf8(bytes).is_ok())
}

const BAD: u8 = 0xff;
const SPACE: u8 = 0x40;

const VALUES: [u8; 256] = values();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler, within 256 entries"
)]
const fn values() -> [u8; 256] {
    let mut table = [BAD; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut i = 0;
    while i < 64 {
        table[alphabet[i] as usize] = i as u8;
        i += 1;
    }
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table[b'\n' as usize] = SPACE;
    table[b'\r' as usize] = SPACE;
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        decode(text.as_bytes(), &mut out).then_some(out)
    }

    #[test]
    fn either_alphabet_with_and_without_padding() {
        assert_eq!(decoded("aGk/aGk+").unwrap(), b"hi?hi>");
        assert_eq!(decoded("aGk_aGk-").unwrap(), b"hi?hi>");
        assert_eq!(decoded("aGVsbG8=").unwrap(), b"hello");
        assert_eq!(decoded("aGVsbG8").unwrap(), b"hello");
        assert_eq!(decoded("aGVs\r\nbG8=\n").unwrap(), b"hello");
    }

    #[test]
    fn anything_else_is_refused_and_leaves_the_buffer() {
        for text in ["", "a", "aGVsb", "a b", "aGVsbG8===", "aé", "a=b"] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
