//! Relational and warehouse databases: RDS, Aurora DSQL, Redshift, Neptune, DocumentDB.

use super::table::{Field, Type, keep, many, omit, one, to};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_db_instance", "AWS::RDS::DBInstance")
        .attributes(&[
            ("identifier", ""),
            ("id", ""),
            ("arn", "DBInstanceArn"),
            ("address", "Endpoint.Address"),
            ("endpoint", "Endpoint.Address"),
            ("port", "Endpoint.Port"),
        ])
        .fields(INSTANCE),
    Type::new("aws_rds_cluster", "AWS::RDS::DBCluster")
        .names(&["cluster_identifier"])
        .attributes(CLUSTER_ATTRIBUTES)
        .fields(CLUSTER),
    Type::new("aws_rds_cluster_instance", "AWS::RDS::DBInstance")
        .attributes(&[("identifier", ""), ("arn", "DBInstanceArn")])
        .fields(&[
            to("cluster_identifier", "DBClusterIdentifier"),
            to("identifier", "DBInstanceIdentifier"),
            to("instance_class", "DBInstanceClass"),
            to("db_subnet_group_name", "DBSubnetGroupName"),
            to("db_parameter_group_name", "DBParameterGroupName"),
            to("performance_insights_enabled", "EnablePerformanceInsights"),
            to("performance_insights_kms_key_id", "PerformanceInsightsKMSKeyId"),
            to("ca_cert_identifier", "CACertificateIdentifier"),
            omit("apply_immediately"),
        ]),
    Type::new("aws_rds_global_cluster", "AWS::RDS::GlobalCluster"),
    Type::new("aws_db_subnet_group", "AWS::RDS::DBSubnetGroup")
        .attributes(&[("name", ""), ("id", "")])
        .fields(&[to("name", "DBSubnetGroupName"), to("description", "DBSubnetGroupDescription")]),
    Type::new("aws_db_parameter_group", "AWS::RDS::DBParameterGroup")
        .attributes(&[("name", "")])
        .fields(&[to("name", "DBParameterGroupName"), many("parameter", "Parameters")]),
    Type::new("aws_db_option_group", "AWS::RDS::OptionGroup").attributes(&[("name", "")]),
    Type::new("aws_db_event_subscription", "AWS::RDS::EventSubscription")
        .fields(&[to("name", "SubscriptionName"), to("sns_topic", "SnsTopicArn")]),
    Type::new("aws_db_proxy", "AWS::RDS::DBProxy")
        .attributes(&[("name", ""), ("id", ""), ("arn", "DBProxyArn")])
        .fields(&[
            to("name", "DBProxyName"),
            many("auth", "Auth"),
            to("auth.iam_auth", "IAMAuth"),
            to("require_tls", "RequireTLS"),
        ]),
    Type::new("aws_db_proxy_endpoint", "AWS::RDS::DBProxyEndpoint")
        .fields(&[to("db_proxy_name", "DBProxyName"), to("db_proxy_endpoint_name", "DBProxyEndpointName")]),
    Type::new("aws_db_proxy_default_target_group", "AWS::RDS::DBProxyTargetGroup").fields(&[
        to("db_proxy_name", "DBProxyName"),
        one("connection_pool_config", "ConnectionPoolConfigurationInfo"),
    ]),
    Type::new("aws_dsql_cluster", "AWS::DSQL::Cluster")
        .attributes(&[("identifier", ""), ("arn", "ResourceArn")])
        .fields(&[to("kms_encryption_key", "KmsEncryptionKey")]),
    Type::new("aws_redshift_cluster", "AWS::Redshift::Cluster")
        .attributes(&[("cluster_identifier", "")])
        .fields(&[
            to("database_name", "DBName"),
            to("multi_az", "MultiAZ"),
            to("master_password", "MasterUserPassword"),
        ]),
    Type::new("aws_redshiftserverless_workgroup", "AWS::RedshiftServerless::Workgroup"),
    Type::new("aws_redshiftserverless_namespace", "AWS::RedshiftServerless::Namespace"),
    Type::new("aws_neptune_cluster", "AWS::Neptune::DBCluster")
        .attributes(&[("cluster_identifier", ""), ("id", "")])
        .fields(&[
            to("cluster_identifier", "DBClusterIdentifier"),
            to("iam_database_authentication_enabled", "IamAuthEnabled"),
            to("neptune_subnet_group_name", "DBSubnetGroupName"),
            to("neptune_cluster_parameter_group_name", "DBClusterParameterGroupName"),
            one("serverless_v2_scaling_configuration", "ServerlessScalingConfiguration"),
            omit("apply_immediately"),
            omit("skip_final_snapshot"),
            omit("engine"),
            to("kms_key_arn", "KmsKeyId"),
        ]),
    Type::new("aws_neptune_cluster_instance", "AWS::Neptune::DBInstance").fields(&[
        to("cluster_identifier", "DBClusterIdentifier"),
        to("identifier", "DBInstanceIdentifier"),
        to("instance_class", "DBInstanceClass"),
    ]),
    Type::new("aws_docdb_cluster", "AWS::DocDB::DBCluster").attributes(&[("cluster_identifier", "")]).fields(
        &[
            to("cluster_identifier", "DBClusterIdentifier"),
            to("master_password", "MasterUserPassword"),
            to("db_subnet_group_name", "DBSubnetGroupName"),
        ],
    ),
    Type::new("aws_docdb_cluster_instance", "AWS::DocDB::DBInstance").fields(&[
        to("cluster_identifier", "DBClusterIdentifier"),
        to("identifier", "DBInstanceIdentifier"),
        to("instance_class", "DBInstanceClass"),
    ]),
    Type::new("aws_timestreamwrite_database", "AWS::Timestream::Database"),
    Type::new("aws_timestreamwrite_table", "AWS::Timestream::Table"),
    Type::new("aws_keyspaces_table", "AWS::Cassandra::Table"),
    Type::new("aws_qldb_ledger", "AWS::QLDB::Ledger").fields(&[keep("tags", "Tags")]),
];

