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

variable "policy" {
  description = "What the function may do, as JSON"
  type        = string
}

variable "log_group" {
  type = string
}

variable "dead_letters_arn" {
  description = "Queue for the events that an asynchronously invoked function gives up; null for all others"
  type        = string
  default     = null
}

variable "concurrency" {
  type    = number
  default = 20
}
