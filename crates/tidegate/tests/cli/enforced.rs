//! What `tidegate guard decide` makes of a contract.

use super::contract::{contract, edge, line, message, shop};
use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;

#[test]
fn forged_sources_are_denied_record_by_record() {
    let own = message("arn:aws:sqs:us-east-1:111122223333:orders-us-east-1-prod");
    let theirs = message("arn:aws:sqs:us-east-1:444455556666:theirs");
    let foreign = message("arn:aws:sqs:us-east-1:444455556666:orders-us-east-1-prod");
    let mut two_voices = own.clone();
    two_voices["awsRegion"] = "eu-west-1".into();
    let mut silent = own.clone();
    silent.as_object_mut().unwrap().remove("eventSourceARN");
    let event = |source: &str| {
        json!({"id": 1, "function": "Work", "event": {"version": "0", "detail-type": "Paid", "source": source,
            "account": "111122223333", "region": "us-east-1", "resources": [], "detail": {}}})
    };
    let answers = shop().decide(&[
        line("Work", &[own.clone(), theirs.clone()]),
        line("Work", &[own.clone(), foreign.clone()]),
        line("Work", &[foreign]),
        line("Work", &[two_voices]),
        line("Work", &[silent]),
        line("Loose", std::slice::from_ref(&own)),
        line("Loose", &[theirs]),
        line("Tidy", std::slice::from_ref(&own)),
        line("Nobody", std::slice::from_ref(&own)),
        json!({"id": 1, "event": {"Records": [own]}}),
        event("shop.pay"),
        event("shop.forged"),
    ]);
    let words: Vec<&str> = answers.iter().map(|a| a["decision"].as_str().unwrap()).collect();
    let expected = "allow partial deny deny deny allow deny deny deny deny allow deny";
    assert_eq!(words.join(" "), expected, "{answers:#?}");
    let reason = &answers[1]["records"][0];
    assert_eq!((&reason["index"], &reason["reasons"][0]["class"]), (&json!(1), &json!("origin")));
    assert_eq!(reason["reasons"][0]["pointer"], "/Records/1/eventSourceARN");
}

#[test]
fn a_monitoring_contract_lets_through_and_says_what_it_would_do() {
    let project = shop().file("tidegate.toml", "[contract]\nmode = 'monitor'\nblock = '*/Loose'\n");
    let foreign = message("arn:aws:sqs:us-east-1:444455556666:other");
    let answers = project.decide(&[
        line("Work", std::slice::from_ref(&foreign)),
        line("Loose", std::slice::from_ref(&foreign)),
    ]);
    assert_eq!((&answers[0]["decision"], &answers[0]["would"]), (&json!("allow"), &json!("deny")));
    let record = &answers[0]["records"][0];
    assert_eq!((&record["would"], &record["reasons"][0]["class"]), (&json!("deny"), &json!("origin")));
    assert_eq!((&answers[1]["decision"], answers[1].get("would")), (&json!("deny"), None));
}

#[test]
fn a_schedule_has_no_texts_to_inspect_but_an_origin() {
    let tick = |resource: &str| {
        json!({"id": 1, "function": "Tidy", "event": {"version": "0", "detail-type": "Scheduled Event",
            "source": "aws.events", "account": "111122223333", "region": "us-east-1",
            "resources": [format!("arn:aws:events:us-east-1:111122223333:rule/{resource}")], "detail": {}}})
    };
    let answers = shop().decide(&[tick("hourly"), tick("other")]);
    assert_eq!((&answers[0]["decision"], &answers[1]["decision"]), (&json!("allow"), &json!("deny")));
}

