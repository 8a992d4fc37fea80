//! Which service sends an event, and which of its leaves somebody outside can set.

mod answer;
mod infer;
mod leaves;
mod records;

pub use infer::infer;
pub(crate) use leaves::{Carrier, Leaf, Place, content_type, leaves, unread_encoding};
pub(crate) use records::{batches, list, record_at, records};

/// The kind of event that a function gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Trigger {
    /// API Gateway, payload 1.0 (REST, and HTTP when told so).
    ApiGatewayV1,
    /// API Gateway HTTP, payload 2.0; function URLs send the same.
    ApiGatewayV2,
    /// Application Load Balancer.
    Alb,
    /// VPC Lattice.
    Lattice,
    /// API Gateway WebSocket.
    WebSocket,
    /// Lambda authorizer of an API.
    Authorizer,
    /// SQS queue.
    Sqs,
    /// SNS topic.
    Sns,
    /// S3 notification.
    S3,
    /// S3 Object Lambda.
    S3ObjectLambda,
    /// S3 batch operations.
    S3Batch,
    /// EventBridge rule, and the schedule.
    EventBridge,
    /// DynamoDB stream.
    DynamoDb,
    /// DocumentDB change stream.
    DocumentDb,
    /// Kinesis stream.
    Kinesis,
    /// Firehose transformation.
    Firehose,
    /// MSK and self-managed Kafka.
    Kafka,
    /// Amazon MQ: ActiveMQ and RabbitMQ.
    Mq,
    /// SES receipt rule.
    Ses,
    /// Cognito user pool trigger.
    Cognito,
    /// IoT button and rule.
    Iot,
    /// AppSync resolver.
    AppSync,
    /// CloudWatch Logs subscription.
    Logs,
    /// CloudFormation custom resource.
    CustomResource,
    /// CodePipeline, CodeCommit, Config and others that only services of AWS write.
    Service,
    /// Pub/Sub, pushed or through Eventarc.
    PubSub,
    /// Cloud Storage.
    CloudStorage,
    /// A CloudEvents envelope, structured.
    CloudEvent,
    /// Azure Event Grid.
    EventGrid,
    /// Azure Service Bus.
    ServiceBus,
    /// Azure Event Hubs.
    EventHubs,
    /// Called directly, or by a state machine: no envelope.
    Direct,
}

impl Trigger {
    /// The name in contracts and answers.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(t, _)| *t == self).map_or("direct", |(_, name)| name)
    }

    /// The trigger of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, n)| *n == name).map(|(t, _)| *t)
    }

    /// All names, for messages.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(_, name)| *name)
    }
}

const NAMES: &[(Trigger, &str)] = &[
    (Trigger::ApiGatewayV1, "apigw-v1"),
    (Trigger::ApiGatewayV2, "apigw-v2"),
    (Trigger::Alb, "alb"),
    (Trigger::Lattice, "lattice"),
    (Trigger::WebSocket, "websocket"),
    (Trigger::Authorizer, "authorizer"),
    (Trigger::Sqs, "sqs"),
    (Trigger::Sns, "sns"),
    (Trigger::S3, "s3"),
    (Trigger::S3ObjectLambda, "s3-object-lambda"),
    (Trigger::S3Batch, "s3-batch"),
    (Trigger::EventBridge, "eventbridge"),
    (Trigger::DynamoDb, "dynamodb"),
    (Trigger::DocumentDb, "documentdb"),
    (Trigger::Kinesis, "kinesis"),
    (Trigger::Firehose, "firehose"),
    (Trigger::Kafka, "kafka"),
    (Trigger::Mq, "mq"),
    (Trigger::Ses, "ses"),
    (Trigger::Cognito, "cognito"),
    (Trigger::Iot, "iot"),
    (Trigger::AppSync, "appsync"),
    (Trigger::Logs, "logs"),
    (Trigger::CustomResource, "custom-resource"),
    (Trigger::Service, "service"),
    (Trigger::PubSub, "pubsub"),
    (Trigger::CloudStorage, "cloud-storage"),
    (Trigger::CloudEvent, "cloudevent"),
    (Trigger::EventGrid, "event-grid"),
    (Trigger::ServiceBus, "service-bus"),
    (Trigger::EventHubs, "event-hubs"),
    (Trigger::Direct, "direct"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        for name in Trigger::names() {
            assert_eq!(Trigger::from_name(name).unwrap().name(), name);
        }
        assert_eq!(Trigger::from_name("smoke-signal"), None);
    }
}
