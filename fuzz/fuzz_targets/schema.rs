//! Schemas and payloads: whatever both are, there is an answer, and no panic. A zero byte parts them.

#![no_main]

use tidegate_decide::schema::{Checker, avro, compile};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let schema = parts.next().unwrap_or_default();
    let payload = parts.next().unwrap_or_default();
    let options = compile::Options { draft: compile::Draft::Draft202012, formats: true, request: true };
    if let Ok(compiled) = compile::json("fuzz:///schema", options, &|_| Some(schema.to_vec())) {
        let _ = std::hint::black_box(Checker::default().json(&compiled.program, payload));
    }
    if let Ok(program) = compile::avro(schema) {
        let _ = std::hint::black_box(avro(&program, payload));
    }
});
