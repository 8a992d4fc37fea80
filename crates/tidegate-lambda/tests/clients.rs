//! AWS's own runtime clients, for Python and for Node, behind the real binary. `cargo xtask test` installs them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

#[path = "rig/function.rs"]
mod rig;

use rig::{ATTACK, Api, Folder, Proxy, batch, message, proxy};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const PYTHON: &str = "
def handler(event, context):
    if 'boom' in event:
        raise ValueError('it is broken')
    return {'seen': event, 'id': context.aws_request_id}
";

const NODE: &str = "
exports.handler = async (event, context) => {
  if ('boom' in event) throw new TypeError('it is broken')
  return { seen: event, id: context.awsRequestId }
}
exports.stream = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType('text/plain')
  stream.write('part one;')
  await new Promise((done) => setTimeout(done, 50))
  if ('boom' in event) throw new TypeError('it is broken')
  stream.write('part two')
  stream.end()
})
";

struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where a client is installed; `None`, loudly, where nobody installs any.
fn peer(name: &str) -> Option<PathBuf> {
    let Some(peers) = std::env::var_os("TIDEGATE_PEERS").map(PathBuf::from) else {
        eprintln!("SKIPPED {name}: `cargo xtask test` installs it");
        return None;
    };
    let folder = peers.join(name);
    assert!(folder.is_dir(), "there is no {}", folder.display());
    Some(folder)
}

fn start(mut command: Command, code: &Folder, proxy: &Proxy, handler: &str) -> Ends {
    command.current_dir(&code.0).env("AWS_LAMBDA_RUNTIME_API", &proxy.address).env("_HANDLER", handler);
    for (name, value) in [
        ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "g"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "s"),
        ("AWS_REGION", "eu-west-1"),
    ] {
        command.env(name, value);
    }
    command.env("LAMBDA_TASK_ROOT", &code.0);
    Ends(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

fn python(code: &Folder, proxy: &Proxy) -> Option<Ends> {
    let folder = peer("pypi/awslambdaric")?;
    std::fs::write(code.0.join("app.py"), PYTHON).unwrap();
    let mut command = Command::new("python3");
    command.args(["-m", "awslambdaric", "app.handler"]).env("PYTHONPATH", folder);
    Some(start(command, code, proxy, "app.handler"))
}

fn node(code: &Folder, proxy: &Proxy, handler: &str) -> Option<Ends> {
    let folder = peer("npm/aws-lambda-ric")?;
    std::fs::write(code.0.join("app.js"), NODE).unwrap();
    let mut command = Command::new(folder.join("node_modules/.bin/aws-lambda-ric"));
    command.arg(handler);
    Some(start(command, code, proxy, handler))
}

/// Events, errors and refusals are the same behind the guard, whatever the language.
fn serves(api: &Api, error: &str) {
    api.events.send(r#"{"a":"ü","n":12345678901234567890}"#.into()).unwrap();
    let answer = api.answer();
    assert!(answer.first.contains("/invocation/r1/response "), "{answer:?}");
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((body["id"].as_str(), body["seen"]["a"].as_str()), (Some("r1"), Some("ü")));
    api.events.send(r#"{"boom":1}"#.into()).unwrap();
    let answer = api.answer();
    assert!(answer.first.contains("/invocation/r2/error "), "{answer:?}");
    assert!(answer.body.contains(error) && answer.body.contains("it is broken"), "{answer:?}");
    assert!(answer.get("lambda-runtime-function-xray-error-cause").contains(error), "{answer:?}");
    // The guard's own answer; nothing of it reaches the function.
    api.events.send(format!(r#"{{"q":"{ATTACK}"}}"#)).unwrap();
    let answer = api.answer();
    assert!(answer.first.contains("/invocation/r3/error "), "{answer:?}");
    assert_eq!(answer.get("lambda-runtime-function-error-type"), "Tidegate.Blocked");
    api.events.send(batch(&[message("1", "q", ATTACK), message("2", "q", "fine")])).unwrap();
    let answer = api.answer();
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let seen: Vec<_> = body["seen"]["Records"].as_array().unwrap().iter().map(|r| &r["messageId"]).collect();
    assert!(answer.first.contains("/invocation/r4/response ") && seen == ["2"], "{answer:?}");
}

#[test]
fn python_is_served() {
    let (api, code) = (Api::start(), Folder::new("python"));
    let proxy = proxy(&api, None);
    let _ = proxy.connect();
    let Some(_runtime) = python(&code, &proxy) else { return };
    serves(&api, "ValueError");
}

#[test]
fn node_is_served() {
    let (api, code) = (Api::start(), Folder::new("node"));
    let proxy = proxy(&api, None);
    let _ = proxy.connect();
    let Some(_runtime) = node(&code, &proxy, "app.handler") else { return };
    serves(&api, "TypeError");
}

#[test]
fn streams_of_node_keep_their_parts_and_trailers() {
    let (api, code) = (Api::start(), Folder::new("node-stream"));
    let proxy = proxy(&api, None);
    let _ = proxy.connect();
    let Some(_runtime) = node(&code, &proxy, "app.stream") else { return };
    api.events.send("{}".into()).unwrap();
    let answer = api.answer();
    assert!(answer.first.contains("/invocation/r1/response "), "{answer:?}");
    assert_eq!(answer.get("lambda-runtime-function-response-mode"), "streaming");
    assert_eq!(answer.get("content-type"), "text/plain");
    assert!(answer.body.contains("9\r\npart one;\r\n8\r\npart two\r\n0\r\n"), "{answer:?}");
    // What goes wrong in the middle of a stream is told behind it.
    api.events.send(r#"{"boom":1}"#.into()).unwrap();
    let answer = api.answer();
    let (parts, trailers) = answer.body.split_once("\r\n0\r\n").expect("an end");
    assert!(parts.contains("part one;") && !parts.contains("part two"), "{answer:?}");
    let trailers = trailers.to_lowercase();
    assert!(trailers.contains("lambda-runtime-function-error-type: typeerror"), "{answer:?}");
    assert!(trailers.contains("lambda-runtime-function-error-body: "), "{answer:?}");
    // And the next event is served.
    api.events.send("{}".into()).unwrap();
    assert!(api.answer().first.contains("/invocation/r3/response "));
}
