//! Where requests of HTTP/1 begin and end, and whether that has one reading alone.
//!
//! The protocol's reader forgives much: it takes a bare line feed for the end of a line, and of a length and chunks the
//! chunks. Whoever came before us, or comes after, may forgive something else, and then sees other requests than we do. So
//! the bytes are followed here first, and what could be read in two ways is not read at all.

use memchr::{memchr, memchr2};
use std::net::Ipv6Addr;

/// Bytes that are kept for lines.
const KEPT: usize = 4 << 10;

/// Follows the requests of a connection over reads that end anywhere.
#[derive(Debug)]
pub(super) struct Reader {
    at: At,
    /// What came of a line before this read.
    line: Vec<u8>,
    /// Its last byte was a carriage return.
    cr: bool,
    head: Head,
    /// Bytes of this head, or of this line between chunks.
    taken: usize,
    /// The most that those may be.
    most: usize,
    /// Nothing was read yet that HTTP/2 doesn't begin with.
    first: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before the first line of a head.
    Begin,
    /// After the first line of HTTP/2.
    Preface,
    Fields,
    /// So many bytes of a body are to come.
    Length(u64),
    /// Before the size of a chunk.
    Size,
    /// So many bytes of a chunk are to come.
    Data(u64),
    DataEnd,
    Trailers,
    /// It isn't HTTP/1, or not any more.
    Aside,
    Refused,
}

/// What a head has said so far.
#[derive(Debug, Default)]
struct Head {
    /// It is HTTP/1.0.
    old: bool,
    length: Option<u64>,
    chunked: bool,
    host: bool,
    /// Of an absolute address.
    authority: Option<Authority>,
}

/// What may go on of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    All,
    /// So many bytes, after which a head is longer than the bound.
    Long(usize),
    /// So many bytes, after which there are two readings.
    Broken(usize),
}

/// It could be read in two ways.
struct Ambiguous;

type Read = Result<(), Ambiguous>;

impl Reader {
    pub(super) fn new(most: usize) -> Self {
        let head = Head::default();
        Self { at: At::Begin, line: Vec::new(), cr: false, head, taken: 0, most, first: true }
    }

    /// From here on it is something else.
    pub(super) fn step_aside(&mut self) {
        self.at = At::Aside;
    }

    /// Nothing more may go on.
    pub(super) fn has_refused(&self) -> bool {
        self.at == At::Refused
    }

    /// A part of a head is there.
    pub(super) fn waits_for_head(&self) -> bool {
        match self.at {
            At::Begin => self.taken > 0,
            At::Preface | At::Fields => true,
            _ => false,
        }
    }

    /// Of what has come, all is whole.
    pub(super) fn is_between(&self) -> bool {
        self.at == At::Begin && self.line.is_empty() && !self.cr
    }