const CLUSTER_ATTRIBUTES: &[(&str, &str)] = &[
    ("id", ""),
    ("cluster_identifier", ""),
    ("arn", "DBClusterArn"),
    ("endpoint", "Endpoint.Address"),
    ("reader_endpoint", "ReadEndpoint.Address"),
    ("port", "Endpoint.Port"),
];

const INSTANCE: &[Field] = &[
    to("identifier", "DBInstanceIdentifier"),
    to("db_name", "DBName"),
    to("name", "DBName"),
    to("username", "MasterUsername"),
    to("password", "MasterUserPassword"),
    to("instance_class", "DBInstanceClass"),
    to("multi_az", "MultiAZ"),
    to("db_subnet_group_name", "DBSubnetGroupName"),
    to("parameter_group_name", "DBParameterGroupName"),
    to("vpc_security_group_ids", "VPCSecurityGroups"),
    to("iam_database_authentication_enabled", "EnableIAMDatabaseAuthentication"),
    to("enabled_cloudwatch_logs_exports", "EnableCloudwatchLogsExports"),
    to("performance_insights_enabled", "EnablePerformanceInsights"),
    to("performance_insights_kms_key_id", "PerformanceInsightsKMSKeyId"),
    to("ca_cert_identifier", "CACertificateIdentifier"),
    to("snapshot_identifier", "DBSnapshotIdentifier"),
    to("replicate_source_db", "SourceDBInstanceIdentifier"),
    to("backup_window", "PreferredBackupWindow"),
    to("maintenance_window", "PreferredMaintenanceWindow"),
    omit("skip_final_snapshot"),
    omit("final_snapshot_identifier"),
    omit("apply_immediately"),
];

const CLUSTER: &[Field] = &[
    to("cluster_identifier", "DBClusterIdentifier"),
    to("master_password", "MasterUserPassword"),
    to("db_subnet_group_name", "DBSubnetGroupName"),
    to("db_cluster_parameter_group_name", "DBClusterParameterGroupName"),
    to("db_cluster_instance_class", "DBClusterInstanceClass"),
    to("iam_database_authentication_enabled", "EnableIAMDatabaseAuthentication"),
    to("enabled_cloudwatch_logs_exports", "EnableCloudwatchLogsExports"),
    one("serverlessv2_scaling_configuration", "ServerlessV2ScalingConfiguration"),
    one("scaling_configuration", "ScalingConfiguration"),
    to("master_user_secret_kms_key_id", "MasterUserSecret.KmsKeyId"),
    omit("skip_final_snapshot"),
    omit("final_snapshot_identifier"),
    omit("apply_immediately"),
];
