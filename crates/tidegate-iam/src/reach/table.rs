//! The techniques, as data.
//!
//! One row says what must be allowed, what is handed on or taken over, and which service must be able to become the role.
//! Everything that a row names is decided by the engine.

mod pass;
mod take;

pub(super) use pass::pass;
pub(super) use take::TAKE;

/// All of these groups, any action of each.
pub(super) type Needs = &'static [&'static [&'static str]];

/// Hands a role to a service: besides `iam:PassRole` on the role.
pub(super) struct Pass {
    /// Name of the technique.
    pub(super) id: &'static str,
    /// Services that the role must trust, any of them; `iam:PassedToService` has the same value.
    pub(super) services: &'static [&'static str],
    pub(super) needs: Needs,
    pub(super) on: On,
    /// What it comes to.
    pub(super) does: &'static str,
    /// What must be so besides.
    pub(super) before: &'static [&'static str],
}

/// What the actions of a technique are asked of.
pub(super) enum On {
    /// Something new, of which each action may want another kind.
    New,
    /// Something new for all of them: how its ARN goes on after the account.
    One(&'static str),
    /// Something that exists, of one of these types.
    Existing(&'static [&'static str]),
}

/// Takes over what runs as a role.
pub(super) struct Take {
    /// Name of the technique.
    pub(super) id: &'static str,
    /// CloudFormation types.
    pub(super) types: &'static [&'static str],
    /// Services that the role must trust, any of them; empty where nothing is asked.
    pub(super) services: &'static [&'static str],
    /// Asked of the resource itself.
    pub(super) needs: Needs,
    /// Asked of something new.
    pub(super) beside: Needs,
    /// What the role itself must be able to do for it to work.
    pub(super) role: &'static [&'static str],
    pub(super) does: &'static str,
    pub(super) before: &'static [&'static str],
}

/// Writes what starts something, by the service of the carrier.
pub(super) const WRITES: &[(&str, &[&str])] = &[
    ("codecommit", &["codecommit:GitPush", "codecommit:PutFile", "codecommit:CreateCommit"]),
    (
        "dynamodb",
        &[
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:PartiQLInsert",
            "dynamodb:PartiQLUpdate",
            "dynamodb:PartiQLDelete",
            "dynamodb:ImportTable",
        ],
    ),
    ("ecr", &["ecr:PutImage"]),
    ("events", &["events:PutEvents"]),
    ("firehose", &["firehose:PutRecord", "firehose:PutRecordBatch"]),
    ("iot", &["iot:Publish"]),
    ("kafka", &["kafka-cluster:WriteData"]),
    ("kinesis", &["kinesis:PutRecord", "kinesis:PutRecords"]),
    ("logs", &["logs:PutLogEvents"]),
    ("s3", &["s3:PutObject"]),
    ("sns", &["sns:Publish"]),
    ("sqs", &["sqs:SendMessage"]),
];

/// What a poller needs of the source, by its service.
pub(super) const POLLS: &[(&str, &[&str])] = &[
    ("dynamodb", &["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"]),
    ("kinesis", &["kinesis:GetRecords", "kinesis:GetShardIterator"]),
    ("sqs", &["sqs:ReceiveMessage", "sqs:DeleteMessage"]),
];

/// Who touches data, by CloudFormation type: what reads or changes it.
pub(super) const TOUCHES: &[(&str, &[&str])] = &[
    (
        "AWS::DynamoDB::GlobalTable",
        &[
            "dynamodb:GetItem",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            "dynamodb:DeleteTable",
        ],
    ),
    (
        "AWS::DynamoDB::Table",
        &[
            "dynamodb:GetItem",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            "dynamodb:DeleteTable",
        ],
    ),
    ("AWS::ECR::Repository", &["ecr:PutImage", "ecr:DeleteRepository"]),
    ("AWS::KMS::Key", &["kms:Decrypt", "kms:CreateGrant", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]),
    ("AWS::Kinesis::Stream", &["kinesis:GetRecords", "kinesis:PutRecord", "kinesis:DeleteStream"]),
    ("AWS::RDS::DBCluster", &["rds-data:ExecuteStatement", "rds:ModifyDBCluster", "rds:DeleteDBCluster"]),
    ("AWS::RDS::DBInstance", &["rds:ModifyDBInstance", "rds:DeleteDBInstance", "rds:CreateDBSnapshot"]),
    (
        "AWS::S3::Bucket",
        &["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:PutBucketPolicy", "s3:DeleteBucket"],
    ),
    ("AWS::SNS::Topic", &["sns:Publish", "sns:Subscribe", "sns:SetTopicAttributes"]),
    (
        "AWS::SQS::Queue",
        &["sqs:ReceiveMessage", "sqs:SendMessage", "sqs:PurgeQueue", "sqs:SetQueueAttributes"],
    ),
    (
        "AWS::SSM::Parameter",
        &["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:PutParameter"],
    ),
    (
        "AWS::SecretsManager::Secret",
        &[
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:PutResourcePolicy",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;
    use std::collections::BTreeSet;

    #[test]
    fn every_action_exists_and_ids_are_unique() {
        let catalogue = Catalogue::current();
        let tables = [WRITES, POLLS, TOUCHES].into_iter().flatten().flat_map(|(_, actions)| *actions);
        let rows = pass().map(|row| row.needs).chain(TAKE.iter().flat_map(|row| [row.needs, row.beside]));
        let named = rows.flatten().flat_map(|any| *any).chain(tables).copied();
        let known = |action: &&str| {
            let (service, name) = action.split_once(':').unwrap();
            // Services that AWS has closed are no longer listed.
            catalogue.service(service).is_none_or(|s| s.action(name).is_some())
        };
        let unknown: BTreeSet<&str> = named.filter(|action| !known(action)).collect();
        assert_eq!(unknown, BTreeSet::new());
        let ids: Vec<&str> = pass().map(|r| r.id).chain(TAKE.iter().map(|r| r.id)).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    }
}
