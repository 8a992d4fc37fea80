//! GraphQL: does a query explore the schema or exhaust the server?

use super::{Hit, Text};
use crate::decision::Class;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    if !text.bytes.has(b'{') {
        return None;
    }
    let lower = text.lower.trim_ascii();
    let hit = |why: &'static str| Some(Hit { class: Class::Graphql, at: 0, why: why.into() });
    let starts =
        [&b"query"[..], b"mutation", b"subscription", b"fragment", b"{"].iter().any(|s| lower.starts_with(s));
    // What begins with a quoted name is a piece of JSON.
    let json = lower.strip_prefix(b"{").is_some_and(|inside| inside.trim_ascii_start().starts_with(b"\""));
    if !starts || json {
        return None;
    }
    let has = |what: &[u8]| memchr::memmem::find(lower, what).is_some();
    for field in [&b"__schema"[..], b"__type(", b"__type ("] {
        if has(field) {
            return hit("it asks for the schema");
        }
    }
    if has(b"_service{sdl") || has(b"_service {") || has(b"_entities(") {
        return hit("it asks a federated service for what only its gateway may ask");
    }
    let shape = measure(lower);
    if shape.depth > 12 {
        return hit("it is nested deeper than data is");
    }
    if shape.directives > 10 {
        return hit("it repeats directives");
    }
    if shape.aliases > 7 || memchr::memmem::find_iter(lower, b"__typename").count() > 7 {
        return hit("it asks for many things of one kind at once");
    }
    // Few honest clients send one mutation many times in one request, and none guesses passwords that way.
    if lower.starts_with(b"mutation") && shape.repeated >= if guesses(shape.field) { 3 } else { 5 } {
        return hit("it tries one mutation many times");
    }
    if shape.largest > 7 {
        return hit("it asks for more rows than a page has");
    }
    if is_circular(text, lower) {
        return hit("its fragments contain each other");
    }
    None
}

#[derive(Default)]
struct Shape<'a> {
    depth: usize,
    aliases: usize,
    directives: usize,
    /// Digits of the longest bare number.
    largest: usize,
    /// The field that has had an alias last, and how often in a row.
    field: &'a [u8],
    repeated: usize,
}

fn measure(lower: &[u8]) -> Shape<'_> {
    let mut shape = Shape::default();
    let (mut depth, mut brackets, mut digits, mut string, mut run) = (0_usize, 0_usize, 0, false, 0);
    for (at, byte) in lower.iter().enumerate() {
        if string {
            string = *byte != b'"' || at > 0 && lower.get(at - 1) == Some(&b'\\');
            continue;
        }
        match byte {
            b'"' => string = true,
            b'{' if brackets == 0 => {
                depth += 1;
                shape.depth = shape.depth.max(depth);
            }
            b'}' if brackets == 0 => depth = depth.saturating_sub(1),
            b'(' => brackets += 1,
            b')' => brackets = brackets.saturating_sub(1),
            b':' if brackets == 0 => {
                let field = word(lower.get(at + 1..).unwrap_or_default());
                // Another name is one for a field: `necessary:true` is none.
                let literal = matches!(field, [] | b"true" | b"false" | b"null")
                    || field.first().is_some_and(u8::is_ascii_digit);
                shape.aliases += usize::from(!literal);
                shape.repeated = if field == shape.field { shape.repeated + 1 } else { 1 };
                shape.field = field;
            }
            b'@' => {
                run += 1;
                shape.directives = shape.directives.max(run);
            }
            _ => {}
        }
        if brackets > 0 && byte.is_ascii_digit() {
            digits += 1;
            shape.largest = shape.largest.max(digits);
        } else {
            digits = 0;
        }
        // Arguments belong to their directive.
        let argument = brackets > 0 || matches!(byte, b'(' | b')');
        if !argument && !matches!(byte, b'@' | b'a'..=b'z' | b'_' | b' ') {
            run = 0;
        }
    }
    shape
}

/// Fields that are worth guessing at.
fn guesses(field: &[u8]) -> bool {
    [&b"login"[..], b"signin", b"auth", b"token", b"verify", b"password", b"otp", b"pin", b"code", b"coupon"]
        .iter()
        .any(|w| memchr::memmem::find(field, w).is_some())
}

/// Fragments that spread each other, or themselves.
fn is_circular(text: &Text<'_>, lower: &[u8]) -> bool {
    let mut edges: Vec<(&[u8], &[u8])> = Vec::new();
    for start in memchr::memmem::find_iter(lower, b"fragment ") {
        let body = lower.get(start + 9..).unwrap_or_default();
        let body = body.get(..block(body)).unwrap_or_default();
        if !text.spend(body.len()) {
            return false;
        }
        let name = word(body);
        for spread in memchr::memmem::find_iter(body, b"...") {
            let target = word(body.get(spread + 3..).unwrap_or_default());
            if target != b"on" {
                edges.push((name, target));
            }
        }
    }
    // Whatever spreads nothing is in no circle, nor is what spreads only such: what is left in the end goes around.
    loop {
        let before = edges.len();
        edges.sort_unstable();
        let names: Vec<&[u8]> = edges.iter().map(|(from, _)| *from).collect();
        edges.retain(|(_, to)| names.binary_search(to).is_ok());
        if edges.is_empty() || edges.len() == before || !text.spend(20 * before) {
            return !edges.is_empty() && edges.len() == before;
        }
    }
}

/// Length of the text up to the end of its first block in braces.
fn block(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    text.len()
}

fn word(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_start();
    let length = text.iter().take(128).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    text.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::sample;

    #[test]
    fn queries_that_explore_or_exhaust() {
        for text in [
            "mutation{a:login(p:\"1\"){t}b:login(p:\"2\"){t}c:login(p:\"3\"){t}}",
            "{__schema{types{name}}}",
            "query{__type(name:\"User\"){name}}",
            "query{...A}fragment A on Q{...B}fragment B on Q{...A}",
            "{_service{sdl}}",
            "query{u{f{u{f{u{f{u{f{u{f{u{f{u{f{u{id}}}}}}}}}}}}}}}}",
            "query{posts(first:100000000){id}}",
            "query{a:u(i:1){p}b:u(i:2){p}c:u(i:3){p}d:u(i:4){p}e:u(i:5){p}f:u(i:6){p}g:u(i:7){p}h:u(i:8){p}}",
        ] {
            assert!(sample(detect, text), "{text}");
        }
    }

    #[test]
    fn queries_that_ask() {
        for text in [
            "mutation{a:add(id:1){ok}b:add(id:2){ok}c:add(id:3){ok}}",
            "query{order(id:7){id total lines{sku qty}}}",
            "query { a: order(id: 1) { id } b: order(id: 2) { id } }",
            "{ shop { name __typename } }",
            "the __schema of things {x}",
            "{\"a\": {\"b\": 1, \"c\": 2, \"d\": 3, \"e\": 4, \"f\": 5, \"g\": 6, \"h\": 7}},\n{\"a\": 1}",
            "fragment P on Order { id } query { orders(first: 10) { ...P } }",
            "{type: parcel, fields: [name, street], name: \"Ann\"}",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
