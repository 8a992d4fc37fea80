//! Payloads against their schemas, which the contract holds in compiled form.

mod avro;
#[cfg(feature = "compile")]
pub mod compile;
mod desk;
mod fields;
mod format;
mod number;
mod pattern;
mod payload;
mod validate;

pub(crate) use desk::{Desk, Reach};
pub(crate) use fields::Fields;

use crate::json::{Item, Limits, Malformed, Tape};
use std::borrow::Cow;
use tidegate_graph::contract::schema::{AvroProgram, JsonProgram, Prepared};
use validate::{Buffers, Ready};

/// Why a payload doesn't fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON pointer in the payload.
    pub pointer: String,
    /// Says nothing of the value itself.
    pub detail: Cow<'static, str>,
}

impl Mismatch {
    fn whole(detail: &'static str) -> Self {
        Self { pointer: String::new(), detail: detail.into() }
    }
}

/// Compares single texts with one schema; keeps its buffers between them.
#[derive(Debug, Default)]
pub struct Checker {
    tape: Tape,
    buffers: Buffers,
    prepared: Prepared,
}

impl Checker {
    /// Compares a JSON text with `program`, which is the same for all texts of one checker.
    ///
    /// # Errors
    /// Says where and why it doesn't fit.
    pub fn json(&mut self, program: &JsonProgram, text: &[u8]) -> Result<(), Mismatch> {
        self.tape.read(text, &Limits { depth: 256, number: 1 << 16 }).map_err(broken)?;
        json(program, &self.prepared, self.tape.root(text), &mut self.buffers)
    }
}

/// Compares a value of Avro in its binary form, without a prefix.
///
/// # Errors
/// Says where and why it doesn't fit.
pub fn avro(program: &AvroProgram, bytes: &[u8]) -> Result<(), Mismatch> {
    avro::binary(program, bytes)
}

fn broken(error: Malformed) -> Mismatch {
    Mismatch::whole(match error {
        Malformed::Syntax(_) => "expected JSON",
        Malformed::Depth(_) => "nested deeper than the limit",
    })
}

fn json(
    program: &JsonProgram,
    prepared: &Prepared,
    root: Item<'_>,
    buffers: &mut Buffers,
) -> Result<(), Mismatch> {
    let Some(ready) = prepared.with(|| Ready::of(program)) else {
        return Err(Mismatch::whole("the schema was prepared for something else"));
    };
    // A node takes two bytes at least; most take eight.
    let size = root.raw().len() / 8 + 1;
    validate::validate(program, ready, root, size, buffers).map_err(|fault| Mismatch {
        pointer: root.pointer_to(fault.index),
        detail: format!("{} (`{}`)", fault.why, fault.why.keyword()).into(),
    })
}
