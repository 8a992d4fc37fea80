//! The real binary between a runtime and a Runtime API, both made here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "rig/function.rs"]
mod rig;

use rig::{
    ATTACK, Api, Folder, Message, NEXT, Proxy, ask, batch, command, contract, contract_with, extension, free,
    message, next, proxy, read,
};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

#[test]
fn an_attack_is_answered_and_the_next_event_is_served() {
    let api = Api::start();
    let proxy = proxy(&api, None);
    let mut runtime = proxy.connect();
    let request = |body: &str| {
        format!(
            r#"{{"version":"2.0","rawPath":"/","requestContext":{{"http":{{"method":"POST"}}}},"body":"{body}"}}"#
        )
    };
    api.events.send(request(ATTACK)).unwrap();
    api.events.send(request("fine")).unwrap();
    let event = next(&mut runtime);
    assert_eq!((event.get("lambda-runtime-aws-request-id"), &*event.body), ("r2", &*request("fine")));
    let answer = api.answer();
    assert!(answer.first.starts_with("POST /2018-06-01/runtime/invocation/r1/response "), "{answer:?}");
    assert!(answer.body.contains("\"statusCode\":403"), "{answer:?}");
}

#[test]
fn messages_that_were_taken_out_come_back_as_failed() {
    let api = Api::start();
    let contract = contract();
    let proxy = proxy(&api, Some(&contract));
    let mut runtime = proxy.connect();
    let (good, bad, foreign) =
        (message("1", "orders", "fine"), message("2", "orders", ATTACK), message("3", "others", "fine"));
    api.events.send(batch(&[good.clone(), bad, foreign.clone()])).unwrap();
    assert_eq!(next(&mut runtime).body, batch(&[good]));
    let body = r#"{"batchItemFailures":[{"itemIdentifier":"1"}]}"#;
    let post = format!(
        "POST /2018-06-01/runtime/invocation/r1/response HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert!(ask(&mut runtime, &post).first.contains("202"));
    let ids =
        r#"{"batchItemFailures":[{"itemIdentifier":"1"},{"itemIdentifier":"2"},{"itemIdentifier":"3"}]}"#;
    assert_eq!(api.answer().body, ids);
    // Nothing is left of this one: the function isn't called.
    api.events.send(batch(&[foreign])).unwrap();
    api.events.send(batch(&[message("4", "orders", "fine")])).unwrap();
    assert_eq!(next(&mut runtime).get("lambda-runtime-aws-request-id"), "r3");
    assert_eq!(api.answer().body, r#"{"batchItemFailures":[{"itemIdentifier":"3"}]}"#);
}

#[test]
fn denied_records_are_kept_where_told() {
    let api = Api::start();
    let kept = std::env::temp_dir().join(format!("tidegate-lambda-kept-{}.jsonl", std::process::id()));
    let address = free();
    let child = command(&api.address, &address).env("TIDEGATE_QUARANTINE", &kept).spawn().unwrap();
    let proxy = Proxy { child, address };
    let mut runtime = proxy.connect();
    api.events.send(batch(&[message("1", "orders", "fine"), message("2", "orders", ATTACK)])).unwrap();
    next(&mut runtime);
    let text = std::fs::read_to_string(&kept).unwrap();
    let _ = std::fs::remove_file(&kept);
    assert_eq!(text.lines().count(), 1);
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&line["request_id"], &line["index"], &line["trigger"]),
        (&"r1".into(), &1.into(), &"sqs".into())
    );
    let record: serde_json::Value = serde_json::from_str(line["record"].as_str().unwrap()).unwrap();
    assert_eq!(record["messageId"], "2");
}

#[test]
fn what_is_never_blocked_is_logged_as_that() {
    let (api, address) = (Api::start(), free());
    let mut child = command(&api.address, &address).stderr(Stdio::piped()).spawn().unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let proxy = Proxy { child, address };
    let mut runtime = proxy.connect();
    let event = format!(
        r#"{{"RequestType":"Create","ResponseURL":"https://s3.example/a","StackId":"s","ResourceProperties":{{"A":"{ATTACK}"}}}}"#
    );
    api.events.send(event.clone()).unwrap();
    assert_eq!(next(&mut runtime).body, event, "nobody but the function can answer");
    // It was told before the event was handed over.
    drop(proxy);
    let told = log.lines().map_while(Result::ok).find(|line| line.contains("\"request_id\""));
    let told: serde_json::Value = serde_json::from_str(&told.unwrap()).unwrap();
    assert_eq!(
        (&told["would"], told.get("decision"), &told["answer"]),
        (&"deny".into(), None, &"none".into())
    );
}

