//! Avro schemas, as `.avsc` files hold them.

use super::Problem;
use super::library::text;
use crate::json::{Item, Kind, Limits, Malformed, Tape};
use std::collections::HashMap;
use tidegate_graph::contract::schema::{AvroProgram, AvroType};

/// Types in each other.
const DEPTH: u32 = 64;
/// Types of one schema.
const TYPES: usize = 50_000;

/// Compiles the JSON text of an Avro schema.
///
/// # Errors
/// Says what is wrong and where.
pub fn avro(schema: &[u8]) -> Result<AvroProgram, Problem> {
    let mut tape = Tape::default();
    let problem = |place: String, message: String| Problem::malformed(place, message);
    tape.read(schema, &Limits { depth: super::DEPTH, number: 1 << 12 }).map_err(|malformed| {
        let message = match malformed {
            Malformed::Depth(_) => format!("it nests deeper than {}", super::DEPTH),
            Malformed::Syntax(_) => "it is no JSON".into(),
        };
        problem("#".into(), message)
    })?;
    let root = tape.root(schema);
    let mut compiler = Compiler { types: Vec::new(), names: HashMap::new(), named: HashMap::new() };
    match compiler.ty(root, "", 0) {
        Ok(_) => match endless(&compiler.types) {
            Some(at) => {
                let name = compiler.named.get(&at).cloned().unwrap_or_default();
                Err(problem("#".into(), format!("`{name}` holds itself without end: no value fits")))
            }
            None => Ok(AvroProgram { types: compiler.types }),
        },
        Err(Wrong { at, message }) => Err(problem(format!("#{}", root.pointer_to(at)), message)),
    }
}

/// A record of which there is no value, since each would hold another one.
fn endless(types: &[AvroType]) -> Option<u32> {
    let mut ends = vec![false; types.len()];
    loop {
        let mut more = false;
        // Types in a type stand behind it, so that one round is enough for most.
        for (at, ty) in types.iter().enumerate().rev() {
            let known = |of: &u32| ends.get(*of as usize).copied().unwrap_or_default();
            let end = match ty {
                AvroType::Record(fields) => fields.iter().all(|(_, of)| known(of)),
                AvroType::Union(branches) => branches.is_empty() || branches.iter().any(|(_, of)| known(of)),
                _ => true,
            };
            if let Some(place) = ends.get_mut(at).filter(|place| end && !**place) {
                (*place, more) = (true, true);
            }
        }
        if !more {
            break;
        }
    }
    let mut open = types.iter().zip(ends).zip(0..);
    open.find(|((ty, ends), _)| !ends && matches!(ty, AvroType::Record(_))).map(|(_, at)| at)
}

struct Compiler {
    types: Vec<AvroType>,
    names: HashMap<String, u32>,
    /// The other way.
    named: HashMap<u32, String>,
}

struct Wrong {
    at: u32,
    message: String,
}

fn wrong<T>(item: Item<'_>, message: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { at: item.index(), message: message.into() })
}

fn primitive(name: &str) -> Option<AvroType> {
    Some(match name {
        "null" => AvroType::Null,
        "boolean" => AvroType::Boolean,
        "int" => AvroType::Int,
        "long" => AvroType::Long,
        "float" => AvroType::Float,
        "double" => AvroType::Double,
        "bytes" => AvroType::Bytes,
        "string" => AvroType::String,
        _ => return None,
    })
}

impl Compiler {
    fn add(&mut self, item: Item<'_>, ty: AvroType) -> Result<u32, Wrong> {
        if self.types.len() >= TYPES {
            return wrong(item, "more than 50,000 types");
        }
        self.types.push(ty);
        Ok(u32::try_from(self.types.len() - 1).unwrap_or(u32::MAX))
    }

    fn set(&mut self, at: u32, ty: AvroType) {
        if let Some(place) = self.types.get_mut(at as usize) {
            *place = ty;
        }
    }

