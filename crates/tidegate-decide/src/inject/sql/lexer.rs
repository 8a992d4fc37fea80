//! Tokens of SQL, on demand, dialects together.
//!
//! Every token is bounded in length and paid for, so that reading a few tokens from many places of a long text stays
//! linear.

use crate::bytes;
use crate::inject::Purse;

/// One token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// A bare or quoted name, or a keyword, in lower case. Dots belong to it: `dbms_lock.sleep`.
    Word(&'a [u8]),
    /// A number of any notation.
    Number,
    /// A string; false if it isn't closed.
    Text(bool),
    /// `@x`, `@@x`, `:x`, `?`
    Variable,
    /// An operator: arithmetic, comparison, concatenation.
    Operator(&'a [u8]),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A comment that runs to the end of the text, or of the line.
    Rest,
    /// Nothing that SQL knows.
    Other,
    /// The end.
    End,
}

/// Reads tokens from a place in a text that is in lower case.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    /// Nothing follows once it is empty.
    purse: &'a Purse,
}

/// The longest string or comment that is followed to its end.
const LONGEST: usize = 2048;
/// How far a comment is looked for that may be an end.
const NEAR: usize = 512;
/// The most that a line is taken to be indented by.
const INDENT: usize = 32;
/// The longest word.
const WORD: usize = 64;

