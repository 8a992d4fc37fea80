//! The law of JSON Schema's versions, on schemas and values by chance: what a compatible version refuses wasn't accepted before.

use super::{Direction, breaks};
use serde_json::{Map, Value, json};
use tidegate_decide::schema::Checker;
use tidegate_decide::schema::compile::{self, Draft, Options};
use tidegate_graph::contract::schema::JsonProgram;

/// Chance that is the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 20) % n as u64).unwrap()
    }

    fn one<'v>(&mut self, of: &[&'v str]) -> &'v str {
        of[self.below(of.len())]
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 6 } else { 10 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.one(&["", "a", "b", "ab", "abc"])),
            3 | 4 => json!(i64::try_from(self.below(8)).unwrap() - 2),
            5 => [json!(1.0), json!(0.5), json!(2.5), json!(-1.5)][self.below(4)].clone(),
            6 | 7 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => {
                let count = self.below(4);
                let member =
                    |dice: &mut Self| (dice.one(&["a", "b", "c"]).to_string(), dice.value(depth - 1));
                Value::Object((0..count).map(|_| member(self)).collect())
            }
        }
    }

    fn schemas(&mut self, depth: usize, least: usize) -> Value {
        (0..least + self.below(2)).map(|_| self.schema(depth)).collect()
    }

    fn schema(&mut self, depth: usize) -> Value {
        if self.below(12) == 0 {
            return json!(self.below(3) != 0);
        }
        let mut map = Map::new();
        for _ in 0..=self.below(3) {
            self.keyword(&mut map, depth);
        }
        Value::Object(map)
    }

    fn keyword(&mut self, map: &mut Map<String, Value>, depth: usize) {
        const TYPES: [&str; 7] = ["null", "boolean", "string", "integer", "number", "array", "object"];
        let inner = depth.saturating_sub(1);
        let (key, value) = match self.below(if depth == 0 { 9 } else { 22 }) {
            0 | 1 => ("type", json!(self.one(&TYPES))),
            2 => {
                let (a, b) = (self.below(7), self.below(6));
                ("type", json!([TYPES[a], TYPES[(a + b + 1) % 7]]))
            }
            3 => ("enum", (0..=self.below(3)).map(|_| self.value(1)).collect()),
            4 => ("const", self.value(1)),
            5 => (
                self.one(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]),
                json!(i64::try_from(self.below(6)).unwrap() - 1),
            ),
            6 => (
                self.one(&[
                    "minLength",
                    "maxLength",
                    "minItems",
                    "maxItems",
                    "minProperties",
                    "maxProperties",
                ]),
                json!(self.below(4)),
            ),
            7 => ("required", json!([self.one(&["a", "b", "c"])])),
            8 => [("pattern", json!("^a")), ("uniqueItems", json!(true)), ("multipleOf", json!(2))]
                [self.below(3)]
            .clone(),
            9 | 10 => {
                let member = |dice: &mut Self| (dice.one(&["a", "b"]).to_string(), dice.schema(inner));
                ("properties", Value::Object((0..=self.below(2)).map(|_| member(self)).collect()))
            }
            11 => {
                ("additionalProperties", if self.below(2) == 0 { json!(false) } else { self.schema(inner) })
            }
            12 | 13 => ("items", self.schema(inner)),
            14 => ("prefixItems", self.schemas(inner, 1)),
            15 => ("anyOf", self.schemas(inner, 1)),
            16 | 17 => ("oneOf", self.schemas(inner, 1)),
            18 => ("allOf", self.schemas(inner, 1)),
            19 => (self.one(&["not", "if", "then", "else", "contains", "propertyNames"]), self.schema(inner)),
            20 => ("patternProperties", json!({self.one(&["^a", "b"]): self.schema(inner)})),
            _ => (
                self.one(&["unevaluatedProperties", "unevaluatedItems", "minContains", "maxContains"]),
                json!(false),
            ),
        };
        let value = if key.ends_with("Contains") { json!(self.below(3)) } else { value };
        map.insert(key.to_string(), value);
    }

    /// A schema that differs in a place or two.
    fn changed(&mut self, schema: &Value, depth: usize) -> Value {
        let Value::Object(map) = schema else { return self.schema(depth) };
        let mut map = map.clone();
        let keys: Vec<String> = map.keys().cloned().collect();
        let key = keys.get(self.below(keys.len().max(1))).cloned().unwrap_or_default();
        match self.below(5) {
            0 => {
                map.remove(&key);
            }
            1 => self.keyword(&mut map, depth),
            _ => {
                let inner = depth.saturating_sub(1);
                let data = ["enum", "const", "type", "required"].contains(&key.as_str());
                match map.get_mut(&key) {
                    Some(Value::Array(all)) if data => all.push(match key.as_str() {
                        "enum" => self.value(1),
                        "required" => json!("d"),
                        _ => json!("number"),
                    }),
                    Some(Value::Array(all)) if !all.is_empty() => {
                        let at = self.below(all.len());
                        all[at] = self.changed(&all[at], inner);
                        if self.below(4) == 0 {
                            all.push(self.schema(inner));
                        }
                    }
                    Some(Value::Number(n)) => {
                        let more = n.as_i64().unwrap_or(1) + [-1, 1][self.below(2)];
                        map.insert(key, json!(more.max(0)));
                    }
                    Some(Value::Object(all))
                        if key.ends_with("roperties") && key != "additionalProperties" =>
                    {
                        if let Some(inside) = all.values_mut().next() {
                            *inside = self.changed(inside, inner);
                        }
                    }
                    Some(inside) if !data && inside.is_object() => *inside = self.changed(inside, inner),
                    _ => self.keyword(&mut map, depth),
                }
            }
        }
        Value::Object(map)
    }
}

