//! What a query may go on with, and when that is enough.

use super::lexer::{Lexer, Token};
use std::cell::Cell;

/// A place in a text from which a query is read.
#[derive(Clone, Copy)]
pub(super) struct Query<'a> {
    lexer: Lexer<'a>,
    /// Tokens that may still be read from here: a bound for hostile text, far beyond what it takes to judge.
    fuel: u8,
}

/// What an expression turned out to be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Shape {
    /// `literal = literal`, or a literal against anything with quotes around.
    literal_comparison: bool,
    /// Any comparison at all.
    comparison: bool,
    /// A sub-select.
    select: bool,
    /// A call of a function that queries are attacked with.
    known_call: bool,
    /// A literal alone.
    literal: bool,
    /// The last string isn't closed: the application's own quote closes it.
    open: bool,
}

fn is_logic(word: &[u8]) -> bool {
    matches!(word, b"or" | b"and" | b"xor" | b"having" | b"where" | b"when" | b"on")
}
fn is_comparison(word: &[u8]) -> bool {
    matches!(
        word,
        b"like"
            | b"rlike"
            | b"regexp"
            | b"ilike"
            | b"glob"
            | b"is"
            | b"in"
            | b"between"
            | b"sounds"
            | b"similar"
            | b"div"
            | b"mod"
    )
}

impl<'a> Query<'a> {
    pub(super) fn new(lexer: Lexer<'a>) -> Self {
        Self { lexer, fuel: 64 }
    }

