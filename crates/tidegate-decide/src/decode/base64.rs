//! Base64 as people write it: either alphabet, padded or not, broken into lines or not.

use std::ops::Range;

/// Decodes all of `text`; false, with `out` as it was, when it is no Base64.
pub(crate) fn decode(text: &[u8], out: &mut Vec<u8>) -> bool {
    let before = out.len();
    let body = text.trim_ascii();
    let padding = body.iter().rev().take_while(|&&b| b == b'=').count();
    let Some(body) = body.get(..body.len() - padding).filter(|_| padding <= 2) else { return false };
    out.reserve(body.len() / 4 * 3 + 3);
    let (fours, _) = body.as_chunks::<4>();
    let mut read = 0;
    for bits in fours.iter().map_while(group) {
        let [_, a, b, c] = bits.to_be_bytes();
        out.extend_from_slice(&[a, b, c]);
        read += 4;
    }
    // From the first blank on, or for what fills no group.
    let body = body.get(read..).unwrap_or_default();
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

/// The bits of four characters that are all of the alphabet.
fn group(four: &[u8; 4]) -> Option<u32> {
    let values = four.map(|byte| u32::from(VALUES.get(usize::from(byte)).copied().unwrap_or(BAD)));
    let [a, b, c, d] = values;
    ((a | b | c | d) < u32::from(SPACE)).then_some(a << 18 | b << 12 | c << 6 | d)
}

/// True if `text` may be Base64 that carries something: long enough, and of its alphabet at both ends.
pub(crate) fn may_be(text: &[u8]) -> bool {
    // Programs that write it break it into lines and end the last one.
    let text = text.trim_ascii();
    let known = |b: Option<&u8>| {
        b.is_some_and(|b| VALUES.get(usize::from(*b)).is_some_and(|v| *v < SPACE) || *b == b'=')
    };
    let middle = text.iter().skip(text.len() / 2).find(|b| !matches!(b, b'\r' | b'\n' | b' ' | b'\t'));
    // Of eight characters one number in four hundred is some text, of eleven one in three thousand.
    let long = text.len() >= 11 || text.len() >= 8 && text.ends_with(b"=");
    long && known(text.first()) && known(text.last()) && known(middle)
}

/// Words of its alphabet within a text that are longer than words are.
pub(crate) fn tokens(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let known = |b: &u8| VALUES.get(usize::from(*b)).is_some_and(|v| *v < SPACE) || *b == b'=';
    let mut at = 0;
    std::iter::from_fn(move || {
        // A word of that length lies over one of the bytes that are looked at.
        while let Some(byte) = text.get(at + LONG - 1) {
            at += LONG;
            if !known(byte) {
                continue;
            }
            let (before, after) = text.split_at(at);
            let start = before.iter().rposition(|b| !known(b)).map_or(0, |end| end + 1);
            let end = at + after.iter().position(|b| !known(b)).unwrap_or(after.len());
            at = end;
            if end - start >= LONG && end - start < text.len() {
                return Some(start..end);
            }
        }
        None
    })
}

/// Characters of the shortest word that is looked into.
const LONG: usize = 20;

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

/// Encodes `bytes` as `like` was: in its alphabet, padded if it was.
pub(crate) fn encode_like(like: &[u8], bytes: &[u8]) -> Vec<u8> {
    let url_safe = like.iter().any(|b| matches!(b, b'-' | b'_'));
    // A text that fills its last group says nothing of padding.
    let padded = like.ends_with(b"=") || like.len().is_multiple_of(4) && !url_safe;
    let digit = |bits: u32| match bits & 0x3f {
        n @ 0..26 => b'A' + n as u8,
        n @ 26..52 => b'a' + (n - 26) as u8,
        n @ 52..62 => b'0' + (n - 52) as u8,
        62 if url_safe => b'-',
        62 => b'+',
        _ if url_safe => b'_',
        _ => b'/',
    };
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - group.len()));
        out.extend([18, 12, 6, 0].iter().take(group.len() + 1).map(|shift| digit(bits >> shift)));
        if padded {
            out.extend(std::iter::repeat_n(b'=', 3 - group.len()));
        }
    }
    out
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
    fn long_words_in_a_text() {
        let long = "PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==";
        for text in [format!("payload: {long} end"), format!("1,{long},x"), format!("{long}\nand so on")] {
            let all: Vec<&str> = tokens(text.as_bytes()).map(|range| text.get(range).unwrap()).collect();
            assert_eq!(all, [long], "{text}");
        }
        for text in ["", "words are shorter than that, all of them", long] {
            assert_eq!(tokens(text.as_bytes()).count(), 0, "{text}");
        }
    }

    #[test]
    fn what_is_encoded_is_itself_again() {
        for like in ["AA==", "AAA", "AA__", "AAAA"] {
            for bytes in [&b"h"[..], b"hi", b"hi?", b"hi?hi>", &[0, 255, 254, 253]] {
                let mut out = Vec::new();
                let text = encode_like(like.as_bytes(), bytes);
                assert!(decode(&text, &mut out), "{like}");
                assert_eq!(out, bytes);
            }
        }
        assert_eq!(encode_like(b"AA==", b"hi?hi>"), b"aGk/aGk+");
        assert_eq!(encode_like(b"A-_", b"hi?hi>h"), b"aGk_aGk-aA");
        assert_eq!(encode_like(b"AA==", b"h"), b"aA==");
    }

    #[test]
    fn anything_else_is_refused_and_leaves_the_buffer() {
        for text in ["", "a", "aGVsb", "a b", "aGVsbG8===", "aé", "a=b"] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
