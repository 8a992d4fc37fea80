//! Laws of the linter, over documents that are made up.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::{Value, json};
use tidegate_graph::{FileId, World};
use tidegate_iam::fuzz;
use tidegate_iam::lint::{self, Kind};

/// JSON with the words of policies in it, in places where they belong and where they don't.
fn anything() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "Allow",
        "Deny",
        "*",
        "sqs:*",
        "s3:GetObject",
        "s3:Get*",
        "",
        ":",
        "arn:",
        "arn:aws",
        "arn:aws:s3:::a/*",
        "arn:aws:iam::1:role/a",
        "${aws:username}",
        "${",
        "2012-10-17",
        "2008-10-17",
        "true",
        "T",
        "2026-W1",
        "é*?",
    ]);
    let leaf = prop_oneof![
        words.prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    let keys = prop::sample::select(vec![
        "Version",
        "Id",
        "Statement",
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Principal",
        "NotPrincipal",
        "Condition",
        "AWS",
        "Service",
        "StringEquals",
        "ForAllValues:StringLike",
        "DateLessThan",
        "Null",
        "IpAddress",
        "aws:TagKeys",
        "aws:SourceArn",
        "s3:prefix",
        "a",
        "",
    ]);
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..6).prop_map(|entries| Value::Object(
                entries.into_iter().map(|(k, v)| (k.to_string(), v)).collect()
            )),
        ]
    })
}

fn valid_statement() -> impl Strategy<Value = Value> {
    let effect = prop::sample::select(vec!["Allow", "Deny"]);
    let actions = prop::collection::vec(
        prop::sample::select(vec!["sqs:SendMessage", "s3:Get*", "*", "x-y.z:a b"]),
        1..4,
    );
    let resources = prop::collection::vec(
        prop::sample::select(vec!["*", "arn:aws:sqs:*:*:a", "arn:aws-cn:s3:::a/*", "arn:aws:dynamodb"]),
        1..4,
    );
    (effect, actions, resources, any::<bool>()).prop_map(|(effect, actions, resources, not)| {
        let (action, resource) = if not { ("NotAction", "NotResource") } else { ("Action", "Resource") };
        json!({"Effect": effect, action: actions, resource: resources})
    })
}

fn refused(document: &Value) -> usize {
    let document = tidegate_iam::json::parse(FileId(0), &document.to_string()).unwrap();
    lint::refused(&World::default(), &document, Kind::Identity).len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_panics(document in anything()) {
        fuzz::run("policy", &document.to_string());
        fuzz::run("policy", &json!({"Version": "2012-10-17", "Statement": document}).to_string());
    }

    #[test]
    fn text_does_not_panic(text in "\\PC{0,80}") {
        fuzz::run("policy", &text);
        fuzz::run("reference", &text);
    }

    #[test]
    fn what_is_written_by_the_book_is_valid(statements in prop::collection::vec(valid_statement(), 1..5)) {
        prop_assert_eq!(refused(&json!({"Version": "2012-10-17", "Statement": statements})), 0);
    }

    #[test]
    fn one_bad_statement_is_enough(mut statements in prop::collection::vec(valid_statement(), 1..5), at in 0_usize..5) {
        let at = at.min(statements.len());
        statements.insert(at, json!({"Effect": "Allow", "Action": "Send", "Resource": "*"}));
        prop_assert_eq!(refused(&json!({"Version": "2012-10-17", "Statement": statements})), 1);
    }
}
