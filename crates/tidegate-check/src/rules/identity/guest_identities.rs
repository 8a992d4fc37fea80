//! An identity pool that gives credentials to guests.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource};

declare_rule! {
    /// ## What it finds
    /// A Cognito identity pool with `AllowUnauthenticatedIdentities: true`.
    ///
    /// ## Why it matters
    /// Anyone gets AWS credentials from the pool without signing in. What the role of the guests may do,
    /// strangers may do.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Pool:
    ///     Type: AWS::Cognito::IdentityPool
    ///     Properties:
    ///       AllowUnauthenticatedIdentities: true
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Pool:
    ///     Type: AWS::Cognito::IdentityPool
    ///     Properties:
    ///       AllowUnauthenticatedIdentities: false
    /// ```
    ///
    /// ## Limits
    /// What the role of the guests allows is not weighed.
    GuestIdentities {
        id: "guest-identities",
        title: "identity pool that lets guests in",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-COG-001", "CKV_AWS_366", "cdk-nag:AwsSolutions-COG7"],
        threats: ["T30", "T21"],
        profiles: [Baseline],
        why: "anyone gets AWS credentials without signing in",
    }
}

impl Rule for GuestIdentities {
    const ON: &'static [&'static str] = &["AWS::Cognito::IdentityPool"];

    fn check(pool: &Resource, cx: &Context<'_>) {
        let Some(guests) = cx.get(pool, &["AllowUnauthenticatedIdentities"]) else { return };
        match guests.as_bool() {
            Some(false) => {}
            None => cx.unknown(pool, guests, "`AllowUnauthenticatedIdentities`"),
            Some(true) => cx
                .finding(pool, "the identity pool gives credentials to anyone")
                .at(&["AllowUnauthenticatedIdentities"])
                .help("set `AllowUnauthenticatedIdentities: false` and let users sign in")
                .fix(Fix::risky("let guests out").set(&pool.id, &["AllowUnauthenticatedIdentities"], false))
                .report(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::GuestIdentities;
    use crate::testing::Build;

    fn findings(properties: &str) -> Vec<String> {
        Build::new().json("Pool", "AWS::Cognito::IdentityPool", properties).findings::<GuestIdentities>()
    }

    #[test]
    fn bad() {
        assert_eq!(
            findings(r#"{"AllowUnauthenticatedIdentities": "true"}"#),
            ["Pool: the identity pool gives credentials to anyone"]
        );
    }

    #[test]
    fn good() {
        assert!(findings(r#"{"AllowUnauthenticatedIdentities": false}"#).is_empty());
        assert!(findings(r#"{}"#).is_empty());
    }
}
