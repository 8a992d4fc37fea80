//! Compiles the graph to the contract that the guard enforces.

mod artifact;
mod changes;
mod circles;
mod compatible;
mod condition;
mod consumers;
mod cors;
pub(crate) mod learned;
mod limits;
mod lock;
mod names;
mod origin;
mod schemas;
mod sign;
mod taint;
mod text;

pub(crate) use artifact::{Part, lay};
pub(crate) use changes::changes;
pub(crate) use compatible::{Break, Direction, breaks, breaks_of_protobuf};
pub(crate) use condition::compile as condition;
pub(crate) use lock::{LOCK, Lock, Locked};
pub(crate) use schemas::{as_json, exported, is_schema, is_schema_of_json, proto, said};
pub(crate) use sign::{beside, sign, verify};
pub(crate) use text::render as summary;

use crate::config::{Config, Pattern};
use crate::failure::Failure;
use consumers::Consumers;
use names::{Literals, Place};
use origin::Way;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use taint::Taint;
use tidegate_decide::Settings;
use tidegate_graph::contract::{
    Answer, Artifact, Contract, Defaults, Edge, EdgeLimits, Function, Inspect, Limits, Mode, OnDeny, OnError,
    VERSION,
};
use tidegate_graph::{EdgeKind, Exposure, Graph, NodeKind, Resource, System, Value};

/// Products whose functions a guard can stand before.
const GUARDED: [&str; 6] = ["lambda", "cloudfunctions", "run", "functions", "apprunner", "containerapps"];

/// The contract of everything that was read.
///
/// # Errors
/// When the configuration asks for a schema that can't be enforced as it is.
pub(crate) fn compile(system: &System, graph: &Graph, config: &Config) -> Result<Contract, Failure> {
    let place = Place::of(system, config);
    let compiler = Compiler {
        system,
        graph,
        config,
        taint: Taint::of(graph),
        literals: Literals::of(system, &place),
        urls: urls(system),
        item_failures: item_failures(system, graph, &place),
        consumers: Consumers::of(system),
        place,
    };
    let settings = Settings::default();
    let guarded = graph.nodes().iter().enumerate().filter(|(_, node)| {
        node.kind == NodeKind::Function && GUARDED.contains(&node.service.as_str()) && node.span.is_some()
    });
    let mut functions: BTreeMap<String, Function> =
        guarded.map(|(index, node)| (node.id.to_string(), compiler.function(index))).collect();
    limits::lay(&mut functions, system, graph, config);
    let mut contract = Contract {
        version: VERSION,
        graph_digest: digest(graph),
        compiled_by: format!("tidegate {}", env!("CARGO_PKG_VERSION")),
        defaults: Defaults {
            account: compiler.place.account.clone(),
            region: compiler.place.region.clone(),
            mode: config.contract.mode,
            on_error: OnError::Closed,
            max_bytes: settings.bytes,
            max_depth: settings.json.depth,
        },
        functions,
    };
    schemas::lay(&mut contract, system, config)?;
    Ok(contract)
}

/// Edges that the configuration names and that aren't there: what it asks of them would be asked of nobody.
pub(crate) fn idle<'c>(contract: &Contract, config: &'c Config) -> Vec<&'c str> {
    let edges = || contract.functions.iter().flat_map(|(id, f)| f.edges.iter().map(move |edge| (id, edge)));
    let asked = &config.contract;
    let proofs = asked.authenticate.iter().filter(|a| !edges().any(|(id, edge)| a.fits(edge, id)));
    let replays = asked.replay.iter().filter(|r| !edges().any(|(id, edge)| r.fits(edge, id)));
    let patterns = asked.block.iter().chain(&asked.monitor).chain(&asked.redact);
    let patterns = patterns.filter(|p| !edges().any(|(id, edge)| p.fits(edge, id)));
    let conditions = asked.conditions.iter().filter(|c| !edges().any(|(id, edge)| c.fits(edge, id)));
    let limits = asked.limits.iter().filter(|l| !l.named.is_empty());
    let limits = limits.filter(|l| !edges().any(|(id, edge)| l.fits(edge, id)));
    let limits = limits.filter(|l| !contract.functions.keys().any(|id| l.fits_function(id)));
    let named = proofs.map(|a| &a.named).chain(replays.map(|r| &r.named)).chain(conditions.map(|c| &c.named));
    let schemas = asked.schemas.iter().filter(|s| !edges().any(|(id, edge)| s.fits(edge, id)));
    let named = patterns.map(|p| &p.named).chain(named);
    let named = named.chain(limits.map(|l| &l.named)).chain(schemas.map(|s| &s.named));
    named.map(String::as_str).collect()
}

/// Takes out functions of which nothing says what starts them: where code could not be read, it may have stood there, and
/// a guard would compare no origin. What a contract doesn't hold gets nothing. Gives their ids.
pub(crate) fn leave_out_unknown(contract: &mut Contract) -> Vec<String> {
    let names = |f: &Function| [Some(f.logical_id.clone()), f.name.clone()].into_iter().flatten();
    let unknown = contract.functions.values().filter(|f| f.edges.is_empty());
    let taken: HashSet<String> = unknown.flat_map(names).collect();
    // Whoever bears the name of one that goes would otherwise be taken for it.
    let stays = |f: &Function| !f.edges.is_empty() && names(f).all(|name| !taken.contains(&name));
    let gone = contract.functions.iter().filter(|(_, f)| !stays(f)).map(|(id, _)| id.clone()).collect();
    contract.functions.retain(|_, f| stays(f));
    gone
}

