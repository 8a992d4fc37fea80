//! A way past the alias.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A function with an alias, which a method, route, mapping, rule, subscription or URL starts without it. Functions without
    /// an alias are left alone.
    ///
    /// ## Why it matters
    /// The alias is there so that events meet the version that was released, and so that it can be rolled back. What starts
    /// the function itself gets whatever was uploaded last, at once.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Version:
    ///     Type: AWS::Lambda::Version
    ///     Properties: {FunctionName: !Ref Worker}
    ///   Live:
    ///     Type: AWS::Lambda::Alias
    ///     Properties: {FunctionName: !Ref Worker, FunctionVersion: !GetAtt Version.Version, Name: live}
    ///   Mapping:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties:
    ///       FunctionName: !Ref Worker
    ///       EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:orders
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Code: {ZipFile: "exports.handler = async () => {}"}
    ///   Version:
    ///     Type: AWS::Lambda::Version
    ///     Properties: {FunctionName: !Ref Worker}
    ///   Live:
    ///     Type: AWS::Lambda::Alias
    ///     Properties: {FunctionName: !Ref Worker, FunctionVersion: !GetAtt Version.Version, Name: live}
    ///   Mapping:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties:
    ///       FunctionName: !Ref Live
    ///       EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:orders
    /// ```
    ///
    /// ## Limits
    /// Only references are followed, not names and ARNs that are written out. In Terraform `qualified_arn` isn't told from
    /// `arn`.
    UnqualifiedTarget {
        id: "unqualified-target",
        title: "event that starts whatever was uploaded last",
        severity: Low,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-FN-029"],
        threats: ["T54"],
        profiles: [],
        why: "what was uploaded last runs at once, and a roll back doesn't reach it",
    }
}

const PLACES: &[(&str, &str)] = &[
    ("AWS::ApiGateway::Method", "Integration.Uri"),
    ("AWS::ApiGatewayV2::Integration", "IntegrationUri"),
    ("AWS::Events::Rule", "Targets.Arn"),
    ("AWS::Lambda::EventSourceMapping", "FunctionName"),
    ("AWS::Lambda::Url", "TargetFunctionArn"),
    ("AWS::S3::Bucket", "NotificationConfiguration.LambdaConfigurations.Function"),
    ("AWS::SNS::Subscription", "Endpoint"),
];

impl Rule for UnqualifiedTarget {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        let aliases = cx.referrers(function, "AWS::Lambda::Alias", "FunctionName");
        let Some(alias) = aliases.first() else { return };
        let direct = PLACES.iter().flat_map(|(ty, path)| cx.referrers(function, ty, path));
        let names_function = |resource: &&Resource| {
            // Terraform says the qualifier beside the function's name.
            cx.get(resource, &["Qualifier"]).is_none_or(|qualifier| qualifier.as_str() == Some(""))
        };
        let direct: Vec<&Resource> = direct.filter(names_function).collect();
        let Some(first) = direct.first() else { return };
        let more = match direct.len().saturating_sub(1) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "`{}`{more} starts `{}` past its alias `{}`",
            first.logical_id, function.logical_id, alias.logical_id
        );
        cx.finding(function, message)
            .at_place("alias", first.span)
            .related(Some(alias.span), "the alias")
            .help("let it start the alias")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::UnqualifiedTarget;
    use crate::testing::Build;

    fn findings(target: &str, alias: bool) -> Vec<String> {
        let mapping = format!(r#"{{"FunctionName": {{"Ref": "{target}"}}}}"#);
        let build = Build::new().json("Worker", "AWS::Lambda::Function", "{}").json(
            "Mapping",
            "AWS::Lambda::EventSourceMapping",
            &mapping,
        );
        let alias = if alias {
            build.json("Live", "AWS::Lambda::Alias", r#"{"FunctionName": {"Ref": "Worker"}}"#)
        } else {
            build
        };
        alias.findings::<UnqualifiedTarget>()
    }

    #[test]
    fn past_the_alias() {
        assert_eq!(findings("Worker", true), ["Worker: `Mapping` starts `Worker` past its alias `Live`"]);
    }

    #[test]
    fn through_it_or_none_there() {
        assert!(findings("Live", true).is_empty());
        assert!(findings("Worker", false).is_empty());
    }
}
