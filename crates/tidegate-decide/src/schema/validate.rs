//! JSON against a compiled schema, directly over the tape.
//!
//! Work is charged: a schema whose alternatives nest can make somebody look at one value very often, and whoever sends
//! that value gets it back. Where the schema asks for something that can't be checked, the answer is open, and what hangs
//! on it is not decided in either direction.

mod same;
mod types;

use super::format;
use super::number::Decimal;
use super::pattern::Pattern;
use crate::json::{Item, Kind, Limits, Tape, unescape};
use same::hash;
use std::cmp::Ordering;
use std::fmt;
use tidegate_graph::contract::schema::{Check, Format, JsonProgram, Members, Types};

/// What is made of a program once.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    patterns: Vec<Option<Pattern>>,
    literals: Vec<(String, Tape)>,
    /// Nodes that ask for what nothing else looked at.
    tracking: Vec<bool>,
    /// What each node lets pass at most.
    types: Vec<Types>,
}

impl Ready {
    pub(crate) fn of(program: &JsonProgram) -> Self {
        let literals: Vec<_> = program
            .literals
            .iter()
            .map(|text| {
                let mut tape = Tape::default();
                // What is no JSON equals nothing.
                let _ = tape.read(text.as_bytes(), &Limits { depth: 256, number: 1 << 16 });
                (text.clone(), tape)
            })
            .collect();
        let asks =
            |check: &Check| matches!(check, Check::UnevaluatedProperties(_) | Check::UnevaluatedItems(_));
        Self {
            patterns: program.patterns.iter().map(|p| Pattern::new(p)).collect(),
            types: types::of_nodes(program, &literals),
            literals,
            tracking: program.nodes.iter().map(|n| n.checks.iter().any(asks)).collect(),
        }
    }

    /// The types that a node lets pass at most.
    pub(crate) fn types(&self, node: u32) -> Types {
        self.types.get(node as usize).copied().unwrap_or(Types(types::ALL))
    }

    /// The types of the elements of a list that a node lets pass, as far as one place says them for all.
    pub(crate) fn types_of_elements(&self, program: &JsonProgram, node: u32) -> Types {
        let mut open = vec![node];
        // References can lead in a circle.
        for _ in 0..ELEMENTS {
            let Some(node) = open.pop().and_then(|node| program.nodes.get(node as usize)) else { break };
            for check in &node.checks {
                match check {
                    Check::Items(first, Some(rest)) if first.is_empty() => return self.types(*rest),
                    Check::Ref(node) => open.push(*node),
                    Check::All(nodes) | Check::Any(nodes) | Check::One(nodes) => open.extend(nodes),
                    _ => {}
                }
            }
        }
        Types(types::ALL)
    }
}

/// Nodes that are looked at for the elements of a list.
const ELEMENTS: usize = 64;

/// Buffers that are kept.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    text: Vec<u8>,
    marks: Vec<u32>,
    scope: Vec<u32>,
    hashes: Vec<(u64, u32)>,
}

/// Where and why something doesn't fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault<'p> {
    /// Node of the tape.
    pub(crate) index: u32,
    pub(crate) why: Why<'p>,
}

