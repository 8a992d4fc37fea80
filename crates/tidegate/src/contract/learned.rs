//! What payloads had, as a JSON Schema: types, keys that were always there, and what their texts were.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tidegate_decide::schema::{compile::TEXT, is_format};
use tidegate_graph::contract::schema::Format;

/// Names that an object may have before they count as keys of a map: ids, dates.
const NAMES: usize = 64;
/// Characters of a word at most.
const LONGEST: usize = 128;

/// What makes something seen something known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bar {
    /// Times that it was seen.
    pub(crate) least: u64,
    /// Keys that never were there are denied.
    pub(crate) closed: bool,
}

/// What was seen at one place of payloads.
#[derive(Debug, Default)]
pub(crate) struct Place {
    seen: u64,
    nulls: u64,
    bools: u64,
    integers: u64,
    fractions: u64,
    texts: Texts,
    arrays: u64,
    items: Option<Box<Place>>,
    objects: u64,
    members: BTreeMap<String, Place>,
    /// Members whose names tell nothing.
    others: Option<Box<Place>>,
}

/// How many texts there were, and how many of them were something.
#[derive(Debug, Default)]
struct Texts {
    all: u64,
    formats: [u64; FORMATS.len()],
    addresses: u64,
    words: u64,
    marked: u64,
}

const FORMATS: [Format; 5] = [Format::Uuid, Format::DateTime, Format::Date, Format::Ipv4, Format::Ipv6];

impl Place {
    /// How often something was seen here.
    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }

    /// Adds a value that stood here.
    pub(crate) fn add(&mut self, value: &Value) {
        self.seen += 1;
        match value {
            Value::Null => self.nulls += 1,
            Value::Bool(_) => self.bools += 1,
            // As JSON Schema has it, `1.0` is an integer.
            Value::Number(n) if n.as_f64().is_some_and(|n| n.fract() == 0.0) => self.integers += 1,
            Value::Number(_) => self.fractions += 1,
            Value::String(text) => self.texts.add(text),
            Value::Array(items) => {
                self.arrays += 1;
                let place = self.items.get_or_insert_default();
                items.iter().for_each(|item| place.add(item));
            }
            Value::Object(members) => {
                self.objects += 1;
                for (name, value) in members {
                    match &mut self.others {
                        Some(others) => others.add(value),
                        None => self.members.entry(name.clone()).or_default().add(value),
                    }
                }
                self.fold();
            }
        }
    }

    /// Takes names for keys of a map once there are too many of them.
    fn fold(&mut self) {
        if self.members.len() > NAMES {
            let others = self.others.get_or_insert_default();
            std::mem::take(&mut self.members).into_values().for_each(|place| others.join(place));
        }
    }

    fn join(&mut self, other: Self) {
        self.seen += other.seen;
        self.nulls += other.nulls;
        self.bools += other.bools;
        self.integers += other.integers;
        self.fractions += other.fractions;
        self.texts.join(&other.texts);
        self.arrays += other.arrays;
        if let Some(items) = other.items {
            self.items.get_or_insert_default().join(*items);
        }
        self.objects += other.objects;
        for (name, place) in other.members {
            match &mut self.others {
                Some(others) => others.join(place),
                None => self.members.entry(name).or_default().join(place),
            }
        }
        if let Some(others) = other.others {
            let own = self.others.get_or_insert_default();
            own.join(*others);
            std::mem::take(&mut self.members).into_values().for_each(|place| own.join(place));
        }
        self.fold();
    }

    /// The schema of what was seen here.
    pub(crate) fn schema(&self, bar: Bar) -> Value {
        let mut out = Map::new();
        let types: Vec<&str> = [
            (self.nulls, "null"),
            (self.bools, "boolean"),
            (if self.fractions == 0 { self.integers } else { 0 }, "integer"),
            (self.fractions, "number"),
            (self.texts.all, "string"),
            (self.arrays, "array"),
            (self.objects, "object"),
        ]
        .into_iter()
        .filter_map(|(count, name)| (count > 0).then_some(name))
        .collect();
        match types.as_slice() {
            [] => {}
            [one] => drop(out.insert("type".into(), (*one).into())),
            several => drop(out.insert("type".into(), several.into())),
        }
        out.extend(self.texts.said(bar));
        if let Some(items) = self.items.as_ref().filter(|items| items.seen > 0) {
            out.insert("items".into(), items.schema(bar));
        }
        if self.objects > 0 {
            self.object(bar, &mut out);
        }
        Value::Object(out)
    }

    fn object(&self, bar: Bar, out: &mut Map<String, Value>) {
        if let Some(others) = &self.others {
            out.insert("additionalProperties".into(), others.schema(bar));
            return;
        }
        let members = self.members.iter().map(|(name, place)| (name.clone(), place.schema(bar)));
        out.insert("properties".into(), members.collect::<Map<_, _>>().into());
        if self.objects < bar.least {
            return;
        }
        let always = self.members.iter().filter(|(_, place)| place.seen == self.objects);
        let required: Vec<&str> = always.map(|(name, _)| name.as_str()).collect();
        if !required.is_empty() {
            out.insert("required".into(), required.into());
        }
        if bar.closed {
            out.insert("additionalProperties".into(), false.into());
        }
    }
}

