//! What is told on standard error, which Lambda puts into the function's log: a JSON line each.

use serde_json::{Value, json};
use std::io::Write;
use tidegate_decide::{Reason, Record, Remedy, Ruling, Verdict};
use tidegate_graph::contract::Mode;

/// Records that one line speaks of.
const RECORDS: usize = 16;

/// Tells of an event that was denied, or would have been. Nothing of its text is repeated.
pub(crate) fn ruling(id: &str, ruling: &Ruling, remedy: &Remedy) {
    let decision = &ruling.decision;
    if decision.verdict == Verdict::Allow {
        return;
    }
    let answer = match remedy {
        Remedy::Forward => "none",
        Remedy::Strip { .. } => "stripped",
        Remedy::Respond(_) => "responded",
        Remedy::Fail(_) => "failed",
    };
    let denied: Vec<&Record> = decision.records.iter().filter(|r| r.verdict == Verdict::Deny).collect();
    let records: Vec<Value> = denied.iter().take(RECORDS).map(|r| record(r)).collect();
    let key = if ruling.mode == Mode::Monitor { "would" } else { "decision" };
    emit(&json!({
        "tidegate": "decision", "request_id": id, "trigger": decision.trigger.name(),
        key: decision.verdict.name(), "answer": answer, "denied": denied.len(), "records": records,
    }));
}

/// Tells one thing.
pub(crate) fn line(message: &str) {
    emit(&json!({"tidegate": "notice", "message": message}));
}

fn record(record: &Record) -> Value {
    let reason = |r: &Reason| json!({"class": r.class.name(), "pointer": r.pointer, "detail": r.detail});
    json!({"index": record.index, "reasons": record.reasons.iter().map(reason).collect::<Vec<_>>()})
}

fn emit(value: &Value) {
    let _ = std::io::stderr().write_all(format!("{value}\n").as_bytes());
}
