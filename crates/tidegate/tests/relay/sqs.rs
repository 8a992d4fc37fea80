//! The relay between queues of a server that speaks like SQS.

use super::rig::{Dice, Ends, Folder, Relay, connect, free, listens};
use super::{ATTACK, aside_payloads, is_traceparent};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One call over a connection of its own.
fn call(port: u16, action: &str, body: &Value) -> Value {
    let body = body.to_string();
    let mut stream = connect(port).unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-amz-target: AmazonSQS.{action}\r\ncontent-type: application/x-amz-json-1.0\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(if body.is_empty() { "null" } else { body }).unwrap()
}

/// A server of SQS and its port; `None`, loudly, where there is none.
fn moto() -> Option<(Ends, u16)> {
    let Some(peers) = std::env::var_os("TIDEGATE_PEERS").map(PathBuf::from) else {
        eprintln!("SKIPPED sqs: `cargo xtask test` installs moto");
        return None;
    };
    let folder = peers.join("pypi/moto[server]");
    assert!(folder.is_dir(), "there is no {}", folder.display());
    let port = free();
    let server = Command::new("python3")
        .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
        .env("PYTHONPATH", &folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let server = Ends(server.unwrap());
    listens(port, "moto");
    Some((server, port))
}

fn relay(port: u16, queues: [&str; 3]) -> Relay {
    let [from, to, aside] = queues.map(address);
    between(port, &from, &to, &aside)
}

/// The program with keys for the server at that port.
fn with_keys(mut command: Command, port: u16) -> Relay {
    command.env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    command.env_remove("AWS_SESSION_TOKEN").env_remove("AWS_ENDPOINT_URL_S3");
    Relay::spawn(command)
}

fn address(name: &str) -> String {
    format!("sqs://us-east-1/123456789012/{name}")
}

fn between(port: u16, from: &str, to: &str, aside: &str) -> Relay {
    with_keys(Relay::command(from, to, aside), port)
}

#[test]
fn queues_are_relayed_with_their_attributes() {
    let Some((_server, port)) = moto() else { return };
    for name in ["in", "out", "aside"] {
        call(port, "CreateQueue", &json!({"QueueName": name}));
    }
    let url = |name: &str| format!("http://127.0.0.1:{port}/123456789012/{name}");
    for n in 0..60 {
        let body = if n % 20 == 7 {
            format!("{{\"n\":{n},\"q\":\"{ATTACK}\"}}")
        } else {
            format!("{{ \"n\" : {n} }}")
        };
        let attributes = json!({"count": {"DataType": "Number", "StringValue": n.to_string()}});
        call(
            port,
            "SendMessage",
            &json!({"QueueUrl": url("in"), "MessageBody": body, "MessageAttributes": attributes}),
        );
    }
    let relay = relay(port, ["in", "out", "aside"]);
    let count = |name: &str, key: &str| {
        let answer =
            call(port, "GetQueueAttributes", &json!({"QueueUrl": url(name), "AttributeNames": ["All"]}));
        answer["Attributes"][key].as_str().unwrap().parse::<usize>().unwrap()
    };
    let left =
        || count("in", "ApproximateNumberOfMessages") + count("in", "ApproximateNumberOfMessagesNotVisible");
    let start = Instant::now();
    while left() > 0 {
        assert!(start.elapsed() < Duration::from_secs(30), "{} messages are left", left());
        std::thread::sleep(Duration::from_millis(100));
    }
    let said = relay.end();
    let visible = |name| count(name, "ApproximateNumberOfMessages");
    assert_eq!((visible("out"), visible("aside")), (57, 3), "{said}");
    let one = |name: &str| {
        let ask = json!({"QueueUrl": url(name), "MaxNumberOfMessages": 1, "MessageAttributeNames": ["All"]});
        call(port, "ReceiveMessage", &ask)["Messages"][0].clone()
    };
    let (good, bad) = (one("out"), one("aside"));
    assert!(good["Body"].as_str().unwrap().starts_with("{ \"n\" : "), "{good}");
    assert_eq!(good["MessageAttributes"]["count"]["DataType"], "Number", "{good}");
    assert!(good["MessageAttributes"]["traceparent"]["StringValue"].is_string(), "{good}");
    assert!(
        bad["MessageAttributes"]["tidegate-reasons"]["StringValue"].as_str().unwrap().contains("sql"),
        "{bad}"
    );
}

fn url(port: u16, name: &str) -> String {
    format!("http://127.0.0.1:{port}/123456789012/{name}")
}

/// Messages of a queue, those in flight included.
fn left(port: u16, name: &str) -> usize {
    let ask = json!({"QueueUrl": url(port, name), "AttributeNames": ["All"]});
    let answer = call(port, "GetQueueAttributes", &ask);
    let count = |key: &str| answer["Attributes"][key].as_str().unwrap().parse::<usize>().unwrap();
    count("ApproximateNumberOfMessages") + count("ApproximateNumberOfMessagesNotVisible")
}

fn wait_until_idle(port: u16) {
    let start = Instant::now();
    while left(port, "in") > 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "{} messages are left", left(port, "in"));
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Puts messages in, ten a call.
fn publish(port: u16, bodies: &[String]) {
    for ten in bodies.chunks(10) {
        let entry = |(n, body): (usize, &String)| json!({"Id": n.to_string(), "MessageBody": body});
        let entries: Vec<Value> = ten.iter().enumerate().map(entry).collect();
        let sent = call(port, "SendMessageBatch", &json!({"QueueUrl": url(port, "in"), "Entries": entries}));
        assert_eq!(sent["Successful"].as_array().unwrap().len(), ten.len(), "{sent}");
    }
}

/// Takes all that is in a queue.
fn take(port: u16, name: &str) -> Vec<Value> {
    let mut out = Vec::new();
    loop {
        let ask = json!({"QueueUrl": url(port, name), "MaxNumberOfMessages": 10, "VisibilityTimeout": 600,
            "MessageAttributeNames": ["All"]});
        let answer = call(port, "ReceiveMessage", &ask);
        match answer["Messages"].as_array().filter(|list| !list.is_empty()) {
            Some(list) => out.extend(list.iter().cloned()),
            None => return out,
        }
    }
}

#[test]
fn killed_between_queues_it_loses_nothing() {
    const MESSAGES: u64 = 300;
    const KILLS: u64 = 100;
    let Some((_server, port)) = moto() else { return };
    // What a relay that was killed had in flight is there again after a second.
    call(port, "CreateQueue", &json!({"QueueName": "in", "Attributes": {"VisibilityTimeout": "1"}}));
    call(port, "CreateQueue", &json!({"QueueName": "out"}));
    let folder = Folder::new("sqs-killed");
    let quarantine = format!("file:{}", folder.display());
    let payload = |n: u64| match n % 25 {
        7 => format!(r#"{{"n":{n},"note":"{ATTACK}"}}"#),
        _ => format!(r#"{{"n": {n}, "note":"two of them"}}"#),
    };
    let (mut worked, mut dice) = (0_u64, Dice(0x2545_f491_4f6c_dd1d));
    for kill in 0..KILLS {
        let relay = between(port, &address("in"), &address("out"), &quarantine);
        let bodies: Vec<String> =
            (kill * MESSAGES / KILLS..(kill + 1) * MESSAGES / KILLS).map(payload).collect();
        publish(port, &bodies);
        std::thread::sleep(Duration::from_millis(30 + dice.below(200)));
        relay.kill();
        let ask = json!({"QueueUrl": url(port, "in"), "AttributeNames": ["All"]});
        let answer = call(port, "GetQueueAttributes", &ask);
        worked += u64::from(answer["Attributes"]["ApproximateNumberOfMessagesNotVisible"] != "0");
    }
    let last = between(port, &address("in"), &address("out"), &quarantine);
    wait_until_idle(port);
    let said = last.end();
    let mut out: BTreeMap<String, usize> = BTreeMap::new();
    for message in take(port, "out") {
        *out.entry(message["Body"].as_str().unwrap().to_string()).or_default() += 1;
    }
    let kept = aside_payloads(&folder);
    let duplicates: usize = out.values().map(|n| n - 1).sum();
    println!(
        "{MESSAGES} messages, {KILLS} kills, {worked} of them while messages were in flight: {} passed, {} in quarantine, {duplicates} duplicates",
        out.len(),
        kept.len()
    );
    for n in 0..MESSAGES {
        let attack = n % 25 == 7;
        assert_eq!(out.contains_key(&payload(n)), !attack, "message {n} in the output");
        assert_eq!(kept.contains(&payload(n)), attack, "message {n} in quarantine");
    }
    assert_eq!(out.len() + kept.len(), usize::try_from(MESSAGES).unwrap(), "nothing else came out");
    assert!(worked > KILLS / 4, "they were killed at work");
    assert!(!said.contains("UNION"), "the log holds no payload: {said}");
}

#[test]
fn two_relays_share_a_queue_and_the_trace_goes_on() {
    let Some((_server, port)) = moto() else { return };
    for name in ["in", "out", "aside"] {
        call(port, "CreateQueue", &json!({"QueueName": name}));
    }
    let relays = [0, 1].map(|_| relay(port, ["in", "out", "aside"]));
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let text = |value: &str| json!({"DataType": "String", "StringValue": value});
    let send = |mut message: Value| {
        message["QueueUrl"] = url(port, "in").into();
        call(port, "SendMessage", &message);
    };
    send(
        json!({"MessageBody": "both", "MessageAttributes": {"traceparent": text(trace), "tracestate": text("vendor=1")}}),
    );
    let xray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    send(json!({"MessageBody": "aws", "MessageSystemAttributes": {"AWSTraceHeader": text(xray)}}));
    publish(port, &(0..148).map(|n| n.to_string()).collect::<Vec<_>>());
    wait_until_idle(port);
    let passed = relays.map(|relay| {
        let said = relay.end();
        let line = said.lines().find_map(|l| l.strip_prefix("tidegate_relay_passed_total{bus=\"sqs\"} "));
        line.unwrap().parse::<u64>().unwrap()
    });
    println!("passed by each: {passed:?}");
    assert!(passed.iter().all(|n| *n > 0), "{passed:?}");
    let out = take(port, "out");
    // A standard queue may give one message to both: servers look for what is visible, and hide it afterwards.
    let first: BTreeMap<&str, &Value> = out.iter().map(|m| (m["Body"].as_str().unwrap(), m)).collect();
    assert_eq!(first.len(), 150, "each of them");
    assert!(out.len() < 150 + 15, "{} messages for 150: nobody was killed", out.len());
    let mut parents = BTreeSet::new();
    for (body, message) in first {
        let said = |name: &str| message["MessageAttributes"][name]["StringValue"].as_str();
        let parent = said("traceparent").unwrap();
        assert!(is_traceparent(parent) && parents.insert(parent), "{message}");
        assert_eq!(said("tidegate-hops"), Some("1"), "{message}");
        match body {
            "both" => assert_eq!((parent, said("tracestate")), (trace, Some("vendor=1"))),
            "aws" => assert_eq!(parent, "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"),
            _ => {}
        }
    }
}

/// The body of an answer of a server of HTTP.
fn http(port: u16, method: &str, path: &str) -> String {
    let mut stream = connect(port).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\ncontent-length: 0\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn what_is_denied_waits_for_its_bucket() {
    let Some((_server, port)) = moto() else { return };
    for name in ["in", "out"] {
        call(port, "CreateQueue", &json!({"QueueName": name}));
    }
    let url = format!("http://127.0.0.1:{port}/123456789012/in");
    for n in 0..3 {
        call(port, "SendMessage", &json!({"QueueUrl": url, "MessageBody": format!("{n} {ATTACK}")}));
    }
    let mut command = Relay::command(&address("in"), &address("out"), "s3://aside/relay");
    command.args(["--admin", "0"]);
    let mut relay = with_keys(command, port);
    let running: Value = serde_json::from_str(&relay.says("running")).unwrap();
    let admin = running["admin"].as_str().unwrap().strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    // Without the bucket nothing is kept, so nothing is acknowledged.
    let refused = relay.says("quarantine in S3");
    let ill = health(admin, "HTTP/1.1 503");
    assert!(ill.contains("the sink failed") && ill.contains("quarantine in S3"), "{ill}");
    let count = |key: &str| {
        let answer = call(port, "GetQueueAttributes", &json!({"QueueUrl": url, "AttributeNames": ["All"]}));
        answer["Attributes"][key].as_str().unwrap().parse::<usize>().unwrap()
    };
    let left = || count("ApproximateNumberOfMessages") + count("ApproximateNumberOfMessagesNotVisible");
    assert_eq!(left(), 3, "{refused}");
    assert!(http(port, "PUT", "/aside").starts_with("HTTP/1.1 200"));
    let start = Instant::now();
    while left() > 0 {
        assert!(start.elapsed() < Duration::from_secs(30), "{} messages are left", left());
        std::thread::sleep(Duration::from_millis(100));
    }
    let list = http(port, "GET", "/aside?list-type=2");
    assert_eq!(list.matches("<Key>relay/20").count(), 3, "{list}");
    health(admin, "HTTP/1.1 200");
    let metrics = http(admin, "GET", "/metrics");
    assert!(!metrics.contains("at=\"sink\"} 0\n"), "{metrics}");
    assert!(metrics.contains("tidegate_relay_received_total{bus=\"sqs\"} 3\n"), "{metrics}");
}

/// Waits for health of that kind, and says how it is told.
fn health(admin: u16, expected: &str) -> String {
    let start = Instant::now();
    loop {
        let answer = http(admin, "GET", "/healthz");
        if answer.starts_with(expected) {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{answer}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_relay_from_a_queue_that_is_not_there_is_ill_until_it_is() {
    let Some((_server, port)) = moto() else { return };
    let mut command = Relay::command(&address("in"), &address("out"), &address("aside"));
    command.args(["--admin", "0"]);
    let mut relay = with_keys(command, port);
    let running: Value = serde_json::from_str(&relay.says("running")).unwrap();
    let admin = running["admin"].as_str().unwrap().strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    let ill = relay.says("\"at\":\"source\"");
    let answer = http(admin, "GET", "/healthz");
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("QueueDoesNotExist"), "{ill}: {answer}");
    call(port, "CreateQueue", &json!({"QueueName": "in"}));
    health(admin, "HTTP/1.1 200");
}

#[test]
fn the_order_within_a_group_stays() {
    let Some((_server, port)) = moto() else { return };
    let url = |name: &str| format!("http://127.0.0.1:{port}/123456789012/{name}");
    for name in ["in.fifo", "out.fifo", "aside.fifo"] {
        call(port, "CreateQueue", &json!({"QueueName": name, "Attributes": {"FifoQueue": "true"}}));
    }
    for n in 0..45 {
        let body = if n % 9 == 4 { format!("{n} {ATTACK}") } else { n.to_string() };
        call(
            port,
            "SendMessage",
            &json!({"QueueUrl": url("in.fifo"), "MessageBody": body, "MessageGroupId": format!("g{}", n % 3),
                "MessageDeduplicationId": format!("d{n}")}),
        );
    }
    let _relay = relay(port, ["in.fifo", "out.fifo", "aside.fifo"]);
    let (mut out, mut aside) = (Vec::new(), Vec::new());
    let start = Instant::now();
    while out.len() + aside.len() < 45 {
        assert!(start.elapsed() < Duration::from_secs(60), "{} and {}", out.len(), aside.len());
        for (name, list) in [("out.fifo", &mut out), ("aside.fifo", &mut aside)] {
            let ask = json!({"QueueUrl": url(name), "MaxNumberOfMessages": 10, "AttributeNames": ["All"]});
            for message in call(port, "ReceiveMessage", &ask)["Messages"].as_array().into_iter().flatten() {
                let receipt = json!({"QueueUrl": url(name), "ReceiptHandle": message["ReceiptHandle"]});
                call(port, "DeleteMessage", &receipt);
                list.push(message.clone());
            }
        }
    }
    assert_eq!((out.len(), aside.len()), (40, 5));
    for message in out.iter().chain(&aside) {
        let n: u64 = message["Body"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap();
        let system = &message["Attributes"];
        assert_eq!(system["MessageGroupId"], format!("g{}", n % 3), "{message}");
        assert_eq!(system["MessageDeduplicationId"], format!("d{n}"), "{message}");
    }
    for list in [&out, &aside] {
        for group in ["g0", "g1", "g2"] {
            let of = list.iter().filter(|m| m["Attributes"]["MessageGroupId"] == group);
            let numbers: Vec<u64> =
                of.map(|m| m["Body"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap()).collect();
            assert!(numbers.is_sorted(), "{group}: {numbers:?}");
        }
    }
}

#[test]
fn the_gate_keeps_what_it_denies_in_a_queue() {
    let Some((_server, port)) = moto() else { return };
    call(port, "CreateQueue", &json!({"QueueName": "denied"}));
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(["guard", "http", "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:9"]);
    command.args(["--workers", "1", "--quarantine", &address("denied")]);
    let mut gate = with_keys(command, port);
    let listening = gate.says("listening on ");
    let listening: u16 = listening.rsplit(':').next().unwrap().parse().unwrap();
    assert!(http(listening, "GET", "/?file=..%2f..%2f..%2fetc%2fpasswd").starts_with("HTTP/1.1 403"));
    let ask = json!({
        "QueueUrl": format!("http://127.0.0.1:{port}/123456789012/denied"), "MessageAttributeNames": ["All"],
    });
    let start = Instant::now();
    let kept = loop {
        assert!(start.elapsed() < Duration::from_secs(30), "nothing is kept");
        match call(port, "ReceiveMessage", &ask)["Messages"].as_array() {
            Some(messages) if !messages.is_empty() => break messages[0].clone(),
            _ => std::thread::sleep(Duration::from_millis(100)),
        }
    };
    let reasons = kept["MessageAttributes"]["tidegate-reasons"]["StringValue"].as_str().unwrap();
    assert!(reasons.contains("path"), "{kept}");
    let request: Value = serde_json::from_str(kept["Body"].as_str().unwrap()).unwrap();
    assert_eq!(request["query"], "file=..%2f..%2f..%2fetc%2fpasswd");
    // The signature in the head of this request is nobody's business.
    assert!(!request.to_string().contains("Credential="), "{request}");
}
