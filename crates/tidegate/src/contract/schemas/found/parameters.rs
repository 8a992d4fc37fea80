//! Parameters of requests: of OpenAPI's operations, and of methods of API Gateway. They come as texts.

use super::{Prepared, Within, token};
use serde_json::{Map, Value, json};
use tidegate_decide::schema::compile::{self, Draft};
use tidegate_graph::contract::field::Field;
use tidegate_graph::contract::schema::{
    Check, JsonProgram, Parameter, ParameterForm, ParameterPlace, ParametersProgram, Program, Schema,
    SchemaKind, When,
};

/// Where the schemas of an operation's parameters stand in a document that has all it takes.
const KEY: &str = "x-tidegate-parameters";
/// References in each other.
const REFERENCES: usize = 16;
/// What says something of a value in version 2, where the parameter is its own schema.
const WORDS: [&str; 17] = [
    "type",
    "format",
    "items",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "description",
    "x-nullable",
];
/// Headers that `OpenAPI` describes elsewhere.
const ELSEWHERE: [&str; 3] = ["accept", "content-type", "authorization"];

/// Values by name, each with its schema if there is one.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) all: Vec<(Parameter, Option<Value>)>,
    /// What is asked and not compared.
    pub(super) unknown: Vec<String>,
}

/// A document that schemas refer to.
pub(super) struct Around<'a> {
    /// What the API or the file is called.
    pub(super) name: &'a str,
    pub(super) root: &'a Value,
    pub(super) draft: Draft,
    /// Pointers to what isn't known in it.
    pub(super) unknown: &'a [String],
    pub(super) others: &'a dyn Fn(&str) -> Option<String>,
}

impl Asked {
    /// The parameters of an operation; what it says itself counts more than what its path says.
    pub(super) fn of_operation(around: &Around<'_>, at: &[String]) -> Self {
        let mut asked = Self::default();
        let mut seen: Vec<(Value, Value, String)> = Vec::new();
        for list in at {
            let all = around.root.pointer(list).and_then(Value::as_array);
            for n in 0..all.map_or(0, Vec::len) {
                let at = followed(around.root, format!("{list}/{n}"));
                let Some(parameter) = around.root.pointer(&at) else { continue };
                let said = |key: &str| parameter.get(key).cloned().unwrap_or_default();
                let key = (said("in"), said("name"));
                seen.retain(|(place, name, _)| (place, name) != (&key.0, &key.1));
                seen.push((key.0, key.1, at));
            }
        }
        for (place, name, at) in seen {
            let (Some(place), Some(name)) = (place.as_str(), name.as_str()) else { continue };
            let place = match place {
                "query" => ParameterPlace::Query,
                "path" => ParameterPlace::Path,
                "header" if !ELSEWHERE.contains(&name.to_ascii_lowercase().as_str()) => {
                    ParameterPlace::Header
                }
                "cookie" => ParameterPlace::Cookie,
                _ => continue,
            };
            // A greedy part of a path has its name without the sign.
            asked.parameter(around, place, name.trim_end_matches('+'), &at);
        }
        asked
    }

