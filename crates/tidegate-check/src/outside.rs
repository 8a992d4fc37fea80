//! Rules that come from elsewhere: people's own, which whoever calls us has read and runs.
//!
//! They are known by the same metadata, asked in the same worlds, and their findings are joined like those of our own.

use crate::context::{Draft, Reported, locate};
use crate::{Metadata, Outcome, Unknown, engine};
use std::sync::{PoisonError, RwLock};
use tidegate_graph::{Resource, Severity, Span, Str, System, World};

/// A rule that looks at one resource at a time.
pub trait Outside {
    /// What is known of it.
    fn metadata(&self) -> &'static Metadata;

    /// True if it wants to see this resource.
    fn is_on(&self, resource: &Resource) -> bool;

    /// Looks at one resource that exists in this world.
    fn check(&self, resource: &Resource, world: &World) -> Vec<Said>;
}

/// What a rule from elsewhere says of a resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// It fails.
    Finding(Note),
    /// It can't be decided.
    Unknown {
        /// What isn't known.
        why: String,
        /// Where it is written; the resource's header if that isn't known.
        span: Option<Span>,
    },
}

/// A finding of a rule from elsewhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Note {
    /// One sentence.
    pub message: String,
    /// Keys that lead to the place, from the resource's properties on.
    pub path: Vec<String>,
    /// Another severity than the rule's.
    pub severity: Option<Severity>,
    /// What to do.
    pub help: String,
}

/// Makes rules from elsewhere known to [`crate::rules`], in the place of those that were made known before.
pub fn install(rules: Vec<&'static Metadata>) {
    let mut all: Vec<&'static Metadata> = crate::built_in().iter().copied().chain(rules).collect();
    all.sort_by_key(|rule| rule.id);
    // Kept for the rest of the process like the built-in list: everything that names a rule holds on to it.
    let all: &'static [&'static Metadata] = all.leak();
    *INSTALLED.write().unwrap_or_else(PoisonError::into_inner) = Some(all);
}

pub(crate) fn installed() -> Option<&'static [&'static Metadata]> {
    *INSTALLED.read().unwrap_or_else(PoisonError::into_inner)
}

static INSTALLED: RwLock<Option<&'static [&'static Metadata]>> = RwLock::new(None);

/// Asks rules from elsewhere about each resource, in every world that they can tell apart.
pub fn check_outside(system: &System, rules: &[&dyn Outside]) -> Outcome {
    let mut outcome = Outcome::default();
    for rule in rules {
        let metadata = rule.metadata();
        for resource in system.resources().iter().filter(|r| rule.is_on(r)) {
            let worlds = World::explore(&system.variables, |world| {
                let exists = resource.condition.as_ref().is_none_or(|c| c.holds(world));
                exists.then(|| {
                    let mut reported = Reported::default();
                    for said in rule.check(resource, world) {
                        add(metadata, system, resource, world, said, &mut reported);
                    }
                    reported
                })
            });
            let named = worlds.into_iter().filter_map(|(w, r)| Some((w.describe(&system.variables), r?)));
            engine::join(metadata, named.collect(), &mut outcome);
        }
    }
    engine::sort(system, &mut outcome);
    outcome
}

/// Joins what one rule said of one resource in the worlds in which it exists. What a rule says of nothing that was read
/// stands at the beginning of the first file.
pub fn join_outside(
    system: &System,
    metadata: &'static Metadata,
    resource: Option<&Resource>,
    worlds: Vec<(World, Vec<Said>)>,
    outcome: &mut Outcome,
) {
    let named = worlds.into_iter().map(|(world, said)| {
        let mut reported = Reported::default();
        for said in said {
            match (resource, said) {
                (Some(resource), said) => add(metadata, system, resource, &world, said, &mut reported),
                (None, Said::Finding(note)) => {
                    reported.drafts.push(draft(metadata, Str::default(), Span::default(), note));
                }
                (None, Said::Unknown { why, span }) => reported.unknown.push(Unknown {
                    rule: metadata.id,
                    resource: Str::default(),
                    why,
                    span: span.unwrap_or_default(),
                }),
            }
        }
        (world.describe(&system.variables), reported)
    });
    engine::join(metadata, named.collect(), outcome);
}

/// Adds findings to findings and puts them in order.
pub fn merge(system: &System, outcome: &mut Outcome, more: Outcome) {
    outcome.findings.extend(more.findings);
    outcome.unknown.extend(more.unknown);
    engine::sort(system, outcome);
}

fn add(
    rule: &'static Metadata,
    system: &System,
    resource: &Resource,
    world: &World,
    said: Said,
    reported: &mut Reported,
) {
    match said {
        Said::Finding(note) => {
            let path: Vec<&str> = note.path.iter().map(String::as_str).collect();
            let found = locate(world, &resource.properties, &path);
            // A value may come from another file than the resource; a place that isn't read is no place.
            let span = found.filter(|s| system.sources.source(s.file).is_some()).unwrap_or(resource.span);
            reported.drafts.push(draft(rule, resource.id.clone(), span, note));
        }
        Said::Unknown { why, span } => reported.unknown.push(Unknown {
            rule: rule.id,
            resource: resource.id.clone(),
            why,
            span: span.unwrap_or(resource.span),
        }),
    }
}

fn draft(rule: &'static Metadata, resource: Str, span: Span, note: Note) -> Draft {
    Draft {
        resource,
        key: note.path.join("/"),
        span,
        severity: note.severity.unwrap_or(rule.severity),
        confidence: rule.confidence,
        message: note.message,
        help: note.help,
        related: Vec::new(),
        path: Vec::new(),
        unlike: Vec::new(),
        fix: None,
    }
}
