//! The Extensions API: Lambda starts the runtime after every extension has registered.

use crate::http::{Head, Wire};
use crate::proxy::Proxy;
use serde_json::Value;
use std::io::{self, ErrorKind};

/// The longest answer of that API.
const MOST: usize = 1 << 20;

/// Registers under a name, and returns the identifier.
pub(crate) fn register(proxy: &Proxy, name: &str) -> io::Result<String> {
    let body = "{\"events\":[\"SHUTDOWN\"]}";
    let request = format!(
        "POST /2020-01-01/extension/register HTTP/1.1\r\nHost: {}\r\nLambda-Extension-Name: {name}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        proxy.upstream,
        body.len()
    );
    let (head, _) = ask(&mut proxy.connect()?, &request)?;
    let id = head.get("lambda-extension-identifier").filter(|_| head.status() == 200);
    id.map(ToString::to_string).ok_or_else(|| io::Error::other(format!("the answer is `{}`", head.first)))
}

/// Waits until the environment is shut down.
pub(crate) fn wait(proxy: &Proxy, id: &str) -> io::Result<()> {
    loop {
        let request = format!(
            "GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: {}\r\nLambda-Extension-Identifier: {id}\r\n\r\n",
            proxy.upstream
        );
        let (head, body) = ask(&mut proxy.connect()?, &request)?;
        if head.status() != 200 {
            return Err(ErrorKind::ConnectionRefused.into());
        }
        let event: Value = serde_json::from_slice(&body).unwrap_or_default();
        if event.get("eventType").and_then(Value::as_str) == Some("SHUTDOWN") {
            return Ok(());
        }
    }
}

fn ask(wire: &mut Wire, request: &str) -> io::Result<(Head, Vec<u8>)> {
    wire.write(request.as_bytes())?;
    let head = wire.head()?.ok_or(ErrorKind::UnexpectedEof)?;
    let body = wire.body(head.answer_length()?, MOST)?;
    Ok((head, body))
}
