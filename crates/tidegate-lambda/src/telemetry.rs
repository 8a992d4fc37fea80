//! The Telemetry API: Lambda tells what each invocation is billed.

pub(crate) mod reports;

use crate::http::Wire;
use crate::log;
use crate::proxy::Proxy;
use serde_json::json;
use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The longest delivery; we ask for less.
const MOST: usize = 4 << 20;
/// The name of the environment itself, under which Lambda reaches us.
const SANDBOX: &str = "sandbox.localdomain";

/// Subscribes to what the platform reports, and takes it in from then on.
pub(crate) fn subscribe(proxy: &Arc<Proxy>, extension: &str) -> io::Result<()> {
    // Outside of Lambda nobody has that name.
    let listener = TcpListener::bind((SANDBOX, 0)).or_else(|_| TcpListener::bind(("127.0.0.1", 0)))?;
    let port = listener.local_addr()?.port();
    let body = json!({
        "schemaVersion": "2022-12-13", "types": ["platform"],
        // The least that Lambda takes: a bill should come soon.
        "buffering": {"maxItems": 1000, "maxBytes": 262_144, "timeoutMs": 25},
        "destination": {"protocol": "HTTP", "URI": format!("http://{SANDBOX}:{port}/")},
    })
    .to_string();
    let request = format!(
        "PUT /2022-07-01/telemetry HTTP/1.1\r\nHost: {}\r\nLambda-Extension-Identifier: {extension}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        proxy.upstream,
        body.len()
    );
    let mut wire = proxy.connect()?;
    wire.write(request.as_bytes())?;
    let head = wire.head()?.ok_or(ErrorKind::UnexpectedEof)?;
    if head.status() != 200 {
        return Err(io::Error::other(format!("the answer is `{}`", head.first)));
    }
    proxy.bills.expect_reports();
    let proxy = Arc::clone(proxy);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // One sender, one connection at a time; whoever else connects must not hold it up.
            let _ = client.set_read_timeout(Some(Duration::from_secs(5)));
            if let Err(error) = take(&proxy, client) {
                log::line(&format!("a telemetry delivery broke off: {error}"));
            }
        }
    });
    Ok(())
}

fn take(proxy: &Proxy, client: TcpStream) -> io::Result<()> {
    let mut wire = Wire::new(client)?;
    let timed_out = |error: &io::Error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
    loop {
        let head = match wire.head() {
            Ok(Some(head)) => head,
            Ok(None) => return Ok(()),
            Err(error) if timed_out(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        let body = wire.body(head.length()?, MOST)?;
        wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        for (id, ms) in reports::billed(&body) {
            proxy.billed(&id, ms);
        }
        if head.closes() {
            return Ok(());
        }
    }
}
