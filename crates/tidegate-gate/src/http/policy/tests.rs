use super::*;
use hyper::HeaderMap;

fn ask(shared: &Shared, path: &str) -> Outcome {
    ask_with(shared, path, b"")
}

fn ask_with(shared: &Shared, path: &str, body: &[u8]) -> Outcome {
    let headers = HeaderMap::new();
    let peer = "127.0.0.1";
    let known = Known {
        method: "GET",
        path,
        query: "",
        headers: &headers,
        body,
        peer,
        certificate: None,
        claims: None,
        principal: None,
        topic: None,
    };
    decide(shared, &known)
}

fn contract(on_error: &str) -> Contract {
    let text = format!(
        r#"{{"version":1,"graph_digest":"","compiled_by":"",
        "defaults":{{"account":null,"region":null,"mode":"block","on_error":"{on_error}","max_bytes":1000000,"max_depth":64}},
        "functions":{{"t/F":{{"logical_id":"F","name":"f","type":"AWS::Lambda::Function","exposure":"anonymous","taint":0,"roles":[],
          "limits":{{"concurrency":null,"timeout_seconds":null,"memory_mb":null}},"egress":[],
          "edges":[{{"id":"t/Api->t/F:apigw-v2","from":"t/Api","trigger":"apigw-v2","evidence":"","exposure":"anonymous","taint":0,
            "origin":{{"arns":[],"accounts":[],"regions":[],"ids":[],"sources":[],"detail_types":[]}},
            "mode":"block","inspect":"full","on_deny":{{"answer":"respond"}},"unknown":[],
            "authenticate":[{{"paths":["/hooks/*"],"proof":{{"sigv4":{{"principals":["*"]}}}}}}]}}]}}}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn shared(contract: Option<Contract>) -> Shared {
    Shared::open(Box::new(move || Ok(contract.clone())), Vec::new(), Counting::default()).unwrap().0
}

#[test]
fn an_own_failure_passes_or_not_as_the_contract_says_and_the_next_request_is_decided_on() {
    for (contract, passes) in
        [(None, false), (Some(contract("closed")), false), (Some(contract("open")), true)]
    {
        let shared = shared(contract);
        // The desk of this thread is that of the contract before.
        DESK.with_borrow_mut(|desk| *desk = Desk::default());
        let failed = ask(&shared, "/stumble");
        assert_eq!((failed.passes, failed.classes), (passes, vec!["failure"]));
        assert!(shared.metrics.text().contains("tidegate_failures_total 1\n"));
        assert!(ask(&shared, "/orders").passes);
    }
}

#[test]
fn no_spelling_of_a_path_goes_around_its_proof() {
    let shared = shared(Some(contract("closed")));
    DESK.with_borrow_mut(|desk| *desk = Desk::default());
    for path in ["/hooks/push", "/%68ooks/push", "//hooks/push", "/HOOKS/push", "/hooks;a=b/push"] {
        assert!(!ask(&shared, path).passes, "{path}");
    }
    assert!(ask(&shared, "/orders").passes);
}

/// The contract has an edge for each version of the payload, the older one first.
#[test]
fn what_is_asked_of_one_version_of_an_api_alone_is_asked() {
    let mut both = contract("closed");
    let edges = &mut both.functions.get_mut("t/F").unwrap().edges;
    let v1 = Edge { trigger: "apigw-v1".into(), authenticate: Vec::new(), ..edges[0].clone() };
    edges.insert(0, v1);
    let mut older = both.clone();
    let edges = &mut older.functions.get_mut("t/F").unwrap().edges;
    edges[0].authenticate = std::mem::take(&mut edges[1].authenticate);
    let mut watched = both.clone();
    watched.functions.get_mut("t/F").unwrap().edges[1].mode = Mode::Monitor;
    for (contract, passes) in [(both, false), (older, false), (watched, true)] {
        let shared = shared(Some(contract));
        DESK.with_borrow_mut(|desk| *desk = Desk::default());
        let outcome = ask(&shared, "/hooks/push");
        assert_eq!((outcome.passes, outcome.watched), (passes, passes), "{outcome:?}");
        assert!(ask(&shared, "/orders").passes);
    }
}

#[test]
fn a_contract_may_have_texts_of_bodies_replaced() {
    let mut contract = contract("closed");
    let edge = &mut contract.functions.get_mut("t/F").unwrap().edges[0];
    edge.on_deny.redact = true;
    let attack = br#"{"note":"1' UNION SELECT username, password FROM users-- -"}"#;
    let mut beside = contract.clone();
    beside.functions.get_mut("t/F").unwrap().edges[0].authenticate.clear();
    for contract in [contract, beside] {
        let shared = shared(Some(contract));
        DESK.with_borrow_mut(|desk| *desk = Desk::default());
        let outcome = ask_with(&shared, "/orders", attack);
        assert!(outcome.passes && !outcome.watched, "{outcome:?}");
        assert_eq!(outcome.redacted.as_deref(), Some(&br#"{"note":"REDACTED"}"#[..]));
        assert!(shared.metrics.text().contains("tidegate_decisions_total{verdict=\"redact\"} 1\n"));
        let denied = ask_with(&shared, "/orders", br#"{"a":1,"a":2}"#);
        assert!(!denied.passes && denied.redacted.is_none());
    }
}

/// Bodies mostly stand beside their events: what a contract asks of them has to see them all the same.
#[test]
fn what_a_contract_asks_of_a_body_is_asked() {
    let schema = serde_json::json!({
        "kind": "json-schema", "source": "order.json", "digest": "", "closed": false,
        "ir": {"json": {"nodes": [{"checks": [{"type": 64}]}]}},
    });
    let mut asking = contract("closed");
    let edge = &mut asking.functions.get_mut("t/F").unwrap().edges[0];
    edge.authenticate.clear();
    let plain = asking.clone();
    let edge = &mut asking.functions.get_mut("t/F").unwrap().edges[0];
    edge.schemas.push(serde_json::from_value(schema).unwrap());
    for (contract, body, passes) in [
        (&plain, &b"[1]"[..], true),
        (&asking, b"[1]", false),
        (&asking, b"{}", true),
        (&plain, b"{\"a\":1,\"a\":2}", false),
    ] {
        let shared = shared(Some(contract.clone()));
        DESK.with_borrow_mut(|desk| *desk = Desk::default());
        assert_eq!(ask_with(&shared, "/orders", body).passes, passes, "{body:?}");
    }
}

/// Joined, two entries may ask for what nobody has: whoever starts the gate has to know.
#[test]
fn entries_that_contradict_each_other_are_told_at_the_start() {
    let token = |issuer: &str| {
        let proof = serde_json::json!({"proof": {"jwt": {"issuer": issuer, "audiences": []}}});
        vec![serde_json::from_value(proof).unwrap()]
    };
    let mut contract = contract("closed");
    let edges = &mut contract.functions.get_mut("t/F").unwrap().edges;
    edges[0].authenticate = token("https://a");
    let balancer =
        Edge { id: "t/Lb->t/F:alb".into(), from: "t/Lb".into(), trigger: "alb".into(), ..edges[0].clone() };
    edges.push(Edge { authenticate: token("https://b"), ..balancer.clone() });
    let told = |contract: &Contract| {
        let contract = contract.clone();
        Shared::open(Box::new(move || Ok(Some(contract.clone()))), Vec::new(), Counting::default()).unwrap().1
    };
    let warnings = told(&contract);
    assert!(
        warnings.len() == 1
            && warnings[0].contains("`t/Api->t/F:apigw-v2` asks for a token of `https://a`")
            && warnings[0].contains("`t/Lb->t/F:alb` for a token of `https://b`"),
        "{warnings:?}"
    );
    contract.functions.get_mut("t/F").unwrap().edges[1] = balancer;
    assert_eq!(told(&contract), [""; 0]);
}

/// A request could have come over any entry: what each says of repeated events and of callers holds.
#[test]
fn what_each_entry_says_of_repetition_and_of_callers_holds() {
    let mut contract = contract("closed");
    let edges = &mut contract.functions.get_mut("t/F").unwrap().edges;
    edges[0].authenticate.clear();
    let entry = |n: u64, key: &str, by: &str, burst: u64| Edge {
        id: format!("t/E{n}->t/F:apigw-v2"),
        from: format!("t/E{n}"),
        replay: serde_json::from_value(serde_json::json!({"key": key, "window_seconds": 60})).unwrap(),
        limits: serde_json::from_value(
            serde_json::json!({"caller": {"by": by, "rate": {"events": 1, "seconds": 3600, "burst": burst}}}),
        )
        .unwrap(),
        ..edges[0].clone()
    };
    *edges = vec![entry(1, "x-one", "source-ip", 100), entry(2, "x-two", "principal", 4)];
    let shared = shared(Some(contract));
    DESK.with_borrow_mut(|desk| *desk = Desk::default());
    let send = |one: &'static str, two: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("x-one", one.parse().unwrap());
        headers.insert("x-two", two.parse().unwrap());
        let known = Known {
            method: "GET",
            path: "/orders",
            query: "",
            headers: &headers,
            body: b"",
            peer: "127.0.0.1",
            certificate: None,
            claims: None,
            principal: None,
            topic: None,
        };
        let outcome = decide(&shared, &known);
        (outcome.passes, outcome.classes.join(" "))
    };
    assert_eq!(send("1", "1"), (true, String::new()));
    assert_eq!(send("1", "2"), (false, "replay".into()));
    assert_eq!(send("2", "1"), (false, "replay".into()));
    assert_eq!(send("2", "2"), (true, String::new()));
    // The first entry would let more of one address pass.
    assert_eq!(send("3", "3"), (false, "rate".into()));
}
