//! The records of a batch: how many, and which one an offset lies in.

use super::Trigger;
use crate::json::Item;

/// How many records the batch has; 0 for an event that is no batch.
pub(crate) fn records(trigger: Trigger, event: Item<'_>) -> u32 {
    u32::try_from(list(trigger, event).count()).unwrap_or(u32::MAX)
}

/// The record that the byte at `offset` of the event belongs to.
pub(crate) fn record_at(trigger: Trigger, event: Item<'_>, offset: usize) -> Option<u32> {
    let at = list(trigger, event).position(|r| (r.offset()..r.offset() + r.raw().len()).contains(&offset))?;
    u32::try_from(at).ok()
}

/// The arrays whose elements, one after the other, are the records.
pub(crate) fn batches<'a>(trigger: Trigger, event: Item<'a>) -> Vec<Item<'a>> {
    let under = |key: &str| event.field(key).into_iter();
    let all: Vec<Item<'a>> = match trigger {
        Trigger::Kafka => under("records").flat_map(Item::items).collect(),
        Trigger::Mq => under("messages").chain(under("rmqMessagesByQueue").flat_map(Item::items)).collect(),
        Trigger::Firehose => under("records").collect(),
        Trigger::S3Batch => under("tasks").collect(),
        Trigger::DocumentDb => under("events").collect(),
        Trigger::EventGrid | Trigger::CloudEvent => vec![event],
        _ => under("Records").collect(),
    };
    all.into_iter().filter(|item| item.kind() == crate::json::Kind::Array).collect()
}

/// The records of a batch; nothing for an event that is no batch.
pub(crate) fn list<'a>(trigger: Trigger, event: Item<'a>) -> Box<dyn Iterator<Item = Item<'a>> + 'a> {
    let under = |key: &str| event.field(key).into_iter().flat_map(Item::items);
    match trigger {
        Trigger::Sqs | Trigger::Sns | Trigger::S3 | Trigger::DynamoDb | Trigger::Kinesis | Trigger::Ses => {
            Box::new(under("Records"))
        }
        Trigger::Firehose => Box::new(under("records")),
        Trigger::S3Batch => Box::new(under("tasks")),
        Trigger::DocumentDb => Box::new(under("events")),
        Trigger::Kafka => Box::new(under("records").flat_map(Item::items)),
        Trigger::Mq => Box::new(under("messages").chain(under("rmqMessagesByQueue").flat_map(Item::items))),
        Trigger::EventGrid | Trigger::CloudEvent if event.kind() == crate::json::Kind::Array => {
            Box::new(event.items())
        }
        _ => Box::new(std::iter::empty()),
    }
}
