//! Texts of several parts, each of which stands for itself: forms, markup, multipart, cookies, arguments of a query.

use super::{Origin, Unfold};
use crate::decode::{Chain, Step, base64, characters, form, markup, multipart};
use crate::json;
use crate::named::{self, is_callback, parameter};
use crate::trigger::Place;

impl Unfold<'_, '_> {
    /// Forms, documents, cookies: parts that stand for themselves. True when they are all there is: what encodes every form
    /// hides nothing.
    pub(super) fn parts(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) -> bool {
        let form = origin.place == Place::Query || is_encoded_form(text);
        if form {
            let Some(chain) = self.step(chain, Step::Form, origin) else { return true };
            for (name, value) in form::pairs(text) {
                self.form_text(name, Origin { place: Place::Key, ..origin }, chain);
                self.form_text(value, Origin { place: parameter(name), ..origin }, chain);
            }
        } else if markup::is_document(text) {
            let Some(chain) = self.step(chain, Step::Markup, origin) else { return true };
            for leaf in markup::leaves(text) {
                self.text(leaf, Origin { place: Place::Field, ..origin }, chain);
            }
        } else if is_query_document(text) {
            let Some(chain) = self.step(chain, Step::Token, origin) else { return true };
            for argument in quoted(text) {
                let mut value = self.buffer();
                json::unescape(argument, &mut value);
                self.text(&value, Origin { place: Place::Field, ..origin }, chain);
                self.give_back(value);
            }
        } else if origin.label.eq_ignore_ascii_case(b"cookie") && text.contains(&b'=') {
            for (name, value) in text.split(|&b| b == b';').flat_map(form::pairs) {
                let origin = Origin { label: b"", ..origin };
                match chain.then(Step::Form).filter(|_| is_callback(name.trim_ascii())) {
                    Some(chain) => self.form_text(value, Origin { place: Place::Claim, ..origin }, chain),
                    None => self.text(value, origin, chain),
                }
            }
        }
        form && (origin.place == Place::Query || is_form_type(origin.label) || form::is_merely_encoded(text))
    }

    /// The parts of a multipart body, each by itself: between them stand headers, as they should. False if it is none.
    pub(super) fn multipart(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) -> bool {
        let mut any = false;
        let Some(chain) = self.step(chain, Step::Multipart, origin) else { return true };
        for part in multipart::parts(text) {
            any = true;
            let mut named = Place::Field;
            for line in part.head.split(|&b| b == b'\n') {
                let value =
                    memchr::memchr(b':', line).and_then(|colon| line.get(colon + 1..)).unwrap_or(line);
                self.text(value.trim_ascii(), Origin { place: Place::Header, ..origin }, chain);
                for (name, value) in multipart::arguments(value) {
                    let own = name.eq_ignore_ascii_case(b"name");
                    if own {
                        named = named::place(value).unwrap_or(named);
                    }
                    let place = if own { Place::Key } else { Place::ObjectKey };
                    self.text(value, Origin { place, label: b"", ..origin }, chain);
                }
            }
            self.bytes(part.content, Origin { place: named, ..origin }, chain);
        }
        any
    }

    /// What somebody wrote in Markdown: blocks of code are shown as they are, and act only where something is known that takes
    /// them for code.
    pub(super) fn post(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) {
        let fences = named::fences(text);
        if fences.is_empty() {
            return self.text(text, origin, chain);
        }
        let mut rest = self.buffer();
        let mut from = 0;
        for fence in fences {
            rest.extend(text.get(from..fence.start).unwrap_or_default());
            rest.push(b'\n');
            from = fence.end;
            self.shown(text.get(fence).unwrap_or_default(), origin, chain);
        }
        rest.extend(text.get(from..).unwrap_or_default());
        self.text(&rest, origin, chain);
        self.give_back(rest);
    }

    pub(super) fn form_text(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) {
        let mut value = self.buffer();
        characters::decode(text, true, &mut value);
        self.text(&value, origin, chain);
        // Base64 that nobody encoded for the form has a `+` of its own.
        if text.contains(&b'+') && base64::may_be(text) {
            self.guessed(text, origin, chain);
        }
        self.give_back(value);
    }
}

/// The type of bodies that browsers send forms as.
fn is_form_type(label: &[u8]) -> bool {
    const FORM: &[u8] = b"application/x-www-form-urlencoded";
    label.get(..FORM.len()).is_some_and(|start| start.eq_ignore_ascii_case(FORM))
}

/// A GraphQL document, whose strings are arguments.
fn is_query_document(text: &[u8]) -> bool {
    let start = text.trim_ascii_start();
    [&b"query"[..], b"mutation", b"subscription"].iter().any(|w| start.starts_with(w))
        && start.contains(&b'{')
        && start.contains(&b'"')
}

/// The insides of double quotes, with their escapes.
fn quoted(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = memchr::memchr(b'"', rest)? + 1;
        let inside = rest.get(start..)?;
        let mut escaped = false;
        let end = inside.iter().position(|b| {
            let ends = *b == b'"' && !escaped;
            escaped = *b == b'\\' && !escaped;
            ends
        });
        let end = end.unwrap_or(inside.len());
        rest = inside.get(end + 1..).unwrap_or_default();
        inside.get(..end)
    })
}

/// Whoever encodes a form leaves no white space in it.
pub(crate) fn is_encoded_form(text: &[u8]) -> bool {
    form::is_form(text) && !text.iter().any(u8::is_ascii_whitespace)
}
