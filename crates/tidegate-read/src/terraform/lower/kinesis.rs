//! Kinesis: streams, Firehose, analytics.

use super::table::{Field, Type, document, keep, many, omit, one, to, unless};
use tidegate_graph::{Map, Value};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_kinesis_stream", "AWS::Kinesis::Stream")
        .names(&["name"])
        .attributes(&[("id", "Arn"), ("name", "")])
        .fields(&[
            to("retention_period", "RetentionPeriodHours"),
            to("shard_level_metrics", "DesiredShardLevelMetrics"),
            unless("encryption_type", "StreamEncryption.EncryptionType", "NONE"),
            to("kms_key_id", "StreamEncryption.KeyId"),
            one("stream_mode_details", "StreamModeDetails"),
            omit("enforce_consumer_deletion"),
        ])
        .finish(stream),
    Type::new("aws_kinesis_resource_policy", "AWS::Kinesis::ResourcePolicy")
        .fields(&[document("policy", "ResourcePolicy")]),
    Type::new("aws_kinesis_stream_consumer", "AWS::Kinesis::StreamConsumer")
        .attributes(&[("arn", ""), ("id", "")])
        .fields(&[to("name", "ConsumerName"), to("stream_arn", "StreamARN")]),
    Type::new("aws_kinesis_firehose_delivery_stream", "AWS::KinesisFirehose::DeliveryStream")
        .names(&["name"])
        .attributes(&[("id", "Arn"), ("name", "")])
        .fields(FIREHOSE)
        .finish(firehose),
    Type::new("aws_kinesisanalyticsv2_application", "AWS::KinesisAnalyticsV2::Application")
        .attributes(&[("name", "")])
        .fields(&[
            to("name", "ApplicationName"),
            many("cloudwatch_logging_options", "CloudWatchLoggingOptions"),
            many("*.property_group", "PropertyGroups"),
            keep("*.property_map", "PropertyMap"),
            to("*.s3_content_location.bucket_arn", "BucketARN"),
            to("*.parallelism_per_kpu", "ParallelismPerKPU"),
            to("*.resource_arn", "ResourceARN"),
        ]),
    Type::new("aws_kinesis_analytics_application", "AWS::KinesisAnalytics::Application")
        .fields(&[to("name", "ApplicationName")]),
    Type::new("aws_kinesis_video_stream", "AWS::KinesisVideo::Stream"),
];

const FIREHOSE: &[Field] = &[
    to("name", "DeliveryStreamName"),
    omit("destination"),
    one("kinesis_source_configuration", "KinesisStreamSourceConfiguration"),
    to("*.kinesis_stream_arn", "KinesisStreamARN"),
    one("msk_source_configuration", "MSKSourceConfiguration"),
    to("msk_source_configuration.msk_cluster_arn", "MSKClusterARN"),
    one("server_side_encryption", "DeliveryStreamEncryptionConfigurationInput"),
    to("server_side_encryption.key_arn", "KeyARN"),
    one("s3_configuration", "S3DestinationConfiguration"),
    one("extended_s3_configuration", "ExtendedS3DestinationConfiguration"),
    one("redshift_configuration", "RedshiftDestinationConfiguration"),
    one("elasticsearch_configuration", "ElasticsearchDestinationConfiguration"),
    one("opensearch_configuration", "AmazonopensearchserviceDestinationConfiguration"),
    one("opensearchserverless_configuration", "AmazonOpenSearchServerlessDestinationConfiguration"),
    one("splunk_configuration", "SplunkDestinationConfiguration"),
    one("http_endpoint_configuration", "HttpEndpointDestinationConfiguration"),
    to("http_endpoint_configuration.url", "EndpointConfiguration.Url"),
    to("http_endpoint_configuration.name", "EndpointConfiguration.Name"),
    to("http_endpoint_configuration.access_key", "EndpointConfiguration.AccessKey"),
    one("snowflake_configuration", "SnowflakeDestinationConfiguration"),
    one("iceberg_configuration", "IcebergDestinationConfiguration"),
    to("*.role_arn", "RoleARN"),
    to("*.bucket_arn", "BucketARN"),
    to("*.domain_arn", "DomainARN"),
    to("*.secret_arn", "SecretARN"),
    to("*.catalog_arn", "CatalogARN"),
    to("*.retry_duration", "RetryOptions.DurationInSeconds"),
    to("*.cluster_jdbcurl", "ClusterJDBCURL"),
    to("*.hec_endpoint", "HECEndpoint"),
    to("*.hec_endpoint_type", "HECEndpointType"),
    to("*.hec_token", "HECToken"),
    to("*.kms_key_arn", "EncryptionConfiguration.KMSEncryptionConfig.AWSKMSKeyARN"),
    to("*.buffering_size", "BufferingHints.SizeInMBs"),
    to("*.buffer_size", "BufferingHints.SizeInMBs"),
    to("*.buffering_interval", "BufferingHints.IntervalInSeconds"),
    to("*.buffer_interval", "BufferingHints.IntervalInSeconds"),
    one("*.cloudwatch_logging_options", "CloudWatchLoggingOptions"),
    one("*.processing_configuration", "ProcessingConfiguration"),
    many("*.processors", "Processors"),
    many("*.parameters", "Parameters"),
    one("*.s3_backup_configuration", "S3BackupConfiguration"),
    one("*.splunk_configuration.s3_configuration", "S3Configuration"),
    one("*.dynamic_partitioning_configuration", "DynamicPartitioningConfiguration"),
    one("*.data_format_conversion_configuration", "DataFormatConversionConfiguration"),
    one("*.vpc_config", "VpcConfiguration"),
    many("*.common_attributes", "CommonAttributes"),
    keep("*.column_to_json_key_mappings", "ColumnToJsonKeyMappings"),
];

/// A key without the type of encryption that uses it encrypts nothing.
fn stream(map: &mut Map) {
    if map.get("StreamEncryption").is_some_and(|e| e.as_map().is_some() && e.get("EncryptionType").is_none())
    {
        map.remove("StreamEncryption");
    }
}

fn firehose(map: &mut Map) {
    const ENCRYPTION: &str = "DeliveryStreamEncryptionConfigurationInput";
    if let Some(encryption) = map.get_mut(ENCRYPTION) {
        let span = encryption.span;
        let Some(inner) = encryption.as_map_mut() else { return };
        let on = inner.remove("Enabled").map(|v| v.as_bool());
        if !inner.contains_key("KeyType") {
            inner.insert("KeyType", Value::text("AWS_OWNED_CMK", span));
        }
        // Off unless it is switched on; an unknown switch leaves the rest unknown.
        match on {
            Some(Some(true)) => {}
            Some(None) => {
                let unknown =
                    Value::unknown("server_side_encryption.enabled", tidegate_graph::Why::Parameter, span);
                map.insert(ENCRYPTION, unknown);
            }
            Some(Some(false)) | None => drop(map.remove(ENCRYPTION)),
        }
    }
    for (source, kind) in [
        ("KinesisStreamSourceConfiguration", "KinesisStreamAsSource"),
        ("MSKSourceConfiguration", "MSKAsSource"),
    ] {
        if let Some(span) = map.get(source).map(|v| v.span) {
            map.insert("DeliveryStreamType", Value::text(kind, span));
        }
    }
}
