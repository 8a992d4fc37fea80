variable "stage" {
  description = "Where this runs"
  type        = string
  default     = "dev"

  validation {
    condition     = contains(["dev", "prod"], var.stage)
    error_message = "The stage is dev or prod."
  }
}

variable "region" {
  description = "AWS region"
  type        = string
  default     = "eu-central-1"
}

variable "origin" {
  description = "Origin of the web page that calls the API"
  type        = string
  default     = "https://app.example.com"
}

variable "alarm_address" {
  description = "Mail address that alarms and the budget write to"
  type        = string
  default     = "alarms@example.com"
}

variable "monthly_budget" {
  description = "US dollars a month after which somebody is told"
  type        = number
  default     = 50
}
