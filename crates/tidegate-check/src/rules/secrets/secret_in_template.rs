//! A secret whose value is written in the template.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use crate::secrets;
use tidegate_graph::{Data, Map, Resource, Severity, Span, Str, Value};

declare_rule! {
    /// ## What it finds
    /// A literal in `SecretString` of a Secrets Manager secret, alone or within JSON, and a literal that looks
    /// like a secret in `Value` of a parameter of Parameter Store.
    ///
    /// ## Why it matters
    /// The secret lies in the repository and in the history of the stack, where many more people read than in
    /// the store. It is not rotated either: the next deployment would set it back.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Database:
    ///     Type: AWS::SecretsManager::Secret
    ///     Properties:
    ///       SecretString: '{"username": "app", "password": "Tr0ub4dor-and-3"}'
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Database:
    ///     Type: AWS::SecretsManager::Secret
    ///     Properties:
    ///       GenerateSecretString:
    ///         SecretStringTemplate: '{"username": "app"}'
    ///         GenerateStringKey: password
    /// ```
    ///
    /// ## Limits
    /// What looks like a placeholder is not reported. Defaults of parameters count where they are used.
    SecretInTemplate {
        id: "secret-in-template",
        title: "secret written in the template",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-SEC-004", "CKV_AWS_384", "CKV2_AWS_34"],
        threats: ["T32"],
        profiles: [Baseline],
        why: "whoever reads the code has the secret",
    }
}

impl Rule for SecretInTemplate {
    const ON: &'static [&'static str] = &["AWS::SSM::Parameter", "AWS::SecretsManager::Secret"];

    fn check(store: &Resource, cx: &Context<'_>) {
        let secret = store.ty == "AWS::SecretsManager::Secret";
        let (key, name) = match secret {
            true => ("SecretString", "password".into()),
            false => (
                "Value",
                cx.get(store, &["Name"]).and_then(Value::as_text).unwrap_or(store.logical_id.clone()),
            ),
        };
        let Some(value) = cx.get(store, &[key]) else { return };
        let Some(found) = within(cx, &name, value) else { return };
        cx.finding(store, format!("`{key}` holds what looks like {}", found.kind))
            .at(&[key])
            .severity(if found.example { Severity::Low } else { Severity::High })
            .confidence(found.confidence)
            .help("let Secrets Manager generate it, or set it outside the template, and replace it: it is known now")
            .report();
    }
}

/// The first secret in a value, or in the fields of the JSON that it is.
fn within(cx: &Context<'_>, name: &str, value: &Value) -> Option<secrets::Secret> {
    let in_map =
        |map: &Map| map.iter().find_map(|(key, value)| secrets::detect(key, cx.world.resolve(value)?));
    match &value.data {
        Data::Map(_) | Data::Json(_) => value.as_map().and_then(in_map),
        Data::Text(text) if text.trim_start().starts_with('{') => fields(text)
            .into_iter()
            .find_map(|(key, field)| secrets::detect(key, &Value::text(Str::from(field), Span::default()))),
        _ => secrets::detect(name, value),
    }
}

/// Names and values of the fields of flat JSON that are strings. What is nested or escaped gives odd fields, no more.
fn fields(json: &str) -> Vec<(&str, &str)> {
    let parts: Vec<&str> = json.split('"').collect();
    let mut out = Vec::new();
    let mut at = 1;
    while let (Some(key), Some(between), Some(value)) = (parts.get(at), parts.get(at + 1), parts.get(at + 2))
    {
        if between.trim() == ":" {
            out.push((*key, *value));
            at += 4;
        } else {
            at += 2;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Build;

    fn findings(ty: &str, properties: &str) -> Vec<String> {
        Build::new().json("Database", ty, properties).findings::<SecretInTemplate>()
    }

    #[test]
    fn alone_and_in_json() {
        let secret = "AWS::SecretsManager::Secret";
        let expected = ["Database: `SecretString` holds what looks like a password"];
        assert_eq!(findings(secret, r#"{"SecretString": "Tr0ub4dor-and-3"}"#), expected);
        assert_eq!(
            findings(secret, r#"{"SecretString": "{\"user\": \"app\", \"password\": \"Tr0ub4dor-and-3\"}"}"#),
            expected
        );
        assert!(findings(secret, r#"{"SecretString": "{\"host\": \"db.example.com\"}"}"#).is_empty());
        assert!(findings(secret, r#"{"SecretString": {"Ref": "Database"}}"#).is_empty());
    }

    #[test]
    fn parameters_by_name() {
        let ty = "AWS::SSM::Parameter";
        assert_eq!(findings(ty, r#"{"Name": "/orders/db_password", "Value": "Tr0ub4dor-and-3"}"#).len(), 1);
        assert!(findings(ty, r#"{"Name": "/orders/stage", "Value": "production"}"#).is_empty());
    }

    #[test]
    fn fields_of_json() {
        assert_eq!(fields(r#"{"a": "b", "n": 3, "c": "d"}"#), [("a", "b"), ("c", "d")]);
        assert!(fields("{").is_empty());
    }
}
