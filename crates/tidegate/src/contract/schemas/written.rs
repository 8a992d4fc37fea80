//! Schemas as they are written: JSON or YAML.

use std::ops::Range;
use tidegate_graph::{Data, FileId, Piece, Value};

/// The JSON text of a file.
pub(super) fn json(extension: &str, text: &str) -> Option<Vec<u8>> {
    let yaml = matches!(extension, "yaml" | "yml");
    if !yaml && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        return Some(text.as_bytes().to_vec());
    }
    let (root, problems) = tidegate_read::parse(FileId(0), text);
    let root = root.filter(|_| problems.is_empty())?;
    of_value(&root).map(String::into_bytes)
}

/// JSON of a value that is known in full.
pub(super) fn of_value(value: &Value) -> Option<String> {
    let mut out = String::new();
    write(value, &mut out)?;
    Some(out)
}

fn write(value: &Value, out: &mut String) -> Option<()> {
    let quoted = |text: &str| serde_json::to_string(text).ok();
    match &value.data {
        Data::Null => out.push_str("null"),
        Data::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Data::Number(number) => match serde_json::from_str::<serde_json::Number>(number) {
            Ok(_) => out.push_str(number),
            Err(_) => out.push_str(&serde_json::Number::from_f64(value.as_f64()?)?.to_string()),
        },
        Data::Text(text) => out.push_str(&quoted(text)?),
        Data::Template(pieces) => match pieces.as_slice() {
            [Piece::Text(text)] => out.push_str(&quoted(text)?),
            _ => return None,
        },
        Data::Json(inner) => out.push_str(&quoted(&of_value(inner)?)?),
        Data::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Data::Map(map) => {
            out.push('{');
            for (at, (key, item)) in map.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&quoted(key)?);
                out.push(':');
                write(item, out)?;
            }
            out.push('}');
        }
        Data::Choice(_) | Data::Unknown(_) => return None,
    }
    Some(())
}

/// Where a JSON pointer leads in a text.
pub(super) fn place(text: &str, pointer: &str) -> Range<usize> {
    let (root, _) = tidegate_read::parse(FileId(0), text);
    let Some(root) = root else { return 0..0 };
    let mut value = &root;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let next = match value.as_list() {
            Some(items) => token.parse::<usize>().ok().and_then(|at| items.get(at)),
            None => value.get(&token),
        };
        let Some(next) = next else { break };
        value = next;
    }
    value.span.start as usize..value.span.end as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_becomes_json_and_keeps_its_places() {
        let text = "type: object\nproperties:\n  n: { type: integer, maximum: 10, const: '7' }\n";
        let json = json("yaml", text).unwrap();
        let expected = r#"{"type":"object","properties":{"n":{"type":"integer","maximum":10,"const":"7"}}}"#;
        assert_eq!(String::from_utf8(json).unwrap(), expected);
        assert_eq!(&text[place(text, "/properties/n/maximum")], "10");
        assert_eq!(super::json("json", "{"), None);
    }
}
