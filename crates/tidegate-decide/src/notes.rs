//! What a decision was not: texts that were nearly denied, and what kept them from it.

use crate::decision::Class;
use crate::decode::Chain;
use crate::inject::opinion::Opinion;
use crate::json::Item;
use crate::unfold::Found;
use std::borrow::Cow;

/// What became of something that is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It nearly acts as code, and nothing is known that would make it enough.
    Suspicion,
    /// It would be a reason, had a schema not said that it belongs there.
    Spared,
}

impl Effect {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Suspicion => "suspicion",
            Self::Spared => "spared",
        }
    }
}

/// One of them, with what it takes to find the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What became of it.
    pub effect: Effect,
    /// The class that it would be.
    pub class: Class,
    /// The record.
    pub record: u32,
    /// JSON pointer to the leaf of the event.
    pub pointer: String,
    /// Where in decoded JSON below that leaf, if the leaf holds JSON.
    pub within: String,
    /// What was taken off to see it.
    pub decoded: Chain,
    /// Offset in the decoded text, in bytes.
    pub offset: usize,
    /// What there is and what moved the bar; holds nothing of the text itself.
    pub detail: Cow<'static, str>,
    /// What the learned model thinks of a suspicion.
    pub opinion: Option<Opinion>,
}

/// The same before its place is spelled out.
#[derive(Debug)]
pub(crate) struct Noted {
    pub(crate) effect: Effect,
    pub(crate) found: Found,
    pub(crate) opinion: Option<Opinion>,
}

/// Spells out the places.
pub(crate) fn conclude(root: Item<'_>, noted: &mut Vec<Noted>, notes: &mut Vec<Note>) {
    notes.clear();
    let mut nodes: Vec<u32> = noted.iter().map(|noted| noted.found.node).collect();
    nodes.sort_unstable();
    let pointers = if nodes.is_empty() { Vec::new() } else { root.pointers_to(&nodes) };
    for Noted { effect, found, opinion } in noted.drain(..) {
        let pointer = match nodes.binary_search(&found.node) {
            _ if found.node == crate::unfold::BESIDE => "/body".to_owned(),
            Ok(at) => pointers.get(at).cloned().unwrap_or_default(),
            Err(_) => String::new(),
        };
        notes.push(Note {
            effect,
            class: found.class,
            record: found.record,
            pointer,
            within: found.within,
            decoded: found.decoded,
            offset: found.offset,
            detail: found.detail,
            opinion,
        });
    }
}
