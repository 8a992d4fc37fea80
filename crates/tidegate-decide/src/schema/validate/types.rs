//! Which types of JSON a subschema lets pass at most, known before any payload comes: where all alternatives want another
//! type, that is what is wrong with a value.

use crate::json::{Kind, Tape};
use tidegate_graph::contract::schema::{Check, JsonProgram, Types};

pub(super) const ALL: u8 = 0x7f;
/// References in each other that are followed; behind them everything counts as possible.
const ROUNDS: usize = 8;

/// The types of each node.
pub(super) fn of_nodes(program: &JsonProgram, literals: &[(String, Tape)]) -> Vec<Types> {
    // INVARIANT: no node lets more types pass than are listed for it, after any number of rounds.
    let mut known = vec![Types(ALL); program.nodes.len()];
    for _ in 0..ROUNDS {
        let nodes = program.nodes.iter();
        let next: Vec<Types> = nodes
            .map(|node| {
                node.checks.iter().fold(Types(ALL), |t, c| Types(t.0 & of_check(c, &known, literals).0))
            })
            .collect();
        if next == known {
            break;
        }
        known = next;
    }
    known
}

/// The types that one check lets pass at most.
pub(super) fn of_check(check: &Check, known: &[Types], literals: &[(String, Tape)]) -> Types {
    let of = |node: &u32| known.get(*node as usize).map_or(ALL, |types| types.0);
    let any = |nodes: &[u32]| nodes.iter().fold(0, |types, node| types | of(node));
    Types(match check {
        Check::Type(types) if types.has(Types::NUMBER) => types.0 | Types::INTEGER,
        Check::Type(types) => types.0,
        Check::Enum(texts, numbers) => {
            let strings = if texts.is_empty() { 0 } else { Types::STRING };
            let listed = numbers.iter().filter_map(|at| literals.get(*at as usize));
            let listed = listed.map(|(text, tape)| bits(tape.root(text.as_bytes()).kind()));
            listed.fold(strings, |types, bits| types | bits)
        }
        Check::Ref(node) => of(node),
        Check::All(nodes) => nodes.iter().fold(ALL, |types, node| types & of(node)),
        Check::Any(nodes) | Check::One(nodes) => any(nodes),
        _ => ALL,
    })
}

fn bits(kind: Kind) -> u8 {
    match kind {
        Kind::Null => Types::NULL,
        Kind::Bool => Types::BOOLEAN,
        Kind::Number => Types::NUMBER | Types::INTEGER,
        Kind::String => Types::STRING,
        Kind::Array => Types::ARRAY,
        Kind::Object => Types::OBJECT,
    }
}

/// The same as people name them: a number may be an integer anyway. Nothing when the value's type isn't what is wrong.
pub(super) fn wanted(types: Types, kind: Kind) -> Option<Types> {
    let shown = if types.has(Types::NUMBER) { types.0 & !Types::INTEGER } else { types.0 };
    (types.0 != 0 && !types.has(bits(kind))).then_some(Types(shown))
}
