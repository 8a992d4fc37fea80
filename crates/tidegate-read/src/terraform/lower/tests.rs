//! Lowering, from instances built by hand.

use super::*;
use tidegate_graph::{Piece, Span};

/// An instance in the making; its address is `<type>.<name>` and its stack `s`.
struct Build(Instance);

fn instance(ty: &str, name: &str) -> Build {
    Build(Instance {
        id: format!("s/{ty}.{name}").into(),
        address: format!("{ty}.{name}").into(),
        ty: ty.into(),
        name: name.into(),
        attributes: Map::new(),
        condition: None,
        span: Span::default(),
        data: false,
    })
}

impl Build {
    fn with(mut self, key: &str, value: impl Into<Lit>) -> Self {
        self.0.attributes.insert(key, value.into().0);
        self
    }

    fn when(mut self, cond: &str) -> Self {
        self.0.condition = Some(Cond::Free(cond.into()));
        self
    }
}

struct Lit(Value);

impl From<&str> for Lit {
    fn from(text: &str) -> Self {
        Lit(Value::text(text, Span::default()))
    }
}

impl From<bool> for Lit {
    fn from(value: bool) -> Self {
        Lit(Value::bool(value, Span::default()))
    }
}

impl From<i64> for Lit {
    fn from(value: i64) -> Self {
        Lit(Value::number(value, Span::default()))
    }
}

fn list<T: Into<Lit>>(items: impl IntoIterator<Item = T>) -> Lit {
    Lit(Value::list(items.into_iter().map(|v| v.into().0).collect(), Span::default()))
}

fn map(entries: Vec<(&str, Lit)>) -> Lit {
    Lit(Value::object(entries.into_iter().map(|(k, v)| (k, v.0)), Span::default()))
}

/// One block.
fn block(entries: Vec<(&str, Lit)>) -> Lit {
    list([map(entries)])
}

/// `aws_sqs_queue.q` and one of its attributes, as evaluation leaves it.
fn reference(address: &str, attribute: &str) -> Lit {
    Lit(Value::reference(Reference::attribute(format!("s/{address}"), attribute), Span::default()))
}

/// Lowered resources as text: `type logical id` and the properties as JSON-like text, references as `${address.Attribute}`.
fn lowered(builds: Vec<Build>) -> Vec<(String, String, String)> {
    let instances = builds.into_iter().map(|b| b.0).collect();
    let resources = lower(&"s".into(), instances, &mut Vec::new());
    let properties = |r: &Resource| show(&Value::map(r.properties.clone(), Span::default()));
    resources.iter().map(|r| (r.ty.to_string(), r.logical_id.to_string(), properties(r))).collect()
}

fn show(value: &Value) -> String {
    let all = |items: Vec<String>| items.join(", ");
    match &value.data {
        Data::List(items) => format!("[{}]", all(items.iter().map(show).collect())),
        Data::Map(map) => {
            format!("{{{}}}", all(map.iter().map(|(k, v)| format!("{k}: {}", show(v))).collect()))
        }
        Data::Json(inner) => format!("json({})", show(inner)),
        Data::Choice(choice) => {
            let side = |v: &Option<Value>| v.as_ref().map_or("-".into(), show);
            format!("({} | {})", side(&choice.then), side(&choice.otherwise))
        }
        _ => value.pieces().iter().map(Piece::display).collect(),
    }
}

#[track_caller]
fn check(builds: Vec<Build>, expected: &[(&str, &str, &str)]) {
    let seen = lowered(builds);
    let seen: Vec<_> = seen.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(seen, expected);
}

mod engine;
mod properties;
mod services;
