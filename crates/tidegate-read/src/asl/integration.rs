//! What the `Resource` of a state stands for, and which of its arguments name the resource that is called.

use super::{maps, skeleton};
use tidegate_graph::{Data, Map, Str, Value};

/// Resources that one call names. The APIs take at most a hundred.
const MAX_TARGETS: usize = 256;

/// A `Resource` taken apart.
pub(super) struct Integration {
    pub(super) service: Str,
    pub(super) action: Str,
    pub(super) pattern: Str,
    /// True when the `Resource` itself names what is called.
    direct: bool,
}

impl Integration {
    /// `None` for what isn't a string.
    pub(super) fn of(resource: &Value) -> Option<Self> {
        let text = skeleton(resource)?;
        let parts: Vec<&str> = text.split(':').collect();
        let call = match parts.as_slice() {
            ["arn", _, "states", "", "", "aws-sdk", service, call @ ..] => {
                Self::sdk(service, &call.join(":"))
            }
            ["arn", _, "states", "", "", service, call @ ..] => Self::optimised(service, &call.join(":")),
            ["arn", _, "states", _, _, "activity", ..] => Self::direct("states", "GetActivityTask"),
            // A function's ARN, or a reference to a function or an activity.
            _ => Self::direct("lambda", "InvokeFunction"),
        };
        Some(call)
    }

    fn direct(service: &'static str, action: &'static str) -> Self {
        let [service, action] = [service, action].map(Str::new_static);
        Self { service, action, pattern: Str::default(), direct: true }
    }

    fn optimised(service: &str, call: &str) -> Self {
        let service = match service {
            "apigateway" => "execute-api",
            other => other,
        };
        Self::new(service, call)
    }

    fn sdk(service: &str, call: &str) -> Self {
        let prefix =
            SDK_SERVICES.iter().find(|(sdk, _)| *sdk == service).map_or(service, |(_, prefix)| prefix);
        Self::new(prefix, call)
    }

    fn new(service: &str, call: &str) -> Self {
        let (api, pattern) = call.split_once('.').unwrap_or((call, ""));
        let mut letters = api.chars();
        let api: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        let action = ACTIONS
            .iter()
            .find(|(prefix, name, _)| *prefix == service && *name == api)
            .map_or(Str::from(api), |(.., action)| Str::new_static(action));
        Self { service: service.into(), action, pattern: pattern.into(), direct: false }
    }
}

/// The values that name what is called, each with "chosen at run time". Always at least one.
pub(super) fn targets(
    call: &Integration,
    resource: &Value,
    arguments: Option<&Value>,
) -> Vec<(Option<Value>, bool)> {
    if call.direct {
        return vec![(Some(resource.clone()), false)];
    }
    let mut out: Vec<(Option<Value>, bool)> = Vec::new();
    let mut add = |target: (Option<Value>, bool)| {
        if !out.iter().any(|(value, _)| same(value.as_ref(), target.0.as_ref())) {
            out.push(target);
        }
    };
    for branch in arguments.into_iter().flat_map(Value::branches) {
        match branch.as_map() {
            Some(map) => named(call, map).into_iter().take(MAX_TARGETS).for_each(&mut add),
            None => add((Some(branch.clone()), true)),
        }
    }
    if out.is_empty() {
        out.push((None, false));
    }
    out
}

fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    a.map(|v| &v.data) == b.map(|v| &v.data)
}

fn named(call: &Integration, map: &Map) -> Vec<(Option<Value>, bool)> {
    match (call.service.as_str(), call.action.as_str()) {
        ("events", "PutEvents") => entries(map),
        ("dynamodb", "BatchWriteItem" | "BatchGetItem") => tables(map),
        ("dynamodb", "TransactWriteItems" | "TransactGetItems") => transaction(map),
        (service, _) => {
            let keys =
                TARGETS.iter().find(|(prefix, _)| *prefix == service).map_or(&[][..], |(_, keys)| keys);
            keys.iter().find_map(|key| argument(map, key)).into_iter().collect()
        }
    }
}

