use super::*;

fn policy(statements: &str) -> Policy {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    let policy = Policy::from_json("p", &text).unwrap();
    assert!(policy.problems.is_empty(), "{statements}");
    policy
}

fn compare(old: &str, new: &str) -> Inclusion {
    includes(&policy(old), &policy(new), &|_| Vec::new())
}

#[track_caller]
fn proven(old: &str, new: &str) {
    assert_eq!(compare(old, new), Inclusion::Proven, "{new} in {old}");
}

#[track_caller]
fn refuted(old: &str, new: &str) -> Request {
    match compare(old, new) {
        Inclusion::Witness(request) => *request,
        other => panic!("{new} in {old}: {other:?}"),
    }
}

#[track_caller]
fn unproven(old: &str, new: &str) {
    assert!(matches!(compare(old, new), Inclusion::Unproven(_)), "{new} in {old}: {:?}", compare(old, new));
}

const ALL: &str = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;

fn allow(action: &str, resource: &str) -> String {
    format!(r#"{{"Effect": "Allow", "Action": {action}, "Resource": {resource}}}"#)
}

fn when(condition: &str) -> String {
    format!(r#"{{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {condition}}}"#)
}

#[test]
fn patterns_are_compared_exactly() {
    proven(ALL, &allow(r#""s3:*""#, r#""*""#));
    proven(&allow(r#""s3:*""#, r#""*""#), &allow(r#"["s3:Get*", "s3:PutObject"]"#, r#""arn:aws:s3:::b/*""#));
    proven(&allow(r#"["s3:Get*", "s3:*Tag*"]"#, r#""*""#), &allow(r#""s3:Get?*Tag*""#, r#""*""#));
    refuted(&allow(r#""s3:Get*""#, r#""*""#), &allow(r#""s3:*Get*""#, r#""*""#));
    refuted(&allow(r#""s3:Get*""#, r#""arn:aws:s3:::b/*""#), &allow(r#""s3:Get*""#, r#""arn:aws:s3:::b*""#));
    // Everything is more than all ARNs.
    let request = refuted(&allow(r#""s3:*""#, r#""arn:*:*:*:*:*""#), &allow(r#""s3:*""#, r#""*""#));
    assert_eq!(request.resource, "*");
}

#[test]
fn a_union_may_cover_what_no_part_does() {
    let old = format!("{}, {}", allow(r#""s3:Get*""#, r#""*""#), allow(r#""s3:*""#, r#""arn:aws:s3:::b/*""#));
    proven(&old, &allow(r#"["s3:GetObject"]"#, r#""*""#));
    proven(&old, &allow(r#""s3:*""#, r#""arn:aws:s3:::b/x*""#));
    refuted(&old, &allow(r#""s3:*""#, r#""*""#));
}

#[test]
fn complements_are_compared_exactly() {
    let but_iam = r#"{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}"#;
    proven(but_iam, &allow(r#"["s3:*", "sqs:*"]"#, r#""*""#));
    proven(but_iam, r#"{"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"}"#);
    let request = refuted(but_iam, r#"{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}"#);
    assert_eq!(request.action.service(), "iam");
    let but_b = r#"{"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::b/*"}"#;
    proven(but_b, &allow(r#""s3:*""#, r#""arn:aws:s3:::c/*""#));
    refuted(but_b, &allow(r#""s3:*""#, r#""arn:aws:s3:::b/x""#));
}

#[test]
fn denies_count_on_both_sides() {
    let deny = r#"{"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}"#;
    let old = format!("{ALL}, {deny}");
    refuted(&old, ALL);
    proven(&old, &format!("{ALL}, {deny}"));
    proven(&old, &allow(r#"["s3:Get*", "sqs:*"]"#, r#""*""#));
    proven(ALL, &old);
    let on_b = r#"{"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}"#;
    refuted(&format!("{ALL}, {deny}"), &format!("{ALL}, {on_b}"));
}

#[test]
fn conditions_imply_each_other_or_not() {
    let team = |values: &str| when(&format!(r#"{{"StringEquals": {{"aws:PrincipalTag/team": {values}}}}}"#));
    proven(&team(r#"["a", "b"]"#), &team(r#""a""#));
    refuted(&team(r#""a""#), &team(r#"["a", "b"]"#));
    proven(&when(r#"{"StringLike": {"aws:PrincipalTag/team": "a*"}}"#), &team(r#""ab""#));
    proven(&when(r#"{"StringLike": {"k": "a*"}}"#), &when(r#"{"StringLike": {"k": "ab*c"}}"#));
    refuted(&when(r#"{"StringLike": {"k": "ab*"}}"#), &when(r#"{"StringLike": {"k": "a*"}}"#));
    proven(&when(r#"{"StringNotEquals": {"k": "a"}}"#), &when(r#"{"StringNotEquals": {"k": ["a", "b"]}}"#));
    proven(&when(r#"{"StringEqualsIfExists": {"k": "a"}}"#), &when(r#"{"StringEquals": {"k": "a"}}"#));
    refuted(&when(r#"{"StringEquals": {"k": "a"}}"#), &when(r#"{"StringEqualsIfExists": {"k": "a"}}"#));
    proven(&when(r#"{"Null": {"k": "false"}}"#), &when(r#"{"StringEquals": {"k": "a"}}"#));
    refuted(&team(r#""a""#), &when("{}"));
    proven(&when("{}"), &team(r#""a""#));
}

#[test]
fn what_can_not_be_compared_is_said_so() {
    // Together the two cover everything, but neither does alone, and no request tells them apart.
    let old = format!(
        "{}, {}",
        when(r#"{"Bool": {"aws:SecureTransport": "true"}}"#),
        when(r#"{"BoolIfExists": {"aws:SecureTransport": "false"}}"#)
    );
    unproven(&old, &when("{}"));
}

#[test]
fn a_deny_under_a_condition_counts_unless_it_can_not_apply() {
    let deny = r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}"#;
    let old = format!("{ALL}, {deny}");
    refuted(&old, ALL);
    proven(&old, &when(r#"{"Bool": {"aws:SecureTransport": "true"}}"#));
    proven(&old, &format!("{ALL}, {deny}"));
}

#[test]
fn variables_stand_for_themselves() {
    let home = |who: &str| allow(r#""s3:*""#, &format!(r#""arn:aws:s3:::home/{who}/*""#));
    proven(&home("${aws:username}"), &home("${aws:username}"));
    proven(&home("*"), &home("${aws:username}"));
    let request = refuted(&home("bob"), &home("${aws:username}"));
    assert!(!hole::is_in(&request.resource));
    let but_bob = r#"{"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::home/bob/*"}"#;
    // The variable may be `bob`.
    assert_ne!(compare(&format!("{}, {but_bob}", home("*")), &home("${aws:username}")), Inclusion::Proven);
    // An old version has no variables.
    let text = r#"{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::home/${aws:username}/*"}]}"#;
    let old = Policy::from_json("p", text).unwrap();
    assert_ne!(includes(&old, &policy(&home("${aws:username}")), &|_| Vec::new()), Inclusion::Proven);
}

#[test]
fn principals_count_in_resource_policies() {
    let to = |who: &str| {
        format!(r#"{{"Effect": "Allow", "Principal": {who}, "Action": "sqs:*", "Resource": "*"}}"#)
    };
    let ana = r#"{"AWS": "arn:aws:iam::111122223333:user/ana"}"#;
    proven(&to(r#""*""#), &to(ana));
    refuted(&to(ana), &to(r#""*""#));
    proven(&to(r#"{"AWS": ["111122223333", "444455556666"]}"#), &to(r#"{"AWS": "444455556666"}"#));
}

#[test]
fn a_witness_is_an_action_that_exists() {
    let known = |service: &str| if service == "s3" { vec![Str::from("s3:PutObject")] } else { Vec::new() };
    let (old, new) = (policy(&allow(r#""s3:Get*""#, r#""*""#)), policy(&allow(r#""s3:*""#, r#""*""#)));
    let Inclusion::Witness(request) = includes(&old, &new, &known) else { panic!("not refuted") };
    assert_eq!(request.action.text, "s3:PutObject");
}
