//! Messages on stdin and stdout: a header with the length, then JSON.
//!
//! Whatever the other side sends, reading goes on behind it: a broken message is answered, a huge one is passed over.

use serde_json::{Value, json};
use std::io::{self, BufRead, Read, Write};

/// The largest message that is read. An editor sends a whole file at once, and no file above 32 MB is read.
const MAX_BODY: u64 = 128 * 1024 * 1024;
/// The longest line of a header.
const MAX_HEADER: u64 = 4096;

pub(super) const PARSE_ERROR: i32 = -32700;
pub(super) const INVALID_REQUEST: i32 = -32600;
pub(super) const METHOD_NOT_FOUND: i32 = -32601;
pub(super) const INVALID_PARAMS: i32 = -32602;
pub(super) const NOT_INITIALIZED: i32 = -32002;
pub(super) const REQUEST_CANCELLED: i32 = -32800;
pub(super) const CONTENT_MODIFIED: i32 = -32801;

/// What came in.
#[derive(Debug, PartialEq)]
pub(super) enum Incoming {
    Request {
        id: Value,
        method: String,
        params: Value,
    },
    Notification {
        method: String,
        params: Value,
    },
    /// An answer to something that we asked.
    Response,
    /// Nothing that can be understood: what to answer to whom.
    Broken {
        id: Value,
        code: i32,
        message: String,
    },
}

/// The next message; `None` at the end of the stream.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let Some(length) = length(input)? else { return Ok(None) };
    let broken = |code, message: &str| Incoming::Broken { id: Value::Null, code, message: message.into() };
    let length = match length {
        Some(length) if length <= MAX_BODY => length,
        Some(length) => {
            io::copy(&mut input.take(length), &mut io::sink())?;
            return Ok(Some(broken(INVALID_REQUEST, "the message is too large")));
        }
        None => return Ok(Some(broken(PARSE_ERROR, "the header has no length"))),
    };
    // Grows with what really comes, not with what the header claims.
    let mut body = Vec::new();
    input.take(length).read_to_end(&mut body)?;
    if (body.len() as u64) < length {
        return Ok(None);
    }
    Ok(Some(match serde_json::from_slice(&body) {
        Ok(value) => understand(value),
        Err(_) => broken(PARSE_ERROR, "the message is no JSON"),
    }))
}

/// The length that a header gives, if it gives one; `None` at the end of the stream.
fn length(input: &mut impl BufRead) -> io::Result<Option<Option<u64>>> {
    let mut found = None;
    let mut any = false;
    loop {
        let mut line = Vec::new();
        if input.take(MAX_HEADER).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            // Blank lines before a header are no header.
            if any {
                return Ok(Some(found));
            }
            continue;
        }
        any = true;
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            found = value.trim().parse().ok();
        }
    }
}

fn understand(value: Value) -> Incoming {
    let Value::Object(mut map) = value else {
        let message = "a message is one object".to_string();
        return Incoming::Broken { id: Value::Null, code: INVALID_REQUEST, message };
    };
    let id = map.remove("id").filter(|id| id.is_string() || id.is_number());
    let params = map.remove("params").unwrap_or_default();
    match (map.remove("method"), id) {
        (Some(Value::String(method)), Some(id)) => Incoming::Request { id, method, params },
        (Some(Value::String(method)), None) => Incoming::Notification { method, params },
        (None, Some(_)) if map.contains_key("result") || map.contains_key("error") => Incoming::Response,
        (_, id) => Incoming::Broken {
            id: id.unwrap_or_default(),
            code: INVALID_REQUEST,
            message: "the message has no method".to_string(),
        },
    }
}

/// Where messages go.
pub(super) struct Writer<W: Write>(pub(super) W);

impl<W: Write> Writer<W> {
    pub(super) fn notify(&mut self, method: &str, params: &Value) -> io::Result<()> {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}))
    }

    pub(super) fn ask(&mut self, id: &str, method: &str, params: &Value) -> io::Result<()> {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
    }

    pub(super) fn answer(&mut self, id: &Value, result: &Value) -> io::Result<()> {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "result": result}))
    }

    pub(super) fn refuse(&mut self, id: &Value, code: i32, message: &str) -> io::Result<()> {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}))
    }

    fn send(&mut self, message: &Value) -> io::Result<()> {
        let body = message.to_string();
        write!(self.0, "Content-Length: {}\r\n\r\n{body}", body.len())?;
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut input: &[u8]) -> Vec<Incoming> {
        std::iter::from_fn(|| read(&mut input).unwrap()).collect()
    }

    fn framed(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn what_is_written_can_be_read() {
        let mut writer = Writer(Vec::new());
        writer.ask("a", "x/y", &json!({"ä": 1})).unwrap();
        writer.notify("z", &Value::Null).unwrap();
        writer.answer(&json!(1), &json!(null)).unwrap();
        let request = Incoming::Request { id: json!("a"), method: "x/y".into(), params: json!({"ä": 1}) };
        let notification = Incoming::Notification { method: "z".into(), params: Value::Null };
        assert_eq!(all(&writer.0), [request, notification, Incoming::Response]);
    }

    #[test]
    fn reading_goes_on_behind_what_is_broken() {
        let good = framed(r#"{"method": "a"}"#);
        for (bad, code) in [
            (framed("{"), PARSE_ERROR),
            (framed("\"\\ud800"), PARSE_ERROR),
            (framed("[]"), INVALID_REQUEST),
            (framed("{}"), INVALID_REQUEST),
            (framed(r#"{"id": 1, "method": 2}"#), INVALID_REQUEST),
            ("Content-Type: x\r\n\r\n".to_string(), PARSE_ERROR),
            ("Content-Length: -1\r\n\r\n".to_string(), PARSE_ERROR),
        ] {
            let read = all(format!("{bad}{good}").as_bytes());
            let [Incoming::Broken { code: found, .. }, Incoming::Notification { .. }] = &read[..] else {
                panic!("{bad}: {read:?}")
            };
            assert_eq!(*found, code, "{bad}");
        }
    }

    #[test]
    fn a_claimed_length_costs_nothing() {
        assert!(all(b"Content-Length: 99999999\r\n\r\n{}").is_empty());
        let huge = all(b"Content-Length: 18446744073709551615\r\n\r\n{}");
        assert!(matches!(huge[..], [Incoming::Broken { code: INVALID_REQUEST, .. }]), "{huge:?}");
    }

    #[test]
    fn deep_nesting_is_no_harm() {
        let deep = framed(&"[".repeat(1_000_000));
        assert!(matches!(all(deep.as_bytes())[..], [Incoming::Broken { code: PARSE_ERROR, .. }]));
    }
}
