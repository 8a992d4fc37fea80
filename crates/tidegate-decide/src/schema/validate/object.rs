//! The members of an object, one after the other.

use super::frame::Asked;
use super::{Fault, Outcome, Run, Why, within};
use crate::json::{Below, Item, unescape};
use tidegate_graph::contract::schema::Members;

/// The members of an object.
pub(super) struct Object<'p, 'i> {
    members: &'p Members,
    item: Item<'i>,
    track: bool,
    below: Below<'i>,
    /// Name and value of the member that is looked at.
    entry: Option<(Item<'i>, Item<'i>)>,
    /// Something asked for it.
    known: bool,
    turn: Turn,
    count: usize,
    /// Of the first 64 that have to be there, and of the rest.
    seen: u64,
    late: Vec<bool>,
}

/// What comes next for a member.
enum Turn {
    Next,
    Pattern(usize),
    Others,
    Name,
    Mark,
}

impl<'p, 'i> Object<'p, 'i> {
    pub(super) fn of(members: &'p Members, item: Item<'i>, track: bool) -> Self {
        let late = vec![false; members.required.len().saturating_sub(64)];
        let (below, turn) = (item.below(), Turn::Next);
        Self { members, item, track, below, entry: None, known: false, turn, count: 0, seen: 0, late }
    }

    pub(super) fn step(&mut self, run: &mut Run<'p, '_>, answer: Option<Outcome<'p>>) -> Asked<'p, 'i> {
        answer.unwrap_or(Ok(()))?;
        loop {
            let Some((key, value)) = self.entry else {
                match (self.below.next(), self.below.next()) {
                    (Some(key), Some(value)) => self.entry = Some((key, value)),
                    _ => return self.end().map(|()| None),
                }
                continue;
            };
            match self.turn {
                Turn::Next => {
                    self.turn = Turn::Pattern(0);
                    if let Some(node) = self.named(key, run)? {
                        return Ok(Some((node, value, false)));
                    }
                }
                Turn::Pattern(at) => {
                    self.turn = Turn::Others;
                    if let Some((pattern, node)) = self.members.patterns.get(at) {
                        self.turn = Turn::Pattern(at + 1);
                        if run.fits(*pattern, key)? {
                            self.known = true;
                            return Ok(Some((*node, value, false)));
                        }
                    }
                }
                Turn::Others => {
                    self.turn = Turn::Name;
                    if let Some(node) = self.members.additional.filter(|_| !self.known) {
                        self.known = true;
                        return Ok(Some((node, value, false)));
                    }
                }
                Turn::Name => {
                    self.turn = Turn::Mark;
                    if let Some(node) = self.members.names {
                        return Ok(Some((node, key, false)));
                    }
                }
                Turn::Mark => {
                    run.mark(self.track && self.known, value);
                    (self.entry, self.turn) = (None, Turn::Next);
                }
            }
        }
    }

    /// The node that a member has by its name.
    fn named(&mut self, key: Item<'i>, run: &mut Run<'p, '_>) -> Result<Option<u32>, Fault<'p>> {
        self.count += 1;
        run.work(1, self.item)?;
        let mut name = std::mem::take(&mut run.buffers.text);
        let text = if key.is_escaped() {
            name.clear();
            unescape(key.raw(), &mut name);
            name.as_slice()
        } else {
            key.raw()
        };
        if let Ok(at) = self.members.required.binary_search_by(|r| r.as_bytes().cmp(text)) {
            match at.checked_sub(64).and_then(|at| self.late.get_mut(at)) {
                Some(late) => *late = true,
                None => self.seen |= 1 << at,
            }
        }
        let named = std::str::from_utf8(text).ok().and_then(|text| self.members.named.get(text));
        run.buffers.text = name;
        self.known = named.is_some();
        Ok(named.copied())
    }

    fn end(&self) -> Outcome<'p> {
        let missing = self.members.required.iter().enumerate().find(|(at, _)| match at.checked_sub(64) {
            Some(at) => self.late.get(at) == Some(&false),
            None => self.seen & 1 << at == 0,
        });
        let fault = |why| Err(Fault { index: self.item.index(), why });
        match missing {
            Some((_, name)) => fault(Why::Missing(name)),
            None if !within(self.count, self.members.least, self.members.most) => fault(Why::Members),
            None => Ok(()),
        }
    }
}
