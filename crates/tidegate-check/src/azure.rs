//! What rules on the messaging services of Azure share.

use crate::Context;
use tidegate_graph::{Fix, Resource, Severity};

/// Reports a namespace, topic or domain that takes keys instead of identities, or that the internet reaches. Both are the
/// provider's default. `what` is the resource in words: "the topic".
pub(crate) fn keys_and_network(cx: &Context<'_>, resource: &Resource, what: &str, local_auth: &str) {
    const NETWORK: &str = "public_network_access_enabled";
    for (key, severity, message, title) in [
        (local_auth, Severity::High, "opens with a shared key", "take identities alone"),
        (NETWORK, Severity::Medium, "is reachable from the internet", "shut the internet out"),
    ] {
        match cx.get(resource, &[key]).map(|value| (value, value.as_bool())) {
            Some((_, Some(false))) => {}
            Some((value, None)) => cx.unknown(resource, value, &format!("`{key}`")),
            None | Some((_, Some(true))) => cx
                .finding(resource, format!("{what} {message}"))
                .at(&[key])
                .severity(severity)
                .help(format!("set `{key} = false`"))
                .fix(Fix::risky(title).set(&resource.id, &[key], false))
                .report(),
        }
    }
}

/// Reports one without a managed identity.
pub(crate) fn identity(cx: &Context<'_>, resource: &Resource, what: &str) {
    if cx.items(resource, &["identity"]).is_empty() {
        cx.finding(resource, format!("{what} has no managed identity"))
            .at(&["identity"])
            .severity(Severity::Low)
            .help("add `identity { type = \"SystemAssigned\" }`")
            .report();
    }
}

/// Reports one that takes connections with TLS 1.0 or 1.1. Absent is 1.2, the provider's default.
pub(crate) fn transport(cx: &Context<'_>, resource: &Resource, what: &str) {
    let Some(value) = cx.get(resource, &["minimum_tls_version"]) else { return };
    match value.as_text().as_deref() {
        None => cx.unknown(resource, value, "`minimum_tls_version`"),
        Some("1.0" | "1.1") => cx
            .finding(resource, format!("{what} accepts old TLS"))
            .at(&["minimum_tls_version"])
            .severity(Severity::Medium)
            .help("set `minimum_tls_version = \"1.2\"`")
            .report(),
        Some(_) => {}
    }
}