struct Compiler<'s> {
    system: &'s System,
    graph: &'s Graph,
    config: &'s Config,
    place: Place,
    taint: Taint,
    literals: Literals,
    /// Function URLs by the resource id of their function.
    urls: HashMap<&'s str, Vec<&'s Resource>>,
    /// Sources and functions between which single records may be named as failed.
    item_failures: HashSet<(usize, usize)>,
    consumers: Consumers,
}

impl Compiler<'_> {
    fn function(&self, index: usize) -> Function {
        let Some(node) = self.graph.node(index) else { return unknown_function() };
        let resource = self.system.resource(&node.id);
        let mut edges: BTreeMap<String, Edge> = BTreeMap::new();
        for edge in self.graph.incoming(index) {
            if !matches!(edge.kind, EdgeKind::Triggers | EdgeKind::Invokes) {
                continue;
            }
            let Some(from) = self.graph.node(edge.from) else { continue };
            let declared = self.system.resource(&from.id);
            let elsewhere = self.literals.find(&from.service, &from.name);
            let feeds = |kind: NodeKind, at_least: Exposure| {
                let mut sources = self.graph.incoming(edge.from).filter_map(|e| self.graph.node(e.from));
                sources.any(|n| n.kind == kind && n.exposure >= at_least)
            };
            let way = Way {
                place: &self.place,
                node: from,
                resource: declared,
                function: resource,
                evidence: &edge.evidence,
                elsewhere,
                shared_bus: feeds(NodeKind::Bus, Exposure::CrossAccount),
            };
            let taint = self.taint.of_node(edge.from);
            for route in way.routes() {
                let item_failures = self.item_failures.contains(&(edge.from, index));
                let edge =
                    self.edge(&node.id, &from.id, &edge.evidence, from.exposure, taint, item_failures, route);
                edges.entry(edge.id.clone()).or_insert(edge);
            }
        }
        for url in self.urls.get(node.id.as_str()).into_iter().flatten() {
            let route = origin::of_url();
            let edge = self.edge(
                &node.id,
                &url.id,
                "function URL",
                node.exposure,
                self.taint.of_node(index),
                false,
                route,
            );
            edges.entry(edge.id.clone()).or_insert(edge);
        }
        if edges.is_empty() && node.exposure >= Exposure::CrossAccount {
            let (evidence, taint) = ("permission to invoke", self.taint.of_node(index));
            let edge =
                self.edge(&node.id, "external", evidence, node.exposure, taint, false, origin::of_caller());
            edges.insert(edge.id.clone(), edge);
        }
        let assumed = self.graph.outgoing(index).filter(|e| e.kind == EdgeKind::Assumes);
        let outside = self.graph.outgoing(index).filter(|e| e.kind == EdgeKind::Egress);
        let ids = |edges: &mut dyn Iterator<Item = &tidegate_graph::Edge>, name: bool| {
            let nodes = edges.filter_map(|e| self.graph.node(e.to));
            let mut ids: Vec<String> =
                nodes.map(|n| if name { n.name.to_string() } else { n.id.to_string() }).collect();
            ids.sort();
            ids.dedup();
            ids
        };
        let reached = edges.values().filter_map(|e| e.taint).min();
        Function {
            logical_id: resource.map_or_else(|| node.name.to_string(), |r| r.logical_id.to_string()),
            name: resource
                .and_then(|r| self.place.exact(r, "FunctionName").or_else(|| self.place.exact(r, "name"))),
            ty: node.ty.to_string(),
            exposure: node.exposure,
            taint: reached.into_iter().chain(self.taint.of_node(index)).min(),
            roles: ids(&mut { assumed }, false),
            limits: resource.map(limits::of_function).unwrap_or_default(),
            egress: ids(&mut { outside }, true),
            consumers: self.consumers.of_function(self.graph, index),
            edges: edges.into_values().collect(),
            artifact: Artifact::default(),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one edge, put together in one place")]
    fn edge(
        &self,
        function: &str,
        from: &str,
        evidence: &str,
        exposure: Exposure,
        taint: Option<u32>,
        item_failures: bool,
        route: origin::Route,
    ) -> Edge {
        let trigger = route.trigger.name();
        let answer = route.answer.unwrap_or_else(|| route.trigger.answer());
        let mut edge = Edge {
            id: format!("{from}->{function}:{trigger}"),
            from: from.to_string(),
            trigger: trigger.to_string(),
            evidence: evidence.to_string(),
            origin: route.origin,
            exposure,
            taint,
            mode: Mode::Monitor,
            inspect: if route.clockwork && taint.is_none() { Inspect::Structure } else { Inspect::Full },
            authenticate: Vec::new(),
            condition: None,
            schemas: Vec::new(),
            replay: None,
            further_replays: Vec::new(),
            cors: self.system.resource(from).and_then(|entry| cors::of(entry, self.system)),
            on_deny: OnDeny { item_failures: item_failures && answer == Answer::Strip, ..OnDeny::of(answer) },
            unknown: route.unknown,
            limits: EdgeLimits::default(),
        };
        // What can't be refused without hanging its sender is watched only.
        if answer != Answer::Pass {
            edge.mode = self.mode(&edge, function);
            edge.on_deny.redact = self.config.contract.redact.iter().any(|p| p.fits(&edge, function));
        }
        let asked = &self.config.contract;
        let proofs = asked.authenticate.iter().filter(|a| a.fits(&edge, function));
        edge.authenticate = proofs.filter_map(|a| a.what.clone()).collect();
        edge.condition =
            asked.conditions.iter().find(|c| c.fits(&edge, function)).and_then(|c| c.what.clone());
        edge.replay = asked.replay.iter().find(|r| r.fits(&edge, function)).and_then(|r| r.what.clone());
        edge
    }

    fn mode(&self, edge: &Edge, function: &str) -> Mode {
        let said = |patterns: &[Pattern]| patterns.iter().any(|p| p.fits(edge, function));
        let choice = &self.config.contract;
        match () {
            () if said(&choice.block) => Mode::Block,
            () if said(&choice.monitor) => Mode::Monitor,
            () => choice.mode,
        }
    }
}

fn unknown_function() -> Function {
    Function {
        logical_id: String::new(),
        name: None,
        ty: String::new(),
        exposure: Exposure::Anonymous,
        taint: Some(0),
        roles: Vec::new(),
        limits: Limits::default(),
        egress: Vec::new(),
        consumers: Vec::new(),
        edges: Vec::new(),
        artifact: Artifact::default(),
    }
}

fn urls(system: &System) -> HashMap<&str, Vec<&Resource>> {
    let mut out: HashMap<&str, Vec<&Resource>> = HashMap::new();
    for url in system.of_type("AWS::Lambda::Url") {
        for (reference, _) in url.property("TargetFunctionArn").into_iter().flat_map(Value::references) {
            // An alias stands for its function.
            let target = system.resource(&reference.target);
            let alias = target.filter(|r| r.ty == "AWS::Lambda::Alias" || r.ty == "AWS::Lambda::Version");
            let function = alias.and_then(|a| a.property("FunctionName")).map(Value::references);
            let ids = function.into_iter().flatten().filter_map(|(r, _)| system.resource(&r.target));
            let found = ids.chain(target.filter(|_| alias.is_none()));
            for function in found {
                out.entry(&function.id).or_default().push(url);
            }
        }
    }
    out
}

fn item_failures(system: &System, graph: &Graph, place: &Place) -> HashSet<(usize, usize)> {
    let mut out = HashSet::new();
    for mapping in system.of_type("AWS::Lambda::EventSourceMapping") {
        let types = mapping.property("FunctionResponseTypes").map(Value::items).unwrap_or_default();
        if !types.iter().any(|t| t.as_str() == Some("ReportBatchItemFailures")) {
            continue;
        }
        let ends = |name: &str| {
            let references = mapping.property(name).into_iter().flat_map(Value::references);
            references.filter_map(|(r, _)| graph.index(&r.target)).collect::<Vec<_>>()
        };
        // A source that is given by its ARN is no reference: it is the one of that name that starts the function.
        let arns: Vec<String> =
            mapping.property("EventSourceArn").into_iter().flat_map(|v| place.patterns(v)).collect();
        let from = ends("EventSourceArn");
        let named = mapping.property("FunctionName").and_then(Value::as_text);
        let named = graph.nodes().iter().enumerate().filter(|(_, node)| {
            let own = node.kind == NodeKind::Function && node.service == "lambda";
            own && named
                .as_ref()
                .is_some_and(|name| **name == *node.name || names::is_of(name, "lambda", &node.name))
        });
        for to in ends("FunctionName").into_iter().chain(named.map(|(index, _)| index)) {
            let triggers = graph.incoming(to).filter(|e| e.kind == EdgeKind::Triggers);
            let by_arn = triggers.map(|e| e.from).filter(|from| {
                graph
                    .node(*from)
                    .is_some_and(|n| arns.iter().any(|arn| names::is_of(arn, &n.service, &n.name)))
            });
            out.extend(from.iter().copied().chain(by_arn).map(|from| (from, to)));
        }
    }
    out
}

/// SHA-256 over what the graph says, whatever order it was read in.
fn digest(graph: &Graph) -> String {
    let id = |index| graph.node(index).map(|n| n.id.as_str()).unwrap_or_default();
    let nodes =
        graph.nodes().iter().map(|n| json!([n.id, n.kind, n.ty, n.service, n.name, n.exposure]).to_string());
    let edges = graph.edges().iter().map(|e| json!([id(e.from), id(e.to), e.kind, e.evidence]).to_string());
    let mut lines: Vec<String> = nodes.chain(edges).collect();
    lines.sort();
    let mut hash = Sha256::new();
    for line in &lines {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
