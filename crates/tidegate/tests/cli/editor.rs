//! The language server, as an editor's own library and as a hostile client see it.

use super::installed::peer;
use super::project::{OPEN_URL, Project};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

/// Plays a scenario of `editor.cjs` with the protocol library of VS Code.
fn play(scenario: &str, project: &Project) {
    let Some(library) = peer("npm/vscode-languageserver-protocol") else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/editor.cjs");
    let output = Command::new("node")
        .args([script, scenario, env!("CARGO_BIN_EXE_tidegate")])
        .current_dir(project.path(""))
        .env("LIBRARY", library)
        .env("XDG_CACHE_HOME", project.path(".cache"))
        .env("HOME", project.path(".home"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).ends_with("played\n"), "{}", text(&output.stdout));
}

const QUEUE: &str = "\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      SqsManagedSseEnabled: false
  Other:
    Type: AWS::SQS::Queue
    Properties:
      SqsManagedSseEnabled: false
";

#[test]
fn findings_come_while_somebody_types() {
    play("typing", &Project::with("url.yaml", OPEN_URL));
}

#[test]
fn what_another_file_says_counts() {
    let parent = "Resources:\n  Child:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n      TemplateURL: child.yaml\n      Parameters: {Auth: NONE}\n";
    let child = "Parameters:\n  Auth: {Type: String}\nResources:\n  HandlerUrl:\n    Type: AWS::Lambda::Url\n    Properties:\n      TargetFunctionArn: arn:aws:lambda:eu-west-1:123456789012:function:handler\n      AuthType: !Ref Auth\n";
    play("workspace", &Project::with("parent.yaml", parent).file("child.yaml", child));
}

#[test]
fn the_page_of_a_rule_is_shown() {
    play("hover", &Project::with("url.yaml", OPEN_URL));
}

#[test]
fn findings_can_be_mended() {
    play("mend", &Project::with("queue.yaml", QUEUE));
}

#[test]
fn findings_can_be_accepted() {
    let json = "{\"Resources\": {\"Queue\": {\"Type\": \"AWS::SQS::Queue\", \"Properties\": {\"SqsManagedSseEnabled\": false}}}}\n";
    play("accept", &Project::with("queue.yaml", QUEUE).file("queue.json", json));
}

#[test]
fn the_configuration_counts_as_it_is_typed() {
    play(
        "configuration",
        &Project::with("url.yaml", OPEN_URL).file("tidegate.toml", "profile = \"baseline\"\n"),
    );
}

#[test]
fn columns_are_those_of_the_editor() {
    let text = "Resources: {\"😀ä\": {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: false}}}\n";
    let project = Project::with("queue.yaml", text);
    play("columns", &project);
}

#[test]
fn broken_files_are_problems() {
    play("problems", &Project::with("broken.yaml", "Resources:\n  A:\n    Type: AWS::SQS::Queue\n   B: [\n"));
}

#[test]
fn a_file_by_itself_is_looked_at() {
    play("single", &Project::with("url.yaml", OPEN_URL).file("other.yaml", OPEN_URL));
}

#[test]
fn questions_can_be_taken_back() {
    play("cancel", &Project::with("url.yaml", OPEN_URL));
}

