//! Data, keys, queues, code or a whole project of Google Cloud that anyone may use.

use crate::Context;
use crate::gcp::open_to_everyone;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A role that is given to `allUsers` or `allAuthenticatedUsers`, by an IAM member, binding or policy, on a secret, a key
    /// or key ring, a BigQuery dataset, table or connection, a Spanner or Bigtable instance, table or database, a Cloud
    /// Tasks queue, a Pub/Sub schema, a repository of Artifact Registry or of sources, a Dataproc cluster, a service
    /// account, or on a whole project, folder or organization. Also a dataset that names either in `access`.
    ///
    /// ## Why it matters
    /// `allAuthenticatedUsers` is everybody with any Google account. Whoever reads a dataset or secret needs nothing else;
    /// whoever may act as a service account, or has a role on a project, goes on from there.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "google_secret_manager_secret_iam_member" "open" {
    ///   secret_id = "card-key"
    ///   role      = "roles/secretmanager.secretAccessor"
    ///   member    = "allAuthenticatedUsers"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "google_secret_manager_secret_iam_member" "shop" {
    ///   secret_id = "card-key"
    ///   role      = "roles/secretmanager.secretAccessor"
    ///   member    = "serviceAccount:shop@acme.iam.gserviceaccount.com"
    /// }
    /// ```
    ///
    /// ## Limits
    /// Packages and data that are meant for everyone are found as well; accept those with a reason. Topics, functions,
    /// services and buckets have rules of their own.
    PublicGoogleResource {
        id: "public-google-resource",
        title: "data, key or project open to anyone",
        severity: Critical,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-GCP-015", "CKV_GCP_15", "CKV_GCP_98", "CKV_GCP_100", "CKV_GCP_101", "CKV_GCP_112"],
        threats: ["T31", "T22"],
        profiles: [Baseline],
        why: "anyone reads the data, uses the key or goes on from there",
    }
}

/// What a grant is on, by the start of its type.
const NOUNS: &[(&str, &str)] = &[
    ("google_artifact_registry_repository_iam_", "the repository"),
    ("google_bigquery_connection_iam_", "the connection"),
    ("google_bigquery_dataset_iam_", "the dataset"),
    ("google_bigquery_table_iam_", "the table"),
    ("google_bigtable_instance_iam_", "the instance"),
    ("google_bigtable_table_iam_", "the table"),
    ("google_cloud_tasks_queue_iam_", "the queue"),
    ("google_dataproc_cluster_iam_", "the cluster"),
    ("google_folder_iam_", "the folder"),
    ("google_kms_crypto_key_iam_", "the key"),
    ("google_kms_key_ring_iam_", "the key ring"),
    ("google_organization_iam_", "the organization"),
    ("google_project_iam_", "the project"),
    ("google_pubsub_schema_iam_", "the schema"),
    ("google_secret_manager_secret_iam_", "the secret"),
    ("google_service_account_iam_", "the service account"),
    ("google_sourcerepo_repository_iam_", "the repository"),
    ("google_spanner_database_iam_", "the database"),
    ("google_spanner_instance_iam_", "the instance"),
];

