//! An identity that has roles in more than one subscription.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use std::collections::BTreeSet;
use tidegate_graph::{Resource, Severity, Value};
use tidegate_read::subscription_of;

declare_rule! {
    /// ## What it finds
    /// A managed identity or app that has roles in two or more subscriptions. The severity is medium where a role may assign
    /// others or change everything, and low otherwise.
    ///
    /// ## Why it matters
    /// Subscriptions are what keeps live from test and one team from another. Whoever breaks into what runs as the identity
    /// is in all of them.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_user_assigned_identity" "worker" {
    ///   name                = "worker"
    ///   resource_group_name = "shop"
    ///   location            = "westeurope"
    /// }
    /// resource "azurerm_role_assignment" "own" {
    ///   scope                = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop"
    ///   role_definition_name = "Reader"
    ///   principal_id         = azurerm_user_assigned_identity.worker.principal_id
    /// }
    /// resource "azurerm_role_assignment" "other" {
    ///   scope                = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/ledger"
    ///   role_definition_name = "Contributor"
    ///   principal_id         = azurerm_user_assigned_identity.worker.principal_id
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_user_assigned_identity" "worker" {
    ///   name                = "worker"
    ///   resource_group_name = "shop"
    ///   location            = "westeurope"
    /// }
    /// resource "azurerm_role_assignment" "own" {
    ///   scope                = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop"
    ///   role_definition_name = "Contributor"
    ///   principal_id         = azurerm_user_assigned_identity.worker.principal_id
    /// }
    /// ```
    ///
    /// ## Limits
    /// Only scopes that are written out name their subscription; which one the provider works in isn't known.
    IdentityAcrossSubscriptions {
        id: "identity-across-subscriptions",
        title: "identity with roles in several subscriptions",
        severity: Medium,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-AZ-018"],
        threats: ["T22"],
        profiles: [Baseline],
        why: "whoever breaks into one subscription is in all of them",
    }
}

const ASSIGNMENT: &str = "azurerm_role_assignment";

impl Rule for IdentityAcrossSubscriptions {
    const ON: &'static [&'static str] = &[
        "azurerm_container_app",
        "azurerm_function_app",
        "azurerm_function_app_flex_consumption",
        "azurerm_linux_function_app",
        "azurerm_linux_web_app",
        "azurerm_logic_app_standard",
        "azurerm_user_assigned_identity",
        "azurerm_windows_function_app",
        "azurerm_windows_web_app",
    ];

    fn check(identity: &Resource, cx: &Context<'_>) {
        let mut all = BTreeSet::new();
        let mut strong = None;
        let assignments = cx.referrers(identity, ASSIGNMENT, "principal_id");
        for assignment in &assignments {
            let Some((id, _)) = cx.get(assignment, &["scope"]).and_then(subscription_of) else { continue };
            all.insert(id);
            let role = cx.get(assignment, &["role_definition_name"]).and_then(Value::as_text);
            let is_strong = |role: &str| {
                matches!(role, "Owner" | "Contributor" | "User Access Administrator")
                    || role.starts_with("Role Based Access Control")
            };
            strong = strong.or(role.filter(|role| is_strong(role)));
        }
        if all.len() < 2 {
            return;
        }
        let with = strong.as_ref().map(|role| format!(", `{role}` among them")).unwrap_or_default();
        let message = format!("`{}` has roles in {} subscriptions{with}", identity.logical_id, all.len());
        let mut report = cx
            .finding(identity, message)
            .severity(if strong.is_some() { Severity::Medium } else { Severity::Low })
            .help("give each subscription an identity of its own");
        for assignment in assignments {
            report =
                report.related(Some(assignment.span), format!("`{}` assigns one", assignment.logical_id));
        }
        report.report();
    }
}

#[cfg(test)]
mod tests {
    use super::IdentityAcrossSubscriptions;
    use crate::testing::{Build, reference, text};

    fn findings(scopes: [&str; 2], role: &str) -> Vec<String> {
        let mut build = Build::new().add("worker", "azurerm_user_assigned_identity", &[]);
        for (n, scope) in scopes.iter().enumerate() {
            let properties = [
                ("scope", text(scope)),
                ("role_definition_name", text(role)),
                ("principal_id", reference("worker", "principal_id")),
            ];
            build = build.add(&format!("a{n}"), "azurerm_role_assignment", &properties);
        }
        build.findings::<IdentityAcrossSubscriptions>()
    }

    #[test]
    fn two_subscriptions_are_two_and_one_is_one() {
        assert_eq!(
            findings(["/subscriptions/a/resourceGroups/x", "/subscriptions/b"], "Owner"),
            ["worker: `worker` has roles in 2 subscriptions, `Owner` among them"]
        );
        assert_eq!(
            findings(["/subscriptions/a", "/subscriptions/b"], "Reader"),
            ["worker: `worker` has roles in 2 subscriptions"]
        );
        assert!(findings(["/subscriptions/A/resourceGroups/x", "/subscriptions/a"], "Owner").is_empty());
    }
}
