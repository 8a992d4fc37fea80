//! What actions and managed policies do with data: reads, writes, or nothing that concerns events.

/// Which way data moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) reads: bool,
    pub(super) writes: bool,
}

/// What an action does with data; `action` is lower-case, without its service, and may hold `*`.
pub(super) fn of_action(service: &str, action: &str) -> Access {
    const NONE: Access = Access { reads: false, writes: false };
    const READ: Access = Access { reads: true, writes: false };
    const WRITE: Access = Access { reads: false, writes: true };
    const BOTH: Access = Access { reads: true, writes: true };
    let starts = |prefixes: &[&str]| prefixes.iter().any(|p| action.starts_with(p));
    if action == "*" {
        return BOTH;
    }
    match service {
        // Deleting and hiding messages is for those that were received.
        "sqs" if starts(&["receive"]) => READ,
        "sqs" if starts(&["send"]) => WRITE,
        "sns" if starts(&["publish"]) => WRITE,
        "events" if starts(&["putevents", "put*", "putevent"]) => WRITE,
        "sqs" | "sns" | "events" => NONE,
        // A shard iterator alone reads nothing.
        "kinesis" | "dynamodb" if starts(&["getrecords", "subscribetoshard"]) => READ,
        "dynamodb" if starts(&["getsharditerator"]) => NONE,
        // Answers to the workflow that called.
        "transfer" => NONE,
        "kinesis" if starts(&["put"]) => WRITE,
        "kinesis" => NONE,
        "dynamodb" if starts(&["partiql"]) => {
            if starts(&["partiqlselect"]) {
                READ
            } else {
                WRITE
            }
        }
        "dynamodb" if starts(&["conditioncheck"]) => READ,
        "dynamodb"
            if starts(&[
                "createtable",
                "updatetable",
                "deletetable",
                "updatetimetolive",
                "updatecontinuous",
            ]) =>
        {
            NONE
        }
        "s3" | "s3express" => match () {
            () if starts(&["getobject", "get*", "selectobject", "headobject", "get"])
                && !action.contains("bucket") =>
            {
                READ
            }
            () if starts(&[
                "putobject",
                "put*",
                "put",
                "deleteobject",
                "delete*",
                "post",
                "restoreobject",
                "replicate",
                "abortmultipart",
            ]) && !action.contains("bucket")
                && !action.contains("configuration") =>
            {
                WRITE
            }
            () if starts(&["createsession"]) => BOTH,
            () => NONE,
        },
        "lambda" if starts(&["invoke"]) => WRITE,
        "states" if starts(&["start", "send"]) => WRITE,
        "lambda" | "states" | "iam" | "sts" => NONE,
        "secretsmanager" if starts(&["getsecretvalue", "get*", "batchgetsecret"]) => READ,
        "secretsmanager" if starts(&["putsecretvalue", "updatesecret"]) => WRITE,
        "secretsmanager" => NONE,
        "ssm" if starts(&["getparameter", "get*"]) => READ,
        "ssm" if starts(&["putparameter", "startautomation", "sendcommand"]) => WRITE,
        "ssm" => NONE,
        "logs" if starts(&["startquery", "getqueryresults", "filterlogevents", "getlogevents"]) => READ,
        "logs" | "kms" | "ecr" => NONE,
        "rds-data" | "rds-db" | "dsql" | "aoss" | "es" | "kafka-cluster" | "neptune-db"
            if !starts(&["describe", "list", "tag"]) =>
        {
            if starts(&["eshttpget", "readdata", "getdata"]) {
                READ
            } else {
                WRITE
            }
        }
        "kafka" | "rds" | "elasticache" | "mq" => NONE,
        "ses" if starts(&["send"]) => WRITE,
        "ses" => NONE,
        "dynamodb" if starts(&["create"]) => NONE,
        "scheduler" | "mediaconvert" | "glue" if starts(&["create", "delete", "update"]) => WRITE,
        _ if starts(&["describe", "list", "tag", "untag", "putresourcepolicy", "createtags"]) => NONE,
        _ if starts(&[
            "get",
            "query",
            "scan",
            "batchget",
            "read",
            "select",
            "search",
            "retrieve",
            "transactget",
        ]) =>
        {
            READ
        }
        _ => WRITE,
    }
}

