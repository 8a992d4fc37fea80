# What terraform-aws-modules/eventbridge/aws makes of its inputs.

variable "create" { default = true }
variable "create_bus" { default = true }
variable "create_rules" { default = true }
variable "create_targets" { default = true }
variable "create_permissions" { default = true }
variable "create_archives" { default = false }
variable "bus_name" { default = "default" }
variable "kms_key_identifier" { default = null }
variable "append_rule_postfix" { default = true }
variable "rules" { default = {} }
variable "targets" { default = {} }
variable "permissions" { default = {} }
variable "archives" { default = {} }
variable "create_role" { default = true }
variable "role_name" { default = null }
variable "tags" { default = {} }

locals {
  targets = flatten([
    for rule, targets in var.targets : [
      for target in targets : { rule = rule, target = target }
    ] if var.create && var.create_targets
  ])
}

resource "aws_cloudwatch_event_bus" "this" {
  count = var.create && var.create_bus ? 1 : 0

  name               = var.bus_name
  kms_key_identifier = var.kms_key_identifier
  tags               = var.tags
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = { for name, rule in var.rules : name => rule if var.create && var.create_rules }

  name                = var.append_rule_postfix ? "${replace(each.key, "_", "-")}-rule" : each.key
  event_bus_name      = var.create_bus ? aws_cloudwatch_event_bus.this[0].name : var.bus_name
  event_pattern       = try(each.value.event_pattern, null)
  schedule_expression = try(each.value.schedule_expression, null)
  state               = try(each.value.state, try(tobool(each.value.enabled), true) ? "ENABLED" : "DISABLED")
}

resource "aws_cloudwatch_event_target" "this" {
  count = length(local.targets)

  event_bus_name = var.create_bus ? aws_cloudwatch_event_bus.this[0].name : var.bus_name
  rule           = try(aws_cloudwatch_event_rule.this[local.targets[count.index].rule].name, local.targets[count.index].rule)
  arn            = try(local.targets[count.index].target.arn, null)
  role_arn       = try(tobool(local.targets[count.index].target.attach_role_arn), false) ? one(aws_iam_role.eventbridge[*].arn) : try(tostring(local.targets[count.index].target.attach_role_arn), null)
  input          = try(local.targets[count.index].target.input, null)
  input_path     = try(local.targets[count.index].target.input_path, null)
  dynamic "input_transformer" {
    for_each = try([local.targets[count.index].target.input_transformer], [])
    content {
      input_paths    = try(input_transformer.value.input_paths, null)
      input_template = try(input_transformer.value.input_template, null)
    }
  }
  dynamic "dead_letter_config" {
    for_each = try(local.targets[count.index].target.dead_letter_arn, null) != null ? [local.targets[count.index].target.dead_letter_arn] : []
    content {
      arn = dead_letter_config.value
    }
  }
}

resource "aws_cloudwatch_event_permission" "this" {
  for_each = { for key, permission in var.permissions : key => permission if var.create && var.create_permissions }

  principal      = compact(split(" ", each.key))[0]
  statement_id   = try(compact(split(" ", each.key))[1], each.key)
  action         = try(each.value.action, null)
  event_bus_name = var.create_bus ? aws_cloudwatch_event_bus.this[0].name : var.bus_name
}

resource "aws_cloudwatch_event_archive" "this" {
  for_each = { for name, archive in var.archives : name => archive if var.create && var.create_archives }

  name             = each.key
  event_source_arn = try(each.value.event_source_arn, aws_cloudwatch_event_bus.this[0].arn)
  event_pattern    = try(each.value.event_pattern, null)
  retention_days   = try(each.value.retention_days, null)
}

resource "aws_iam_role" "eventbridge" {
  count = var.create && var.create_role ? 1 : 0

  name = coalesce(var.role_name, var.bus_name)
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "events.amazonaws.com" } }]
  })
}

output "eventbridge_bus_arn" { value = one(aws_cloudwatch_event_bus.this[*].arn) }
output "eventbridge_bus_name" { value = one(aws_cloudwatch_event_bus.this[*].name) }
output "eventbridge_rule_arns" { value = { for name, rule in aws_cloudwatch_event_rule.this : name => rule.arn } }
output "eventbridge_role_arn" { value = one(aws_iam_role.eventbridge[*].arn) }
