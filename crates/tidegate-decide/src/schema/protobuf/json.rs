//! The JSON form, as the language defines it: names of two kinds, numbers in strings, and the forms that the messages of
//! `google.protobuf` have.

use super::super::fault::{Outcome, confused, demand, fault, is};
use super::super::format;
use super::super::number::Decimal;
use super::{BROKEN, DEEP, DEPTH, MISSING, Ready, Seen, UNLISTED, UNNAMED};
use crate::decode::base64;
use crate::json::{Item, Kind, unescape};
use crate::schema::Mismatch;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;
use tidegate_graph::contract::schema::{Format, ProtobufField, ProtobufProgram, ProtobufType};

/// Compares a message in JSON. When `closed`, enumerations have no numbers but those of the program.
pub(in crate::schema) fn json(
    (program, ready): (&ProtobufProgram, &Ready),
    closed: bool,
    item: Item<'_>,
) -> Result<(), Mismatch> {
    Written { program, ready, closed }.message(0, item, 0).map_err(super::super::fault::Fault::shown)
}

#[derive(Clone, Copy)]
struct Written<'p> {
    program: &'p ProtobufProgram,
    ready: &'p Ready,
    closed: bool,
}

impl Written<'_> {
    fn message(self, index: u32, item: Item<'_>, depth: u32) -> Outcome<()> {
        demand(depth <= DEPTH, DEEP)?;
        let at = index as usize;
        let (Some(message), Some(ready)) = (self.program.messages.get(at), self.ready.messages.get(at))
        else {
            return fault(BROKEN);
        };
        if let Some(name) = message.name.strip_prefix("google.protobuf.")
            && let Some(outcome) = self.known(name, message.fields.get(&1), item, depth)
        {
            return outcome;
        }
        is(item.kind() == Kind::Object, "expected an object of the message's fields")?;
        let (mut seen, mut once, mut oneofs) = (Seen::default(), HashSet::new(), HashSet::new());
        for (key, value) in item.entries() {
            let name = text(key);
            let member = || {
                let number = ready.names.get(&*name);
                let Some(field) = number.and_then(|number| message.fields.get(number)) else {
                    return fault(UNNAMED);
                };
                let number = number.copied().unwrap_or_default();
                demand(once.insert(number), "a field under both of its names")?;
                if value.kind() == Kind::Null && !self.takes_null(field.ty) {
                    return Ok(());
                }
                let alone = field.oneof.is_none_or(|oneof| oneofs.insert(oneof));
                demand(alone, "several fields of which one may be there")?;
                seen.mark(&ready.required, number);
                self.field(field, value, depth)
            };
            let mut member = member;
            member().map_err(|fault| fault.below(&name))?;
        }
        match seen.missing(&ready.required).and_then(|number| message.fields.get(&number)) {
            Some(field) => fault(MISSING).map_err(|f: super::super::fault::Fault| f.below(&field.name)),
            None => Ok(()),
        }
    }

    /// `null` is a value of these types; of all others it is none.
    fn takes_null(self, ty: ProtobufType) -> bool {
        match ty {
            ProtobufType::Message(at) => {
                let message = self.program.messages.get(at as usize);
                message.is_some_and(|m| m.name == "google.protobuf.Value")
            }
            ProtobufType::Enum(at) => self.is_null(at),
            _ => false,
        }
    }

    fn is_null(self, of: u32) -> bool {
        let of = self.program.enums.get(of as usize);
        of.is_some_and(|e| e.name == "google.protobuf.NullValue")
    }

    fn field(self, field: &ProtobufField, value: Item<'_>, depth: u32) -> Outcome<()> {
        if !field.repeated {
            return self.value(field.ty, value, depth);
        }
        if let ProtobufType::Message(at) = field.ty
            && let Some(entry) = self.program.messages.get(at as usize).filter(|m| m.entry)
        {
            is(value.kind() == Kind::Object, "expected an object of the map's entries")?;
            let (Some(of), Some(to)) = (entry.fields.get(&1), entry.fields.get(&2)) else {
                return fault(BROKEN);
            };
            return value.entries().try_for_each(|(key, value)| {
                let name = text(key);
                let held = is_key(of.ty, &name).and_then(|()| self.value(to.ty, value, depth));
                held.map_err(|fault| fault.below(&name))
            });
        }
        is(value.kind() == Kind::Array, "expected an array")?;
        (0_u64..).zip(value.items()).try_for_each(|(at, element)| {
            self.value(field.ty, element, depth).map_err(|fault| fault.below(&at.to_string()))
        })
    }

    fn value(self, ty: ProtobufType, item: Item<'_>, depth: u32) -> Outcome<()> {
        match ty {
            ProtobufType::Bool => is(item.kind() == Kind::Bool, "expected boolean"),
            ProtobufType::Int32 | ProtobufType::Sint32 | ProtobufType::Sfixed32 => {
                integer(item, "-2147483648", "2147483647")
            }
            ProtobufType::Uint32 | ProtobufType::Fixed32 => integer(item, "0", "4294967295"),
            ProtobufType::Int64 | ProtobufType::Sint64 | ProtobufType::Sfixed64 => {
                integer(item, "-9223372036854775808", "9223372036854775807")
            }
            ProtobufType::Uint64 | ProtobufType::Fixed64 => integer(item, "0", "18446744073709551615"),
            ProtobufType::Float => float(item, f64::from(f32::MAX)),
            ProtobufType::Double => float(item, f64::MAX),
            ProtobufType::String => is(item.kind() == Kind::String, "expected string"),
            ProtobufType::Bytes => {
                is(item.kind() == Kind::String, "expected bytes as Base64 in a string")?;
                let (text, mut out) = (text(item), Vec::new());
                demand(text.is_empty() || base64::decode(text.as_bytes(), &mut out), "expected Base64")
            }
            ProtobufType::Enum(at) => self.listed(at, item),
            ProtobufType::Message(at) | ProtobufType::Group(at) => self.message(at, item, depth + 1),
        }
    }

    fn listed(self, at: u32, item: Item<'_>) -> Outcome<()> {
        let Some(of) = self.program.enums.get(at as usize) else { return fault(BROKEN) };
        match item.kind() {
            Kind::String => demand(of.values.contains_key(&*text(item)), UNLISTED),
            Kind::Number => {
                integer(item, "-2147483648", "2147483647")?;
                let number = std::str::from_utf8(item.raw()).ok().and_then(|raw| raw.parse().ok());
                let listed = number.is_some_and(|number| self.ready.lists(at, number));
                demand(listed || !of.closed && !self.closed, UNLISTED)
            }
            Kind::Null if self.is_null(at) => Ok(()),
            _ => confused("expected the name or the number of an enumeration"),
        }
    }

    /// Messages of `google.protobuf` that have a form of their own. `value` is their first field.
    fn known(
        self,
        name: &str,
        value: Option<&ProtobufField>,
        item: Item<'_>,
        depth: u32,
    ) -> Option<Outcome<()>> {
        let string = |holds: &dyn Fn(&str) -> bool, why| {
            is(item.kind() == Kind::String, why)?;
            demand(holds(&text(item)), why)
        };
        Some(match name {
            "Timestamp" => string(&is_time, "expected a time as in RFC 3339"),
            "Duration" => string(&is_duration, "expected seconds, as in `1.5s`"),
            "FieldMask" => string(&|text| !text.contains('_'), "expected names of fields as JSON has them"),
            "Value" => Ok(()),
            "Struct" => is(item.kind() == Kind::Object, "expected an object"),
            "ListValue" => is(item.kind() == Kind::Array, "expected an array"),
            "Any" => {
                let named = item.field("@type").is_none_or(|ty| ty.kind() != Kind::String);
                let empty = item.entries().next().is_none();
                is(item.kind() == Kind::Object, "expected an object")
                    .and_then(|()| demand(empty || !named, "expected an object with its type in `@type`"))
            }
            "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value" | "UInt32Value"
            | "BoolValue" | "StringValue" | "BytesValue" => match value {
                Some(value) => self.value(value.ty, item, depth),
                None => fault(BROKEN),
            },
            _ => return None,
        })
    }
}

