//! What is ruled on an event when the guard itself failed on it, and the contract says that it must not pass.

use crate::cors;
use crate::decision::Class;
use crate::guard::Ruling;
use crate::json::Tape;
use crate::limit::{Facts, Refusal};
use crate::trigger::Trigger;
use tidegate_graph::contract::{Function, Mode, OnDeny};

/// Nanoseconds after which the sender may try again.
const A_SECOND: u64 = 1_000_000_000;

/// Denies an event that nobody has decided on: it is no attack as far as anybody knows, so it comes again wherever its
/// trigger has a way for that.
pub fn failure(event: &[u8], function: Option<&Function>, detail: &'static str) -> Ruling {
    let mut tape = Tape::default();
    let facts = Facts::read(event, None, &mut tape);
    let (trigger, records) = facts.map_or((Trigger::Direct, 1), |facts| (facts.trigger, facts.records));
    let edges = || function.iter().flat_map(|f| &f.edges).filter(|e| e.trigger == trigger.name());
    let item_failures = edges().next().is_some() && edges().all(|e| e.on_deny.item_failures);
    let on_deny = OnDeny { item_failures, ..OnDeny::of(trigger.answer()) };
    let (mode, cors) = (Mode::Block, cors::of_edges(edges()));
    let refusal = Refusal { class: Class::Failure, detail, wait: Some(A_SECOND), mode, on_deny, cors };
    refusal.ruling(trigger, records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remedy::{Remedy, remedy};

    #[test]
    fn what_nobody_decided_on_comes_again() {
        let answered = |event: &str| remedy(event.as_bytes(), &failure(event.as_bytes(), None, "x"));
        let sqs = r#"{"Records":[{"messageId":"1","body":"","eventSource":"aws:sqs"}]}"#;
        assert!(matches!(answered(sqs), Remedy::Fail(_)), "success would delete the message");
        let http = r#"{"httpMethod":"GET","path":"/"}"#;
        assert!(matches!(answered(http), Remedy::Respond(body) if body.starts_with(b"{\"statusCode\":429")));
        assert!(matches!(answered("{"), Remedy::Fail(_)));
    }
}
