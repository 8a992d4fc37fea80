//! A right to the data of everything of a kind.

use super::data_action_on_everything::touches_data;
use crate::Context;
use crate::identity::{POLICY_TYPES, any_name, statements};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A policy that allows actions on data for every name of a kind: every table, bucket, queue, topic, stream, bus, function
    /// or state machine of the account, by an ARN that ends in a star alone. SAM's policy templates make such ARNs of
    /// `TableName: "*"` and `BucketName: "*"`.
    ///
    /// ## Why it matters
    /// It looks narrower than `Resource: "*"` and isn't: with the action the kind is already said. Whoever gets hold of the
    /// function gets the data of all, although it needs that of one.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Transform: AWS::Serverless-2016-10-31
    /// Resources:
    ///   Report:
    ///     Type: AWS::Serverless::Function
    ///     Properties:
    ///       Runtime: nodejs22.x
    ///       Handler: index.handler
    ///       InlineCode: "exports.handler = async () => {}"
    ///       Policies:
    ///         - DynamoDBCrudPolicy: {TableName: "*"}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Transform: AWS::Serverless-2016-10-31
    /// Resources:
    ///   Orders:
    ///     Type: AWS::DynamoDB::Table
    ///     Properties:
    ///       BillingMode: PAY_PER_REQUEST
    ///       AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
    ///       KeySchema: [{AttributeName: id, KeyType: HASH}]
    ///   Report:
    ///     Type: AWS::Serverless::Function
    ///     Properties:
    ///       Runtime: nodejs22.x
    ///       Handler: index.handler
    ///       InlineCode: "exports.handler = async () => {}"
    ///       Policies:
    ///         - DynamoDBReadPolicy: {TableName: !Ref Orders}
    /// ```
    ///
    /// ## Limits
    /// A policy template that writes where the code only reads isn't found: what the code does isn't in the template. Goes
    /// by the list of services of `data-action-on-everything`. Names with a prefix before the star are taken as narrow.
    DataActionOnAnyName {
        id: "data-action-on-any-name",
        title: "data of every table, bucket or queue open to a policy",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-IAM-014"],
        threats: ["T22"],
        profiles: [],
        why: "the function gets the data of all, although it needs that of one",
    }
}

impl Rule for DataActionOnAnyName {
    const ON: &'static [&'static str] = POLICY_TYPES;

    fn check(policy: &Resource, cx: &Context<'_>) {
        if cx.only_boundary(policy) {
            return;
        }
        for placed in statements(cx, policy) {
            let statement = &placed.statement;
            // The bare star is what `data-action-on-everything` speaks of.
            if !statement.allows() || statement.on_everything() || statement.conditions.is_some() {
                continue;
            }
            let action = statement.actions.iter().filter_map(|a| a.as_str()).find(|a| touches_data(a));
            let kinds = statement.resources.iter().find_map(|resource| any_name(resource));
            let (Some(action), Some(kinds)) = (action, kinds) else { continue };
            cx.finding(policy, format!("allows `{action}` on {kinds} of the account"))
                .at_statement(&placed)
                .help("name the resource, by reference or at least with a prefix of its name")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DataActionOnAnyName;
    use crate::testing::Build;

    fn findings(action: &str, resource: &str) -> Vec<String> {
        let policy = format!(
            r#"{{"PolicyDocument": {{"Statement": {{"Effect": "Allow", "Action": "{action}", "Resource": "{resource}"}}}}}}"#
        );
        Build::new().json("P", "AWS::IAM::ManagedPolicy", &policy).findings::<DataActionOnAnyName>()
    }

    #[test]
    fn any_name_of_a_kind() {
        assert_eq!(
            findings("dynamodb:PutItem", "arn:aws:dynamodb:*:123456789012:table/*"),
            ["P: allows `dynamodb:PutItem` on every table of the account"]
        );
        assert_eq!(
            findings("s3:GetObject", "arn:aws:s3:::*/*"),
            ["P: allows `s3:GetObject` on every bucket of the account"]
        );
    }

    #[test]
    fn named_and_harmless() {
        assert!(
            findings("dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders-*").is_empty()
        );
        assert!(findings("s3:GetObject", "arn:aws:s3:::orders/*").is_empty());
        assert!(
            findings("dynamodb:DescribeTable", "arn:aws:dynamodb:eu-west-1:123456789012:table/*").is_empty()
        );
        assert!(findings("s3:GetObject", "*").is_empty());
    }
}
