//! A right to something that the function doesn't know.

use crate::Context;
use crate::identity::all_statements;
use crate::rule::{Rule, declare_rule};
use std::collections::BTreeSet;
use tidegate_graph::{EdgeKind, Resource, Str};

declare_rule! {
    /// ## What it finds
    /// A role of functions is allowed something on a declared table, bucket, queue, topic, bus, stream, secret, state
    /// machine or function which none of the functions with the role names anywhere: not in its environment or other
    /// properties, nor as what starts it. Names count as well as references.
    ///
    /// ## Why it matters
    /// What nobody uses nobody misses: only whoever breaks in uses the right.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Table:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties: {TableName: orders}
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: orders
    ///           PolicyDocument:
    ///             Statement:
    ///               - {Effect: Allow, Action: "dynamodb:PutItem", Resource: !GetAtt Table.Arn}
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !GetAtt Role.Arn
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Table:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties: {TableName: orders}
    ///   Role:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       Policies:
    ///         - PolicyName: orders
    ///           PolicyDocument:
    ///             Statement:
    ///               - {Effect: Allow, Action: "dynamodb:PutItem", Resource: !GetAtt Table.Arn}
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: !GetAtt Role.Arn
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///       Environment: {Variables: {TABLE: !Ref Table}}
    /// ```
    ///
    /// ## Limits
    /// A function that knows the name from its code, a parameter store or an event is reported wrongly; hence the low
    /// confidence.
    UnusedGrant {
        id: "unused-grant",
        title: "right to something the function doesn't know",
        severity: Low,
        confidence: Low,
        since: "0.1.0",
        aliases: [
            "TG-IAM-013",
        ],
        threats: ["T22"],
        profiles: [],
        why: "only whoever breaks in uses the right",
    }
}

const STORES: &[&str] = &[
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::Kinesis::Stream",
    "AWS::Lambda::Function",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
];

impl Rule for UnusedGrant {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        let Some(value) = cx.get(function, &["Role"]) else { return };
        let Some(role) = cx.target(function, value, "AWS::IAM::Role") else { return };
        let functions: Vec<&Resource> = cx.with_role(function, value).collect();
        // What several functions share is told once, at the first.
        if functions.first().is_some_and(|first| first.id != function.id) {
            return;
        }
        let known = known(&functions, cx);
        let mut told: BTreeSet<Str> = BTreeSet::new();
        for owned in all_statements(cx, role) {
            let statement = &owned.placed.statement;
            let references = statement.resources.iter().flat_map(|r| r.references());
            for (reference, _) in references.filter(|_| statement.allows()) {
                let Some(target) = cx.system.resource(&reference.target) else { continue };
                let named = known.contains(target.id.as_str());
                if named || !STORES.contains(&target.ty.as_str()) || !told.insert(target.id.clone()) {
                    continue;
                }
                let message = format!(
                    "`{}` has rights on `{}`, which it names nowhere",
                    function.logical_id, target.logical_id
                );
                cx.finding(function, message)
                    .at_place(format!("Role/{}", target.id), function.span)
                    .related(Some(statement.span), "allowed here")
                    .help("drop the statement, or hand the name to the function through its environment")
                    .report();
            }
        }
    }
}

/// Ids of the resources that functions name, by reference or by name, and of what starts them.
fn known<'a>(functions: &[&'a Resource], cx: &Context<'a>) -> BTreeSet<Str> {
    let mut out = BTreeSet::new();
    for function in functions {
        let configs = cx.referrers(function, "AWS::Lambda::EventInvokeConfig", "FunctionName");
        let mappings = cx.referrers(function, "AWS::Lambda::EventSourceMapping", "FunctionName");
        for resource in std::iter::once(*function).chain(configs).chain(mappings) {
            for (key, value) in resource.properties.iter() {
                if key == "Role" {
                    continue;
                }
                out.extend(value.references().into_iter().map(|(reference, _)| reference.target.clone()));
                value.walk(&mut |inner| {
                    if inner.as_str().is_some() {
                        let by_name = STORES.iter().filter_map(|ty| cx.target(resource, inner, ty));
                        out.extend(by_name.map(|found| found.id.clone()));
                    }
                });
            }
        }
        out.extend(cx.incoming(function, EdgeKind::Triggers).into_iter().map(|(_, node)| node.id.clone()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::UnusedGrant;
    use crate::testing::Build;

    fn findings(function: &str) -> Vec<String> {
        let role = r#"{"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement":
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["Queue", "Arn"]}}}}]}"#;
        let function = format!(r#"{{"Role": {{"Fn::GetAtt": ["Role", "Arn"]}}{function}}}"#);
        Build::new()
            .json("Queue", "AWS::SQS::Queue", r#"{"QueueName": "orders"}"#)
            .json("Role", "AWS::IAM::Role", role)
            .json("Orders", "AWS::Lambda::Function", &function)
            .findings::<UnusedGrant>()
    }

    #[test]
    fn neither_named_nor_referred_to() {
        assert_eq!(findings(""), ["Orders: `Orders` has rights on `Queue`, which it names nowhere"]);
    }

    #[test]
    fn by_reference_or_name() {
        assert!(findings(r#", "Environment": {"Variables": {"Q": {"Ref": "Queue"}}}"#).is_empty());
        assert!(findings(r#", "Environment": {"Variables": {"Q": "orders"}}"#).is_empty());
    }
}
