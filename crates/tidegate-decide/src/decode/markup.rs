//! Text, attribute values and CDATA of XML and HTML, for what is hidden inside of a document that is itself fine.

/// True for text that begins like a document.
pub(crate) fn is_document(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start(), [b'<', next, ..] if next.is_ascii_alphabetic() || matches!(next, b'?' | b'!'))
}

/// Values of attributes, text between tags and the insides of CDATA sections, in the order of the text.
pub(crate) fn leaves(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    let mut tag: &[u8] = b"";
    let mut closed = false;
    std::iter::from_fn(move || {
        loop {
            if let Some((value, more)) = attribute(tag) {
                tag = more;
                return Some(value);
            }
            tag = b"";
            if rest.is_empty() {
                return None;
            }
            if let Some(data) = rest.strip_prefix(b"<![CDATA[") {
                let end = memchr::memmem::find(data, b"]]>");
                let (inside, after) = data.split_at(end.unwrap_or(data.len()));
                rest = after.get(3..).unwrap_or_default();
                return Some(inside);
            }
            if rest.first() == Some(&b'<') {
                let end =
                    tag_end(rest).or_else(|| memchr::memchr(b'>', rest)).map_or(rest.len(), |at| at + 1);
                let (head, after) = rest.split_at(end);
                closed = head.starts_with(b"</");
                tag = head;
                rest = after;
                continue;
            }
            let end = memchr::memchr(b'<', rest).unwrap_or(rest.len());
            let (between, after) = rest.split_at(end);
            rest = after;
            // What goes on behind an element goes on with a mark, and begins nothing.
            let mark = between.iter().take_while(|b| closed && matches!(b, b';' | b' ')).count();
            let between = between.get(mark..).unwrap_or_default();
            if between.iter().any(|b| !b.is_ascii_whitespace()) {
                return Some(between);
            }
        }
    })
}

/// Where the tag at the start of `text` ends; a quoted `>` doesn't end it.
fn tag_end(text: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, &byte) in text.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The next quoted value of a tag, and what follows.
fn attribute(tag: &[u8]) -> Option<(&[u8], &[u8])> {
    let open = memchr::memchr2(b'"', b'\'', tag)?;
    let quote = *tag.get(open)?;
    let inside = tag.get(open + 1..)?;
    let end = memchr::memchr(quote, inside).unwrap_or(inside.len());
    Some((inside.get(..end)?, inside.get(end + 1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_document_holds() {
        let text = b"<?xml version=\"1.0\"?><a b='x>y' c=\"z\">hi<![CDATA[a<b]]></a>; more ";
        let all: Vec<_> = leaves(text).map(String::from_utf8_lossy).collect();
        assert!(all.iter().any(|l| l == "1.0"), "{all:?}");
        assert!(all.iter().any(|l| l == "hi"), "{all:?}");
        assert!(all.iter().any(|l| l == "a<b") && all.iter().any(|l| l == "more "), "{all:?}");
        assert!(is_document(text));
        assert!(!is_document(b"a < b"));
        assert!(!is_document(b"<3"));
    }
}
