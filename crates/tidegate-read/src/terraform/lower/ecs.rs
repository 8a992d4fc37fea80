//! ECS and the services around containers.

use super::shape::{capitalised, encoded};
use super::table::{Field, Type, document, keep, many, omit, one, to, words};
use tidegate_graph::{Data, Map, Value};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_ecs_cluster", "AWS::ECS::Cluster")
        .names(&["name"])
        .attributes(&[("id", "Arn"), ("name", "")])
        .fields(&[
            to("name", "ClusterName"),
            many("setting", "ClusterSettings"),
            one("configuration", "Configuration"),
            one("service_connect_defaults", "ServiceConnectDefaults"),
        ]),
    Type::new("aws_ecs_service", "AWS::ECS::Service").attributes(&[("id", ""), ("name", "Name")]).fields(&[
        to("name", "ServiceName"),
        to("iam_role", "Role"),
        to("enable_ecs_managed_tags", "EnableECSManagedTags"),
        many("load_balancer", "LoadBalancers"),
        one("network_configuration", "NetworkConfiguration"),
        to("network_configuration.subnets", "AwsvpcConfiguration.Subnets"),
        to("network_configuration.security_groups", "AwsvpcConfiguration.SecurityGroups"),
        words("network_configuration.assign_public_ip", "AwsvpcConfiguration.AssignPublicIp", SWITCH),
        many("capacity_provider_strategy", "CapacityProviderStrategy"),
        many("service_registries", "ServiceRegistries"),
        many("placement_constraints", "PlacementConstraints"),
        many("ordered_placement_strategy", "PlacementStrategies"),
        many("service_connect_configuration.service", "Services"),
        one("alarms", "DeploymentConfiguration.Alarms"),
        one("service_connect_configuration", "ServiceConnectConfiguration"),
        one("deployment_controller", "DeploymentController"),
        one("deployment_circuit_breaker", "DeploymentConfiguration.DeploymentCircuitBreaker"),
        to("deployment_maximum_percent", "DeploymentConfiguration.MaximumPercent"),
        to("deployment_minimum_healthy_percent", "DeploymentConfiguration.MinimumHealthyPercent"),
        omit("wait_for_steady_state"),
    ]),
    Type::new("aws_ecs_task_definition", "AWS::ECS::TaskDefinition")
        .attributes(&[("arn", ""), ("id", ""), ("arn_without_revision", "")])
        .fields(&[
            document("container_definitions", "ContainerDefinitions"),
            many("volume", "Volumes"),
            to("volume.efs_volume_configuration", "EFSVolumeConfiguration"),
            to("volume.efs_volume_configuration.file_system_id", "FilesystemId"),
            to("*.authorization_config.iam", "IAM"),
            to("volume.host_path", "Host.SourcePath"),
            one("runtime_platform", "RuntimePlatform"),
            one("ephemeral_storage", "EphemeralStorage"),
            one("proxy_configuration", "ProxyConfiguration"),
            many("placement_constraints", "PlacementConstraints"),
            omit("skip_destroy"),
            omit("track_latest"),
        ])
        .finish(task),
    Type::new("aws_ecs_capacity_provider", "AWS::ECS::CapacityProvider"),
    Type::new("aws_ecs_cluster_capacity_providers", "AWS::ECS::ClusterCapacityProviderAssociations").fields(
        &[
            to("cluster_name", "Cluster"),
            many("default_capacity_provider_strategy", "DefaultCapacityProviderStrategy"),
        ],
    ),
    Type::new("aws_apprunner_service", "AWS::AppRunner::Service")
        .attributes(&[("arn", ""), ("service_url", "ServiceUrl")]),
    Type::new("aws_eks_cluster", "AWS::EKS::Cluster")
        .attributes(&[("name", ""), ("id", "")])
        .fields(&[one("vpc_config", "ResourcesVpcConfig"), many("encryption_config", "EncryptionConfig")]),
    Type::new("aws_eks_node_group", "AWS::EKS::Nodegroup"),
    Type::new("aws_eks_fargate_profile", "AWS::EKS::FargateProfile"),
    Type::new("aws_service_discovery_service", "AWS::ServiceDiscovery::Service")
        .attributes(&[("arn", "Arn"), ("id", "")]),
    Type::new("aws_service_discovery_public_dns_namespace", "AWS::ServiceDiscovery::PublicDnsNamespace"),
    Type::new("aws_service_discovery_private_dns_namespace", "AWS::ServiceDiscovery::PrivateDnsNamespace"),
    Type::new("aws_service_discovery_http_namespace", "AWS::ServiceDiscovery::HttpNamespace"),
    Type::new("aws_batch_job_definition", "AWS::Batch::JobDefinition")
        .attributes(&[("arn", ""), ("id", "")])
        .fields(&[
            to("name", "JobDefinitionName"),
            document("container_properties", "ContainerProperties"),
            document("node_properties", "NodeProperties"),
            document("ecs_properties", "EcsProperties"),
            keep("parameters", "Parameters"),
            one("retry_strategy", "RetryStrategy"),
            one("timeout", "Timeout"),
        ])
        .finish(job),
    Type::new("aws_batch_job_queue", "AWS::Batch::JobQueue")
        .attributes(&[("arn", ""), ("id", "")])
        .fields(BATCH)
        .finish(queue),
    Type::new("aws_batch_compute_environment", "AWS::Batch::ComputeEnvironment")
        .attributes(&[("arn", ""), ("id", "")])
        .fields(&[
            one("compute_resources", "ComputeResources"),
            to("name", "ComputeEnvironmentName"),
            to("compute_resources.instance_type", "InstanceTypes"),
            to("compute_resources.min_vcpus", "MinvCpus"),
            to("compute_resources.max_vcpus", "MaxvCpus"),
            to("compute_resources.desired_vcpus", "DesiredvCpus"),
        ]),
];

const SWITCH: &[(&str, &str)] = &[("true", "ENABLED"), ("false", "DISABLED")];

const BATCH: &[Field] = &[
    to("name", "JobQueueName"),
    // The old list of environments, each of which is an entry in the order written.
    to("compute_environments", "ComputeEnvironmentOrder"),
    many("compute_environment_order", "ComputeEnvironmentOrder"),
    to("compute_environment_order.order", "Order"),
];

/// Keys whose maps have keys of the user's.
const OWN: &[&str] = &["options", "dockerLabels", "parameters", "driverOpts", "labels"];

fn task(map: &mut Map) {
    documents(map, &["ContainerDefinitions"]);
}

fn queue(map: &mut Map) {
    let Some(Data::List(items)) = map.get_mut("ComputeEnvironmentOrder").map(|v| &mut v.data) else { return };
    for item in items.iter_mut().filter(|v| v.as_map().is_none()) {
        let span = item.span;
        let environment = std::mem::replace(item, Value::text("", span));
        *item = Value::object([("ComputeEnvironment", environment)], span);
    }
}

fn job(map: &mut Map) {
    documents(map, &["ContainerProperties", "NodeProperties", "EcsProperties"]);
}

/// What Terraform takes as JSON in the service's words is a property in CloudFormation's.
fn documents(map: &mut Map, properties: &[&str]) {
    for property in properties {
        if let Some(value) = map.get_mut(property) {
            let taken = std::mem::replace(value, Value::text("", value.span));
            *value = capitalised(encoded(taken), OWN);
        }
    }
}
