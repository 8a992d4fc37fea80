//! Protocol buffers: what a reader makes of the fields that a writer sends, in the wire format and in JSON.

use super::{Break, below, found};
use std::collections::{BTreeMap, BTreeSet};
use tidegate_decide::schema::compile::{Protobuf, Reserved};
use tidegate_graph::contract::schema::{
    ProtobufEnum, ProtobufField, ProtobufMessage, ProtobufProgram, ProtobufType,
};

/// Compares all messages and enumerations by their names. `newer` says that the reader's is the newer version: only there
/// is something taken away or used anew.
pub(super) fn breaks(writer: &Protobuf, reader: &Protobuf, newer: bool) -> Vec<Break> {
    let mut out = Vec::new();
    let readers: BTreeMap<&str, &ProtobufMessage> =
        reader.program.messages.iter().map(|m| (m.name.as_str(), m)).collect();
    // The entries of a map are told by its field.
    for from in writer.program.messages.iter().filter(|m| !m.entry) {
        let at = below("", &from.name);
        match readers.get(from.name.as_str()) {
            Some(to) => Messages { writer, reader, from, to, newer, at }.compare(&mut out),
            None if newer => out.push(found(&at, "message-removed", "the message is gone")),
            None => {}
        }
    }
    let readers: BTreeMap<&str, &ProtobufEnum> =
        reader.program.enums.iter().map(|e| (e.name.as_str(), e)).collect();
    for from in &writer.program.enums {
        let at = below("", &from.name);
        match readers.get(from.name.as_str()) {
            Some(to) => values(from, to, reader.reserved.get(&to.name).filter(|_| newer), &at, &mut out),
            None if newer => out.push(found(&at, "enum-removed", "the enumeration is gone")),
            None => {}
        }
    }
    out
}

/// A message in both versions.
struct Messages<'p> {
    writer: &'p Protobuf,
    reader: &'p Protobuf,
    from: &'p ProtobufMessage,
    to: &'p ProtobufMessage,
    newer: bool,
    at: String,
}

