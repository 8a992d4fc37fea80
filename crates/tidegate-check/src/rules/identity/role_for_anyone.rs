//! A role that anyone may take.

use crate::Context;
use crate::access::open_to_anyone;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A trust policy that allows `Principal: "*"` or `{AWS: "*"}`, and no condition that leaves only callers
    /// somebody chose. `sts:ExternalId` is no such condition: it is no secret.
    ///
    /// ## Why it matters
    /// Anyone with an AWS account takes the role, and does what it may do.
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
    ///             Principal: {AWS: "*"}
    ///             Action: sts:AssumeRole
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
    /// ```
    ///
    /// ## Limits
    /// Organization-wide resource control policies may still keep strangers out.
    RoleForAnyone {
        id: "role-for-anyone",
        title: "role that anyone may assume",
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-IAM-009", "CKV_AWS_60", "kics:f80e3aa7-7b34-4185-954e-440a6894dde6", "kics:12b7e704-37f0-4d1e-911a-44bf60c48c21"],
        threats: ["T17", "T30"],
        profiles: [Baseline],
        why: "anyone with an AWS account takes the role",
    }
}

impl Rule for RoleForAnyone {
    const ON: &'static [&'static str] = &["AWS::IAM::Role"];

    fn check(role: &Resource, cx: &Context<'_>) {
        for open in open_to_anyone(cx, role, &["AssumeRolePolicyDocument"]) {
            cx.finding(role, format!("anyone may assume `{}`", role.logical_id))
                .at_statement(&open)
                .help("name the service or the roles that take it")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RoleForAnyone;
    use crate::testing::Build;

    fn findings(principal: &str) -> Vec<String> {
        let role = format!(
            r#"{{"AssumeRolePolicyDocument": {{"Statement": {{"Effect": "Allow", "Principal": {principal}, "Action": "sts:AssumeRole"}}}}}}"#
        );
        Build::new().json("Worker", "AWS::IAM::Role", &role).findings::<RoleForAnyone>()
    }

    #[test]
    fn anyone_and_a_service() {
        assert_eq!(findings(r#""*""#), ["Worker: anyone may assume `Worker`"]);
        assert!(findings(r#"{"Service": "lambda.amazonaws.com"}"#).is_empty());
    }
}
