//! Limits of functions and edges: what the code declares, and what the configuration asks for.

use super::circles::{Circles, Load};
use crate::config::Config;
use crate::config::limits::Bound;
use std::collections::{BTreeMap, HashMap};
use tidegate_decide::Trigger;
use tidegate_decide::limit::price::{LAMBDA, NANO_USD, Price};
use tidegate_graph::contract::{Caller, CallerRate, Chain, Edge, EdgeLimits, Function, Limits, Rate};
use tidegate_graph::{Graph, Resource, System, Value};

/// Hops that an event of a loop may have behind it where nobody says another number: as many as Lambda allows itself.
const HOPS: u64 = 16;
/// The only functions of which we know what they cost, and what they are given where the code says nothing.
const LAMBDA_FUNCTION: &str = "AWS::Lambda::Function";
const DEFAULT_SECONDS: u64 = 3;
const DEFAULT_MB: u64 = 128;

/// What a function was given.
pub(super) fn of_function(resource: &Resource) -> Limits {
    let lambda = resource.ty == LAMBDA_FUNCTION;
    let number = |name: &str, default: u64| match resource.property(name) {
        Some(value) => value.as_i64().and_then(|n| u64::try_from(n).ok()),
        None => lambda.then_some(default),
    };
    let architectures = resource.property("Architectures").map(Value::items).unwrap_or_default();
    Limits {
        concurrency: resource
            .property("ReservedConcurrentExecutions")
            .and_then(|v| u64::try_from(v.as_i64()?).ok()),
        timeout_seconds: number("Timeout", DEFAULT_SECONDS),
        memory_mb: number("MemorySize", DEFAULT_MB),
        arm: architectures.iter().any(|a| a.as_str() == Some("arm64")),
        ..Limits::default()
    }
}

/// What sources of events declare, by the resource ids of source and function, or of the source alone.
#[derive(Debug, Default)]
pub(super) struct Declared<'s> {
    mappings: HashMap<(&'s str, &'s str), EdgeLimits>,
    stages: HashMap<&'s str, Rate>,
    attempts: HashMap<&'s str, u64>,
}

impl<'s> Declared<'s> {
    pub(super) fn of(system: &'s System) -> Self {
        let mut out = Self::default();
        for mapping in system.of_type("AWS::Lambda::EventSourceMapping") {
            let number = |value: Option<&Value>| value?.as_i64().and_then(|n| u64::try_from(n).ok());
            let scaling = mapping.property("ScalingConfig").and_then(|s| s.get("MaximumConcurrency"));
            let limits = EdgeLimits {
                records: number(mapping.property("BatchSize")),
                concurrency: number(scaling),
                attempts: number(mapping.property("MaximumRetryAttempts")).map(|n| n.saturating_add(1)),
                ..EdgeLimits::default()
            };
            for from in targets(mapping, "EventSourceArn") {
                for to in targets(mapping, "FunctionName") {
                    out.mappings.insert((from, to), limits.clone());
                }
            }
        }
        for (ty, api) in [("AWS::ApiGateway::Stage", "RestApiId"), ("AWS::ApiGatewayV2::Stage", "ApiId")] {
            for stage in system.of_type(ty) {
                let Some(rate) = of_stage(stage) else { continue };
                for api in targets(stage, api) {
                    // Of several stages the loosest counts: which one an event came over isn't compared.
                    let known = out.stages.entry(api).or_insert_with(|| rate.clone());
                    known.events = known.events.max(rate.events);
                    known.burst = known.burst.max(rate.burst);
                }
            }
        }
        for queue in system.of_type("AWS::SQS::Queue") {
            let most = queue.property("RedrivePolicy").and_then(|p| p.get("maxReceiveCount")?.as_i64());
            if let Some(most) = most.and_then(|n| u64::try_from(n).ok()) {
                out.attempts.insert(&queue.id, most);
            }
        }
        out
    }

    fn edge(&self, from: &str, function: &str) -> EdgeLimits {
        let mut limits = self.mappings.get(&(from, function)).cloned().unwrap_or_default();
        limits.rate = self.stages.get(from).cloned();
        limits.attempts = limits.attempts.or(self.attempts.get(from).copied());
        limits
    }
}

fn targets<'s>(resource: &'s Resource, property: &str) -> Vec<&'s str> {
    let references = resource.property(property).into_iter().flat_map(Value::references);
    references.map(|(r, _)| r.target.as_str()).collect()
}

/// The throttle of a whole stage.
fn of_stage(stage: &Resource) -> Option<Rate> {
    let settings = match stage.property("DefaultRouteSettings") {
        Some(settings) => settings,
        None => stage.property("MethodSettings")?.items().iter().find(|s| {
            let is = |key: &str, all: &[&str]| {
                s.get(key).and_then(Value::as_str).is_some_and(|v| all.contains(&v))
            };
            is("HttpMethod", &["*"]) && is("ResourcePath", &["/*"])
        })?,
    };
    let number = |key: &str| settings.get(key).and_then(|v| u64::try_from(v.as_i64()?).ok());
    let events = number("ThrottlingRateLimit")?;
    Some(Rate { events, seconds: 1, burst: number("ThrottlingBurstLimit").unwrap_or(events).max(1) })
}

