//! CloudWatch Logs.

use super::table::{Join, Type, document, many, omit, to};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_cloudwatch_log_group", "AWS::Logs::LogGroup")
        .names(&["name"])
        .attributes(&[("name", "")])
        .fields(&[to("name", "LogGroupName"), omit("skip_destroy")]),
    Type::new("aws_cloudwatch_log_stream", "AWS::Logs::LogStream")
        .attributes(&[("name", "")])
        .fields(&[to("name", "LogStreamName")]),
    Type::new("aws_cloudwatch_log_subscription_filter", "AWS::Logs::SubscriptionFilter")
        .fields(&[to("name", "FilterName")]),
    Type::new("aws_cloudwatch_log_metric_filter", "AWS::Logs::MetricFilter").fields(&[
        to("name", "FilterName"),
        to("pattern", "FilterPattern"),
        many("metric_transformation", "MetricTransformations"),
        to("metric_transformation.name", "MetricName"),
        to("metric_transformation.namespace", "MetricNamespace"),
        to("metric_transformation.value", "MetricValue"),
    ]),
    Type::new("aws_cloudwatch_log_resource_policy", "AWS::Logs::ResourcePolicy")
        .fields(&[document("policy_document", "PolicyDocument")]),
    Type::new("aws_cloudwatch_log_destination", "AWS::Logs::Destination")
        .names(&["name"])
        .fields(&[to("name", "DestinationName")]),
    Type::part(
        "aws_cloudwatch_log_destination_policy",
        &[Join::new("aws_cloudwatch_log_destination", &["destination_name"]).fields(&[
            omit("destination_name"),
            omit("force_update"),
            document("access_policy", "DestinationPolicy"),
        ])],
    ),
    Type::part(
        "aws_cloudwatch_log_data_protection_policy",
        &[Join::new("aws_cloudwatch_log_group", &["log_group_name"])
            .fields(&[omit("log_group_name"), document("policy_document", "DataProtectionPolicy")])],
    ),
    Type::new("aws_cloudwatch_log_account_policy", "AWS::Logs::AccountPolicy")
        .fields(&[document("policy_document", "PolicyDocument")]),
    Type::new("aws_cloudwatch_query_definition", "AWS::Logs::QueryDefinition"),
];
