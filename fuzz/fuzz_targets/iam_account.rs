//! `iam-account`, as `tidegate_read::fuzz` has it.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| tidegate_read::fuzz::run("iam-account", text));
