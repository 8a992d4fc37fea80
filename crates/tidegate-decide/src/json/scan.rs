//! The tokenizer.

use super::{Kind, Node, Tape, text};
use crate::bytes;

/// How far reading goes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Arrays and objects in each other.
    pub depth: usize,
    /// Characters of one number.
    pub number: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 64, number: 512 }
    }
}

/// Well-formed, but parsers disagree about it or choke on it. With the offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// One object has one key twice, escapes seen through.
    DuplicateKey(usize),
    /// A surrogate without its other half.
    LoneSurrogate(usize),
    /// Bytes that are no UTF-8.
    InvalidUtf8(usize),
    /// A number that is infinite in floating point, or longer than the limit.
    Number(usize),
}

/// Where the text stops being JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Not JSON from this offset on.
    Syntax(usize),
    /// Deeper than the limit at this offset.
    Depth(usize),
}

/// An array or object that is still open.
#[derive(Debug)]
pub(super) struct Open {
    node: u32,
    object: bool,
    /// Where its keys begin in [`Tape::keys`].
    keys: usize,
}

/// A key by its hash, to find it again in its object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    hash: u64,
    node: u32,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Value,
    /// Directly after `[`: a value or the end.
    ValueOrEnd,
    Key,
    /// Directly after `{`: a key or the end.
    KeyOrEnd,
    CommaOrEnd,
    Nothing,
}

pub(super) fn read(tape: &mut Tape, text: &[u8], limits: &Limits) -> Result<(), Malformed> {
    tape.nodes.clear();
    tape.flaws.clear();
    tape.open.clear();
    tape.keys.clear();
    if u32::try_from(text.len()).is_err() {
        return Err(Malformed::Syntax(0));
    }
    if let Err(error) = std::str::from_utf8(text) {
        tape.flaws.push(Flaw::InvalidUtf8(error.valid_up_to()));
    }
    Scan { tape, text, at: 0, limits }.run()
}

struct Scan<'a> {
    tape: &'a mut Tape,
    text: &'a [u8],
    at: usize,
    limits: &'a Limits,
}

