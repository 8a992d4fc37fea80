//! Schemas that list what they accept: each value is tried on the other version, as the guard would.

use super::document::Document;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::ptr;
use tidegate_decide::schema::compile::{self, Draft, Options};
use tidegate_decide::schema::{Checker, Mismatch};
use tidegate_graph::contract::schema::JsonProgram;

/// Bytes of schemas that are compiled for one comparison; beyond that, keywords are compared instead.
const WORK: usize = 64 << 20;
/// What compiling takes, whatever the size.
const EACH: usize = 4 << 10;

/// The guard's comparison with parts of one version.
pub(super) struct Trial {
    text: Vec<u8>,
    options: Options,
    left: usize,
    compiled: HashMap<*const Value, Option<(JsonProgram, Checker)>>,
}

impl Trial {
    /// The strict one refuses whatever may be refused, the other one only what surely is.
    pub(super) fn of(root: &Value, strict: bool) -> Self {
        let said = |key: &str| root.get(key).and_then(Value::as_str).unwrap_or_default();
        let old = said("openapi").starts_with("3.0") || said("swagger").starts_with('2');
        let draft = if old { Draft::OpenApi30 } else { Draft::Draft202012 };
        let options = Options { draft, formats: strict, request: !strict };
        Self { text: root.to_string().into_bytes(), options, left: WORK, compiled: HashMap::new() }
    }

    /// Whether a part accepts a value; `None` when that can't be told.
    pub(super) fn judge(
        &mut self,
        document: &Document<'_>,
        schema: &Value,
        value: &Value,
    ) -> Option<Result<(), Mismatch>> {
        let key = ptr::from_ref(schema);
        if !self.compiled.contains_key(&key) {
            let program = self.compile(document, schema);
            self.compiled.insert(key, program.map(|program| (program, Checker::default())));
        }
        let (program, checker) = self.compiled.get_mut(&key)?.as_mut()?;
        Some(checker.json(program, value.to_string().as_bytes()))
    }

    fn compile(&mut self, document: &Document<'_>, schema: &Value) -> Option<JsonProgram> {
        self.left = self.left.checked_sub(self.text.len() + EACH)?;
        let place = document.place(schema)?.replace('%', "%25").replace('#', "%23");
        let fetch = |uri: &str| (uri == DOCUMENT).then(|| self.text.clone());
        let compiled = compile::json(&format!("{DOCUMENT}#{place}"), self.options, &fetch).ok()?;
        // What is open refuses nothing that is known.
        compiled.problems.is_empty().then_some(compiled.program)
    }
}

const DOCUMENT: &str = "project:///version.json";

/// The values that a schema lists.
pub(super) fn listed(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    let listed = schema.get("enum").and_then(Value::as_array).map(|all| all.iter().collect());
    schema.get("const").map(|one| vec![one]).or(listed)
}

/// The type of a value, as schemas have it.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Number(n) if n.is_f64() && n.as_f64().is_none_or(|n| n.fract() != 0.0) => "number",
        Value::Number(_) => "integer",
    }
}

/// A few values, each in a few characters.
pub(super) fn shown(values: &[&Value]) -> String {
    const FEW: usize = 5;
    const SHORT: usize = 60;
    let short = |value: &&Value| {
        let text = value.to_string();
        match text.char_indices().nth(SHORT) {
            Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
            None => text,
        }
    };
    let text = values.iter().take(FEW).map(short).collect::<Vec<_>>().join(" or ");
    match values.len().saturating_sub(FEW) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

/// The keyword that a value is refused for, if it is one of the schema itself.
pub(super) fn keyword(mismatch: &Mismatch) -> Option<&'static str> {
    const KEYWORDS: [&str; 3] = ["type", "enum", "const"];
    KEYWORDS
        .into_iter()
        .find(|key| mismatch.pointer.is_empty() && mismatch.detail.ends_with(&format!("(`{key}`)")))
}
