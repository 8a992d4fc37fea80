//! Documents one after the other: JSON lines, and what streams join without anything between.

use std::ops::Range;

/// Where the objects and arrays stand that `text` is made of; `None` once something else stands between them.
pub(crate) fn several(text: &[u8]) -> impl Iterator<Item = Option<Range<usize>>> {
    let mut rest = text.trim_ascii_start();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let start = text.len() - rest.len();
        let Some(length) = end(rest) else {
            rest = b"";
            return Some(None);
        };
        rest = rest.get(length..).unwrap_or_default().trim_ascii_start();
        rest = rest.strip_prefix(b",").map_or(rest, <[u8]>::trim_ascii_start);
        Some(Some(start..start + length))
    })
}

/// Where the object or array at the start of `text` is closed.
fn end(text: &[u8]) -> Option<usize> {
    if !matches!(text.first(), Some(b'{' | b'[')) {
        return None;
    }
    let (mut open, mut at) = (0_usize, 0);
    loop {
        match text.get(at)? {
            b'{' | b'[' => open += 1,
            b'}' | b']' => {
                open -= 1;
                if open == 0 {
                    return Some(at + 1);
                }
            }
            b'"' => {
                at += 1;
                loop {
                    at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
                    if text.get(at) == Some(&b'"') {
                        break;
                    }
                    at += 2;
                }
            }
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_apart() {
        let of = |text: &'static str| -> Vec<Option<&str>> {
            several(text.as_bytes()).map(|range| range.map(|range| text.get(range).unwrap())).collect()
        };
        assert_eq!(of("{\"a\":1}\n{\"b\":\"}\\\"{\"}\n"), [Some("{\"a\":1}"), Some("{\"b\":\"}\\\"{\"}")]);
        assert_eq!(of("[1]{}, {}"), [Some("[1]"), Some("{}"), Some("{}")]);
        assert_eq!(of("{} and {}"), [Some("{}"), None]);
        assert_eq!(of("{\"a"), [None]);
        assert_eq!(of("{]"), [Some("{]")], "whether it is a document is not known yet");
    }
}
