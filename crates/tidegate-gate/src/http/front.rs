//! The one edge that the gate stands for, where a contract holds several of HTTP for a function.
//!
//! An HTTP API has an edge for each version of the payload, since a template doesn't always say which one the function
//! gets, and a function may be behind several entries. A request that comes to the gate could have come over each of them,
//! so what any of them asks has to hold. Edges are joined when the contract is read: then nothing can look at another one.

use super::policy::HTTP;
use tidegate_decide::Trigger;
use tidegate_graph::contract::{
    CallerRate, Condition, Contract, Edge, EdgeLimits, Expr, Function, Inspect, Mode, Op, Rate, Replay,
};

/// Leaves each function one edge of HTTP at most.
pub(super) fn join(contract: &mut Contract) {
    contract.functions.values_mut().for_each(join_edges);
}

fn join_edges(function: &mut Function) {
    let edges = std::mem::take(&mut function.edges);
    let (mut own, others): (Vec<_>, Vec<_>) =
        edges.into_iter().partition(|edge| preference(edge) < HTTP.len());
    function.edges = others;
    // Those of one format keep their order.
    own.sort_by_key(preference);
    let mut own = own.into_iter();
    let Some(mut front) = own.next() else { return };
    for edge in own {
        take(&mut front, edge);
    }
    function.edges.push(front);
}

/// The event is of payload format 2.0: who wrote something for that has written it for the gate.
fn preference(edge: &Edge) -> usize {
    let trigger = Trigger::from_name(&edge.trigger);
    HTTP.iter().position(|t| Some(*t) == trigger).unwrap_or(HTTP.len())
}

/// Adds what another edge asks.
fn take(front: &mut Edge, edge: Edge) {
    // The other version of one entry is the same request: where both say something, it is said for this one.
    if edge.from != front.from {
        if edge.mode == Mode::Block {
            front.mode = Mode::Block;
        }
        if edge.inspect == Inspect::Full {
            front.inspect = Inspect::Full;
        }
        // What one wants to be told of isn't rewritten for another.
        front.on_deny.redact &= edge.on_deny.redact;
        if front.cors != edge.cors {
            front.cors = None;
        }
    }
    front.condition = match (front.condition.take(), edge.condition) {
        (Some(own), Some(other)) if edge.from != front.from && own != other => Some(both(own, other)),
        (own, other) => own.or(other),
    };
    for asked in edge.authenticate {
        if !front.authenticate.contains(&asked) {
            front.authenticate.push(asked);
        }
    }
    for schema in edge.schemas {
        if !front.schemas.contains(&schema) {
            front.schemas.push(schema);
        }
    }
    edge.replay.into_iter().for_each(|replay| once(front, replay));
    limit(&mut front.limits, edge.limits);
}

fn both(own: Condition, other: Condition) -> Condition {
    Condition {
        source: format!("({}) && ({})", own.source, other.source),
        ir: Expr::Call(Op::And, vec![own.ir, other.ir]),
    }
}

/// Of one key the longest window counts; another key is another thing to be unique.
fn once(front: &mut Edge, other: Replay) {
    let Some(first) = &mut front.replay else {
        front.replay = Some(other);
        return;
    };
    match std::iter::once(first).chain(&mut front.further_replays).find(|own| own.key == other.key) {
        Some(own) => own.window_seconds = own.window_seconds.max(other.window_seconds),
        None => front.further_replays.push(other),
    }
}

/// The slower pace and the smaller burst: what comes under both comes under each.
fn slower(own: Rate, other: Rate) -> Rate {
    let pace = |rate: &Rate, by: &Rate| u128::from(rate.events) * u128::from(by.seconds);
    let burst = own.burst.min(other.burst);
    let slower = if pace(&other, &own) < pace(&own, &other) { other } else { own };
    Rate { burst, ..slower }
}

/// Who tells callers apart in one way has one count of them.
fn each(front: &mut EdgeLimits, other: CallerRate) {
    let Some(first) = &mut front.caller else {
        front.caller = Some(other);
        return;
    };
    match std::iter::once(first).chain(&mut front.further_callers).find(|own| own.by == other.by) {
        Some(own) => own.rate = slower(own.rate.clone(), other.rate),
        None => front.further_callers.push(other),
    }
}