/// Says nothing of the value itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Why<'p> {
    Never,
    /// What was expected and found, and the word that asks for it.
    Type(Types, Kind, &'static str),
    Missing(&'p str),
    Enum,
    Minimum(&'p str),
    Maximum(&'p str),
    MultipleOf(&'p str),
    Length(u64, Option<u64>),
    Pattern,
    Format(Format),
    Members,
    Count,
    Contains,
    Unique,
    Alternatives,
    Several,
    Not,
    Work,
}

impl Why<'_> {
    /// The word of the schema that asks for it.
    pub(crate) fn keyword(&self) -> &'static str {
        match self {
            Self::Never => "false",
            Self::Type(_, _, word) => word,
            Self::Missing(_) => "required",
            Self::Enum => "enum",
            Self::Minimum(_) => "minimum",
            Self::Maximum(_) => "maximum",
            Self::MultipleOf(_) => "multipleOf",
            Self::Length(_, Some(_)) => "maxLength",
            Self::Length(..) => "minLength",
            Self::Pattern => "pattern",
            Self::Format(_) => "format",
            Self::Members => "maxProperties",
            Self::Count => "maxItems",
            Self::Contains => "contains",
            Self::Unique => "uniqueItems",
            Self::Alternatives => "anyOf",
            Self::Several => "oneOf",
            Self::Not => "not",
            Self::Work => "$ref",
        }
    }
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("the schema allows nothing here"),
            Self::Type(types, kind, _) => write!(f, "expected {types}, found {}", word(*kind)),
            Self::Missing(name) => write!(f, "`{name}` is missing"),
            Self::Enum => f.write_str("none of the values that the schema lists"),
            Self::Minimum(bound) => write!(f, "below the minimum {bound}"),
            Self::Maximum(bound) => write!(f, "above the maximum {bound}"),
            Self::MultipleOf(unit) => write!(f, "no multiple of {unit}"),
            Self::Length(least, Some(most)) => write!(f, "expected {least} to {most} characters"),
            Self::Length(least, None) => write!(f, "expected {least} characters or more"),
            Self::Pattern => f.write_str("doesn't match the pattern"),
            Self::Format(format) => write!(f, "expected the format {}", format.name()),
            Self::Members => f.write_str("the number of members is outside of the limits"),
            Self::Count => f.write_str("the number of elements is outside of the limits"),
            Self::Contains => f.write_str("the number of elements that fit is outside of the limits"),
            Self::Unique => f.write_str("an element stands there twice"),
            Self::Alternatives => f.write_str("fits none of the alternatives"),
            Self::Several => f.write_str("fits several alternatives"),
            Self::Not => f.write_str("fits what the schema excludes"),
            Self::Work => f.write_str("comparing it with the schema takes more work than allowed"),
        }
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "boolean",
        Kind::Number => "number",
        Kind::String => "string",
        Kind::Array => "array",
        Kind::Object => "object",
    }
}

/// References and values in each other.
const DEPTH: u32 = 400;

/// Compares `item` with the node `start` of the program. `size` is the number of nodes of its document: what work is measured by.
pub(crate) fn validate<'p>(
    program: &'p JsonProgram,
    ready: &'p Ready,
    start: u32,
    item: Item<'_>,
    size: usize,
    buffers: &mut Buffers,
) -> Result<(), Fault<'p>> {
    buffers.marks.clear();
    buffers.scope.clear();
    let left = u64::try_from(size).unwrap_or(u64::MAX).saturating_mul(256).saturating_add(1 << 16);
    let mut run = Run { program, ready, buffers, left, depth: 0, unsure: false };
    let result = run.node(start, item, false);
    // Whatever was made of it, what was cut short is no answer.
    if run.left == 0 { Err(Fault { index: item.index(), why: Why::Work }) } else { result }
}

struct Run<'p, 'b> {
    program: &'p JsonProgram,
    ready: &'p Ready,
    buffers: &'b mut Buffers,
    left: u64,
    depth: u32,
    /// Something passed that could not be checked.
    unsure: bool,
}

type Outcome<'p> = Result<(), Fault<'p>>;

