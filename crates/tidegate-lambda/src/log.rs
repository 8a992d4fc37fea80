//! What is told on standard error, which Lambda puts into the function's log: a JSON line each.

use crate::trace::Place;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use tidegate_decide::{Reason, Record, Remedy, Ruling, Verdict};
use tidegate_graph::contract::OnError;

/// Records that one line speaks of.
const RECORDS: usize = 16;

/// Tells of an event that was denied, or would have been. Nothing of its text is repeated.
pub(crate) fn ruling(id: &str, ruling: &Ruling, remedy: &Remedy, place: &Place) {
    let decision = &ruling.decision;
    if decision.verdict == Verdict::Allow {
        return;
    }
    let answer = match remedy {
        Remedy::Forward => "none",
        Remedy::Rewrite { .. } if ruling.redacted.is_some() => "redacted",
        Remedy::Rewrite { .. } => "stripped",
        Remedy::Respond(_) => "responded",
        Remedy::Fail(_) => "failed",
    };
    let denied: Vec<&Record> = decision.records.iter().filter(|r| r.verdict == Verdict::Deny).collect();
    let records: Vec<Value> = denied.iter().take(RECORDS).map(|r| record(r, place)).collect();
    let key = if ruling.only_reports() { "would" } else { "decision" };
    emit(&json!({
        "tidegate": "decision", "request_id": id, "trigger": decision.trigger.name(),
        key: decision.verdict.name(), "answer": answer, "denied": denied.len(), "traceparent": place.own.to_string(), "records": records,
    }));
}

/// Tells that we failed on an event, how often that was, and whether the event passed.
pub(crate) fn failure(id: &str, why: &str, on_error: OnError) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed).saturating_add(1);
    let passed = on_error == OnError::Open;
    emit(&json!({"tidegate": "failure", "request_id": id, "message": why, "passed": passed, "count": count}));
}

/// A panic is told by its place alone: its message may hold text of an event.
pub(crate) fn panics() {
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        line(&format!("the guard failed at {at}"));
    }));
}

/// Tells one thing.
pub(crate) fn line(message: &str) {
    emit(&json!({"tidegate": "notice", "message": message}));
}

fn record(record: &Record, place: &Place) -> Value {
    let reason = |r: &Reason| json!({"class": r.class.name(), "pointer": r.pointer, "detail": r.detail});
    let reasons: Vec<Value> = record.reasons.iter().map(reason).collect();
    match place.links.iter().find(|(index, _)| *index == record.index) {
        Some((_, cause)) => json!({"index": record.index, "cause": cause.to_string(), "reasons": reasons}),
        None => json!({"index": record.index, "reasons": reasons}),
    }
}

fn emit(value: &Value) {
    let _ = std::io::stderr().write_all(format!("{value}\n").as_bytes());
}
