//! What wraps a text hides nothing: each way that decoders of applications read is followed.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::json;
use tidegate_decide::{Class, Guard, Verdict};

const ATTACK: &str = "<script>alert(document.cookie)</script>";

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - group.len()));
        for n in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * n) & 63) as usize] as char;
            out.push(if n <= group.len() { digit } else { '=' });
        }
    }
    out
}

/// As programs write it that break lines.
fn lines(text: &str, end: &str) -> String {
    text.as_bytes().chunks(76).map(|line| format!("{}{end}", std::str::from_utf8(line).unwrap())).collect()
}

fn verdict(text: &str) -> (Verdict, Vec<Class>) {
    let event = json!({"note": text}).to_string();
    let decision = Guard::default().decide(event.as_bytes(), None);
    let classes = decision.records.iter().flat_map(|r| &r.reasons).map(|r| r.class).collect();
    (decision.verdict, classes)
}

#[track_caller]
fn denied(name: &str, text: &str) {
    let (verdict, classes) = verdict(text);
    assert!(verdict == Verdict::Deny && classes.contains(&Class::Xss), "{name}: {text} {classes:?}");
}

#[test]
fn base64_as_programs_write_it() {
    let long = base64(format!("{ATTACK} {}", "and words ".repeat(12)).as_bytes());
    denied("plain", &long);
    denied("a line break at the end", &format!("{long}\n"));
    denied("a blank before it", &format!(" {long}"));
    denied("lines", &lines(&long, "\n"));
    denied("lines of mail", &lines(&long, "\r\n"));
    denied("a cell", &format!("1,{},x", base64(ATTACK.as_bytes())));
    denied("a setting", &format!("payload: {} # end", base64(ATTACK.as_bytes())));
}

/// So short that chance might have made it, were it not for its brackets.
#[test]
fn a_short_document_with_bytes_that_are_no_characters() {
    let data = base64(b"{\"q\":\"\xff\xff\"}");
    let event = json!({"Records": [{"eventSource": "aws:kinesis", "kinesis": {"data": data}}]});
    let decision = Guard::default().decide(event.to_string().as_bytes(), None);
    assert_eq!(decision.records[0].reasons[0].class, Class::InvalidUtf8);
}

#[test]
fn noise_around_a_text_hides_nothing() {
    for noise in [&[0xff; 8][..], &[0; 40], b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0"] {
        let before = [noise, ATTACK.as_bytes()].concat();
        let after = [ATTACK.as_bytes(), noise].concat();
        denied("before", &base64(&before));
        denied("after", &base64(&after));
    }
}

#[test]
fn other_widths_of_characters() {
    for big in [false, true] {
        let unit = |u: u16| if big { u.to_be_bytes() } else { u.to_le_bytes() };
        let bytes: Vec<u8> = ATTACK.encode_utf16().flat_map(unit).collect();
        denied("UTF-16", &base64(&bytes));
        let mark = unit(0xfeff);
        denied("UTF-16 with its mark", &base64(&[&mark[..], &bytes].concat()));
    }
}

#[test]
fn deflate_without_a_header() {
    let bytes = miniz_oxide::deflate::compress_to_vec(format!("{ATTACK} {ATTACK}").as_bytes(), 6);
    denied("deflate", &base64(&bytes));
}

#[test]
fn documents_one_after_the_other() {
    let inner = base64(ATTACK.as_bytes());
    denied("lines", &format!("{{\"a\":\"x\"}}\n{{\"b\":\"{inner}\"}}\n"));
    denied("without anything between", &format!("{{\"a\":\"x\"}}{{\"b\":\"{inner}\"}}"));
    let twice = verdict("{\"a\":\"x\"}\n{\"b\":1,\"b\":2}");
    assert_eq!(twice, (Verdict::Deny, vec![Class::DuplicateKey]));
    assert_eq!(verdict("{\"a\":\"x\"}\n{\"a\":\"y\"}").0, Verdict::Allow, "each is a document of its own");
}

#[test]
fn no_depth_ends_in_silence() {
    let mut text = ATTACK.to_string();
    for depth in 1..=20 {
        text = base64(text.as_bytes());
        assert_eq!(verdict(&text).0, Verdict::Deny, "{depth}");
    }
}

/// A payload that is no text is none of anybody's language.
#[test]
fn binary_passes() {
    let mut state = 7_u64;
    let mut random = |n: usize| -> Vec<u8> {
        let next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        };
        std::iter::repeat_with(next).take(n).collect()
    };
    let mut denied = 0;
    for n in 0..120 {
        let bytes = random(64 << (n % 10));
        let event = json!({"records": [{"recordId": "1", "data": base64(&bytes)}], "deliveryStreamArn": "arn:aws:firehose:eu-west-1:1:deliverystream/x"});
        let decision = Guard::default().decide(event.to_string().as_bytes(), None);
        denied += usize::from(decision.verdict != Verdict::Allow);
        denied += usize::from(verdict(&base64(&bytes)).0 != Verdict::Allow);
    }
    assert_eq!(denied, 0);
}
