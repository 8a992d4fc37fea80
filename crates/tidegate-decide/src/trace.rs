//! Trace context of an event: who caused it, record by record.
//!
//! W3C `traceparent` wherever a trigger has a place for it: headers of HTTP, message attributes of SQS and SNS, through
//! the envelopes of SNS and EventBridge that a queue carries, `detail._ctx` of EventBridge, `_ctx` of a direct event, the
//! JSON in a record of Kinesis, headers of Kafka. Where there is none, AWS's own header (`X-Amzn-Trace-Id`, the attribute
//! `AWSTraceHeader`). `tracestate` is read from beside `traceparent`. Notifications of buckets and records of tables have no place for either.
//!
//! Whoever sends an event can write what it likes there: a context says what is claimed, and decides nothing.

use crate::decode::base64;
use crate::json::{Item, Kind, Limits, Tape, unescape};
use crate::limit::hops;
use crate::trigger::{self, Trigger};
use memchr::memmem;
use std::fmt;

/// The longest event, and text within one, that is searched.
const LONGEST: usize = 1 << 20;
/// Steps down: two for each envelope, and one for what an envelope wraps. EventBridge over a topic to a queue is six.
const DEPTH: usize = 8;
/// The longest `tracestate` that is handed on: what W3C asks of everybody.
const STATE: usize = 512;

/// The place in a trace that an event claims to come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Context {
    /// The trace.
    pub trace: u128,
    /// The span that caused the event.
    pub span: u64,
    /// Whether it is recorded there.
    pub sampled: bool,
}

impl Context {
    /// Reads a `traceparent`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(5, '-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        // Version 00 ends here; later ones may go on.
        let known = version == "00" && parts.next().is_none();
        let later = hex(version, 2).is_some_and(|v| v != 0 && v != 0xff);
        if !known && !later {
            return None;
        }
        let flags = hex(flags, 2)?;
        Self::new(hex(trace, 32)?, u64::try_from(hex(span, 16)?).ok()?, flags & 1 == 1)
    }

    /// Reads AWS's header: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.
    pub fn of_xray(header: &str) -> Option<Self> {
        let part = |key: &str| header.split(';').find_map(|p| p.trim().strip_prefix(key)?.strip_prefix('='));
        let (time, unique) = part("Root")?.strip_prefix("1-")?.split_once('-')?;
        let trace = hex(time, 8)? << 96 | hex(unique, 24)?;
        let span = u64::try_from(hex(part("Parent")?, 16)?).ok()?;
        Self::new(trace, span, part("Sampled") == Some("1"))
    }

    /// As AWS's header has it.
    pub fn to_xray(self) -> String {
        let (time, unique) = (self.trace >> 96, self.trace & ((1 << 96) - 1));
        format!(
            "Root=1-{time:08x}-{unique:024x};Parent={:016x};Sampled={}",
            self.span,
            u8::from(self.sampled)
        )
    }

    fn new(trace: u128, span: u64, sampled: bool) -> Option<Self> {
        (trace != 0 && span != 0).then_some(Self { trace, span, sampled })
    }
}

impl fmt::Display for Context {
    /// As a `traceparent`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.sampled))
    }
}

/// Who caused an event, as far as it tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Causes {
    /// One for each record of a batch, or one for the event: what isn't told is `None`. Nothing for an event that can't be
    /// read, or is too long to be searched.
    pub contexts: Vec<Option<Context>>,
    /// The `tracestate` beside the first of them: what others who take part in the trace want handed on.
    pub state: String,
    /// Functions that the event has passed.
    pub hops: u64,
}

/// A context with the `tracestate` beside it.
type Cause = (Context, Option<String>);

/// Who caused an event.
pub fn causes(event: &[u8], tape: &mut Tape) -> Causes {
    if event.len() > LONGEST || tape.read(event, &Limits::default()).is_err() {
        return Causes::default();
    }
    let root = tape.root(event);
    let trigger = trigger::infer(root);
    let mut records = trigger::list(trigger, root).peekable();
    let found: Vec<Option<Cause>> = if records.peek().is_some() {
        records.map(|r| of_record(trigger, r)).collect()
    } else {
        vec![of_event(root)]
    };
    let state = found.first().and_then(|first| first.as_ref()?.1.clone()).unwrap_or_default();
    let contexts = found.into_iter().map(|cause| Some(cause?.0)).collect();
    Causes { contexts, state, hops: hops::of_event(trigger, root) }
}

