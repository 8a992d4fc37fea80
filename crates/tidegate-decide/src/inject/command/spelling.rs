//! How a name is spelled, and when it is none for that.

use super::argument::{is_redirection, names_a_place};
use super::names::is_english;
use super::{Text, prose};
use crate::trigger::Place;

/// `&Ls`, `;iD`: a system that knows a name of so few letters knows it in small ones, and whoever doesn't care writes a blank.
pub(super) fn is_misspelled(text: &Text<'_>, at: usize) -> bool {
    // Names of variables are what their writer made of them.
    let blank = text.raw.get(at) == Some(&b'$')
        || at.checked_sub(1).and_then(|at| text.raw.get(at)).is_some_and(u8::is_ascii_whitespace);
    let over = |b: &u8| {
        b.is_ascii_whitespace() || matches!(b, b';' | b'|' | b'&' | b'`' | b'<' | b'>' | b')' | b'/')
    };
    let name =
        || text.raw.iter().skip(at).take(24).take_while(|b| !over(b)).filter(|b| b.is_ascii_alphabetic());
    !blank && name().any(u8::is_ascii_uppercase) && (name().count() < 4 || prose::is_noise(text.raw))
}

/// `$'\x69\x64'`, `$'id'`: a name as a string with escapes.
pub(super) fn is_escaped_name(inside: &[u8]) -> bool {
    let near = inside.get(..64).unwrap_or(inside);
    let name = memchr::memchr(b'\'', near).and_then(|end| near.get(..end)).unwrap_or_default();
    name.len() > 1 && (name.contains(&b'\\') || name.iter().all(u8::is_ascii_alphabetic))
}

/// True if the word ends here, as a shell reads it: whatever else is glued to a name makes it another.
pub(super) fn is_over(rest: &[u8], place: Place) -> bool {
    match rest {
        [] => true,
        // Forms and addresses write blanks so.
        [b'+', ..] => place.is_of_a_form(),
        [b'$', b'(' | b'@' | b'*', ..]
        | [b'$', b'i', b'f', b's', ..]
        | [b'$', b'{', b'i', b'f', b's', ..] => true,
        [b'{', b',', ..] => true,
        [b'>' | b'<', ..] => is_redirection(rest) || rest.len() == 1,
        [byte, ..] => {
            byte.is_ascii_whitespace() || matches!(byte, b';' | b'|' | b'&' | b'`' | b')' | b'"' | 0)
        }
    }
}

/// True if quotes, carets, backslashes or empty variables stand within the letters of a name.
pub(super) fn hides(from: &[u8], length: usize) -> bool {
    let written = from.get(..(length + 24).min(from.len())).unwrap_or_default();
    let mut letters = 0;
    let mut pieces = 0;
    for byte in written {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => letters += 1,
            b'\'' | b'"' | b'\\' | b'^' | b'$' | b'@' | b'*' if letters > 0 => pieces += 1,
            b'.' | b'_' | b'-' | b'/' | b'?' | b'{' | b'}' => {}
            _ => break,
        }
        if letters >= length {
            break;
        }
    }
    // What opens a path in quotes, or ends a name, is no piece of it.
    pieces >= 2
        || pieces == 1 && letters >= length && length > 2 && written.iter().any(|b| matches!(b, b'\\' | b'^'))
}

/// An option is the first argument, and no other names a place.
pub(super) fn has_option_alone(inside: &[u8]) -> bool {
    let name = inside.iter().take(48).take_while(|b| !b.is_ascii_whitespace()).count();
    let argument = inside.get(name..).unwrap_or_default().trim_ascii_start();
    argument.first() == Some(&b'-') && !names_a_place(argument)
}

/// `sort -price`, `Make /model`, `head -10`: a word of English, and what a shell would need more of to do anything.
pub(super) fn is_label(lower: &[u8]) -> bool {
    let name = lower.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let (name, argument) = lower.split_at_checked(name).unwrap_or_default();
    let argument = argument.trim_ascii();
    let signs = |b: &u8| {
        matches!(b, b';' | b'|' | b'&' | b'`' | b'$' | b'<' | b'>' | b'\\' | b'.' | b'*' | b'"' | b'\'')
    };
    let place = argument.first() == Some(&b'/') && argument.iter().filter(|b| **b == b'/').count() > 1;
    is_english(name) && !place && !names_a_place(argument) && !argument.iter().any(signs)
}
