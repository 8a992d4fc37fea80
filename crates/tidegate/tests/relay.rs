//! `tidegate guard relay` between real buses, killed at random.
#![cfg(feature = "nats")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[cfg(feature = "kafka")]
#[path = "relay/kafka.rs"]
mod kafka;
#[path = "relay/limits.rs"]
mod limits;
#[path = "relay/nats.rs"]
mod nats;
#[path = "relay/pubsub.rs"]
mod pubsub;
#[cfg(feature = "rabbitmq")]
#[path = "relay/rabbitmq.rs"]
mod rabbitmq;
#[path = "relay/rig.rs"]
mod rig;
#[path = "relay/sqs.rs"]
mod sqs;
#[cfg(feature = "kafka-tls")]
#[path = "relay/terminator.rs"]
mod terminator;
#[path = "relay/tls.rs"]
mod tls;

use nats::{Client, Server};
use rig::{Dice, Relay};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

const ATTACK: &str = "' UNION SELECT password FROM users-- -";

fn start(server: &Server, aside: &Path) -> Relay {
    let aside = format!("file:{}", aside.display());
    Relay::between(&server.url("IN/relay"), &server.url("out.orders"), &aside)
}

/// The streams of a relay; the output keeps what comes twice, so that duplicates can be counted.
fn streams(client: &mut Client) {
    for (name, subject) in [("IN", "in.orders"), ("OUT", "out.orders")] {
        let config = format!(
            r#"{{"name":"{name}","subjects":["{subject}"],"storage":"file","allow_direct":true,"duplicate_window":100000000}}"#
        );
        client.json(&format!("$JS.API.STREAM.CREATE.{name}"), &config);
    }
    let config = r#"{"stream_name":"IN","config":{"durable_name":"relay","ack_policy":"explicit","ack_wait":1000000000,"max_deliver":-1}}"#;
    client.json("$JS.API.CONSUMER.DURABLE.CREATE.IN.relay", config);
}

/// Whether the relay has done all there is.
fn idle(client: &mut Client) -> bool {
    let info = client.json("$JS.API.CONSUMER.INFO.IN.relay", "");
    info["num_pending"] == 0 && info["num_ack_pending"] == 0
}

fn wait_until_idle(client: &mut Client) {
    let start = Instant::now();
    while !idle(client) {
        assert!(start.elapsed() < Duration::from_secs(30), "the relay doesn't come to an end");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// How often each payload is in the output.
fn output(client: &mut Client) -> BTreeMap<String, usize> {
    let last = client.json("$JS.API.STREAM.INFO.OUT", "")["state"]["last_seq"].as_u64().unwrap();
    let mut out = BTreeMap::new();
    for seq in 1..=last {
        let (_, payload) = client.request("$JS.API.DIRECT.GET.OUT", &format!("{{\"seq\":{seq}}}"));
        *out.entry(payload).or_default() += 1;
    }
    out
}

/// Places in the input of what is in quarantine.
fn aside(folder: &Path) -> BTreeSet<u64> {
    let files = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path());
    let whole = files.filter(|f| f.extension().is_some_and(|e| e == "json"));
    let place = |text: String| {
        let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
        kept["id"].as_str().unwrap().split('.').nth(2).unwrap().parse().unwrap()
    };
    whole.map(|f| place(std::fs::read_to_string(f).unwrap())).collect()
}

/// Whether a text is a `traceparent`.
fn is_traceparent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &str| part.chars().all(|c| c.is_ascii_hexdigit()) && part.chars().any(|c| c != '0');
    matches!(parts.as_slice(), ["00", trace, span, flags]
        if trace.len() == 32 && span.len() == 16 && flags.len() == 2 && hex(trace) && hex(span))
}

/// Payloads of what is in quarantine.
fn aside_payloads(folder: &Path) -> BTreeSet<String> {
    use base64::Engine as _;
    let files = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path());
    let whole = files.filter(|f| f.extension().is_some_and(|e| e == "json"));
    let payload = |text: String| {
        let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
        let payload = kept["payload"].as_str().unwrap();
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(payload).unwrap()).unwrap()
    };
    whole.map(|f| payload(std::fs::read_to_string(f).unwrap())).collect()
}

