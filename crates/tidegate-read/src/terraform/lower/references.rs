//! Terraform's attributes of references in CloudFormation's words.

use super::shape::pascal;
use super::table::{How, Type};
use tidegate_graph::{Data, Map, Piece, Reference, Str, Value};

/// Puts what `rename` gives in the place of every reference within.
pub(super) fn each(map: &mut Map, rename: &impl Fn(&Reference) -> Option<Piece>) {
    for (_, value) in map.iter_mut() {
        in_value(value, rename);
    }
}

/// What a reference's attribute is called in CloudFormation; empty is what `Ref` gives.
pub(super) fn attribute(ty: &Type, raw: &str) -> Str {
    let raw = raw.trim_start_matches('.');
    if let Some((_, to)) = ty.attributes.iter().find(|(from, _)| *from == raw) {
        return Str::new_static(to);
    }
    match raw {
        "" | "id" => return Str::default(),
        "arn" => return Str::new_static("Arn"),
        _ => {}
    }
    // An argument is called what the property is called.
    match ty.fields.iter().find(|f| f.from == raw && !f.to.is_empty() && !f.to.contains('[')) {
        Some(field) if !matches!(field.how, How::Drop) => Str::new_static(field.to),
        _ => pascal(raw).into(),
    }
}

fn in_value(value: &mut Value, rename: &impl Fn(&Reference) -> Option<Piece>) {
    match &mut value.data {
        Data::Template(pieces) => {
            let mut became_text = false;
            for piece in pieces.iter_mut() {
                let Piece::Reference(reference) = piece else { continue };
                if let Some(renamed) = rename(reference) {
                    became_text |= matches!(renamed, Piece::Text(_));
                    *piece = renamed;
                }
            }
            if became_text {
                let pieces = std::mem::take(pieces);
                value.data = Value::template(pieces, value.span).data;
            }
        }
        Data::List(items) => items.iter_mut().for_each(|v| in_value(v, rename)),
        Data::Map(map) => each(map, rename),
        Data::Json(inner) => in_value(inner, rename),
        Data::Choice(choice) => {
            choice.then.iter_mut().for_each(|v| in_value(v, rename));
            choice.otherwise.iter_mut().for_each(|v| in_value(v, rename));
        }
        _ => {}
    }
}
