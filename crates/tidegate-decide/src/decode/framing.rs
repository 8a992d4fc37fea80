//! What producers put around a payload: a schema registry's prefix, the aggregation of the Kinesis producer library, and
//! binary formats whose strings are read as they lie there.

/// The payload behind a schema registry's prefix: Confluent's (0x00 and four bytes) or AWS Glue's (0x03, a compression byte
/// and sixteen bytes). The second value is true when Glue's says zlib.
pub(crate) fn registry(bytes: &[u8]) -> Option<(&[u8], bool)> {
    match bytes {
        [0, _, _, _, _, payload @ ..] if !payload.is_empty() => Some((payload, false)),
        [3, compression @ (0 | 5), rest @ ..] => {
            Some((rest.get(16..).filter(|p| !p.is_empty())?, *compression == 5))
        }
        _ => None,
    }
}

/// The records inside an aggregated Kinesis record: a magic number, a protocol buffer, an MD5 sum of sixteen bytes.
pub(crate) fn aggregated(bytes: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let message = bytes.strip_prefix(&[0xf3, 0x89, 0x9a, 0xc2])?;
    let message = message.get(..message.len().checked_sub(16)?)?;
    // AggregatedRecord { 1: partition keys, 2: hash keys, 3: Record { 1, 2: indices, 3: data } }
    let records = fields(message).filter(|(number, _)| *number == 3);
    Some(
        records
            .flat_map(|(_, record)| fields(record))
            .filter(|(number, _)| *number == 3)
            .map(|(_, data)| data),
    )
}

/// The length-delimited fields of a protocol buffer; ends where the bytes stop being one.
fn fields(mut bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    std::iter::from_fn(move || {
        loop {
            let (tag, rest) = varint(bytes)?;
            match tag & 7 {
                0 => bytes = varint(rest)?.1,
                1 => bytes = rest.get(8..)?,
                5 => bytes = rest.get(4..)?,
                2 => {
                    let (length, rest) = varint(rest)?;
                    let (field, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                    bytes = rest;
                    return Some((tag >> 3, field));
                }
                _ => return None,
            }
        }
    })
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (i, &byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(u32::try_from(i * 7).ok()?)?;
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(i + 1..)?));
        }
    }
    None
}

/// Runs of readable characters within binary: the strings of Avro, protocol buffers, `MessagePack`, images. In what isn't
/// text for the most part, only runs longer than chance makes them.
pub(crate) fn runs(bytes: &[u8], guessed: bool) -> impl Iterator<Item = &[u8]> {
    // Of random bytes two in five are readable, so that a run of n comes about once in 2.5^n: this leaves one run in a
    // thousand payloads.
    let chance = 9 + bytes.len().checked_ilog2().unwrap_or(0) as usize * 3 / 4;
    let least = if is_mostly_text(bytes, guessed) { SHORTEST } else { chance };
    bytes.utf8_chunks().flat_map(move |chunk| {
        let parts = chunk.valid().as_bytes().split(|b| !is_text(*b) && *b < 0x80);
        parts.filter(move |run| run.len() >= least)
    })
}

const SHORTEST: usize = 6;

/// Two thirds of it are characters that people write; of random bytes it is two fifths. Of few bytes more have to be, and
/// most where random ones are to be expected.
pub(crate) fn is_mostly_text(bytes: &[u8], guessed: bool) -> bool {
    let count = bytes.iter().filter(|b| is_text(**b)).count();
    // A document that says little.
    if matches!(bytes, [b'{', .., b'}'] | [b'[', .., b']']) {
        return count * 2 >= bytes.len();
    }
    let (of, least) = match bytes.len() {
        _ if guessed => (10, 9),
        0..12 => (10, 9),
        12..32 => (4, 3),
        _ => (3, 2),
    };
    count * of >= bytes.len() * least
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_of_registries() {
        assert_eq!(registry(b"\0\0\0\0\x07{}"), Some((&b"{}"[..], false)));
        let mut glue = vec![3, 5];
        glue.extend([1; 16]);
        glue.extend(b"zz");
        assert_eq!(registry(&glue), Some((&b"zz"[..], true)));
        assert_eq!(registry(b"{}"), None);
    }

    #[test]
    fn aggregated_records() {
        let record = [0x08, 0, 0x1a, 2, b'h', b'i'];
        let mut bytes = vec![0xf3, 0x89, 0x9a, 0xc2, 0x0a, 1, b'k'];
        for _ in 0..2 {
            bytes.extend([0x1a, record.len() as u8]);
            bytes.extend(record);
        }
        bytes.extend([0; 16]);
        let all: Vec<_> = aggregated(&bytes).unwrap().collect();
        assert_eq!(all, [b"hi", b"hi"]);
        assert!(aggregated(b"\xf3\x89\x9a\xc2").is_none());
    }

    #[test]
    fn hostile_lengths_end_quietly() {
        assert_eq!(fields(&[0x1a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).count(), 0);
        assert_eq!(fields(&[0x1a, 0x7f, 1]).count(), 0);
    }

    #[test]
    fn readable_runs() {
        let all: Vec<_> = runs(b"\x00\x01hello you\x02ab\x03another run", false).collect();
        assert_eq!(all, [&b"hello you"[..], b"another run"]);
        let all: Vec<_> = runs("ü is a letter\u{7f}so is é\u{1}ab".as_bytes(), false).collect();
        assert_eq!(all, ["ü is a letter".as_bytes(), "so is é".as_bytes()]);
    }

    #[test]
    fn chance_makes_no_runs() {
        let mut state = 1_u64;
        let mut random = |n: usize| -> Vec<u8> {
            std::iter::repeat_with(|| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 24) as u8
            })
            .take(n)
            .collect()
        };
        let found: usize = (0..200).map(|n| runs(&random(64 << (n % 12)), false).count()).sum();
        assert!(found <= 10, "{found}");
        let hidden = [random(1000), b"<script>alert(1)</script>".to_vec(), random(1000)].concat();
        assert!(runs(&hidden, false).any(|run| run.windows(8).any(|w| w == b"<script>")));
    }
}
