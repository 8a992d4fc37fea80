//! `AWS::Serverless::CapacityProvider`

use super::make::{attribute, map_of, set_opt, tag_list, trust, truthy, value};
use super::role::managed;
use super::shape::Type::{Bool, ListOf, Map as AMap, Number, OneOf, Str};
use super::shape::{self, Property, Type, opt, req};
use super::{Made, Source, Transform, tables};
use tidegate_graph::{Map, Value};

const LIST: Type = OneOf(&[ListOf(&OneOf(&[Str, Number, Bool, AMap])), AMap]);
const NUMBER: Type = OneOf(&[Number, AMap]);
/// What the maps within take.
const WITHIN: [(&str, &[Property]); 4] = [
    ("VpcConfig", &[opt("SecurityGroupIds", LIST), req("SubnetIds", LIST)]),
    (
        "InstanceRequirements",
        &[opt("Architectures", LIST), opt("AllowedTypes", LIST), opt("ExcludedTypes", LIST)],
    ),
    ("ScalingConfig", &[opt("MaxVCpuCount", NUMBER), opt("AverageCPUUtilization", NUMBER)]),
    ("ManagedResourceTags", &[opt("Tags", AMap)]),
];

/// Makes the provider, and the role it operates with.
pub(super) fn transform(run: &mut Transform<'_>, source: &Source) -> Vec<Made> {
    run.check(source, tables::CAPACITY_PROVIDER);
    for (name, table) in WITHIN {
        let Some(map) = source.get(name).and_then(map_of) else { continue };
        let what = format!("`{name}` of `{}`", source.id);
        shape::check(&what, source.at(name), map, &[table], &mut run.problems);
    }
    let scaling = source.get("ScalingConfig").and_then(map_of);
    let wants = source.get("InstanceRequirements").and_then(map_of);
    let both = |map: &&Map| ["AllowedTypes", "ExcludedTypes"].iter().all(|name| truthy(map.get(name)));
    if wants.filter(both).is_some() {
        let said = "`AllowedTypes` and `ExcludedTypes` exclude each other";
        run.problems.push(source.fault("InstanceRequirements", said));
    }
    let span = source.span;
    let mut own_tags = source.get("Tags").and_then(map_of).cloned().unwrap_or_default();
    own_tags.insert("lambda:createdBy", Value::text("SAM", span));
    let own_tags = Value::map(own_tags, span);
    let mut made = Vec::new();
    let mut provider = source.main("AWS::Lambda::CapacityProvider");
    let role = match source.some("OperatorRole") {
        Some(role) => role.clone(),
        None => {
            let mut role = source.beside(format!("{}OperatorRole", source.id), "AWS::IAM::Role", span);
            role.set("AssumeRolePolicyDocument", trust("lambda.amazonaws.com", span));
            role.set("ManagedPolicyArns", vec![managed("AWSLambdaManagedEC2ResourceOperator", span)]);
            let passed = truthy(source.get("PropagateTags"));
            let tag = value!(span, { "lambda:createdBy": "SAM" });
            role.set("Tags", tag_list(Some(if passed { &own_tags } else { &tag })));
            let arn = attribute(&role.id, "Arn", span);
            made.push(role);
            arn
        }
    };
    provider.copy(source, &["CapacityProviderName", "VpcConfig", "KmsKeyArn"]);
    provider.set("PermissionsConfig", value!(role.span, { "CapacityProviderOperatorRoleArn": (role) }));
    provider.set("Tags", tag_list(Some(&own_tags)));
    if let Some(wants) = wants {
        let mut out = Map::new();
        set_opt(&mut out, "Architectures", wants.get("Architectures"));
        set_opt(&mut out, "AllowedInstanceTypes", wants.get("AllowedTypes"));
        set_opt(&mut out, "ExcludedInstanceTypes", wants.get("ExcludedTypes"));
        provider.set("InstanceRequirements", Value::map(out, span));
    }
    if let Some(scaling) = scaling {
        let mut out = Map::new();
        set_opt(&mut out, "MaxVCpuCount", scaling.get("MaxVCpuCount"));
        match scaling.get("AverageCPUUtilization") {
            Some(target) => {
                out.insert("ScalingMode", Value::text("Manual", span));
                let metric = "LambdaCapacityProviderAverageCPUUtilization";
                let policy = value!(span, [{ "PredefinedMetricType": (metric), "TargetValue": (target) }]);
                out.insert("ScalingPolicies", policy);
            }
            None => {
                out.insert("ScalingMode", Value::text("Auto", span));
            }
        }
        provider.set("CapacityProviderScalingConfig", Value::map(out, span));
    }
    if let Some(logging) = source.some("LoggingConfig") {
        provider.set("TelemetryConfig", value!(logging.span, { "LoggingConfig": (logging) }));
    }
    if let Some(tags) = source.get("ManagedResourceTags").and_then(|tags| tags.get("Tags")) {
        let list = tag_list(Some(tags));
        provider.set("PropagateTags", value!(tags.span, { "Mode": "Explicit", "ExplicitTags": (list) }));
    }
    made.push(provider);
    made
}
