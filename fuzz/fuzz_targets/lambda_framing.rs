//! The proxy's framing of HTTP, taken in by path: a program has no library.

#![no_main]

#[path = "../../crates/tidegate-lambda/src/fuzz.rs"]
#[allow(dead_code)]
mod fuzz;
#[path = "../../crates/tidegate-lambda/src/http.rs"]
#[allow(dead_code)]
mod http;
#[path = "../../crates/tidegate-lambda/src/telemetry/reports.rs"]
mod reports;

libfuzzer_sys::fuzz_target!(|text: &str| {
    fuzz::TARGETS.iter().filter(|(name, _)| *name == "lambda-framing").for_each(|(_, target)| target(text));
});
