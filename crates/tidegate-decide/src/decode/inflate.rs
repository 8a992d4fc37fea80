//! Compressed bytes, never past a bound.

use super::Step;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use std::cell::RefCell;
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
        Step::Gzip => gzip(bytes, most, out),
        Step::Deflate => deflate(bytes, 0, most, out).0,
        _ => deflate(bytes, TINFL_FLAG_PARSE_ZLIB_HEADER, most, out).0,
    }
}

/// True when bytes without a header are a whole deflate stream and nothing else; appends what they hold. Bytes that only look
/// like one end within a few.
pub(crate) fn is_deflate(bytes: &[u8], bound: Bound, out: &mut Vec<u8>) -> bool {
    // A stored block says its length twice, a dynamic one has no more than 286 codes and 30 distances, and there is no
    // fourth kind: that tells half of all others before anything is set up.
    let plausible = match bytes {
        [a, b, c, d, e, ..] if a & 6 == 0 => (*b, *c) == (!d, !e),
        [a, ..] if a & 6 == 2 => true,
        [a, b, ..] if a & 6 == 4 => a >> 3 < 30 && b & 31 < 30,
        _ => false,
    };
    if !plausible {
        return false;
    }
    let start = out.len();
    let most = bound.bytes.min(bytes.len().saturating_mul(bound.ratio).max(FREE));
    let (end, read) = deflate(bytes, 0, most, out);
    let whole = end == Inflated::Bomb || end == Inflated::Whole && read == bytes.len();
    if !whole {
        out.truncate(start);
    }
    whole
}

/// All members of a gzip file: whoever reads it reads them one after the other.
fn gzip(bytes: &[u8], most: usize, out: &mut Vec<u8>) -> Inflated {
    let start = out.len();
    let mut rest = bytes;
    let mut end = Inflated::Broken;
    while let Some(body) = gzip_body(rest).filter(|_| kind(rest) == Some(Step::Gzip)) {
        let left = most.saturating_sub(out.len() - start);
        let (member, read) = deflate(body, 0, left, out);
        end = member;
        // Behind each stand a checksum and a length.
        rest = body.get(read + 8..).unwrap_or_default();
        if member != Inflated::Whole {
            break;
        }
    }
    end
}

/// How it ended, and the bytes that were read.
fn deflate(bytes: &[u8], flags: u32, most: usize, out: &mut Vec<u8>) -> (Inflated, usize) {
    STATE.with_borrow_mut(|state| {
        state.init();
        deflate_with(state, bytes, flags, most, out)
    })
}

thread_local! {
    /// Larger than most of what is decompressed: set up once.
    static STATE: RefCell<Box<DecompressorOxide>> = RefCell::default();
}

fn deflate_with(
    state: &mut DecompressorOxide,
    bytes: &[u8],
    flags: u32,
    most: usize,
    out: &mut Vec<u8>,
) -> (Inflated, usize) {
    let start = out.len();
    let mut size = bytes.len().saturating_mul(4).max(1 << 10).min(most);
    let (mut read, mut written) = (0, 0);
    loop {
        out.resize(start + size, 0);
        let Some(buffer) = out.get_mut(start..) else { return (Inflated::Broken, read) };
        let rest = bytes.get(read..).unwrap_or_default();
        let flags = flags | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF & !TINFL_FLAG_HAS_MORE_INPUT;
        let (status, more_read, more_written) = decompress(state, rest, buffer, written, flags);
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
        return (end, read);
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

/// All frames, as for gzip.
fn zstd(bytes: &[u8], most: usize, out: &mut Vec<u8>) -> Inflated {
    let start = out.len();
    let mut rest = bytes;
    while !rest.is_empty() {
        let any = out.len() > start;
        let Ok(decoder) = ruzstd::decoding::StreamingDecoder::new(&mut rest) else {
            // What follows the last frame is nobody's.
            return if any { Inflated::Whole } else { Inflated::Broken };
        };
        // One byte more than allowed tells a bomb from a stream that just fits.
        let left = most.saturating_sub(out.len() - start) as u64 + 1;
        let read = decoder.take(left).read_to_end(out);
        match read {
            _ if out.len() - start > most => {
                out.truncate(start + most);
                return Inflated::Bomb;
            }
            Ok(0) if any => break,
            Ok(_) => {}
            Err(_) => return Inflated::Broken,
        }
    }
    Inflated::Whole
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
    fn members_and_frames_follow_each_other() {
        let member = |text: &[u8]| {
            let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
            out.extend(miniz_oxide::deflate::compress_to_vec(text, 6));
            out.extend([0; 8]);
            out
        };
        let mut out = Vec::new();
        let two = [member(b"one "), member(b"and two")].concat();
        assert_eq!(inflate(Step::Gzip, &two, BOUND, &mut out), Inflated::Whole);
        assert_eq!(out, b"one and two");
        let bombs = [member(&[0; 900 << 10]), member(&[0; 900 << 10])].concat();
        assert_eq!(inflate(Step::Gzip, &bombs, BOUND, &mut Vec::new()), Inflated::Bomb);
        // Two frames of raw blocks, as `zstd` writes them for what doesn't shrink.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 3, 0x19, 0, 0, b'a', b'b', b'c'];
        let mut out = Vec::new();
        assert_eq!(inflate(Step::Zstd, &[frame, frame].concat(), BOUND, &mut out), Inflated::Whole);
        assert_eq!(out, b"abcabc");
    }

    #[test]
    fn deflate_without_a_header_is_told_by_its_end() {
        let text = b"the order that we have sent, and the order that we haven't sent";
        let bytes = miniz_oxide::deflate::compress_to_vec(text, 6);
        let mut out = Vec::new();
        assert!(is_deflate(&bytes, BOUND, &mut out) && out == text);
        for other in [&bytes[..bytes.len() - 1], &[&bytes[..], b"x"].concat(), b"plain text", b"", &[0; 40]] {
            let mut out = Vec::new();
            assert!(!is_deflate(other, BOUND, &mut out) && out.is_empty(), "{other:?}");
        }
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
