//! Two HTTP gates before one upstream, over one Redis.

use super::Redis;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};
use tidegate_gate::Redis as Place;
use tidegate_gate::http::{Access, Bounds, Config, Error, Gate, serve};
use tidegate_graph::contract::Contract;

/// Answers whatever comes, until the test ends.
fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut stream = stream;
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).is_ok_and(|n| n > 0) {
                    if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// Two requests in a second, sixteen at once.
fn contract(on_error: &str) -> Contract {
    let text = format!(
        r#"{{"version":1,"graph_digest":"","compiled_by":"",
        "defaults":{{"account":null,"region":null,"mode":"block","on_error":"{on_error}","max_bytes":1000000,"max_depth":64}},
        "functions":{{"t/F":{{"logical_id":"F","name":"f","type":"AWS::Lambda::Function","exposure":"anonymous","taint":0,"roles":[],
          "limits":{{"concurrency":null,"timeout_seconds":null,"memory_mb":null,"rate":{{"events":2,"seconds":1,"burst":16}}}},"egress":[],
          "edges":[{{"id":"t/Api->t/F:apigw-v2","from":"t/Api","trigger":"apigw-v2","evidence":"","exposure":"anonymous","taint":0,
            "origin":{{"arns":[],"accounts":[],"regions":[],"ids":[],"sources":[],"detail_types":[]}},
            "mode":"block","inspect":"full","on_deny":{{"answer":"respond"}},"unknown":[]}}]}}}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn gate(on_error: &str, limits: &str) -> Result<Gate, Error> {
    let contract = contract(on_error);
    let any = "127.0.0.1:0".parse().unwrap();
    let config = Config {
        listen: any,
        admin: Some(any),
        upstream: format!("http://{}", upstream()).parse().unwrap(),
        upstream_ca: None,
        host: None,
        load: Box::new(move || Ok(Some(contract.clone()))),
        routes: Vec::new(),
        limits: Some(Place { url: limits.to_string(), ca: None }),
        tls: None,
        client_ca: None,
        access: Access::Off,
        quarantine: None,
        workers: 1,
        bounds: Bounds::default(),
    };
    serve(config, |_| {})
}

fn get(to: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn passes(gate: &Gate) -> bool {
    let answer = get(gate.address, "/orders");
    let passed = answer.starts_with("HTTP/1.1 200 ");
    assert!(passed || answer.starts_with("HTTP/1.1 429 "), "{answer}");
    passed
}

fn metric(gate: &Gate, name: &str) -> u64 {
    let text = get(gate.admin.unwrap(), "/metrics");
    let line = text.lines().find_map(|l| l.strip_prefix(&format!("tidegate_limits_{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

fn wait_for(gate: &Gate, name: &str, done: impl Fn(u64) -> bool) {
    let started = Instant::now();
    while !done(metric(gate, name)) {
        assert!(started.elapsed() < Duration::from_secs(20), "{name} is {}", metric(gate, name));
        passes(gate);
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn two_gates_keep_one_limit_and_the_contract_says_what_happens_without_redis() {
    let Some(mut redis) = Redis::start(None) else { return };
    let url = redis.settings().url;
    let gates = [gate("closed", &url).unwrap(), gate("open", &url).unwrap()];
    let started = Instant::now();
    let mut passed = [0_u64; 2];
    while started.elapsed() < Duration::from_secs(3) {
        for (gate, passed) in gates.iter().zip(&mut passed) {
            *passed += u64::from(passes(gate));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let limit = 16 + 2 * started.elapsed().as_secs_f64().ceil() as u64;
    let all: u64 = passed.iter().sum();
    assert!(all <= limit + 2 * 2, "{all} passed, the limit is {limit} and a block 2: {passed:?}");
    assert!(all >= limit * 7 / 10, "{all} passed of {limit}: the limit is used");
    for gate in &gates {
        assert_eq!(metric(gate, "connected"), 1);
        assert!(metric(gate, "refills_total") > 0);
        // What is read again is shared as well.
        gate.reload().unwrap();
    }

    redis.kill();
    let [closed, open] = &gates;
    wait_for(closed, "held_back_total", |n| n > 0);
    wait_for(open, "uncounted_total", |n| n > 0);
    assert_eq!((metric(closed, "connected"), metric(open, "connected")), (0, 0));
    assert!((0..20).all(|_| !passes(closed)), "closed holds back");
    assert!((0..40).all(|_| passes(open)), "open lets pass");
    gates.into_iter().for_each(Gate::stop);
}

#[test]
fn an_address_that_is_none_is_said_without_its_password() {
    let error = gate("closed", "http://:hunter2@127.0.0.1").err().unwrap().to_string();
    assert!(error.contains("address for limits") && !error.contains("hunter2"), "{error}");
}
