//! `multipart/form-data` and its kin (RFC 2046, section 5.1): headers and content of each part.

/// One part: its header lines and its content.
pub(crate) struct Part<'a> {
    pub(crate) head: &'a [u8],
    pub(crate) content: &'a [u8],
}

/// The parts of `body`, whose first line is the delimiter; nothing if it isn't one.
pub(crate) fn parts(body: &[u8]) -> impl Iterator<Item = Part<'_>> {
    let body = body.trim_ascii_start();
    let line = body.split(|&b| b == b'\n').next().unwrap_or_default().trim_ascii_end();
    let delimiter = line.strip_suffix(b"--").unwrap_or(line);
    let valid = delimiter.starts_with(b"--") && (3..=74).contains(&delimiter.len());
    let mut rest = if valid { body } else { b"" };
    std::iter::from_fn(move || {
        loop {
            let start = rest.get(find(rest, delimiter)? + delimiter.len()..)?;
            if start.starts_with(b"--") || start.is_empty() {
                return None;
            }
            let end = find(start, delimiter).unwrap_or(start.len());
            rest = start.get(end..)?;
            let part = start.get(..end)?;
            let part = part.strip_prefix(b"\r\n").or_else(|| part.strip_prefix(b"\n")).unwrap_or(part);
            let (head, content) = split_head(part);
            if !head.is_empty() || !content.is_empty() {
                return Some(Part { head, content });
            }
        }
    })
}

fn split_head(part: &[u8]) -> (&[u8], &[u8]) {
    for blank in [&b"\r\n\r\n"[..], b"\n\n"] {
        if let Some(at) = find(part, blank) {
            let content = part.get(at + blank.len()..).unwrap_or_default();
            let content = content.strip_suffix(b"\n").unwrap_or(content);
            return (part.get(..at).unwrap_or_default(), content.strip_suffix(b"\r").unwrap_or(content));
        }
    }
    (b"", part)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_with_heads() {
        let body = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\ntwo\r\n--XX\r\n\r\nplain\r\n--XX--\r\n";
        let all: Vec<_> = parts(body).map(|p| (p.head.to_vec(), p.content.to_vec())).collect();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].1, b"one\r\ntwo");
        assert_eq!(parts(b"hello").count(), 0);
        assert_eq!(parts(b"--").count(), 0);
    }
}
