//! What functions use resources for, by the type of the resource.

/// A kind of resources that functions are handed by name.
#[derive(Debug)]
pub(super) struct Kind {
    /// Canonical types.
    pub(super) types: &'static [&'static str],
    /// Prefix of its actions.
    pub(super) service: &'static str,
    /// One of it, for people.
    pub(super) noun: &'static str,
    /// Names of its resource types in the catalogue of actions.
    pub(super) catalogue: &'static [&'static str],
    /// Attribute that gives the ARN; empty where `Ref` does.
    pub(super) attribute: &'static str,
    /// Actions by which code uses one that it knows, as opposed to managing it.
    pub(super) uses: &'static [&'static str],
    /// Actions that the poller of an event source mapping takes as the function's role.
    pub(super) polls: &'static [&'static str],
    /// True when all of [`Kind::uses`] take the resource's own ARN or something below it.
    pub(super) by_arn: bool,
    /// Parts of names that speak of it.
    pub(super) hints: &'static [&'static str],
}

/// All kinds.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        types: &["AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"],
        service: "dynamodb",
        noun: "table",
        catalogue: &["table", "index"],
        attribute: "Arn",
        uses: &[
            "BatchGetItem",
            "BatchWriteItem",
            "ConditionCheckItem",
            "DeleteItem",
            "DescribeTable",
            "GetItem",
            "PartiQLDelete",
            "PartiQLInsert",
            "PartiQLSelect",
            "PartiQLUpdate",
            "PutItem",
            "Query",
            "Scan",
            "UpdateItem",
        ],
        polls: &["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"],
        by_arn: true,
        hints: &["table", "ddb", "dynamo", "db"],
    },
    Kind {
        types: &["AWS::S3::Bucket"],
        service: "s3",
        noun: "bucket",
        catalogue: &["bucket", "object"],
        attribute: "Arn",
        uses: &[
            "AbortMultipartUpload",
            "DeleteObject",
            "DeleteObjectVersion",
            "GetBucketLocation",
            "GetObject",
            "GetObjectAttributes",
            "GetObjectTagging",
            "GetObjectVersion",
            "ListBucket",
            "ListBucketMultipartUploads",
            "ListMultipartUploadParts",
            "PutObject",
            "PutObjectTagging",
        ],
        polls: &[],
        by_arn: true,
        hints: &["bucket", "s3"],
    },
    Kind {
        types: &["AWS::SQS::Queue"],
        service: "sqs",
        noun: "queue",
        catalogue: &["queue"],
        attribute: "Arn",
        uses: &[
            "ChangeMessageVisibility",
            "DeleteMessage",
            "GetQueueAttributes",
            "GetQueueUrl",
            "ReceiveMessage",
            "SendMessage",
        ],
        polls: &["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage"],
        by_arn: true,
        hints: &["queue", "sqs", "dlq"],
    },
    Kind {
        types: &["AWS::SNS::Topic"],
        service: "sns",
        noun: "topic",
        catalogue: &["topic"],
        attribute: "",
        uses: &["GetTopicAttributes", "Publish"],
        polls: &[],
        by_arn: true,
        hints: &["topic", "sns", "phone", "notification"],
    },
    Kind {
        types: &["AWS::Kinesis::Stream"],
        service: "kinesis",
        noun: "stream",
        catalogue: &["stream"],
        attribute: "Arn",
        uses: &[
            "DescribeStream",
            "DescribeStreamSummary",
            "GetRecords",
            "GetShardIterator",
            "ListShards",
            "PutRecord",
            "PutRecords",
        ],
        polls: &[
            "DescribeStream",
            "DescribeStreamSummary",
            "GetRecords",
            "GetShardIterator",
            "ListShards",
            "ListStreams",
            "SubscribeToShard",
        ],
        by_arn: true,
        hints: &["stream", "kinesis"],
    },
    Kind {
        types: &["AWS::KinesisFirehose::DeliveryStream"],
        service: "firehose",
        noun: "delivery stream",
        catalogue: &["deliverystream"],
        attribute: "Arn",
        uses: &["DescribeDeliveryStream", "PutRecord", "PutRecordBatch"],
        polls: &[],
        by_arn: true,
        hints: &["firehose", "delivery", "stream"],
    },
    Kind {
        types: &["AWS::Lambda::Function"],
        service: "lambda",
        noun: "function",
        catalogue: &["function", "function alias", "function version"],
        attribute: "Arn",
        uses: &["InvokeAsync", "InvokeFunction"],
        polls: &[],
        by_arn: true,
        hints: &["function", "lambda", "fn"],
    },
    Kind {
        types: &["AWS::Events::EventBus"],
        service: "events",
        noun: "bus",
        catalogue: &["event-bus"],
        attribute: "Arn",
        uses: &["PutEvents"],
        polls: &[],
        by_arn: true,
        hints: &["bus", "event"],
    },
    Kind {
        types: &["AWS::StepFunctions::StateMachine"],
        service: "states",
        noun: "state machine",
        catalogue: &["statemachine"],
        attribute: "",
        uses: &["StartExecution", "StartSyncExecution"],
        polls: &[],
        // What is told of an execution names the execution.
        by_arn: false,
        hints: &["state", "machine", "workflow", "sfn", "execution"],
    },
    Kind {
        types: &["AWS::SecretsManager::Secret"],
        service: "secretsmanager",
        noun: "secret",
        catalogue: &["secret"],
        attribute: "",
        uses: &["DescribeSecret", "GetSecretValue"],
        polls: &[],
        by_arn: true,
        hints: &["secret", "password", "credential", "token", "key"],
    },
    Kind {
        types: &["AWS::KMS::Key"],
        service: "kms",
        noun: "key",
        catalogue: &["key"],
        attribute: "Arn",
        uses: &[
            "Decrypt",
            "DescribeKey",
            "Encrypt",
            "GenerateDataKey",
            "GenerateDataKeyWithoutPlaintext",
            "ReEncryptFrom",
            "ReEncryptTo",
        ],
        polls: &[],
        by_arn: true,
        hints: &["kms", "key", "cmk"],
    },
];

