//! JSON as AWS reads it, with places: strict, no comments, no key twice.
//!
//! The readers of templates take YAML and much that only looks like JSON; a policy that AWS refuses must not pass here.

use std::fmt::{self, Write as _};
use tidegate_graph::{Data, Field, FileId, Map, Span, Value};

/// Deeper nesting is refused: no policy needs it.
const DEEPEST: usize = 64;

/// Where and why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The place.
    pub span: Span,
    /// What is wrong there, for people.
    pub message: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Broken {}

/// Reads a whole text as one JSON value.
pub fn parse(file: FileId, text: &str) -> Result<Value, Broken> {
    parse_at(file, 0, text)
}

/// The same for a text that begins at `offset` of its file.
pub fn parse_at(file: FileId, offset: usize, text: &str) -> Result<Value, Broken> {
    let mut parser = Parser { file, offset, text, at: 0 };
    // Editors on Windows put a mark before the text.
    if text.starts_with('\u{feff}') {
        parser.at = '\u{feff}'.len_utf8();
    }
    parser.space();
    if parser.peek().is_none() {
        return Err(parser.broken(parser.at, "the document is empty"));
    }
    let value = parser.value(0)?;
    parser.space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => Err(parser.broken(parser.at, "something follows the document")),
    }
}

struct Parser<'t> {
    file: FileId,
    offset: usize,
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn value(&mut self, depth: usize) -> Result<Value, Broken> {
        let start = self.at;
        match self.peek() {
            _ if depth > DEEPEST => Err(self.broken(start, "the document is nested too deep")),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => {
                let text = self.string()?;
                Ok(Value::text(text.as_ref(), self.span(start)))
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Data::Bool(true)),
            Some(b'f') => self.word("false", Data::Bool(false)),
            Some(b'n') => self.word("null", Data::Null),
            Some(_) => Err(self.broken(start, "this is not JSON")),
            None => Err(self.broken(start, "the document ends too early")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Broken> {
        let start = self.at;
        self.at += 1;
        let mut map = Map::new();
        self.space();
        if self.take(b'}') {
            return Ok(Value::map(map, self.span(start)));
        }
        loop {
            self.space();
            let at = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.broken(at, "a key in quotes was expected"));
            }
            let name = self.string()?;
            let key = self.span(at);
            self.space();
            if !self.take(b':') {
                return Err(self.broken(self.at, "a colon was expected after the key"));
            }
            self.space();
            let value = self.value(depth + 1)?;
            if map.insert_field(name.as_ref(), Field { key, value }).is_some() {
                let message = format!("the key `{name}` stands twice in one object");
                return Err(Broken { span: key, message });
            }
            self.space();
            if self.take(b'}') {
                return Ok(Value::map(map, self.span(start)));
            }
            if !self.take(b',') {
                return Err(self.broken(self.at, "a comma or `}` was expected"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Broken> {
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Value::list(items, self.span(start)));
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                return Ok(Value::list(items, self.span(start)));
            }
            if !self.take(b',') {
                return Err(self.broken(self.at, "a comma or `]` was expected"));
            }
        }
    }

    /// A string, borrowed where nothing in it is escaped.
    fn string(&mut self) -> Result<std::borrow::Cow<'t, str>, Broken> {
        let start = self.at;
        self.at += 1;
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.bytes().position(|b| matches!(b, b'"' | b'\\') || b < 0x20);
        let plain = end.and_then(|end| rest.get(..end)).unwrap_or_default();
        self.at += end.unwrap_or(rest.len());
        if self.take(b'"') {
            return Ok(plain.into());
        }
        let mut out = String::from(plain);
        loop {
            let from = self.at;
            match self.next_char() {
                Some('"') => return Ok(out.into()),
                Some('\\') => out.push(self.escape(from)?),
                Some(c) if c < ' ' => return Err(self.broken(from, "a control character stands in a string")),
                Some(c) => out.push(c),
                None => return Err(self.broken(start, "the string has no end")),
            }
        }
    }

    fn escape(&mut self, from: usize) -> Result<char, Broken> {
        let unknown = self.broken(from, "there is no such escape");
        Ok(match self.next_char() {
            Some(c @ ('"' | '\\' | '/')) => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let first = self.hex().ok_or(unknown.clone())?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first).ok_or(unknown);
                }
                let pair = self.next_char() == Some('\\') && self.next_char() == Some('u');
                let second =
                    self.hex().filter(|n| pair && (0xdc00..0xe000).contains(n)).ok_or(unknown.clone())?;
                char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(unknown)?
            }
            _ => return Err(unknown),
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits =
            self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn number(&mut self) -> Result<Value, Broken> {
        let start = self.at;
        self.take(b'-');
        let whole = self.digits();
        let zero = self.text.get(start..self.at).map(|t| t.trim_start_matches('-'));
        let led = whole > 1 && zero.is_some_and(|t| t.starts_with('0'));
        let mut good = whole > 0 && !led;
        if self.take(b'.') {
            good &= self.digits() > 0;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            good &= self.digits() > 0;
        }
        match self.text.get(start..self.at) {
            Some(text) if good => Ok(Value::number(text, self.span(start))),
            _ => Err(self.broken(start, "this is no number")),
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn word(&mut self, word: &str, data: Data) -> Result<Value, Broken> {
        let start = self.at;
        if !self.text.get(start..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(self.broken(start, "this is not JSON"));
        }
        self.at += word.len();
        Ok(Value::new(data, self.span(start)))
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn next_char(&mut self) -> Option<char> {
        let c = self.text.get(self.at..)?.chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn span(&self, start: usize) -> Span {
        Span::new(self.file, self.offset + start, self.offset + self.at)
    }

    fn broken(&self, at: usize, message: &str) -> Broken {
        let mut message = message.to_string();
        if let Some(c) = self.text.get(at..).and_then(|t| t.chars().next()) {
            let _ = write!(message, ", at `{}`", c.escape_default());
        }
        Broken { span: Span::new(self.file, self.offset + at, self.offset + at + 1), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value, String> {
        parse(FileId(0), text).map_err(|b| b.message)
    }

    #[test]
    fn values_and_their_places() {
        let value =
            read(" {\"a\": [1, -0.5e3, true, null], \"b\": \"x\\n\\u00e4\\ud83d\\ude00\"}\n").unwrap();
        let a = value.get("a").unwrap();
        assert_eq!((a.span.start, a.span.end), (7, 30));
        assert_eq!(value.get("b").and_then(Value::as_str), Some("x\nä😀"));
        assert_eq!(a.as_list().map(<[Value]>::len), Some(4));
    }

    #[test]
    fn what_is_no_json() {
        for text in [
            "",
            "  ",
            "{",
            "[1,]",
            "{\"a\" 1}",
            "{\"a\":1,}",
            "{a:1}",
            "nul",
            "01",
            "-",
            "1.",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"",
            "{} {}",
            "// x\n{}",
            "'a'",
            "\"a\nb\"",
            "{\"a\":1,\"a\":2}",
            "\"\\u12\"",
            "+1",
            "1e",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(read("{\"a\":1,\"a\":2}").unwrap_err(), "the key `a` stands twice in one object");
        assert!(read(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn it_agrees_with_another_reader() {
        for text in ["0", "-1.5E+2", "[]", "{}", "\"\\/\"", "[[[]],{\"\":{}}]", "\"\u{7f}\"", "1.0"] {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok() && read(text).is_ok(), "{text}");
        }
    }
}
