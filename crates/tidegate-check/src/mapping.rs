//! Event source mappings: what they poll.

use crate::Context;
use tidegate_graph::{Piece, Resource, Value};

/// What an event source mapping polls.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    /// A queue, and its resource if it was read.
    Queue(Option<&'a Resource>),
    /// Kinesis, a table's stream, or Kafka.
    Stream,
    /// Amazon MQ, DocumentDB.
    Other,
    /// It isn't known.
    Unknown,
}

/// What a mapping polls.
pub(crate) fn source<'a>(cx: &Context<'a>, mapping: &Resource) -> Source<'a> {
    if cx.get(mapping, &["SelfManagedEventSource"]).is_some() {
        return Source::Stream;
    }
    let Some(arn) = cx.get(mapping, &["EventSourceArn"]) else { return Source::Unknown };
    for (reference, _) in arn.references() {
        match cx.system.resource(&reference.target).map(|r| (r, r.ty.as_str())) {
            Some((queue, "AWS::SQS::Queue")) => return Source::Queue(Some(queue)),
            Some((
                _,
                "AWS::DynamoDB::Table"
                | "AWS::DynamoDB::GlobalTable"
                | "AWS::Kinesis::Stream"
                | "AWS::Kinesis::StreamConsumer"
                | "AWS::MSK::Cluster"
                | "AWS::MSK::ServerlessCluster",
            )) => return Source::Stream,
            Some((_, "AWS::AmazonMQ::Broker" | "AWS::DocDB::DBCluster")) => return Source::Other,
            _ => {}
        }
    }
    if let Some(queue) = cx.target(mapping, arn, "AWS::SQS::Queue") {
        return Source::Queue(Some(queue));
    }
    match service(arn).as_deref() {
        Some("sqs") => Source::Queue(None),
        Some("kinesis" | "dynamodb" | "kafka") => Source::Stream,
        Some(_) => Source::Other,
        // Only streams have a position to start from.
        None if cx.get(mapping, &["StartingPosition"]).is_some()
            && cx.get(mapping, &["DocumentDBEventSourceConfig"]).is_none() =>
        {
            Source::Stream
        }
        None => Source::Unknown,
    }
}

/// The function of a mapping, if it was read.
pub(crate) fn function<'a>(cx: &Context<'a>, mapping: &Resource) -> Option<&'a Resource> {
    cx.target(mapping, cx.get(mapping, &["FunctionName"])?, "AWS::Lambda::Function")
}

/// The service in an ARN, when it is written out.
fn service(arn: &Value) -> Option<String> {
    // A hole stands for one part of the ARN: a partition, a region, an account.
    let text: String = arn
        .pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            _ => "hole",
        })
        .collect();
    let mut parts = text.strip_prefix("arn:")?.split(':').skip(1);
    parts.next().filter(|service| !service.is_empty() && *service != "hole").map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::service;
    use crate::testing::text;
    use tidegate_graph::{Piece, Span, Symbol, Value, Why};

    #[test]
    fn services_in_arns() {
        assert_eq!(service(&text("arn:aws:sqs:eu-west-1:123456789012:orders")).as_deref(), Some("sqs"));
        assert_eq!(service(&text("orders")), None);
        let pieces = [
            Piece::Text("arn:".into()),
            Piece::Symbol(Symbol::new("AWS::Partition", Why::Pseudo)),
            Piece::Text(":kinesis:eu-west-1:123456789012:stream/orders".into()),
        ];
        assert_eq!(service(&Value::template(pieces, Span::default())).as_deref(), Some("kinesis"));
        assert_eq!(service(&Value::unknown("Arn", Why::Parameter, Span::default())), None);
    }
}