/// What the server answers to bytes, and how it ends.
fn talk(input: &[u8]) -> (Vec<Value>, Option<i32>) {
    let project = Project::with("url.yaml", OPEN_URL);
    let mut child = project
        .command()
        .args(["lsp"])
        .env("XDG_CACHE_HOME", project.path(".cache"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // The server may end before it has read everything.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut answers = Vec::new();
    loop {
        let mut line = String::new();
        if out.read_line(&mut line).unwrap() == 0 {
            break;
        }
        let length: usize = line.strip_prefix("Content-Length: ").unwrap().trim().parse().unwrap();
        out.read_line(&mut line).unwrap();
        let mut body = vec![0; length];
        out.read_exact(&mut body).unwrap();
        answers.push(serde_json::from_slice(&body).unwrap());
    }
    writer.join().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    (answers, output.status.code())
}

fn framed(message: &Value) -> Vec<u8> {
    let body = message.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn request(id: i32, method: &str, params: Value) -> Vec<u8> {
    framed(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
}

fn notification(method: &str, params: Value) -> Vec<u8> {
    framed(&json!({"jsonrpc": "2.0", "method": method, "params": params}))
}

/// The codes of the answers with an error, by id.
fn codes(answers: &[Value]) -> Vec<(Value, i64)> {
    answers.iter().filter_map(|a| Some((a["id"].clone(), a["error"]["code"].as_i64()?))).collect()
}

#[test]
fn goodbye_before_leaving_is_clean() {
    let hello = request(1, "initialize", json!({"capabilities": {}}));
    let bye = [request(2, "shutdown", Value::Null), notification("exit", Value::Null)].concat();
    let (answers, code) = talk(&[hello.clone(), bye].concat());
    assert_eq!((answers.len(), code), (2, Some(0)), "{answers:?}");
    assert_eq!(answers[0]["result"]["capabilities"]["positionEncoding"], "utf-16");
    let (_, code) = talk(&[hello.clone(), notification("exit", Value::Null)].concat());
    assert_eq!(code, Some(1), "who leaves without a word is gone for a bad reason");
    let (_, code) = talk(&hello);
    assert_eq!(code, Some(1), "so is who is just gone");
}

#[test]
fn the_order_of_the_conversation_is_kept() {
    let input = [
        request(1, "textDocument/hover", json!({})),
        request(2, "initialize", json!({"capabilities": {}})),
        request(3, "initialize", json!({"capabilities": {}})),
        request(4, "no/such/method", Value::Null),
        request(5, "textDocument/hover", json!({"position": 1})),
        notification("no/such/notification", json!([])),
        notification("textDocument/didOpen", json!({"textDocument": 1})),
        notification(
            "textDocument/didChange",
            json!({"textDocument": {"uri": "file:///x", "version": 1}, "contentChanges": []}),
        ),
        notification("textDocument/didClose", json!({"textDocument": {"uri": "file:///never-opened.yaml"}})),
        notification("$/cancelRequest", json!({"id": 77})),
        request(6, "codeAction/resolve", json!({"data": {"fixAll": 1}})),
        request(7, "shutdown", Value::Null),
        request(8, "textDocument/hover", json!({})),
        notification("exit", Value::Null),
    ];
    let (answers, code) = talk(&input.concat());
    let expected = [(1, -32002), (3, -32600), (4, -32601), (5, -32602), (6, -32602), (8, -32600)]
        .map(|(id, code)| (json!(id), code));
    assert_eq!(codes(&answers), expected, "{answers:?}");
    assert_eq!(code, Some(0));
}

#[test]
fn broken_messages_are_answered_and_passed_over() {
    let input = [
        b"Content-Length: 3\r\n\r\n{\"x".to_vec(),
        b"nonsense\r\n\r\n".to_vec(),
        b"Content-Length: 2\r\n\r\n[]".to_vec(),
        b"Content-Length: 4\r\n\r\n\xff\xfe\xfd\xfc".to_vec(),
        request(1, "initialize", json!(7)),
        request(2, "shutdown", json!("x")),
        notification("exit", Value::Null),
    ];
    let (answers, code) = talk(&input.concat());
    let codes: Vec<i64> = codes(&answers).into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, [-32700, -32700, -32600, -32700], "{answers:?}");
    assert_eq!(code, Some(0));
}

#[test]
fn a_huge_file_is_a_problem_and_no_end() {
    let uri = "file:///no-such-folder/huge.yaml";
    let text = "Resources:\n".to_string() + &"# filler\n".repeat(4 * 1024 * 1024);
    let input = [
        request(1, "initialize", json!({"capabilities": {}})),
        notification("initialized", json!({})),
        notification(
            "textDocument/didOpen",
            json!({"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}}),
        ),
        request(
            2,
            "textDocument/hover",
            json!({"textDocument": {"uri": uri}, "position": {"line": 9, "character": 0}}),
        ),
    ];
    // What is asked is answered before the next thing is said, which is the goodbye.
    let project = Project::new();
    let mut child =
        project.command().arg("lsp").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&input.concat()).unwrap();
    let mut seen = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    while !seen.contains("\"id\":2") {
        let mut byte = [0; 1];
        out.read_exact(&mut byte).unwrap();
        seen.push(char::from(byte[0]));
    }
    assert!(seen.contains("more than the"), "{seen}");
    let bye = [request(3, "shutdown", Value::Null), notification("exit", Value::Null)];
    stdin.write_all(&bye.concat()).unwrap();
    std::io::copy(&mut out, &mut std::io::sink()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
