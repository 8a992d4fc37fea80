//! Queries of document databases and ways to a prototype, written into a string instead of as keys.

use super::marks::{self, Group};
use super::{Hit, Text};
use crate::bytes;
use crate::decision::Class;
use crate::trigger::Place;

pub(super) fn detect(text: &Text<'_>) -> Option<Hit> {
    prototype(text).or_else(|| operators(text)).or_else(|| code(text))
}

fn hit(class: Class, at: usize, why: &'static str) -> Option<Hit> {
    Some(Hit { class, at, why: why.into() })
}

/// `__proto__[x]`, `constructor.prototype.x`, `/__proto__/x`, and the names alone where a path is taken apart.
fn prototype(text: &Text<'_>) -> Option<Hit> {
    if !text.marks.has(Group::Prototypes) {
        return None;
    }
    // People write about it; forms write their blanks otherwise.
    let form = matches!(text.place, Place::Query | Place::Body) && text.bytes.has(b'=');
    let coded = || text.bytes.has(b'+') || memchr::memmem::find(text.lower, b"%20").is_some();
    let told = text.bytes.has(b' ') || form && coded();
    for (at, word) in marks::find(text.lower, 0, Group::Prototypes) {
        if word == b"__proto__" && !told {
            return hit(Class::PrototypePollution, at, "a way to the prototype of every object");
        }
        if word != b"__proto__" && (!told || word.contains(&b'[')) {
            return hit(Class::PrototypePollution, at, "a way to the prototype through the constructor");
        }
    }
    None
}

/// A name that gives another one when that is taken out of it once, as filters do: `__pro__proto__to__`.
pub(super) fn filtered(word: &[u8]) -> Option<Hit> {
    let hidden = [&b"__proto__"[..], b"constructor"].iter().any(|name| {
        let at = if word.len() == 2 * name.len() { memchr::memmem::find(word, name) } else { None };
        at.is_some_and(|at| {
            let (head, tail) =
                (word.get(..at).unwrap_or_default(), word.get(at + name.len()..).unwrap_or_default());
            [head, tail].concat() == *name
        })
    });
    if !hidden {
        return None;
    }
    hit(Class::PrototypePollution, 0, "a name that a filter turns into a way to the prototype")
}

pub(super) const PROTOTYPES: &[&[u8]] = &[
    b"__proto__",
    b"constructor.prototype",
    b"constructor[prototype]",
    b"constructor/prototype",
    b"[constructor][prototype]",
];

/// `user[$ne]=x` as a form's name, `{"$gt": ""}` cut open, `$where: '...'`.
fn operators(text: &Text<'_>) -> Option<Hit> {
    if !text.bytes.has(b'$') {
        return None;
    }
    let lower = text.lower;
    for at in memchr::memchr_iter(b'$', lower) {
        let rest = lower.get(at + 1..).unwrap_or_default();
        let length = rest.iter().take(16).take_while(|b| b.is_ascii_alphabetic()).count();
        let name = rest.get(..length).unwrap_or_default();
        // As a key, `$set` is how analytics and change streams say what has changed.
        let told = text.place == Place::Key && UPDATES.contains(&name);
        if length < 2 || told || !OPERATORS.iter().any(|o| o.len() == length && *o == name) {
            continue;
        }
        if !text.spend(40) {
            return None;
        }
        let before = lower.get(..at).unwrap_or_default();
        let after = rest.get(length..).unwrap_or_default();
        let bracketed = before.ends_with(b"[") && after.starts_with(b"]");
        let quoted = matches!(before.last(), Some(b'"' | b'\''))
            && after.get(1..).is_some_and(|a| a.trim_ascii_start().starts_with(b":"))
            && matches!(after.first(), Some(b'"' | b'\''));
        let bare = after.trim_ascii_start().starts_with(b":")
            && before.trim_ascii_end().last().is_some_and(|b| matches!(b, b',' | b'{' | b'\''));
        if bracketed || quoted || bare || text.place == Place::Key && before.is_empty() && after.is_empty() {
            return hit(Class::NoSql, at, "a query operator where a plain value belongs");
        }
    }
    None
}

