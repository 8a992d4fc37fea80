//! References to resources, and what the configuration says in their place.

use super::Evaluator;
use crate::terraform::data;
use tidegate_graph::{Data, Piece, Reference, Span, Str, Value};

impl Evaluator<'_> {
    /// An attribute of a referenced instance, or what lies within the attribute.
    pub(super) fn attribute(&mut self, reference: &Reference, key: &Str, span: Span) -> Value {
        let target = reference.target.clone();
        if !reference.attribute.is_empty() {
            if let Some(value) = self.configured(reference)
                && matches!(value.data, Data::Map(_) | Data::List(_))
            {
                return self.step(value, key, span);
            }
            return Value::reference(
                Reference::attribute(target, format!("{}.{key}", reference.attribute)),
                span,
            );
        }
        let reference = Reference::attribute(target, key.clone());
        match self.configured(&reference) {
            // Strings stay references, since they are how resources are joined; everything else is what it is.
            Some(value)
                if matches!(
                    value.data,
                    Data::Map(_) | Data::List(_) | Data::Bool(_) | Data::Number(_) | Data::Json(_)
                ) =>
            {
                value.at(span)
            }
            _ => Value::reference(reference, span),
        }
    }

    /// What the configuration says of an attribute.
    fn configured(&mut self, reference: &Reference) -> Option<Value> {
        let source = self.instances.get(&reference.target)?.clone();
        let name: Str = match reference.attribute.as_str() {
            "id" => {
                let module = &self.nodes.get(source.node)?.module;
                let ty = module.blocks.get(&source.address)?.labels.first()?;
                data::id_attribute(ty)?.into()
            }
            name => name.into(),
        };
        let value = self.configured_attribute(&source, &name)?;
        Some((*value).clone())
    }

    /// What the configuration says of a value that is one reference, whatever it is.
    pub(in crate::terraform) fn configured_text(&mut self, value: Value) -> Value {
        match value.as_reference().cloned().and_then(|reference| self.configured(&reference)) {
            Some(found) => found,
            None => self.literal(value),
        }
    }

    /// A value with the references in it replaced by what the configuration says, as far as that is plain text.
    pub(in crate::terraform) fn literal(&mut self, value: Value) -> Value {
        let Data::Template(pieces) = &value.data else { return value };
        if !pieces.iter().any(|p| matches!(p, Piece::Reference(_))) {
            return value;
        }
        let mut out = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Reference(reference) if !reference.attribute.is_empty() => {
                    let known = self.configured(reference);
                    match known {
                        Some(known) if matches!(known.data, Data::Template(_)) => {
                            out.extend(self.literal(known).pieces());
                        }
                        Some(known) if known.as_text().is_some() => out.extend(known.pieces()),
                        _ => out.push(piece.clone()),
                    }
                }
                _ => out.push(piece.clone()),
            }
        }
        self.string(out, value.span)
    }
}
