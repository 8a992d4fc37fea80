//! Payloads against their schema, which the contract holds in compiled form.

#[cfg(feature = "compile")]
pub mod compile;
mod format;
mod number;
mod pattern;
mod validate;

use crate::json::{Item, Limits, Malformed, Tape};
use std::borrow::Cow;
use tidegate_graph::contract::schema::{JsonProgram, Prepared};
use validate::{Buffers, Ready};

/// Why a payload doesn't fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON pointer in the payload.
    pub pointer: String,
    /// Says nothing of the value itself.
    pub detail: Cow<'static, str>,
}

/// Compares single texts with a schema; keeps its buffers between them.
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
        let broken = |detail: &'static str| Mismatch { pointer: String::new(), detail: detail.into() };
        self.tape.read(text, &Limits { depth: 256, number: 1 << 16 }).map_err(|error| match error {
            Malformed::Syntax(_) => broken("no JSON"),
            Malformed::Depth(_) => broken("nested deeper than the limit"),
        })?;
        let root = self.tape.root(text);
        let ready = self.prepared.with(|| Ready::of(program));
        let Some(ready) = ready else { return Err(broken("the schema is not ready")) };
        json(program, ready, root, self.tape.len(), &mut self.buffers)
    }
}

fn json(
    program: &JsonProgram,
    ready: &Ready,
    root: Item<'_>,
    size: usize,
    buffers: &mut Buffers,
) -> Result<(), Mismatch> {
    validate::validate(program, ready, root, size, buffers).map_err(|fault| Mismatch {
        pointer: root.pointer_to(fault.index),
        detail: fault.why.to_string().into(),
    })
}
