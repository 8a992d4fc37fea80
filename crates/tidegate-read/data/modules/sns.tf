# What terraform-aws-modules/sns/aws makes of its inputs.

variable "create" { default = true }
variable "create_sns_topic" { default = true }
variable "name" { default = null }
variable "name_prefix" { default = null }
variable "display_name" { default = null }
variable "fifo_topic" { default = false }
variable "kms_master_key_id" { default = null }
variable "delivery_policy" { default = null }
variable "tracing_config" { default = null }
variable "policy" { default = null }
variable "topic_policy" { default = null }
variable "create_topic_policy" { default = true }
variable "enable_default_topic_policy" { default = true }
variable "topic_policy_statements" { default = {} }
variable "create_subscription" { default = true }
variable "subscriptions" { default = {} }
variable "tags" { default = {} }

locals {
  create = var.create && var.create_sns_topic
}

resource "aws_sns_topic" "this" {
  count = local.create ? 1 : 0

  name              = var.name
  name_prefix       = var.name_prefix
  display_name      = var.display_name
  fifo_topic        = var.fifo_topic
  kms_master_key_id = var.kms_master_key_id
  delivery_policy   = var.delivery_policy
  tracing_config    = var.tracing_config
  policy            = var.policy
  tags              = var.tags
}

resource "aws_sns_topic_policy" "this" {
  count = local.create && var.create_topic_policy && (var.topic_policy != null || length(var.topic_policy_statements) > 0) ? 1 : 0

  arn    = aws_sns_topic.this[0].arn
  policy = var.topic_policy != null ? var.topic_policy : jsonencode({
    Version = "2012-10-17"
    Statement = [
      for name, s in var.topic_policy_statements : {
        Sid       = try(s.sid, name)
        Effect    = coalesce(try(s.effect, null), "Allow")
        Action    = try(s.actions, null)
        NotAction = try(s.not_actions, null)
        Resource  = try(s.resources, null) != null ? s.resources : [aws_sns_topic.this[0].arn]
        Principal = length(flatten([try(s.principals, [])])) == 0 ? null : {
          for p in flatten([try(s.principals, [])]) : p.type => p.identifiers
        }
        Condition = {
          for c in flatten([try(s.conditions, []), try(s.condition, [])]) : c.test => { (c.variable) = c.values }
        }
      }
    ]
  })
}

resource "aws_sns_topic_subscription" "this" {
  for_each = { for name, s in var.subscriptions : name => s if local.create && var.create_subscription }

  topic_arn            = aws_sns_topic.this[0].arn
  protocol             = each.value.protocol
  endpoint             = each.value.endpoint
  filter_policy        = try(each.value.filter_policy, null)
  filter_policy_scope  = try(each.value.filter_policy_scope, null)
  raw_message_delivery = try(each.value.raw_message_delivery, null)
  redrive_policy       = try(each.value.redrive_policy, null)
}

output "topic_arn" { value = one(aws_sns_topic.this[*].arn) }
output "topic_id" { value = one(aws_sns_topic.this[*].id) }
output "topic_name" { value = one(aws_sns_topic.this[*].name) }
output "sns_topic_arn" { value = one(aws_sns_topic.this[*].arn) }
output "sns_topic_id" { value = one(aws_sns_topic.this[*].id) }
output "this_sns_topic_arn" { value = one(aws_sns_topic.this[*].arn) }
