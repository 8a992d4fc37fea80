//! API Gateway: REST APIs.

use super::table::{Field, Join, Type, document, keep, many, omit, one, to, unless};
use tidegate_graph::{Data, Field as Entry, Map, Value};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_api_gateway_rest_api", "AWS::ApiGateway::RestApi")
        .attributes(&[("root_resource_id", "RootResourceId"), ("execution_arn", "ExecutionArn")])
        .fields(&[
            document("body", "Body"),
            document("policy", "Policy"),
            keep("parameters", "Parameters"),
            one("endpoint_configuration", "EndpointConfiguration"),
            omit("put_rest_api_mode"),
        ]),
    Type::part(
        "aws_api_gateway_rest_api_policy",
        &[Join::new("aws_api_gateway_rest_api", &["rest_api_id"])
            .fields(&[omit("rest_api_id"), document("policy", "Policy")])],
    ),
    Type::new("aws_api_gateway_resource", "AWS::ApiGateway::Resource").attributes(&[("path", "Path")]),
    Type::new("aws_api_gateway_method", "AWS::ApiGateway::Method").fields(&[
        to("authorization", "AuthorizationType"),
        keep("request_models", "RequestModels"),
        keep("request_parameters", "RequestParameters"),
    ]),
    Type::part("aws_api_gateway_integration", &[of_method(INTEGRATION).under("Integration")]),
    Type::part(
        "aws_api_gateway_integration_response",
        &[of_method(&[
            omit("rest_api_id"),
            omit("resource_id"),
            omit("http_method"),
            keep("response_parameters", "ResponseParameters"),
            keep("response_templates", "ResponseTemplates"),
        ])
        .under("Integration.IntegrationResponses[]")],
    ),
    Type::part(
        "aws_api_gateway_method_response",
        &[of_method(&[
            omit("rest_api_id"),
            omit("resource_id"),
            omit("http_method"),
            keep("response_models", "ResponseModels"),
            keep("response_parameters", "ResponseParameters"),
        ])
        .under("MethodResponses[]")],
    ),
    Type::new("aws_api_gateway_stage", "AWS::ApiGateway::Stage")
        .attributes(&[("stage_name", ""), ("invoke_url", "InvokeUrl")])
        .fields(&[
            one("access_log_settings", "AccessLogSetting"),
            keep("variables", "Variables"),
            to("xray_tracing_enabled", "TracingEnabled"),
            one("canary_settings", "CanarySetting"),
        ]),
    Type::part(
        "aws_api_gateway_method_settings",
        &[Join::new("aws_api_gateway_stage", &["rest_api_id", "stage_name"])
            .fields(SETTINGS)
            .under("MethodSettings[]")
            .finish(method_settings)],
    ),
    Type::new("aws_api_gateway_deployment", "AWS::ApiGateway::Deployment").fields(&[
        omit("triggers"),
        keep("variables", "StageDescription.Variables"),
        to("stage_description", "StageDescription.Description"),
        one("canary_settings", "DeploymentCanarySettings"),
    ]),
    Type::new("aws_api_gateway_authorizer", "AWS::ApiGateway::Authorizer")
        .fields(&[
            to("provider_arns", "ProviderARNs"),
            to("authorizer_result_ttl_in_seconds", "AuthorizerResultTtlInSeconds"),
        ])
        .finish(authorizer),
    Type::new("aws_api_gateway_request_validator", "AWS::ApiGateway::RequestValidator"),
    Type::new("aws_api_gateway_model", "AWS::ApiGateway::Model")
        .attributes(&[("name", "")])
        .fields(&[document("schema", "Schema")]),
    Type::new("aws_api_gateway_gateway_response", "AWS::ApiGateway::GatewayResponse").fields(&[
        keep("response_parameters", "ResponseParameters"),
        keep("response_templates", "ResponseTemplates"),
    ]),
    Type::new("aws_api_gateway_usage_plan", "AWS::ApiGateway::UsagePlan").fields(&[
        to("name", "UsagePlanName"),
        many("api_stages", "ApiStages"),
        one("quota_settings", "Quota"),
        one("throttle_settings", "Throttle"),
    ]),
    Type::new("aws_api_gateway_usage_plan_key", "AWS::ApiGateway::UsagePlanKey"),
    Type::new("aws_api_gateway_api_key", "AWS::ApiGateway::ApiKey").attributes(&[("value", "Value")]),
    Type::new("aws_api_gateway_domain_name", "AWS::ApiGateway::DomainName")
        .names(&["domain_name"])
        .attributes(&[
            ("domain_name", ""),
            ("id", ""),
            ("regional_domain_name", "RegionalDomainName"),
            ("cloudfront_domain_name", "DistributionDomainName"),
        ])
        .fields(&[
            one("endpoint_configuration", "EndpointConfiguration"),
            one("mutual_tls_authentication", "MutualTlsAuthentication"),
            document("policy", "Policy"),
        ]),
    Type::new("aws_api_gateway_base_path_mapping", "AWS::ApiGateway::BasePathMapping")
        .fields(&[to("api_id", "RestApiId"), to("stage_name", "Stage")]),
    Type::new("aws_api_gateway_vpc_link", "AWS::ApiGateway::VpcLink"),
    Type::new("aws_api_gateway_account", "AWS::ApiGateway::Account")
        .fields(&[to("cloudwatch_role_arn", "CloudWatchRoleArn")]),
    Type::new("aws_api_gateway_client_certificate", "AWS::ApiGateway::ClientCertificate"),
    Type::new("aws_api_gateway_documentation_part", "AWS::ApiGateway::DocumentationPart"),
    Type::new("aws_api_gateway_documentation_version", "AWS::ApiGateway::DocumentationVersion"),
];

