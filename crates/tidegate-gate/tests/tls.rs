//! The gate over TLS: certificates that change, certificates of clients, HTTP/2, tokens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertificateParams, Issuer, KeyPair, PublicKeyData as _, SanType};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tidegate_gate::http::{Access, Bounds, Config, Gate, Route, serve};
use tidegate_graph::contract::{Contract, Inspect};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

/// A folder that is gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("tidegate-gate-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        // As who exchanges certificates does: whole, then moved.
        let beside = self.0.join(format!("{name}.new"));
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(&beside, &path).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An authority and what it has signed.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Certificate and key, in PEM.
    fn sign(&self, names: Vec<SanType>) -> (String, String) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = names;
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn localhost(&self) -> (String, String) {
        self.sign(vec![SanType::DnsName("localhost".try_into().unwrap())])
    }

    fn spiffe(&self, id: &str) -> (String, String) {
        self.sign(vec![SanType::URI(id.try_into().unwrap())])
    }

    /// A client that trusts it, shows a certificate and asks for these protocols.
    fn client(&self, shows: Option<&(String, String)>, protocols: &[&str]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match shows {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                builder
                    .with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap())
                    .unwrap()
            }
        };
        config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        TlsConnector::from(Arc::new(config))
    }
}

/// An upstream that answers with what it got.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service_fn(|request: Request<hyper::body::Incoming>| async move {
                let text = format!("{} {} {:?}", request.method(), request.uri(), request.headers());
                let body = request.into_body().collect().await.unwrap().to_bytes();
                let all = [text.as_bytes(), &body].concat();
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(all))))
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    address
}

fn config(upstream: SocketAddr, certificate: &Path, key: &Path) -> Config {
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        admin: None,
        upstream: format!("http://{upstream}").parse().unwrap(),
        upstream_ca: None,
        host: None,
        load: Box::new(|| Ok(None)),
        routes: Vec::new(),
        tls: Some((certificate.to_path_buf(), key.to_path_buf())),
        client_ca: None,
        limits: None,
        access: Access::Off,
        quarantine: None,
        workers: 1,
        bounds: Bounds { drain: Duration::from_secs(1), ..Bounds::default() },
    }
}

async fn connect(
    gate: &Gate,
    connector: &TlsConnector,
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let stream = TcpStream::connect(gate.address).await.unwrap();
    connector.connect(ServerName::try_from("localhost").unwrap(), stream).await
}

/// One request over HTTP/1.1; `None` when the connection is refused.
async fn ask(
    gate: &Gate,
    connector: &TlsConnector,
    token: Option<&str>,
    body: &'static str,
) -> Option<(StatusCode, String)> {
    let stream = connect(gate, connector).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    let mut request =
        Request::post("/orders").header("host", "localhost").header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let response = sender.send_request(request.body(Full::new(Bytes::from(body))).unwrap()).await.ok()?;
    let status = response.status();
    let body = response.into_body().collect().await.ok()?.to_bytes();
    Some((status, String::from_utf8_lossy(&body).into_owned()))
}

