//! A role that a whole other account may take.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::policy::Principal;
use tidegate_graph::{Piece, Resource, Str, Value, Why};

declare_rule! {
    /// ## What it finds
    /// A trust policy that lets a whole other account take the role (`arn:aws:iam::111122223333:root`, or the
    /// number alone), and no condition on `sts:ExternalId`, on the organization, on the principal or on MFA.
    ///
    /// ## Why it matters
    /// A supplier works for many customers with one account. Without an external id another customer names your
    /// role, and the supplier takes it for him.
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
    ///             Principal: {AWS: arn:aws:iam::111122223333:root}
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
    ///             Principal: {AWS: arn:aws:iam::111122223333:root}
    ///             Action: sts:AssumeRole
    ///             Condition: {StringEquals: {sts:ExternalId: 8b1f7c52}}
    /// ```
    ///
    /// ## Limits
    /// An account that is written as a number is taken for another one. A role or user of another account by
    /// name is left alone.
    ForeignTrustWithoutExternalId {
        id: "foreign-trust-without-external-id",
        title: "role for another account without external id",
        severity: High,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-IAM-010", "kics:85138beb-ce7c-4ca3-a09f-e8fbcc57ddd7", "kics:09c35abf-5852-4622-ac7a-b987b331232e"],
        threats: ["T16", "T17"],
        profiles: [Baseline],
        why: "a supplier takes the role for another one of his customers",
    }
}

/// Keys of conditions that say who calls, or for whom.
const KEYS: &[&str] = &[
    "aws:multifactorauthpresent",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceidentity",
    "aws:userid",
    "sts:externalid",
];

impl Rule for ForeignTrustWithoutExternalId {
    const ON: &'static [&'static str] = &["AWS::IAM::Role"];

    fn check(role: &Resource, cx: &Context<'_>) {
        for placed in cx.statements(role, &["AssumeRolePolicyDocument"]) {
            let statement = &placed.statement;
            let guarded = statement.condition_keys(cx.world).iter().any(|(_, key, value)| {
                let key_guards =
                    KEYS.contains(&key.to_ascii_lowercase().as_str()) || key.contains(":PrincipalTag/");
                key_guards && !idle(key, value)
            });
            if !statement.allows() || guarded {
                continue;
            }
            let Some(account) = statement.principals.iter().find_map(foreign) else { continue };
            cx.finding(role, format!("everybody of account {account} may assume `{}`", role.logical_id))
                .at_statement(&placed)
                .help("add a condition on `sts:ExternalId`, or name the one role that takes it")
                .report();
        }
    }
}

/// True for a condition that everybody meets: an empty id, or a second factor that must be missing.
fn idle(key: &str, value: &Value) -> bool {
    let text = value.as_text();
    match key.to_ascii_lowercase().as_str() {
        "sts:externalid" => text.is_some_and(|t| t.is_empty() || t == "*"),
        "aws:multifactorauthpresent" => text.is_some_and(|t| t.eq_ignore_ascii_case("false")),
        _ => false,
    }
}

/// The account, when the principal is a whole one that isn't the stack's own.
fn foreign(principal: &Principal<'_>) -> Option<Str> {
    if principal.kind != "AWS" {
        return None;
    }
    let account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    match principal.value.pieces().as_slice() {
        [Piece::Text(text)] => {
            let inner = text.strip_suffix(":root").and_then(|t| t.rsplit(':').next()).unwrap_or(text);
            account(inner).then(|| inner.into())
        }
        // `arn:aws:iam::${Supplier}:root`: a parameter for one's own account would be odd.
        [.., Piece::Symbol(symbol), Piece::Text(end)] if end == ":root" && symbol.why == Why::Parameter => {
            Some(symbol.name.clone())
        }
        [before @ .., Piece::Text(text)] if !before.is_empty() => {
            let inner = text.strip_suffix(":root").and_then(|t| t.rsplit(':').next())?;
            account(inner).then(|| inner.into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::ForeignTrustWithoutExternalId;
    use crate::testing::Build;

    fn findings(principal: &str, condition: &str) -> Vec<String> {
        let role = format!(
            r#"{{"AssumeRolePolicyDocument": {{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{principal}"}}, "Action": "sts:AssumeRole", "Condition": {condition}}}}}}}"#
        );
        Build::new().json("Worker", "AWS::IAM::Role", &role).findings::<ForeignTrustWithoutExternalId>()
    }

    #[test]
    fn whole_accounts() {
        let expected = ["Worker: everybody of account 111122223333 may assume `Worker`"];
        assert_eq!(findings("111122223333", "{}"), expected);
        assert_eq!(findings("arn:aws:iam::111122223333:root", "{}"), expected);
        assert!(findings("111122223333", r#"{"StringEquals": {"sts:ExternalId": "1"}}"#).is_empty());
        assert!(findings("arn:aws:iam::111122223333:role/reader", "{}").is_empty());
    }

    #[test]
    fn conditions_that_everybody_meets() {
        for idle in [
            r#"{"StringEquals": {"sts:ExternalId": ""}}"#,
            r#"{"Bool": {"aws:MultiFactorAuthPresent": "false"}}"#,
            r#"{"Bool": {"aws:MultiFactorAuthPresent": false}}"#,
        ] {
            assert_eq!(findings("111122223333", idle).len(), 1, "{idle}");
        }
        assert!(findings("111122223333", r#"{"Bool": {"aws:MultiFactorAuthPresent": "true"}}"#).is_empty());
    }
}
