//! Values of conditions, compiled for their operator.

use super::{Comparison, Order};
use crate::glob::Token;
use crate::policy::text::{Filled, Template};
use crate::{Arn, Context, Glob, Tri, hole};
use std::cmp::Ordering;
use std::net::IpAddr;

/// A value of the policy.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    /// Equal to this text (in lower case where case doesn't count).
    Text(Glob),
    Pattern(Glob),
    Number(f64),
    Date(Instant),
    Bool(bool),
    Network(IpAddr, u8),
    Arn(Box<[Glob; 6]>),
    /// Compiled once the variables are known.
    Variable(Template),
    /// Depends on something that isn't known.
    Open,
    /// Can't be compared.
    Invalid,
}

/// Seconds since 1970 and nanoseconds of the second.
type Instant = (i64, u32);

impl Operand {
    pub(super) fn new(comparison: Comparison, template: &Template) -> Self {
        match template.fixed() {
            Some(tokens) => Self::compile(comparison, &tokens),
            None => Self::Variable(template.clone()),
        }
    }

    fn compile(comparison: Comparison, tokens: &[Token]) -> Self {
        let open = tokens.iter().any(|t| matches!(t, Token::Hole(_) | Token::Fresh(_)));
        let text = plain(tokens);
        match comparison {
            Comparison::Text | Comparison::Binary => Self::Text(Glob::literal(&text)),
            Comparison::TextIgnoreCase => Self::Text(Glob::literal(&text.to_lowercase())),
            Comparison::TextLike => Self::Pattern(Glob::from_tokens(tokens)),
            Comparison::Arn => {
                segments(tokens).map_or(if open { Self::Open } else { Self::Invalid }, Self::Arn)
            }
            _ if open => Self::Open,
            Comparison::Number(_) => number(&text).map_or(Self::Invalid, Self::Number),
            Comparison::Date(_) => date(&text).map_or(Self::Invalid, Self::Date),
            Comparison::Bool | Comparison::Null => boolean(&text).map_or(Self::Invalid, Self::Bool),
            Comparison::Ip => network(&text).map_or(Self::Invalid, |(ip, bits)| Self::Network(ip, bits)),
            Comparison::Invalid => Self::Invalid,
        }
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open | Self::Variable(_))
    }

    /// True if the request's value matches; `None` when the two can't be compared.
    pub(super) fn matches(&self, comparison: Comparison, value: &str, context: &Context) -> Option<Tri> {
        let parsed = |known: Option<bool>| match known {
            Some(known) => Some(Tri::from(known)),
            None if hole::is_in(value) => Some(Tri::Unknown),
            None => None,
        };
        match self {
            Self::Text(glob) if comparison == Comparison::TextIgnoreCase => {
                Some(glob.matches_tri(&value.to_lowercase()))
            }
            Self::Text(glob) | Self::Pattern(glob) => Some(glob.matches_tri(value)),
            Self::Number(own) => {
                parsed(number(value).and_then(|theirs| ordered(comparison, theirs.partial_cmp(own)?)))
            }
            Self::Date(own) => parsed(date(value).and_then(|theirs| ordered(comparison, theirs.cmp(own)))),
            Self::Bool(own) => parsed(boolean(value).map(|theirs| theirs == *own)),
            Self::Network(own, bits) => {
                parsed(value.parse::<IpAddr>().ok().map(|theirs| contains(*own, *bits, theirs)))
            }
            Self::Arn(globs) => {
                let Some(arn) = Arn::parse(value) else { return parsed(None) };
                let parts = globs.iter().zip(arn.parts());
                Some(Tri::all(parts.map(|(glob, part)| glob.matches_tri(part))))
            }
            Self::Variable(template) => match template.fill(context) {
                Filled::Tokens(tokens) => {
                    Self::compile(comparison, &tokens).matches(comparison, value, context)
                }
                Filled::Unresolved => None,
            },
            Self::Open => Some(Tri::Unknown),
            Self::Invalid => None,
        }
    }
}

/// The text in which wildcards are ordinary characters.
fn plain(tokens: &[Token]) -> String {
    tokens
        .iter()
        .map(|token| match token {
            Token::Text(text) | Token::Hole(text) | Token::Fresh(text) => text.as_str(),
            Token::Any => "*",
            Token::One => "?",
        })
        .collect()
}

/// The six parts of an ARN pattern.
fn segments(tokens: &[Token]) -> Option<Box<[Glob; 6]>> {
    let mut parts: Vec<Vec<Token>> = vec![Vec::new()];
    for token in tokens {
        let Token::Text(text) = token else {
            parts.last_mut()?.push(token.clone());
            continue;
        };
        for (i, piece) in text.splitn(7usize.saturating_sub(parts.len()).max(1), ':').enumerate() {
            if i > 0 {
                parts.push(Vec::new());
            }
            if !piece.is_empty() {
                parts.last_mut()?.push(Token::Text(piece.to_string()));
            }
        }
    }
    let globs: Vec<Glob> = parts.iter().map(|tokens| Glob::from_tokens(tokens)).collect();
    Some(Box::new(globs.try_into().ok()?))
}