/// An argument, literal or from the input.
fn argument(map: &Map, key: &str) -> Option<(Option<Value>, bool)> {
    if let Some(value) = map.get(&format!("{key}.$")) {
        return Some((Some(value.clone()), true));
    }
    let value = map.get(key)?;
    let Some(expression) = expression(value) else { return Some((Some(value.clone()), false)) };
    let literal = ['\'', '"'].into_iter().find_map(|quote| {
        let inner = expression.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote)).then(|| Value::text(inner, value.span))
    });
    Some(literal.map_or_else(|| (Some(value.clone()), true), |literal| (Some(literal), false)))
}

/// The JSONata expression that a string is.
fn expression(value: &Value) -> Option<String> {
    let text = match &value.data {
        Data::Text(text) => text.to_string(),
        Data::Template(_) => skeleton(value)?,
        _ => return None,
    };
    Some(text.trim().strip_prefix("{%")?.strip_suffix("%}")?.trim().to_owned())
}

fn entries(map: &Map) -> Vec<(Option<Value>, bool)> {
    if let Some(value) = map.get("Entries.$") {
        return vec![(Some(value.clone()), true)];
    }
    let Some(entries) = map.get("Entries") else { return Vec::new() };
    let default = || (Some(Value::text("default", entries.span)), false);
    let each = entries.branches().into_iter().flat_map(Value::items).flat_map(Value::branches);
    each.map(|entry| match entry.as_map() {
        Some(entry) => argument(entry, "EventBusName").unwrap_or_else(default),
        None => (Some(entry.clone()), true),
    })
    .collect()
}

fn tables(map: &Map) -> Vec<(Option<Value>, bool)> {
    match argument(map, "RequestItems") {
        Some((Some(items), false)) => {
            let fields = items.branches().into_iter().filter_map(Value::as_map).flat_map(Map::fields);
            fields
                .map(|(name, field)| {
                    let name = name.strip_suffix(".$").unwrap_or(name);
                    (Some(Value::text(name, field.key)), false)
                })
                .collect()
        }
        other => other.into_iter().collect(),
    }
}

fn transaction(map: &Map) -> Vec<(Option<Value>, bool)> {
    match argument(map, "TransactItems") {
        Some((Some(items), false)) => items
            .branches()
            .into_iter()
            .flat_map(Value::items)
            .flat_map(|item| maps(Some(item)))
            .flat_map(Map::values)
            .flat_map(|operation| maps(Some(operation)))
            .filter_map(|operation| argument(operation, "TableName"))
            .collect(),
        other => other.into_iter().collect(),
    }
}

/// Arguments that name the resource, by IAM prefix, the most telling first.
const TARGETS: &[(&str, &[&str])] = &[
    ("athena", &["WorkGroup"]),
    ("batch", &["JobDefinition", "JobQueue"]),
    ("bedrock", &["ModelId", "AgentId", "FlowIdentifier", "KnowledgeBaseId", "GuardrailIdentifier"]),
    ("cloudformation", &["StackName"]),
    ("cloudwatch", &["Namespace"]),
    ("codebuild", &["ProjectName"]),
    ("codepipeline", &["Name", "PipelineName"]),
    ("cognito-idp", &["UserPoolId"]),
    ("databrew", &["Name"]),
    ("dynamodb", &["TableName"]),
    ("ecs", &["TaskDefinition", "Service", "Cluster"]),
    ("eks", &["ClusterName"]),
    ("elasticmapreduce", &["ClusterId"]),
    ("emr-containers", &["VirtualClusterId"]),
    ("emr-serverless", &["ApplicationId"]),
    ("events", &["EventBusName", "Name", "Rule"]),
    ("execute-api", &["ApiEndpoint", "ConnectionId"]),
    ("firehose", &["DeliveryStreamName"]),
    ("glue", &["JobName", "Name"]),
    ("http", &["ApiEndpoint"]),
    ("iot", &["Topic"]),
    ("kinesis", &["StreamARN", "StreamName"]),
    ("kms", &["KeyId"]),
    ("lambda", &["FunctionName"]),
    ("logs", &["LogGroupName"]),
    ("rds-data", &["ResourceArn"]),
    ("redshift-data", &["ClusterIdentifier", "WorkgroupName"]),
    ("s3", &["Bucket"]),
    ("sagemaker", &["EndpointName", "ModelName", "TrainingJobName", "TransformJobName"]),
    ("scheduler", &["Name"]),
    ("secretsmanager", &["SecretId"]),
    ("sns", &["TopicArn", "TargetArn"]),
    ("sqs", &["QueueUrl"]),
    ("ssm", &["Name", "DocumentName"]),
    ("states", &["StateMachineArn", "ActivityArn", "ExecutionArn"]),
];

