//! Why a limit holds an event back, and what its sender is answered.

use super::gcra::SECOND;
use crate::decision::{Class, Decision, Reason, Record, Verdict};
use crate::decode::Chain;
use crate::guard::Ruling;
use crate::trigger::Trigger;
use tidegate_graph::contract::{Answer, Cors, Mode, OnDeny};

/// Why a limit holds an event back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Rate, concurrency, budget, fan-out, hops or size.
    pub class: Class,
    /// Which limit, in a sentence.
    pub detail: &'static str,
    /// Nanoseconds until the same event could pass; `None` where it never will.
    pub wait: Option<u64>,
    /// Whether it counts, or is only reported.
    pub mode: Mode,
    /// What the sender of a denied event is answered on this edge.
    pub on_deny: OnDeny,
    /// Whose pages may read the refusal.
    pub cors: Option<Cors>,
}

/// The longest that a sender is told to wait, in seconds.
const LONGEST: u64 = 86_400;

impl Refusal {
    /// Seconds that the sender is told to wait; `None` where waiting doesn't help.
    pub fn retry_after(&self) -> Option<u64> {
        self.wait.map(|wait| wait.div_ceil(SECOND).clamp(1, LONGEST))
    }

    /// The decision for an event of that trigger and so many records.
    pub fn ruling(&self, trigger: Trigger, records: u64) -> Ruling {
        let reason = Reason {
            class: self.class,
            pointer: String::new(),
            within: String::new(),
            decoded: Chain::default(),
            offset: 0,
            detail: self.detail.into(),
        };
        let count = u32::try_from(records.clamp(1, 10_000)).unwrap_or(1);
        let record = |index| Record { index, verdict: Verdict::Deny, reasons: vec![reason.clone()] };
        let decision =
            Decision { verdict: Verdict::Deny, trigger, records: (0..count).map(record).collect() };
        Ruling {
            on_deny: self.answer(trigger),
            retry_after: self.retry_after(),
            cors: self.cors.clone(),
            ..Ruling::plain(decision, self.mode)
        }
    }

    /// An attack is taken away; what came too early has to come again. So a queue gets it back, by the message where
    /// the function names single ones, a stream stands still for a moment, and whoever calls asynchronously tries
    /// again. What would be too long or too far every time is answered like an attack.
    fn answer(&self, trigger: Trigger) -> OnDeny {
        let OnDeny { answer, item_failures, .. } = self.on_deny;
        let names_single = trigger == Trigger::Sqs && item_failures;
        let answer = match answer {
            Answer::Strip if names_single => Answer::Strip,
            Answer::Strip | Answer::Swallow | Answer::Drop if self.wait.is_some() => Answer::Fail,
            other => other,
        };
        OnDeny { item_failures, ..OnDeny::of(answer) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remedy::{LIMITED, Remedy, remedy};

    fn answered(
        class: Class,
        wait: Option<u64>,
        trigger: Trigger,
        item_failures: bool,
        event: &str,
    ) -> Remedy {
        let on_deny = OnDeny { item_failures, ..OnDeny::of(trigger.answer()) };
        let refusal = Refusal { class, detail: "x", wait, mode: Mode::Block, on_deny, cors: None };
        remedy(event.as_bytes(), &refusal.ruling(trigger, 2))
    }

    #[test]
    fn what_came_too_early_comes_again() {
        let wait = Some(1_200_000_000);
        let fails = |remedy: Remedy| match remedy {
            Remedy::Fail(body) => String::from_utf8(body).unwrap().contains(LIMITED),
            _ => false,
        };
        for trigger in [Trigger::Sns, Trigger::S3, Trigger::EventBridge, Trigger::Kinesis, Trigger::Sqs] {
            assert!(fails(answered(Class::Rate, wait, trigger, false, "{}")), "{trigger:?}");
        }
        let batch = r#"{"Records":[{"messageId":"1"},{"messageId":"2"}]}"#;
        let Remedy::Respond(body) = answered(Class::Budget, wait, Trigger::Sqs, true, batch) else {
            panic!()
        };
        let body = String::from_utf8(body).unwrap();
        assert_eq!(body, r#"{"batchItemFailures":[{"itemIdentifier":"1"},{"itemIdentifier":"2"}]}"#);
        let Remedy::Respond(body) = answered(Class::Rate, wait, Trigger::ApiGatewayV2, false, "{}") else {
            panic!()
        };
        let body = String::from_utf8(body).unwrap();
        assert!(body.starts_with(
            r#"{"statusCode":429,"headers":{"content-type":"application/json","retry-after":"2"}"#
        ));
        let event = r#"{"multiValueHeaders":{}}"#;
        let Remedy::Respond(body) = answered(Class::Rate, wait, Trigger::Alb, false, event) else { panic!() };
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains("429 Too Many Requests") && body.contains(r#""retry-after":["2"]"#), "{body}");
    }

    #[test]
    fn what_never_fits_does_not_come_again() {
        let gone = answered(Class::Hops, None, Trigger::Sns, false, "{}");
        assert_eq!(gone, Remedy::Respond(b"null".to_vec()));
        let Remedy::Respond(body) = answered(Class::Size, None, Trigger::ApiGatewayV1, false, "{}") else {
            panic!()
        };
        assert!(String::from_utf8(body).unwrap().contains("403"));
    }
}
