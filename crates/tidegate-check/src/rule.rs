//! What a rule is.

use crate::{Context, Metadata};
use tidegate_graph::Resource;

/// What [`declare_rule!`] makes of a rule's head.
pub(crate) trait Declared {
    /// What is known of the rule without running it.
    const METADATA: &'static Metadata;
}

/// One check. It answers in three values: it reports findings, reports that a deciding value is unknown
/// ([`Context::unknown`]), or stays silent, which means clean.
///
/// The engine calls a rule once for each world, so a rule looks every value up through its context and never asks
/// which branch of a condition it is in.
pub(crate) trait Rule: Declared {
    /// Canonical types of the resources that [`Rule::check`] wants to see, one at a time.
    const ON: &'static [&'static str] = &[];

    /// Looks at one resource that exists in the context's world.
    fn check(_resource: &Resource, _cx: &Context<'_>) {}

    /// Looks at the whole system at once: for what no single resource shows, such as a cycle. Prefer [`Rule::check`],
    /// which meets far fewer conditions at a time. Must not be quadratic in anything.
    fn check_system(_cx: &Context<'_>) {}
}

/// A rule as the engine calls it.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) metadata: &'static Metadata,
    pub(crate) on: &'static [&'static str],
    pub(crate) check: fn(&Resource, &Context<'_>),
    pub(crate) check_system: fn(&Context<'_>),
}

impl Entry {
    pub(crate) const fn of<R: Rule>() -> Self {
        Self { metadata: R::METADATA, on: R::ON, check: R::check, check_system: R::check_system }
    }
}

/// Declares a rule: its page as doc comment with the fixed headings, then its metadata.
///
/// ```text
/// declare_rule! {
///     /// ## What it finds
///     /// ...
///     QueueEncryptionOff {
///         id: "queue-encryption-off",
///         title: "queue with encryption switched off",
///         severity: Medium,
///         confidence: High,
///         since: "0.1.0",
///         aliases: ["TG-SQS-001"],
///         threats: ["T35"],
///         profiles: [Baseline],
///         why: "anyone with access to the storage reads the messages",
///     }
/// }
/// ```
macro_rules! declare_rule {
    (
        $(#[doc = $doc:literal])*
        $name:ident {
            id: $id:literal,
            title: $title:literal,
            severity: $severity:ident,
            confidence: $confidence:ident,
            since: $since:literal,
            aliases: [$($alias:literal),* $(,)?],
            threats: [$($threat:literal),* $(,)?],
            profiles: [$($profile:ident),* $(,)?],
            why: $why:literal $(,)?
        }
    ) => {
        pub(crate) struct $name;

        impl $crate::rule::Declared for $name {
            const METADATA: &'static $crate::Metadata = &$crate::Metadata {
                id: $id,
                title: $title,
                severity: ::tidegate_graph::Severity::$severity,
                confidence: ::tidegate_graph::Confidence::$confidence,
                since: $since,
                aliases: &[$($alias),*],
                threats: &[$($threat),*],
                profiles: &[$($crate::Profile::$profile),*],
                why: $why,
                docs: concat!($($doc, "\n"),*),
            };
        }
    };
}

pub(crate) use declare_rule;
