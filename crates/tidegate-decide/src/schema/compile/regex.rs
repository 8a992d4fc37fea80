//! Patterns of ECMA 262, as JSON Schema has them, in the syntax of a linear engine.

use regex_syntax::ParserBuilder;
use regex_syntax::ast::ErrorKind;
use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// White space of ECMA 262, for a class.
const SPACE: &str =
    r"\t\n\x0B\x0C\r \u{A0}\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}\u{FEFF}";

/// Why a pattern can't be matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// It is none, in whatever engine of ECMA 262.
    Broken(String),
    /// It is one, or may be, but no linear engine has it.
    Beyond(String),
}

type Outcome<T = ()> = Result<T, Obstacle>;

fn broken<T>(why: impl Into<String>) -> Outcome<T> {
    Err(Obstacle::Broken(why.into()))
}

fn beyond<T>(why: impl Into<String>) -> Outcome<T> {
    Err(Obstacle::Beyond(why.into()))
}

/// The same pattern, with classes of Unicode written out. Says what stands in the way.
pub(super) fn translate(pattern: &str) -> Outcome<String> {
    let mut out = Translation { rest: pattern.chars().peekable(), out: String::new() };
    out.pattern()?;
    let mut parser = ParserBuilder::new().utf8(false).nest_limit(100).build();
    match parser.parse(&out.out) {
        Ok(parsed) => Ok(parsed.to_string()),
        Err(regex_syntax::Error::Parse(error)) => match error.kind() {
            kind @ (ErrorKind::ClassRangeInvalid
            | ErrorKind::GroupUnclosed
            | ErrorKind::GroupUnopened
            | ErrorKind::RepetitionCountInvalid
            | ErrorKind::RepetitionMissing) => broken(kind.to_string()),
            kind => beyond(kind.to_string()),
        },
        Err(regex_syntax::Error::Translate(error)) => beyond(error.kind().to_string()),
        Err(_) => beyond("no regular expression"),
    }
}

struct Translation<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
}

