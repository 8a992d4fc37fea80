//! SQS.

use super::table::{Field, Join, Split, Type, document, listed, omit, to, unless};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_sqs_queue", "AWS::SQS::Queue")
        .names(&["name", "url"])
        .attributes(&[("url", ""), ("name", "QueueName")])
        .fields(QUEUE)
        .splits(&[Split {
            property: "Policy",
            cloudformation: "AWS::SQS::QueuePolicy",
            to: "PolicyDocument",
            owner: "Queues[]",
            attribute: "",
        }]),
    Type::new("aws_sqs_queue_policy", "AWS::SQS::QueuePolicy")
        .fields(&[document("policy", "PolicyDocument"), listed("queue_url", "Queues")]),
    Type::part(
        "aws_sqs_queue_redrive_policy",
        &[Join::new("aws_sqs_queue", &["queue_url"])
            .fields(&[omit("queue_url"), document("redrive_policy", "RedrivePolicy")])],
    ),
    Type::part(
        "aws_sqs_queue_redrive_allow_policy",
        &[Join::new("aws_sqs_queue", &["queue_url"])
            .fields(&[omit("queue_url"), document("redrive_allow_policy", "RedriveAllowPolicy")])],
    ),
];

const QUEUE: &[Field] = &[
    to("name", "QueueName"),
    to("visibility_timeout_seconds", "VisibilityTimeout"),
    to("message_retention_seconds", "MessageRetentionPeriod"),
    to("max_message_size", "MaximumMessageSize"),
    to("receive_wait_time_seconds", "ReceiveMessageWaitTimeSeconds"),
    to("kms_data_key_reuse_period_seconds", "KmsDataKeyReusePeriodSeconds"),
    // The provider passes an empty key on as none.
    unless("kms_master_key_id", "KmsMasterKeyId", ""),
    to("sqs_managed_sse_enabled", "SqsManagedSseEnabled"),
    document("policy", "Policy"),
    document("redrive_policy", "RedrivePolicy"),
    document("redrive_allow_policy", "RedriveAllowPolicy"),
];
