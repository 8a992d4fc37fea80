//! Requests that AWS's own library for Python signed, before the gate.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tidegate_gate::http::{Access, Bounds, Config, serve};

/// Signs for `execute-api` and prints each request as JSON; what is wrong with it, first.
const SIGN: &str = r#"
import json, sys
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
host = sys.argv[1]
bob, eve = Credentials('AKIDBOB', 'geheim'), Credentials('AKIDBOB', 'guess')
session = Credentials('ASIABOB', 'kurz', 'T+/=')
def one(status, method, path, body=b'', who=bob, auth=SigV4Auth, sent=None, service='execute-api'):
    headers = {'Host': host, 'X-Note': '  two   words '}
    if body: headers['Content-Type'] = 'application/json'
    request = AWSRequest(method, 'http://' + host + path, headers=headers, data=body)
    auth(who, service, 'eu-west-1').add_auth(request)
    target = request.url.split(host, 1)[1]
    sent = sent or {}
    print(json.dumps([status, method, sent.get('target', target), dict(request.headers.items()), sent.get('body', body.decode())]))
one(200, 'GET', '/orders')
one(200, 'GET', '/orders/a%20b/%C3%BC?z=1&a=x%2Fy&a=%20b')
one(200, 'GET', '//orders/./x/')
one(200, 'POST', '/orders', b'{"sku":"A-1"}')
one(200, 'POST', '/orders', b'{"sku":"A-1"}', session)
one(200, 'GET', '/orders?limit=5', auth=SigV4QueryAuth)
one(200, 'GET', '/orders?limit=5', who=session, auth=SigV4QueryAuth)
one(403, 'GET', '/orders', who=eve)
one(403, 'GET', '/orders', who=eve, auth=SigV4QueryAuth)
one(403, 'GET', '/orders', service='lambda')
one(403, 'GET', '/orders', who=Credentials('ASIABOB', 'kurz'))
one(403, 'GET', '/orders?a=1', sent={'target': '/orders?a=2'})
one(403, 'GET', '/orders', sent={'target': '/admin'})
one(403, 'POST', '/orders', b'{"sku":"A-1"}', sent={'body': '{"sku":"A-2"}'})
"#;

fn botocore() -> Option<PathBuf> {
    let given = std::env::var_os("TIDEGATE_PEERS").map(PathBuf::from);
    let peers = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers"));
    let found = peers.join("pypi/moto[server]");
    if found.join("botocore").is_dir() {
        return Some(found);
    }
    eprintln!("SKIPPED: botocore is not installed; `cargo xtask test` installs it");
    None
}

fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    address
}

fn contract(keys: &Path) -> String {
    let text = r#"{"version":1,"graph_digest":"","compiled_by":"",
      "defaults":{"account":null,"region":null,"mode":"block","on_error":"closed","max_bytes":1000000,"max_depth":64},
      "functions":{"t/F":{"logical_id":"F","name":"f","type":"AWS::Lambda::Function","exposure":"authenticated","taint":0,"roles":[],
        "limits":{"concurrency":null,"timeout_seconds":null,"memory_mb":null},"egress":[],
        "edges":[{"id":"t/Api->t/F:apigw-v2","from":"t/Api","trigger":"apigw-v2","evidence":"","exposure":"authenticated","taint":0,
          "origin":{"arns":[],"accounts":[],"regions":[],"ids":[],"sources":[],"detail_types":[]},
          "mode":"block","inspect":"structure","on_deny":{"answer":"respond"},"unknown":[],
          "authenticate":[{"proof":{"sigv4":{"principals":["arn:aws:*:bob"],"keys":"KEYS","regions":["eu-west-1"]}}}]}]}}}"#;
    text.replace("KEYS", &keys.display().to_string())
}

#[test]
fn what_botocore_signs_is_let_in_and_what_was_changed_is_not() {
    let Some(path) = botocore() else { return };
    let folder = std::env::temp_dir().join(format!("tidegate-sigv4-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let keys = folder.join("keys.json");
    let text = r#"{"AKIDBOB":{"secret":"geheim","principal":"arn:aws:iam:bob"},"ASIABOB":{"secret":"kurz","principal":"arn:aws:sts:bob","token":"T+/="}}"#;
    std::fs::write(&keys, text).unwrap();
    let contract = contract(&keys);
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let gate = serve(
        Config {
            listen: any,
            admin: None,
            upstream: format!("http://{}", upstream()).parse().unwrap(),
            upstream_ca: None,
            host: None,
            load: Box::new(move || Ok(Some(serde_json::from_str(&contract).unwrap()))),
            routes: Vec::new(),
            tls: None,
            client_ca: None,
            limits: None,
            access: Access::Off,
            quarantine: None,
            workers: 1,
            bounds: Bounds { drain: Duration::from_secs(1), ..Bounds::default() },
        },
        |line| eprintln!("{line}"),
    )
    .unwrap();
    let _ = std::fs::remove_dir_all(&folder);
    let mut python = Command::new("python3");
    let out = python.env("PYTHONPATH", path).args(["-c", SIGN, &gate.address.to_string()]).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let lines = String::from_utf8(out.stdout).unwrap();
    assert_eq!(lines.lines().count(), 14);
    for line in lines.lines() {
        let (status, method, target, headers, body): (
            u16,
            String,
            String,
            std::collections::BTreeMap<String, String>,
            String,
        ) = serde_json::from_str(line).unwrap();
        let mut request = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in headers.iter().filter(|(n, _)| !n.eq_ignore_ascii_case("content-length")) {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        let mut stream = TcpStream::connect(gate.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line}\n{answer}");
    }
    gate.stop();
}
