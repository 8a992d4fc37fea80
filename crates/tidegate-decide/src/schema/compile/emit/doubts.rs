//! What isn't a schema, or none that could be compared with anything.

use super::super::library::Place;
use super::super::{Nature, circles, excess, form, meta};
use super::{Draft, Emitter};
use crate::schema::validate::{DEPTH, STEPS};
use tidegate_graph::contract::schema::Check;

/// Places of a circle that are named.
const WAY: usize = 6;
/// Steps beyond which the number says no more.
const MANY: u64 = 1_000_000_000;

impl Emitter<'_, '_> {
    /// What was asked for may be no schema at all.
    pub(super) fn stranger(&mut self, root: Place) {
        let shown = self.library.shown(root);
        let pointer = shown.split_once('#').map_or("", |(_, pointer)| pointer);
        let Some(message) = self.library.item(root).and_then(|item| form::stranger(item, pointer)) else {
            return;
        };
        self.problem(root, "", Nature::Malformed, message);
        if let Some(node) = self.program.nodes.first_mut() {
            node.checks = vec![Check::Unknown];
        }
    }

    /// The dialect that a subschema is written in may be one that nobody knows here.
    pub(super) fn dialect(&mut self, place: Place) {
        let Some((root, name)) = self.library.strange_dialect(place) else { return };
        let known = meta::known();
        let message = format!("`{name}` is no dialect of JSON Schema that is known; it is one of {known}");
        self.problem(root, "$schema", Nature::Foreign, message);
    }

    /// References that come back to where they began; places are those of the nodes.
    pub(super) fn circles(&mut self, places: &[Option<Place>]) {
        for circle in circles::of(&self.program) {
            let places: Vec<Place> = circle.iter().filter_map(|node| *places.get(*node as usize)?).collect();
            let one = places.iter().all(|place| Some(place.0) == places.first().map(|first| first.0));
            let pointer = |place: &Place| {
                let shown = self.library.shown(*place);
                let (uri, pointer) = shown.split_once('#').unwrap_or((&shown, ""));
                let file = uri.rsplit('/').next().filter(|_| !one).unwrap_or_default();
                format!("`{file}#{pointer}`")
            };
            let Some(first) = places.first() else { continue };
            // To say where one stands takes a walk through its document.
            let mut way: Vec<String> = match places.as_slice() {
                [start @ .., last] if start.len() > WAY => {
                    start.iter().take(WAY).map(pointer).chain(["...".into(), pointer(last)]).collect()
                }
                all => all.iter().map(pointer).collect(),
            };
            way.extend(way.first().cloned());
            let message =
                format!("this leads back to itself before it looks into the value: {}", way.join(" -> "));
            self.problem(*first, "", Nature::Circle, message);
            // It would never end.
            for node in &circle {
                if let Some(node) = self.program.nodes.get_mut(*node as usize) {
                    node.checks = vec![Check::Unknown];
                }
            }
        }
    }

    /// What takes more to be compared with than any payload is given, or any short one.
    pub(super) fn excess(&mut self, places: &[Option<Place>]) {
        for (node, toll) in excess::of(&self.program) {
            let Some(place) = places.get(node as usize).copied().flatten() else { continue };
            let message = if toll.is_deep() {
                format!("references in a row from here are more than {DEPTH}, where comparing stops")
            } else {
                let steps =
                    if toll.steps > MANY { format!("more than {MANY}") } else { toll.steps.to_string() };
                format!(
                    "comparing a value with this takes {steps} steps, and a short payload is given {STEPS}"
                )
            };
            self.problem(place, "", Nature::Excess, message);
            if let Some(node) = self.program.nodes.get_mut(node as usize) {
                node.checks = vec![Check::Unknown];
            }
        }
    }

    /// Whether a subschema has the form of one.
    pub(super) fn form(&mut self, place: Place, draft: Draft, checks: &mut Vec<Check>) {
        if self.misfits == 0 {
            return;
        }
        let Some(misfit) = self.library.item(place).and_then(|item| form::misfit(draft, item)) else {
            return;
        };
        self.misfits -= 1;
        self.problem((place.0, misfit.index), "", Nature::Malformed, misfit.message);
        checks.push(Check::Unknown);
    }
}
