//! Short texts that were looked at before and gave nothing away.
//!
//! Events repeat themselves: keys, states, currencies. What a text gives away hangs on the text, its place and nothing
//! else as long as nothing is wrapped in it, so one that was quiet is quiet again, in this event and in the next.

use crate::trigger::Place;

/// The longest text that is remembered, in bytes.
const LONGEST: usize = 40;
/// How many are remembered. A new one takes the place of the one before it there.
const MANY: usize = 512;

#[derive(Clone, Copy, Debug)]
struct Entry {
    text: [u8; LONGEST],
    length: u8,
    place: Place,
}

/// What is remembered.
#[derive(Debug, Default)]
pub(crate) struct Quiet {
    entries: Vec<Option<Entry>>,
}

/// Where a text would be remembered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot(usize);

impl Quiet {
    /// The slot of a text that may be remembered: short, and without anything that something could be wrapped in.
    pub(crate) fn slot(text: &[u8], place: Place) -> Option<Slot> {
        if text.len() > LONGEST {
            return None;
        }
        let wraps =
            text.iter().fold(false, |any, b| any | WRAPS.get(usize::from(*b)).copied().unwrap_or(true));
        if wraps {
            return None;
        }
        let mut hash = (text.len() as u64) << 8 | place as u64;
        let (words, rest) = text.as_chunks::<8>();
        for word in words {
            hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
        let last = rest.iter().fold(0_u64, |word, b| word << 8 | u64::from(*b));
        hash = (hash ^ last).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Some(Slot((hash >> 40) as usize % MANY))
    }

    /// Whether this very text was quiet in this place.
    pub(crate) fn holds(&self, slot: Slot, text: &[u8], place: Place) -> bool {
        let entry = self.entries.get(slot.0).and_then(Option::as_ref);
        entry.is_some_and(|e| {
            e.place == place && usize::from(e.length) == text.len() && e.text.get(..text.len()) == Some(text)
        })
    }

    /// Remembers it.
    pub(crate) fn keep(&mut self, slot: Slot, text: &[u8], place: Place) {
        if self.entries.is_empty() {
            self.entries.resize(MANY, None);
        }
        let mut entry = Entry { text: [0; LONGEST], length: 0, place };
        if let (Some(to), Ok(length)) = (entry.text.get_mut(..text.len()), u8::try_from(text.len())) {
            to.copy_from_slice(text);
            entry.length = length;
            if let Some(slot) = self.entries.get_mut(slot.0) {
                *slot = Some(entry);
            }
        }
    }
}

/// Documents, escapes, entities, markup, pairs, data addresses, other alphabets, and control characters.
static WRAPS: [bool; 256] = wraps();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn wraps() -> [bool; 256] {
    let mut table = crate::bytes::table(b"{[\"%&\\<=+;|\x7f");
    let mut i = 0;
    while i < 32 {
        table[i] = true;
        table[128 + 4 * i] = true;
        table[128 + 4 * i + 1] = true;
        table[128 + 4 * i + 2] = true;
        table[128 + 4 * i + 3] = true;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_same_text_in_the_very_same_place_is_known() {
        let mut quiet = Quiet::default();
        let slot = Quiet::slot(b"orderId", Place::Key).unwrap();
        assert!(!quiet.holds(slot, b"orderId", Place::Key));
        quiet.keep(slot, b"orderId", Place::Key);
        assert!(quiet.holds(slot, b"orderId", Place::Key));
        assert!(!quiet.holds(slot, b"orderI", Place::Key) && !quiet.holds(slot, b"orderId\0", Place::Key));
        assert!(!quiet.holds(slot, b"orderId", Place::Field));
        assert!(!quiet.holds(slot, b"orderIx", Place::Key));
    }

    #[test]
    fn what_may_hold_something_is_never_remembered() {
        for text in ["{}", "%41", "a=b", "<a", "a\\u", "\u{e9}", "a\n", "a;base64,", "1+1", "\u{7f}"] {
            assert!(Quiet::slot(text.as_bytes(), Place::Field).is_none(), "{text:?}");
        }
        assert!(Quiet::slot(&[b'a'; LONGEST + 1], Place::Field).is_none());
        assert!(Quiet::slot(&[b'a'; LONGEST], Place::Field).is_some());
    }
}
