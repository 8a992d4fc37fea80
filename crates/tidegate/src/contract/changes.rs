//! What differs between two contracts.

use serde_json::{Map, Value, json};
use tidegate_graph::contract::Contract;

/// What changed, in the order of the document.
#[derive(Debug, Default)]
pub(crate) struct Changes(Vec<Change>);

#[derive(Debug)]
struct Change {
    /// Keys from the root of the document; edges stand under their ids.
    at: Vec<String>,
    old: Option<Value>,
    new: Option<Value>,
}

/// From the old contract to the new one.
pub(crate) fn changes(old: &Contract, new: &Contract) -> Changes {
    let mut out = Changes::default();
    out.compare(&mut Vec::new(), &keyed(old), &keyed(new));
    out
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let one = |change: &Change| {
            let word = change.word();
            json!({"change": word, "at": change.at, "old": change.old, "new": change.new})
        };
        json!({"version": 1, "changes": self.0.iter().map(one).collect::<Vec<_>>()})
    }

    /// For people: a line each.
    pub(crate) fn text(&self) -> String {
        if self.is_empty() {
            return "no change\n".to_string();
        }
        let one = |change: &Change| {
            let at = change.at.join(" / ");
            match (&change.old, &change.new) {
                (Some(old), Some(new)) => format!("~ {at}: {old} -> {new}\n"),
                (None, Some(new)) => format!("+ {at}{}\n", brief(new)),
                (old, _) => format!("- {at}{}\n", old.as_ref().map(brief).unwrap_or_default()),
            }
        };
        self.0.iter().map(one).collect()
    }

    /// As deep as a contract, which is four levels.
    fn compare(&mut self, at: &mut Vec<String>, old: &Value, new: &Value) {
        let (Value::Object(a), Value::Object(b)) = (old, new) else {
            if old != new {
                self.0.push(Change { at: at.clone(), old: Some(old.clone()), new: Some(new.clone()) });
            }
            return;
        };
        for (key, old) in a {
            at.push(key.clone());
            match b.get(key) {
                Some(new) => self.compare(at, old, new),
                None => self.0.push(Change { at: at.clone(), old: Some(old.clone()), new: None }),
            }
            at.pop();
        }
        for (key, new) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
            at.push(key.clone());
            self.0.push(Change { at: at.clone(), old: None, new: Some(new.clone()) });
            at.pop();
        }
    }
}

impl Change {
    fn word(&self) -> &'static str {
        match (&self.old, &self.new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        }
    }
}

/// A function or an edge is named by its key alone.
fn brief(value: &Value) -> String {
    if value.is_object() { String::new() } else { format!(": {value}") }
}

/// The document with edges by id. What it was compiled from and by is no part of what it says.
fn keyed(contract: &Contract) -> Value {
    let mut document = serde_json::to_value(contract).unwrap_or_default();
    if let Some(map) = document.as_object_mut() {
        map.remove("graph_digest");
        map.remove("compiled_by");
    }
    let functions = document.get_mut("functions").and_then(Value::as_object_mut);
    for function in functions.into_iter().flat_map(Map::values_mut) {
        let Some(edges) = function.get_mut("edges") else { continue };
        let list = edges.as_array_mut().map(std::mem::take).unwrap_or_default();
        let id = |edge: &Value| edge.get("id").and_then(Value::as_str).unwrap_or_default().to_string();
        *edges = list.into_iter().map(|edge| (id(&edge), edge)).collect::<Map<_, _>>().into();
    }
    document
}
