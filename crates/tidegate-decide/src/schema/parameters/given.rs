//! What an event gives for a parameter. What a function reads may stand in several places of its event: all of them
//! count.

use crate::decode::base64;
use crate::json::{Item, Kind, unescape};
use crate::schema::payload;
use crate::trigger::Trigger;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use tidegate_graph::contract::schema::{Parameter, ParameterForm, ParameterPlace};

/// One value as the event gives it.
#[derive(Clone, Debug)]
pub(super) struct Given<'e> {
    /// Where it stands.
    pub(super) node: Item<'e>,
    pub(super) text: Cow<'e, [u8]>,
    /// It is no text: a number or a flag of its own.
    pub(super) bare: bool,
}

/// The values of one parameter.
#[derive(Debug, Default)]
pub(super) struct Values<'e> {
    pub(super) all: Vec<Given<'e>>,
    /// Nobody can tell whether there is one.
    pub(super) unknown: bool,
    /// It is there more than once.
    pub(super) several: bool,
}

impl<'e> Values<'e> {
    fn push(&mut self, node: Item<'e>, text: Cow<'e, [u8]>) {
        self.all.push(Given { node, text, bare: false });
    }

    /// A string, or each of a list.
    fn take(&mut self, value: Item<'e>, read: impl Fn(Cow<'e, [u8]>) -> Cow<'e, [u8]>) {
        match value.kind() {
            Kind::Array => {
                for element in value.items().filter(|e| e.kind() == Kind::String) {
                    self.push(element, read(text(element)));
                }
            }
            Kind::String => self.push(value, read(text(value))),
            Kind::Number | Kind::Bool => {
                self.all.push(Given { node: value, text: Cow::Borrowed(value.raw()), bare: true });
            }
            Kind::Null | Kind::Object => {}
        }
    }
}

/// The values that `item`, an event or a record of one, gives for `parameter`; `route` is the one that was asked for.
pub(super) fn values<'e>(
    parameter: &Parameter,
    trigger: Trigger,
    route: Option<&str>,
    item: Item<'e>,
) -> Values<'e> {
    let mut values = Values::default();
    let name = parameter.name.as_bytes();
    match parameter.place {
        ParameterPlace::Query => query(parameter, trigger, item, &mut values),
        ParameterPlace::Path => path(name, route, item, &mut values),
        ParameterPlace::Header => header(name, item, &mut values),
        ParameterPlace::Cookie => cookies(name, item, &mut values),
        ParameterPlace::Message => message(name, trigger, item, &mut values),
    }
    values
}

fn query<'e>(parameter: &Parameter, trigger: Trigger, event: Item<'e>, values: &mut Values<'e>) {
    let name = parameter.name.as_bytes();
    // A load balancer hands on what was sent as it was sent.
    let encoded = trigger == Trigger::Alb;
    let read =
        |text: Cow<'e, [u8]>| if encoded { Cow::Owned(unquoted(&text, true).into_owned()) } else { text };
    let list = parameter.form == ParameterForm::Repeated;
    let mut made = Values::default();
    for place in ["multiValueQueryStringParameters", "queryStringParameters", "query_string_parameters"] {
        // The second place says one of the first's values once more, which makes the list no longer.
        let entries = event.field(place).filter(|_| !list || made.all.is_empty());
        let entries = entries.into_iter().flat_map(Item::entries);
        for (_, value) in entries.filter(|(key, _)| *read(text(*key)) == *name) {
            values.several |= value.items().count() > 1;
            made.take(value, read);
        }
    }
    let raw = event.field("rawQueryString").filter(|raw| raw.kind() == Kind::String);
    let mut sent = Values::default();
    for part in raw.map(|raw| pieces(&text(raw), b'&')).unwrap_or_default() {
        let (key, value) = pair(&part);
        if let Some(raw) = raw.filter(|_| *unquoted(key, true) == *name) {
            sent.push(raw, Cow::Owned(unquoted(value, true).into_owned()));
        }
    }
    values.several |= sent.all.len() > 1;
    if list {
        // Version 2 of the payload joins what was sent several times.
        let joined = trigger == Trigger::ApiGatewayV2;
        values.all = match (sent.all.is_empty(), joined) {
            (false, _) => sent.all,
            (true, false) => made.all,
            (true, true) => {
                let split = |given: Given<'e>| {
                    let pieces = pieces(&given.text, b',').into_iter();
                    pieces.map(move |piece| Given { text: Cow::Owned(piece), ..given.clone() })
                };
                made.all.into_iter().flat_map(split).collect()
            }
        };
        return;
    }
    // The place of its own says more than the whole query.
    let places: HashMap<&[u8], Item<'e>> = made.all.iter().map(|given| (&*given.text, given.node)).collect();
    for given in &mut sent.all {
        given.node = places.get(&*given.text).copied().unwrap_or(given.node);
    }
    drop(places);
    values.all = sent.all;
    values.all.append(&mut made.all);
    dedup(&mut values.all);
}

fn path<'e>(name: &[u8], route: Option<&str>, event: Item<'e>, values: &mut Values<'e>) {
    let parameters = event.field("pathParameters").into_iter().flat_map(Item::entries);
    for (_, value) in parameters.filter(|(key, _)| *text(*key) == *name) {
        values.take(value, |text| text);
    }
    if values.all.is_empty() {
        let template = route.and_then(|route| route.split_once(' ')).map(|(_, template)| template);
        let found = template.and_then(|template| payload::part_of_path(template, name, event));
        match found {
            Some((node, part)) => values.push(node, Cow::Owned(unquoted(&part, false).into_owned())),
            None => values.unknown = true,
        }
    }
}

