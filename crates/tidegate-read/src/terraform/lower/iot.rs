//! IoT.

use super::shape::{put, wrap};
use super::table::{Field, Type, document, keep, many, one, to};
use tidegate_graph::{Data, Field as Entry, Map, Value};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_iot_topic_rule", "AWS::IoT::TopicRule")
        .attributes(&[("name", "")])
        .fields(RULE)
        .finish(rule),
    Type::new("aws_iot_policy", "AWS::IoT::Policy")
        .attributes(&[("name", "")])
        .fields(&[to("name", "PolicyName"), document("policy", "PolicyDocument")]),
    Type::new("aws_iot_thing", "AWS::IoT::Thing")
        .attributes(&[("name", "")])
        .fields(&[to("name", "ThingName"), keep("attributes", "AttributePayload.Attributes")]),
    Type::new("aws_iot_certificate", "AWS::IoT::Certificate"),
    Type::new("aws_iot_policy_attachment", "AWS::IoT::PolicyPrincipalAttachment")
        .fields(&[to("policy", "PolicyName"), to("target", "Principal")]),
    Type::new("aws_iot_authorizer", "AWS::IoT::Authorizer").fields(&[to("name", "AuthorizerName")]),
    Type::new("aws_iot_topic_rule_destination", "AWS::IoT::TopicRuleDestination"),
];

/// Terraform's block and CloudFormation's action.
const ACTIONS: &[(&str, &str)] = &[
    ("CloudwatchAlarm", "CloudwatchAlarm"),
    ("CloudwatchLogs", "CloudwatchLogs"),
    ("CloudwatchMetric", "CloudwatchMetric"),
    ("Dynamodb", "DynamoDB"),
    ("Dynamodbv2", "DynamoDBv2"),
    ("Elasticsearch", "Elasticsearch"),
    ("Firehose", "Firehose"),
    ("Http", "Http"),
    ("IotAnalytics", "IotAnalytics"),
    ("IotEvents", "IotEvents"),
    ("Kafka", "Kafka"),
    ("Kinesis", "Kinesis"),
    ("Lambda", "Lambda"),
    ("Republish", "Republish"),
    ("S3", "S3"),
    ("Sns", "Sns"),
    ("Sqs", "Sqs"),
    ("StepFunctions", "StepFunctions"),
    ("Timestream", "Timestream"),
];

const RULE: &[Field] = &[
    to("name", "RuleName"),
    to("sql_version", "AwsIotSqlVersion"),
    one("error_action", "ErrorAction"),
    one("dynamodbv2.put_item", "PutItem"),
    keep("*.client_properties", "ClientProperties"),
    many("http_header", "Headers"),
];

fn rule(map: &mut Map) {
    if let Some(enabled) = map.remove("Enabled")
        && let Some(on) = enabled.as_bool()
    {
        map.insert("RuleDisabled", Value::bool(!on, enabled.span));
    }
    for (block, action) in ACTIONS {
        let Some(value) = map.remove(block) else { continue };
        let items = match value.data {
            Data::List(items) => items,
            data => vec![Value::new(data, value.span)],
        };
        for item in items {
            let span = item.span;
            put(map, "Actions[]", Entry { key: span, value: Value::object([(*action, item)], span) });
        }
    }
    wrap(map, "TopicRulePayload", &["RuleName", "Tags"]);
}
