//! Avro: values in their binary form, decoded only to see that they fit, and values in their JSON form.
//!
//! Every value is charged, also one that takes no bytes: an array of nulls may be as long as it likes.

use super::Mismatch;
use super::fault::{Fault, Outcome, demand, fault, is as of_type};
use super::way::{Each, Leaf, Token, Way};
use crate::json::{Item, Kind};
use tidegate_graph::contract::schema::{AvroProgram, AvroType};

/// Values in each other.
const DEPTH: u32 = 128;

/// Compares a value in binary form.
pub(super) fn binary(program: &AvroProgram, bytes: &[u8], each: &mut Each<'_>) -> Result<(), Mismatch> {
    let left = bytes.len().saturating_add(4096);
    let mut reader = Reader { program, rest: bytes, left, way: Vec::new(), each };
    let end = reader.value(0, 0).and_then(|()| demand(reader.rest.is_empty(), "bytes behind its end"));
    // The way is left as it was where it ended.
    end.map_err(|fault| Mismatch { pointer: Way(&reader.way).to_string(), ..fault.shown() })
}

/// Compares a value in JSON form.
pub(super) fn json(program: &AvroProgram, item: Item<'_>) -> Result<(), Mismatch> {
    written(program, 0, item, 0).map_err(Fault::shown)
}

const SHORT: &str = "ends before its schema does";
const DEEP: &str = "nested deeper than the limit";

struct Reader<'a, 'e> {
    program: &'a AvroProgram,
    rest: &'a [u8],
    /// Values that may still be read.
    left: usize,
    way: Vec<Token<'a>>,
    each: &'e mut Each<'e>,
}

impl<'a> Reader<'a, '_> {
    fn value(&mut self, ty: u32, depth: u32) -> Outcome<()> {
        demand(depth < DEPTH, DEEP)?;
        self.left = self.left.saturating_sub(1);
        demand(self.left > 0, "holds more values than its length allows")?;
        let Some(ty) = self.program.types.get(ty as usize) else { return fault("the schema is broken") };
        match ty {
            AvroType::Null => Ok(()),
            AvroType::Boolean => {
                let byte = self.take(1)?.first().copied().unwrap_or(2);
                demand(byte < 2, "expected boolean")
            }
            AvroType::Int => self.int().map(drop),
            AvroType::Long => self.long().map(drop),
            AvroType::Float => self.take(4).map(drop),
            AvroType::Double => self.take(8).map(drop),
            AvroType::Bytes => {
                let bytes = self.run()?;
                self.found(Leaf::Bytes(bytes));
                Ok(())
            }
            AvroType::String => {
                let Ok(text) = std::str::from_utf8(self.run()?) else {
                    return fault("expected string, found bytes that are no UTF-8");
                };
                self.found(Leaf::Text(text));
                Ok(())
            }
            AvroType::Fixed(length) => {
                let bytes = self.take(usize::try_from(*length).unwrap_or(usize::MAX))?;
                self.found(Leaf::Bytes(bytes));
                Ok(())
            }
            AvroType::Enum(symbols) => {
                let at = usize::try_from(self.int()?).ok();
                demand(at.is_some_and(|at| at < symbols.len()), "none of the symbols that the schema lists")
            }
            AvroType::Union(branches) => {
                let branch = usize::try_from(self.long()?).ok().and_then(|at| branches.get(at));
                match branch {
                    Some((_, ty)) => self.value(*ty, depth + 1),
                    None => fault("none of the alternatives"),
                }
            }
            AvroType::Record(fields) => fields
                .iter()
                .try_for_each(|(name, ty)| self.below(Token::Name(name), |r| r.value(*ty, depth + 1))),
            AvroType::Array(of) => {
                self.blocks(|reader, at| reader.below(Token::Number(at), |r| r.value(*of, depth + 1)))
            }
            AvroType::Map(of) => self.blocks(|reader, _| {
                let Ok(name) = std::str::from_utf8(reader.run()?) else {
                    return fault("a name is no UTF-8");
                };
                reader.below(Token::Name(name), |reader| {
                    reader.found(Leaf::Text(name));
                    reader.value(*of, depth + 1)
                })
            }),
        }
    }

    fn below(&mut self, token: Token<'a>, held: impl FnOnce(&mut Self) -> Outcome<()>) -> Outcome<()> {
        self.way.push(token);
        held(self)?;
        self.way.pop();
        Ok(())
    }

    fn found(&mut self, leaf: Leaf<'_>) {
        (self.each)(Way(&self.way), leaf);
    }

    fn blocks(&mut self, mut each: impl FnMut(&mut Self, u64) -> Outcome<()>) -> Outcome<()> {
        let mut at = 0;
        loop {
            let count = self.long()?;
            if count < 0 {
                // The block says its length in bytes as well, for whoever skips it.
                let length = self.long()?;
                demand(usize::try_from(length).is_ok_and(|n| n <= self.rest.len()), SHORT)?;
            }
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count.unsigned_abs() {
                each(self, at)?;
                at += 1;
            }
        }
    }

    fn long(&mut self) -> Outcome<i64> {
        let mut value: u64 = 0;
        for (at, byte) in (0_u32..10).zip(self.rest) {
            let bits = u64::from(byte & 0x7f);
            if at == 9 && bits > 1 {
                break;
            }
            value |= bits << (7 * at);
            if byte & 0x80 == 0 {
                self.rest = self.rest.get(at as usize + 1..).unwrap_or_default();
                let half = i64::try_from(value >> 1).unwrap_or(i64::MAX);
                return Ok(if value & 1 == 0 { half } else { -half - 1 });
            }
        }
        fault(if self.rest.len() < 10 { SHORT } else { "expected long" })
    }

    fn int(&mut self) -> Outcome<i32> {
        i32::try_from(self.long()?).or_else(|_| fault("expected int, found long"))
    }

    fn run(&mut self) -> Outcome<&'a [u8]> {
        match usize::try_from(self.long()?) {
            Ok(length) => self.take(length),
            Err(_) => fault("a length below zero"),
        }
    }

    fn take(&mut self, length: usize) -> Outcome<&'a [u8]> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else { return fault(SHORT) };
        self.rest = rest;
        Ok(taken)
    }
}

