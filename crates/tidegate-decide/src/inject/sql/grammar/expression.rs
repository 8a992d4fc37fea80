//! Values, calls and what joins them.

use super::words::{is_clause, is_comparison, is_dangerous, is_logic, is_package};
use super::{Lexer, Query, Shape, Token};
use crate::bytes;
use crate::inject::Purse;

impl<'a> Query<'a> {
    /// Terms joined by operators. True if there was at least one.
    pub(super) fn expression(&mut self, shape: &mut Shape, depth: u8) -> bool {
        while matches!(self.peek(), Token::Word(b"not") | Token::Operator(b"!" | b"-" | b"~" | b"+")) {
            self.next();
        }
        let mut read = self.lexer.rest();
        let Some(mut left) = self.value(shape, depth) else { return false };
        let mut first = true;
        loop {
            let left_text = read.get(..read.len() - self.lexer.rest().len()).unwrap_or_default();
            let compares = match self.peek() {
                Token::Operator(b"=" | b"<" | b">" | b"<>" | b"!=" | b"<=" | b">=" | b"==" | b"<=>") => true,
                Token::Word(word) if is_comparison(word) || word == b"not" => true,
                Token::Operator(b"||" | b"&&" | b"|" | b"&") if depth == 0 => return true,
                Token::Operator(_) => false,
                _ => return true,
            };
            let is = self.next() == Token::Word(b"is");
            let mut null = false;
            while matches!(
                self.peek(),
                Token::Word(b"not" | b"like" | b"null" | b"in" | b"binary")
                    | Token::Operator(b"-" | b"~" | b"+")
            ) {
                null |= self.next() == Token::Word(b"null");
            }
            // `is null` has no right side.
            shape.comparison |= is && null;
            read = self.lexer.rest();
            let Some(right) = self.value(shape, depth) else {
                shape.literal = false;
                return true;
            };
            shape.literal = false;
            if compares {
                shape.comparison = true;
                let right_text = read.get(..read.len() - self.lexer.rest().len()).unwrap_or_default();
                // `rownum=rownum` is as true as `1=1`; a call against a string asks the database.
                let same = left == Kind::Name
                    && right == Kind::Name
                    && right_text.trim_ascii() == left_text.trim_ascii();
                shape.literal_comparison |= same
                    || left == Kind::Call && right == Kind::Text && !shape.open
                    || left.is_literal() && right.is_literal() && (first || right == Kind::Text);
            }
            left = right;
            first = false;
        }
    }

    /// One operand.
    pub(super) fn value(&mut self, shape: &mut Shape, depth: u8) -> Option<Kind> {
        let before = *self;
        match self.next() {
            Token::Number => {
                shape.literal = true;
                // `1.e(1)`
                if self.lexer.rest().first() == Some(&b'(') {
                    self.next();
                    self.take(Token::Number);
                    self.take(Token::Close);
                }
                Some(Kind::Number)
            }
            Token::Text(closed) => {
                shape.literal = true;
                shape.open = !closed;
                Some(Kind::Text)
            }
            Token::Variable => Some(Kind::Name),
            Token::Open => {
                if depth < 12 {
                    self.inside(shape, depth)
                } else {
                    None
                }
            }
            Token::Word(b"select") => {
                shape.select |= self.columns();
                Some(Kind::Call)
            }
            Token::Word(b"case") => {
                shape.select |= self.word(b"when");
                Some(Kind::Call)
            }
            Token::Word(b"exists") => {
                let mut inner = *self;
                while inner.take(Token::Open) {}
                shape.select |= inner.word(b"select");
                *self = inner;
                Some(Kind::Call)
            }
            Token::Word(b"true" | b"false" | b"null") => {
                shape.literal = true;
                Some(Kind::Number)
            }
            Token::Word(name) if is_logic(name) || is_clause(name) => {
                *self = before;
                None
            }
            Token::Word(name) => {
                if self.take(Token::Open) {
                    if is_dangerous(name) && self.arguments() || name.contains(&b'.') && is_package(name) {
                        shape.known_call = true;
                    }
                    if depth < 12 {
                        while self.expression(shape, depth + 1)
                            && (self.take(Token::Comma)
                                || self.take(Token::Word(b"as"))
                                || self.take(Token::Word(b"from")))
                        {}
                        self.take(Token::Close);
                    }
                    shape.literal = false;
                    return Some(Kind::Call);
                }
                Some(Kind::Name)
            }
            _ => {
                *self = before;
                None
            }
        }
    }

