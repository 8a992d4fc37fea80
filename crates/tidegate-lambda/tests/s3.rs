//! A contract in S3: a server that speaks like it, and one that speaks TLS.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

#[path = "rig/function.rs"]
mod rig;

use rig::{Api, Folder, Proxy, batch, command, contract, free, message, next};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn listens(port: u16) {
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(start.elapsed() < Duration::from_secs(60), "the server doesn't start");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A server of S3 and its port; `None`, loudly, where there is none.
fn moto() -> Option<(Ends, u16)> {
    let Some(peers) = std::env::var_os("TIDEGATE_PEERS").map(PathBuf::from) else {
        eprintln!("SKIPPED s3: `cargo xtask test` installs moto");
        return None;
    };
    let folder = peers.join("pypi/moto[server]");
    assert!(folder.is_dir(), "there is no {}", folder.display());
    let port = port();
    let mut server = Command::new("python3");
    server.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
    server.env("PYTHONPATH", &folder).stdout(Stdio::null()).stderr(Stdio::null());
    let server = Ends(server.spawn().unwrap());
    listens(port);
    Some((server, port))
}

fn put(port: u16, path: &str, body: &[u8]) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: {}\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// What lies in a bucket, by the server's own listing: the keys.
fn keys(port: u16, bucket: &str) -> Vec<String> {
    let text = get(port, &format!("/{bucket}?list-type=2"));
    text.split("<Key>").skip(1).filter_map(|rest| Some(rest.split_once("</Key>")?.0.to_string())).collect()
}

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The program with a contract at this address.
fn guarded(api: &Api, listen: &str, endpoint: &str) -> Command {
    let mut command = command(&api.address, listen);
    command.env("TIDEGATE_CONTRACT", "s3://contracts/a dir/c.json").env("AWS_ENDPOINT_URL", endpoint);
    command.env_remove("AWS_ENDPOINT_URL_S3").env("TIDEGATE_CONTRACT_SECONDS", "1");
    command.env("AWS_REGION", "us-east-1").env("AWS_ACCESS_KEY_ID", "test");
    command.env("AWS_SECRET_ACCESS_KEY", "geheim").env("AWS_SESSION_TOKEN", "T+/=");
    command
}

/// How the program ends that can't start, and what it says.
fn refused(command: &mut Command) -> String {
    let ran = command.stderr(Stdio::piped()).output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    let log = String::from_utf8(ran.stderr).unwrap();
    assert!(!log.contains("geheim") && !log.contains("T+/="), "{log}");
    log
}

/// Whether an event of this queue reaches the function; the one behind it always does.
fn passes(api: &Api, runtime: &mut std::io::BufReader<TcpStream>, queue: &str) -> bool {
    api.events.send(batch(&[message("1", queue, "fine")])).unwrap();
    api.events.send(batch(&[message("2", "orders", "fine")])).unwrap();
    let passes = next(runtime).body.contains("\"1\"");
    if passes {
        next(runtime);
    }
    passes
}

const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
/// Its other half: the first example of RFC 8032.
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

fn signature(text: &str) -> String {
    let bytes = tidegate_decide::signed::sign(text.as_bytes(), PRIVATE).unwrap();
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = bytes.chunks(3).flat_map(|chunk| {
        let bits = (0..3).fold(0_u32, |bits, i| bits << 8 | u32::from(*chunk.get(i).unwrap_or(&0)));
        let letter = move |i: usize| char::from(LETTERS[(bits >> (18 - 6 * i) & 63) as usize]);
        (0..4).map(move |i| if i <= chunk.len() { letter(i) } else { '=' })
    });
    letters.collect()
}

#[test]
fn a_contract_in_s3_is_read_and_read_again_when_it_changes() {
    let Some((_server, port)) = moto() else { return };
    let (api, listen, endpoint) = (Api::start(), free(), format!("http://127.0.0.1:{port}"));
    put(port, "/contracts", b"");
    let missing = refused(&mut guarded(&api, &listen, &endpoint));
    assert!(missing.contains("S3 answers 404 NoSuchKey"), "{missing}");
    let text = std::fs::read_to_string(contract()).unwrap();
    put(port, "/contracts/a%20dir/c.json", text.as_bytes());
    let unsigned = refused(guarded(&api, &listen, &endpoint).env("TIDEGATE_CONTRACT_KEY", PUBLIC));
    assert!(unsigned.contains("c.json.sig`: S3 answers 404"), "{unsigned}");
    put(port, "/contracts/a%20dir/c.json.sig", signature("another").as_bytes());
    let foreign = refused(guarded(&api, &listen, &endpoint).env("TIDEGATE_CONTRACT_KEY", PUBLIC));
    assert!(foreign.contains("isn't believed"), "{foreign}");

    put(port, "/contracts/a%20dir/c.json.sig", signature(&text).as_bytes());
    let child = guarded(&api, &listen, &endpoint).env("TIDEGATE_CONTRACT_KEY", PUBLIC).spawn().unwrap();
    let proxy = Proxy { child, address: listen };
    let mut runtime = proxy.connect();
    assert!(passes(&api, &mut runtime, "orders") && !passes(&api, &mut runtime, "others"));
    // What nobody signed doesn't come into force, however long it lies there.
    let wider = text.replace(":orders\"", ":o*\"");
    put(port, "/contracts/a%20dir/c.json", wider.as_bytes());
    std::thread::sleep(Duration::from_millis(2500));
    assert!(!passes(&api, &mut runtime, "others"));
    put(port, "/contracts/a%20dir/c.json.sig", signature(&wider).as_bytes());
    let start = Instant::now();
    while !passes(&api, &mut runtime, "others") {
        assert!(start.elapsed() < Duration::from_secs(30), "the newer contract never came into force");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn denied_records_are_kept_in_a_bucket_beside_the_events() {
    let Some((_server, port)) = moto() else { return };
    let (api, listen, endpoint) = (Api::start(), free(), format!("http://127.0.0.1:{port}"));
    put(port, "/kept", b"");
    let mut command = guarded(&api, &listen, &endpoint);
    command.env_remove("TIDEGATE_CONTRACT").env("TIDEGATE_QUARANTINE", "s3://kept/denied events/");
    let proxy = Proxy { child: command.spawn().unwrap(), address: listen };
    let mut runtime = proxy.connect();
    api.events.send(batch(&[message("1", "orders", "fine"), message("2", "orders", rig::ATTACK)])).unwrap();
    next(&mut runtime);
    let start = Instant::now();
    let key = loop {
        if let Some(key) = keys(port, "kept").pop() {
            break key;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "nothing is kept");
        std::thread::sleep(Duration::from_millis(50));
    };
    let parts: Vec<&str> = key.split('/').collect();
    assert!(parts[0] == "denied events" && parts[1].len() == 8 && parts[2] == "r1.jsonl", "{key}");
    let answer = get(port, &format!("/kept/{}", key.replace(' ', "%20")));
    let line = answer.split("\r\n\r\n").nth(1).unwrap().lines().next().unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!((&line["request_id"], &line["index"]), (&"r1".into(), &1.into()));
    // What can't be kept holds nothing up.
    let (api, listen) = (Api::start(), free());
    let mut command = guarded(&api, &listen, &endpoint);
    command.env_remove("TIDEGATE_CONTRACT").env("TIDEGATE_QUARANTINE", "s3://nowhere/x");
    let proxy = Proxy { child: command.spawn().unwrap(), address: listen };
    let mut runtime = proxy.connect();
    api.events.send(batch(&[message("1", "orders", "fine"), message("2", "orders", rig::ATTACK)])).unwrap();
    next(&mut runtime);
}

/// Answers each request with a file, over TLS; says on its standard output how it was signed.
const SERVER: &str = "
import http.server, ssl, sys
folder, port = sys.argv[1], int(sys.argv[2])
text = open(folder + '/contract.json', 'rb').read()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        signed = self.headers.get('authorization', '')
        good = signed.startswith('AWS4-HMAC-SHA256 Credential=test/') and self.path == '/contracts/a%20dir/c.json'
        self.send_response(200 if good else 403)
        self.send_header('ETag', '\"1\"')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        if self.command == 'GET': self.wfile.write(text)
    do_HEAD = do_GET
server = http.server.ThreadingHTTPServer(('127.0.0.1', port), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + '/cert.pem', folder + '/key.pem')
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
";

#[test]
fn s3_is_asked_over_tls_and_has_to_show_who_it_is() {
    let (api, folder, port) = (Api::start(), Folder::new("tls"), port());
    std::fs::copy(contract(), folder.0.join("contract.json")).unwrap();
    for name in ["", "other-"] {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-keyout")
            .arg(folder.0.join(format!("{name}key.pem")))
            .arg("-out")
            .arg(folder.0.join(format!("{name}cert.pem")))
            .stderr(Stdio::null())
            .status();
        assert!(made.unwrap().success());
    }
    let mut server = Command::new("python3");
    server.args(["-c", SERVER]).arg(&folder.0).arg(port.to_string());
    let _server = Ends(server.stderr(Stdio::null()).spawn().unwrap());
    listens(port);
    let (listen, endpoint) = (free(), format!("https://localhost:{port}"));
    let with = |certificate: &str| {
        let mut command = guarded(&api, &listen, &endpoint);
        command.env("SSL_CERT_FILE", folder.0.join(certificate));
        command
    };
    let stranger = refused(&mut with("other-cert.pem"));
    assert!(stranger.contains("certificate"), "{stranger}");
    assert!(refused(&mut with("nowhere.pem")).contains("holds no certificates"));
    let child = with("cert.pem").spawn().unwrap();
    let proxy = Proxy { child, address: listen };
    let mut runtime = proxy.connect();
    assert!(passes(&api, &mut runtime, "orders") && !passes(&api, &mut runtime, "others"));
}
