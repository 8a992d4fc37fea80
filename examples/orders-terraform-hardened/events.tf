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

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalOrgID"
      values   = [var.organization_id]
    }

    condition {
      test     = "StringEquals"
      variable = "events:source"
      values   = ["shop.partners"]
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
    account       = [data.aws_caller_identity.current.account_id]
    source        = ["shop.orders"]
    "detail-type" = ["OrderPlaced"]
  })
}

resource "aws_cloudwatch_event_target" "flag_fraud" {
  rule           = aws_cloudwatch_event_rule.order_placed.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  arn            = module.flag_fraud.arn

  dead_letter_config {
    arn = aws_sqs_queue.event_dead_letters.arn
  }

  retry_policy {
    maximum_retry_attempts       = 10
    maximum_event_age_in_seconds = 3600
  }
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
    account       = [data.aws_caller_identity.current.account_id]
    source        = ["shop.payments"]
    "detail-type" = ["PaymentReceived"]
  })
}

resource "aws_cloudwatch_event_target" "fulfil" {
  rule           = aws_cloudwatch_event_rule.payment_received.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  arn            = aws_sfn_state_machine.fulfil.arn
  role_arn       = aws_iam_role.start_fulfil.arn

  dead_letter_config {
    arn = aws_sqs_queue.event_dead_letters.arn
  }

  retry_policy {
    maximum_retry_attempts       = 10
    maximum_event_age_in_seconds = 3600
  }
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
      { Effect = "Allow", Action = "s3:PutObject", Resource = "${aws_s3_bucket.documents.arn}/requests/*" },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = aws_kms_key.topics.arn },
      # Neither log delivery nor tracing has a resource to name.
      {
        Effect = "Allow"
        Action = [
          "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
          "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies",
          "logs:DescribeLogGroups", "xray:PutTraceSegments", "xray:PutTelemetryRecords",
        ]
        Resource = "*"
      },
    ]
  })
}

resource "aws_sfn_state_machine" "fulfil" {
  name     = "${local.name}-fulfil"
  role_arn = aws_iam_role.fulfil.arn

  logging_configuration {
    level                  = "ALL"
    include_execution_data = false
    log_destination        = "${aws_cloudwatch_log_group.workflow.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  definition = templatefile("${path.module}/fulfil.asl.json", {
    stock_queue_url   = aws_sqs_queue.stock.url
    orders_table      = aws_dynamodb_table.orders.name
    notices_topic_arn = aws_sns_topic.notices.arn
    documents_bucket  = local.documents_bucket
  })
}

resource "aws_cloudwatch_log_group" "workflow" {
  name              = "/aws/vendedlogs/states/${local.name}"
  retention_in_days = 365
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

    dead_letter_config {
      arn = aws_sqs_queue.event_dead_letters.arn
    }

    retry_policy {
      maximum_retry_attempts       = 5
      maximum_event_age_in_seconds = 3600
    }
  }
}

data "aws_iam_policy_document" "scheduler_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
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
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = [aws_sqs_queue.stock.arn, aws_sqs_queue.event_dead_letters.arn]
    }]
  })
}
