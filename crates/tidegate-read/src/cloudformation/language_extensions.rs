//! `Fn::ForEach` of the `AWS::LanguageExtensions` transform.
//!
//! Runs on the raw template, before SAM: `Fn::ForEach::Name: [Id, [a, b], {Key${Id}: ..}]` becomes one entry for each
//! value, with `${Id}` and `&{Id}` in keys and strings and `Ref: Id` replaced.

use super::Template;
use tidegate_graph::{Data, Field, Map, Problem, Span, Str, Value};

/// Entries that loops may make in one template.
const MAX_ENTRIES: usize = 100_000;
const MAX_DEPTH: usize = 100;

pub(super) fn expand(template: &mut Template) {
    let mut parameters = std::collections::HashMap::new();
    for (name, declared) in
        template.root.get("Parameters").and_then(Value::as_map).into_iter().flat_map(Map::iter)
    {
        let value = template.bound.get(name).or_else(|| declared.get("Default"));
        parameters.extend(value.map(|v| (name.clone(), v.clone())));
    }
    let mappings = template.root.get("Mappings").cloned();
    let mut loops = Loops { parameters, mappings, problems: Vec::new(), budget: MAX_ENTRIES };
    for section in ["Conditions", "Resources", "Outputs"] {
        if let Some(value) = template.root.get_mut(section)
            && has_loop(value, 0)
        {
            *value = loops.expand(std::mem::replace(value, Value::new(Data::Null, value.span)), 0);
        }
    }
    template.problems.extend(loops.problems);
}

fn has_loop(value: &Value, depth: usize) -> bool {
    depth < MAX_DEPTH
        && match &value.data {
            Data::Map(map) => map.iter().any(|(k, v)| k.starts_with("Fn::ForEach") || has_loop(v, depth + 1)),
            Data::List(items) => items.iter().any(|v| has_loop(v, depth + 1)),
            _ => false,
        }
}

struct Loops {
    parameters: std::collections::HashMap<Str, Value>,
    mappings: Option<Value>,
    problems: Vec<Problem>,
    budget: usize,
}

impl Loops {
    fn expand(&mut self, value: Value, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            return value;
        }
        let data = match value.data {
            Data::List(items) => Data::List(items.into_iter().map(|v| self.expand(v, depth + 1)).collect()),
            Data::Map(map) => {
                let mut out = Map::new();
                for (key, field) in map.into_fields() {
                    if key.starts_with("Fn::ForEach") {
                        self.expand_loop(&key, &field, &mut out, depth);
                    } else {
                        let value = self.expand(field.value, depth + 1);
                        out.insert_field(key, Field { key: field.key, value });
                    }
                }
                Data::Map(out)
            }
            other => other,
        };
        Value::new(data, value.span)
    }

    fn expand_loop(&mut self, key: &Str, field: &Field, out: &mut Map, depth: usize) {
        let [id, collection, body] = field.value.as_list().unwrap_or_default() else {
            self.problems.push(shape(field.key, "`Fn::ForEach` needs an identifier, a collection and a map"));
            return;
        };
        let (Some(id), Some(body)) = (id.as_text(), body.as_map()) else {
            self.problems.push(shape(field.key, "`Fn::ForEach` needs an identifier, a collection and a map"));
            return;
        };
        let Some(values) = self.collection(collection) else {
            // Can't be known here: kept as it is, and evaluated to unknown.
            out.insert_field(key.clone(), field.clone());
            return;
        };
        for value in values {
            for (key, entry) in body.fields() {
                if self.budget == 0 {
                    self.problems.push(Problem::at(
                        field.key,
                        format!("loops make more than {MAX_ENTRIES} entries; the rest was not read"),
                    ));
                    return;
                }
                self.budget -= 1;
                let key: Str = substituted(key, &id, &value).into();
                let entry = Field { key: entry.key, value: replace(&entry.value, &id, &value, 0) };
                if key.starts_with("Fn::ForEach") {
                    self.expand_loop(&key, &entry, out, depth + 1);
                } else {
                    let value = self.expand(entry.value, depth + 1);
                    out.insert_field(key, Field { key: entry.key, value });
                }
            }
        }
    }

    /// The values to loop over; `None` if they aren't known.
    fn collection(&self, value: &Value) -> Option<Vec<Str>> {
        match &value.data {
            Data::List(items) => {
                let mut out = Vec::new();
                for item in items {
                    match item.as_text() {
                        Some(text) => out.push(text),
                        None => out.extend(self.collection(item)?),
                    }
                }
                Some(out)
            }
            Data::Text(text) => Some(text.split(',').map(|t| t.trim().into()).collect()),
            Data::Map(map) => match map.only()? {
                (name, target) if name == "Ref" => self.collection(self.parameters.get(target.as_str()?)?),
                (name, argument) if name == "Fn::FindInMap" => {
                    let [map, first, second, ..] = argument.as_list()? else { return None };
                    let text = |v: &Value| v.as_text().or_else(|| self.collection(v)?.into_iter().next());
                    let row = self.mappings.as_ref()?.get(&text(map)?)?.get(&text(first)?)?;
                    self.collection(row.get(&text(second)?)?)
                }
                (name, argument) if name == "Fn::Split" => {
                    let [delimiter, text] = argument.as_list()? else { return None };
                    let text = text.as_text().or_else(|| Some(self.collection(text)?.join(",").into()))?;
                    Some(text.split(delimiter.as_str()?).map(Str::from).collect())
                }
                _ => None,
            },
            _ => None,
        }
    }
}

fn shape(span: Span, message: &str) -> Problem {
    Problem::at(span, message)
        .help("for example `Fn::ForEach::Topics: [Name, [a, b], {'Topic${Name}': {Type: AWS::SNS::Topic}}]`")
}

fn substituted(text: &str, id: &str, value: &str) -> String {
    let bare: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    text.replace(&format!("${{{id}}}"), value).replace(&format!("&{{{id}}}"), &bare)
}

fn replace(value: &Value, id: &str, with: &str, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return value.clone();
    }
    let data = match &value.data {
        Data::Text(text) => Data::Text(substituted(text, id, with).into()),
        Data::List(items) => Data::List(items.iter().map(|v| replace(v, id, with, depth + 1)).collect()),
        Data::Map(map) => match map.only() {
            Some((name, target)) if name == "Ref" && target.as_str() == Some(id) => Data::Text(with.into()),
            _ => Data::Map(
                map.fields()
                    .map(|(k, f)| {
                        let value = replace(&f.value, id, with, depth + 1);
                        (substituted(k, id, with).into(), Field { key: f.key, value })
                    })
                    .collect(),
            ),
        },
        other => other.clone(),
    };
    Value::new(data, value.span)
}
