//! JSON, YAML, CSV, Base64, URLs and ARNs.

use super::{Arguments, Outcome, Trouble, text, trouble};
use crate::{document, yaml};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidegate_graph::{Data, FileId, Map, Piece, Value};

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Outcome> {
    Some(match name {
        "jsonencode" => arguments.get(0).and_then(|value| match &value.data {
            Data::Unknown(_) => Err(Trouble::Unknown),
            _ => Ok(Data::Json(Box::new(value.clone()))),
        }),
        // Documents are read from JSON and YAML alike, and JSON is YAML.
        "yamlencode" => arguments.get(0).and_then(|value| match &value.data {
            Data::Unknown(_) => Err(Trouble::Unknown),
            _ => Ok(Data::Json(Box::new(value.clone()))),
        }),
        "jsondecode" | "yamldecode" => decode(arguments),
        "csvdecode" => csv(arguments),
        "base64encode" => arguments.text(0).and_then(|t| text(STANDARD.encode(t.as_bytes()))),
        "base64decode" => arguments.text(0).and_then(|t| {
            let bytes = STANDARD.decode(t.as_bytes()).map_err(|_| Trouble::Refused)?;
            String::from_utf8(bytes).map_err(|_| Trouble::Refused).and_then(text)
        }),
        "urlencode" => arguments.text(0).and_then(|t| text(url(&t))),
        "provider::aws::arn_parse" => parse_arn(arguments),
        "provider::aws::arn_build" => build_arn(arguments),
        _ => return None,
    })
}

fn decode(arguments: &Arguments<'_>) -> Outcome {
    let value = arguments.get(0)?;
    match &value.data {
        Data::Json(inner) => Ok(inner.data.clone()),
        Data::Text(t) => {
            let (parsed, problems) = yaml::parse_one(FileId(0), t);
            match parsed {
                Some(parsed) if problems.is_empty() => Ok(moved(parsed, arguments).data),
                _ => Err(Trouble::Refused),
            }
        }
        Data::Template(pieces) => {
            // A document is told from a value that only looks like one by its first piece.
            let starts = matches!(pieces.first(), Some(Piece::Text(_)));
            let parsed = if starts { document::parse(pieces, value.span) } else { None };
            parsed.map(|v| v.data).ok_or(Trouble::Unknown)
        }
        _ => Err(trouble(value)),
    }
}

/// All spans become that of the call.
fn moved(value: Value, arguments: &Arguments<'_>) -> Value {
    let span = arguments.span;
    let data = match value.data {
        Data::List(items) => Data::List(items.into_iter().map(|v| moved(v, arguments)).collect()),
        Data::Map(map) => {
            let mut out = Map::new();
            for (key, field) in map.into_fields() {
                out.insert(key, moved(field.value, arguments));
            }
            Data::Map(out)
        }
        other => other,
    };
    Value::new(data, span)
}

fn csv(arguments: &Arguments<'_>) -> Outcome {
    let t = arguments.text(0)?;
    if t.contains('"') {
        return Err(Trouble::Unknown);
    }
    let span = arguments.span;
    let mut lines = t.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let rows = lines.take(10_000).filter(|line| !line.is_empty()).map(|line| {
        Value::object(names.iter().copied().zip(line.split(',').map(|cell| Value::text(cell, span))), span)
    });
    Ok(Data::List(rows.collect()))
}

fn url(t: &str) -> String {
    let mut out = String::with_capacity(t.len());
    for byte in t.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn parse_arn(arguments: &Arguments<'_>) -> Outcome {
    let t = arguments.text(0)?;
    let parts: Vec<&str> = t.splitn(6, ':').collect();
    let [_, partition, service, region, account, resource] = parts.as_slice() else {
        return Err(Trouble::Refused);
    };
    let names = ["partition", "service", "region", "account_id", "resource"];
    let values =
        [partition, service, region, account, resource].map(|part| Value::text(*part, arguments.span));
    Ok(Value::object(names.into_iter().zip(values), arguments.span).data)
}

fn build_arn(arguments: &Arguments<'_>) -> Outcome {
    let mut pieces = vec![Piece::Text("arn".into())];
    for index in 0..5 {
        pieces.push(Piece::Text(":".into()));
        pieces.extend(arguments.pieces(index)?);
    }
    super::string_of(pieces, arguments.span)
}
