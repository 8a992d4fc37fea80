//! A repository from which anyone pulls.

use crate::Context;
use crate::access::{named_actions, open_to_anyone};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A statement of the policy of a private ECR repository that allows `Principal: "*"`, and no condition that leaves only
    /// callers somebody chose.
    ///
    /// ## Why it matters
    /// Everyone with an AWS account pulls the images: the code, and whatever was left in their layers. If the statement
    /// also lets them push, they run their own code with the rights of whatever uses the image.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Images:
    ///     Type: AWS::ECR::Repository
    ///     Properties:
    ///       RepositoryPolicyText:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: [ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Images:
    ///     Type: AWS::ECR::Repository
    ///     Properties:
    ///       RepositoryPolicyText:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: "*"
    ///             Action: [ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]
    ///             Condition: {StringEquals: {"aws:PrincipalOrgID": o-abcdef1234}}
    /// ```
    ///
    /// ## Limits
    /// Repositories of ECR Public are meant for everyone and aren't looked at.
    PublicImageRepository {
        id: "public-image-repository",
        title: "image repository open to every AWS account",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-ECR-002", "CKV_AWS_32", "trivy:AVD-AWS-0032"],
        threats: ["T17", "T49"],
        profiles: [Baseline],
        why: "everyone with an AWS account pulls the images, or pushes their own",
    }
}

impl Rule for PublicImageRepository {
    const ON: &'static [&'static str] = &["AWS::ECR::Repository"];

    fn check(repository: &Resource, cx: &Context<'_>) {
        for open in open_to_anyone(cx, repository, &["RepositoryPolicyText"]) {
            let actions = named_actions(&open.statement);
            cx.finding(repository, format!("anyone is allowed {actions} on `{}`", repository.logical_id))
                .at_statement(&open)
                .help("name the accounts, or add a condition on `aws:PrincipalOrgID`")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PublicImageRepository;
    use crate::testing::Build;

    fn findings(principal: &str) -> Vec<String> {
        let repository = format!(
            r#"{{"RepositoryPolicyText": {{"Statement": {{"Effect": "Allow", "Principal": {principal}, "Action": "ecr:*"}}}}}}"#
        );
        Build::new().json("Images", "AWS::ECR::Repository", &repository).findings::<PublicImageRepository>()
    }

    #[test]
    fn anyone_and_an_account() {
        assert_eq!(findings(r#"{"AWS": "*"}"#), ["Images: anyone is allowed `ecr:*` on `Images`"]);
        assert!(findings(r#"{"AWS": "arn:aws:iam::123456789012:root"}"#).is_empty());
        assert!(findings(r#"{"Service": "lambda.amazonaws.com"}"#).is_empty());
    }
}
