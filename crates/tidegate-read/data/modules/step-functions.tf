# What terraform-aws-modules/step-functions/aws makes of its inputs. What its `service_integrations` allow is not told here.

variable "create" { default = true }
variable "create_role" { default = true }
variable "use_existing_role" { default = false }
variable "name" { default = "" }
variable "definition" { default = "" }
variable "type" { default = "STANDARD" }
variable "role_arn" { default = "" }
variable "role_name" { default = null }
variable "logging_configuration" { default = {} }
variable "log_destination_configuration" { default = null }
variable "cloudwatch_log_group_name" { default = null }
variable "cloudwatch_log_group_retention_in_days" { default = null }
variable "cloudwatch_log_group_kms_key_id" { default = null }
variable "attach_policy_json" { default = false }
variable "policy_json" { default = null }
variable "attach_policy_statements" { default = false }
variable "policy_statements" { default = {} }
variable "tags" { default = {} }

locals {
  role   = var.create && var.create_role && !var.use_existing_role
  logged = contains(["ALL", "ERROR", "FATAL"], try(var.logging_configuration.level, "OFF"))
}

resource "aws_sfn_state_machine" "this" {
  count = var.create ? 1 : 0

  name       = var.name
  definition = var.definition
  type       = upper(var.type)
  role_arn   = local.role ? aws_iam_role.this[0].arn : var.role_arn
  tags       = var.tags
  dynamic "logging_configuration" {
    for_each = length(keys(var.logging_configuration)) == 0 ? [] : [var.logging_configuration]
    content {
      log_destination        = try(logging_configuration.value.log_destination, "${one(aws_cloudwatch_log_group.sfn[*].arn)}:*")
      include_execution_data = try(logging_configuration.value.include_execution_data, null)
      level                  = try(logging_configuration.value.level, null)
    }
  }
}

resource "aws_cloudwatch_log_group" "sfn" {
  count = var.create && local.logged ? 1 : 0

  name              = coalesce(var.cloudwatch_log_group_name, "/aws/vendedlogs/states/${var.name}")
  retention_in_days = var.cloudwatch_log_group_retention_in_days
  kms_key_id        = var.cloudwatch_log_group_kms_key_id
}

resource "aws_iam_role" "this" {
  count = local.role ? 1 : 0

  name = coalesce(var.role_name, var.name)
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "states.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "json" {
  count = local.role && var.attach_policy_json ? 1 : 0

  role   = aws_iam_role.this[0].name
  policy = var.policy_json
}

resource "aws_iam_role_policy" "inline" {
  count = local.role && var.attach_policy_statements ? 1 : 0

  role = aws_iam_role.this[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for name, s in var.policy_statements : {
        Effect    = try(s.effect, "Allow")
        Action    = try(s.actions, null)
        NotAction = try(s.not_actions, null)
        Resource  = try(s.resources, null)
      }
    ]
  })
}

output "state_machine_arn" { value = one(aws_sfn_state_machine.this[*].arn) }
output "state_machine_id" { value = one(aws_sfn_state_machine.this[*].id) }
output "state_machine_name" { value = one(aws_sfn_state_machine.this[*].name) }
output "role_arn" { value = one(aws_iam_role.this[*].arn) }
output "role_name" { value = one(aws_iam_role.this[*].name) }
