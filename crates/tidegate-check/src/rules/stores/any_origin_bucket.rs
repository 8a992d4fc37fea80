//! A bucket that any website may write to through its visitors.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{Data, Resource, Severity, Value};

declare_rule! {
    /// ## What it finds
    /// A CORS rule of a bucket that lets pages of any origin (`*`) put, post or delete; as info, one that lets them read.
    ///
    /// ## Why it matters
    /// Any website uses what its visitors are allowed here, and a link that was signed for one page works from each other:
    /// the upload starts whatever the bucket starts.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Uploads:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       CorsConfiguration:
    ///         CorsRules:
    ///           - AllowedOrigins: ["*"]
    ///             AllowedMethods: [GET, PUT]
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Uploads:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       CorsConfiguration:
    ///         CorsRules:
    ///           - AllowedOrigins: ["https://shop.example.com"]
    ///             AllowedMethods: [GET, PUT]
    ///           - AllowedOrigins: ["https://shop.example.com", "https://www.example.com"]
    ///             AllowedMethods: [GET, HEAD]
    /// ```
    ///
    /// ## Limits
    /// Reading from any origin is what public files need; hence info. All headers alone are no finding. Whether anyone has
    /// links or rights to write isn't known.
    AnyOriginBucket {
        id: "any-origin-bucket",
        title: "bucket that pages of any origin may write to",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-S3-009",
            "kics:3609d27c-3698-483a-9402-13af6ae80583",
            "kics:98a8f708-121b-455b-ae2f-da3fb59d17e1",
        ],
        threats: ["T02", "T08"],
        profiles: [],
        why: "any website writes with what its visitors are allowed",
    }
}

const WRITING: &[&str] = &["DELETE", "POST", "PUT"];

impl Rule for AnyOriginBucket {
    const ON: &'static [&'static str] = &["AWS::S3::Bucket"];

    fn check(bucket: &Resource, cx: &Context<'_>) {
        for (n, rule) in cx.items(bucket, &["CorsConfiguration", "CorsRules"]).into_iter().enumerate() {
            let items = |key: &str| cx.child(rule, key).map(|v| cx.world.items(v)).unwrap_or_default();
            let (origins, methods) = (items("AllowedOrigins"), items("AllowedMethods"));
            let anyone = origins.iter().any(|origin| origin.as_str().is_some_and(any_origin));
            let writes: Vec<&str> =
                methods.iter().filter_map(|m| m.as_str()).filter(|m| WRITING.contains(m)).collect();
            match (anyone, writes.as_slice()) {
                (true, [first, ..]) => {
                    let more = if writes.len() > 1 { " and more" } else { "" };
                    let at = n.to_string();
                    cx.finding(bucket, format!("pages of any origin may use `{first}`{more} on the bucket"))
                        .at(&["CorsConfiguration", "CorsRules", at.as_str()])
                        .help("name the origins that upload, or leave only `GET` and `HEAD`")
                        .report();
                }
                (false, [_, ..]) => {
                    if let Some(origin) = unknown(&origins) {
                        cx.unknown(bucket, origin, "an allowed origin");
                    }
                }
                (true, []) => {
                    if let Some(method) = unknown(&methods) {
                        cx.unknown(bucket, method, "an allowed method");
                        continue;
                    }
                    let at = n.to_string();
                    cx.finding(bucket, "pages of any origin may read the bucket")
                        .at(&["CorsConfiguration", "CorsRules", at.as_str()])
                        .severity(Severity::Info)
                        .help("name the origins that need the objects, unless they are public")
                        .report();
                }
                (false, []) => {}
            }
        }
    }
}

/// A value of which nothing is known; `https://${Domain}` is known well enough.
fn unknown<'v>(values: &[&'v Value]) -> Option<&'v Value> {
    values.iter().copied().find(|value| matches!(value.data, Data::Unknown(_)))
}

fn any_origin(origin: &str) -> bool {
    matches!(origin, "*" | "http://*" | "https://*")
}

#[cfg(test)]
mod tests {
    use super::AnyOriginBucket;
    use crate::testing::Build;

    fn findings(rule: &str) -> Vec<String> {
        let properties = format!(r#"{{"CorsConfiguration": {{"CorsRules": [{rule}]}}}}"#);
        Build::new().json("Uploads", "AWS::S3::Bucket", &properties).findings::<AnyOriginBucket>()
    }

    #[test]
    fn writing_from_anywhere() {
        assert_eq!(
            findings(r#"{"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "PUT"]}"#),
            ["Uploads: pages of any origin may use `PUT` on the bucket"]
        );
        assert_eq!(
            findings(r#"{"AllowedOrigins": ["https://*"], "AllowedMethods": ["PUT", "POST"]}"#),
            ["Uploads: pages of any origin may use `PUT` and more on the bucket"]
        );
    }

    #[test]
    fn reading_and_named_origins() {
        assert_eq!(
            findings(r#"{"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "HEAD"]}"#),
            ["Uploads: pages of any origin may read the bucket"]
        );
        assert!(
            findings(r#"{"AllowedOrigins": ["https://a.example"], "AllowedMethods": ["PUT"]}"#).is_empty()
        );
    }
}
