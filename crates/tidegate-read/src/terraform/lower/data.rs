//! Data processing: Glue, Athena, Lake Formation, EMR, SageMaker, Bedrock.

use super::shape::wrap;
use super::table::{Field, Type, keep, many, one, to};
use tidegate_graph::Map;

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_glue_job", "AWS::Glue::Job").attributes(&[("name", ""), ("id", "")]).fields(&[
        to("role_arn", "Role"),
        one("command", "Command"),
        keep("default_arguments", "DefaultArguments"),
        keep("non_overridable_arguments", "NonOverridableArguments"),
        one("execution_property", "ExecutionProperty"),
        one("notification_property", "NotificationProperty"),
        to("connections", "Connections.Connections"),
        keep("tags", "Tags"),
    ]),
    Type::new("aws_glue_crawler", "AWS::Glue::Crawler")
        .attributes(&[("name", ""), ("id", "")])
        .fields(CRAWLER),
    Type::new("aws_glue_catalog_database", "AWS::Glue::Database")
        .attributes(&[("name", "")])
        .finish(|map: &mut Map| wrap(map, "DatabaseInput", &["CatalogId"])),
    Type::new("aws_glue_catalog_table", "AWS::Glue::Table")
        .attributes(&[("name", "")])
        .fields(&[
            keep("parameters", "Parameters"),
            one("storage_descriptor", "StorageDescriptor"),
            many("storage_descriptor.columns", "Columns"),
            one("storage_descriptor.ser_de_info", "SerdeInfo"),
            keep("*.ser_de_info.parameters", "Parameters"),
            many("partition_keys", "PartitionKeys"),
        ])
        .finish(|map: &mut Map| wrap(map, "TableInput", &["CatalogId", "DatabaseName"])),
    Type::new("aws_glue_trigger", "AWS::Glue::Trigger").attributes(&[("name", "")]).fields(&[
        many("actions", "Actions"),
        one("predicate", "Predicate"),
        many("predicate.conditions", "Conditions"),
        keep("*.arguments", "Arguments"),
        keep("tags", "Tags"),
    ]),
    Type::new("aws_glue_workflow", "AWS::Glue::Workflow").attributes(&[("name", "")]),
    Type::new("aws_glue_connection", "AWS::Glue::Connection").attributes(&[("name", "")]),
    Type::new("aws_glue_registry", "AWS::Glue::Registry").fields(&[to("registry_name", "Name")]),
    Type::new("aws_glue_schema", "AWS::Glue::Schema").fields(&[
        to("schema_name", "Name"),
        to("registry_arn", "Registry.Arn"),
        to("schema_definition", "SchemaDefinition"),
    ]),
    Type::new("aws_glue_security_configuration", "AWS::Glue::SecurityConfiguration"),
    Type::new("aws_athena_workgroup", "AWS::Athena::WorkGroup")
        .attributes(&[("name", ""), ("id", "")])
        .fields(&[
            one("configuration", "WorkGroupConfiguration"),
            one("configuration.result_configuration", "ResultConfiguration"),
            one("configuration.result_configuration.encryption_configuration", "EncryptionConfiguration"),
            to("*.kms_key_arn", "KmsKey"),
            to("*.publish_cloudwatch_metrics_enabled", "PublishCloudWatchMetricsEnabled"),
        ]),
    Type::new("aws_athena_named_query", "AWS::Athena::NamedQuery")
        .fields(&[to("query", "QueryString"), to("workgroup", "WorkGroup")]),
    Type::new("aws_athena_data_catalog", "AWS::Athena::DataCatalog"),
    Type::new("aws_lakeformation_resource", "AWS::LakeFormation::Resource"),
    Type::new("aws_lakeformation_permissions", "AWS::LakeFormation::Permissions"),
    Type::new("aws_emr_cluster", "AWS::EMR::Cluster"),
    Type::new("aws_emrserverless_application", "AWS::EMRServerless::Application"),
    Type::new("aws_sagemaker_endpoint", "AWS::SageMaker::Endpoint"),
    Type::new("aws_sagemaker_model", "AWS::SageMaker::Model"),
    Type::new("aws_bedrockagent_agent", "AWS::Bedrock::Agent"),
    Type::new("aws_bedrockagent_knowledge_base", "AWS::Bedrock::KnowledgeBase"),
    Type::new("aws_bedrockagent_data_source", "AWS::Bedrock::DataSource"),
    Type::new("aws_bedrock_guardrail", "AWS::Bedrock::Guardrail"),
    Type::new("aws_bedrockagentcore_agent_runtime", "AWS::BedrockAgentCore::Runtime"),
    Type::new("aws_bedrockagentcore_gateway", "AWS::BedrockAgentCore::Gateway"),
];

const CRAWLER: &[Field] = &[
    many("s3_target", "Targets.S3Targets"),
    many("dynamodb_target", "Targets.DynamoDBTargets"),
    many("jdbc_target", "Targets.JdbcTargets"),
    many("catalog_target", "Targets.CatalogTargets"),
    one("schema_change_policy", "SchemaChangePolicy"),
    one("recrawl_policy", "RecrawlPolicy"),
    to("schedule", "Schedule.ScheduleExpression"),
    to("security_configuration", "CrawlerSecurityConfiguration"),
    keep("tags", "Tags"),
];
