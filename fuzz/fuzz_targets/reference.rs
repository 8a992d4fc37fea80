//! `reference`, as `tidegate_iam::fuzz` has it.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| tidegate_iam::fuzz::run("reference", text));
