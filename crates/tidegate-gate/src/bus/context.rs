//! What lets a message be followed across hops: `traceparent`, `tracestate` and a count of hops.

use super::Message;
use serde_json::Value;
use std::fmt::Write as _;
use tidegate_decide::limit::{next_tracestate, of_tracestate};
use tidegate_decide::trace::Context;

/// Header of W3C Trace Context.
pub(super) const TRACEPARENT: &str = "traceparent";
/// What others who take part in a trace want handed on, and the count of functions that the event has passed.
const TRACESTATE: &str = "tracestate";
/// Header with how many relays a message has passed.
pub(super) const HOPS: &str = "tidegate-hops";

/// Begins a trace where there is none, and counts the hop.
pub(super) fn stamp(message: &mut Message) {
    if message.header(TRACEPARENT).is_none_or(|text| Context::parse(text).is_none()) {
        let states = message.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(TRACESTATE));
        let passed = states.map(|(_, state)| of_tracestate(state)).max().unwrap_or(0);
        // What came beside no parent is of another trace; only the count stays, whatever trace it is.
        message.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(TRACESTATE));
        let known =
            message.native.as_ref().and_then(|n| n.get("trace")).and_then(Value::as_str).and_then(of_xray);
        message.put(TRACEPARENT, known.unwrap_or_else(fresh));
        if let Some(before) = passed.checked_sub(1) {
            message.put(TRACESTATE, next_tracestate("", before));
        }
    }
    let hops = hops(message);
    message.put(HOPS, hops.saturating_add(1).to_string());
}

/// Whether a header is one that is written here: a sink takes it from the headers, not from what the bus said of the message.
pub(super) fn ours(name: &str) -> bool {
    name.starts_with("tidegate-")
        || [TRACEPARENT, TRACESTATE].iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// What isn't a number counts as none: the header is the sender's to write.
pub(super) fn hops(message: &Message) -> u32 {
    message.header(HOPS).and_then(|h| h.parse().ok()).unwrap_or(0)
}

fn fresh() -> String {
    let hex = random();
    let (trace, span) = hex.split_at_checked(32).unwrap_or_default();
    format!("00-{trace}-{span}-01")
}

/// The trace that AWS's header tells; it may name no span.
fn of_xray(header: &str) -> Option<String> {
    let whole = || {
        let hex = random();
        Context::of_xray(&format!("{header};Parent={}", hex.get(..16)?))
    };
    Some(Context::of_xray(header).or_else(whole)?.to_string())
}

/// 24 random bytes in hexadecimal.
pub(super) fn random() -> String {
    let mut bytes = [0_u8; 24];
    // Without random numbers a trace is only harder to find.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    let mut hex = String::with_capacity(48);
    for byte in bytes {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// The same trace in AWS's words.
pub(super) fn xray(message: &Message) -> Option<String> {
    Some(Context::parse(message.header(TRACEPARENT)?)?.to_xray())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_kept_and_a_broken_one_replaced() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let mut message = Message::default();
        message.put("Traceparent", good.into());
        stamp(&mut message);
        assert_eq!(message.header(TRACEPARENT), Some(good));
        assert_eq!(hops(&message), 1);
        stamp(&mut message);
        assert_eq!(message.header(HOPS), Some("2"));
        let same = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1";
        assert_eq!(xray(&message).as_deref(), Some(same));
        for bad in ["", "00-0-0-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"] {
            message.put(TRACEPARENT, bad.into());
            stamp(&mut message);
            assert!(message.header(TRACEPARENT).is_some_and(|text| Context::parse(text).is_some()));
            assert_ne!(message.header(TRACEPARENT), Some(bad));
        }
    }

    #[test]
    fn what_came_without_a_parent_is_of_another_trace() {
        let mut message = Message::default();
        message.put("TraceState", "vendor=1,tidegate=hops:3".into());
        stamp(&mut message);
        assert_eq!(message.header("tracestate"), Some("tidegate=hops:3"), "{:?}", message.headers);
        message.put("tracestate", "vendor=1".into());
        stamp(&mut message);
        assert_eq!(message.header("tracestate"), Some("vendor=1"), "its parent is there");
        message.put("traceparent", "00-0-0-01".into());
        stamp(&mut message);
        assert_eq!(message.header("tracestate"), None);
    }

    #[test]
    fn a_trace_in_the_words_of_aws_goes_on_in_those_of_others() {
        let root = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736";
        let begun = |trace: String| {
            let native = serde_json::json!({"trace": trace});
            let mut message = Message { native: Some(native), ..Message::default() };
            stamp(&mut message);
            message.header(TRACEPARENT).unwrap().to_string()
        };
        let whole = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(begun(format!("{root};Parent=00f067aa0ba902b7;Sampled=1")), whole);
        let alone = begun(root.to_string());
        assert!(alone.starts_with(whole.get(..36).unwrap()) && Context::parse(&alone).is_some(), "{alone}");
        assert!(!begun("Root=1-x".into()).starts_with(whole.get(..36).unwrap()));
    }
}
