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
