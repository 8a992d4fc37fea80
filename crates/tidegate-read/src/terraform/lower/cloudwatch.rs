//! CloudWatch alarms, CloudTrail and what else watches.

use super::table::{Field, Type, document, keep, many, omit, one, to};
use tidegate_graph::{Data, Field as Entry, Map, Value};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_cloudwatch_metric_alarm", "AWS::CloudWatch::Alarm")
        .attributes(&[("alarm_name", "")])
        .fields(ALARM)
        .finish(alarm),
    Type::new("aws_cloudwatch_composite_alarm", "AWS::CloudWatch::CompositeAlarm")
        .fields(&[to("ok_actions", "OKActions")]),
    Type::new("aws_cloudwatch_dashboard", "AWS::CloudWatch::Dashboard"),
    Type::new("aws_cloudwatch_metric_stream", "AWS::CloudWatch::MetricStream")
        .fields(&[many("include_filter", "IncludeFilters"), many("exclude_filter", "ExcludeFilters")]),
    Type::new("aws_cloudtrail", "AWS::CloudTrail::Trail")
        .attributes(&[("name", ""), ("id", "")])
        .fields(TRAIL),
    Type::new("aws_cloudtrail_event_data_store", "AWS::CloudTrail::EventDataStore"),
    Type::new("aws_xray_group", "AWS::XRay::Group"),
    Type::new("aws_xray_sampling_rule", "AWS::XRay::SamplingRule"),
    Type::new("aws_synthetics_canary", "AWS::Synthetics::Canary"),
    Type::new("aws_config_configuration_recorder", "AWS::Config::ConfigurationRecorder"),
    Type::new("aws_config_config_rule", "AWS::Config::ConfigRule"),
    Type::new("aws_guardduty_detector", "AWS::GuardDuty::Detector"),
    Type::new("aws_securityhub_account", "AWS::SecurityHub::Hub"),
    Type::new("aws_accessanalyzer_analyzer", "AWS::AccessAnalyzer::Analyzer"),
    Type::new("aws_budgets_budget", "AWS::Budgets::Budget"),
];

const ALARM: &[Field] = &[
    to("ok_actions", "OKActions"),
    keep("dimensions", "Dimensions"),
    many("metric_query", "Metrics"),
    one("metric_query.metric", "MetricStat"),
    to("metric_query.metric.metric_name", "Metric.MetricName"),
    to("metric_query.metric.namespace", "Metric.Namespace"),
    keep("metric_query.metric.dimensions", "Metric.Dimensions"),
];

const TRAIL: &[Field] = &[
    to("name", "TrailName"),
    to("kms_key_id", "KMSKeyId"),
    to("enable_logging", "IsLogging"),
    to("cloud_watch_logs_group_arn", "CloudWatchLogsLogGroupArn"),
    many("event_selector", "EventSelectors"),
    many("event_selector.data_resource", "DataResources"),
    many("advanced_event_selector", "AdvancedEventSelectors"),
    many("advanced_event_selector.field_selector", "FieldSelectors"),
    many("insight_selector", "InsightSelectors"),
    omit("sns_topic_arn"),
    document("policy", "Policy"),
];

/// Dimensions are a list of names and values.
fn alarm(map: &mut Map) {
    dimensions(map);
    let Some(Data::List(metrics)) = map.get_mut("Metrics").map(|v| &mut v.data) else { return };
    for metric in metrics.iter_mut().filter_map(Value::as_map_mut) {
        let stat = metric.get_mut("MetricStat").and_then(Value::as_map_mut);
        if let Some(inner) = stat.and_then(|s| s.get_mut("Metric")).and_then(Value::as_map_mut) {
            dimensions(inner);
        }
    }
}

fn dimensions(map: &mut Map) {
    let Some(value) = map.get_mut("Dimensions") else { return };
    let Data::Map(entries) = &mut value.data else { return };
    let pair = |(name, Entry { key, value }): (tidegate_graph::Str, Entry)| {
        let span = key.to(value.span);
        Value::object([("Name", Value::text(name, key)), ("Value", value)], span)
    };
    value.data = Data::List(std::mem::take(entries).into_fields().map(pair).collect());
}
