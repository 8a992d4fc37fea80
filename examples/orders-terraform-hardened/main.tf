terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { System = "orders", Stage = var.stage }
  }
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  name             = "orders-${var.stage}"
  documents_bucket = "orders-documents-${data.aws_caller_identity.current.account_id}-${var.stage}"
}

data "archive_file" "code" {
  type        = "zip"
  source_dir  = "${path.module}/src"
  output_path = "${path.module}/build/code.zip"
}