    fn next(&mut self) -> Token<'a> {
        match self.fuel.checked_sub(1) {
            Some(left) => {
                self.fuel = left;
                self.lexer.next()
            }
            None => Token::End,
        }
    }

    fn peek(&self) -> Token<'a> {
        if self.fuel == 0 { Token::End } else { self.lexer.peek() }
    }

    fn take(&mut self, token: Token<'_>) -> bool {
        let taken = self.fuel > 0 && self.lexer.take(token);
        self.fuel -= u8::from(taken);
        taken
    }

    fn word(&mut self, word: &[u8]) -> bool {
        self.fuel > 0 && self.lexer.word(word)
    }

    /// The query goes on after the value: in a string that the value's quote ended, or after a bare value.
    pub(super) fn after_value(mut self, quoted: bool) -> Option<&'static str> {
        let mut closed = 0;
        while self.take(Token::Close) || self.take(Token::Operator(b"%")) {
            closed += 1;
        }
        for _ in 0..4 {
            match self.next() {
                Token::Rest if closed > 0 => {
                    return Some("the value is closed and the rest of the query commented out");
                }
                Token::Semicolon => return self.statement(false),
                Token::Word(b"union") => {
                    return self.union().then_some("UNION with a SELECT that takes other columns");
                }
                Token::Word(b"order" | b"group") => return self.order_by(quoted),
                Token::Word(b"procedure") => {
                    return self.word(b"analyse").then_some("PROCEDURE ANALYSE reads the schema");
                }
                Token::Word(b"into") => {
                    let file = self.word(b"outfile") || self.word(b"dumpfile");
                    return file.then_some("the result goes into a file");
                }
                Token::Word(b"waitfor") => {
                    return self.word(b"delay").then_some("WAITFOR DELAY holds the connection");
                }
                Token::Word(b"limit" | b"offset") => {
                    let number = self.next() == Token::Number;
                    let more = matches!(
                        self.peek(),
                        Token::Comma
                            | Token::Word(b"procedure" | b"into" | b"union" | b"offset")
                            | Token::Rest
                    );
                    return (number && more).then_some("a LIMIT of its own");
                }
                // `') as x where ...`, `' in boolean mode) ...`: the query around is finished properly first.
                Token::Word(b"as") if closed > 0 || quoted => {
                    self.next();
                    closed += 1;
                }
                Token::Word(b"in") if self.word(b"boolean") => {
                    if self.word(b"mode") {
                        while self.take(Token::Close) {}
                        closed += 1;
                        if self.peek() == Token::Rest || self.peek() == Token::End {
                            return Some("a full-text search is finished and the query goes on");
                        }
                    }
                }
                Token::Word(word) if is_logic(word) => return self.logic(quoted, closed),
                Token::Operator(b"||" | b"&&" | b"|" | b"&") => return self.joined(quoted, closed),
                Token::Word(word) if is_comparison(word) || word == b"not" => {
                    return self.compared(quoted);
                }
                Token::Operator(_) => return self.compared(quoted),
                Token::Open if closed > 0 || quoted => {
                    let mut shape = Shape::default();
                    self.value(&mut shape, 0);
                    return shape.select.then_some("a query within the query");
                }
                // A list of strings: what comes behind the next one has its own turn.
                Token::Comma if quoted && self.is_listed() => return None,
                Token::Comma => {
                    let mut shape = Shape::default();
                    self.expression(&mut shape, 0);
                    return (shape.select || shape.known_call).then_some("a query within a list of values");
                }
                _ => return None,
            }
        }
        None
    }

    /// True if what begins here may be a statement: most words are none's first.
    pub(super) fn may_begin(lexer: Lexer<'_>) -> bool {
        let verb = |word: &[u8]| {
            matches!(
                word,
                b"select"
                    | b"insert"
                    | b"replace"
                    | b"update"
                    | b"delete"
                    | b"drop"
                    | b"truncate"
                    | b"alter"
                    | b"create"
                    | b"exec"
                    | b"execute"
                    | b"declare"
                    | b"shutdown"
                    | b"waitfor"
                    | b"call"
                    | b"begin"
                    | b"do"
                    | b"grant"
                    | b"revoke"
                    | b"attach"
                    | b"load"
                    | b"copy"
                    | b"if"
                    | b"iif"
                    | b"handler"
                    | b"pragma"
                    | b"set"
                    | b"case"
            ) || is_dangerous(word)
        };
        match lexer.first() {
            Some(b'a'..=b'z') => lexer.bare_word().is_none_or(verb),
            Some(first) => matches!(first, b'(' | b'/' | b'-' | b'#' | b'*' | b'`' | b'['),
            None => false,
        }
    }

    /// True if what begins here may go on as a query after a quote: the first token decides about most places.
    pub(super) fn may_follow(lexer: Lexer<'_>) -> bool {
        match lexer.first() {
            None
            | Some(b'\'' | b'"' | b'`' | b'[' | b'0'..=b'9' | b'@' | b':' | b'?' | b'$' | b'\\' | b'.') => {
                false
            }
            Some(b'a'..=b'z' | b'_' | 0x80..) => {
                matches!(lexer.peek(), Token::Word(word) if is_continuation(word))
            }
            // Every semicolon is looked behind anyway, but for a comment that makes it the end.
            Some(b';') => lexer.is_end_with_comment(),
            Some(_) => true,
        }
    }

    /// After a short value without white space and its quote: `'-'`, `'='`, `' or '`.
    pub(super) fn after_short(mut self) -> Option<&'static str> {
        let mut signs = 0;
        while let Token::Operator(_) = self.peek() {
            self.next();
            signs += 1;
        }
        if signs == 0 || signs > 3 {
            return None;
        }
        let ends = |query: &Self| matches!(query.peek(), Token::End | Token::Rest);
        match self.next() {
            Token::Text(false) if ends(&self) => {
                Some("an operator between two strings that the query's own quotes complete")
            }
            Token::Number if ends(&self) || self.peek() == Token::Rest => {
                Some("an operator after the value's quote")
            }
            _ => None,
        }
    }

    /// After `or`, `and`, `where` ...
    fn logic(&mut self, quoted: bool, closed: usize) -> Option<&'static str> {
        let mut shape = Shape::default();
        if !self.expression(&mut shape, 0) {
            return None;
        }
        self.verdict(shape, quoted, closed)
    }

    /// A plain string, and a comma or the end of a list behind it.
    fn is_listed(&self) -> bool {
        let mut ahead = self.lexer;
        matches!(ahead.first(), Some(b'\'' | b'"'))
            && ahead.next() == Token::Text(true)
            && matches!(ahead.first(), None | Some(b',' | b']' | b')' | b'}'))
    }

    /// After `||` and its like: logic in one dialect, concatenation in the other.
    fn joined(&mut self, quoted: bool, closed: usize) -> Option<&'static str> {
        let mut shape = Shape::default();
        if !self.expression(&mut shape, 0) {
            return None;
        }
        if quoted && shape.open {
            return Some("a string is joined to one that the query's own quote completes");
        }
        self.verdict(shape, quoted, closed)
    }

    fn verdict(&mut self, shape: Shape, quoted: bool, closed: usize) -> Option<&'static str> {
        if shape.select {
            return Some("a condition with a query of its own");
        }
        if shape.known_call {
            return Some("a condition with a call that delays, reads or breaks");
        }
        if shape.literal_comparison {
            return Some("a condition that compares constants");
        }
        let after = self.peek();
        if quoted && shape.comparison && (shape.open || after == Token::Rest) {
            return Some("a condition that the query's own quote completes");
        }
        if (quoted || closed > 0)
            && shape.literal
            && (after == Token::Rest || shape.open && after == Token::End)
        {
            return Some("a condition that is always true");
        }
        // Conditions in a row: the first may be anything, a later one tells.
        match after {
            Token::Word(word) if is_logic(word) => {
                self.next();
                self.logic(quoted, closed)
            }
            Token::Operator(b"||" | b"&&") => {
                self.next();
                self.logic(quoted, closed)
            }
            Token::Word(b"union") => {
                self.next();
                self.union().then_some("UNION with a SELECT that takes other columns")
            }
            Token::Word(b"waitfor") => {
                self.next();
                self.word(b"delay").then_some("WAITFOR DELAY holds the connection")
            }
            Token::Semicolon => {
                self.next();
                self.statement(false)
            }
            Token::Rest if quoted && shape.comparison => {
                Some("a condition with the rest of the query commented out")
            }
            _ => None,
        }
    }

    /// After a comparison or arithmetic that follows the value itself.
    fn compared(&mut self, quoted: bool) -> Option<&'static str> {
        while matches!(self.peek(), Token::Word(b"not" | b"like" | b"in" | b"binary")) {
            self.next();
        }
        let mut shape = Shape::default();
        if !self.expression(&mut shape, 0) {
            return None;
        }
        if shape.select {
            return Some("the value is compared with a query");
        }
        if shape.known_call {
            return Some("the value is compared with a call that delays, reads or breaks");
        }
        let after = self.peek();
        match after {
            Token::Word(b"union") => {
                self.next();
                self.union().then_some("UNION with a SELECT that takes other columns")
            }
            Token::Word(word) if quoted && is_logic(word) => {
                self.next();
                self.logic(quoted, 0)
            }
            Token::Rest if quoted && shape.literal => Some("the rest of the query is commented out"),
            _ => None,
        }
    }

    fn order_by(&mut self, quoted: bool) -> Option<&'static str> {
        if !self.word(b"by") {
            return None;
        }
        loop {
            let named = match self.next() {
                Token::Number => false,
                Token::Word(_) if quoted => true,
                _ => return None,
            };
            match self.next() {
                Token::Comma => {}
                Token::End if !named => return Some("the columns of the query are counted"),
                Token::Rest => return Some("the order is changed and the rest of the query commented out"),
                Token::Word(b"having" | b"union" | b"limit") => {
                    return Some("the query goes on after its order");
                }
                _ => return None,
            }
        }
    }

    /// After `union`.
    pub(super) fn union(&mut self) -> bool {
        while matches!(self.peek(), Token::Word(b"all" | b"distinct" | b"distinctrow")) {
            self.next();
        }
        while self.take(Token::Open) {}
        if self.word(b"values") {
            return self.take(Token::Open);
        }
        self.word(b"select") && self.columns()
    }

    /// What a SELECT selects: more than one English word.
    fn columns(&mut self) -> bool {
        while matches!(self.peek(), Token::Word(b"all" | b"distinct" | b"top")) {
            self.next();
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
            Token::Number => match self.peek() {
                Token::Word(word) => matches!(word, b"where" | b"union" | b"limit" | b"into" | b"procedure"),
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
    fn table(&mut self) -> bool {
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
    pub(super) fn statement(mut self, whole: bool) -> Option<&'static str> {
        let why = "a statement of its own";
        let ends = |query: &Self| matches!(query.peek(), Token::End | Token::Rest | Token::Semicolon);
        let opened = self.take(Token::Open);
        while self.take(Token::Open) {}
        let Token::Word(verb) = self.next() else { return None };
        let found = match verb {
            b"select" => {
                let named = whole && !opened;
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
            b"delete" => self.word(b"from") && self.table() && (!whole || self.runs_out()),
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
            b"call" | b"begin" | b"do" => {
                matches!(self.next(), Token::Word(name) if name.contains(&b'.') || is_dangerous(name))
                    && matches!(self.next(), Token::Open | Token::Semicolon)
            }
            b"grant" | b"revoke" => matches!(self.next(), Token::Word(_)) && self.continues(&[b"on", b"to"]),
            b"attach" => self.word(b"database"),
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
                self.take(Token::Open) && self.arguments() && {
                    let mut shape = Shape::default();
                    while self.expression(&mut shape, 1) && self.take(Token::Comma) {}
                    self.take(Token::Close) && ends(&self)
                }
            }
            _ => false,
        };
        found.then_some(why)
    }

    /// `drop table x`, `create or replace function x(`, `alter user x identified`.
    fn definition(&mut self) -> bool {
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
            Token::Word(word) => [
                &b"cascade"[..],
                b"add",
                b"drop",
                b"identified",
                b"as",
                b"with",
                b"rename",
                b"modify",
                b"set",
                b"for",
            ]
            .contains(&word),
            _ => false,
        }
    }

    /// One of these words comes, before the fuel ends and after nothing but names and lists.
    fn continues(&mut self, words: &[&[u8]]) -> bool {
        for _ in 0..24 {
            match self.next() {
                Token::Word(word) if words.contains(&word) => return true,
                Token::Word(_) | Token::Open | Token::Close | Token::Comma | Token::Operator(b"*") => {}
                _ => return false,
            }
        }
        false
    }

    /// Nothing follows but more of the query: no sentence.
    fn runs_out(&mut self) -> bool {
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

    /// Terms joined by operators. True if there was at least one.
    fn expression(&mut self, shape: &mut Shape, depth: u8) -> bool {
        while matches!(self.peek(), Token::Word(b"not") | Token::Operator(b"!" | b"-" | b"~" | b"+")) {
            self.next();
        }
        let Some(mut left) = self.value(shape, depth) else { return false };
        let mut first = true;
        loop {
            let compares = match self.peek() {
                Token::Operator(b"=" | b"<" | b">" | b"<>" | b"!=" | b"<=" | b">=" | b"==" | b"<=>") => true,
                Token::Word(word) if is_comparison(word) || word == b"not" => true,
                Token::Operator(b"||" | b"&&" | b"|" | b"&") if depth == 0 => return true,
                Token::Operator(_) => false,
                _ => return true,
            };
            self.next();
            while matches!(
                self.peek(),
                Token::Word(b"not" | b"like" | b"null" | b"in" | b"binary")
                    | Token::Operator(b"-" | b"~" | b"+")
            ) {
                self.next();
            }
            let Some(right) = self.value(shape, depth) else {
                shape.literal = false;
                return true;
            };
            shape.literal = false;
            if compares {
                shape.comparison = true;
                shape.literal_comparison |=
                    left.is_literal() && right.is_literal() && (first || right == Kind::Text);
            }
            left = right;
            first = false;
        }
    }

    /// One operand.
    fn value(&mut self, shape: &mut Shape, depth: u8) -> Option<Kind> {
        let before = *self;
        match self.next() {
            Token::Number => {
                shape.literal = true;
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
    fn inside(&mut self, shape: &mut Shape, depth: u8) -> Option<Kind> {
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
    fn arguments(&self) -> bool {
        let mut ahead = *self;
        match ahead.next() {
            Token::Number | Token::Text(_) | Token::Variable | Token::Open | Token::Operator(_) => true,
            Token::Word(word) => {
                word == b"select" || matches!(ahead.next(), Token::Open | Token::Comma | Token::Operator(_))
            }
            _ => false,
        }
    }

    fn literal_or_call(&self) -> bool {
        let mut ahead = *self;
        match ahead.next() {
            Token::Number | Token::Text(_) | Token::Variable | Token::Open => true,
            Token::Word(_) => ahead.next() == Token::Open,
            _ => false,
        }
    }

    /// `sleep(` and its like before the parenthesis at `open`, where a query would have it.
    pub(super) fn call_before(lower: &'a [u8], open: usize, left: &'a Cell<i64>) -> Option<&'static str> {
        let before = lower.get(..open)?;
        // Brackets in brackets, and calls of nothing.
        let named = before.last().is_some_and(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b' ' | b'\t' | b'\n' | b'\r')
        });
        let begins = || {
            let inside = Lexer::new(lower, open + 1, left).first();
            matches!(inside, Some(b's' | b'/' | b'-' | b'#' | b'*' | b'`' | b'['))
        };
        if !named && !begins() {
            return None;
        }
        let near = before.get(before.len().saturating_sub(48)..)?.trim_ascii_end();
        let length =
            near.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.')).count();
        let (head, name) = near.split_at_checked(near.len() - length)?;
        if name.is_empty() && !begins() {
            return None;
        }
        if name == b"select" || name.is_empty() {
            // `=(select`, `,(select`, `select(`: a query where a value belongs.
            let head = if name.is_empty() { near } else { head };
            let mut query = Query::new(Lexer::new(lower, open + 1, left));
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
        let query = Query::new(Lexer::new(lower, open + 1, left));
        (leads(head) && query.arguments()).then_some("a call that delays, reads or breaks")
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Number,
    Text,
    Name,
    Call,
}

impl Kind {
    fn is_literal(self) -> bool {
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

/// Words that a query may go on with behind a value.
fn is_continuation(word: &[u8]) -> bool {
    matches!(
        word,
        b"union"
            | b"order"
            | b"group"
            | b"procedure"
            | b"into"
            | b"waitfor"
            | b"limit"
            | b"offset"
            | b"as"
            | b"in"
            | b"not"
    ) || is_logic(word)
        || is_comparison(word)
}

fn is_clause(word: &[u8]) -> bool {
    matches!(
        word,
        b"from"
            | b"where"
            | b"union"
            | b"group"
            | b"order"
            | b"limit"
            | b"having"
            | b"join"
            | b"inner"
            | b"left"
            | b"right"
            | b"as"
            | b"set"
            | b"values"
            | b"into"
            | b"procedure"
            | b"for"
            | b"offset"
            | b"waitfor"
            | b"on"
            | b"using"
            | b"and"
            | b"or"
            | b"then"
            | b"else"
            | b"end"
            | b"when"
    )
}

fn is_package(name: &[u8]) -> bool {
    [&b"dbms_"[..], b"utl_", b"ctxsys.", b"sys.", b"xmltype", b"master..xp_", b"master.dbo.xp_"]
        .iter()
        .any(|p| name.starts_with(p))
}

/// Functions that injections delay, read, write or raise errors with.
fn is_dangerous(name: &[u8]) -> bool {
    matches!(
        name,
        b"sleep"
            | b"pg_sleep"
            | b"benchmark"
            | b"load_file"
            | b"extractvalue"
            | b"updatexml"
            | b"xp_cmdshell"
            | b"xp_dirtree"
            | b"randomblob"
            | b"generate_series"
            | b"elt"
            | b"make_set"
            | b"regexp_substring"
            | b"crypt_key"
            | b"char"
            | b"chr"
            | b"ascii"
            | b"ord"
            | b"substring"
            | b"substr"
            | b"mid"
            | b"hex"
            | b"unhex"
            | b"concat"
            | b"concat_ws"
            | b"group_concat"
            | b"version"
            | b"database"
            | b"user"
            | b"current_user"
            | b"row_count"
            | b"if"
            | b"iif"
            | b"ifnull"
            | b"nullif"
            | b"cast"
            | b"convert"
            | b"row"
            | b"exp"
            | b"polygon"
            | b"geometrycollection"
            | b"linestring"
            | b"multipoint"
            | b"multipolygon"
            | b"multilinestring"
            | b"gtid_subset"
            | b"gtid_subtract"
            | b"json_keys"
            | b"json_extract"
            | b"json_depth"
            | b"name_const"
            | b"load_extension"
            | b"pg_read_file"
            | b"lo_import"
            | b"sqlite_version"
            | b"xmltype"
            | b"uuid_short"
            | b"like"
            | b"upper"
            | b"lower"
            | b"length"
            | b"count"
            | b"rand"
            | b"floor"
            | b"md5"
            | b"sha1"
            | b"repeat"
            | b"left"
            | b"right"
            | b"strcmp"
            | b"bin"
            | b"sysdate"
            | b"openrowset"
            | b"opendatasource"
            | b"fn_xe_file_target_read_file"
            | b"db_name"
            | b"host_name"
            | b"is_srvrolemember"
            | b"unicode"
    )
}
