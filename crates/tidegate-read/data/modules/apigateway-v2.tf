# What terraform-aws-modules/apigateway-v2/aws makes of its inputs. Since version 5 there are `routes`, before that `integrations`.

variable "create" { default = true }
variable "create_api_gateway" { default = true }
variable "name" { default = "" }
variable "protocol_type" { default = "HTTP" }
variable "body" { default = null }
variable "disable_execute_api_endpoint" { default = null }
variable "cors_configuration" { default = {} }
variable "target" { default = null }
variable "route_key" { default = null }
variable "tags" { default = {} }

variable "create_routes_and_integrations" { default = true }
variable "routes" { default = {} }
variable "integrations" { default = {} }
variable "authorizers" { default = {} }

variable "create_stage" { default = true }
variable "stage_name" { default = "$default" }
variable "stage_access_log_settings" { default = {} }
variable "stage_default_route_settings" { default = {} }
variable "create_default_stage" { default = true }
variable "default_stage_access_log_destination_arn" { default = null }
variable "default_stage_access_log_format" { default = null }
variable "default_route_settings" { default = {} }

locals {
  api   = var.create && var.create_api_gateway
  parts = local.api && var.create_routes_and_integrations
  stage = local.api && (since("5.0.0") ? var.create_stage : var.create_default_stage)
  routes = merge(
    { for key, i in var.integrations : key => merge(i, { "condensed_uri" = try(i.lambda_arn, i.integration_uri, null) }) },
    { for key, r in var.routes : key => merge(r, { "condensed_uri" = try(r.integration.uri, null) }) },
  )
  cors     = var.cors_configuration == null ? {} : var.cors_configuration
  settings = merge(var.default_route_settings, var.stage_default_route_settings)
  # From version 5 on the module makes a log group unless it is told not to.
  own_log = since("5.0.0") && local.stage && try(var.stage_access_log_settings.create_log_group, true) == true
}

resource "aws_apigatewayv2_api" "this" {
  count = local.api ? 1 : 0

  name                         = var.name
  protocol_type                = var.protocol_type
  body                         = var.body
  disable_execute_api_endpoint = var.disable_execute_api_endpoint
  target                       = var.target
  route_key                    = var.route_key
  tags                         = var.tags
  dynamic "cors_configuration" {
    for_each = length(keys(local.cors)) == 0 ? [] : [local.cors]
    content {
      allow_credentials = try(cors_configuration.value.allow_credentials, null)
      allow_headers     = try(cors_configuration.value.allow_headers, null)
      allow_methods     = try(cors_configuration.value.allow_methods, null)
      allow_origins     = try(cors_configuration.value.allow_origins, null)
      expose_headers    = try(cors_configuration.value.expose_headers, null)
      max_age           = try(cors_configuration.value.max_age, null)
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  count = local.own_log ? 1 : 0

  name              = try(var.stage_access_log_settings.log_group_name, "/aws/apigateway/${var.name}")
  retention_in_days = try(var.stage_access_log_settings.log_group_retention_in_days, 30)
  kms_key_id        = try(var.stage_access_log_settings.log_group_kms_key_id, null)
}

resource "aws_apigatewayv2_stage" "this" {
  count = local.stage ? 1 : 0

  api_id      = aws_apigatewayv2_api.this[0].id
  name        = since("5.0.0") ? var.stage_name : "$default"
  auto_deploy = true
  dynamic "access_log_settings" {
    for_each = local.own_log || try(var.stage_access_log_settings.destination_arn, null) != null ? [var.stage_access_log_settings] : []
    content {
      destination_arn = local.own_log ? one(aws_cloudwatch_log_group.this[*].arn) : var.stage_access_log_settings.destination_arn
      format          = try(access_log_settings.value.format, null)
    }
  }
  dynamic "access_log_settings" {
    for_each = var.default_stage_access_log_destination_arn != null ? [var.default_stage_access_log_destination_arn] : []
    content {
      destination_arn = access_log_settings.value
      format          = var.default_stage_access_log_format
    }
  }
  dynamic "default_route_settings" {
    for_each = length(keys(local.settings)) == 0 ? [] : [local.settings]
    content {
      data_trace_enabled       = try(default_route_settings.value.data_trace_enabled, null)
      logging_level            = try(default_route_settings.value.logging_level, null)
      detailed_metrics_enabled = try(default_route_settings.value.detailed_metrics_enabled, null)
      throttling_burst_limit   = try(default_route_settings.value.throttling_burst_limit, null)
      throttling_rate_limit    = try(default_route_settings.value.throttling_rate_limit, null)
    }
  }
}

resource "aws_apigatewayv2_route" "this" {
  for_each = { for key, route in local.routes : key => route if local.parts }

  api_id               = aws_apigatewayv2_api.this[0].id
  route_key            = each.key
  api_key_required     = try(each.value.api_key_required, null)
  authorization_scopes = try(flatten([each.value.authorization_scopes]), null)
  authorization_type   = try(each.value.authorization_type, "NONE")
  authorizer_id        = try(aws_apigatewayv2_authorizer.this[each.value.authorizer_key].id, each.value.authorizer_id, null)
  target               = "integrations/${aws_apigatewayv2_integration.this[each.key].id}"
}

resource "aws_apigatewayv2_integration" "this" {
  for_each = { for key, route in local.routes : key => route if local.parts }

  api_id              = aws_apigatewayv2_api.this[0].id
  integration_type    = try(each.value.integration.type, each.value.integration_type, "AWS_PROXY")
  integration_subtype = try(each.value.integration.subtype, each.value.integration_subtype, null)
  integration_uri     = each.value.condensed_uri
  credentials_arn     = try(each.value.integration.credentials_arn, each.value.credentials_arn, null)
  request_parameters  = try(each.value.integration.request_parameters, each.value.request_parameters, null)
}

resource "aws_apigatewayv2_authorizer" "this" {
  for_each = { for key, authorizer in var.authorizers : key => authorizer if local.parts }

  api_id                            = aws_apigatewayv2_api.this[0].id
  name                              = try(each.value.name, each.key)
  authorizer_type                   = try(each.value.authorizer_type, "REQUEST")
  authorizer_uri                    = try(each.value.authorizer_uri, null)
  identity_sources                  = try(flatten([each.value.identity_sources]), null)
  authorizer_result_ttl_in_seconds  = try(each.value.authorizer_result_ttl_in_seconds, null)
  authorizer_payload_format_version = try(each.value.authorizer_payload_format_version, null)
  dynamic "jwt_configuration" {
    for_each = try([each.value.jwt_configuration], [{ audience = each.value.audience, issuer = each.value.issuer }], [])
    content {
      audience = try(jwt_configuration.value.audience, null)
      issuer   = try(jwt_configuration.value.issuer, null)
    }
  }
}

output "api_id" { value = one(aws_apigatewayv2_api.this[*].id) }
output "api_arn" { value = one(aws_apigatewayv2_api.this[*].arn) }
output "api_endpoint" { value = one(aws_apigatewayv2_api.this[*].api_endpoint) }
output "api_execution_arn" { value = one(aws_apigatewayv2_api.this[*].execution_arn) }
output "apigatewayv2_api_id" { value = one(aws_apigatewayv2_api.this[*].id) }
output "apigatewayv2_api_execution_arn" { value = one(aws_apigatewayv2_api.this[*].execution_arn) }
output "apigatewayv2_api_api_endpoint" { value = one(aws_apigatewayv2_api.this[*].api_endpoint) }
output "stage_id" { value = one(aws_apigatewayv2_stage.this[*].id) }
output "stage_arn" { value = one(aws_apigatewayv2_stage.this[*].arn) }
