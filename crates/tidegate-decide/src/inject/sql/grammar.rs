//! What a query may go on with, and when that is enough.

mod expression;
mod statement;
mod words;

use super::lexer::{Lexer, Token};
use words::{is_comparison, is_continuation, is_dangerous, is_logic};

/// What is found behind `||` and its like.
pub(super) const JOINED: &str = "a string is joined to one that the query's own quote completes";

/// Nothing stands in a comment, or a sign or a letter that keeps it from being trimmed.
pub(super) fn is_empty_comment(comment: &[u8]) -> bool {
    let letters = comment.iter().take(9).filter(|b| b.is_ascii_alphanumeric() || **b >= 0x80).count();
    comment.len() <= 8
        && (letters == 0 || letters == 1 && comment.last().is_some_and(u8::is_ascii_alphabetic))
}

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
                Token::Rest if closed > 0 && self.says_nothing() => {
                    return Some("the value is closed and the rest of the query commented out");
                }
                Token::Semicolon => return self.statement(false),
                Token::Word(b"union" | b"except" | b"intersect" | b"minus") => {
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
                Token::Operator(sign) => {
                    // It takes several tokens to find out, most of them twice, and no honest text asks for it often.
                    if quoted && sign == b"=" {
                        self.lexer.pay(40);
                    }
                    return self.compared(quoted);
                }
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

    /// The comment that comes next is there to take off what follows, and says nothing.
    fn says_nothing(&self) -> bool {
        let rest = self.lexer.rest();
        let comment = [&b"--"[..], b"#", b"/*"].iter().find_map(|mark| rest.strip_prefix(*mark));
        comment.is_none_or(is_empty_comment)
    }

    /// A condition behind a value, of whatever: too little by itself, since prose has it as well.
    pub(super) fn is_nearly(mut self) -> bool {
        while self.take(Token::Close) {}
        let joins = match self.next() {
            Token::Word(word) => is_logic(word),
            Token::Operator(operator) => matches!(operator, b"||" | b"&&"),
            _ => false,
        };
        let mut shape = Shape::default();
        joins && self.expression(&mut shape, 0) && shape.comparison
    }

    /// A condition and then the end, behind a bare value that is a number or a word. Sentences compare words with words, and
    /// go on.
    pub(super) fn is_all_a_condition(mut self, number: bool) -> Option<&'static str> {
        let joins = match self.next() {
            Token::Word(word) => matches!(word, b"or" | b"and" | b"xor"),
            Token::Operator(sign) => matches!(sign, b"||" | b"&&"),
            _ => false,
        };
        if !joins {
            return None;
        }
        let column = matches!(self.peek(), Token::Word(name) if name.len() > 1);
        let mut shape = Shape::default();
        if !self.expression(&mut shape, 0) || !matches!(self.peek(), Token::End | Token::Rest) {
            return None;
        }
        if shape.literal_comparison {
            return Some("a condition that compares constants");
        }
        // `id>0`, without the blanks that people set.
        let packed = shape.comparison && column && self.lexer.is_packed_number();
        (number && packed).then_some("a condition on a column, which is all there is behind a number")
    }

    /// `', role='admin`, `', 'x')--`: behind the quote that closes a value another column is set, or the list of values ends.
    pub(super) fn after_column(mut self) -> Option<&'static str> {
        if !self.take(Token::Comma) {
            return None;
        }
        let ahead = self;
        if matches!(self.next(), Token::Word(_)) && self.take(Token::Operator(b"=")) {
            let open = match self.next() {
                Token::Text(closed) => !closed,
                Token::Number => false,
                Token::Word(word) => matches!(word, b"true" | b"null" | b"false").then_some(false)?,
                _ => return None,
            };
            let cut = match self.next() {
                Token::Word(b"where") => {
                    let mut shape = Shape::default();
                    self.expression(&mut shape, 0) && shape.comparison
                }
                Token::Rest => self.says_nothing(),
                Token::End => open,
                _ => false,
            };
            return cut.then_some("another column is set behind the value");
        }
        self = ahead;
        loop {
            match self.next() {
                Token::Text(true) | Token::Number | Token::Word(b"null" | b"true" | b"false") => {}
                _ => return None,
            }
            match self.next() {
                Token::Comma => {}
                Token::Close => break,
                _ => return None,
            }
        }
        (self.peek() == Token::Rest && self.says_nothing())
            .then_some("the list of values is closed and the rest of the query commented out")
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
                    | b"with"
                    | b"merge"
                    | b"rename"
                    | b"lock"
                    | b"table"
                    | b"prepare"
                    | b"vacuum"
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

    /// False where the first byte behind a quote says already that no query goes on there.
    pub(super) fn may_go_on(lexer: Lexer<'_>) -> bool {
        static TABLE: [bool; 256] = words::first_bytes();
        lexer.first().is_some_and(|first| TABLE.get(usize::from(first)).copied().unwrap_or_default())
    }

    /// True if what begins here, where [`Query::may_go_on`], may go on as a query after a quote: the first token decides
    /// about most places.
    pub(super) fn may_follow(lexer: Lexer<'_>) -> bool {
        match lexer.first() {
            None => false,
            Some(b'a'..=b'z' | b'_' | 0x80..) => {
                matches!(lexer.peek(), Token::Word(word) if is_continuation(word))
            }
            // Every semicolon is looked behind anyway, but for a comment that makes it the end.
            Some(b';') => lexer.is_end_with_comment(),
            Some(b'=' | b'<' | b'>' | b'!' | b'+' | b'*' | b'^' | b'~' | b'-' | b'/') => {
                lexer.leads_to_a_value()
            }
            Some(_) => true,
        }
    }

    /// After a short value without white space and its quote, which is this one: `'-'`, `'='`, `' or '`.
    pub(super) fn after_short(mut self, quote: u8) -> Option<&'static str> {
        let (mut signs, mut joins) = (0, false);
        while let Token::Operator(sign) = self.peek() {
            self.next();
            signs += 1;
            joins |= !matches!(sign, b"!" | b"~");
        }
        if !joins || signs > 3 {
            return None;
        }
        let ends = |query: &Self| matches!(query.peek(), Token::End | Token::Rest);
        let same = self.lexer.first() == Some(quote);
        match self.next() {
            Token::Text(false) if same && ends(&self) => {
                Some("an operator between two strings that the query's own quotes complete")
            }
            // Inches: `19"-5`.
            Token::Number if quote == b'\'' && ends(&self) => Some("an operator after the value's quote"),
            // `'-0-'`: arithmetic between two strings.
            Token::Number if matches!(self.next(), Token::Operator(_)) => {
                let completed = self.next() == Token::Text(false) && ends(&self);
                completed.then_some("an operator between two strings that the query's own quotes complete")
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
            return Some(JOINED);
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
        let mut ahead = *self;
        let cut = after == Token::Rest || ahead.next() == Token::Semicolon && ahead.peek() == Token::Rest;
        if quoted && shape.comparison && (shape.open || cut) {
            return Some("a condition that the query's own quote completes");
        }
        if quoted && after == Token::Rest && self.says_nothing() {
            return Some("a condition with the rest of the query commented out");
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
                if quoted && shape.comparison && self.peek() == Token::Rest {
                    return Some("a condition with the rest of the query commented out");
                }
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
                Token::Open if matches!(self.peek(), Token::Word(b"select" | b"case")) => {
                    return Some("the order is what a query within it gives");
                }
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
}
