//! What is under way: one frame for each node and for each check that waits for the answers of other nodes.

use super::object::Object;
use super::{Fault, Outcome, Run, Why, within};
use crate::json::{Below, Item, Kind};
use std::collections::btree_map;
use std::slice;
use tidegate_graph::contract::schema::Check;

/// What has to be done next.
pub(super) enum Next<'p, 'i> {
    /// A value is compared with a node.
    Call(u32, Item<'i>, bool),
    /// A check waits for answers.
    Push(Frame<'p, 'i>),
    /// The frame, or the node, is answered.
    Done(Outcome<'p>),
}

/// A node, or a check that waits.
pub(super) enum Frame<'p, 'i> {
    Node(Node<'p, 'i>),
    Object(Box<Object<'p, 'i>>),
    Dependent(Dependent<'p, 'i>),
    Items(Items<'p, 'i>),
    Contains(Contains<'i>),
    Choice(Choice<'p, 'i>),
    All(Item<'i>, slice::Iter<'p, u32>, bool),
    Not(Not<'i>),
    If(If<'i>),
    Rest(Rest<'i>),
}

/// What a frame asks for: a call, or nothing more when it holds.
pub(super) type Asked<'p, 'i> = Result<Option<(u32, Item<'i>, bool)>, Fault<'p>>;

impl<'p, 'i> Frame<'p, 'i> {
    /// Goes on with the answer of what was called last; the first time there is none.
    pub(super) fn step(&mut self, run: &mut Run<'p, '_>, answer: Option<Outcome<'p>>) -> Next<'p, 'i> {
        let asked = match self {
            Self::Node(node) => return node.step(run, answer),
            Self::Object(object) => object.step(run, answer),
            Self::Dependent(dependent) => dependent.step(run, answer),
            Self::Items(items) => items.step(run, answer),
            Self::Contains(contains) => contains.step(run, answer),
            Self::Choice(choice) => choice.step(run, answer),
            Self::All(item, nodes, track) => {
                answer.unwrap_or(Ok(())).map(|()| nodes.next().map(|node| (*node, *item, *track)))
            }
            Self::Not(not) => not.step(run, answer),
            Self::If(choice) => choice.step(run, answer),
            Self::Rest(rest) => rest.step(run, answer),
        };
        match asked {
            Ok(Some((node, item, track))) => Next::Call(node, item, track),
            Ok(None) => Next::Done(Ok(())),
            Err(fault) => Next::Done(Err(fault)),
        }
    }
}

/// A node: all of its checks hold.
pub(super) struct Node<'p, 'i> {
    pub(super) checks: slice::Iter<'p, Check>,
    pub(super) item: Item<'i>,
    /// Whoever called wants to know what was looked at.
    pub(super) track: bool,
    /// So do its own checks.
    pub(super) own: bool,
    pub(super) marks: usize,
    pub(super) scopes: usize,
}

impl<'p, 'i> Node<'p, 'i> {
    pub(super) fn step(&mut self, run: &mut Run<'p, '_>, answer: Option<Outcome<'p>>) -> Next<'p, 'i> {
        let mut outcome = answer.unwrap_or(Ok(()));
        while outcome.is_ok() {
            let Some(check) = self.checks.next() else { break };
            match self.waits(check, run) {
                Some(next) => return next,
                None => outcome = run.leaf(check, self.item),
            }
        }
        if !self.track || outcome.is_err() {
            run.buffers.marks.truncate(self.marks);
        }
        run.buffers.scope.truncate(self.scopes);
        run.depth -= 1;
        Next::Done(outcome)
    }

    /// What a check asks of other nodes; nothing when it asks them nothing.
    fn waits(&self, check: &'p Check, run: &mut Run<'p, '_>) -> Option<Next<'p, 'i>> {
        let (item, track, kind) = (self.item, self.own, self.item.kind());
        let below = item.below();
        Some(Next::Push(match check {
            Check::Object(members) if kind == Kind::Object => {
                Frame::Object(Box::new(Object::of(members, item, track)))
            }
            Check::DependentSchemas(map) if kind == Kind::Object => {
                Frame::Dependent(Dependent { map: map.iter(), item, track })
            }
            Check::Items(first, rest) if kind == Kind::Array => {
                Frame::Items(Items { first: first.iter(), rest: *rest, item, track, below, element: None })
            }
            Check::Contains(node, least, most, counts) if kind == Kind::Array => Frame::Contains(Contains {
                node: *node,
                bounds: (*least, *most),
                item,
                track: track && *counts,
                below,
                element: None,
                fitting: (0, 0),
                before: false,
            }),
            Check::Ref(node) => return Some(Next::Call(*node, item, track)),
            Check::DynamicRef(anchor, node) => {
                let resources =
                    run.buffers.scope.iter().filter_map(|r| run.program.resources.get(*r as usize));
                let found = resources.filter_map(|anchors| anchors.get(anchor)).next();
                return Some(Next::Call(*found.unwrap_or(node), item, track));
            }
            Check::All(nodes) => Frame::All(item, nodes.iter(), track),
            Check::Any(nodes) | Check::One(nodes) => Frame::Choice(Choice {
                check,
                nodes: nodes.iter(),
                item,
                track,
                fitting: (0, 0),
                before: false,
            }),
            Check::Not(node) => {
                Frame::Not(Not { node: *node, item, marks: run.buffers.marks.len(), before: false })
            }
            Check::If(condition, then, other) => Frame::If(If {
                condition: Some(*condition),
                then: *then,
                other: *other,
                item,
                track,
                before: false,
            }),
            Check::UnevaluatedProperties(node) if kind == Kind::Object => {
                Frame::Rest(Rest::of(*node, item, track, self.marks))
            }
            Check::UnevaluatedItems(node) if kind == Kind::Array => {
                Frame::Rest(Rest::of(*node, item, track, self.marks))
            }
            _ => return None,
        }))
    }
}

impl<'p> Run<'p, '_> {
    /// Before a node is only tried.
    fn try_next(&mut self) -> bool {
        std::mem::replace(&mut self.unsure, false)
    }

    /// `None` when it doesn't fit; otherwise whether that is sure.
    fn tried(&mut self, before: bool, outcome: &Outcome<'p>) -> Option<bool> {
        let unsure = std::mem::replace(&mut self.unsure, before);
        outcome.is_ok().then(|| {
            self.unsure |= unsure;
            !unsure
        })
    }
}

/// Nodes that the whole object fits if a name is there.
pub(super) struct Dependent<'p, 'i> {
    map: btree_map::Iter<'p, String, u32>,
    item: Item<'i>,
    track: bool,
}

impl<'p, 'i> Dependent<'p, 'i> {
    fn step(&mut self, run: &mut Run<'p, '_>, answer: Option<Outcome<'p>>) -> Asked<'p, 'i> {
        answer.unwrap_or(Ok(()))?;
        let item = self.item;
        match self.map.find(|(name, _)| item.field(name).is_some()) {
            Some((_, node)) => {
                run.work(1 + item.raw().len() / 256, item)?;
                Ok(Some((*node, item, self.track)))
            }
            None => Ok(None),
        }
    }
}

/// The elements of an array.
pub(super) struct Items<'p, 'i> {
    first: slice::Iter<'p, u32>,
    rest: Option<u32>,
    item: Item<'i>,
    track: bool,
    below: Below<'i>,
    element: Option<Item<'i>>,
}

impl<'p, 'i> Items<'p, 'i> {
    fn step(&mut self, run: &mut Run<'p, '_>, answer: Option<Outcome<'p>>) -> Asked<'p, 'i> {
        answer.unwrap_or(Ok(()))?;
        if let Some(element) = self.element {
            run.mark(self.track, element);
        }
        self.element = self.below.next();
        let node = self.first.next().copied().or(self.rest);
        let Some((node, element)) = node.zip(self.element) else { return Ok(None) };
        run.work(1, self.item)?;
        Ok(Some((node, element, false)))
    }
}

/// So many elements that fit.
pub(super) struct Contains<'i> {
    node: u32,
    bounds: (u64, Option<u64>),
    item: Item<'i>,
    track: bool,
    below: Below<'i>,
    element: Option<Item<'i>>,
    /// For sure, and perhaps.
    fitting: (usize, usize),
    before: bool,
}

impl<'i> Contains<'i> {
    fn step<'p>(&mut self, run: &mut Run<'p, '_>, answer: Option<Outcome<'p>>) -> Asked<'p, 'i> {
        if let Some((answer, element)) = answer.zip(self.element) {
            let tried = run.tried(self.before, &answer);
            count(tried, &mut self.fitting);
            run.mark(self.track && tried.is_some(), element);
        }
        self.element = self.below.next();
        let Some(element) = self.element else {
            let ((sure, open), (least, most)) = (self.fitting, self.bounds);
            let holds = within(sure + open, least, None) && within(sure, 0, most);
            let fault = Fault { index: self.item.index(), why: Why::Contains };
            return if holds { Ok(None) } else { Err(fault) };
        };
        run.work(1, self.item)?;
        self.before = run.try_next();
        Ok(Some((self.node, element, false)))
    }
}

fn count(tried: Option<bool>, (sure, open): &mut (usize, usize)) {
    match tried {
        Some(true) => *sure += 1,
        Some(false) => *open += 1,
        None => {}
    }
}

/// One of several nodes, or exactly one.
pub(super) struct Choice<'p, 'i> {
    check: &'p Check,
    nodes: slice::Iter<'p, u32>,
    item: Item<'i>,
    track: bool,
    /// For sure, and perhaps.
    fitting: (usize, usize),
    before: bool,
}

impl<'p, 'i> Choice<'p, 'i> {
    fn step(&mut self, run: &mut Run<'p, '_>, answer: Option<Outcome<'p>>) -> Asked<'p, 'i> {
        if let Some(answer) = answer {
            count(run.tried(self.before, &answer), &mut self.fitting);
        }
        let one = matches!(self.check, Check::One(_));
        let (sure, open) = self.fitting;
        // Whoever wants to know what was looked at wants it of all that fit.
        let enough = !one && !self.track && sure + open > 0;
        if let Some(node) = self.nodes.next().filter(|_| !enough) {
            self.before = run.try_next();
            return Ok(Some((*node, self.item, self.track)));
        }
        let fault = |why| Err(Fault { index: self.item.index(), why });
        if one && sure > 1 {
            return fault(Why::Several);
        }
        if sure + open == 0 {
            return fault(run.of_type(self.check, self.item).unwrap_or(Why::Alternatives));
        }
        Ok(None)
    }
}

/// A node that the value doesn't fit.
pub(super) struct Not<'i> {
    node: u32,
    item: Item<'i>,
    marks: usize,
    before: bool,
}

impl<'i> Not<'i> {
    fn step<'p>(&mut self, run: &mut Run<'p, '_>, answer: Option<Outcome<'p>>) -> Asked<'p, 'i> {
        let Some(answer) = answer else {
            self.before = run.try_next();
            return Ok(Some((self.node, self.item, false)));
        };
        let fits = run.tried(self.before, &answer);
        run.buffers.marks.truncate(self.marks);
        let fault = Fault { index: self.item.index(), why: Why::Not };
        if fits == Some(true) { Err(fault) } else { Ok(None) }
    }
}

/// A node that decides between two others.
pub(super) struct If<'i> {
    /// Until it is asked.
    condition: Option<u32>,
    then: Option<u32>,
    other: Option<u32>,
    item: Item<'i>,
    track: bool,
    before: bool,
}

impl<'i> If<'i> {
    fn step<'p>(&mut self, run: &mut Run<'p, '_>, answer: Option<Outcome<'p>>) -> Asked<'p, 'i> {
        match (answer, self.condition) {
            (None, Some(condition)) => {
                self.before = run.try_next();
                Ok(Some((condition, self.item, self.track)))
            }
            (Some(answer), Some(_)) => {
                self.condition = None;
                let chosen = match run.tried(self.before, &answer) {
                    Some(true) => self.then,
                    None => self.other,
                    Some(false) => None,
                };
                Ok(chosen.map(|node| (node, self.item, self.track)))
            }
            // The one that was chosen has the last word.
            (answer, None) => answer.unwrap_or(Ok(())).map(|()| None),
        }
    }
}

