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
    let reading = lint::Reading::new(&world, &document);
    for kind in Kind::ALL {
        lint::refused(&world, &document, kind);
        lint::dead_actions(&reading, kind, catalogue);
        lint::empty_sets(&reading, kind);
    }
    lint::unknown_actions(&reading, catalogue);
    lint::absent_keys(&reading, catalogue);
    lint::mistyped_conditions(&reading, catalogue);
    lint::literal_variables(&world, &document);
    lint::shadowed(&reading);
    lint::short_wildcards(&reading, catalogue);
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
            std::hint::black_box(service.actions().iter().flat_map(|action| service.keys_of(action)).count());
        }
    }
}

/// Runs the target of that name; does nothing when there is none.
pub fn run(name: &str, text: &str) {
    if let Some((_, target)) = TARGETS.iter().find(|(known, _)| *known == name) {
        target(text);
    }
}
