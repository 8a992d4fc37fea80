//! A Runtime API and the program before it, for all tests of the program.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) const ATTACK: &str = "' UNION SELECT password FROM users-- -";
pub(crate) const NEXT: &str = "/2018-06-01/runtime/invocation/next";
pub(crate) const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:f";

/// A message as it was read: first line, headers with names in lower case, body as it came over the wire.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) first: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Message {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }
}

pub(crate) fn read(from: &mut BufReader<TcpStream>) -> Option<Message> {
    let mut line = || {
        let mut line = String::new();
        from.read_line(&mut line).ok().filter(|n| *n > 0).map(|_| line.trim_end().to_string())
    };
    let first = line()?;
    let mut headers = Vec::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_string()));
    }
    let mut message = Message { first, headers, body: String::new() };
    if message.get("transfer-encoding") == "chunked" {
        // Kept as it is, trailers among it.
        let mut body = Vec::new();
        loop {
            let before = body.len();
            from.read_until(b'\n', &mut body).ok().filter(|n| *n > 0)?;
            let size = String::from_utf8_lossy(&body[before..]).into_owned();
            let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
            if size == 0 {
                while from.read_until(b'\n', &mut body).ok().filter(|n| *n > 0)? > 2 {}
                break;
            }
            let before = body.len();
            body.resize(before + size + 2, 0);
            from.read_exact(&mut body[before..]).ok()?;
        }
        message.body = String::from_utf8_lossy(&body).into_owned();
    } else {
        let mut body = vec![0; message.get("content-length").parse().unwrap_or(0)];
        from.read_exact(&mut body).ok()?;
        message.body = String::from_utf8(body).unwrap();
    }
    Some(message)
}

/// A Runtime API that hands out events and shows what it is answered.
pub(crate) struct Api {
    pub(crate) address: String,
    pub(crate) events: Sender<String>,
    pub(crate) answers: Receiver<Message>,
    pub(crate) shutdown: Sender<()>,
}

impl Api {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (events, waiting) = channel::<String>();
        let (sender, answers) = channel();
        let (shutdown, down) = channel::<()>();
        let down = Arc::new(Mutex::new(down));
        let waiting = Arc::new(Mutex::new((0, waiting)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (waiting, sender) = (Arc::clone(&waiting), sender.clone());
                let down = Arc::clone(&down);
                std::thread::spawn(move || {
                    let mut to = stream.try_clone().unwrap();
                    let mut from = BufReader::new(stream);
                    while let Some(message) = read(&mut from) {
                        let answer = if message.first.contains(NEXT) {
                            let mut waiting = waiting.lock().unwrap();
                            let Ok(event) = waiting.1.recv() else { return };
                            waiting.0 += 1;
                            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
                            format!(
                                "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r{}\r\n\
                                 Lambda-Runtime-Deadline-Ms: {}\r\nContent-Type: application/json\r\n\
                                 Lambda-Runtime-Invoked-Function-Arn: {ARN}\r\nContent-Length: {}\r\n\r\n{event}",
                                waiting.0,
                                since + 30_000,
                                event.len()
                            )
                        } else if message.first.contains("/register") {
                            let taken = message.get("lambda-extension-name") == "registered";
                            let (status, id) = if taken {
                                ("200 OK", "Lambda-Extension-Identifier: x\r\n")
                            } else {
                                ("403 Forbidden", "")
                            };
                            format!("HTTP/1.1 {status}\r\n{id}Content-Length: 0\r\n\r\n")
                        } else if message.first.contains("/event/next") {
                            // Until it is shut down.
                            let Ok(()) = down.lock().unwrap().recv() else { return };
                            let event = "{\"eventType\":\"SHUTDOWN\"}";
                            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{event}", event.len())
                        } else if message.first.contains("/telemetry") {
                            sender.send(message).unwrap();
                            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK".to_string()
                        } else {
                            sender.send(message).unwrap();
                            "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok".to_string()
                        };
                        to.write_all(answer.as_bytes()).unwrap();
                    }
                });
            }
        });
        Self { address, events, answers, shutdown }
    }

    pub(crate) fn answer(&self) -> Message {
        self.answers.recv_timeout(Duration::from_secs(20)).expect("an answer")
    }
}

