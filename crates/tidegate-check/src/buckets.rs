//! What policies of buckets give to every principal: one walk for the rules that speak of it, so that each statement is
//! reported once.

use crate::Context;
use crate::access::{Reach, judged};
use crate::context::Placed;
use tidegate_graph::policy::Principal;
use tidegate_graph::{Resource, Span, Value};

/// A statement that allows every principal something.
#[derive(Clone, Debug)]
pub(crate) struct ForEveryone<'r> {
    /// The statement.
    pub(crate) placed: Placed<'r>,
    /// True if nothing keeps strangers out: no condition, no `Deny`, no block on the bucket.
    pub(crate) open: bool,
    /// It gets or lists.
    pub(crate) reads: bool,
    /// It puts, deletes or restores.
    pub(crate) writes: bool,
}

/// Where to point: at the statement, or at the policy when the statement stands outside of it, in a data source.
pub(crate) fn place(cx: &Context<'_>, policy: &Resource, placed: &Placed<'_>) -> Span {
    let statement = placed.statement.span;
    let Some(document) = cx.get(policy, &["PolicyDocument"]).map(|d| d.span) else { return statement };
    let within =
        document.file == statement.file && document.start <= statement.start && statement.end <= document.end;
    if within { statement } else { document }
}

/// The statements of a bucket policy that allow every principal something.
pub(crate) fn for_everyone<'r>(cx: &Context<'_>, policy: &'r Resource) -> Vec<ForEveryone<'r>> {
    let restricted = restricted(cx, policy);
    let statements = judged(cx, cx.statements(policy, &["PolicyDocument"]));
    let everyone = statements.into_iter().filter(|(placed, _)| {
        placed.statement.allows() && placed.statement.principals.iter().any(Principal::is_anyone)
    });
    everyone
        .map(|(placed, reach)| ForEveryone {
            open: reach == Reach::Anyone && !restricted,
            reads: does(&placed, &["Get", "List"]),
            writes: does(&placed, &["Put", "Delete", "Restore"]),
            placed,
        })
        .collect()
}

/// The bucket of a policy, if it was read.
pub(crate) fn bucket<'a>(cx: &Context<'a>, policy: &Resource) -> Option<&'a Resource> {
    cx.get(policy, &["Bucket"]).and_then(|v| cx.target(policy, v, "AWS::S3::Bucket"))
}

/// True if the bucket ignores policies that let strangers in.
pub(crate) fn restricted(cx: &Context<'_>, policy: &Resource) -> bool {
    let block = ["PublicAccessBlockConfiguration", "RestrictPublicBuckets"];
    bucket(cx, policy).and_then(|b| cx.get(b, &block)).and_then(Value::as_bool) == Some(true)
}

/// True if an action is every action, or begins with one of these verbs.
fn does(placed: &Placed<'_>, verbs: &[&str]) -> bool {
    placed.statement.actions.iter().any(|action| {
        let name = action.as_str().unwrap_or_default();
        let name = name.rsplit(':').next().unwrap_or_default();
        name == "*" || verbs.iter().any(|verb| name.starts_with(verb))
    })
}