/// What none of the checks so far has looked at.
pub(super) struct Rest<'i> {
    node: u32,
    item: Item<'i>,
    track: bool,
    from: usize,
    below: Below<'i>,
    /// How many values were looked at, once that is known.
    looked: Option<usize>,
    value: Option<Item<'i>>,
}

impl<'i> Rest<'i> {
    fn of(node: u32, item: Item<'i>, track: bool, from: usize) -> Self {
        Self { node, item, track, from, below: item.below(), looked: None, value: None }
    }

    fn step<'p>(&mut self, run: &mut Run<'p, '_>, answer: Option<Outcome<'p>>) -> Asked<'p, 'i> {
        answer.unwrap_or(Ok(()))?;
        if let Some(value) = self.value.take() {
            run.mark(self.track, value);
        }
        let looked = match self.looked {
            Some(looked) => looked,
            None => {
                let marks = run.buffers.marks.get_mut(self.from..).unwrap_or_default();
                marks.sort_unstable();
                let looked = marks.len();
                run.work(looked / 4, self.item)?;
                *self.looked.insert(looked)
            }
        };
        loop {
            if self.item.kind() == Kind::Object {
                self.below.next();
            }
            let Some(value) = self.below.next() else { return Ok(None) };
            run.work(1, self.item)?;
            let marks = run.buffers.marks.get(self.from..self.from + looked).unwrap_or_default();
            if marks.binary_search(&value.index()).is_err() {
                self.value = Some(value);
                return Ok(Some((self.node, value, false)));
            }
        }
    }
}
