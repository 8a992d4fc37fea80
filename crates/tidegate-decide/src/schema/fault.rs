//! Why a value of a binary language doesn't fit, and the way to it.

use super::Mismatch;
use super::way::escaped;
use crate::decision::Class;

/// Why something doesn't fit, and the way to it from the inside out.
#[derive(Debug)]
pub(super) struct Fault {
    why: &'static str,
    class: Class,
    way: Vec<String>,
}

pub(super) type Outcome<T> = Result<T, Fault>;

impl Fault {
    pub(super) fn below(mut self, name: &str) -> Self {
        self.way.push(escaped(name));
        self
    }

    pub(super) fn shown(self) -> Mismatch {
        let pointer = self.way.iter().rev().map(|token| format!("/{token}")).collect();
        Mismatch { class: self.class, pointer, detail: self.why.into() }
    }
}

pub(super) fn fault<T>(why: &'static str) -> Outcome<T> {
    Err(Fault { why, class: Class::Schema, way: Vec::new() })
}

pub(super) fn demand(holds: bool, why: &'static str) -> Outcome<()> {
    if holds { Ok(()) } else { fault(why) }
}

/// Something of another type than the schema's.
pub(super) fn confused<T>(why: &'static str) -> Outcome<T> {
    Err(Fault { why, class: Class::TypeConfusion, way: Vec::new() })
}

/// The same as a demand.
pub(super) fn is(holds: bool, why: &'static str) -> Outcome<()> {
    if holds { Ok(()) } else { confused(why) }
}