/// What Lambda itself does with a function's role, whatever the code does.
pub(super) const LOG_ACTIONS: &[&str] = &["CreateLogGroup", "CreateLogStream", "PutLogEvents"];

/// How Lambda joins a function to a network.
pub(super) const NETWORK_ACTIONS: &[&str] = &[
    "AssignPrivateIpAddresses",
    "CreateNetworkInterface",
    "DeleteNetworkInterface",
    "DescribeNetworkInterfaces",
    "DescribeSubnets",
    "UnassignPrivateIpAddresses",
];

impl Kind {
    /// The kind of a canonical type.
    pub(super) fn of_type(ty: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.types.contains(&ty))
    }

    /// The kind that a service's actions are about.
    pub(super) fn of_service(service: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.service.eq_ignore_ascii_case(service))
    }

    /// True if a word, such as the name of a variable, may speak of it.
    pub(super) fn is_hinted_by(&self, word: &str) -> bool {
        let word = word.to_ascii_lowercase();
        self.hints.iter().any(|hint| word.contains(hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_iam::Catalogue;

    #[test]
    fn every_action_is_one_and_works_on_the_kind() {
        for kind in KINDS {
            let service = Catalogue::current().service(kind.service).unwrap();
            for name in kind.uses {
                let action = service.action(name).unwrap_or_else(|| panic!("{}:{name}", kind.service));
                let types: Vec<&str> = service.types_of(action).map(|(_, ty)| ty.name.as_str()).collect();
                let known =
                    types.iter().any(|ty| kind.catalogue.iter().any(|own| own.eq_ignore_ascii_case(ty)));
                assert!(known, "{}:{name} works on {types:?}", kind.service);
            }
            for name in kind.polls {
                assert!(service.action(name).is_some(), "{}:{name}", kind.service);
            }
        }
    }
}
