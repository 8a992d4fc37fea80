//! An image that may change under the function.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Piece, Resource};

declare_rule! {
    /// ## What it finds
    /// A function from a container image whose `ImageUri` names a tag, or nothing, instead of a digest.
    ///
    /// ## Why it matters
    /// A tag can be moved: who may push to the repository decides what the next deployment runs, and nobody sees the
    /// change in review.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/orders
    ///       PackageType: Image
    ///       Code: {ImageUri: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders:latest"}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::123456789012:role/orders
    ///       PackageType: Image
    ///       Code: {ImageUri: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/orders@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}
    /// ```
    ///
    /// ## Limits
    /// An image whose last part is not known is unknown, not a finding. Whether the repository forbids moving tags is
    /// not asked.
    ImageWithoutDigest {
        id: "image-without-digest",
        title: "function image without digest",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-FN-022"],
        threats: ["T49"],
        profiles: [],
        why: "who may push to the repository changes the code",
    }
}

impl Rule for ImageWithoutDigest {
    const ON: &'static [&'static str] = &["AWS::Lambda::Function"];

    fn check(function: &Resource, cx: &Context<'_>) {
        let Some(image) = cx.get(function, &["Code", "ImageUri"]) else { return };
        let pieces = image.pieces();
        let pinned = |p: &Piece| matches!(p, Piece::Text(text) if text.contains("@sha256:"));
        if pieces.iter().any(pinned) {
            return;
        }
        // The digest stands at the end, so it takes a known end to say that there is none.
        let Some(Piece::Text(_)) = pieces.last() else {
            return cx.unknown(function, image, "the image");
        };
        cx.finding(function, format!("the image of `{}` is not pinned by digest", function.logical_id))
            .at(&["Code", "ImageUri"])
            .help("name the image as `repository@sha256:...`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::ImageWithoutDigest;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new().json("R", "AWS::Lambda::Function", properties).findings::<ImageWithoutDigest>().len()
    }

    #[test]
    fn bad() {
        for properties in [
            r##"{"Code": {"ImageUri": "a.dkr.ecr.eu-west-1.amazonaws.com/b:latest"}}"##,
            r##"{"Code": {"ImageUri": "a.dkr.ecr.eu-west-1.amazonaws.com/b"}}"##,
        ] {
            assert_eq!(findings(properties), 1, "{properties}");
        }
    }

    #[test]
    fn good() {
        for properties in [r##"{}"##, r##"{"Code": {"ImageUri": "a/b@sha256:00"}}"##] {
            assert_eq!(findings(properties), 0, "{properties}");
        }
    }
}
