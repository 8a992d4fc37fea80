//! Attacks on the bill: everything at once, little by little, and through what a function sets off. Each is a generator
//! of events against a simulated clock; what was really spent is summed apart from the limiter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use tidegate_decide::json::Tape;
use tidegate_decide::limit::price::{LAMBDA, MICRO_USD, Price};
use tidegate_decide::limit::{Facts, Limiter, Permit, Settings, Who};
use tidegate_decide::{Guard, Trigger, Verdict};
use tidegate_graph::contract::{Contract, Mode};

const SECOND: u64 = 1_000_000_000;
const MILLI: u64 = 1_000_000;

/// One function behind an HTTP API: 1 GB, ten seconds at most.
fn contract(function: &str, edge: &str) -> Contract {
    let text = format!(
        r#"{{"version": 1, "graph_digest": "", "compiled_by": "", "defaults": {{"account": null, "region": null,
        "mode": "block", "on_error": "closed", "max_bytes": 1000000, "max_depth": 64}},
        "functions": {{"f": {{"logical_id": "f", "name": null, "type": "", "exposure": "anonymous", "taint": 0,
        "roles": [], "egress": [], "limits": {{"concurrency": null, "timeout_seconds": 10, "memory_mb": 1024 {function}}},
        "edges": [{{"id": "a->f:apigw-v2", "from": "a", "trigger": "apigw-v2", "evidence": "",
        "origin": {{"arns": [], "accounts": [], "regions": [], "ids": [], "sources": [], "detail_types": []}},
        "exposure": "anonymous", "taint": 0, "mode": "block", "inspect": "full",
        "on_deny": {{"answer": "respond"}}, "unknown": [], "limits": {{{edge}}}}}]}}}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

/// An event of an attack.
#[derive(Clone, Copy)]
struct Event {
    at: u64,
    caller: u32,
    runs_ms: u64,
}

#[derive(Default)]
struct Outcome {
    /// When and what was really spent.
    spent: Vec<(u64, u64)>,
    admitted: usize,
    refused: usize,
    /// First time at which something was held back or money burned ten times too fast.
    noticed: Option<u64>,
}

impl Outcome {
    /// The most that any window of that length held.
    fn most_in(&self, window: u64) -> u64 {
        let (mut from, mut sum, mut most) = (0, 0, 0);
        for (at, amount) in &self.spent {
            sum += amount;
            while at - self.spent[from].0 >= window {
                sum -= self.spent[from].1;
                from += 1;
            }
            most = most.max(sum);
        }
        most
    }
}

/// Plays events in their order; runs end after what they take, and are billed then.
fn play(contract: &Contract, events: impl Iterator<Item = Event>, beyond: u64) -> Outcome {
    let limiter = Limiter::new(contract, &Settings::default());
    let price = Price::of(&contract.functions["f"].limits, &LAMBDA);
    let mut out = Outcome::default();
    let mut ends: BinaryHeap<std::cmp::Reverse<(u64, usize)>> = BinaryHeap::new();
    let mut running: Vec<Option<(Permit, u64)>> = Vec::new();
    for event in events {
        while let Some(std::cmp::Reverse((at, index))) = ends.peek().copied().filter(|e| e.0.0 <= event.at) {
            ends.pop();
            let (permit, ms) = running[index].take().unwrap();
            limiter.settle(permit, Some(ms), at);
        }
        let address = event.caller.to_le_bytes();
        let who = Who::Known { source_ip: Some(&address), principal: None, api_key: None };
        let facts = Facts { trigger: Trigger::ApiGatewayV2, bytes: 500, records: 1, hops: 0, who };
        let lane = limiter.lane("f", &facts).unwrap();
        let admitted = limiter.screen(&lane, &facts, event.at).and_then(|()| limiter.admit(&lane, event.at));
        match admitted {
            Ok(permit) => {
                out.admitted += 1;
                out.spent.push((event.at, price.run(event.runs_ms) + beyond));
                ends.push(std::cmp::Reverse((event.at + event.runs_ms * MILLI, running.len())));
                running.push(Some((permit, event.runs_ms)));
            }
            Err(_) => out.refused += 1,
        }
        let burning = limiter.burning("f", event.at).is_some_and(|times| times >= 10);
        if out.refused > 0 || burning {
            out.noticed.get_or_insert(event.at);
        }
    }
    out
}

/// So many events a second for so many seconds.
fn steady(rate: u64, seconds: u64, callers: u32, runs_ms: u64) -> impl Iterator<Item = Event> {
    (0..rate * seconds).map(move |n| Event {
        at: SECOND + n * SECOND / rate,
        caller: (n % u64::from(callers)) as u32,
        runs_ms,
    })
}

const HOUR: u64 = 3600 * SECOND;

#[test]
fn a_blast_is_noticed_at_once_and_stays_within_the_budget() {
    // 1.50 USD an hour. A thousand a second of 1 GB and one second would cost 60.72.
    let contract = contract(r#", "budget": {"micro_usd": 1500000, "seconds": 3600}"#, "");
    let out = play(&contract, steady(1000, 300, 5000, 1000), 0);
    let delay = out.noticed.unwrap() - SECOND;
    assert!(delay < 2 * SECOND, "noticed after {delay} ns");
    let budget = 1_500_000 * MICRO_USD;
    assert!(out.most_in(HOUR) <= budget);
    assert!(out.most_in(HOUR) > budget * 9 / 10, "honest use of the budget isn't cut short");
    assert!(out.refused > 200_000);
}

#[test]
fn runs_longer_than_their_estimate_overspend_by_what_is_under_way() {
    // Cheap runs teach a low estimate; then all that fits at a time runs into its timeout.
    let limits = r#", "budget": {"micro_usd": 100000, "seconds": 3600}"#;
    let contract = contract(limits, r#""concurrency": 50"#);
    let teach = steady(100, 20, 10, 20);
    let strike = steady(1000, 60, 10, 10_000).map(|e| Event { at: e.at + 21 * SECOND, ..e });
    let out = play(&contract, teach.chain(strike), 0);
    let price = Price::of(&contract.functions["f"].limits, &LAMBDA);
    let slack = 50 * (price.worst() - price.run(20));
    assert!(out.most_in(HOUR) <= 100_000 * MICRO_USD + slack, "{} of {}", out.most_in(HOUR), slack);
    assert!(out.refused > 50_000);
}

#[test]
fn a_leech_that_stays_below_every_rate_does_not_outlast_the_budget() {
    // A few events a second, from many addresses, each as long as allowed, for a day.
    let contract = contract(
        r#", "budget": {"micro_usd": 500000, "seconds": 3600}"#,
        r#""caller": {"by": "source-ip", "rate": {"events": 1, "seconds": 1, "burst": 5}}"#,
    );
    let out = play(&contract, steady(3, 86_400, 600, 9_000), 0);
    let budget = 500_000 * MICRO_USD;
    let price = Price::of(&contract.functions["f"].limits, &LAMBDA);
    // Before anything was measured the timeout is charged, so that the only slack is the sketch's, which is none.
    assert!(out.most_in(HOUR) <= budget + 27 * (price.worst() - price.run(9_000)));
    assert!(out.admitted > 24 * 3000, "{} passed in a day", out.admitted);
    assert!(out.refused > 0);
}

#[test]
fn what_is_set_off_in_the_background_is_charged_at_the_entry() {
    // Each event of a few milliseconds sets off nine more runs that cost a hundred times as much.
    let beyond = 9 * 1_700_000_u64;
    let chain = format!(
        r#""chain": {{"budget": {{"micro_usd": 200000, "seconds": 3600}}, "runs": 9, "nano_usd": {}}}"#,
        beyond / 1000
    );
    let out = play(&contract("", &chain), steady(50, 7200, 900, 5), beyond);
    assert!(out.most_in(HOUR) <= 200_000 * MICRO_USD);
    assert!(out.most_in(HOUR) > 170_000 * MICRO_USD);
    let without = play(&contract("", ""), steady(50, 7200, 900, 5), beyond);
    assert!(without.most_in(HOUR) > 2_000_000 * MICRO_USD, "which costs this much without");
}

#[test]
fn honest_traffic_passes() {
    let contract = contract(
        r#", "rate": {"events": 200, "seconds": 1, "burst": 400}, "budget": {"micro_usd": 1500000, "seconds": 3600}"#,
        r#""caller": {"by": "source-ip", "rate": {"events": 10, "seconds": 1, "burst": 20}}"#,
    );
    // A fifth of what the blast brings, and a crowd at noon.
    let calm = steady(8, 1200, 200, 300);
    let noon = steady(150, 30, 400, 300).map(|e| Event { at: e.at + 1201 * SECOND, ..e });
    let out = play(&contract, calm.chain(noon), 0);
    assert_eq!(out.refused, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever comes, and however long it runs: what is spent exceeds the budget by no more than what was under way
    /// took longer than its estimate.
    #[test]
    fn no_pattern_outspends_the_budget(
        bursts in proptest::collection::vec((1_u64..2000, 1_u64..40, 1_u64..10_000, 0_u64..900), 1..12),
    ) {
        let contract = contract(r#", "budget": {"micro_usd": 50000, "seconds": 600}"#, r#""concurrency": 20"#);
        let mut start = 0;
        let mut events = Vec::new();
        for (count, gap_ms, runs_ms, pause) in bursts {
            for n in 0..count {
                events.push(Event { at: SECOND + start + n * gap_ms * MILLI, caller: 0, runs_ms });
            }
            start += count * gap_ms * MILLI + pause * SECOND;
        }
        let out = play(&contract, events.into_iter(), 0);
        let price = Price::of(&contract.functions["f"].limits, &LAMBDA);
        let slack = 20 * price.worst();
        prop_assert!(out.most_in(600 * SECOND) <= 50_000 * MICRO_USD + slack);
    }
}

/// Threads that take and settle at once: nothing is counted twice or lost.
#[test]
fn threads_share_one_count() {
    let contract = contract(
        r#", "rate": {"events": 1, "seconds": 3600, "burst": 5000}, "budget": {"micro_usd": 100000, "seconds": 3600}"#,
        r#""concurrency": 3"#,
    );
    let limiter = Limiter::new(&contract, &Settings::default());
    let price = Price::of(&contract.functions["f"].limits, &LAMBDA);
    let who = Who::Known { source_ip: None, principal: None, api_key: None };
    let facts = Facts { trigger: Trigger::ApiGatewayV2, bytes: 1, records: 1, hops: 0, who };
    let (screened, admitted, at_once) =
        (AtomicU64::new(0), AtomicU64::new(0), (AtomicU64::new(0), AtomicU64::new(0)));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let lane = limiter.lane("f", &facts).unwrap();
                for _ in 0..5000 {
                    if limiter.screen(&lane, &facts, SECOND).is_err() {
                        continue;
                    }
                    screened.fetch_add(1, SeqCst);
                    let Ok(permit) = limiter.admit(&lane, SECOND) else { continue };
                    admitted.fetch_add(1, SeqCst);
                    let now = at_once.0.fetch_add(1, SeqCst) + 1;
                    at_once.1.fetch_max(now, SeqCst);
                    at_once.0.fetch_sub(1, SeqCst);
                    limiter.settle(permit, Some(10), SECOND);
                }
            });
        }
    });
    assert_eq!(screened.into_inner(), 5000);
    assert!(at_once.1.into_inner() <= 3);
    let admitted = admitted.into_inner();
    assert_eq!(limiter.spent("f", SECOND), Some(admitted * price.run(10)));
    let (_, tally) = limiter.tallies().next().unwrap();
    assert_eq!(tally.admitted, admitted);
    assert_eq!(tally.rate, 15_000);
}

