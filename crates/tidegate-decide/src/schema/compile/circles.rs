//! References that lead back to where they began, without a step into the value: comparing would never end.

use tidegate_graph::contract::schema::{Check, JsonProgram};

/// Circles that are told.
const MOST: usize = 20;

/// Circles of nodes that are asked about one and the same value, each in the order in which they lead to each other.
pub(super) fn of(program: &JsonProgram) -> Vec<Vec<u32>> {
    let mut out = Vec::new();
    let mut states = vec![State::New; program.nodes.len()];
    for start in 0..u32::try_from(program.nodes.len()).unwrap_or(u32::MAX) {
        search(program, start, &mut states, &mut out);
        if out.len() >= MOST {
            break;
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    /// On the way to where the search is.
    Open,
    Done,
}

/// Depth first, on a stack of its own.
fn search(program: &JsonProgram, start: u32, states: &mut [State], out: &mut Vec<Vec<u32>>) {
    let mut way: Vec<(u32, std::vec::IntoIter<u32>)> = Vec::new();
    let mut next = Some(start);
    loop {
        if let Some(node) = next.take() {
            match states.get(node as usize).copied() {
                Some(State::New) => {
                    set(states, node, State::Open);
                    way.push((node, same_value(program, node).into_iter()));
                }
                Some(State::Open) if out.len() < MOST => {
                    let circle = way.iter().map(|(node, _)| *node);
                    out.push(circle.skip_while(|other| *other != node).collect());
                }
                _ => {}
            }
        }
        let Some((node, below)) = way.last_mut() else { return };
        next = below.next();
        if next.is_none() {
            set(states, *node, State::Done);
            way.pop();
        }
    }
}

fn set(states: &mut [State], node: u32, state: State) {
    if let Some(place) = states.get_mut(node as usize) {
        *place = state;
    }
}

/// The nodes that a node asks about the value that it is asked about itself.
pub(super) fn same_value(program: &JsonProgram, node: u32) -> Vec<u32> {
    let mut out = Vec::new();
    for check in program.nodes.get(node as usize).into_iter().flat_map(|node| &node.checks) {
        match check {
            Check::Ref(node) | Check::Not(node) => out.push(*node),
            Check::DynamicRef(anchor, node) => {
                // Where several resources have the anchor, the way there decides which is meant.
                let have = program.resources.iter().filter(|anchors| anchors.contains_key(anchor));
                out.extend((have.count() < 2).then_some(*node));
            }
            Check::All(nodes) | Check::Any(nodes) | Check::One(nodes) => out.extend(nodes),
            Check::If(first, then, other) => out.extend([Some(*first), *then, *other].into_iter().flatten()),
            Check::DependentSchemas(nodes) => out.extend(nodes.values()),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{Draft, Nature, Options, json};

    /// Where circles begin, and how they go.
    fn circles(schema: &str) -> Vec<String> {
        let options = Options { draft: Draft::Draft202012, formats: false, request: false };
        let compiled = json("test:a", options, &|_| Some(schema.as_bytes().to_vec())).unwrap();
        assert!(compiled.problems.iter().all(|p| p.nature == Nature::Circle), "{:?}", compiled.problems);
        let way = |message: &str| message.split_once(": ").unwrap().1.to_string();
        compiled
            .problems
            .iter()
            .map(|problem| format!("{} {}", problem.place, way(&problem.message)))
            .collect()
    }

    #[test]
    fn references_that_never_reach_a_part_of_the_value_are_named() {
        for (schema, expected) in [
            (r##"{"$ref": "#"}"##, "test:a `#` -> `#`"),
            (
                r##"{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}"##,
                "test:a#/$defs/a `#/$defs/a` -> `#/$defs/b` -> `#/$defs/a`",
            ),
            (r##"{"allOf": [{"$ref": "#"}]}"##, "test:a `#` -> `#/allOf/0` -> `#`"),
            (r##"{"anyOf": [{"type": "string"}, {"$ref": "#"}]}"##, "test:a `#` -> `#/anyOf/1` -> `#`"),
            (r##"{"oneOf": [{"$ref": "#"}]}"##, "test:a `#` -> `#/oneOf/0` -> `#`"),
            (r##"{"not": {"$ref": "#"}}"##, "test:a `#` -> `#/not` -> `#`"),
            (r##"{"if": true, "then": {"$ref": "#"}}"##, "test:a `#` -> `#/then` -> `#`"),
            (r##"{"if": {"$ref": "#"}}"##, "test:a `#` -> `#/if` -> `#`"),
            (
                r##"{"dependentSchemas": {"a": {"$ref": "#"}}}"##,
                "test:a `#` -> `#/dependentSchemas/a` -> `#`",
            ),
            (r##"{"$dynamicAnchor": "n", "$dynamicRef": "#n"}"##, "test:a `#` -> `#`"),
            (
                r##"{"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/a"}}}"##,
                "test:a#/$defs/a `#/$defs/a` -> `#/$defs/a`",
            ),
        ] {
            assert_eq!(circles(schema), [expected], "{schema}");
        }
    }

    #[test]
    fn those_that_reach_one_are_fine() {
        for schema in [
            r##"{"properties": {"next": {"$ref": "#"}}}"##,
            r##"{"items": {"anyOf": [{"type": "string"}, {"$ref": "#"}]}}"##,
            r##"{"additionalProperties": {"$ref": "#"}, "contains": {"$ref": "#"}, "not": {"items": {"$ref": "#"}}}"##,
            r##"{"$dynamicAnchor": "n", "properties": {"next": {"$dynamicRef": "#n"}}}"##,
            r##"{"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}], "$defs": {"a": {"type": "object"}}}"##,
        ] {
            assert_eq!(circles(schema), Vec::<String>::new(), "{schema}");
        }
    }

    #[test]
    fn many_are_found_without_being_deep() {
        let link =
            |n: usize| format!(r##""d{n}": {{"allOf": [{{"$ref": "#/$defs/d{}"}}]}}"##, (n + 1) % 9000);
        let defs = (0..9000).map(link).collect::<Vec<_>>().join(", ");
        let found = circles(&format!(r##"{{"$ref": "#/$defs/d0", "$defs": {{{defs}}}}}"##));
        assert_eq!(found.len(), 1);
        assert!(found.first().is_some_and(|way| way.contains(" -> ... -> ") && way.len() < 300), "{found:?}");
    }
}