/// What names are made of.
static PART: [bool; 256] = {
    let mut table = bytes::table(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$`");
    let (_, high) = table.split_at_mut(128);
    let mut rest: &mut [bool] = high;
    while let [first, more @ ..] = rest {
        *first = true;
        rest = more;
    }
    table
};

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8], at: usize, purse: &'a Purse) -> Self {
        Self { text, at, purse }
    }

    pub(super) fn at(self) -> usize {
        self.at
    }

    /// The first byte that isn't blank.
    pub(super) fn first(self) -> Option<u8> {
        self.rest().iter().find(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r')).copied()
    }

    /// The letters at the next place that isn't blank, if it is a letter and they are all of the word.
    pub(super) fn bare_word(self) -> Option<&'a [u8]> {
        let rest = self.rest().trim_ascii_start();
        let length = rest.iter().take(WORD).take_while(|b| b.is_ascii_lowercase() || **b == b'_').count();
        let glued = rest
            .get(length)
            .is_some_and(|b| b.is_ascii_digit() || matches!(b, b'.' | b'$' | b'`' | b'\'' | 0x80..));
        if glued { None } else { rest.get(..length) }
    }

    /// A semicolon and then a comment.
    pub(super) fn is_end_with_comment(self) -> bool {
        let rest = self.rest().trim_ascii_start();
        matches!(rest, [b';', b'-', b'-', ..])
    }

    /// An operator, and behind it what a value may begin with; or a comment. Markup closes its quotes before a bracket, and
    /// another one opens behind that.
    pub(super) fn leads_to_a_value(self) -> bool {
        let mut rest = self.rest().trim_ascii_start();
        if matches!(rest, [b'>', b'<', ..] | [b'/', b'>', ..]) {
            return false;
        }
        for _ in 0..4 {
            rest = match rest {
                [b'-', b'-', ..] | [b'/', b'*', ..] => return true,
                [b'=' | b'<' | b'>' | b'!' | b'+' | b'*' | b'^' | b'~' | b'-' | b'/', more @ ..] => more,
                _ => break,
            };
        }
        match rest.trim_ascii_start().first() {
            None | Some(b'<' | b'>' | b';' | b',' | b')' | b']' | b'{' | b'}' | b'=' | b'/') => {
                rest.starts_with(b"/*")
            }
            Some(_) => true,
        }
    }

    /// The same text, as if it ended with the first comment from here that a line's end closes. One at the start of its
    /// line is none: letters are signed so, and headings are written so.
    pub(super) fn ended(self) -> Option<Self> {
        self.ended_after(self)
    }

    /// The same with the first such comment behind the end of another reading.
    pub(super) fn ended_after(self, other: Self) -> Option<Self> {
        let from = if other.text.len() < self.text.len() { other.text.len() } else { self.at };
        let near = self.text.get(from..(self.at + NEAR).min(self.text.len()))?;
        self.pay(8 + i64::try_from(near.len() / 32).unwrap_or(i64::MAX));
        let mark = memchr::memchr2_iter(b'-', b'#', near).find(|at| {
            self.pay(4);
            let is_comment = matches!(near.get(*at..), Some([b'-', b'-', ..] | [b'#', ..]));
            let before = self.text.get((from + at).saturating_sub(INDENT)..from + at).unwrap_or_default();
            let last = before.iter().rev().find(|b| !matches!(b, b' ' | b'\t'));
            is_comment && last.is_some_and(|b| *b != b'\n')
        })?;
        let line = memchr::memchr(b'\n', near.get(mark..)?)?;
        Some(Self { text: self.text.get(..from + mark + line)?, ..self })
    }

    /// What was read last is a number with its operator right before it: `>0`.
    pub(super) fn is_packed_number(self) -> bool {
        let read = self.text.get(..self.at).unwrap_or_default().trim_ascii_end();
        let digits = read.iter().rev().take(16).take_while(|b| b.is_ascii_digit()).count();
        let before = read.len().checked_sub(digits + 1).and_then(|at| read.get(at));
        digits > 0 && matches!(before, Some(b'=' | b'<' | b'>'))
    }

    /// Pays for more than its tokens.
    pub(super) fn pay(self, steps: i64) {
        self.purse.spend(steps);
    }

    /// The next token without taking it.
    pub(super) fn peek(self) -> Token<'a> {
        let mut ahead = self;
        ahead.next()
    }

    /// Takes the next token if it is this word.
    pub(super) fn word(&mut self, word: &[u8]) -> bool {
        if !self.may_be(word.first().copied().unwrap_or_default(), true) {
            return false;
        }
        let mut ahead = *self;
        if ahead.next() == Token::Word(word) {
            *self = ahead;
            return true;
        }
        false
    }

    /// Takes the next token if it is this one.
    pub(super) fn take(&mut self, token: Token<'_>) -> bool {
        let first = match token {
            Token::Open => b'(',
            Token::Close => b')',
            Token::Comma => b',',
            Token::Semicolon => b';',
            Token::Operator(sign) => sign.first().copied().unwrap_or_default(),
            _ => 0,
        };
        if first != 0 && !self.may_be(first, false) {
            return false;
        }
        let mut ahead = *self;
        if ahead.next() == token {
            *self = ahead;
            return true;
        }
        false
    }

    /// Whether the next token may begin with a byte: what it does begin with rules most tokens out, blanks and comments
    /// aside.
    fn may_be(self, first: u8, name: bool) -> bool {
        match self.rest().first() {
            None => false,
            Some(b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0xa0 | 0 | b'/' | b'*' | b'-' | b'#') => true,
            Some(b'`' | b'[') => name,
            Some(byte) => *byte == first,
        }
    }

    pub(super) fn next(&mut self) -> Token<'a> {
        if self.purse.is_empty() {
            return Token::End;
        }
        let start = self.at;
        let token = self.token();
        let length = i64::try_from(self.at.saturating_sub(start)).unwrap_or(i64::MAX);
        // Names are read byte by byte; strings and comments are skipped by many bytes at once.
        let bytes = if matches!(token, Token::Word(_)) { length / 2 } else { length / 8 };
        let setup = if matches!(token, Token::Text(_)) { 16 } else { 8 };
        self.purse.spend(setup + bytes);
        token
    }

    fn token(&mut self) -> Token<'a> {
        if let Some(rest) = self.skip_blank() {
            return rest;
        }
        let Some(&first) = self.rest().first() else { return Token::End };
        match first {
            b'\'' | b'"' => self.string(first),
            b'`' | b'[' => self.quoted_name(first),
            b'(' => self.one(Token::Open),
            b')' => self.one(Token::Close),
            b',' => self.one(Token::Comma),
            b';' => self.one(Token::Semicolon),
            b'0'..=b'9' => self.number(),
            b'.' if self.rest().get(1).is_some_and(u8::is_ascii_digit) => self.number(),
            b'@' | b':' | b'?' | b'$' => self.variable(),
            b'a'..=b'z' | b'_' | 0x80.. => self.name(),
            b'=' | b'<' | b'>' | b'!' | b'+' | b'-' | b'*' | b'/' | b'%' | b'|' | b'&' | b'^' | b'~' => {
                self.operator()
            }
            _ => self.one(Token::Other),
        }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn one(&mut self, token: Token<'a>) -> Token<'a> {
        self.at += 1;
        token
    }

    /// White space and comments; a comment that nothing follows is a token.
    fn skip_blank(&mut self) -> Option<Token<'a>> {
        let start = self.at;
        let (from, to) = self.purse.gap.get();
        if from == start && to <= self.text.len() {
            self.at = to.max(start);
        }
        loop {
            let rest = self.rest();
            match rest {
                [b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0xa0 | 0, ..] => self.at += 1,
                // MySQL runs what stands in here.
                [b'/', b'*', b'!', more @ ..] => {
                    self.at += 3 + more.iter().take(6).take_while(|b| b.is_ascii_digit()).count();
                }
                [b'/', b'*', more @ ..] => {
                    let near = more.get(..LONGEST).unwrap_or(more);
                    // Where there are many they are short, and looking far gains nothing.
                    let short = near.get(..16).unwrap_or(near).windows(2).position(|pair| pair == b"*/");
                    let end = || memchr::memchr_iter(b'*', near).find(|at| near.get(at + 1) == Some(&b'/'));
                    match short.or_else(end) {
                        Some(end) => self.at += end + 4,
                        None => return Some(Token::Rest),
                    }
                }
                [b'*', b'/', ..] => self.at += 2,
                [b'-', b'-', ..] | [b'#', ..] => {
                    // A line comment may hide a line break from a guard and the rest of the query from nobody.
                    let near = rest.get(..LONGEST).unwrap_or(rest);
                    match memchr::memchr(b'\n', near) {
                        Some(end) => self.at += end + 1,
                        None => return Some(Token::Rest),
                    }
                }
                _ => break,
            }
        }
        if self.at - start > 16 {
            self.purse.gap.set((start, self.at));
        }
        None
    }

    fn string(&mut self, quote: u8) -> Token<'a> {
        let inside = self.text.get(self.at + 1..).unwrap_or_default();
        let mut near = inside.get(..LONGEST).unwrap_or(inside);
        let mut length = 0;
        while let Some(end) = memchr::memchr(quote, near) {
            let escaped = end > 0 && near.get(end - 1) == Some(&b'\\') || near.get(end + 1) == Some(&quote);
            let step = end + 1 + usize::from(near.get(end + 1) == Some(&quote));
            length += step;
            if !escaped {
                self.at += 1 + length;
                return Token::Text(true);
            }
            near = near.get(step..).unwrap_or_default();
        }
        self.at = self.text.len().min(self.at + 1 + LONGEST);
        Token::Text(false)
    }

    fn quoted_name(&mut self, open: u8) -> Token<'a> {
        let close = if open == b'[' { b']' } else { b'`' };
        let inside = self.text.get(self.at + 1..).unwrap_or_default();
        let near = inside.get(..WORD).unwrap_or(inside);
        match memchr::memchr(close, near) {
            Some(end) => {
                self.at += end + 2;
                Token::Word(near.get(..end).unwrap_or_default())
            }
            None => self.one(Token::Other),
        }
    }

    fn name(&mut self) -> Token<'a> {
        let rest = self.rest();
        let part = |b: &u8| PART.get(usize::from(*b)).copied().unwrap_or_default();
        let length = rest.iter().take(WORD).take_while(|b| part(b)).count();
        let word = rest.get(..length).unwrap_or_default();
        self.at += length;
        // N'...', X'...', B'...', E'...': the letter belongs to the string.
        if let ([letter], [b'\'', digit, ..]) = (word, self.rest()) {
            let fits = match letter {
                b'n' | b'e' => true,
                b'x' => digit.is_ascii_hexdigit() || *digit == b'\'',
                b'b' => matches!(digit, b'0' | b'1' | b'\''),
                _ => false,
            };
            if fits {
                return self.string(b'\'');
            }
        }
        Token::Word(word)
    }

    fn number(&mut self) -> Token<'a> {
        let rest = self.rest();
        let hex = rest.starts_with(b"0x") && rest.get(2).is_some_and(u8::is_ascii_hexdigit);
        let part = |b: &u8| b.is_ascii_digit() || *b == b'.' || hex && (b.is_ascii_hexdigit() || *b == b'x');
        let length = rest.iter().take(LONGEST).take_while(|b| part(b)).count();
        self.at += length;
        if let [b'e', b'0'..=b'9', ..] = self.rest() {
            self.at += 1 + self.rest().iter().skip(1).take(5).take_while(|b| b.is_ascii_digit()).count();
        }
        // MySQL takes `1.e(1)` for a number.
        if matches!(self.rest(), [b'e', b'(', ..]) && rest.get(length - 1) == Some(&b'.') {
            self.at += 1;
        }
        // `2nd` and `5cm` are no numbers; `1or` is how SQL may be packed.
        let tail = self.rest();
        let glued = tail.iter().take(WORD).take_while(|b| b.is_ascii_alphanumeric()).count();
        let glued = tail.get(..glued).unwrap_or_default();
        if glued.is_empty() || [&b"or"[..], b"and", b"union", b"div", b"xor", b"like", b"in"].contains(&glued)
        {
            Token::Number
        } else {
            self.at += glued.len();
            Token::Other
        }
    }

    fn variable(&mut self) -> Token<'a> {
        let rest = self.rest();
        if rest.starts_with(b"::") {
            self.at += 2;
            return Token::Operator(b"::");
        }
        let signs = rest.iter().take(2).take_while(|b| matches!(b, b'@' | b':' | b'?' | b'$')).count();
        let part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
        let name = rest.iter().skip(signs).take(WORD).take_while(part).count();
        self.at += signs + name;
        if name == 0 && rest.first() != Some(&b'?') { Token::Other } else { Token::Variable }
    }

    fn operator(&mut self) -> Token<'a> {
        let rest = self.rest();
        let length = match rest {
            [b'<', b'=', b'>', ..] => 3,
            [b'|', b'|', ..] | [b'&', b'&', ..] | [b'!' | b'=', b'=', ..] => 2,
            [b'<', b'>' | b'=' | b'<', ..] | [b'>', b'=' | b'>', ..] => 2,
            _ => 1,
        };
        self.at += length;
        Token::Operator(rest.get(..length).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        let purse = Purse::new(10_000);
        let mut lexer = Lexer::new(text.as_bytes(), 0, &purse);
        let mut all = Vec::new();
        loop {
            let token = lexer.next();
            match token {
                Token::Word(w) => all.push(String::from_utf8_lossy(w).into_owned()),
                Token::Operator(o) => all.push(String::from_utf8_lossy(o).into_owned()),
                Token::End => break,
                Token::Rest => {
                    all.push("rest".into());
                    break;
                }
                other => all.push(format!("{other:?}")),
            }
        }
        all
    }

    #[test]
    fn operators_that_a_value_follows() {
        let purse = Purse::new(10_000);
        let leads = |text: &str| Lexer::new(text.as_bytes(), 0, &purse).leads_to_a_value();
        for text in ["= 1", "='", "<>x", "--", "/*x*/", "=/**/1", "+(select", "- -1", "=@x", "!= 'a"] {
            assert!(leads(text), "{text}");
        }
        for text in ["><a b='", ">", "/>", "=", ">;", "=>", "> </td>", "+}"] {
            assert!(!leads(text), "{text}");
        }
    }

    #[test]
    fn what_a_query_is_made_of() {
        assert_eq!(
            tokens("1 or/**/'a''b'=x'0f'--"),
            ["Number", "or", "Text(true)", "=", "Text(true)", "rest"]
        );
        assert_eq!(tokens("/*!50000union*/ select @@version"), ["union", "select", "Variable"]);
        assert_eq!(tokens("0x41,`a b`.c 'open"), ["Number", "Comma", "a b", "Other", "c", "Text(false)"]);
        assert_eq!(tokens("a -- b\n or 1"), ["a", "or", "Number"]);
        assert_eq!(tokens("2nd 5cm 1or"), ["Other", "Other", "Number", "or"]);
    }
}