fn is_key(ty: ProtobufType, key: &str) -> Outcome<()> {
    let within = |least: i128, most: i128| {
        let number = digits(key).then(|| key.parse::<i128>().ok()).flatten();
        demand(number.is_some_and(|n| (least..=most).contains(&n)), "expected a key that is an integer")
    };
    match ty {
        ProtobufType::Bool => demand(matches!(key, "true" | "false"), "expected a key that is true or false"),
        ProtobufType::Int32 | ProtobufType::Sint32 | ProtobufType::Sfixed32 => {
            within(i32::MIN.into(), i32::MAX.into())
        }
        ProtobufType::Uint32 | ProtobufType::Fixed32 => within(0, u32::MAX.into()),
        ProtobufType::Int64 | ProtobufType::Sint64 | ProtobufType::Sfixed64 => {
            within(i64::MIN.into(), i64::MAX.into())
        }
        ProtobufType::Uint64 | ProtobufType::Fixed64 => within(0, u64::MAX.into()),
        _ => Ok(()),
    }
}

/// An integer, as a number or as a string.
fn integer(item: Item<'_>, least: &str, most: &str) -> Outcome<()> {
    const WHY: &str = "expected an integer, as a number or in a string";
    let raw = match item.kind() {
        Kind::Number => Cow::Borrowed(std::str::from_utf8(item.raw()).unwrap_or_default()),
        Kind::String => text(item),
        _ => return confused(WHY),
    };
    is(item.kind() == Kind::Number || digits(&raw), WHY)?;
    let number = Decimal::read(raw.as_bytes());
    is(number.is_whole(), WHY)?;
    let above = number.compare(Decimal::read(least.as_bytes())) != Ordering::Less;
    let below = number.compare(Decimal::read(most.as_bytes())) != Ordering::Greater;
    demand(above && below, "an integer that is wider than the field")
}

