//! Wildcard patterns: `*` for any text, `?` for any one character.

use crate::{Tri, hole};
use std::collections::HashMap;

/// Characters between two stars, `?` among them, that are looked for anywhere in a text; ARNs have at most 2,048.
const MAX_MARKS: usize = 4_096;

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    /// Text that stands for itself.
    Text(String),
    /// `*`
    Any,
    /// `?`
    One,
    /// Something that isn't known, in the form of [`hole::text`].
    Hole(String),
    /// Something that isn't known and that nothing else is, in the form of [`hole::fresh`].
    Fresh(String),
}

/// A compiled pattern. Comparison is by character and case; callers fold case beforehand where it doesn't count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glob {
    /// What stands between the stars; one more than there are stars.
    chunks: Vec<Chunk>,
    /// Some part of it isn't known.
    open: bool,
}

/// Text and question marks without a star.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Chunk {
    /// The text; `None` where there are question marks among it.
    plain: Option<Box<str>>,
    /// The same as one item for each character; empty when `plain` tells all.
    marks: Vec<Mark>,
    /// What it was made from.
    tokens: Vec<Token>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Mark {
    Char(char),
    One,
}

impl Glob {
    /// The pattern of a text in which every `*` and `?` is a wildcard.
    pub fn new(text: &str) -> Self {
        Self::from_tokens(&tokens(text))
    }

    /// The pattern of one text that stands for itself.
    pub fn literal(text: &str) -> Self {
        Self::from_tokens(&literal(text))
    }

    /// The pattern of these tokens.
    pub fn from_tokens(tokens: &[Token]) -> Self {
        let open = tokens.iter().any(|t| matches!(t, Token::Hole(_) | Token::Fresh(_)));
        let chunks = tokens.split(|t| *t == Token::Any).map(Chunk::new).collect();
        Self { chunks, open }
    }

    /// True for `*` (and `**`).
    pub fn is_any(&self) -> bool {
        self.chunks.len() > 1 && self.chunks.iter().all(Chunk::is_empty)
    }

    /// True when a part of the pattern isn't known.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The only text that matches, when there is just one.
    pub fn as_literal(&self) -> Option<&str> {
        match self.chunks.as_slice() {
            [only] => only.plain.as_deref(),
            _ => None,
        }
    }

    /// The tokens of which it is made, neighbouring stars joined to one.
    pub fn tokens(&self) -> Vec<Token> {
        let mut out: Vec<Token> = Vec::new();
        for (i, chunk) in self.chunks.iter().enumerate() {
            if i > 0 && out.last() != Some(&Token::Any) {
                out.push(Token::Any);
            }
            out.extend(chunk.tokens.iter().cloned());
        }
        out
    }

    /// True if the text matches, holes taken as text that only equals itself.
    pub fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.chunks.split_first() else { return text.is_empty() };
        let Some(mut left) = first.strip_prefix(text) else { return false };
        let Some((last, middle)) = rest.split_last() else { return left.is_empty() };
        for chunk in middle {
            match chunk.find(left) {
                Some(after) => left = after,
                None => return false,
            }
        }
        last.is_suffix(left)
    }

    /// The same where parts of pattern or text aren't known: unknown when a value for them decides it.
    pub fn matches_tri(&self, text: &str) -> Tri {
        if self.matches(text) {
            return Tri::True;
        }
        if !self.open && !hole::is_in(text) {
            return Tri::False;
        }
        let (pattern, text) = (steps(&self.tokens()), steps(&literal(text)));
        let (pattern, text) = apart(&pattern, &text);
        let is_wild = |step: &Step| matches!(step, Step::Any | Step::One);
        let is_hole = |step: &Step| matches!(step, Step::Hole(_));
        // Names that are made up are equal to nothing that is written down.
        if !pattern.iter().any(is_wild) && !pattern.iter().chain(text).any(is_hole) {
            return Tri::False;
        }
        // As if every hole could be any text. Equal holes have equal values, which this ignores beyond what was cut off:
        // it says unknown once too often, never too rarely.
        let open = |steps: &[Step], fresh: bool| -> Vec<Step> {
            let one = |step: &Step| match step {
                Step::Hole(_) => Step::Any,
                Step::Fresh(_) if fresh => Step::Made,
                other => other.clone(),
            };
            steps.iter().map(one).collect()
        };
        if lay(&open(pattern, false), &open(text, true)) { Tri::Unknown } else { Tri::False }
    }
}

