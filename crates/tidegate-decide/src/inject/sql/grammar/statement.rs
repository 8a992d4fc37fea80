//! Statements: what is selected, and from where.

use super::words::{is_clause, is_dangerous, is_privilege};
use super::{Query, Shape, Token};

impl Query<'_> {
    /// After `union`.
    pub(in super::super) fn union(&mut self) -> bool {
        while matches!(self.peek(), Token::Word(b"all" | b"distinct" | b"distinctrow")) {
            self.next();
        }
        while self.take(Token::Open) {}
        if self.word(b"values") {
            self.word(b"row");
            return self.take(Token::Open);
        }
        if self.word(b"table") {
            return matches!(self.next(), Token::Word(_)) && matches!(self.peek(), Token::End | Token::Rest);
        }
        self.word(b"select") && self.columns()
    }

    /// `select percentile(x) from ...`: a function that no database has, as the languages of monitoring have.
    fn asks_no_database(&self) -> bool {
        let mut ahead = *self;
        matches!(ahead.next(), Token::Word(name) if !is_dangerous(name) && name.iter().all(u8::is_ascii_alphabetic))
            && ahead.lexer.rest().first() == Some(&b'(')
            && matches!(ahead.lexer.rest().get(1), Some(b'a'..=b'z' | b'*'))
    }

    /// What a SELECT selects: more than one English word.
    pub(super) fn columns(&mut self) -> bool {
        while let Token::Word(word @ (b"all" | b"distinct" | b"top")) = self.peek() {
            self.next();
            if word == b"top" {
                self.take(Token::Number);
            }
        }
        match self.next() {
            Token::Operator(b"*") | Token::Variable | Token::Open => true,
            Token::Text(_) => !matches!(self.peek(), Token::Word(word) if !is_clause(word)),
            Token::Operator(b"-" | b"+" | b"~" | b"!") => match self.next() {
                Token::Number | Token::Text(_) | Token::Open | Token::Variable => true,
                Token::Word(_) => self.peek() == Token::Open,
                _ => false,
            },
            // `select 2 from each row` is prose, `select 2 from dual` is none: what follows the table tells.
            Token::Number if self.word(b"from") => self.table(),
            Token::Number if self.peek() == Token::Word(b"where") => self.tests(),
            Token::Number => match self.peek() {
                Token::Word(word) => matches!(word, b"union" | b"limit" | b"into" | b"procedure"),
                Token::Number | Token::Other => false,
                _ => true,
            },
            Token::Word(b"null") => true,
            Token::Word(b"case") => {
                self.word(b"when") || matches!(self.next(), Token::Word(_) | Token::Number)
            }
            Token::Word(word) if is_clause(word) => false,
            Token::Word(_) => match self.next() {
                Token::Open => true,
                Token::Word(b"from") => self.table(),
                Token::Word(b"where") => {
                    let mut shape = Shape::default();
                    self.expression(&mut shape, 1) && shape.comparison
                }
                Token::Comma => {
                    // `a, b from c`; a list of words alone is prose.
                    let columns = |t: Token<'_>| {
                        matches!(t, Token::Word(_) | Token::Number | Token::Variable | Token::Text(_))
                    };
                    for _ in 0..16 {
                        match self.next() {
                            Token::Word(b"from") => return self.table(),
                            Token::Open | Token::Rest | Token::Variable | Token::Number => return true,
                            Token::Comma => {}
                            token if columns(token) => {}
                            _ => return false,
                        }
                    }
                    false
                }
                Token::Rest => true,
                _ => false,
            },
            _ => false,
        }
    }

    /// After `from`: a table, and then nothing that only prose has.
    pub(super) fn table(&mut self) -> bool {
        match self.next() {
            Token::Open => true,
            Token::Word(word) => {
                let article = matches!(
                    word,
                    b"a" | b"an" | b"the" | b"your" | b"our" | b"this" | b"that" | b"my" | b"among"
                );
                !article
                    && match self.next() {
                        Token::End
                        | Token::Rest
                        | Token::Semicolon
                        | Token::Comma
                        | Token::Close
                        | Token::Text(_) => true,
                        Token::Word(word) => is_clause(word),
                        Token::Operator(_) | Token::Open => true,
                        _ => false,
                    }
            }
            _ => false,
        }
    }

    /// A statement of its own; `whole` when it stands at the start of the text and not after a semicolon.
    pub(in super::super) fn statement(mut self, whole: bool) -> Option<&'static str> {
        let why = "a statement of its own";
        let ends = |query: &Self| matches!(query.peek(), Token::End | Token::Rest | Token::Semicolon);
        let opened = self.take(Token::Open);
        while self.take(Token::Open) {}
        let Token::Word(verb) = self.next() else { return None };
        let found = match verb {
            b"select" => {
                let named = whole && !opened;
                if named && self.asks_no_database() {
                    return None;
                }
                let columns = self.columns();
                // Someone may well write about "select a, b from c" at the start of a sentence.
                columns && (!named || self.runs_out())
            }
            b"insert" | b"replace" => {
                self.word(b"into")
                    && matches!(self.next(), Token::Word(_))
                    && self.continues(&[b"values", b"select", b"set"])
            }
            b"update" => {
                matches!(self.next(), Token::Word(_))
                    && self.word(b"set")
                    && matches!(self.next(), Token::Word(_))
                    && self.take(Token::Operator(b"="))
                    && (!whole || self.runs_out())
            }
            b"delete" => {
                let mut ahead = self;
                ahead.next();
                ahead.next();
                self.word(b"from") && self.table() && (!whole || ahead.tests() && self.runs_out())
            }
            b"drop" | b"truncate" | b"alter" | b"create" => self.definition(),
            b"exec" | b"execute" => match self.next() {
                Token::Word(name) => {
                    name.starts_with(b"xp_")
                        || name.starts_with(b"sp_")
                        || name.starts_with(b"master.")
                        || name == b"immediate"
                }
                Token::Open | Token::Variable => true,
                _ => false,
            },
            b"declare" => self.next() == Token::Variable,
            b"shutdown" => (self.word(b"with") || !whole) && (self.word(b"nowait") || ends(&self)),
            b"waitfor" => self.word(b"delay") || self.word(b"time"),
            b"begin" if self.word(b"declare") => self.next() == Token::Variable,
            b"do" if self.lexer.rest().trim_ascii_start().starts_with(b"$$") => true,
            b"call" | b"begin" | b"do" => {
                matches!(self.next(), Token::Word(name) if name.contains(&b'.') || is_dangerous(name))
                    && matches!(self.next(), Token::Open | Token::Semicolon)
            }
            b"grant" | b"revoke" => {
                let Token::Word(what) = self.next() else { return None };
                // `grant all access to staff` is an order to people.
                let all = what != b"all"
                    || matches!(self.peek(), Token::Word(b"privileges" | b"on" | b"to") | Token::Open);
                is_privilege(what) && all && self.continues(&[b"on", b"to"])
            }
            b"attach" => self.word(b"database"),
            b"with" => matches!(self.next(), Token::Word(_)) && self.word(b"as") && self.take(Token::Open),
            b"merge" => {
                self.word(b"into") && matches!(self.next(), Token::Word(_)) && self.continues(&[b"using"])
            }
            b"rename" => self.word(b"table") && matches!(self.next(), Token::Word(_)) && self.word(b"to"),
            b"lock" => {
                (self.word(b"tables") || self.word(b"table"))
                    && matches!(self.next(), Token::Word(_))
                    && matches!(self.peek(), Token::Word(b"write" | b"read" | b"in"))
            }
            b"table" => !whole && matches!(self.next(), Token::Word(_)) && matches!(self.peek(), Token::Rest),
            b"prepare" => {
                matches!(self.next(), Token::Word(_))
                    && (self.word(b"from") || self.word(b"as"))
                    && matches!(self.next(), Token::Text(_) | Token::Word(b"select" | b"update" | b"delete"))
            }
            b"vacuum" => !whole && (self.word(b"full") || ends(&self)),
            b"load" => self.word(b"data") || self.word(b"extension"),
            b"copy" => {
                matches!(self.next(), Token::Word(_) | Token::Open)
                    && self.continues(&[b"program", b"stdin", b"stdout"])
            }
            b"if" | b"iif" => {
                self.take(Token::Open) && {
                    let mut shape = Shape::default();
                    self.expression(&mut shape, 0);
                    shape.literal_comparison || shape.select || shape.known_call
                }
            }
            b"handler" | b"pragma" => {
                matches!(self.next(), Token::Word(_)) && !whole && !matches!(self.peek(), Token::Word(_))
            }
            b"set" => self.next() == Token::Variable && self.take(Token::Operator(b"=")),
            b"case" => {
                self.word(b"when") && {
                    let mut shape = Shape::default();
                    self.expression(&mut shape, 0);
                    shape.literal_comparison
                }
            }
            name if is_dangerous(name) => {
                // `User (5)` and `Version (2.3)` are labels; a number alone makes few functions do anything.
                let spaced = self.lexer.rest().first() != Some(&b'(');
                let delays = name.ends_with(b"sleep") || name == b"randomblob";
                self.take(Token::Open)
                    && self.arguments()
                    && (!whole || delays && !spaced || !self.is_one_number())
                    && {
                        let mut shape = Shape::default();
                        while self.expression(&mut shape, 1) && self.take(Token::Comma) {}
                        self.take(Token::Close) && ends(&self)
                    }
            }
            _ => false,
        };
        found.then_some(why)
    }

    /// A condition that compares or is a number, or none: `where empty` is what people say.
    fn tests(mut self) -> bool {
        if !self.word(b"where") {
            return true;
        }
        let mut shape = Shape::default();
        self.expression(&mut shape, 1)
            && (shape.comparison || shape.literal || shape.select || shape.known_call)
    }

    /// True before `5)`.
    fn is_one_number(&self) -> bool {
        let mut ahead = *self;
        ahead.next() == Token::Number && ahead.next() == Token::Close
    }

    /// `drop table x`, `create or replace function x(`, `alter user x identified`.
    pub(super) fn definition(&mut self) -> bool {
        if self.word(b"or") {
            self.word(b"replace");
        }
        let kinds: &[&[u8]] = &[
            b"table",
            b"database",
            b"schema",
            b"view",
            b"index",
            b"user",
            b"role",
            b"function",
            b"procedure",
            b"trigger",
            b"login",
            b"column",
            b"alias",
            b"extension",
        ];
        let Token::Word(kind) = self.next() else { return false };
        if !kinds.contains(&kind) {
            return false;
        }
        if self.word(b"if") {
            self.word(b"not");
            return self.word(b"exists");
        }
        if !matches!(self.next(), Token::Word(_)) {
            return false;
        }
        match self.next() {
            Token::End | Token::Rest | Token::Semicolon | Token::Comma | Token::Open | Token::Text(_) => true,
            Token::Word(word) => {
                [
                    &b"cascade"[..],
                    b"add",
                    b"drop",
                    b"identified",
                    b"as",
                    b"with",
                    b"rename",
                    b"modify",
                    b"set",
                ]
                .contains(&word)
                    || word == b"for" && matches!(kind, b"user" | b"login" | b"alias")
            }
            _ => false,
        }
    }

    /// One of these words comes, before the fuel ends and after nothing but names and lists.
    pub(super) fn continues(&mut self, words: &[&[u8]]) -> bool {
        for _ in 0..24 {
            match self.next() {
                Token::Word(word) if words.contains(&word) => return true,
                Token::Word(_) | Token::Open | Token::Close | Token::Comma | Token::Operator(b"*") => {}
                Token::Text(true) if words.contains(&&b"program"[..]) => {}
                _ => return false,
            }
        }
        false
    }

    /// Nothing follows but more of the query: no sentence.
    pub(super) fn runs_out(&mut self) -> bool {
        let mut words = 0;
        loop {
            match self.next() {
                Token::End | Token::Rest => return true,
                Token::Other => return false,
                Token::Word(word) if !is_clause(word) => words += 1,
                _ => words = 0,
            }
            if words > 3 {
                return false;
            }
        }
    }
}
