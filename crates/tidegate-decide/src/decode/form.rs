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

/// A form as clients write it: names and values in which everything is encoded that has a meaning there, and nothing that
/// has none. Whoever hides something encodes what needs it not.
pub(crate) fn is_merely_encoded(text: &[u8]) -> bool {
    let digit =
        |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let (mut at, mut named) = (0, false);
    // Nobody calls a field what an option of a command is called.
    if text.starts_with(b"-") || memchr::memmem::find(text, b"&-").is_some() {
        return false;
    }
    // Browsers have two ways: one leaves these marks, the other writes blanks as plus signs.
    let (mut marks, mut plus) = (false, false);
    while let Some(byte) = text.get(at) {
        match byte {
            b'%' => match (digit(text.get(at + 1)), digit(text.get(at + 2))) {
                (Some(high), Some(low)) if named && !is_plain(high << 4 | low) => at += 2,
                // Names are those of fields, with the marks of lists at most.
                (Some(5), Some(0xb | 0xd)) => at += 2,
                _ => return false,
            },
            b'=' if named => return false,
            b'=' => named = true,
            // What has no name was cut off by an `&` that wasn't encoded.
            b'&' if !named => return false,
            b'&' => named = false,
            b'[' | b']' if !named => {}
            b'~' | b'*' => {}
            b'!' | b'\'' | b'(' | b')' if named => marks = true,
            b'+' if named => plus = true,
            byte if is_plain(*byte) => {}
            _ => return false,
        }
        at += 1;
    }
    named && !(marks && plus)
}

/// What no client encodes.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
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
    fn forms_that_hide_nothing() {
        for text in ["q=a+b%2Fc%26", "a%5Bb%5D=1&c[d]=2", "q=%C3%A9&r=", "q=don't%20(yet)"] {
            assert!(is_merely_encoded(text.as_bytes()), "{text}");
        }
        for text in [
            "q=%2e%2e%2f",
            "q=%61",
            "q='+a+'",
            "q=a=b",
            "q=1&&id",
            "q=1&id",
            "q",
            "q=%zz",
            "q=a%20b<",
            "%22on=x%28%29",
        ] {
            assert!(!is_merely_encoded(text.as_bytes()), "{text}");
        }
    }

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
