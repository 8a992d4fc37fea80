//! Rules over the event graph.
//!
//! [`check`] runs the selected rules over a [`System`] and its [`Graph`] and returns findings, the worst last.
//! It opens no file and knows no clock.

mod access;
mod azure;
mod blocks;
mod buckets;
mod context;
mod engine;
mod entries;
mod fingerprint;
mod gcp;
mod guardrails;
mod identity;
mod index;
pub mod intent;
mod mapping;
mod openapi;
mod outside;
mod pattern;
mod policies;
mod radius;
mod registry;
mod rest;
mod rule;
mod rules;
mod secrets;
mod states;
#[cfg(test)]
mod testing;

pub(crate) use context::Context;
pub use context::Unknown;
pub use guardrails::Guardrails;
pub use outside::{Note, Outside, Said, check_outside, install, join_outside, merge};
pub use policies::{POLICY_RULES, REFUSED_POLICY_RULES};

use std::sync::LazyLock;
use tidegate_graph::{Confidence, Finding, Graph, Severity, System};

/// A named set of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// What every team should have on.
    #[default]
    Baseline,
    /// Limits against runaway cost.
    DenialOfWallet,
    /// Customer managed keys and the like.
    Regulated,
    /// Everything, opinions included.
    All,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Self; 4] = [Self::Baseline, Self::DenialOfWallet, Self::Regulated, Self::All];

    /// The word used on the command line and in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::DenialOfWallet => "denial-of-wallet",
            Self::Regulated => "regulated",
            Self::All => "all",
        }
    }
}

/// What is known of a rule without running it.
#[derive(Clone, Copy, Debug)]
pub struct Metadata {
    /// Kebab-case id; names the bad thing.
    pub id: &'static str,
    /// Title: the bad thing as a short phrase.
    pub title: &'static str,
    /// Severity of its findings unless a finding says otherwise.
    pub severity: Severity,
    /// Confidence of its findings unless a finding says otherwise.
    pub confidence: Confidence,
    /// Version in which it came.
    pub since: &'static str,
    /// Catalogue id first, then the peers' ids.
    pub aliases: &'static [&'static str],
    /// Threat ids.
    pub threats: &'static [&'static str],
    /// Profiles that hold it besides [`Profile::All`].
    pub profiles: &'static [Profile],
    /// One sentence: why it matters.
    pub why: &'static str,
    /// The rule's page in Markdown, with its fixed headings.
    pub docs: &'static str,
}

/// Which rules run.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Union of these profiles; baseline when empty.
    pub profiles: Vec<Profile>,
    /// Ids or aliases of rules to leave out.
    pub without: Vec<String>,
    /// Ids or aliases of rules to run alone; all of the profiles when empty.
    pub only: Vec<String>,
    /// What no policy may say.
    pub guardrails: Guardrails,
}

/// What the rules say of a system.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What they found, by severity (the worst last), then place.
    pub findings: Vec<Finding>,
    /// What they could neither pass nor fail.
    pub unknown: Vec<Unknown>,
}

impl Metadata {
    /// True if `name` is the rule's id or one of its aliases, in any case.
    pub fn is_called(&self, name: &str) -> bool {
        std::iter::once(&self.id).chain(self.aliases).any(|own| own.eq_ignore_ascii_case(name))
    }

    /// The rule's page in Markdown, without the space that doc comments put before each line.
    pub fn page(&self) -> String {
        self.docs.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
    }
}

/// Every rule, by id: those of this crate, and those that [`install`] made known.
pub fn rules() -> &'static [&'static Metadata] {
    outside::installed().unwrap_or_else(built_in)
}

/// Every rule of this crate, by id.
pub fn built_in() -> &'static [&'static Metadata] {
    static RULES: LazyLock<Vec<&'static Metadata>> = LazyLock::new(|| {
        let mut rules: Vec<_> = registry::RULES.iter().map(|rule| rule.metadata).collect();
        rules.sort_by_key(|rule| rule.id);
        rules
    });
    &RULES
}

/// Runs the selected rules. Findings come ordered by severity (the worst last), then place.
pub fn check(system: &System, graph: &Graph, selection: &Selection) -> Vec<Finding> {
    check_all(system, graph, selection).findings
}

/// Runs the selected rules and also says what they couldn't decide.
pub fn check_all(system: &System, graph: &Graph, selection: &Selection) -> Outcome {
    engine::run(system, graph, selection)
}
