//! Which trigger an event is of, by the envelope that only the service writes.
//!
//! A direct invocation can imitate any envelope, and then gets that envelope's treatment; the contract's origin check is
//! what stops it. Whatever matches nothing is [`Trigger::Direct`], where every leaf is inspected.

use super::Trigger;
use crate::json::{Item, Kind};

/// Infers the trigger from the shape.
pub fn infer(event: Item<'_>) -> Trigger {
    if event.kind() == Kind::Array {
        return of_array(event);
    }
    if let Some(first) = event.field("Records").and_then(Item::first)
        && let Some(trigger) = of_record(first)
    {
        return trigger;
    }
    http(event).or_else(|| by_keys(event)).unwrap_or(Trigger::Direct)
}

fn of_array(event: Item<'_>) -> Trigger {
    let Some(first) = event.first() else { return Trigger::Direct };
    if has_all(first, &["eventType", "subject", "eventTime", "data"]) {
        return Trigger::EventGrid;
    }
    if has_all(first, &["specversion", "type", "source"]) { Trigger::CloudEvent } else { Trigger::Direct }
}

fn of_record(record: Item<'_>) -> Option<Trigger> {
    let source = record.field("eventSource").or_else(|| record.field("EventSource"));
    let name = source.and_then(Item::plain)?;
    Some(match name {
        b"aws:sqs" => Trigger::Sqs,
        b"aws:sns" => Trigger::Sns,
        b"aws:s3" => Trigger::S3,
        b"aws:dynamodb" => Trigger::DynamoDb,
        b"aws:kinesis" => Trigger::Kinesis,
        b"aws:ses" => Trigger::Ses,
        b"aws:codecommit" => Trigger::Service,
        _ => return None,
    })
}

fn http(event: Item<'_>) -> Option<Trigger> {
    let context = event.field("requestContext");
    let within = |key| context.is_some_and(|c| c.field(key).is_some());
    if within("elb") {
        return Some(Trigger::Alb);
    }
    if within("connectionId") {
        return Some(Trigger::WebSocket);
    }
    let authorizer = event.field("type").is_some_and(|t| t.is_text("REQUEST") || t.is_text("TOKEN"))
        && (event.field("methodArn").is_some() || event.field("routeArn").is_some());
    // AppSync's has a query instead of a method.
    let of_graphql = event.field("authorizationToken").is_some() && within("apiId") && within("queryString");
    if authorizer || of_graphql {
        return Some(Trigger::Authorizer);
    }
    if within("http") && event.field("rawPath").is_some() {
        return Some(Trigger::ApiGatewayV2);
    }
    if within("serviceNetworkArn") || has_all(event, &["raw_path", "method", "headers"]) {
        return Some(Trigger::Lattice);
    }
    let v1 = event.field("httpMethod").is_some() && event.field("path").is_some();
    v1.then_some(Trigger::ApiGatewayV1)
}

fn by_keys(event: Item<'_>) -> Option<Trigger> {
    let source = event.field("eventSource").and_then(Item::plain).unwrap_or_default();
    Some(match source {
        b"aws:kafka" | b"SelfManagedKafka" => Trigger::Kafka,
        b"aws:mq" | b"aws:amq" | b"aws:rmq" => Trigger::Mq,
        b"aws:docdb" => Trigger::DocumentDb,
        _ if has_all(event, &["records", "deliveryStreamArn"])
            || has_all(event, &["records", "invocationId"]) =>
        {
            Trigger::Firehose
        }
        _ if event.field("awslogs").is_some() => Trigger::Logs,
        _ if has_all(event, &["detail-type", "source", "detail"]) => Trigger::EventBridge,
        _ if has_all(event, &["triggerSource", "userPoolId", "request"]) => Trigger::Cognito,
        _ if has_all(event, &["RequestType", "ResponseURL", "StackId"]) && has_only(event, CUSTOM) => {
            Trigger::CustomResource
        }
        _ if event.field("getObjectContext").is_some() && has_only(event, OBJECT) => Trigger::S3ObjectLambda,
        _ if has_all(event, &["tasks", "job", "invocationSchemaVersion"]) => Trigger::S3Batch,
        _ if event.field("CodePipeline.job").is_some() && has_only(event, &["CodePipeline.job"])
            || has_all(event, &["invokingEvent", "configRuleName"]) && has_only(event, CONFIG) =>
        {
            Trigger::Service
        }
        _ if event.field("arguments").is_some()
            && (event.field("info").is_some() || event.field("identity").is_some()) =>
        {
            Trigger::AppSync
        }
        _ if has_all(event, &["serialNumber", "clickType"]) || event.field("onboardingType").is_some() => {
            Trigger::Iot
        }
        _ => return elsewhere(event),
    })
}

