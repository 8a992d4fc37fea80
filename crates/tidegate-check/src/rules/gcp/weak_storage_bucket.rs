//! A bucket of Google Cloud that is open to anyone, or may become so.

use crate::Context;
use crate::gcp::open_to_everyone;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A role on a Cloud Storage bucket that is given to `allUsers` or `allAuthenticatedUsers` (high), a bucket without
    /// uniform access (medium), and one whose public access isn't prevented (medium). Each is a finding of its own.
    ///
    /// ## Why it matters
    /// Whoever may write to the bucket starts the functions behind it; whoever may read it reads what they keep there.
    /// Without uniform access single objects have lists of their own, which nobody looks at.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_storage_bucket_iam_member" "open" {
    ///   bucket = "orders"
    ///   role   = "roles/storage.objectViewer"
    ///   member = "allUsers"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_storage_bucket" "orders" {
    ///   name                        = "orders"
    ///   location                    = "EU"
    ///   uniform_bucket_level_access = true
    ///   public_access_prevention    = "enforced"
    /// }
    /// ```
    ///
    /// ## Limits
    /// A policy of the organization may enforce both; it isn't seen here. Roles on the project and lists of single objects
    /// aren't looked at.
    WeakStorageBucket {
        id: "weak-storage-bucket",
        title: "bucket that is or may become public",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-GCP-008",
            "CKV_GCP_28",
            "CKV_GCP_29",
            "CKV_GCP_114",
            "trivy:AVD-GCP-0001",
            "trivy:AVD-GCP-0002",
            "kics:bb0db090-5509-4853-a827-75ced0b3caa0",
            "kics:c010082c-76e0-4b91-91d9-6e8439e455dd",
        ],
        threats: ["T31", "T08"],
        profiles: [Baseline],
        why: "anyone reads the objects, or starts functions with theirs",
    }
}

/// Aliases that mean access by object, the missing prevention, and a grant to everyone, each alone.
const BY_OBJECT: &[&str] = &["CKV_GCP_29", "trivy:AVD-GCP-0002", "kics:bb0db090-5509-4853-a827-75ced0b3caa0"];
const PREVENTED: &[&str] = &["CKV_GCP_114"];
const GRANTED: &[&str] = &["CKV_GCP_28", "trivy:AVD-GCP-0001", "kics:c010082c-76e0-4b91-91d9-6e8439e455dd"];

impl Rule for WeakStorageBucket {
    const ON: &'static [&'static str] = &[
        "google_storage_bucket",
        "google_storage_bucket_iam_binding",
        "google_storage_bucket_iam_member",
        "google_storage_bucket_iam_policy",
    ];

    fn check(resource: &Resource, cx: &Context<'_>) {
        if resource.ty == "google_storage_bucket" {
            return of_bucket(resource, cx);
        }
        for open in open_to_everyone(cx, resource) {
            cx.finding(resource, format!("{} has `{}` on the bucket", open.who(), open.role))
                .at_place(open.key, open.span)
                .unlike(&[BY_OBJECT, PREVENTED].concat())
                .help("name the service accounts that read or write")
                .report();
        }
    }
}

fn of_bucket(bucket: &Resource, cx: &Context<'_>) {
    const UNIFORM: &str = "uniform_bucket_level_access";
    const PREVENTION: &str = "public_access_prevention";
    match cx.get(bucket, &[UNIFORM]).map(|value| (value, value.as_bool())) {
        Some((_, Some(true))) => {}
        Some((value, None)) => cx.unknown(bucket, value, &format!("`{UNIFORM}`")),
        None | Some((_, Some(false))) => cx
            .finding(bucket, "objects of the bucket may be opened one by one")
            .at(&[UNIFORM])
            .severity(Severity::Medium)
            .unlike(&[PREVENTED, GRANTED].concat())
            .help(format!("set `{UNIFORM} = true`"))
            .report(),
    }
    match cx.get(bucket, &[PREVENTION]).map(|value| (value, value.as_str())) {
        Some((_, Some("enforced"))) => {}
        Some((value, None)) => cx.unknown(bucket, value, &format!("`{PREVENTION}`")),
        None | Some((_, Some(_))) => cx
            .finding(bucket, "nothing keeps the bucket from being made public")
            .at(&[PREVENTION])
            .severity(Severity::Medium)
            .unlike(&[BY_OBJECT, GRANTED].concat())
            .help(format!("set `{PREVENTION} = \"enforced\"`"))
            .report(),
    }
}

#[cfg(test)]
mod tests {
    use super::WeakStorageBucket;
    use crate::testing::Build;

    fn findings(ty: &str, properties: &str) -> Vec<String> {
        Build::new().json("orders", ty, properties).findings::<WeakStorageBucket>()
    }

    #[test]
    fn open_ones() {
        assert_eq!(
            findings(
                "google_storage_bucket_iam_binding",
                r#"{"role": "roles/storage.objectAdmin", "members": ["allUsers", "user:me@acme.example"]}"#
            ),
            ["orders: anyone has `roles/storage.objectAdmin` on the bucket"]
        );
    }

    #[test]
    fn those_that_may_become_open() {
        assert_eq!(findings("google_storage_bucket", "{}").len(), 2);
        let inherited = r#"{"uniform_bucket_level_access": true, "public_access_prevention": "inherited"}"#;
        assert_eq!(
            findings("google_storage_bucket", inherited),
            ["orders: nothing keeps the bucket from being made public"]
        );
    }

    #[test]
    fn closed_ones() {
        let closed = r#"{"uniform_bucket_level_access": true, "public_access_prevention": "enforced"}"#;
        assert!(findings("google_storage_bucket", closed).is_empty());
        let member = r#"{"role": "roles/storage.objectViewer", "member": "group:orders@acme.example"}"#;
        assert!(findings("google_storage_bucket_iam_member", member).is_empty());
    }
}
