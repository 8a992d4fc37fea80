//! The tables `contract.limits`: how much may come, and what it may cost, in the units that people write.

use super::{Complaint, Glob, Reader};
use tidegate_graph::contract::{Adaptive, Budget, Caller, Edge, Rate};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Limits of some functions and edges; what is `None` is not said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bound {
    /// Patterns of functions and edges; none is all.
    edges: Vec<Glob>,
    /// As they were written.
    pub(crate) named: String,
    /// Of each edge.
    pub(crate) rate: Option<Rate>,
    pub(crate) caller: Option<Rate>,
    pub(crate) by: Option<Caller>,
    pub(crate) bytes: Option<u64>,
    pub(crate) records: Option<u64>,
    pub(crate) hops: Option<u64>,
    pub(crate) chain_budget: Option<Budget>,
    /// Of each function.
    pub(crate) function_rate: Option<Rate>,
    pub(crate) concurrency: Option<u64>,
    pub(crate) adaptive: Option<Adaptive>,
    pub(crate) fan_out: Option<u64>,
    pub(crate) budget: Option<Budget>,
    pub(crate) expected_ms: Option<u64>,
}

impl Bound {
    /// Whether it is about this edge.
    pub(crate) fn fits(&self, edge: &Edge, function: &str) -> bool {
        let short = format!("{function}:{}", edge.trigger);
        self.fits_function(function) || self.edges.iter().any(|e| e.fits(&short) || e.fits(&edge.id))
    }

    /// Whether it is about this function.
    pub(crate) fn fits_function(&self, function: &str) -> bool {
        self.edges.is_empty() || self.edges.iter().any(|e| e.fits(function))
    }
}

impl Reader {
    /// One table for all, or several with patterns.
    pub(super) fn limits(&mut self, value: &Spanned<DeValue<'_>>) {
        if let DeValue::Table(table) = value.get_ref() {
            self.bound(table);
            return;
        }
        for (table, _) in self.tables("contract.limits", value) {
            self.bound(table);
        }
    }

    fn bound(&mut self, table: &DeTable<'_>) {
        let mut bound = Bound::default();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let full = format!("contract.limits.{name}");
            match name {
                "edges" => {
                    let texts = self.plain(&full, value);
                    bound.edges = texts.iter().map(|t| Glob::new(t)).collect();
                    bound.named = texts.join(", ");
                }
                "rate" => bound.rate = self.measured(&full, value, RATE, rate),
                "caller" => bound.caller = self.measured(&full, value, RATE, rate),
                "function-rate" => bound.function_rate = self.measured(&full, value, RATE, rate),
                "by" => {
                    let Some((word, span)) = self.text(&full, value) else { continue };
                    bound.by = Caller::ALL.into_iter().find(|c| c.word() == word);
                    if bound.by.is_none() {
                        let known = Caller::ALL.map(Caller::word);
                        self.unknown_word(span, "way of telling callers apart", &word, &known);
                    }
                }
                "budget" => bound.budget = self.measured(&full, value, BUDGET, budget),
                "chain-budget" => bound.chain_budget = self.measured(&full, value, BUDGET, budget),
                "adaptive" => bound.adaptive = self.measured(&full, value, BETWEEN, between),
                "expected" => bound.expected_ms = self.measured(&full, value, TIME, milliseconds),
                "bytes" => bound.bytes = self.amount(&full, value, bytes),
                "records" => bound.records = self.amount(&full, value, |_| None),
                "hops" => bound.hops = self.amount(&full, value, |_| None),
                "concurrency" => bound.concurrency = self.amount(&full, value, |_| None),
                "fan-out" => bound.fan_out = self.amount(&full, value, |_| None),
                _ => self.unknown_key(key.span(), name, "contract.limits."),
            }
        }
        self.config.contract.limits.push(bound);
    }

    fn measured<T>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        expected: &str,
        read: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let (text, span) = self.text(key, value)?;
        let read = read(text.trim());
        if read.is_none() {
            let complaint = Complaint::new(span, format!("`{key}` can't be read"));
            self.complaints.push(complaint.label(format!("expected {expected}")));
        }
        read
    }

    /// A whole number, or a text with a unit.
    fn amount(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        read: fn(&str) -> Option<u64>,
    ) -> Option<u64> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => number.to_string().parse().ok(),
            DeValue::String(text) => read(text.trim()),
            _ => None,
        };
        if number.is_none() {
            self.wrong(key, value, "a whole number");
        }
        number
    }
}

const RATE: &str = "a rate like \"200/s\", \"20/min\" or \"200/s burst 400\"";
const BUDGET: &str = "money in a time like \"1.50 USD/h\" or \"20 USD/d\"";
const BETWEEN: &str = "two whole numbers like \"5..100\"";
const TIME: &str = "a time like \"200 ms\" or \"3 s\"";

