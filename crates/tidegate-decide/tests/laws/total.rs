//! Every event gets a decision, whatever it is.

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate_decide::{Guard, Trigger, Verdict};

/// Pieces that detectors, decoders and formats look for; chance alone would hardly ever write them.
const PIECES: &[&str] = &[
    "'",
    "\"",
    "`",
    ";",
    "|",
    "&",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "/",
    "\\",
    "..",
    "//",
    "${",
    "{{",
    "}}",
    "<%",
    "%>",
    "$(",
    "#{",
    "\r\n",
    "\n",
    "\0",
    "\u{1b}[",
    "=",
    ":",
    ",",
    " ",
    "%",
    "%00",
    "%2e",
    "&#x41;",
    "&amp;",
    "\\u0041",
    "\\x41",
    "or",
    "and",
    "union",
    "select",
    "from",
    "1",
    "0x41",
    "--",
    "/*",
    "*/",
    "#",
    "@",
    "$ne",
    "__proto__",
    "on",
    "onload=",
    "javascript:",
    "<script",
    "<!doctype",
    "<!entity",
    "alert",
    "http://",
    "169.254.169.254",
    "[::1]",
    "cat",
    "sleep",
    "jndi:",
    "lower:",
    ":-",
    "bcc:",
    "O:1:\"",
    "eyJ",
    "QUFBQUFB",
    ";base64,",
    "a=b&",
    "query{",
    "fragment a on b",
    "...",
    "mutation",
    "é",
    "\u{2028}",
    "\u{ff1c}",
    "(|(",
    ")(",
    "ancestor::",
    "=cmd|'",
    "!",
];

fn texts() -> impl Strategy<Value = String> {
    vec(prop_oneof![prop::sample::select(PIECES).prop_map(str::to_owned), "[ -~]{0,4}"], 0..40)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn arbitrary_bytes(event in vec(any::<u8>(), 0..200)) {
        let decision = Guard::default().decide(&event, None);
        // Hardly any of them is JSON, and what is none is denied.
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&event).is_ok() || decision.verdict == Verdict::Deny);
    }

    #[test]
    fn arbitrary_texts_in_every_trigger(text in texts(), trigger in 0..Trigger::names().count()) {
        let event = serde_json::json!({
            "Records": [{"body": text, "s3": {"object": {"key": text}}, "Sns": {"Message": text},
                "kinesis": {"data": text}, "dynamodb": {"NewImage": {"a": {"S": text}}}}],
            "body": text, "headers": {"cookie": text}, "rawQueryString": text, "detail": {text.as_str(): [text]},
            "records": {"t-0": [{"value": text, "headers": [{"h": [1, 2, 300, -1]}]}]},
        });
        let trigger = Trigger::names().nth(trigger).and_then(Trigger::from_name);
        let decision = Guard::default().decide(event.to_string().as_bytes(), trigger);
        prop_assert!(!decision.records.is_empty());
    }

    /// What a guard saw before changes nothing.
    #[test]
    fn a_guard_keeps_nothing_but_buffers(first in texts(), second in texts()) {
        let event = |text: &str| serde_json::json!({"note": text}).to_string();
        let mut used = Guard::default();
        used.decide(event(&first).as_bytes(), None);
        prop_assert_eq!(
            used.decide(event(&second).as_bytes(), None),
            Guard::default().decide(event(&second).as_bytes(), None)
        );
    }
}