    pub(super) fn read(&mut self, bytes: &[u8]) -> Take {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let of_body = |left: u64| usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
            match self.at {
                At::Aside => break,
                At::Refused => return Take::Long(at),
                At::Length(left) => {
                    let take = of_body(left);
                    at += take;
                    match left - take as u64 {
                        0 => self.begin(),
                        left => self.at = At::Length(left),
                    }
                }
                At::Data(left) => {
                    let take = of_body(left);
                    at += take;
                    self.at = match left - take as u64 {
                        0 => At::DataEnd,
                        left => At::Data(left),
                    };
                }
                _ => {
                    let (used, line) = self.step(rest);
                    if self.taken + used > self.most {
                        let kept = at + (self.most - self.taken);
                        let head = matches!(self.at, At::Begin | At::Preface | At::Fields);
                        self.at = At::Refused;
                        return if head { Take::Long(kept) } else { Take::Broken(kept) };
                    }
                    self.taken += used;
                    let read = line.and_then(|whole| if whole { self.end_of_line() } else { Ok(()) });
                    at += used;
                    if read.is_err() {
                        self.at = At::Refused;
                        // Of what isn't good, the last byte has shown it.
                        return Take::Broken(at - 1);
                    }
                }
            }
        }
        Take::All
    }

    /// Goes to the end of a line, or of what is there: how many bytes that are, and whether the line is whole.
    fn step(&mut self, rest: &[u8]) -> (usize, Result<bool, Ambiguous>) {
        if self.cr {
            self.cr = false;
            return (1, if rest.first() == Some(&b'\n') { Ok(true) } else { Err(Ambiguous) });
        }
        let Some(end) = memchr2(b'\r', b'\n', rest) else {
            self.line.extend_from_slice(rest);
            return (rest.len(), Ok(false));
        };
        self.line.extend_from_slice(rest.get(..end).unwrap_or_default());
        match (rest.get(end), rest.get(end + 1)) {
            (Some(b'\r'), Some(b'\n')) => (end + 2, Ok(true)),
            (Some(b'\r'), None) => {
                self.cr = true;
                (end + 1, Ok(false))
            }
            (Some(b'\r'), Some(_)) => (end + 2, Err(Ambiguous)),
            // A line feed by itself.
            _ => (end + 1, Err(Ambiguous)),
        }
    }

    fn end_of_line(&mut self) -> Read {
        let mut line = std::mem::take(&mut self.line);
        let read = self.line(&line);
        // Its memory serves the next one, unless it was a rare one.
        if line.capacity() <= KEPT {
            line.clear();
            self.line = line;
        }
        read
    }

    fn line(&mut self, line: &[u8]) -> Read {
        match (self.at, line.is_empty()) {
            // Some clients end a body with a line of its own.
            (At::Begin, true) => {}
            (At::Begin, false) if line == b"PRI * HTTP/2.0" && self.first => self.at = At::Preface,
            (At::Begin, false) => {
                self.head.address(line)?;
                self.at = At::Fields;
            }
            (At::Preface, true) => self.step_aside(),
            (At::Fields, false) => self.head.field(line)?,
            (At::Fields, true) => self.end_of_head()?,
            (At::Size, _) => match size(line)? {
                0 => self.at = At::Trailers,
                length => {
                    self.at = At::Data(length);
                    self.taken = 0;
                }
            },
            (At::DataEnd, true) => {
                self.at = At::Size;
                self.taken = 0;
            }
            // They end here.
            (At::Trailers, false) => {}
            (At::Trailers, true) => self.begin(),
            _ => return Err(Ambiguous),
        }
        self.first = false;
        Ok(())
    }

    fn end_of_head(&mut self) -> Read {
        let Head { old, length, chunked, host, .. } = self.head;
        if chunked && (old || length.is_some()) || !(host || old) {
            return Err(Ambiguous);
        }
        self.begin();
        match length {
            _ if chunked => self.at = At::Size,
            Some(length @ 1..) => self.at = At::Length(length),
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self) {
        self.at = At::Begin;
        self.head = Head::default();
        self.taken = 0;
    }
}

