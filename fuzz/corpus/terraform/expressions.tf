variable "names" {
  type    = map(object({ size = optional(number, 1) }))
  default = { a = { size = 2 }, b = {} }
}

locals {
  all   = merge({ for k, v in var.names : upper(k) => v.size if v.size > 0 }, { "z" = 0 })
  text  = <<-EOT
    %{for k in keys(local.all)~}
    ${k}: ${lookup(local.all, k, 0)}
    %{endfor~}
  EOT
  first = try(element(values(local.all), 0), null) == 2 ? "two" : format("%03d", 7)
}

resource "aws_sqs_queue" "each" {
  for_each                   = var.names
  name                       = "${each.key}-${local.first}"
  visibility_timeout_seconds = each.value.size * 30

  dynamic "tags" {
    for_each = toset(["a", "b"])
    iterator = tag
    content {
      name = tag.value
    }
  }
}

resource "google_pubsub_topic" "t" {
  count = length(var.names)
  name  = "t-${count.index}"
}

output "arns" {
  value = [for q in aws_sqs_queue.each : q.arn][*]
}
