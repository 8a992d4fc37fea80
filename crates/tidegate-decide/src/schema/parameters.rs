//! Parameters of requests and headers of messages: texts, each read as what its schema says that it is.

mod given;

use super::validate::{self, Buffers};
use super::{FLAWED, FOREIGN, Mismatch, broken, json_at};
use crate::decision::Class;
use crate::json::{Item, Limits, Tape, escape};
use crate::trigger::Trigger;
use given::{Given, Values, unquoted, values};
use std::borrow::Cow;
use std::collections::HashSet;
use tidegate_graph::contract::schema::{
    Parameter, ParameterForm, ParameterPlace, ParametersProgram, Prepared, Types,
};

/// What is asked of the values beside a payload.
pub(super) struct Asked<'p> {
    pub(super) program: &'p ParametersProgram,
    pub(super) prepared: &'p Prepared,
    pub(super) trigger: Trigger,
    pub(super) route: Option<&'p str>,
    pub(super) limits: &'p Limits,
}

/// Buffers that are kept.
pub(super) struct Kept<'k> {
    pub(super) tape: &'k mut Tape,
    pub(super) buffers: &'k mut Buffers,
}

impl Asked<'_> {
    /// Compares what an event, or a record of one, gives; the item of the error is where it stands.
    pub(super) fn compare<'e>(
        &self,
        item: Item<'e>,
        kept: &mut Kept<'_>,
    ) -> Result<(), (Item<'e>, Mismatch)> {
        self.program.all.iter().try_for_each(|parameter| {
            let values = values(parameter, self.trigger, self.route, item);
            let judged = self.one(parameter, item, &values, kept);
            judged.map_err(|(node, mismatch)| {
                let at = if mismatch.pointer.is_empty() { "" } else { " at " };
                let (word, name, pointer) = (parameter.place.word(), &parameter.name, &mismatch.pointer);
                let detail = format!("{word} `{name}`{at}{pointer}: {}", mismatch.detail).into();
                (node, Mismatch { class: mismatch.class, pointer: String::new(), detail })
            })
        })
    }

    fn one<'e>(
        &self,
        parameter: &Parameter,
        item: Item<'e>,
        values: &Values<'e>,
        kept: &mut Kept<'_>,
    ) -> Result<(), (Item<'e>, Mismatch)> {
        let Some(first) = values.all.first() else {
            let missing = parameter.required && !values.unknown;
            return if missing { Err((item, Mismatch::whole("it is missing (`required`)"))) } else { Ok(()) };
        };
        let Some(node) = parameter.node else { return Ok(()) };
        let program = &self.program.values;
        let Some(ready) = self.prepared.with(|| validate::Ready::of(program)) else {
            return Err((item, Mismatch::whole(FOREIGN)));
        };
        let own = ready.types(node);
        let list = match parameter.form {
            ParameterForm::Text => {
                if values.several && !own.has(Types::STRING) {
                    let (class, pointer) = (Class::TypeConfusion, String::new());
                    // A number may be an integer anyway.
                    let wanted = if own.has(Types::NUMBER) { Types(own.0 & !Types::INTEGER) } else { own };
                    let detail = format!("expected {wanted}, found several values (`type`)").into();
                    return Err((first.node, Mismatch { class, pointer, detail }));
                }
                let mut given = values.all.iter().filter(|given| !parameter.empty || !given.text.is_empty());
                return given.try_for_each(|given| {
                    let decoded = self.decoded(parameter, given);
                    let texts = [Some(&*given.text), decoded.as_deref()];
                    self.any(
                        texts.into_iter().flatten().flat_map(|text| readings(text, own, given.bare)),
                        node,
                        kept,
                    )
                    .map_err(|mismatch| (given.node, mismatch))
                });
            }
            ParameterForm::Json => {
                return values.all.iter().try_for_each(|given| {
                    self.fits(&given.text, node, kept).map_err(|mismatch| (given.node, mismatch))
                });
            }
            ParameterForm::Repeated => values.all.iter().map(|given| Cow::Borrowed(&*given.text)).collect(),
            ParameterForm::Split(between) => {
                let parts = values.all.iter().flat_map(|given| split(&given.text, between));
                parts.map(Cow::Owned).collect::<Vec<Cow<'_, [u8]>>>()
            }
        };
        let of = ready.types_of_elements(program, node);
        let all = |bare: bool| {
            let mut out = vec![b'['];
            for text in &list {
                let comma: &[u8] = if out.len() > 1 { b"," } else { b"" };
                out.extend_from_slice(comma);
                let typed = typed(text, of).filter(|_| bare);
                out.extend_from_slice(&typed.unwrap_or_else(|| string(text)));
            }
            out.push(b']');
            out
        };
        let forms = [Some(all(true)), of.has(Types::STRING).then(|| all(false))];
        self.any(forms.into_iter().flatten(), node, kept).map_err(|mismatch| (first.node, mismatch))
    }

    /// Paths and cookies are read with their percent signs by some, without by others.
    fn decoded(&self, parameter: &Parameter, given: &Given<'_>) -> Option<Vec<u8>> {
        let may = matches!(parameter.place, ParameterPlace::Path | ParameterPlace::Cookie);
        let decoded = unquoted(&given.text, false);
        (may && *decoded != *given.text).then(|| decoded.into_owned())
    }

    /// One of several readings fits. The first says what is wrong otherwise.
    fn any(
        &self,
        texts: impl Iterator<Item = Vec<u8>>,
        node: u32,
        kept: &mut Kept<'_>,
    ) -> Result<(), Mismatch> {
        let mut wrong = None;
        let mut seen = HashSet::new();
        for text in texts {
            if !seen.insert(text.clone()) {
                continue;
            }
            match self.fits(&text, node, kept) {
                Ok(()) => return Ok(()),
                Err(mismatch) => wrong = wrong.or(Some(mismatch)),
            }
        }
        wrong.map_or(Ok(()), Err)
    }

    fn fits(&self, text: &[u8], node: u32, kept: &mut Kept<'_>) -> Result<(), Mismatch> {
        kept.tape.read(text, self.limits).map_err(broken)?;
        if !kept.tape.flaws().is_empty() {
            return Err(Mismatch::whole(FLAWED));
        }
        json_at(&self.program.values, self.prepared, node, kept.tape.root(text), kept.buffers)
    }
}