#[test]
fn streams_pass_with_their_trailers() {
    let api = Api::start();
    let proxy = proxy(&api, None);
    let mut runtime = proxy.connect();
    let chunks = "3\r\nabc\r\n0\r\nLambda-Runtime-Function-Error-Type: yes\r\n\r\n";
    let head = "POST /2018-06-01/runtime/invocation/r9/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\
                Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n";
    assert!(ask(&mut runtime, &format!("{head}{chunks}")).first.contains("202"));
    let answer = api.answer();
    assert_eq!(
        (answer.get("lambda-runtime-function-response-mode"), answer.body.as_str()),
        ("streaming", chunks)
    );
}

#[test]
fn two_requests_in_the_clothes_of_one_are_refused() {
    let api = Api::start();
    let proxy = proxy(&api, None);
    let mut runtime = proxy.connect();
    let smuggled =
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET";
    assert!(ask(&mut runtime, smuggled).first.contains("400"));
    assert!(api.answers.try_recv().is_err());
}

#[test]
fn exec_starts_the_runtime_before_itself() {
    let (api, listen) = (Api::start(), free());
    let script = "printf %s $AWS_LAMBDA_RUNTIME_API; exit 3";
    let ran = command(&api.address, &listen).args(["exec", "--", "sh", "-c", script]).output().unwrap();
    assert_eq!((ran.status.code(), String::from_utf8(ran.stdout).unwrap()), (Some(3), listen));
}

#[test]
fn exec_says_which_signal_ended_the_runtime() {
    let api = Api::start();
    let mut command = command(&api.address, &free());
    let ran =
        command.args(["exec", "--", "sh", "-c", "kill -KILL $$"]).stderr(Stdio::piped()).output().unwrap();
    let log = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(137));
    assert!(log.contains("`sh` was ended by a signal: 9 (SIGKILL)"), "{log}");
}

#[test]
fn what_is_no_runtime_api_is_named() {
    for address in ["not a host", "127.0.0.1", "http://127.0.0.1:9001", "127.0.0.1:0", ":9001", "a:port"] {
        let ran = command(address, &free()).stderr(Stdio::piped()).output().unwrap();
        let log = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(1), "{address}");
        assert!(log.contains(&format!("AWS_LAMBDA_RUNTIME_API: `{address}` is no HOST:PORT")), "{log}");
    }
}

#[test]
fn without_its_contract_it_does_not_start() {
    let api = Api::start();
    let mut command = command(&api.address, &free());
    let ran = command.env("TIDEGATE_CONTRACT", "/nowhere").stderr(Stdio::piped()).output().unwrap();
    let log = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1));
    assert!(log.contains("the contract: could not read `/nowhere`"), "{log}");
}

#[test]
fn without_a_place_for_what_is_denied_it_does_not_start() {
    let api = Api::start();
    for (place, why) in [
        ("/nowhere/kept.jsonl", "could not write to `/nowhere/kept.jsonl`"),
        ("ftp://user:secret@a/b", "not `ftp:`"),
        ("file:/tmp/kept.jsonl", "not `file:`"),
    ] {
        let mut command = command(&api.address, &free());
        let ran = command.env("TIDEGATE_QUARANTINE", place).stderr(Stdio::piped()).output().unwrap();
        let log = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(1), "{place}");
        assert!(log.contains("TIDEGATE_QUARANTINE") && log.contains(why) && !log.contains("secret"), "{log}");
    }
}

#[test]
fn what_it_does_not_understand_it_names() {
    let ran = command("x", "y").arg("--contract").stderr(Stdio::piped()).output().unwrap();
    let log = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(2));
    assert!(log.contains("`--contract` isn't understood") && log.contains("usage"), "{log}");
    let ran = command("x", "y").arg("--help").output().unwrap();
    assert!(ran.status.success() && ran.stdout.starts_with(b"usage: tidegate-lambda"));
}

