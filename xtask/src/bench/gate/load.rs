//! Clients that send as fast as they are answered, and an upstream that does nothing.

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// After how many requests a client of the mixed load connects anew.
const CONNECTION: u64 = 500;
/// The longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What clients send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// Requests without a body.
    Get,
    /// An event of 1.2 KB each.
    Post,
    /// Both, long bodies, attacks, and new connections.
    Mixed,
}

impl Load {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST of 1.2 KB",
            Self::Mixed => "mixed, with attacks and 256 KB",
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) answers: u64,
    /// Answers of another status than the request deserves, and those that didn't come.
    pub(super) wrong: u64,
    time: Duration,
}

impl Counts {
    pub(super) fn each_second(&self) -> f64 {
        self.answers as f64 / self.time.as_secs_f64().max(f64::EPSILON)
    }
}

#[derive(Default)]
struct Shared {
    answers: AtomicU64,
    wrong: AtomicU64,
    over: AtomicBool,
}

/// Sends over that many connections for that long, or until `watch`, which is told again and again how many were answered so
/// far, has had enough.
pub(super) fn run(
    to: SocketAddr,
    load: Load,
    connections: usize,
    time: Duration,
    mut watch: impl FnMut(u64) -> Result<bool>,
) -> Result<Counts> {
    let (shared, requests) = (Arc::new(Shared::default()), Arc::new(Requests::new()));
    let began = Instant::now();
    let clients: Vec<_> = (0..connections as u64)
        .map(|number| {
            let (shared, requests) = (Arc::clone(&shared), Arc::clone(&requests));
            std::thread::spawn(move || client(to, load, number, &requests, &shared))
        })
        .collect();
    let mut watched = Ok(true);
    while matches!(watched, Ok(true)) && began.elapsed() < time {
        std::thread::sleep(Duration::from_millis(100));
        watched = watch(shared.answers.load(Relaxed));
    }
    shared.over.store(true, Relaxed);
    for client in clients {
        if client.join().is_err() {
            bail!("a client failed");
        }
    }
    watched?;
    let (answers, wrong) = (shared.answers.load(Relaxed), shared.wrong.load(Relaxed));
    Ok(Counts { answers, wrong, time: began.elapsed() })
}

fn client(to: SocketAddr, load: Load, number: u64, requests: &Requests, shared: &Shared) {
    let mut sent = number * 37;
    while !shared.over.load(Relaxed) {
        let Ok(mut connection) = Connection::open(to) else {
            shared.wrong.fetch_add(1, Relaxed);
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        loop {
            let (bytes, expected) = requests.of(load, sent);
            sent += 1;
            match connection.ask(bytes) {
                Ok(status) => {
                    shared.answers.fetch_add(1, Relaxed);
                    shared.wrong.fetch_add(u64::from(status != expected), Relaxed);
                }
                Err(_) => {
                    shared.wrong.fetch_add(1, Relaxed);
                    break;
                }
            }
            if shared.over.load(Relaxed) || load == Load::Mixed && sent.is_multiple_of(CONNECTION) {
                break;
            }
        }
    }
}

/// What is sent, made once.
struct Requests {
    get: Vec<u8>,
    post: Vec<u8>,
    long: Vec<u8>,
    attack: Vec<u8>,
}

impl Requests {
    fn new() -> Self {
        let line =
            |n: u32| json!({"sku": format!("A-{n}"), "qty": n, "name": "screw 5 x 40", "note": "don't ring"});
        let order = |lines: u32| json!({"orderId": 7, "lines": (0..lines).map(line).collect::<Vec<_>>()});
        Self {
            get: request("GET /orders?page=2 HTTP/1.1", ""),
            post: request("POST /orders HTTP/1.1", &order(19).to_string()),
            long: request("POST /orders HTTP/1.1", &order(4_000).to_string()),
            attack: request(
                "POST /orders HTTP/1.1",
                r#"{"q": "1' UNION SELECT username,password FROM users-- -"}"#,
            ),
        }
    }

    /// A request, and the status that it deserves.
    fn of(&self, load: Load, number: u64) -> (&[u8], u16) {
        match (load, number % 64) {
            (Load::Get, _) | (Load::Mixed, 32..) => (&self.get, 200),
            (Load::Mixed, 0) => (&self.long, 200),
            (Load::Mixed, 1..=4) => (&self.attack, 403),
            (Load::Post | Load::Mixed, _) => (&self.post, 200),
        }
    }
}

fn request(line: &str, body: &str) -> Vec<u8> {
    let framing = if body.is_empty() {
        String::new()
    } else {
        format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
    };
    let head = "Host: shop.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\n";
    format!("{line}\r\n{head}{framing}\r\n{body}").into_bytes()
}

struct Connection {
    write: TcpStream,
    read: BufReader<TcpStream>,
    line: String,
}

impl Connection {
    fn open(to: SocketAddr) -> Result<Self> {
        let write = TcpStream::connect(to)?;
        write.set_nodelay(true)?;
        write.set_read_timeout(Some(PATIENCE))?;
        let read = BufReader::new(write.try_clone()?);
        Ok(Self { write, read, line: String::new() })
    }

    fn ask(&mut self, request: &[u8]) -> Result<u16> {
        self.write.write_all(request)?;
        let (first, length) = head(&mut self.read, &mut self.line)?.context("closed")?;
        pass_over(&mut self.read, length)?;
        first.split(' ').nth(1).and_then(|s| s.parse().ok()).context("no status")
    }
}

/// The first line of a message and the length of its body; `None` at the end.
fn head(read: &mut impl BufRead, line: &mut String) -> Result<Option<(String, usize)>> {
    let (mut first, mut length) = (String::new(), 0);
    loop {
        line.clear();
        if read.read_line(line)? == 0 {
            return Ok(None);
        }
        let text = line.trim_end();
        if text.is_empty() {
            return Ok(Some((first, length)));
        }
        if first.is_empty() {
            first = text.to_string();
        } else if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
}

fn pass_over(read: &mut impl BufRead, mut length: usize) -> Result<()> {
    while length > 0 {
        let here = read.fill_buf()?.len().min(length);
        if here == 0 {
            bail!("the body ends early");
        }
        read.consume(here);
        length -= here;
    }
    Ok(())
}

/// Reads requests and says `ok`, for as long as this program runs.
pub(super) fn upstream() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    Ok(address)
}

fn serve(mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut read = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while let Some((_, length)) = head(&mut read, &mut line)? {
        pass_over(&mut read, length)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_answered_and_wrong_answers_are_counted() {
        let upstream = upstream().unwrap();
        let enough = |answers| Ok(answers < 200);
        let clean = run(upstream, Load::Post, 2, PATIENCE, enough).unwrap();
        assert!(clean.answers >= 200 && clean.wrong == 0, "{clean:?}");
        // This upstream lets attacks pass, which a gate wouldn't.
        let mixed = run(upstream, Load::Mixed, 2, PATIENCE, enough).unwrap();
        assert!(mixed.wrong > 0 && mixed.wrong < mixed.answers, "{mixed:?}");
    }

    #[test]
    fn an_event_is_as_long_as_it_says() {
        let requests = Requests::new();
        let body = |bytes: &[u8]| String::from_utf8_lossy(bytes).split("\r\n\r\n").nth(1).unwrap().len();
        assert!((1_100..1_400).contains(&body(&requests.post)), "{}", body(&requests.post));
        assert!((240 << 10..280 << 10).contains(&body(&requests.long)), "{}", body(&requests.long));
    }
}
