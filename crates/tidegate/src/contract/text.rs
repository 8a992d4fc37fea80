//! A contract for people.

use crate::output::count;
use std::fmt::Write;
use tidegate_graph::contract::{Authenticate, Contract, Edge, Function, Mode, Origin, Proof};

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
    for (id, function) in &contract.functions {
        let _ = writeln!(out, "\n{id}{}", about(function));
        if function.edges.is_empty() {
            out.push_str("  nothing may start it\n");
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
            if let Some(replay) = &edge.replay {
                let _ = writeln!(out, "    once in {} s by {}", replay.window_seconds, replay.key);
            }
            if !edge.unknown.is_empty() {
                let _ = writeln!(out, "    unknown: {}", edge.unknown.join(", "));
            }
        }
    }
    out
}

fn proof(asked: &Authenticate) -> String {
    let what = match &asked.proof {
        Proof::Webhook(webhook) => format!("webhook of {}", webhook.scheme.word()),
        Proof::Jwt(jwt) => format!("token of {}", jwt.issuer),
        Proof::Sigv4(allowed) => format!("signature of {}", allowed.principals.join(", ")),
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
