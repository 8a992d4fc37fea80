# The outside gets in here.

resource "aws_apigatewayv2_api" "shop" {
  name          = "${local.name}-shop"
  protocol_type = "HTTP"

  cors_configuration {
    allow_origins = ["*"]
    allow_methods = ["GET", "POST"]
    allow_headers = ["content-type"]
  }
}

resource "aws_apigatewayv2_stage" "shop" {
  api_id      = aws_apigatewayv2_api.shop.id
  name        = var.stage
  auto_deploy = true
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
}

resource "aws_lambda_permission" "back_office" {
  action        = "lambda:InvokeFunction"
  function_name = module.get_order.name
  principal     = "apigateway.amazonaws.com"
}

resource "aws_lambda_function_url" "payment_webhook" {
  function_name      = module.payment_webhook.name
  authorization_type = "NONE"
}

resource "aws_lambda_permission" "payment_webhook" {
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = module.payment_webhook.name
  function_url_auth_type = "NONE"
  principal              = "*"
}