impl Translation<'_> {
    fn pattern(&mut self) -> Outcome {
        // After a quantifier only `?` may follow, once: it makes the quantifier lazy.
        let mut quantifiers = 0;
        while let Some(c) = self.rest.next() {
            let quantifies = matches!(c, '*' | '+' | '?') || c == '{' && self.is_count();
            quantifiers = if quantifies { quantifiers + 1 } else { 0 };
            if quantifiers > 2 || quantifiers == 2 && c != '?' {
                return broken("nothing stands before a quantifier");
            }
            match c {
                '^' => self.out.push_str(r"\A"),
                '$' => self.out.push_str(r"\z"),
                '.' => self.out.push_str(r"[^\n\r\u{2028}\u{2029}]"),
                '(' => self.group()?,
                '[' => self.class()?,
                '\\' => self.escape(false)?,
                ')' | '|' | '*' | '+' | '?' => self.out.push(c),
                '{' if self.is_count() => {
                    self.out.push('{');
                    self.out.extend(self.rest.by_ref().take_while(|c| *c != '}'));
                    self.out.push('}');
                }
                c => self.literal(c),
            }
        }
        Ok(())
    }

    fn is_count(&self) -> bool {
        let mut ahead = self.rest.clone();
        let mut digits = 0;
        let mut commas = 0;
        loop {
            match ahead.next() {
                Some(c) if c.is_ascii_digit() => digits += 1,
                Some(',') if digits > 0 && commas == 0 => commas = 1,
                Some('}') => return digits > 0,
                _ => return false,
            }
        }
    }

    fn group(&mut self) -> Outcome {
        self.out.push_str("(?:");
        if self.rest.peek() != Some(&'?') {
            return Ok(());
        }
        self.rest.next();
        match (self.rest.next(), self.rest.peek().copied()) {
            (Some(':'), _) => Ok(()),
            (Some('=' | '!'), _) => beyond("it looks ahead"),
            (Some('<'), Some('=' | '!')) => beyond("it looks behind"),
            (Some('<'), _) => {
                if self.rest.by_ref().any(|c| c == '>') {
                    Ok(())
                } else {
                    broken("a name without an end")
                }
            }
            // Newer editions have flags for a part of a pattern.
            (Some('i' | 'm' | 's' | '-'), _)
                if self.rest.clone().find(|c| !matches!(c, 'i' | 'm' | 's' | '-')) == Some(':') =>
            {
                beyond("it switches flags")
            }
            (Some(c), _) => broken(format!("there are no groups `(?{c}`")),
            (None, _) => broken("a group without an end"),
        }
    }

    fn class(&mut self) -> Outcome {
        let negated = self.rest.next_if_eq(&'^').is_some();
        if self.rest.next_if_eq(&']').is_some() {
            // Nothing at all, or anything at all.
            self.out.push_str(if negated { r"[\x00-\u{10FFFF}]" } else { r"[^\x00-\u{10FFFF}]" });
            return Ok(());
        }
        self.out.push_str(if negated { "[^" } else { "[" });
        loop {
            match self.rest.next() {
                None => return broken("a class without an end"),
                Some(']') => break,
                Some('\\') => self.escape(true)?,
                Some('-') => {
                    // A range has a character on both sides; otherwise it is a hyphen.
                    let last = self.rest.peek() == Some(&']');
                    let first = self.out.ends_with(['[', '^'])
                        && !self.out.ends_with(r"\[")
                        && !self.out.ends_with(r"\^");
                    let class = self.out.ends_with(']');
                    let next = self.rest.clone().take(2).collect::<String>();
                    let into = matches!(next.as_str(), r"\d" | r"\w" | r"\s" | r"\D" | r"\W" | r"\S");
                    self.out.push_str(if last || first || class || into { r"\-" } else { "-" });
                }
                Some(c) => self.literal(c),
            }
        }
        self.out.push(']');
        Ok(())
    }

    fn escape(&mut self, in_class: bool) -> Outcome {
        let Some(c) = self.rest.next() else { return broken("a backslash at the end") };
        match c {
            'd' => self.out.push_str("[0-9]"),
            'D' => self.out.push_str("[^0-9]"),
            'w' => self.out.push_str("[A-Za-z0-9_]"),
            'W' => self.out.push_str("[^A-Za-z0-9_]"),
            's' => self.wrap("[", SPACE),
            'S' => self.wrap("[^", SPACE),
            'b' if in_class => self.out.push_str(r"\x08"),
            'b' => self.out.push_str(r"(?-u:\b)"),
            'B' if !in_class => self.out.push_str(r"(?-u:\B)"),
            't' | 'n' | 'r' | 'f' | 'v' => {
                self.out.push('\\');
                self.out.push(c);
            }
            '0' if !self.rest.peek().is_some_and(char::is_ascii_digit) => self.out.push_str(r"\x00"),
            '0'..='9' => return beyond("it refers back to a group"),
            'k' => return beyond("it refers back to a group"),
            'c' => match self.rest.next().filter(char::is_ascii_alphabetic) {
                Some(letter) => self.code(u32::from(letter) % 32)?,
                None => return beyond("no control character"),
            },
            'x' => {
                let code = self.digits(2)?;
                self.code(code)?;
            }
            'u' => {
                let code = self.unit()?;
                self.code(code)?;
            }
            'p' | 'P' => self.property(c)?,
            c if c.is_ascii_alphabetic() => return broken(format!("there is no escape `\\{c}`")),
            c => self.literal(c),
        }
        Ok(())
    }

    fn wrap(&mut self, open: &str, inside: &str) {
        let _ = write!(self.out, "{open}{inside}]");
    }

    /// `\u0041`, `\u{41}`, or two surrogates.
    fn unit(&mut self) -> Outcome<u32> {
        if self.rest.next_if_eq(&'{').is_some() {
            let digits: String = self.rest.by_ref().take_while(|c| *c != '}').take(8).collect();
            return u32::from_str_radix(&digits, 16).map_err(|_| Obstacle::Beyond("no code point".into()));
        }
        let high = self.digits(4)?;
        let mut ahead = self.rest.clone();
        if (0xd800..0xdc00).contains(&high) && ahead.next() == Some('\\') && ahead.next() == Some('u') {
            let before = std::mem::replace(&mut self.rest, ahead);
            match self.digits(4) {
                Ok(low @ 0xdc00..0xe000) => return Ok(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)),
                _ => self.rest = before,
            }
        }
        Ok(high)
    }

    fn digits(&mut self, count: usize) -> Outcome<u32> {
        let digits: String = self.rest.by_ref().take(count).collect();
        let whole = digits.len() == count && digits.bytes().all(|b| b.is_ascii_hexdigit());
        u32::from_str_radix(&digits, 16)
            .ok()
            .filter(|_| whole)
            .ok_or_else(|| Obstacle::Beyond("no code point".into()))
    }

    fn code(&mut self, code: u32) -> Outcome {
        if char::from_u32(code).is_none() {
            return beyond("half of a character");
        }
        let _ = write!(self.out, r"\u{{{code:X}}}");
        Ok(())
    }

    fn property(&mut self, kind: char) -> Outcome {
        if self.rest.next_if_eq(&'{').is_none() {
            return beyond("a property without a name");
        }
        let name: String = self.rest.by_ref().take_while(|c| *c != '}').collect();
        let good = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '='));
        if !good {
            return beyond("there is no such property");
        }
        let _ = write!(self.out, r"\{kind}{{{name}}}");
        Ok(())
    }

    fn literal(&mut self, c: char) {
        if c.is_ascii() && !c.is_ascii_alphanumeric() {
            let _ = write!(self.out, r"\u{{{:X}}}", u32::from(c));
        } else {
            self.out.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::pattern::Pattern;

    fn fits(pattern: &str, text: &str) -> bool {
        Pattern::new(&translate(pattern).unwrap()).unwrap().fits(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_ecma_means() {
        for (pattern, good, bad) in [
            (r"^\d+$", "12", "1٢"),
            (r"^\w$", "_", "é"),
            (r"^\s$", "\u{feff}", "x"),
            (r"^[\w.+-]+@\S+$", "a.b+c-d@x", "a@ "),
            (r"^[a-z]{2,3}$", "abc", "abcd"),
            (r"^a{,2}$", "a{,2}", "aa"),
            (r"^\$\{[^}]*\}$", "${x}", "${}}"),
            (r"^[\]\-\\]+$", r"]-\", "x"),
            (r"^\p{L}+$", "é", "1"),
            (r"^\p{Script=Greek}$", "α", "a"),
            (r"^\uD83D\uDC32*$", "🐲🐲", "x"),
            (r"^\cA$", "\u{1}", "A"),
            (r"^.$", "é", "\u{2028}"),
            (r"\bfoo\b", "a foo", "food"),
            (r"^(?<year>\d{4})$", "2024", "x"),
            (r"^[^\n]+$", "a", ""),
            (r"a[&&b]~~", "a&~~", "ab"),
            (r"^x$", "x", "x\n"),
            (r"^[\d-x]$", "-", "y"),
        ] {
            assert!(fits(pattern, good), "{pattern} {good}");
            assert!(!fits(pattern, bad), "{pattern} {bad}");
        }
    }

    #[test]
    fn what_no_linear_engine_does_is_said() {
        for pattern in [
            r"(?=a)",
            r"(?!a)b",
            r"(?<=a)b",
            r"(a)\1",
            r"(?<n>a)\k<n>",
            r"\ud800",
            r"(?i:a)",
            r"(?i-m:a)",
            r"\p{None}",
        ] {
            assert!(matches!(translate(pattern), Err(Obstacle::Beyond(_))), "{pattern}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_told_apart() {
        for pattern in [
            "[a", "(a", "a)", "a**", "*a", "a{2}{3}", "a{3,1}", "[z-a]", r"\a", r"\Z", "a\\", "(?<n", "(?",
            "(?i)a", "(?P<n>a)",
        ] {
            assert!(matches!(translate(pattern), Err(Obstacle::Broken(_))), "{pattern}");
        }
    }
}
