//! Documents inside strings: policies, state machine definitions and API bodies as JSON or YAML text with holes.

use crate::yaml;
use tidegate_graph::{Data, Field, FileId, Map, Piece, Span, Value};

/// Opens and closes the number of a hole in a text; private-use characters that no real document holds.
const OPEN: char = '\u{f0000}';
const CLOSE: char = '\u{f0001}';

/// The document that a value holds: maps and lists as they are, JSON encodings unpacked, strings parsed with their
/// holes put back as pieces. `None` for everything that is no document.
///
/// Values from within a string carry the span of the whole string.
pub fn document(value: &Value) -> Option<Value> {
    match &value.data {
        Data::Map(_) | Data::List(_) => Some(value.clone()),
        Data::Json(inner) => Some((**inner).clone()),
        Data::Text(_) | Data::Template(_) => parse(&value.pieces(), value.span),
        _ => None,
    }
}

/// Parses a text made of pieces as YAML or JSON. `None` if it is neither a map nor a list.
pub(crate) fn parse(pieces: &[Piece], span: Span) -> Option<Value> {
    let mut text = String::new();
    let mut holes = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(part) => text.push_str(part),
            hole => {
                text.push(OPEN);
                text.push_str(&holes.len().to_string());
                text.push(CLOSE);
                holes.push(hole.clone());
            }
        }
    }
    if !text.trim_start().starts_with(['{', '[']) && !text.contains(':') {
        return None;
    }
    let (value, problems) = yaml::parse_one(FileId(0), &text);
    let value = value.filter(|_| problems.iter().all(|p| p.message.contains("written twice")))?;
    matches!(value.data, Data::Map(_) | Data::List(_)).then(|| fill(value, &holes, span))
}

fn fill(value: Value, holes: &[Piece], span: Span) -> Value {
    let data = match value.data {
        Data::List(items) => Data::List(items.into_iter().map(|v| fill(v, holes, span)).collect()),
        Data::Map(map) => Data::Map(
            map.into_fields()
                .map(|(key, field)| {
                    let key = if key.contains(OPEN) {
                        pieces(&key, holes).iter().map(Piece::display).collect::<String>().into()
                    } else {
                        key
                    };
                    (key, Field { key: span, value: fill(field.value, holes, span) })
                })
                .collect::<Map>(),
        ),
        Data::Text(text) if text.contains(OPEN) => return Value::template(pieces(&text, holes), span),
        other => other,
    };
    Value::new(data, span)
}

fn pieces(text: &str, holes: &[Piece]) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        out.push(Piece::Text(before.into()));
        let Some((number, tail)) = after.split_once(CLOSE) else { break };
        out.extend(number.parse::<usize>().ok().and_then(|n| holes.get(n)).cloned());
        rest = tail;
    }
    out.push(Piece::Text(rest.into()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_graph::{Reference, Symbol, Why};

    #[test]
    fn holes_come_back_as_pieces() {
        let text = |t: &str| Piece::Text(t.into());
        let queue = Piece::Reference(Reference::attribute("s/Queue", "Arn"));
        let count = Piece::Symbol(Symbol::new("Count", Why::Parameter));
        let parts =
            [text("{\"Resource\": \"x-"), queue.clone(), text("/*\", \"N\": "), count.clone(), text("}")];
        let value = parse(&parts, Span::default()).unwrap();
        assert_eq!(value.get("Resource").unwrap().pieces(), [text("x-"), queue, text("/*")]);
        assert_eq!(value.get("N").unwrap().pieces(), [count]);
    }

    #[test]
    fn plain_text_is_no_document() {
        assert!(parse(&[Piece::Text("hello".into())], Span::default()).is_none());
    }
}
