//! Code of strangers within a function.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use std::collections::BTreeMap;
use tidegate_graph::{Piece, Resource, Span, Value};

declare_rule! {
    /// ## What it finds
    /// A layer whose ARN names an account, where that account isn't known to belong to AWS. Each layer is reported once, at
    /// the first function that has it. AWS's own layers that many use (Powertools, Lambda Insights, OpenTelemetry, the SDK for
    /// pandas, the web adapter) are left alone.
    ///
    /// ## Why it matters
    /// A layer runs within the function, with its rights and its secrets, before its own code. Its owner can take it away,
    /// and the next version is whatever the owner, or whoever got into that account, puts there.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Runtime: python3.13
    ///       Handler: index.handler
    ///       Code: {S3Bucket: code, S3Key: worker.zip}
    ///       Layers: [!Sub "arn:aws:lambda:${AWS::Region}:210987654321:layer:fast-json:4"]
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Json:
    ///     Type: AWS::Lambda::LayerVersion
    ///     Properties:
    ///       Content: {S3Bucket: code, S3Key: json.zip}
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/worker
    ///       Runtime: python3.13
    ///       Handler: index.handler
    ///       Code: {S3Bucket: code, S3Key: worker.zip}
    ///       Layers:
    ///         - !Ref Json
    ///         - !Sub arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:layer:ours:4
    /// ```
    ///
    /// ## Limits
    /// One's own account, written out, looks like a stranger's: use the pseudo parameter, or accept the finding. Accept it
    /// too for publishers that you trust; that is the list of allowed ones. Versions are always pinned: an ARN of a layer
    /// without one isn't taken by Lambda.
    ForeignLayer {
        id: "foreign-layer",
        title: "layer from another account",
        severity: Medium,
        confidence: Medium,
        since: "0.1.0",
        aliases: ["TG-FN-020"],
        threats: ["T49"],
        profiles: [],
        why: "its code runs with the function's rights and secrets",
    }
}

/// Accounts from which AWS publishes layers in all regions.
const OF_AWS: &[&str] =
    &["017000801446", "094274105915", "336392948345", "580247275435", "753240598075", "901920570463"];

impl Rule for ForeignLayer {
    fn check_system(cx: &Context<'_>) {
        let mut found: BTreeMap<(String, String), (&Resource, Span, usize, usize)> = BTreeMap::new();
        for function in cx.of_type("AWS::Lambda::Function") {
            for (n, layer) in cx.items(function, &["Layers"]).into_iter().enumerate() {
                let Some(named) = account_and_name(layer) else { continue };
                found.entry(named).or_insert((function, layer.span, n, 0)).3 += 1;
            }
        }
        for ((account, name), (function, span, n, users)) in found {
            let more = match users.saturating_sub(1) {
                0 => " runs".to_string(),
                1 => " and another function run".into(),
                more => format!(" and {more} other functions run"),
            };
            let message = format!("`{}`{more} layer `{name}` of account {account}", function.logical_id);
            cx.finding(function, message)
                .at_place(format!("Layers/{n}"), span)
                .help("copy the layer into your account and check its content, or accept its publisher")
                .report();
        }
    }
}

/// The account that is written out in the ARN of a layer, unless it is AWS's, and the layer's name.
fn account_and_name(arn: &Value) -> Option<(String, String)> {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.to_string(),
        _ => "$".into(),
    };
    let text: String = arn.pieces().iter().map(piece).collect();
    let mut parts = text.split(':').skip(2);
    let (service, account) = (parts.next()?, parts.nth(1)?);
    let (kind, name) = (parts.next()?, parts.next()?);
    let written_out = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    (service == "lambda" && kind == "layer" && written_out && !OF_AWS.contains(&account))
        .then(|| (account.to_string(), name.to_string()))
}

#[cfg(test)]
mod tests {
    use super::ForeignLayer;
    use crate::testing::Build;

    fn with(build: Build, name: &str, layer: &str) -> Build {
        build.json(name, "AWS::Lambda::Function", &format!(r#"{{"Layers": [{layer}]}}"#))
    }

    #[test]
    fn once_for_all_functions() {
        let layer = r#""arn:aws:lambda:eu-west-1:210987654321:layer:fast-json:4""#;
        let build = ["A", "B", "C"].iter().fold(Build::new(), |build, name| with(build, name, layer));
        assert_eq!(
            build.findings::<ForeignLayer>(),
            ["A: `A` and 2 other functions run layer `fast-json` of account 210987654321"]
        );
    }

    #[test]
    fn own_and_aws() {
        for layer in [
            r#"{"Ref": "Layer"}"#,
            r#""arn:aws:lambda:eu-west-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64:7""#,
        ] {
            assert!(with(Build::new(), "A", layer).findings::<ForeignLayer>().is_empty(), "{layer}");
        }
    }
}
