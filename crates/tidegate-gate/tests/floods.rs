//! Clients that speak HTTP/2 to do harm, frame by frame: the gate closes their connections, and its memory stays bounded.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tidegate_gate::http::{Access, Bounds, Config, Gate, serve};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Memory belongs to the process: one flood at a time.
static ALONE: Mutex<()> = Mutex::new(());

struct Flood {
    gate: Gate,
    asked: Arc<AtomicUsize>,
    before: u64,
    _alone: MutexGuard<'static, ()>,
}

impl Flood {
    fn start(bounds: Bounds) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let (upstream, asked) = upstream();
        let config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            admin: None,
            upstream: format!("http://{upstream}").parse().unwrap(),
            upstream_ca: None,
            host: None,
            load: Box::new(|| Ok(None)),
            routes: Vec::new(),
            tls: None,
            client_ca: None,
            limits: None,
            access: Access::Off,
            quarantine: None,
            workers: 1,
            bounds: Bounds { drain: Duration::from_secs(1), ..bounds },
        };
        let gate = serve(config, |_| {}).unwrap();
        Self { gate, asked, before: memory(), _alone: alone }
    }

    fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.gate.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut client = Client { stream };
        client.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        client.write(&frame(SETTINGS, 0, 0, b"")).unwrap();
        client
    }

    /// The gate serves others, and holds no more than so many MiB for all that was sent.
    fn end(self, mib: u64) {
        let mut other = TcpStream::connect(self.gate.address).unwrap();
        other.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        other.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let grown = memory().saturating_sub(self.before) >> 10;
        assert!(grown <= mib, "{grown} MiB");
        self.gate.stop();
    }
}

struct Client {
    stream: TcpStream,
}

impl Client {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Sends until the gate has had enough; how many were sent. What it answers is read, or left lying.
    fn flood(&mut self, most: usize, reads: bool, mut next: impl FnMut(usize) -> Vec<u8>) -> usize {
        if reads {
            let mut answers = self.stream.try_clone().unwrap();
            std::thread::spawn(move || std::io::copy(&mut answers, &mut std::io::sink()));
        }
        (0..most).find(|n| self.write(&next(*n)).is_err()).unwrap_or(most)
    }

    /// Types and payloads of all frames until the gate closes.
    fn rest(&mut self) -> Vec<(u8, Vec<u8>)> {
        let mut out = Vec::new();
        let mut head = [0; 9];
        while self.stream.read_exact(&mut head).is_ok() {
            let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
            if self.stream.read_exact(&mut payload).is_err() {
                break;
            }
            out.push((head[3], payload));
        }
        out
    }

    fn is_closed(&mut self) -> bool {
        let began = Instant::now();
        self.rest();
        began.elapsed() < Duration::from_secs(15)
    }
}

fn frame(ty: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut out = vec![a, b, c, ty, flags];
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
    out
}

/// The head of a request in HPACK.
fn head(method: &str) -> Vec<u8> {
    let method = if method == "POST" { 0x83 } else { 0x82 };
    let mut out = vec![method, 0x86, 0x84, 0x41, 1];
    out.push(b'a');
    out
}

/// A header of its own, without an index.
fn field(name: &str, value: &str) -> Vec<u8> {
    let mut out = vec![0];
    for text in [name, value] {
        out.push(u8::try_from(text.len()).unwrap());
        out.extend_from_slice(text.as_bytes());
    }
    out
}

/// Streams of a client have odd numbers.
fn stream(n: usize) -> u32 {
    2 * u32::try_from(n).unwrap() + 1
}

/// Resident memory of this process, in KiB.
fn memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Says `ok` to requests without a body; how many came.
fn upstream() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let counted = Arc::clone(&counted);
            std::thread::spawn(move || {
                let mut write = stream.try_clone().unwrap();
                let lines = BufReader::new(stream).lines().map_while(Result::ok);
                for _ in lines.filter(String::is_empty) {
                    counted.fetch_add(1, Relaxed);
                    let _ = write.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                }
            });
        }
    });
    (address, asked)
}

