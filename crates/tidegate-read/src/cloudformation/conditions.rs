//! The `Conditions` section, in three values: true, false, or free.

use super::evaluate::Evaluator;
use std::collections::HashMap;
use tidegate_graph::{Cond, Map, Str, Value};

/// Conditions by name, each decided on first use.
#[derive(Debug, Default)]
pub(super) struct Conditions<'t> {
    declared: Option<&'t Map>,
    known: HashMap<Str, Cond>,
}

impl<'t> Conditions<'t> {
    pub(super) fn new(declared: Option<&'t Map>) -> Self {
        Self { declared, known: HashMap::new() }
    }

    /// The condition of that name. One that isn't declared, or hangs on itself, can be true or false.
    pub(super) fn named(evaluator: &mut Evaluator<'t>, name: &str) -> Cond {
        if let Some(known) = evaluator.conditions.known.get(name) {
            return known.clone();
        }
        let free = Cond::Free(name.into());
        let Some(value) = evaluator.conditions.declared.and_then(|d| d.get(name)) else { return free };
        evaluator.conditions.known.insert(name.into(), free);
        let cond = condition(evaluator, value, name, 0);
        evaluator.conditions.known.insert(name.into(), cond.clone());
        cond
    }

    /// A condition written in place.
    pub(super) fn inline(evaluator: &mut Evaluator<'t>, value: &Value) -> Cond {
        condition(evaluator, value, &value.display(), 0)
    }
}

fn condition(evaluator: &mut Evaluator, value: &Value, name: &str, depth: usize) -> Cond {
    const MAX_DEPTH: usize = 64;
    let free = || Cond::Free(name.into());
    if depth > MAX_DEPTH {
        return free();
    }
    let Some((function, argument)) = value.as_map().and_then(Map::only) else {
        return value.as_bool().map_or_else(free, Cond::Constant);
    };
    let mut each =
        || argument.items().iter().map(|v| condition(evaluator, v, name, depth + 1)).collect::<Vec<_>>();
    match function.as_str() {
        "Condition" => argument.as_str().map_or_else(free, |name| Conditions::named(evaluator, name)),
        "Fn::Not" => Cond::all(each()).negate(),
        "Fn::And" => Cond::all(each()),
        "Fn::Or" => Cond::any(each()),
        "Fn::Equals" => match argument.as_list() {
            Some([left, right]) => equals(evaluator, left, right, name),
            _ => free(),
        },
        _ => free(),
    }
}

fn equals(evaluator: &mut Evaluator, left: &Value, right: &Value, name: &str) -> Cond {
    for (one, other) in [(left, right), (right, left)] {
        let Some(parameter) = parameter_of(one) else { continue };
        // Against another free parameter nothing is decided, whatever the defaults are.
        if parameter_of(other).is_some_and(|theirs| evaluator.is_free(&theirs)) {
            return Cond::Free(name.into());
        }
        let Some(text) = evaluator.value(other).and_then(|v| v.as_text()) else { continue };
        if let Some(key) = evaluator.variable(&parameter, &text) {
            return Cond::Equals(key, text);
        }
    }
    match (evaluator.value(left), evaluator.value(right)) {
        (Some(left), Some(right)) => match (left.as_text(), right.as_text()) {
            (Some(left), Some(right)) => Cond::Constant(left == right),
            _ => Cond::Free(name.into()),
        },
        _ => Cond::Free(name.into()),
    }
}

fn parameter_of(value: &Value) -> Option<Str> {
    value.as_map().and_then(Map::only).filter(|(k, _)| *k == "Ref").and_then(|(_, v)| v.as_text())
}
