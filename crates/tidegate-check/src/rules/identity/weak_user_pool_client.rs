//! A client of a user pool that lets tokens or passwords out.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A user pool client that allows the implicit flow, sends tokens to an address without TLS (other than localhost),
    /// takes passwords in the clear (`USER_PASSWORD_AUTH`, `ADMIN_USER_PASSWORD_AUTH` and their like), or tells callers
    /// which users exist (`PreventUserExistenceErrors: LEGACY`).
    ///
    /// ## Why it matters
    /// Tokens end up in browser histories and on the wire, passwords in logs, and user names in the lists of those who
    /// try passwords.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   It:
    ///     Type: AWS::Cognito::UserPoolClient
    ///     Properties:
    ///       UserPoolId: eu-west-1_example
    ///       AllowedOAuthFlows: [implicit]
    ///       CallbackURLs: ["https://orders.example.com"]
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   It:
    ///     Type: AWS::Cognito::UserPoolClient
    ///     Properties:
    ///       UserPoolId: eu-west-1_example
    ///       AllowedOAuthFlows: [code]
    ///       CallbackURLs: ["https://orders.example.com"]
    ///       ExplicitAuthFlows: [ALLOW_USER_SRP_AUTH, ALLOW_REFRESH_TOKEN_AUTH]
    ///       PreventUserExistenceErrors: ENABLED
    /// ```
    ///
    /// ## Limits
    /// Without `PreventUserExistenceErrors` new clients don't tell, so its absence is clean.
    WeakUserPoolClient {
        id: "weak-user-pool-client",
        title: "user pool client that lets tokens or passwords out",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-COG-003",
        ],
        threats: ["T21"],
        profiles: [],
        why: "tokens and passwords end up where others read them",
    }
}

const PASSWORD_FLOWS: &[&str] = &[
    "ADMIN_NO_SRP_AUTH",
    "ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "USER_PASSWORD_AUTH",
];

impl Rule for WeakUserPoolClient {
    const ON: &'static [&'static str] = &["AWS::Cognito::UserPoolClient"];

    fn check(client: &Resource, cx: &Context<'_>) {
        let first = |key: &str, bad: &dyn Fn(&str) -> bool| {
            let items = cx.items(client, &[key]);
            if let Some(unknown) = items.iter().find(|item| item.is_unknown() && item.pieces().len() <= 1) {
                cx.unknown(client, unknown, &format!("`{key}`"));
            }
            items.into_iter().find(|item| bad(&item.display()))
        };
        let report = |key: &str, value: &Value, message: String, help: &str| {
            cx.finding(client, message).at_place(key, value.span).help(help).report();
        };
        if let Some(value) = first("AllowedOAuthFlows", &|flow| flow == "implicit") {
            report(
                "AllowedOAuthFlows",
                value,
                "the client allows the implicit flow".into(),
                "allow `code` only",
            );
        }
        let plain = |url: &str| {
            let host =
                url.strip_prefix("http://").map(|rest| rest.split([':', '/']).next().unwrap_or_default());
            host.is_some_and(|host| !matches!(host, "localhost" | "127.0.0.1"))
        };
        for key in ["CallbackURLs", "LogoutURLs"] {
            if let Some(value) = first(key, &plain) {
                let message = format!("the client sends users to `{}`, without TLS", value.display());
                report(key, value, message, "use https");
            }
        }
        if let Some(value) = first("ExplicitAuthFlows", &|flow| PASSWORD_FLOWS.contains(&flow)) {
            let message = format!("the client takes passwords in the clear: `{}`", value.display());
            report("ExplicitAuthFlows", value, message, "use `ALLOW_USER_SRP_AUTH`");
        }
        let tells = cx.get(client, &["PreventUserExistenceErrors"]).filter(|v| v.as_str() == Some("LEGACY"));
        if let Some(value) = tells {
            let message = "the client tells which users exist".into();
            report("PreventUserExistenceErrors", value, message, "set it to `ENABLED`");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WeakUserPoolClient;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "AWS::Cognito::UserPoolClient", properties)
            .findings::<WeakUserPoolClient>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"AllowedOAuthFlows": ["code", "implicit"]}"#), 1);
        assert_eq!(findings(r#"{"CallbackURLs": ["http://orders.example.com/in"]}"#), 1);
        assert_eq!(findings(r#"{"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]}"#), 1);
        assert_eq!(findings(r#"{"PreventUserExistenceErrors": "LEGACY"}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(
            findings(
                r#"{"CallbackURLs": ["http://localhost:3000", "https://orders.example.com", "app://in"]}"#
            ),
            0
        );
        assert_eq!(findings(r#"{"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"]}"#), 0);
    }
}
