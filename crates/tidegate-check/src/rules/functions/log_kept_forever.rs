//! Logs that nobody ever deletes.

use crate::Context;
use crate::rest::listed;
use crate::rule::{Rule, declare_rule};
use std::collections::{BTreeMap, HashSet};
use tidegate_graph::{Fix, Piece, Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A log group without `RetentionInDays`, and functions whose log group isn't declared at all: Lambda then makes one that
    /// keeps everything for ever. The functions of a stack are one finding that lists them.
    ///
    /// ## Why it matters
    /// Logs hold events, and with them personal data that has to go some day; and they cost money for as long as they lie
    /// there. A log group that nobody declared is also one that nobody protects.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       FunctionName: worker
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       FunctionName: worker
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Log:
    ///     Type: AWS::Logs::LogGroup
    ///     Properties:
    ///       LogGroupName: /aws/lambda/worker
    ///       RetentionInDays: 30
    /// ```
    ///
    /// ## Limits
    /// A retention that an account-wide automation sets isn't seen.
    LogKeptForever {
        id: "log-kept-forever",
        title: "log without retention",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-FN-026",
            "TG-LOG-001",
            "CKV_AWS_66",
            "cfn-lint-serverless:WS1004",
            "kics:ef0b316a-211e-42f1-888e-64efe172b755",
            "cdk-nag:Serverless-CloudWatchLogGroupRetentionPeriod",
        ],
        threats: ["T34", "T52"],
        profiles: [],
        why: "events and the personal data in them lie in the log for ever",
    }
}

impl Rule for LogKeptForever {
    const ON: &'static [&'static str] = &["AWS::Logs::LogGroup"];

    fn check(group: &Resource, cx: &Context<'_>) {
        match cx.get(group, &["RetentionInDays"]).map(|days| (days, days.as_i64())) {
            // Terraform writes 0 for "for ever".
            None | Some((_, Some(0))) => {}
            Some((_, Some(_))) => return,
            Some((days, None)) => return cx.unknown(group, days, "`RetentionInDays`"),
        }
        cx.finding(group, "the log is kept for ever")
            .at(&["RetentionInDays"])
            .help("set `RetentionInDays`")
            .fix(Fix::risky("keep it for 30 days").set(&group.id, &["RetentionInDays"], 30))
            .report();
    }

    fn check_system(cx: &Context<'_>) {
        let names: HashSet<(usize, String)> = cx
            .of_type("AWS::Logs::LogGroup")
            .filter_map(|group| Some((group.stack, shown(cx.get(group, &["LogGroupName"])?))))
            .collect();
        let mut without: BTreeMap<usize, Vec<&Resource>> = BTreeMap::new();
        for function in cx.of_type("AWS::Lambda::Function") {
            let has_group = match cx.get(function, &["LoggingConfig", "LogGroup"]) {
                // Whoever names a group has one, here or elsewhere.
                Some(_) => true,
                None => {
                    own_names(function, cx).into_iter().any(|name| names.contains(&(function.stack, name)))
                }
            };
            if !has_group {
                without.entry(function.stack).or_default().push(function);
            }
        }
        for functions in without.into_values() {
            let Some(first) = functions.first() else { continue };
            let names: Vec<String> = functions.iter().map(|f| f.logical_id.to_string()).collect();
            let message = match functions.len() {
                1 => format!("the log of `{}` isn't declared, and is kept for ever", first.logical_id),
                n => format!(
                    "the logs of {n} functions aren't declared, and are kept for ever: {}",
                    listed(&names)
                ),
            };
            cx.finding(first, message)
                .at_place("log groups", first.span)
                .help("declare an `AWS::Logs::LogGroup` with `RetentionInDays` for each, named `/aws/lambda/<function>`")
                .report();
        }
    }
}

/// What the group of a function is called when nobody says otherwise.
fn own_names(function: &Resource, cx: &Context<'_>) -> Vec<String> {
    let by_reference = format!("/aws/lambda/${{{}}}", function.id);
    let by_name = cx.get(function, &["FunctionName"]).map(|name| format!("/aws/lambda/{}", shown(name)));
    std::iter::once(by_reference).chain(by_name).collect()
}

/// A name with what it refers to, so that equal texts are equal names.
fn shown(name: &Value) -> String {
    let piece = |piece: &Piece| -> String {
        match piece {
            Piece::Text(text) => text.to_string(),
            Piece::Reference(reference) => format!("${{{}}}", reference.target),
            Piece::Symbol(symbol) => format!("${{{}}}", symbol.name),
        }
    };
    name.pieces().iter().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::LogKeptForever;
    use crate::testing::{Build, reference, text};
    use tidegate_graph::{Piece, Reference, Span, Value};

    const GROUP: &str = "AWS::Logs::LogGroup";
    const FUNCTION: &str = "AWS::Lambda::Function";

    #[test]
    fn groups_without_retention() {
        let group =
            |properties: &str| Build::new().json("Log", GROUP, properties).findings::<LogKeptForever>();
        assert_eq!(group("{}"), ["Log: the log is kept for ever"]);
        assert_eq!(group(r#"{"RetentionInDays": 0}"#).len(), 1);
        assert!(group(r#"{"RetentionInDays": "30"}"#).is_empty());
    }

    #[test]
    fn functions_of_a_stack_are_one_finding() {
        let build = Build::new().add("One", FUNCTION, &[]);
        assert_eq!(
            build.findings::<LogKeptForever>(),
            ["One: the log of `One` isn't declared, and is kept for ever"]
        );
        assert_eq!(
            build.add("Two", FUNCTION, &[]).findings::<LogKeptForever>(),
            ["One: the logs of 2 functions aren't declared, and are kept for ever: `One`, `Two`"]
        );
    }

    #[test]
    fn a_group_by_name_by_reference_or_by_configuration() {
        let name = Value::template(
            [Piece::Text("/aws/lambda/".into()), Piece::Reference(Reference::plain("t/ByReference"))],
            Span::default(),
        );
        let days = || ("RetentionInDays", text("30"));
        let build = Build::new()
            .add("ByName", FUNCTION, &[("FunctionName", text("worker"))])
            .add("OfName", GROUP, &[("LogGroupName", text("/aws/lambda/worker")), days()])
            .add("ByReference", FUNCTION, &[])
            .add("OfReference", GROUP, &[("LogGroupName", name), days()])
            .add(
                "ByConfiguration",
                FUNCTION,
                &[("LoggingConfig", Value::object([("LogGroup", reference("OfName", ""))], Span::default()))],
            );
        assert!(build.findings::<LogKeptForever>().is_empty());
    }
}