#[tokio::test]
async fn both_protocols_are_spoken_and_inspected() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let (certificate, key) = authority.localhost();
    let (certificate, key) = (folder.write("c.pem", &certificate), folder.write("k.pem", &key));
    let gate = serve(config(echo().await, &certificate, &key), |_| {}).unwrap();
    let one = authority.client(None, &["http/1.1"]);
    let (status, text) = ask(&gate, &one, None, r#"{"a":1}"#).await.unwrap();
    assert!(status == StatusCode::OK && text.contains("\"x-forwarded-proto\": \"https\""), "{text}");
    let two = authority.client(None, &["h2"]);
    let stream = connect(&gate, &two).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let bodies = [r#"{"a":1}"#, r#"{"a":"<script>alert(document.cookie)</script>"}"#, r#"{"a":2}"#];
    let mut got = Vec::new();
    for body in bodies {
        let request =
            Request::post("https://localhost/orders?x=1").header("content-type", "application/json");
        let response =
            sender.send_request(request.body(Full::new(Bytes::from(body))).unwrap()).await.unwrap();
        got.push(response.status().as_u16());
        let text = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&text);
        assert!(
            !text.starts_with("POST")
                || text.contains("POST /orders?x=1") && text.contains("\"host\": \"localhost\""),
            "{text}"
        );
    }
    assert_eq!(got, [200, 403, 200]);
    for (address, header) in [("https://u@localhost/orders", None), ("/orders", Some("a/b"))] {
        let request = Request::get(address);
        let request = header.into_iter().fold(request, |request, host| request.header("host", host));
        let response = sender.send_request(request.body(Full::new(Bytes::new())).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{address} {header:?}");
    }
    gate.stop();
}

#[tokio::test]
async fn a_certificate_changes_while_the_gate_runs() {
    let (folder, old, new) = (Folder::new(), Authority::new(), Authority::new());
    let (certificate, key) = old.localhost();
    let (certificate, key) = (folder.write("c.pem", &certificate), folder.write("k.pem", &key));
    let admin = Some("127.0.0.1:0".parse().unwrap());
    let gate = serve(Config { admin, ..config(echo().await, &certificate, &key) }, |_| {}).unwrap();
    let (before, after) = (old.client(None, &[]), new.client(None, &[]));
    assert!(ask(&gate, &before, None, "{}").await.is_some());
    assert!(ask(&gate, &after, None, "{}").await.is_none());
    folder.write("c.pem", "torn");
    assert!(gate.reload().unwrap_err().contains("stays what it was"));
    // Who watches the files sees it as well.
    let (failed, done) = reloads(&gate).await;
    assert!((1..=2).contains(&failed) && done == 0, "{failed} failed, {done} done");
    assert!(ask(&gate, &before, None, "{}").await.is_some());
    let (next, next_key) = new.localhost();
    folder.write("k.pem", &next_key);
    folder.write("c.pem", &next);
    gate.reload().unwrap();
    assert!(reloads(&gate).await.1 >= 1);
    assert!(ask(&gate, &before, None, "{}").await.is_none());
    assert!(ask(&gate, &after, None, "{}").await.is_some());
    gate.stop();
}

/// How many failed, and how many were done.
async fn reloads(gate: &Gate) -> (u64, u64) {
    let stream = TcpStream::connect(gate.admin.unwrap()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("/metrics").header("host", "a").body(Full::new(Bytes::new())).unwrap();
    let text = sender.send_request(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&text).into_owned();
    let count = |result: &str| {
        let name = format!("tidegate_reloads_total{{result=\"{result}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
    };
    (count("failed"), count("done"))
}

fn contract(proof: &str) -> Contract {
    let text = format!(
        r#"{{"version":1,"graph_digest":"","compiled_by":"",
        "defaults":{{"account":null,"region":null,"mode":"block","on_error":"closed","max_bytes":1000000,"max_depth":64}},
        "functions":{{"t/F":{{"logical_id":"F","name":"f","type":"AWS::Lambda::Function","exposure":"anonymous","taint":0,"roles":[],
          "limits":{{"concurrency":null,"timeout_seconds":null,"memory_mb":null}},"egress":[],
          "edges":[{{"id":"t/Api->t/F:apigw-v2","from":"t/Api","trigger":"apigw-v2","evidence":"","exposure":"anonymous","taint":0,
            "origin":{{"arns":[],"accounts":["111122223333"],"regions":[],"ids":["abc"],"sources":[],"detail_types":[]}},
            "mode":"block","inspect":"full","on_deny":{{"answer":"respond"}},"unknown":[],
            "authenticate":[{{"proof":{proof}}}]}}]}}}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn clients_are_who_their_certificates_say() {
    let (folder, authority, stranger) = (Folder::new(), Authority::new(), Authority::new());
    let (certificate, key) = authority.localhost();
    let (certificate, key) = (folder.write("c.pem", &certificate), folder.write("k.pem", &key));
    let contract = contract(r#"{"mtls":{"names":["spiffe://shop.example/orders/*"]}}"#);
    let config = Config {
        client_ca: Some(folder.write("ca.pem", &authority.pem)),
        load: Box::new(move || Ok(Some(contract.clone()))),
        ..config(echo().await, &certificate, &key)
    };
    let gate = serve(config, |_| {}).unwrap();
    let status = async |shows: Option<&(String, String)>| {
        ask(&gate, &authority.client(shows, &[]), None, "{}").await.map(|(status, _)| status.as_u16())
    };
    assert_eq!(status(Some(&authority.spiffe("spiffe://shop.example/orders/1"))).await, Some(200));
    assert_eq!(status(Some(&authority.spiffe("spiffe://shop.example/billing"))).await, Some(403));
    assert_eq!(status(Some(&stranger.spiffe("spiffe://shop.example/orders/1"))).await, None);
    assert_eq!(status(None).await, None);
    gate.stop();
}

#[tokio::test]
async fn a_token_is_verified_with_its_providers_key() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let (certificate, key) = authority.localhost();
    let (certificate, key) = (folder.write("c.pem", &certificate), folder.write("k.pem", &key));
    let (provider, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let point = provider.der_bytes();
    let half = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
    let keys = format!(
        r#"{{"keys":[{{"kty":"EC","crv":"P-256","kid":"k1","alg":"ES256","use":"sig","x":"{}","y":"{}"}}]}}"#,
        half(1..33),
        half(33..65)
    );
    let keys = folder.write("keys.json", &keys);
    let proof = format!(
        r#"{{"jwt":{{"issuer":"https://id.example","audiences":["orders"],"keys":{:?},"scopes":["write"]}}}}"#,
        keys.to_str().unwrap()
    );
    let contract = contract(&proof);
    let routes = vec![Route { path: "/orders*".into(), function: "f".into() }];
    let config = Config {
        load: Box::new(move || Ok(Some(contract.clone()))),
        routes,
        ..config(echo().await, &certificate, &key)
    };
    let gate = serve(config, |_| {}).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let token = |signer: &KeyPair, kid: &str, claims: serde_json::Value| {
        let mut head = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
        head.kid = Some(kid.to_string());
        let key = jsonwebtoken::EncodingKey::from_ec_der(&signer.serialize_der());
        jsonwebtoken::encode(&head, &claims, &key).unwrap()
    };
    let claims = |issuer: &str, audience: serde_json::Value, scope: &str, expires: u64| serde_json::json!({"iss": issuer, "aud": audience, "scope": scope, "exp": expires});
    let good = || claims("https://id.example", "orders".into(), "read write", now + 300);
    let client = authority.client(None, &[]);
    let status = async |token: Option<String>| {
        ask(&gate, &client, token.as_deref(), "{}").await.map(|(status, _)| status.as_u16())
    };
    assert_eq!(status(Some(token(&provider, "k1", good()))).await, Some(200));
    let list = claims("https://id.example", serde_json::json!(["x", "orders"]), "write", now + 300);
    assert_eq!(status(Some(token(&provider, "k1", list))).await, Some(200));
    assert_eq!(status(None).await, Some(403));
    for wrong in [
        token(&other, "k1", good()),
        token(&provider, "k2", good()),
        token(&provider, "k1", claims("https://id.example", "orders".into(), "write", now - 300)),
        token(&provider, "k1", claims("https://evil.example", "orders".into(), "write", now + 300)),
        token(&provider, "k1", claims("https://id.example", "billing".into(), "write", now + 300)),
        token(&provider, "k1", claims("https://id.example", "orders".into(), "read", now + 300)),
    ] {
        assert_eq!(status(Some(wrong)).await, Some(403));
    }
    // The scopes as Azure AD has them, and an extension that nobody here knows.
    let scp = |scp: serde_json::Value| {
        let mut claims = good();
        claims.as_object_mut().unwrap().remove("scope");
        claims["scp"] = scp;
        token(&provider, "k1", claims)
    };
    assert_eq!(status(Some(scp("read write".into()))).await, Some(200));
    assert_eq!(status(Some(scp(serde_json::json!(["read", "write"])))).await, Some(200));
    assert_eq!(status(Some(scp(serde_json::json!(["read", "writer"])))).await, Some(403));
    let mut critical = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
    (critical.kid, critical.crit) = (Some("k1".to_string()), Some(vec!["exp".to_string()]));
    let key = jsonwebtoken::EncodingKey::from_ec_der(&provider.serialize_der());
    let critical = jsonwebtoken::encode(&critical, &good(), &key).unwrap();
    assert_eq!(status(Some(critical)).await, Some(403));
    // Without a signature, and with one by the public key as a shared secret.
    let unsigned = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"k1"}"#),
        URL_SAFE_NO_PAD.encode(good().to_string())
    );
    assert_eq!(status(Some(unsigned)).await, Some(403));
    let mut head = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    head.kid = Some("k1".to_string());
    let confused =
        jsonwebtoken::encode(&head, &good(), &jsonwebtoken::EncodingKey::from_secret(point)).unwrap();
    assert_eq!(status(Some(confused)).await, Some(403));
    gate.stop();
}

/// Where the inner test finds its certificates.
const INNER: &str = "TIDEGATE_TEST_KEYS";

/// Which authorities are believed is the system's, or `SSL_CERT_FILE`'s: each way takes a process of its own.
#[test]
fn keys_are_fetched_from_whom_the_authorities_know() {
    let (folder, authority, stranger) = (Folder::new(), Authority::new(), Authority::new());
    let (certificate, key) = authority.localhost();
    folder.write("c.pem", &certificate);
    folder.write("k.pem", &key);
    let (own, other) = (folder.write("own.pem", &authority.pem), folder.write("other.pem", &stranger.pem));
    for (ca, expected) in [(own, "200"), (other, "403")] {
        let mut inner = std::process::Command::new(std::env::current_exe().unwrap());
        inner.args(["--exact", "--ignored", "keys_over_tls"]).env("SSL_CERT_FILE", ca);
        let done = inner.env(INNER, &folder.0).env("TIDEGATE_TEST_STATUS", expected).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("1 passed"), "{expected}: {said}");
    }
}

#[tokio::test]
#[ignore = "the inside of the test above, which says whom to believe"]
async fn keys_over_tls() {
    let folder = PathBuf::from(std::env::var_os(INNER).unwrap());
    let expected: u16 = std::env::var("TIDEGATE_TEST_STATUS").unwrap().parse().unwrap();
    let pair = KeyPair::generate().unwrap();
    let point = pair.der_bytes();
    let half = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
    let keys = format!(
        r#"{{"keys":[{{"kty":"EC","crv":"P-256","kid":"k1","alg":"ES256","x":"{}","y":"{}"}}]}}"#,
        half(1..33),
        half(33..65)
    );
    let provider = secure(&folder, keys).await;
    let issuer = format!("https://localhost:{}", provider.port());
    let keys = format!(r#"{{"jwt":{{"issuer":"{issuer}","audiences":["orders"],"keys":"{issuer}/jwks"}}}}"#);
    let mut contract = contract(&keys);
    // A token whose issuer is on this machine looks like a forged request to it.
    let edges = contract.functions.values_mut().flat_map(|f| &mut f.edges);
    edges.for_each(|edge| edge.inspect = Inspect::Structure);
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let to = Arc::clone(&told);
    let config = Config {
        load: Box::new(move || Ok(Some(contract.clone()))),
        tls: None,
        ..config(echo().await, Path::new(""), Path::new(""))
    };
    let gate = serve(config, move |line| to.lock().unwrap().push(line.to_string())).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut head = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
    head.kid = Some("k1".to_string());
    let claims = serde_json::json!({"iss": issuer, "aud": "orders", "exp": now + 300});
    let key = jsonwebtoken::EncodingKey::from_ec_der(&pair.serialize_der());
    let token = jsonwebtoken::encode(&head, &claims, &key).unwrap();
    let ask = async || {
        let stream = TcpStream::connect(gate.address).await.unwrap();
        let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let (mut sender, connection) = shaken;
        tokio::spawn(connection);
        let request = Request::get("/orders").header("host", "a");
        let request = request.header("authorization", format!("Bearer {token}"));
        let request = request.body(Full::new(Bytes::new())).unwrap();
        sender.send_request(request).await.unwrap().status().as_u16()
    };
    let refused = || told.lock().unwrap().iter().any(|line| line.contains("gave no keys"));
    let began = std::time::Instant::now();
    // Until the keys are there, or it is said that they won't be.
    while ask().await != 200 && !refused() && began.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(ask().await, expected, "{:?}", told.lock().unwrap());
    assert_eq!(refused(), expected != 200);
    gate.stop();
}

/// A server over TLS that answers everything with one text.
async fn secure(folder: &Path, text: String) -> SocketAddr {
    let chain = vec![CertificateDer::from_pem_file(folder.join("c.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join("k.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, text) = (acceptor.clone(), text.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = service_fn(move |_| {
                    let text = text.clone();
                    async move { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(text)))) }
                });
                let http = hyper::server::conn::http1::Builder::new();
                let _ = http.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn an_address_that_is_not_ours_is_an_error() {
    let (folder, authority) = (Folder::new(), Authority::new());
    let (certificate, key) = authority.localhost();
    let (certificate, key) = (folder.write("c.pem", &certificate), folder.write("k.pem", &key));
    let foreign: SocketAddr = "192.0.2.1:1".parse().unwrap();
    let wrong = |config: Config| serve(config, |_| {}).err().unwrap().to_string();
    let upstream = echo().await;
    let text = wrong(Config { listen: foreign, ..config(upstream, &certificate, &key) });
    assert!(text.contains("could not listen on 192.0.2.1:1"), "{text}");
    let text = wrong(Config { admin: Some(foreign), ..config(upstream, &certificate, &key) });
    assert!(text.contains("could not listen on 192.0.2.1:1"), "{text}");
}
