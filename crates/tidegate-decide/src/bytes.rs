//! Looking for bytes of a kind, many at once.

/// The first byte of which `is` holds. `is` is made of comparisons joined by `|`, so that it is asked of many bytes at a time.
pub(crate) fn position(text: &[u8], is: impl Fn(u8) -> bool) -> Option<usize> {
    // Where such bytes stand close together nothing is gained by looking far.
    let near = text.get(..4).unwrap_or(text);
    if let Some(at) = near.iter().position(|b| is(*b)) {
        return Some(at);
    }
    let mut at = near.len();
    let rest = text.get(at..).unwrap_or_default();
    let (chunks, tail) = rest.as_chunks::<16>();
    for chunk in chunks {
        if chunk.iter().fold(false, |any, b| any | is(*b)) {
            return chunk.iter().position(|b| is(*b)).map(|found| at + found);
        }
        at += chunk.len();
    }
    tail.iter().position(|b| is(*b)).map(|found| at + found)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// The top bit of each byte that is zero, and maybe of some after it.
const fn zeros(eight: u64) -> u64 {
    eight.wrapping_sub(ONES) & !eight & TOPS
}

fn lowest(tops: u64) -> Option<usize> {
    (tops != 0).then_some((tops.trailing_zeros() / 8) as usize)
}

/// The first of eight bytes that is `byte`.
pub(crate) fn first_of_eight(eight: [u8; 8], byte: u8) -> Option<usize> {
    lowest(zeros(u64::from_le_bytes(eight) ^ (ONES * u64::from(byte))))
}

/// The first byte that ends plain text in a JSON string: a quote, a backslash, a control character.
pub(crate) fn end_of_text(text: &[u8]) -> Option<usize> {
    let (words, tail) = text.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let eight = u64::from_le_bytes(*word);
        let controls = eight.wrapping_sub(ONES * 0x20) & !eight & TOPS;
        let ends = zeros(eight ^ (ONES * b'"' as u64)) | zeros(eight ^ (ONES * b'\\' as u64)) | controls;
        if let Some(found) = lowest(ends) {
            return Some(at * 8 + found);
        }
    }
    let ends = tail.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20))?;
    Some(text.len() - tail.len() + ends)
}

/// All bytes that `table` holds; `is` says the same, as [`position`] needs it.
pub(crate) fn positions(
    text: &[u8],
    table: &'static [bool; 256],
    is: impl Fn(u8) -> bool,
) -> impl Iterator<Item = usize> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = text.get(from..)?;
        let listed = |b: &u8| table.get(usize::from(*b)).copied().unwrap_or_default();
        let near = rest.iter().take(8).position(listed);
        let at = match near {
            Some(at) => from + at,
            None => from + 8 + position(rest.get(8..)?, &is)?,
        };
        from = at + 1;
        Some(at)
    })
}

/// All bytes that `table` holds; `find` finds the next of them by many bytes at once, and is asked only where none is near.
pub(crate) fn every<'a>(
    text: &'a [u8],
    table: &'static [bool; 256],
    find: impl Fn(&[u8]) -> Option<usize> + 'a,
) -> impl Iterator<Item = usize> + 'a {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = text.get(from..)?;
        let listed = |b: &u8| table.get(usize::from(*b)).copied().unwrap_or_default();
        let near = rest.iter().take(8).position(listed);
        let at = match near {
            Some(at) => from + at,
            None => from + 8 + find(rest.get(8..)?)?,
        };
        from = at + 1;
        Some(at)
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_ends_where_json_says() {
        for length in 0..40 {
            for end in [b'"', b'\\', 0, 9, 0x1f] {
                for at in 0..length {
                    let mut text = vec![0xe9_u8; length];
                    text.iter_mut().step_by(2).for_each(|b| *b = b'!');
                    assert_eq!(end_of_text(&text), None);
                    text[at] = end;
                    if let Some(after) = text.get_mut(at + 1) {
                        *after = end;
                    }
                    assert_eq!(end_of_text(&text), Some(at));
                    if let Some(eight) = text.first_chunk() {
                        assert_eq!(first_of_eight(*eight, end), Some(at).filter(|at| *at < 8));
                    }
                }
            }
        }
    }

    static X: [bool; 256] = table(b"x");

    #[test]
    fn wherever_they_stand() {
        for length in 0..70 {
            let text = vec![b'a'; length];
            assert_eq!(position(&text, |b| b == b'x'), None);
            for at in 0..length {
                let mut text = text.clone();
                text[at] = b'x';
                assert_eq!(position(&text, |b| b == b'x'), Some(at));
                assert_eq!(positions(&text, &X, |b| b == b'x').collect::<Vec<_>>(), [at]);
                assert_eq!(every(&text, &X, |t| memchr::memchr(b'x', t)).collect::<Vec<_>>(), [at]);
            }
        }
    }
}
