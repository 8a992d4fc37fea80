//! Quoted strings, heredocs and template files.

use super::{Fault, MAX_DEPTH, Parsed, Parser};
use crate::terraform::ast::{Expr, Kind, Part};
use tidegate_graph::Str;

/// What a template is made of, before its directives are paired.
struct Token {
    kind: TokenKind,
    at: usize,
    /// `~` at its start or end: blanks before or behind it go.
    trim_before: bool,
    trim_after: bool,
}

enum TokenKind {
    Text(String),
    Value(Expr),
    If(Expr),
    Else,
    EndIf,
    For(Option<Str>, Str, Expr),
    EndFor,
}

impl Parser<'_> {
    pub(super) fn quoted(&mut self) -> Parsed<Expr> {
        let start = self.at;
        self.at += 1;
        let tokens = self.tokens(true)?;
        if !self.eat("\"") {
            return self.fault("a string is not closed");
        }
        let parts = tree(tokens)?;
        Ok(Expr::new(string(parts), self.span(start, self.at)))
    }

    pub(super) fn whole_template(&mut self) -> Parsed<Vec<Part>> {
        tree(self.tokens(false)?)
    }

    pub(super) fn heredoc(&mut self) -> Parsed<Expr> {
        let start = self.at;
        self.at += 2;
        let flush = self.eat("-");
        let Some(word) = self.word() else { return self.fault("expected the delimiter of a heredoc") };
        let rest = self.rest();
        let Some(line) = rest.find('\n') else { return self.fault("a heredoc is not closed") };
        if !rest.get(..line).unwrap_or_default().trim().is_empty() {
            return self.fault("expected the end of the line behind the delimiter of a heredoc");
        }
        let content = self.at + line + 1;
        let mut at = content;
        let close = loop {
            let Some(rest) = self.text.get(at..self.end).filter(|rest| !rest.is_empty()) else {
                return self.fault("a heredoc is not closed");
            };
            let line = rest.get(..rest.find('\n').unwrap_or(rest.len())).unwrap_or_default();
            if line.trim() == word {
                break at + line.trim_end().len();
            }
            at += line.len() + 1;
        };
        let end = std::mem::replace(&mut self.end, at);
        self.at = content;
        let mut tokens = self.tokens(false)?;
        self.end = end;
        self.at = close;
        if flush {
            dedent(&mut tokens);
        }
        let parts = tree(tokens)?;
        Ok(Expr::new(string(parts), self.span(start, close)))
    }

    fn tokens(&mut self, quoted: bool) -> Parsed<Vec<Token>> {
        let mut out = Vec::new();
        let mut text = String::new();
        let mut start = self.at;
        loop {
            let rest = self.rest();
            let plain = rest
                .find(if quoted { &['"', '\\', '$', '%', '\n'][..] } else { &['$', '%'][..] })
                .unwrap_or(rest.len());
            text.push_str(rest.get(..plain).unwrap_or_default());
            self.at += plain;
            let special = self.rest();
            let Some(first) = special.chars().next() else { break };
            match first {
                '"' => break,
                '\n' => return self.fault("a string is not closed on its line"),
                '\\' => text.push(self.escape()?),
                _ if special.starts_with("$${") || special.starts_with("%%{") => {
                    text.push(first);
                    text.push('{');
                    self.at += 3;
                }
                _ if special.starts_with("${") || special.starts_with("%{") => {
                    if !text.is_empty() {
                        let kind = TokenKind::Text(std::mem::take(&mut text));
                        out.push(Token { kind, at: start, trim_before: false, trim_after: false });
                    }
                    out.push(self.sequence(first == '%')?);
                    start = self.at;
                }
                _ => {
                    text.push(first);
                    self.at += 1;
                }
            }
        }
        if !text.is_empty() {
            out.push(Token { kind: TokenKind::Text(text), at: start, trim_before: false, trim_after: false });
        }
        trim(&mut out);
        Ok(out)
    }

    /// `${ .. }` or `%{ .. }`.
    fn sequence(&mut self, directive: bool) -> Parsed<Token> {
        let at = self.at;
        self.at += 2;
        let trim_before = self.eat("~");
        let before = std::mem::replace(&mut self.loose, true);
        self.skip();
        let kind = if directive { self.directive()? } else { TokenKind::Value(self.expression()?) };
        self.skip();
        self.loose = before;
        let trim_after = self.eat("~");
        if !self.eat("}") {
            return self.fault("expected `}` at the end of an interpolation");
        }
        Ok(Token { kind, at, trim_before, trim_after })
    }

    fn directive(&mut self) -> Parsed<TokenKind> {
        let start = self.at;
        let word = self.word().unwrap_or_default();
        self.skip();
        Ok(match word.as_str() {
            "if" => TokenKind::If(self.expression()?),
            "else" => TokenKind::Else,
            "endif" => TokenKind::EndIf,
            "endfor" => TokenKind::EndFor,
            "for" => {
                self.at = start;
                let (key, value, collection) = self.for_intro()?;
                TokenKind::For(key, value, collection)
            }
            _ => return self.fault("expected `if`, `else`, `endif`, `for` or `endfor`"),
        })
    }

    fn escape(&mut self) -> Parsed<char> {
        let rest = self.rest().strip_prefix('\\').unwrap_or_default();
        let simple = match rest.chars().next() {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(c @ ('"' | '\\')) => c,
            Some(c @ ('u' | 'U')) => {
                let length = if c == 'u' { 4 } else { 8 };
                let code = rest.get(1..1 + length).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                let Some(code) = code else { return self.fault("expected hexadecimal digits") };
                self.at += 2 + length;
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            _ => return self.fault("an escape that doesn't exist; a backslash is written `\\\\`"),
        };
        self.at += 2;
        Ok(simple)
    }
}

