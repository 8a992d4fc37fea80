resource "aws_sqs_queue" "stock" {
  name                       = "${local.name}-stock"
  visibility_timeout_seconds = 180

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.stock_dead_letters.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "stock_dead_letters" {
  name                      = "${local.name}-stock-dead-letters"
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue" "event_dead_letters" {
  name                      = "${local.name}-event-dead-letters"
  message_retention_seconds = 1209600
}

data "aws_iam_policy_document" "event_dead_letters" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.event_dead_letters.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }

  statement {
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.event_dead_letters.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "event_dead_letters" {
  queue_url = aws_sqs_queue.event_dead_letters.url
  policy    = data.aws_iam_policy_document.event_dead_letters.json
}

resource "aws_sqs_queue" "mail" {
  name                       = "${local.name}-mail"
  visibility_timeout_seconds = 60

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.mail_dead_letters.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "mail_dead_letters" {
  name                      = "${local.name}-mail-dead-letters"
  message_retention_seconds = 1209600
}

data "aws_iam_policy_document" "mail" {
  for_each = { mail = aws_sqs_queue.mail, dead_letters = aws_sqs_queue.mail_dead_letters }

  statement {
    actions   = ["sqs:SendMessage"]
    resources = [each.value.arn]

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_sns_topic.notices.arn]
    }
  }

  statement {
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [each.value.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "mail" {
  queue_url = aws_sqs_queue.mail.url
  policy    = data.aws_iam_policy_document.mail["mail"].json
}

resource "aws_sqs_queue_policy" "mail_dead_letters" {
  queue_url = aws_sqs_queue.mail_dead_letters.url
  policy    = data.aws_iam_policy_document.mail["dead_letters"].json
}

resource "aws_sns_topic" "notices" {
  name              = "${local.name}-notices"
  kms_master_key_id = aws_kms_key.topics.id
}

resource "aws_sns_topic_subscription" "mail" {
  topic_arn            = aws_sns_topic.notices.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.mail.arn
  raw_message_delivery = true

  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.mail_dead_letters.arn })
}

data "aws_iam_policy_document" "topics_key" {
  statement {
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }

  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_kms_key" "topics" {
  description         = "Topics of ${local.name}"
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.topics_key.json
}

resource "aws_kinesis_stream" "sales" {
  name            = "${local.name}-sales"
  shard_count     = 1
  encryption_type = "KMS"
  kms_key_id      = "alias/aws/kinesis"
}

# Nobody reads dead letters unless somebody is told.

resource "aws_sns_topic" "alerts" {
  name              = "${local.name}-alerts"
  kms_master_key_id = aws_kms_key.topics.id
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = {
    events = aws_sqs_queue.event_dead_letters.name
    stock  = aws_sqs_queue.stock_dead_letters.name
    mail   = aws_sqs_queue.mail_dead_letters.name
  }

  alarm_name          = "${local.name}-${each.key}-dead-letters"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = each.value }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}
