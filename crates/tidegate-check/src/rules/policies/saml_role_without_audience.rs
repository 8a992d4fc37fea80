//! A role for any assertion of a SAML provider.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A role that trusts a SAML provider without a condition on the audience (`SAML:aud`) or another attribute of the assertion.
    ///
    /// ## Why it matters
    /// An assertion that was issued for another application of the same provider opens the role as well.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Staff:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Federated: "arn:aws:iam::123456789012:saml-provider/example"}
    ///             Action: sts:AssumeRoleWithSAML
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Staff:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Federated: "arn:aws:iam::123456789012:saml-provider/example"}
    ///             Action: sts:AssumeRoleWithSAML
    ///             Condition: {StringEquals: {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
    /// ```
    ///
    /// ## Limits
    /// Any condition on an attribute of the assertion counts, unless it holds without one.
    SamlRoleWithoutAudience {
        id: "saml-role-without-audience",
        title: "role for any assertion of a SAML provider",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-POL-013"],
        threats: ["T30"],
        profiles: [],
        why: "an assertion made for another application opens the role",
    }
}

impl Rule for SamlRoleWithoutAudience {
    const ON: &'static [&'static str] = &["AWS::IAM::Role"];

    fn check(role: &Resource, cx: &Context<'_>) {
        for placed in cx.statements(role, &["AssumeRolePolicyDocument"]) {
            let statement = &placed.statement;
            let saml = statement
                .principals
                .iter()
                .any(|p| p.kind == "Federated" && p.value.display().contains(":saml-provider/"));
            let asked = statement.condition_keys(cx.world).iter().any(|(operator, key, _)| {
                let operator = operator.to_ascii_lowercase();
                let sure = !operator.contains("not")
                    && !operator.ends_with("ifexists")
                    && !operator.starts_with("forallvalues");
                sure && key.to_ascii_lowercase().starts_with("saml:")
            });
            if statement.allows() && saml && !asked && statement.covers_action("sts:AssumeRoleWithSAML") {
                cx.finding(role, format!("any assertion of the provider opens `{}`", role.logical_id))
                    .at_statement(&placed)
                    .help("add a condition on `SAML:aud`, such as `https://signin.aws.amazon.com/saml`")
                    .report();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SamlRoleWithoutAudience;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<SamlRoleWithoutAudience>()
    }

    #[test]
    fn optional_conditions_do_not_count() {
        let role = |condition: &str| {
            let role = format!(
                r#"{{"AssumeRolePolicyDocument": {{"Statement": {{"Effect": "Allow", "Action": "sts:*",
                    "Principal": {{"Federated": "arn:aws:iam::1:saml-provider/a"}}, "Condition": {condition}}}}}}}"#
            );
            Build::new().json("R", "AWS::IAM::Role", &role).findings::<SamlRoleWithoutAudience>().len()
        };
        assert_eq!(role(r#"{"StringEqualsIfExists": {"SAML:aud": "a"}}"#), 1);
        assert_eq!(role(r#"{"StringEquals": {"saml:aud": "a"}}"#), 0);
        assert!(findings("[]").is_empty());
    }
}
