//! Regular expressions of schemas. Time is linear in the text, and tables have a bound.

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind};
use std::sync::{Mutex, TryLockError};

/// A pattern with the states that texts so far have needed.
#[derive(Debug)]
pub(crate) struct Pattern {
    dfa: DFA,
    cache: Mutex<Cache>,
}

impl Pattern {
    /// `None` for what is none, or would grow beyond its bound.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        let dfa = DFA::builder()
            .configure(
                DFA::config()
                    .match_kind(MatchKind::All)
                    .cache_capacity(256 << 10)
                    .skip_cache_capacity_check(true),
            )
            .thompson(thompson::Config::new().nfa_size_limit(Some(1 << 20)))
            .syntax(syntax::Config::new().utf8(false).nest_limit(100))
            .build(pattern)
            .ok()?;
        let cache = Mutex::new(dfa.create_cache());
        Some(Self { dfa, cache })
    }

    /// Whether it fits somewhere in `text`; `None` when that can't be said.
    pub(crate) fn fits(&self, text: &[u8]) -> Option<bool> {
        let input = Input::new(text).earliest(true);
        let search =
            |cache: &mut Cache| self.dfa.try_search_fwd(cache, &input).ok().map(|found| found.is_some());
        match self.cache.try_lock() {
            Ok(mut cache) => search(&mut cache),
            Err(TryLockError::Poisoned(cache)) => search(&mut cache.into_inner()),
            // Another thread is at it: no reason to wait.
            Err(TryLockError::WouldBlock) => search(&mut self.dfa.create_cache()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anywhere_in_the_text_and_bounded() {
        let pattern = Pattern::new(r"[0-9]{3}\z").unwrap();
        assert_eq!(pattern.fits(b"ab 123"), Some(true));
        assert_eq!(pattern.fits(b"ab 123 "), Some(false));
        assert!(Pattern::new("(a{1000}){1000}").is_none());
        assert!(Pattern::new("(").is_none());
    }
}