#[test]
fn killed_a_hundred_times_it_loses_nothing() {
    const MESSAGES: u64 = 5000;
    const KILLS: u64 = 100;
    let Some(server) = Server::start("killed") else { return };
    let mut client = server.client();
    streams(&mut client);
    let folder = server.folder.join("aside");
    let payload = |n: u64| match n % 25 {
        7 => format!(r#"{{"n":{n},"note":"{ATTACK}"}}"#),
        _ => format!(r#"{{"n": {n}, "note":"two of them"}}"#),
    };
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let (mut published, mut worked) = (0, 0);
    for kill in 1..=KILLS {
        let relay = start(&server, &folder);
        while published < MESSAGES * kill / KILLS {
            published += 1;
            let ack = client.json("in.orders", &payload(published));
            assert_eq!(ack["seq"], published);
        }
        std::thread::sleep(Duration::from_millis(40 + dice.below(260)));
        relay.kill();
        let left = client.json("$JS.API.CONSUMER.INFO.IN.relay", "");
        worked += u64::from(left["num_ack_pending"] != 0);
    }
    let last = start(&server, &folder);
    wait_until_idle(&mut client);
    let said = last.end();
    let (out, kept) = (output(&mut client), aside(&folder));
    let duplicates: usize = out.values().map(|n| n - 1).sum();
    println!(
        "{MESSAGES} messages, {KILLS} kills, {worked} of them while messages were in flight: {} passed, {} in quarantine, {duplicates} duplicates",
        out.len(),
        kept.len()
    );
    for n in 1..=MESSAGES {
        let attack = n % 25 == 7;
        assert_eq!(out.contains_key(&payload(n)), !attack, "message {n} in the output");
        assert_eq!(kept.contains(&n), attack, "message {n} in quarantine");
    }
    assert_eq!(out.len() + kept.len(), usize::try_from(MESSAGES).unwrap(), "nothing else came out");
    assert!(!said.contains("UNION"), "the log holds no payload: {said}");
}

#[test]
fn two_relays_share_the_work_and_the_trace_goes_on() {
    let Some(server) = Server::start("shared") else { return };
    let mut client = server.client();
    streams(&mut client);
    let folder = server.folder.join("aside");
    let relays = [start(&server, &folder), start(&server, &folder)];
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let bytes = "{ \"a\" :1.50, \"b\":\"\\u00e9\" }";
    client.publish(
        "in.orders",
        &[
            ("traceparent", trace),
            ("tracestate", "vendor=1"),
            ("kind", "order"),
            ("Nats-Expected-Last-Sequence", "0"),
        ],
        bytes,
    );
    for n in 0..500 {
        client.publish("in.orders", &[], &format!("{n}"));
    }
    wait_until_idle(&mut client);
    let passed = relays.map(|relay| {
        let said = relay.end();
        let line =
            said.lines().find_map(|l| l.strip_prefix("tidegate_relay_passed_total{bus=\"nats\"} ")).unwrap();
        line.parse::<u64>().unwrap()
    });
    println!("passed by each: {passed:?}");
    assert!(passed.iter().all(|n| *n > 0) && passed.iter().sum::<u64>() == 501, "{passed:?}");
    let out = output(&mut client);
    assert!(out.len() == 501 && out.contains_key(bytes), "payloads are unchanged");
    // Two relays don't keep the order between each other.
    let (mut headers, mut begun) = (String::new(), 0);
    for seq in 1..=501 {
        let (head, payload) = client.request("$JS.API.DIRECT.GET.OUT", &format!("{{\"seq\":{seq}}}"));
        if payload == bytes {
            headers = head;
        } else {
            let parent = head.lines().find_map(|line| line.strip_prefix("traceparent: "));
            begun += usize::from(parent.is_some_and(is_traceparent) && !head.contains("tracestate"));
        }
    }
    assert_eq!(begun, 500, "each that had none has a trace of its own");
    assert!(headers.contains(trace) && headers.contains("kind: order"), "{headers}");
    assert!(headers.contains("tidegate-hops: 1") && headers.contains("tracestate: vendor=1"), "{headers}");
}
