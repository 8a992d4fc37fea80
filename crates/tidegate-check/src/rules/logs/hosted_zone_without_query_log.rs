//! A zone whose queries nobody sees.

use crate::Context;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::Resource;

declare_rule! {
    /// ## What it finds
    /// A public hosted zone without `QueryLoggingConfig`. An opinion.
    ///
    /// ## Why it matters
    /// Tunnels and look-ups for names that were taken over leave no trace.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   It:
    ///     Type: AWS::Route53::HostedZone
    ///     Properties:
    ///       Name: orders.example.com
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   It:
    ///     Type: AWS::Route53::HostedZone
    ///     Properties:
    ///       Name: orders.example.com
    ///       QueryLoggingConfig:
    ///         CloudWatchLogsLogGroupArn: arn:aws:logs:us-east-1:123456789012:log-group:dns
    /// ```
    ///
    /// ## Limits
    /// Private zones (with `VPCs`) can't log queries this way. Terraform's separate `aws_route53_query_log` isn't
    /// joined, so its zones are left alone.
    HostedZoneWithoutQueryLog {
        id: "hosted-zone-without-query-log",
        title: "hosted zone without query log",
        severity: Info,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-LOG-010",
            "kics:0f0fb06b-0f2f-4374-8588-f2c7c348c7a0",
        ],
        threats: ["T53"],
        profiles: [],
        why: "look-ups for taken-over names leave no trace",
    }
}

impl Rule for HostedZoneWithoutQueryLog {
    const ON: &'static [&'static str] = &["AWS::Route53::HostedZone"];

    fn check(zone: &Resource, cx: &Context<'_>) {
        let terraform = zone.declared_type.starts_with("aws_");
        let private = !cx.items(zone, &["VPCs"]).is_empty();
        if terraform || private || cx.get(zone, &["QueryLoggingConfig"]).is_some() {
            return;
        }
        cx.finding(zone, "queries to the zone aren't logged")
            .within(&["QueryLoggingConfig"])
            .help("set `QueryLoggingConfig`")
            .report();
    }
}

#[cfg(test)]
mod tests {
    use super::HostedZoneWithoutQueryLog;
    use crate::testing::Build;

    fn findings(properties: &str) -> usize {
        Build::new()
            .json("It", "AWS::Route53::HostedZone", properties)
            .findings::<HostedZoneWithoutQueryLog>()
            .len()
    }

    #[test]
    fn found() {
        assert_eq!(findings(r#"{}"#), 1);
    }

    #[test]
    fn clean() {
        assert_eq!(findings(r#"{"VPCs": [{"VPCId": "vpc-1"}]}"#), 0);
        assert_eq!(findings(r#"{"QueryLoggingConfig": {"CloudWatchLogsLogGroupArn": "arn"}}"#), 0);
    }
}
