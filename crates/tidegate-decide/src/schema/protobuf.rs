//! Protocol buffers: messages in their wire format and in their JSON form.

mod json;
mod wire;

pub(super) use json::json;
pub(super) use wire::{binary, index, indexes};

use std::collections::{HashMap, HashSet};
use tidegate_graph::contract::schema::{ProtobufProgram, ProtobufType};

/// Messages in each other: what the libraries of the language take without being told otherwise.
const DEPTH: u32 = 100;
const DEEP: &str = "nested deeper than the limit";
const BROKEN: &str = "the schema is broken";
const UNLISTED: &str = "none of the values that the schema lists";
const UNNAMED: &str = "a field that the message doesn't have";
const MISSING: &str = "a required field is missing";

/// What is made of a program once.
#[derive(Debug, Default)]
pub(super) struct Ready {
    messages: Vec<ReadyMessage>,
    /// Numbers of enumerations.
    enums: Vec<HashSet<i32>>,
}

#[derive(Debug, Default)]
struct ReadyMessage {
    /// Numbers of fields by their names in JSON.
    names: HashMap<String, u32>,
    /// Numbers of fields that have to be there, in order.
    required: Vec<u32>,
}

impl Ready {
    pub(super) fn of(program: &ProtobufProgram) -> Self {
        let messages = program.messages.iter().map(|message| {
            let mut ready = ReadyMessage::default();
            for (number, field) in &message.fields {
                let names = field.json.iter().chain([&field.name]);
                ready.names.extend(names.map(|name| (name.clone(), *number)));
                ready.required.extend(field.required.then_some(*number));
            }
            ready
        });
        let numbers = program.enums.iter().map(|of| of.values.values().copied().collect());
        Self { messages: messages.collect(), enums: numbers.collect() }
    }

    fn lists(&self, of: u32, number: i32) -> bool {
        self.enums.get(of as usize).is_some_and(|numbers| numbers.contains(&number))
    }
}

/// Which required fields were seen.
#[derive(Default)]
struct Seen {
    first: u64,
    late: Vec<bool>,
}

impl Seen {
    fn mark(&mut self, required: &[u32], number: u32) {
        let Ok(at) = required.binary_search(&number) else { return };
        match at.checked_sub(64) {
            None => self.first |= 1 << at,
            Some(late) => {
                self.late.resize(required.len() - 64, false);
                self.late.get_mut(late).into_iter().for_each(|seen| *seen = true);
            }
        }
    }

    /// The first that is missing.
    fn missing(&self, required: &[u32]) -> Option<u32> {
        let is_seen = |at: usize| match at.checked_sub(64) {
            None => self.first & (1 << at) != 0,
            Some(late) => self.late.get(late).copied().unwrap_or_default(),
        };
        required.iter().enumerate().find(|(at, _)| !is_seen(*at)).map(|(_, number)| *number)
    }
}

/// Whether a type of a list may stand in one run of bytes.
fn packs(ty: ProtobufType) -> bool {
    use ProtobufType::{Bytes, Group, Message, String};
    !matches!(ty, String | Bytes | Message(_) | Group(_))
}