    /// Those that have to be there, by the words of API Gateway: `method.request.querystring.page`.
    pub(super) fn required<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut asked = Self::default();
        for name in names {
            let mut parts = name.splitn(4, '.').skip(2);
            let place = match parts.next() {
                Some("querystring" | "multivaluequerystring") => ParameterPlace::Query,
                Some("path") => ParameterPlace::Path,
                Some("header" | "multivalueheader") => ParameterPlace::Header,
                _ => continue,
            };
            let Some(name) = parts.next() else { continue };
            let (form, name) = (ParameterForm::Text, name.to_string());
            let parameter = Parameter { place, name, required: true, empty: false, form, node: None };
            asked.all.push((parameter, None));
        }
        asked
    }

    fn parameter(&mut self, around: &Around<'_>, place: ParameterPlace, name: &str, at: &str) {
        let Some(parameter) = around.root.pointer(at) else { return };
        let flag = |key: &str| parameter.get(key).and_then(Value::as_bool);
        let empty = place == ParameterPlace::Query && flag("allowEmptyValue") == Some(true);
        let mut out = Parameter {
            place,
            name: name.to_string(),
            required: flag("required") == Some(true),
            empty,
            form: ParameterForm::Text,
            node: None,
        };
        let schema = match written(around.root, parameter, place) {
            Written::Is(form, schema) => {
                out.form = form;
                Some(schema)
            }
            Written::Nothing => None,
            Written::Unknown(why) => {
                self.unknown.push(format!("{}#{at}: {why}", around.name));
                None
            }
        };
        let below = format!("{at}/");
        let unknown = around.unknown.iter().filter(|unknown| unknown.starts_with(&below));
        self.unknown.extend(unknown.map(|at| format!("{}#{at}: isn't known", around.name)));
        if out.required || schema.is_some() {
            self.all.push((out, schema));
        }
    }

    /// What is asked as a schema that a contract can hold; nothing when nothing is asked.
    pub(super) fn compiled(self, source: &str, around: &Around<'_>, when: When) -> Option<Schema> {
        let schemas: Map<String, Value> = (0_usize..)
            .zip(&self.all)
            .filter_map(|(n, (_, schema))| Some((n.to_string(), schema.clone()?)))
            .collect();
        let (mut digest, mut unknown) = (String::new(), self.unknown);
        let (mut values, mut below) = (JsonProgram::default(), Field::default());
        if !schemas.is_empty() {
            let schemas = Value::Object(schemas);
            let refers = schemas.to_string().contains("\"$ref\"");
            let mut document = if refers { around.root.clone() } else { json!({}) };
            document.as_object_mut()?.insert(KEY.into(), json!({"properties": schemas}));
            let document = document.to_string();
            let pointer = format!("/{KEY}");
            let within = Within {
                source: around.name,
                document: &document,
                unknown: &[],
                pointer: &pointer,
                draft: around.draft,
                others: around.others,
            };
            let compiled = within.compile(When::default())?;
            unknown.extend(compiled.unknown);
            (digest, below) = (compiled.digest, compiled.fields);
            if let Program::Json(program) = compiled.ir {
                values = program;
            }
        }
        let root = values.nodes.first().into_iter().flat_map(|node| &node.checks);
        let nodes = root.filter_map(|check| match check {
            Check::Object(members) => Some(&members.named),
            _ => None,
        });
        let nodes: Vec<_> = nodes.collect();
        let mut all = Vec::new();
        let mut fields = Field::default();
        for (n, (parameter, schema)) in (0_usize..).zip(self.all) {
            let name = n.to_string();
            let node = schema.and_then(|_| nodes.iter().find_map(|named| named.get(&name)).copied());
            if node.is_some()
                && let Some(of) = below.members.remove(&name)
            {
                lay(&parameter, of, &mut fields);
            }
            if node.is_some() || parameter.required {
                all.push(Parameter { node, ..parameter });
            }
        }
        if all.is_empty() && unknown.is_empty() {
            return None;
        }
        if digest.is_empty() {
            let names: Vec<&str> = all.iter().map(|p| p.name.as_str()).collect();
            digest = compile::digest(&[source, &names.join("\n")]);
        }
        Some(Schema {
            kind: SchemaKind::JsonSchema,
            source: source.to_string(),
            digest,
            closed: false,
            when,
            whole: true,
            optional: true,
            unknown,
            fields,
            ir: Program::Parameters(ParametersProgram { all, values }),
            others: Vec::new(),
            prepared: Prepared::default(),
        })
    }
}

/// How a parameter is written.
enum Written {
    Is(ParameterForm, Value),
    /// Anything may stand there.
    Nothing,
    Unknown(&'static str),
}

fn written(root: &Value, parameter: &Value, place: ParameterPlace) -> Written {
    let said = |key: &str| parameter.get(key).and_then(Value::as_str);
    if let Some(content) = parameter.get("content").and_then(Value::as_object) {
        let Some((kind, media)) = content.iter().next() else { return Written::Nothing };
        let Some(schema) = media.get("schema") else { return Written::Nothing };
        return if super::is_json(kind) {
            Written::Is(ParameterForm::Json, schema.clone())
        } else {
            Written::Unknown("a text of another type than JSON isn't compared")
        };
    }
    let (schema, old) = match parameter.get("schema") {
        Some(schema) => (schema.clone(), false),
        None => {
            let own = parameter.as_object().into_iter().flatten();
            let own: Map<String, Value> = own
                .filter(|(key, _)| WORDS.contains(&key.as_str()))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            (Value::Object(own), true)
        }
    };
    let shape = shape(root, &schema);
    let form = if old {
        match (shape, said("collectionFormat").unwrap_or("csv")) {
            (Shape::List, "csv") => ParameterForm::Split(','),
            (Shape::List, "ssv") => ParameterForm::Split(' '),
            (Shape::List, "tsv") => ParameterForm::Split('\t'),
            (Shape::List, "pipes") => ParameterForm::Split('|'),
            (Shape::List, "multi") => ParameterForm::Repeated,
            (Shape::List, _) => return Written::Unknown("its `collectionFormat` isn't known"),
            _ => ParameterForm::Text,
        }
    } else {
        let usual = match place {
            ParameterPlace::Path | ParameterPlace::Header => "simple",
            _ => "form",
        };
        let style = said("style").unwrap_or(usual);
        let each = parameter.get("explode").and_then(Value::as_bool).unwrap_or(style == "form");
        match (shape, style) {
            (Shape::List, "form") if each && place == ParameterPlace::Cookie => {
                return Written::Unknown("a list of cookies isn't compared");
            }
            (Shape::List, "form" | "spaceDelimited" | "pipeDelimited") if each => ParameterForm::Repeated,
            (Shape::List, "form" | "simple") => ParameterForm::Split(','),
            (Shape::List, "spaceDelimited") => ParameterForm::Split(' '),
            (Shape::List, "pipeDelimited") => ParameterForm::Split('|'),
            (Shape::One, "form" | "simple") => ParameterForm::Text,
            (Shape::Object, _) => return Written::Unknown("an object in a parameter isn't compared"),
            (Shape::One | Shape::List, _) => return Written::Unknown("its `style` isn't compared"),
            (Shape::Any, _) => ParameterForm::Text,
        }
    };
    if matches!(shape, Shape::Object) {
        return Written::Unknown("an object in a parameter isn't compared");
    }
    if schema.as_object().is_none_or(Map::is_empty) { Written::Nothing } else { Written::Is(form, schema) }
}

/// What a value is made of.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    One,
    List,
    Object,
    /// Nobody says it: then it is a text.
    Any,
}

