//! Edges of identities, as the engine decides them.

use crate::scratch::Scratch;
use tidegate_graph::EdgeKind::{Assumes, Grants, Passes, Trusts};
use tidegate_graph::Graph;
use tidegate_read::Options;

fn graph(template: &str) -> Graph {
    let system = tidegate_read::read(Scratch::new(&[("t.yaml", template)]).path(), &Options::default());
    assert_eq!(system.problems, [], "the fixture is broken");
    tidegate_read::link(&system)
}

/// Identity edges as `from kind to: evidence`, and data edges without.
fn edges(template: &str) -> Vec<String> {
    let graph = graph(template);
    let name = |node: usize| graph.node(node).unwrap().id.rsplit('/').next().unwrap().to_string();
    let mut out: Vec<String> = (graph.edges().iter())
        .filter(|e| e.kind.is_data() || matches!(e.kind, Grants | Passes | Trusts | Assumes))
        .map(|e| {
            let evidence = if e.kind.is_data() { String::new() } else { format!(": {}", e.evidence) };
            format!("{} {} {}{evidence}", name(e.from), e.kind.word(), name(e.to))
        })
        .collect();
    out.sort();
    out
}

/// A role `R` of a function `F` with these statements and this boundary, beside a table, a queue and two roles.
fn with(statements: &str, rest: &str) -> Vec<String> {
    edges(&format!(
        "Resources:
  F: {{Type: AWS::Lambda::Function, Properties: {{Role: !GetAtt R.Arn}}}}
  T: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: app-orders}}}}
  Q: {{Type: AWS::SQS::Queue, Properties: {{QueueName: other}}}}
  Deploy: {{Type: AWS::IAM::Role, Properties: {{RoleName: app-deploy}}}}
  Admin: {{Type: AWS::IAM::Role, Properties: {{RoleName: admin}}}}
  R:
    Type: AWS::IAM::Role
    Properties:
      RoleName: r
{rest}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
{statements}
"
    ))
    .into_iter()
    .filter(|e| e != "F assumes R: Role")
    .collect()
}

const BOTH: &str = "              - {Effect: Allow, Action: ['dynamodb:PutItem', 'dynamodb:GetItem'], Resource: !GetAtt T.Arn}";

#[test]
fn a_grant_is_an_edge_on_what_the_action_works_on() {
    assert_eq!(with(BOTH, ""), ["F writes T", "R grants T: dynamodb:putitem in p", "T reads F"]);
    let mixed = "              - {Effect: Allow, Action: ['sqs:SendMessage', 'dynamodb:GetItem'], Resource: [!GetAtt T.Arn]}";
    assert_eq!(with(mixed, ""), ["R grants T: dynamodb:getitem in p", "T reads F"]);
}

#[test]
fn a_deny_takes_the_edge_away() {
    let denied = format!("{BOTH}\n              - {{Effect: Deny, Action: 'dynamodb:Put*', Resource: '*'}}");
    assert_eq!(with(&denied, ""), ["R grants T: dynamodb:getitem in p", "T reads F"]);
    let all = format!("{BOTH}\n              - {{Effect: Deny, Action: 'dynamodb:*', Resource: '*'}}");
    assert_eq!(with(&all, ""), [""; 0]);
}

#[test]
fn a_boundary_takes_the_edge_away() {
    let boundary = "      PermissionsBoundary: !Ref B
  B:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Action: 'dynamodb:GetItem', Resource: '*'}]
  R2:
    Type: AWS::IAM::Role
    Properties:";
    // The policies come last in the fixture, so that R2 has them; the boundary has to be its own.
    let moved =
        boundary.replace("      PermissionsBoundary: !Ref B\n", "") + "\n      PermissionsBoundary: !Ref B";
    assert_eq!(with(BOTH, &moved), ["R2 grants T: dynamodb:getitem in p"]);
}

#[test]
fn a_policy_of_the_organization_takes_the_edge_away() {
    let scp = |target: &str| {
        format!(
            "  S:
    Type: AWS::Organizations::Policy
    Properties:
      Name: s
      Type: SERVICE_CONTROL_POLICY
      TargetIds: [{target}]
      Content: {{Version: '2012-10-17', Statement: [{{Effect: Deny, Action: 'dynamodb:*', Resource: '*'}}]}}
  R2:
    Type: AWS::IAM::Role
    Properties:"
        )
    };
    assert_eq!(with(BOTH, &scp("r-abcd")), [""; 0]);
    // A unit may be another account's: it is not known to hold here.
    assert_eq!(with(BOTH, &scp("ou-abcd-12345678")), ["R2 grants T: dynamodb:putitem in p"]);
}

#[test]
fn conditions_keep_the_edge_and_say_so() {
    let conditional = "              - {Effect: Allow, Action: 'dynamodb:GetItem', Resource: !GetAtt T.Arn, Condition: {StringEquals: {'aws:SourceVpc': vpc-1}}}";
    assert_eq!(
        with(conditional, ""),
        ["R grants T: dynamodb:getitem in p, if `aws:SourceVpc` StringEquals `vpc-1`", "T reads F"]
    );
}

#[test]
fn patterns_and_exceptions_are_resolved() {
    let pattern = "              - {Effect: Allow, Action: 'dynamodb:Get*', Resource: 'arn:aws:dynamodb:*:*:table/app-*'}";
    let found = with(pattern, "");
    assert!(found.contains(&"R grants T: dynamodb:get* in p".into()), "{found:?}");
    let other = pattern.replace("app-*", "shop-*");
    assert!(!with(&other, "").iter().any(|e| e.contains("grants")), "{:?}", with(&other, ""));
    let except =
        "              - {Effect: Allow, NotAction: ['iam:*', 'sts:*', 'dynamodb:*'], Resource: '*'}";
    let found = with(except, "");
    assert!(found.iter().any(|e| e.starts_with("R grants Q: sqs:")), "{found:?}");
    assert!(!found.iter().any(|e| e.contains(" T") || e.contains("Admin")), "{found:?}");
    let except = "              - {Effect: Allow, Action: 'dynamodb:*', NotResource: 'arn:aws:dynamodb:*:*:table/app-orders*'}";
    assert!(!with(except, "").iter().any(|e| e.contains("grants")));
}

#[test]
fn roles_are_passed_and_assumed_where_the_engine_says_so() {
    let pass =
        "              - {Effect: Allow, Action: 'iam:PassRole', Resource: 'arn:aws:iam::*:role/app-*'}
              - {Effect: Allow, Action: 'sts:AssumeRole', Resource: !GetAtt Admin.Arn}";
    let found = with(pass, "");
    assert!(found.contains(&"R passes Deploy: iam:passrole in p".into()), "{found:?}");
    assert!(!found.iter().any(|e| e.contains("passes Admin")), "{found:?}");
    let denied = format!("{pass}\n              - {{Effect: Deny, Action: 'iam:PassRole', Resource: '*'}}");
    assert!(!with(&denied, "").iter().any(|e| e.contains("passes")));
}

#[test]
fn a_role_of_another_account_is_reached_as_far_as_is_known() {
    let assume = "              - {Effect: Allow, Action: 'sts:AssumeRole', Resource: 'arn:aws:iam::111122223333:role/audit'}";
    let found = with(assume, "");
    let expect =
        "R assumes audit: sts:AssumeRole in p, cross-account, unknown: the trust policy is another account's";
    assert!(found.contains(&expect.into()), "{found:?}");
    let denied = format!("{assume}\n              - {{Effect: Deny, Action: 'sts:*', Resource: '*'}}");
    assert!(!with(&denied, "").iter().any(|e| e.contains("audit")));
}
