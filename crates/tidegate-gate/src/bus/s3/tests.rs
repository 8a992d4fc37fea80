//! Against a server that speaks like S3.
#![allow(clippy::print_stderr)]

use super::*;
use hyper::StatusCode;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn moto() -> Option<(Ends, u16)> {
    let Some(peers) = std::env::var_os("TIDEGATE_PEERS").map(PathBuf::from) else {
        eprintln!("SKIPPED s3: `cargo xtask test` installs moto");
        return None;
    };
    let folder = peers.join("pypi/moto[server]");
    assert!(folder.is_dir(), "there is no {}", folder.display());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Command::new("python3")
        .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
        .env("PYTHONPATH", &folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let server = Ends(server.unwrap());
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(start.elapsed() < Duration::from_secs(60), "moto doesn't start");
        std::thread::sleep(Duration::from_millis(100));
    }
    Some((server, port))
}

fn key() -> Keys {
    Keys { id: "test".into(), secret: "test".into(), token: None, ends: None }
}

async fn ask(bucket: &Bucket, method: &str, path: &str) -> (StatusCode, String) {
    let client = &bucket.0.client;
    let signed = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    let request = Request::builder().method(method).uri(path).header("host", client.authority());
    let request = request.header("authorization", signed).body(Full::default()).unwrap();
    let (status, body) = client.send(request).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn each_message_is_an_object_and_comes_twice_as_one() {
    let Some((_server, port)) = moto() else { return };
    let base = format!("http://127.0.0.1:{port}");
    let bucket = Bucket::at(&base, "us-east-1", "aside", "relay/a b", Credentials::find().unwrap()).unwrap();
    let message = |n: usize| Message {
        id: n.to_string(),
        place: "in".into(),
        payload: vec![0xff, b'x'],
        headers: vec![("tidegate-reasons".into(), "sql".into())],
        native: None,
    };
    let batch: Vec<Message> = (0..40).map(message).collect();
    let early = bucket.keep(&batch, key()).await;
    assert!(early.len() == 40 && early.iter().all(Result::is_err), "{early:?}");

    assert_eq!(ask(&bucket, "PUT", "/aside").await.0, StatusCode::OK);
    for _ in 0..2 {
        let kept = bucket.keep(&batch, key()).await;
        assert!(kept.len() == 40 && kept.iter().all(Result::is_ok), "{kept:?}");
    }
    let (_, list) = ask(&bucket, "GET", "/aside?list-type=2").await;
    let keys: Vec<&str> =
        list.split("<Key>").skip(1).map(|rest| rest.split_once("</Key>").unwrap().0).collect();
    assert_eq!(keys.len(), 40, "{list}");
    assert!(keys.iter().all(|k| k.starts_with("relay/a b/20") && k.ends_with(".json")), "{keys:?}");
    let first = keys.iter().find(|k| k.contains(&file::name(&batch[0]))).unwrap();
    let (_, record) = ask(&bucket, "GET", &encoded(format!("/aside/{first}").as_bytes(), b"/")).await;
    assert_eq!(record, file::record(&batch[0]));
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!((&record["payload"], &record["id"]), (&"/3g=".into(), &"0".into()));
}

#[test]
fn refusals_have_a_word() {
    assert_eq!(code("<?xml version=\"1.0\"?><Error><Code>NoSuchBucket</Code></Error>"), "NoSuchBucket");
    assert_eq!(code("<Code>"), "refused");
}

#[test]
fn paths_have_the_day() {
    let path = |prefix| {
        Bucket::at("http://h", "r", "b", prefix, Credentials::find().unwrap())
            .unwrap()
            .0
            .path("20260307T010203Z", "00ff")
    };
    assert_eq!(path("p=/ü"), "/b/p%3D/%C3%BC/2026/03/07/00ff.json");
    assert_eq!(path(""), "/b/2026/03/07/00ff.json");
}
