//! Just enough HTTP/1.1 for a proxy on loopback: bounded heads, one write for each message, bodies passed on as they come.

use memchr::memmem;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

/// The longest head.
const HEAD: usize = 64 << 10;
/// What is read at once.
const PIECE: usize = 64 << 10;
/// Longest line of a chunked body: a size with its extensions, or a trailer.
const LINE: usize = 16 << 10;

/// A connection with what was read and not yet used.
#[derive(Debug)]
pub(crate) struct Wire<S = TcpStream> {
    stream: S,
    /// Made once: what is read lies in `used..end`, and what stands around it is from before.
    buffer: Vec<u8>,
    used: usize,
    end: usize,
}

/// The head of a request or an answer.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// The first line, without its line break.
    pub(crate) first: String,
    /// Names as they were written, and values.
    pub(crate) headers: Vec<(String, String)>,
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    Known(u64),
    Chunked,
    /// As long as the connection lasts.
    Open,
}

fn wrong(message: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, message)
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        // Without it, the second of two writes waits 40 ms for an acknowledgement.
        stream.set_nodelay(true)?;
        Ok(Self::over(stream))
    }
}

impl<S: Read + Write> Wire<S> {
    /// Over anything that carries bytes both ways.
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, buffer: Vec::new(), used: 0, end: 0 }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next head; `None` where the other side has ended orderly.
    pub(crate) fn head(&mut self) -> io::Result<Option<Head>> {
        let mut searched = 0;
        loop {
            let waiting = self.waiting();
            // The end may lie across two reads.
            let from = usize::saturating_sub(searched, 3);
            let end = waiting.get(from..).and_then(|w| memmem::find(w, b"\r\n\r\n"));
            if let Some(at) = end.map(|at| from + at) {
                if at > HEAD {
                    return Err(wrong("the head is too long"));
                }
                let head = Head::parse(waiting.get(..at).unwrap_or_default())?;
                self.used += at + 4;
                return Ok(Some(head));
            }
            searched = waiting.len();
            if searched > HEAD {
                return Err(wrong("the head is too long"));
            }
            if self.fill()? == 0 {
                return if searched == 0 { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// A whole body of at most `most` bytes.
    pub(crate) fn body(&mut self, length: Length, most: usize) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        match length {
            Length::Known(n) => {
                let n = usize::try_from(n).ok().filter(|n| *n <= most).ok_or_else(|| wrong("too long"))?;
                self.take(n, &mut out)?;
            }
            Length::Chunked => loop {
                let (_, size) = self.chunk()?;
                let size = usize::try_from(size).ok().filter(|n| out.len().saturating_add(*n) <= most);
                let size = size.ok_or_else(|| wrong("too long"))?;
                if size == 0 {
                    while !self.line()?.is_empty() {}
                    break;
                }
                self.take(size, &mut out)?;
                self.end_of_chunk()?;
            },
            Length::Open => loop {
                out.extend_from_slice(self.waiting());
                self.used = self.end;
                if out.len() > most {
                    return Err(wrong("too long"));
                }
                if self.fill()? == 0 {
                    break;
                }
            },
        }
        Ok(out)
    }

    /// Hands a body on as it comes, `before` first: chunks stay chunks, and trailers are kept.
    pub(crate) fn pass<T: Read + Write>(
        &mut self,
        to: &mut Wire<T>,
        before: Vec<u8>,
        length: Length,
    ) -> io::Result<()> {
        let mut out = before;
        match length {
            Length::Known(mut left) => loop {
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(self.waiting().len());
                out.extend_from_slice(self.waiting().get(..here).unwrap_or_default());
                self.used += here;
                left -= here as u64;
                if left == 0 || out.len() >= PIECE {
                    to.write(&out)?;
                    out.clear();
                }
                if left == 0 {
                    return Ok(());
                }
                if self.fill()? == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            },
            Length::Chunked => loop {
                if self.waiting().is_empty() && !out.is_empty() {
                    to.write(&out)?;
                    out.clear();
                }
                let (line, size) = self.chunk()?;
                out.extend_from_slice(&line);
                out.extend_from_slice(b"\r\n");
                if size == 0 {
                    loop {
                        let line = self.line()?;
                        out.extend_from_slice(&line);
                        out.extend_from_slice(b"\r\n");
                        if line.is_empty() {
                            return to.write(&out);
                        }
                    }
                }
                self.pass(to, std::mem::take(&mut out), Length::Known(size))?;
                self.end_of_chunk()?;
                out.extend_from_slice(b"\r\n");
                to.write(&out)?;
                out.clear();
            },
            Length::Open => loop {
                out.extend_from_slice(self.waiting());
                self.used = self.end;
                to.write(&out)?;
                out.clear();
                if self.fill()? == 0 {
                    return Ok(());
                }
            },
        }
    }

    fn waiting(&self) -> &[u8] {
        self.buffer.get(self.used..self.end).unwrap_or_default()
    }

    /// Reads once, behind what waits.
    fn fill(&mut self) -> io::Result<usize> {
        if self.used == self.end {
            (self.used, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.used..self.end, 0);
            (self.used, self.end) = (0, self.end - self.used);
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.end + PIECE, 0);
        }
        loop {
            match self.stream.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(read) => {
                    self.end += read;
                    return Ok(read);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self, n: usize, out: &mut Vec<u8>) -> io::Result<()> {
        let here = n.min(self.waiting().len());
        out.reserve(n);
        out.extend_from_slice(self.waiting().get(..here).unwrap_or_default());
        self.used += here;
        let left = n - here;
        // What is still under way goes where it belongs.
        if left > 0 && Read::by_ref(&mut self.stream).take(left as u64).read_to_end(out)? < left {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// A line without its end.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let waiting = self.waiting();
            if let Some(at) = memmem::find(waiting, b"\r\n") {
                let line = waiting.get(..at).unwrap_or_default().to_vec();
                self.used += at + 2;
                return Ok(line);
            }
            if waiting.len() > LINE {
                return Err(wrong("the line is too long"));
            }
            if self.fill()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// What stands behind a chunk: whoever finds anything but a line break there, and goes on, disagrees with somebody about
    /// where the message ends.
    fn end_of_chunk(&mut self) -> io::Result<()> {
        if self.line()?.is_empty() { Ok(()) } else { Err(wrong("no end of a chunk")) }
    }

    /// The line that begins a chunk, and the chunk's size.
    fn chunk(&mut self) -> io::Result<(Vec<u8>, u64)> {
        let line = self.line()?;
        let digits = line.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
        let hex = std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let size = hex.and_then(|d| u64::from_str_radix(d, 16).ok()).ok_or_else(|| wrong("no chunk"))?;
        Ok((line, size))
    }
}

impl Head {
    pub(crate) fn parse(bytes: &[u8]) -> io::Result<Self> {
        let mut lines = bytes.split(|b| *b == b'\n');
        let mut left = memchr::memchr_iter(b'\n', bytes).count();
        let mut line = || {
            let line = lines.next()?;
            // A line break of its own kind would be one to some readers alone: only the last line has none.
            let whole = if left == 0 { Some(line) } else { line.strip_suffix(b"\r") };
            left = left.saturating_sub(1);
            let sound = |b: &u8| !b.is_ascii_control() || *b == b'\t';
            Some(whole.filter(|line| line.iter().all(sound)).ok_or_else(|| wrong("no line")))
        };
        let first = latin(line().ok_or_else(|| wrong("no line"))??);
        let mut headers = Vec::with_capacity(16);
        while let Some(line) = line() {
            let line = line?;
            let parts = memchr::memchr(b':', line).and_then(|at| line.split_at_checked(at));
            let (name, value) = parts.ok_or_else(|| wrong("no header"))?;
            if name.is_empty() || name.iter().any(u8::is_ascii_whitespace) {
                return Err(wrong("no header"));
            }
            headers.push((latin(name), latin(value.get(1..).unwrap_or_default().trim_ascii())));
        }
        Ok(Self { first, headers })
    }

    /// A header's value, the first one.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    }

    /// Sets a header where it stands, or behind the others.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        match self.headers.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value.to_string(),
            None => self.headers.push((name.to_string(), value.to_string())),
        }
    }

    /// Method and path of a request.
    pub(crate) fn request(&self) -> (&str, &str) {
        let mut parts = self.first.split(' ');
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    }

    /// Status of an answer.
    pub(crate) fn status(&self) -> u16 {
        self.first.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_default()
    }

    /// True if the connection ends with this message.
    pub(crate) fn closes(&self) -> bool {
        self.get("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"))
            || self.first.ends_with("HTTP/1.0")
            || self.first.starts_with("HTTP/1.0")
    }

    /// How long the body of a request is. Two lengths that differ, or a length beside chunks, are refused: what one
    /// side takes for a body, the other would take for the next request.
    pub(crate) fn length(&self) -> io::Result<Length> {
        let all = |name: &'static str| {
            self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
        };
        let coded: Vec<&str> = all("transfer-encoding").collect();
        let mut lengths = all("content-length");
        let length = lengths.next();
        if lengths.any(|other| Some(other) != length) || (length.is_some() && !coded.is_empty()) {
            return Err(wrong("the length is ambiguous"));
        }
        match (coded.as_slice(), length) {
            ([], None) => Ok(Length::Known(0)),
            ([], Some(n)) if n.bytes().all(|b| b.is_ascii_digit()) => {
                n.parse().map(Length::Known).map_err(|_| wrong("no length"))
            }
            ([one], None) if one.eq_ignore_ascii_case("chunked") => Ok(Length::Chunked),
            _ => Err(wrong("no length")),
        }
    }

    /// How long the body of an answer is.
    pub(crate) fn answer_length(&self) -> io::Result<Length> {
        let framed = self.get("content-length").is_some() || self.get("transfer-encoding").is_some();
        match self.status() {
            204 | 304 => Ok(Length::Known(0)),
            _ if framed => self.length(),
            _ => Ok(Length::Open),
        }
    }

    /// As it goes over the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        let mut add = |text: &str| match text.is_ascii() {
            true => out.extend_from_slice(text.as_bytes()),
            false => out.extend(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))),
        };
        add(&self.first);
        for (name, value) in &self.headers {
            add("\r\n");
            add(name);
            add(": ");
            add(value);
        }
        add("\r\n\r\n");
        out
    }
}

