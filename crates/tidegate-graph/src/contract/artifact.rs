//! What a function is made of.

use serde::{Deserialize, Serialize};

/// Digests of a function's files, `sha256:` and 64 digits: that of the list that `sha256sum` writes of all files in a
/// folder, sorted by their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// Of its code, which Lambda puts into `/var/task`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Of its layers, which Lambda puts into `/opt`, without the folder `tidegate` there: that one holds the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<String>,
}

impl Artifact {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