pub(crate) struct Proxy {
    pub(crate) child: Child,
    pub(crate) address: String,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn command(api: &str, listen: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate-lambda"));
    command.env_remove("TIDEGATE_CONTRACT").env("AWS_LAMBDA_RUNTIME_API", api).env("TIDEGATE_LISTEN", listen);
    command.env("AWS_LAMBDA_FUNCTION_NAME", "f").stderr(Stdio::null());
    command
}

pub(crate) fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

pub(crate) fn proxy(api: &Api, contract: Option<&std::path::Path>) -> Proxy {
    let address = free();
    let mut command = command(&api.address, &address);
    command.envs(contract.map(|path| ("TIDEGATE_CONTRACT", path)));
    Proxy { child: command.spawn().unwrap(), address }
}

impl Proxy {
    pub(crate) fn connect(&self) -> BufReader<TcpStream> {
        for _ in 0..400 {
            if let Ok(stream) = TcpStream::connect(&self.address) {
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                return BufReader::new(stream);
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("the proxy doesn't listen");
    }
}

pub(crate) fn ask(wire: &mut BufReader<TcpStream>, request: &str) -> Message {
    wire.get_mut().write_all(request.as_bytes()).unwrap();
    read(wire).expect("an answer of the proxy")
}

pub(crate) fn next(wire: &mut BufReader<TcpStream>) -> Message {
    ask(wire, &format!("GET {NEXT} HTTP/1.1\r\nHost: x\r\n\r\n"))
}

pub(crate) fn message(id: &str, queue: &str, body: &str) -> String {
    format!(
        r#"{{"messageId":"{id}","body":"{body}","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:111122223333:{queue}","awsRegion":"eu-west-1"}}"#
    )
}

pub(crate) fn batch(messages: &[String]) -> String {
    format!(r#"{{"Records":[{}]}}"#, messages.join(","))
}

/// A contract in a file that is gone with the test.
pub(crate) struct Contract(std::path::PathBuf);

impl std::ops::Deref for Contract {
    type Target = std::path::Path;

    fn deref(&self) -> &std::path::Path {
        &self.0
    }
}

impl AsRef<std::path::Path> for Contract {
    fn as_ref(&self) -> &std::path::Path {
        &self.0
    }
}

impl AsRef<std::ffi::OsStr> for Contract {
    fn as_ref(&self) -> &std::ffi::OsStr {
        self.0.as_os_str()
    }
}

impl Drop for Contract {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub(crate) fn contract() -> Contract {
    contract_with("")
}

/// The contract with more limits.
pub(crate) fn contract_with(limits: &str) -> Contract {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let text = r#"{"version":1,"graph_digest":"sha256:0","compiled_by":"a test",
      "defaults":{"account":null,"region":null,"mode":"block","on_error":"closed","max_bytes":1000000,"max_depth":64},
      "functions":{"s/F":{"logical_id":"F","name":"f","type":"AWS::Lambda::Function","exposure":"internal","taint":null,
        "roles":[],"limits":{"concurrency":null,"timeout_seconds":null,"memory_mb":null},"egress":[],"edges":[{
          "id":"s/Q->s/F:sqs","from":"s/Q","trigger":"sqs","evidence":"event source mapping","exposure":"internal",
          "origin":{"arns":["arn:*:sqs:*:111122223333:orders"],"accounts":[],"regions":[],"ids":[],"sources":[],"detail_types":[]},
          "taint":null,"mode":"block","inspect":"full","on_deny":{"answer":"strip","item_failures":true},"unknown":[]}]}}}"#;
    let text = text.replace("\"memory_mb\":null", &format!("\"memory_mb\":null{limits}"));
    let turn = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("tidegate-lambda-contract-{}-{turn}.json", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).unwrap();
    Contract(path)
}

/// A folder that is gone with the test.
pub(crate) struct Folder(pub(crate) std::path::PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tidegate-lambda-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The program under the name of an extension.
pub(crate) fn extension(folder: &Folder, name: &str, api: &Api, listen: &str) -> Command {
    let program = folder.0.join("extensions").join(name);
    std::fs::create_dir_all(program.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tidegate-lambda"), &program).unwrap();
    let mut command = Command::new(program);
    command.env_remove("TIDEGATE_CONTRACT").env("AWS_LAMBDA_RUNTIME_API", &api.address);
    command.env("AWS_LAMBDA_FUNCTION_NAME", "f").env("TIDEGATE_LISTEN", listen).stderr(Stdio::null());
    command
}
