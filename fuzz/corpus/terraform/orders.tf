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
resource "aws_cloudwatch_event_bus" "orders" {
  name = local.name
}

data "aws_iam_policy_document" "bus" {
  statement {
    sid       = "partners"
    actions   = ["events:PutEvents"]
    resources = [aws_cloudwatch_event_bus.orders.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}

resource "aws_cloudwatch_event_bus_policy" "orders" {
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  policy         = data.aws_iam_policy_document.bus.json
}

resource "aws_cloudwatch_event_rule" "order_placed" {
  name           = "${local.name}-order-placed"
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  event_pattern = jsonencode({
    source        = ["shop.orders"]
    "detail-type" = ["OrderPlaced"]
  })
}

resource "aws_cloudwatch_event_target" "flag_fraud" {
  rule           = aws_cloudwatch_event_rule.order_placed.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  arn            = module.flag_fraud.arn
}

resource "aws_lambda_permission" "flag_fraud" {
  action        = "lambda:InvokeFunction"
  function_name = module.flag_fraud.name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.order_placed.arn
}

resource "aws_cloudwatch_event_rule" "payment_received" {
  name           = "${local.name}-payment-received"
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  event_pattern = jsonencode({
    source        = ["shop.payments"]
    "detail-type" = ["PaymentReceived"]
  })
}

resource "aws_cloudwatch_event_target" "fulfil" {
  rule           = aws_cloudwatch_event_rule.payment_received.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  arn            = aws_sfn_state_machine.fulfil.arn
  role_arn       = aws_iam_role.start_fulfil.arn
}

data "aws_iam_policy_document" "events_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "start_fulfil" {
  name               = "${local.name}-start-fulfil"
  assume_role_policy = data.aws_iam_policy_document.events_trust.json
}

resource "aws_iam_role_policy" "start_fulfil" {
  name = "start"
  role = aws_iam_role.start_fulfil.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "states:StartExecution"
      Resource = aws_sfn_state_machine.fulfil.arn
    }]
  })
}

data "aws_iam_policy_document" "states_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "fulfil" {
  name               = "${local.name}-fulfil"
  assume_role_policy = data.aws_iam_policy_document.states_trust.json
}

resource "aws_iam_role_policy" "fulfil" {
  name = "fulfil"
  role = aws_iam_role.fulfil.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.stock.arn },
      { Effect = "Allow", Action = "dynamodb:UpdateItem", Resource = aws_dynamodb_table.orders.arn },
      { Effect = "Allow", Action = "sns:Publish", Resource = aws_sns_topic.notices.arn },
      { Effect = "Allow", Action = "s3:PutObject", Resource = "${aws_s3_bucket.documents.arn}/*" },
    ]
  })
}

resource "aws_sfn_state_machine" "fulfil" {
  name     = "${local.name}-fulfil"
  role_arn = aws_iam_role.fulfil.arn
  definition = templatefile("${path.module}/fulfil.asl.json", {
    stock_queue_url   = aws_sqs_queue.stock.url
    orders_table      = aws_dynamodb_table.orders.name
    notices_topic_arn = aws_sns_topic.notices.arn
    documents_bucket  = local.documents_bucket
  })
}

resource "aws_scheduler_schedule" "recount" {
  name                = "${local.name}-recount"
  schedule_expression = "cron(30 2 * * ? *)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sqs_queue.stock.arn
    role_arn = aws_iam_role.recount.arn
    input    = jsonencode({ kind = "recount" })
  }
}

data "aws_iam_policy_document" "scheduler_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "recount" {
  name               = "${local.name}-recount"
  assume_role_policy = data.aws_iam_policy_document.scheduler_trust.json
}

resource "aws_iam_role_policy" "recount" {
  name = "send"
  role = aws_iam_role.recount.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:*", Resource = "*" }]
  })
}
resource "aws_sqs_queue" "stock" {
  name                       = "${local.name}-stock"
  visibility_timeout_seconds = 60
}

resource "aws_sqs_queue" "mail" {
  name                       = "${local.name}-mail"
  visibility_timeout_seconds = 60

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.mail_dead_letters.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "mail_dead_letters" {
  name                      = "${local.name}-mail-dead-letters"
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue_policy" "mail" {
  queue_url = aws_sqs_queue.mail.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.mail.arn
    }]
  })
}

resource "aws_sns_topic" "notices" {
  name = "${local.name}-notices"
}

resource "aws_sns_topic_policy" "notices" {
  arn = aws_sns_topic.notices.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.notices.arn
    }]
  })
}

resource "aws_sns_topic_subscription" "mail" {
  topic_arn            = aws_sns_topic.notices.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.mail.arn
  raw_message_delivery = true
}

resource "aws_kinesis_stream" "sales" {
  name        = "${local.name}-sales"
  shard_count = 1
}