#[test]
fn requests_that_are_taken_back_at_once() {
    let flood = Flood::start(Bounds::default());
    let mut client = flood.connect();
    let sent = client.flood(200_000, true, |n| {
        let mut out = frame(HEADERS, END_HEADERS | END_STREAM, stream(n), &head("GET"));
        out.extend(frame(RESET, 0, stream(n), &8_u32.to_be_bytes()));
        out
    });
    assert!(sent < 100_000, "{sent} requests were taken");
    assert!(flood.asked.load(Relaxed) < 2_000, "{} reached the upstream", flood.asked.load(Relaxed));
    flood.end(16);
}

#[test]
fn requests_that_are_taken_back_when_they_have_been_handed_on() {
    let flood = Flood::start(Bounds::default());
    let mut client = flood.connect();
    let asked = Arc::clone(&flood.asked);
    let sent = client.flood(5_000, true, |n| {
        let began = Instant::now();
        // The one before is at the upstream, or the connection is closed.
        while n > 0 && asked.load(Relaxed) < n && began.elapsed() < Duration::from_secs(1) {
            std::thread::yield_now();
        }
        let mut out = if n > 0 { frame(RESET, 0, stream(n - 1), &8_u32.to_be_bytes()) } else { Vec::new() };
        out.extend(frame(HEADERS, END_HEADERS | END_STREAM, stream(n), &head("GET")));
        out
    });
    assert!((400..4_000).contains(&sent), "{sent} were taken");
    flood.end(16);
}

#[test]
fn heads_that_never_end() {
    let flood = Flood::start(Bounds::default());
    let mut client = flood.connect();
    client.write(&frame(HEADERS, END_STREAM, 1, &head("GET"))).unwrap();
    let part: Vec<u8> = (0..60).flat_map(|n| field(&format!("x-{n}"), &"a".repeat(100))).collect();
    let sent = client.flood(100_000, true, |_| frame(CONTINUATION, 0, 1, &part));
    assert!(sent < 10_000, "{sent} parts were taken");
    flood.end(16);
    // The same with parts that hold nothing.
    let flood = Flood::start(Bounds::default());
    let mut client = flood.connect();
    client.write(&frame(HEADERS, END_STREAM, 1, &head("GET"))).unwrap();
    let sent = client.flood(2_000_000, true, |_| frame(CONTINUATION, 0, 1, b""));
    assert!(sent < 1_000_000, "{sent} parts were taken");
    flood.end(16);
}

#[test]
fn heads_that_are_too_long() {
    let flood = Flood::start(Bounds::default());
    let mut client = flood.connect();
    // Each of them once in the table, and then a thousand times by a byte.
    let mut long = head("GET");
    long.extend([0x40, 1, b'x', 127, 0x80 | 37, 25]);
    long.extend(vec![b'a'; 127 + 37 + (25 << 7)]);
    long.extend(vec![0xbe; 1_000]);
    client.write(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &long)).unwrap();
    // The connection ends with `ENHANCE_YOUR_CALM`.
    let calm = client.rest().into_iter().any(|(ty, payload)| ty == GOAWAY && payload[4..8] == [0, 0, 0, 11]);
    assert!(calm && flood.asked.load(Relaxed) == 0);
    flood.end(16);
}

#[test]
fn frames_that_carry_nothing() {
    let cases: [(&str, Vec<u8>); 5] = [
        ("pings", frame(PING, 0, 0, &[7; 8])),
        ("settings", frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100])),
        ("settings of nothing", frame(SETTINGS, 0, 0, b"")),
        ("priorities", frame(PRIORITY, 0, 9, &[0, 0, 0, 1, 5])),
        ("a type that nobody knows", frame(0xbe, 0, 0, b"x")),
    ];
    for (what, bytes) in cases {
        for reads in [true, false] {
            let flood = Flood::start(Bounds::default());
            let sent = flood.connect().flood(2_000_000, reads, |_| bytes.clone());
            assert!(sent < 1_000_000, "{what}: {sent} were taken");
            flood.end(16);
        }
    }
}

