//! What the schemas of an event say about its texts, by where these stand.

use super::payload::{self, Part};
use crate::decision::Class;
use crate::json::{Item, Kind, unescape};
use crate::origin;
use crate::trigger::{self, Trigger};
use crate::unfold::Found;
use tidegate_graph::contract::Edge;
use tidegate_graph::contract::field::{self, Field, Said};
use tidegate_graph::contract::schema::Schema;

/// What is known of the texts of one event.
#[derive(Debug, Default)]
pub(crate) struct Fields<'c> {
    /// Texts of the event itself, by their node, in order.
    own: Vec<(u32, &'c Said)>,
    /// Leaves that hold a payload, by their node, and what is known of the texts in it.
    carried: Vec<(u32, &'c Field)>,
    /// Records that aren't what their schema says, in order: nothing pins what is in them.
    unmet: Vec<u32>,
}

impl<'c> Fields<'c> {
    /// Looks up what applies; `found` holds the records whose schema wasn't met.
    pub(crate) fn of(
        source: &origin::Verdict<'c>,
        trigger: Trigger,
        root: Item<'_>,
        found: &[Found],
    ) -> Self {
        let mut fields = Self::default();
        if source.edges.iter().flat_map(|edge| &edge.schemas).all(|schema| schema.fields.is_empty()) {
            return fields;
        }
        let mut batch = false;
        for (record, item) in (0_usize..).zip(trigger::list(trigger, root)) {
            batch = true;
            let own = source.by_record.get(record);
            let edges = own.map_or(source.edges.as_slice(), |edge| edge.as_slice());
            fields.record(edges, trigger, item, root);
        }
        if !batch {
            fields.record(&source.edges, trigger, root, root);
        }
        fields.own.sort_by_key(|(node, said)| (*node, said.is));
        let unmet = |f: &&Found| matches!(f.class, Class::Schema | Class::TypeConfusion);
        fields.unmet = found.iter().filter(unmet).map(|f| f.record).collect();
        fields.unmet.sort_unstable();
        fields
    }

    fn record(&mut self, edges: &[&'c Edge], trigger: Trigger, item: Item<'_>, root: Item<'_>) {
        // What may fit another schema instead is pinned by none.
        let says = |s: &&Schema| !s.fields.is_empty() && s.others.is_empty();
        let schemas = edges.iter().flat_map(|e| &e.schemas).filter(says);
        for schema in schemas.filter(|s| payload::applies(&s.when, root, item)) {
            let part = if schema.whole { Part::Value(item) } else { payload::of(trigger, item) };
            match part {
                Part::Value(value) => lay(&schema.fields, value, &mut self.own),
                Part::Text(text) if text.kind() != Kind::String => lay(&schema.fields, text, &mut self.own),
                Part::Text(text) | Part::Base64(text) => self.carried.push((text.index(), &schema.fields)),
                Part::Missing => {}
            }
        }
    }

    /// What is known of a text of the event.
    pub(crate) fn at(&self, record: u32, node: u32) -> Option<&'c Said> {
        self.known(record, &self.own, node)
    }

    /// What is known of the texts of a document that a leaf of the event holds.
    pub(crate) fn within(&self, node: u32, document: Item<'_>) -> Vec<(u32, &'c Said)> {
        let mut out = Vec::new();
        for (_, field) in self.carried.iter().filter(|(carrier, _)| *carrier == node) {
            lay(field, document, &mut out);
        }
        out.sort_by_key(|(node, said)| (*node, said.is));
        out
    }

    /// The same, once more looked up.
    pub(crate) fn known(&self, record: u32, laid: &[(u32, &'c Said)], node: u32) -> Option<&'c Said> {
        let first = laid.partition_point(|(at, _)| *at < node);
        let unmet = self.unmet.binary_search(&record).is_ok();
        let here = laid.get(first..)?.iter().take_while(|(at, _)| *at == node).map(|(_, said)| *said);
        here.filter(|said| said.is != field::Kind::Pinned || !unmet).min_by_key(|said| said.is)
    }

    /// Nothing is known of any text that a leaf holds.
    pub(crate) fn carries(&self, node: u32) -> bool {
        self.carried.iter().any(|(carrier, _)| *carrier == node)
    }
}

/// Lays what is known over the texts that are there.
fn lay<'c>(field: &'c Field, item: Item<'_>, out: &mut Vec<(u32, &'c Said)>) {
    match item.kind() {
        Kind::String => out.extend(field.text.as_ref().map(|said| (item.index(), said))),
        Kind::Array => {
            let Some(below) = field.below(None) else { return };
            item.items().for_each(|element| lay(below, element, out));
        }
        Kind::Object if field.members.is_empty() && field.others.is_none() => {}
        Kind::Object => {
            for (key, value) in item.entries() {
                let below = match key.plain().map(std::str::from_utf8) {
                    Some(name) => field.below(Some(name.unwrap_or_default())),
                    None => {
                        let mut name = Vec::new();
                        unescape(key.raw(), &mut name);
                        field.below(Some(&String::from_utf8_lossy(&name)))
                    }
                };
                if let Some(below) = below {
                    lay(below, value, out);
                }
            }
        }
        _ => {}
    }
}