fn written(program: &AvroProgram, ty: u32, item: Item<'_>, depth: u32) -> Outcome<()> {
    demand(depth < DEPTH, DEEP)?;
    let Some(ty) = program.types.get(ty as usize) else { return fault("the schema is broken") };
    let is = |kind: Kind, why| of_type(item.kind() == kind, why);
    let number = || std::str::from_utf8(item.raw()).unwrap_or_default();
    match ty {
        AvroType::Null => is(Kind::Null, "expected null"),
        AvroType::Boolean => is(Kind::Bool, "expected boolean"),
        AvroType::Int => {
            of_type(item.kind() == Kind::Number && number().parse::<i32>().is_ok(), "expected int")
        }
        AvroType::Long => {
            of_type(item.kind() == Kind::Number && number().parse::<i64>().is_ok(), "expected long")
        }
        AvroType::Float | AvroType::Double => is(Kind::Number, "expected number"),
        AvroType::String => is(Kind::String, "expected string"),
        // One character a byte.
        AvroType::Bytes => is(Kind::String, "expected bytes as a string"),
        AvroType::Fixed(_) => is(Kind::String, "expected bytes as a string"),
        AvroType::Enum(symbols) => {
            is(Kind::String, "expected a symbol as a string")?;
            demand(symbols.iter().any(|s| item.is_text(s)), "none of the symbols that the schema lists")
        }
        AvroType::Array(of) => {
            is(Kind::Array, "expected array")?;
            (0..).zip(item.items()).try_for_each(|(at, item): (u64, _)| {
                written(program, *of, item, depth + 1).map_err(|fault| fault.below(&at.to_string()))
            })
        }
        AvroType::Map(of) => {
            is(Kind::Object, "expected map")?;
            item.entries().try_for_each(|(key, value)| {
                let name = || String::from_utf8_lossy(key.raw()).into_owned();
                written(program, *of, value, depth + 1).map_err(|fault| fault.below(&name()))
            })
        }
        AvroType::Union(branches) => {
            let mut nulls = branches.iter().filter(|(name, _)| name == "null");
            if item.kind() == Kind::Null {
                return demand(nulls.next().is_some(), "none of the alternatives");
            }
            let mut entries = item.entries();
            let (Some((key, value)), None) = (entries.next(), entries.next()) else {
                return fault("expected an alternative under its name");
            };
            match branches.iter().find(|(name, _)| key.is_text(name)) {
                Some((name, ty)) => {
                    written(program, *ty, value, depth + 1).map_err(|fault| fault.below(name))
                }
                None => fault("none of the alternatives"),
            }
        }
        AvroType::Record(fields) => {
            is(Kind::Object, "expected record")?;
            for (name, ty) in fields {
                let Some(value) = item.field(name) else {
                    return fault("a field of the record is missing").map_err(|f: Fault| f.below(name));
                };
                written(program, *ty, value, depth + 1).map_err(|fault| fault.below(name))?;
            }
            demand(item.entries().count() == fields.len(), "a field that the record doesn't have")
        }
    }
}
