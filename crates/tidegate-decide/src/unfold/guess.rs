//! What nobody announced: Base64 as a whole text or a word in one, tokens, bare compression and wide characters.

use super::{Origin, Unfold};
use crate::decode::{Chain, Step, base64, inflate, utf16};
use crate::trigger::Place;

impl Unfold<'_, '_> {
    /// Base64 that nobody announced: the whole text, a data URL, a token.
    pub(super) fn carried(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) {
        let scheme = [&b"basic "[..], b"bearer "].iter().find_map(|scheme| {
            let (start, rest) = text.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        });
        if text.starts_with(b"eyJ") && text.contains(&b'.') {
            if let Some(chain) = self.step(chain, Step::Token, origin) {
                for part in text.split(|&b| b == b'.').take(5) {
                    self.guessed(part, origin, chain);
                }
            }
        } else if scheme.is_none() && (!base64::may_be(text) || !self.guessed(text, origin, chain)) {
            self.embedded(text, origin, chain);
        }
        if origin.place == Place::Path && text.contains(&b'/') {
            for part in text.split(|&b| b == b'/').filter(|part| base64::may_be(part)) {
                self.guessed(part, origin, chain);
            }
        }
        if let (Some(token), Some(chain)) = (scheme, chain.then(Step::Token)) {
            self.carried(token, origin, chain);
        }
        if text.len() <= DATA.len() || memchr::memchr(b';', text).is_none() {
            return;
        }
        for at in memchr::memmem::find_iter(text, DATA) {
            let rest = text.get(at + DATA.len()..).unwrap_or_default();
            let end = rest.iter().position(|b| !b.is_ascii_alphanumeric() && !b"+/=-_".contains(b));
            self.guessed(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default(), origin, chain);
        }
    }

    /// False when it is no Base64.
    pub(super) fn guessed(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) -> bool {
        let origin = Origin { guessed: true, ..origin };
        let mut bytes = self.buffer();
        let decoded = base64::decode(text, &mut bytes);
        if decoded {
            match chain.then(Step::Base64) {
                Some(chain) => self.bytes(&bytes, origin, chain),
                // A text that only happens to be Base64 is no reason.
                None if base64::is_telling(&bytes) => drop(self.step(chain, Step::Base64, origin)),
                None => {}
            }
        }
        self.give_back(bytes);
        decoded
    }

    /// Base64 in the middle of a text: a cell of a table, a value of a setting.
    pub(super) fn embedded(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) {
        for range in base64::tokens(text) {
            let dot = |at: Option<usize>| at.and_then(|at| text.get(at)) == Some(&b'.');
            let dotted = dot(range.start.checked_sub(1)) || dot(Some(range.end));
            let whole = if dotted { chain.then(Step::Token) } else { Some(chain) };
            let token = text.get(range).unwrap_or_default();
            let mut bytes = self.buffer();
            if base64::decode(token, &mut bytes)
                && base64::is_telling(&bytes)
                && std::str::from_utf8(&bytes).is_ok()
                && let Some(chain) = whole.and_then(|chain| chain.then(Step::Base64))
            {
                self.bytes(&bytes, origin, chain);
            }
            self.give_back(bytes);
        }
    }

    /// Bytes that announce neither their compression nor their characters; false when they are none of both.
    pub(super) fn bare(&mut self, bytes: &[u8], origin: Origin<'_>, chain: Chain) -> bool {
        let mut out = self.buffer();
        let deflated = bytes.len() >= 16 && inflate::is_deflate(bytes, self.bounds.inflate, &mut out);
        if deflated && base64::is_telling(&out) {
            if let Some(chain) = self.step(chain, Step::Deflate, origin) {
                self.bytes(&out, origin, chain);
            }
            self.give_back(out);
            return true;
        }
        out.clear();
        let wide = utf16::decode(bytes, &mut out);
        if wide && let Some(chain) = self.step(chain, Step::Utf16, origin) {
            self.text(&out, origin, chain);
        }
        self.give_back(out);
        wide
    }
}

/// What stands before the payload of a data address.
const DATA: &[u8] = b";base64,";
