//! What a text looks like to the learned model: short runs of its characters, and the shapes of its tokens.
//!
//! Training and judging share this file, so it stands by itself.

/// Features are spread over this many slots.
pub(crate) const SLOTS: usize = 1 << 14;
/// Bytes of a text that are looked at.
pub(crate) const LONGEST: usize = 512;

/// The slots of a text, each once, with where in the text it comes from.
#[derive(Debug)]
pub(crate) struct Features {
    seen: Vec<u64>,
    /// Slot, offset and length in [`normal`]; a length of zero is a shape.
    pub(crate) slots: Vec<(u16, u16, u8)>,
}

/// The text as features see it: lower case, every digit a zero, no character beyond ASCII.
pub(crate) fn normal(text: &[u8]) -> Vec<u8> {
    let plain = text.iter().take(LONGEST).map(|byte| match byte {
        b'0'..=b'9' => b'0',
        b'\t' | b'\r' | b'\n' => b' ',
        0..=0x1f | 0x7f..=0xff => b'~',
        other => other.to_ascii_lowercase(),
    });
    plain.collect()
}

impl Features {
    /// The features of a text that is [`normal`].
    pub(crate) fn of(normal: &[u8]) -> Self {
        let mut features = Self { seen: vec![0; SLOTS / 64], slots: Vec::with_capacity(normal.len() * 3) };
        for length in [2_usize, 3, 4] {
            for (at, run) in normal.windows(length).enumerate() {
                features.add(hash(run, length as u64), at, length);
            }
        }
        let shapes = shapes(normal);
        for length in [2_usize, 3, 4] {
            for run in shapes.windows(length) {
                features.add(hash(run, 16 + length as u64), 0, 0);
            }
        }
        features
    }

    fn add(&mut self, hash: u64, at: usize, length: usize) {
        let slot = (hash >> 50) as usize;
        let Some(word) = self.seen.get_mut(slot / 64) else { return };
        let bit = 1 << (slot % 64);
        if *word & bit == 0 {
            *word |= bit;
            let (slot, at) = (u16::try_from(slot).unwrap_or_default(), u16::try_from(at).unwrap_or_default());
            self.slots.push((slot, at, u8::try_from(length).unwrap_or_default()));
        }
    }
}

/// Tokens by their kind: a word, a number, a blank, or the sign that stands there.
fn shapes(normal: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(normal.len());
    let mut last = 0;
    for byte in normal {
        let kind = match byte {
            b'a'..=b'z' | b'_' | b'~' => b'w',
            b'0' => b'0',
            other => *other,
        };
        // Words, numbers and blanks count once, however long.
        if kind != last || !matches!(kind, b'w' | b'0' | b' ') {
            out.push(kind);
        }
        last = kind;
    }
    out
}

/// Spreads; no more is asked of it.
fn hash(run: &[u8], seed: u64) -> u64 {
    let word = run.iter().fold(seed, |word, byte| word << 8 | u64::from(*byte));
    let mixed = (word ^ word >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_each_feature_once_and_case_and_digits_do_not_matter() {
        let slots = |text: &str| {
            let mut slots: Vec<u16> =
                Features::of(&normal(text.as_bytes())).slots.iter().map(|s| s.0).collect();
            slots.sort_unstable();
            slots
        };
        let one = slots("; CAT /etc/passwd 17");
        assert_eq!(one, slots("; cat /etc/passwd 93"));
        assert_ne!(one, slots("the cat sat on the mat"));
        assert!(one.windows(2).all(|pair| pair[0] != pair[1]) && one.len() > 40);
        let long = "x;y ".repeat(10_000);
        assert!(slots(&long).len() < 200);
    }
}