fn ordered(comparison: Comparison, ordering: Ordering) -> Option<bool> {
    let (Comparison::Number(order) | Comparison::Date(order)) = comparison else { return None };
    Some(match order {
        Order::Equal => ordering.is_eq(),
        Order::Less => ordering.is_lt(),
        Order::LessEqual => ordering.is_le(),
        Order::Greater => ordering.is_gt(),
        Order::GreaterEqual => ordering.is_ge(),
    })
}

fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    // `inf` and `nan` are numbers to Rust alone.
    let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    text.parse().ok().filter(|n: &f64| n.is_finite() && text.bytes().all(plain))
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// An address with its mask; without one it is that address alone.
fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        Some(bits) => bits.parse().ok().filter(|b| *b <= most)?,
        None => most,
    };
    Some((address, bits))
}

fn contains(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            a.to_bits() & mask == b.to_bits() & mask
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            a.to_bits() & mask == b.to_bits() & mask
        }
        _ => false,
    }
}

/// ISO 8601 as W3C restricts it, or seconds since 1970.
fn date(text: &str) -> Option<Instant> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return Some((seconds, 0));
    }
    let (day, time) = text.split_once(['T', 't', ' ']).map_or((text, None), |(d, t)| (d, Some(t)));
    let mut parts = day.split('-');
    let year: i64 = digits(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |m| digits(m, 2)).filter(|m| (1..=12).contains(m))?;
    let day = parts.next().map_or(Some(1), |d| digits(d, 2)).filter(|d| (1..=31).contains(d))?;
    if parts.next().is_some() {
        return None;
    }
    let days = days(year, month, day);
    let (seconds, nanos) = match time {
        Some(time) => clock(time)?,
        None => (0, 0),
    };
    Some((days * 86_400 + seconds, nanos))
}

/// Time of day with its offset, as seconds of the day in UTC.
fn clock(text: &str) -> Option<(i64, u32)> {
    let (time, offset) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => text.split_at_checked(at)?,
        None => (text, ""),
    };
    let mut parts = time.split(':');
    let hour = digits(parts.next()?, 2).filter(|h| *h < 24)?;
    let minute = digits(parts.next()?, 2).filter(|m| *m < 60)?;
    let (second, nanos) = match parts.next() {
        None => (0, 0),
        Some(second) => {
            let (whole, part) = second.split_once('.').unwrap_or((second, "0"));
            if part.is_empty() || part.len() > 9 || !part.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let scale = 10u32.pow(9 - u32::try_from(part.len()).ok()?);
            (digits(whole, 2).filter(|s| *s <= 60)?, part.parse::<u32>().ok()? * scale)
        }
    };
    if parts.next().is_some() {
        return None;
    }
    let ahead = match offset {
        "" | "Z" | "z" => 0,
        _ => {
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            let rest = offset.trim_start_matches(['+', '-']);
            let (hours, minutes) = rest.split_once(':').or_else(|| rest.split_at_checked(2))?;
            sign * (digits(hours, 2)? * 3_600 + digits(minutes, 2)? * 60)
        }
    };
    Some((hour * 3_600 + minute * 60 + second - ahead, nanos))
}

fn digits(text: &str, len: usize) -> Option<i64> {
    (text.len() == len && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_instants() {
        assert_eq!(date("1970-01-01T00:00:00Z"), Some((0, 0)));
        assert_eq!(date("2024-06-01T02:00:00+02:00"), date("2024-06-01T00:00Z"));
        assert_eq!(date("2024-06-01"), date("1717200000"));
        assert_eq!(date("2024-06-01T00:00:00.5Z"), Some((1_717_200_000, 500_000_000)));
        for text in ["", "2024-13-01", "2024-06-01T25:00Z", "June", "2024-06-01T00:00:00.Z", "24-06-01"] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn networks_have_a_family() {
        let check = |net: &str, ip: &str, expect: bool| {
            let (own, bits) = network(net).unwrap();
            assert_eq!(contains(own, bits, ip.parse().unwrap()), expect, "{ip} in {net}");
        };
        check("0.0.0.0/0", "198.51.100.1", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("10.1.2.3/16", "10.1.9.9", true);
        check("203.0.113.7", "203.0.113.8", false);
        check("2001:db8::/32", "2001:db8:1::5", true);
        assert_eq!(network("10.0.0.0/33"), None);
        assert_eq!(network("10.0.0.0/"), None);
    }

    #[test]
    fn numbers_are_finite() {
        assert_eq!(number("10.0"), Some(10.0));
        assert_eq!(number("inf"), None);
        assert_eq!(number("nan"), None);
    }
}
