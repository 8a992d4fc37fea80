//! Search and caches.

use super::table::{Field, Join, Type, document, keep, many, omit, one, to};
use tidegate_graph::Map;

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_opensearch_domain", "AWS::OpenSearchService::Domain")
        .names(&["domain_name"])
        .attributes(DOMAIN_ATTRIBUTES)
        .fields(DOMAIN),
    Type::new("aws_elasticsearch_domain", "AWS::Elasticsearch::Domain")
        .names(&["domain_name"])
        .attributes(DOMAIN_ATTRIBUTES)
        .fields(DOMAIN)
        .finish(old),
    Type::part(
        "aws_opensearch_domain_policy",
        &[Join::new("aws_opensearch_domain", &["domain_name"])
            .fields(&[omit("domain_name"), document("access_policies", "AccessPolicies")])],
    ),
    Type::part(
        "aws_elasticsearch_domain_policy",
        &[Join::new("aws_elasticsearch_domain", &["domain_name"])
            .fields(&[omit("domain_name"), document("access_policies", "AccessPolicies")])],
    ),
    Type::new("aws_opensearchserverless_collection", "AWS::OpenSearchServerless::Collection"),
    Type::new("aws_opensearchserverless_access_policy", "AWS::OpenSearchServerless::AccessPolicy"),
    Type::new("aws_opensearchserverless_security_policy", "AWS::OpenSearchServerless::SecurityPolicy"),
    Type::new("aws_elasticache_cluster", "AWS::ElastiCache::CacheCluster")
        .attributes(&[("cluster_id", "")])
        .fields(&[
            to("cluster_id", "ClusterName"),
            to("node_type", "CacheNodeType"),
            to("security_group_ids", "VpcSecurityGroupIds"),
            to("subnet_group_name", "CacheSubnetGroupName"),
            to("parameter_group_name", "CacheParameterGroupName"),
        ]),
    Type::new("aws_elasticache_replication_group", "AWS::ElastiCache::ReplicationGroup")
        .attributes(&[("replication_group_id", "")])
        .fields(&[
            to("description", "ReplicationGroupDescription"),
            to("replication_group_description", "ReplicationGroupDescription"),
            to("multi_az_enabled", "MultiAZEnabled"),
            to("node_type", "CacheNodeType"),
            to("subnet_group_name", "CacheSubnetGroupName"),
            to("parameter_group_name", "CacheParameterGroupName"),
            many("log_delivery_configuration", "LogDeliveryConfigurations"),
        ]),
    Type::new("aws_elasticache_serverless_cache", "AWS::ElastiCache::ServerlessCache")
        .attributes(&[("name", ""), ("arn", "ARN")])
        .fields(&[to("name", "ServerlessCacheName")]),
    Type::new("aws_elasticache_subnet_group", "AWS::ElastiCache::SubnetGroup")
        .attributes(&[("name", "")])
        .fields(&[to("name", "CacheSubnetGroupName")]),
    Type::new("aws_memorydb_cluster", "AWS::MemoryDB::Cluster"),
];

const DOMAIN_ATTRIBUTES: &[(&str, &str)] =
    &[("arn", "Arn"), ("id", "Arn"), ("domain_name", ""), ("endpoint", "DomainEndpoint")];

const DOMAIN: &[Field] = &[
    document("access_policies", "AccessPolicies"),
    keep("advanced_options", "AdvancedOptions"),
    one("encrypt_at_rest", "EncryptionAtRestOptions"),
    one("node_to_node_encryption", "NodeToNodeEncryptionOptions"),
    one("domain_endpoint_options", "DomainEndpointOptions"),
    to("domain_endpoint_options.enforce_https", "EnforceHTTPS"),
    to("domain_endpoint_options.tls_security_policy", "TLSSecurityPolicy"),
    one("vpc_options", "VPCOptions"),
    one("ebs_options", "EBSOptions"),
    to("ebs_options.ebs_enabled", "EBSEnabled"),
    one("advanced_security_options", "AdvancedSecurityOptions"),
    one("advanced_security_options.master_user_options", "MasterUserOptions"),
    to("*.master_user_arn", "MasterUserARN"),
    one("cluster_config", "ClusterConfig"),
    one("cognito_options", "CognitoOptions"),
    many("log_publishing_options", "LogPublishingOptions"),
];

/// What had another name in Elasticsearch's days.
fn old(map: &mut Map) {
    if let Some(value) = map.remove("ClusterConfig") {
        map.insert("ElasticsearchClusterConfig", value);
    }
}
