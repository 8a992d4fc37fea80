//! Whose pages may read the answers of an entry.

use serde::{Deserialize, Serialize};

/// Origins whose pages may read what a browser is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// As they are declared: `https://shop.example`, `https://*` for every host, `*` for all.
    pub origins: Vec<String>,
    /// Requests with cookies or credentials, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub credentials: bool,
}

impl Cors {
    /// What `access-control-allow-origin` says to a page of that origin.
    pub fn allowed<'o>(&self, origin: &'o str) -> Option<&'o str> {
        let fits = |declared: &String| match declared.strip_suffix("://*") {
            Some(scheme) => origin.split_once("://").is_some_and(|(own, _)| own == scheme),
            None => declared == origin,
        };
        // A star lets no credentials pass, whatever stands beside it.
        if self.origins.iter().any(|o| o == "*") {
            return Some("*");
        }
        self.origins.iter().any(fits).then_some(origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_declared_origins_are_allowed() {
        let of = |origins: &[&str]| Cors {
            origins: origins.iter().map(ToString::to_string).collect(),
            credentials: false,
        };
        let shop = of(&["https://shop.example"]);
        assert_eq!(shop.allowed("https://shop.example"), Some("https://shop.example"));
        for other in ["https://shop.example.evil", "http://shop.example", "null", ""] {
            assert_eq!(shop.allowed(other), None, "{other}");
        }
        assert_eq!(of(&["https://*"]).allowed("https://a.example"), Some("https://a.example"));
        assert_eq!(of(&["https://*"]).allowed("http://a.example"), None);
        assert_eq!(of(&["https://shop.example", "*"]).allowed("http://a.example"), Some("*"));
        assert_eq!(of(&[]).allowed("https://a.example"), None);
    }
}