/// What the guard denies costs nothing where it blocks, and is charged where it only watches, because it runs.
#[test]
fn what_runs_is_charged_and_nothing_else() {
    let attack = br#"{"version":"2.0","rawPath":"/","rawQueryString":"","headers":{},"requestContext":{"http":{"method":"POST",
        "path":"/","sourceIp":"192.0.2.1"}},"body":"' UNION SELECT password FROM users-- -","isBase64Encoded":false}"#;
    for (mode, charged) in [(Mode::Block, false), (Mode::Monitor, true)] {
        let mut contract = contract(r#", "budget": {"micro_usd": 100000, "seconds": 3600}"#, "");
        contract.functions.get_mut("f").unwrap().edges[0].mode = mode;
        let limiter = Limiter::new(&contract, &Settings::default());
        let mut tape = Tape::default();
        let facts = Facts::read(attack, None, &mut tape).unwrap();
        let mut guard = Guard::default();
        let judge = || guard.decide_for(attack, None, &contract, "f");
        let (ruling, permit) = limiter.around("f", &facts, SECOND, judge);
        assert_eq!((ruling.decision.verdict, ruling.mode), (Verdict::Deny, mode));
        assert_eq!(permit.is_some(), charged);
        assert_eq!(limiter.spent("f", SECOND).unwrap() > 0, charged);
    }
}
