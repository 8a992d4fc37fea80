//! Schemas that could be compared with nothing, because that takes more than is allowed: references without end in sight, and
//! parts that double with each level.

use super::circles::same_value;
use crate::schema::validate::{DEPTH, STEPS};
use tidegate_graph::contract::schema::{Check, JsonProgram};

/// Places that are told.
const MOST: usize = 20;

/// What a value that fits takes at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Toll {
    /// Nodes that it is compared with, each as often as it is.
    pub(super) steps: u64,
    /// Nodes that are under way at a time.
    depth: usize,
}

impl Toll {
    pub(super) fn is_deep(self) -> bool {
        self.depth > DEPTH
    }

    fn is_too_much(self) -> bool {
        self.is_deep() || self.steps > STEPS
    }

    /// Both are asked.
    fn and(self, other: Self) -> Self {
        Self { steps: self.steps.saturating_add(other.steps), depth: self.depth.max(other.depth) }
    }

    /// One of them is.
    fn or(self, other: Self) -> Self {
        Self { steps: self.steps.min(other.steps), depth: self.depth.min(other.depth) }
    }
}

/// Nodes that take too much, without those that only they lead to by the same value. Circles have been taken out.
pub(super) fn of(program: &JsonProgram) -> Vec<(u32, Toll)> {
    let tolls = tolls(program);
    let toll = |node: u32| tolls.get(node as usize).copied().flatten().unwrap_or_default();
    let nodes = 0..u32::try_from(program.nodes.len()).unwrap_or(u32::MAX);
    let excess: Vec<u32> = nodes.filter(|node| toll(*node).is_too_much()).collect();
    let mut below = vec![false; program.nodes.len()];
    for node in excess.iter().flat_map(|node| same_value(program, *node)) {
        if let Some(place) = below.get_mut(node as usize) {
            *place = true;
        }
    }
    let first = |node: &u32| !below.get(*node as usize).copied().unwrap_or_default();
    excess.into_iter().filter(first).take(MOST).map(|node| (node, toll(node))).collect()
}

/// What each node takes, from the ends of references on. On a stack of its own.
fn tolls(program: &JsonProgram) -> Vec<Option<Toll>> {
    let mut known: Vec<Option<Toll>> = vec![None; program.nodes.len()];
    let mut entered = vec![false; program.nodes.len()];
    for start in 0..u32::try_from(program.nodes.len()).unwrap_or(u32::MAX) {
        let mut open = vec![start];
        while let Some(node) = open.last().copied() {
            match entered.get_mut(node as usize) {
                Some(entered) if !*entered => {
                    *entered = true;
                    let below = same_value(program, node);
                    open.extend(below.into_iter().filter(|node| known.get(*node as usize) == Some(&None)));
                }
                _ => {
                    open.pop();
                    let toll = known.get(node as usize).copied().flatten();
                    let toll = toll.unwrap_or_else(|| of_node(program, node, &known));
                    if let Some(place) = known.get_mut(node as usize) {
                        *place = Some(toll);
                    }
                }
            }
        }
    }
    known
}

fn of_node(program: &JsonProgram, node: u32, known: &[Option<Toll>]) -> Toll {
    let checks = program.nodes.get(node as usize).map(|node| node.checks.as_slice()).unwrap_or_default();
    if checks.is_empty() {
        return Toll::default();
    }
    let of = |node: &u32| known.get(*node as usize).copied().flatten().unwrap_or_default();
    let below = checks.iter().map(|check| match check {
        Check::Ref(node) => of(node),
        Check::All(nodes) => nodes.iter().map(of).fold(Toll::default(), Toll::and),
        Check::Any(nodes) | Check::One(nodes) => nodes.iter().map(of).reduce(Toll::or).unwrap_or_default(),
        Check::If(first, Some(then), Some(other)) => of(first).and(of(then)).or(of(other)),
        _ => Toll::default(),
    });
    let Toll { steps, depth } = below.fold(Toll::default(), Toll::and);
    Toll { steps: steps.saturating_add(1), depth: depth + 1 }
}

#[cfg(test)]
mod tests {
    use super::super::{Draft, Nature, Options, Problem, json};

    fn problems(schema: &str) -> Vec<Problem> {
        let options = Options { draft: Draft::Draft202012, formats: false, request: false };
        json("test:a", options, &|_| Some(schema.as_bytes().to_vec())).unwrap().problems
    }

    /// `d0` -> `d1` -> ..., each by `link`, and something at the end.
    fn chain(length: usize, start: &str, link: &dyn Fn(&str) -> String) -> String {
        let links = (0..length).map(|n| format!(r#""d{n}": {}"#, link(&format!("#/$defs/d{}", n + 1))));
        let defs = links.collect::<Vec<_>>().join(", ");
        format!(r#"{{{start}, "$defs": {{{defs}, "d{length}": {{"type": "string"}}}}}}"#)
    }

    const START: &str = r##""$ref": "#/$defs/d0""##;

    #[test]
    fn what_doubles_is_told_where_it_is_entered() {
        let twice = |to: &str| format!(r#"{{"allOf": [{{"$ref": "{to}"}}, {{"$ref": "{to}"}}]}}"#);
        assert_eq!(problems(&chain(12, START, &twice)), []);
        let found = problems(&chain(30, START, &twice));
        let [problem] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((problem.place.as_str(), problem.nature), ("test:a", Nature::Excess));
        assert!(problem.message.contains("more than 1000000000 steps"), "{}", problem.message);
        let found = problems(&chain(16, r##""properties": {"a": {"$ref": "#/$defs/d0"}}"##, &twice));
        let [problem] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(problem.place, "test:a#/properties/a");
        // An alternative that is cheap spares the other.
        let either =
            |to: &str| format!(r#"{{"anyOf": [{{"type": "string"}}, {{"allOf": [{{"$ref": "{to}"}}]}}]}}"#);
        assert_eq!(problems(&chain(60, START, &either)), []);
    }

    #[test]
    fn long_chains_take_no_stack_and_no_square_of_time() {
        let link = |to: &str| format!(r#"{{"$ref": "{to}"}}"#);
        assert_eq!(problems(&chain(4000, START, &link)), []);
        let found = problems(&chain(40_000, START, &link));
        let [problem] = found.as_slice() else { panic!("{found:?}") };
        assert!(problem.message.contains("4096"), "{}", problem.message);
    }
}
