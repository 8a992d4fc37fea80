//! `format` and `formatlist`.

use super::{Arguments, Outcome, Trouble, pieces_of, string_of};
use tidegate_graph::{Data, Piece, Value};

/// Widths and precisions beyond this are nobody's.
const MAX_WIDTH: usize = 1_000;

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Outcome> {
    Some(match name {
        "format" => arguments.get(0).and_then(|_| {
            format(arguments.values.first(), arguments.values.get(1..).unwrap_or_default(), arguments)
        }),
        "formatlist" => format_list(arguments),
        _ => return None,
    })
}

fn format_list(arguments: &Arguments<'_>) -> Outcome {
    let lengths = arguments.values.iter().skip(1).filter_map(|v| v.as_list().map(<[Value]>::len));
    let Some(length) = lengths.min() else {
        let only =
            format(arguments.values.first(), arguments.values.get(1..).unwrap_or_default(), arguments)?;
        return Ok(Data::List(vec![Value::new(only, arguments.span)]));
    };
    let mut out = Vec::new();
    for index in 0..length {
        let row: Vec<Value> = arguments
            .values
            .iter()
            .skip(1)
            .filter_map(|v| match v.as_list() {
                Some(items) => items.get(index).cloned(),
                None => Some(v.clone()),
            })
            .collect();
        out.push(Value::new(format(arguments.values.first(), &row, arguments)?, arguments.span));
    }
    Ok(Data::List(out))
}

fn format(template: Option<&Value>, values: &[Value], arguments: &Arguments<'_>) -> Outcome {
    let template = super::text_of(template.ok_or(Trouble::Refused)?)?;
    let mut out = Vec::new();
    let mut rest = template.as_str();
    let mut next = 0;
    while let Some((before, after)) = rest.split_once('%') {
        out.push(Piece::Text(before.into()));
        if let Some(after) = after.strip_prefix('%') {
            out.push(Piece::Text("%".into()));
            rest = after;
            continue;
        }
        let flags_end = after.find(|c: char| !"+-# 0".contains(c)).unwrap_or(after.len());
        let (flags, after) = after.split_at_checked(flags_end).unwrap_or_default();
        let (mut explicit, mut after) = (None, after);
        if let Some((index, behind)) = after.strip_prefix('[').and_then(|a| a.split_once(']')) {
            explicit = index.parse::<usize>().ok();
            after = behind;
        }
        let (width, after) = digits(after);
        let (precision, mut after) = match after.strip_prefix('.') {
            Some(after) => {
                let (precision, after) = digits(after);
                (Some(precision.unwrap_or(0)), after)
            }
            None => (None, after),
        };
        if let Some((index, behind)) = after.strip_prefix('[').and_then(|a| a.split_once(']')) {
            explicit = index.parse::<usize>().ok();
            after = behind;
        }
        let mut chars = after.chars();
        let verb = chars.next().ok_or(Trouble::Refused)?;
        rest = chars.as_str();
        let index = explicit.map_or(next, |n| n.saturating_sub(1));
        next = index + 1;
        let value = values.get(index).ok_or(Trouble::Refused)?;
        let text = match (verb, &value.data) {
            // Unknown values and references stay holes, however they would be padded.
            (_, Data::Unknown(_) | Data::Template(_) | Data::Choice(_)) => {
                out.extend(pieces_of(value)?);
                continue;
            }
            ('s' | 'v', Data::Null) => "null".to_string(),
            ('v', Data::List(_) | Data::Map(_)) | ('s' | 'v', Data::Json(_)) => {
                let json = Value::new(Data::Json(Box::new(value.clone())), value.span);
                out.extend(pieces_of(if matches!(value.data, Data::Json(_)) { value } else { &json })?);
                continue;
            }
            ('s' | 'v' | 't', _) => {
                let text = super::text_of(value)?;
                match precision {
                    Some(precision) => text.chars().take(precision).collect(),
                    None => text.to_string(),
                }
            }
            ('q', _) => format!("{:?}", super::text_of(value)?.as_str()),
            ('d', _) => {
                let n = value.as_f64().ok_or(Trouble::Refused)?;
                let text = format!("{}", n.trunc() as i64);
                if flags.contains('+') && n >= 0.0 { format!("+{text}") } else { text }
            }
            ('x', _) => format!("{:x}", value.as_i64().ok_or(Trouble::Refused)?),
            ('X', _) => format!("{:X}", value.as_i64().ok_or(Trouble::Refused)?),
            ('o', _) => format!("{:o}", value.as_i64().ok_or(Trouble::Refused)?),
            ('b', _) => format!("{:b}", value.as_i64().ok_or(Trouble::Refused)?),
            ('e' | 'f' | 'g', _) => {
                let n = value.as_f64().ok_or(Trouble::Refused)?;
                let precision = precision.unwrap_or(6).min(MAX_WIDTH);
                if verb == 'g' { format!("{n}") } else { format!("{n:.precision$}") }
            }
            _ => return Err(Trouble::Refused),
        };
        out.push(Piece::Text(pad(text, flags, width).into()));
    }
    out.push(Piece::Text(rest.into()));
    string_of(out, arguments.span)
}

fn pad(text: String, flags: &str, width: Option<usize>) -> String {
    let missing = width.unwrap_or(0).min(MAX_WIDTH).saturating_sub(text.chars().count());
    if flags.contains('-') {
        return text + &" ".repeat(missing);
    }
    if flags.contains('0') {
        let (sign, number) = match text.strip_prefix('-') {
            Some(number) => ("-", number),
            None => ("", text.as_str()),
        };
        return format!("{sign}{}{number}", "0".repeat(missing));
    }
    " ".repeat(missing) + &text
}

fn digits(text: &str) -> (Option<usize>, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).unwrap_or(("", text));
    (digits.parse().ok(), rest)
}
