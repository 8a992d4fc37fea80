variable "region" {
  description = "Region of everything"
  type        = string
  default     = "eu-central-1"
}

variable "stage" {
  description = "Where this runs"
  type        = string
  default     = "dev"

  validation {
    condition     = contains(["dev", "prod"], var.stage)
    error_message = "The stage is dev or prod."
  }
}

variable "sender" {
  description = "Address that receipts are sent from; verified in SES"
  type        = string
  default     = "orders@example.com"
}
