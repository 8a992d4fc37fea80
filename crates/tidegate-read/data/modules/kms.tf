# What terraform-aws-modules/kms/aws makes of its inputs.

variable "create" { default = true }
variable "description" { default = null }
variable "is_enabled" { default = null }
variable "key_usage" { default = null }
variable "customer_master_key_spec" { default = null }
variable "deletion_window_in_days" { default = null }
variable "enable_key_rotation" { default = true }
variable "multi_region" { default = false }
variable "policy" { default = null }
variable "enable_default_policy" { default = true }
variable "key_owners" { default = [] }
variable "key_administrators" { default = [] }
variable "key_users" { default = [] }
variable "key_statements" { default = {} }
variable "aliases" { default = [] }
variable "tags" { default = {} }

data "aws_caller_identity" "current" {}

locals {
  groups = [
    { name = "KeyOwner", actions = ["kms:*"], who = var.key_owners },
    { name = "KeyAdministration", actions = ["kms:Create*", "kms:Put*", "kms:Update*", "kms:ScheduleKeyDeletion"], who = var.key_administrators },
    { name = "KeyUsage", actions = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*"], who = var.key_users },
  ]
  statements = concat(
    var.enable_default_policy ? [{
      Sid       = "Default"
      Effect    = "Allow"
      Action    = ["kms:*"]
      Resource  = ["*"]
      Principal = { AWS = ["arn:aws:iam::${data.aws_caller_identity.current.account_id}:root"] }
    }] : [],
    [for group in local.groups : {
      Sid       = group.name
      Effect    = "Allow"
      Action    = group.actions
      Resource  = ["*"]
      Principal = { AWS = group.who }
    } if length(group.who) > 0],
    [for name, s in var.key_statements : {
      Sid       = try(s.sid, name)
      Effect    = try(s.effect, "Allow")
      Action    = try(s.actions, null)
      NotAction = try(s.not_actions, null)
      Resource  = try(s.resources, ["*"])
      Principal = length(flatten([try(s.principals, [])])) == 0 ? null : {
        for p in flatten([try(s.principals, [])]) : p.type => p.identifiers
      }
      Condition = {
        for c in flatten([try(s.conditions, []), try(s.condition, [])]) : c.test => { (c.variable) = c.values }
      }
    }],
  )
}

resource "aws_kms_key" "this" {
  count = var.create ? 1 : 0

  description              = var.description
  is_enabled               = var.is_enabled
  key_usage                = var.key_usage
  customer_master_key_spec = var.customer_master_key_spec
  deletion_window_in_days  = var.deletion_window_in_days
  enable_key_rotation      = var.enable_key_rotation
  multi_region             = var.multi_region
  policy                   = var.policy != null ? var.policy : jsonencode({ Version = "2012-10-17", Statement = local.statements })
  tags                     = var.tags
}

output "key_arn" { value = one(aws_kms_key.this[*].arn) }
output "key_id" { value = one(aws_kms_key.this[*].key_id) }
