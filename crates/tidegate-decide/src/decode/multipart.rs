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

/// `name` and `filename` of a header `Content-Disposition`, whatever follows its type.
pub(crate) fn arguments(value: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = value;
    std::iter::from_fn(move || {
        loop {
            let at = memchr::memchr2(b';', b'"', rest)?;
            let (mark, after) = rest.get(at..)?.split_first()?;
            if *mark == b'"' {
                // A semicolon in quotes parts nothing.
                rest = after.get(quoted(after) + 1..).unwrap_or_default();
                continue;
            }
            let after = after.trim_ascii_start();
            rest = after;
            let sign = memchr::memchr(b'=', after.get(..16).unwrap_or(after));
            let Some((name, value)) = sign.and_then(|sign| after.split_at_checked(sign)) else { continue };
            let named =
                [&b"name"[..], b"filename", b"filename*"].iter().any(|n| n.eq_ignore_ascii_case(name));
            let Some(value) = value.get(1..).filter(|_| named) else { continue };
            let (value, more) = match value {
                [b'"', inside @ ..] => {
                    let end = quoted(inside);
                    (inside.get(..end)?, inside.get(end..)?.get(1..).unwrap_or_default())
                }
                _ => value.split_at(memchr::memchr(b';', value).unwrap_or(value.len())),
            };
            rest = more;
            return Some((name, value));
        }
    })
}

/// How long a string is up to the quote that ends it.
fn quoted(inside: &[u8]) -> usize {
    let ends = |at: &usize| at.checked_sub(1).and_then(|before| inside.get(before)) != Some(&b'\\');
    memchr::memchr_iter(b'"', inside).find(ends).unwrap_or(inside.len())
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
    fn names_of_parts() {
        let all = |value: &str| -> Vec<(String, String)> {
            let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
            arguments(value.as_bytes()).map(|(name, value)| (text(name), text(value))).collect()
        };
        let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
        assert_eq!(
            all(r#"form-data; name="a;b"; filename="../x\"y""#),
            [pair("name", "a;b"), pair("filename", r#"../x\"y"#)]
        );
        assert_eq!(
            all("form-data;name=a;  filename*=UTF-8''..%2fx; size=7"),
            [pair("name", "a"), pair("filename*", "UTF-8''..%2fx")]
        );
        assert_eq!(all("text/plain; charset=utf-8"), []);
        assert_eq!(all("\"; name=a"), []);
    }

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
