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
            }
        }
    }
}
