resource "aws_sqs_queue" "stock" {
  name                       = "${local.name}-stock"
  visibility_timeout_seconds = 60
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

resource "aws_sqs_queue_policy" "mail" {
  queue_url = aws_sqs_queue.mail.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.mail.arn
    }]
  })
}

resource "aws_sns_topic" "notices" {
  name = "${local.name}-notices"
}

resource "aws_sns_topic_policy" "notices" {
  arn = aws_sns_topic.notices.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.notices.arn
    }]
  })
}

resource "aws_sns_topic_subscription" "mail" {
  topic_arn            = aws_sns_topic.notices.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.mail.arn
  raw_message_delivery = true
}

resource "aws_kinesis_stream" "sales" {
  name        = "${local.name}-sales"
  shard_count = 1
}
