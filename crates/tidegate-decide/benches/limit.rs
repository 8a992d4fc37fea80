//! What an event costs before anybody looks into it.

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tidegate_decide::Trigger;
use tidegate_decide::limit::{Facts, Limiter, Settings, Who};
use tidegate_graph::contract::Contract;

const CONTRACT: &str = r#"{"version": 1, "graph_digest": "", "compiled_by": "",
"defaults": {"account": null, "region": null, "mode": "block", "on_error": "closed", "max_bytes": 1000000, "max_depth": 64},
"functions": {"shop/Place": {"logical_id": "Place", "name": null, "type": "", "exposure": "anonymous", "taint": 0, "roles": [], "egress": [],
"limits": {"concurrency": 100, "timeout_seconds": 10, "memory_mb": 1024,
    "rate": {"events": 1000000000, "seconds": 1, "burst": 1000000000}, "adaptive": {"min": 50, "max": 100},
    "budget": {"micro_usd": 1000000000000, "seconds": 3600}},
"edges": [{"id": "a->shop/Place:apigw-v2", "from": "a", "trigger": "apigw-v2", "evidence": "",
    "origin": {"arns": [], "accounts": [], "regions": [], "ids": [], "sources": [], "detail_types": []},
    "exposure": "anonymous", "taint": 0, "mode": "block", "inspect": "full", "on_deny": {"answer": "respond"}, "unknown": [],
    "limits": {"bytes": 10000, "records": 1, "hops": 8,
        "rate": {"events": 1000000000, "seconds": 1, "burst": 1000000000},
        "caller": {"by": "source-ip", "rate": {"events": 1000000, "seconds": 1, "burst": 1000000}},
        "chain": {"budget": {"micro_usd": 1000000000000, "seconds": 3600}, "runs": 9, "nano_usd": 1000}}}]}}}"#;

fn facts(address: &[u8]) -> Facts<'_> {
    let who = Who::Known { source_ip: Some(address), principal: None, api_key: None };
    Facts { trigger: Trigger::ApiGatewayV2, bytes: 900, records: 1, hops: 2, who }
}

fn benches(criterion: &mut Criterion) {
    let contract: Contract = serde_json::from_str(CONTRACT).unwrap();
    let limiter = Limiter::new(&contract, &Settings::default());
    let mut now = 1_000_000_000_000_u64;
    let mut caller = 0_u32;
    let mut next = move || {
        now += 1_000;
        caller = (caller + 1) % 10_000;
        (now, caller.to_le_bytes())
    };
    let mut group = criterion.benchmark_group("limit");
    group.bench_function("screen", |b| {
        b.iter(|| {
            let (now, address) = next();
            let facts = facts(&address);
            let lane = limiter.lane(black_box("shop/Place"), &facts).unwrap();
            limiter.screen(&lane, &facts, now).unwrap();
        });
    });
    group.bench_function("admit", |b| {
        b.iter(|| {
            let (now, address) = next();
            let lane = limiter.lane(black_box("shop/Place"), &facts(&address)).unwrap();
            drop(limiter.admit(&lane, now).unwrap());
        });
    });
    group.bench_function("screen, admit, settle", |b| {
        b.iter(|| {
            let (now, address) = next();
            let facts = facts(&address);
            let lane = limiter.lane(black_box("shop/Place"), &facts).unwrap();
            limiter.screen(&lane, &facts, now).unwrap();
            let permit = limiter.admit(&lane, now).unwrap();
            limiter.settle(permit, Some(20), now + 20_000_000);
        });
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
