resource "aws_dynamodb_table" "orders" {
  name         = "${local.name}-orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "orderId"

  deletion_protection_enabled = true

  on_demand_throughput {
    max_read_request_units  = 500
    max_write_request_units = 200
  }

  point_in_time_recovery {
    enabled = true
  }

  attribute {
    name = "orderId"
    type = "S"
  }
}

resource "aws_dynamodb_table" "stock" {
  name         = "${local.name}-stock"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "isbn"

  deletion_protection_enabled = true

  on_demand_throughput {
    max_read_request_units  = 200
    max_write_request_units = 200
  }

  point_in_time_recovery {
    enabled = true
  }

  attribute {
    name = "isbn"
    type = "S"
  }
}

resource "aws_dynamodb_table" "sales" {
  name         = "${local.name}-sales"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "day"

  deletion_protection_enabled = true

  on_demand_throughput {
    max_read_request_units  = 100
    max_write_request_units = 100
  }

  point_in_time_recovery {
    enabled = true
  }

  attribute {
    name = "day"
    type = "S"
  }
}

# A request is written to one bucket, the invoice to another one.

resource "aws_s3_bucket" "documents" {
  bucket = local.documents_bucket
}

resource "aws_s3_bucket" "invoices" {
  bucket_prefix = "${local.name}-invoices-"
}

locals {
  buckets = {
    documents = aws_s3_bucket.documents
    invoices  = aws_s3_bucket.invoices
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

data "aws_iam_policy_document" "buckets" {
  for_each = local.buckets

  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [each.value.arn, "${each.value.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = each.value.id
  policy = data.aws_iam_policy_document.buckets[each.key].json
}

resource "aws_s3_bucket_notification" "documents" {
  bucket = aws_s3_bucket.documents.id

  lambda_function {
    lambda_function_arn = module.render_invoice.arn
    events              = ["s3:ObjectCreated:*"]
    filter_prefix       = "requests/"
    filter_suffix       = ".json"
  }

  depends_on = [aws_lambda_permission.documents]
}

resource "aws_lambda_permission" "documents" {
  action         = "lambda:InvokeFunction"
  function_name  = module.render_invoice.name
  principal      = "s3.amazonaws.com"
  source_arn     = aws_s3_bucket.documents.arn
  source_account = data.aws_caller_identity.current.account_id
}
