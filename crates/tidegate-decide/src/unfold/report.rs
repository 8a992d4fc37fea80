//! What was found, and what nearly was.

use super::{Found, MOST_NOTES, Origin, Unfold};
use crate::decision::Class;
use crate::decode::{Chain, Step};
use crate::inject::opinion::Opinion;
use crate::inject::{self, Text};
use crate::json::Flaw;
use crate::notes::{Effect, Noted};
use std::borrow::Cow;
use tidegate_graph::contract::field::Kind;

impl Unfold<'_, '_> {
    /// What by itself is not enough: it is where something takes such code.
    pub(super) fn nears(&mut self, text: &Text<'_>, origin: Origin<'_>, chain: Chain) {
        for near in text.nears() {
            self.near += 1;
            let said = origin.said.map(|said| said.by.as_str()).unwrap_or_default();
            let raised = if near.spared { None } else { text.context.raises(near.class) };
            match raised {
                Some(by) => {
                    self.report(
                        near.class,
                        origin,
                        chain,
                        near.at,
                        format!("{}; enough here, since {by}", near.why),
                    );
                }
                None if near.spared => {
                    let by = match said {
                        "" => "its name says where somebody was".into(),
                        said => format!("expected here, as the schema says ({said})"),
                    };
                    let detail = format!("{}; {by}", near.why);
                    self.note(Effect::Spared, near.class, origin, chain, (near.at, detail.into()), None);
                }
                None => {
                    // Asked only where somebody will hear it: it denies nothing.
                    let opinion = self.notes.as_ref().and_then(|_| inject::opinion::of(text.raw, near.at));
                    let place = (near.at, near.why.into());
                    self.note(Effect::Suspicion, near.class, origin, chain, place, opinion);
                }
            }
        }
    }

    pub(super) fn note(
        &mut self,
        effect: Effect,
        class: Class,
        origin: Origin<'_>,
        decoded: Chain,
        (offset, detail): (usize, Cow<'static, str>),
        opinion: Option<Opinion>,
    ) {
        let Some(notes) = self.notes.as_mut().filter(|notes| notes.len() < MOST_NOTES) else { return };
        let (record, node, within) = (origin.record, origin.node, String::new());
        let found = Found { class, record, node, within, decoded, offset, detail };
        notes.push(Noted { effect, found, opinion });
    }

    pub(super) fn step(&mut self, chain: Chain, step: Step, origin: Origin<'_>) -> Option<Chain> {
        let next = chain.then(step);
        if next.is_none() {
            self.report(Class::Depth, origin, chain, 0, "wrapped in more encodings than the limit");
        }
        next
    }

    pub(super) fn report(
        &mut self,
        class: Class,
        origin: Origin<'_>,
        decoded: Chain,
        offset: usize,
        detail: impl Into<Cow<'static, str>>,
    ) {
        if let Some(said) = origin.said.filter(|said| said.is == Kind::Pinned) {
            let detail = format!("{}; not looked at, since the schema pins it ({})", detail.into(), said.by);
            return self.note(Effect::Spared, class, origin, decoded, (offset, detail.into()), None);
        }
        if self.is_full(origin.record) || self.of(origin.record).any(|f| f.class == class) {
            return;
        }
        let (record, node) = (origin.record, origin.node);
        self.found.push(Found {
            class,
            record,
            node,
            within: String::new(),
            decoded,
            offset,
            detail: detail.into(),
        });
    }

    /// Enough is known about this record. Records come one after the other, so its reasons are the last ones.
    pub(super) fn is_full(&self, record: u32) -> bool {
        self.of(record).count() >= self.bounds.reasons
    }

    pub(super) fn of(&self, record: u32) -> impl Iterator<Item = &Found> {
        self.found.iter().rev().take_while(move |f| f.record == record)
    }
}

/// A flaw of a document as a reason.
pub(crate) fn describe(flaw: Flaw) -> (Class, usize, &'static str) {
    match flaw {
        Flaw::DuplicateKey(at) => {
            (Class::DuplicateKey, at, "a key stands twice in one object; parsers disagree about which counts")
        }
        Flaw::LoneSurrogate(at) => {
            (Class::LoneSurrogate, at, "half of a surrogate pair; runtimes replace, keep or refuse it")
        }
        Flaw::InvalidUtf8(at) => {
            (Class::InvalidUtf8, at, "bytes that are no UTF-8; runtimes replace, keep or refuse them")
        }
        Flaw::Number(at) => {
            (Class::NumberPrecision, at, "a number that overflows or is longer than the limit")
        }
    }
}
