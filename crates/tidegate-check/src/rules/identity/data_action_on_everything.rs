//! A policy that lets code read or change the data of every resource.

use crate::Context;
use crate::identity::{POLICY_TYPES, statements, works_for_code};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A statement for `Resource: "*"` with an action that reads secrets or data, or writes, and that takes the
    /// ARN of a resource: `s3:GetObject`, `dynamodb:PutItem`, `secretsmanager:GetSecretValue`,
    /// `lambda:InvokeFunction` and the like. High in a role of code, medium elsewhere. A statement with a
    /// condition is left alone.
    ///
    /// ## Why it matters
    /// The function needs one table, and gets all tables of the account, those of other teams included.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Worker:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Service: lambda.amazonaws.com}
    ///             Action: sts:AssumeRole
    ///       Policies:
    ///         - PolicyName: work
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: dynamodb:PutItem
    ///                 Resource: "*"
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Worker:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Service: lambda.amazonaws.com}
    ///             Action: sts:AssumeRole
    ///       Policies:
    ///         - PolicyName: work
    ///           PolicyDocument:
    ///             Statement:
    ///               - Effect: Allow
    ///                 Action: [ec2:CreateNetworkInterface, xray:PutTraceSegments, cloudwatch:PutMetricData, s3:ListAllMyBuckets]
    ///                 Resource: "*"
    /// ```
    ///
    /// ## Limits
    /// `sns:Publish` alone, where no topic is declared, is low: messages to phones have no ARN. Goes by a list of the services that serverless systems use. Actions that only work with `*`, and those
    /// that only list or describe, are no findings.
    DataActionOnEverything {
        id: "data-action-on-everything",
        title: "data of every resource open to a policy",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-IAM-003", "CKV_AWS_111", "CKV_AWS_290", "CKV_AWS_355", "CKV_AWS_356", "cdk-nag:AwsSolutions-IAM5"],
        threats: ["T22"],
        profiles: [Baseline],
        why: "the function gets the data of all, although it needs that of one",
    }
}

/// Actions on data by service, as they begin. All of them take the ARN of a resource.
const DATA: &[(&str, &[&str])] = &[
    ("dynamodb", &["batch", "delete", "get", "partiql", "put", "query", "scan", "update"]),
    ("events", &["putevents"]),
    ("firehose", &["putrecord"]),
    ("kinesis", &["getrecords", "putrecord"]),
    ("kms", &["decrypt", "encrypt", "generatedatakey", "reencrypt", "sign"]),
    ("lambda", &["invoke", "updatefunction"]),
    ("rds-data", &["batchexecute", "execute"]),
    ("s3", &["delete", "getobject", "put", "replicate", "restoreobject"]),
    ("secretsmanager", &["deletesecret", "getsecretvalue", "putsecretvalue", "updatesecret"]),
    ("sns", &["publish"]),
    ("sqs", &["changemessage", "deletemessage", "purgequeue", "receivemessage", "sendmessage"]),
    ("ssm", &["deleteparameter", "getparameter", "putparameter"]),
    ("states", &["startexecution", "startsyncexecution"]),
];

/// These have no resource, although they begin like those that do.
const WITHOUT_RESOURCE: &[&str] = &["s3:putaccountpublicaccessblock", "s3:putstoragelensconfiguration"];

impl Rule for DataActionOnEverything {
    const ON: &'static [&'static str] = POLICY_TYPES;

    fn check(policy: &Resource, cx: &Context<'_>) {
        if cx.only_boundary(policy) {
            return;
        }
        for placed in statements(cx, policy) {
            let statement = &placed.statement;
            if !statement.allows() || !statement.on_everything() || statement.conditions.is_some() {
                continue;
            }
            // `service:*` is what `service-wildcard` speaks of, and `*` what `admin-policy` does.
            let data: Vec<String> = statement
                .actions
                .iter()
                .filter_map(|a| a.as_str())
                .filter(|a| touches_data(a))
                .map(|a| format!("`{a}`"))
                .collect();
            // The names of a few are enough.
            const SHOWN: usize = 3;
            let shown = data.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
            let more = match data.len() {
                0 => continue,
                n if n > SHOWN => format!(" and {} more", n - SHOWN),
                _ => String::new(),
            };
            // Text messages to phones have no ARN, so a statement that only publishes may be right.
            let phones = data.iter().all(|a| a.eq_ignore_ascii_case("`sns:Publish`"))
                && cx.of_type("AWS::SNS::Topic").next().is_none();
            let severity = match works_for_code(cx, policy) {
                _ if phones => Severity::Low,
                true => Severity::High,
                false => Severity::Medium,
            };
            cx.finding(policy, format!("allows {shown}{more} on every resource"))
                .at_statement(&placed)
                .severity(severity)
                .help("name the ARNs of the resources that are needed")
                .report();
        }
    }
}

pub(super) fn touches_data(action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    let Some((service, name)) = action.split_once(':') else { return false };
    let starts = DATA.iter().find(|(s, _)| *s == service).map_or(&[][..], |(_, starts)| starts);
    // `Get*` covers `GetObject`: a pattern counts when what stands before its star begins an action, or is begun by it.
    let stem = name.split(['*', '?']).next().unwrap_or_default();
    let wild = stem.len() < name.len();
    name != "*"
        && !WITHOUT_RESOURCE.contains(&action.as_str())
        && starts.iter().any(|s| stem.starts_with(s) || wild && s.starts_with(stem) && !stem.is_empty())
}

#[cfg(test)]
mod tests {
    use super::DataActionOnEverything;
    use crate::testing::Build;

    const TRUST: &str = r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}}"#;

    fn findings(statement: &str) -> Vec<String> {
        let role = format!(
            r#"{{"AssumeRolePolicyDocument": {TRUST}, "Policies": [{{"PolicyName": "p", "PolicyDocument": {{"Statement": {statement}}}}}]}}"#
        );
        Build::new().json("Worker", "AWS::IAM::Role", &role).findings::<DataActionOnEverything>()
    }

    #[test]
    fn data_on_everything() {
        assert_eq!(
            findings(r#"{"Effect": "Allow", "Action": ["s3:Get*", "sqs:ListQueues"], "Resource": "*"}"#),
            ["Worker: allows `s3:Get*` on every resource"]
        );
    }

    #[test]
    fn what_only_works_with_a_star() {
        for actions in [
            r#""ec2:CreateNetworkInterface""#,
            r#""logs:CreateLogGroup""#,
            r#""s3:List*""#,
            r#""dynamodb:DescribeTable""#,
        ] {
            let statement = format!(r#"{{"Effect": "Allow", "Action": {actions}, "Resource": "*"}}"#);
            assert!(findings(&statement).is_empty(), "{actions}");
        }
        assert!(
            findings(r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"}"#)
                .is_empty()
        );
    }
}
