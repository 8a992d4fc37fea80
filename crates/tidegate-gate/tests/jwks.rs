//! Keys of a provider that are fetched, and that the provider exchanges.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PublicKeyData as _};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tidegate_gate::http::{Access, Bounds, Config, serve};
use tidegate_graph::contract::Contract;

/// Answers each request by its path; counts those for keys.
fn server(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut bytes = [0; 8192];
            let read = stream.read(&mut bytes).unwrap_or_default();
            let head = String::from_utf8_lossy(&bytes[..read]).into_owned();
            let (status, body) = answer(head.split(' ').nth(1).unwrap_or_default());
            let length = body.len();
            let text =
                format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
            let _ = stream.write_all(text.as_bytes());
        }
    });
    address
}

fn key(pair: &KeyPair, kid: &str) -> String {
    let point = pair.der_bytes();
    let half = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
    let (x, y) = (half(1..33), half(33..65));
    format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","kid":"{kid}","alg":"ES256","x":"{x}","y":"{y}"}}]}}"#)
}

fn token(signer: &KeyPair, kid: &str, issuer: &str) -> String {
    signed(signer, Some(kid), issuer)
}

fn signed(signer: &KeyPair, kid: Option<&str>, issuer: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut head = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
    head.kid = kid.map(str::to_string);
    let claims = serde_json::json!({"iss": issuer, "aud": "orders", "exp": now + 300});
    let key = jsonwebtoken::EncodingKey::from_ec_der(&signer.serialize_der());
    jsonwebtoken::encode(&head, &claims, &key).unwrap()
}

