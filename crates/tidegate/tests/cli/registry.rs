//! `contract schema pull` against fakes of registries: they answer the documented interfaces of Confluent and of Apicurio
//! from a list, and note what they were asked.

use super::events::message;
use super::project::Project;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Versions by subject; the last is the newest.
type Subjects = Vec<(&'static str, Value)>;

/// A server on this machine, and what it was asked.
struct Served {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Served {
    /// Answers what `find` makes of a path and of what is accepted.
    fn with(find: impl Fn(&str, &str) -> Option<String> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &notes, &find);
            }
        });
        Self { address, asked }
    }

    /// Request lines with what was said for `Authorization`.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn answer(mut stream: TcpStream, asked: &Mutex<Vec<String>>, find: &impl Fn(&str, &str) -> Option<String>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let header = |name: &str| {
        let found = headers.iter().filter_map(|h| h.split_once(": "));
        found.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_string())
    };
    let authorization = header("authorization").unwrap_or_default();
    asked.lock().unwrap().push(format!("{first} {authorization}").trim().to_string());
    let path = first.split(' ').nth(1).unwrap();
    let (status, body) = match find(path, &header("accept").unwrap()) {
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", json!({"error_code": 40401, "message": "Subject not found."}).to_string()),
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/vnd.schemaregistry.v1+json\r\n");
    let rest = format!("content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let _ = stream.write_all((head + &rest).as_bytes());
}

struct FakeRegistry {
    served: Served,
    subjects: Arc<Mutex<Subjects>>,
}

impl FakeRegistry {
    fn with(subjects: Subjects) -> Self {
        let subjects = Arc::new(Mutex::new(subjects));
        let known = Arc::clone(&subjects);
        let served = Served::with(move |path, accept| {
            assert!(accept.starts_with("application/vnd.schemaregistry.v1+json"));
            // GET /subjects/{subject}/versions/{version}
            let parts: Vec<&str> = path.split('/').collect();
            let known = known.lock().unwrap();
            let mut mine = known
                .iter()
                .filter(|(subject, _)| Some(&subject.replace(':', "%3A").as_str()) == parts.get(2));
            let found = match parts.get(4) {
                Some(&"latest") => mine.next_back(),
                version => {
                    mine.find(|(_, v)| version.map(|v| v.parse::<u64>().ok()) == Some(v["version"].as_u64()))
                }
            };
            found.map(|(_, version)| version.to_string())
        });
        Self { served, subjects }
    }
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
        command.args(["contract", "schema", "pull", "--registry", &registry.served.address]).args(subjects);
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
    assert_eq!(registry.served.asked(), expected);
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
        project.run(&["contract", "schema", "pull", "--registry", &registry.served.address, subject])
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

/// What Apicurio's interface answers, by the path behind its base.
fn apicurio(base: &'static str, answers: &[(&str, String)]) -> Served {
    let answers: Vec<(String, String)> =
        answers.iter().map(|(p, a)| (format!("{base}{p}"), a.clone())).collect();
    Served::with(move |path, _| answers.iter().find(|(known, _)| known == path).map(|(_, a)| a.clone()))
}

fn order() -> Value {
    json!({"type": "object", "required": ["qty"], "properties": {"qty": {"$ref": "qty.json"}}})
}

#[test]
fn apicurios_own_interface_of_version_3() {
    const BASE: &str = "/apis/registry/v3";
    let about = |group: Option<&str>, artifact: &str, version: &str, ty: &str, id: u32| {
        json!({"groupId": group, "artifactId": artifact, "version": version, "artifactType": ty, "globalId": 100 + id,
            "contentId": id, "state": "ENABLED", "createdOn": "2026-01-01T00:00:00Z"})
        .to_string()
    };
    let references =
        json!([{"groupId": "shared", "artifactId": "qty", "version": "1.0.2", "name": "qty.json"}]);
    let qty = json!({"type": "integer", "minimum": 1});
    let click = json!({"type": "record", "name": "Click", "fields": [{"name": "page", "type": "string"}]});
    let registry = apicurio(
        BASE,
        &[
            (
                "/groups/shop/artifacts/orders/versions/branch=latest",
                about(Some("shop"), "orders", "2", "JSON", 9),
            ),
            ("/groups/shop/artifacts/orders/versions/2/content", order().to_string()),
            ("/groups/shop/artifacts/orders/versions/2/references", references.to_string()),
            ("/groups/shared/artifacts/qty/versions/1.0.2", about(Some("shared"), "qty", "1.0.2", "JSON", 3)),
            ("/groups/shared/artifacts/qty/versions/1.0.2/content", qty.to_string()),
            ("/groups/shared/artifacts/qty/versions/1.0.2/references", "[]".into()),
            (
                "/groups/default/artifacts/web%3Aclicks/versions/1.1",
                about(None, "web:clicks", "1.1", "AVRO", 5),
            ),
            ("/groups/default/artifacts/web%3Aclicks/versions/1.1/content", click.to_string()),
            ("/groups/default/artifacts/web%3Aclicks/versions/1.1/references", "[]".into()),
            ("/groups/default/artifacts/api/versions/branch=latest", about(None, "api", "1", "OPENAPI", 6)),
        ],
    );
    let project = Project::with("template.yaml", SHOP).file("tidegate.toml", "");
    let address = format!("{}{BASE}", registry.address);
    let pull = |artifacts: &[&str]| {
        let mut command = project.command();
        command.args(["contract", "schema", "pull", "--registry", &address]).args(artifacts);
        command.env("TIDEGATE_REGISTRY_TOKEN", "hunter2");
        project.scrub(command.output().unwrap())
    };
    let ran = pull(&["shop/orders", "web:clicks@1.1"]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert!(
        ran.stdout.starts_with("schemas/shop_orders.json: shop/orders version 2, id 9, sha256:"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("schemas/web_clicks.avsc: web:clicks version 1.1, id 5, sha256:"),
        "{}",
        ran.stdout
    );
    let asked = registry.asked();
    assert!(asked.iter().all(|line| line.ends_with("HTTP/1.1 Bearer hunter2")), "{asked:?}");
    assert_eq!(asked.len(), 9, "{asked:?}");
    let lock: Value = serde_json::from_str(&project.read("tidegate.lock.json").unwrap()).unwrap();
    let first = &lock["schemas"][0];
    assert_eq!(
        (&first["subject"], &first["version"], &first["id"]),
        (&json!("shop/orders"), &json!(2), &json!(9))
    );
    assert_eq!(lock["schemas"][1]["version"], "1.1");

    let project = project.file("tidegate.toml", &ASKED.replace("orders-value", "shop_orders"));
    assert_eq!(project.decide(&[asked_for_qty(1)])[0]["decision"], "allow");
    assert_eq!(project.decide(&[asked_for_qty(0)])[0]["decision"], "deny");

    let pull =
        |artifact: &str| project.run(&["contract", "schema", "pull", "--registry", &address, artifact]);
    for (artifact, part) in [
        ("shop/none", "it has no version latest of `shop/none`"),
        ("shop/orders@3", "it has no version 3 of `shop/orders`"),
        ("api", "has a schema in OPENAPI"),
    ] {
        let ran = pull(artifact);
        assert_eq!(ran.code, Some(1), "{}", ran.all());
        assert!(ran.stderr.contains(part), "{part} in {}", ran.stderr);
    }
}

fn asked_for_qty(qty: u32) -> Value {
    asked(&json!({ "qty": qty }).to_string())
}

#[test]
fn apicurios_own_interface_of_version_2() {
    const BASE: &str = "/apis/registry/v2";
    let about = |artifact: &str, version: &str, id: u32| {
        json!({"groupId": "shop", "id": artifact, "version": version, "type": "JSON", "globalId": id, "contentId": 100 + id,
            "state": "ENABLED"})
        .to_string()
    };
    let references = json!([{"groupId": "shop", "artifactId": "qty", "version": "1", "name": "qty.json"}]);
    let registry = apicurio(
        BASE,
        &[
            ("/groups/shop/artifacts/orders/meta", about("orders", "2", 9)),
            ("/groups/shop/artifacts/orders/versions/2", order().to_string()),
            ("/groups/shop/artifacts/orders/versions/2/references", references.to_string()),
            ("/groups/shop/artifacts/qty/versions/1/meta", about("qty", "1", 3)),
            ("/groups/shop/artifacts/qty/versions/1", json!({"type": "integer", "minimum": 1}).to_string()),
            ("/groups/shop/artifacts/qty/versions/1/references", "[]".into()),
            // Another one than was asked for.
            ("/groups/shop/artifacts/odd/meta", about("orders", "1", 4)),
        ],
    );
    let project = Project::with("template.yaml", SHOP).file("tidegate.toml", "");
    let address = format!("{}{BASE}/", registry.address);
    let pull =
        |artifact: &str| project.run(&["contract", "schema", "pull", "--registry", &address, artifact]);
    let ran = pull("shop/orders");
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert!(
        ran.stdout.starts_with("schemas/shop_orders.json: shop/orders version 2, id 9, "),
        "{}",
        ran.stdout
    );
    let ran = pull("shop/odd");
    assert!(ran.code == Some(1) && ran.stderr.contains("is of another artifact"), "{}", ran.all());
    let project = project.file("tidegate.toml", &ASKED.replace("orders-value", "shop_orders"));
    assert_eq!(project.decide(&[asked_for_qty(1)])[0]["decision"], "allow");
    assert_eq!(project.decide(&[asked_for_qty(0)])[0]["decision"], "deny");
}

#[test]
fn what_is_no_schema_is_not_written() {
    let page = "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>";
    let of = |schema: &str, language: &str| json!({"subject": "orders-value", "version": 1, "id": 1, "schemaType": language, "schema": schema});
    for (answer, part) in [
        (of(page, "JSON"), "no JSON"),
        (of(page, "AVRO"), "no JSON"),
        (of(page, "PROTOBUF"), "is no schema"),
        (of("", "PROTOBUF"), "it has no message"),
        (of(r#"{"error_code": 500, "message": "later"}"#, "JSON"), "nothing in it is a keyword"),
        (of(r#"{"type": "bogus"}"#, "JSON"), "there is no such type"),
        (of(r#"{"type": "bogus"}"#, "AVRO"), "there is no type `bogus`"),
        (of("[]", "JSON"), "an object or a boolean"),
        (json!(page), "of another subject"),
    ] {
        let registry = FakeRegistry::with(vec![("orders-value", answer)]);
        let project = Project::with("template.yaml", SHOP).file("tidegate.toml", "");
        let ran = project.run(&[
            "contract",
            "schema",
            "pull",
            "--registry",
            &registry.served.address,
            "orders-value",
        ]);
        assert_ne!(ran.code, Some(0), "{part}: {}", ran.all());
        assert!(ran.stderr.contains(part), "{part}: {}", ran.all());
        for path in ["schemas", "tidegate.lock.json"] {
            assert!(!project.path(path).exists(), "{path} after {part}");
        }
    }
    let served = Served::with(move |_, _| Some(page.to_string()));
    let project = Project::with("template.yaml", SHOP).file("tidegate.toml", "");
    let ran = project.run(&["contract", "schema", "pull", "--registry", &served.address, "orders-value"]);
    assert!(ran.stderr.contains("is no JSON"), "{}", ran.all());
}
