//! A function of Google Cloud that takes unencrypted requests.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A Cloud Function of the first generation that is started by HTTP, with `https_trigger_security_level` set to
    /// `SECURE_OPTIONAL` (medium), or absent, which means the same when it is made by Terraform (low).
    ///
    /// ## Why it matters
    /// The function answers over plain HTTP, too. A caller that is set up so sends its token where others can read it.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_cloudfunctions_function" "orders" {
    ///   name    = "orders"
    ///   runtime = "nodejs22"
    ///   trigger_http                 = true
    ///   https_trigger_security_level = "SECURE_OPTIONAL"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_cloudfunctions_function" "orders" {
    ///   name    = "orders"
    ///   runtime = "nodejs22"
    ///   trigger_http                 = true
    ///   https_trigger_security_level = "SECURE_ALWAYS"
    /// }
    /// ```
    ///
    /// ## Limits
    /// Functions of the second generation and Cloud Run services always redirect to HTTPS.
    PlaintextFunction {
        id: "plaintext-function",
        title: "function that takes unencrypted requests",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-GCP-009", "CKV2_GCP_10"],
        threats: ["T35"],
        profiles: [Baseline],
        why: "requests and tokens cross the internet in the clear",
    }
}

impl Rule for PlaintextFunction {
    const ON: &'static [&'static str] = &["google_cloudfunctions_function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        const LEVEL: &str = "https_trigger_security_level";
        if cx.get(function, &["trigger_http"]).and_then(Value::as_bool) != Some(true) {
            return;
        }
        let severity = match cx.get(function, &[LEVEL]).map(|value| (value, value.as_str())) {
            None => Severity::Low,
            Some((_, Some("SECURE_ALWAYS"))) => return,
            Some((_, Some(_))) => Severity::Medium,
            Some((value, None)) => return cx.unknown(function, value, &format!("`{LEVEL}`")),
        };
        cx.finding(function, "the function also takes unencrypted requests")
            .at(&[LEVEL])
            .severity(severity)
            .help("set `https_trigger_security_level = \"SECURE_ALWAYS\"`")
            .fix(Fix::risky("send callers to HTTPS").set(&function.id, &[LEVEL], "SECURE_ALWAYS"))
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::PlaintextFunction;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "google_cloudfunctions_function", properties)
            .findings::<PlaintextFunction>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{"trigger_http": true}"#), 1);
        assert_eq!(
            findings(r#"{"trigger_http": true, "https_trigger_security_level": "SECURE_OPTIONAL"}"#),
            1
        );
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{}"#), 0);
        assert_eq!(findings(r#"{"trigger_http": true, "https_trigger_security_level": "SECURE_ALWAYS"}"#), 0);
    }
}
