//! API Gateway: HTTP and WebSocket APIs.

use super::table::{Type, document, keep, many, one, to};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_apigatewayv2_api", "AWS::ApiGatewayV2::Api")
        .attributes(&[("api_endpoint", "ApiEndpoint"), ("execution_arn", "ExecutionArn")])
        .fields(&[
            one("cors_configuration", "CorsConfiguration"),
            document("body", "Body"),
            keep("tags", "Tags"),
        ]),
    Type::new("aws_apigatewayv2_route", "AWS::ApiGatewayV2::Route")
        .fields(&[keep("request_models", "RequestModels"), many("request_parameter", "RequestParameters")]),
    Type::new("aws_apigatewayv2_integration", "AWS::ApiGatewayV2::Integration").fields(&[
        to("timeout_milliseconds", "TimeoutInMillis"),
        keep("request_parameters", "RequestParameters"),
        keep("request_templates", "RequestTemplates"),
        many("response_parameters", "ResponseParameters"),
        keep("response_parameters.mappings", "Mappings"),
        one("tls_config", "TlsConfig"),
    ]),
    Type::new("aws_apigatewayv2_integration_response", "AWS::ApiGatewayV2::IntegrationResponse")
        .fields(&[keep("response_templates", "ResponseTemplates")]),
    Type::new("aws_apigatewayv2_route_response", "AWS::ApiGatewayV2::RouteResponse")
        .fields(&[keep("response_models", "ResponseModels")]),
    Type::new("aws_apigatewayv2_stage", "AWS::ApiGatewayV2::Stage")
        .attributes(&[("name", ""), ("invoke_url", "InvokeUrl")])
        .fields(&[
            to("name", "StageName"),
            one("access_log_settings", "AccessLogSettings"),
            one("default_route_settings", "DefaultRouteSettings"),
            many("route_settings", "RouteSettings"),
            keep("stage_variables", "StageVariables"),
            keep("tags", "Tags"),
        ])
        .finish(stage),
    Type::new("aws_apigatewayv2_authorizer", "AWS::ApiGatewayV2::Authorizer")
        .fields(&[to("identity_sources", "IdentitySource"), one("jwt_configuration", "JwtConfiguration")]),
    Type::new("aws_apigatewayv2_deployment", "AWS::ApiGatewayV2::Deployment"),
    Type::new("aws_apigatewayv2_domain_name", "AWS::ApiGatewayV2::DomainName")
        .attributes(&[("domain_name", "")])
        .fields(&[
            many("domain_name_configuration", "DomainNameConfigurations"),
            one("mutual_tls_authentication", "MutualTlsAuthentication"),
            keep("tags", "Tags"),
        ]),
    Type::new("aws_apigatewayv2_api_mapping", "AWS::ApiGatewayV2::ApiMapping"),
    Type::new("aws_apigatewayv2_model", "AWS::ApiGatewayV2::Model").fields(&[document("schema", "Schema")]),
    Type::new("aws_apigatewayv2_vpc_link", "AWS::ApiGatewayV2::VpcLink").fields(&[keep("tags", "Tags")]),
];

/// CloudFormation's route settings are a map by route key.
fn stage(map: &mut tidegate_graph::Map) {
    use tidegate_graph::{Data, Field, Map, Value};
    let Some(Data::List(items)) = map.get("RouteSettings").map(|v| &v.data) else { return };
    let mut routes = Map::new();
    for item in items {
        let Some(mut settings) = item.as_map().cloned() else { return };
        let Some(key) = settings.remove("RouteKey").and_then(|v| v.as_text()) else { return };
        routes.insert_field(key, Field { key: item.span, value: Value::map(settings, item.span) });
    }
    if let Some(value) = map.get_mut("RouteSettings") {
        value.data = Data::Map(routes);
    }
}
