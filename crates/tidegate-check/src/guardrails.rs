//! What a team has decided that no policy may say: the `[iam]` table of its configuration.

/// The decisions. Whatever isn't decided is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guardrails {
    /// Patterns of actions that no policy may allow: `iam:CreateUser`, `organizations:*`.
    pub forbidden_actions: Vec<String>,
    /// Name or ARN of the boundary that every role and user must have; `*` and `?` are wildcards.
    pub required_boundary: Option<String>,
    /// Patterns of actions, each with condition keys that what allows it must have.
    pub required_conditions: Vec<(String, Vec<String>)>,
    /// Accounts that may be let in beside the own one; `None` lets every account in.
    pub allowed_external_accounts: Option<Vec<String>>,
    /// How many identities and resources code may reach with its permissions, at most.
    pub max_blast_radius: Option<usize>,
}

impl Guardrails {
    /// True if nothing is decided.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
