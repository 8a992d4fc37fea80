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
