//! From subschemas to nodes.

mod doubts;
mod members;
mod values;

use super::library::{Dialect, Library, Place, text};
use super::{Draft, Nature, Options, Problem, fields};
use crate::json::{Item, Kind};
use crate::schema::number::Decimal;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tidegate_graph::contract::field::Field;
use tidegate_graph::contract::schema::{Check, JsonProgram, Node};

/// Nodes that a program may have.
const NODES: usize = 50_000;
/// Problems of one nature that are told.
const PROBLEMS: usize = 100;
/// Mistakes of form that are told.
const MISFITS: usize = 20;

/// `strict` asks of all that it has the form of a schema; the schemas of schemas themselves do.
pub(super) fn emit(
    library: &mut Library<'_>,
    root: Place,
    options: Options,
    strict: bool,
) -> Option<(JsonProgram, Field, Vec<Problem>)> {
    let program = JsonProgram::default();
    let mut emitter = Emitter {
        library,
        options,
        misfits: if strict { MISFITS } else { 0 },
        program,
        index: HashMap::new(),
        pending: Vec::new(),
        problems: BTreeSet::new(),
        told: BTreeMap::new(),
        patterns: HashMap::new(),
        dynamic: BTreeSet::new(),
    };
    emitter.node(root);
    emitter.drain()?;
    if !emitter.dynamic.is_empty() {
        emitter.scopes()?;
    } else {
        emitter.program.nodes.iter_mut().for_each(|node| node.resource = 0);
    }
    let mut places = vec![None; emitter.program.nodes.len()];
    for (place, index) in &emitter.index {
        if let Some(slot) = places.get_mut(*index as usize) {
            *slot = Some(*place);
        }
    }
    if strict {
        emitter.stranger(root);
        emitter.circles(&places);
        emitter.excess(&places);
    }
    let library = &*emitter.library;
    let written = |node: u32| library.item((*places.get(node as usize)?)?);
    let fields = fields::of(&emitter.program, &written);
    Some((emitter.program, fields, emitter.problems.into_iter().collect()))
}

/// Whether the root refuses what it doesn't name.
pub(super) fn is_closed(program: &JsonProgram) -> bool {
    let never = |index: &u32| {
        program.nodes.get(*index as usize).is_some_and(|node| node.checks.as_slice() == [Check::Never])
    };
    let mut at = 0_usize;
    // References in a row, which may go round.
    for _ in 0..16 {
        let Some(node) = program.nodes.get(at) else { return false };
        let mut next = None;
        for check in &node.checks {
            match check {
                Check::Object(members) if members.additional.as_ref().is_some_and(never) => return true,
                Check::UnevaluatedProperties(node) if never(node) => return true,
                Check::Ref(node) => next = Some(*node as usize),
                _ => {}
            }
        }
        match next {
            Some(next) => at = next,
            None => return false,
        }
    }
    false
}

struct Emitter<'l, 'f> {
    library: &'l mut Library<'f>,
    options: Options,
    /// Mistakes of form that are still looked for.
    misfits: usize,
    program: JsonProgram,
    index: HashMap<Place, u32>,
    pending: Vec<(Place, u32)>,
    problems: BTreeSet<Problem>,
    /// How many of each nature there are.
    told: BTreeMap<Nature, usize>,
    patterns: HashMap<String, u32>,
    /// Dynamic anchors that are asked for.
    dynamic: BTreeSet<String>,
}

impl Emitter<'_, '_> {
    /// The index of a subschema, which is compiled sooner or later.
    fn node(&mut self, place: Place) -> u32 {
        if let Some(index) = self.index.get(&place) {
            return *index;
        }
        let index = u32::try_from(self.program.nodes.len()).unwrap_or(u32::MAX);
        self.program.nodes.push(Node::default());
        self.index.insert(place, index);
        self.pending.push((place, index));
        index
    }

    fn drain(&mut self) -> Option<()> {
        while let Some((place, index)) = self.pending.pop() {
            if self.program.nodes.len() > NODES {
                return None;
            }
            let mut checks = Vec::new();
            self.subschema(place, &mut checks);
            let resource = self.library.owner(place);
            *self.program.nodes.get_mut(index as usize)? = Node { checks, resource };
        }
        Some(())
    }

    /// Dynamic anchors of all resources that take part; compiling them can draw in more.
    fn scopes(&mut self) -> Option<()> {
        loop {
            let known = self.library.resources.len();
            let places: Vec<BTreeMap<String, Place>> = self
                .library
                .resources
                .iter()
                .map(|r| {
                    r.dynamic
                        .iter()
                        .filter(|(n, _)| self.dynamic.contains(*n))
                        .map(|(n, p)| (n.clone(), *p))
                        .collect()
                })
                .collect();
            let asked = self.dynamic.len();
            let scopes = places
                .into_iter()
                .map(|anchors| anchors.into_iter().map(|(name, place)| (name, self.node(place))).collect());
            self.program.resources = scopes.collect();
            self.drain()?;
            if known == self.library.resources.len() && asked == self.dynamic.len() {
                return Some(());
            }
        }
    }

