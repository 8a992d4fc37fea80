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
  count = var.role_arn == null ? 1 : 0

  name               = var.name
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = var.role_arn == null ? toset(concat(
    ["arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
    var.managed_policy_arns,
  )) : toset([])

  role       = aws_iam_role.this[0].name
  policy_arn = each.value
}

resource "aws_iam_role_policy" "this" {
  count = var.role_arn == null && var.policy != null ? 1 : 0

  name   = "own"
  role   = aws_iam_role.this[0].id
  policy = var.policy
}

resource "aws_lambda_function" "this" {
  function_name    = var.name
  role             = var.role_arn == null ? aws_iam_role.this[0].arn : var.role_arn
  runtime          = "python3.13"
  architectures    = ["arm64"]
  handler          = var.handler
  filename         = var.code.path
  source_code_hash = var.code.hash
  memory_size      = 256
  timeout          = var.timeout

  environment {
    variables = var.environment
  }

  logging_config {
    log_format = "JSON"
    log_group  = var.log_group
  }
}
