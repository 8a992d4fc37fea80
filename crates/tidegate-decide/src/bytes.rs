//! Looking for bytes of a kind, many at once.

/// The first byte of which `is` holds. `is` is made of comparisons joined by `|`, so that it is asked of many bytes at a time.
pub(crate) fn position(text: &[u8], is: impl Fn(u8) -> bool) -> Option<usize> {
    // Where such bytes stand close together nothing is gained by looking far.
    let near = text.get(..4).unwrap_or(text);
    if let Some(at) = near.iter().position(|b| is(*b)) {
        return Some(at);
    }
    let rest = text.get(near.len()..).unwrap_or_default();
    let at = near.len() + without(rest, &is);
    let rest = text.get(at..).unwrap_or_default();
    rest.iter().position(|b| is(*b)).map(|found| at + found)
}

/// How many bytes at the start have none of which `is` holds, in whole blocks.
fn without(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    let (blocks, _) = text.as_chunks::<16>();
    let none = |block: &&[u8; 16]| !block.iter().fold(false, |any, b| any | is(*b));
    16 * blocks.iter().take_while(none).count()
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// The top bit of each byte that is zero, and maybe of some above it.
const fn zeros(eight: u64) -> u64 {
    eight.wrapping_sub(ONES) & !eight & TOPS
}

/// The top bit of each byte that is not zero, and other bits.
const fn others(eight: u64) -> u64 {
    ((eight & !TOPS) + !TOPS) | eight
}

fn lowest(tops: u64) -> Option<usize> {
    (tops != 0).then_some((tops.trailing_zeros() / 8) as usize)
}

/// The first of eight bytes that is `byte`.
pub(crate) fn first_of_eight(eight: [u8; 8], byte: u8) -> Option<usize> {
    lowest(zeros(u64::from_le_bytes(eight) ^ (ONES * u64::from(byte))))
}

/// The first of eight bytes that ends plain text in a JSON string: a quote, a backslash, a control character.
pub(crate) fn end_of_text(eight: [u8; 8]) -> Option<usize> {
    let word = u64::from_le_bytes(eight);
    let controls = word.wrapping_sub(ONES * 0x20) & !word & TOPS;
    lowest(zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64)) | controls)
}

/// How many bytes at the start are surely plain text in a JSON string.
pub(crate) fn plain_text(text: &[u8]) -> usize {
    without(text, |b| (b == b'"') | (b == b'\\') | (b < 0x20))
}

/// How many bytes at the start are surely no backslash.
pub(crate) fn without_escapes(text: &[u8]) -> usize {
    without(text, |b| b == b'\\')
}

/// What the first of all bytes of these kinds gives that gives something, asked in their order. A closure and no iterator,
/// since it is at its cheapest in a loop of its own.
pub(crate) fn find_map<const N: usize, T>(
    text: &[u8],
    kinds: [u8; N],
    mut ask: impl FnMut(usize) -> Option<T>,
) -> Option<T> {
    let any = |b: u8| kinds.iter().fold(false, |any, kind| any | (b == *kind));
    let (blocks, tail) = text.as_chunks::<16>();
    let mut at = 0;
    for block in blocks {
        // Most blocks have none; those that have some are read eight bytes at a time.
        if block.iter().fold(false, |found, b| found | any(*b)) {
            let (words, _) = block.as_chunks::<8>();
            for (word, start) in words.iter().zip([at, at + 8]) {
                let word = u64::from_le_bytes(*word);
                let none = |none, kind: &u8| none & others(word ^ (ONES * u64::from(*kind)));
                let mut found = !kinds.iter().fold(u64::MAX, none) & TOPS;
                while let Some(place) = lowest(found) {
                    found &= found - 1;
                    if let Some(answer) = ask(start + place) {
                        return Some(answer);
                    }
                }
            }
        }
        at += block.len();
    }
    tail.iter().zip(at..).filter(|(b, _)| any(**b)).find_map(|(_, at)| ask(at))
}

/// The table of a few bytes; evaluated by the compiler.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
pub(crate) const fn table(list: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut i = 0;
    while i < list.len() {
        table[list[i] as usize] = true;
        i += 1;
    }
    table
}

/// White space of ASCII.
pub(crate) static BLANK: [bool; 256] = table(b" \t\n\r\x0c");

/// What follows the bytes of a table at the start.
pub(crate) fn trim_start<'a>(mut text: &'a [u8], table: &[bool; 256]) -> &'a [u8] {
    while let [first, rest @ ..] = text
        && table.get(usize::from(*first)) == Some(&true)
    {
        text = rest;
    }
    text
}

/// What stands before the bytes of a table at the end.
pub(crate) fn trim_end<'a>(mut text: &'a [u8], table: &[bool; 256]) -> &'a [u8] {
    while let [rest @ .., last] = text
        && table.get(usize::from(*last)) == Some(&true)
    {
        text = rest;
    }
    text
}

/// A number of so many hexadecimal digits, which are eight at most.
pub(crate) fn hex(digits: &[u8], count: usize) -> Option<u32> {
    let digits = digits.get(..count)?;
    let value = |b: &u8| u32::from(HEX.get(usize::from(*b)).copied().unwrap_or(0xff));
    let (number, all) = digits.iter().map(value).fold((0, 0), |(n, all), v| (n << 4 | v, all | v));
    (all < 16).then_some(number)
}

/// The values of hexadecimal digits.
static HEX: [u8; 256] = digits();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn digits() -> [u8; 256] {
    let mut table = [0xff; 256];
    let mut digit = 0;
    while digit < 16 {
        table[b"0123456789abcdef"[digit as usize] as usize] = digit;
        table[b"0123456789ABCDEF"[digit as usize] as usize] = digit;
        digit += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_ends_where_json_says() {
        for end in [b'"', b'\\', 0, 9, 0x1f] {
            for at in 0..8 {
                let mut eight = *b"\xe9!\x20\xa2\xdc~#\x7f";
                assert_eq!(end_of_text(eight), None);
                eight[at] = end;
                eight[7] = end;
                assert_eq!((end_of_text(eight), first_of_eight(eight, end)), (Some(at), Some(at)));
            }
        }
        assert_eq!((plain_text(&[b'a'; 40]), plain_text(b"")), (32, 0));
        assert_eq!(plain_text(b"0123456789abcdef0123456\x1f89abcdef"), 16);
        assert_eq!(without_escapes(b"\x1f\"23456789abcdef0123456\\89abcdef"), 16);
    }

    fn every<const N: usize>(text: &[u8], kinds: [u8; N]) -> Vec<usize> {
        let mut all = Vec::new();
        let none: Option<()> = find_map(text, kinds, |at| {
            all.push(at);
            None
        });
        assert_eq!(none, None);
        all
    }

    #[test]
    fn wherever_they_stand() {
        for length in 0..70 {
            let text = vec![b'a'; length];
            assert_eq!(position(&text, |b| b == b'x'), None);
            for (at, other) in (0..length).zip([3, 1, 17, 64, 5].iter().cycle()) {
                let (mut text, both) = (text.clone(), (at + other).min(length - 1));
                text[both] = b'x';
                text[at] = b'x';
                let all: Vec<_> = if at == both { vec![at] } else { vec![at, both] };
                assert_eq!(position(&text, |b| b == b'x'), Some(at));
                assert_eq!(every(&text, [b'x']), all);
                assert_eq!(every(&text, [0, b'y', 0xff, b'x']), all);
                assert_eq!(find_map(&text, [b'x'], Some), Some(all[0]));
            }
        }
    }
}
