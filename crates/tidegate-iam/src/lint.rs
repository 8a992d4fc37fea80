//! What is wrong with a policy document.
//!
//! Every check is a pure function over a document as it was read, in one
//! [`World`](tidegate_graph::World): it returns [`Remark`]s with places. What
//! isn't known before deployment is passed over, never guessed. Which check makes which finding is the rules' matter.

mod actions;
mod conditions;
mod date;
mod grammar;
mod reading;
mod resource;
mod shadow;
mod size;
mod version;
mod wildcard;

pub use actions::{dead_actions, unknown_actions};
pub use conditions::{OpenSet, absent_keys, empty_sets, mistyped_conditions, open_sets};
pub use grammar::refused;
pub use reading::Reading;
pub use shadow::shadowed;
pub use size::size;
pub use version::{literal_variables, old_version};
pub use wildcard::{Expansion, short_wildcards};

use tidegate_graph::{Span, Value};

/// What a document is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// What a user, group or role may do; also boundaries and session policies.
    #[default]
    Identity,
    /// Who may use a resource.
    Resource,
    /// Who may assume a role.
    Trust,
    /// A service control policy of an organization.
    ServiceControl,
    /// A resource control policy of an organization.
    ResourceControl,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The place.
    pub span: Span,
    /// Keys from the document down, joined by `/`; statements by their number.
    pub key: String,
    /// What is wrong: one sentence, lowercase, without a full stop.
    pub message: String,
    /// What to do, when that isn't plain.
    pub help: String,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Identity, Self::Resource, Self::Trust, Self::ServiceControl, Self::ResourceControl];

    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Resource => "resource",
            Self::Trust => "trust",
            Self::ServiceControl => "scp",
            Self::ResourceControl => "rcp",
        }
    }

    /// True where statements say of whom they speak.
    pub fn names_principals(self) -> bool {
        matches!(self, Self::Resource | Self::Trust | Self::ResourceControl)
    }
}

impl Remark {
    fn new(value: &Value, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { span: value.span, key: key.into(), message: message.into(), help: String::new() }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}
