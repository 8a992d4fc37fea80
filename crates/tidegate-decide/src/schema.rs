//! Payloads against their schemas, which the contract holds in compiled form.

mod avro;
#[cfg(feature = "compile")]
pub mod compile;
mod desk;
mod fault;
mod fields;
mod format;
mod number;
mod parameters;
mod pattern;
mod payload;
mod protobuf;
mod validate;
mod way;

pub(crate) use desk::{Desk, Reach, Sink};
pub(crate) use fields::Fields;
pub use format::holds as is_format;
pub(crate) use pattern::Pattern;
pub use payload::payloads;
pub use way::{Leaf, Way};

use crate::decision::Class;
use crate::json::{Item, Kind, Limits, Malformed, Tape};
use std::borrow::Cow;
use tidegate_graph::contract::schema::{AvroProgram, JsonProgram, Prepared, ProtobufProgram, Types};
use validate::{Buffers, Ready, Why};

/// Why a payload doesn't fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// [`Class::TypeConfusion`] when it is of another type, [`Class::Schema`] otherwise.
    pub class: Class,
    /// JSON pointer in the payload.
    pub pointer: String,
    /// Says nothing of the value itself.
    pub detail: Cow<'static, str>,
}

impl Mismatch {
    fn whole(detail: &'static str) -> Self {
        Self { class: Class::Schema, pointer: String::new(), detail: detail.into() }
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

    /// Compares the JSON form of a message of protocol buffers.
    ///
    /// # Errors
    /// Says where and why it doesn't fit.
    pub fn protobuf_json(&mut self, program: &ProtobufProgram, text: &[u8]) -> Result<(), Mismatch> {
        self.tape.read(text, &Limits { depth: 256, number: 1 << 16 }).map_err(broken)?;
        if !self.tape.flaws().is_empty() {
            return Err(Mismatch::whole(FLAWED));
        }
        let ready = self.prepared.with(|| protobuf::Ready::of(program)).ok_or(Mismatch::whole(FOREIGN))?;
        protobuf::json((program, ready), false, self.tape.root(text))
    }

    /// Compares a message of protocol buffers in its wire format, and shows its values. When `closed`, nothing passes that
    /// `program` doesn't name, which is the same for all messages of one checker.
    ///
    /// # Errors
    /// Says where and why it doesn't fit.
    pub fn protobuf(
        &mut self,
        program: &ProtobufProgram,
        closed: bool,
        bytes: &[u8],
        each: &mut dyn FnMut(Way<'_>, Leaf<'_>),
    ) -> Result<(), Mismatch> {
        let ready = self.prepared.with(|| protobuf::Ready::of(program)).ok_or(Mismatch::whole(FOREIGN))?;
        protobuf::binary((program, ready), closed, bytes, each)
    }
}

const FLAWED: &str = "JSON that parsers disagree about";
const FOREIGN: &str = "the schema was prepared for something else";

/// Compares a value of Avro in its binary form, without a prefix.
///
/// # Errors
/// Says where and why it doesn't fit.
pub fn avro(program: &AvroProgram, bytes: &[u8]) -> Result<(), Mismatch> {
    avro::binary(program, bytes, &mut |_, _| {})
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
    json_at(program, prepared, 0, root, buffers)
}

/// Compares a value with one node of a schema.
fn json_at(
    program: &JsonProgram,
    prepared: &Prepared,
    start: u32,
    root: Item<'_>,
    buffers: &mut Buffers,
) -> Result<(), Mismatch> {
    let Some(ready) = prepared.with(|| Ready::of(program)) else {
        return Err(Mismatch::whole(FOREIGN));
    };
    // A node takes two bytes at least; most take eight.
    let size = root.raw().len() / 8 + 1;
    validate::validate(program, ready, start, root, size, buffers).map_err(|fault| Mismatch {
        class: match fault.why {
            // A fraction is of the same type as an integer; its value is wrong.
            Why::Type(types, Kind::Number, _) if types.has(Types::NUMBER | Types::INTEGER) => Class::Schema,
            Why::Type(..) => Class::TypeConfusion,
            _ => Class::Schema,
        },
        pointer: root.pointer_to(fault.index),
        detail: format!("{} (`{}`)", fault.why, fault.why.keyword()).into(),
    })
}
