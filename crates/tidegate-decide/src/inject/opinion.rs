//! A second opinion about texts that nearly act as code: a small linear model over how such texts look.
//!
//! The grammars decide; they say why, and are right about texts nobody has seen before. A model that has learned from lists of
//! attacks knows how those look. So it is asked only where a grammar was nearly sure, it never denies by itself, and it says
//! what it goes by. `cargo xtask learn` trains it, and says how it does on sources that it hasn't seen.
//!
//! The file: lines of a head (`tidegate opinion 1`, the date, the sources, what a unit of weight is worth, the bias, the
//! length of the list of names), a line for each named slot, then one signed byte a slot.

pub(crate) mod features;

use features::{Features, LONGEST, SLOTS, normal};
use std::sync::LazyLock;

static FILE: &[u8] = include_bytes!("../../data/opinion.bin");
/// Read when it is first asked, which most guards never do.
static MODEL: LazyLock<Option<Model>> = LazyLock::new(|| Model::read(FILE));

struct Model {
    unit: f32,
    bias: f32,
    /// Slots with the piece that stands for each, in order.
    names: Vec<(u16, &'static str)>,
    weights: &'static [u8],
}

/// What it thinks of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// How much it looks like an attack, in hundredths: above fifty more than not.
    pub score: u8,
    /// The pieces that weigh most, out of those that training has named: none is taken from the text.
    pub pieces: Vec<&'static str>,
}

/// Pieces that an opinion is explained with.
const PIECES: usize = 4;

/// Judges a text around a place; takes time for [`LONGEST`] bytes at most.
pub(crate) fn of(text: &[u8], at: usize) -> Option<Opinion> {
    let from = if text.len() <= LONGEST { 0 } else { at.saturating_sub(LONGEST / 4) };
    MODEL.as_ref().map(|model| model.judge(text.get(from..).unwrap_or_default()))
}

impl Model {
    fn read(file: &'static [u8]) -> Option<Self> {
        let (mut rest, mut lines) = (file, Vec::new());
        for _ in 0..6 {
            let end = memchr::memchr(b'\n', rest)?;
            lines.push(std::str::from_utf8(rest.get(..end)?).ok()?);
            rest = rest.get(end + 1..)?;
        }
        let said = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let (names, weights) = rest.split_at_checked(said("names")?.parse().ok()?)?;
        let named = std::str::from_utf8(names).ok()?.lines().filter_map(|line| {
            let (slot, piece) = line.split_once(' ')?;
            Some((slot.parse().ok()?, piece))
        });
        (weights.len() == SLOTS && said("tidegate").is_some_and(|what| what == "opinion 1")).then_some(Self {
            unit: said("unit")?.parse().ok()?,
            bias: said("bias")?.parse().ok()?,
            names: named.collect(),
            weights,
        })
    }

    fn weight(&self, slot: u16) -> i8 {
        self.weights.get(usize::from(slot)).copied().unwrap_or_default().cast_signed()
    }

    fn judge(&self, text: &[u8]) -> Opinion {
        let mut slots = Features::of(&normal(text)).slots;
        let sum: i32 = slots.iter().map(|(slot, ..)| i32::from(self.weight(*slot))).sum();
        let count = u16::try_from(slots.len().max(1)).unwrap_or(u16::MAX);
        // Twenty thousand weights of a byte each stay below what a float holds exactly.
        let sum = f32::from(i16::try_from(sum / 64).unwrap_or(i16::MAX)) * 64.0 + (sum % 64) as f32;
        let score = self.bias + sum * self.unit / f32::from(count).sqrt();
        slots.sort_by_key(|(slot, ..)| (std::cmp::Reverse(self.weight(*slot)), *slot));
        let named = slots.iter().filter_map(|(slot, ..)| {
            let at = self.names.binary_search_by_key(slot, |(slot, _)| *slot).ok()?;
            self.names.get(at).map(|(_, piece)| *piece)
        });
        let score = (100.0 / (1.0 + (-score).exp())).round() as u8;
        Opinion { score, pieces: named.take(PIECES).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_attack_scores_above_what_does_not() {
        let score = |text: &str| of(text.as_bytes(), 0).unwrap().score;
        let attack = score("1' and 1=1 union select password from users--");
        for honest in ["Tom & Ann; find us at the fair", "Please leave it with the neighbours, number 17"] {
            assert!(score(honest) < 50 && attack > score(honest), "{honest}: {}", score(honest));
        }
        assert!(attack > 50, "{attack}");
    }

    #[test]
    fn it_says_what_it_goes_by_and_looks_at_a_part_of_long_texts() {
        let opinion = of(b"x; cat /etc/passwd", 0).unwrap();
        assert!(!opinion.pieces.is_empty());
        let long = format!("{}; cat /etc/passwd", "words of prose ".repeat(1000));
        let (start, end) = (of(long.as_bytes(), 0).unwrap(), of(long.as_bytes(), long.len() - 18).unwrap());
        assert!(end.score > start.score);
    }

    #[test]
    fn a_file_that_is_cut_short_gives_no_opinion() {
        assert!(Model::read(FILE).is_some());
        assert!(Model::read(FILE.get(..FILE.len() - 1).unwrap()).is_none() && Model::read(b"").is_none());
    }
}
