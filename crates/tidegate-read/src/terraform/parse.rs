//! HCL text to [`Body`].
//!
//! A parser of our own rather than a library's: it goes on behind a block that is broken, takes what Terraform takes
//! (keys written twice, newlines within `for` braces) and is linear in the size of the text.

mod expression;
mod template;

use super::ast::{Attribute, Block, Body, Kind, Part};
use std::rc::Rc;
use tidegate_graph::{FileId, Problem, Span, Str};

/// Blocks and expressions within each other. People write ten.
const MAX_DEPTH: usize = 100;
/// Problems in one file; what follows is not read. It bounds the work on files that are broken all over.
const MAX_PROBLEMS: usize = 50;
/// Words that begin a block of a file; parsing starts again at a line that begins with one.
const KEYWORDS: [&str; 13] = [
    "resource",
    "data",
    "module",
    "variable",
    "output",
    "locals",
    "provider",
    "terraform",
    "moved",
    "import",
    "removed",
    "check",
    "ephemeral",
];

/// Reads a file: everything that can be read of it, and what is wrong with the rest.
pub(crate) fn parse(file: FileId, text: &str) -> (Body, Vec<Problem>) {
    let mut parser = Parser::new(text, Place::File(file));
    let mut body = Body::default();
    let mut problems = Vec::new();
    while let Err(fault) = parser.body(&mut body, 0) {
        let span = fault.span(file, text);
        problems.push(
            Problem::at(span, format!("not well-formed: {}", fault.message))
                .help("this block was left out; mend the syntax here to have it checked"),
        );
        if problems.len() >= MAX_PROBLEMS || !parser.recover() {
            break;
        }
    }
    for fault in parser.slips.iter().take(MAX_PROBLEMS) {
        let message = format!("not well-formed: {}", fault.message);
        problems.push(
            Problem::at(fault.span(file, text), message).help("the rest of the block was read all the same"),
        );
    }
    (body, problems)
}

/// Reads a text that is no file of the user's; every span is `span`.
pub(crate) fn parse_fixed(text: &str, span: Span) -> (Body, Vec<Fault>) {
    let mut parser = Parser::new(text, Place::Fixed(span));
    let mut body = Body::default();
    let mut faults: Vec<Fault> = parser.body(&mut body, 0).err().into_iter().collect();
    faults.append(&mut parser.slips);
    (body, faults)
}

/// Reads a string of a JSON file, which is a template; every span is `span`.
pub(crate) fn parse_string(text: &str, span: Span) -> Result<Kind, Fault> {
    Parser::new(text, Place::Fixed(span)).whole_template().map(template::string)
}

/// Reads a text that is a template although no file of its own; every span is `span`.
pub(crate) fn parse_template(text: &str, span: Span) -> Result<Vec<Part>, Fault> {
    Parser::new(text, Place::Fixed(span)).whole_template()
}

/// Reads a template file.
pub(crate) fn parse_template_file(file: FileId, text: &str) -> Result<Vec<Part>, Fault> {
    Parser::new(text, Place::File(file)).whole_template()
}

/// Where a text is not well-formed, as a byte offset, and why.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) message: String,
}

impl Fault {
    /// The character at fault; the last one when the text ends too early.
    pub(crate) fn span(&self, file: FileId, text: &str) -> Span {
        let rest = text.get(self.at..).filter(|rest| !rest.is_empty());
        let (start, c) = match rest {
            Some(rest) => (self.at, rest.chars().next()),
            None => {
                let last = text.trim_end().chars().next_back();
                (text.trim_end().len() - last.map_or(0, char::len_utf8), last)
            }
        };
        Span::new(file, start, start + c.map_or(0, char::len_utf8))
    }
}

type Parsed<T> = Result<T, Fault>;

