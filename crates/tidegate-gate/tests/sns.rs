//! Messages as SNS sends them over HTTP, signed by openssl, before the gate.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs
)]

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tidegate_gate::http::{Access, Bounds, Config, Gate, serve};

const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:orders";

/// A folder with keys, or `None` where there is no openssl.
struct Keys(PathBuf);

impl Keys {
    fn new() -> Option<Self> {
        if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
            eprintln!("SKIPPED: openssl is not installed");
            return None;
        }
        let folder = std::env::temp_dir().join(format!("tidegate-sns-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (name, subject) in [("sns", "/CN=sns.amazonaws.com"), ("other", "/CN=sns.amazonaws.com")] {
            let key = folder.join(format!("{name}.key"));
            let made = Command::new("openssl")
                .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", subject])
                .arg("-keyout")
                .arg(&key)
                .arg("-out")
                .arg(folder.join(format!("{name}.pem")))
                .stderr(Stdio::null())
                .status();
            assert!(made.unwrap().success());
        }
        Some(Self(folder))
    }

    fn certificate(&self) -> PathBuf {
        self.0.join("sns.pem")
    }

    /// Signed as the documentation of SNS says.
    fn sign(&self, message: &mut Value, who: &str) {
        let fields: &[&str] = match message["Type"].as_str().unwrap() {
            "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
            _ => &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
        };
        let lines = fields.iter().filter_map(|name| Some(format!("{name}\n{}\n", message[*name].as_str()?)));
        let digest = if message["SignatureVersion"] == "1" { "-sha1" } else { "-sha256" };
        let mut child = Command::new("openssl")
            .args(["dgst", digest, "-sign"])
            .arg(self.0.join(format!("{who}.key")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(lines.collect::<String>().as_bytes()).unwrap();
        let signature = child.wait_with_output().unwrap().stdout;
        let encode = Command::new("openssl")
            .args(["base64", "-A"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = encode.unwrap();
        child.stdin.take().unwrap().write_all(&signature).unwrap();
        let text = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        message["Signature"] = text.trim().into();
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 65_536]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    address
}

fn gate(certificate: &Path) -> Gate {
    let contract = json!({
        "version": 1, "graph_digest": "", "compiled_by": "",
        "defaults": {"account": null, "region": null, "mode": "block", "on_error": "closed", "max_bytes": 1_000_000, "max_depth": 64},
        "functions": {"t/F": {
            "logical_id": "F", "name": "f", "type": "AWS::Lambda::Function", "exposure": "anonymous", "taint": 0, "roles": [],
            "limits": {"concurrency": null, "timeout_seconds": null, "memory_mb": null}, "egress": [],
            "edges": [{
                "id": "e", "from": "t/Api", "trigger": "apigw-v2", "evidence": "", "exposure": "anonymous", "taint": 0,
                "origin": {"arns": [], "accounts": [], "regions": [], "ids": [], "sources": [], "detail_types": []},
                "mode": "block", "inspect": "full", "on_deny": {"answer": "respond"}, "unknown": [],
                "authenticate": [{"proof": {"sns": {"topics": ["arn:aws:sns:*:111122223333:orders"], "certificates": certificate, "tolerance_seconds": 3600}}}],
            }],
        }},
    });
    serve(
        Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            admin: None,
            upstream: format!("http://{}", upstream()).parse().unwrap(),
            upstream_ca: None,
            host: None,
            load: Box::new(move || Ok(Some(serde_json::from_value(contract.clone()).unwrap()))),
            routes: Vec::new(),
            tls: None,
            client_ca: None,
            limits: None,
            access: Access::Off,
            quarantine: None,
            workers: 1,
            bounds: Bounds { drain: Duration::from_secs(1), ..Bounds::default() },
        },
        |_| {},
    )
    .unwrap()
}

fn post(address: SocketAddr, body: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /sns HTTP/1.1\r\nHost: shop.example\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// `ago` seconds before now, as SNS writes it.
fn at(ago: u64) -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() - ago;
    let date =
        Command::new("date").args(["-u", "-d", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%S.123Z"]).output();
    String::from_utf8(date.unwrap().stdout).unwrap().trim().to_string()
}

#[test]
fn what_sns_signs_for_the_topic_passes_and_nothing_else() {
    let Some(keys) = Keys::new() else { return };
    let gate = gate(&keys.certificate());
    let message = |version: &str| {
        json!({
            "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": TOPIC, "Subject": "An order",
            "Message": "{\"sku\":\"A-1\",\"note\":\"two\nlines\"}", "Timestamp": at(5), "SignatureVersion": version,
            "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-ab.pem",
            "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
        })
    };
    let sent = |mut message: Value, who: &str, change: &dyn Fn(&mut Value)| {
        keys.sign(&mut message, who);
        change(&mut message);
        post(gate.address, &message.to_string())
    };
    let same: &dyn Fn(&mut Value) = &|_| {};
    assert_eq!(sent(message("1"), "sns", same), 200);
    assert_eq!(sent(message("2"), "sns", same), 200);
    let mut plain = message("2");
    plain.as_object_mut().unwrap().remove("Subject");
    assert_eq!(sent(plain, "sns", same), 200);
    let mut confirmation = message("2");
    confirmation["Type"] = "SubscriptionConfirmation".into();
    confirmation["Token"] = "2336412f37".into();
    confirmation["SubscribeURL"] = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription".into();
    assert_eq!(sent(confirmation.clone(), "sns", same), 200);

    assert_eq!(sent(message("2"), "other", same), 403, "by another key");
    assert_eq!(sent(message("2"), "sns", &|m| m["Message"] = "{}".into()), 403, "another text");
    assert_eq!(sent(message("2"), "sns", &|m| m["SignatureVersion"] = "1".into()), 403);
    assert_eq!(sent(confirmation, "sns", &|m| m["Type"] = "Notification".into()), 403, "another type");
    let mut foreign = message("2");
    foreign["TopicArn"] = "arn:aws:sns:eu-west-1:999988887777:orders".into();
    assert_eq!(sent(foreign, "sns", same), 403, "another topic");
    let mut old = message("2");
    old["Timestamp"] = at(4000).into();
    assert_eq!(sent(old, "sns", same), 403);
    let doubled = |m: &mut Value| *m = json!({"x": m.take()});
    assert_eq!(sent(message("2"), "sns", &doubled), 403);
    assert_eq!(post(gate.address, "{\"sku\":\"A-1\"}"), 403, "raw");
    gate.stop();
}
