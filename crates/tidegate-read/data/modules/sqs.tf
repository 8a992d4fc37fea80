# What terraform-aws-modules/sqs/aws makes of its inputs.

variable "create" { default = true }
variable "name" { default = null }
variable "use_name_prefix" { default = false }
variable "fifo_queue" { default = null }
variable "content_based_deduplication" { default = null }
variable "delay_seconds" { default = null }
variable "max_message_size" { default = null }
variable "message_retention_seconds" { default = null }
variable "receive_wait_time_seconds" { default = null }
variable "visibility_timeout_seconds" { default = null }
variable "kms_master_key_id" { default = null }
variable "kms_data_key_reuse_period_seconds" { default = null }
variable "sqs_managed_sse_enabled" { default = since("4.0.0") ? true : null }
variable "policy" { default = null }
variable "redrive_policy" { default = {} }
variable "redrive_allow_policy" { default = {} }
variable "create_queue_policy" { default = false }
variable "queue_policy_statements" { default = {} }
variable "create_dlq" { default = false }
variable "dlq_name" { default = null }
variable "dlq_kms_master_key_id" { default = null }
variable "dlq_sqs_managed_sse_enabled" { default = true }
variable "dlq_message_retention_seconds" { default = null }
variable "create_dlq_queue_policy" { default = false }
variable "dlq_queue_policy_statements" { default = {} }
variable "tags" { default = {} }

locals {
  name = try(trimsuffix(var.name, ".fifo"), "")
  # Up to version 3 it is a document, later a map.
  redrive = try(jsondecode(var.redrive_policy), var.redrive_policy)
}

resource "aws_sqs_queue" "this" {
  count = var.create ? 1 : 0

  name                              = var.fifo_queue == true ? "${local.name}.fifo" : var.name
  fifo_queue                        = var.fifo_queue
  content_based_deduplication       = var.content_based_deduplication
  delay_seconds                     = var.delay_seconds
  max_message_size                  = var.max_message_size
  message_retention_seconds         = var.message_retention_seconds
  receive_wait_time_seconds         = var.receive_wait_time_seconds
  visibility_timeout_seconds        = var.visibility_timeout_seconds
  kms_master_key_id                 = var.kms_master_key_id
  kms_data_key_reuse_period_seconds = var.kms_data_key_reuse_period_seconds
  sqs_managed_sse_enabled           = var.kms_master_key_id != null && var.kms_master_key_id != "" ? null : var.sqs_managed_sse_enabled
  policy                            = var.policy
  tags                              = var.tags
}

resource "aws_sqs_queue_policy" "this" {
  count = var.create && var.create_queue_policy ? 1 : 0

  queue_url = aws_sqs_queue.this[0].url
  policy    = jsonencode({
    Version   = "2012-10-17"
    Statement = [for name, s in var.queue_policy_statements : local.statements[name]]
  })
}

resource "aws_sqs_queue_redrive_policy" "this" {
  count = var.create && (var.create_dlq || length(local.redrive) > 0) ? 1 : 0

  queue_url = aws_sqs_queue.this[0].url
  redrive_policy = jsonencode(var.create_dlq ? {
    deadLetterTargetArn = aws_sqs_queue.dlq[0].arn
    maxReceiveCount     = try(local.redrive.maxReceiveCount, 5)
  } : local.redrive)
}

resource "aws_sqs_queue" "dlq" {
  count = var.create && var.create_dlq ? 1 : 0

  name                      = var.dlq_name != null ? var.dlq_name : (var.fifo_queue == true ? "${local.name}-dlq.fifo" : "${local.name}-dlq")
  fifo_queue                = var.fifo_queue
  message_retention_seconds = var.dlq_message_retention_seconds != null ? var.dlq_message_retention_seconds : var.message_retention_seconds
  kms_master_key_id         = var.dlq_kms_master_key_id != null ? var.dlq_kms_master_key_id : var.kms_master_key_id
  sqs_managed_sse_enabled   = var.dlq_kms_master_key_id != null || var.kms_master_key_id != null ? null : var.dlq_sqs_managed_sse_enabled
  tags                      = var.tags
}

locals {
  statements = {
    for name, s in var.queue_policy_statements : name => {
      Sid       = try(s.sid, name)
      Effect    = coalesce(try(s.effect, null), "Allow")
      Action    = try(s.actions, null)
      NotAction = try(s.not_actions, null)
      Resource  = try(s.resources, null) != null ? s.resources : [aws_sqs_queue.this[0].arn]
      Principal = length(flatten([try(s.principals, [])])) == 0 ? null : {
        for p in flatten([try(s.principals, [])]) : p.type => p.identifiers
      }
      Condition = {
        for c in flatten([try(s.conditions, []), try(s.condition, [])]) : c.test => { (c.variable) = c.values }
      }
    }
  }
}

output "queue_arn" { value = one(aws_sqs_queue.this[*].arn) }
output "queue_id" { value = one(aws_sqs_queue.this[*].id) }
output "queue_url" { value = one(aws_sqs_queue.this[*].url) }
output "queue_name" { value = one(aws_sqs_queue.this[*].name) }
output "dead_letter_queue_arn" { value = one(aws_sqs_queue.dlq[*].arn) }
output "dead_letter_queue_id" { value = one(aws_sqs_queue.dlq[*].id) }
output "dead_letter_queue_url" { value = one(aws_sqs_queue.dlq[*].url) }
output "this_sqs_queue_arn" { value = one(aws_sqs_queue.this[*].arn) }
output "this_sqs_queue_id" { value = one(aws_sqs_queue.this[*].id) }
output "sqs_queue_arn" { value = one(aws_sqs_queue.this[*].arn) }
output "sqs_queue_id" { value = one(aws_sqs_queue.this[*].id) }
