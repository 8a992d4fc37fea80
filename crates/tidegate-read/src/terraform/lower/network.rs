//! EC2 and networks.

use super::shape::MAX_ENTRIES;
use super::table::{Field, Join, Type, document, many, omit, one, to};
use tidegate_graph::{Data, Map, Value};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_security_group", "AWS::EC2::SecurityGroup")
        .attributes(&[("id", "GroupId"), ("name", "GroupName")])
        .fields(GROUP)
        .finish(group),
    Type::new("aws_default_security_group", "AWS::EC2::SecurityGroup")
        .attributes(&[("id", "GroupId")])
        .fields(GROUP)
        .finish(group),
    Type::part("aws_security_group_rule", &[in_group(RULE), in_default_group(RULE)]),
    Type::part("aws_vpc_security_group_ingress_rule", &[in_group(INGRESS), in_default_group(INGRESS)]),
    Type::part("aws_vpc_security_group_egress_rule", &[in_group(EGRESS), in_default_group(EGRESS)]),
    Type::new("aws_instance", "AWS::EC2::Instance").fields(&[
        to("ami", "ImageId"),
        to("vpc_security_group_ids", "SecurityGroupIds"),
        one("metadata_options", "MetadataOptions"),
        many("ebs_block_device", "BlockDeviceMappings"),
        to("*.volume_type", "Ebs.VolumeType"),
        to("*.ebs_block_device.encrypted", "Ebs.Encrypted"),
    ]),
    Type::new("aws_launch_template", "AWS::EC2::LaunchTemplate"),
    Type::new("aws_launch_configuration", "AWS::AutoScaling::LaunchConfiguration")
        .attributes(&[("name", "")]),
    Type::new("aws_autoscaling_group", "AWS::AutoScaling::AutoScalingGroup").attributes(&[("name", "")]),
    Type::new("aws_autoscaling_policy", "AWS::AutoScaling::ScalingPolicy").attributes(&[("arn", "")]),
    Type::new("aws_appautoscaling_target", "AWS::ApplicationAutoScaling::ScalableTarget"),
    Type::new("aws_appautoscaling_policy", "AWS::ApplicationAutoScaling::ScalingPolicy"),
    Type::new("aws_vpc", "AWS::EC2::VPC").attributes(&[("cidr_block", "CidrBlock")]),
    Type::new("aws_subnet", "AWS::EC2::Subnet"),
    Type::new("aws_route_table", "AWS::EC2::RouteTable").fields(&[many("route", "Routes")]),
    Type::new("aws_route_table_association", "AWS::EC2::SubnetRouteTableAssociation"),
    Type::new("aws_route", "AWS::EC2::Route"),
    Type::new("aws_internet_gateway", "AWS::EC2::InternetGateway"),
    Type::new("aws_internet_gateway_attachment", "AWS::EC2::VPCGatewayAttachment"),
    Type::new("aws_nat_gateway", "AWS::EC2::NatGateway"),
    Type::new("aws_eip", "AWS::EC2::EIP"),
    Type::new("aws_network_acl", "AWS::EC2::NetworkAcl"),
    Type::new("aws_network_interface", "AWS::EC2::NetworkInterface"),
    Type::new("aws_vpc_endpoint", "AWS::EC2::VPCEndpoint").fields(&[document("policy", "PolicyDocument")]),
    Type::new("aws_flow_log", "AWS::EC2::FlowLog").fields(&[to("iam_role_arn", "DeliverLogsPermissionArn")]),
    Type::new("aws_ebs_volume", "AWS::EC2::Volume"),
    Type::new("aws_volume_attachment", "AWS::EC2::VolumeAttachment"),
    Type::new("aws_efs_file_system", "AWS::EFS::FileSystem"),
    Type::part(
        "aws_efs_file_system_policy",
        &[Join::new("aws_efs_file_system", &["file_system_id"])
            .fields(&[omit("file_system_id"), document("policy", "FileSystemPolicy")])],
    ),
    Type::new("aws_efs_access_point", "AWS::EFS::AccessPoint"),
    Type::new("aws_efs_mount_target", "AWS::EFS::MountTarget"),
    Type::new("aws_route53_zone", "AWS::Route53::HostedZone").attributes(&[("zone_id", "")]),
    Type::new("aws_route53_record", "AWS::Route53::RecordSet").fields(&[
        to("zone_id", "HostedZoneId"),
        to("records", "ResourceRecords"),
        to("ttl", "TTL"),
        one("alias", "AliasTarget"),
        to("alias.name", "DNSName"),
        to("alias.zone_id", "HostedZoneId"),
    ]),
    Type::new("aws_acm_certificate", "AWS::CertificateManager::Certificate")
        .attributes(&[("arn", ""), ("id", "")]),
    Type::ignored("aws_acm_certificate_validation"),
    Type::new("aws_vpclattice_service", "AWS::VpcLattice::Service"),
    Type::new("aws_vpclattice_resource_gateway", "AWS::VpcLattice::ResourceGateway"),
    Type::new("aws_vpclattice_resource_configuration", "AWS::VpcLattice::ResourceConfiguration"),
    Type::new("aws_globalaccelerator_accelerator", "AWS::GlobalAccelerator::Accelerator"),
    Type::new("aws_transfer_server", "AWS::Transfer::Server").attributes(&[("id", "ServerId")]).fields(&[
        one("workflow_details", "WorkflowDetails"),
        many("workflow_details.on_upload", "OnUpload"),
        to("function", "IdentityProviderDetails.Function"),
        to("url", "IdentityProviderDetails.Url"),
        to("invocation_role", "IdentityProviderDetails.InvocationRole"),
        one("endpoint_details", "EndpointDetails"),
        one("protocol_details", "ProtocolDetails"),
    ]),
    Type::new("aws_transfer_user", "AWS::Transfer::User").fields(&[
        to("role", "Role"),
        document("policy", "Policy"),
        many("home_directory_mappings", "HomeDirectoryMappings"),
    ]),
    Type::new("aws_transfer_workflow", "AWS::Transfer::Workflow")
        .attributes(&[("id", "WorkflowId")])
        .fields(&[many("steps", "Steps"), many("on_exception_steps", "OnExceptionSteps")]),
    Type::new("aws_codebuild_project", "AWS::CodeBuild::Project").attributes(&[("name", "")]).fields(&[
        one("artifacts", "Artifacts"),
        one("environment", "Environment"),
        many("environment.environment_variable", "EnvironmentVariables"),
        one("source", "Source"),
        one("vpc_config", "VpcConfig"),
        one("logs_config", "LogsConfig"),
        to("build_timeout", "TimeoutInMinutes"),
        to("source.buildspec", "BuildSpec"),
        one("logs_config.cloudwatch_logs", "CloudWatchLogs"),
        many("secondary_artifacts", "SecondaryArtifacts"),
        many("secondary_sources", "SecondarySources"),
    ]),
    Type::new("aws_codepipeline", "AWS::CodePipeline::Pipeline").attributes(&[("name", "")]),
    Type::new("aws_cloudformation_stack", "AWS::CloudFormation::Stack"),
    Type::new("aws_appconfig_application", "AWS::AppConfig::Application"),
    Type::new("aws_appconfig_configuration_profile", "AWS::AppConfig::ConfigurationProfile"),
    Type::new("aws_amplify_app", "AWS::Amplify::App"),
    Type::new("aws_location_tracker", "AWS::Location::Tracker"),
    Type::new("aws_location_place_index", "AWS::Location::PlaceIndex"),
    Type::new("aws_organizations_policy", "AWS::Organizations::Policy")
        .attributes(&[("id", ""), ("arn", "Arn")])
        .fields(&[document("content", "Content")])
        .finish(kind_of_policy),
    Type::part(
        "aws_organizations_policy_attachment",
        &[Join::new("aws_organizations_policy", &["policy_id"]).fields(&[
            to("target_id", "TargetIds[]"),
            omit("policy_id"),
            omit("skip_destroy"),
        ])],
    ),
];

