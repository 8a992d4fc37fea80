//! Floods of HTTP/2 frames that carry nothing: a connection has only so many of them.
//!
//! Pings, settings and resets cost a client a few bytes, and whoever reads them an answer, or a request begun for nothing.
//! Their number is held here, below the protocol; continuations and empty data the protocol's reader counts itself.

use std::time::Instant;

/// Such frames at once.
const BURST: f64 = 500.0;
/// Such frames a second.
const RATE: f64 = 50.0;
/// Who is sent much may ask how far it is: bytes written for which there is one frame more.
const WRITTEN: f64 = 1024.0;

/// What HTTP/2 begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Length of the head of a frame.
const HEAD: usize = 9;

const PRIORITY: u8 = 2;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
/// Data, headers, promises, goodbyes, windows and continuations are counted elsewhere, or have no answer.
const KNOWN: [u8; 6] = [0, 1, 5, 7, 8, 9];

/// Follows the frames of a connection over reads that end anywhere.
#[derive(Debug)]
pub(super) struct Reader {
    at: At,
    left: f64,
    since: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// So many bytes of the preface were there.
    Preface(usize),
    /// The head of a frame, and how much of it is there.
    Head([u8; HEAD], usize),
    /// So many bytes of a frame are to come.
    Payload(usize),
    /// It isn't HTTP/2.
    Other,
}

impl Reader {
    pub(super) const fn new(now: Instant) -> Self {
        Self { at: At::Preface(0), left: BURST, since: now }
    }

    /// False when there were too many.
    pub(super) fn read(&mut self, mut bytes: &[u8], now: impl Fn() -> Instant) -> bool {
        while !bytes.is_empty() {
            match &mut self.at {
                At::Other => return true,
                At::Preface(there) => {
                    let rest = PREFACE.get(*there..).unwrap_or_default();
                    let take = rest.len().min(bytes.len());
                    if bytes.get(..take) != rest.get(..take) {
                        self.at = At::Other;
                        return true;
                    }
                    *there += take;
                    bytes = bytes.get(take..).unwrap_or_default();
                    if *there == PREFACE.len() {
                        self.at = At::Head([0; HEAD], 0);
                    }
                }
                At::Head(head, there) => {
                    let take = (HEAD - *there).min(bytes.len());
                    for (to, from) in head.iter_mut().skip(*there).zip(bytes) {
                        *to = *from;
                    }
                    *there += take;
                    bytes = bytes.get(take..).unwrap_or_default();
                    if *there == HEAD {
                        let [a, b, c, ty, flags, ..] = *head;
                        self.at = match u32::from_be_bytes([0, a, b, c]) as usize {
                            0 => At::Head([0; HEAD], 0),
                            length => At::Payload(length),
                        };
                        if is_empty(ty, flags) && !self.take(&now) {
                            return false;
                        }
                    }
                }
                At::Payload(left) => {
                    let take = (*left).min(bytes.len());
                    *left -= take;
                    bytes = bytes.get(take..).unwrap_or_default();
                    if *left == 0 {
                        self.at = At::Head([0; HEAD], 0);
                    }
                }
            }
        }
        true
    }

    fn take(&mut self, now: &impl Fn() -> Instant) -> bool {
        if self.left < 1.0 {
            let now = now();
            self.left = (self.left + now.duration_since(self.since).as_secs_f64() * RATE).min(BURST);
            self.since = now;
        }
        let enough = self.left >= 1.0;
        self.left -= 1.0;
        enough
    }

    pub(super) fn written(&mut self, bytes: usize) {
        if self.at != At::Other {
            self.left = (self.left + bytes as f64 / WRITTEN).min(BURST);
        }
    }
}

/// Answers to our own pings and settings are none of the client's doing.
fn is_empty(ty: u8, flags: u8) -> bool {
    match ty {
        PING | SETTINGS => flags & 1 == 0,
        PRIORITY | RESET => true,
        other => !KNOWN.contains(&other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn frame(ty: u8, flags: u8, payload: usize) -> Vec<u8> {
        let [_, a, b, c] = u32::try_from(payload).unwrap().to_be_bytes();
        let mut out = vec![a, b, c, ty, flags, 0, 0, 0, 1];
        out.resize(HEAD + payload, PING);
        out
    }

    /// How many of a frame are taken, in reads of so many bytes.
    fn taken(frame: &[u8], each: usize) -> usize {
        let begun = Instant::now();
        let mut reader = Reader::new(begun);
        let bytes: Vec<u8> = PREFACE.iter().copied().chain(frame.repeat(2_000)).collect();
        let mut read = 0;
        for part in bytes.chunks(each) {
            if !reader.read(part, || begun) {
                break;
            }
            read += part.len();
        }
        (read - PREFACE.len()) / frame.len()
    }

    #[test]
    fn empty_frames_are_counted_wherever_reads_end() {
        for each in [1, 7, 9, 17] {
            for (ty, length) in
                [(PING, 8), (SETTINGS, 0), (SETTINGS, 6), (RESET, 4), (PRIORITY, 5), (0xbe, 3)]
            {
                let taken = taken(&frame(ty, 0, length), each);
                assert!((498..=500).contains(&taken), "{ty} {each}: {taken}");
            }
            for (ty, flags, length) in [(0, 0, 100), (1, 4, 30), (8, 0, 4), (PING, 1, 8), (SETTINGS, 1, 0)] {
                assert_eq!(taken(&frame(ty, flags, length), each), 2_000, "{ty} {each}");
            }
        }
    }

    #[test]
    fn time_and_what_is_written_give_more() {
        let begun = Instant::now();
        let mut reader = Reader::new(begun);
        let ping = frame(PING, 0, 8);
        assert!(reader.read(PREFACE, || begun) && reader.read(&ping.repeat(500), || begun));
        assert!(reader.read(&ping.repeat(50), || begun + Duration::from_secs(1)));
        reader.written(10 << 10);
        assert!(reader.read(&ping.repeat(10), || begun + Duration::from_secs(1)));
        assert!(!reader.read(&ping, || begun + Duration::from_secs(1)));
    }

    #[test]
    fn other_protocols_are_left_alone() {
        for text in ["GET / HTTP/1.1\r\n", "PRI * HTTP/1.1\r\n"] {
            let mut reader = Reader::new(Instant::now());
            assert!(reader.read(text.as_bytes(), Instant::now));
            assert!(reader.read(&frame(PING, 0, 8).repeat(2_000), Instant::now));
            assert_eq!(reader.at, At::Other);
        }
    }
}