/// Services whose use says nothing about where events go.
pub(super) fn is_plumbing(service: &str) -> bool {
    matches!(
        service,
        "logs"
            | "xray"
            | "cloudwatch"
            | "ec2"
            | "ecr"
            | "ecr-public"
            | "kms"
            | "sts"
            | "iam"
            | "ssmmessages"
            | "ec2messages"
            | "tag"
            | "cloudformation"
            | "autoscaling"
            | "elasticloadbalancing"
            | "route53"
            | "acm"
            | "wafv2"
            | "waf"
            | "application-autoscaling"
            | "organizations"
            | "pricing"
            | "budgets"
            | "ce"
            | "signer"
            | "elasticfilesystem"
            | "servicediscovery"
            | "applicationinsights"
            | "pi"
            | "acm-pca"
            | "codedeploy"
            | "aws-marketplace"
            | "resource-groups"
            | "schemas"
            | "pipes"
            | "cognito-identity"
            | "vpc-lattice"
            | "network-firewall"
            | "appconfig"
            | "evidently"
    )
}

/// Service and action that an AWS managed policy stands for, as far as its name says.
pub(super) fn of_managed_policy(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "AdministratorAccess" | "PowerUserAccess" => return Some(("*", "*")),
        "AWSLambdaRole" => return Some(("lambda", "invokefunction")),
        "SecretsManagerReadWrite" => return Some(("secretsmanager", "getsecretvalue")),
        "AWSLambdaSQSQueueExecutionRole" => return Some(("sqs", "receivemessage")),
        "AWSLambdaKinesisExecutionRole" => return Some(("kinesis", "getrecords")),
        "AWSLambdaDynamoDBExecutionRole" => return Some(("dynamodb", "getrecords")),
        _ => {}
    }
    let action = match () {
        () if name.contains("FullAccess") || name.ends_with("PowerUser") => "*",
        () if name.contains("ReadOnly") => "get*",
        () => return None,
    };
    let (_, service) =
        SERVICES.iter().filter(|(word, _)| name.contains(word)).max_by_key(|(word, _)| word.len())?;
    Some((service, action))
}

/// Words in the names of managed policies.
const SERVICES: [(&str, &str); 38] = [
    ("S3", "s3"),
    ("DynamoDB", "dynamodb"),
    ("SQS", "sqs"),
    ("SNS", "sns"),
    ("EventBridge", "events"),
    ("Kinesis", "kinesis"),
    ("Bedrock", "bedrock"),
    ("Rekognition", "rekognition"),
    ("Comprehend", "comprehend"),
    ("Translate", "translate"),
    ("Polly", "polly"),
    ("Textract", "textract"),
    ("Transcribe", "transcribe"),
    ("SES", "ses"),
    ("StepFunctions", "states"),
    ("Lambda", "lambda"),
    ("SecretsManager", "secretsmanager"),
    ("SSM", "ssm"),
    ("RDSData", "rds-data"),
    ("RDS", "rds"),
    ("Athena", "athena"),
    ("SageMaker", "sagemaker"),
    ("Lex", "lex"),
    ("IoT", "iot"),
    ("Redshift", "redshift"),
    ("OpenSearchService", "es"),
    ("ESFullAccess", "es"),
    ("Cognito", "cognito-idp"),
    ("MSK", "kafka"),
    ("Glue", "glue"),
    ("ECS", "ecs"),
    ("ElastiCache", "elasticache"),
    ("Timestream", "timestream"),
    ("Neptune", "neptune-db"),
    ("DocDB", "rds"),
    ("Firehose", "firehose"),
    ("MediaConvert", "mediaconvert"),
    ("Personalize", "personalize"),
];

/// The service whose resources a data API speaks of.
pub(super) fn declared_as(service: &str) -> &str {
    match service {
        "rds-db" | "rds-data" => "rds",
        "kafka-cluster" => "kafka",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_have_a_direction() {
        let both = |s, a| (of_action(s, a).reads, of_action(s, a).writes);
        assert_eq!(both("dynamodb", "putitem"), (false, true));
        assert_eq!(both("dynamodb", "query"), (true, false));
        assert_eq!(both("dynamodb", "*"), (true, true));
        assert_eq!(both("s3", "getobject"), (true, false));
        assert_eq!(both("s3", "putobject*"), (false, true));
        assert_eq!(both("s3", "getbucketlocation"), (false, false));
        assert_eq!(both("sqs", "getqueueattributes"), (false, false));
        assert_eq!(both("bedrock", "invokemodel"), (false, true));
    }

    #[test]
    fn managed_policies_are_known_by_their_names() {
        assert_eq!(of_managed_policy("AmazonDynamoDBFullAccess"), Some(("dynamodb", "*")));
        assert_eq!(of_managed_policy("AmazonS3ReadOnlyAccess"), Some(("s3", "get*")));
        assert_eq!(of_managed_policy("AWSLambdaSQSQueueExecutionRole"), Some(("sqs", "receivemessage")));
        assert_eq!(of_managed_policy("AWSLambdaBasicExecutionRole"), None);
    }
}
