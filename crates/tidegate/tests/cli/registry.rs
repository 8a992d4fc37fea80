//! `contract schema pull` against a fake of a registry: it answers Confluent's documented interface from a list, and notes
//! what it was asked.

use super::events::message;
use super::project::Project;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Versions by subject; the last is the newest.
type Subjects = Vec<(&'static str, Value)>;

struct FakeRegistry {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    subjects: Arc<Mutex<Subjects>>,
}

impl FakeRegistry {
    fn with(subjects: Subjects) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (asked, subjects) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(subjects)));
        let (notes, known) = (Arc::clone(&asked), Arc::clone(&subjects));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &notes, &known);
            }
        });
        Self { address, asked, subjects }
    }

    /// Request lines with what was said for `Authorization`.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn answer(mut stream: TcpStream, asked: &Mutex<Vec<String>>, subjects: &Mutex<Subjects>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let header = |name: &str| {
        let found = headers.iter().filter_map(|h| h.split_once(": "));
        found.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_string())
    };
    assert!(header("accept").unwrap().starts_with("application/vnd.schemaregistry.v1+json"));
    let authorization = header("authorization").unwrap_or_default();
    asked.lock().unwrap().push(format!("{first} {authorization}").trim().to_string());
    let path = first.split(' ').nth(1).unwrap();
    // GET /subjects/{subject}/versions/{version}
    let parts: Vec<&str> = path.split('/').collect();
    let known = subjects.lock().unwrap();
    let mut mine =
        known.iter().filter(|(subject, _)| Some(&subject.replace(':', "%3A").as_str()) == parts.get(2));
    let found = match parts.get(4) {
        Some(&"latest") => mine.next_back(),
        version => mine.find(|(_, v)| version.map(|v| v.parse::<u64>().ok()) == Some(v["version"].as_u64())),
    };
    let (status, body) = match found {
        Some((_, version)) => ("200 OK", version.to_string()),
        None => ("404 Not Found", json!({"error_code": 40401, "message": "Subject not found."}).to_string()),
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/vnd.schemaregistry.v1+json\r\n");
    let rest = format!("content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let _ = stream.write_all((head + &rest).as_bytes());
}

fn version(subject: &str, version: u32, id: u32, schema: &Value) -> Value {
    json!({"subject": subject, "version": version, "id": id, "schema": schema.to_string()})
}

const SHOP: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
  Place:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: place
      Runtime: python3.13
      Handler: app.handler
      InlineCode: x
      Events: { Queue: { Type: SQS, Properties: { Queue: !GetAtt Orders.Arn } } }
";

const ASKED: &str = "[[contract.schemas]]\nedges = '*/Place:sqs'\nfile = 'schemas/orders-value.json'\n";

fn asked(body: &str) -> Value {
    json!({"id": 1, "function": "place", "event": message(body)})
}

#[test]
fn schemas_are_fetched_pinned_and_enforced() {
    let order = json!({"type": "object", "required": ["qty"], "properties": {"qty": {"$ref": "qty.json"}}});
    let mut newest = version("orders-value", 2, 9, &order);
    newest["schemaType"] = "JSON".into();
    newest["references"] = json!([{"name": "qty.json", "subject": "qty", "version": 1}]);
    let mut qty = version("qty", 1, 3, &json!({"type": "integer", "minimum": 1}));
    qty["schemaType"] = "JSON".into();
    let click = json!({"type": "record", "name": "Click", "fields": [{"name": "page", "type": "string"}]});
    let registry = FakeRegistry::with(vec![
        ("orders-value", version("orders-value", 1, 8, &json!({}))),
        ("orders-value", newest),
        ("qty", qty),
        (":.web:clicks", version(":.web:clicks", 4, 5, &click)),
    ]);
    let project = Project::with("template.yaml", SHOP).file("tidegate.toml", "");
    let pull = |subjects: &[&str], secret: bool| {
        let mut command = project.command();
        command.args(["contract", "schema", "pull", "--registry", &registry.address]).args(subjects);
        if secret {
            command.env("TIDEGATE_REGISTRY_USER", "reader").env("TIDEGATE_REGISTRY_PASSWORD", "hunter2");
        }
        project.scrub(command.output().unwrap())
    };
    let ran = pull(&["orders-value", ":.web:clicks@4"], true);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert!(
        ran.stdout.starts_with("schemas/orders-value.json: orders-value version 2, id 9, sha256:"),
        "{}",
        ran.stdout
    );
    let basic = "HTTP/1.1 Basic cmVhZGVyOmh1bnRlcjI=";
    let expected = [
        format!("GET /subjects/orders-value/versions/latest {basic}"),
        format!("GET /subjects/qty/versions/1 {basic}"),
        format!("GET /subjects/%3A.web%3Aclicks/versions/4 {basic}"),
    ];
    assert_eq!(registry.asked(), expected);
    let lock = project.read("tidegate.lock.json").unwrap();
    assert!(!lock.contains("hunter2") && !ran.all().contains("hunter2"), "{lock}");
    let lock: Value = serde_json::from_str(&lock).unwrap();
    let first = &lock["schemas"][1];
    assert_eq!(
        (&first["subject"], &first["version"], &first["id"]),
        (&json!("orders-value"), &json!(2), &json!(9))
    );
    // The text itself where nothing else belongs to it.
    assert_eq!(project.read("schemas/_.web_clicks.avsc").unwrap(), click.to_string());

    let project = project.file("tidegate.toml", ASKED);
    assert_eq!(project.decide(&[asked(r#"{"qty": 1}"#)])[0]["decision"], "allow");
    assert_eq!(project.decide(&[asked(r#"{"qty": 0}"#)])[0]["decision"], "deny");
    let text = project.read("schemas/orders-value.json").unwrap();
    let project =
        project.file("schemas/orders-value.json", &text.replace("\"minimum\": 1", "\"minimum\": 0"));
    let ran = project.run(&["contract"]);
    assert_eq!(ran.code, Some(2), "{}", ran.all());
    for part in ["isn't what the registry gave", "version 2 of `orders-value` has the digest `sha256:"] {
        assert!(ran.stderr.contains(part), "{part} in {}", ran.stderr);
    }
    let project = project.file("tidegate.lock.json", "{}");
    assert_eq!(project.run(&["contract"]).code, Some(2));
}

#[test]
fn what_a_registry_takes_back_is_not_taken() {
    let registry = FakeRegistry::with(vec![("a", version("a", 1, 1, &json!("int")))]);
    let project = Project::with("tidegate.toml", "");
    let pull = |subject: &str| {
        project.run(&["contract", "schema", "pull", "--registry", &registry.address, subject])
    };
    assert_eq!(pull("a").code, Some(0));
    *registry.subjects.lock().unwrap() = vec![("a", version("a", 1, 1, &json!("long")))];
    let ran = pull("a@1");
    assert_eq!(ran.code, Some(2), "{}", ran.all());
    assert!(ran.stderr.contains("version 1 of `a` isn't what it was"), "{}", ran.stderr);
    assert_eq!(project.read("schemas/a.avsc").unwrap(), "\"int\"");
    let ran = pull("b");
    assert_eq!(ran.code, Some(1), "{}", ran.all());
    assert!(ran.stderr.contains("it has no version latest of `b`"), "{}", ran.stderr);
    assert_eq!(project.names(), ["schemas", "tidegate.lock.json", "tidegate.toml"]);
}

#[test]
fn nothing_leads_out_of_the_project_and_no_secret_into_a_file() {
    let project = Project::with("tidegate.toml", "");
    for (registry, folder, part) in [
        ("http://127.0.0.1:9", "../out", "leads out of the project"),
        ("http://127.0.0.1:9", "/tmp", "leads out of the project"),
        ("http://user:hunter2@127.0.0.1:9", "schemas", "give it in the environment"),
        ("ftp://127.0.0.1:9", "schemas", "expected http:// or https://"),
    ] {
        let ran =
            project.run(&["contract", "schema", "pull", "--registry", registry, "--folder", folder, "a"]);
        assert_eq!(ran.code, Some(2), "{}", ran.all());
        assert!(ran.stderr.contains(part) && !ran.stderr.contains("hunter2"), "{}", ran.stderr);
    }
    let ran = Project::new().run(&["contract", "schema", "pull", "--registry", "http://127.0.0.1:9", "a"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("there is no tidegate.toml"), "{}", ran.all());
}
