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

variable "shop_origin" {
  description = "Origin of the web shop"
  type        = string
  default     = "https://shop.example.com"
}

variable "payment_provider_account" {
  description = "Account whose role the payment provider signs its calls with"
  type        = string
  default     = "111122223333"
}

variable "organization_id" {
  description = "Accounts of this organization may put events on the bus"
  type        = string
  default     = "o-exampleorg1"
}
