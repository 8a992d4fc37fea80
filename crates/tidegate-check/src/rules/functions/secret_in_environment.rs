//! A secret written into a function's environment.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use crate::secrets;
use tidegate_graph::{Resource, Severity, Span, Value};

declare_rule! {
    /// ## What it finds
    /// An environment variable of a function whose value, as written in the code (or as a parameter's default), is a
    /// secret: it has the format of an issuer (AWS, GitHub, Slack, Stripe ..., a private key, a password within a URL), or
    /// its name calls it a secret and it looks random, or like a password that somebody chose.
    ///
    /// Length alone proves nothing, and the names and places of secrets (`SECRET_ARN`, `/prod/db/password`) are none. The
    /// secret itself is never shown.
    ///
    /// The keys that AWS's documentation shows are low: worth nothing, but they stand where real ones will.
    ///
    /// ## Why it matters
    /// Whoever can read the repository, the template, or the function's configuration (`lambda:GetFunctionConfiguration`,
    /// part of many read-only roles) has the secret. So has every dependency of the code, and every crash report that
    /// prints the environment.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///       Environment:
    ///         Variables:
    ///           DB_PASSWORD: Tr0ub4dor&3
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///       Environment:
    ///         Variables:
    ///           DB_PASSWORD_SECRET_ARN: arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders
    /// ```
    ///
    /// ## Limits
    /// A secret in plain words under a harmless name isn't found. A parameter without default is no secret in the code, and
    /// isn't reported, though its value will lie in the function's configuration.
    SecretInEnvironment {
        id: "secret-in-environment",
        title: "secret in the environment of a function",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-015", "CKV_AWS_45"],
        threats: ["T32"],
        profiles: [Baseline],
        why: "whoever reads the code or the function's configuration has the secret",
    }
}

impl Rule for SecretInEnvironment {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        let Some(variables) = cx.get(function, &["Environment", "Variables"]).and_then(Value::as_map) else {
            return;
        };
        for (name, value) in variables.iter() {
            let Some(value) = cx.world.resolve(value) else { continue };
            let Some(secret) = secrets::detect(name, value) else { continue };
            // What is written once for all functions of a service is one secret, and told at the first of them.
            if value.span != Span::default()
                && cx.with_variable(value.span).next().is_some_and(|first| first.id != function.id)
            {
                continue;
            }
            let severity = if secret.example { Severity::Low } else { Severity::High };
            cx.finding(function, format!("variable `{name}` holds what looks like {}", secret.kind))
                .severity(severity)
                .at(&["Environment", "Variables", name])
                .confidence(secret.confidence)
                .help("keep it in Secrets Manager or Parameter Store, let the function read it at run time, and replace it: it is known now")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SecretInEnvironment;
    use crate::testing::Build;

    fn findings(variables: &str) -> Vec<String> {
        let properties = format!(r#"{{"Environment": {{"Variables": {variables}}}}}"#);
        Build::new().json("Worker", "AWS::Lambda::Function", &properties).findings::<SecretInEnvironment>()
    }

    #[test]
    fn each_secret_is_named_and_never_shown() {
        let found =
            findings(r#"{"DB_PASSWORD": "Tr0ub4dor&3", "DB": "mysql://app:s3cr3t9@db/x", "STAGE": "prod"}"#);
        assert_eq!(
            found,
            [
                "Worker: variable `DB_PASSWORD` holds what looks like a password",
                "Worker: variable `DB` holds what looks like a password within a URL"
            ]
        );
    }

    #[test]
    fn references_and_names() {
        assert!(findings(r#"{"DB_PASSWORD": {"Ref": "Worker"}, "SECRET_NAME": "orders"}"#).is_empty());
    }
}
