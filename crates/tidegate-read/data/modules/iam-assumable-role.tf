# What terraform-aws-modules/iam/aws//modules/iam-assumable-role makes of its inputs.

variable "create_role" { default = true }
variable "role_name" { default = null }
variable "role_path" { default = "/" }
variable "max_session_duration" { default = null }
variable "role_permissions_boundary_arn" { default = "" }
variable "role_requires_mfa" { default = true }
variable "role_sts_externalid" { default = [] }
variable "trusted_role_arns" { default = [] }
variable "trusted_role_services" { default = [] }
variable "trusted_role_actions" { default = ["sts:AssumeRole"] }
variable "create_custom_role_trust_policy" { default = false }
variable "custom_role_trust_policy" { default = "" }
variable "custom_role_policy_arns" { default = [] }
variable "attach_admin_policy" { default = false }
variable "attach_poweruser_policy" { default = false }
variable "attach_readonly_policy" { default = false }
variable "admin_role_policy_arn" { default = "arn:aws:iam::aws:policy/AdministratorAccess" }
variable "poweruser_role_policy_arn" { default = "arn:aws:iam::aws:policy/PowerUserAccess" }
variable "readonly_role_policy_arn" { default = "arn:aws:iam::aws:policy/ReadOnlyAccess" }
variable "tags" { default = {} }

locals {
  external = flatten([var.role_sts_externalid])
  policies = concat(
    var.custom_role_policy_arns,
    var.attach_admin_policy ? [var.admin_role_policy_arn] : [],
    var.attach_poweruser_policy ? [var.poweruser_role_policy_arn] : [],
    var.attach_readonly_policy ? [var.readonly_role_policy_arn] : [],
  )
}

resource "aws_iam_role" "this" {
  count = var.create_role ? 1 : 0

  name                 = var.role_name
  path                 = var.role_path
  max_session_duration = var.max_session_duration
  permissions_boundary = var.role_permissions_boundary_arn == "" ? null : var.role_permissions_boundary_arn
  assume_role_policy = var.create_custom_role_trust_policy ? var.custom_role_trust_policy : jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = var.trusted_role_actions
      Principal = merge(
        length(var.trusted_role_arns) > 0 ? { AWS = var.trusted_role_arns } : {},
        length(var.trusted_role_services) > 0 ? { Service = var.trusted_role_services } : {},
      )
      Condition = merge(
        var.role_requires_mfa ? { Bool = { "aws:MultiFactorAuthPresent" = "true" } } : {},
        length(local.external) > 0 ? { StringEquals = { "sts:ExternalId" = local.external } } : {},
      )
    }]
  })
}

resource "aws_iam_role_policy_attachment" "this" {
  count = var.create_role ? length(local.policies) : 0

  role       = aws_iam_role.this[0].name
  policy_arn = local.policies[count.index]
}

output "iam_role_arn" { value = one(aws_iam_role.this[*].arn) }
output "iam_role_name" { value = one(aws_iam_role.this[*].name) }
