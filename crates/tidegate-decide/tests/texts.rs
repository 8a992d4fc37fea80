//! Texts of our own, a line each: what has to be denied, and what looks like it and has to pass.

use std::path::Path;
use tidegate_decide::{Guard, Verdict};

/// What the guard decides on a message that holds a line.
fn decided(guard: &mut Guard, line: &str) -> Verdict {
    let body = serde_json::json!({ "t": line }).to_string();
    let event = serde_json::json!({"Records": [{"eventSource": "aws:sqs", "body": body}]});
    guard.decide(event.to_string().as_bytes(), None).verdict
}

#[test]
fn attacks_are_denied_and_their_look_alikes_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/texts");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut all, mut seen) = (Vec::new(), 0);
    for file in files {
        let verdict = match file.extension().and_then(|e| e.to_str()) {
            Some("attacks") => Verdict::Deny,
            Some("others") => Verdict::Allow,
            _ => continue,
        };
        seen += 1;
        let (text, mut guard) = (std::fs::read_to_string(&file).unwrap(), Guard::default());
        let wrong = text.lines().filter(|line| decided(&mut guard, line) != verdict);
        all.extend(wrong.map(|line| format!("{}: {line}", file.display())));
    }
    assert!(seen > 1 && all.is_empty(), "{all:#?}");
}
