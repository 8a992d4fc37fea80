//! Events as services send them, for tests that decide on payloads.

use base64::Engine as _;
use serde_json::{Value, json};

/// Base64 of some bytes.
pub(super) fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// A message of the queue `orders`.
pub(super) fn message(body: &str) -> Value {
    let arn = "arn:aws:sqs:eu-west-1:111122223333:orders";
    json!({"Records": [{
        "messageId": "1", "body": body, "eventSource": "aws:sqs", "eventSourceARN": arn, "awsRegion": "eu-west-1",
    }]})
}

/// A record of the stream `clicks`.
pub(super) fn record(bytes: &[u8]) -> Value {
    json!({"Records": [{
        "kinesis": {"data": base64(bytes), "partitionKey": "1", "sequenceNumber": "1", "kinesisSchemaVersion": "1.0"},
        "eventSource": "aws:kinesis", "eventID": "shardId-0:1", "eventName": "aws:kinesis:record", "eventVersion": "1.0",
        "awsRegion": "eu-west-1", "eventSourceARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks",
    }]})
}