impl Head {
    /// The first line: method, address and version, with one blank between them.
    fn address(&mut self, line: &[u8]) -> Read {
        let mut words = line.split(|b| *b == b' ');
        let (Some(method), Some(address), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Ambiguous);
        };
        self.old = match version {
            b"HTTP/1.1" => false,
            b"HTTP/1.0" => true,
            _ => return Err(Ambiguous),
        };
        // What stands behind it is never sent, so who sends it means something else.
        if method.is_empty() || memchr(b'#', address).is_some() {
            return Err(Ambiguous);
        }
        if address.first() != Some(&b'/') && address != b"*" {
            self.authority = Some(Authority::of(address).ok_or(Ambiguous)?);
        }
        Ok(())
    }

    fn field(&mut self, line: &[u8]) -> Read {
        let colon = memchr(b':', line).ok_or(Ambiguous)?;
        let (name, value) = line.split_at_checked(colon).ok_or(Ambiguous)?;
        // A blank before it folds the line into the one before; one behind it is kept by some and dropped by others.
        if name.is_empty() || memchr2(b' ', b'\t', name).is_some() {
            return Err(Ambiguous);
        }
        let value = trimmed(value.get(1..).unwrap_or_default());
        let is = |text: &[u8]| name.eq_ignore_ascii_case(text);
        match name.len() {
            4 if is(b"host") => {
                let other = self.authority.as_ref().is_some_and(|authority| !authority.is(value));
                if std::mem::replace(&mut self.host, true) || other || !is_host(value) {
                    return Err(Ambiguous);
                }
            }
            14 if is(b"content-length") => {
                // Even of two equal ones: somebody may read the list as one.
                let length = number(value, 10).ok_or(Ambiguous)?;
                match self.length.replace(length) {
                    None => {}
                    Some(_) => return Err(Ambiguous),
                }
            }
            17 if is(b"transfer-encoding") => {
                let again = std::mem::replace(&mut self.chunked, true);
                if again || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Ambiguous);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether it is a name or an address, with a port at most. What else the standard lets stand there (users, escapes, signs
/// that no name has) some decode, cut off or take for a path, and then it is another host.
pub(super) fn is_host(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let Some((address, port)) = rest.split_once(']') else { return false };
            (address.parse::<Ipv6Addr>().is_ok(), port)
        }
        None => {
            let (name, port) =
                text.split_at_checked(text.find(':').unwrap_or(text.len())).unwrap_or_default();
            let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            (!name.is_empty() && name.bytes().all(letter), port)
        }
    };
    let digits = |text: &str| number(text.as_bytes(), 10).is_some_and(|port| port <= u16::MAX.into());
    host && port.strip_prefix(':').map_or(port.is_empty(), digits)
}

/// The size of a chunk, without its extensions.
fn size(line: &[u8]) -> Result<u64, Ambiguous> {
    let end = memchr(b';', line).unwrap_or(line.len());
    let digits = line.get(..end).unwrap_or_default();
    // Some pad it at its end.
    number(digits.trim_ascii_end(), 16).ok_or(Ambiguous)
}

/// Digits alone: no sign, no list, no prefix.
fn number(text: &[u8], radix: u32) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| {
        let digit = char::from(*byte).to_digit(radix)?;
        sum.checked_mul(radix.into())?.checked_add(digit.into())
    })
}

fn trimmed(value: &[u8]) -> &[u8] {
    let kept = |b: &u8| !matches!(b, b' ' | b'\t');
    let (from, to) = (value.iter().position(kept), value.iter().rposition(kept));
    from.zip(to).and_then(|(from, to)| value.get(from..=to)).unwrap_or_default()
}

/// Whom an absolute address is for.
#[derive(Debug)]
struct Authority {
    /// Without the port that its scheme stands for.
    named: Vec<u8>,
    usual: &'static [u8],
}

impl Authority {
    fn of(address: &[u8]) -> Option<Self> {
        let (scheme, rest) = address.split_at_checked(memchr(b':', address)?)?;
        let rest = rest.strip_prefix(b"://")?;
        let end = rest.iter().position(|b| matches!(b, b'/' | b'?')).unwrap_or(rest.len());
        let named = rest.get(..end).filter(|named| is_host(named))?;
        let usual: &[u8] = match scheme {
            _ if scheme.eq_ignore_ascii_case(b"http") => b":80",
            _ if scheme.eq_ignore_ascii_case(b"https") => b":443",
            _ => return None,
        };
        Some(Self { named: named.strip_suffix(usual).unwrap_or(named).to_vec(), usual })
    }

    fn is(&self, host: &[u8]) -> bool {
        host.strip_suffix(self.usual).unwrap_or(host).eq_ignore_ascii_case(&self.named)
    }
}

#[cfg(test)]
mod tests;
