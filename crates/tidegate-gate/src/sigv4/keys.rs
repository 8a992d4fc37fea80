//! Keys that requests may be signed with.

use serde::Deserialize;
use std::collections::HashMap;
use std::fmt;

/// What is known of one key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) secret: String,
    /// ARN of whom it belongs to.
    pub(super) principal: String,
    /// The session token of a key that is good for a while.
    #[serde(default)]
    pub(super) token: Option<String>,
}

/// Keys by their ids.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub struct Keys(HashMap<String, Key>);

/// Where keys are in an environment variable, its name follows this.
const VARIABLE: &str = "env:";

impl Keys {
    /// Reads keys from a file, or from `env:<variable>`: a JSON object of ids with `secret`, `principal` and, for those of a session, `token`.
    ///
    /// # Errors
    /// Why there are none; says nothing of what the place holds.
    pub fn read(place: &str) -> Result<Self, String> {
        let text = match place.strip_prefix(VARIABLE) {
            Some(name) => std::env::var(name).map_err(|_| format!("`{name}` isn't set"))?,
            None => std::fs::read_to_string(place).map_err(|e| format!("could not read `{place}`: {e}"))?,
        };
        Self::parse(&text).map_err(|wrong| format!("`{place}` holds no keys: {wrong}"))
    }

    /// The same of a text.
    ///
    /// # Errors
    /// Where it is wrong. Serde's own message could quote a secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let keys: Self = serde_json::from_str(text).map_err(|e| {
            format!(
                "line {}, column {}: expected ids with `secret` and `principal`, and `token` where it has one",
                e.line(),
                e.column()
            )
        })?;
        match keys.0.values().any(|key| key.secret.is_empty() || key.principal.is_empty()) {
            true => Err("a secret or principal is empty".into()),
            false => Ok(keys),
        }
    }

    pub(super) fn of(&self, id: &str) -> Option<&Key> {
        self.0.get(id)
    }
}

/// Never shows a secret.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("count", &self.0.len()).finish()
    }
}