impl Chunk {
    fn new(tokens: &[Token]) -> Self {
        let tokens = tokens.to_vec();
        if tokens.contains(&Token::One) {
            return Self { plain: None, marks: marks(&tokens), tokens };
        }
        let text: String = tokens
            .iter()
            .map(|t| match t {
                Token::Text(text) | Token::Hole(text) | Token::Fresh(text) => text.as_str(),
                Token::Any | Token::One => "",
            })
            .collect();
        Self { plain: Some(text.into()), marks: Vec::new(), tokens }
    }

    fn is_empty(&self) -> bool {
        self.plain.as_deref() == Some("")
    }

    /// What is left of the text behind the chunk at its beginning.
    fn strip_prefix<'t>(&self, text: &'t str) -> Option<&'t str> {
        if let Some(plain) = &self.plain {
            return strip(text, plain);
        }
        let mut chars = text.chars();
        for mark in &self.marks {
            let c = chars.next()?;
            if !mark.covers(c) {
                return None;
            }
        }
        Some(chars.as_str())
    }

    /// What is left of the text behind the first place where the chunk occurs.
    fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        if let Some(plain) = &self.plain {
            return text.split_once(&**plain).map(|(_, after)| after);
        }
        // Nothing that AWS names is as long.
        if self.marks.len() > text.len() || self.marks.len() > MAX_MARKS {
            return None;
        }
        self.scan(text)
    }

    /// Shift-and: the beginnings of the chunk that end here are bits, so that a character costs one step for 64 marks
    /// and never a look back.
    fn scan<'t>(&self, text: &'t str) -> Option<&'t str> {
        let words = self.marks.len().div_ceil(64);
        let mut any = vec![0u64; words];
        let mut own: HashMap<char, Vec<u64>> = HashMap::new();
        let set = |mask: &mut Vec<u64>, at: usize| {
            if let Some(word) = mask.get_mut(at / 64) {
                *word |= 1 << (at % 64);
            }
        };
        for (at, mark) in self.marks.iter().enumerate() {
            match mark {
                Mark::One => set(&mut any, at),
                Mark::Char(c) => set(own.entry(*c).or_insert_with(|| vec![0; words]), at),
            }
        }
        let last = 1u64 << (self.marks.len().saturating_sub(1) % 64);
        let none = vec![0u64; words];
        let mut state = none.clone();
        for (at, c) in text.char_indices() {
            let mask = own.get(&c).unwrap_or(&none);
            let mut carry = 1;
            for ((bits, any), own) in state.iter_mut().zip(&any).zip(mask) {
                let next = *bits >> 63;
                *bits = (*bits << 1 | carry) & (any | own);
                carry = next;
            }
            if state.last().is_some_and(|bits| bits & last != 0) {
                return text.get(at + c.len_utf8()..);
            }
        }
        None
    }

    fn is_suffix(&self, text: &str) -> bool {
        if let Some(plain) = &self.plain {
            return text.len() >= plain.len()
                && text.bytes().rev().zip(plain.bytes().rev()).all(|(a, b)| a == b);
        }
        let mut chars = text.chars();
        self.marks.iter().rev().all(|mark| chars.next_back().is_some_and(|c| mark.covers(c)))
    }
}

/// What is left of a text behind its beginning. Most texts differ in the first bytes, before a call pays.
fn strip<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let same = text.len() >= prefix.len() && text.bytes().zip(prefix.bytes()).all(|(a, b)| a == b);
    if same { text.get(prefix.len()..) } else { None }
}

impl Mark {
    fn covers(self, c: char) -> bool {
        match self {
            Self::Char(own) => own == c,
            Self::One => true,
        }
    }
}

fn marks(tokens: &[Token]) -> Vec<Mark> {
    let mut out = Vec::new();
    for token in tokens {
        match token {
            Token::Text(text) | Token::Hole(text) | Token::Fresh(text) => {
                out.extend(text.chars().map(Mark::Char));
            }
            Token::One => out.push(Mark::One),
            Token::Any => {}
        }
    }
    out
}

