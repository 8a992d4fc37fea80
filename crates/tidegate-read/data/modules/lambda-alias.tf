# What terraform-aws-modules/lambda/aws//modules/alias makes of its inputs.

variable "create" { default = true }
variable "name" { default = "" }
variable "function_name" { default = "" }
variable "function_version" { default = "" }
variable "allowed_triggers" { default = {} }
variable "event_source_mapping" { default = {} }

resource "aws_lambda_alias" "this" {
  count = var.create ? 1 : 0

  name             = var.name
  function_name    = var.function_name
  function_version = var.function_version
}

resource "aws_lambda_permission" "triggers" {
  for_each = { for name, trigger in var.allowed_triggers : name => trigger if var.create }

  function_name  = var.function_name
  qualifier      = var.name
  action         = try(each.value.action, "lambda:InvokeFunction")
  principal      = try(each.value.principal, "${each.value.service}.amazonaws.com", null)
  source_arn     = try(each.value.source_arn, null)
  source_account = try(each.value.source_account, null)
}

resource "aws_lambda_event_source_mapping" "this" {
  for_each = { for name, mapping in var.event_source_mapping : name => mapping if var.create }

  function_name           = aws_lambda_alias.this[0].arn
  event_source_arn        = try(each.value.event_source_arn, null)
  enabled                 = try(each.value.enabled, null)
  batch_size              = try(each.value.batch_size, null)
  function_response_types = try(each.value.function_response_types, null)
}

output "lambda_alias_arn" { value = one(aws_lambda_alias.this[*].arn) }
output "lambda_alias_invoke_arn" { value = one(aws_lambda_alias.this[*].invoke_arn) }
output "lambda_alias_name" { value = one(aws_lambda_alias.this[*].name) }