#[test]
fn what_comes_too_early_comes_again() {
    let api = Api::start();
    let contract = contract_with(r#","rate":{"events":1,"seconds":3600,"burst":1}"#);
    let proxy = proxy(&api, Some(&contract));
    let mut runtime = proxy.connect();
    api.events.send(batch(&[message("1", "orders", "fine")])).unwrap();
    api.events.send(batch(&[message("2", "orders", "fine")])).unwrap();
    assert_eq!(next(&mut runtime).get("lambda-runtime-aws-request-id"), "r1");
    // There is no second event for the function: whoever asks waits.
    std::thread::spawn(move || {
        runtime.get_mut().write_all(format!("GET {NEXT} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
    });
    let answer = api.answer();
    assert!(answer.first.contains("/r2/response "), "{answer:?}");
    assert_eq!(answer.body, r#"{"batchItemFailures":[{"itemIdentifier":"2"}]}"#);
}

#[test]
fn the_bill_of_lambda_is_what_counts() {
    let (api, folder, address) = (Api::start(), Folder::new("bill"), free());
    // One run at 1,024 MB for a second costs some 17 millionths of a dollar.
    let contract = contract_with(r#","expected_ms":1000,"budget":{"micro_usd":40,"seconds":3600}"#);
    let text =
        std::fs::read_to_string(&contract).unwrap().replace("\"memory_mb\":null", "\"memory_mb\":1024");
    std::fs::write(&contract, text).unwrap();
    let child = extension(&folder, "registered", &api, &address).env("TIDEGATE_CONTRACT", &contract).spawn();
    let proxy = Proxy { child: child.unwrap(), address };
    let subscription = api.answer();
    let body: serde_json::Value = serde_json::from_str(&subscription.body).unwrap();
    assert_eq!(
        (subscription.get("lambda-extension-identifier"), &body["types"]),
        ("x", &serde_json::json!(["platform"]))
    );
    let port = body["destination"]["URI"]
        .as_str()
        .unwrap()
        .trim_end_matches('/')
        .rsplit_once(':')
        .unwrap()
        .1
        .to_string();
    let mut runtime = proxy.connect();
    let mut serve = || {
        api.events.send(batch(&[message("1", "orders", "fine")])).unwrap();
        let id = next(&mut runtime).get("lambda-runtime-aws-request-id").to_string();
        let post = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}"
        );
        ask(&mut runtime, &post);
        assert!(api.answer().first.contains(&id));
        id
    };
    let id = serve();
    let report = format!(
        r#"[{{"type":"platform.report","record":{{"requestId":"{id}","metrics":{{"billedDurationMs":1700}}}}}}]"#
    );
    let mut lambda = BufReader::new(TcpStream::connect(format!("127.0.0.1:{port}")).unwrap());
    let post = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{report}", report.len());
    assert!(ask(&mut lambda, &post).first.contains("200"));
    std::thread::sleep(Duration::from_millis(200));
    // By its estimate, and by the time until its answer, there would be money left for this one.
    api.events.send(batch(&[message("9", "orders", "fine")])).unwrap();
    std::thread::spawn(move || {
        runtime.get_mut().write_all(format!("GET {NEXT} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
    });
    assert_eq!(api.answer().body, r#"{"batchItemFailures":[{"itemIdentifier":"9"}]}"#);
    api.shutdown.send(()).unwrap();
    let mut proxy = proxy;
    assert!(proxy.child.wait().unwrap().success());
}

#[test]
fn an_extension_that_is_not_registered_ends() {
    let (api, folder) = (Api::start(), Folder::new("extension"));
    let ran = extension(&folder, "unknown", &api, &free()).stderr(Stdio::piped()).output().unwrap();
    let log = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1));
    assert!(log.contains("could not register") && log.contains("403"), "{log}");
}

#[test]
fn a_newer_contract_comes_into_force_and_a_broken_one_does_not() {
    let (api, folder) = (Api::start(), Folder::new("reload"));
    let path = folder.0.join("contract.json");
    let text = std::fs::read_to_string(contract_with(",\"expected_ms\":1")).unwrap();
    std::fs::write(&path, &text).unwrap();
    let proxy = proxy(&api, Some(&path));
    let mut runtime = proxy.connect();
    // The first event is denied or not; the second always leaves something for the function.
    let mut served = |queue: &str| {
        api.events.send(batch(&[message("1", queue, "fine")])).unwrap();
        api.events.send(batch(&[message("2", "orders", "fine")])).unwrap();
        let passes = next(&mut runtime).body.contains("\"1\"");
        // With a wider contract `orders` still fits.
        if passes {
            next(&mut runtime);
        }
        passes
    };
    let replace = |text: &str| {
        let new = folder.0.join("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(&new, &path).unwrap();
    };
    assert!(served("orders") && !served("others"));
    replace("{");
    std::thread::sleep(Duration::from_millis(1500));
    assert!(served("orders") && !served("others"));
    replace(&text.replace(":orders\"", ":o*\""));
    let mut passed = false;
    for _ in 0..40 {
        std::thread::sleep(Duration::from_millis(100));
        passed = served("others");
        if passed {
            break;
        }
    }
    assert!(passed, "the newer contract never came into force");
}

const KEY: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

#[test]
fn a_contract_that_nobody_signed_is_not_believed() {
    let api = Api::start();
    let run = |name: &str, value: &str| {
        let mut command = command(&api.address, &free());
        command.env("TIDEGATE_CONTRACT_KEY", KEY).env(name, value).stderr(Stdio::piped());
        let ran = command.output().unwrap();
        assert_eq!(ran.status.code(), Some(1));
        String::from_utf8(ran.stderr).unwrap()
    };
    let path = contract_with(",\"expected_ms\":22");
    assert!(run("TIDEGATE_CONTRACT", path.to_str().unwrap()).contains("has to be signed"));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(run("TIDEGATE_CONTRACT", &text).contains("isn't believed"));
    assert!(run("A", "").contains("there is no contract"));
}

/// A collector that takes what comes, and shows it.
fn collector(listener: TcpListener) -> Receiver<Message> {
    let (sender, taken) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut from = BufReader::new(stream);
            let Some(message) = read(&mut from) else { continue };
            let _ = from.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    taken
}

/// The next spans that a collector takes.
fn spans(taken: &Receiver<Message>) -> Vec<serde_json::Value> {
    loop {
        let message = taken.recv_timeout(Duration::from_secs(20)).expect("spans");
        if message.first.contains("/v1/traces") {
            let body: serde_json::Value = serde_json::from_str(&message.body).unwrap();
            return body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone();
        }
    }
}

fn attribute(of: &serde_json::Value, key: &str) -> serde_json::Value {
    let found = of["attributes"].as_array().unwrap().iter().find(|a| a["key"] == key);
    found.map(|a| a["value"].as_object().unwrap().values().next().unwrap().clone()).unwrap_or_default()
}

#[test]
fn a_collector_hears_of_each_event_with_its_causes_and_its_cost() {
    let (api, folder, address) = (Api::start(), Folder::new("otlp"), free());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let taken = collector(listener);
    let mut command = extension(&folder, "registered", &api, &address);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint).env("TIDEGATE_SPOOL", folder.0.join("spool"));
    command.env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024");
    let mut proxy = Proxy { child: command.spawn().unwrap(), address };
    let mut runtime = proxy.connect();
    let subscription: serde_json::Value = serde_json::from_str(&api.answer().body).unwrap();
    let port = subscription["destination"]["URI"].as_str().unwrap().trim_end_matches('/').to_string();
    let port = port.rsplit_once(':').unwrap().1.to_string();
    let caused = |id: &str, body: &str, span: &str| {
        let parent = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{span}-01");
        let attributes =
            format!(r#""messageAttributes":{{"traceparent":{{"stringValue":"{parent}"}}}},"body""#);
        message(id, "orders", body).replace("\"body\"", &attributes)
    };
    let (good, bad) = (caused("1", "fine", "00f067aa0ba902b7"), caused("2", ATTACK, "00f067aa0ba902b8"));
    api.events.send(batch(&[good, bad])).unwrap();
    let event = next(&mut runtime);
    let post = "POST /2018-06-01/runtime/invocation/r1/error HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";
    ask(&mut runtime, post);
    let report =
        r#"[{"type":"platform.report","record":{"requestId":"r1","metrics":{"billedDurationMs":1000}}}]"#;
    let mut lambda = BufReader::new(TcpStream::connect(format!("127.0.0.1:{port}")).unwrap());
    ask(&mut lambda, &format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{report}", report.len()));
    let spans = spans(&taken);
    let span = &spans[0];
    assert_eq!(spans.len(), 1);
    let parent = event.get("traceparent").split('-').map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!((span["traceId"].as_str(), span["spanId"].as_str()), (Some(&*parent[1]), Some(&*parent[2])));
    let links: Vec<_> =
        span["links"].as_array().unwrap().iter().map(|l| l["spanId"].as_str().unwrap()).collect();
    assert_eq!(links, ["00f067aa0ba902b7", "00f067aa0ba902b8"]);
    assert_eq!(
        (attribute(span, "tidegate.decision"), attribute(span, "tidegate.denied")),
        ("partial".into(), "1".into())
    );
    assert_eq!(attribute(span, "tidegate.classes")["values"][0]["stringValue"], "sql");
    assert_eq!((&span["kind"], &span["status"]["code"]), (&5.into(), &2.into()));
    // The bill comes with a later batch at the latest.
    api.shutdown.send(()).unwrap();
    assert!(proxy.child.wait().unwrap().success());
    let mut cost = 0.0;
    while let Ok(message) = taken.recv_timeout(Duration::from_millis(500)) {
        let body: serde_json::Value = serde_json::from_str(&message.body).unwrap_or_default();
        let metrics = body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().cloned();
        let told = metrics.into_iter().flatten().find(|m| m["name"] == "tidegate.cost");
        cost = told.map_or(cost, |m| m["sum"]["dataPoints"][0]["asDouble"].as_f64().unwrap());
    }
    // 0.0000166667 USD for a second at 1,024 MB, a fifth less on ARM, and 0.0000002 USD for the request.
    assert!((0.000_013..0.000_017).contains(&cost), "{cost}");
}

#[test]
fn what_no_collector_takes_is_kept_for_the_next() {
    let (api, folder) = (Api::start(), Folder::new("spool"));
    let (endpoint, spool) = (free(), folder.0.join("spool"));
    let run = || {
        let address = free();
        let mut command = command(&api.address, &address);
        command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{endpoint}"))
            .env("TIDEGATE_SPOOL", &spool);
        Proxy { child: command.spawn().unwrap(), address }
    };
    let serve = |proxy: &Proxy| {
        let mut runtime = proxy.connect();
        api.events.send("{\"a\":1}".into()).unwrap();
        let id = next(&mut runtime).get("lambda-runtime-aws-request-id").to_string();
        ask(
            &mut runtime,
            &format!(
                "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}"
            ),
        );
        id
    };
    let first = run();
    let id = serve(&first);
    for _ in 0..100 {
        if std::fs::metadata(&spool).is_ok_and(|file| file.len() > 0) {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(first);
    assert!(std::fs::read_to_string(&spool).unwrap().contains(&format!("\"{id}\"")));
    let taken = collector(TcpListener::bind(&endpoint).unwrap());
    let second = run();
    let later = serve(&second);
    let told: Vec<_> =
        [spans(&taken), spans(&taken)].concat().iter().map(|s| attribute(s, "faas.invocation_id")).collect();
    assert_eq!(told, [later, id]);
}

#[test]
fn another_function_than_the_contracts_does_not_start() {
    let (api, folder) = (Api::start(), Folder::new("code"));
    std::fs::write(folder.0.join("handler.py"), "x").unwrap();
    let mut digest = Command::new(env!("CARGO_BIN_EXE_tidegate-lambda"));
    let digest = digest.arg("digest").arg(&folder.0).output().unwrap();
    let digest = String::from_utf8(digest.stdout).unwrap();
    let contract = contract_with(",\"expected_ms\":333");
    let text = std::fs::read_to_string(&contract).unwrap();
    let text =
        text.replace("\"edges\":", &format!("\"artifact\":{{\"code\":\"{}\"}},\"edges\":", digest.trim()));
    std::fs::write(&contract, text).unwrap();
    let start = |listen: &str| {
        let mut command = command(&api.address, listen);
        command.env("TIDEGATE_CONTRACT", &contract).env("LAMBDA_TASK_ROOT", &folder.0).stderr(Stdio::piped());
        command
    };
    let address = free();
    Proxy { child: start(&address).spawn().unwrap(), address }.connect();
    std::fs::write(folder.0.join("handler.py"), "y").unwrap();
    let ran = start(&free()).output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8(ran.stderr).unwrap().contains("isn't that of the contract"));
}

#[test]
fn what_others_want_handed_on_reaches_the_function() {
    let api = Api::start();
    let proxy = proxy(&api, None);
    let mut runtime = proxy.connect();
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let event = format!(r#"{{"_ctx":{{"traceparent":"{parent}","tracestate":"vendor=x,tidegate=hops:4"}}}}"#);
    api.events.send(event.clone()).unwrap();
    let got = next(&mut runtime);
    assert_eq!(got.body, event);
    assert_eq!(got.get("traceparent").get(..35), parent.get(..35));
    assert_eq!(got.get("tracestate"), "tidegate=hops:5,vendor=x");
    // What can't stand in a header doesn't reach it.
    api.events.send(event.replace("vendor=x", "vendor=ü")).unwrap();
    let got = next(&mut runtime);
    assert_eq!((got.get("tracestate"), got.body.contains("ü")), ("tidegate=hops:5", true));
}
