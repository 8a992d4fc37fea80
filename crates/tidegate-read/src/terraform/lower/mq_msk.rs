//! Amazon MQ and MSK.

use super::table::{Field, Join, Type, document, keep, many, omit, one, to};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_mq_broker", "AWS::AmazonMQ::Broker").names(&["broker_name"]).fields(&[
        one("configuration", "Configuration"),
        one("encryption_options", "EncryptionOptions"),
        one("logs", "Logs"),
        one("maintenance_window_start_time", "MaintenanceWindowStartTime"),
        one("ldap_server_metadata", "LdapServerMetadata"),
        many("user", "Users"),
        omit("apply_immediately"),
    ]),
    Type::new("aws_mq_configuration", "AWS::AmazonMQ::Configuration"),
    Type::new("aws_msk_cluster", "AWS::MSK::Cluster")
        .names(&["cluster_name"])
        .attributes(&[("arn", ""), ("id", "")])
        .fields(MSK),
    Type::new("aws_msk_serverless_cluster", "AWS::MSK::ServerlessCluster")
        .attributes(&[("arn", ""), ("id", "")])
        .fields(&[
            one("client_authentication", "ClientAuthentication"),
            many("vpc_config", "VpcConfigs"),
            to("vpc_config.security_group_ids", "SecurityGroups"),
            keep("tags", "Tags"),
        ]),
    Type::new("aws_msk_cluster_policy", "AWS::MSK::ClusterPolicy").fields(&[document("policy", "Policy")]),
    Type::new("aws_msk_configuration", "AWS::MSK::Configuration").attributes(&[("arn", ""), ("id", "")]),
    Type::part(
        "aws_msk_scram_secret_association",
        &[Join::new("aws_msk_cluster", &["cluster_arn"])
            .fields(&[omit("cluster_arn"), omit("secret_arn_list")])],
    ),
    Type::new("aws_msk_replicator", "AWS::MSK::Replicator"),
    Type::new("aws_mskconnect_connector", "AWS::KafkaConnect::Connector")
        .fields(&[keep("connector_configuration", "ConnectorConfiguration"), to("name", "ConnectorName")]),
];

const MSK: &[Field] = &[
    one("broker_node_group_info", "BrokerNodeGroupInfo"),
    to("broker_node_group_info.az_distribution", "BrokerAZDistribution"),
    one("broker_node_group_info.connectivity_info", "ConnectivityInfo"),
    one("broker_node_group_info.connectivity_info.public_access", "PublicAccess"),
    one("broker_node_group_info.storage_info", "StorageInfo"),
    one("broker_node_group_info.storage_info.ebs_storage_info", "EBSStorageInfo"),
    one("encryption_info", "EncryptionInfo"),
    to("encryption_info.encryption_at_rest_kms_key_arn", "EncryptionAtRest.DataVolumeKMSKeyId"),
    one("encryption_info.encryption_in_transit", "EncryptionInTransit"),
    one("client_authentication", "ClientAuthentication"),
    to("client_authentication.unauthenticated", "Unauthenticated.Enabled"),
    one("client_authentication.sasl", "Sasl"),
    to("client_authentication.sasl.iam", "Iam.Enabled"),
    to("client_authentication.sasl.scram", "Scram.Enabled"),
    one("client_authentication.tls", "Tls"),
    to("client_authentication.tls.certificate_authority_arns", "CertificateAuthorityArnList"),
    one("logging_info", "LoggingInfo"),
    one("logging_info.broker_logs", "BrokerLogs"),
    one("logging_info.broker_logs.cloudwatch_logs", "CloudWatchLogs"),
    one("configuration_info", "ConfigurationInfo"),
    one("open_monitoring", "OpenMonitoring"),
    keep("tags", "Tags"),
];
