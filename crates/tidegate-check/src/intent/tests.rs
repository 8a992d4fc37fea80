//! What is written instead, and when nothing is.

use crate::rules::functions::over_privileged_function::OverPrivilegedFunction;
use crate::rules::functions::shared_role::SharedRole;
use crate::testing::Build;
use tidegate_graph::{Finding, Fix, Plain};

const TABLE: &str = r#"{"Ref": "Orders"}"#;

/// Two tables, a role with these statements and policies of AWS's, and a function that knows one table.
fn system(statements: &str, managed: &str, variable: &str) -> Build {
    let role = format!(
        r#"{{"AssumeRolePolicyDocument": {{}}, "ManagedPolicyArns": [{managed}],
            "Policies": [{{"PolicyName": "p", "PolicyDocument": {{"Statement": [{statements}]}}}}]}}"#
    );
    let function = format!(
        r#"{{"Role": {{"Fn::GetAtt": ["Role", "Arn"]}}, "Environment": {{"Variables": {{"TABLE": {variable}}}}}}}"#
    );
    Build::new()
        .json("Orders", "AWS::DynamoDB::Table", "{}")
        .json("Bills", "AWS::DynamoDB::Table", "{}")
        .json("Role", "AWS::IAM::Role", &role)
        .json("Taker", "AWS::Lambda::Function", &function)
}

fn findings(build: &Build) -> Vec<Finding> {
    build.run::<OverPrivilegedFunction>().findings
}

/// The changes of the first fix, each as `path: what`.
fn fix(statements: &str, managed: &str, variable: &str) -> Option<Vec<String>> {
    let found = findings(&system(statements, managed, variable));
    assert!(!found.is_empty(), "{statements} {managed}");
    found.into_iter().find_map(|f| f.fix).map(|fix| shown(&fix))
}

fn shown(fix: &Fix) -> Vec<String> {
    let change = |c: &tidegate_graph::Change| {
        let path: Vec<&str> = c.path.iter().map(tidegate_graph::Str::as_str).collect();
        format!("{}: {}", path.join("/"), plain(&c.value))
    };
    fix.changes.iter().map(change).collect()
}

fn plain(value: &Plain) -> String {
    let list = |items: &[Plain]| items.iter().map(plain).collect::<Vec<_>>().join(", ");
    match value {
        Plain::Text(text) => text.to_string(),
        Plain::Arn { of, after, .. } => format!("{}{after}", Plain::name_of(of)),
        Plain::List(items) => format!("[{}]", list(items)),
        Plain::Swap { items, .. } => list(items),
        Plain::More(items) => format!("more {}", list(items)),
        Plain::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{key}: {}", plain(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Plain::Beside { name, properties, .. } => {
            format!("{name} {}", plain(&Plain::Map(properties.clone())))
        }
        Plain::Same { path, .. } => format!("same {}", path.join("/")),
        other => format!("{other:?}"),
    }
}

fn allow(action: &str, resource: &str) -> String {
    format!(r#"{{"Effect": "Allow", "Action": {action}, "Resource": {resource}}}"#)
}

#[test]
fn a_wide_resource_becomes_what_is_known() {
    let at = "Policies/0/PolicyDocument/Statement/0";
    let one = fix(&allow(r#""dynamodb:GetItem""#, r#""*""#), "", TABLE);
    assert_eq!(one, Some(vec![format!("{at}/Resource: Orders")]));
    let two = r#"["arn:aws:dynamodb:*:*:table/*", "arn:aws:dynamodb:*:*:*"]"#;
    let both = fix(&allow(r#"["dynamodb:GetItem"]"#, two), "", TABLE);
    assert_eq!(both, Some(vec![format!("{at}/Resource/1: "), format!("{at}/Resource/0: Orders")]));
}

#[test]
fn what_is_not_proven_is_not_written() {
    // The table may be in another region than the one that is allowed.
    let elsewhere = r#""arn:aws:dynamodb:eu-west-1:111122223333:table/*""#;
    assert_eq!(fix(&allow(r#""dynamodb:GetItem""#, elsewhere), "", TABLE), None);
}

#[test]
fn actions_of_others_stay_where_they_are() {
    let at = "Policies/0/PolicyDocument/Statement";
    let found = fix(&allow(r#"["ses:SendEmail", "dynamodb:GetItem"]"#, r#""*""#), "", TABLE);
    let statement = "{Effect: Allow, Action: [dynamodb:GetItem], Resource: Orders}";
    assert_eq!(found, Some(vec![format!("{at}/0/Action/1: "), format!("{at}: more {statement}")]));
}

#[test]
fn a_policy_of_aws_becomes_one_about_what_is_known() {
    let full = r#""arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess""#;
    let found = fix("", full, TABLE).unwrap();
    assert_eq!(found[0], "ManagedPolicyArns/0: ");
    assert!(found[1].starts_with("Policies: more {PolicyName: DynamoDBUsed"), "{found:?}");
    assert!(found[1].contains("dynamodb:PutItem") && found[1].ends_with("Resource: Orders}]}}"), "{found:?}");
    assert!(!found[1].contains("DeleteTable") && !found[1].contains("Bills"), "{found:?}");
    // What another statement allows already isn't said twice.
    let all = allow(r#""dynamodb:*""#, r#"{"Fn::GetAtt": ["Orders", "Arn"]}"#);
    let twice = findings(&system(&all, full, TABLE));
    let fixes: Vec<Vec<String>> = twice.iter().filter_map(|f| f.fix.as_ref()).map(shown).collect();
    assert!(fixes.contains(&vec!["ManagedPolicyArns/0: ".to_string()]), "{fixes:?}");
}

#[test]
fn everything_is_narrowed_only_when_all_is_known() {
    let admin = r#""arn:aws:iam::aws:policy/AdministratorAccess""#;
    assert!(fix("", admin, TABLE).is_some());
    assert_eq!(fix("", admin, r#""some-table-from-elsewhere""#), None);
}

#[test]
fn each_function_takes_its_part_of_a_role() {
    let both = r#"[{"Fn::GetAtt": ["Orders", "Arn"]}, {"Fn::GetAtt": ["Bills", "Arn"]}]"#;
    let statements =
        [allow(r#"["dynamodb:GetItem"]"#, both), allow(r#""ses:SendEmail""#, r#""*""#)].join(", ");
    let other = r#"{"Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Environment": {"Variables": {"TABLE": {"Ref": "Bills"}}}}"#;
    let build = system(&statements, "", TABLE).json("Biller", "AWS::Lambda::Function", other);
    let found = build.run::<SharedRole>().findings;
    let fixes: Vec<Vec<String>> = found.iter().filter_map(|f| f.fix.as_ref()).map(shown).collect();
    // The other one keeps the role, so that none is left over.
    assert_eq!((found.len(), fixes.len()), (2, 1), "{found:?}");
    let [role, beside] = fixes[0].as_slice() else { panic!("{fixes:?}") };
    assert_eq!(role, "Role: BillerRole");
    assert!(beside.contains("Action: [dynamodb:GetItem], Resource: Bills"), "{beside}");
    assert!(
        beside.contains(
            "Action: [ses:SendEmail], Resource: same Policies/0/PolicyDocument/Statement/1/Resource"
        ) && !beside.contains("Orders"),
        "{beside}"
    );
    // A role that gives everything has no part that is somebody's.
    let build = system(&allow(r#""*""#, r#""*""#), "", TABLE).json("Biller", "AWS::Lambda::Function", other);
    assert!(build.run::<SharedRole>().findings.iter().all(|f| f.fix.is_none()));
}