fn header<'e>(name: &[u8], event: Item<'e>, values: &mut Values<'e>) {
    for place in ["multiValueHeaders", "headers"] {
        let headers = event.field(place).into_iter().flat_map(Item::entries);
        for (_, value) in headers.filter(|(key, _)| text(*key).eq_ignore_ascii_case(name)) {
            values.several |= value.items().count() > 1;
            values.take(value, |text| text);
        }
    }
    dedup(&mut values.all);
}

fn cookies<'e>(name: &[u8], event: Item<'e>, values: &mut Values<'e>) {
    let mut found = Values::default();
    if let Some(cookies) = event.field("cookies") {
        found.take(cookies, |text| text);
    }
    header(b"cookie", event, &mut found);
    for Given { node, text, .. } in found.all {
        for part in pieces(&text, b';') {
            let (key, value) = pair(part.trim_ascii());
            if key == name {
                values.push(node, Cow::Owned(value.to_vec()));
            }
        }
    }
    dedup(&mut values.all);
}

/// Headers and attributes of messages.
fn message<'e>(name: &[u8], trigger: Trigger, record: Item<'e>, values: &mut Values<'e>) {
    let at = |path: &[&str]| path.iter().try_fold(record, |item, key| item.field(key));
    let mine = |of: Option<Item<'e>>| {
        of.into_iter().flat_map(Item::entries).filter(|(key, _)| *text(*key) == *name).map(|(_, value)| value)
    };
    let binary = |text: Cow<'e, [u8]>| {
        let mut bytes = Vec::new();
        if base64::decode(&text, &mut bytes) { Cow::Owned(bytes) } else { text }
    };
    match trigger {
        Trigger::Sqs => {
            for attribute in mine(at(&["messageAttributes"])) {
                if let Some(value) = attribute.field("stringValue") {
                    values.take(value, |text| text);
                }
                if let Some(value) = attribute.field("binaryValue") {
                    values.take(value, binary);
                }
            }
        }
        Trigger::Sns => {
            for attribute in mine(at(&["Sns", "MessageAttributes"])) {
                let Some(value) = attribute.field("Value") else { continue };
                if attribute.field("Type").is_some_and(|t| t.is_text("Binary")) {
                    values.take(value, binary);
                } else {
                    values.take(value, |text| text);
                }
            }
        }
        Trigger::Kafka => {
            for value in record.field("headers").into_iter().flat_map(Item::items).flat_map(|h| mine(Some(h)))
            {
                values.push(value, Cow::Owned(bytes(value)));
            }
        }
        Trigger::Mq => {
            let places = [at(&["basicProperties", "headers"]), at(&["properties"])];
            for value in places.into_iter().flat_map(mine) {
                match value.field("bytes") {
                    Some(list) => values.push(value, Cow::Owned(bytes(list))),
                    None => values.take(value, |text| text),
                }
            }
        }
        Trigger::PubSub => {
            let places = [at(&["message", "attributes"]), at(&["data", "message", "attributes"])];
            for value in places.into_iter().flat_map(mine) {
                values.take(value, |text| text);
            }
        }
        _ => values.unknown = true,
    }
}

/// Bytes as a list of numbers, below zero where they have a sign.
fn bytes(list: Item<'_>) -> Vec<u8> {
    let number = |item: Item<'_>| std::str::from_utf8(item.raw()).ok()?.parse::<i16>().ok();
    let byte = |item: Item<'_>| number(item).map(|n| n.to_le_bytes().first().copied().unwrap_or_default());
    list.items().map(|item| byte(item).unwrap_or(b'?')).collect()
}

/// Values that stand in two places count once.
fn dedup(all: &mut Vec<Given<'_>>) {
    if all.len() > 1 {
        let mut known = HashSet::new();
        all.retain(|given| known.insert(given.text.to_vec()));
    }
}

fn pieces(text: &[u8], between: u8) -> Vec<Vec<u8>> {
    text.split(|b| *b == between).map(<[u8]>::to_vec).collect()
}

fn pair(part: &[u8]) -> (&[u8], &[u8]) {
    match part.iter().position(|b| *b == b'=') {
        Some(at) => (part.get(..at).unwrap_or_default(), part.get(at + 1..).unwrap_or_default()),
        None => (part, b""),
    }
}

/// With percent signs read, and `+` as a space where forms have it.
pub(super) fn unquoted(text: &[u8], plus: bool) -> Cow<'_, [u8]> {
    if !text.iter().any(|b| *b == b'%' || plus && *b == b'+') {
        return Cow::Borrowed(text);
    }
    let digit =
        |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        match (first, digit(tail.first()), digit(tail.get(1))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                rest = tail.get(2..).unwrap_or_default();
                continue;
            }
            (b'+', ..) if plus => out.push(b' '),
            _ => out.push(*first),
        }
        rest = tail;
    }
    Cow::Owned(out)
}

fn text(item: Item<'_>) -> Cow<'_, [u8]> {
    item.plain().map_or_else(
        || {
            let mut value = Vec::new();
            unescape(item.raw(), &mut value);
            Cow::Owned(value)
        },
        Cow::Borrowed,
    )
}
