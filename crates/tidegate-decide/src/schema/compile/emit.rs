//! From subschemas to nodes.

use super::library::{Dialect, Library, Place, text};
use super::regex::translate;
use super::{Draft, Options, Problem, fields};
use crate::json::{Item, Kind};
use crate::schema::number::Decimal;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tidegate_graph::contract::field::Field;
use tidegate_graph::contract::schema::{Check, Format, JsonProgram, Members, Node, Types};

/// Nodes that a program may have.
const NODES: usize = 50_000;

pub(super) fn emit(
    library: &mut Library<'_>,
    root: Place,
    options: Options,
) -> Option<(JsonProgram, Field, Vec<Problem>)> {
    let program = JsonProgram::default();
    let mut emitter = Emitter {
        library,
        options,
        program,
        index: HashMap::new(),
        pending: Vec::new(),
        problems: BTreeSet::new(),
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
    program: JsonProgram,
    index: HashMap<Place, u32>,
    pending: Vec<(Place, u32)>,
    problems: BTreeSet<Problem>,
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

    fn problem(&mut self, place: Place, key: &str, message: impl Into<String>) {
        let shown = self.library.shown(place);
        let joint = if shown.contains('#') { "/" } else { "#/" };
        let place = if key.is_empty() { shown } else { format!("{shown}{joint}{key}") };
        self.problems.insert(Problem { place, message: message.into() });
    }

    fn subschema(&mut self, place: Place, checks: &mut Vec<Check>) {
        let Some(item) = self.library.item(place) else { return };
        match item.kind() {
            Kind::Bool if item.is_true() => return,
            Kind::Bool => return checks.push(Check::Never),
            Kind::Object => {}
            _ => {
                self.problem(place, "", "a schema is an object or a boolean");
                return checks.push(Check::Unknown);
            }
        }
        let Some(dialect) = self.library.resource(place).map(|r| r.dialect) else { return };
        let refers = item.field("$ref").and_then(text);
        if let Some(reference) = &refers
            && dialect.draft < Draft::Draft201909
        {
            // What stands beside it doesn't count.
            return self.reference(place, "$ref", reference, checks);
        }
        if dialect.validation {
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
            Err(message) => {
                self.problem(place, key, message);
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
            Err(message) => {
                self.problem(place, key, message);
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

    /// Types, values, and what is asked of numbers and strings.
    fn values(&mut self, place: Place, dialect: Dialect, checks: &mut Vec<Check>) {
        if let Some(types) = self.types(place, dialect) {
            checks.push(Check::Type(types));
        }
        let Some(item) = self.library.item(place) else { return };
        let field = |key: &str| item.field(key);
        let listed = field("enum").filter(|e| e.kind() == Kind::Array).map(|e| e.items().collect::<Vec<_>>());
        let constant = field("const").filter(|_| dialect.draft >= Draft::Draft6).map(|c| vec![c]);
        for values in listed.into_iter().chain(constant) {
            let mut texts: Vec<String> = values.iter().filter_map(|v| text(*v)).collect();
            texts.sort();
            texts.dedup();
            let others = values.iter().filter(|v| v.kind() != Kind::String);
            let mut literals = Vec::new();
            for value in others {
                literals.push(u32::try_from(self.program.literals.len()).unwrap_or(u32::MAX));
                self.program.literals.push(String::from_utf8_lossy(value.raw()).into_owned());
            }
            checks.push(Check::Enum(texts, literals));
        }
        let number = |key: &str| field(key).filter(|n| n.kind() == Kind::Number).map(shown);
        let excluded = |key: &str| dialect.draft < Draft::Draft6 && field(key).is_some_and(Item::is_true);
        if let Some(bound) = number("minimum") {
            checks.push(Check::Minimum(bound, excluded("exclusiveMinimum")));
        }
        if let Some(bound) = number("maximum") {
            checks.push(Check::Maximum(bound, excluded("exclusiveMaximum")));
        }
        if dialect.draft >= Draft::Draft6 {
            checks.extend(number("exclusiveMinimum").map(|bound| Check::Minimum(bound, true)));
            checks.extend(number("exclusiveMaximum").map(|bound| Check::Maximum(bound, true)));
        }
        let unit = number("multipleOf");
        let small = unit.as_ref().is_none_or(|u| Decimal::read(u.as_bytes()).small().is_some_and(|n| n > 0));
        let least = field("minLength").and_then(count).unwrap_or_default();
        let most = field("maxLength").and_then(count);
        let pattern = field("pattern").and_then(text);
        match unit {
            Some(unit) if small => checks.push(Check::MultipleOf(unit)),
            Some(_) => {
                self.problem(place, "multipleOf", "zero, or more than eighteen digits");
                checks.push(Check::Unknown);
            }
            None => {}
        }
        if least > 0 || most.is_some() {
            checks.push(Check::Length(least, most));
        }
        if let Some(pattern) = pattern {
            checks.push(match self.pattern(place, "pattern", &pattern) {
                Some(index) => Check::Pattern(index),
                None => Check::Unknown,
            });
        }
        self.formats(place, dialect, checks);
    }

    fn types(&mut self, place: Place, dialect: Dialect) -> Option<Types> {
        let item = self.library.item(place)?;
        let ty = item.field("type")?;
        let names: Vec<Option<String>> =
            if ty.kind() == Kind::Array { ty.items().map(text).collect() } else { vec![text(ty)] };
        let nullable = dialect.draft == Draft::OpenApi30
            && ["nullable", "x-nullable"].iter().any(|key| item.field(key).is_some_and(Item::is_true));
        let mut bits = if nullable { Types::NULL } else { 0 };
        let mut strange = false;
        for name in names {
            let bit = Types::NAMES.iter().find(|(_, n)| name.as_deref() == Some(*n)).map(|(bit, _)| *bit);
            strange |= bit.is_none();
            bits |= bit.unwrap_or_default();
        }
        if strange {
            self.problem(place, "type", "there is no such type");
            return None;
        }
        Some(Types(bits))
    }

    fn formats(&mut self, place: Place, dialect: Dialect, checks: &mut Vec<Check>) {
        if !self.options.formats && !dialect.formats {
            return;
        }
        let Some(name) = self.library.item(place).and_then(|i| i.field("format")).and_then(text) else {
            return;
        };
        match Format::NAMES.iter().find(|(_, n)| *n == name) {
            Some((format, _)) => checks.push(Check::Format(*format)),
            None if matches!(name.as_str(), "regex" | "idn-hostname") => {
                self.problem(place, "format", format!("the format `{name}` isn't checked"));
                checks.push(Check::Unknown);
            }
            // A format of somebody's own is a note.
            None => {}
        }
    }

    fn pattern(&mut self, place: Place, key: &str, pattern: &str) -> Option<u32> {
        if let Some(index) = self.patterns.get(pattern) {
            return Some(*index);
        }
        let compiled = translate(pattern).and_then(|translated| {
            match crate::schema::pattern::Pattern::new(&translated) {
                Some(_) => Ok(translated),
                None => Err("it grows too large".to_string()),
            }
        });
        match compiled {
            Ok(translated) => {
                let index = u32::try_from(self.program.patterns.len()).unwrap_or(u32::MAX);
                self.program.patterns.push(translated);
                self.patterns.insert(pattern.to_string(), index);
                Some(index)
            }
            Err(why) => {
                self.problem(place, key, format!("this pattern can't be matched in linear time: {why}"));
                None
            }
        }
    }

    fn object(&mut self, place: Place, dialect: Dialect, checks: &mut Vec<Check>) {
        let Some(item) = self.library.item(place) else { return };
        let under = |key: &str| {
            let map = item.field(key).filter(|m| m.kind() == Kind::Object);
            let entries = map.into_iter().flat_map(Item::entries);
            entries.filter_map(|(k, v)| Some((text(k)?, (place.0, v.index())))).collect::<Vec<_>>()
        };
        let properties = under("properties");
        let patterns = under("patternProperties");
        let count = |key: &str| item.field(key).and_then(count).filter(|_| dialect.validation);
        let mut members = Members {
            least: count("minProperties").unwrap_or_default(),
            most: count("maxProperties"),
            ..Members::default()
        };
        if dialect.validation {
            members.required = strings(item.field("required"));
        }
        if self.options.request {
            let only_read = |place: &Place| {
                let own = self.library.item(*place).and_then(|i| i.field("readOnly"));
                own.is_some_and(Item::is_true)
            };
            let read: Vec<&String> =
                properties.iter().filter(|(_, p)| only_read(p)).map(|(n, _)| n).collect();
            members.required.retain(|name| !read.contains(&name));
        }
        let dependencies = under("dependencies");
        let newer = under("dependentRequired");
        let schemas = under("dependentSchemas");
        let newer =
            if dialect.draft >= Draft::Draft201909 { (newer, schemas) } else { (Vec::new(), Vec::new()) };
        members.named = properties.into_iter().map(|(name, place)| (name, self.node(place))).collect();
        let mut open = false;
        for (pattern, below) in patterns {
            match self.pattern(place, "patternProperties", &pattern) {
                Some(index) => {
                    let node = self.node(below);
                    members.patterns.push((index, node));
                }
                None => {
                    open = true;
                    checks.push(Check::Unknown);
                }
            }
        }
        // What a pattern that isn't known would have matched is not additional.
        members.additional = self.single(place, "additionalProperties").filter(|_| !open);
        if dialect.draft >= Draft::Draft6 {
            members.names = self.single(place, "propertyNames");
        }
        if members != Members::default() {
            checks.push(Check::Object(Box::new(members)));
        }
        let (mut required, mut wholes) = (BTreeMap::new(), BTreeMap::new());
        for (name, below) in dependencies.into_iter().chain(newer.0) {
            let list = self.library.item(below).filter(|i| i.kind() == Kind::Array).map(|i| strings(Some(i)));
            match list {
                Some(list) if dialect.validation => drop(required.insert(name, list)),
                Some(_) => {}
                None => drop(wholes.insert(name, self.node(below))),
            }
        }
        wholes.extend(newer.1.into_iter().map(|(name, below)| (name, self.node(below))));
        if !required.is_empty() {
            checks.push(Check::DependentRequired(required));
        }
        if !wholes.is_empty() {
            checks.push(Check::DependentSchemas(wholes));
        }
    }

    fn array(&mut self, place: Place, dialect: Dialect, checks: &mut Vec<Check>) {
        let Some(item) = self.library.item(place) else { return };
        let number = |key: &str| item.field(key).and_then(count).filter(|_| dialect.validation);
        let (least, most) = (number("minItems").unwrap_or_default(), number("maxItems"));
        if least > 0 || most.is_some() {
            checks.push(Check::Count(least, most));
        }
        if dialect.validation && item.field("uniqueItems").is_some_and(Item::is_true) {
            checks.push(Check::Unique);
        }
        let newest = dialect.draft >= Draft::Draft202012;
        let listed = item.field("items").is_some_and(|i| i.kind() == Kind::Array);
        let fewest = match dialect.draft {
            Draft::Draft201909 | Draft::Draft202012 => {
                (number("minContains").unwrap_or(1), number("maxContains"))
            }
            _ => (1, None),
        };
        let (first, rest) = match (newest, listed) {
            (true, _) => (self.several(place, "prefixItems"), self.single(place, "items")),
            (false, true) => (self.several(place, "items"), self.single(place, "additionalItems")),
            (false, false) => (Vec::new(), self.single(place, "items")),
        };
        if !first.is_empty() || rest.is_some() {
            checks.push(Check::Items(first, rest));
        }
        if dialect.draft >= Draft::Draft6
            && let Some(node) = self.single(place, "contains")
        {
            checks.push(Check::Contains(node, fewest.0, fewest.1, newest));
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

/// Strings of a list, in order, each once.
fn strings(list: Option<Item<'_>>) -> Vec<String> {
    let list = list.filter(|l| l.kind() == Kind::Array);
    let mut out: Vec<String> = list.into_iter().flat_map(Item::items).filter_map(text).collect();
    out.sort();
    out.dedup();
    out
}

fn shown(item: Item<'_>) -> String {
    String::from_utf8_lossy(item.raw()).into_owned()
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
