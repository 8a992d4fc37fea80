//! What a run of a function costs.

use tidegate_graph::contract::Limits;

/// A US dollar, in the unit that everything is counted in: a millisecond of 128 MB costs about two thousand of it.
pub const USD: u64 = 1_000_000_000_000;

/// Millionth of a US dollar, in the same unit.
pub const MICRO_USD: u64 = USD / 1_000_000;

/// Billionth of a US dollar, in the same unit.
pub const NANO_USD: u64 = USD / 1_000_000_000;

/// A price list: trillionths of a US dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List {
    /// For each request.
    pub request: u64,
    /// For each GB-second on x86.
    pub gb_second_x86: u64,
    /// For each GB-second on ARM.
    pub gb_second_arm: u64,
}

/// AWS Lambda on demand, first tier, us-east-1, as of May 2026 (<https://aws.amazon.com/lambda/pricing/>): 0.20 USD a
/// million requests, 0.0000166667 USD a GB-second on x86, 0.0000133334 USD on ARM; runs are billed by the millisecond,
/// rounded up. Free tier, savings plans, later tiers, other regions, storage beyond 512 MB and provisioned concurrency
/// aren't in it: some regions cost up to a third more.
pub const LAMBDA: List = List { request: 200_000, gb_second_x86: 16_666_700, gb_second_arm: 13_333_400 };

/// The longest that Lambda runs a function: charged where its time isn't known.
const LONGEST_SECONDS: u64 = 900;
/// The most memory that Lambda gives one, in MB: charged where its memory isn't known.
const LARGEST_MB: u64 = 10_240;

/// The price of one function's runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    request: u64,
    /// For a thousand milliseconds at the function's memory, times 1,024.
    second_kb: u64,
    worst_ms: u64,
    expected_ms: Option<u64>,
}

impl Price {
    /// Of a function with these limits.
    pub fn of(limits: &Limits, list: &List) -> Self {
        let gb_second = if limits.arm { list.gb_second_arm } else { list.gb_second_x86 };
        let worst_ms = limits.timeout_seconds.unwrap_or(LONGEST_SECONDS).saturating_mul(1000);
        Self {
            request: list.request,
            second_kb: gb_second.saturating_mul(limits.memory_mb.unwrap_or(LARGEST_MB)),
            worst_ms,
            expected_ms: limits.expected_ms,
        }
    }

    /// What a run of so many milliseconds costs, rounded up.
    pub fn run(&self, ms: u64) -> u64 {
        let time = (u128::from(self.second_kb) * u128::from(ms)).div_ceil(1024 * 1000);
        self.request.saturating_add(u64::try_from(time).unwrap_or(u64::MAX))
    }

    /// What a run costs at most: the function's timeout at its memory.
    pub fn worst(&self) -> u64 {
        self.run(self.worst_ms)
    }

    /// What a run is held to cost before any was measured.
    pub fn expected(&self) -> u64 {
        self.run(self.expected_ms.unwrap_or(self.worst_ms).min(self.worst_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(memory_mb: u64, arm: bool) -> Price {
        let limits =
            Limits { memory_mb: Some(memory_mb), timeout_seconds: Some(30), arm, ..Limits::default() };
        Price::of(&limits, &LAMBDA)
    }

    #[test]
    fn prices_are_those_of_the_list() {
        // A million runs of 1 GB and one second: 0.20 + 16.6667 USD.
        let million = u128::from(price(1024, false).run(1000)) * 1_000_000;
        assert_eq!(million, u128::from(USD) * 168_667 / 10_000);
        assert_eq!(price(1024, true).run(1000), 200_000 + 13_333_400);
        assert_eq!(price(128, false).run(1), 200_000 + 2084, "rounded up");
        assert_eq!(price(128, false).worst(), price(128, false).run(30_000));
        assert_eq!(price(u64::MAX, false).run(u64::MAX), u64::MAX, "nothing overflows");
    }

    #[test]
    fn a_thousand_requests_a_second_cost_what_is_said_of_them() {
        let hour = u128::from(price(1024, false).run(1000)) * 3_600_000;
        let cents = hour * 100 / u128::from(USD);
        assert_eq!(cents, 6072, "60.72 USD an hour");
    }
}