impl<'p> Run<'p, '_> {
    fn work(&mut self, steps: usize, item: Item<'_>) -> Outcome<'p> {
        self.left = self.left.saturating_sub(u64::try_from(steps).unwrap_or(u64::MAX));
        if self.left == 0 { Err(Fault { index: item.index(), why: Why::Work }) } else { Ok(()) }
    }

    fn node(&mut self, index: u32, item: Item<'_>, track: bool) -> Outcome<'p> {
        let Some(node) = self.program.nodes.get(index as usize) else { return Ok(()) };
        if node.checks.is_empty() {
            return Ok(());
        }
        self.work(1, item)?;
        if self.depth >= DEPTH {
            self.left = 0;
            return self.work(0, item);
        }
        self.depth += 1;
        let scopes = self.buffers.scope.len();
        if !self.program.resources.is_empty() && self.buffers.scope.last() != Some(&node.resource) {
            self.buffers.scope.push(node.resource);
        }
        let marks = self.buffers.marks.len();
        let own = track || self.ready.tracking.get(index as usize).copied().unwrap_or_default();
        let result = node.checks.iter().try_for_each(|check| self.check(check, item, own, marks));
        if !track || result.is_err() {
            self.buffers.marks.truncate(marks);
        }
        self.buffers.scope.truncate(scopes);
        self.depth -= 1;
        result
    }

    fn check(&mut self, check: &'p Check, item: Item<'_>, track: bool, marks: usize) -> Outcome<'p> {
        let kind = item.kind();
        let demand = |holds: bool, why: Why<'p>| {
            if holds { Ok(()) } else { Err(Fault { index: item.index(), why }) }
        };
        match check {
            Check::Never => demand(false, Why::Never),
            Check::Unknown => {
                self.unsure = true;
                Ok(())
            }
            Check::Type(types) => demand(is_of(item, *types), Why::Type(*types, kind, "type")),
            Check::Enum(texts, literals) => {
                let listed = self.listed(texts, literals, item)?;
                demand(listed, self.of_type(check, item).unwrap_or(Why::Enum))
            }
            Check::Minimum(bound, excluded) if kind == Kind::Number => {
                let order = Decimal::read(item.raw()).compare(Decimal::read(bound.as_bytes()));
                demand(
                    order == Ordering::Greater || order == Ordering::Equal && !excluded,
                    Why::Minimum(bound),
                )
            }
            Check::Maximum(bound, excluded) if kind == Kind::Number => {
                let order = Decimal::read(item.raw()).compare(Decimal::read(bound.as_bytes()));
                demand(order == Ordering::Less || order == Ordering::Equal && !excluded, Why::Maximum(bound))
            }
            Check::MultipleOf(unit) if kind == Kind::Number => {
                let number = Decimal::read(item.raw());
                demand(number.is_multiple_of(Decimal::read(unit.as_bytes())), Why::MultipleOf(unit))
            }
            Check::Length(least, most) if kind == Kind::String => {
                let length = self.text(item, |text| text.iter().filter(|b| **b & 0xc0 != 0x80).count());
                self.work(length / 64, item)?;
                demand(within(length, *least, *most), Why::Length(*least, *most))
            }
            Check::Pattern(pattern) if kind == Kind::String => {
                let fits = self.fits(*pattern, item)?;
                demand(fits, Why::Pattern)
            }
            Check::Format(format) if kind == Kind::String => {
                self.work(item.raw().len() / 32, item)?;
                let holds = self.text(item, |text| format::holds(*format, text));
                demand(holds, Why::Format(*format))
            }
            Check::Object(members) if kind == Kind::Object => self.members(members, item, track),
            Check::DependentRequired(map) if kind == Kind::Object => {
                for (_, names) in map.iter().filter(|(name, _)| item.field(name).is_some()) {
                    self.work(1, item)?;
                    for name in names {
                        self.work(1 + item.raw().len() / 256, item)?;
                        demand(item.field(name).is_some(), Why::Missing(name))?;
                    }
                }
                Ok(())
            }
            Check::DependentSchemas(map) if kind == Kind::Object => {
                map.iter().filter(|(name, _)| item.field(name).is_some()).try_for_each(|(_, node)| {
                    self.work(1 + item.raw().len() / 256, item)?;
                    self.node(*node, item, track)
                })
            }
            Check::Items(first, rest) if kind == Kind::Array => {
                let mut first = first.iter();
                for element in item.items() {
                    let Some(node) = first.next().or(rest.as_ref()) else { break };
                    self.work(1, item)?;
                    self.node(*node, element, false)?;
                    self.mark(track, element);
                }
                Ok(())
            }
            Check::Count(least, most) if kind == Kind::Array => {
                let count = item.items().count();
                self.work(count / 8, item)?;
                demand(within(count, *least, *most), Why::Count)
            }
            Check::Contains(node, least, most, counts) if kind == Kind::Array => {
                let (mut sure, mut open) = (0, 0);
                for element in item.items() {
                    self.work(1, item)?;
                    match self.try_node(*node, element, false) {
                        Some(true) => sure += 1,
                        Some(false) => open += 1,
                        None => continue,
                    }
                    self.mark(track && *counts, element);
                }
                demand(within(sure + open, *least, None) && within(sure, 0, *most), Why::Contains)
            }
            Check::Unique if kind == Kind::Array => {
                let unique = self.unique(item)?;
                demand(unique, Why::Unique)
            }
            Check::Ref(node) => self.node(*node, item, track),
            Check::DynamicRef(anchor, node) => {
                let resources =
                    self.buffers.scope.iter().filter_map(|r| self.program.resources.get(*r as usize));
                let found = resources.filter_map(|anchors| anchors.get(anchor)).next();
                self.node(*found.unwrap_or(node), item, track)
            }
            Check::All(nodes) => nodes.iter().try_for_each(|node| self.node(*node, item, track)),
            Check::Any(nodes) => {
                let mut any = false;
                for node in nodes {
                    any |= self.try_node(*node, item, track).is_some();
                    if any && !track {
                        break;
                    }
                }
                demand(any, self.of_type(check, item).unwrap_or(Why::Alternatives))
            }
            Check::One(nodes) => {
                let (mut sure, mut open) = (0, 0);
                for node in nodes {
                    match self.try_node(*node, item, track) {
                        Some(true) => sure += 1,
                        Some(false) => open += 1,
                        None => {}
                    }
                }
                demand(sure < 2, Why::Several)?;
                demand(sure + open > 0, self.of_type(check, item).unwrap_or(Why::Alternatives))
            }
            Check::Not(node) => {
                let marks = self.buffers.marks.len();
                let fits = self.try_node(*node, item, false);
                self.buffers.marks.truncate(marks);
                demand(fits != Some(true), Why::Not)
            }
            Check::If(condition, then, other) => match self.try_node(*condition, item, track) {
                Some(true) => then.map_or(Ok(()), |node| self.node(node, item, track)),
                None => other.map_or(Ok(()), |node| self.node(node, item, track)),
                Some(false) => Ok(()),
            },
            Check::UnevaluatedProperties(node) if kind == Kind::Object => {
                self.rest(*node, item, track, marks)
            }
            Check::UnevaluatedItems(node) if kind == Kind::Array => self.rest(*node, item, track, marks),
            _ => Ok(()),
        }
    }

    /// `None` when it doesn't fit; otherwise whether that is sure.
    fn try_node(&mut self, node: u32, item: Item<'_>, track: bool) -> Option<bool> {
        let before = std::mem::replace(&mut self.unsure, false);
        let result = self.node(node, item, track);
        let unsure = std::mem::replace(&mut self.unsure, before);
        result.is_ok().then(|| {
            self.unsure |= unsure;
            !unsure
        })
    }

    /// Whether it is the type of `item` that a check of alternatives refuses.
    fn of_type(&self, check: &Check, item: Item<'_>) -> Option<Why<'p>> {
        let kind = item.kind();
        let types = types::of_check(check, &self.ready.types, &self.ready.literals);
        let word = match check {
            Check::Enum(..) => "enum",
            Check::One(_) => "oneOf",
            _ => "anyOf",
        };
        types::wanted(types, kind).map(|wanted| Why::Type(wanted, kind, word))
    }

    fn members(&mut self, members: &'p Members, item: Item<'_>, track: bool) -> Outcome<'p> {
        let mut seen = 0_u64;
        let mut late = vec![false; members.required.len().saturating_sub(64)];
        let mut count = 0_usize;
        for (key, value) in item.entries() {
            count += 1;
            self.work(1, item)?;
            let mut name = std::mem::take(&mut self.buffers.text);
            let text = if key.is_escaped() {
                name.clear();
                unescape(key.raw(), &mut name);
                name.as_slice()
            } else {
                key.raw()
            };
            if let Ok(at) = members.required.binary_search_by(|r| r.as_bytes().cmp(text)) {
                match at.checked_sub(64).and_then(|at| late.get_mut(at)) {
                    Some(late) => *late = true,
                    None => seen |= 1 << at,
                }
            }
            let named = std::str::from_utf8(text).ok().and_then(|text| members.named.get(text));
            self.buffers.text = name;
            let mut known = named.is_some();
            if let Some(node) = named {
                self.node(*node, value, false)?;
            }
            for (pattern, node) in &members.patterns {
                if self.fits(*pattern, key)? {
                    known = true;
                    self.node(*node, value, false)?;
                }
            }
            if let Some(node) = members.additional.filter(|_| !known) {
                known = true;
                self.node(node, value, false)?;
            }
            if let Some(node) = members.names {
                self.node(node, key, false)?;
            }
            self.mark(track && known, value);
        }
        let missing = members.required.iter().enumerate().find(|(at, _)| match at.checked_sub(64) {
            Some(at) => late.get(at) == Some(&false),
            None => seen & 1 << at == 0,
        });
        let fault = |why| Err(Fault { index: item.index(), why });
        match missing {
            Some((_, name)) => fault(Why::Missing(name)),
            None if !within(count, members.least, members.most) => fault(Why::Members),
            None => Ok(()),
        }
    }

    fn mark(&mut self, track: bool, item: Item<'_>) {
        if track {
            self.buffers.marks.push(item.index());
        }
    }

    /// What none of the checks so far has looked at.
    fn rest(&mut self, node: u32, item: Item<'_>, track: bool, from: usize) -> Outcome<'p> {
        let marks = self.buffers.marks.get_mut(from..).unwrap_or_default();
        marks.sort_unstable();
        let looked = marks.len();
        self.work(looked / 4, item)?;
        for value in item.items() {
            self.work(1, item)?;
            let marks = self.buffers.marks.get(from..from + looked).unwrap_or_default();
            if marks.binary_search(&value.index()).is_err() {
                self.node(node, value, false)?;
                self.mark(track, value);
            }
        }
        Ok(())
    }

    fn text<T>(&mut self, item: Item<'_>, f: impl FnOnce(&[u8]) -> T) -> T {
        if !item.is_escaped() {
            return f(item.raw());
        }
        self.buffers.text.clear();
        unescape(item.raw(), &mut self.buffers.text);
        f(&self.buffers.text)
    }

    fn fits(&mut self, pattern: u32, item: Item<'_>) -> Result<bool, Fault<'p>> {
        self.work(1 + item.raw().len() / 16, item)?;
        let pattern = self.ready.patterns.get(pattern as usize).and_then(Option::as_ref);
        let fits = pattern.and_then(|pattern| self.text(item, |text| pattern.fits(text)));
        self.unsure |= fits.is_none();
        Ok(fits.unwrap_or(true))
    }

    fn listed(&mut self, texts: &[String], literals: &[u32], item: Item<'_>) -> Result<bool, Fault<'p>> {
        if item.kind() == Kind::String {
            return Ok(self.text(item, |text| texts.binary_search_by(|t| t.as_bytes().cmp(text)).is_ok()));
        }
        let ready = self.ready;
        for literal in literals.iter().filter_map(|at| ready.literals.get(*at as usize)) {
            self.work(1, item)?;
            if same::same(item, literal.1.root(literal.0.as_bytes()), &mut self.left) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Elements by their hash, so that only those are compared that may be the same.
    fn unique(&mut self, item: Item<'_>) -> Result<bool, Fault<'p>> {
        let mut hashes = std::mem::take(&mut self.buffers.hashes);
        hashes.clear();
        self.work(item.raw().len() / 16, item)?;
        hashes.extend(item.items().map(|element| (hash(element), element.index())));
        hashes.sort_unstable();
        let mut unique = true;
        for (at, (hash, index)) in hashes.iter().enumerate() {
            let equal = hashes.iter().skip(at + 1).take_while(|(other, _)| other == hash);
            for (_, other) in equal {
                self.left = self.left.saturating_sub(1);
                unique &= !same::same(item.at(*index), item.at(*other), &mut self.left);
                if !unique || self.left == 0 {
                    break;
                }
            }
            if !unique || self.left == 0 {
                break;
            }
        }
        self.buffers.hashes = hashes;
        self.work(0, item)?;
        Ok(unique)
    }
}

fn is_of(item: Item<'_>, types: Types) -> bool {
    match item.kind() {
        Kind::Null => types.has(Types::NULL),
        Kind::Bool => types.has(Types::BOOLEAN),
        Kind::Number => {
            types.has(Types::NUMBER) || types.has(Types::INTEGER) && Decimal::read(item.raw()).is_whole()
        }
        Kind::String => types.has(Types::STRING),
        Kind::Array => types.has(Types::ARRAY),
        Kind::Object => types.has(Types::OBJECT),
    }
}

fn within(count: usize, least: u64, most: Option<u64>) -> bool {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    count >= least && most.is_none_or(|most| count <= most)
}
