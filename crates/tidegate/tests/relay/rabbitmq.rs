//! The relay between queues of RabbitMQ, and the server of a test; it is asked over its management interface, so that
//! no line is shared with the client under test.

use super::rig::{Dice, Ends, Folder, Relay, connect, free};
use super::{ATTACK, aside_payloads, is_traceparent};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where Debian has the program itself; the one on the path changes the user.
const PROGRAM: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// Ends with the test, and takes its folder along.
pub(crate) struct Server {
    _names: Ends,
    server: Child,
    pub(crate) folder: Folder,
    pub(crate) port: u16,
    management: u16,
}

impl Server {
    /// `None`, loudly, where there is no server.
    fn start(test: &str) -> Option<Self> {
        Self::with(test, "listeners.tcp.1")
    }

    /// A server whose configuration begins with that, and goes on with the address to listen on.
    pub(crate) fn with(test: &str, listener: &str) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            eprintln!("SKIPPED {test}: there is no {PROGRAM}; `cargo xtask test` installs rabbitmq-server");
            return None;
        }
        let folder = Folder::new(&format!("rabbitmq-{test}"));
        let (port, management, names_port) = (free(), free(), free().to_string());
        let config = format!(
            "{listener} = 127.0.0.1:{port}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n"
        );
        folder.write("rabbitmq.conf", &config);
        folder.write("plugins", "[rabbitmq_management].");
        let names = Command::new("epmd")
            .args(["-address", "127.0.0.1", "-port", &names_port])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self::spawn(&folder, &names_port);
        let server = Self { _names: Ends(names), server, folder, port, management };
        server.wait();
        Some(server)
    }

    fn spawn(folder: &Path, names_port: &str) -> Child {
        use std::os::unix::process::CommandExt as _;
        Command::new(PROGRAM)
            .env("HOME", folder)
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("ERL_EPMD_PORT", names_port)
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}")
            .env("RABBITMQ_NODENAME", format!("tidegate{names_port}@localhost"))
            .env("RABBITMQ_DIST_PORT", free().to_string())
            .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq"))
            .env("RABBITMQ_MNESIA_BASE", folder.join("data"))
            .env("RABBITMQ_LOG_BASE", folder.join("log"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
            .env("RABBITMQ_PID_FILE", folder.join("pid"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // The shell and what it starts are ended together.
            .process_group(0)
            .spawn()
            .unwrap()
    }

    fn wait(&self) {
        let start = Instant::now();
        while self.answer("GET", "/api/overview", &Value::Null).is_none() {
            assert!(start.elapsed() < Duration::from_secs(90), "the server of RabbitMQ doesn't start");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("amqp://127.0.0.1:{}/{path}", self.port)
    }

    fn answer(&self, method: &str, path: &str, body: &Value) -> Option<Value> {
        let mut stream = connect(self.management).ok()?;
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "{method} {path} HTTP/1.0\r\nhost: 127.0.0.1\r\nauthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        if !head.split(' ').nth(1)?.starts_with('2') {
            return None;
        }
        Some(serde_json::from_str(body).unwrap_or(Value::Null))
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.answer(method, path, body).unwrap_or_else(|| panic!("{method} {path} {body}"))
    }

    pub(crate) fn queue(&self, name: &str) {
        self.ask("PUT", &format!("/api/queues/%2f/{name}"), &json!({"durable": true}));
    }

    pub(crate) fn publish(&self, payload: &str, headers: &Value) {
        let message = json!({"properties": {"delivery_mode": 2, "headers": headers, "content_type": "application/json"},
            "routing_key": "in", "payload": payload, "payload_encoding": "string"});
        let answer = self.ask("POST", "/api/exchanges/%2f/amq.default/publish", &message);
        assert_eq!(answer["routed"], true);
    }

    /// Messages of a queue, those in flight included.
    fn left(&self, queue: &str) -> u64 {
        self.count(queue, "messages")
    }

    fn count(&self, queue: &str, of: &str) -> u64 {
        let all =
            self.ask("GET", "/api/queues/%2f?disable_stats=true&enable_queue_totals=true", &Value::Null);
        let queue = all.as_array().unwrap().iter().find(|q| q["name"] == queue).unwrap();
        queue[of].as_u64().unwrap()
    }

    pub(crate) fn wait_until_idle(&self) {
        let start = Instant::now();
        // Twice, for what is on its way between the two.
        while self.left("in") > 0 || self.left("in") > 0 {
            assert!(start.elapsed() < Duration::from_secs(60), "the relay doesn't come to an end");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn take(&self, queue: &str) -> Vec<Value> {
        let all = json!({"count": 100_000, "ackmode": "ack_requeue_false", "encoding": "auto"});
        self.ask("POST", &format!("/api/queues/%2f/{queue}/get"), &all).as_array().unwrap().clone()
    }

    fn relay(&self, to: &str, quarantine: &str) -> Relay {
        Relay::between(&self.url("in"), &self.url(to), quarantine)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.server.id())]).status();
        let _ = self.server.wait();
    }
}

#[test]
fn killed_between_queues_it_loses_nothing() {
    const MESSAGES: u64 = 3000;
    const KILLS: u64 = 100;
    let Some(server) = Server::start("killed") else { return };
    server.queue("in");
    server.queue("out");
    let folder = server.folder.join("aside");
    let quarantine = format!("file:{}", folder.display());
    let payload = |n: u64| match n % 25 {
        7 => format!(r#"{{"n":{n},"note":"{ATTACK}"}}"#),
        _ => format!(r#"{{"n": {n}, "note":"two of them"}}"#),
    };
    let (mut published, mut worked, mut dice) = (0, 0_u64, Dice(0x2545_f491_4f6c_dd1d));
    for kill in 1..=KILLS {
        while published < MESSAGES * kill / KILLS {
            published += 1;
            server.publish(&payload(published), &json!({}));
        }
        let relay = server.relay("out", &quarantine);
        let start = Instant::now();
        while server.count("in", "messages_unacknowledged") == 0 && server.left("in") > 0 {
            assert!(start.elapsed() < Duration::from_secs(30), "the relay doesn't begin");
        }
        std::thread::sleep(Duration::from_micros(dice.below(10_000)));
        relay.kill();
        worked += u64::from(server.left("in") > 0);
    }
    let last = server.relay("out", &quarantine);
    server.wait_until_idle();
    let said = last.end();
    let mut out: BTreeMap<String, usize> = BTreeMap::new();
    for message in server.take("out") {
        *out.entry(message["payload"].as_str().unwrap().to_string()).or_default() += 1;
    }
    let kept = aside_payloads(&folder);
    let duplicates: usize = out.values().map(|n| n - 1).sum();
    println!(
        "{MESSAGES} messages, {KILLS} kills, {worked} of them in the middle of work: {} passed, {} in quarantine, {duplicates} duplicates",
        out.len(),
        kept.len()
    );
    for n in 1..=MESSAGES {
        let attack = n % 25 == 7;
        assert_eq!(out.contains_key(&payload(n)), !attack, "message {n} in the output");
        assert_eq!(kept.contains(&payload(n)), attack, "message {n} in quarantine");
    }
    assert_eq!(out.len() + kept.len(), usize::try_from(MESSAGES).unwrap(), "nothing else came out");
    assert!(!said.contains("UNION"), "the log holds no payload: {said}");
}

#[test]
fn two_relays_share_a_queue_and_outlive_a_cut() {
    let Some(server) = Server::start("shared") else { return };
    for name in ["in", "out", "aside"] {
        server.queue(name);
    }
    server.ask("PUT", "/api/exchanges/%2f/denied", &json!({"type": "fanout", "durable": true}));
    server.ask("POST", "/api/bindings/%2f/e/denied/q/aside", &json!({"routing_key": ""}));
    let relays = [0, 1].map(|_| server.relay("out", &server.url("denied/why")));
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let bytes = "{ \"a\" :1.50, \"b\":\"\\u00e9\" }";
    let headers = json!({"traceparent": trace, "tracestate": "vendor=1", "kind": "order", "count": 7});
    server.publish(bytes, &headers);
    server.publish(&format!("{{\"q\":\"{ATTACK}\"}}"), &json!({"kind": "order"}));
    for n in 0..300 {
        if n == 150 {
            // Each connection is cut once, by the server.
            for connection in server.ask("GET", "/api/connections", &Value::Null).as_array().unwrap() {
                let name = connection["name"].as_str().unwrap().replace(' ', "%20").replace('>', "%3E");
                server.answer("DELETE", &format!("/api/connections/{name}"), &Value::Null);
            }
        }
        server.publish(&format!("{n}"), &json!({}));
    }
    server.wait_until_idle();
    let mut passed = Vec::new();
    for relay in relays {
        let said = relay.end();
        let line = said
            .lines()
            .find_map(|l| l.strip_prefix("tidegate_relay_passed_total{bus=\"rabbitmq\"} "))
            .unwrap();
        passed.push(line.parse::<u64>().unwrap());
    }
    println!("passed by each: {passed:?}");
    assert!(passed.iter().all(|n| *n > 0), "{passed:?}");
    let (out, aside) = (server.take("out"), server.take("aside"));
    let payloads: std::collections::BTreeSet<&str> =
        out.iter().map(|m| m["payload"].as_str().unwrap()).collect();
    assert_eq!(payloads.len(), 301);
    let first = &out.iter().find(|m| m["payload"] == bytes).unwrap()["properties"];
    let headers = &first["headers"];
    assert_eq!((&headers["traceparent"], &headers["kind"]), (&json!(trace), &json!("order")), "{headers}");
    assert_eq!(headers["tracestate"], "vendor=1", "{headers}");
    for other in out.iter().filter(|m| m["payload"] != bytes) {
        let headers = &other["properties"]["headers"];
        assert!(headers["traceparent"].as_str().is_some_and(is_traceparent), "{headers}");
    }
    // Headers that are no texts, and properties, are what they were.
    assert_eq!((&headers["count"], &headers["tidegate-hops"]), (&json!(7), &json!("1")), "{headers}");
    assert_eq!((&first["content_type"], &first["delivery_mode"]), (&json!("application/json"), &json!(2)));
    assert!(!aside.is_empty());
    let reasons = aside[0]["properties"]["headers"]["tidegate-reasons"].as_str().unwrap();
    assert!(reasons.contains("sql"), "{reasons}");
}

#[test]
fn what_no_queue_takes_is_not_acknowledged() {
    let Some(server) = Server::start("unroutable") else { return };
    server.queue("in");
    server.ask("PUT", "/api/exchanges/%2f/nowhere", &json!({"type": "fanout", "durable": true}));
    let relay = server.relay("nowhere/key", &format!("file:{}", server.folder.join("aside").display()));
    server.publish("1", &json!({}));
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(server.left("in"), 1);
    let said = relay.end();
    assert!(said.contains("no queue takes the message"), "{said}");
    assert_eq!(server.left("in"), 1);
}
