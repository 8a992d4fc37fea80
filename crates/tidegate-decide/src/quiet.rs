//! Short texts that were looked at before and gave nothing away.
//!
//! Events repeat themselves: keys, states, currencies, what a browser says about itself. What a text gives away hangs on the
//! text, its place and nothing else as long as nothing is wrapped in it, so one that was quiet is quiet again, in this event
//! and in the next. Where something may be wrapped in it, the steps that led to the text count as well: at the first step
//! they are none.

use crate::trigger::Place;

/// The longest text that is remembered, in bytes.
const LONGEST: usize = 40;
/// The longest header with its name.
const HEADER: usize = 160;
/// How many of either are remembered. A new one takes the place of the one before it there.
const MANY: usize = 512;
const HEADERS: usize = 128;
/// Headers that aren't: what proves who somebody is isn't kept longer than needed, and every sender has his own.
const PRIVATE: &[&[u8]] = &[b"authorization", b"cookie", b"proxy-authorization", b"x-api-key"];

#[derive(Clone, Copy, Debug)]
struct Entry<const MOST: usize> {
    text: [u8; MOST],
    length: u8,
    place: Place,
}

impl<const MOST: usize> Entry<MOST> {
    fn of(text: &[u8], place: Place) -> Option<Self> {
        let mut entry = Self { text: [0; MOST], length: u8::try_from(text.len()).ok()?, place };
        entry.text.get_mut(..text.len())?.copy_from_slice(text);
        Some(entry)
    }

    fn is(&self, text: &[u8], place: Place) -> bool {
        let own = self.text.get(..usize::from(self.length));
        self.place == place && own == Some(text)
    }
}

/// A header's value that was quiet: its text, the length of the name that follows in `whole`, and what it cost to find out.
#[derive(Clone, Copy, Debug)]
struct Header {
    whole: Entry<HEADER>,
    value: u8,
    cost: usize,
}

/// What is remembered.
#[derive(Debug, Default)]
pub(crate) struct Quiet {
    entries: Vec<Option<Entry<LONGEST>>>,
    headers: Vec<Option<Header>>,
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
        Some(Slot((hash(text, (text.len() as u64) << 8 | place as u64) >> 40) as usize % MANY))
    }

    /// Whether this very text was quiet in this place.
    pub(crate) fn holds(&self, slot: Slot, text: &[u8], place: Place) -> bool {
        self.entries.get(slot.0).and_then(Option::as_ref).is_some_and(|e| e.is(text, place))
    }

    /// Remembers it.
    pub(crate) fn keep(&mut self, slot: Slot, text: &[u8], place: Place) {
        if self.entries.is_empty() {
            self.entries.resize(MANY, None);
        }
        if let Some(slot) = self.entries.get_mut(slot.0) {
            *slot = Entry::of(text, place);
        }
    }

    /// The slot of a header that may be remembered, whatever it holds: short, and no secret.
    pub(crate) fn header_slot(name: &[u8], value: &[u8]) -> Option<Slot> {
        let length = name.len() + value.len();
        if length > HEADER || PRIVATE.iter().any(|p| p.eq_ignore_ascii_case(name)) {
            return None;
        }
        Some(Slot((hash(value, hash(name, length as u64)) >> 40) as usize % HEADERS))
    }

    /// The bytes that were looked at when this very header was quiet.
    pub(crate) fn holds_header(&self, slot: Slot, name: &[u8], value: &[u8], place: Place) -> Option<usize> {
        let header = self.headers.get(slot.0)?.as_ref()?;
        let whole = header.whole.text.get(..usize::from(header.whole.length))?;
        let (own_value, own_name) = whole.split_at_checked(usize::from(header.value))?;
        (own_value == value && own_name == name && header.whole.place == place).then_some(header.cost)
    }

    /// Remembers a header, and how many bytes it took to look at it.
    pub(crate) fn keep_header(&mut self, slot: Slot, name: &[u8], value: &[u8], place: Place, cost: usize) {
        if self.headers.is_empty() {
            self.headers.resize(HEADERS, None);
        }
        let (whole, value) = (Entry::of(&[value, name].concat(), place), u8::try_from(value.len()));
        if let (Some(slot), Some(whole), Ok(value)) = (self.headers.get_mut(slot.0), whole, value) {
            *slot = Some(Header { whole, value, cost });
        }
    }
}

/// Spreads texts over slots, no more.
fn hash(text: &[u8], seed: u64) -> u64 {
    let mut hash = seed;
    let (words, rest) = text.as_chunks::<8>();
    for word in words {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
    let last = rest.iter().fold(0_u64, |word, b| word << 8 | u64::from(*b));
    (hash ^ last).wrapping_mul(0x9e37_79b9_7f4a_7c15)
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
    fn a_header_is_known_by_name_value_and_place_and_a_secret_never() {
        let mut quiet = Quiet::default();
        let (name, value) = (&b"user-agent"[..], &b"a (b; c=d) %41"[..]);
        let slot = Quiet::header_slot(name, value).unwrap();
        assert_eq!(quiet.holds_header(slot, name, value, Place::Header), None);
        quiet.keep_header(slot, name, value, Place::Header, 17);
        assert_eq!(quiet.holds_header(slot, name, value, Place::Header), Some(17));
        assert_eq!(quiet.holds_header(slot, name, value, Place::Field), None);
        assert_eq!(quiet.holds_header(slot, b"ser-agent", b"a (b; c=d) %41u", Place::Header), None);
        assert!(Quiet::header_slot(b"Authorization", b"x").is_none());
        assert!(Quiet::header_slot(b"a", &[b'a'; HEADER]).is_none());
        assert!(Quiet::header_slot(b"a", &[b'a'; HEADER - 1]).is_some());
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