/// `200/s`, `200/s burst 400`. Without a burst, a second of it may come at once, or ten where that is more.
fn rate(text: &str) -> Option<Rate> {
    let (rate, burst) = match text.split_once("burst") {
        Some((rate, burst)) => (rate.trim(), Some(burst.trim().parse::<u64>().ok()?)),
        None => (text, None),
    };
    let (events, unit) = rate.split_once('/')?;
    let (events, seconds) = (events.trim().parse::<u64>().ok()?, seconds(unit.trim())?);
    let burst = burst.unwrap_or_else(|| events.div_ceil(seconds).max(events.min(10)).max(1));
    Some(Rate { events, seconds, burst })
}

/// `1.50 USD/h`: up to six places behind the point.
fn budget(text: &str) -> Option<Budget> {
    let (money, unit) = text.split_once('/')?;
    let money = money.trim();
    let number = money.strip_suffix("USD").or_else(|| money.strip_prefix('$'))?.trim();
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 6 || whole.is_empty() {
        return None;
    }
    let part: u64 = format!("{part:0<6}").parse().ok()?;
    let micro_usd = whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(part)?;
    Some(Budget { micro_usd, seconds: seconds(unit.trim())? })
}

fn between(text: &str) -> Option<Adaptive> {
    let (min, max) = text.split_once("..")?;
    let (min, max) = (min.trim().parse().ok()?, max.trim().parse().ok()?);
    (1 <= min && min <= max).then_some(Adaptive { min, max })
}

fn milliseconds(text: &str) -> Option<u64> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(at)?;
    let number: u64 = number.parse().ok()?;
    match unit.trim() {
        "ms" => Some(number),
        unit => number.checked_mul(seconds(unit)?)?.checked_mul(1000),
    }
}

fn bytes(text: &str) -> Option<u64> {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(at)?;
    let factor = match unit.trim() {
        "" | "B" => 1,
        "KB" => 1 << 10,
        "MB" => 1 << 20,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

fn seconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "s" | "second" => 1,
        "min" | "minute" => 60,
        "h" | "hour" => 3600,
        "d" | "day" => 86_400,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use std::path::Path;

    #[test]
    fn units_are_those_that_people_write() {
        assert_eq!(rate("200/s"), Some(Rate { events: 200, seconds: 1, burst: 200 }));
        assert_eq!(rate("20/min"), Some(Rate { events: 20, seconds: 60, burst: 10 }));
        assert_eq!(rate("2 / h"), Some(Rate { events: 2, seconds: 3600, burst: 2 }));
        assert_eq!(rate("10/s burst 50"), Some(Rate { events: 10, seconds: 1, burst: 50 }));
        assert_eq!(budget("1.50 USD/h"), Some(Budget { micro_usd: 1_500_000, seconds: 3600 }));
        assert_eq!(budget("$20/d"), Some(Budget { micro_usd: 20_000_000, seconds: 86_400 }));
        assert_eq!(budget("0.000001 USD/min"), Some(Budget { micro_usd: 1, seconds: 60 }));
        assert_eq!(between("5..100"), Some(Adaptive { min: 5, max: 100 }));
        assert_eq!((milliseconds("200 ms"), milliseconds("3 s")), (Some(200), Some(3000)));
        assert_eq!((bytes("256 KB"), bytes("12")), (Some(256 << 10), Some(12)));
        for wrong in ["", "200", "200/fortnight", "-1/s", "x/s", "1/s burst"] {
            assert_eq!(rate(wrong), None, "{wrong}");
        }
        for wrong in
            ["1.5/h", "1.5 EUR/h", "1.1234567 USD/h", ".5 USD/h", "1e3 USD/h", "99999999999999 USD/h"]
        {
            assert_eq!(budget(wrong), None, "{wrong}");
        }
        assert_eq!(between("9..3"), None);
        assert_eq!(between("0..3"), None);
    }

    #[test]
    fn tables_are_read_and_what_is_wrong_is_said() {
        let read = |text: &str| parse(Path::new("tidegate.toml"), text, &[]);
        let text =
            "[contract.limits]\nrate = '200/s'\nbudget = '1.50 USD/h'\nby = 'principal'\nrecords = 10\n";
        let all = &read(text).unwrap().contract.limits;
        assert_eq!((all.len(), all[0].records, all[0].by), (1, Some(10), Some(Caller::Principal)));
        assert!(all[0].fits_function("any/thing"));
        let text = "[[contract.limits]]\nrate = '1/s'\n[[contract.limits]]\nedges = '*/Pay'\nhops = 3\n";
        let two = &read(text).unwrap().contract.limits;
        assert!(two[1].fits_function("shop/Pay") && !two[1].fits_function("shop/Look"));
        for wrong in
            ["rate = 5", "rate = '5'", "by = 'face'", "hops = '3'", "bugdet = '1 USD/h'", "records = -1"]
        {
            assert!(read(&format!("[contract.limits]\n{wrong}\n")).is_err(), "{wrong}");
        }
    }
}