impl Scan<'_> {
    fn run(&mut self) -> Result<(), Malformed> {
        let mut expect = Expect::Value;
        loop {
            self.skip_space();
            let Some(byte) = self.peek() else {
                return if expect == Expect::Nothing { Ok(()) } else { Err(self.wrong()) };
            };
            expect = match (expect, byte) {
                (Expect::Nothing, _) => return Err(self.wrong()),
                (Expect::ValueOrEnd, b']') | (Expect::KeyOrEnd, b'}') => self.close(byte)?,
                (Expect::CommaOrEnd, b']' | b'}') => self.close(byte)?,
                (Expect::CommaOrEnd, b',') => {
                    self.at += 1;
                    if self.in_object() { Expect::Key } else { Expect::Value }
                }
                (Expect::Key | Expect::KeyOrEnd, b'"') => {
                    self.key()?;
                    Expect::Value
                }
                (Expect::Value | Expect::ValueOrEnd, b'{') => self.open(Kind::Object)?,
                (Expect::Value | Expect::ValueOrEnd, b'[') => self.open(Kind::Array)?,
                (Expect::Value | Expect::ValueOrEnd, _) => {
                    self.scalar(byte)?;
                    self.after_value()
                }
                _ => return Err(self.wrong()),
            };
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self) -> Malformed {
        Malformed::Syntax(self.at)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn in_object(&self) -> bool {
        self.tape.open.last().is_some_and(|open| open.object)
    }

    fn after_value(&self) -> Expect {
        if self.tape.open.is_empty() { Expect::Nothing } else { Expect::CommaOrEnd }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "read refuses text beyond u32, and there are fewer nodes than bytes"
    )]
    fn push(&mut self, kind: Kind, escaped: bool, start: usize, end: usize) -> u32 {
        let index = self.tape.nodes.len() as u32;
        self.tape.nodes.push(Node {
            kind,
            escaped,
            key: false,
            start: start as u32,
            end: end as u32,
            next: index + 1,
        });
        index
    }

    fn open(&mut self, kind: Kind) -> Result<Expect, Malformed> {
        if self.tape.open.len() >= self.limits.depth {
            return Err(Malformed::Depth(self.at));
        }
        let node = self.push(kind, false, self.at, self.at);
        let keys = self.tape.keys.len();
        self.tape.open.push(Open { node, object: kind == Kind::Object, keys });
        self.at += 1;
        Ok(if kind == Kind::Object { Expect::KeyOrEnd } else { Expect::ValueOrEnd })
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "read refuses text beyond u32, and there are fewer nodes than bytes"
    )]
    fn close(&mut self, byte: u8) -> Result<Expect, Malformed> {
        let object = self.in_object();
        let Some(open) = self.tape.open.pop().filter(|_| object == (byte == b'}')) else {
            return Err(self.wrong());
        };
        self.at += 1;
        let next = self.tape.nodes.len() as u32;
        if let Some(node) = self.tape.nodes.get_mut(open.node as usize) {
            node.end = self.at as u32;
            node.next = next;
        }
        self.duplicates(open.keys);
        self.tape.keys.truncate(open.keys);
        Ok(self.after_value())
    }

    fn key(&mut self) -> Result<(), Malformed> {
        let node = self.string()?;
        let mut hash = 0;
        self.with_value(node, |value| hash = spread(value));
        self.tape.keys.push(Key { hash, node });
        if let Some(node) = self.tape.nodes.get_mut(node as usize) {
            node.key = true;
        }
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.wrong());
        }
        self.at += 1;
        Ok(())
    }

    /// Finds a key that the object which just ended has twice. Sorting keeps it linear but for a logarithm, whatever the keys.
    fn duplicates(&mut self, from: usize) {
        let Some(keys) = self.tape.keys.get_mut(from..).filter(|k| k.len() > 1) else { return };
        keys.sort_unstable_by_key(|k| (k.hash, k.node));
        let mut equal: Vec<(u32, u32)> = Vec::new();
        for (a, b) in keys.iter().zip(keys.iter().skip(1)) {
            if a.hash == b.hash {
                equal.push((a.node, b.node));
            }
        }
        // Hashes alone are no proof; keys that collide without being equal are as good as impossible to make by chance, and
        // whoever makes them on purpose may be refused.
        for (_, second) in equal {
            let at = self.tape.nodes.get(second as usize).map_or(0, |n| n.start as usize);
            self.flaw(Flaw::DuplicateKey(at));
        }
    }

    /// Writes down the first few: a document with more is not refused any harder.
    fn flaw(&mut self, flaw: Flaw) {
        if self.tape.flaws.len() < 16 {
            self.tape.flaws.push(flaw);
        }
    }

    fn with_value(&self, node: u32, f: impl FnOnce(&[u8])) {
        let Some(node) = self.tape.nodes.get(node as usize) else { return };
        let raw = self.text.get(node.start as usize..node.end as usize).unwrap_or_default();
        if !node.escaped {
            return f(raw);
        }
        let mut value = Vec::with_capacity(raw.len());
        text::unescape(raw, &mut value);
        f(&value);
    }

    fn scalar(&mut self, byte: u8) -> Result<(), Malformed> {
        match byte {
            b'"' => self.string().map(drop),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word(b"true", Kind::Bool),
            b'f' => self.word(b"false", Kind::Bool),
            b'n' => self.word(b"null", Kind::Null),
            _ => Err(self.wrong()),
        }
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Result<(), Malformed> {
        if !self.rest().starts_with(word) {
            return Err(self.wrong());
        }
        let start = self.at;
        self.at += word.len();
        self.push(kind, false, start, self.at);
        Ok(())
    }

    fn string(&mut self) -> Result<u32, Malformed> {
        let start = self.at + 1;
        let mut at = start;
        let mut escaped = false;
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            let Some((eight, far)) = rest.split_first_chunk::<8>() else { break };
            let Some(end) = bytes::end_of_text(*eight) else {
                at += 8 + bytes::plain_text(far);
                continue;
            };
            at += end;
            if eight.get(end) != Some(&b'\\') {
                return self.ended(start, at, escaped);
            }
            escaped = true;
            at = self.escapes(at)?;
        }
        while let Some(byte) = self.text.get(at) {
            match byte {
                b'\\' => {
                    escaped = true;
                    at = self.escape(at)?;
                }
                b'"' | 0..0x20 => return self.ended(start, at, escaped),
                _ => at += 1,
            }
        }
        Err(Malformed::Syntax(self.text.len()))
    }

    /// Steps over the escape at `at`, and over those that stand close behind it: looking at eight bytes for each of them would
    /// take longer than looking at each byte once.
    fn escapes(&mut self, at: usize) -> Result<usize, Malformed> {
        static OF_A_LETTER: [bool; 256] = bytes::table(b"\"\\/bfnrt");
        static PLAIN: [bool; 256] = plain();
        let mut rest = self.text.get(at..).unwrap_or_default();
        let mut plain = 0;
        while plain < 8 {
            rest = match rest {
                [b'\\', letter, more @ ..] => {
                    if OF_A_LETTER.get(usize::from(*letter)) != Some(&true) {
                        return self.unit(self.text.len() - rest.len());
                    }
                    plain = 0;
                    more
                }
                [byte, more @ ..] if PLAIN.get(usize::from(*byte)) == Some(&true) => {
                    plain += 1;
                    more
                }
                _ => break,
            };
        }
        let next = self.text.len() - rest.len();
        // A backslash at the very end.
        if next == at { self.unit(at) } else { Ok(next) }
    }

    /// Behind the text of a string that began at `start`. Raw control characters are no JSON: the runtime would refuse them
    /// too.
    fn ended(&mut self, start: usize, at: usize, escaped: bool) -> Result<u32, Malformed> {
        if self.text.get(at) != Some(&b'"') {
            return Err(Malformed::Syntax(at));
        }
        self.at = at + 1;
        Ok(self.push(Kind::String, escaped, start, at))
    }

    /// Steps over the escape at `at`.
    #[inline]
    fn escape(&mut self, at: usize) -> Result<usize, Malformed> {
        static OF_A_LETTER: [bool; 256] = bytes::table(b"\"\\/bfnrt");
        match self.text.get(at + 1) {
            Some(letter) if OF_A_LETTER.get(usize::from(*letter)) == Some(&true) => Ok(at + 2),
            _ => self.unit(at),
        }
    }

    /// Steps over the escape of a code unit at `at`, both halves of a pair at once.
    fn unit(&mut self, at: usize) -> Result<usize, Malformed> {
        let tail = self.text.get(at + 1..).unwrap_or_default();
        match tail {
            [b'u', digits @ ..] => {
                let Some((code, rest)) = text::unit(digits) else { return Err(Malformed::Syntax(at)) };
                match (code, rest) {
                    (0xd800..=0xdbff, [b'\\', b'u', more @ ..])
                        if matches!(text::unit(more), Some((0xdc00..=0xdfff, _))) =>
                    {
                        return Ok(at + 12);
                    }
                    (0xd800..=0xdfff, _) => self.flaw(Flaw::LoneSurrogate(at)),
                    _ => {}
                }
                Ok(at + 6)
            }
            _ => Err(Malformed::Syntax(at)),
        }
    }

    fn number(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        let end = number_len(self.rest()).map(|n| start + n).ok_or_else(|| self.wrong())?;
        let text = self.text.get(start..end).unwrap_or_default();
        let infinite = || {
            let value = std::str::from_utf8(text).ok().and_then(|t| t.parse::<f64>().ok());
            value.is_none_or(f64::is_infinite)
        };
        // Up to fifteen characters no number can overflow without an exponent of its own.
        let suspicious = text.len() > 15 || text.contains(&b'e') || text.contains(&b'E');
        if suspicious && (text.len() > self.limits.number || infinite()) {
            self.flaw(Flaw::Number(start));
        }
        self.at = end;
        self.push(Kind::Number, false, start, end);
        Ok(())
    }
}

