//! Decisions on compiled policies.

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;
use tidegate_iam::{Applicable, Boundary, Level, Policy, Request, decide};

/// What a function's role usually has: a handful of policies, a boundary, three levels of the organization.
fn benches(criterion: &mut Criterion) {
    let document = |i: usize| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [
                {{"Sid": "Read", "Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:BatchGetItem"],
                  "Resource": ["arn:aws:dynamodb:eu-central-1:111122223333:table/orders-{i}", "arn:aws:dynamodb:eu-central-1:111122223333:table/orders-{i}/index/*"]}},
                {{"Sid": "Send", "Effect": "Allow", "Action": "sqs:Send*", "Resource": "arn:aws:sqs:*:111122223333:orders-{i}-*",
                  "Condition": {{"StringEquals": {{"aws:PrincipalTag/team": ["blue", "red"]}}, "Bool": {{"aws:SecureTransport": "true"}}}}}},
                {{"Sid": "Logs", "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}},
                {{"Sid": "Guard", "Effect": "Deny", "NotAction": ["dynamodb:*", "sqs:*", "logs:*", "s3:*"], "Resource": "*",
                  "Condition": {{"StringNotEquals": {{"aws:RequestedRegion": ["eu-central-1"]}}}}}}
            ]}}"#
        )
    };
    let identity: Vec<Arc<Policy>> =
        (0..10).map(|i| Arc::new(Policy::from_json("p", &document(i)).unwrap())).collect();
    let full = Policy::full_access();
    let scps: Vec<Level> = ["root", "unit", "account"]
        .map(|name| Level { name: name.into(), policies: vec![full.clone()] })
        .into();
    let boundary = [full];
    let policies = Applicable {
        identity: &identity,
        boundary: Boundary::Set(&boundary),
        scps: &scps,
        ..Applicable::default()
    };
    let mut request = Request::new(
        "arn:aws:iam::111122223333:role/orders",
        "sqs:SendMessage",
        "arn:aws:sqs:eu-central-1:111122223333:orders-9-in",
    );
    for (key, value) in [
        ("aws:PrincipalTag/team", "red"),
        ("aws:SecureTransport", "true"),
        ("aws:RequestedRegion", "eu-central-1"),
        ("aws:SourceIp", "10.1.2.3"),
    ] {
        request.context.set(key, [value.into()]);
    }
    assert!(decide(&request, &policies).verdict.is_allowed());
    criterion.bench_function("decide: 10 policies, 40 statements, boundary, 3 levels", |b| {
        b.iter(|| decide(black_box(&request), black_box(&policies)));
    });
    let text = document(0);
    criterion.bench_function("compile: one policy of 4 statements", |b| {
        b.iter(|| Policy::from_json("p", black_box(&text)).unwrap());
    });
}

criterion_group!(all, benches);
criterion_main!(all);
