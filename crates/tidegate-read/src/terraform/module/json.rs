//! `*.tf.json` and `*.tfvars.json` to [`Body`].

use crate::terraform::ast::{Attribute, Block, Body, Expr, Kind};
use crate::terraform::parse;
use crate::yaml;
use std::path::Path;
use std::rc::Rc;
use tidegate_graph::{Data, Field, FileId, Map, Problem, Span, Str, Value};

/// How many labels the blocks of a file have.
const LABELS: [(&str, usize); 13] = [
    ("resource", 2),
    ("data", 2),
    ("ephemeral", 2),
    ("variable", 1),
    ("output", 1),
    ("module", 1),
    ("provider", 1),
    ("check", 1),
    ("locals", 0),
    ("terraform", 0),
    ("moved", 0),
    ("import", 0),
    ("removed", 0),
];

pub(super) fn read(file: FileId, text: &str, path: &Path) -> (Body, Vec<Problem>) {
    let (value, problems) = yaml::parse_one(file, text);
    let mut body = Body::default();
    let Some(Value { data: Data::Map(root), .. }) = value else { return (body, problems) };
    let variables = path.to_string_lossy().ends_with(".tfvars.json");
    for (key, field) in root.fields() {
        if variables {
            body.attributes.push(attribute(key, field, true));
        } else if let Some((_, labels)) = LABELS.iter().find(|(kind, _)| kind == key) {
            blocks(&mut body, key, &mut Vec::new(), field, *labels);
        }
    }
    (body, problems)
}

fn blocks(body: &mut Body, kind: &Str, labels: &mut Vec<Str>, field: &Field, missing: usize) {
    for value in field.value.items() {
        let Data::Map(map) = &value.data else { continue };
        if missing == 0 {
            let inner = Body { attributes: inner(kind, map), blocks: Vec::new() };
            let block = Block {
                kind: kind.clone(),
                labels: labels.clone(),
                header: field.key,
                span: field.key.to(value.span),
                body: inner,
            };
            body.blocks.push(Rc::new(block));
            continue;
        }
        for (label, field) in map.fields() {
            labels.push(label.clone());
            blocks(body, kind, labels, field, missing - 1);
            labels.pop();
        }
    }
}

fn inner(kind: &str, map: &Map) -> Vec<Attribute> {
    map.fields()
        .filter(|(name, _)| *name != "//")
        // Types and defaults of variables are taken literally.
        .map(|(name, field)| attribute(name, field, kind == "variable"))
        .collect()
}

fn attribute(name: &Str, field: &Field, literal: bool) -> Attribute {
    Attribute { name: name.clone(), key: field.key, value: Rc::new(expression(&field.value, literal)) }
}

fn expression(value: &Value, literal: bool) -> Expr {
    let span = value.span;
    let kind = match &value.data {
        Data::Bool(value) => Kind::Bool(*value),
        Data::Number(text) => Kind::Number(text.clone()),
        Data::Text(text) => string(text, span, literal),
        Data::List(items) => Kind::List(items.iter().map(|item| expression(item, literal)).collect()),
        Data::Map(map) => Kind::Object(
            map.fields()
                .map(|(key, field)| {
                    (Expr::new(string(key, field.key, literal), field.key), expression(&field.value, literal))
                })
                .collect(),
        ),
        _ => Kind::Null,
    };
    Expr::new(kind, span)
}

fn string(text: &Str, span: Span, literal: bool) -> Kind {
    if literal || !text.contains(['$', '%']) {
        return Kind::Text(text.clone());
    }
    match parse::parse_string(text, span) {
        Ok(kind) => kind,
        Err(_) => Kind::Text(text.clone()),
    }
}
