//! A resource of SAM's, and what is made from it.

use super::make::{Literal, map_of, present, set_opt, truthy};
use super::{PASSED, Res};
use tidegate_graph::{Map, Problem, Span, Str, Value};

/// A SAM resource.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) id: Str,
    pub(super) kind: Str,
    pub(super) span: Span,
    pub(super) properties: Map,
    pub(super) depends_on: Option<Value>,
    pub(super) attributes: Map,
}

/// A resource that the transform makes.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) id: Str,
    pub(super) kind: &'static str,
    pub(super) span: Span,
    pub(super) depends_on: Option<Value>,
    pub(super) attributes: Map,
    pub(super) properties: Map,
}

impl Source {
    /// A property that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        present(self.properties.get(name))
    }

    /// A property that is there and not empty.
    pub(super) fn some(&self, name: &str) -> Option<&Value> {
        self.get(name).filter(|v| truthy(Some(v)))
    }

    /// Span of a property, or of the resource.
    pub(super) fn at(&self, name: &str) -> Span {
        self.properties.get(name).map_or(self.span, |v| v.span)
    }

    /// Attributes for the resources made beside it.
    pub(super) fn passed(&self) -> Map {
        let mut out = Map::new();
        PASSED.iter().for_each(|name| set_opt(&mut out, name, self.attributes.get(name)));
        out
    }

    pub(super) fn condition(&self) -> Option<&str> {
        self.attributes.get("Condition").and_then(Value::as_str)
    }

    /// The resource that stands in its place.
    pub(super) fn main(&self, kind: &'static str) -> Made {
        let mut made = Made::new(self.id.clone(), kind, self.span).with(&self.attributes);
        made.depends_on = self.depends_on.clone();
        made
    }

    /// A resource beside it.
    pub(super) fn beside(&self, id: impl Into<Str>, kind: &'static str, span: Span) -> Made {
        Made::new(id, kind, span).with(&self.passed())
    }

    pub(super) fn fault(&self, name: &str, message: impl Into<String>) -> Problem {
        Problem::at(self.at(name), format!("`{}`: {}", self.id, message.into()))
    }
}

impl Made {
    pub(super) fn new(id: impl Into<Str>, kind: &'static str, span: Span) -> Self {
        Self { id: id.into(), kind, span, depends_on: None, attributes: Map::new(), properties: Map::new() }
    }

    pub(super) fn with(mut self, attributes: &Map) -> Self {
        self.attributes = attributes.clone();
        self
    }

    pub(super) fn set(&mut self, name: &str, value: impl Literal) {
        self.properties.insert(name, value.value(self.span));
    }

    pub(super) fn set_opt(&mut self, name: &str, value: Option<&Value>) {
        set_opt(&mut self.properties, name, value);
    }

    /// Takes properties over under their own names.
    pub(super) fn copy(&mut self, source: &Source, names: &[&str]) {
        names.iter().for_each(|name| self.set_opt(name, source.get(name)));
    }

    pub(super) fn depends(&mut self, ids: &[&str]) {
        self.depends_on = Some(Value::list(ids.iter().map(|id| id.value(self.span)).collect(), self.span));
    }

    pub(super) fn into_value(self) -> Value {
        let span = self.span;
        let mut out = Map::new();
        out.insert("Type", Value::text(self.kind, span));
        if let Some(depends) = self.depends_on.filter(|v| truthy(Some(v))) {
            out.insert("DependsOn", depends);
        }
        for (key, field) in self.attributes.into_fields() {
            out.insert_field(key, field);
        }
        out.insert("Properties", Value::map(self.properties, span));
        Value::map(out, span)
    }
}

/// Where code or a definition lies in S3, from a `s3://bucket/key` or a map of bucket and key.
/// `Ok(None)` for a local path.
pub(super) fn s3_location(
    source: &Source,
    name: &str,
    [bucket, key, version]: [&'static str; 3],
) -> Res<Option<Value>> {
    let Some(location) = source.get(name) else { return Ok(None) };
    let span = location.span;
    if let Some(map) = map_of(location) {
        let (Some(b), Some(k)) = (map.get("Bucket"), map.get("Key")) else {
            return Err(source.fault(name, format!("`{name}` should have `Bucket` and `Key`")));
        };
        if !truthy(Some(b)) || !truthy(Some(k)) {
            return Err(source.fault(name, format!("`{name}` should have `Bucket` and `Key`")));
        }
        let mut out = Map::new();
        out.insert(bucket, b.clone());
        out.insert(key, k.clone());
        set_opt(&mut out, version, map.get("Version"));
        return Ok(Some(Value::map(out, span)));
    }
    let Some(text) = location.as_str() else {
        return Err(source.fault(name, format!("`{name}` should be a string or a map")));
    };
    let Some(rest) = text.strip_prefix("s3://") else {
        let remote = text.contains("://") || text.contains("{{resolve:");
        let said = format!("`{name}` should be a local path or a location like `s3://bucket/key`");
        return if remote { Err(source.fault(name, said)) } else { Ok(None) };
    };
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (b, k) = path.split_once('/').unwrap_or((path, ""));
    if b.is_empty() || path.len() == b.len() {
        return Err(source.fault(name, format!("`{name}` should be like `s3://bucket/key`")));
    }
    let mut out = Map::new();
    out.insert(bucket, Value::text(b, span));
    out.insert(key, Value::text(k.trim_start_matches('/'), span));
    if let Some(id) = query.split('&').find_map(|part| part.strip_prefix("versionId=")) {
        out.insert(version, Value::text(id, span));
    }
    Ok(Some(Value::map(out, span)))
}
