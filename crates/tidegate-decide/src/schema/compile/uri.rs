//! References between documents (RFC 3986, section 5).

/// `reference` as seen from `base`; both without a promise to be well-formed.
pub fn resolve(base: &str, reference: &str) -> String {
    let (reference, fragment) = split(reference);
    let fragment = fragment.map(|f| format!("#{f}")).unwrap_or_default();
    if scheme(reference).is_some() {
        return format!("{reference}{fragment}");
    }
    let (base, _) = split(base);
    if reference.is_empty() {
        return format!("{base}{fragment}");
    }
    let (start, rest) = match scheme(base) {
        Some(end) => base.split_at(end + 1),
        None => ("", base),
    };
    if reference.starts_with("//") {
        return format!("{start}{reference}{fragment}");
    }
    let (authority, path) = match rest.strip_prefix("//") {
        Some(inside) => rest.split_at(2 + inside.find(['/', '?']).unwrap_or(inside.len())),
        None => ("", rest),
    };
    let (reference, query) = match reference.find('?') {
        Some(at) => reference.split_at(at),
        None => (reference, ""),
    };
    let path = path.split('?').next().unwrap_or_default();
    let joined = match reference {
        "" => path.to_string(),
        _ if reference.starts_with('/') => reference.to_string(),
        _ => format!("{}/{reference}", path.rsplit_once('/').map_or("", |(folder, _)| folder)),
    };
    format!("{start}{authority}{}{query}{fragment}", without_dots(&joined))
}

/// What stands before and after the `#`. An empty fragment is none.
pub(super) fn split(uri: &str) -> (&str, Option<&str>) {
    match uri.split_once('#') {
        Some((before, after)) => (before, Some(after).filter(|a| !a.is_empty())),
        None => (uri, None),
    }
}

/// `%7E` is `~`.
pub fn decode(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |b: &u8| char::from(*b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        rest = match (first, tail) {
            (b'%', [a, b, more @ ..]) if digit(a).is_some() && digit(b).is_some() => {
                out.push(digit(a).unwrap_or_default() * 16 + digit(b).unwrap_or_default());
                more
            }
            _ => {
                out.push(*first);
                tail
            }
        };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Where the scheme ends.
fn scheme(uri: &str) -> Option<usize> {
    let end = uri.find([':', '/', '?', '#']).filter(|end| uri.as_bytes().get(*end) == Some(&b':'))?;
    let name = uri.get(..end)?;
    let good = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    good.then_some(end)
}

fn without_dots(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        match part {
            "." | ".." => {
                if part == ".." && out.len() > 1 {
                    out.pop();
                }
                if last {
                    out.push("");
                }
            }
            _ => out.push(part),
        }
    }
    out.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let base = "http://a/b/c/d?q";
        for (reference, whole) in [
            ("g", "http://a/b/c/g"),
            ("./g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("g?y#s", "http://a/b/c/g?y#s"),
            ("..", "http://a/b/"),
            ("../../../g", "http://a/g"),
            ("#s", "http://a/b/c/d?q#s"),
            ("urn:x:y", "urn:x:y"),
        ] {
            assert_eq!(resolve(base, reference), whole, "{reference}");
        }
        assert_eq!(resolve("project:///a/b.json", "../c.json#/d"), "project:///c.json#/d");
        assert_eq!(resolve("urn:uuid:x", "#/d"), "urn:uuid:x#/d");
        assert_eq!(resolve("", "a.json"), "/a.json");
        assert_eq!(decode("a%25b%zz%7E1"), "a%b%zz~1");
    }
}
