//! Browsers ask before a page sends a request, and can't prove then who asks.

use super::{Echo, config, send};
use tidegate_gate::http::{Config, serve};

const CONTRACT: &str = r#"{"version":1,"graph_digest":"","compiled_by":"",
    "defaults":{"account":null,"region":null,"mode":"block","on_error":"closed","max_bytes":1000000,"max_depth":64},
    "functions":{"t/F":{"logical_id":"F","name":"f","type":"AWS::Lambda::Function","exposure":"anonymous","taint":0,"roles":[],
      "limits":{"concurrency":null,"timeout_seconds":null,"memory_mb":null},"egress":[],
      "edges":[{"id":"t/Api->t/F:apigw-v2","from":"t/Api","trigger":"apigw-v2","evidence":"","exposure":"anonymous","taint":0,
        "origin":{"arns":[],"accounts":[],"regions":[],"ids":[],"sources":[],"detail_types":[]},
        "mode":"block","inspect":"full","on_deny":{"answer":"respond"},"unknown":[],"cors":{"origins":["https://shop.example"]},
        "authenticate":[{"proof":{"jwt":{"issuer":"https://login.example","audiences":["orders"]}}}]}]}}}"#;

#[test]
fn a_declared_page_may_ask_without_a_token_and_nothing_else_may() {
    let echo = Echo::start();
    let contract: tidegate_graph::contract::Contract = serde_json::from_str(CONTRACT).unwrap();
    let load = move || Ok(Some(contract.clone()));
    let gate = serve(Config { load: Box::new(load), ..config(echo.address) }, |_| {}).unwrap();
    let asks = "Origin: https://shop.example\r\nAccess-Control-Request-Method: DELETE\r\n";
    let ask = |method: &str, path: &str, more: &str| {
        send(gate.address, format!("{method} {path} HTTP/1.1\r\nHost: a\r\n{more}\r\n").as_bytes())
    };
    let more = "Access-Control-Request-Headers: authorization\r\nX-HTTP-Method-Override: DELETE\r\n";
    let answer = ask("OPTIONS", "/orders", &format!("{asks}{more}"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let seen = echo.seen.lock().unwrap().join("");
    for part in
        ["OPTIONS /orders ", "origin: https://shop.example", "-request-method: DELETE", "-request-headers: "]
    {
        assert!(seen.contains(part), "{seen}");
    }
    assert!(!seen.contains("override"), "{seen}");
    for (what, method, path, more) in [
        ("no preflight", "OPTIONS", "/orders", "Origin: https://shop.example\r\n".to_string()),
        ("another method", "DELETE", "/orders", asks.to_string()),
        ("another origin", "OPTIONS", "/orders", asks.replace("shop", "evil")),
        ("two origins", "OPTIONS", "/orders", format!("{asks}Origin: https://shop.example\r\n")),
        ("a wrong token", "OPTIONS", "/orders", format!("{asks}Authorization: Bearer a\r\n")),
        ("a cookie", "OPTIONS", "/orders", format!("{asks}Cookie: a=b\r\n")),
        (
            "an attack",
            "OPTIONS",
            "/orders?q=1'%20UNION%20SELECT%20password%20FROM%20users--",
            asks.to_string(),
        ),
    ] {
        let answer = ask(method, path, &more);
        assert!(answer.starts_with("HTTP/1.1 403"), "{what}: {answer}");
    }
    assert_eq!(echo.seen(), 1);
    gate.stop();
}
