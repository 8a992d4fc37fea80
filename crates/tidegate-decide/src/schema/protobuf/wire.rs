//! The wire format, decoded once and in place. Every value takes a byte at least, so that work grows with the bytes alone.
//!
//! What readers of the language do with it is what counts here: a field that they don't know is skipped, an integer is cut
//! to its width, and what stands there twice counts the last time. Where they skip what can't be meant, it doesn't fit: a
//! field whose wire type is another one than that of its number.

use super::super::fault::{Fault, Outcome, demand, fault, is};
use super::super::way::{Each, Leaf, Token, Way};
use super::{BROKEN, DEEP, DEPTH, MISSING, Ready, Seen, UNLISTED, UNNAMED, packs};
use crate::schema::Mismatch;
use tidegate_graph::contract::schema::{ProtobufField, ProtobufMessage, ProtobufProgram, ProtobufType};

/// Compares a message. When `closed`, nothing passes that the program doesn't name.
pub(in crate::schema) fn binary(
    (program, ready): (&ProtobufProgram, &Ready),
    closed: bool,
    bytes: &[u8],
    each: &mut Each<'_>,
) -> Result<(), Mismatch> {
    let (way, counts) = (Vec::new(), Vec::new());
    let mut reader = Reader { program, ready, closed, rest: bytes, way, counts, each };
    let end = reader.message(0, None, 0);
    // The way is left as it was where it ended.
    let Reader { way, .. } = reader;
    end.map_err(|fault| Mismatch { pointer: Way(&way).to_string(), ..fault.shown() })
}

/// The message indexes of Confluent's framing, and what follows them.
pub(in crate::schema) fn indexes(bytes: &[u8]) -> Option<(Vec<u32>, &[u8])> {
    let number = |bytes| {
        let (value, rest) = varint(bytes).ok()?;
        Some((u32::try_from(zigzag(value)).ok()?, rest))
    };
    let (count, mut rest) = number(bytes)?;
    // The first message of a file, which most are, is written without a list.
    if count == 0 {
        return Some((vec![0], rest));
    }
    let mut all = Vec::new();
    for _ in 0..count {
        // A list that is longer than its bytes ends here.
        let (index, behind) = number(rest)?;
        all.push(index);
        rest = behind;
    }
    Some((all, rest))
}

/// What follows the one index of Glue's framing.
pub(in crate::schema) fn index(bytes: &[u8]) -> Option<&[u8]> {
    Some(varint(bytes).ok()?.1)
}

struct Reader<'a, 'p, 'e> {
    program: &'p ProtobufProgram,
    ready: &'p Ready,
    closed: bool,
    rest: &'a [u8],
    way: Vec<Token<'p>>,
    /// How often each list of the messages that are open was continued.
    counts: Vec<(u32, u64)>,
    each: &'e mut Each<'e>,
}

const SHORT: &str = "ends before its schema does";
const GROUP: &str = "a group without its beginning or its end";

const VARINT: u32 = 0;
const EIGHT: u32 = 1;
const RUN: u32 = 2;
const BEGIN: u32 = 3;
const END: u32 = 4;
const FOUR: u32 = 5;

