//! XPath: does the text leave its value and walk the document?

use super::{ByteSet, Hit, Text, prose};
use crate::decision::Class;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    const NEEDED: ByteSet = ByteSet::from_list(b"/(['");
    if !text.bytes.intersects(NEEDED) {
        return None;
    }
    let lower = text.lower;
    let hit = |at: usize, why: &'static str| Some(Hit { class: Class::Xpath, at, why: why.into() });
    if text.bytes.has(b']')
        && text.bytes.has(b'|')
        && let Some(at) = [&b"'] |"[..], b"\"] |", b"')] |", b"] | /", b"']|/"]
            .iter()
            .find_map(|m| memchr::memmem::find(lower, m))
        && is_walk(lower.get(at..).unwrap_or_default())
    {
        return hit(at, "the predicate is closed and another set of nodes joined");
    }
    // Every step and every function has one of the latter.
    let quoted = text.bytes.intersects(ByteSet::from_list(b"'\""));
    if quoted && text.bytes.intersects(ByteSet::from_list(b"/(:")) {
        for word in [&b"or"[..], b"and", b"|"] {
            for at in memchr::memmem::find_iter(lower, word) {
                let before = lower.get(..at).unwrap_or_default().trim_ascii_end();
                let after = lower.get(at + word.len()..).unwrap_or_default().trim_ascii_start();
                let leaves = matches!(before.last(), Some(b'\'' | b'"'));
                if leaves && !text.spend(60) {
                    return None;
                }
                if leaves && (is_step(after) || is_function(after)) {
                    return hit(at, "the value is left for a walk through the document");
                }
            }
        }
    }
    let start = lower.trim_ascii_start();
    // Words behind the last bracket tell about a path; an expression would go on with an operator.
    let told = || {
        let end = memchr::memrchr2(b']', b')', start.get(..512).unwrap_or(start)).map_or(0, |end| end + 1);
        end > 0 && start.get(end..).is_some_and(prose::follows)
    };
    if is_document_call(start) && !told() {
        return hit(0, "a function that walks or loads a document");
    }
    let set = text.bytes.has(b'|') && (is_step(start) || start.first().is_some_and(u8::is_ascii_digit));
    if set
        && memchr::memchr(b'|', start)
            .is_some_and(|at| is_step(start.get(at + 1..).unwrap_or_default().trim_ascii_start()))
    {
        return hit(0, "two sets of nodes joined");
    }
    // `//user[name='x' or '1'='1']`, `../../user[@id='1']/@password`.
    let walk = start.starts_with(b"//") || start.starts_with(b"../") || start.starts_with(b"/*");
    if walk
        && !start.starts_with(b"//todo")
        && let Some(at) = memchr::memchr(b'[', start)
    {
        let predicate = start.get(at..).unwrap_or_default();
        if [&b"[@"[..], b"=\'", b"='", b"text()", b"position()", b"last()"]
            .iter()
            .any(|m| memchr::memmem::find(predicate, m).is_some())
            && !told()
        {
            return hit(0, "a path with a predicate");
        }
    }
    // The first condition, and only near the start.
    let near = lower.get(..23).unwrap_or(lower);
    let behind = |word: &[u8]| memchr::memmem::find(near, word).map(|at| at + word.len());
    let logic = behind(b" or ")
        .or_else(|| behind(b" and ").filter(|_| memchr::memmem::find(lower, b" or ").is_none()));
    if let Some(at) = logic {
        let after = lower.get(at..).unwrap_or_default();
        if FUNCTIONS.iter().any(|f| after.starts_with(f)) && memchr::memmem::find(after, b"//").is_some() {
            return hit(at, "a condition that walks the document");
        }
    }
    None
}

/// A step of a path: `//x`, `/*`, `ancestor::x`, `node()`.
fn is_step(text: &[u8]) -> bool {
    match text {
        [b'/', b'/', next, ..] => next.is_ascii_alphabetic() || *next == b'*',
        [b'/', b'*' | b'@', ..] => true,
        _ => AXES
            .iter()
            .any(|a| text.starts_with(a) || text.strip_prefix(b"/").is_some_and(|t| t.starts_with(a))),
    }
}

fn is_walk(text: &[u8]) -> bool {
    // From the root on: a name or a star behind one slash.
    let rooted = memchr::memchr(b'|', text).and_then(|at| text.get(at + 1..)).map(<[u8]>::trim_ascii_start);
    let rooted = matches!(rooted, Some([b'/', b'*' | b'a'..=b'z', ..]));
    rooted
        || memchr::memmem::find(text, b"//").is_some()
        || AXES.iter().any(|a| memchr::memmem::find(text, a).is_some())
}

/// A function of XPath with an argument that only it has.
fn is_function(text: &[u8]) -> bool {
    FUNCTIONS.iter().any(|f| text.starts_with(f))
}

/// `count(/child::node())`, `doc(concat(...))`.
fn is_document_call(text: &[u8]) -> bool {
    let call = [&b"count("[..], b"doc(", b"document(", b"string-length(", b"collection("]
        .iter()
        .find_map(|c| text.strip_prefix(*c));
    call.is_some_and(|arguments| {
        arguments.starts_with(b"/")
            || arguments.starts_with(b"concat(")
            || arguments.starts_with(b"'http")
            || arguments.starts_with(b"\"http")
    })
}

const AXES: &[&[u8]] = &[
    b"ancestor::",
    b"ancestor-or-self::",
    b"descendant::",
    b"descendant-or-self::",
    b"child::",
    b"parent::",
    b"self::",
    b"following::",
    b"preceding::",
    b"following-sibling::",
    b"preceding-sibling::",
    b"attribute::",
    b"namespace::",
    b"node()",
    b"comment()",
    b"processing-instruction(",
];

const FUNCTIONS: &[&[u8]] = &[
    b"name(",
    b"local-name(",
    b"namespace-uri(",
    b"position(",
    b"last(",
    b"count(",
    b"string-length(",
    b"substring(",
    b"starts-with(",
    b"contains(",
    b"translate(",
    b"string(",
    b"not(",
    b"true()",
    b"doc(",
    b"normalize-space(",
    b"text(",
    b"boolean(",
    b"substring-before(",
    b"substring-after(",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::sample;

    #[test]
    fn walks_through_a_document() {
        for text in [
            "x' or name()='username' or 'x'='y",
            "' or count(/*)=1 or 'a'='b",
            "'] | //user/* | //a['",
            "1] | //node()[1",
            "x'] | /* | /foo[bar='",
            "'] | /users/user[name='",
            "count(/child::node())",
            "' or true() or '",
            "../../user[@id='1']/@password",
            "/*[1]/*[1]/text() | //secret",
            "' or ancestor::*[1] or '",
            "0 or string(//user[last()]/token)!=''",
            "'or//*|//*['",
        ] {
            assert!(sample(detect, text), "{text}");
        }
    }

    #[test]
    fn paths_and_prose() {
        for text in [
            "/catalog/book/title in the XML",
            "https://example.com//docs//x",
            "We count() the rows, then sum.",
            "//TODO: ask the customer",
            "../images/logo.png",
            "a[1], a[2] and a[3]",
            "doc('s) appointment",
            "Chapter //2// is bold",
            "['a'] | ['b'] | /",
            "Text [note 1] | text [note 2]",
            "'first' or 'last'? 'first'",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
