//! A condition that holds for requests without a value.

use crate::Context;
use crate::policies::{DOCUMENT_TYPES, Document, documents};
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Data, Fix, Map, Piece, Resource, Value, World};
use tidegate_iam::Catalogue;
use tidegate_iam::inclusion::{Inclusion, includes};
use tidegate_iam::lint::{self, OpenSet};
use tidegate_iam::policy::Reader;

declare_rule! {
    /// ## What it finds
    /// A statement that allows with `ForAllValues:` and doesn't ask for a value besides.
    ///
    /// ## Why it matters
    /// Of nothing, all is true: a request that has no value of that key at all meets the condition. A caller who leaves out his tags
    /// passes a check of tags.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: sqs:CreateQueue
    ///             Resource: "*"
    ///             Condition:
    ///               ForAllValues:StringEquals: {"aws:TagKeys": [team, stage]}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: sqs:CreateQueue
    ///             Resource: "*"
    ///             Condition:
    ///               ForAllValues:StringEquals: {"aws:TagKeys": [team, stage]}
    ///               "Null": {"aws:TagKeys": "false"}
    /// ```
    ///
    /// ## Limits
    /// Where requests without a value are meant to pass, accept the finding. Negated operators are passed over. The fix adds
    /// the condition of `Null`; it is offered only where the statement is proven to allow nothing new by it. It is applied
    /// when asked for, since callers who send no value are turned away.
    SetThatMayBeEmpty {
        id: "set-that-may-be-empty",
        title: "condition that holds for requests without a value",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-POL-010"],
        threats: ["T22"],
        profiles: [Baseline],
        why: "whoever sends no value at all is let in",
    }
}

impl Rule for SetThatMayBeEmpty {
    const ON: &'static [&'static str] = DOCUMENT_TYPES;

    fn check(resource: &Resource, cx: &Context<'_>) {
        for document in documents(cx, resource) {
            for set in lint::open_sets(&document.reading(cx)) {
                let fix = fix(cx, resource, &document, &set);
                let remark = set.remark;
                cx.finding(resource, format!("`{}`: {}", resource.logical_id, remark.message))
                    .at_place(format!("{}/{}", document.key, remark.key), remark.span)
                    .help(remark.help)
                    .fix(fix)
                    .report();
            }
        }
    }
}

/// Asks for a value besides; `None` where that isn't proven to allow nothing new.
fn fix(cx: &Context<'_>, resource: &Resource, document: &Document<'_>, set: &OpenSet) -> Option<Fix> {
    let null = set.null.as_deref()?;
    let list = cx.child(document.value, "Statement")?;
    let statement = *cx.world.items(list).get(set.statement)?;
    let guarded = with_guard(statement, null, &set.name)?;
    if !restricts(statement, &guarded) {
        return None;
    }
    let number = set.statement.to_string();
    let mut keys: Vec<&str> = document.path.iter().map(String::as_str).collect();
    keys.push("Statement");
    if matches!(list.data, Data::List(_)) {
        keys.push(&number);
    }
    keys.extend(["Condition", null, &set.name]);
    Some(Fix::risky("ask for a value besides").set(&resource.id, &keys, "false"))
}

/// The statement with one condition more.
fn with_guard(statement: &Value, null: &str, name: &str) -> Option<Value> {
    let mut map = statement.as_map()?.clone();
    let mut conditions = map.get("Condition")?.as_map()?.clone();
    let mut nulls = conditions.get(null).map_or_else(|| Some(Map::new()), |v| v.as_map().cloned())?;
    let span = statement.span;
    nulls.insert(name, Value::text("false", span));
    conditions.insert(null, Value::map(nulls, span));
    map.insert("Condition", Value::map(conditions, span));
    Some(Value::map(map, span))
}

/// True if whatever the new statement allows is allowed by the old one.
fn restricts(old: &Value, new: &Value) -> bool {
    let resolve = |piece: &Piece| match piece {
        Piece::Text(text) => Some(text.to_string()),
        _ => None,
    };
    // Both hang on the same choices, so it is all the same which branch is taken.
    let reader = Reader::new(World::default(), &resolve);
    let document = |statement: &Value| {
        let span = statement.span;
        let version = Value::text("2012-10-17", span);
        Value::object([("Version", version), ("Statement", Value::list(vec![statement.clone()], span))], span)
    };
    let known = |prefix: &str| {
        let service = Catalogue::current().service(prefix);
        let actions = service.into_iter().flat_map(tidegate_iam::catalogue::Service::actions);
        actions.map(|action| format!("{prefix}:{}", action.name).into()).collect()
    };
    let (old, new) = (reader.policy("old", &document(old)), reader.policy("new", &document(new)));
    includes(&old, &new, &known) == Inclusion::Proven
}

#[cfg(test)]
mod tests {
    use super::SetThatMayBeEmpty;
    use crate::testing::Build;

    fn findings(statement: &str) -> Vec<String> {
        let policy =
            format!(r#"{{"PolicyDocument": {{"Version": "2012-10-17", "Statement": {statement}}}}}"#);
        Build::new().json("P", "AWS::IAM::Policy", &policy).findings::<SetThatMayBeEmpty>()
    }

    #[test]
    fn guarded_and_not() {
        let with = |c: &str| {
            findings(&format!(
                r#"{{"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": {c}}}"#
            ))
        };
        assert_eq!(
            with(r#"{"ForAllValues:StringLike": {"aws:TagKeys": "a*"}}"#),
            ["P: `P`: a request without `aws:TagKeys` passes `ForAllValues:StringLike`"]
        );
        assert!(
            with(r#"{"ForAllValues:StringLike": {"aws:TagKeys": "a*"}, "Null": {"aws:TagKeys": false}}"#)
                .is_empty()
        );
    }
}