    fn ty(&mut self, item: Item<'_>, space: &str, depth: u32) -> Result<u32, Wrong> {
        if depth > DEPTH {
            return wrong(item, "nested too deep");
        }
        match item.kind() {
            Kind::String => {
                let name = text(item).unwrap_or_default();
                match primitive(&name) {
                    Some(ty) => self.add(item, ty),
                    None => match self.names.get(&full(&name, space)).or_else(|| self.names.get(&name)) {
                        Some(at) => Ok(*at),
                        None => wrong(item, format!("there is no type `{name}`")),
                    },
                }
            }
            Kind::Array => {
                let at = self.add(item, AvroType::Null)?;
                let mut branches: Vec<(String, u32)> = Vec::new();
                for branch in item.items() {
                    let of = self.ty(branch, space, depth + 1)?;
                    let name = self.name(of);
                    if branch.kind() == Kind::Array || branches.iter().any(|(other, _)| *other == name) {
                        return wrong(branch, "an alternative twice, or a union in a union");
                    }
                    branches.push((name, of));
                }
                self.set(at, AvroType::Union(branches));
                Ok(at)
            }
            Kind::Object => self.object(item, space, depth),
            _ => wrong(item, "a type is a name, an object or a list"),
        }
    }

    fn object(&mut self, item: Item<'_>, space: &str, depth: u32) -> Result<u32, Wrong> {
        let Some(kind) = item.field("type") else { return wrong(item, "`type` is missing") };
        let word = text(kind).unwrap_or_default();
        let part = |key: &str| match item.field(key) {
            Some(part) => Ok(part),
            None => wrong(item, format!("`{key}` is missing")),
        };
        match word.as_str() {
            "array" | "map" => {
                let at = self.add(item, AvroType::Null)?;
                let list = word == "array";
                let of = self.ty(part(if list { "items" } else { "values" })?, space, depth + 1)?;
                self.set(at, if list { AvroType::Array(of) } else { AvroType::Map(of) });
                Ok(at)
            }
            "record" | "error" | "enum" | "fixed" => {
                let at = self.add(item, AvroType::Null)?;
                let own = item.field("namespace").and_then(text);
                let name = full(&text(part("name")?).unwrap_or_default(), own.as_deref().unwrap_or(space));
                let space = name.rsplit_once('.').map_or("", |(space, _)| space).to_string();
                self.named.insert(at, name.clone());
                if self.names.insert(name.clone(), at).is_some() {
                    return wrong(item, format!("`{name}` stands there twice"));
                }
                let ty = match word.as_str() {
                    "enum" => AvroType::Enum(part("symbols")?.items().filter_map(text).collect()),
                    "fixed" => {
                        let size = part("size")?;
                        let bytes = std::str::from_utf8(size.raw()).ok().and_then(|n| n.parse().ok());
                        let Some(bytes) = bytes else { return wrong(size, "expected a number of bytes") };
                        AvroType::Fixed(bytes)
                    }
                    _ => AvroType::Record(self.fields(part("fields")?, &space, depth)?),
                };
                self.set(at, ty);
                Ok(at)
            }
            // `{"type": "long", "logicalType": ...}`, and types wrapped once more.
            _ => self.ty(kind, space, depth + 1),
        }
    }

    fn fields(&mut self, fields: Item<'_>, space: &str, depth: u32) -> Result<Vec<(String, u32)>, Wrong> {
        let mut out = Vec::new();
        for field in fields.items() {
            let (Some(name), Some(ty)) = (field.field("name").and_then(text), field.field("type")) else {
                return wrong(field, "a field needs `name` and `type`");
            };
            out.push((name, self.ty(ty, space, depth + 1)?));
        }
        Ok(out)
    }

    /// The name of an alternative in JSON.
    fn name(&self, at: u32) -> String {
        let named = self.named.get(&at).cloned();
        let word = match self.types.get(at as usize) {
            Some(AvroType::Boolean) => "boolean",
            Some(AvroType::Int) => "int",
            Some(AvroType::Long) => "long",
            Some(AvroType::Float) => "float",
            Some(AvroType::Double) => "double",
            Some(AvroType::Bytes) => "bytes",
            Some(AvroType::String) => "string",
            Some(AvroType::Array(_)) => "array",
            Some(AvroType::Map(_)) => "map",
            _ => "null",
        };
        named.unwrap_or_else(|| word.to_string())
    }
}

fn full(name: &str, space: &str) -> String {
    if space.is_empty() || name.contains('.') { name.to_string() } else { format!("{space}.{name}") }
}
