//! `name=value` pairs: forms, query strings, cookies.

/// True for text that is nothing but pairs: at least one, names without white space or markup.
pub(crate) fn is_form(text: &[u8]) -> bool {
    let near = text.get(..=LONGEST_NAME).unwrap_or(text);
    let Some(equals) = memchr::memchr(b'=', near) else { return false };
    let name = text.get(..equals).unwrap_or_default();
    let named =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'[' | b']' | b'%' | b'+');
    !name.is_empty() && name.iter().all(named) && name.iter().any(u8::is_ascii_alphabetic)
}

const LONGEST_NAME: usize = 128;

/// Names and values, still encoded; a part without `=` is a value without a name.
pub(crate) fn pairs(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|&b| b == b'&').filter(|part| !part.is_empty()).map(|part| {
        match part.iter().position(|&b| b == b'=') {
            Some(at) => (part.get(..at).unwrap_or_default(), part.get(at + 1..).unwrap_or_default()),
            None => (&b""[..], part),
        }
    })
}

/// Appends a value as forms have it.
pub(crate) fn encode(value: &[u8], out: &mut Vec<u8>) {
    for byte in value {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => out.push(*byte),
            b' ' => out.push(b'+'),
            byte => {
                let _ = std::io::Write::write_fmt(out, format_args!("%{byte:02X}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_what_is_none() {
        for text in ["a=b", "q=1+2&sort[by]=x%20y", "user.name=o'brien"] {
            assert!(is_form(text.as_bytes()), "{text}");
        }
        for text in ["", "=x", "a b=c", "<a href=b>", "' or 1=1", "1=1"] {
            assert!(!is_form(text.as_bytes()), "{text}");
        }
        let all: Vec<_> = pairs(b"a=b=c&&d").collect();
        assert_eq!(all, [(&b"a"[..], &b"b=c"[..]), (b"", b"d")]);
    }
}
