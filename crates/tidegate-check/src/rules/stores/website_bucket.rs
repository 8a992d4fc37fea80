//! A bucket that is a website.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::{EdgeKind, NodeKind, Resource, Severity};

declare_rule! {
    /// ## What it finds
    /// A bucket with website hosting. Medium where functions write to it or its objects start something: then it holds data,
    /// not a site. Low for the rest; a bucket that only redirects is left alone.
    ///
    /// ## Why it matters
    /// A website endpoint knows neither TLS nor logins, and works only for objects that everyone may read. Whatever lands
    /// in the bucket is published.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Site:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       WebsiteConfiguration: {IndexDocument: index.html}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Site:
    ///     Type: AWS::S3::Bucket
    ///   Moved:
    ///     Type: AWS::S3::Bucket
    ///     Properties:
    ///       WebsiteConfiguration:
    ///         RedirectAllRequestsTo: {HostName: shop.example.com, Protocol: https}
    /// ```
    ///
    /// ## Limits
    /// A public site behind a CDN that adds TLS is reported too; origin access control would do without the website.
    WebsiteBucket {
        id: "website-bucket",
        title: "bucket with website hosting",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-S3-010",
            "kics:90501b1b-cded-4cc1-9e8b-206b85cda317",
            "kics:42bb6b7f-6d54-4428-b707-666f669d94fb",
            "cdk-nag:AwsSolutions-S5",
        ],
        threats: ["T31"],
        profiles: [Regulated],
        why: "whatever lands in the bucket is published, over plain HTTP",
    }
}

impl Rule for WebsiteBucket {
    const ON: &'static [&'static str] = &["AWS::S3::Bucket"];

    fn check(bucket: &Resource, cx: &Context<'_>) {
        let Some(website) = cx.get(bucket, &["WebsiteConfiguration"]) else { return };
        if website.as_map().is_none() {
            return cx.unknown(bucket, website, "`WebsiteConfiguration`");
        }
        if cx.child(website, "RedirectAllRequestsTo").is_some() {
            return;
        }
        let name = &bucket.logical_id;
        let writer =
            cx.incoming(bucket, EdgeKind::Writes).into_iter().find(|(_, n)| n.kind == NodeKind::Function);
        let starts = [EdgeKind::Triggers, EdgeKind::Publishes]
            .iter()
            .find_map(|kind| cx.outgoing(bucket, *kind).into_iter().next());
        let (severity, message) = match (&writer, &starts) {
            (Some((_, writer)), _) => (
                Severity::Medium,
                format!("what `{}` writes to `{name}` is served as a website", writer.name),
            ),
            (None, Some((_, started))) => {
                (Severity::Medium, format!("`{name}` starts `{}` and is served as a website", started.name))
            }
            (None, None) => (Severity::Low, format!("`{name}` is served as a website, without TLS")),
        };
        cx.finding(bucket, message)
            .at(&["WebsiteConfiguration"])
            .severity(severity)
            .related(writer.and_then(|(edge, _)| edge.span), "lets it write there")
            .help("serve the objects through CloudFront with origin access control, and keep data in another bucket")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::WebsiteBucket;
    use crate::testing::Build;
    use tidegate_graph::{EdgeKind, Exposure, NodeKind};

    fn site(website: &str) -> Build {
        let properties = format!(r#"{{"WebsiteConfiguration": {website}}}"#);
        Build::new().json("Site", "AWS::S3::Bucket", &properties)
    }

    #[test]
    fn a_site_and_one_with_data() {
        let website = r#"{"IndexDocument": "index.html"}"#;
        let expected = ["Site: `Site` is served as a website, without TLS"];
        assert_eq!(site(website).findings::<WebsiteBucket>(), expected);
        let written = site(website)
            .json("Worker", "AWS::Lambda::Function", "{}")
            .edge("Worker", EdgeKind::Writes, "Site")
            .exposed("Worker", NodeKind::Function, Exposure::Internal);
        let expected = ["Site: what `Worker` writes to `Site` is served as a website"];
        assert_eq!(written.findings::<WebsiteBucket>(), expected);
    }

    #[test]
    fn a_redirect() {
        let redirect = r#"{"RedirectAllRequestsTo": {"HostName": "shop.example.com"}}"#;
        assert!(site(redirect).findings::<WebsiteBucket>().is_empty());
    }
}
