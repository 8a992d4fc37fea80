//! JSON against a compiled schema, directly over the tape.
//!
//! Work is charged: a schema whose alternatives nest can make somebody look at one value very often, and whoever sends
//! that value gets it back. Where the schema asks for something that can't be checked, the answer is open, and what hangs
//! on it is not decided in either direction.
//!
//! Nothing here recurses: what is under way lies on a stack of its own, whose height has a bound. A schema may refer to
//! itself, and both it and the value may come from somebody who wants them deep.

mod checks;
mod frame;
mod object;
mod same;
mod types;
mod why;

use super::pattern::Pattern;
use crate::json::{Item, Limits, Tape};
use frame::{Frame, Next, Node};
use tidegate_graph::contract::schema::{Check, JsonProgram, Types};
pub(crate) use why::{Fault, Why};

/// What is made of a program once.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    patterns: Vec<Option<Pattern>>,
    literals: Vec<(String, Tape)>,
    /// Nodes that ask for what nothing else looked at.
    tracking: Vec<bool>,
    /// What each node lets pass at most.
    types: Vec<Types>,
}

impl Ready {
    pub(crate) fn of(program: &JsonProgram) -> Self {
        let literals: Vec<_> = program
            .literals
            .iter()
            .map(|text| {
                let mut tape = Tape::default();
                // What is no JSON equals nothing.
                let _ = tape.read(text.as_bytes(), &Limits { depth: 256, number: 1 << 16 });
                (text.clone(), tape)
            })
            .collect();
        let asks =
            |check: &Check| matches!(check, Check::UnevaluatedProperties(_) | Check::UnevaluatedItems(_));
        Self {
            patterns: program.patterns.iter().map(|p| Pattern::new(p)).collect(),
            types: types::of_nodes(program, &literals),
            literals,
            tracking: program.nodes.iter().map(|n| n.checks.iter().any(asks)).collect(),
        }
    }

    /// The types that a node lets pass at most.
    pub(crate) fn types(&self, node: u32) -> Types {
        self.types.get(node as usize).copied().unwrap_or(Types(types::ALL))
    }

    /// The types of the elements of a list that a node lets pass, as far as one place says them for all.
    pub(crate) fn types_of_elements(&self, program: &JsonProgram, node: u32) -> Types {
        let mut open = vec![node];
        // References can lead in a circle.
        for _ in 0..ELEMENTS {
            let Some(node) = open.pop().and_then(|node| program.nodes.get(node as usize)) else { break };
            for check in &node.checks {
                match check {
                    Check::Items(first, Some(rest)) if first.is_empty() => return self.types(*rest),
                    Check::Ref(node) => open.push(*node),
                    Check::All(nodes) | Check::Any(nodes) | Check::One(nodes) => open.extend(nodes),
                    _ => {}
                }
            }
        }
        Types(types::ALL)
    }
}

/// Nodes that are looked at for the elements of a list.
const ELEMENTS: usize = 64;

/// Buffers that are kept.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    text: Vec<u8>,
    marks: Vec<u32>,
    scope: Vec<u32>,
    hashes: Vec<(u64, u32)>,
}

/// References and values in each other.
pub(super) const DEPTH: usize = 4096;
/// Steps that the shortest payload may take. Each of its values gives some more.
pub(super) const STEPS: u64 = 1 << 16;

/// Compares `item` with the node `start` of the program. `size` is the number of nodes of its document: what work is measured by.
pub(crate) fn validate<'p>(
    program: &'p JsonProgram,
    ready: &'p Ready,
    start: u32,
    item: Item<'_>,
    size: usize,
    buffers: &mut Buffers,
) -> Result<(), Fault<'p>> {
    buffers.marks.clear();
    buffers.scope.clear();
    let left = u64::try_from(size).unwrap_or(u64::MAX).saturating_mul(256).saturating_add(STEPS);
    let mut run = Run { program, ready, buffers, left, depth: 0, deep: false, unsure: false };
    let result = run.all(start, item);
    // Whatever was made of it, what was cut short is no answer.
    match run.left {
        0 if run.deep => Err(Fault { index: item.index(), why: Why::Depth }),
        0 => Err(Fault { index: item.index(), why: Why::Work }),
        _ => result,
    }
}

struct Run<'p, 'b> {
    program: &'p JsonProgram,
    ready: &'p Ready,
    buffers: &'b mut Buffers,
    left: u64,
    /// Nodes that are under way.
    depth: usize,
    /// It ended for that.
    deep: bool,
    /// Something passed that could not be checked.
    unsure: bool,
}

type Outcome<'p> = Result<(), Fault<'p>>;

impl<'p> Run<'p, '_> {
    fn all<'i>(&mut self, start: u32, item: Item<'i>) -> Outcome<'p> {
        let mut stack: Vec<Frame<'p, 'i>> = Vec::new();
        let mut next = Next::Call(start, item, false);
        loop {
            let answer = match next {
                Next::Call(node, item, track) => {
                    next = self.enter(node, item, track, &mut stack);
                    continue;
                }
                Next::Push(frame) => {
                    stack.push(frame);
                    None
                }
                Next::Done(outcome) => Some(outcome),
            };
            let Some(frame) = stack.last_mut() else { return answer.unwrap_or(Ok(())) };
            next = frame.step(self, answer);
            if matches!(next, Next::Done(_)) {
                stack.pop();
            }
        }
    }

    /// Begins to compare a value with a node. Most nodes ask for nothing that takes a frame.
    fn enter<'i>(
        &mut self,
        index: u32,
        item: Item<'i>,
        track: bool,
        stack: &mut Vec<Frame<'p, 'i>>,
    ) -> Next<'p, 'i> {
        let Some(node) = self.program.nodes.get(index as usize).filter(|n| !n.checks.is_empty()) else {
            return Next::Done(Ok(()));
        };
        if let Err(fault) = self.work(1, item) {
            return Next::Done(Err(fault));
        }
        if self.depth >= DEPTH {
            (self.left, self.deep) = (0, true);
            return Next::Done(Err(Fault { index: item.index(), why: Why::Depth }));
        }
        self.depth += 1;
        let own = track || self.ready.tracking.get(index as usize).copied().unwrap_or_default();
        let (marks, scopes) = (self.buffers.marks.len(), self.buffers.scope.len());
        if !self.program.resources.is_empty() && self.buffers.scope.last() != Some(&node.resource) {
            self.buffers.scope.push(node.resource);
        }
        let mut node = Node { checks: node.checks.iter(), item, track, own, marks, scopes };
        let next = node.step(self, None);
        if !matches!(next, Next::Done(_)) {
            stack.push(Frame::Node(node));
        }
        next
    }

    fn work(&mut self, steps: usize, item: Item<'_>) -> Outcome<'p> {
        self.left = self.left.saturating_sub(u64::try_from(steps).unwrap_or(u64::MAX));
        if self.left == 0 { Err(Fault { index: item.index(), why: Why::Work }) } else { Ok(()) }
    }

    fn mark(&mut self, track: bool, item: Item<'_>) {
        if track {
            self.buffers.marks.push(item.index());
        }
    }
}

fn within(count: usize, least: u64, most: Option<u64>) -> bool {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    count >= least && most.is_none_or(|most| count <= most)
}

#[cfg(test)]
#[cfg(feature = "compile")]
mod tests;
