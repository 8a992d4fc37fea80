//! A connection whose credential is in the code.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use crate::secrets;
use tidegate_graph::{Data, Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// An EventBridge connection whose key, password, client secret, or a parameter marked `IsValueSecret`, is written out
    /// in the code. What looks like a placeholder is low.
    ///
    /// ## Why it matters
    /// Whoever reads the repository, or the template in the console, calls the partner in our name. EventBridge keeps the
    /// credential in Secrets Manager; the code gives it away.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Partner:
    ///     Type: AWS::Events::Connection
    ///     Properties:
    ///       AuthorizationType: API_KEY
    ///       AuthParameters:
    ///         ApiKeyAuthParameters: {ApiKeyName: x-api-key, ApiKeyValue: 5d1f0a7c93be4e28}
    /// ```
    ///
    /// ```hcl,finding
    /// resource "aws_cloudwatch_event_connection" "partner" {
    ///   name               = "partner"
    ///   authorization_type = "BASIC"
    ///   auth_parameters {
    ///     basic {
    ///       username = "shop"
    ///       password = "Tr0ub4dor-and-3"
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Partner:
    ///     Type: AWS::Events::Connection
    ///     Properties:
    ///       AuthorizationType: API_KEY
    ///       AuthParameters:
    ///         ApiKeyAuthParameters:
    ///           ApiKeyName: x-api-key
    ///           ApiKeyValue: '{{resolve:secretsmanager:partner:SecretString:key}}'
    /// ```
    ///
    /// ```hcl,clean
    /// variable "password" {
    ///   type      = string
    ///   sensitive = true
    /// }
    ///
    /// resource "aws_cloudwatch_event_connection" "partner" {
    ///   name               = "partner"
    ///   authorization_type = "BASIC"
    ///   auth_parameters {
    ///     basic {
    ///       username = "shop"
    ///       password = var.password
    ///     }
    ///   }
    /// }
    /// ```
    ///
    /// ## Limits
    /// A parameter without default is nobody's business here; in the state of Terraform it is readable all the same.
    SecretInConnection {
        id: "secret-in-connection",
        title: "credential of a connection in the code",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-EVB-007"],
        threats: ["T32"],
        profiles: [Baseline],
        why: "whoever reads the repository calls the partner in our name",
    }
}

impl Rule for SecretInConnection {
    const ON: &'static [&'static str] = &["AWS::Events::Connection"];

    fn check(connection: &Resource, cx: &Context<'_>) {
        const SECRETS: &[&[&str]] = &[
            &["AuthParameters", "ApiKeyAuthParameters", "ApiKeyValue"],
            &["AuthParameters", "BasicAuthParameters", "Password"],
            &["AuthParameters", "OAuthParameters", "ClientParameters", "ClientSecret"],
        ];
        const PARAMETERS: &[&[&str]] = &[
            &["AuthParameters", "InvocationHttpParameters"],
            &["AuthParameters", "OAuthParameters", "OAuthHttpParameters"],
        ];
        for path in SECRETS {
            if let Some(value) = cx.get(connection, path) {
                weigh(connection, value, &path.join("/"), cx);
            }
        }
        for path in PARAMETERS {
            for kind in ["HeaderParameters", "QueryStringParameters", "BodyParameters"] {
                let path: Vec<&str> = path.iter().copied().chain([kind]).collect();
                for (n, parameter) in cx.items(connection, &path).into_iter().enumerate() {
                    let marked = cx.child(parameter, "IsValueSecret").and_then(Value::as_bool) == Some(true);
                    if let Some(value) = cx.child(parameter, "Value").filter(|_| marked) {
                        weigh(connection, value, &format!("{}/{n}/Value", path.join("/")), cx);
                    }
                }
            }
        }
    }
}

fn weigh(connection: &Resource, value: &Value, key: &str, cx: &Context<'_>) {
    let Data::Text(text) = &value.data else { return };
    if text.is_empty() || text.contains("{{resolve:") {
        return;
    }
    let name = key.rsplit('/').find(|part| !matches!(*part, "Value")).unwrap_or(key);
    // Whatever stands in such a place is a secret, unless it looks like something to be replaced.
    let placeholder = secrets::detect("password", value).is_none_or(|found| found.example)
        || text.to_ascii_lowercase().starts_with("my") && !text.bytes().any(|b| b.is_ascii_digit());
    cx.finding(connection, format!("`{}` is written out in the code", shown(name, key)))
        .at_place(key, value.span)
        .severity(if placeholder { Severity::Low } else { Severity::High })
        .help("take it from Secrets Manager by dynamic reference, and replace it: it is known now")
        .report();
}

/// The name of the property; a number says nothing.
fn shown<'k>(name: &'k str, key: &'k str) -> &'k str {
    if name.bytes().all(|b| b.is_ascii_digit()) { key.rsplit('/').nth(2).unwrap_or(name) } else { name }
}

#[cfg(test)]
mod tests {
    use super::SecretInConnection;
    use crate::testing::Build;

    fn findings(parameters: &str) -> Vec<String> {
        let properties = format!(r#"{{"AuthParameters": {parameters}}}"#);
        Build::new().json("It", "AWS::Events::Connection", &properties).findings::<SecretInConnection>()
    }

    #[test]
    fn each_place() {
        assert_eq!(
            findings(r#"{"BasicAuthParameters": {"Username": "shop", "Password": "Tr0ub4dor-and-3"}}"#),
            ["It: `Password` is written out in the code"]
        );
        assert_eq!(
            findings(r#"{"OAuthParameters": {"ClientParameters": {"ClientID": "a", "ClientSecret": "Tr0ub4dor-and-3"}}}"#).len(),
            1
        );
        let header = r#"{"InvocationHttpParameters": {"HeaderParameters": [{"Key": "a", "Value": "b", "IsValueSecret": true}]}}"#;
        assert_eq!(findings(header), ["It: `HeaderParameters` is written out in the code"]);
    }

    #[test]
    fn elsewhere() {
        assert!(
            findings(r#"{"ApiKeyAuthParameters": {"ApiKeyValue": "{{resolve:secretsmanager:a}}"}}"#)
                .is_empty()
        );
        assert!(findings(r#"{"ApiKeyAuthParameters": {"ApiKeyValue": {"Ref": "Key"}}}"#).is_empty());
        let plain = r#"{"InvocationHttpParameters": {"HeaderParameters": [{"Key": "a", "Value": "b"}]}}"#;
        assert!(findings(plain).is_empty());
    }
}
