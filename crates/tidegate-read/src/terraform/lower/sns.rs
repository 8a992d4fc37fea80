//! SNS.

use super::table::{Field, Split, Type, document, listed, omit, to, unless};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_sns_topic", "AWS::SNS::Topic")
        .names(&["name", "arn"])
        .attributes(&[("arn", ""), ("name", "TopicName")])
        .fields(TOPIC)
        .splits(&[Split {
            property: "Policy",
            cloudformation: "AWS::SNS::TopicPolicy",
            to: "PolicyDocument",
            owner: "Topics[]",
            attribute: "",
        }]),
    Type::new("aws_sns_topic_policy", "AWS::SNS::TopicPolicy")
        .fields(&[document("policy", "PolicyDocument"), listed("arn", "Topics")]),
    Type::new("aws_sns_topic_subscription", "AWS::SNS::Subscription")
        .attributes(&[("arn", ""), ("id", "")])
        .fields(&[
            document("filter_policy", "FilterPolicy"),
            document("redrive_policy", "RedrivePolicy"),
            document("delivery_policy", "DeliveryPolicy"),
            document("replay_policy", "ReplayPolicy"),
            omit("confirmation_timeout_in_minutes"),
            omit("endpoint_auto_confirms"),
        ]),
    Type::new("aws_sns_topic_data_protection_policy", ""),
    Type::new("aws_sns_platform_application", ""),
];

const TOPIC: &[Field] = &[
    to("name", "TopicName"),
    unless("kms_master_key_id", "KmsMasterKeyId", ""),
    document("policy", "Policy"),
    document("delivery_policy", "DeliveryPolicy"),
    document("archive_policy", "ArchivePolicy"),
];
