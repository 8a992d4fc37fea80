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

/// All of them.
pub(crate) fn positions(text: &[u8], is: impl Fn(u8) -> bool) -> impl Iterator<Item = usize> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + position(text.get(from..)?, &is)?;
        from = at + 1;
        Some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wherever_they_stand() {
        for length in 0..70 {
            let text = vec![b'a'; length];
            assert_eq!(position(&text, |b| b == b'x'), None);
            for at in 0..length {
                let mut text = text.clone();
                text[at] = b'x';
                assert_eq!(position(&text, |b| b == b'x'), Some(at));
                assert_eq!(positions(&text, |b| b == b'x').collect::<Vec<_>>(), [at]);
            }
        }
    }
}
