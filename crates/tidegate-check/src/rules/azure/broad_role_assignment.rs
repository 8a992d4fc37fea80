//! Owner, contributor and the like of a whole subscription.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Piece, Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// `Owner`, `Contributor`, `User Access Administrator` or `Role Based Access Control Administrator`, assigned on a
    /// subscription or management group, or to the identity of a function app on a resource group.
    ///
    /// ## Why it matters
    /// Whoever breaks into what has the role changes everything in the subscription; with all but `Contributor` it also
    /// gives itself every other right.
    ///
    /// ## Example
    /// ```hcl,finding
    /// resource "azurerm_role_assignment" "worker" {
    ///   scope                = "/subscriptions/00000000-0000-0000-0000-000000000000"
    ///   role_definition_name = "Contributor"
    ///   principal_id         = "11111111-1111-1111-1111-111111111111"
    /// }
    /// ```
    ///
    /// ## Instead
    /// ```hcl,clean
    /// resource "azurerm_role_assignment" "worker" {
    ///   scope                = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.ServiceBus/namespaces/orders"
    ///   role_definition_name = "Azure Service Bus Data Sender"
    ///   principal_id         = "11111111-1111-1111-1111-111111111111"
    /// }
    /// ```
    ///
    /// ## Limits
    /// Whose the principal is shows only where it refers to a declared function app. Custom roles aren't looked at.
    BroadRoleAssignment {
        id: "broad-role-assignment",
        title: "power over a whole subscription",
        severity: High,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-AZ-017"],
        threats: ["T22"],
        profiles: [Baseline],
        why: "whoever breaks into one part has all of the subscription",
    }
}

/// Built-in roles by name and by the end of their id.
const ROLES: &[(&str, &str)] = &[
    ("Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),
    ("Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c"),
    ("User Access Administrator", "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"),
    ("Role Based Access Control Administrator", "f58310d9-a9f6-439a-9e8d-f62e7b41a168"),
];

impl Rule for BroadRoleAssignment {
    const ON: &'static [&'static str] = &["azurerm_role_assignment"];

    fn check(assignment: &Resource, cx: &Context<'_>) {
        let named = cx.get(assignment, &["role_definition_name"]);
        let by_id = cx.get(assignment, &["role_definition_id"]);
        let name = named.and_then(Value::as_text);
        let id = by_id.and_then(Value::as_text);
        let is = |(own, end): &&(&str, &str)| {
            name.as_ref().is_some_and(|n| n.eq_ignore_ascii_case(own))
                || id.as_ref().is_some_and(|i| i.to_ascii_lowercase().ends_with(end))
        };
        let Some((role, _)) = ROLES.iter().find(is) else {
            for value in [named, by_id].into_iter().flatten().filter(|v| v.is_unknown()) {
                cx.unknown(assignment, value, "the role");
            }
            return;
        };
        let Some(scope) = cx.get(assignment, &["scope"]) else { return };
        let severity = match reach(cx, &scope.pieces()) {
            Some(Scope::Subscription) => Severity::High,
            Some(Scope::Group) if is_of_function(cx, assignment) => Severity::Medium,
            Some(_) => return,
            None => return cx.unknown(assignment, scope, "the scope"),
        };
        let message = format!("`{}` assigns `{role}` on more than one resource", assignment.logical_id);
        cx.finding(assignment, message)
            .at(&["scope"])
            .severity(severity)
            .help("assign a role for data on the one resource, such as `Azure Service Bus Data Sender`")
            .report();
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Scope {
    Subscription,
    Group,
    Resource,
}

fn reach(cx: &Context<'_>, pieces: &[Piece]) -> Option<Scope> {
    if let [Piece::Reference(reference)] = pieces {
        let ty = cx.system.resource(&reference.target).map(|r| r.ty.as_str())?;
        return Some(match ty {
            "azurerm_subscription" | "azurerm_management_group" => Scope::Subscription,
            "azurerm_resource_group" => Scope::Group,
            _ => Scope::Resource,
        });
    }
    let text: String = pieces.iter().map(|p| if let Piece::Text(t) = p { t.as_str() } else { "x" }).collect();
    if let [Piece::Symbol(symbol)] = pieces {
        let data = symbol.name.starts_with("data.azurerm_subscription.");
        return data.then_some(Scope::Subscription);
    }
    let lower = text.to_ascii_lowercase();
    let parts: Vec<&str> = lower.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["subscriptions", _] | ["providers", "microsoft.management", "managementgroups", _] => {
            Some(Scope::Subscription)
        }
        ["subscriptions", _, "resourcegroups", _] => Some(Scope::Group),
        ["subscriptions", ..] => Some(Scope::Resource),
        _ => None,
    }
}

fn is_of_function(cx: &Context<'_>, assignment: &Resource) -> bool {
    let principal = cx.get(assignment, &["principal_id"]);
    let references = principal.map(Value::references).unwrap_or_default();
    references.iter().any(|(reference, _)| {
        let target = cx.system.resource(&reference.target);
        target.is_some_and(|r| r.ty.contains("function_app") || r.ty.contains("logic_app"))
    })
}

#[cfg(test)]
mod tests {
    use super::BroadRoleAssignment;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn severities(scope: &str, role: &str) -> Vec<Severity> {
        let properties = format!(
            r#"{{"scope": "{scope}", {role}, "principal_id": {{"Fn::GetAtt": ["app", "principal_id"]}}}}"#
        );
        let build = Build::new().json("app", "azurerm_linux_function_app", "{}").json(
            "grant",
            "azurerm_role_assignment",
            &properties,
        );
        build.run::<BroadRoleAssignment>().findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn scopes_and_roles() {
        let owner = r#""role_definition_name": "Owner""#;
        assert_eq!(severities("/subscriptions/1", owner), [Severity::High]);
        assert_eq!(severities("/subscriptions/1/resourceGroups/a", owner), [Severity::Medium]);
        assert!(severities("/subscriptions/1/resourceGroups/a/providers/x/y/z", owner).is_empty());
        assert!(severities("/subscriptions/1", r#""role_definition_name": "Reader""#).is_empty());
        let id = r#""role_definition_id": "/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c""#;
        assert_eq!(severities("/providers/Microsoft.Management/managementGroups/m", id), [Severity::High]);
    }
}
