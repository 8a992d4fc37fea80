//! One function per reader of text, for fuzzing alone: text in, nothing out, and it must end without a panic.
//!
//! Not part of the interface of this crate.

use crate::catalogue::Import;
use crate::lint::{self, Kind};
use crate::{Catalogue, Policy};
use tidegate_graph::{FileId, Span, Value, World};

/// A target by its name, which is also that of its folder of seeds.
pub type Target = (&'static str, fn(&str));

/// Every target.
pub const TARGETS: &[Target] = &[("policy", policy), ("reference", reference)];

/// Every check on a document, as far as the text is one.
fn policy(text: &str) {
    let (world, catalogue) = (World::default(), Catalogue::current());
    let document = match crate::json::parse(FileId(0), text) {
        Ok(document) => document,
        Err(_) => Value::text(text, Span::default()),
    };
    for kind in Kind::ALL {
        lint::refused(&world, &document, kind);
        lint::dead_actions(&world, &document, kind, catalogue);
        lint::empty_sets(&world, &document, kind);
    }
    lint::unknown_actions(&world, &document, catalogue);
    lint::absent_keys(&world, &document, catalogue);
    lint::mistyped_conditions(&world, &document, catalogue);
    lint::literal_variables(&world, &document);
    lint::shadowed(&world, &document);
    lint::short_wildcards(&world, &document, catalogue);
    lint::size(&world, &document);
    let _ = Policy::from_json("fuzz", text);
}

/// A file of AWS's service reference, and the catalogue that comes of it.
fn reference(text: &str) {
    let _ = Catalogue::read_whole(text.as_bytes());
    let mut import = Import::default();
    if import.add(text).is_ok()
        && let Ok(made) = Catalogue::read_whole(&import.finish("2026-01-01"))
    {
        for service in made.services() {
            service.actions().iter().for_each(|action| drop(service.keys_of(action).count()));
        }
    }
}

/// Runs the target of that name; does nothing when there is none.
pub fn run(name: &str, text: &str) {
    if let Some((_, target)) = TARGETS.iter().find(|(known, _)| *known == name) {
        target(text);
    }
}
