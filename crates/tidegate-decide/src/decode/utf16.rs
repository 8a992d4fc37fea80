//! UTF-16, which Windows and .NET write.

/// Appends `bytes` as UTF-8; false when they are no UTF-16: told by a byte order mark, or by the zeros that Latin text has
/// at every other byte.
pub(crate) fn decode(bytes: &[u8], out: &mut Vec<u8>) -> bool {
    let (big, text) = match bytes {
        [0xff, 0xfe, text @ ..] => (false, text),
        [0xfe, 0xff, text @ ..] => (true, text),
        _ => match zeros(bytes) {
            Some(big) => (big, bytes),
            None => return false,
        },
    };
    if text.is_empty() {
        return false;
    }
    let units = text.chunks_exact(2).map(|pair| match pair {
        [a, b] if big => u16::from_be_bytes([*a, *b]),
        [a, b] => u16::from_le_bytes([*a, *b]),
        _ => 0,
    });
    out.reserve(text.len());
    let mut buffer = [0; 4];
    for char in char::decode_utf16(units) {
        let char = char.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(char.encode_utf8(&mut buffer).as_bytes());
    }
    true
}

/// Which half of the pairs is zero: the first one says big-endian. A sample is enough.
fn zeros(bytes: &[u8]) -> Option<bool> {
    let pairs = bytes.get(..512).unwrap_or(bytes).chunks_exact(2);
    let all = pairs.len();
    let (mut first, mut second) = (0, 0);
    for pair in pairs {
        if let [a, b] = pair {
            first += usize::from(*a == 0 && *b != 0);
            second += usize::from(*b == 0 && *a != 0);
        }
    }
    match () {
        () if all < 4 => None,
        () if first * 4 >= all * 3 => Some(true),
        () if second * 4 >= all * 3 => Some(false),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Option<String> {
        let mut out = Vec::new();
        decode(bytes, &mut out).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn either_order_with_and_without_a_mark() {
        for (text, marked) in [("hello, you", false), ("ü", true), ("a😀b and more text", false)] {
            for big in [false, true] {
                let units = text.encode_utf16();
                let bytes: Vec<u8> =
                    units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect();
                let mark: &[u8] = if big { &[0xfe, 0xff] } else { &[0xff, 0xfe] };
                assert_eq!(decoded(&[mark, &bytes].concat()).as_deref(), Some(text));
                assert_eq!(decoded(&bytes).as_deref(), (!marked).then_some(text), "{big}");
            }
        }
    }

    #[test]
    fn what_is_none() {
        for bytes in
            [&b""[..], b"hello", b"\0\0\0\0\0\0\0\0\0\0", b"\xff\xfe", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]
        {
            assert_eq!(decoded(bytes), None, "{bytes:?}");
        }
    }
}
