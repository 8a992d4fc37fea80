//! What IAM resources of Google Cloud let everyone do.

use crate::Context;
use tidegate_graph::{Resource, Span, Value};

/// A role that is given to everyone.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    /// The role, if it is known.
    pub(crate) role: String,
    /// True for everyone at all, false for everyone with a Google account.
    pub(crate) anonymous: bool,
    /// Keys of the place, joined by `/`.
    pub(crate) key: String,
    /// The place.
    pub(crate) span: Span,
}

impl Open {
    /// In words: `anyone`.
    pub(crate) fn who(&self) -> &'static str {
        if self.anonymous { "anyone" } else { "anyone with a Google account" }
    }
}

/// What an `..._iam_member`, `..._iam_binding` or `..._iam_policy` gives to everyone. Reports what isn't known.
pub(crate) fn open_to_everyone(cx: &Context<'_>, resource: &Resource) -> Vec<Open> {
    let mut out = Vec::new();
    let role = |value: Option<&Value>| value.map_or_else(|| "a role".into(), Value::display);
    if resource.ty.ends_with("_iam_policy") {
        let Some(policy) = cx.get(resource, &["policy_data"]) else { return out };
        if policy.as_map().is_none() {
            cx.unknown(resource, policy, "the policy");
            return out;
        }
        for binding in cx.child(policy, "bindings").map(|b| cx.world.items(b)).unwrap_or_default() {
            // A condition on the caller can't be met by everyone, but most are on time or name.
            let role = role(cx.child(binding, "role"));
            for member in cx.child(binding, "members").map(|m| cx.world.items(m)).unwrap_or_default() {
                add(cx, resource, member, &role, &format!("policy_data/{role}"), &mut out);
            }
        }
        return out;
    }
    let role = role(cx.get(resource, &["role"]));
    for key in ["member", "members"] {
        for member in cx.items(resource, &[key]) {
            add(cx, resource, member, &role, key, &mut out);
        }
    }
    out
}

/// A role and one to whom it is given.
#[derive(Clone, Debug)]
pub(crate) struct Binding<'r> {
    /// `roles/editor`.
    pub(crate) role: String,
    /// Who; `None` when that isn't known at all.
    pub(crate) member: Option<String>,
    /// Keys of the place, joined by `/`.
    pub(crate) key: String,
    /// The member as it is written.
    pub(crate) value: &'r Value,
}

/// Who has which role by an `..._iam_member`, `..._iam_binding` or `..._iam_policy`. Roles that aren't known are reported.
pub(crate) fn bindings<'r>(cx: &Context<'_>, resource: &'r Resource) -> Vec<Binding<'r>> {
    let mut out = Vec::new();
    let mut add = |role: Option<&Value>, members: Vec<&'r Value>, key: &str| {
        let Some(role) = role else { return };
        let Some(name) = role.as_text() else { return cx.unknown(resource, role, "the role") };
        for value in members {
            let text: String = value.pieces().iter().map(tidegate_graph::Piece::display).collect();
            let member = Some(text).filter(|text| text.contains(':') && !text.starts_with("${"));
            out.push(Binding { role: name.to_string(), member, key: format!("{key}/{name}"), value });
        }
    };
    if resource.ty.ends_with("_iam_policy") {
        let policy = cx.get(resource, &["policy_data"]);
        let bindings = policy.and_then(|policy| cx.child(policy, "bindings"));
        for binding in bindings.map(|b| cx.world.items(b)).unwrap_or_default() {
            let members = cx.child(binding, "members").map(|m| cx.world.items(m)).unwrap_or_default();
            add(cx.child(binding, "role"), members, "policy_data");
        }
        return out;
    }
    for key in ["member", "members"] {
        add(cx.get(resource, &["role"]), cx.items(resource, &[key]), key);
    }
    out
}

fn add(cx: &Context<'_>, resource: &Resource, member: &Value, role: &str, key: &str, out: &mut Vec<Open>) {
    let anonymous = match member.as_str() {
        Some("allUsers") => true,
        Some("allAuthenticatedUsers") => false,
        Some(_) => return,
        None => {
            // `serviceAccount:${...}` is somebody, whoever it is.
            if matches!(member.pieces().as_slice(), [tidegate_graph::Piece::Symbol(_)]) {
                cx.unknown(resource, member, "a member");
            }
            return;
        }
    };
    out.push(Open { role: role.into(), anonymous, key: key.into(), span: member.span });
}