#[test]
fn data_of_no_length() {
    let flood = Flood::start(Bounds::default());
    let mut client = flood.connect();
    client.write(&frame(HEADERS, END_HEADERS, 1, &head("POST"))).unwrap();
    let sent = client.flood(2_000_000, true, |_| frame(DATA, 0, 1, b""));
    assert!(sent < 1_000_000, "{sent} were taken");
    assert_eq!(flood.asked.load(Relaxed), 0);
    flood.end(16);
}

#[test]
fn streams_that_never_end() {
    let bounds = Bounds { bodies: 8 << 20, body_time: Duration::from_secs(2), ..Bounds::default() };
    let flood = Flood::start(bounds);
    let mut client = flood.connect();
    let mut answers = Client { stream: client.stream.try_clone().unwrap() };
    let reader = std::thread::spawn(move || answers.rest());
    for n in 0..1_000 {
        if client.write(&frame(HEADERS, END_HEADERS, stream(n), &head("POST"))).is_err() {
            break;
        }
    }
    // As much as the windows let in: 16 KiB at a time to each of the streams that may be open.
    let part = vec![b'7'; 16 << 10];
    for n in 0..64 {
        if client.write(&frame(DATA, 0, stream(n % 128), &part)).is_err() {
            break;
        }
    }
    client.write(&frame(GOAWAY, 0, 0, &[0; 8])).unwrap_or_default();
    let answers = reader.join().unwrap();
    let resets = answers.iter().filter(|(ty, _)| *ty == RESET).count();
    assert!(resets >= 1_000 - 128 || answers.iter().any(|(ty, _)| *ty == GOAWAY), "{resets}");
    assert_eq!(flood.asked.load(Relaxed), 0);
    flood.end(32);
}

#[test]
fn long_bodies_of_many_clients_find_no_room() {
    let bounds = Bounds { bodies: 4 << 20, body_time: Duration::from_secs(20), ..Bounds::default() };
    let flood = Flood::start(bounds);
    let address = flood.gate.address;
    let part = vec![b' '; 1 << 20];
    // Each sends a megabyte of two, and waits.
    let mut waiting: Vec<TcpStream> = (0..12)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
            stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2097152\r\n\r\n").unwrap();
            let _ = stream.write_all(&part);
            stream
        })
        .collect();
    let began = Instant::now();
    while waiting.len() > 4 && began.elapsed() < Duration::from_secs(15) {
        waiting.retain_mut(|stream| {
            let mut answer = [0; 12];
            let refused = stream.read_exact(&mut answer).is_ok();
            assert!(!refused || &answer == b"HTTP/1.1 503");
            !refused
        });
    }
    assert!((2..=4).contains(&waiting.len()), "{} of 12 found room", waiting.len());
    drop(waiting);
    flood.end(16);
}

#[test]
fn a_connection_that_behaves_is_served() {
    let flood = Flood::start(Bounds::default());
    let mut client = flood.connect();
    for n in 0..300 {
        client.write(&frame(HEADERS, END_HEADERS | END_STREAM, stream(n), &head("GET"))).unwrap();
        client.write(&frame(PING, 0, 0, &[1; 8])).unwrap();
        // One answer each, before the next is asked for.
        loop {
            let mut head = [0; 9];
            client.stream.read_exact(&mut head).unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            client.stream.read_exact(&mut vec![0; length]).unwrap();
            if head[3] == DATA && head[4] & END_STREAM != 0 {
                break;
            }
        }
    }
    assert_eq!(flood.asked.load(Relaxed), 300);
    client.write(&frame(GOAWAY, 0, 0, &[0; 8])).unwrap();
    assert!(client.is_closed());
    flood.end(16);
}