impl Rule for PublicGoogleResource {
    const ON: &'static [&'static str] = &[
        "google_artifact_registry_repository_iam_binding",
        "google_artifact_registry_repository_iam_member",
        "google_artifact_registry_repository_iam_policy",
        "google_bigquery_connection_iam_binding",
        "google_bigquery_connection_iam_member",
        "google_bigquery_connection_iam_policy",
        "google_bigquery_dataset",
        "google_bigquery_dataset_access",
        "google_bigquery_dataset_iam_binding",
        "google_bigquery_dataset_iam_member",
        "google_bigquery_dataset_iam_policy",
        "google_bigquery_table_iam_binding",
        "google_bigquery_table_iam_member",
        "google_bigquery_table_iam_policy",
        "google_bigtable_instance_iam_binding",
        "google_bigtable_instance_iam_member",
        "google_bigtable_instance_iam_policy",
        "google_bigtable_table_iam_binding",
        "google_bigtable_table_iam_member",
        "google_bigtable_table_iam_policy",
        "google_cloud_tasks_queue_iam_binding",
        "google_cloud_tasks_queue_iam_member",
        "google_cloud_tasks_queue_iam_policy",
        "google_dataproc_cluster_iam_binding",
        "google_dataproc_cluster_iam_member",
        "google_dataproc_cluster_iam_policy",
        "google_folder_iam_binding",
        "google_folder_iam_member",
        "google_folder_iam_policy",
        "google_kms_crypto_key_iam_binding",
        "google_kms_crypto_key_iam_member",
        "google_kms_crypto_key_iam_policy",
        "google_kms_key_ring_iam_binding",
        "google_kms_key_ring_iam_member",
        "google_kms_key_ring_iam_policy",
        "google_organization_iam_binding",
        "google_organization_iam_member",
        "google_organization_iam_policy",
        "google_project_iam_binding",
        "google_project_iam_member",
        "google_project_iam_policy",
        "google_pubsub_schema_iam_binding",
        "google_pubsub_schema_iam_member",
        "google_pubsub_schema_iam_policy",
        "google_secret_manager_secret_iam_binding",
        "google_secret_manager_secret_iam_member",
        "google_secret_manager_secret_iam_policy",
        "google_service_account_iam_binding",
        "google_service_account_iam_member",
        "google_service_account_iam_policy",
        "google_sourcerepo_repository_iam_binding",
        "google_sourcerepo_repository_iam_member",
        "google_sourcerepo_repository_iam_policy",
        "google_spanner_database_iam_binding",
        "google_spanner_database_iam_member",
        "google_spanner_database_iam_policy",
        "google_spanner_instance_iam_binding",
        "google_spanner_instance_iam_member",
        "google_spanner_instance_iam_policy",
    ];

    fn check(grant: &Resource, cx: &Context<'_>) {
        match grant.ty.as_str() {
            "google_bigquery_dataset" => {
                for entry in cx.items(grant, &["access"]) {
                    let [group, member, role] =
                        ["special_group", "iam_member", "role"].map(|key| cx.child(entry, key));
                    access(grant, cx, "access", [group, member, role]);
                }
            }
            "google_bigquery_dataset_access" => {
                let [group, member, role] =
                    ["special_group", "iam_member", "role"].map(|key| cx.get(grant, &[key]));
                access(grant, cx, "special_group", [group, member, role]);
            }
            ty => {
                let noun =
                    NOUNS.iter().find(|(start, _)| ty.starts_with(start)).map_or("it", |(_, noun)| noun);
                for open in open_to_everyone(cx, grant) {
                    // Software for everyone is often meant for everyone.
                    let reads = ty.starts_with("google_artifact_registry") && open.role.ends_with(".reader");
                    let severity = if reads { Severity::Medium } else { Severity::Critical };
                    cx.finding(grant, format!("{} has `{}` on {noun}", open.who(), open.role))
                        .at_place(open.key, open.span)
                        .severity(severity)
                        .help("name the service accounts and groups that need it")
                        .report();
                }
            }
        }
    }
}

/// An entry of a dataset's own list.
fn access(dataset: &Resource, cx: &Context<'_>, key: &str, [group, member, role]: [Option<&Value>; 3]) {
    let Some(value) = group.or(member) else { return };
    let who = match value.as_str() {
        Some("allUsers") => "anyone",
        Some("allAuthenticatedUsers") => "anyone with a Google account",
        Some(_) => return,
        None if value.is_unknown() => return cx.unknown(dataset, value, "who has access"),
        None => return,
    };
    let role = role.map_or_else(|| "a role".into(), Value::display);
    cx.finding(dataset, format!("{who} has `{role}` on the dataset"))
        .at_place(format!("{key}/{role}"), value.span)
        .help("name the service accounts and groups that need it")
        .report();
}

#[cfg(test)]
mod tests {
    use super::{NOUNS, PublicGoogleResource};
    use crate::rule::Rule;
    use crate::testing::Build;

    fn findings(ty: &str, properties: &str) -> Vec<String> {
        Build::new().json("grant", ty, properties).findings::<PublicGoogleResource>()
    }

    #[test]
    fn every_type_is_found_in_each_form() {
        for ty in PublicGoogleResource::ON.iter().filter(|ty| ty.contains("_iam_")) {
            assert!(NOUNS.iter().any(|(start, _)| ty.starts_with(start)), "{ty}");
            let grant = match ty.rsplit('_').next().unwrap() {
                "member" => r#"{"role": "roles/x", "member": "WHO"}"#,
                "binding" => r#"{"role": "roles/x", "members": ["WHO"]}"#,
                _ => r#"{"policy_data": {"bindings": [{"role": "roles/x", "members": ["WHO"]}]}}"#,
            };
            for who in ["allUsers", "allAuthenticatedUsers"] {
                assert_eq!(findings(ty, &grant.replace("WHO", who)).len(), 1, "{ty} {who}");
            }
            assert!(findings(ty, &grant.replace("WHO", "domain:acme.example")).is_empty(), "{ty}");
        }
    }

    #[test]
    fn datasets_list_who_has_access() {
        let open = r#"{"access": [{"role": "READER", "special_group": "allAuthenticatedUsers"}, {"role": "OWNER", "user_by_email": "a@acme.example"}]}"#;
        assert_eq!(
            findings("google_bigquery_dataset", open),
            ["grant: anyone with a Google account has `READER` on the dataset"]
        );
        let own = r#"{"role": "READER", "special_group": "projectReaders"}"#;
        assert!(findings("google_bigquery_dataset_access", own).is_empty());
        let member = r#"{"role": "READER", "iam_member": "allUsers"}"#;
        assert_eq!(findings("google_bigquery_dataset_access", member).len(), 1);
    }
}
