//! A storage account of Azure that is easier to get into than it should be.

use super::weak_function_app_transport::FUNCTION_APPS;
use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Fix, Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A storage account that accepts plain HTTP (high) or TLS below 1.2 (medium), whose containers may be made public (medium; the provider's
    /// default), or, when a function app keeps its code and state there, that opens with a shared key (medium; the default
    /// as well). Each is a finding of its own.
    ///
    /// ## Why it matters
    /// The storage of a function app holds its code, its keys and its queues. Who has the account's shared key changes the
    /// code and runs it with the app's identity; a container that somebody makes public shows what lies in it to everyone.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_storage_account" "orders" {
    ///   name                            = "orders"
    ///   https_traffic_only_enabled      = false
    ///   allow_nested_items_to_be_public = false
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_storage_account" "orders" {
    ///   name                            = "orders"
    ///   https_traffic_only_enabled      = true
    ///   allow_nested_items_to_be_public = false
    ///   shared_access_key_enabled       = false
    /// }
    /// ```
    ///
    /// ## Limits
    /// Network rules that keep strangers from a public container aren't counted.
    WeakStorageAccount {
        id: "weak-storage-account",
        title: "storage account that is easy to get into",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-AZ-009",
            "CKV_AZURE_190",
            "CKV_AZURE_59",
            "CKV_AZURE_3",
            "CKV2_AZURE_40",
            "trivy:AVD-AZU-0007",
            "trivy:AVD-AZU-0008",
            "trivy:AVD-AZU-0011",
            "kics:12944ec4-1fa0-47be-8b17-42a034f937c2",
            "kics:17f75827-0684-48f4-8747-61129c7e4198",
            "kics:8263f146-5e03-43e0-9cfe-db960d56d1e7",
        ],
        threats: ["T31", "T35", "T49"],
        profiles: [Baseline],
        why: "code, keys and messages of the functions lie there",
    }
}

impl Rule for WeakStorageAccount {
    const ON: &'static [&'static str] = &["azurerm_storage_account"];

    fn check(account: &Resource, cx: &Context<'_>) {
        let weak = |key: &str, bad: bool, default: bool| -> Option<bool> {
            let Some(value) = cx.get(account, &[key]) else { return default.then_some(true) };
            if value.as_bool().is_none() {
                cx.unknown(account, value, &format!("`{key}`"));
            }
            value.as_bool().map(|is| is == bad)
        };
        let report = |key: &str, severity, message: String, good: bool, peers: &[&'static str]| {
            cx.finding(account, message)
                .at(&[key])
                .severity(severity)
                .unlike(&others(peers))
                .help(format!("set `{key} = {good}`"))
                .fix(Fix::risky(format!("set `{key}`")).set(&account.id, &[key], good))
                .report();
        };
        if let Some(version) = cx.get(account, &["min_tls_version"]) {
            match version.as_str() {
                None => cx.unknown(account, version, "`min_tls_version`"),
                Some("TLS1_0" | "TLS1_1") => cx
                    .finding(account, "the storage account accepts old TLS")
                    .at(&["min_tls_version"])
                    .severity(Severity::Medium)
                    .unlike(&others(OLD_TLS))
                    .help("set `min_tls_version = \"TLS1_2\"`")
                    .fix(Fix::risky("ask for TLS 1.2").set(&account.id, &["min_tls_version"], "TLS1_2"))
                    .report(),
                Some(_) => {}
            }
        }
        // The second name is that of older provider versions.
        for key in ["https_traffic_only_enabled", "enable_https_traffic_only"] {
            if weak(key, false, false) == Some(true) {
                report(
                    key,
                    Severity::High,
                    "the storage account accepts unencrypted requests".into(),
                    true,
                    PLAIN_HTTP,
                );
            }
        }
        let older = cx.get(account, &["allow_blob_public_access"]).is_some();
        let key = if older { "allow_blob_public_access" } else { "allow_nested_items_to_be_public" };
        if weak(key, true, !older) == Some(true) {
            report(
                key,
                Severity::Medium,
                "containers of the storage account may be made public".into(),
                false,
                if older { PUBLIC_BLOBS } else { NESTED_PUBLIC },
            );
        }
        let users: Vec<&Resource> =
            ["storage_account_name", "storage_account_access_key", "storage_container_endpoint"]
                .iter()
                .flat_map(|path| FUNCTION_APPS.iter().flat_map(|ty| cx.referrers(account, ty, path)))
                .collect();
        if let Some(app) = users.first()
            && weak("shared_access_key_enabled", true, true) == Some(true)
        {
            let message = format!("who has the account's key changes the code of `{}`", app.logical_id);
            report("shared_access_key_enabled", Severity::Medium, message, false, SHARED_KEY);
        }
    }
}

/// What peers call the same, finding by finding.
const PLAIN_HTTP: &[&str] =
    &["CKV_AZURE_3", "trivy:AVD-AZU-0008", "kics:12944ec4-1fa0-47be-8b17-42a034f937c2"];
const OLD_TLS: &[&str] = &["trivy:AVD-AZU-0011", "kics:8263f146-5e03-43e0-9cfe-db960d56d1e7"];
const NESTED_PUBLIC: &[&str] = &["CKV_AZURE_59", "CKV_AZURE_190", "trivy:AVD-AZU-0007"];
const PUBLIC_BLOBS: &[&str] =
    &["CKV_AZURE_59", "CKV_AZURE_190", "trivy:AVD-AZU-0007", "kics:17f75827-0684-48f4-8747-61129c7e4198"];
const SHARED_KEY: &[&str] = &["CKV2_AZURE_40"];

/// The peers' ids that a finding with `peers` does not stand for.
fn others(peers: &[&'static str]) -> Vec<&'static str> {
    [PLAIN_HTTP, OLD_TLS, PUBLIC_BLOBS, SHARED_KEY]
        .concat()
        .into_iter()
        .filter(|id| !peers.contains(id))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::WeakStorageAccount;
    use crate::testing::{Build, reference};
    use tidegate_graph::Severity;

    fn severities(properties: &str) -> Vec<Severity> {
        let build = Build::new().json("orders", "azurerm_storage_account", properties);
        build.run::<WeakStorageAccount>().findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn plain_http_and_public_containers() {
        assert_eq!(severities("{}"), [Severity::Medium]);
        assert_eq!(
            severities(r#"{"https_traffic_only_enabled": false, "allow_nested_items_to_be_public": true}"#),
            [Severity::Medium, Severity::High]
        );
        assert!(severities(r#"{"allow_nested_items_to_be_public": false}"#).is_empty());
        assert!(severities(r#"{"allow_blob_public_access": false}"#).is_empty());
        let old = r#"{"allow_blob_public_access": false, "min_tls_version": "TLS1_1"}"#;
        assert_eq!(severities(old), [Severity::Medium]);
    }

    #[test]
    fn the_shared_key_of_a_function_app() {
        let run = |properties: &str| {
            Build::new()
                .json("store", "azurerm_storage_account", properties)
                .add(
                    "app",
                    "azurerm_linux_function_app",
                    &[("storage_account_name", reference("store", "name"))],
                )
                .findings::<WeakStorageAccount>()
        };
        assert_eq!(
            run(r#"{"allow_nested_items_to_be_public": false}"#),
            ["store: who has the account's key changes the code of `app`"]
        );
        assert!(
            run(r#"{"allow_nested_items_to_be_public": false, "shared_access_key_enabled": false}"#)
                .is_empty()
        );
    }
}
