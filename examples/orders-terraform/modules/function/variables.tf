variable "name" {
  type = string
}

variable "handler" {
  type = string
}

variable "code" {
  description = "The zipped code"
  type = object({
    path = string
    hash = string
  })
}

variable "environment" {
  type    = map(string)
  default = {}
}

variable "timeout" {
  type    = number
  default = 10
}

variable "role_arn" {
  description = "Role to run as; the function gets one of its own when this is null"
  type        = string
  default     = null
}

variable "policy" {
  description = "What the function's own role may do, as JSON"
  type        = string
  default     = null
}

variable "managed_policy_arns" {
  description = "AWS managed policies of the function's own role"
  type        = list(string)
  default     = []
}

variable "log_group" {
  type = string
}
