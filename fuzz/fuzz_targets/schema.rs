//! Schemas and payloads: whatever both are, there is an answer, and no panic. A zero byte parts them.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let schema = parts.next().unwrap_or_default();
    tidegate_decide::fuzz::schema(schema, parts.next().unwrap_or_default());
});
