locals {
  code = {
    path = data.archive_file.code.output_path
    hash = data.archive_file.code.output_base64sha256
  }
}

resource "aws_cloudwatch_log_group" "functions" {
  name              = "/aws/lambda/${local.name}"
  retention_in_days = 365
}

# Taking an order.

module "place_order" {
  source = "./modules/function"

  name      = "${local.name}-place-order"
  handler   = "place_order.handler"
  code      = local.code
  log_group = aws_cloudwatch_log_group.functions.name

  environment = {
    ORDERS_TABLE = aws_dynamodb_table.orders.name
    ORDER_BUS    = aws_cloudwatch_event_bus.orders.name
    SALES_STREAM = aws_kinesis_stream.sales.name
  }

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "dynamodb:PutItem", Resource = aws_dynamodb_table.orders.arn },
      { Effect = "Allow", Action = "events:PutEvents", Resource = aws_cloudwatch_event_bus.orders.arn },
      { Effect = "Allow", Action = "kinesis:PutRecord", Resource = aws_kinesis_stream.sales.arn },
    ]
  })
}

module "get_order" {
  source = "./modules/function"

  name      = "${local.name}-get-order"
  handler   = "get_order.handler"
  code      = local.code
  log_group = aws_cloudwatch_log_group.functions.name

  environment = {
    ORDERS_TABLE = aws_dynamodb_table.orders.name
  }

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "dynamodb:GetItem", Resource = aws_dynamodb_table.orders.arn }]
  })
}

# Being paid.

module "payment_webhook" {
  source = "./modules/function"

  name      = "${local.name}-payment-webhook"
  handler   = "payment_webhook.handler"
  code      = local.code
  log_group = aws_cloudwatch_log_group.functions.name

  environment = {
    ORDER_BUS      = aws_cloudwatch_event_bus.orders.name
    PAYMENT_SECRET = aws_secretsmanager_secret.payment.arn
  }

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "events:PutEvents", Resource = aws_cloudwatch_event_bus.orders.arn },
      { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = aws_secretsmanager_secret.payment.arn },
    ]
  })
}

# Its value is shared with the payment provider and set by hand, so that it is in no state file.
resource "aws_secretsmanager_secret" "payment" {
  name = "${local.name}-payment"
}

# Everything that happens to an order.

module "flag_fraud" {
  source = "./modules/function"

  name             = "${local.name}-flag-fraud"
  handler          = "flag_fraud.handler"
  dead_letters_arn = aws_sqs_queue.event_dead_letters.arn
  code             = local.code
  log_group        = aws_cloudwatch_log_group.functions.name

  environment = {
    ORDERS_TABLE = aws_dynamodb_table.orders.name
  }

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "dynamodb:UpdateItem"
      Resource = aws_dynamodb_table.orders.arn
    }]
  })
}

# Stock.

module "reserve_stock" {
  source = "./modules/function"

  name      = "${local.name}-reserve-stock"
  handler   = "reserve_stock.handler"
  timeout   = 30
  code      = local.code
  log_group = aws_cloudwatch_log_group.functions.name

  environment = {
    STOCK_TABLE = aws_dynamodb_table.stock.name
  }

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "dynamodb:UpdateItem"
        Resource = aws_dynamodb_table.stock.arn
      },
      {
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = aws_sqs_queue.stock.arn
      },
    ]
  })
}

resource "aws_lambda_event_source_mapping" "reserve_stock" {
  function_name           = module.reserve_stock.arn
  event_source_arn        = aws_sqs_queue.stock.arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 10
  }
}

# Telling the customer.

module "send_receipt" {
  source = "./modules/function"

  name      = "${local.name}-send-receipt"
  handler   = "send_receipt.handler"
  code      = local.code
  log_group = aws_cloudwatch_log_group.functions.name

  environment = {
    SENDER = var.sender
  }

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "ses:SendEmail"
        Resource = "arn:${data.aws_partition.current.partition}:ses:${var.region}:${data.aws_caller_identity.current.account_id}:identity/${var.sender}"
      },
      {
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = aws_sqs_queue.mail.arn
      },
    ]
  })
}

resource "aws_lambda_event_source_mapping" "send_receipt" {
  function_name           = module.send_receipt.arn
  event_source_arn        = aws_sqs_queue.mail.arn
  batch_size              = 5
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 5
  }
}

# Invoices.

module "render_invoice" {
  source = "./modules/function"

  name             = "${local.name}-render-invoice"
  handler          = "render_invoice.handler"
  dead_letters_arn = aws_sqs_queue.event_dead_letters.arn
  code             = local.code
  log_group        = aws_cloudwatch_log_group.functions.name

  environment = {
    INVOICE_BUCKET = aws_s3_bucket.invoices.bucket
  }

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:GetObject", Resource = "${aws_s3_bucket.documents.arn}/requests/*" },
      { Effect = "Allow", Action = "s3:PutObject", Resource = "${aws_s3_bucket.invoices.arn}/invoices/*" },
    ]
  })
}

# Figures.

module "count_sales" {
  source = "./modules/function"

  name      = "${local.name}-count-sales"
  handler   = "count_sales.handler"
  code      = local.code
  log_group = aws_cloudwatch_log_group.functions.name

  environment = {
    SALES_TABLE = aws_dynamodb_table.sales.name
  }

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "dynamodb:UpdateItem", Resource = aws_dynamodb_table.sales.arn },
      { Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.event_dead_letters.arn },
      {
        Effect = "Allow"
        Action = [
          "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords",
          "kinesis:GetShardIterator", "kinesis:ListShards",
        ]
        Resource = aws_kinesis_stream.sales.arn
      },
    ]
  })
}

resource "aws_lambda_event_source_mapping" "count_sales" {
  function_name                  = module.count_sales.arn
  event_source_arn               = aws_kinesis_stream.sales.arn
  starting_position              = "LATEST"
  batch_size                     = 100
  maximum_retry_attempts         = 5
  maximum_record_age_in_seconds  = 86400
  bisect_batch_on_function_error = true

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.event_dead_letters.arn
    }
  }
}