    /// After an opening parenthesis.
    pub(super) fn inside(&mut self, shape: &mut Shape, depth: u8) -> Option<Kind> {
        if self.word(b"select") {
            shape.select |= self.columns();
            return Some(Kind::Call);
        }
        let mut kind = None;
        let start = *self;
        let mut inner = Shape::default();
        if self.expression(&mut inner, depth + 1) {
            kind = Some(if inner.comparison { Kind::Call } else { Kind::Number });
            loop {
                match self.peek() {
                    Token::Comma => {}
                    Token::Word(word) if is_logic(word) => {}
                    Token::Operator(b"||" | b"&&" | b"|" | b"&") => {}
                    _ => break,
                }
                self.next();
                if !self.expression(&mut inner, depth + 1) {
                    break;
                }
            }
        } else {
            *self = start;
        }
        let literal = inner.literal && !inner.comparison;
        shape.select |= inner.select;
        shape.known_call |= inner.known_call;
        shape.comparison |= inner.comparison;
        shape.literal_comparison |= inner.literal_comparison;
        shape.open |= inner.open;
        shape.literal = literal;
        self.take(Token::Close);
        if kind == Some(Kind::Number) && !literal { Some(Kind::Name) } else { kind }
    }

    /// True if the arguments are such as an attack would give: `sleep(5)`, not `sleep(well)`.
    pub(super) fn arguments(&self) -> bool {
        let mut ahead = *self;
        match ahead.next() {
            Token::Number | Token::Text(_) | Token::Variable | Token::Open | Token::Operator(_) => true,
            Token::Word(word) => {
                word == b"select" || matches!(ahead.next(), Token::Open | Token::Comma | Token::Operator(_))
            }
            _ => false,
        }
    }

    pub(super) fn literal_or_call(&self) -> bool {
        let mut ahead = *self;
        match ahead.next() {
            Token::Number | Token::Text(_) | Token::Variable | Token::Open => true,
            Token::Word(_) => ahead.next() == Token::Open,
            _ => false,
        }
    }

    /// `sleep(` and its like before the parenthesis at `open`, where a query would have it.
    pub(in super::super) fn call_before(
        lower: &'a [u8],
        open: usize,
        purse: &'a Purse,
    ) -> Option<&'static str> {
        let before = lower.get(..open)?;
        // Brackets in brackets, and calls of nothing.
        let named = before.last().is_some_and(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b' ' | b'\t' | b'\n' | b'\r')
        });
        let begins = || {
            let inside = Lexer::new(lower, open + 1, purse).first();
            matches!(inside, Some(b's' | b'/' | b'-' | b'#' | b'*' | b'`' | b'['))
        };
        if !named && !begins() {
            return None;
        }
        static NAME: [bool; 256] = bytes::table(b"abcdefghijklmnopqrstuvwxyz0123456789_.");
        let near = bytes::trim_end(before.get(before.len().saturating_sub(48)..)?, &bytes::BLANK);
        let head = bytes::trim_end(near, &NAME);
        let name = near.get(head.len()..)?;
        // None of the names below is so short.
        if name.len() == 1 {
            return None;
        }
        if name.is_empty() && !begins() {
            return None;
        }
        if name == b"select" || name.is_empty() {
            // `=(select`, `,(select`, `select(`: a query where a value belongs.
            let head = if name.is_empty() { near } else { head };
            let mut query = Query::new(Lexer::new(lower, open + 1, purse));
            let selects = if name.is_empty() {
                query.word(b"select") && query.columns()
            } else {
                query.literal_or_call()
            };
            return (selects && leads(head)).then_some("a query where a value belongs");
        }
        if !is_dangerous(name) && !is_package(name) {
            return None;
        }
        // `libc-bin (2.36-9)` is a package and its version.
        if before.last() == Some(&b' ') && head.last() == Some(&b'-') {
            return None;
        }
        let mut query = Query::new(Lexer::new(lower, open + 1, purse));
        // Programs and spreadsheets have conditions as well.
        if matches!(name, b"if" | b"iif") {
            let mut shape = Shape::default();
            let acts = query.expression(&mut shape, 1)
                && (shape.literal_comparison || shape.known_call || shape.select);
            return (acts && leads(head)).then_some("a call that delays, reads or breaks");
        }
        ((leads(head) || is_package(name)) && query.arguments())
            .then_some("a call that delays, reads or breaks")
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Number,
    Text,
    Name,
    Call,
}

impl Kind {
    pub(super) fn is_literal(self) -> bool {
        matches!(self, Self::Number | Self::Text)
    }
}

/// True if what stands before a call leads to it in a query, and not in prose or a program.
fn leads(head: &[u8]) -> bool {
    let head = head.trim_ascii_end();
    match head.last() {
        Some(b'=' | b',' | b'|' | b'&' | b'<' | b'>' | b'+' | b'*' | b'/' | b'\'' | b'"' | b'-' | b'(') => {
            // `f(g(x))` is a program; an opening parenthesis must itself be led to.
            // A spreadsheet's formula begins with one of these.
            let formula = head.len() == 1 && matches!(head, [b'=' | b'+' | b'-']);
            !formula
                && (head.last() != Some(&b'(')
                    || head.len() == 1
                    || leads(head.get(..head.len() - 1).unwrap_or_default()))
        }
        Some(_) => {
            let length = head.iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
            let word = head.get(head.len() - length..).unwrap_or_default();
            [&b"or"[..], b"and", b"xor", b"where", b"select", b"having", b"when", b"rlike", b"regexp", b"not"]
                .contains(&word)
                && head.len() > length
        }
        None => false,
    }
}