const OPERATORS: &[&[u8]] = &[
    b"ne",
    b"eq",
    b"gt",
    b"gte",
    b"lt",
    b"lte",
    b"in",
    b"nin",
    b"or",
    b"and",
    b"nor",
    b"not",
    b"exists",
    b"regex",
    b"where",
    b"expr",
    b"function",
    b"elemmatch",
    b"mod",
    b"all",
    b"set",
    b"unset",
    b"inc",
    b"push",
    b"pull",
    b"rename",
    b"lookup",
    b"jsonschema",
];

/// Those that change a document instead of asking for one.
const UPDATES: &[&[u8]] = &[b"set", b"unset", b"inc", b"push", b"pull", b"rename"];

/// JavaScript that leaves the string it stands in: in `$where`, in a view, in a rule.
fn code(text: &Text<'_>) -> Option<Hit> {
    let lower = text.lower;
    if !(text.bytes.has(b'\'') || text.bytes.has(b'"') || text.bytes.has(b';')) {
        return None;
    }
    let last_dollar = memchr::memrchr(b'$', lower).unwrap_or_default();
    let found = bytes::find_map(lower, [b'\'', b'"', b';'], |at| {
        // What follows a quote here is an operator, an end or a statement's separator; blanks may stand between.
        let semicolon = lower.get(at) == Some(&b';');
        match lower.get(at + 1) {
            // Of statements none begins with a quote, and a second end is looked behind in its turn.
            Some(b';') if matches!(lower.get(at + 2), Some(b'\'' | b'"' | b';')) => return None,
            Some(b';' | b'|' | b'&' | b'}' | b' ' | b'\t' | b'\n' | b'\r' | 0x0c) => {}
            Some(b'a'..=b'z') if semicolon => {}
            _ => return None,
        }
        let rest = bytes::trim_start(lower.get(at + 1..).unwrap_or_default(), &bytes::BLANK);
        static GOES_ON: [bool; 256] = bytes::table(b";|&}abcdefghijklmnopqrstuvwxyz");
        if rest.first().is_none_or(|b| GOES_ON.get(usize::from(*b)) != Some(&true)) {
            return None;
        }
        behind(text, at, rest, last_dollar)
    });
    found.flatten()
}

/// Judges what follows a quote or a semicolon. Apart from the loop, which most of them don't leave.
#[inline(never)]
fn behind(text: &Text<'_>, at: usize, rest: &[u8], last_dollar: usize) -> Option<Option<Hit>> {
    let semicolon = text.lower.get(at) == Some(&b';');
    match rest {
        // `'; return true; var x='`: statements, and not the words of a sentence.
        [b';' | b'a'..=b'z', ..] => {
            let ended = rest.strip_prefix(b";");
            let statement = ended.map_or(rest, <[u8]>::trim_ascii_start);
            if (semicolon || ended.is_some()) && may_begin(statement) {
                if !text.spend(40) {
                    return Some(None);
                }
                if let Some(why) = is_statement(statement) {
                    return Some(hit(Class::Code, at, why));
                }
            }
        }
        // `' || this.x == 1`, `' && this.password.match(`.
        [b'|', b'|', joined @ ..] | [b'&', b'&', joined @ ..] if !semicolon => {
            let joined = joined.trim_ascii_start();
            if !text.spend(30) {
                return Some(None);
            }
            let compared = || memchr::memmem::find(joined.get(..64).unwrap_or(joined), b"==").is_some();
            if joined.starts_with(b"this.") || compared() {
                const OUTSIDE: &str = "a condition in JavaScript outside of the string it was put into";
                return Some(hit(Class::NoSql, at, OUTSIDE));
            }
        }
        [b'}', after @ ..] if last_dollar > at && after.trim_ascii_start().starts_with(b",") => {
            return Some(hit(Class::NoSql, at, "the object is closed and another one opened"));
        }
        _ => {}
    }
    None
}