/// The tokens of a text in which every `*` and `?` is a wildcard.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    for part in hole::parts(text) {
        match part {
            hole::Part::Hole(hole) => out.push(Token::Hole(hole.to_string())),
            hole::Part::Fresh(hole) => out.push(Token::Fresh(hole.to_string())),
            hole::Part::Text(text) => {
                let mut rest = text;
                while !rest.is_empty() {
                    let at = rest.find(['*', '?']).unwrap_or(rest.len());
                    let (known, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
                    if !known.is_empty() {
                        out.push(Token::Text(known.to_string()));
                    }
                    let mut chars = after.chars();
                    match chars.next() {
                        Some('*') => out.push(Token::Any),
                        Some(_) => out.push(Token::One),
                        None => {}
                    }
                    rest = chars.as_str();
                }
            }
        }
    }
    out
}

/// The tokens of a text that stands for itself.
pub fn literal(text: &str) -> Vec<Token> {
    hole::parts(text)
        .map(|part| match part {
            hole::Part::Hole(hole) => Token::Hole(hole.to_string()),
            hole::Part::Fresh(hole) => Token::Fresh(hole.to_string()),
            hole::Part::Text(text) => Token::Text(text.to_string()),
        })
        .collect()
}

/// One step of a pattern when two patterns are laid side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Char(char),
    One,
    Any,
    Hole(String),
    Fresh(String),
    /// A made-up name of which nothing is known but that it is no other one.
    Made,
}

fn steps(tokens: &[Token]) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::new();
    for token in tokens {
        match token {
            Token::Text(text) => out.extend(text.chars().map(Step::Char)),
            Token::Hole(name) => out.push(Step::Hole(name.clone())),
            Token::Fresh(name) => out.push(Step::Fresh(name.clone())),
            Token::One => out.push(Step::One),
            Token::Any if out.last() == Some(&Step::Any) => {}
            Token::Any => out.push(Step::Any),
        }
    }
    out
}

/// Both without what they begin and end with alike: the same text, known or not.
fn apart<'s>(mut a: &'s [Step], mut b: &'s [Step]) -> (&'s [Step], &'s [Step]) {
    let same = |x: &Step, y: &Step| x == y && !matches!(x, Step::Any | Step::One);
    while let (Some((x, left)), Some((y, right))) = (a.split_first(), b.split_first())
        && same(x, y)
    {
        (a, b) = (left, right);
    }
    while let (Some((x, left)), Some((y, right))) = (a.split_last(), b.split_last())
        && same(x, y)
    {
        (a, b) = (left, right);
    }
    (a, b)
}

/// True if some text matches both patterns.
pub fn meet(a: &[Token], b: &[Token]) -> bool {
    lay(&steps(a), &steps(b))
}

