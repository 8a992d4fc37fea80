//! A contract for people.

use super::limits::counts_hops;
use crate::output::count;
use std::fmt::Write;
use tidegate_graph::contract::schema::{ParameterPlace, Program, Schema, When};
use tidegate_graph::contract::{
    Answer, Authenticate, Budget, Contract, Edge, Function, Mode, Origin, Proof, Rate,
};

/// A paragraph for each function.
pub(crate) fn render(contract: &Contract) -> String {
    let edges: Vec<&Edge> = contract.functions.values().flat_map(|f| &f.edges).collect();
    let block = edges.iter().filter(|e| e.mode == Mode::Block).count();
    let mut out = format!(
        "{}, {}: {block} blocking, {} monitoring\n",
        count(contract.functions.len(), "function", "functions"),
        count(edges.len(), "edge", "edges"),
        edges.len() - block,
    );
    let known = |part: &Option<String>| part.clone().unwrap_or_else(|| "unknown".to_string());
    let (account, region) = (known(&contract.defaults.account), known(&contract.defaults.region));
    let _ = writeln!(out, "account {account}, region {region}");
    // What waits for an answer that only the function can give is watched whatever the mode.
    let watched =
        edges.iter().filter(|e| e.mode == Mode::Monitor && e.on_deny.answer != Answer::Pass).count();
    if watched > 0 {
        let _ = writeln!(
            out,
            "{} only watched: what breaks the contract is reported and reaches the function; \
             `mode = \"block\"` in `[contract]` of tidegate.toml keeps it away",
            count(watched, "edge is", "edges are"),
        );
    }
    for (id, function) in &contract.functions {
        let _ = writeln!(out, "\n{id}{}", about(function));
        if let Some(held) = held(function) {
            let _ = writeln!(out, "  at most {held}");
        }
        if function.edges.is_empty() {
            out.push_str("  what starts it is unknown: no origin is compared, everything is inspected\n");
        }
        for edge in &function.edges {
            let _ = writeln!(
                out,
                "  {} from {}: {}, inspects {}, denied events: {}",
                edge.trigger,
                edge.from,
                edge.mode.word(),
                edge.inspect.word(),
                edge.on_deny.answer.word()
            );
            for line in origin(&edge.origin) {
                let _ = writeln!(out, "    {line}");
            }
            for asked in &edge.authenticate {
                let _ = writeln!(out, "    proven by {}", proof(asked));
            }
            if let Some(condition) = &edge.condition {
                let _ = writeln!(out, "    when {}", condition.source);
            }
            for schema in &edge.schemas {
                let what = subject(schema);
                let _ = writeln!(out, "    {what} {}{}", schema.source, when(&schema.when));
                for other in &schema.others {
                    let _ = writeln!(out, "      or {}", other.source);
                }
                for unknown in schema.others.iter().chain([schema]).flat_map(|s| &s.unknown) {
                    let _ = writeln!(out, "      not checked: {unknown}");
                }
            }
            if let Some(replay) = &edge.replay {
                let _ = writeln!(out, "    once in {} s by {}", replay.window_seconds, replay.key);
            }
            for line in limits(edge) {
                let _ = writeln!(out, "    {line}");
            }
            if !edge.unknown.is_empty() {
                let _ = writeln!(out, "    unknown: {}", edge.unknown.join(", "));
            }
        }
    }
    out
}

/// What a schema speaks of.
fn subject(schema: &Schema) -> &'static str {
    let Program::Parameters(program) = &schema.ir else { return "payload fits" };
    let of_message = program.all.iter().any(|p| p.place == ParameterPlace::Message);
    if of_message { "headers fit" } else { "parameters fit" }
}

/// Which events a schema speaks of.
fn when(when: &When) -> String {
    let all = [&when.route, &when.source, &when.detail_type, &when.topic];
    let all: Vec<&str> = all.into_iter().flatten().map(String::as_str).collect();
    if all.is_empty() { String::new() } else { format!(" ({})", all.join(", ")) }
}

