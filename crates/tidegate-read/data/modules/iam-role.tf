# What terraform-aws-modules/iam/aws//modules/iam-role makes of its inputs.

variable "create" { default = true }
variable "name" { default = null }
variable "path" { default = null }
variable "max_session_duration" { default = null }
variable "permissions_boundary" { default = null }
variable "trust_policy_permissions" { default = {} }
variable "policies" { default = {} }
variable "create_inline_policy" { default = false }
variable "inline_policy_permissions" { default = {} }
variable "tags" { default = {} }

resource "aws_iam_role" "this" {
  count = var.create ? 1 : 0

  name                 = var.name
  path                 = var.path
  max_session_duration = var.max_session_duration
  permissions_boundary = var.permissions_boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for name, s in var.trust_policy_permissions : {
        Sid    = try(s.sid, name)
        Effect = coalesce(try(s.effect, null), "Allow")
        Action = try(s.actions, ["sts:AssumeRole"])
        Principal = length(flatten([try(s.principals, [])])) == 0 ? null : {
          for p in flatten([try(s.principals, [])]) : p.type => p.identifiers
        }
        Condition = {
          for c in flatten([try(s.condition, [])]) : c.test => { (c.variable) = c.values }
        }
      }
    ]
  })
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = { for name, arn in var.policies : name => arn if var.create }

  role       = aws_iam_role.this[0].name
  policy_arn = each.value
}

resource "aws_iam_role_policy" "inline" {
  count = var.create && var.create_inline_policy ? 1 : 0

  role = aws_iam_role.this[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for name, s in var.inline_policy_permissions : {
        Sid         = try(s.sid, name)
        Effect      = coalesce(try(s.effect, null), "Allow")
        Action      = try(s.actions, null)
        NotAction   = try(s.not_actions, null)
        Resource    = try(s.resources, null)
        NotResource = try(s.not_resources, null)
        Condition = {
          for c in flatten([try(s.condition, [])]) : c.test => { (c.variable) = c.values }
        }
      }
    ]
  })
}

output "arn" { value = one(aws_iam_role.this[*].arn) }
output "name" { value = one(aws_iam_role.this[*].name) }