/// Lays two patterns side by side. Time and memory are bounded by the product of their lengths, row by row.
fn lay(a: &[Step], b: &[Step]) -> bool {
    let is_long = |step: Option<&Step>| matches!(step, Some(Step::Any | Step::Made));
    // Row i says for each j whether a[i..] and b[j..] meet; rows are filled from the end.
    let mut below = vec![false; b.len() + 1];
    for i in (0..=a.len()).rev() {
        let mut row = vec![false; b.len() + 1];
        for j in (0..=b.len()).rev() {
            let at = |row: &[bool], j: usize| row.get(j).copied().unwrap_or(false);
            let (x, y) = (a.get(i), b.get(j));
            let value = match (x, y) {
                (None, None) => true,
                // A made-up name holds no other one.
                (Some(Step::Made), Some(Step::Fresh(_))) => at(&below, j),
                (Some(Step::Fresh(_)), Some(Step::Made)) => at(&row, j + 1),
                // A star ends here, or takes one more step of the other pattern.
                (Some(_), Some(_)) if is_long(x) || is_long(y) => at(&below, j) || at(&row, j + 1),
                (Some(_), None) => is_long(x) && at(&below, j),
                (None, Some(_)) => is_long(y) && at(&row, j + 1),
                (Some(Step::Char(x)), Some(Step::Char(y))) => x == y && at(&below, j + 1),
                (Some(Step::One), Some(Step::Char(_) | Step::One))
                | (Some(Step::Char(_)), Some(Step::One)) => at(&below, j + 1),
                // What isn't known is the same only when it is called the same.
                (Some(x), Some(y)) => x == y && at(&below, j + 1),
            };
            if let Some(cell) = row.get_mut(j) {
                *cell = value;
            }
        }
        below = row;
    }
    below.first().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, expect: bool) {
        assert_eq!(Glob::new(pattern).matches(text), expect, "{pattern} against {text}");
    }

    #[test]
    fn stars_and_marks() {
        check("*", "", true);
        check("", "", true);
        check("", "a", false);
        check("a*b*c", "a-b-b-c", true);
        check("a*b*c", "a-c-b", false);
        check("ab*ba", "aba", false);
        check("?", "ä", true);
        check("a?c*", "abcd", true);
        check("*a?", "xxab", true);
        check("*a?*z", "aaz", true);
        check("*?", "", false);
        check("??*??", "abc", false);
        check("a**b", "ab", true);
    }

    #[test]
    fn many_stars_take_no_more_than_one_pass() {
        let pattern = "*a".repeat(2_000);
        let text = "b".repeat(20_000);
        check(&pattern, &text, false);
    }

    #[test]
    fn holes_are_equal_to_themselves_and_unknown_otherwise() {
        let hole = hole::text("Env");
        let glob = Glob::new(&format!("orders-{hole}*"));
        assert_eq!(glob.matches_tri(&format!("orders-{hole}-dlq")), Tri::True);
        assert_eq!(glob.matches_tri("orders-dev"), Tri::Unknown);
        assert_eq!(glob.matches_tri("payments"), Tri::False);
        assert_eq!(Glob::new("orders-d*").matches_tri(&format!("orders-{hole}")), Tri::Unknown);
    }

    #[test]
    fn a_made_up_name_is_no_other_one() {
        let (a, b, account) = (hole::fresh("A"), hole::fresh("B"), hole::text("account"));
        let check = |pattern: &str, text: &str, expect: Tri| {
            assert_eq!(Glob::new(pattern).matches_tri(text), expect, "{pattern} against {text}");
        };
        check(&a, &a, Tri::True);
        check(&a, &b, Tri::False);
        check("*", &a, Tri::True);
        check("orders", &a, Tri::False);
        check("orders-*", &a, Tri::Unknown);
        check(&format!("{a}/*"), &format!("{b}/key"), Tri::False);
        check(&format!("{a}/*"), &format!("{a}/key"), Tri::True);
        check(&format!("{account}:role/{a}"), &format!("{account}:role/{b}"), Tri::False);
        check(&hole::text("Name"), &a, Tri::Unknown);
    }

    #[test]
    fn two_patterns_meet_where_a_text_matches_both() {
        let check = |a: &str, b: &str, expect: bool| {
            assert_eq!(meet(&tokens(a), &tokens(b)), expect, "{a} and {b}");
            assert_eq!(meet(&tokens(b), &tokens(a)), expect, "{b} and {a}");
        };
        check("a*", "*b", true);
        check("a*", "b*", false);
        check("a?c", "abc", true);
        check("a?c", "ac", false);
        check("*", "", true);
        check("?", "", false);
        check("a*c", "ab*", true);
        check("a*c?", "a*d", true);
        check("a*cx", "a*cd", false);
        check("*aa*", "?b?", false);
    }

    #[test]
    fn question_marks_between_stars_are_found_anywhere() {
        for (pattern, text, expect) in [
            ("*a?c*", "xxabcxx", true),
            ("*a?c*", "xxabdxx", false),
            ("*?*", "", false),
            ("*a?*a?*", "abab", true),
            ("*a?*a?*", "aba", false),
            ("*?ö?*", "xöy", true),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), expect, "{pattern} {text}");
        }
        let long = "a?".repeat(100);
        assert!(Glob::new(&format!("*{long}b*")).matches(&format!("{}b", "ax".repeat(300))));
        assert!(!Glob::new(&format!("*{long}b*")).matches(&"ax".repeat(300)));
    }

    #[test]
    fn twice_the_text_takes_twice_the_time() {
        let seconds = |size: usize| {
            let glob = Glob::new(&format!("*{}b*", "a?".repeat(1_000)));
            let text = "a".repeat(size);
            let once = || {
                let start = std::time::Instant::now();
                assert!(!glob.matches(&text));
                start.elapsed().as_secs_f64()
            };
            (0..5).map(|_| once()).fold(f64::MAX, f64::min)
        };
        let (small, large) = (seconds(20_000), seconds(80_000));
        assert!(large < small * 12.0, "{small} s, {large} s");
        // One step a character for 64 marks; looking back from each place would take 1,000 times as many.
        assert!(large < 5.0, "{large} s");
    }
}
