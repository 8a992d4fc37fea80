//! Parts of a text that aren't known, kept in the text itself.
//!
//! A template's `arn:aws:sqs:${AWS::Region}:...` is a text with holes. A hole equals itself (same name, same value) and may
//! or may not equal everything else. It is written between two private characters, so that it survives wherever a
//! string goes, and holds no `:` or `/`, so that an ARN still splits where it should.
//!
//! A *fresh* hole is a name that the deployment makes up: it isn't known, and nothing else has it.

const OPEN: char = '\u{E0F0}';
const FRESH: char = '\u{E0F4}';
const CLOSE: char = '\u{E0F1}';
const COLON: char = '\u{E0F2}';
const SLASH: char = '\u{E0F3}';

/// The hole of that name.
pub fn text(name: &str) -> String {
    write(OPEN, name)
}

/// The fresh hole of that name.
pub fn fresh(name: &str) -> String {
    write(FRESH, name)
}

fn write(open: char, name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 6);
    out.push(open);
    out.extend(name.chars().map(|c| match c {
        ':' => COLON,
        '/' => SLASH,
        OPEN | FRESH | CLOSE | '*' | '?' | '$' => '_',
        c => c,
    }));
    out.push(CLOSE);
    out
}

/// True if there is a hole in the text.
pub fn is_in(text: &str) -> bool {
    // Every private character begins with this byte, which hardly any other text holds.
    text.as_bytes().contains(&0xEE) && text.contains([OPEN, FRESH])
}

/// The text as people read it: `${name}` for a hole.
pub fn display(text: &str) -> String {
    if !text.as_bytes().contains(&0xEE) {
        return text.to_string();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            OPEN | FRESH => out.push_str("${"),
            CLOSE => out.push('}'),
            COLON => out.push(':'),
            SLASH => out.push('/'),
            c => out.push(c),
        }
    }
    out
}

/// The name of a hole, without its delimiters.
pub fn name(hole: &str) -> String {
    let shown = display(hole);
    let inner = shown.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    inner.map_or_else(|| shown.clone(), str::to_string)
}

/// One stretch of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Known.
    Text(&'a str),
    /// A hole, delimiters included.
    Hole(&'a str),
    /// A fresh hole, delimiters included.
    Fresh(&'a str),
}

/// The text as known and unknown stretches. A hole that is never closed is text.
pub fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = |s: &str| s.find(CLOSE).map(|at| at + CLOSE.len_utf8());
        let (part, left) = match rest.find([OPEN, FRESH]) {
            Some(0) => match end(rest).and_then(|at| rest.split_at_checked(at)) {
                Some((hole, left)) if hole.starts_with(FRESH) => (Part::Fresh(hole), left),
                Some((hole, left)) => (Part::Hole(hole), left),
                None => (Part::Text(rest), ""),
            },
            Some(at) => match rest.split_at_checked(at) {
                Some((known, left)) => (Part::Text(known), left),
                None => (Part::Text(rest), ""),
            },
            None => (Part::Text(rest), ""),
        };
        rest = left;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_keeps_an_arn_in_shape() {
        let arn = format!("arn:aws:sqs:{}:1:q", text("AWS::Region"));
        assert_eq!(arn.split(':').count(), 6);
        assert_eq!(display(&arn), "arn:aws:sqs:${AWS::Region}:1:q");
        let parts: Vec<Part> = parts(&arn).collect();
        assert!(matches!(parts.as_slice(), [Part::Text("arn:aws:sqs:"), Part::Hole(_), Part::Text(":1:q")]));
    }
}
