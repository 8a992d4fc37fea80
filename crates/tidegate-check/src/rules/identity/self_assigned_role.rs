//! Users who sign up and choose their own role.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A client of a user pool with open sign-up through which users may write an attribute that says what they may do:
    /// `custom:role`, `custom:admin`, `custom:groups`, `custom:tenant` and their like. A client without
    /// `WriteAttributes` may write all that the pool's `Schema` declares.
    ///
    /// ## Why it matters
    /// A stranger signs up as administrator, or into another customer's data.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Customers:
    ///     Type: AWS::Cognito::UserPool
    ///     Properties:
    ///       AdminCreateUserConfig: {AllowAdminCreateUserOnly: false}
    ///       Schema:
    ///         - {Name: role, AttributeDataType: String, Mutable: true}
    ///   Web:
    ///     Type: AWS::Cognito::UserPoolClient
    ///     Properties:
    ///       UserPoolId: !Ref Customers
    ///       WriteAttributes: [email, "custom:role"]
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Customers:
    ///     Type: AWS::Cognito::UserPool
    ///     Properties:
    ///       AdminCreateUserConfig: {AllowAdminCreateUserOnly: false}
    ///       Schema:
    ///         - {Name: role, AttributeDataType: String, Mutable: true}
    ///   Web:
    ///     Type: AWS::Cognito::UserPoolClient
    ///     Properties:
    ///       UserPoolId: !Ref Customers
    ///       WriteAttributes: [email]
    /// ```
    ///
    /// ## Limits
    /// Whether the application trusts the attribute isn't known, so only names that plainly say so count. Triggers
    /// before sign-up that check the value aren't seen.
    SelfAssignedRole {
        id: "self-assigned-role",
        title: "role that users choose themselves",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-COG-004",
        ],
        threats: ["T21", "T30"],
        profiles: [Baseline],
        why: "a stranger signs up as administrator",
    }
}

/// What a name holds that says what a user may do.
const TELLING: &[&str] = &[
    "role",
    "admin",
    "group",
    "permission",
    "privilege",
    "scope",
    "tenant",
    "tier",
    "is_staff",
    "entitlement",
];

impl Rule for SelfAssignedRole {
    const ON: &'static [&'static str] = &["AWS::Cognito::UserPoolClient"];

    fn check(client: &Resource, cx: &Context<'_>) {
        let Some(id) = cx.get(client, &["UserPoolId"]) else { return };
        let Some(pool) = cx.target(client, id, "AWS::Cognito::UserPool") else { return };
        let closed = cx.get(pool, &["AdminCreateUserConfig", "AllowAdminCreateUserOnly"]);
        match closed.map(|value| (value, value.as_bool())) {
            Some((_, Some(true))) => return,
            Some((value, None)) => return cx.unknown(client, value, "whether sign-up is open"),
            None | Some((_, Some(false))) => {}
        }
        let found = match cx.get(client, &["WriteAttributes"]) {
            Some(value) if value.is_unknown() => return cx.unknown(client, value, "`WriteAttributes`"),
            Some(value) => cx
                .world
                .items(value)
                .into_iter()
                .filter_map(|item| Some((item.as_str()?.strip_prefix("custom:")?, item.span)))
                .find(|(name, _)| telling(name)),
            None => cx
                .items(pool, &["Schema"])
                .into_iter()
                .filter(|a| cx.child(a, "DeveloperOnlyAttribute").and_then(Value::as_bool) != Some(true))
                .filter_map(|attribute| Some((cx.child(attribute, "Name")?.as_str()?, client.span)))
                .find(|(name, _)| telling(name)),
        };
        let Some((name, span)) = found else { return };
        let message = format!("whoever signs up to `{}` may write `custom:{name}`", pool.logical_id);
        cx.finding(client, message)
            .at_place(format!("WriteAttributes/{name}"), span)
            .related(Some(pool.span), "sign-up is open here")
            .help("list the attributes in `WriteAttributes` without it, or let administrators make the users")
            .report();
    }
}

fn telling(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TELLING.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::SelfAssignedRole;
    use crate::testing::Build;

    fn findings(pool: &str, client: &str) -> usize {
        let client = format!(r#"{{"UserPoolId": {{"Ref": "Pool"}}{client}}}"#);
        Build::new()
            .json("Pool", "AWS::Cognito::UserPool", pool)
            .json("Web", "AWS::Cognito::UserPoolClient", &client)
            .findings::<SelfAssignedRole>()
            .len()
    }

    #[test]
    fn listed_or_all_by_default() {
        assert_eq!(findings("{}", r#", "WriteAttributes": ["custom:isAdmin"]"#), 1);
        assert_eq!(findings(r#"{"Schema": [{"Name": "role"}]}"#, ""), 1);
    }

    #[test]
    fn closed_or_harmless() {
        assert_eq!(findings(r#"{"Schema": [{"Name": "role"}]}"#, r#", "WriteAttributes": ["email"]"#), 0);
        assert_eq!(findings(r#"{"Schema": [{"Name": "nickname"}]}"#, ""), 0);
        let closed =
            r#"{"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": true}, "Schema": [{"Name": "role"}]}"#;
        assert_eq!(findings(closed, ""), 0);
    }
}
