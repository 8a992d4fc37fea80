//! Decisions on events: whatever the bytes, there is one, and no panic.

#![no_main]

libfuzzer_sys::fuzz_target!(|event: &[u8]| tidegate_decide::fuzz::decide(event));
