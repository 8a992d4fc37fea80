//! The collector's side: an address, and one request at a time.

use crate::http::Wire;
use std::io::{self, ErrorKind};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Nobody waits for it, but at the end there are two seconds for everything.
const PATIENCE: Duration = Duration::from_millis(700);
/// The longest answer.
const MOST: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Collector {
    authority: String,
    path: String,
    headers: String,
}

impl Collector {
    /// An endpoint such as `http://127.0.0.1:4318`, and headers such as `name=value,other=value`.
    pub(super) fn new(endpoint: &str, headers: &str) -> Result<Self, String> {
        let Some(rest) = endpoint.strip_prefix("http://") else {
            return Err(format!(
                "`{endpoint}` is no http:// address; a collector beside the function speaks TLS to others"
            ));
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let sound = |text: &str| !text.chars().any(|c| c.is_control() || c.is_whitespace());
        if authority.is_empty() || !sound(rest) {
            return Err(format!("`{endpoint}` is no http:// address"));
        }
        let authority =
            if authority.contains(':') { authority.to_string() } else { format!("{authority}:80") };
        let path = path.trim_end_matches('/');
        let path = if path.is_empty() { String::new() } else { format!("/{path}") };
        let mut lines = String::new();
        for (name, value) in headers.split(',').filter_map(|one| one.split_once('=')) {
            if sound(name.trim()) && !value.chars().any(char::is_control) {
                lines.push_str(&format!("{}: {}\r\n", name.trim(), value.trim()));
            }
        }
        Ok(Self { authority, path, headers: lines })
    }

    /// Sends JSON to `/v1/<signal>`. What the collector will never take counts as sent.
    pub(super) fn send(&self, signal: &str, json: &str) -> io::Result<()> {
        let address = self.authority.to_socket_addrs()?.next().ok_or(ErrorKind::AddrNotAvailable)?;
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut wire = Wire::new(stream)?;
        let head = format!(
            "POST {}/v1/{signal} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{}\
             Connection: close\r\nContent-Length: {}\r\n\r\n",
            self.path,
            self.authority,
            self.headers,
            json.len()
        );
        wire.write(&[head.as_bytes(), json.as_bytes()].concat())?;
        let answer = wire.head()?.ok_or(ErrorKind::UnexpectedEof)?;
        let _ = wire.body(answer.answer_length()?, MOST);
        match answer.status() {
            200..=299 | 400 | 413 => Ok(()),
            status => Err(io::Error::other(format!("the collector answers {status}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        let read = |endpoint: &str| Collector::new(endpoint, "").map(|c| (c.authority, c.path));
        assert_eq!(read("http://127.0.0.1:4318"), Ok(("127.0.0.1:4318".into(), String::new())));
        assert_eq!(read("http://localhost/otel/"), Ok(("localhost:80".into(), "/otel".into())));
        assert!(read("https://localhost:4318").is_err() && read("http://").is_err());
        assert!(read("http://a\r\nb").is_err());
        let headers = Collector::new("http://a", "x-key=1, y = 2,z=\r\nq: r").unwrap().headers;
        assert_eq!(headers, "x-key: 1\r\ny: 2\r\n");
    }
}
