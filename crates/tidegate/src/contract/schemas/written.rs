//! Schemas as they are written: JSON or YAML.

use std::ops::Range;
use tidegate_decide::json::{Limits, Malformed, Tape};
use tidegate_decide::schema::compile::DEPTH;
use tidegate_graph::{Data, FileId, Piece, Value};

/// The JSON text of a file; the error says where it is wrong.
pub(crate) fn json(extension: &str, text: &str) -> Result<Vec<u8>, String> {
    let yaml = matches!(extension, "yaml" | "yml");
    let line = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let limits = Limits { depth: DEPTH, number: 1 << 12 };
    match Tape::default().read(text.as_bytes(), &limits) {
        Ok(()) if !yaml => return Ok(text.as_bytes().to_vec()),
        Err(Malformed::Depth(at)) => return Err(format!("line {}: it nests deeper than {DEPTH}", line(at))),
        _ => {}
    }
    let (root, problems) = tidegate_read::parse(FileId(0), text);
    if let Some(problem) = problems.first() {
        let line = line(problem.span.map_or(0, |s| s.start as usize));
        return Err(format!("line {line}: {}", problem.message));
    }
    let json = root.as_ref().and_then(of_value);
    json.map(String::into_bytes).ok_or_else(|| "it is neither JSON nor YAML".to_string())
}

/// JSON of a value that is known in full.
pub(super) fn of_value(value: &Value) -> Option<String> {
    let (json, unknown) = in_part(value);
    unknown.is_empty().then_some(json)
}

/// JSON of a value, and pointers to what isn't known: where a schema should stand, there is none then.
pub(super) fn in_part(value: &Value) -> (String, Vec<String>) {
    let mut writer = Writer::default();
    writer.value(value);
    (writer.out, writer.unknown)
}

#[derive(Default)]
struct Writer {
    out: String,
    path: String,
    unknown: Vec<String>,
}

impl Writer {
    fn value(&mut self, value: &Value) {
        match &value.data {
            Data::Null => self.out.push_str("null"),
            Data::Bool(flag) => self.out.push_str(if *flag { "true" } else { "false" }),
            Data::Number(number) => match (number.parse::<serde_json::Number>(), value.as_f64()) {
                (Ok(_), _) => self.out.push_str(number),
                (_, Some(n)) => self.out.push_str(&serde_json::json!(n).to_string()),
                _ => self.hole(),
            },
            Data::Text(text) => self.text(text),
            Data::Template(pieces) => match pieces.as_slice() {
                [Piece::Text(text)] => self.text(text),
                _ => self.hole(),
            },
            Data::Json(inner) => match of_value(inner) {
                Some(json) => self.text(&json),
                None => self.hole(),
            },
            Data::List(items) => {
                self.out.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.below(at, &at.to_string(), item);
                }
                self.out.push(']');
            }
            Data::Map(map) => {
                self.out.push('{');
                for (at, (key, item)) in map.iter().enumerate() {
                    let comma = if at > 0 { "," } else { "" };
                    self.out.push_str(comma);
                    self.text(key);
                    self.out.push(':');
                    self.below(0, &key.replace('~', "~0").replace('/', "~1"), item);
                }
                self.out.push('}');
            }
            Data::Choice(_) | Data::Unknown(_) => self.hole(),
        }
    }

    fn below(&mut self, at: usize, token: &str, item: &Value) {
        if at > 0 {
            self.out.push(',');
        }
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(token);
        self.value(item);
        self.path.truncate(length);
    }

    fn text(&mut self, text: &str) {
        self.out.push_str(&serde_json::Value::from(text).to_string());
    }

    /// A reference that leads nowhere, so that nothing is made of it.
    fn hole(&mut self) {
        self.unknown.push(self.path.clone());
        self.out.push_str(r#"{"$ref":"unknown:value"}"#);
    }
}

/// Where a JSON pointer leads in a text.
pub(super) fn place(text: &str, pointer: &str) -> Range<usize> {
    places(text, &[pointer]).pop().unwrap_or_default()
}

/// Where JSON pointers lead in a text, each as far as it leads anywhere.
pub(super) fn places(text: &str, pointers: &[&str]) -> Vec<Range<usize>> {
    let (root, _) = tidegate_read::parse(FileId(0), text);
    let led = |pointer: &&str| {
        let mut value = root.as_ref()?;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let next = match value.as_list() {
                Some(items) => token.parse::<usize>().ok().and_then(|at| items.get(at)),
                None => value.get(&token),
            };
            let Some(next) = next else { break };
            value = next;
        }
        Some(value.span.start as usize..value.span.end as usize)
    };
    pointers.iter().map(|pointer| led(pointer).unwrap_or_default()).collect()
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
        assert_eq!(text.get(place(text, "/properties/n/maximum")), Some("10"));
        assert!(super::json("json", "{").unwrap_err().starts_with("line 1: "));
    }
}
