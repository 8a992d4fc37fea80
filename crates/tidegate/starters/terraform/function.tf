# Keeping it.

data "archive_file" "keep" {
  type        = "zip"
  source_file = "${path.module}/src/index.mjs"
  output_path = "${path.module}/build/keep.zip"
}

# tidegate: allow unsigned-code reason="sign the code once there is a signing profile: aws_signer_signing_profile"
resource "aws_lambda_function" "keep" {
  function_name                  = "${local.name}-keep"
  handler                        = "index.handler"
  runtime                        = "nodejs24.x"
  architectures                  = ["arm64"]
  filename                       = data.archive_file.keep.output_path
  source_code_hash               = data.archive_file.keep.output_base64sha256
  role                           = aws_iam_role.keep.arn
  memory_size                    = 256
  timeout                        = 10
  reserved_concurrent_executions = 10
  kms_key_arn                    = aws_kms_key.this.arn
  tags                           = local.tags

  environment {
    variables = {
      TABLE = aws_dynamodb_table.notes.name
    }
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.keep.name
  }

  tracing_config {
    mode = "Active"
  }
}

resource "aws_lambda_event_source_mapping" "notes" {
  event_source_arn        = aws_sqs_queue.notes.arn
  function_name           = aws_lambda_function.keep.arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 10
  }
}

resource "aws_cloudwatch_log_group" "keep" {
  name              = "/aws/lambda/${local.name}-keep"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.this.arn
  tags              = local.tags
}

resource "aws_iam_role" "keep" {
  name               = "${local.name}-keep"
  assume_role_policy = data.aws_iam_policy_document.keep_trust.json
  tags               = local.tags
}

data "aws_iam_policy_document" "keep_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "keep" {
  name   = "keep"
  role   = aws_iam_role.keep.id
  policy = data.aws_iam_policy_document.keep.json
}

data "aws_iam_policy_document" "keep" {
  statement {
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    resources = [aws_sqs_queue.notes.arn]
  }

  statement {
    actions   = ["dynamodb:PutItem"]
    resources = [aws_dynamodb_table.notes.arn]
  }

  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.this.arn]
  }

  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.keep.arn}:*"]
  }

  # These two have no resource to be narrowed to.
  statement {
    actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    resources = ["*"]
  }
}

resource "aws_dynamodb_table" "notes" {
  name                        = local.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "id"
  deletion_protection_enabled = true
  tags                        = local.tags

  attribute {
    name = "id"
    type = "S"
  }

  on_demand_throughput {
    max_read_request_units  = 100
    max_write_request_units = 100
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this.arn
  }

  lifecycle {
    prevent_destroy = true
  }
}