/// What the provider takes a policy for that doesn't say it.
fn kind_of_policy(policy: &mut Map) {
    if !policy.contains_key("Type") {
        let span = policy.get("Content").map(|content| content.span).unwrap_or_default();
        policy.insert("Type", Value::text("SERVICE_CONTROL_POLICY", span));
    }
}

const fn in_group(fields: &'static [Field]) -> Join {
    Join::new("aws_security_group", &["security_group_id"]).fields(fields).finish(rules)
}

const fn in_default_group(fields: &'static [Field]) -> Join {
    Join::new("aws_default_security_group", &["security_group_id"]).fields(fields).finish(rules)
}

const GROUP: &[Field] = &[
    to("name", "GroupName"),
    to("description", "GroupDescription"),
    omit("revoke_rules_on_delete"),
    many("ingress", "SecurityGroupIngress"),
    many("egress", "SecurityGroupEgress"),
    to("*.protocol", "IpProtocol"),
];

const RULE: &[Field] = &[omit("security_group_id"), to("protocol", "IpProtocol")];

const INGRESS: &[Field] = &[
    omit("security_group_id"),
    omit("tags"),
    to("from_port", "SecurityGroupIngress[].FromPort"),
    to("to_port", "SecurityGroupIngress[].ToPort"),
    to("ip_protocol", "SecurityGroupIngress[].IpProtocol"),
    to("cidr_ipv4", "SecurityGroupIngress[].CidrIp"),
    to("cidr_ipv6", "SecurityGroupIngress[].CidrIpv6"),
    to("description", "SecurityGroupIngress[].Description"),
    to("prefix_list_id", "SecurityGroupIngress[].SourcePrefixListId"),
    to("referenced_security_group_id", "SecurityGroupIngress[].SourceSecurityGroupId"),
];

