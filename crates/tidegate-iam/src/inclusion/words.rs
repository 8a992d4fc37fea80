//! Enough texts to tell patterns apart.
//!
//! Patterns of `*` and `?` split all texts into finitely many classes: those that match the same patterns. The classes
//! are found by running all patterns at once over every text, and each is kept as one of its texts.

use crate::glob::Token;
use std::collections::{HashMap, VecDeque};

/// Work on one set of patterns: states times patterns' length.
const MOST_WORK: usize = 20_000_000;

/// Classes of one set of patterns.
const MOST_CLASSES: usize = 4_000;

/// Too many classes to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// A text of a class, and which patterns match it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) matched: Vec<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Char(char),
    One,
    Any,
}

/// One text of every class, in the order of their length. Texts don't hold `forbidden`.
pub(super) fn words(patterns: &[Vec<Token>], forbidden: Option<char>) -> Result<Vec<Word>, TooMany> {
    let patterns: Vec<Vec<Step>> = patterns.iter().map(|tokens| steps(tokens)).collect();
    let other = other_than(&patterns);
    let positions: usize = patterns.iter().map(|p| p.len() + 1).sum();
    let mut work = 0usize;
    let mut seen: HashMap<State, ()> = HashMap::new();
    let mut classes: HashMap<Vec<bool>, ()> = HashMap::new();
    let mut out = Vec::new();
    let start = State(patterns.iter().map(|p| close(p, vec![0])).collect());
    let mut queue = VecDeque::from([(start.clone(), String::new())]);
    seen.insert(start, ());
    while let Some((state, text)) = queue.pop_front() {
        let matched: Vec<bool> =
            patterns.iter().zip(&state.0).map(|(p, at)| at.last() == Some(&(p.len() as u32))).collect();
        if classes.insert(matched.clone(), ()).is_none() {
            out.push(Word { text: text.clone(), matched });
            if out.len() > MOST_CLASSES {
                return Err(TooMany);
            }
        }
        let mut alphabet: Vec<char> = Vec::new();
        for (pattern, at) in patterns.iter().zip(&state.0) {
            alphabet.extend(at.iter().filter_map(|i| match pattern.get(*i as usize) {
                Some(Step::Char(c)) => Some(*c),
                _ => None,
            }));
        }
        alphabet.push(other);
        alphabet.sort_unstable();
        alphabet.dedup();
        for c in alphabet.into_iter().filter(|c| Some(*c) != forbidden) {
            work = work.saturating_add(positions);
            if work > MOST_WORK {
                return Err(TooMany);
            }
            let next = State(patterns.iter().zip(&state.0).map(|(p, at)| advance(p, at, c)).collect());
            if seen.insert(next.clone(), ()).is_none() {
                let mut longer = text.clone();
                longer.push(c);
                queue.push_back((next, longer));
            }
        }
    }
    Ok(out)
}

/// For each pattern the positions where it may be, in order.
#[derive(Clone, PartialEq, Eq, Hash)]
struct State(Vec<Vec<u32>>);

/// Adds what a star may skip.
fn close(pattern: &[Step], mut at: Vec<u32>) -> Vec<u32> {
    let mut i = 0;
    while let Some(position) = at.get(i).copied() {
        if pattern.get(position as usize) == Some(&Step::Any) && !at.contains(&(position + 1)) {
            at.push(position + 1);
        }
        i += 1;
    }
    at.sort_unstable();
    // Behind a star, whatever came before it adds nothing.
    let star = at.iter().rposition(|i| pattern.get(*i as usize) == Some(&Step::Any));
    if let Some(star) = star {
        at.drain(..star);
    }
    at
}

fn advance(pattern: &[Step], at: &[u32], c: char) -> Vec<u32> {
    let mut out = Vec::new();
    for position in at {
        let next = match pattern.get(*position as usize) {
            Some(Step::Any) => *position,
            Some(Step::One) => position + 1,
            Some(Step::Char(own)) if *own == c => position + 1,
            _ => continue,
        };
        if !out.contains(&next) {
            out.push(next);
        }
    }
    close(pattern, out)
}

fn steps(tokens: &[Token]) -> Vec<Step> {
    let mut out = Vec::new();
    for token in tokens {
        match token {
            Token::Text(text) | Token::Hole(text) | Token::Fresh(text) => {
                out.extend(text.chars().map(Step::Char));
            }
            Token::One => out.push(Step::One),
            Token::Any if out.last() == Some(&Step::Any) => {}
            Token::Any => out.push(Step::Any),
        }
    }
    out
}

/// A character that no pattern holds, to stand for all of them.
fn other_than(patterns: &[Vec<Step>]) -> char {
    let used = |c: char| patterns.iter().flatten().any(|step| *step == Step::Char(c));
    let plain = ('a'..='z').rev().chain('0'..='9').chain('A'..='Z');
    plain.chain('\u{e000}'..='\u{e0ef}').find(|c| !used(*c)).unwrap_or('\u{e0ef}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Glob, glob};

    fn classes(patterns: &[&str]) -> Vec<Vec<bool>> {
        let tokens: Vec<_> = patterns.iter().map(|p| glob::tokens(p)).collect();
        let words = words(&tokens, None).unwrap();
        for word in &words {
            for (pattern, matched) in patterns.iter().zip(&word.matched) {
                assert_eq!(Glob::new(pattern).matches(&word.text), *matched, "{pattern} on {:?}", word.text);
            }
        }
        words.into_iter().map(|w| w.matched).collect()
    }

    #[test]
    fn every_class_has_a_word() {
        assert_eq!(classes(&["*"]).len(), 1);
        assert_eq!(classes(&["a*", "*b"]).len(), 4);
        assert!(!classes(&["a*", "*"]).contains(&vec![true, false]));
        assert!(!classes(&["a?c", "a*"]).contains(&vec![true, false]));
        assert!(classes(&["Get*", "*Tag*"]).contains(&vec![true, true]));
        // All one-letter words and longer ones, but not the empty one.
        assert_eq!(classes(&["?*"]).len(), 2);
    }

    #[test]
    fn there_is_an_end_to_it() {
        let hostile: Vec<String> = (0..40).map(|i| format!("*{}*b?a*{i}*", "a?".repeat(20))).collect();
        let tokens: Vec<_> = hostile.iter().map(|p| glob::tokens(p)).collect();
        assert_eq!(words(&tokens, None), Err(TooMany));
    }
}