/// What a text may be in JSON: first what its schema makes of it.
fn readings(text: &[u8], types: Types, bare: bool) -> impl Iterator<Item = Vec<u8>> {
    let as_it_is = bare.then(|| text.to_vec());
    let string = (as_it_is.is_none()).then(|| string(text));
    let typed = typed(text, types);
    // What is neither is shown as the text that it is.
    let string = string.filter(|_| typed.is_none() || types.has(Types::STRING));
    as_it_is.into_iter().chain(typed).chain(string)
}

/// A text as a number, a flag or nothing, where one of these is asked for.
fn typed(text: &[u8], types: Types) -> Option<Vec<u8>> {
    let word = |wanted: &[&[u8]]| wanted.contains(&text).then(|| text.to_vec());
    let number = types.has(Types::NUMBER | Types::INTEGER).then(|| number(text, types.has(Types::NUMBER)));
    number
        .flatten()
        .or_else(|| word(&[b"true", b"false"]).filter(|_| types.has(Types::BOOLEAN)))
        .or_else(|| word(&[b"null"]).filter(|_| types.has(Types::NULL)))
        .or_else(|| {
            (text.is_empty() && types.has(Types::NULL) && !types.has(Types::STRING)).then(|| b"null".to_vec())
        })
}

/// A number as JSON has it: without the zeros that may stand before it elsewhere.
fn number(text: &[u8], fraction: bool) -> Option<Vec<u8>> {
    let (sign, rest): (&[u8], _) = match text.strip_prefix(b"-") {
        Some(rest) => (b"-", rest),
        None => (b"", text),
    };
    let figures = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (whole, mut rest) = rest.split_at_checked(figures(rest)).filter(|(whole, _)| !whole.is_empty())?;
    let zeros = whole.iter().take_while(|b| **b == b'0').count().min(whole.len() - 1);
    let mut out = [sign, whole.get(zeros..)?].concat();
    if let Some(tail) = rest.strip_prefix(b".").filter(|_| fraction) {
        let (decimals, after) = tail.split_at_checked(figures(tail)).filter(|(d, _)| !d.is_empty())?;
        out.push(b'.');
        out.extend_from_slice(decimals);
        rest = after;
    }
    if let Some((b'e' | b'E', tail)) = rest.split_first().filter(|_| fraction) {
        let (sign, tail): (&[u8], _) = match tail.split_first() {
            Some((b'-', tail)) => (b"-", tail),
            Some((b'+', tail)) => (b"", tail),
            _ => (b"", tail),
        };
        let (exponent, after) = tail.split_at_checked(figures(tail)).filter(|(e, _)| !e.is_empty())?;
        out.push(b'e');
        out.extend_from_slice(sign);
        out.extend_from_slice(exponent);
        rest = after;
    }
    rest.is_empty().then_some(out)
}

/// A text as a string of JSON, whatever its bytes are.
fn string(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    escape(String::from_utf8_lossy(text).as_bytes(), &mut out);
    out.push(b'"');
    out
}

/// The elements of a list in one text; an empty one has none.
fn split(text: &[u8], between: char) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(text);
    if text.is_empty() {
        return Vec::new();
    }
    text.split(between).map(|part| part.trim_ascii().as_bytes().to_vec()).collect()
}

#[cfg(test)]
mod tests;