fn limit(front: &mut EdgeLimits, other: EdgeLimits) {
    let EdgeLimits {
        rate,
        caller,
        further_callers,
        concurrency,
        bytes,
        records,
        attempts,
        hops,
        looped,
        chain,
    } = other;
    front.rate = match (front.rate.take(), rate) {
        (Some(own), Some(other)) => Some(slower(own, other)),
        (own, other) => own.or(other),
    };
    caller.into_iter().chain(further_callers).for_each(|caller| each(front, caller));
    front.chain = front.chain.take().or(chain);
    for (own, other) in [
        (&mut front.concurrency, concurrency),
        (&mut front.bytes, bytes),
        (&mut front.records, records),
        (&mut front.attempts, attempts),
        (&mut front.hops, hops),
    ] {
        *own = own.iter().copied().chain(other).min();
    }
    front.looped |= looped;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, trigger: &str, more: &str) -> String {
        format!(
            r#"{{"id":"{from}->F:{trigger}","from":"{from}","trigger":"{trigger}","evidence":"","exposure":"anonymous","taint":0,
            "origin":{{"arns":[],"accounts":[],"regions":[],"ids":[],"sources":[],"detail_types":[]}},
            "inspect":"full","unknown":[],{more}}}"#
        )
    }

    fn joined(edges: &[String]) -> Vec<Edge> {
        let text = format!(
            r#"{{"logical_id":"F","name":"f","type":"AWS::Lambda::Function","exposure":"anonymous","taint":0,"roles":[],
            "limits":{{"concurrency":null,"timeout_seconds":null,"memory_mb":null}},"egress":[],"edges":[{}]}}"#,
            edges.join(",")
        );
        let mut function: Function = serde_json::from_str(&text).unwrap();
        join_edges(&mut function);
        function.edges
    }

    const BLOCK: &str = r#""mode":"block","on_deny":{"answer":"respond"}"#;
    const WATCH: &str = r#""mode":"monitor","on_deny":{"answer":"respond","redact":true}"#;

    #[test]
    fn the_version_that_the_event_is_in_counts_and_what_the_other_asks_holds_too() {
        let v2 = format!(
            r#"{WATCH},"limits":{{"hops":3,"rate":{{"events":1,"seconds":1,"burst":1}}}},"cors":{{"origins":["https://a.example"]}}"#
        );
        let v1 = format!(
            r#"{BLOCK},"limits":{{"hops":2,"bytes":9}},"authenticate":[{{"proof":{{"sigv4":{{"principals":["*"]}}}}}}]"#
        );
        for order in [0, 1] {
            let mut edges =
                vec![edge("Api", "apigw-v1", &v1), edge("Api", "apigw-v2", &v2), edge("Q", "sqs", BLOCK)];
            edges.rotate_left(order);
            let edges = joined(&edges);
            let triggers: Vec<&str> = edges.iter().map(|e| e.trigger.as_str()).collect();
            assert_eq!(triggers, ["sqs", "apigw-v2"]);
            let front = &edges[1];
            assert!(front.mode == Mode::Monitor && front.on_deny.redact && front.cors.is_some());
            assert_eq!(front.authenticate.len(), 1);
            let limits = &front.limits;
            assert_eq!((limits.hops, limits.bytes, limits.rate.is_some()), (Some(2), Some(9), true));
        }
    }

    #[test]
    fn of_several_entries_the_strictest_counts() {
        let more = |mode: &str, truth: bool, seconds: u64| {
            format!(
                r#"{mode},"condition":{{"source":"{truth}","ir":{{"bool":{truth}}}}},"limits":{{"rate":{{"events":1,"seconds":{seconds},"burst":1}}}}"#
            )
        };
        let (watch, block) = (more(WATCH, true, 1), more(BLOCK, false, 2));
        let edges = joined(&[edge("Api", "apigw-v2", &watch), edge("Balancer", "alb", &block)]);
        assert_eq!(edges.len(), 1);
        assert!(edges[0].mode == Mode::Block && !edges[0].on_deny.redact);
        assert_eq!(edges[0].condition.as_ref().unwrap().source, "(true) && (false)");
        assert_eq!(edges[0].limits.rate.as_ref().unwrap().seconds, 2);
        // Of one entry, the condition of the other version speaks of another event.
        let edges = joined(&[edge("Api", "apigw-v1", &block), edge("Api", "apigw-v2", &watch)]);
        assert_eq!(edges[0].condition.as_ref().unwrap().source, "true");
    }

    #[test]
    fn whatever_edge_says_what_is_unique_and_how_much_a_caller_may_send_it_holds() {
        let more = |key: &str, window: u64, by: &str, (events, burst): (u64, u64)| {
            format!(
                r#"{BLOCK},"replay":{{"key":"{key}","window_seconds":{window}}},
                "limits":{{"rate":{{"events":{events},"seconds":1,"burst":{burst}}},
                  "caller":{{"by":"{by}","rate":{{"events":{events},"seconds":1,"burst":{burst}}}}}}}"#
            )
        };
        let edges = joined(&[
            edge("A", "apigw-v2", &more("Idempotency-Key", 60, "source-ip", (9, 1))),
            edge("B", "apigw-v2", &more("X-Id", 5, "principal", (7, 7))),
            edge("C", "alb", &more("Idempotency-Key", 600, "source-ip", (3, 8))),
            edge("D", "alb", &more("X-Id", 4, "principal", (8, 8))),
        ]);
        let replays: Vec<(&str, u64)> =
            edges[0].replays().map(|r| (r.key.as_str(), r.window_seconds)).collect();
        assert_eq!(replays, [("Idempotency-Key", 600), ("X-Id", 5)]);
        let callers: Vec<(&str, u64, u64)> =
            edges[0].limits.callers().map(|c| (c.by.word(), c.rate.events, c.rate.burst)).collect();
        assert_eq!(callers, [("source-ip", 3, 1), ("principal", 7, 7)]);
        let rate = edges[0].limits.rate.as_ref().unwrap();
        assert_eq!((rate.events, rate.burst), (3, 1));
    }

    #[test]
    fn a_version_by_itself_stays() {
        for trigger in ["apigw-v1", "apigw-v2", "alb", "lattice"] {
            let edges = joined(&[edge("Api", trigger, WATCH)]);
            assert_eq!((edges.len(), edges[0].trigger.as_str()), (1, trigger));
            assert_eq!(edges[0].mode, Mode::Monitor);
        }
    }
}
