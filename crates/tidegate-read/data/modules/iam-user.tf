# What terraform-aws-modules/iam/aws//modules/iam-user makes of its inputs.

variable "create" { default = true }
variable "create_user" { default = true }
variable "name" { default = null }
variable "path" { default = "/" }
variable "permissions_boundary" { default = "" }
variable "create_iam_user_login_profile" { default = true }
variable "create_iam_access_key" { default = true }
variable "create_login_profile" { default = true }
variable "create_access_key" { default = true }
variable "password_reset_required" { default = true }
variable "policy_arns" { default = [] }
variable "policies" { default = {} }

locals {
  user = var.create && var.create_user
  arns = concat(var.policy_arns, values(var.policies))
}

resource "aws_iam_user" "this" {
  count = local.user ? 1 : 0

  name                 = var.name
  path                 = var.path
  permissions_boundary = var.permissions_boundary == "" ? null : var.permissions_boundary
}

resource "aws_iam_user_login_profile" "this" {
  count = local.user && var.create_iam_user_login_profile && var.create_login_profile ? 1 : 0

  user                    = aws_iam_user.this[0].name
  password_reset_required = var.password_reset_required
}

resource "aws_iam_access_key" "this" {
  count = local.user && var.create_iam_access_key && var.create_access_key ? 1 : 0

  user = aws_iam_user.this[0].name
}

resource "aws_iam_user_policy_attachment" "this" {
  count = local.user ? length(local.arns) : 0

  user       = aws_iam_user.this[0].name
  policy_arn = local.arns[count.index]
}

output "iam_user_arn" { value = one(aws_iam_user.this[*].arn) }
output "iam_user_name" { value = one(aws_iam_user.this[*].name) }
output "arn" { value = one(aws_iam_user.this[*].arn) }
output "name" { value = one(aws_iam_user.this[*].name) }
