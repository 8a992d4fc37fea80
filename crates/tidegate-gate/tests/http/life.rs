//! Connections that ask nothing: each leaves its place to others.

use super::{Echo, config, message, page, post, send, until};
use std::io::{BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};
use tidegate_gate::http::{Bounds, Config, Gate, serve};

const SHORT: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_secs(60);

fn start(upstream: SocketAddr, head_time: Duration, idle_time: Duration, connections: usize) -> Gate {
    let config = config(upstream);
    let bounds = Bounds { head_time, idle_time, connections, ..config.bounds };
    serve(Config { bounds, ..config }, |_| {}).unwrap()
}

fn connect(gate: &Gate) -> TcpStream {
    let stream = TcpStream::connect(gate.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// What comes until the gate closes, and how long that takes.
fn rest(mut stream: impl std::io::Read) -> (Vec<u8>, Duration) {
    let (began, mut all) = (Instant::now(), Vec::new());
    stream.read_to_end(&mut all).unwrap();
    (all, began.elapsed())
}

#[test]
fn who_says_nothing_is_cut_off_like_who_speaks_too_slowly() {
    let echo = Echo::start();
    let gate = start(echo.address, SHORT, LONG, 100);
    for begun in ["", "GET / HTTP/1.1\r\nHo", "\r\n", "PRI * HT"] {
        let mut stream = connect(&gate);
        stream.write_all(begun.as_bytes()).unwrap();
        let (_, took) = rest(stream);
        assert!(took >= SHORT / 2 && took < LONG / 2, "{begun:?}: {took:?}");
    }
    // The second head of a connection as well, but not the time before it.
    let mut stream = connect(&gate);
    stream.write_all(&post("{}")).unwrap();
    let mut read = BufReader::new(stream.try_clone().unwrap());
    assert!(message(&mut read).unwrap().starts_with("HTTP/1.1 200"));
    std::thread::sleep(2 * SHORT);
    stream.write_all(&post("{}")).unwrap();
    assert!(message(&mut read).unwrap().starts_with("HTTP/1.1 200"), "it was idle, which it may be");
    stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let (_, took) = rest(read);
    assert!(took >= SHORT / 2 && took < LONG / 2, "{took:?}");
    let metrics = page(gate.admin.unwrap(), "GET /metrics");
    assert!(metrics.contains("tidegate_refused_total{why=\"too-slow\"} 5\n"), "{metrics}");
    gate.stop();
}

#[test]
fn idle_connections_are_closed_and_others_take_their_places() {
    let echo = Echo::start();
    let gate = start(echo.address, LONG, SHORT, 3);
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(&gate);
        stream.write_all(&post("{}")).unwrap();
        let mut read = BufReader::new(stream);
        assert!(message(&mut read).unwrap().starts_with("HTTP/1.1 200"));
        held.push(read);
    }
    for read in held {
        let (said, took) = rest(read);
        assert!(said.is_empty() && took < LONG / 2, "{took:?}");
    }
    until("there is a place", || send(gate.address, &post("{}")).starts_with("HTTP/1.1 200"));
    until("all places are free", || {
        page(gate.admin.unwrap(), "GET /metrics").contains("tidegate_connections 0\n")
    });
    gate.stop();
}

#[test]
fn silent_connections_do_not_use_up_all_places() {
    let echo = Echo::start();
    let gate = start(echo.address, SHORT, LONG, 8);
    let silent: Vec<TcpStream> = (0..8).map(|_| connect(&gate)).collect();
    until("all places are taken", || {
        page(gate.admin.unwrap(), "GET /metrics").contains("tidegate_connections 8\n")
    });
    until("there is a place", || {
        send_if_open(&gate).is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
    });
    drop(silent);
    gate.stop();
}

/// One request, where the gate may close before it has it.
fn send_if_open(gate: &Gate) -> Option<String> {
    let mut stream = TcpStream::connect(gate.address).ok()?;
    stream.write_all(&post("{}")).ok()?;
    message(&mut BufReader::new(stream))
}

#[test]
fn a_request_under_way_is_not_idle() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gate = start(listener.local_addr().unwrap(), SHORT, SHORT, 10);
    let mut stream = connect(&gate);
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let (mut upstream, _) = listener.accept().unwrap();
    let mut read = BufReader::new(upstream.try_clone().unwrap());
    message(&mut read).unwrap();
    // Before the answer, and in the midst of it.
    std::thread::sleep(3 * SHORT);
    upstream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndo").unwrap();
    std::thread::sleep(3 * SHORT);
    upstream.write_all(b"ne").unwrap();
    let (said, took) = rest(stream);
    assert!(said.ends_with(b"done"), "{}", String::from_utf8_lossy(&said));
    assert!(took < LONG / 2, "and then it is idle");
    gate.stop();
}

#[test]
fn idle_clients_of_http2_are_told_goodbye() {
    let echo = Echo::start();
    let gate = start(echo.address, LONG, SHORT, 10);
    let mut stream = connect(&gate);
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut goodbye = false;
    let mut head = [0; 9];
    while stream.read_exact(&mut head).is_ok() {
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        stream.read_exact(&mut payload).unwrap();
        goodbye |= head[3] == 7;
        // It asks whether all of it was seen.
        if head[3] == 6 && head[4] == 0 {
            stream.write_all(&[&[0, 0, 8, 6, 1, 0, 0, 0, 0], &*payload].concat()).unwrap();
        }
    }
    assert!(goodbye);
    until("its place is free", || {
        page(gate.admin.unwrap(), "GET /metrics").contains("tidegate_connections 0\n")
    });
    gate.stop();
}

/// Some clients send all they have, say so, and then wait.
#[test]
fn who_has_closed_its_side_is_answered() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gate = start(listener.local_addr().unwrap(), LONG, LONG, 10);
    let mut stream = connect(&gate);
    stream.write_all(&[post("{}"), post("[]")].concat()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let long = "a".repeat(8 << 20);
    let texts = [long.clone(), "done".to_string()];
    let answering = std::thread::spawn(move || {
        for body in texts {
            let (mut upstream, _) = listener.accept().unwrap();
            message(&mut BufReader::new(upstream.try_clone().unwrap())).unwrap();
            let head =
                format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            upstream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).unwrap();
        }
    });
    let (said, took) = rest(stream);
    assert!(said.len() > long.len() && said.ends_with(b"done"), "{}", said.len());
    assert!(took < LONG / 2, "and then the connection is over: {took:?}");
    answering.join().unwrap();
    until("its place is free", || {
        page(gate.admin.unwrap(), "GET /metrics").contains("tidegate_connections 0\n")
    });
    gate.stop();
}

#[test]
fn who_is_gone_does_not_keep_its_place() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = config(listener.local_addr().unwrap());
    let bounds = Bounds { idle_time: SHORT, upstream_time: SHORT, ..config.bounds };
    let gate = serve(Config { bounds, ..config }, |_| {}).unwrap();
    let mut stream = connect(&gate);
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let (mut upstream, _) = listener.accept().unwrap();
    message(&mut BufReader::new(upstream.try_clone().unwrap())).unwrap();
    // A stream of events in which nothing happens: nothing that is written shows that nobody is there.
    upstream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n").unwrap();
    let mut begun = [0; 12];
    stream.read_exact(&mut begun).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    until("its place is free", || {
        page(gate.admin.unwrap(), "GET /metrics").contains("tidegate_connections 0\n")
    });
    gate.stop();
}
