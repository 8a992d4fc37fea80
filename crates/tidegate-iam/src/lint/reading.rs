//! A document as the checks on its content want it: known texts with their places, without what isn't known.

use tidegate_graph::policy::pattern_of;
use tidegate_graph::{Data, Map, Value, World};

/// A document, read once for all checks on its content.
pub struct Reading<'a> {
    pub(super) statements: Vec<Statement<'a>>,
}

impl std::fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("statements", &self.statements.len()).finish()
    }
}

impl<'a> Reading<'a> {
    /// Reads a document in one world. Whatever is no statement is left out.
    pub fn new(world: &World, document: &'a Value) -> Self {
        let list = world.get(document, "Statement");
        let items = list.map(|list| world.items(list)).unwrap_or_default().into_iter().enumerate();
        Self { statements: items.filter_map(|(n, value)| statement(world, n, value)).collect() }
    }
}

/// One statement.
pub(super) struct Statement<'a> {
    /// Its number.
    pub(super) n: usize,
    pub(super) value: &'a Value,
    pub(super) allows: bool,
    pub(super) actions: Vec<&'a Value>,
    pub(super) not_actions: Vec<&'a Value>,
    pub(super) resources: Vec<&'a Value>,
    pub(super) not_resources: Vec<&'a Value>,
    /// `Principal` and `NotPrincipal`, as they stand.
    pub(super) principal: Option<&'a Value>,
    pub(super) not_principal: Option<&'a Value>,
    pub(super) conditions: Vec<Condition<'a>>,
    /// A part of it decides and isn't known: the effect, or all conditions.
    pub(super) open: bool,
}

/// One key under one operator.
pub(super) struct Condition<'a> {
    /// As it was written: `ForAllValues:StringEquals`.
    pub(super) operator: &'a str,
    pub(super) name: &'a str,
    pub(super) values: Vec<&'a Value>,
    /// Where the values stand.
    pub(super) at: &'a Value,
}

impl Statement<'_> {
    /// Keys from the document down.
    pub(super) fn key(&self) -> String {
        format!("Statement/{}", self.n)
    }
}

impl Condition<'_> {
    /// The operator without set prefix and `IfExists`, in small letters; empty for one that doesn't exist.
    pub(super) fn base(&self) -> &'static str {
        super::grammar::operator_name(self.operator).unwrap_or_default()
    }

    /// True for operators that compare sets of values.
    pub(super) fn is_set(&self) -> bool {
        self.is_for_all() || starts(self.operator, "ForAnyValue:")
    }

    /// True for those that hold where there is no value at all.
    pub(super) fn is_for_all(&self) -> bool {
        starts(self.operator, "ForAllValues:")
    }
}

fn starts(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn statement<'a>(world: &World, n: usize, value: &'a Value) -> Option<Statement<'a>> {
    let map = value.as_map()?;
    let at = |key: &str| map.get(key).and_then(|v| world.resolve(v));
    let items = |key: &str| at(key).map(|v| world.items(v)).unwrap_or_default();
    let effect = at("Effect")?;
    let conditions = at("Condition");
    let open = effect.as_str().is_none() || conditions.is_some_and(|c| c.as_map().is_none());
    Some(Statement {
        n,
        value,
        allows: effect.as_str() == Some("Allow"),
        actions: items("Action"),
        not_actions: items("NotAction"),
        resources: items("Resource"),
        not_resources: items("NotResource"),
        principal: at("Principal"),
        not_principal: at("NotPrincipal"),
        conditions: conditions.map(|c| all_conditions(world, c)).unwrap_or_default(),
        open,
    })
}

fn all_conditions<'a>(world: &World, conditions: &'a Value) -> Vec<Condition<'a>> {
    let mut out = Vec::new();
    for (operator, keys) in conditions.as_map().into_iter().flat_map(Map::iter) {
        let Some(keys) = world.resolve(keys).and_then(Value::as_map) else { continue };
        for (name, values) in keys.iter() {
            let Some(at) = world.resolve(values) else { continue };
            out.push(Condition { operator, name, values: world.items(at), at });
        }
    }
    out
}

/// A text as a pattern: what isn't known, and policy variables, are a `*`.
pub(super) fn pattern(value: &Value) -> Option<String> {
    let text = match &value.data {
        Data::Text(text) => text.to_string(),
        Data::Template(pieces) => pattern_of(pieces),
        Data::Unknown(_) => return Some("*".into()),
        _ => return None,
    };
    if !text.contains("${") {
        return Some(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        out.push('*');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    Some(out)
}
