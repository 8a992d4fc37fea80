# The outside gets in here.

resource "aws_apigatewayv2_api" "shop" {
  name          = "${local.name}-shop"
  protocol_type = "HTTP"

  cors_configuration {
    allow_origins = [var.shop_origin]
    allow_methods = ["GET", "POST"]
    allow_headers = ["authorization", "content-type"]
  }
}

resource "aws_apigatewayv2_stage" "shop" {
  api_id      = aws_apigatewayv2_api.shop.id
  name        = var.stage
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit    = 50
    throttling_burst_limit   = 100
    detailed_metrics_enabled = true
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      requestId = "$context.requestId"
      time      = "$context.requestTimeEpoch"
      ip        = "$context.identity.sourceIp"
      principal = "$context.authorizer.claims.sub"
      route     = "$context.routeKey"
      status    = "$context.status"
    })
  }
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/apigateway/${local.name}"
  retention_in_days = 365
}

resource "aws_apigatewayv2_authorizer" "customers" {
  api_id           = aws_apigatewayv2_api.shop.id
  name             = "customers"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = "https://${aws_cognito_user_pool.customers.endpoint}"
    audience = [aws_cognito_user_pool_client.shop.id]
  }
}

resource "aws_cognito_user_pool" "customers" {
  name                     = "${local.name}-customers"
  auto_verified_attributes = ["email"]
  mfa_configuration        = "ON"
  user_pool_tier           = "PLUS"

  software_token_mfa_configuration {
    enabled = true
  }

  user_pool_add_ons {
    advanced_security_mode = "ENFORCED"
  }

  password_policy {
    minimum_length                   = 14
    require_lowercase                = true
    require_uppercase                = true
    require_numbers                  = true
    require_symbols                  = true
    temporary_password_validity_days = 1
  }
}

resource "aws_cognito_user_pool_client" "shop" {
  name                                 = "shop"
  user_pool_id                         = aws_cognito_user_pool.customers.id
  explicit_auth_flows                  = ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
  prevent_user_existence_errors        = "ENABLED"
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["openid"]
  supported_identity_providers         = ["COGNITO"]
  callback_urls                        = ["${var.shop_origin}/signed-in"]
}

locals {
  routes = {
    "POST /orders"          = module.place_order
    "GET /orders/{orderId}" = module.get_order
  }
}

resource "aws_apigatewayv2_integration" "shop" {
  for_each = local.routes

  api_id                 = aws_apigatewayv2_api.shop.id
  integration_type       = "AWS_PROXY"
  integration_uri        = each.value.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "shop" {
  for_each = local.routes

  api_id    = aws_apigatewayv2_api.shop.id
  route_key = each.key
  target    = "integrations/${aws_apigatewayv2_integration.shop[each.key].id}"

  authorization_type = "JWT"
  authorizer_id      = aws_apigatewayv2_authorizer.customers.id
}

resource "aws_lambda_permission" "shop" {
  for_each = local.routes

  action        = "lambda:InvokeFunction"
  function_name = each.value.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.shop.execution_arn}/*"
}

resource "aws_api_gateway_rest_api" "back_office" {
  name = "${local.name}-back-office"
  body = templatefile("${path.module}/openapi.yaml", { get_order = module.get_order.invoke_arn })

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_deployment" "back_office" {
  rest_api_id = aws_api_gateway_rest_api.back_office.id

  triggers = {
    body = sha256(aws_api_gateway_rest_api.back_office.body)
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "back_office" {
  rest_api_id   = aws_api_gateway_rest_api.back_office.id
  deployment_id = aws_api_gateway_deployment.back_office.id
  stage_name    = var.stage

  xray_tracing_enabled = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      requestId = "$context.requestId"
      time      = "$context.requestTimeEpoch"
      ip        = "$context.identity.sourceIp"
      principal = "$context.identity.userArn"
      resource  = "$context.resourcePath"
      status    = "$context.status"
    })
  }
}

resource "aws_api_gateway_method_settings" "back_office" {
  rest_api_id = aws_api_gateway_rest_api.back_office.id
  stage_name  = aws_api_gateway_stage.back_office.stage_name
  method_path = "*/*"

  settings {
    throttling_rate_limit  = 10
    throttling_burst_limit = 20
    logging_level          = "ERROR"
    data_trace_enabled     = false
    metrics_enabled        = true
  }
}

resource "aws_wafv2_web_acl" "back_office" {
  name  = "${local.name}-back-office"
  scope = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 0

    action {
      block {}
    }

    statement {
      rate_based_statement {
        aggregate_key_type = "IP"
        limit              = 500
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
      metric_name                = "rate"
    }
  }

  rule {
    name     = "common"
    priority = 1

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesCommonRuleSet"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
      metric_name                = "common"
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    sampled_requests_enabled   = true
    metric_name                = "orders"
  }
}

resource "aws_wafv2_web_acl_association" "back_office" {
  resource_arn = aws_api_gateway_stage.back_office.arn
  web_acl_arn  = aws_wafv2_web_acl.back_office.arn
}

resource "aws_lambda_permission" "back_office" {
  action        = "lambda:InvokeFunction"
  function_name = module.get_order.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.back_office.execution_arn}/*/GET/orders/*"
}

resource "aws_lambda_function_url" "payment_webhook" {
  function_name      = module.payment_webhook.name
  authorization_type = "AWS_IAM"
}

resource "aws_lambda_permission" "payment_webhook" {
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = module.payment_webhook.name
  function_url_auth_type = "AWS_IAM"
  principal              = var.payment_provider_account
}