/// A string without interpolations is just text.
pub(super) fn string(parts: Vec<Part>) -> Kind {
    match parts.as_slice() {
        [] => Kind::Text(Str::default()),
        [Part::Text(text)] => Kind::Text(text.clone()),
        _ => Kind::Template(parts),
    }
}

fn trim(tokens: &mut [Token]) {
    let before: Vec<bool> = tokens.iter().skip(1).map(|t| t.trim_before).chain([false]).collect();
    let mut after = false;
    for (token, before) in tokens.iter_mut().zip(before) {
        if let TokenKind::Text(text) = &mut token.kind {
            if before {
                text.truncate(text.trim_end().len());
            }
            if after {
                *text = text.trim_start().into();
            }
        }
        after = token.trim_after;
    }
}

/// Takes the common indentation of `<<-` heredocs away.
fn dedent(tokens: &mut [Token]) {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let mut least: Option<usize> = None;
    let mut at_start = true;
    for token in tokens.iter() {
        let TokenKind::Text(text) = &token.kind else {
            if at_start {
                least = Some(0);
            }
            at_start = false;
            continue;
        };
        for line in text.split_inclusive('\n') {
            if at_start && (!line.trim().is_empty() || !line.ends_with('\n')) {
                least = Some(least.map_or(indent(line), |n| n.min(indent(line))));
            }
            at_start = line.ends_with('\n');
        }
    }
    let least = least.unwrap_or(0);
    let mut at_start = true;
    for token in tokens {
        let TokenKind::Text(text) = &mut token.kind else {
            at_start = false;
            continue;
        };
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let cut = if at_start { least.min(indent(line)) } else { 0 };
            out.push_str(line.get(cut..).unwrap_or_default());
            at_start = line.ends_with('\n');
        }
        *text = out;
    }
}

/// Pairs directives.
fn tree(tokens: Vec<Token>) -> Parsed<Vec<Part>> {
    enum Open {
        If(Expr, Option<Vec<Part>>),
        For(Option<Str>, Str, Expr),
    }
    let mut stack: Vec<(Open, Vec<Part>)> = Vec::new();
    let mut parts = Vec::new();
    for token in tokens {
        let unpaired =
            || Err(Fault { at: token.at, message: "a template directive without its beginning".into() });
        match token.kind {
            TokenKind::Text(text) => {
                if !text.is_empty() {
                    parts.push(Part::Text(text.into()));
                }
            }
            TokenKind::Value(expr) => parts.push(Part::Value(expr)),
            TokenKind::If(condition) => stack.push((Open::If(condition, None), std::mem::take(&mut parts))),
            TokenKind::For(key, value, collection) => {
                stack.push((Open::For(key, value, collection), std::mem::take(&mut parts)));
            }
            TokenKind::Else => match stack.last_mut() {
                Some((Open::If(_, then @ None), _)) => *then = Some(std::mem::take(&mut parts)),
                _ => return unpaired(),
            },
            TokenKind::EndIf => match stack.pop() {
                Some((Open::If(condition, then), outer)) => {
                    let last = std::mem::replace(&mut parts, outer);
                    let (then, otherwise) = match then {
                        Some(then) => (then, last),
                        None => (last, Vec::new()),
                    };
                    parts.push(Part::If { condition, then, otherwise });
                }
                _ => return unpaired(),
            },
            TokenKind::EndFor => match stack.pop() {
                Some((Open::For(key_name, value_name, collection), outer)) => {
                    let body = std::mem::replace(&mut parts, outer);
                    parts.push(Part::For { key_name, value_name, collection, body });
                }
                _ => return unpaired(),
            },
        }
        if stack.len() > MAX_DEPTH {
            return Err(Fault { at: token.at, message: "nested too deeply".into() });
        }
    }
    if stack.is_empty() {
        Ok(parts)
    } else {
        Err(Fault { at: 0, message: "a template directive without its end".into() })
    }
}