fn contract(issuer: &str, keys: &str) -> Contract {
    let text = format!(
        r#"{{"version":1,"graph_digest":"","compiled_by":"",
        "defaults":{{"account":null,"region":null,"mode":"block","on_error":"closed","max_bytes":1000000,"max_depth":64}},
        "functions":{{"t/F":{{"logical_id":"F","name":"f","type":"AWS::Lambda::Function","exposure":"authenticated","taint":0,"roles":[],
          "limits":{{"concurrency":null,"timeout_seconds":null,"memory_mb":null}},"egress":[],
          "edges":[{{"id":"t/Api->t/F:apigw-v2","from":"t/Api","trigger":"apigw-v2","evidence":"","exposure":"authenticated","taint":0,
            "origin":{{"arns":[],"accounts":[],"regions":[],"ids":[],"sources":[],"detail_types":[]}},
            "mode":"block","inspect":"structure","on_deny":{{"answer":"respond"}},"unknown":[],
            "authenticate":[{{"proof":{{"jwt":{{"issuer":"{issuer}","audiences":["orders"],"keys":"{keys}"}}}}}}]}}]}}}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn config(contract: Contract) -> Config {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    Config {
        listen: any,
        admin: None,
        upstream: format!("http://{}", server(|_| (200, String::new()))).parse().unwrap(),
        upstream_ca: None,
        host: None,
        load: Box::new(move || Ok(Some(contract.clone()))),
        routes: Vec::new(),
        tls: None,
        client_ca: None,
        limits: None,
        access: Access::Off,
        quarantine: None,
        workers: 1,
        bounds: Bounds { drain: Duration::from_secs(1), ..Bounds::default() },
    }
}

fn ask(gate: SocketAddr, token: &str) -> u16 {
    let mut stream = TcpStream::connect(gate).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let request =
        format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

fn until(gate: SocketAddr, token: &str, status: u16) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        if ask(gate, token) == status {
            return true;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    false
}

#[test]
fn keys_are_found_fetched_and_exchanged() {
    let (first, second) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let now = Arc::new(Mutex::new((key(&first, "k1"), String::new(), 0)));
    let of = Arc::clone(&now);
    let provider = server(move |path| {
        let mut now = of.lock().unwrap();
        match path {
            "/.well-known/openid-configuration" => (200, now.1.clone()),
            "/jwks" => {
                now.2 += 1;
                if now.0.is_empty() { (500, String::new()) } else { (200, now.0.clone()) }
            }
            _ => (404, String::new()),
        }
    });
    let issuer = format!("http://{provider}");
    now.lock().unwrap().1 = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{issuer}/jwks"}}"#);
    let keys = format!("{issuer}/.well-known/openid-configuration");
    let gate = serve(config(contract(&issuer, &keys)), |_| {}).unwrap();
    let (old, new) = (token(&first, "k1", &issuer), token(&second, "k2", &issuer));
    assert!(until(gate.address, &old, 200), "found and fetched");
    assert_eq!(ask(gate.address, &token(&second, "k1", &issuer)), 403);
    // Names that nobody has make no traffic to speak of.
    for n in 0..50 {
        assert_eq!(ask(gate.address, &token(&second, &format!("x{n}"), &issuer)), 403);
    }
    assert!(now.lock().unwrap().2 <= 2, "{}", now.lock().unwrap().2);
    // A provider that fails leaves what was there.
    now.lock().unwrap().0 = String::new();
    let before = now.lock().unwrap().2;
    assert_eq!(ask(gate.address, &new), 403);
    let begun = Instant::now();
    while now.lock().unwrap().2 == before && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(ask(gate.address, &old), 200);
    now.lock().unwrap().0 = key(&second, "k2");
    assert!(until(gate.address, &new, 200), "fetched for the key that a token names");
    assert_eq!(ask(gate.address, &old), 403, "and the old one is gone");
    gate.stop();
}

#[test]
fn who_says_to_be_somebody_else_gives_no_keys() {
    let pair = KeyPair::generate().unwrap();
    let body = key(&pair, "k1");
    let provider = server(move |path| match path {
        "/jwks" => (200, body.clone()),
        _ => (200, r#"{"issuer":"https://id.example","jwks_uri":"http://127.0.0.1/jwks"}"#.into()),
    });
    let issuer = format!("http://{provider}");
    let said = Arc::new(Mutex::new(Vec::new()));
    let to = Arc::clone(&said);
    let keys = format!("{issuer}/.well-known/openid-configuration");
    let tell = move |line: &str| to.lock().unwrap().push(line.to_string());
    let gate = serve(config(contract(&issuer, &keys)), tell).unwrap();
    let begun = Instant::now();
    while said.lock().unwrap().is_empty() && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(said.lock().unwrap()[0].contains("its `issuer` is another"), "{said:?}");
    assert_eq!(ask(gate.address, &token(&pair, "k1", &issuer)), 403);
    gate.stop();
}

/// What a token leaves unsaid is no choice of ours: of two keys that fit, none is tried.
#[test]
fn a_token_that_names_no_key_passes_where_one_alone_fits() {
    let (first, second) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let whole = [key(&first, "k1"), key(&second, "k2")]
        .map(|set| set.trim_start_matches(r#"{"keys":["#).trim_end_matches("]}").to_string());
    let encrypting = whole[1].replacen('{', r#"{"use":"enc","#, 1);
    let sets = [format!("{},{encrypting}", whole[0]), whole.join(",")];
    for (set, status, counted) in [(&sets[0], 200, "several-keys\"} 0"), (&sets[1], 403, "several-keys\"} 1")]
    {
        let body = format!(r#"{{"keys":[{set}]}}"#);
        let provider = server(move |_| (200, body.clone()));
        let issuer = format!("http://{provider}");
        let admin = Some("127.0.0.1:0".parse().unwrap());
        let config = Config { admin, ..config(contract(&issuer, &format!("{issuer}/jwks"))) };
        let gate = serve(config, |_| {}).unwrap();
        assert!(until(gate.address, &token(&first, "k1", &issuer), 200), "{set}");
        assert_eq!(ask(gate.address, &signed(&first, None, &issuer)), status, "{set}");
        let mut stream = TcpStream::connect(gate.admin.unwrap()).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let line = format!("tidegate_tokens_refused_total{{why=\"{counted}");
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        gate.stop();
    }
}
