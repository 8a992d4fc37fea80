//! DynamoDB.

use super::table::{Field, Join, Type, document, many, omit, one, to};
use tidegate_graph::{Data, Field as Entry, Map, Value};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_dynamodb_table", "AWS::DynamoDB::Table")
        .names(&["name"])
        .attributes(&[("name", ""), ("stream_arn", "StreamArn")])
        .fields(TABLE)
        .finish(table),
    Type::part(
        "aws_dynamodb_resource_policy",
        &[Join::new("aws_dynamodb_table", &["resource_arn"]).fields(&[
            document("policy", "ResourcePolicy.PolicyDocument"),
            omit("resource_arn"),
            omit("confirm_remove_self_resource_access"),
        ])],
    ),
    Type::part(
        "aws_dynamodb_kinesis_streaming_destination",
        &[Join::new("aws_dynamodb_table", &["table_name"]).fields(&[
            omit("table_name"),
            to("stream_arn", "KinesisStreamSpecification.StreamArn"),
            to(
                "approximate_creation_date_time_precision",
                "KinesisStreamSpecification.ApproximateCreationDateTimePrecision",
            ),
        ])],
    ),
    Type::new("aws_dynamodb_global_table", "AWS::DynamoDB::GlobalTable")
        .attributes(&[("name", "")])
        .fields(&[to("name", "TableName"), many("replica", "Replicas"), to("replica.region_name", "Region")]),
    Type::ignored("aws_dynamodb_table_item"),
    Type::ignored("aws_dynamodb_tag"),
    Type::new("aws_dax_cluster", "AWS::DAX::Cluster").fields(&[
        one("server_side_encryption", "SSESpecification"),
        to("server_side_encryption.enabled", "SSEEnabled"),
        to("iam_role_arn", "IAMRoleARN"),
    ]),
];

const TABLE: &[Field] = &[
    to("name", "TableName"),
    many("attribute", "AttributeDefinitions"),
    to("attribute.name", "AttributeName"),
    to("attribute.type", "AttributeType"),
    to("read_capacity", "ProvisionedThroughput.ReadCapacityUnits"),
    to("write_capacity", "ProvisionedThroughput.WriteCapacityUnits"),
    to("stream_view_type", "StreamSpecification.StreamViewType"),
    to("stream_enabled", "StreamSpecification.StreamEnabled"),
    one("ttl", "TimeToLiveSpecification"),
    one("point_in_time_recovery", "PointInTimeRecoverySpecification"),
    to("point_in_time_recovery.enabled", "PointInTimeRecoveryEnabled"),
    one("server_side_encryption", "SSESpecification"),
    to("server_side_encryption.enabled", "SSEEnabled"),
    to("server_side_encryption.kms_key_arn", "KMSMasterKeyId"),
    one("on_demand_throughput", "OnDemandThroughput"),
    one("warm_throughput", "WarmThroughput"),
    many("replica", "Replicas"),
    to("replica.region_name", "Region"),
    to("replica.point_in_time_recovery", "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"),
    to("replica.kms_key_arn", "SSESpecification.KMSMasterKeyId"),
    many("global_secondary_index", "GlobalSecondaryIndexes"),
    to("global_secondary_index.name", "IndexName"),
    to("global_secondary_index.read_capacity", "ProvisionedThroughput.ReadCapacityUnits"),
    to("global_secondary_index.write_capacity", "ProvisionedThroughput.WriteCapacityUnits"),
    to("global_secondary_index.projection_type", "Projection.ProjectionType"),
    to("global_secondary_index.non_key_attributes", "Projection.NonKeyAttributes"),
    one("global_secondary_index.on_demand_throughput", "OnDemandThroughput"),
    many("local_secondary_index", "LocalSecondaryIndexes"),
    to("local_secondary_index.name", "IndexName"),
    to("local_secondary_index.projection_type", "Projection.ProjectionType"),
    to("local_secondary_index.non_key_attributes", "Projection.NonKeyAttributes"),
    one("import_table", "ImportSourceSpecification"),
];

fn table(map: &mut Map) {
    // A stream that is switched off is absent in CloudFormation.
    let stream = map.get_mut("StreamSpecification").and_then(Value::as_map_mut);
    let off = stream.and_then(|s| s.remove("StreamEnabled")).and_then(|v| v.as_bool());
    if off == Some(false) {
        map.remove("StreamSpecification");
    }
    let partition = map.get("HashKey").cloned();
    keys(map);
    for (indexes, local) in [("GlobalSecondaryIndexes", false), ("LocalSecondaryIndexes", true)] {
        let Some(Data::List(items)) = map.get_mut(indexes).map(|v| &mut v.data) else { continue };
        for index in items.iter_mut().filter_map(Value::as_map_mut) {
            if let Some(partition) = partition.clone().filter(|_| local) {
                index.insert("HashKey", partition);
            }
            keys(index);
        }
    }
}

/// `HashKey` and `RangeKey` become `KeySchema`.
fn keys(map: &mut Map) {
    let mut schema = Vec::new();
    for (key, kind) in [("HashKey", "HASH"), ("RangeKey", "RANGE")] {
        let Some(name) = map.remove(key) else { continue };
        let span = name.span;
        schema.push(Value::object([("AttributeName", name), ("KeyType", Value::text(kind, span))], span));
    }
    if let Some(first) = schema.first() {
        let span = first.span;
        map.insert_field("KeySchema", Entry { key: span, value: Value::list(schema, span) });
    }
}
