//! A role for whoever an identity provider knows.

use crate::Context;
use crate::access::filled;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A role that trusts an identity provider (GitLab, Terraform Cloud, Buildkite, Google, a Kubernetes cluster and so on) without a
    /// condition on the subject, or with one that leaves open whose pipeline or account it is: `*`, `project_path:*`.
    ///
    /// ## Why it matters
    /// Providers that serve everyone issue tokens to everyone. Where the provider is an own one, every job or pod behind it takes the role.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Deploy:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Federated: "arn:aws:iam::123456789012:oidc-provider/gitlab.com"}
    ///             Action: sts:AssumeRoleWithWebIdentity
    ///             Condition: {StringEquals: {"gitlab.com:aud": "https://gitlab.com"}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Deploy:
    ///     Type: AWS::IAM::Role
    ///     Properties:
    ///       AssumeRolePolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {Federated: "arn:aws:iam::123456789012:oidc-provider/gitlab.com"}
    ///             Action: sts:AssumeRoleWithWebIdentity
    ///             Condition: {StringLike: {"gitlab.com:sub": "project_path:example/orders:ref_type:branch:ref:*"}}
    /// ```
    ///
    /// ## Limits
    /// GitHub's provider is the matter of `pipeline-role-for-any-repository`. An own provider without a subject is of medium severity. For
    /// Google, Facebook, Amazon and Cognito the audience is enough, since it is an own application there.
    WebIdentityForAnyone {
        id: "web-identity-for-anyone",
        title: "role for whoever an identity provider knows",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-POL-012"],
        threats: ["T30", "T50"],
        profiles: [Baseline],
        why: "anyone with an account at the provider takes the role",
    }
}

/// Providers that issue tokens to anyone who signs up.
const SHARED: &[&str] =
    &["accounts.google.com", "agent.buildkite.com", "app.terraform.io", "gitlab.com", "oidc.vercel.com"];
/// Those whose audience is one application of the account's own.
const BY_AUDIENCE: &[&str] =
    &["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];
/// GitHub's has a rule of its own.
const GITHUB: &str = "token.actions.githubusercontent.com";
/// What stands before the name of whoever it is.
const WORDS: &[&str] =
    &["organization:", "project_path:", "namespace_path:", "system:serviceaccount:", "owner:", "repo:"];

impl Rule for WebIdentityForAnyone {
    const ON: &'static [&'static str] = &["AWS::IAM::Role"];

    fn check(role: &Resource, cx: &Context<'_>) {
        for placed in cx.statements(role, &["AssumeRolePolicyDocument"]) {
            let statement = &placed.statement;
            let federated = statement.principals.iter().filter(|p| p.kind == "Federated");
            let Some(provider) = federated.filter_map(|p| provider(p.value)).find(|p| !p.contains(GITHUB))
            else {
                continue;
            };
            if !statement.allows() {
                continue;
            }
            let host = provider.split('/').next().unwrap_or_default();
            let by_audience = BY_AUDIENCE.contains(&host);
            let keys = statement.condition_keys(cx.world);
            let pinned = keys.iter().any(|(operator, key, value)| {
                let operator = operator.to_ascii_lowercase();
                let positive =
                    !operator.contains("not") && !operator.ends_with("ifexists") && operator != "null";
                let claim = key.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
                let decides = match claim.as_str() {
                    "aud" | "app_id" | "azp" => by_audience,
                    "amr" | "iss" | "exp" | "iat" => false,
                    _ => true,
                };
                let items = cx.world.items(value);
                positive
                    && decides
                    && !items.is_empty()
                    && items.iter().all(|item| names_someone(&filled(item)))
            });
            if !pinned {
                let shared = SHARED.contains(&host) || by_audience;
                let claim = if by_audience { "aud" } else { "sub" };
                cx.finding(role, format!("whoever `{provider}` knows can assume `{}`", role.logical_id))
                    .at_statement(&placed)
                    .severity(if shared { Severity::High } else { Severity::Medium })
                    .help(format!(
                        "add a condition on `{provider}:{claim}` that names whose tokens are meant"
                    ))
                    .report();
            }
        }
    }
}

/// The provider of a federated principal: the path of an OpenID Connect provider, or the name of a built-in one.
fn provider(principal: &Value) -> Option<String> {
    let text = filled(principal);
    let own = text.split_once(":oidc-provider/").map(|(_, provider)| provider.to_string());
    own.or_else(|| BY_AUDIENCE.contains(&text.as_str()).then_some(text))
}

/// True if a value begins with somebody's name, not with a wildcard.
fn names_someone(value: &str) -> bool {
    let rest = WORDS.iter().find_map(|word| value.strip_prefix(word)).unwrap_or(value);
    !rest.is_empty() && !rest.starts_with(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::WebIdentityForAnyone;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<WebIdentityForAnyone>()
    }

    fn role(provider: &str, conditions: &str) -> usize {
        let role = format!(
            r#"{{"AssumeRolePolicyDocument": {{"Statement": {{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {{"Federated": "{provider}"}}, "Condition": {conditions}}}}}}}"#
        );
        Build::new().json("Deploy", "AWS::IAM::Role", &role).findings::<WebIdentityForAnyone>().len()
    }

    #[test]
    fn providers_and_subjects() {
        let gitlab = "arn:aws:iam::1:oidc-provider/gitlab.com";
        assert_eq!(role(gitlab, "{}"), 1);
        assert_eq!(role(gitlab, r#"{"StringLike": {"gitlab.com:sub": "project_path:*"}}"#), 1);
        assert_eq!(role(gitlab, r#"{"StringLike": {"gitlab.com:sub": "project_path:example/*"}}"#), 0);
        assert_eq!(
            role(gitlab, r#"{"StringEqualsIfExists": {"gitlab.com:sub": "project_path:example/a"}}"#),
            1
        );
        assert_eq!(
            role(
                "cognito-identity.amazonaws.com",
                r#"{"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:a"}}"#
            ),
            0
        );
        assert_eq!(
            role(
                "cognito-identity.amazonaws.com",
                r#"{"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}}"#
            ),
            1
        );
        assert_eq!(role("arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com", "{}"), 0);
        assert_eq!(role("arn:aws:iam::1:saml-provider/example", "{}"), 0);
        assert!(findings("[]").is_empty());
    }
}