    fn problem(&mut self, place: Place, key: &str, nature: Nature, message: impl Into<String>) {
        let told = self.told.entry(nature).or_default();
        *told += 1;
        // To say where one stands takes a walk through its document.
        if *told > PROBLEMS {
            let message = format!("there are more such problems than the {PROBLEMS} that are told");
            let place = self.library.shown((place.0, 0));
            self.problems.insert(Problem { place, message, nature });
            return;
        }
        let shown = self.library.shown(place);
        let joint = if shown.contains('#') { "/" } else { "#/" };
        let place = if key.is_empty() { shown } else { format!("{shown}{joint}{key}") };
        self.problems.insert(Problem { place, message: message.into(), nature });
    }

    fn subschema(&mut self, place: Place, checks: &mut Vec<Check>) {
        let Some(item) = self.library.item(place) else { return };
        match item.kind() {
            Kind::Bool if item.is_true() => return,
            Kind::Bool => return checks.push(Check::Never),
            Kind::Object => {}
            _ => {
                self.problem(place, "", Nature::Malformed, "a schema is an object or a boolean");
                return checks.push(Check::Unknown);
            }
        }
        let refers = item.field("$ref").and_then(text);
        self.dialect(place);
        let Some(dialect) = self.library.resource(place).map(|r| r.dialect) else { return };
        if let Some(reference) = &refers
            && dialect.draft < Draft::Draft201909
        {
            // What stands beside it doesn't count.
            return self.reference(place, "$ref", reference, checks);
        }
        if dialect.validation {
            self.form(place, dialect.draft, checks);
            self.values(place, dialect, checks);
        } else {
            self.formats(place, dialect, checks);
        }
        self.object(place, dialect, checks);
        self.array(place, dialect, checks);
        if let Some(reference) = refers {
            self.reference(place, "$ref", &reference, checks);
        }
        self.dynamic(place, dialect, checks);
        self.combined(place, dialect, checks);
        if dialect.draft >= Draft::Draft201909 {
            if let Some(node) = self.single(place, "unevaluatedProperties") {
                checks.push(Check::UnevaluatedProperties(node));
            }
            if let Some(node) = self.single(place, "unevaluatedItems") {
                checks.push(Check::UnevaluatedItems(node));
            }
        }
    }

    fn reference(&mut self, place: Place, key: &str, reference: &str, checks: &mut Vec<Check>) {
        match self.library.refer(place, reference) {
            Ok(target) => checks.push(Check::Ref(self.node(target))),
            Err(lost) => {
                self.problem(place, key, lost.nature, lost.message);
                checks.push(Check::Unknown);
            }
        }
    }

    fn dynamic(&mut self, place: Place, dialect: Dialect, checks: &mut Vec<Check>) {
        let (key, name) = match dialect.draft {
            Draft::Draft202012 => ("$dynamicRef", None),
            Draft::Draft201909 => ("$recursiveRef", Some(String::new())),
            _ => return,
        };
        let Some(reference) = self.library.item(place).and_then(|i| i.field(key)).and_then(text) else {
            return;
        };
        let target = match self.library.refer(place, &reference) {
            Ok(target) => target,
            Err(lost) => {
                self.problem(place, key, lost.nature, lost.message);
                return checks.push(Check::Unknown);
            }
        };
        let fragment = reference.split_once('#').map(|(_, f)| f.to_string()).filter(|f| !f.starts_with('/'));
        let node = self.node(target);
        let name = name.or(fragment);
        let here = self.library.resource(target).map(|r| &r.dynamic);
        match name.filter(|name| here.is_some_and(|anchors| anchors.get(name) == Some(&target))) {
            Some(name) => {
                self.dynamic.insert(name.clone());
                checks.push(Check::DynamicRef(name, node));
            }
            None => checks.push(Check::Ref(node)),
        }
    }

    fn combined(&mut self, place: Place, dialect: Dialect, checks: &mut Vec<Check>) {
        for (key, check) in
            [("allOf", Check::All as fn(Vec<u32>) -> Check), ("anyOf", Check::Any), ("oneOf", Check::One)]
        {
            let nodes = self.several(place, key);
            if !nodes.is_empty() {
                checks.push(check(nodes));
            }
        }
        if let Some(node) = self.single(place, "not") {
            checks.push(Check::Not(node));
        }
        if dialect.draft >= Draft::Draft7
            && let Some(node) = self.single(place, "if")
        {
            let (then, other) = (self.single(place, "then"), self.single(place, "else"));
            checks.push(Check::If(node, then, other));
        }
    }

    fn single(&mut self, place: Place, key: &str) -> Option<u32> {
        let below = (place.0, self.library.item(place)?.field(key)?.index());
        Some(self.node(below))
    }

    fn several(&mut self, place: Place, key: &str) -> Vec<u32> {
        let list = self.library.item(place).and_then(|i| i.field(key)).filter(|l| l.kind() == Kind::Array);
        let places: Vec<Place> =
            list.into_iter().flat_map(Item::items).map(|i| (place.0, i.index())).collect();
        places.into_iter().map(|place| self.node(place)).collect()
    }
}

/// A whole number that isn't negative; `2.0` is one.
fn count(item: Item<'_>) -> Option<u64> {
    let text = (item.kind() == Kind::Number).then(|| item.raw())?;
    if !Decimal::read(text).is_whole() {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    text.parse::<u64>().ok().or_else(|| {
        let whole = text.split(['.', 'e', 'E']).next()?;
        let fraction = text.contains(['e', 'E']);
        if fraction { None } else { whole.parse().ok() }
    })
}
