//! Entries for fuzzing alone: text in, nothing out, and they must end without a panic.
//!
//! Not part of the interface of this crate.

use crate::Guard;
use crate::schema::{Checker, avro, compile};
use std::hint::black_box;

/// A target by its name, which is also that of its folder of seeds.
pub type Target = (&'static str, fn(&str));

/// Every target.
pub const TARGETS: &[Target] = &[("decide", |text| decide(text.as_bytes())), ("schema", text)];

/// A decision on an event.
pub fn decide(event: &[u8]) {
    black_box(Guard::default().decide(event, None));
}

/// A schema in whatever language it can be, and a payload that is compared with it, in binary and in JSON.
pub fn schema(schema: &[u8], payload: &[u8]) {
    let fetch = |_: &str| Some(schema.to_vec());
    let options = compile::Options { draft: compile::Draft::Draft202012, formats: true, request: true };
    if let Ok(compiled) = compile::json("fuzz:///schema", options, &fetch) {
        let _ = black_box(Checker::default().json(&compiled.program, payload));
    }
    if let Ok(program) = compile::avro(schema) {
        let _ = black_box(avro(&program, payload));
    }
    if let Ok(found) = compile::protobuf("fuzz.proto", None, &fetch) {
        let mut checker = Checker::default();
        let each = &mut |way: crate::schema::Way<'_>, leaf: crate::schema::Leaf<'_>| {
            drop(black_box((way.to_string(), leaf)));
        };
        let _ = black_box(checker.protobuf(&found.program, false, payload, each));
        let _ = black_box(checker.protobuf(&found.program, true, payload, each));
        let _ = black_box(checker.protobuf_json(&found.program, payload));
    }
    let _ = black_box(compile::protobuf_file("fuzz.proto", &fetch));
}

/// A schema, a line of dashes, and a payload whose characters stand for bytes.
fn text(text: &str) {
    let (of, payload) = text.split_once("\n---\n").unwrap_or((text, ""));
    let bytes: Option<Vec<u8>> = payload.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    schema(of.as_bytes(), &bytes.unwrap_or_else(|| payload.as_bytes().to_vec()));
}