impl<'a, 'p> Reader<'a, 'p, '_> {
    /// Reads to the end of `rest`, or to the end of the group.
    fn message(&mut self, index: u32, group: Option<u32>, depth: u32) -> Outcome<()> {
        demand(depth <= DEPTH, DEEP)?;
        let at = index as usize;
        let (Some(message), Some(ready)) = (self.program.messages.get(at), self.ready.messages.get(at))
        else {
            return fault(BROKEN);
        };
        let (mut seen, base) = (Seen::default(), self.counts.len());
        while let Some((number, wire)) = self.tag(group)? {
            let known = match message.fields.get(&number) {
                Some(field) => self.field((number, field), wire, base, depth)?,
                None => {
                    self.unknown(number, wire, depth)?;
                    false
                }
            };
            if known && !ready.required.is_empty() {
                seen.mark(&ready.required, number);
            }
        }
        self.counts.truncate(base);
        self.complete(message, seen.missing(&ready.required))
    }

    fn complete(&mut self, message: &'p ProtobufMessage, missing: Option<u32>) -> Outcome<()> {
        let Some(number) = missing else { return Ok(()) };
        self.way.extend(message.fields.get(&number).map(|field| Token::Name(&field.name)));
        fault(MISSING)
    }

    /// The next field's number and wire type; nothing at the end.
    fn tag(&mut self, group: Option<u32>) -> Outcome<Option<(u32, u32)>> {
        if self.rest.is_empty() {
            return demand(group.is_none(), GROUP).map(|()| None);
        }
        let tag = self.short("no number of a field")?;
        let (number, wire) = (tag >> 3, tag & 7);
        demand(number > 0, "no number of a field")?;
        if wire == END {
            return demand(group == Some(number), GROUP).map(|()| None);
        }
        demand(wire <= FOUR, "no wire type").map(|()| Some((number, wire)))
    }

    /// Reads the values of a field. False when readers take them for a field that they don't know.
    fn field(
        &mut self,
        (number, field): (u32, &'p ProtobufField),
        wire: u32,
        base: usize,
        depth: u32,
    ) -> Outcome<bool> {
        self.way.push(Token::Name(&field.name));
        let mut known = true;
        if wire == wire_of(field.ty) {
            if field.repeated {
                let at = self.count(number, base);
                self.way.push(Token::Number(at));
            }
            known = self.value(field.ty, number, depth)?;
            if field.repeated {
                self.way.pop();
            }
        } else {
            let packed = field.repeated && wire == RUN && packs(field.ty);
            is(packed, "the wire type isn't that of the field")?;
            let run = self.run()?;
            let behind = std::mem::replace(&mut self.rest, run);
            while !self.rest.is_empty() {
                let at = self.count(number, base);
                self.way.push(Token::Number(at));
                known &= self.value(field.ty, number, depth)?;
                self.way.pop();
            }
            self.rest = behind;
        }
        self.way.pop();
        Ok(known)
    }

    /// The place of the next element of a list. Elements come one after the other, or from few lists in turn.
    fn count(&mut self, number: u32, base: usize) -> u64 {
        let open = self.counts.get_mut(base..).unwrap_or_default();
        match open.iter_mut().rev().find(|(of, _)| *of == number) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                self.counts.push((number, 0));
                0
            }
        }
    }

    fn value(&mut self, ty: ProtobufType, number: u32, depth: u32) -> Outcome<bool> {
        let leaf = match ty {
            ProtobufType::Bool => Leaf::Bool(self.varint()? != 0),
            ProtobufType::Int32 => Leaf::Signed(low(self.varint()?).cast_signed().into()),
            ProtobufType::Sint32 => Leaf::Signed(zigzag(low(self.varint()?).into())),
            ProtobufType::Uint32 => Leaf::Unsigned(low(self.varint()?).into()),
            ProtobufType::Int64 => Leaf::Signed(self.varint()?.cast_signed()),
            ProtobufType::Sint64 => Leaf::Signed(zigzag(self.varint()?)),
            ProtobufType::Uint64 => Leaf::Unsigned(self.varint()?),
            ProtobufType::Fixed32 => Leaf::Unsigned(u32::from_le_bytes(self.chunk()?).into()),
            ProtobufType::Sfixed32 => Leaf::Signed(i32::from_le_bytes(self.chunk()?).into()),
            ProtobufType::Float => Leaf::Float(f32::from_le_bytes(self.chunk()?)),
            ProtobufType::Fixed64 => Leaf::Unsigned(u64::from_le_bytes(self.chunk()?)),
            ProtobufType::Sfixed64 => Leaf::Signed(i64::from_le_bytes(self.chunk()?)),
            ProtobufType::Double => Leaf::Double(f64::from_le_bytes(self.chunk()?)),
            ProtobufType::Bytes => Leaf::Bytes(self.run()?),
            ProtobufType::String => match std::str::from_utf8(self.run()?) {
                Ok(text) => Leaf::Text(text),
                Err(_) => return fault("expected string, found bytes that are no UTF-8"),
            },
            ProtobufType::Enum(of) => {
                let number = low(self.varint()?).cast_signed();
                if !self.ready.lists(of, number) {
                    demand(!self.closed, UNLISTED)?;
                    if self.program.enums.get(of as usize).is_none_or(|e| e.closed) {
                        return Ok(false);
                    }
                }
                Leaf::Enum(number)
            }
            ProtobufType::Message(of) => {
                let run = self.run()?;
                (self.each)(Way(&self.way), Leaf::Message);
                let behind = std::mem::replace(&mut self.rest, run);
                self.message(of, None, depth + 1)?;
                self.rest = behind;
                return Ok(true);
            }
            ProtobufType::Group(of) => {
                (self.each)(Way(&self.way), Leaf::Message);
                return self.message(of, Some(number), depth + 1).map(|()| true);
            }
        };
        (self.each)(Way(&self.way), leaf);
        Ok(true)
    }

    /// Skips a field that the message doesn't have, but for the bytes in it.
    fn unknown(&mut self, number: u32, wire: u32, depth: u32) -> Outcome<()> {
        self.way.push(Token::Number(number.into()));
        demand(!self.closed, UNNAMED)?;
        match wire {
            VARINT => drop(self.varint()?),
            EIGHT => drop(self.chunk::<8>()?),
            FOUR => drop(self.chunk::<4>()?),
            RUN => {
                let run = self.run()?;
                (self.each)(Way(&self.way), Leaf::Unknown(run));
            }
            _ => {
                demand(depth < DEPTH, DEEP)?;
                while let Some((inner, wire)) = self.tag(Some(number))? {
                    self.unknown(inner, wire, depth + 1)?;
                }
            }
        }
        self.way.pop();
        Ok(())
    }

    fn varint(&mut self) -> Outcome<u64> {
        let (value, rest) = varint(self.rest)?;
        self.rest = rest;
        Ok(value)
    }

    /// A number of 32 bits, in no more bytes than that takes: readers count the bytes.
    fn short(&mut self, why: &'static str) -> Outcome<u32> {
        let (value, rest) = varint(self.rest)?;
        let taken = self.rest.len() - rest.len();
        let Some(value) = u32::try_from(value).ok().filter(|_| taken <= 5) else { return fault(why) };
        self.rest = rest;
        Ok(value)
    }

    fn chunk<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        let Some((chunk, rest)) = self.rest.split_first_chunk() else { return fault(SHORT) };
        self.rest = rest;
        Ok(*chunk)
    }

    fn run(&mut self) -> Outcome<&'a [u8]> {
        let length = self.short("a length that no reader takes")? as usize;
        let Some((run, rest)) = self.rest.split_at_checked(length) else { return fault(SHORT) };
        self.rest = rest;
        Ok(run)
    }
}

fn varint(bytes: &[u8]) -> Result<(u64, &[u8]), Fault> {
    let mut value = 0;
    for (at, byte) in (0_u32..10).zip(bytes) {
        let bits = u64::from(byte & 0x7f);
        if at == 9 && *byte > 1 {
            return fault("an integer of more than 64 bits");
        }
        value |= bits << (7 * at);
        if byte & 0x80 == 0 {
            return Ok((value, bytes.get(at as usize + 1..).unwrap_or_default()));
        }
    }
    fault(SHORT)
}

/// What is left of an integer that is wider than its field.
fn low(value: u64) -> u32 {
    u32::try_from(value & 0xffff_ffff).unwrap_or_default()
}

fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn wire_of(ty: ProtobufType) -> u32 {
    match ty {
        ProtobufType::Fixed32 | ProtobufType::Sfixed32 | ProtobufType::Float => FOUR,
        ProtobufType::Fixed64 | ProtobufType::Sfixed64 | ProtobufType::Double => EIGHT,
        ProtobufType::String | ProtobufType::Bytes | ProtobufType::Message(_) => RUN,
        ProtobufType::Group(_) => BEGIN,
        _ => VARINT,
    }
}
