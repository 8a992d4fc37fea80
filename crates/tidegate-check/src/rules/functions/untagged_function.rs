//! A function of which nobody knows whose it is.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Resource, Value};

declare_rule! {
    /// ## What it finds
    /// A function without a tag of its own.
    ///
    /// ## Why it matters
    /// Tags say whose a function is: whom to call when it is attacked, and who pays for it.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/orders
    ///       Runtime: python3.13
    ///       Handler: orders.handler
    ///       Code: {ZipFile: "def handler(event, context): pass"}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/orders
    ///       Runtime: python3.13
    ///       Handler: orders.handler
    ///       Code: {ZipFile: "def handler(event, context): pass"}
    ///       Tags: [{Key: team, Value: orders}]
    /// ```
    ///
    /// ## Limits
    /// Tags given to the whole stack at deployment are not seen, so this is an opinion. The tag that SAM adds does not
    /// count.
    UntaggedFunction {
        id: "untagged-function",
        title: "function without tags",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-031",
            "kics:8df8e857-bd59-44fa-9f4c-d77594b95b46", "kics:f99d3482-fa8c-4f79-bad9-35212dded164"],
        threats: ["T53"],
        profiles: [],
        why: "nobody knows whose function it is",
    }
}

impl Rule for UntaggedFunction {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        let tags = cx.items(function, &["Tags"]);
        if let Some(unknown) = tags.iter().find(|tag| tag.as_map().is_none()) {
            return cx.unknown(function, unknown, "`Tags`");
        }
        let own = |tag: &&Value| {
            cx.child(tag, "Key").and_then(Value::as_str) != Some("lambda:createdBy")
                && tag.as_map().is_some_and(|map| !map.is_empty())
        };
        if !tags.iter().any(own) {
            cx.finding(function, format!("`{}` has no tags", function.logical_id))
                .at(&["Tags"])
                .help("say in `Tags` whose function it is")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UntaggedFunction;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("R", "AWS::Lambda::Function", properties).findings::<UntaggedFunction>().len()
    }

    #[test]
    fn bad() {
        for properties in
            [r##"{}"##, r##"{"Tags": []}"##, r##"{"Tags": [{"Key": "lambda:createdBy", "Value": "SAM"}]}"##]
        {
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        {
            let properties = r##"{"Tags": [{"Key": "team", "Value": "orders"}]}"##;
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