const EGRESS: &[Field] = &[
    omit("security_group_id"),
    omit("tags"),
    to("from_port", "SecurityGroupEgress[].FromPort"),
    to("to_port", "SecurityGroupEgress[].ToPort"),
    to("ip_protocol", "SecurityGroupEgress[].IpProtocol"),
    to("cidr_ipv4", "SecurityGroupEgress[].CidrIp"),
    to("cidr_ipv6", "SecurityGroupEgress[].CidrIpv6"),
    to("description", "SecurityGroupEgress[].Description"),
    to("prefix_list_id", "SecurityGroupEgress[].DestinationPrefixListId"),
    to("referenced_security_group_id", "SecurityGroupEgress[].DestinationSecurityGroupId"),
];

/// CloudFormation has one source in each rule.
fn group(map: &mut Map) {
    for (list, side) in [("SecurityGroupIngress", "Source"), ("SecurityGroupEgress", "Destination")] {
        let Some(Data::List(items)) = map.get_mut(list).map(|v| &mut v.data) else { continue };
        *items = std::mem::take(items).into_iter().flat_map(|rule| sources(rule, side)).collect();
    }
}

/// A rule of its own says by its type which list it belongs to.
fn rules(map: &mut Map) {
    let Some(kind) = map.remove("Type") else { return };
    let (list, side) = match kind.as_str() {
        Some("egress") => ("SecurityGroupEgress", "Destination"),
        _ => ("SecurityGroupIngress", "Source"),
    };
    let rule = Value::map(std::mem::take(map), kind.span);
    map.insert(list, Value::list(sources(rule, side), kind.span));
}

fn sources(rule: Value, side: &str) -> Vec<Value> {
    let Some(mut rest) = rule.as_map().cloned() else { return vec![rule] };
    let group = format!("{side}SecurityGroupId");
    let prefix = format!("{side}PrefixListId");
    let kinds = [
        ("CidrBlocks", "CidrIp"),
        ("Ipv6CidrBlocks", "CidrIpv6"),
        ("SecurityGroups", group.as_str()),
        ("SourceSecurityGroupId", group.as_str()),
        ("PrefixListIds", prefix.as_str()),
    ];
    let found = kinds.map(|(from, to)| (to, rest.remove(from)));
    let mut out = Vec::new();
    if found.iter().flat_map(|(_, value)| value).map(|v| v.items().len()).sum::<usize>() > MAX_ENTRIES {
        return vec![rule];
    }
    for (to, value) in found {
        for item in value.iter().flat_map(Value::items) {
            let mut one = rest.clone();
            one.insert(to, item.clone());
            out.push(Value::map(one, rule.span));
        }
    }
    if out.is_empty() { vec![Value::map(rest, rule.span)] } else { out }
}