/// Google Cloud and Azure.
fn elsewhere(event: Item<'_>) -> Option<Trigger> {
    let message = event.field("message").or_else(|| event.field("data").and_then(|d| d.field("message")));
    if (event.field("subscription").is_some()
        || event.field("data").is_some_and(|d| d.field("subscription").is_some()))
        && message.is_some_and(|m| m.field("data").is_some() || m.field("attributes").is_some())
    {
        return Some(Trigger::PubSub);
    }
    if has_all(event, &["bucket", "name", "metageneration"]) {
        return Some(Trigger::CloudStorage);
    }
    if has_all(event, &["specversion", "type", "source"]) {
        return Some(Trigger::CloudEvent);
    }
    if has_all(event, &["eventType", "subject", "eventTime", "data"]) {
        return Some(Trigger::EventGrid);
    }
    if has_all(event, &["EnqueuedTimeUtc", "SequenceNumber"]) {
        return Some(if event.field("PartitionKey").is_some() {
            Trigger::EventHubs
        } else {
            Trigger::ServiceBus
        });
    }
    None
}

/// All keys of events of which little or nothing is inspected: with another one somebody else wrote it.
const CUSTOM: &[&str] = &[
    "RequestType",
    "ResponseURL",
    "StackId",
    "RequestId",
    "ResourceType",
    "LogicalResourceId",
    "PhysicalResourceId",
    "ResourceProperties",
    "OldResourceProperties",
    "ServiceToken",
    "ServiceTimeout",
];
const OBJECT: &[&str] = &[
    "xAmzRequestId",
    "getObjectContext",
    "headObjectContext",
    "listObjectsContext",
    "listObjectsV2Context",
    "configuration",
    "userRequest",
    "userIdentity",
    "protocolVersion",
];
const CONFIG: &[&str] = &[
    "version",
    "invokingEvent",
    "ruleParameters",
    "resultToken",
    "eventLeftScope",
    "executionRoleArn",
    "configRuleArn",
    "configRuleName",
    "configRuleId",
    "accountId",
    "evaluationMode",
];

fn has_only(event: Item<'_>, keys: &[&str]) -> bool {
    event.entries().all(|(name, _)| keys.iter().any(|key| name.is_text(key)))
}

fn has_all(event: Item<'_>, keys: &[&str]) -> bool {
    keys.iter().all(|key| event.field(key).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, Tape};

    fn inferred(event: &str) -> Trigger {
        let mut tape = Tape::default();
        tape.read(event.as_bytes(), &Limits::default()).unwrap();
        infer(tape.root(event.as_bytes()))
    }

    #[test]
    fn what_is_hardly_inspected_has_no_other_key() {
        for (trigger, event) in [
            (Trigger::Service, r#"{"CodePipeline.job":{"id":"1"}}"#),
            (Trigger::Service, r#"{"version":"1.0","invokingEvent":"{}","configRuleName":"r"}"#),
            (
                Trigger::S3ObjectLambda,
                r#"{"xAmzRequestId":"1","getObjectContext":{},"userRequest":{"url":"/a"}}"#,
            ),
            (
                Trigger::CustomResource,
                r#"{"RequestType":"Create","ResponseURL":"u","StackId":"s","RequestId":"1"}"#,
            ),
        ] {
            assert_eq!(inferred(event), trigger, "{event}");
            let more = event.replacen('{', r#"{"note":"x","#, 1);
            assert_eq!(inferred(&more), Trigger::Direct, "{more}");
        }
    }
}
