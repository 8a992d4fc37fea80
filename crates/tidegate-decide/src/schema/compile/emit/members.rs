//! Members of objects and elements of arrays.

use super::super::library::{Dialect, Place, text};
use super::{Draft, Emitter, count};
use crate::json::{Item, Kind};
use crate::schema::way::escaped;
use std::collections::BTreeMap;
use tidegate_graph::contract::schema::{Check, Members};

impl Emitter<'_, '_> {
    pub(super) fn object(&mut self, place: Place, dialect: Dialect, checks: &mut Vec<Check>) {
        let Some(item) = self.library.item(place) else { return };
        let under = |key: &str| {
            let map = item.field(key).filter(|m| m.kind() == Kind::Object);
            let entries = map.into_iter().flat_map(Item::entries);
            entries.filter_map(|(k, v)| Some((text(k)?, (place.0, v.index())))).collect::<Vec<_>>()
        };
        let properties = under("properties");
        let patterns = under("patternProperties");
        let count = |key: &str| item.field(key).and_then(count).filter(|_| dialect.validation);
        let mut members = Members {
            least: count("minProperties").unwrap_or_default(),
            most: count("maxProperties"),
            ..Members::default()
        };
        if dialect.validation {
            members.required = strings(item.field("required"));
        }
        if self.options.request {
            let only_read = |place: &Place| {
                let own = self.library.item(*place).and_then(|i| i.field("readOnly"));
                own.is_some_and(Item::is_true)
            };
            let read: Vec<&String> =
                properties.iter().filter(|(_, p)| only_read(p)).map(|(n, _)| n).collect();
            members.required.retain(|name| !read.contains(&name));
        }
        let dependencies = under("dependencies");
        let newer = under("dependentRequired");
        let schemas = under("dependentSchemas");
        let newer =
            if dialect.draft >= Draft::Draft201909 { (newer, schemas) } else { (Vec::new(), Vec::new()) };
        members.named = properties.into_iter().map(|(name, place)| (name, self.node(place))).collect();
        let mut open = false;
        for (pattern, below) in patterns {
            let at = format!("patternProperties/{}", escaped(&pattern));
            match self.pattern(place, &at, &pattern) {
                Some(index) => {
                    let node = self.node(below);
                    members.patterns.push((index, node));
                }
                None => {
                    open = true;
                    checks.push(Check::Unknown);
                }
            }
        }
        // What a pattern that isn't known would have matched is not additional.
        members.additional = self.single(place, "additionalProperties").filter(|_| !open);
        if dialect.draft >= Draft::Draft6 {
            members.names = self.single(place, "propertyNames");
        }
        if members != Members::default() {
            checks.push(Check::Object(Box::new(members)));
        }
        let (mut required, mut wholes) = (BTreeMap::new(), BTreeMap::new());
        for (name, below) in dependencies.into_iter().chain(newer.0) {
            let list = self.library.item(below).filter(|i| i.kind() == Kind::Array).map(|i| strings(Some(i)));
            match list {
                Some(list) if dialect.validation => drop(required.insert(name, list)),
                Some(_) => {}
                None => drop(wholes.insert(name, self.node(below))),
            }
        }
        wholes.extend(newer.1.into_iter().map(|(name, below)| (name, self.node(below))));
        if !required.is_empty() {
            checks.push(Check::DependentRequired(required));
        }
        if !wholes.is_empty() {
            checks.push(Check::DependentSchemas(wholes));
        }
    }

    pub(super) fn array(&mut self, place: Place, dialect: Dialect, checks: &mut Vec<Check>) {
        let Some(item) = self.library.item(place) else { return };
        let number = |key: &str| item.field(key).and_then(count).filter(|_| dialect.validation);
        let (least, most) = (number("minItems").unwrap_or_default(), number("maxItems"));
        if least > 0 || most.is_some() {
            checks.push(Check::Count(least, most));
        }
        if dialect.validation && item.field("uniqueItems").is_some_and(Item::is_true) {
            checks.push(Check::Unique);
        }
        let newest = dialect.draft >= Draft::Draft202012;
        let listed = item.field("items").is_some_and(|i| i.kind() == Kind::Array);
        let fewest = match dialect.draft {
            Draft::Draft201909 | Draft::Draft202012 => {
                (number("minContains").unwrap_or(1), number("maxContains"))
            }
            _ => (1, None),
        };
        let (first, rest) = match (newest, listed) {
            (true, _) => (self.several(place, "prefixItems"), self.single(place, "items")),
            (false, true) => (self.several(place, "items"), self.single(place, "additionalItems")),
            (false, false) => (Vec::new(), self.single(place, "items")),
        };
        if !first.is_empty() || rest.is_some() {
            checks.push(Check::Items(first, rest));
        }
        if dialect.draft >= Draft::Draft6
            && let Some(node) = self.single(place, "contains")
        {
            checks.push(Check::Contains(node, fewest.0, fewest.1, newest));
        }
    }
}

/// Strings of a list, in order, each once.
fn strings(list: Option<Item<'_>>) -> Vec<String> {
    let list = list.filter(|l| l.kind() == Kind::Array);
    let mut out: Vec<String> = list.into_iter().flat_map(Item::items).filter_map(text).collect();
    out.sort();
    out.dedup();
    out
}
