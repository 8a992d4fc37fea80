//! A function or service of Google Cloud that anyone may call.

use crate::Context;
use crate::gcp::open_to_everyone;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A role on a Cloud Function or Cloud Run service that is given to `allUsers` or `allAuthenticatedUsers`, by an IAM
    /// member, binding or policy of either generation; and a Cloud Run service that asks nobody for a role
    /// (`invoker_iam_disabled = true`).
    ///
    /// ## Why it matters
    /// Whoever finds the address starts the code, with any input and as often as they like. `allAuthenticatedUsers` is
    /// everyone with a Google account, not everyone in the organization.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_cloud_run_v2_service_iam_member" "open" {
    ///   name   = "orders"
    ///   role   = "roles/run.invoker"
    ///   member = "allUsers"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_cloud_run_v2_service_iam_member" "gateway" {
    ///   name   = "orders"
    ///   role   = "roles/run.invoker"
    ///   member = "serviceAccount:gateway@acme.iam.gserviceaccount.com"
    /// }
    /// ```
    ///
    /// ## Limits
    /// A web page that is meant for everyone is reported too. An ingress setting that lets no traffic from the internet in
    /// isn't looked at here.
    PublicService {
        id: "public-service",
        title: "function or service that anyone may call",
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-GCP-001", "CKV_GCP_107", "CKV_GCP_102"],
        threats: ["T13", "T17"],
        profiles: [Baseline],
        why: "whoever finds the address starts the code",
    }
}

impl Rule for PublicService {
    const ON: &'static [&'static str] = &[
        "google_cloud_run_service_iam_binding",
        "google_cloud_run_service_iam_member",
        "google_cloud_run_service_iam_policy",
        "google_cloud_run_v2_job_iam_binding",
        "google_cloud_run_v2_job_iam_member",
        "google_cloud_run_v2_job_iam_policy",
        "google_cloud_run_v2_service",
        "google_cloud_run_v2_service_iam_binding",
        "google_cloud_run_v2_service_iam_member",
        "google_cloud_run_v2_service_iam_policy",
        "google_cloudfunctions2_function_iam_binding",
        "google_cloudfunctions2_function_iam_member",
        "google_cloudfunctions2_function_iam_policy",
        "google_cloudfunctions_function_iam_binding",
        "google_cloudfunctions_function_iam_member",
        "google_cloudfunctions_function_iam_policy",
    ];

    fn check(grant: &Resource, cx: &Context<'_>) {
        if grant.ty == "google_cloud_run_v2_service" {
            return service(grant, cx);
        }
        for open in open_to_everyone(cx, grant) {
            let what = if grant.ty.contains("function") { "the function" } else { "the service" };
            cx.finding(grant, format!("{} has `{}` on {what}", open.who(), open.role))
                .at_place(open.key, open.span)
                .help("name the service accounts that call it; put a gateway with authorization before it for users")
                .report();
        }
    }
}

fn service(service: &Resource, cx: &Context<'_>) {
    let Some(disabled) = cx.get(service, &["invoker_iam_disabled"]) else { return };
    match disabled.as_bool() {
        Some(false) => {}
        Some(true) => cx
            .finding(service, "anyone may call the service: it asks for no role")
            .at(&["invoker_iam_disabled"])
            .help("drop `invoker_iam_disabled`, and give `roles/run.invoker` to those who call it")
            .report(),
        None => cx.unknown(service, disabled, "`invoker_iam_disabled`"),
    }
}

#[cfg(test)]
mod tests {
    use super::PublicService;
    use crate::testing::Build;

    fn findings(ty: &str, properties: &str) -> Vec<String> {
        Build::new().json("grant", ty, properties).findings::<PublicService>()
    }

    #[test]
    fn members_bindings_and_policies() {
        assert_eq!(
            findings(
                "google_cloud_run_service_iam_member",
                r#"{"role": "roles/run.invoker", "member": "allUsers"}"#
            ),
            ["grant: anyone has `roles/run.invoker` on the service"]
        );
        assert_eq!(
            findings(
                "google_cloudfunctions2_function_iam_binding",
                r#"{"role": "roles/cloudfunctions.invoker", "members": ["user:a@acme.example", "allAuthenticatedUsers"]}"#
            ),
            ["grant: anyone with a Google account has `roles/cloudfunctions.invoker` on the function"]
        );
        let policy =
            r#"{"policy_data": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}}"#;
        assert_eq!(findings("google_cloud_run_v2_service_iam_policy", policy).len(), 1);
    }

    #[test]
    fn a_service_that_asks_for_no_role() {
        let service = |text: &str| findings("google_cloud_run_v2_service", text);
        assert_eq!(
            service(r#"{"invoker_iam_disabled": true}"#),
            ["grant: anyone may call the service: it asks for no role"]
        );
        assert!(service("{}").is_empty());
    }

    #[test]
    fn somebody() {
        let member = r#"{"role": "roles/run.invoker", "member": "serviceAccount:a@acme.example"}"#;
        assert!(findings("google_cloud_run_v2_service_iam_member", member).is_empty());
    }

    #[test]
    fn an_unknown_member() {
        use tidegate_graph::{Span, Value, Why};
        let member = Value::unknown("var.member", Why::Parameter, Span::default());
        let build =
            Build::new().add("grant", "google_cloud_run_v2_service_iam_member", &[("member", member)]);
        assert_eq!(build.run::<PublicService>().unknown.len(), 1);
    }
}
