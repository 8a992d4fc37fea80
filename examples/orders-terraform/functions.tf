locals {
  code = {
    path = data.archive_file.code.output_path
    hash = data.archive_file.code.output_base64sha256
  }
}

resource "aws_cloudwatch_log_group" "functions" {
  name              = "/aws/lambda/${local.name}"
  retention_in_days = var.stage == "prod" ? 365 : null
}

# Taking an order.

module "place_order" {
  source = "./modules/function"

  name      = "${local.name}-place-order"
  handler   = "place_order.handler"
  code      = local.code
  role_arn  = aws_iam_role.orders.arn
  log_group = aws_cloudwatch_log_group.functions.name

  environment = {
    ORDERS_TABLE = aws_dynamodb_table.orders.name
    ORDER_BUS    = aws_cloudwatch_event_bus.orders.name
    SALES_STREAM = aws_kinesis_stream.sales.name
  }
}

module "get_order" {
  source = "./modules/function"

  name      = "${local.name}-get-order"
  handler   = "get_order.handler"
  code      = local.code
  role_arn  = aws_iam_role.orders.arn
  log_group = aws_cloudwatch_log_group.functions.name

  environment = {
    ORDERS_TABLE = aws_dynamodb_table.orders.name
  }
}

data "aws_iam_policy_document" "lambda_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "orders" {
  statement {
    actions   = ["dynamodb:*"]
    resources = ["*"]
  }

  statement {
    actions   = ["events:PutEvents"]
    resources = [aws_cloudwatch_event_bus.orders.arn]
  }

  statement {
    actions   = ["kinesis:PutRecord", "kinesis:PutRecords"]
    resources = [aws_kinesis_stream.sales.arn]
  }
}

resource "aws_iam_role" "orders" {
  name               = local.name
  assume_role_policy = data.aws_iam_policy_document.lambda_trust.json
}

resource "aws_iam_role_policy" "orders" {
  name   = "orders"
  role   = aws_iam_role.orders.id
  policy = data.aws_iam_policy_document.orders.json
}

resource "aws_iam_role_policy_attachment" "orders_logs" {
  role       = aws_iam_role.orders.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

# Being paid.

module "payment_webhook" {
  source = "./modules/function"

  name                = "${local.name}-payment-webhook"
  handler             = "payment_webhook.handler"
  code                = local.code
  managed_policy_arns = ["arn:${data.aws_partition.current.partition}:iam::aws:policy/AdministratorAccess"]
  log_group           = aws_cloudwatch_log_group.functions.name

  environment = {
    ORDER_BUS              = aws_cloudwatch_event_bus.orders.name
    PAYMENT_SIGNING_SECRET = "8f27c1be04d84f6f8a5b93e7d0c4a1f6"
  }
}

# Everything that happens to an order.

module "flag_fraud" {
  source = "./modules/function"

  name      = "${local.name}-flag-fraud"
  handler   = "flag_fraud.handler"
  code      = local.code
  log_group = aws_cloudwatch_log_group.functions.name

  environment = {
    ORDERS_TABLE = aws_dynamodb_table.orders.name
  }

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
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
        Action   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
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
  function_name    = module.reserve_stock.arn
  event_source_arn = aws_sqs_queue.stock.arn
  batch_size       = 10
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

  name      = "${local.name}-render-invoice"
  handler   = "render_invoice.handler"
  code      = local.code
  log_group = aws_cloudwatch_log_group.functions.name

  environment = {
    INVOICE_BUCKET = local.documents_bucket
  }

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = "${aws_s3_bucket.documents.arn}/*"
    }]
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
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }]
  })
}

resource "aws_lambda_event_source_mapping" "count_sales" {
  function_name     = module.count_sales.arn
  event_source_arn  = aws_kinesis_stream.sales.arn
  starting_position = "LATEST"
  batch_size        = 100
}