/// SDK service names that aren't the IAM prefix.
const SDK_SERVICES: &[(&str, &str)] = &[
    ("accessanalyzer", "access-analyzer"),
    ("acmpca", "acm-pca"),
    ("apigatewaymanagementapi", "execute-api"),
    ("apigatewayv2", "apigateway"),
    ("appconfigdata", "appconfig"),
    ("applicationautoscaling", "application-autoscaling"),
    ("bedrockagent", "bedrock"),
    ("bedrockagentruntime", "bedrock"),
    ("bedrockdataautomation", "bedrock"),
    ("bedrockdataautomationruntime", "bedrock"),
    ("bedrockruntime", "bedrock"),
    ("cloudwatchlogs", "logs"),
    ("cognitoidentity", "cognito-identity"),
    ("cognitoidentityprovider", "cognito-idp"),
    ("computeoptimizer", "compute-optimizer"),
    ("costexplorer", "ce"),
    ("databasemigration", "dms"),
    ("directory", "ds"),
    ("dynamodbstreams", "dynamodb"),
    ("ecrpublic", "ecr-public"),
    ("efs", "elasticfilesystem"),
    ("elasticloadbalancingv2", "elasticloadbalancing"),
    ("elasticsearch", "es"),
    ("emr", "elasticmapreduce"),
    ("emrcontainers", "emr-containers"),
    ("emrserverless", "emr-serverless"),
    ("eventbridge", "events"),
    ("iotdataplane", "iot"),
    ("iotevents", "iotevents"),
    ("iotjobsdataplane", "iot"),
    ("kinesisanalyticsv2", "kinesisanalytics"),
    ("lexruntime", "lex"),
    ("lexruntimev2", "lex"),
    ("location", "geo"),
    ("neptunedata", "neptune-db"),
    ("opensearch", "es"),
    ("opensearchserverless", "aoss"),
    ("personalizeevents", "personalize"),
    ("personalizeruntime", "personalize"),
    ("pinpoint", "mobiletargeting"),
    ("pinpointsmsvoicev2", "sms-voice"),
    ("rdsdata", "rds-data"),
    ("redshiftdata", "redshift-data"),
    ("resourcegroups", "resource-groups"),
    ("resourcegroupstaggingapi", "tag"),
    ("s3control", "s3"),
    ("sagemakerfeaturestoreruntime", "sagemaker"),
    ("sagemakerruntime", "sagemaker"),
    ("serverlessapplicationrepository", "serverlessrepo"),
    ("sesv2", "ses"),
    ("sfn", "states"),
    ("ssoadmin", "sso"),
    ("timestreamquery", "timestream"),
    ("timestreamwrite", "timestream"),
    ("transcribestreaming", "transcribe"),
];

/// APIs whose IAM action has another name.
const ACTIONS: &[(&str, &str, &str)] = &[
    ("bedrock", "Converse", "InvokeModel"),
    ("elasticmapreduce", "CreateCluster", "RunJobFlow"),
    ("execute-api", "PostToConnection", "ManageConnections"),
    ("lambda", "Invoke", "InvokeFunction"),
    ("s3", "CopyObject", "PutObject"),
    ("s3", "DeleteObjects", "DeleteObject"),
    ("s3", "HeadBucket", "ListBucket"),
    ("s3", "HeadObject", "GetObject"),
    ("s3", "ListObjects", "ListBucket"),
    ("s3", "ListObjectsV2", "ListBucket"),
    ("sns", "PublishBatch", "Publish"),
    ("sqs", "DeleteMessageBatch", "DeleteMessage"),
    ("sqs", "SendMessageBatch", "SendMessage"),
];
