//! How many functions an event has passed: a number in the trace context that travels with it.
//!
//! It rides in W3C `tracestate` as the member `tidegate=hops:N`, wherever a trigger has a place for the trace context:
//! headers of HTTP, message attributes of SQS and SNS, `detail._ctx` of EventBridge, `_ctx` of a
//! direct event. AWS counts as well: the part `Lineage` of an X-Ray header (`AWSTraceHeader` of SQS, and what Lambda
//! gives to the runtime) says how often the same function was passed. Notifications of a bucket and records of streams
//! have no place for either; there only what Lambda gives to the runtime is known.
//!
//! A sender can leave the number out. It bounds what runs in a circle by mistake; against malice there are rates and
//! budgets.

use crate::json::{Item, Kind};
use crate::trigger::Trigger;

/// Records that are looked at.
const BATCH: usize = 10_000;
const MEMBER: &str = "tidegate=hops:";

/// The most hops that any record of an event has behind it.
pub(crate) fn of_event(trigger: Trigger, event: Item<'_>) -> u64 {
    let records = || event.field("Records").into_iter().flat_map(Item::items).take(BATCH);
    match trigger {
        Trigger::ApiGatewayV1
        | Trigger::ApiGatewayV2
        | Trigger::Alb
        | Trigger::Lattice
        | Trigger::WebSocket
        | Trigger::AppSync => {
            let headers = event.field("headers").or_else(|| event.field("request")?.field("headers"));
            headers.map_or(0, of_names)
        }
        Trigger::Sqs => {
            let of = |record: Item<'_>| {
                let ours = record.field("messageAttributes").map_or(0, |a| attribute(a, "stringValue"));
                let aws = record.field("attributes").and_then(|a| a.field("AWSTraceHeader"));
                ours.max(aws.and_then(text).map_or(0, of_lineage))
            };
            records().map(of).max().unwrap_or(0)
        }
        Trigger::Sns => {
            let attributes = records().filter_map(|r| r.field("Sns")?.field("MessageAttributes"));
            attributes.map(|a| attribute(a, "Value")).max().unwrap_or(0)
        }
        Trigger::EventBridge => event.field("detail").map_or(0, of_context),
        Trigger::Direct => of_context(event),
        _ => 0,
    }
}

/// The hops that a `tracestate` tells.
pub fn of_tracestate(value: &str) -> u64 {
    let members = value.split(',').filter_map(|m| m.trim().strip_prefix(MEMBER));
    // Whoever writes it twice is counted by the larger one.
    members.map(|n| n.trim().parse().unwrap_or(u64::MAX)).max().unwrap_or(0)
}

/// The hops that the part `Lineage` of an X-Ray trace header tells.
pub fn of_lineage(header: &str) -> u64 {
    let lineage = header.split(';').filter_map(|part| part.trim().strip_prefix("Lineage="));
    let counts = lineage.flat_map(|l| l.split('|')).filter_map(|one| one.rsplit_once(':')?.1.parse().ok());
    counts.max().unwrap_or(0)
}

/// The `tracestate` for what is sent on behalf of an event that has so many hops behind it.
pub fn next(tracestate: &str, hops: u64) -> String {
    let mut out = format!("{MEMBER}{}", hops.saturating_add(1));
    // The newest member stands first, and there are at most 32.
    let others =
        tracestate.split(',').map(str::trim).filter(|m| !m.is_empty() && !m.starts_with("tidegate="));
    for member in others.take(31) {
        out.push(',');
        out.push_str(member);
    }
    out
}

fn of_names(headers: Item<'_>) -> u64 {
    let named = |key: Item<'_>| key.plain().is_some_and(|key| key.eq_ignore_ascii_case(b"tracestate"));
    let values = headers.entries().filter(|(key, _)| named(*key)).filter_map(|(_, value)| text(value));
    values.map(of_tracestate).max().unwrap_or(0)
}

fn attribute(attributes: Item<'_>, key: &str) -> u64 {
    let value = attributes.field("tracestate").and_then(|a| a.field(key));
    value.and_then(text).map_or(0, of_tracestate)
}

fn of_context(carrier: Item<'_>) -> u64 {
    let value = carrier.field("_ctx").and_then(|c| c.field("tracestate"));
    value.and_then(text).map_or(0, of_tracestate)
}

/// Text as it stands; a number needs no escape.
fn text(item: Item<'_>) -> Option<&str> {
    (item.kind() == Kind::String).then(|| std::str::from_utf8(item.raw()).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, Tape};

    fn hops(trigger: Trigger, event: &str) -> u64 {
        let mut tape = Tape::default();
        tape.read(event.as_bytes(), &Limits::default()).unwrap();
        of_event(trigger, tape.root(event.as_bytes()))
    }

    #[test]
    fn the_number_rides_where_there_is_a_place_for_it() {
        let state = "vendor=1,tidegate=hops:7";
        for (trigger, event) in [
            (Trigger::ApiGatewayV2, format!(r#"{{"headers":{{"TraceState":"{state}"}}}}"#)),
            (
                Trigger::Sqs,
                format!(
                    r#"{{"Records":[{{}},{{"messageAttributes":{{"tracestate":{{"stringValue":"{state}"}}}}}}]}}"#
                ),
            ),
            (
                Trigger::Sns,
                format!(
                    r#"{{"Records":[{{"Sns":{{"MessageAttributes":{{"tracestate":{{"Value":"{state}"}}}}}}}}]}}"#
                ),
            ),
            (Trigger::EventBridge, format!(r#"{{"detail":{{"_ctx":{{"tracestate":"{state}"}}}}}}"#)),
            (Trigger::Direct, format!(r#"{{"_ctx":{{"tracestate":"{state}"}}}}"#)),
        ] {
            assert_eq!(hops(trigger, &event), 7, "{event}");
            assert_eq!(hops(Trigger::S3, &event), 0);
        }
        let lineage =
            r#"{"Records":[{"attributes":{"AWSTraceHeader":"Root=1-5;Lineage=1:a87bd80c:3|b:5"}}]}"#;
        assert_eq!(hops(Trigger::Sqs, lineage), 5);
    }

    #[test]
    fn a_number_that_is_none_is_no_way_around() {
        assert_eq!(of_tracestate("tidegate=hops:-1"), u64::MAX);
        assert_eq!(of_tracestate("tidegate=hops:99999999999999999999"), u64::MAX);
        assert_eq!(of_tracestate("tidegate=hops:2, tidegate=hops:1"), 2);
        assert_eq!(of_tracestate(""), 0);
        assert_eq!(of_lineage("Root=1-5;Sampled=0"), 0);
    }

    #[test]
    fn what_is_sent_counts_on() {
        let state = next("a=1,tidegate=hops:4,b=2", 4);
        assert_eq!(state, "tidegate=hops:5,a=1,b=2");
        assert_eq!(of_tracestate(&state), 5);
        assert_eq!(next("", 0), "tidegate=hops:1");
    }
}