impl Messages<'_> {
    fn compare(&self, out: &mut Vec<Break>) {
        let mut say = |field: &ProtobufField, kind, why: String| {
            out.push(found(&below(&self.at, &field.name), kind, why));
        };
        let named: BTreeMap<&str, u32> =
            self.to.fields.iter().map(|(n, to)| (to.name.as_str(), *n)).collect();
        for (number, from) in &self.from.fields {
            let moved = named.get(from.name.as_str()).filter(|other| *other != number);
            match (self.to.fields.get(number), moved) {
                (_, Some(other)) => {
                    say(from, "field-renumbered", format!("its number was {number}, and is {other}"));
                }
                (Some(to), None) => self.field(from, to, &mut say),
                (None, None)
                    if self.newer && !is_reserved(self.reader.reserved.get(&self.to.name), *number) =>
                {
                    let why = format!("it is gone, and its number {number} isn't reserved");
                    say(from, "field-removed-without-reserved", why);
                }
                (None, None) => {}
            }
        }
        for (number, to) in &self.to.fields {
            let from = self.from.fields.get(number);
            if to.required && !from.is_some_and(|from| from.required) {
                say(to, "required-field-added", "it could be left out, and is required".into());
            }
            if self.newer && from.is_none() && is_reserved(self.writer.reserved.get(&self.from.name), *number)
            {
                say(to, "reserved-number-used", format!("its number {number} was reserved"));
            }
        }
        self.oneofs(&mut say);
    }

    fn field(
        &self,
        from: &ProtobufField,
        to: &ProtobufField,
        say: &mut impl FnMut(&ProtobufField, &'static str, String),
    ) {
        let is_map = |program: &ProtobufProgram, ty| match ty {
            ProtobufType::Message(at) => program.messages.get(at as usize).is_some_and(|m| m.entry),
            _ => false,
        };
        let maps = (is_map(&self.writer.program, from.ty), is_map(&self.reader.program, to.ty));
        if from.name != to.name {
            say(to, "field-renamed", format!("it was `{}`, which JSON names it by", from.name));
        }
        if from.repeated != to.repeated || maps.0 != maps.1 {
            say(
                to,
                "field-cardinality",
                "it was a single value, a list or a map, and is another of these".into(),
            );
        } else if maps.0 {
            for number in [1, 2] {
                if let (Some(was), Some(is)) =
                    (part(self.writer, from.ty, number), part(self.reader, to.ty, number))
                {
                    self.types(to, (was.ty, is.ty), say);
                }
            }
        } else {
            self.types(to, (from.ty, to.ty), say);
        }
    }

    fn types(
        &self,
        field: &ProtobufField,
        (from, to): (ProtobufType, ProtobufType),
        say: &mut impl FnMut(&ProtobufField, &'static str, String),
    ) {
        let (was, is) = (name(&self.writer.program, from), name(&self.reader.program, to));
        if was != is && !widens(from, to) {
            say(field, "field-type", format!("`{is}` doesn't read all of `{was}`"));
        }
    }

    /// Fields that could be there together, and can't any more.
    fn oneofs(&self, say: &mut impl FnMut(&ProtobufField, &'static str, String)) {
        let mut groups: BTreeMap<u32, Vec<(&ProtobufField, Option<u32>)>> = BTreeMap::new();
        for (number, to) in &self.to.fields {
            if let (Some(oneof), Some(from)) = (to.oneof, self.from.fields.get(number)) {
                groups.entry(oneof).or_default().push((to, from.oneof));
            }
        }
        for fields in groups.values().filter(|fields| fields.len() > 1) {
            let before: BTreeSet<_> = fields.iter().map(|(_, oneof)| oneof).collect();
            let apart = before.len() > 1 || before.contains(&None);
            for (field, _) in fields.iter().filter(|_| apart) {
                say(field, "oneof-joined", "it could be there together with others that it excludes".into());
            }
        }
    }
}

/// Key or value of a map.
fn part(of: &Protobuf, entry: ProtobufType, number: u32) -> Option<&ProtobufField> {
    let ProtobufType::Message(at) = entry else { return None };
    of.program.messages.get(at as usize)?.fields.get(&number)
}

/// Numbers and names of an enumeration. `reserved` is there for a reader that is the newer version.
fn values(
    from: &ProtobufEnum,
    to: &ProtobufEnum,
    reserved: Option<&Reserved>,
    at: &str,
    out: &mut Vec<Break>,
) {
    let known: BTreeSet<i32> = to.values.values().copied().collect();
    for (name, number) in &from.values {
        let mut say = |kind, why: String| out.push(found(&below(at, name), kind, why));
        match to.values.get(name) {
            Some(same) if same == number => {}
            Some(other) => say("enum-value-renumbered", format!("its number was {number}, and is {other}")),
            None if known.contains(number) => {
                say("enum-value-renamed", format!("{number} has another name, which JSON names it by"));
            }
            None if to.closed => say("enum-value-removed", "a reader takes it for none at all".into()),
            None => {
                let free =
                    reserved.is_some_and(|r| !r.numbers.iter().any(|r| r.contains(&i64::from(*number))));
                if free {
                    say("enum-value-removed", format!("it is gone, and its number {number} isn't reserved"));
                }
            }
        }
    }
}

fn is_reserved(reserved: Option<&Reserved>, number: u32) -> bool {
    reserved.is_some_and(|reserved| reserved.numbers.iter().any(|range| range.contains(&i64::from(number))))
}

/// Types whose values are values of the other in the wire format as well.
fn widens(from: ProtobufType, to: ProtobufType) -> bool {
    use ProtobufType::{Bool, Bytes, Enum, Int32, Int64, Sint32, Sint64, String, Uint32, Uint64};
    matches!(
        (from, to),
        (Bool, Int32 | Uint32 | Int64 | Uint64)
            | (Int32, Int64)
            | (Uint32, Uint64 | Int64)
            | (Sint32, Sint64)
            | (Enum(_), Int32 | Int64)
            | (String, Bytes)
    )
}

/// As a file has it.
fn name(program: &ProtobufProgram, ty: ProtobufType) -> String {
    let message = |at: u32| program.messages.get(at as usize).map(|m| m.name.clone()).unwrap_or_default();
    match ty {
        ProtobufType::Enum(at) => program.enums.get(at as usize).map(|e| e.name.clone()).unwrap_or_default(),
        ProtobufType::Message(at) => message(at),
        ProtobufType::Group(at) => format!("group {}", message(at)),
        plain => format!("{plain:?}").to_lowercase(),
    }
}