const fn of_method(fields: &'static [Field]) -> Join {
    Join::new("aws_api_gateway_method", &["rest_api_id", "resource_id", "http_method"]).fields(fields)
}

const INTEGRATION: &[Field] = &[
    omit("rest_api_id"),
    omit("resource_id"),
    omit("http_method"),
    to("timeout_milliseconds", "TimeoutInMillis"),
    keep("request_parameters", "RequestParameters"),
    keep("request_templates", "RequestTemplates"),
    one("tls_config", "TlsConfig"),
];

const SETTINGS: &[Field] = &[
    omit("rest_api_id"),
    omit("stage_name"),
    one("settings", "Settings"),
    // The provider's words for no limit.
    unless("settings.throttling_rate_limit", "ThrottlingRateLimit", "-1"),
    unless("settings.throttling_burst_limit", "ThrottlingBurstLimit", "-1"),
];

/// CloudFormation keeps the settings beside the method they are for, and names the method by two properties.
fn method_settings(map: &mut Map) {
    if let Some(settings) = map.remove("Settings") {
        match settings.data {
            Data::Map(settings) => super::shape::merge(map, settings),
            data => drop(map.insert("Settings", Value::new(data, settings.span))),
        }
    }
    let Some(path) = map.remove("MethodPath") else { return };
    let Some(text) = path.as_str() else {
        map.insert("ResourcePath", path);
        return;
    };
    let (resource, method) = text.rsplit_once('/').unwrap_or((text, "*"));
    let resource =
        if resource == "*" { "/*".to_string() } else { format!("/{}", resource.trim_start_matches('/')) };
    map.insert("ResourcePath", Value::text(resource, path.span));
    map.insert("HttpMethod", Value::text(method, path.span));
}

fn authorizer(map: &mut Map) {
    // The provider's defaults, where CloudFormation has none.
    let span = map.values().next().map(|v| v.span).unwrap_or_default();
    for (key, default) in [("Type", "TOKEN"), ("IdentitySource", "method.request.header.Authorization")] {
        if !map.contains_key(key) {
            map.insert_field(key, Entry { key: span, value: Value::text(default, span) });
        }
    }
}
