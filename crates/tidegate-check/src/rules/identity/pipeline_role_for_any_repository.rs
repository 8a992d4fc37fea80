//! A role that any repository's pipeline can assume.

use crate::Context;
use crate::access::filled;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A role that trusts GitHub's identity provider (`token.actions.githubusercontent.com`) without a condition on the
    /// subject, or with one that leaves the owner of the repository open: `*`, `repo:*`, `repo:*/app:*`.
    ///
    /// ## Why it matters
    /// Anyone with a GitHub account runs a workflow and deploys into the account.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Deploy:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Federated: "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"}
    ///             Action: sts:AssumeRoleWithWebIdentity
    ///             Condition: {StringEquals: {"token.actions.githubusercontent.com:aud": sts.amazonaws.com}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Deploy:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Federated: "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"}
    ///             Action: sts:AssumeRoleWithWebIdentity
    ///             Condition: {StringEquals: {"token.actions.githubusercontent.com:aud": sts.amazonaws.com, "token.actions.githubusercontent.com:sub": "repo:example/orders:ref:refs/heads/main"}}
    /// ```
    ///
    /// ## Limits
    /// Conditions on `job_workflow_ref`, `repository` or `repository_owner` count as a subject does. That any branch of
    /// a repository may assume the role isn't reported.
    PipelineRoleForAnyRepository {
        id: "pipeline-role-for-any-repository",
        title: "pipeline role for any repository",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-IAM-011",
            "CKV_AWS_358",
            "CKV_AWS_393",
        ],
        threats: ["T30", "T50"],
        profiles: [Baseline],
        why: "anyone with a GitHub account deploys into the account",
    }
}

const PROVIDER: &str = "token.actions.githubusercontent.com";

impl Rule for PipelineRoleForAnyRepository {
    const ON: &'static [&'static str] = &["AWS::IAM::Role"];

    fn check(role: &Resource, cx: &Context<'_>) {
        for placed in cx.statements(role, &["AssumeRolePolicyDocument"]) {
            let statement = &placed.statement;
            let github = |value: &Value| {
                let named = value.references().iter().any(|(reference, _)| {
                    let provider = cx.system.resource(&reference.target);
                    let url =
                        provider.and_then(|p| ["Url", "url"].into_iter().find_map(|key| cx.get(p, &[key])));
                    url.is_some_and(|url| url.display().contains(PROVIDER))
                });
                named || value.display().contains(PROVIDER)
            };
            let federated = statement.principals.iter().any(|p| p.kind == "Federated" && github(p.value));
            if !statement.allows() || !federated {
                continue;
            }
            let keys = statement.condition_keys(cx.world);
            let mut subjects = keys.iter().filter(|(operator, key, _)| {
                let claim = key.rsplit(':').next().unwrap_or_default();
                let positive = !operator.to_ascii_lowercase().contains("not");
                let optional = operator.to_ascii_lowercase().ends_with("ifexists");
                positive
                    && !optional
                    && matches!(claim, "sub" | "job_workflow_ref" | "repository" | "repository_owner")
            });
            let pinned = subjects.any(|(_, _, value)| {
                let items = cx.world.items(value);
                !items.is_empty() && items.iter().all(|item| names_owner(&filled(item)))
            });
            if !pinned {
                cx.finding(role, format!("any repository's pipeline can assume `{}`", role.logical_id))
                    .at_statement(&placed)
                    .help("add a condition on `token.actions.githubusercontent.com:sub` with owner and repository")
                    .report();
            }
        }
    }
}

/// True if the owner in a subject is written out: `repo:example/…`, `example/…`, `example`.
fn names_owner(subject: &str) -> bool {
    let rest = subject.strip_prefix("repo:").unwrap_or(subject);
    let owner = rest.split(['/', ':']).next().unwrap_or_default();
    !owner.is_empty() && !owner.contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::PipelineRoleForAnyRepository;
    use crate::testing::Build;

    fn role(conditions: &str) -> usize {
        let role = format!(
            r#"{{"AssumeRolePolicyDocument": {{"Statement": {{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {{"Federated": "arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com"}},
                "Condition": {conditions}}}}}}}"#
        );
        Build::new().json("Deploy", "AWS::IAM::Role", &role).findings::<PipelineRoleForAnyRepository>().len()
    }

    #[test]
    fn open_subjects() {
        for conditions in [
            "{}",
            r#"{"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}"#,
            r#"{"StringLike": {"token.actions.githubusercontent.com:sub": "*"}}"#,
            r#"{"StringLike": {"token.actions.githubusercontent.com:sub": ["repo:example/a:*", "repo:*"]}}"#,
            r#"{"StringNotEquals": {"token.actions.githubusercontent.com:sub": "repo:example/a:*"}}"#,
        ] {
            assert_eq!(role(conditions), 1, "{conditions}");
        }
    }

    #[test]
    fn named_owners() {
        for conditions in [
            r#"{"StringLike": {"token.actions.githubusercontent.com:sub": "repo:example/a:*"}}"#,
            r#"{"StringEquals": {"token.actions.githubusercontent.com:repository_owner": "example"}}"#,
        ] {
            assert_eq!(role(conditions), 0, "{conditions}");
        }
    }
}
