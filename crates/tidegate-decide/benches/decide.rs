//! Decisions on events as they come, and on text that is meant to take long.

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use tidegate_decide::{Event, Guard, Trigger};

fn message(body: &str) -> String {
    let body = serde_json::to_string(body).unwrap();
    format!(
        r#"{{"Records": [{{"messageId": "059f36b4-87a3-44ab-83d2-661975830a7d", "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": {body}, "attributes": {{"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183", "SenderId": "AIDAIENQZJOLO23YVJ4VO"}},
        "messageAttributes": {{}}, "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3", "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:orders", "awsRegion": "eu-west-1"}}]}}"#
    )
}

fn benches(criterion: &mut Criterion) {
    let order = r#"{"id": "ord-1017", "customer": {"name": "Ann O'Neil", "mail": "ann@example.com"}, "note": "Please ring twice; the bell is quiet.",
        "lines": [{"sku": "A-17", "quantity": 2, "price": 12.5}, {"sku": "B-9", "quantity": 1, "price": 99.0}]}"#;
    let request = r#"{"version": "2.0", "routeKey": "$default", "rawPath": "/orders", "rawQueryString": "sort=price&q=blue+table",
        "headers": {"accept": "*/*", "host": "api.example.com", "user-agent": "Mozilla/5.0 (X11; Linux x86_64)"},
        "queryStringParameters": {"sort": "price", "q": "blue table"}, "requestContext": {"http": {"method": "GET", "path": "/orders"}},
        "isBase64Encoded": false}"#;
    let mut guard = Guard::default();
    let mut clean = criterion.benchmark_group("clean");
    for (name, event) in [("message", message(order)), ("request", request.to_owned())] {
        clean.bench_function(name, |b| b.iter(|| guard.decide(black_box(event.as_bytes()), None)));
    }
    let head = r#"{"version":"2.0","routeKey":"$default","rawPath":"/orders","rawQueryString":"",
        "headers":{"accept":"*/*","host":"api.example.com","user-agent":"Mozilla/5.0 (X11; Linux x86_64)","content-type":"application/json","content-length":"1200"},
        "requestContext":{"http":{"method":"POST","path":"/orders","sourceIp":"192.0.2.1"}}}"#;
    let lines = r#"{"sku": "A-17", "quantity": 2, "name": "screw 5 x 40"},"#.repeat(11);
    let body = message(&format!(
        r#"{{"id": 1017, "note": "don't ring, it's late", "lines": [{}]}}"#,
        lines.trim_end_matches(',')
    ));
    clean.bench_function("gate", |b| {
        b.iter(|| {
            guard.rule(
                Event::beside(black_box(head.as_bytes()), black_box(body.as_bytes())),
                Some(Trigger::ApiGatewayV2),
            )
        });
    });
    clean.finish();
    let mut hostile = criterion.benchmark_group("hostile");
    hostile.sample_size(10);
    for filler in [
        "' ",
        "< ",
        "(a ",
        "${a",
        "&amp;",
        "a:\r\n",
        "{{a ",
        "../a/",
        "\\u0041",
        "it's the order; we sent (two) ",
    ] {
        let length = 1 << 18;
        let event = message(&filler.repeat(length / filler.len()));
        hostile.throughput(Throughput::Bytes(length as u64));
        hostile.bench_with_input(BenchmarkId::from_parameter(filler.escape_default()), &event, |b, event| {
            b.iter(|| guard.decide(black_box(event.as_bytes()), None));
        });
    }
    hostile.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
