data "aws_partition" "current" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = var.name
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = toset(["AWSLambdaBasicExecutionRole", "AWSXRayDaemonWriteAccess"])

  role = aws_iam_role.this.name
  policy_arn = join("", [
    "arn:${data.aws_partition.current.partition}:iam::aws:policy/",
    each.value == "AWSLambdaBasicExecutionRole" ? "service-role/" : "",
    each.value,
  ])
}

resource "aws_iam_role_policy" "this" {
  name   = "own"
  role   = aws_iam_role.this.id
  policy = var.policy
}

resource "aws_iam_role_policy" "dead_letters" {
  count = var.dead_letters_arn == null ? 0 : 1

  name = "dead-letters"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Resource = var.dead_letters_arn }]
  })
}

resource "aws_lambda_function" "this" {
  function_name    = var.name
  role             = aws_iam_role.this.arn
  runtime          = "python3.13"
  architectures    = ["arm64"]
  handler          = var.handler
  filename         = var.code.path
  source_code_hash = var.code.hash
  memory_size      = 256
  timeout          = var.timeout

  reserved_concurrent_executions = var.concurrency

  tracing_config {
    mode = "Active"
  }

  environment {
    variables = var.environment
  }

  logging_config {
    log_format = "JSON"
    log_group  = var.log_group
  }
}

resource "aws_lambda_function_event_invoke_config" "this" {
  count = var.dead_letters_arn == null ? 0 : 1

  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 3600

  destination_config {
    on_failure {
      destination = var.dead_letters_arn
    }
  }

  depends_on = [aws_iam_role_policy.dead_letters]
}