/// What may stand in a string as it is.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn plain() -> [bool; 256] {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = false;
        byte += 1;
    }
    table[b'"' as usize] = false;
    table[b'\\' as usize] = false;
    table
}

/// Tells keys of one object apart. Two that differ agree by chance once in 2^64 times, so that whoever has such a pair
/// made it: see [`Scan::duplicates`].
fn spread(key: &[u8]) -> u64 {
    let fold = |a: u64, b: u64| {
        let wide = u128::from(a) * u128::from(b);
        (wide >> 64) as u64 ^ wide as u64
    };
    let (words, rest) = key.as_chunks::<8>();
    let mut hash = 0x9e37_79b9_7f4a_7c15 ^ key.len() as u64;
    for word in words {
        hash = fold(hash ^ u64::from_le_bytes(*word), 0xa076_1d64_78bd_642f);
    }
    let last = rest.iter().fold(0_u64, |word, b| word << 8 | u64::from(*b));
    fold(hash ^ last, 0xe703_7ed1_a0b4_28db)
}

/// Length of the number at the start of `text` (RFC 8259, section 6).
fn number_len(text: &[u8]) -> Option<usize> {
    let digits =
        |from: usize| text.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && text.get(at) == Some(&b'0')) {
        return None;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at);
        if exponent == 0 {
            return None;
        }
        at += exponent;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaws(text: &[u8]) -> Vec<Flaw> {
        let mut tape = Tape::default();
        tape.read(text, &Limits::default()).unwrap();
        tape.flaws().to_vec()
    }

    fn error(text: &str) -> Malformed {
        Tape::default().read(text.as_bytes(), &Limits::default()).unwrap_err()
    }

    #[test]
    fn duplicate_keys_are_seen_through_escapes_and_only_within_one_object() {
        assert_eq!(flaws(br#"{"role":1,"r\u006fle":2}"#), [Flaw::DuplicateKey(11)]);
        assert_eq!(flaws(br#"{"a":{"x":1},"b":{"x":2},"x":[{"a":1},{"a":2}]}"#), []);
        assert_eq!(flaws(br#"{"a":1,"A":2}"#), []);
    }

    #[test]
    fn surrogates() {
        assert_eq!(flaws(br#"["\ud83d\ude00"]"#), []);
        assert_eq!(flaws(br#"["\ud800"]"#), [Flaw::LoneSurrogate(2)]);
        assert_eq!(flaws(br#"["\udc00\ud800"]"#), [Flaw::LoneSurrogate(2), Flaw::LoneSurrogate(8)]);
    }

    #[test]
    fn numbers() {
        assert_eq!(flaws(b"[1e400]"), [Flaw::Number(1)]);
        assert_eq!(flaws(b"[1e308, 9007199254740993, -0.5e-7, 0]"), []);
        let long = format!("[0.{}]", "3".repeat(600));
        assert_eq!(flaws(long.as_bytes()), [Flaw::Number(1)]);
        for wrong in ["[01]", "[1.]", "[-]", "[1e]", "[+1]", "[.5]", "[NaN]"] {
            assert!(matches!(error(wrong), Malformed::Syntax(_)), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_json() {
        for wrong in
            ["", "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "[1] 2", "\"a", "\"\n\"", "{1:2}", "[}", "\"\\x\""]
        {
            assert!(matches!(error(wrong), Malformed::Syntax(_)), "{wrong}");
        }
        assert!(matches!(error(&"[".repeat(100)), Malformed::Depth(64)));
    }

    #[test]
    fn invalid_utf8_is_a_flaw_with_a_place() {
        assert_eq!(flaws(b"[\"a\xff\"]"), [Flaw::InvalidUtf8(3)]);
    }
}