fn of_event(root: Item<'_>) -> Option<Cause> {
    let headers = ["headers", "multiValueHeaders"].into_iter().filter_map(|key| root.field(key));
    let headers = headers.chain(root.field("request").and_then(|r| r.field("headers")));
    let beside =
        |h: Item<'_>| Some((named(h, "traceparent", Context::parse)?, named(h, "tracestate", state)));
    headers.clone().find_map(beside).or_else(|| within(root, DEPTH)).or_else(|| {
        let mut headers = headers;
        let context = headers.find_map(|h| named(h, "x-amzn-trace-id", Context::of_xray))?;
        Some((context, None))
    })
}

fn of_record(trigger: Trigger, record: Item<'_>) -> Option<Cause> {
    match trigger {
        Trigger::Kinesis => encoded(record.field("kinesis")?.field("data")?),
        Trigger::Firehose => encoded(record.field("data")?),
        Trigger::Kafka | Trigger::Mq => {
            let of = |name: &str| {
                let mut headers = record.field("headers").into_iter().flat_map(Item::items);
                headers.find_map(|h| bytes(h.field(name)?))
            };
            match of("traceparent").and_then(|text| Context::parse(&text)) {
                Some(context) => Some((context, of("tracestate").and_then(|text| state(&text)))),
                None => encoded(record.field("value").or_else(|| record.field("data"))?),
            }
        }
        _ => within(record, DEPTH).or_else(|| {
            let header = record.field("attributes")?.field("AWSTraceHeader")?;
            Some((Context::of_xray(&text(header)?)?, None))
        }),
    }
}

/// Looks at the places of one envelope, then into the one that it carries.
fn within(item: Item<'_>, depth: usize) -> Option<Cause> {
    let depth = depth.checked_sub(1)?;
    if item.kind() == Kind::String {
        let value = text(item)?;
        // Most texts are no envelope: a look for the word is cheap.
        memmem::find(value.as_bytes(), b"traceparent")?;
        return document(value.as_bytes(), depth);
    }
    let direct = || {
        let carrier = item.field("_ctx").unwrap_or(item);
        let context = parent(carrier.field("traceparent")?)?;
        Some((context, carrier.field("tracestate").and_then(|s| state(&text(s)?))))
    };
    let attribute = |attributes: &str, value: &str| {
        let attributes = item.field(attributes)?;
        let context = parent(attributes.field("traceparent")?.field(value)?)?;
        Some((context, attributes.field("tracestate").and_then(|s| state(&text(s.field(value)?)?))))
    };
    direct()
        .or_else(|| attribute("messageAttributes", "stringValue"))
        .or_else(|| attribute("MessageAttributes", "Value"))
        .or_else(|| {
            ["detail", "Sns", "body", "Message", "data"]
                .into_iter()
                .find_map(|k| within(item.field(k)?, depth))
        })
}

fn document(json: &[u8], depth: usize) -> Option<Cause> {
    let mut tape = Tape::default();
    tape.read(json, &Limits::default()).ok()?;
    within(tape.root(json), depth)
}

fn encoded(item: Item<'_>) -> Option<Cause> {
    let mut plain = Vec::new();
    let whole = item.raw().len() <= LONGEST && base64::decode(item.raw(), &mut plain);
    memmem::find(&plain, b"traceparent").filter(|_| whole)?;
    document(&plain, DEPTH)
}