impl Texts {
    fn add(&mut self, text: &str) {
        self.all += 1;
        for (count, format) in self.formats.iter_mut().zip(FORMATS) {
            *count += u64::from(is_format(format, text.as_bytes()));
        }
        let address = text.starts_with("https://") || text.starts_with("http://");
        self.addresses += u64::from(address && is_format(Format::Uri, text.as_bytes()));
        self.words += u64::from(is_word(text));
        self.marked += u64::from(has_markup(text));
    }

    fn join(&mut self, other: &Self) {
        self.all += other.all;
        for (own, other) in self.formats.iter_mut().zip(other.formats) {
            *own += other;
        }
        self.addresses += other.addresses;
        self.words += other.words;
        self.marked += other.marked;
    }

    /// What all of them were, where there were enough.
    fn said(&self, bar: Bar) -> Option<(String, Value)> {
        if self.all == 0 || self.all < bar.least {
            return None;
        }
        let format = self.formats.iter().zip(FORMATS).find(|(count, _)| **count == self.all);
        let said = |key: &str, value: &str| Some((key.to_string(), value.into()));
        match format {
            Some((_, format)) => said("format", format.name()),
            None if self.addresses == self.all => said("format", "uri"),
            None if self.words == self.all => said(TEXT, "word"),
            // Markup is at home where most texts have some; where a few have, people write about it.
            None if self.marked * 2 > self.all => said("contentMediaType", "text/html"),
            None if self.marked > 0 => said("contentMediaType", "text/plain"),
            None => None,
        }
    }
}

/// Letters, digits and what joins them.
fn is_word(text: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '@' | '+');
    !text.is_empty() && text.len() <= LONGEST && text.chars().all(part)
}

fn has_markup(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| {
        let rest = text.get(at + 1..).unwrap_or_default();
        rest.trim_start_matches('/').starts_with(|c: char| c.is_ascii_alphabetic()) && rest.contains('>')
    })
}

/// The schema as a document, which says what it stands on.
pub(crate) fn document(root: &Place, bar: Bar) -> Value {
    let mut out = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": format!("learned from {}", crate::output::count(usize::try_from(root.seen).unwrap_or(usize::MAX), "payload", "payloads")),
    });
    if let (Some(out), Value::Object(schema)) = (out.as_object_mut(), root.schema(bar)) {
        out.extend(schema);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(values: &[Value], bar: Bar) -> Value {
        let mut root = Place::default();
        values.iter().for_each(|value| root.add(value));
        root.schema(bar)
    }

    const TWO: Bar = Bar { least: 2, closed: false };

    #[test]
    fn types_and_what_was_always_there() {
        let seen =
            [json!({"id": 7, "n": 1.5, "x": null}), json!({"id": 8.0, "n": 2, "x": "a b", "l": [true]})];
        assert_eq!(
            learned(&seen, TWO),
            json!({"type": "object", "properties": {
                "id": {"type": "integer"}, "l": {"type": "array", "items": {"type": "boolean"}},
                "n": {"type": "number"}, "x": {"type": ["null", "string"]}},
                "required": ["id", "n", "x"]})
        );
        let one = learned(&seen[..1], Bar { least: 2, closed: true });
        assert_eq!(one.get("required"), None, "one object shows nothing");
        assert_eq!(one.get("additionalProperties"), None);
        let closed = learned(&seen, Bar { closed: true, ..TWO });
        assert_eq!(closed.get("additionalProperties"), Some(&json!(false)));
        assert_eq!(learned(&[json!([])], TWO), json!({"type": "array"}));
    }

    #[test]
    fn what_texts_are() {
        let of = |texts: [&str; 2]| {
            let mut schema = learned(&texts.map(Value::from), TWO);
            schema.as_object_mut().unwrap().remove("type");
            schema
        };
        let id = "059f36b4-87a3-44ab-83d2-661975830a7d";
        assert_eq!(of([id, "159f36b4-87a3-44ab-83d2-661975830a7d"]), json!({"format": "uuid"}));
        assert_eq!(of(["2026-01-31", "2026-02-01"]), json!({"format": "date"}));
        assert_eq!(of(["https://example.com/a", "http://b.example"]), json!({"format": "uri"}));
        assert_eq!(of(["A-17", id]), json!({"x-tidegate-text": "word"}));
        assert_eq!(of(["A-17", "a word"]), json!({}));
        assert_eq!(of(["<p>a</p>", "<b>"]), json!({"contentMediaType": "text/html"}));
        assert_eq!(of(["<p>a</p>", "1 < 2"]), json!({"contentMediaType": "text/plain"}));
        assert_eq!(learned(&["A-17".into()], TWO), json!({"type": "string"}), "one text shows nothing");
    }

    #[test]
    fn many_names_are_keys_of_a_map() {
        let map = |from: usize| {
            (from..from + 50).map(|n| (format!("id{n}"), json!({"n": n}))).collect::<Map<_, _>>()
        };
        let schema = learned(&[map(0).into(), map(50).into(), map(100).into()], TWO);
        let below = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
        assert_eq!(schema, json!({"type": "object", "additionalProperties": below}));
    }
}