/// Lays limits on everything that was compiled.
pub(super) fn lay(
    functions: &mut BTreeMap<String, Function>,
    system: &System,
    graph: &Graph,
    config: &Config,
) {
    let declared = Declared::of(system);
    let circles = Circles::of(graph);
    let bounds = &config.contract.limits;
    for (id, function) in functions.iter_mut() {
        for bound in bounds.iter().filter(|b| b.fits_function(id)) {
            bind(&mut function.limits, bound, function.ty == LAMBDA_FUNCTION);
        }
        for edge in &mut function.edges {
            edge.limits = declared.edge(&edge.from, id);
            let ends = graph.index(&edge.from).zip(graph.index(id));
            if ends.is_some_and(|(from, to)| circles.closes(from, to)) {
                edge.limits.looped = true;
                edge.limits.hops = Some(HOPS);
            }
            for bound in bounds {
                if bound.fits(edge, id) {
                    bind_edge(edge, bound);
                }
            }
        }
    }
    chains(functions, graph, &circles, bounds);
}

fn bind(limits: &mut Limits, bound: &Bound, priced: bool) {
    fn say<T: Clone>(limit: &mut Option<T>, said: Option<&T>) {
        if let Some(said) = said {
            *limit = Some(said.clone());
        }
    }
    say(&mut limits.rate, bound.function_rate.as_ref());
    say(&mut limits.adaptive, bound.adaptive.as_ref());
    say(&mut limits.fan_out, bound.fan_out.as_ref());
    say(&mut limits.expected_ms, bound.expected_ms.as_ref());
    if priced {
        say(&mut limits.budget, bound.budget.as_ref());
    }
    // What was reserved can't be exceeded whatever is asked for.
    let asked = bound.concurrency.map(|asked| limits.concurrency.map_or(asked, |given| given.min(asked)));
    say(&mut limits.concurrency, asked.as_ref());
}

fn bind_edge(edge: &mut Edge, bound: &Bound) {
    let request = matches!(edge.trigger.as_str(), "apigw-v1" | "apigw-v2" | "alb" | "lattice" | "websocket");
    let limits = &mut edge.limits;
    if let Some(rate) = &bound.rate {
        limits.rate = Some(rate.clone());
    }
    if let Some(rate) = &bound.caller {
        let by = bound.by.unwrap_or(if request { Caller::SourceIp } else { Caller::Principal });
        limits.caller = Some(CallerRate { by, rate: rate.clone() });
    }
    limits.bytes = bound.bytes.or(limits.bytes);
    limits.records = bound.records.or(limits.records);
    limits.hops = bound.hops.or(limits.hops);
}

/// Budgets of chains, on the edges that lead into the system.
fn chains(functions: &mut BTreeMap<String, Function>, graph: &Graph, circles: &Circles, bounds: &[Bound]) {
    if bounds.iter().all(|b| b.chain_budget.is_none()) {
        return;
    }
    let known: HashMap<usize, &Function> =
        functions.iter().filter_map(|(id, f)| Some((graph.index(id)?, f))).collect();
    let hops = |node: usize| {
        let edges = known.get(&node).into_iter().flat_map(|f| &f.edges);
        edges.filter(|e| e.limits.looped).filter_map(|e| e.limits.hops).max().unwrap_or(1)
    };
    let own = |node: usize| match known.get(&node) {
        Some(function) => (run(function), function.limits.fan_out.unwrap_or(1)),
        None => (Load::default(), 1),
    };
    let loads = circles.loads(graph, hops, own);
    let of = |id: &str| graph.index(id).and_then(|index| loads.get(index)).copied().unwrap_or_default();
    let whole: BTreeMap<String, Load> = functions.keys().map(|id| (id.clone(), of(id))).collect();
    for (id, function) in functions.iter_mut() {
        let (first, load) = (run(function), whole.get(id).copied().unwrap_or_default());
        for edge in function.edges.iter_mut().filter(|e| e.taint == Some(0)) {
            let budget =
                bounds.iter().rev().filter(|b| b.fits(edge, id)).find_map(|b| b.chain_budget.clone());
            edge.limits.chain = budget.map(|budget| Chain {
                budget,
                runs: load.runs.saturating_sub(first.runs),
                nano_usd: load.nano_usd.saturating_sub(first.nano_usd),
                unknown: load.unknown.saturating_sub(first.unknown),
            });
        }
    }
}

/// One run of a function.
fn run(function: &Function) -> Load {
    let limits = &function.limits;
    if function.ty != LAMBDA_FUNCTION {
        return Load { runs: 1, nano_usd: 0, unknown: 1 };
    }
    let vague = limits.memory_mb.is_none() || limits.timeout_seconds.is_none();
    let cost = Price::of(limits, &LAMBDA).expected().div_ceil(NANO_USD);
    Load { runs: 1, nano_usd: cost, unknown: u64::from(vague) }
}

/// Whether events of that trigger have a place for the number of hops.
pub(super) fn counts_hops(trigger: &str) -> bool {
    matches!(
        Trigger::from_name(trigger),
        Some(
            Trigger::ApiGatewayV1
                | Trigger::ApiGatewayV2
                | Trigger::Alb
                | Trigger::Lattice
                | Trigger::WebSocket
                | Trigger::AppSync
                | Trigger::Sqs
                | Trigger::Sns
                | Trigger::EventBridge
                | Trigger::Direct
        )
    )
}