/// A header of Kafka: its bytes as numbers.
fn bytes(item: Item<'_>) -> Option<String> {
    let bytes = item.items().take(STATE).map(|n| std::str::from_utf8(n.raw()).ok()?.parse().ok());
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

/// A `tracestate` that can stand in a header as it is.
fn state(text: &str) -> Option<String> {
    let sound = text.len() <= STATE && text.bytes().all(|b| (b' '..=b'~').contains(&b));
    sound.then(|| text.to_string())
}

fn named<T>(headers: Item<'_>, name: &str, read: fn(&str) -> Option<T>) -> Option<T> {
    let fits = |key: Item<'_>| key.plain().is_some_and(|k| k.eq_ignore_ascii_case(name.as_bytes()));
    let value = headers.entries().find(|(key, _)| fits(*key)).map(|(_, value)| value)?;
    read(&text(value.first().unwrap_or(value))?)
}

fn parent(item: Item<'_>) -> Option<Context> {
    Context::parse(&text(item)?)
}

fn text(item: Item<'_>) -> Option<String> {
    if item.kind() != Kind::String || item.raw().len() > LONGEST {
        return None;
    }
    let mut value = Vec::new();
    if item.is_escaped() {
        unescape(item.raw(), &mut value);
    } else {
        value.extend_from_slice(item.raw());
    }
    String::from_utf8(value).ok()
}

fn hex(text: &str, digits: usize) -> Option<u128> {
    let fits = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    fits.then(|| u128::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn found(event: &str) -> Vec<Option<String>> {
        let found = causes(event.as_bytes(), &mut Tape::default()).contexts;
        found.into_iter().map(|c| c.map(|c| c.to_string())).collect()
    }

    fn quoted(json: &str) -> String {
        json.replace('\\', "\\\\").replace('"', "\\\"")
    }

    #[test]
    fn each_record_has_its_own() {
        let bus =
            format!(r#"{{"detail-type":"x","source":"y","detail":{{"_ctx":{{"traceparent":"{PARENT}"}}}}}}"#);
        let topic = format!(r#"{{"Type":"Notification","Message":"{}"}}"#, quoted(&bus));
        let record = |rest: &str| format!(r#"{{"messageId":"1","eventSource":"aws:sqs",{rest}}}"#);
        let event = format!(
            r#"{{"Records":[{},{},{},{}]}}"#,
            record(&format!(
                r#""body":"x","messageAttributes":{{"traceparent":{{"stringValue":"{PARENT}"}}}}"#
            )),
            record(r#""body":"x""#),
            record(
                r#""body":"x","attributes":{"AWSTraceHeader":"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"}"#
            ),
            record(&format!(r#""body":"{}""#, quoted(&topic))),
        );
        let aws = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00";
        assert_eq!(found(&event), [Some(PARENT.into()), None, Some(aws.into()), Some(PARENT.into())]);
    }

    #[test]
    fn other_triggers_have_other_places() {
        let numbers: Vec<String> = PARENT.bytes().map(|b| b.to_string()).collect();
        for event in [
            format!(
                r#"{{"httpMethod":"GET","path":"/","headers":{{"X-Amzn-Trace-Id":"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8","TraceParent":"{PARENT}"}}}}"#
            ),
            format!(r#"{{"detail-type":"x","source":"y","detail":{{"_ctx":{{"traceparent":"{PARENT}"}}}}}}"#),
            format!(r#"{{"_ctx":{{"traceparent":"{PARENT}"}}}}"#),
            format!(
                r#"{{"Records":[{{"EventSource":"aws:sns","Sns":{{"Message":"x","MessageAttributes":{{"traceparent":{{"Value":"{PARENT}"}}}}}}}}]}}"#
            ),
            format!(
                r#"{{"eventSource":"aws:kafka","records":{{"a-0":[{{"headers":[{{"traceparent":[{}]}}]}}]}}}}"#,
                numbers.join(",")
            ),
        ] {
            assert_eq!(found(&event), [Some(PARENT.to_string())], "{event}");
        }
        assert_eq!(found("{}"), [None]);
        assert!(found("{").is_empty());
    }

    #[test]
    fn what_others_want_handed_on_is_taken_from_beside_the_context() {
        let told = |event: &str| {
            let causes = causes(event.as_bytes(), &mut Tape::default());
            (causes.state, causes.hops)
        };
        let both = format!(r#""traceparent":"{PARENT}","tracestate":"tidegate=hops:2,vendor=a b""#);
        let state = "tidegate=hops:2,vendor=a b";
        assert_eq!(
            told(&format!(r#"{{"httpMethod":"GET","path":"/","headers":{{{both}}}}}"#)),
            (state.into(), 2)
        );
        assert_eq!(told(&format!(r#"{{"_ctx":{{{both}}}}}"#)), (state.into(), 2));
        let topic = format!(
            r#"{{"Records":[{{"EventSource":"aws:sns","Sns":{{"Message":"x","MessageAttributes":{{"traceparent":{{"Value":"{PARENT}"}},"tracestate":{{"Value":"{state}"}}}}}}}}]}}"#
        );
        assert_eq!(told(&topic), (state.into(), 2));
        // Without a context that can be read it belongs to nothing, but hops are counted.
        let alone = r#"{"_ctx":{"tracestate":"tidegate=hops:2"}}"#;
        assert_eq!(told(alone), (String::new(), 2));
        // Nothing that would end a header, or fill one.
        let wrong = format!(r#"{{"_ctx":{{"traceparent":"{PARENT}","tracestate":"a=b\r\nx: y"}}}}"#);
        assert_eq!(told(&wrong).0, "");
        assert_eq!(told(&wrong.replace("\\r\\n", &"x".repeat(STATE))).0, "");
    }

    #[test]
    fn what_is_no_context_is_none() {
        for wrong in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            assert_eq!(Context::parse(wrong), None, "{wrong}");
        }
        assert!(Context::parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-x").is_some());
        let context = Context::parse(PARENT).unwrap();
        assert_eq!(Context::of_xray(&context.to_xray()), Some(context));
        assert_eq!(Context::of_xray("Root=1-5759e988-bd862e3fe1be46a994272793"), None);
    }
}