fn compiled(schema: &Value) -> Option<JsonProgram> {
    let options = Options { draft: Draft::Draft202012, formats: true, request: false };
    let fetch = |_: &str| Some(schema.to_string().into_bytes());
    let compiled = compile::json("project:///s.json", options, &fetch).ok()?;
    compiled.problems.is_empty().then_some(compiled.program)
}

/// Values that are near to what a schema names.
fn named(schema: &Value, out: &mut Vec<Value>) {
    match schema {
        Value::Object(map) => {
            out.extend(map.get("const").cloned());
            out.extend(map.get("enum").and_then(Value::as_array).into_iter().flatten().cloned());
            map.values().for_each(|inner| named(inner, out));
        }
        Value::Array(all) => all.iter().for_each(|inner| named(inner, out)),
        _ => {}
    }
}

const ROUNDS: usize = 3000;

#[test]
fn no_compatible_version_refuses_what_was_accepted() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut compatible, mut accepted) = (0, 0);
    let mut wrong = Vec::new();
    for _ in 0..ROUNDS {
        let old = dice.schema(2);
        let new = if dice.below(6) == 0 { dice.schema(2) } else { dice.changed(&old, 2) };
        let (Some(was), Some(is)) = (compiled(&old), compiled(&new)) else { continue };
        if old == new || !breaks(&old, &new, false, Direction::Backward).is_empty() {
            continue;
        }
        compatible += 1;
        let mut values: Vec<Value> = (0..40).map(|_| dice.value(2)).collect();
        named(&old, &mut values);
        named(&new, &mut values);
        let (mut before, mut after) = (Checker::default(), Checker::default());
        for value in values {
            let text = value.to_string();
            if before.json(&was, text.as_bytes()).is_err() {
                continue;
            }
            accepted += 1;
            if let Err(mismatch) = after.json(&is, text.as_bytes()) {
                wrong.push(format!("{old} -> {new}: {text}: {}", mismatch.detail));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compatible > ROUNDS / 20 && accepted > ROUNDS, "{compatible} {accepted}");
}
