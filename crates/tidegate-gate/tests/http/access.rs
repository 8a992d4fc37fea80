//! The access log has a line for requests that nobody decided on, too.

use super::{Echo, config, post, send, send_all_it_takes, until};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use tidegate_gate::http::{Access, Config, serve};

#[test]
fn refused_requests_are_in_the_log() {
    let path = std::env::temp_dir().join(format!("tidegate-gate-access-{}.jsonl", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let echo = Echo::start();
    let gate = serve(Config { access: Access::File(path.clone()), ..config(echo.address) }, |_| {}).unwrap();
    let lines = || -> Vec<Value> {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    send(gate.address, &post("{}"));
    until("the first is there", || lines().len() == 1);
    let wide = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(200_000));
    let long = post(&"a".repeat(100_001));
    for (what, request, known, status, class) in [
        ("two readings", &b"GET /a HTTP/1.1\nHost: a\n\n"[..], Value::Null, 400, "broken"),
        ("a wide head", wide.as_bytes(), Value::Null, 431, "too-long"),
        ("no host in HTTP/1.0", b"GET /b?c HTTP/1.0\r\n\r\n", "/b".into(), 400, "broken"),
        ("a long body", &long, "/orders".into(), 413, "too-long"),
    ] {
        let before = lines().len();
        send_all_it_takes(gate.address, request);
        until(what, || lines().len() > before);
        let line = lines().pop().unwrap();
        assert_eq!(line["path"], known, "{what}: {line}");
        assert_eq!(line["method"].is_null(), known.is_null(), "{what}: {line}");
        assert_eq!((line["status"].as_u64(), &line["decision"]), (Some(status), &"refuse".into()), "{what}");
        assert_eq!(line["classes"], serde_json::json!([class]), "{what}");
        assert_eq!((&line["peer"], &line["trace"]), (&"127.0.0.1".into(), &Value::Null), "{what}");
    }
    // Who is too slow is cut off without an answer.
    let mut slow = TcpStream::connect(gate.address).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    slow.write_all(b"GET / HT").unwrap();
    let _ = slow.read_to_end(&mut Vec::new());
    until("the slow one is there", || lines().len() == 6);
    let line = lines().pop().unwrap();
    assert_eq!((&line["status"], &line["classes"]), (&Value::Null, &serde_json::json!(["too-slow"])));
    gate.stop();
    let _ = std::fs::remove_file(&path);
}