/// What a function is held to beyond what it was given.
fn held(function: &Function) -> Option<String> {
    let limits = &function.limits;
    let all = [
        limits.rate.as_ref().map(rate),
        limits.adaptive.as_ref().map(|a| format!("{} to {} at a time, found by measuring", a.min, a.max)),
        limits.fan_out.map(|n| format!("{} sent for each", count_of(n, "event", "events"))),
        limits.budget.as_ref().map(budget),
    ];
    let all: Vec<String> = all.into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn limits(edge: &Edge) -> Vec<String> {
    let limits = &edge.limits;
    let caller = limits.caller.as_ref();
    let all = [
        limits.rate.as_ref().map(rate),
        caller.map(|c| format!("{} of each {}", rate(&c.rate), c.by.word())),
        limits.concurrency.map(|n| format!("{n} at a time")),
        limits.records.map(|n| count_of(n, "record", "records")),
        limits.bytes.map(|n| count_of(n, "byte", "bytes")),
    ];
    let all: Vec<String> = all.into_iter().flatten().collect();
    let mut out = Vec::new();
    if !all.is_empty() {
        out.push(format!("at most {}", all.join(", ")));
    }
    if let Some(n) = limits.attempts {
        out.push(format!("tried {}", count_of(n, "time", "times")));
    }
    if let Some(hops) = limits.hops {
        let most = format!("at most {}", count_of(hops, "hop", "hops"));
        let whole = if limits.looped { format!("loop: what it sends can come back; {most}") } else { most };
        let blind = if counts_hops(&edge.trigger) { "" } else { ", which its events don't tell" };
        out.push(format!("{whole}{blind}"));
    }
    if let Some(chain) = &limits.chain {
        let runs = count_of(chain.runs, "further run", "further runs");
        let cost = usd(chain.nano_usd.div_ceil(1000));
        let unknown = match chain.unknown {
            0 => String::new(),
            n => format!(", {n} of them of unknown price"),
        };
        let budget = budget(&chain.budget);
        out.push(format!("chain: at most {budget}; an event sets off {runs}{unknown}, up to {cost}"));
    }
    out
}

fn count_of(n: u64, one: &str, many: &str) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), one, many)
}

fn rate(rate: &Rate) -> String {
    format!("{}/{} (burst {})", rate.events, time(rate.seconds), rate.burst)
}

fn budget(budget: &Budget) -> String {
    format!("{}/{}", usd(budget.micro_usd), time(budget.seconds))
}

fn usd(micro: u64) -> String {
    let (whole, part) = (micro / 1_000_000, micro % 1_000_000);
    let part = format!("{part:06}");
    let kept = part.trim_end_matches('0');
    format!("{whole}.{kept:0<2} USD")
}

fn time(seconds: u64) -> String {
    match seconds {
        1 => "s".to_string(),
        60 => "min".to_string(),
        3600 => "h".to_string(),
        86_400 => "d".to_string(),
        n => format!("{n} s"),
    }
}

fn proof(asked: &Authenticate) -> String {
    let what = match &asked.proof {
        Proof::Webhook(webhook) => format!("webhook of {}", webhook.scheme.word()),
        Proof::Jwt(jwt) => format!("token of {}", jwt.issuer),
        Proof::Sigv4(allowed) => format!("signature of {}", allowed.principals.join(", ")),
        Proof::Sns(allowed) => format!("signature of SNS for {}", allowed.topics.join(", ")),
        Proof::Mtls(allowed) => format!("certificate of {}", allowed.names.join(", ")),
    };
    if asked.paths.is_empty() { what } else { format!("{what} on {}", asked.paths.join(", ")) }
}

fn about(function: &Function) -> String {
    let reached = match function.taint {
        Some(0) => "a stranger reaches it".to_string(),
        Some(hops) => format!("a stranger reaches it over {}", count(hops as usize, "hop", "hops")),
        None => "no stranger reaches it".to_string(),
    };
    let limit = function.limits.concurrency.map(|n| format!(", concurrency {n}")).unwrap_or_default();
    format!(" ({reached}{limit})")
}

fn origin(origin: &Origin) -> Vec<String> {
    let lists = [
        ("ARN", &origin.arns),
        ("account", &origin.accounts),
        ("region", &origin.regions),
        ("id", &origin.ids),
        ("source", &origin.sources),
        ("detail-type", &origin.detail_types),
    ];
    let said = lists.into_iter().filter(|(_, list)| !list.is_empty());
    said.map(|(name, list)| format!("{name}: {}", list.join(", "))).collect()
}