/// Where spans point to.
#[derive(Clone, Copy)]
enum Place {
    File(FileId),
    Fixed(Span),
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    /// End of what is read; within a heredoc that is its last line.
    end: usize,
    place: Place,
    depth: usize,
    /// Newlines are blanks: within parentheses and brackets.
    loose: bool,
    /// Start of the block or attribute of the file that is being read.
    item: usize,
    /// Faults that don't keep the rest from being read.
    slips: Vec<Fault>,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, place: Place) -> Self {
        // A byte order mark is none of the text.
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at, end: text.len(), place, depth: 0, loose: false, item: 0, slips: Vec::new() }
    }

    /// Items up to the end of the text, or of the block when `level` is above 0.
    fn body(&mut self, body: &mut Body, level: usize) -> Parsed<()> {
        let (mut first, mut several_lines) = (true, true);
        loop {
            let new_line = self.skip_all();
            let start = self.at;
            if level == 0 {
                self.item = self.at;
                self.depth = 0;
                self.loose = false;
                self.end = self.text.len();
            }
            match self.peek() {
                None if level == 0 => return Ok(()),
                None => return self.fault("a block is not closed"),
                Some('}') if level > 0 => {
                    if !first && several_lines != new_line {
                        self.slip(
                            start,
                            "a block ends with `}` on a line of its own, unless it has only one",
                        );
                    }
                    return Ok(());
                }
                Some(_) => {}
            }
            if level > 0 && self.begins_block() {
                return self.fault("a block is not closed before the next one begins");
            }
            if first {
                several_lines = new_line || level == 0;
            } else if !new_line {
                self.slip(start, "expected a new line");
            }
            let blocks = body.blocks.len();
            self.item(body, level)?;
            if !several_lines && body.blocks.len() > blocks {
                self.slip(start, "a block with blocks in it has several lines");
            }
            first = false;
        }
    }

    fn item(&mut self, body: &mut Body, level: usize) -> Parsed<()> {
        let start = self.at;
        let Some(name) = self.word() else { return self.fault("expected a name") };
        let key = self.span(start, self.at);
        self.skip_inline();
        if self.peek() == Some('=') {
            self.at += 1;
            self.skip_inline();
            let value = self.expression()?;
            self.skip_inline();
            if !matches!(self.peek(), None | Some('\n' | '}')) {
                return self.fault("expected the end of the line");
            }
            body.attributes.push(Attribute { name, key, value: Rc::new(value) });
            return Ok(());
        }
        let mut labels = Vec::new();
        let mut header = self.at;
        loop {
            match self.peek() {
                Some('"') => labels.push(self.label()?),
                Some('{') => break,
                _ => match self.word() {
                    Some(word) => labels.push(word),
                    None => return self.fault("expected `=`, a label or `{`"),
                },
            }
            header = self.at;
            self.skip_inline();
        }
        let header = if labels.is_empty() { key } else { self.span(start, header) };
        self.at += 1;
        self.enter()?;
        let mut inner = Body::default();
        self.body(&mut inner, level + 1)?;
        self.at += 1;
        self.depth -= 1;
        let span = self.span(start, self.at);
        body.blocks.push(Rc::new(Block { kind: name, labels, header, span, body: inner }));
        Ok(())
    }

    /// A quoted label: no template.
    fn label(&mut self) -> Parsed<Str> {
        let rest = self.rest().strip_prefix('"').unwrap_or_default();
        match rest.find(['"', '\n']) {
            Some(end) if rest.get(end..).is_some_and(|r| r.starts_with('"')) => {
                self.at += end + 2;
                Ok(rest.get(..end).unwrap_or_default().into())
            }
            _ => self.fault("a label is not closed"),
        }
    }

    /// Moves to the next line that begins a block. False if there is none.
    fn recover(&mut self) -> bool {
        let mut at = self.item;
        self.end = self.text.len();
        while let Some(line) = self.text.get(at..).and_then(|rest| rest.find('\n')) {
            at += line + 1;
            self.at = at;
            if self.begins_block() {
                return true;
            }
        }
        false
    }

    /// True at the start of a line that reads like the header of a block of a file.
    fn begins_block(&self) -> bool {
        let start_of_line = self.at == 0 || self.text.as_bytes().get(self.at - 1) == Some(&b'\n');
        start_of_line
            && KEYWORDS.iter().any(|word| {
                let Some(rest) = self.rest().strip_prefix(word) else { return false };
                let labels = rest.trim_start_matches([' ', '\t']);
                let labelled = matches!(
                    *word,
                    "resource"
                        | "data"
                        | "module"
                        | "variable"
                        | "output"
                        | "provider"
                        | "check"
                        | "ephemeral"
                );
                labels.starts_with(if labelled { '"' } else { '{' })
            })
    }

    fn slip(&mut self, at: usize, message: &str) {
        self.slips.push(Fault { at, message: message.into() });
    }

    /// One level deeper.
    fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { self.fault("nested too deeply") } else { Ok(()) }
    }

    fn word(&mut self) -> Option<Str> {
        let rest = self.rest();
        let first = rest.chars().next().filter(|c| c.is_alphabetic() || *c == '_')?;
        let more = rest.chars().skip(1).take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        let length = first.len_utf8() + more.map(char::len_utf8).sum::<usize>();
        let word = rest.get(..length)?;
        self.at += length;
        Some(word.into())
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn starts(&self, prefix: &str) -> bool {
        self.rest().starts_with(prefix)
    }

    fn eat(&mut self, prefix: &str) -> bool {
        let found = self.starts(prefix);
        if found {
            self.at += prefix.len();
        }
        found
    }

    /// Skips what is blank here.
    fn skip(&mut self) {
        if self.loose {
            self.skip_all();
        } else {
            self.skip_inline();
        }
    }

    /// Skips blanks and comments, and newlines too. True if there was a newline.
    fn skip_all(&mut self) -> bool {
        let mut found = false;
        loop {
            self.skip_inline();
            if !self.eat("\n") {
                return found;
            }
            found = true;
        }
    }

    /// Skips blanks and comments up to the end of the line.
    fn skip_inline(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\u{feff}']);
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with('#') || trimmed.starts_with("//") {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if let Some(comment) = trimmed.strip_prefix("/*") {
                let end = comment.find("*/");
                if end.is_none() {
                    self.slip(self.at, "a comment is not closed");
                }
                self.at += end.map_or(trimmed.len(), |end| end + 4);
            } else {
                return;
            }
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        match self.place {
            Place::File(file) => Span::new(file, start, end),
            Place::Fixed(span) => span,
        }
    }

    fn fault<T>(&self, message: &str) -> Parsed<T> {
        Err(Fault { at: self.at, message: message.into() })
    }
}

#[cfg(test)]
mod tests;
