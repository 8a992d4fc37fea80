//! One of AWS's own policies that gives all or nearly all away.

use crate::Context;
use crate::identity::{ATTACHED_TYPES, aws_managed};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A role, user, group or permission set to which AWS attaches `AdministratorAccess`, `PowerUserAccess`,
    /// `IAMFullAccess` or another `...FullAccess` policy of its own, also through `Policies` of a SAM function.
    ///
    /// ## Why it matters
    /// These policies are made for people who explore, not for code: they allow every action of a service on every
    /// resource. What breaks into the function gets all of it.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Worker:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       ManagedPolicyArns:
    ///         - arn:aws:iam::aws:policy/AdministratorAccess
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Worker:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument: {}
    ///       ManagedPolicyArns:
    ///         - arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
    /// ```
    ///
    /// ## Limits
    /// Goes by the names of the policies; what a `...FullAccess` policy holds today isn't looked up.
    ManagedAdminPolicy {
        id: "managed-admin-policy",
        title: "AWS managed policy with full access",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-IAM-004", "CKV_AWS_274", "CKV_AWS_275", "CKV2_AWS_56", "cdk-nag:AwsSolutions-IAM4"],
        threats: ["T22", "T24"],
        profiles: [Baseline],
        why: "what breaks into the function gets every action of the service on every resource",
    }
}

impl Rule for ManagedAdminPolicy {
    const ON: &'static [&'static str] = ATTACHED_TYPES;

    fn check(identity: &Resource, cx: &Context<'_>) {
        for policy in aws_managed(cx, identity) {
            let Some(severity) = severity(&policy.name) else { continue };
            cx.finding(
                identity,
                format!("`{}` has the AWS managed policy `{}`", identity.logical_id, policy.name),
            )
            .at_place(policy.key, policy.value.span)
            .severity(severity)
            .help("write a policy that lists the needed actions and the ARNs on which they are needed")
            .report();
        }
    }
}

fn severity(policy: &str) -> Option<Severity> {
    match policy {
        // Each of these leads to every other permission.
        "AdministratorAccess" | "IAMFullAccess" => Some(Severity::Critical),
        "PowerUserAccess" | "AdministratorAccess-Amplify" | "AdministratorAccess-AWSElasticBeanstalk" => {
            Some(Severity::High)
        }
        // Writing traces to X-Ray is what functions are supposed to do, whatever the policy is called.
        "AWSXrayFullAccess" => None,
        name if name.ends_with("FullAccess") => Some(Severity::High),
        // Former names that still work: `AWSLambda_FullAccess` is caught above, `AmazonSSMFullAccess` too.
        name if name.ends_with("Administrator") => Some(Severity::High),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::ManagedAdminPolicy;
    use crate::testing::Build;

    fn role(arn: &str) -> Vec<String> {
        let properties = format!(r#"{{"ManagedPolicyArns": ["{arn}"]}}"#);
        Build::new().json("Worker", "AWS::IAM::Role", &properties).findings::<ManagedAdminPolicy>()
    }

    #[test]
    fn full_access() {
        assert_eq!(
            role("arn:aws:iam::aws:policy/AdministratorAccess"),
            ["Worker: `Worker` has the AWS managed policy `AdministratorAccess`"]
        );
        assert_eq!(role("arn:aws-us-gov:iam::aws:policy/AmazonDynamoDBFullAccess").len(), 1);
    }

    #[test]
    fn less() {
        assert!(role("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole").is_empty());
        assert!(role("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess").is_empty());
        assert!(role("arn:aws:iam::123456789012:policy/AdministratorAccess").is_empty());
    }
}
