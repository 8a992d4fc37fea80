//! Numbers as they are written: exact, whatever their length.

use std::cmp::Ordering;

/// A number of JSON: `0.d₁d₂… × 10^scale`, without zeros at either end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal<'a> {
    negative: bool,
    /// Digits with at most one dot among them.
    digits: &'a [u8],
    scale: i64,
    /// How many digits count.
    count: usize,
}

impl<'a> Decimal<'a> {
    /// Reads the text of a JSON number; what is none is zero.
    pub(crate) fn read(text: &'a [u8]) -> Self {
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let end = text.iter().position(|b| matches!(b, b'e' | b'E')).unwrap_or(text.len());
        let (mantissa, exponent) = text.split_at_checked(end).unwrap_or((text, b""));
        let exponent = exponent.get(1..).map_or(0, whole);
        let dot = mantissa.iter().position(|b| *b == b'.').unwrap_or(mantissa.len());
        let zeros = mantissa.iter().take_while(|b| matches!(b, b'0' | b'.')).count();
        let digits = mantissa.get(zeros..).unwrap_or_default();
        let tail = digits.iter().rev().take_while(|b| matches!(b, b'0' | b'.')).count();
        let digits = digits.get(..digits.len() - tail).unwrap_or_default();
        let count = digits.iter().filter(|b| **b != b'.').count();
        if count == 0 {
            return Self { negative: false, digits: b"", scale: 0, count: 0 };
        }
        // Digits before the dot count up, zeros directly after it count down.
        let before = signed(dot);
        let first = signed(zeros);
        let scale = if first <= before { before - first } else { before + 1 - first };
        Self { negative, digits, scale: scale.saturating_add(exponent), count }
    }

    fn figures(self) -> impl Iterator<Item = u8> + 'a {
        self.digits.iter().copied().filter(|b| *b != b'.').map(|b| b - b'0')
    }

    /// Without a fraction.
    pub(crate) fn is_whole(self) -> bool {
        self.count == 0 || signed(self.count) <= self.scale
    }

    /// The order of the values.
    pub(crate) fn compare(self, other: Decimal<'_>) -> Ordering {
        let sign = |n: &Decimal<'_>| match (n.count, n.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        };
        let order = sign(&self).cmp(&sign(&other));
        if order != Ordering::Equal || self.count == 0 {
            return order;
        }
        let order = self.scale.cmp(&other.scale).then_with(|| self.figures().cmp(other.figures()));
        if self.negative { order.reverse() } else { order }
    }

    /// True for a whole multiple of `unit`, which has at most eighteen digits.
    pub(crate) fn is_multiple_of(self, unit: Decimal<'_>) -> bool {
        if self.count == 0 {
            return true;
        }
        let Some(divisor) = unit.small().filter(|d| *d > 0) else { return true };
        // Both as whole numbers without zeros at the end, times a power of ten.
        let powers = (self.scale - signed(self.count)).saturating_sub(unit.scale - signed(unit.count));
        let Ok(powers) = u64::try_from(powers) else { return false };
        let rest = self.figures().fold(0, |n: u128, d| (n * 10 + u128::from(d)) % divisor);
        (rest * power(10, powers, divisor)).is_multiple_of(divisor)
    }

    /// Its digits as a number, if there are at most eighteen.
    pub(crate) fn small(self) -> Option<u128> {
        (self.count <= 18).then(|| self.figures().fold(0, |n, d| n * 10 + u128::from(d)))
    }

    /// Parts that are the same for all texts of one value.
    pub(crate) fn key(self) -> (bool, i64, impl Iterator<Item = u8> + 'a) {
        (self.negative, self.scale, self.figures())
    }
}

fn signed(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn power(base: u128, mut exponent: u64, modulus: u128) -> u128 {
    let (mut result, mut base) = (1 % modulus, base % modulus);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        exponent >>= 1;
    }
    result
}

/// A whole number with a sign; far away beyond eighteen digits.
fn whole(text: &[u8]) -> i64 {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let value = digits.iter().fold(0_i64, |n, b| {
        n.saturating_mul(10).saturating_add(i64::from(b.wrapping_sub(b'0'))).min(i64::MAX / 4)
    });
    if negative { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(a: &str, b: &str) -> Ordering {
        Decimal::read(a.as_bytes()).compare(Decimal::read(b.as_bytes()))
    }

    #[test]
    fn values_whatever_their_text() {
        for (a, b) in [("1", "1.0"), ("100", "1e2"), ("-0", "0.0"), ("0.001", "1E-3"), ("12.50", "1250e-2")] {
            assert_eq!(order(a, b), Ordering::Equal, "{a} {b}");
        }
        for (a, b) in [
            ("9", "10"),
            ("-10", "-9"),
            ("-1", "0"),
            ("0.01", "0.1"),
            ("0.5", "0.51"),
            ("18446744073709551615", "18446744073709551616"),
            ("972783798187987123879878123.188781371", "972783798187987123879878123.188781372"),
            ("1e308", "1e400"),
        ] {
            assert_eq!(order(a, b), Ordering::Less, "{a} {b}");
            assert_eq!(order(b, a), Ordering::Greater, "{b} {a}");
        }
    }

    #[test]
    fn whole_numbers_and_multiples() {
        let number = |text: &'static str| Decimal::read(text.as_bytes());
        for text in ["0", "1.0", "1e3", "12.5e1", "-7", "1e-0"] {
            assert!(number(text).is_whole(), "{text}");
        }
        for text in ["0.5", "1e-1", "12.55e1"] {
            assert!(!number(text).is_whole(), "{text}");
        }
        for (n, unit) in [
            ("7.5", "2.5"),
            ("0.0075", "0.0001"),
            ("1e308", "0.5"),
            ("10", "5"),
            ("0", "3"),
            ("4.02", "0.01"),
        ] {
            assert!(number(n).is_multiple_of(number(unit)), "{n} {unit}");
        }
        for (n, unit) in
            [("3", "20"), ("0.1", "1"), ("0.00751", "0.0001"), ("35", "1.5"), ("1e308", "0.123456789")]
        {
            assert!(!number(n).is_multiple_of(number(unit)), "{n} {unit}");
        }
    }
}