/// Header values are bytes; Latin-1 keeps each of them. Nearly all are ASCII, which needs no other form.
fn latin(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii()) {
        Some(text) => text.to_string(),
        None => bytes.iter().map(|b| char::from(*b)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn pair() -> (TcpStream, Wire) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (one, Wire::new(listener.accept().unwrap().0).unwrap())
    }

    fn head(text: &str) -> io::Result<Head> {
        Head::parse(text.as_bytes())
    }

    #[test]
    fn ambiguous_lengths_are_refused() {
        for wrong in [
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4",
            "POST / HTTP/1.1\r\nContent-Length: +3",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity",
            "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999",
        ] {
            assert!(head(wrong).unwrap().length().is_err(), "{wrong}");
        }
        assert!(head("POST / HTTP/1.1\r\nContent-Length : 3").is_err());
        // What one reader takes for the end of a line, and another one doesn't.
        for wrong in ["A: b\nContent-Length: 3", "A: b\rC: d", "A: b\0", "A: b\n", "\nA: b", "A\n: b"] {
            assert!(head(&format!("POST / HTTP/1.1\r\n{wrong}")).is_err(), "{wrong:?}");
        }
        assert_eq!(head("GET / HTTP/1.1\r\nA: \u{a0}\tb ").unwrap().get("a"), Some("\u{c2}\u{a0}\tb"));
        assert_eq!(head("GET / HTTP/1.1\r\ncontent-length: 3").unwrap().length().unwrap(), Length::Known(3));
    }

    #[test]
    fn chunks_and_trailers_pass_as_they_came() {
        let text = "4;x=1\r\nabcd\r\n0\r\nError: yes\r\n\r\n";
        let ((mut client, mut from), (mut server, mut to)) = (pair(), pair());
        client.write_all(text.as_bytes()).unwrap();
        from.pass(&mut to, b"H".to_vec(), Length::Chunked).unwrap();
        drop(to);
        let mut got = String::new();
        server.read_to_string(&mut got).unwrap();
        assert_eq!(got, format!("H{text}"));
    }

    #[test]
    fn chunks_end_where_they_say() {
        let (mut client, mut wire) = pair();
        client.write_all(b"3\r\nabcd\r\n0\r\n\r\n").unwrap();
        assert!(wire.body(Length::Chunked, 100).is_err());
        let ((mut client, mut from), (_server, mut to)) = (pair(), pair());
        client.write_all(b"3\r\nabcd\r\n0\r\n\r\n").unwrap();
        assert!(from.pass(&mut to, Vec::new(), Length::Chunked).is_err());
    }

    #[test]
    fn heads_are_bounded_and_bodies_too() {
        let (mut client, mut wire) = pair();
        client.write_all(b"GET / HTTP/1.1\r\nA: b\r\n\r\nabc").unwrap();
        assert_eq!(wire.head().unwrap().unwrap().get("a"), Some("b"));
        assert_eq!(wire.body(Length::Known(3), 10).unwrap(), b"abc");
        assert!(wire.body(Length::Known(11), 10).is_err());
        let writer = std::thread::spawn(move || {
            let _ = client.write_all(&vec![b'x'; HEAD + PIECE + 1]);
        });
        assert!(wire.head().is_err());
        drop(wire);
        writer.join().unwrap();
    }

    /// What is read of bytes that come in these pieces: heads with their bodies, until something is wrong.
    fn messages(pieces: Vec<Vec<u8>>) -> Vec<(String, Vec<u8>)> {
        let (mut client, mut wire) = pair();
        let writer = std::thread::spawn(move || {
            for piece in pieces {
                if client.write_all(&piece).is_err() {
                    return;
                }
            }
        });
        let mut out = Vec::new();
        while let Ok(Some(head)) = wire.head() {
            let Ok(body) = head.length().and_then(|length| wire.body(length, 1 << 16)) else { break };
            out.push((head.first, body));
        }
        drop(wire);
        writer.join().unwrap();
        out
    }

    fn pieces(bytes: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        cuts.windows(2).map(|two| bytes[two[0]..two[1]].to_vec()).collect()
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

        /// Nothing that somebody sends breaks the framing, and where it is cut on its way changes nothing.
        #[test]
        fn framing_does_not_depend_on_how_bytes_arrive(
            parts in proptest::collection::vec(proptest::prop_oneof![
                proptest::strategy::Just(b"POST /a HTTP/1.1\r\n".to_vec()),
                proptest::strategy::Just(b"Content-Length: 3\r\n\r\nabc".to_vec()),
                proptest::strategy::Just(b"Transfer-Encoding: chunked\r\n\r\n".to_vec()),
                proptest::strategy::Just(b"4;x=y\r\nabcd\r\n0\r\nT: 1\r\n\r\n".to_vec()),
                proptest::strategy::Just(b"ffffffffffffffff\r\n".to_vec()),
                proptest::strategy::Just(b"\r\n\r\n".to_vec()),
                proptest::collection::vec(proptest::num::u8::ANY, 0..40),
            ], 0..12),
            cuts in proptest::collection::vec(proptest::num::usize::ANY, 0..8),
        ) {
            let bytes = parts.concat();
            proptest::prop_assert_eq!(messages(pieces(&bytes, &cuts)), messages(vec![bytes]));
        }

        /// A body that is passed on is the one that would have been read.
        #[test]
        fn what_passes_is_what_is_read(
            chunks in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 1..300), 0..6),
            cuts in proptest::collection::vec(proptest::num::usize::ANY, 0..8),
        ) {
            let mut bytes = Vec::new();
            for chunk in &chunks {
                bytes.extend(format!("{:x}\r\n", chunk.len()).bytes().chain(chunk.iter().copied()).chain(*b"\r\n"));
            }
            bytes.extend(b"0\r\n\r\n");
            let ((mut client, mut from), (server, mut to)) = (pair(), pair());
            let parts = pieces(&bytes, &cuts);
            let writer = std::thread::spawn(move || parts.iter().for_each(|piece| client.write_all(piece).unwrap()));
            from.pass(&mut to, Vec::new(), Length::Chunked).unwrap();
            writer.join().unwrap();
            let read = Wire::new(server).unwrap().body(Length::Chunked, 1 << 16).unwrap();
            proptest::prop_assert_eq!(read, chunks.concat());
        }
    }
}