#[test]
fn a_webhook_passes_once_and_only_with_its_signature() {
    let config = "[[contract.authenticate]]\nedges = '*/Place:apigw-v2'\npaths = '/hooks/*'\nwebhook = 'github'\n\
                  secrets = ['OLD_SECRET', 'HOOK_SECRET']\n";
    let project = shop().file("tidegate.toml", config);
    let compiled = contract(&project);
    let schema: Value = serde_json::from_str(include_str!("../../../../docs/schemas/contract.json")).unwrap();
    jsonschema::validate(&schema, &compiled).unwrap();
    assert_eq!(project.run(&["contract", "--out", "c.json"]).code, Some(0));
    let request = |path: &str, delivery: &str, signature: &str| {
        let headers = json!({"X-GitHub-Delivery": delivery, "x-hub-signature-256": signature});
        let context =
            json!({"apiId": "a", "accountId": "111122223333", "http": {"method": "POST", "path": path}});
        let event = json!({"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": headers,
                           "requestContext": context, "body": "SGVsbG8sIFdvcmxkIQ==", "isBase64Encoded": true});
        json!({"id": delivery, "function": "place", "event": event})
    };
    let good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let lines = [
        request("/hooks/push", "1", good),
        request("/hooks/push", "1", good),
        // The number of a delivery isn't signed.
        request("/hooks/push", "2", good),
        request("/hooks/push", "3", &good.replace('7', "8")),
        request("/orders", "4", ""),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let run = |secret: Option<&str>| {
        let mut command = project.command();
        command.args(["guard", "decide", "--contract", "c.json"]);
        command.envs(secret.map(|secret| ("HOOK_SECRET", secret)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let ran = project.scrub(child.wait_with_output().unwrap());
        let answers = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let words = answers.map(|a| match a["records"][0]["reasons"][0]["class"].as_str() {
            Some(class) => class.to_string(),
            None => a["decision"].as_str().unwrap().to_string(),
        });
        (words.collect::<Vec<_>>().join(" "), ran.stderr)
    };
    let (words, warnings) = run(Some("It's a Secret to Everybody"));
    assert_eq!(words, "allow replay replay signature allow");
    assert!(warnings.contains("`OLD_SECRET` isn't set") && !warnings.contains("HOOK_SECRET"), "{warnings}");
    let (words, warnings) = run(None);
    assert_eq!(words, "signature signature signature signature allow");
    assert!(warnings.contains("`HOOK_SECRET` isn't set"), "{warnings}");
}

#[test]
fn each_record_of_a_batch_passes_once() {
    let config = "[[contract.replay]]\nedges = '*/Loose:sqs'\nkey = '/messageId'\nwindow = 600\n";
    let project = shop().file("tidegate.toml", config);
    let with = |id: &str, body: &str| {
        let mut message = message("arn:aws:sqs:us-east-1:111122223333:nameless");
        (message["messageId"], message["body"]) = (id.into(), body.into());
        message
    };
    let attack = "1' UNION SELECT username, password FROM users-- -";
    let answers = project.decide(&[
        line("Loose", &[with("1", "a"), with("2", attack), with("3", "b")]),
        line(
            "Loose",
            &[with("3", "b"), with("2", "fine now"), with("4", "c"), with("4", "c"), with("", "d")],
        ),
        line("Loose", &[with("5", "e")]),
    ]);
    let denied = |answer: &Value| -> Vec<(u64, String)> {
        let records = answer["records"].as_array().unwrap();
        let one = |r: &Value| {
            (r["index"].as_u64().unwrap(), r["reasons"][0]["class"].as_str().unwrap().to_string())
        };
        records.iter().map(one).collect()
    };
    assert_eq!(denied(&answers[0]), [(1, "sql".to_string())]);
    let replay = |index| (index, "replay".to_string());
    assert_eq!(denied(&answers[1]), [replay(0), replay(3), replay(4)], "what was denied hasn't come yet");
    assert_eq!(answers[2]["decision"], "allow");
}

#[test]
fn a_condition_holds_of_each_record() {
    let config = "[[contract.condition]]\nedges = '*/Work:sqs'\n\
                  when = 'event.body.amount <= 100 && event.body.lines.all(l, l.qty > 0)'\n";
    let project = shop().file("tidegate.toml", config);
    let body = |amount: i64, qty: i64| {
        let mut message = message("arn:aws:sqs:us-east-1:111122223333:orders-us-east-1-prod");
        message["body"] = json!({"amount": amount, "lines": [{"qty": qty}]}).to_string().into();
        message
    };
    let mut prose = body(1, 1);
    prose["body"] = "prose".into();
    let answers = project.decide(&[
        line("template/Work", &[body(100, 1), body(101, 1), body(1, 0), prose]),
        line("template/Work", &[body(1, 1)]),
    ]);
    assert_eq!((&answers[0]["decision"], &answers[1]["decision"]), (&json!("partial"), &json!("allow")));
    let denied = answers[0]["records"].as_array().unwrap();
    let said: Vec<_> = denied
        .iter()
        .map(|r| (r["index"].as_u64().unwrap(), r["reasons"][0]["class"].as_str().unwrap()))
        .collect();
    assert_eq!(said, [(1, "condition"), (2, "condition"), (3, "condition")]);
    let wrong = shop().file("tidegate.toml", "[[contract.condition]]\nedges = '*/Wrok:sqs'\nwhen = 'true'\n");
    let ran = wrong.run(&["contract"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("fits no edge"), "{}", ran.all());
}

#[test]
fn texts_are_replaced_where_the_contract_says_so() {
    let config = "[contract]\nmode = 'monitor'\nblock = '*/Work:sqs'\nredact = ['*/Work:sqs']\n";
    let nobody = shop().file("tidegate.toml", &config.replace("Work:sqs']", "Nobody']")).run(&["contract"]);
    assert!(nobody.code == Some(2) && nobody.stderr.contains("\"*/Nobody\""), "{}", nobody.all());
    let project = shop().file("tidegate.toml", config);
    let contract = contract(&project);
    let (queue, stream) = (edge(&contract, "Work", "Orders"), edge(&contract, "Work", "Clicks"));
    assert_eq!((&queue["mode"], &queue["on_deny"]["redact"]), (&json!("block"), &json!(true)));
    assert_eq!((&stream["mode"], &stream["on_deny"]["redact"]), (&json!("monitor"), &Value::Null));
    let with = |body: &str| {
        let mut message = message("arn:aws:sqs:us-east-1:444455556666:theirs");
        message["body"] = body.into();
        message
    };
    let order = |note: &str| json!({"sku": "a-1", "note": note}).to_string();
    let attack = "1' UNION SELECT username, password FROM users-- -";
    let records = [with(&order(attack)), with("fine"), with("{\"a\":1,\"a\":2}")];
    let answers = project.decide(&[line("Work", &records)]);
    assert_eq!((&answers[0]["decision"], &answers[0]["answer"]), (&json!("partial"), &Value::Null));
    let left = answers[0]["redacted"]["Records"].as_array().unwrap();
    let left: Vec<&str> = left.iter().map(|record| record["body"].as_str().unwrap()).collect();
    assert_eq!(left, [order("REDACTED").as_str(), "fine"], "what is no text is taken out still");
}

#[test]
fn a_contract_that_has_to_be_signed_is_believed_only_if_it_is() {
    // RFC 8410, section 10.
    let private = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    let project = shop().file("key.pem", private).file("pub.pem", public);
    assert_eq!(
        project.run(&["contract", "--sign", "key.pem"]).code,
        Some(2),
        "there is no place for the signature"
    );
    assert_eq!(project.run(&["contract", "--out", "c.json", "--sign", "pub.pem"]).code, Some(2));
    let enforce = ["guard", "decide", "--contract", "c.json", "--contract-key", "pub.pem"];
    assert_eq!(project.run(&["contract", "--out", "c.json"]).code, Some(0));
    let unsigned = project.run(&enforce);
    assert!(unsigned.code == Some(2) && unsigned.stderr.contains("isn't signed"), "{}", unsigned.all());
    assert_eq!(project.run(&["contract", "--out", "c.json", "--sign", "key.pem"]).code, Some(0));
    assert_eq!(project.run(&enforce).code, Some(0));
    let text = std::fs::read_to_string(project.path("c.json")).unwrap();
    let project = project.file("c.json", &text.replace("\"block\"", "\"monitor\""));
    let changed = project.run(&enforce);
    assert!(changed.code == Some(2) && changed.stderr.contains("isn't believed"), "{}", changed.all());
}
