use super::*;
use tidegate_graph::FileId;

fn messages(kind: Kind, text: &str) -> Vec<String> {
    let document = crate::json::parse(FileId(0), text).unwrap();
    refused(&World::default(), &document, kind).into_iter().map(|r| r.message).collect()
}

/// A statement in an identity policy: nothing is wrong, or the one message holds the text.
#[track_caller]
fn check(statement: &str, expect: Option<&str>) {
    check_as(Kind::Identity, statement, expect);
}

#[track_caller]
fn check_as(kind: Kind, statement: &str, expect: Option<&str>) {
    let found = messages(kind, &format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#));
    match expect {
        None => assert!(found.is_empty(), "{statement}: {found:?}"),
        Some(part) => assert!(found.iter().any(|m| m.contains(part)), "{statement}: {found:?}"),
    }
}

#[test]
fn documents() {
    let check = |text: &str, expect: &str| {
        let found = messages(Kind::Identity, text);
        assert!(found.iter().any(|m| m.contains(expect)), "{text}: {found:?}");
    };
    check("[]", "a policy is an object");
    check("{}", "no `Statement`");
    check(r#"{"statement": {}}"#, "name `statement`");
    check(r#"{"Version": 2012, "Statement": {}}"#, "no version `2012`");
    check(r#"{"Version": "2012-10-18", "Statement": {}}"#, "no version");
    check(r#"{"Id": 1, "Statement": {}}"#, "`Id` is a string");
    check(r#"{"Statement": []}"#, "is empty");
    check(r#"{"Statement": "x"}"#, "a statement is an object");
    check(r#"{"Statement": null}"#, "a statement is an object");
}

#[test]
fn documents_as_text() {
    let text = |inner: &str| {
        let document = Value::text(inner, tidegate_graph::Span::default());
        refused(&World::default(), &document, Kind::Identity)
            .into_iter()
            .map(|r| r.message)
            .collect::<Vec<_>>()
    };
    assert!(text(r#"{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}"#).is_empty());
    assert_eq!(text(r#"{"Statement": []}"#), ["the list of statements is empty"]);
    assert_eq!(text("Statement: []"), ["the policy is no JSON: this is not JSON, at `S`"]);
}

#[test]
fn statements_and_their_keys() {
    check(r#"{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}"#, None);
    check(
        r#"[{"Sid": "", "Effect": "Deny", "NotAction": ["sqs:*"], "NotResource": ["*"]}, {"Sid": "", "Effect": "Deny", "Action": "*", "Resource": "*"}]"#,
        None,
    );
    check(r#"{"Effect": "allow", "Action": "sqs:*", "Resource": "*"}"#, Some("`Allow` or `Deny`"));
    check(r#"{"Action": "sqs:*", "Resource": "*"}"#, Some("no `Effect`"));
    check(r#"{"Effect": "Allow", "Resource": "*"}"#, Some("neither `Action`"));
    check(r#"{"Effect": "Allow", "Action": "sqs:*"}"#, Some("neither `Resource`"));
    check(r#"{"Effect": "Allow", "Action": "sqs:*", "NotAction": [], "Resource": "*"}"#, Some("not both"));
    check(r#"{"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "NotResource": []}"#, Some("not both"));
    check(r#"{"Effect": "Allow", "Action": [], "Resource": "*"}"#, Some("names no action"));
    check(r#"{"Effect": "Allow", "Action": "sqs:*", "Resource": []}"#, Some("names no resource"));
    check(r#"{"Effect": "Allow", "Action": "sqs:*", "Resource": null}"#, Some("a resource is a string"));
    check(r#"{"Effect": "Allow", "Action": "sqs:*", "Resource": ["*", null]}"#, None);
    check(r#"{"Effect": "Allow", "Action": [1], "Resource": "*"}"#, Some("an action is a string"));
    check(
        r#"{"Effect": "Allow", "Action": "sqs:*", "Resource": {"a": "*"}}"#,
        Some("a resource is a string"),
    );
    check(
        r#"{"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "resource": "*"}"#,
        Some("name `resource`"),
    );
    check(r#"{"Sid": 1, "Effect": "Allow", "Action": "sqs:*", "Resource": "*"}"#, Some("`Sid` is a string"));
    check(
        r#"[{"Sid": "a", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"}, {"Sid": "a", "Effect": "Allow", "Action": "sns:*", "Resource": "*"}]"#,
        Some("that of statement 1 already"),
    );
}

#[test]
fn actions() {
    let action = |action: &str| format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#);
    for good in ["*", "sqs:SendMessage", "s3-outposts:Get*", "some.thing:X", "iam:any thing"] {
        check(&action(good), None);
    }
    for (bad, part) in [
        ("", "names no service"),
        ("SendMessage", "names no service"),
        ("sqs:a:b", "more than one colon"),
        ("s*:Send", "can be no service"),
        (":Send", "can be no service"),
    ] {
        check(&action(bad), Some(part));
    }
}

#[test]
fn conditions() {
    let with =
        |c: &str| format!(r#"{{"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": {c}}}"#);
    for good in [
        "{}",
        r#"{"StringEquals": {}}"#,
        r#"{"Nonsense": {}}"#,
        r#"{"StringEquals": {"aws:username": []}}"#,
        r#"{"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a", "b"]}}"#,
        r#"{"Bool": {"aws:SecureTransport": false}}"#,
        r#"{"NumericLessThan": {"aws:MultiFactorAuthAge": 3600}}"#,
        r#"{"DateLessThan": {"aws:CurrentTime": "2026-11-25T00:00:00Z"}}"#,
        r#"{"Null": {"aws:TokenIssueTime": "true"}}"#,
    ] {
        check(&with(good), None);
    }
    for (bad, part) in [
        ("[]", "conditions are an object"),
        (r#""x""#, "conditions are an object"),
        (r#"{"StringEquals": "x"}"#, "takes an object"),
        (r#"{"StringEquals": []}"#, "takes an object"),
        (r#"{"StringEquals": {"a": {}}}"#, "the value of a condition"),
        (r#"{"StringEquals": {"a": [[]]}}"#, "the value of a condition"),
        (r#"{"StringIs": {"a": "b"}}"#, "no condition operator `StringIs`"),
        (r#"{"ForAnyValue::StringEquals": {"a": "b"}}"#, "no condition operator"),
        (r#"{"NullIfExists": {"a": "true"}}"#, "no condition operator"),
        (r#"{"DateEquals": {"aws:CurrentTime": "tomorrow"}}"#, "no date"),
    ] {
        check(&with(bad), Some(part));
    }
}

#[test]
fn principals_by_kind_of_policy() {
    let with = |p: &str| {
        format!(r#"{{"Effect": "Allow", "Principal": {p}, "Action": "sqs:SendMessage", "Resource": "*"}}"#)
    };
    check(&with(r#""*""#), Some("an identity policy has no `Principal`"));
    for good in [
        r#""*""#,
        r#"{"AWS": "111122223333"}"#,
        r#"{"AWS": ["arn:aws:iam::111122223333:root", "AROAEXAMPLEEXAMPLE12"]}"#,
        r#"{"Service": "sns.amazonaws.com"}"#,
        r#"{"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}"#,
    ] {
        check_as(Kind::Resource, &with(good), None);
    }
    for (bad, part) in [
        (r#""111122223333""#, "a principal is `*` or an object"),
        (r#"{"Aws": "111122223333"}"#, "name `Aws`"),
        (r#"{"AWS": "orders"}"#, "no principal"),
        (r#"{"AWS": "arn:aws:iam::111122223333:role/*"}"#, "wildcard"),
        (r#"{"AWS": []}"#, "names no principal"),
        (r#"{"Service": "lambda"}"#, "no service principal"),
    ] {
        check_as(Kind::Resource, &with(bad), Some(part));
    }
    let trust = r#"{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}"#;
    check_as(Kind::Trust, trust, None);
    check_as(Kind::Trust, &with(r#""*""#), Some("a trust policy has no `Resource`"));
    check_as(Kind::Trust, r#"{"Effect": "Allow", "Action": "sts:AssumeRole"}"#, Some("neither `Principal`"));
}

#[test]
fn many_faults_are_few_remarks() {
    let statements = vec!["1"; 10_000].join(",");
    assert!(messages(Kind::Identity, &format!(r#"{{"Statement": [{statements}]}}"#)).len() <= MOST);
}
