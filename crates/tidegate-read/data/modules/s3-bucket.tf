# What terraform-aws-modules/s3-bucket/aws makes of its inputs.
#
# A policy that is given counts unless `attach_policy` says false: the module attaches it only when asked, but who writes one
# means it to hold.

variable "create_bucket" { default = true }
variable "bucket" { default = null }
variable "bucket_prefix" { default = null }
variable "acl" { default = null }
variable "grant" { default = [] }
variable "policy" { default = null }
variable "attach_policy" { default = null }
variable "attach_public_policy" { default = true }
variable "attach_deny_insecure_transport_policy" { default = false }
variable "attach_require_latest_tls_policy" { default = false }
variable "block_public_acls" { default = since("3.9.0") }
variable "block_public_policy" { default = since("3.9.0") }
variable "ignore_public_acls" { default = since("3.9.0") }
variable "restrict_public_buckets" { default = since("3.9.0") }
variable "control_object_ownership" { default = false }
variable "object_ownership" { default = since("3.9.0") ? "BucketOwnerEnforced" : "ObjectWriter" }
variable "versioning" { default = {} }
variable "logging" { default = {} }
variable "website" { default = {} }
variable "cors_rule" { default = [] }
variable "lifecycle_rule" { default = [] }
variable "server_side_encryption_configuration" { default = {} }
variable "object_lock_enabled" { default = false }
variable "force_destroy" { default = false }
variable "tags" { default = {} }

locals {
  document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "denyInsecureTransport"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [one(aws_s3_bucket.this[*].arn), "${one(aws_s3_bucket.this[*].arn)}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
  given     = var.policy != null && var.attach_policy != false
  generated = var.attach_deny_insecure_transport_policy || var.attach_require_latest_tls_policy
  rules     = flatten([try(var.server_side_encryption_configuration.rule, [])])
}

resource "aws_s3_bucket" "this" {
  count = var.create_bucket ? 1 : 0

  bucket              = var.bucket
  bucket_prefix       = var.bucket_prefix
  force_destroy       = var.force_destroy
  object_lock_enabled = var.object_lock_enabled
  tags                = var.tags

  dynamic "cors_rule" {
    for_each = try(jsondecode(var.cors_rule), var.cors_rule)
    content {
      allowed_methods = cors_rule.value.allowed_methods
      allowed_origins = cors_rule.value.allowed_origins
      allowed_headers = try(cors_rule.value.allowed_headers, null)
    }
  }
}

resource "aws_s3_bucket_acl" "this" {
  count = var.create_bucket && var.acl != null ? 1 : 0

  bucket = aws_s3_bucket.this[0].id
  acl    = var.acl
}

resource "aws_s3_bucket_public_access_block" "this" {
  count = var.create_bucket && var.attach_public_policy ? 1 : 0

  bucket                  = aws_s3_bucket.this[0].id
  block_public_acls       = var.block_public_acls
  block_public_policy     = var.block_public_policy
  ignore_public_acls      = var.ignore_public_acls
  restrict_public_buckets = var.restrict_public_buckets
}

resource "aws_s3_bucket_ownership_controls" "this" {
  count = var.create_bucket && var.control_object_ownership ? 1 : 0

  bucket = aws_s3_bucket.this[0].id
  rule {
    object_ownership = var.object_ownership
  }
}

resource "aws_s3_bucket_versioning" "this" {
  count = var.create_bucket && length(keys(var.versioning)) > 0 ? 1 : 0

  bucket = aws_s3_bucket.this[0].id
  dynamic "versioning_configuration" {
    for_each = [var.versioning]
    content {
      status     = try(versioning_configuration.value.enabled ? "Enabled" : "Suspended", versioning_configuration.value.status, null)
      mfa_delete = try(versioning_configuration.value.mfa_delete ? "Enabled" : "Disabled", null)
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  count = var.create_bucket && length(local.rules) > 0 ? 1 : 0

  bucket = aws_s3_bucket.this[0].id
  dynamic "rule" {
    for_each = local.rules
    content {
      bucket_key_enabled = try(rule.value.bucket_key_enabled, null)
      dynamic "apply_server_side_encryption_by_default" {
        for_each = try([rule.value.apply_server_side_encryption_by_default], [])
        content {
          sse_algorithm     = apply_server_side_encryption_by_default.value.sse_algorithm
          kms_master_key_id = try(apply_server_side_encryption_by_default.value.kms_master_key_id, null)
        }
      }
    }
  }
}

resource "aws_s3_bucket_logging" "this" {
  count = var.create_bucket && length(keys(var.logging)) > 0 ? 1 : 0

  bucket        = aws_s3_bucket.this[0].id
  target_bucket = try(var.logging.target_bucket, null)
  target_prefix = try(var.logging.target_prefix, null)
}

resource "aws_s3_bucket_website_configuration" "this" {
  count = var.create_bucket && length(keys(var.website)) > 0 ? 1 : 0

  bucket = aws_s3_bucket.this[0].id
  index_document {
    suffix = try(var.website.index_document, null)
  }
}

resource "aws_s3_bucket_policy" "this" {
  count = var.create_bucket && (local.given || local.generated) ? 1 : 0

  bucket = aws_s3_bucket.this[0].id
  policy = local.given ? var.policy : local.document
}

output "s3_bucket_id" { value = one(aws_s3_bucket.this[*].id) }
output "s3_bucket_arn" { value = one(aws_s3_bucket.this[*].arn) }
output "s3_bucket_bucket_domain_name" { value = one(aws_s3_bucket.this[*].bucket_domain_name) }
output "s3_bucket_bucket_regional_domain_name" { value = one(aws_s3_bucket.this[*].bucket_regional_domain_name) }
output "this_s3_bucket_id" { value = one(aws_s3_bucket.this[*].id) }
output "this_s3_bucket_arn" { value = one(aws_s3_bucket.this[*].arn) }
