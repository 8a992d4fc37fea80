//! Strings with holes.

use super::choice::cond_name;
use super::{Evaluator, MAX_TEXT, Scope, limit, piece_length};
use crate::terraform::ast::Part;
use tidegate_graph::{Data, Piece, Span, Str, Symbol, Value, Why};

impl Evaluator<'_> {
    /// A template's value. One interpolation and nothing else keeps its type.
    pub(in crate::terraform) fn template(&mut self, parts: &[Part], scope: &mut Scope, span: Span) -> Value {
        if let [Part::Value(expr)] = parts {
            return self.eval(expr, scope);
        }
        let mut values = Vec::new();
        self.parts(parts, scope, span, &mut values);
        self.concatenate(values, span)
    }

    /// A template's value as a string, even if it is one interpolation.
    pub(in crate::terraform) fn text_template(
        &mut self,
        parts: &[Part],
        scope: &mut Scope,
        span: Span,
    ) -> Value {
        let mut values = Vec::new();
        self.parts(parts, scope, span, &mut values);
        if let [Value { data: Data::Json(_) | Data::Unknown(_), .. }] = values.as_slice() {
            return values.remove(0);
        }
        self.concatenate(values, span)
    }

    fn parts(&mut self, parts: &[Part], scope: &mut Scope, span: Span, out: &mut Vec<Value>) {
        for part in parts {
            if self.exhausted() {
                out.push(limit(span));
                return;
            }
            match part {
                Part::Text(text) => out.push(Value::text(text.clone(), span)),
                Part::Value(expr) => out.push(self.eval(expr, scope)),
                Part::If { condition, then, otherwise } => {
                    let condition = self.condition(condition, scope);
                    match condition {
                        tidegate_graph::Cond::Constant(true) => self.parts(then, scope, span, out),
                        tidegate_graph::Cond::Constant(false) => self.parts(otherwise, scope, span, out),
                        cond => {
                            let then = self.text_template(then, scope, span);
                            let otherwise = self.text_template(otherwise, scope, span);
                            out.push(super::choice::choose(cond, then, otherwise, span));
                        }
                    }
                }
                Part::For { key_name, value_name, collection, body } => {
                    let collection = self.eval(collection, scope);
                    let collection = self.literal(collection);
                    match self.entries(&collection) {
                        Some(entries) => {
                            for (key, value) in entries {
                                if self.exhausted() {
                                    break;
                                }
                                self.bind(scope, key_name.as_ref(), value_name, key, value);
                                self.parts(body, scope, span, out);
                                self.unbind(scope, key_name.as_ref());
                            }
                        }
                        None => out.push(super::choice::unknown_from(&collection, span, |name| {
                            format!("for {name}")
                        })),
                    }
                }
            }
        }
    }

    /// One string of several values.
    pub(in crate::terraform) fn concatenate(&mut self, values: Vec<Value>, span: Span) -> Value {
        self.spread(values, span, &mut |this, values| {
            let mut pieces = Vec::new();
            for value in &values {
                match string_pieces(value) {
                    Some(more) => pieces.extend(more),
                    None => {
                        this.failures += 1;
                        pieces.push(Piece::Symbol(Symbol::new(cond_name(value), Why::Function)));
                    }
                }
            }
            this.string(pieces, span)
        })
    }

    /// A string of pieces, within bounds.
    pub(in crate::terraform) fn string(&mut self, pieces: Vec<Piece>, span: Span) -> Value {
        let length: usize = pieces.iter().map(piece_length).sum();
        self.spend(length / 64 + pieces.len());
        if length > MAX_TEXT { limit(span) } else { Value::template(pieces, span) }
    }
}

/// The pieces of a value that can stand in a string; `None` for null, lists and maps.
pub(in crate::terraform) fn string_pieces(value: &Value) -> Option<Vec<Piece>> {
    match &value.data {
        Data::Null | Data::List(_) | Data::Map(_) => None,
        Data::Json(inner) => {
            let mut out = Vec::new();
            json(inner, &mut out);
            Some(out)
        }
        Data::Choice(_) => Some(vec![Piece::Symbol(Symbol::new(cond_name(value), Why::Function))]),
        _ => Some(value.pieces()),
    }
}

/// The text of a value as a key: unknown parts are named.
pub(in crate::terraform) fn key_text(value: &Value) -> Str {
    value.as_text().unwrap_or_else(|| value.display().into())
}

/// JSON text with holes.
pub(in crate::terraform) fn json(value: &Value, out: &mut Vec<Piece>) {
    let text = |t: &str| Piece::Text(t.into());
    match &value.data {
        Data::Null => out.push(text("null")),
        Data::Bool(_) | Data::Number(_) => out.extend(value.as_text().map(Piece::Text)),
        Data::Text(t) => out.push(Piece::Text(format!("\"{}\"", escape(t)).into())),
        Data::Template(_) => {
            out.push(text("\""));
            out.extend(value.pieces().into_iter().map(escape_piece));
            out.push(text("\""));
        }
        Data::Json(inner) => {
            let mut pieces = Vec::new();
            json(inner, &mut pieces);
            out.push(text("\""));
            out.extend(pieces.into_iter().map(escape_piece));
            out.push(text("\""));
        }
        Data::List(items) => {
            out.push(text("["));
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(text(","));
                }
                json(item, out);
            }
            out.push(text("]"));
        }
        Data::Map(map) => {
            out.push(text("{"));
            for (i, (key, value)) in map.iter().enumerate() {
                let comma = if i > 0 { "," } else { "" };
                out.push(Piece::Text(format!("{comma}\"{}\":", escape(key)).into()));
                json(value, out);
            }
            out.push(text("}"));
        }
        Data::Choice(_) => {
            out.push(text("\""));
            out.push(Piece::Symbol(Symbol::new(cond_name(value), Why::Function)));
            out.push(text("\""));
        }
        Data::Unknown(symbol) => out.push(Piece::Symbol(symbol.clone())),
    }
}

fn escape_piece(piece: Piece) -> Piece {
    match piece {
        Piece::Text(text) => Piece::Text(escape(&text).into()),
        other => other,
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}
