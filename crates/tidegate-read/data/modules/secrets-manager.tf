# What terraform-aws-modules/secrets-manager/aws makes of its inputs.

variable "create" { default = true }
variable "name" { default = null }
variable "name_prefix" { default = null }
variable "kms_key_id" { default = null }
variable "recovery_window_in_days" { default = null }
variable "create_policy" { default = false }
variable "block_public_policy" { default = null }
variable "policy_statements" { default = {} }
variable "secret_string" { default = null }
variable "secret_binary" { default = null }
variable "enable_rotation" { default = false }
variable "rotation_lambda_arn" { default = "" }
variable "rotation_rules" { default = {} }
variable "tags" { default = {} }

resource "aws_secretsmanager_secret" "this" {
  count = var.create ? 1 : 0

  name                    = var.name
  name_prefix             = var.name_prefix
  kms_key_id              = var.kms_key_id
  recovery_window_in_days = var.recovery_window_in_days
  tags                    = var.tags
}

resource "aws_secretsmanager_secret_policy" "this" {
  count = var.create && var.create_policy ? 1 : 0

  secret_arn          = aws_secretsmanager_secret.this[0].arn
  block_public_policy = var.block_public_policy
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for name, s in var.policy_statements : {
        Sid       = try(s.sid, name)
        Effect    = coalesce(try(s.effect, null), "Allow")
        Action    = try(s.actions, null)
        NotAction = try(s.not_actions, null)
        Resource  = try(s.resources, ["*"])
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

resource "aws_secretsmanager_secret_version" "this" {
  count = var.create && (var.secret_string != null || var.secret_binary != null) ? 1 : 0

  secret_id     = aws_secretsmanager_secret.this[0].id
  secret_string = var.secret_string
  secret_binary = var.secret_binary
}

resource "aws_secretsmanager_secret_rotation" "this" {
  count = var.create && var.enable_rotation ? 1 : 0

  secret_id           = aws_secretsmanager_secret.this[0].id
  rotation_lambda_arn = var.rotation_lambda_arn
  rotation_rules {
    automatically_after_days = try(var.rotation_rules.automatically_after_days, null)
    schedule_expression      = try(var.rotation_rules.schedule_expression, null)
  }
}

output "secret_arn" { value = one(aws_secretsmanager_secret.this[*].arn) }
output "secret_id" { value = one(aws_secretsmanager_secret.this[*].id) }
output "secret_name" { value = one(aws_secretsmanager_secret.this[*].name) }
