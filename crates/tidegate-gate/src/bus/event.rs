//! A message as the event that a function behind that bus would have got: the decision core reads that.

use super::Message;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tidegate_decide::{Redacted, Trigger, Verdict};

/// Which event is made of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A batch of one of SQS.
    Sqs {
        /// ARN of the queue.
        arn: String,
    },
    /// A batch of one of Amazon MQ for RabbitMQ; NATS has no shape of its own at Lambda, and is read like it.
    Mq,
    /// A batch of one of Kafka.
    Kafka,
    /// A push of Pub/Sub.
    PubSub,
}

impl Shape {
    /// The trigger that the event is read as.
    pub fn trigger(&self) -> Trigger {
        match self {
            Self::Sqs { .. } => Trigger::Sqs,
            Self::Mq => Trigger::Mq,
            Self::Kafka => Trigger::Kafka,
            Self::PubSub => Trigger::PubSub,
        }
    }

    /// The event; `None` where the payload can't be in one.
    pub fn event(&self, message: &Message) -> Option<Vec<u8>> {
        let data = || STANDARD.encode(&message.payload);
        let headers = || -> Map<String, Value> {
            message.headers.iter().map(|(n, v)| (n.clone(), v.as_str().into())).collect()
        };
        let event = match self {
            Self::Sqs { arn } => {
                let attribute = |v: &str| json!({"stringValue": v, "dataType": "String"});
                let attributes: Map<String, Value> =
                    message.headers.iter().map(|(n, v)| (n.clone(), attribute(v))).collect();
                // What tells senders apart.
                let sender = message.native.as_ref().and_then(|n| n.get("sender")).filter(|s| s.is_string());
                let system = sender.map_or_else(|| json!({}), |sender| json!({"SenderId": sender}));
                json!({"Records": [{
                    "attributes": system, "messageId": message.id, "body": std::str::from_utf8(&message.payload).ok()?,
                    "messageAttributes": attributes, "eventSource": "aws:sqs", "eventSourceARN": arn,
                }]})
            }
            Self::Mq => json!({"eventSource": "aws:rmq", "rmqMessagesByQueue": {(message.place.as_str()): [{
                "basicProperties": {"headers": headers()}, "redelivered": false, "data": data(),
            }]}}),
            Self::Kafka => {
                let bytes = |v: &str| v.bytes().map(Value::from).collect::<Vec<_>>();
                let all: Vec<Value> =
                    message.headers.iter().map(|(n, v)| json!({(n.as_str()): bytes(v)})).collect();
                json!({"eventSource": "aws:kafka", "records": {(format!("{}-0", message.place)): [{
                    "topic": message.place, "key": message.native.as_ref().and_then(|n| n.get("key")), "value": data(), "headers": all,
                }]}})
            }
            Self::PubSub => json!({"subscription": message.place, "message": {
                "data": data(), "attributes": headers(), "messageId": message.id,
            }}),
        };
        serde_json::to_vec(&event).ok()
    }

    /// The payload of a message of which nothing else was redacted.
    pub(super) fn payload(&self, redacted: Redacted) -> Option<Vec<u8>> {
        let end = match self {
            Self::Sqs { .. } => "/0/body",
            Self::Mq => "/0/data",
            Self::Kafka => "/0/value",
            Self::PubSub => "/message/data",
        };
        // Names of headers hold no slash here, so that none ends like that.
        let mut edits = redacted.edits.into_iter().filter(|_| redacted.decision.verdict == Verdict::Allow);
        match (edits.next(), edits.next()) {
            (Some(edit), None) if edit.pointer.ends_with(end) => Some(edit.value),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_decide::Guard;

    #[test]
    fn what_each_bus_carries_is_inspected() {
        let arn = "arn:aws:sqs:eu-central-1:123456789012:q".to_string();
        for shape in [Shape::Sqs { arn }, Shape::Mq, Shape::Kafka, Shape::PubSub] {
            let of = |payload: &str| Message {
                id: "1".into(),
                place: "orders".into(),
                payload: payload.as_bytes().to_vec(),
                headers: vec![("kind".into(), "order".into())],
                native: None,
            };
            let decide = |message: &Message| {
                let event = shape.event(message).unwrap();
                Guard::default().decide(&event, Some(shape.trigger())).verdict
            };
            assert_eq!(decide(&of(r#"{"note":"two of them, please"}"#)), Verdict::Allow, "{shape:?}");
            let attack = of(r#"{"note":"' UNION SELECT password FROM users-- -"}"#);
            assert_eq!(decide(&attack), Verdict::Deny, "{shape:?}");
        }
    }

    #[test]
    fn what_no_event_can_hold_is_said() {
        let message = Message { payload: vec![0xff, 0xfe], ..Message::default() };
        assert_eq!(Shape::Sqs { arn: String::new() }.event(&message), None);
        assert!(Shape::Mq.event(&message).is_some());
    }
}
