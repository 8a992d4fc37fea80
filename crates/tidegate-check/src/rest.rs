//! What rules on APIs share.

use crate::Context;
use crate::access::open_among;
use tidegate_graph::{Resource, Value};

/// True for an API that strangers can't reach whatever its methods say: private ones, and those whose resource policy
/// names its callers.
pub(crate) fn lets_only_chosen_callers_in(cx: &Context<'_>, api: &Resource) -> bool {
    let types = cx.items(api, &["EndpointConfiguration", "Types"]);
    if !types.is_empty() && types.iter().all(|t| t.as_str() == Some("PRIVATE")) {
        return true;
    }
    let in_body = cx.get(api, &["Body"]).and_then(|body| cx.child(body, "x-amazon-apigateway-policy"));
    let Some(policy) = cx.get(api, &["Policy"]).or(in_body) else { return false };
    if policy.as_map().is_none() {
        cx.unknown(api, policy, "the resource policy");
        return false;
    }
    let statements = cx.statements_of(policy, "Policy");
    !statements.is_empty() && open_among(cx, api, statements).is_empty()
}

/// The first few names, in backticks.
pub(crate) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The protocol of an HTTP or WebSocket API, if it is known.
pub(crate) fn protocol<'r>(cx: &Context<'_>, api: &'r Resource) -> Option<&'r str> {
    let said = cx.get(api, &["ProtocolType"]).and_then(Value::as_str);
    // An API that is imported from OpenAPI is an HTTP API: no other can be.
    said.or_else(|| (cx.get(api, &["Body"]).or_else(|| cx.get(api, &["BodyS3Location"]))).map(|_| "HTTP"))
}