/// Digits, perhaps below zero; more of them than any integer has are none.
fn digits(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (1..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

fn float(item: Item<'_>, most: f64) -> Outcome<()> {
    const WHY: &str = "expected a number, which may stand in a string";
    let raw = match item.kind() {
        Kind::Number => Cow::Borrowed(std::str::from_utf8(item.raw()).unwrap_or_default()),
        Kind::String => text(item),
        _ => return confused(WHY),
    };
    if item.kind() == Kind::String && matches!(&*raw, "NaN" | "Infinity" | "-Infinity") {
        return Ok(());
    }
    let plain = raw.len() <= 400 && raw.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let number = plain.then(|| raw.parse::<f64>().ok()).flatten();
    match number {
        Some(number) => demand(number.abs() <= most, "a number that is wider than the field"),
        None => confused(WHY),
    }
}

fn is_time(text: &str) -> bool {
    let fraction = text.split_once('.').map_or("", |(_, rest)| rest);
    format::holds(Format::DateTime, text.as_bytes())
        && fraction.bytes().take_while(u8::is_ascii_digit).count() <= 9
}

/// Ten thousand years either way, which is what a duration may be.
fn is_duration(text: &str) -> bool {
    let Some(number) = text.strip_suffix('s') else { return false };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let seconds = digits(whole).then(|| whole.parse::<i64>().ok()).flatten();
    seconds.is_some_and(|s| s.abs() <= 315_576_000_000)
        && (1..=9).contains(&fraction.len())
        && fraction.bytes().all(|b| b.is_ascii_digit())
}

/// The value of a string or a key.
fn text(item: Item<'_>) -> Cow<'_, str> {
    if !item.is_escaped() {
        return String::from_utf8_lossy(item.raw());
    }
    let mut value = Vec::new();
    unescape(item.raw(), &mut value);
    Cow::Owned(String::from_utf8_lossy(&value).into_owned())
}
