//! What a rule found.

use crate::{Fix, Span, Str};

/// How bad it is, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Opinion or tidiness.
    Info,
    /// Hardening.
    Low,
    /// A real weakness that needs another one to hurt.
    Medium,
    /// Exploitable or expensive by itself.
    High,
    /// Open to anyone now.
    Critical,
}

impl Severity {
    /// All, least first.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word used in every output and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How sure the rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Depends on something the code doesn't show.
    Low,
    /// Usually right.
    Medium,
    /// Follows from the resolved values.
    High,
}

impl Confidence {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Where a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingState {
    /// To be dealt with.
    Open,
    /// Accepted with a reason.
    Accepted,
    /// Another control covers it.
    Mitigated,
    /// Doesn't apply here.
    NotApplicable,
}

/// A place that helps to understand a finding, besides its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The place.
    pub span: Span,
    /// Why it matters, in a few words.
    pub label: String,
}

/// One finding of one rule on one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Kebab-case id of the rule.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// The rule's title.
    pub title: &'static str,
    /// Aliases of the rule that say what was found here; some mean only a part of the rule.
    pub aliases: Vec<&'static str>,
    /// What is wrong with this resource: one sentence, lowercase, no full stop.
    pub message: String,
    /// [`crate::Resource::id`].
    pub resource: Str,
    /// The primary place.
    pub span: Span,
    /// Further places.
    pub related: Vec<Related>,
    /// Node ids along which it hurts, for findings that only the graph shows.
    pub path: Vec<Str>,
    /// Worlds in which it fails (`Env=dev`), when it doesn't in all.
    pub fails_when: Vec<String>,
    /// What to do.
    pub help: String,
    /// What would mend it, where that is mechanical.
    pub fix: Option<Fix>,
    /// Where it stands.
    pub state: FindingState,
    /// Stable across moved lines: 16 hex digits.
    pub fingerprint: String,
}
