//! Requests that a proxy and its upstream could read differently: none is handed on.

use super::{Echo, config, message, page, send, send_all_it_takes, start, until};
use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tidegate_gate::http::{Config, serve};

const INNER: &str = "GET /inner HTTP/1.1\r\nHost: a\r\n\r\n";

/// All that the gate answers until it closes.
fn talk(to: SocketAddr, requests: &str) -> String {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(requests.as_bytes()).unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    all
}

#[test]
fn a_request_has_one_reading() {
    let echo = Echo::start();
    // Every answer here is the gate's own decision, not that it lost patience.
    let patient = config(echo.address);
    let (head_time, idle_time) = (Duration::from_secs(60), Duration::from_secs(60));
    let bounds = tidegate_gate::http::Bounds { head_time, idle_time, ..patient.bounds };
    let gate = serve(Config { bounds, ..patient }, |_| {}).unwrap();
    let post = "POST / HTTP/1.1\r\nHost: a\r\n";
    let length = INNER.len();
    let cases = [
        ("two lengths", format!("{post}Content-Length: 0\r\nContent-Length: {length}\r\n\r\n")),
        ("two equal lengths", format!("{post}Content-Length: 0\r\nContent-Length: 0\r\n\r\n")),
        ("a list of lengths", format!("{post}Content-Length: 0, {length}\r\n\r\n")),
        ("a signed length", format!("{post}Content-Length: +{length}\r\n\r\n")),
        ("a length of letters", format!("{post}Content-Length: 0x10\r\n\r\n")),
        ("a negative length", format!("{post}Content-Length: -1\r\n\r\n")),
        ("a length beyond 64 bits", format!("{post}Content-Length: 18446744073709551616\r\n\r\n")),
        (
            "a length and chunks",
            format!("{post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ),
        (
            "chunks and a length",
            format!("{post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        ),
        ("an unknown coding", format!("{post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")),
        ("two codings", format!("{post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")),
        ("chunked, but not last", format!("{post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")),
        ("chunked twice", format!("{post}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n")),
        ("a coding behind a control character", format!("{post}Transfer-Encoding: \x0bchunked\r\n\r\n")),
        (
            "chunks of HTTP/1.0",
            "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".into(),
        ),
        ("a folded coding", format!("{post}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n")),
        ("a folded header", format!("{post}X: 1\r\n\tb\r\n\r\n")),
        ("a blank before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n".into()),
        ("a blank before the colon", format!("{post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n")),
        ("bare line feeds", "GET / HTTP/1.1\nHost: a\n\n".into()),
        ("a bare line feed", format!("{post}X: 1\nContent-Length: {length}\r\n\r\n")),
        ("a bare carriage return", format!("{post}X: 1\rContent-Length: {length}\r\n\r\n")),
        ("a zero byte", format!("{post}X: a\0b\r\n\r\n")),
        ("no host", "GET / HTTP/1.1\r\n\r\n".into()),
        ("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".into()),
        ("a user in the host", "GET / HTTP/1.1\r\nHost: b@a\r\n\r\n".into()),
        ("a path in the host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".into()),
        ("a blank in the host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n".into()),
        ("a control character in the host", "GET / HTTP/1.1\r\nHost: a\tb\r\n\r\n".into()),
        ("an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n".into()),
        ("the address of another host", "GET http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n".into()),
        ("an address of another's port", "GET http://a:8080/ HTTP/1.1\r\nHost: a\r\n\r\n".into()),
        ("a tunnel", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n".into()),
        ("a fragment", "GET /outer#inner HTTP/1.1\r\nHost: a\r\n\r\n".into()),
        ("a host that ends here", format!("{post}Connection: host\r\n\r\n")),
        (
            "a token that ends here",
            format!("{post}Connection: close, Authorization\r\nAuthorization: a\r\n\r\n"),
        ),
        (
            "a type that ends here",
            format!("{post}Connection: content-type\r\nContent-Type: text/plain\r\n\r\n"),
        ),
        ("a connection that names nothing", format!("{post}Connection: a b\r\n\r\n")),
        ("a coding with an underscore", format!("{post}Transfer_Encoding: chunked\r\n\r\n")),
        ("a client that says whom it is for", format!("{post}X_Forwarded_For: 127.0.0.1\r\n\r\n")),
        ("two names that upstreams may read as one", format!("{post}X-Role: user\r\nX_Role: admin\r\n\r\n")),
        ("a blank in the address", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n".into()),
    ];
    for (what, request) in &cases {
        let answer = talk(gate.address, &format!("{request}{INNER}"));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{what}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{what}: {answer}");
        // Byte by byte as well.
        let bytes: Vec<&[u8]> = request.as_bytes().chunks(1).collect();
        let mut stream = TcpStream::connect(gate.address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // It may close before it has all of it.
        let _ = bytes.iter().try_for_each(|byte| stream.write_all(byte));
        let answer = message(&mut BufReader::new(stream)).unwrap_or_default();
        assert!(answer.starts_with("HTTP/1.1 400 ") || answer.is_empty(), "{what}: {answer}");
    }
    assert_eq!(echo.seen(), 0, "{:?}", echo.seen.lock().unwrap());
    let counted = format!("tidegate_refused_total{{why=\"broken\"}} {}\n", 2 * cases.len());
    until("all are counted", || page(gate.admin.unwrap(), "GET /metrics").contains(&counted));
    gate.stop();
}

#[test]
fn chunks_have_one_reading() {
    let head = "POST /outer HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (what, body) in [
        ("a prefix", "0x5\r\nabcde\r\n0\r\n\r\n".to_string()),
        ("a sign", "-1\r\na\r\n0\r\n\r\n".to_string()),
        ("beyond 64 bits", "10000000000000001\r\na\r\n0\r\n\r\n".to_string()),
        ("longer than it says", "1\r\nab\r\n0\r\n\r\n".to_string()),
        ("without its line end", "1\r\na0\r\n\r\n".to_string()),
        ("a bare line feed", "1\na\r\n0\r\n\r\n".to_string()),
        ("a bare line feed behind an extension", "1;a\na\r\n0\r\n\r\n".to_string()),
        ("a bare line feed in the trailers", "1\r\na\r\n0\r\nA: b\nC: d\r\n\r\n".to_string()),
        ("endless extensions", format!("1;{}\r\na\r\n0\r\n\r\n", "a".repeat(40_000))),
    ] {
        let echo = Echo::start();
        let gate = start(echo.address);
        let request = format!("{head}{body}{INNER}");
        let answer = send_all_it_takes(gate.address, request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400") || answer.is_empty(), "{what}: {answer}");
        assert_eq!(echo.seen(), 0, "{what}: {:?}", echo.seen.lock().unwrap());
        gate.stop();
    }
}

#[test]
fn what_came_before_is_answered_first() {
    let echo = Echo::start();
    let gate = start(echo.address);
    let good = "POST /good HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
    let bad = "GET /bad HTTP/1.1\r\nHost: a\r\nX: 1\nY: 2\r\n\r\n";
    let answer = talk(gate.address, &format!("{good}{good}{bad}{INNER}"));
    let statuses: Vec<&str> = answer.split("HTTP/1.1 ").skip(1).filter_map(|a| a.get(..3)).collect();
    // The upstream tells what it got, first line included.
    assert_eq!(statuses.iter().filter(|s| **s == "200").count(), 2, "{answer}");
    assert_eq!(statuses.last(), Some(&"400"), "{answer}");
    assert_eq!(echo.seen(), 2);
    assert!(echo.seen.lock().unwrap().iter().all(|request| request.starts_with("POST /good ")));
    gate.stop();
}

/// What has one reading though it is written strangely comes out as that.
#[test]
fn strange_requests_come_out_plain() {
    let chunked = "POST /outer HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n";
    let plain: [(&str, String, &[&str], &[&str]); 5] = [
        (
            "an absolute address",
            "GET http://A.example:80/outer HTTP/1.1\r\nHost: a.example\r\n\r\n".into(),
            &["GET /outer HTTP/1.1\r\n"],
            &["http://"],
        ),
        (
            "extensions of a chunk",
            format!("{chunked}\r\n2;a=b;c=\"d\"\r\n{{}}\r\n0;e\r\n\r\n"),
            &["content-length: 2\r\n", "\r\n\r\n{}"],
            &["chunked", "a=b"],
        ),
        (
            "trailers",
            format!("{chunked}Trailer: host\r\n\r\n2\r\n{{}}\r\n0\r\nHost: b\r\nContent-Length: 9\r\n\r\n"),
            &["content-length: 2\r\n", "host: a\r\n"],
            &["host: b", "content-length: 9", "trailer"],
        ),
        (
            "what it would upgrade to",
            "GET /outer HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n".into(),
            &["GET /outer HTTP/1.1\r\n"],
            &["upgrade", "h2c", "http2-settings"],
        ),
        (
            // It is gone before anybody decides.
            "what the client lets end here",
            "GET /outer HTTP/1.1\r\nHost: a\r\nConnection: X-Note\r\nX-Note: 1' UNION SELECT password FROM users--\r\n\r\n".into(),
            &["GET /outer HTTP/1.1\r\n"],
            &["x-note", "connection"],
        ),
    ];
    for (what, request, holds, lacks) in plain {
        let echo = Echo::start();
        let gate = start(echo.address);
        let answer = send(gate.address, request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 200"), "{what}: {answer}");
        let seen = echo.seen.lock().unwrap().join("");
        assert!(holds.iter().all(|text| seen.contains(text)), "{what}: {seen}");
        assert!(lacks.iter().all(|text| !seen.contains(text)), "{what}: {seen}");
        gate.stop();
    }
}
