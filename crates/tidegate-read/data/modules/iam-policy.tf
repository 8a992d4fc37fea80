# What terraform-aws-modules/iam/aws//modules/iam-policy makes of its inputs.

variable "create" { default = true }
variable "create_policy" { default = true }
variable "name" { default = null }
variable "path" { default = null }
variable "description" { default = null }
variable "policy" { default = "" }
variable "tags" { default = {} }

resource "aws_iam_policy" "policy" {
  count = var.create && var.create_policy ? 1 : 0

  name        = var.name
  path        = var.path
  description = var.description
  policy      = var.policy
}

output "arn" { value = one(aws_iam_policy.policy[*].arn) }
output "id" { value = one(aws_iam_policy.policy[*].id) }
output "name" { value = one(aws_iam_policy.policy[*].name) }
