//! How each service has to be answered when its event is denied.

use super::Trigger;
use tidegate_graph::contract::Answer;

impl Trigger {
    /// What the sender can be told so that it neither hangs nor sends the same again.
    pub fn answer(self) -> Answer {
        match self {
            Self::ApiGatewayV1 | Self::ApiGatewayV2 | Self::Alb | Self::Lattice | Self::WebSocket => {
                Answer::Respond
            }
            Self::Authorizer => Answer::Unauthorized,
            Self::Sqs | Self::DynamoDb | Self::DocumentDb | Self::Kinesis | Self::Kafka | Self::Mq => {
                Answer::Strip
            }
            Self::Firehose => Answer::Drop,
            Self::Cognito | Self::AppSync | Self::Direct => Answer::Fail,
            // These wait for a call back that only the function can make.
            Self::CustomResource | Self::Service | Self::S3ObjectLambda | Self::S3Batch => Answer::Pass,
            Self::Sns
            | Self::S3
            | Self::EventBridge
            | Self::Ses
            | Self::Iot
            | Self::Logs
            | Self::PubSub
            | Self::CloudStorage
            | Self::CloudEvent
            | Self::EventGrid
            | Self::ServiceBus
            | Self::EventHubs => Answer::Swallow,
        }
    }
}
