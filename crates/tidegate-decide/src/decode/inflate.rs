//! Compressed bytes, never past a bound.

use super::Step;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use std::io::Read;

/// How far inflating goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// Bytes out at most.
    pub(crate) bytes: usize,
    /// Bytes out for each byte in, once more than [`FREE`] came out.
    pub(crate) ratio: usize,
}

/// What may come out of however little.
pub(crate) const FREE: usize = 256 << 10;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inflated {
    /// All of it is in the buffer.
    Whole,
    /// The beginning is in the buffer; the rest is broken or missing.
    Broken,
    /// More than the bound allows.
    Bomb,
}

/// The compression that the first bytes name.
pub(crate) fn kind(bytes: &[u8]) -> Option<Step> {
    match bytes {
        [0x1f, 0x8b, 8, ..] => Some(Step::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Step::Zstd),
        // Two bytes are little; the header's own check and a sensible window make chance hits rare.
        [0x78, flags, _, _, ..] if (0x7800 + u16::from(*flags)) % 31 == 0 && flags & 0x20 == 0 => {
            Some(Step::Zlib)
        }
        _ => None,
    }
}

/// Appends what `bytes` hold.
pub(crate) fn inflate(kind: Step, bytes: &[u8], bound: Bound, out: &mut Vec<u8>) -> Inflated {
    let most = bound.bytes.min(bytes.len().saturating_mul(bound.ratio).max(FREE));
    match kind {
        Step::Zstd => zstd(bytes, most, out),
        Step::Gzip => match gzip_body(bytes) {
            Some(body) => deflate(body, 0, most, out),
            None => Inflated::Broken,
        },
        _ => deflate(bytes, TINFL_FLAG_PARSE_ZLIB_HEADER, most, out),
    }
}

fn deflate(bytes: &[u8], flags: u32, most: usize, out: &mut Vec<u8>) -> Inflated {
    let mut state = Box::new(DecompressorOxide::new());
    let start = out.len();
    let mut size = bytes.len().saturating_mul(4).clamp(1 << 10, most);
    let (mut read, mut written) = (0, 0);
    loop {
        out.resize(start + size, 0);
        let Some(buffer) = out.get_mut(start..) else { return Inflated::Broken };
        let rest = bytes.get(read..).unwrap_or_default();
        let flags = flags | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF & !TINFL_FLAG_HAS_MORE_INPUT;
        let (status, more_read, more_written) = decompress(&mut state, rest, buffer, written, flags);
        read += more_read;
        written += more_written;
        let end = match status {
            TINFLStatus::Done => Inflated::Whole,
            TINFLStatus::HasMoreOutput if size < most => {
                size = size.saturating_mul(2).min(most);
                continue;
            }
            TINFLStatus::HasMoreOutput => Inflated::Bomb,
            _ => Inflated::Broken,
        };
        out.truncate(start + written);
        return end;
    }
}

/// The deflate stream behind a gzip header (RFC 1952, section 2.3).
fn gzip_body(bytes: &[u8]) -> Option<&[u8]> {
    let flags = *bytes.get(3)?;
    let mut rest = bytes.get(10..)?;
    if flags & 4 != 0 {
        let length = usize::from(*rest.first()?) | usize::from(*rest.get(1)?) << 8;
        rest = rest.get(2 + length..)?;
    }
    for _ in 0..(flags >> 3 & 1) + (flags >> 4 & 1) {
        let end = rest.iter().position(|&b| b == 0)?;
        rest = rest.get(end + 1..)?;
    }
    if flags & 2 != 0 {
        rest = rest.get(2..)?;
    }
    Some(rest)
}

fn zstd(bytes: &[u8], most: usize, out: &mut Vec<u8>) -> Inflated {
    let Ok(decoder) = ruzstd::decoding::StreamingDecoder::new(bytes) else { return Inflated::Broken };
    let start = out.len();
    // One byte more than allowed tells a bomb from a stream that just fits.
    let read = decoder.take(most as u64 + 1).read_to_end(out);
    match read {
        Ok(n) if n > most => {
            out.truncate(start + most);
            Inflated::Bomb
        }
        Ok(_) => Inflated::Whole,
        Err(_) => Inflated::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Bound = Bound { bytes: 1 << 20, ratio: 100 };

    #[test]
    fn zlib_and_gzip_round_trip() {
        let text = b"the order that we have sent".repeat(10);
        let zlib = miniz_oxide::deflate::compress_to_vec_zlib(&text, 6);
        assert_eq!(kind(&zlib), Some(Step::Zlib));
        let mut out = Vec::new();
        assert_eq!(inflate(Step::Zlib, &zlib, BOUND, &mut out), Inflated::Whole);
        assert_eq!(out, text);

        let mut gzip = vec![0x1f, 0x8b, 8, 0b1000, 0, 0, 0, 0, 0, 3];
        gzip.extend(b"name.txt\0");
        gzip.extend(miniz_oxide::deflate::compress_to_vec(&text, 6));
        let mut out = Vec::new();
        assert_eq!(inflate(Step::Gzip, &gzip, BOUND, &mut out), Inflated::Whole);
        assert_eq!(out, text);
    }

    #[test]
    fn a_bomb_ends_at_the_bound() {
        let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; 64 << 20], 9);
        let mut out = Vec::new();
        assert_eq!(inflate(Step::Zlib, &bomb, BOUND, &mut out), Inflated::Bomb);
        assert!(out.len() <= BOUND.bytes);
    }

    #[test]
    fn broken_streams_give_what_there_is() {
        let text = b"select one from another where nothing is".repeat(50);
        let zlib = miniz_oxide::deflate::compress_to_vec_zlib(&text, 6);
        let mut out = Vec::new();
        assert_eq!(inflate(Step::Zlib, &zlib[..zlib.len() - 6], BOUND, &mut out), Inflated::Broken);
        assert!(text.starts_with(&out));
        assert_eq!(inflate(Step::Gzip, &[0x1f, 0x8b, 8], BOUND, &mut Vec::new()), Inflated::Broken);
    }
}
