//! The one edge that the gate stands for, where a contract holds several of HTTP for a function.
//!
//! An HTTP API has an edge for each version of the payload, since a template doesn't always say which one the function
//! gets, and a function may be behind several entries. A request that comes to the gate could have come over each of them,
//! so what any of them asks has to hold. Edges are joined when the contract is read: then nothing can look at another one.

use super::policy::HTTP;
use tidegate_decide::Trigger;
use tidegate_graph::contract::{
    Condition, Contract, Edge, EdgeLimits, Expr, Function, Inspect, Mode, Op, Rate,
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
    front.replay = front.replay.take().or(edge.replay);
    limit(&mut front.limits, edge.limits);
}

fn both(own: Condition, other: Condition) -> Condition {
    Condition {
        source: format!("({}) && ({})", own.source, other.source),
        ir: Expr::Call(Op::And, vec![own.ir, other.ir]),
    }
}

/// The one that lets fewer events through.
fn slower(own: Rate, other: Rate) -> Rate {
    let pace = |rate: &Rate, by: &Rate| u128::from(rate.events) * u128::from(by.seconds);
    if pace(&other, &own) < pace(&own, &other) { other } else { own }
}

fn limit(front: &mut EdgeLimits, other: EdgeLimits) {
    let EdgeLimits { rate, caller, concurrency, bytes, records, attempts, hops, looped, chain } = other;
    front.rate = match (front.rate.take(), rate) {
        (Some(own), Some(other)) => Some(slower(own, other)),
        (own, other) => own.or(other),
    };
    front.caller = front.caller.take().or(caller);
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
    fn a_version_by_itself_stays() {
        for trigger in ["apigw-v1", "apigw-v2", "alb", "lattice"] {
            let edges = joined(&[edge("Api", trigger, WATCH)]);
            assert_eq!((edges.len(), edges[0].trigger.as_str()), (1, trigger));
            assert_eq!(edges[0].mode, Mode::Monitor);
        }
    }
}