pub(super) fn shape(root: &Value, schema: &Value) -> Shape {
    let mut open = vec![schema];
    for _ in 0..REFERENCES {
        let Some(schema) = open.pop() else { break };
        let types = match schema.get("type") {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let types: Vec<&str> = types.into_iter().filter(|ty| *ty != "null").collect();
        match types.as_slice() {
            ["array"] => return Shape::List,
            ["object"] => return Shape::Object,
            [] => {}
            // A list or something else is written as either.
            many if many.contains(&"array") || many.contains(&"object") => return Shape::Object,
            _ => return Shape::One,
        }
        if schema.get("items").is_some() {
            return Shape::List;
        }
        if schema.get("properties").is_some() {
            return Shape::Object;
        }
        let reference = schema.get("$ref").and_then(|r| r.as_str()?.strip_prefix('#'));
        open.extend(reference.and_then(|pointer| root.pointer(pointer)));
        let parts = ["allOf", "anyOf", "oneOf"].iter().filter_map(|key| schema.get(*key)?.as_array());
        open.extend(parts.flatten());
    }
    Shape::Any
}

/// The pointer to what stands at a pointer, references followed.
pub(super) fn followed(root: &Value, mut at: String) -> String {
    for _ in 0..REFERENCES {
        let reference = root.pointer(&at).and_then(|value| value.get("$ref"));
        let Some(next) = reference.and_then(|r| r.as_str()?.strip_prefix('#')) else { break };
        at = next.to_string();
    }
    at
}

/// Lays what is known of a parameter's text where the event has it.
fn lay(parameter: &Parameter, of: Field, fields: &mut Field) {
    let name = parameter.name.clone();
    let mut at = |place: &str, field: Field| {
        fields.members.entry(place.to_string()).or_default().members.insert(name.clone(), field);
    };
    let each = |of: &Field| Field { others: Some(Box::new(of.clone())), ..Field::default() };
    match (parameter.place, parameter.form) {
        (ParameterPlace::Query, ParameterForm::Text) => {
            at("multiValueQueryStringParameters", each(&of));
            at("query_string_parameters", of.clone());
            at("queryStringParameters", of);
        }
        (ParameterPlace::Path, ParameterForm::Text) => at("pathParameters", of),
        // Names of headers are written in any case; what is taken apart is known to nobody as a whole.
        _ => {}
    }
}

/// The place of a parameter of an operation, for people.
pub(super) fn source(api: &str, at: &str) -> String {
    format!("{api}#{at}/parameters")
}

/// Pointers to the lists of an operation's parameters.
pub(super) fn lists(path: &str, method: &str) -> [String; 2] {
    let path = format!("/paths/{}", token(path));
    [format!("{path}/parameters"), format!("{path}/{method}/parameters")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(document: &Value) -> Asked {
        let (name, draft, others) = ("Api", Draft::OpenApi30, &|_: &str| None);
        let around = Around { name, root: document, draft, unknown: &[], others };
        Asked::of_operation(&around, &lists("/a", "get"))
    }

    fn compiled(document: &Value) -> Option<Schema> {
        let (name, draft, others) = ("Api", Draft::OpenApi30, &|_: &str| None);
        let around = Around { name, root: document, draft, unknown: &[], others };
        asked(document).compiled("Api#x", &around, When::default())
    }

    fn forms(parameters: &Value) -> Vec<Option<ParameterForm>> {
        let asked = asked(&json!({"paths": {"/a": {"get": {"parameters": parameters}}}}));
        asked.all.iter().map(|(p, schema)| schema.as_ref().map(|_| p.form)).collect()
    }

    #[test]
    fn what_an_operation_says_counts_more_than_what_its_path_says() {
        let document = json!({
            "paths": {"/a": {
                "parameters": [
                    {"in": "query", "name": "n", "required": true, "schema": {"type": "string"}},
                    {"$ref": "#/components/parameters/Page"}],
                "get": {"parameters": [
                    {"in": "query", "name": "n", "schema": {"type": "integer"}},
                    {"in": "header", "name": "Authorization", "required": true, "schema": {"type": "string"}},
                    {"in": "path", "name": "rest+", "required": true, "schema": {"type": "string"}},
                    {"in": "body", "name": "b", "schema": {"type": "object"}}]}}},
            "components": {
                "parameters": {"Page": {"in": "cookie", "name": "page", "schema": {"$ref": "#/components/schemas/Page"}}},
                "schemas": {"Page": {"type": "integer", "minimum": 1}}}});
        let schema = compiled(&document).unwrap();
        let Program::Parameters(program) = &schema.ir else { panic!("{schema:?}") };
        let all: Vec<_> = program.all.iter().map(|p| (p.place, p.name.as_str(), p.required)).collect();
        use ParameterPlace::{Cookie, Path, Query};
        assert_eq!(all, [(Cookie, "page", false), (Query, "n", false), (Path, "rest", true)]);
        assert!(program.all.iter().all(|p| p.node.is_some()), "{program:?}");
        assert_eq!(schema.unknown, Vec::<String>::new());
        assert!(
            compiled(&json!({"paths": {"/a": {"get": {"parameters": [{"in": "query", "name": "n"}]}}}}))
                .is_none()
        );
    }

    #[test]
    fn lists_are_written_as_their_style_says() {
        let list = json!({"type": "array", "items": {"type": "integer"}});
        let of = |place: &str, style: Option<&str>, explode: Option<bool>| {
            let mut parameter = json!({"in": place, "name": "n", "schema": list});
            if let Some(style) = style {
                parameter["style"] = style.into();
            }
            if let Some(explode) = explode {
                parameter["explode"] = explode.into();
            }
            forms(&json!([parameter])).first().copied().flatten()
        };
        use ParameterForm::{Json, Repeated, Split, Text};
        assert_eq!(of("query", None, None), Some(Repeated));
        assert_eq!(of("query", None, Some(false)), Some(Split(',')));
        assert_eq!(of("query", Some("spaceDelimited"), None), Some(Split(' ')));
        assert_eq!(of("query", Some("pipeDelimited"), Some(false)), Some(Split('|')));
        assert_eq!(of("query", Some("deepObject"), None), None);
        assert_eq!(of("header", None, None), Some(Split(',')));
        assert_eq!(of("path", Some("matrix"), None), None);
        assert_eq!(of("cookie", None, None), None);
        let old = |format: &str| {
            let parameter = json!({"in": "query", "name": "n", "type": "array", "items": {"type": "string"}, "collectionFormat": format});
            forms(&json!([parameter])).first().copied().flatten()
        };
        assert_eq!(
            [old("csv"), old("multi"), old("tsv")],
            [Some(Split(',')), Some(Repeated), Some(Split('\t'))]
        );
        let others = json!([
            {"in": "query", "name": "a", "content": {"application/json": {"schema": {"type": "object"}}}},
            {"in": "query", "name": "b", "schema": {"enum": ["x"]}},
            {"in": "query", "name": "c", "type": "integer", "required": true}]);
        assert_eq!(forms(&others), [Some(Json), Some(Text), Some(Text)]);
    }

    #[test]
    fn what_isnt_compared_is_said() {
        let document = json!({"paths": {"/a": {"get": {"parameters": [
            {"in": "query", "name": "filter", "style": "deepObject", "schema": {"type": "object"}}]}}}});
        let schema = compiled(&document).unwrap();
        let expected = ["Api#/paths/~1a/get/parameters/0: an object in a parameter isn't compared"];
        assert_eq!(schema.unknown, expected);
        let Program::Parameters(program) = &schema.ir else { panic!("{schema:?}") };
        assert_eq!(program.all, []);
    }

    #[test]
    fn methods_name_what_has_to_be_there() {
        let names =
            ["method.request.querystring.a.b", "method.request.header.X", "method.request.other.x", "x"];
        let asked = Asked::required(names.into_iter());
        let all: Vec<_> = asked.all.iter().map(|(p, _)| (p.place, p.name.as_str())).collect();
        assert_eq!(all, [(ParameterPlace::Query, "a.b"), (ParameterPlace::Header, "X")]);
    }
}
