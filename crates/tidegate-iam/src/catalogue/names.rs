//! What SDKs and CloudTrail call services and operations.

use std::collections::HashMap;

/// Other names, folded.
#[derive(Debug, Default)]
pub(super) struct Names {
    prefixes: HashMap<String, String>,
    operations: HashMap<String, String>,
}

impl Names {
    pub(super) fn new(text: &str) -> Self {
        let mut names = Self::default();
        for line in text.lines() {
            let mut parts = line.split('\t');
            match (parts.next(), parts.next(), parts.next()) {
                (Some("N"), Some(name), Some(prefix)) => {
                    names.prefixes.insert(fold(name), prefix.into());
                }
                (Some("O"), Some(operation), Some(actions)) => {
                    names.operations.insert(operation.to_ascii_lowercase(), actions.into());
                }
                _ => {}
            }
        }
        names
    }

    pub(super) fn prefix(&self, folded: &str) -> Option<&str> {
        let plain: String = folded.chars().filter(|c| *c != '-').collect();
        self.prefixes.get(folded).or_else(|| self.prefixes.get(&plain)).map(String::as_str)
    }

    pub(super) fn operation(&self, prefix: &str, operation: &str) -> Option<&str> {
        self.operations.get(&format!("{prefix}.{operation}").to_ascii_lowercase()).map(String::as_str)
    }
}

/// A name as it is compared: small letters, digits, hyphens and dots, without who made it.
pub(super) fn fold(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let lower = lower.strip_prefix("amazon ").or_else(|| lower.strip_prefix("aws ")).unwrap_or(&lower);
    lower.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '.').collect()
}

/// An event's name without the version that some services put behind it: `UpdateFunctionCode20150331v2`.
pub(super) fn without_version(name: &str) -> &str {
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let base =
        base.strip_suffix(['v', 'V']).filter(|b| b.ends_with(|c: char| c.is_ascii_digit())).unwrap_or(base);
    let digits = |text: &str| text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let base = base.trim_end_matches('_');
    // Eight digits are a day; fewer belong to the name.
    match digits(base) {
        0 if digits(name) >= 8 => base,
        n if n >= 8 => base.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_'),
        _ => name,
    }
}
