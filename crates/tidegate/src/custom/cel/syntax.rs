//! What the parser says, in words of the language instead of its own.

use super::Wrong;
use std::ops::Range;

/// Signs that operators are made of.
const SIGNS: &str = "=!<>&|+*/%?:";

/// What is wrong with `text` at the byte `at`, from what the parser says about it.
pub(super) fn wrong(text: &str, said: &str, at: usize) -> Wrong {
    let said = said.strip_prefix("Syntax error: ").unwrap_or(said);
    let at = at.min(text.len());
    let told = |message: String, at: Range<usize>| Wrong { message, at };
    // The parser's own limit has no words of its own.
    if said.starts_with("OtherError") {
        return told("the condition is nested too deeply".into(), at..end(text, at));
    }
    if text.get(at..).is_none_or(|rest| rest.trim().is_empty()) || said.contains("'<EOF>'") {
        return told("it ends too early".into(), text.len()..text.len());
    }
    if said.starts_with("token recognition error") {
        return character(text, at);
    }
    let (start, stop) = (at, end(text, at));
    let token = text.get(start..stop).unwrap_or_default();
    if let Some(missing) = said.strip_prefix("missing '").and_then(|rest| rest.split('\'').next()) {
        return told(format!("`{missing}` is missing before `{token}`"), start..stop);
    }
    // What the grammar would have taken instead is a list of its token names, which helps nobody.
    let grammar = [
        "extraneous input",
        "mismatched input",
        "no viable alternative",
        "missing ",
        "rule ",
        "error recovery",
        "UNKNOWN",
    ];
    if !grammar.iter().any(|own| said.starts_with(own)) {
        return told(said.to_string(), start..stop);
    }
    let instead = match token {
        "and" => Some("&&"),
        "or" => Some("||"),
        "not" => Some("!"),
        _ => None,
    };
    let instead = instead.map(|sign| format!("; in CEL it is `{sign}`")).unwrap_or_default();
    told(format!("`{token}` can't stand here{instead}"), start..stop)
}

/// A character that begins nothing.
fn character(text: &str, at: usize) -> Wrong {
    let rest = text.get(at..).unwrap_or_default();
    let first = rest.chars().next().unwrap_or_default();
    // The whole sign: of `===` the parser has taken two already.
    let before = text.get(..at).unwrap_or_default();
    let start = before.trim_end_matches(['=', '!', '<', '>', '&', '|']).len();
    let sign = text.get(start..at + first.len_utf8()).unwrap_or_default();
    let message = match sign {
        "'" | "\"" => return Wrong { message: "this string has no end".into(), at: at..text.len() },
        "!==" => Some("unequal is `!=`"),
        "=" | "===" => Some("equal is `==`"),
        "&" => Some("and is `&&`"),
        "|" => Some("or is `||`"),
        _ => None,
    };
    let (message, start) = match message {
        Some(right) => (format!("there is no `{sign}` in CEL, {right}"), start),
        None => (format!("there is no `{first}` in CEL"), at),
    };
    Wrong { message, at: start..at + first.len_utf8() }
}

/// Where the word or sign that begins at `at` ends.
fn end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let Some(first) = rest.chars().next() else { return at };
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let sign = |c: char| SIGNS.contains(c);
    let length = match first {
        c if word(c) => rest.find(|c| !word(c)),
        c if sign(c) => rest.find(|c| !sign(c)),
        '\'' | '"' => rest.get(1..).and_then(|inner| inner.find(first)).map(|length| length + 2),
        c => Some(c.len_utf8()),
    };
    at + length.unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn mistakes_are_told_in_plain_words_with_their_place() {
        for (text, message, at) in [
            ("event.a === 1", "there is no `===` in CEL, equal is `==`", "==="),
            ("event.a !== 1", "there is no `!==` in CEL, unequal is `!=`", "!=="),
            ("event.a = 1", "there is no `=` in CEL, equal is `==`", "="),
            ("event.a & event.b", "there is no `&` in CEL, and is `&&`", "&"),
            ("event.a | event.b", "there is no `|` in CEL, or is `||`", "|"),
            ("event.a == 'x", "this string has no end", "'x"),
            ("event.a == #", "there is no `#` in CEL", "#"),
            ("event.a ==== 1", "`==` can't stand here", "=="),
            ("event.a and event.b", "`and` can't stand here; in CEL it is `&&`", "and"),
            ("event.a or event.b", "`or` can't stand here; in CEL it is `||`", "or"),
            ("not event.a", "`event` can't stand here", "event"),
            ("event.a == 1)", "`)` can't stand here", ")"),
            ("event.a == 1 2", "`2` can't stand here", "2"),
            ("(event.a == 1", "it ends too early", ""),
            ("event.a ==", "it ends too early", ""),
            ("", "it ends too early", ""),
            ("event.a == \"é\" \"ü\"", "`\"ü\"` can't stand here", "\"ü\""),
        ] {
            let Err(wrong) = parse(text) else { panic!("{text} is taken") };
            assert_eq!((wrong.message.as_str(), text.get(wrong.at)), (message, Some(at)), "{text}");
        }
    }
}