/// What a statement that is known here begins with; whole names are compared further on.
fn may_begin(text: &[u8]) -> bool {
    matches!(
        text,
        [b'r', b'e', ..]
            | [b'w', b'h', ..]
            | [b'd', b'o' | b'b', ..]
            | [b'v', b'a', ..]
            | [b'i', b't', ..]
            | [b'l', b'e', ..]
            | [b's', b'y' | b'h' | b'l', ..]
            | [b'e', b'x' | b'v', ..]
            | [b'p', b'a' | b'o' | b'r' | b'h', ..]
            | [b'a', b's', ..]
    )
}

/// A statement of JavaScript or PHP that no sentence is.
fn is_statement(text: &[u8]) -> Option<&'static str> {
    let near = text.get(..160).unwrap_or(text);
    let has = |what: &[u8]| memchr::memmem::find(near, what).is_some();
    let calls =
        |name: &[u8]| text.strip_prefix(name).is_some_and(|rest| rest.trim_ascii_start().starts_with(b"("));
    if text.starts_with(b"return ")
        && (text.starts_with(b"return true;")
            || text.starts_with(b"return true}")
            || text.starts_with(b"return this.")
            || text.starts_with(b"return 1;"))
    {
        return Some("a return from the code around it");
    }
    if calls(b"while") && (has(b"true") || has(b"1)")) && has(b"{")
        || text.starts_with(b"do{")
        || text.starts_with(b"do {") && has(b"while")
    {
        return Some("a loop that does not end");
    }
    if (text.starts_with(b"var ") || text.starts_with(b"it=") || text.starts_with(b"let "))
        && has(b"new date(")
    {
        return Some("a loop that waits");
    }
    if text.starts_with(b"db.") && has(b"(") {
        return Some("a call to the database itself");
    }
    for name in [
        &b"system"[..],
        b"exec",
        b"passthru",
        b"shell_exec",
        b"popen",
        b"proc_open",
        b"eval",
        b"assert",
        b"phpinfo",
        b"print_r",
        b"sleep",
    ] {
        if calls(name)
            && (has(b"('")
                || has(b"(\"")
                || has(b"($")
                || name == b"phpinfo"
                || name == b"sleep" && has(b"; var"))
        {
            return Some("a call that runs what it is given");
        }
    }
    if calls(b"sleep") && near.iter().skip(6).take_while(|b| b.is_ascii_digit()).count() >= 3 {
        return Some("a call that waits");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inject::sample;

    #[test]
    fn operators_code_and_prototypes() {
        for text in [
            "username[$ne]=x",
            "a', $or: [ {}, { 'a':'a",
            "true, $where: '1 == 1'",
            "'; return true; var x='",
            "';while(true){};'",
            "a'; db.users.drop(); //",
            "' || '1'=='1",
            "\" || this.role == \"a",
            "'; sleep(5000); var y='",
            ";var date = new Date(); do{x}while(1)",
            "__proto__[isAdmin]",
            "constructor.prototype.x",
            "/__proto__/admin",
            "constructor[prototype][a]=b c",
            "'} , {\"$set\":{\"a\":1}}, {'",
            ";system('id')",
        ] {
            assert!(sample(detect, text), "{text}");
        }
    }

    #[test]
    fn prices_prose_and_proper_names() {
        for text in [
            "Costs $5 or $6 || more",
            "$ne is not a price",
            "price[min]=10",
            "That's it; return the parcel to the shop, that's all.",
            "He said: 'this', that || the other",
            "constructor=Mercedes",
            "prototype[name]=chair",
            "sleep 8 hours; drink water",
            "The $in-store pick-up",
            "We do; while you wait (true story)",
            "it's over; return true stories",
            "What does constructor.prototype mean?",
            "How does __proto__ work?",
        ] {
            assert!(!sample(detect, text), "{text}");
        }
    }
}
