//! State machines: the states of a definition, those within branches and maps too.

use crate::Context;
use tidegate_graph::{Map, Resource, Str, Value};

/// Parallel and Map states within each other.
const MAX_DEPTH: usize = 32;
/// States of one machine; Step Functions takes definitions of 1 MB.
const MAX_STATES: usize = 20_000;

/// A state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State<'v> {
    /// Its name, unique within the machine.
    pub(crate) name: &'v Str,
    /// What it says.
    pub(crate) value: &'v Value,
    /// True if a state around it catches errors.
    pub(crate) caught: bool,
}

/// The definition of a machine as an object. Reports one that is anything else.
pub(crate) fn definition<'r>(machine: &'r Resource, cx: &Context<'_>) -> Option<&'r Value> {
    let value = ["Definition", "DefinitionString"].into_iter().find_map(|key| cx.get(machine, &[key]))?;
    if value.as_map().is_none() {
        cx.unknown(machine, value, "the definition");
        return None;
    }
    Some(value)
}

/// Every state of a definition, in the order in which they are written.
pub(crate) fn states<'v>(definition: &'v Value, cx: &Context<'_>) -> Vec<State<'v>> {
    let mut out = Vec::new();
    collect(definition, false, 0, cx, &mut out);
    out
}

fn collect<'v>(
    definition: &'v Value,
    caught: bool,
    depth: usize,
    cx: &Context<'_>,
    out: &mut Vec<State<'v>>,
) {
    let states = cx.child(definition, "States").and_then(Value::as_map);
    for (name, value) in states.into_iter().flat_map(Map::iter) {
        let Some(value) = cx.world.resolve(value) else { continue };
        if depth > MAX_DEPTH || out.len() >= MAX_STATES {
            return;
        }
        out.push(State { name, value, caught });
        let caught = caught || ["Catch", "Retry"].into_iter().any(|key| cx.child(value, key).is_some());
        for key in ["ItemProcessor", "Iterator"] {
            cx.child(value, key).into_iter().for_each(|inner| collect(inner, caught, depth + 1, cx, out));
        }
        for branch in cx.child(value, "Branches").map(|branches| cx.world.items(branches)).unwrap_or_default()
        {
            collect(branch, caught, depth + 1, cx, out);
        }
    }
}
