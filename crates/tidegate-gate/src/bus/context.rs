//! What lets a message be followed across hops: `traceparent` and a count of hops.

use super::Message;
use std::fmt::Write as _;
use tidegate_decide::trace::Context;

/// Header of W3C Trace Context.
pub(super) const TRACEPARENT: &str = "traceparent";
/// Header with how many relays a message has passed.
pub(super) const HOPS: &str = "tidegate-hops";

/// Begins a trace where there is none, and counts the hop.
pub(super) fn stamp(message: &mut Message) {
    if message.header(TRACEPARENT).is_none_or(|text| Context::parse(text).is_none()) {
        message.put(TRACEPARENT, fresh());
    }
    let hops = hops(message);
    message.put(HOPS, hops.saturating_add(1).to_string());
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
}
