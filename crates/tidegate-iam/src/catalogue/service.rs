//! Services as the catalogue's lines describe them.

use std::collections::HashMap;
use std::sync::OnceLock;
use tidegate_graph::Str;

/// How much an action may do, in AWS's classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Lists what is there.
    List,
    /// Reads content.
    Read,
    /// Changes tags alone.
    Tagging,
    /// Creates, changes or deletes.
    Write,
    /// Changes who may do what.
    Permissions,
}

/// The type of a condition key's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Text.
    String,
    /// An ARN.
    Arn,
    /// `true` or `false`.
    Bool,
    /// A number.
    Numeric,
    /// A day or moment.
    Date,
    /// An address.
    Ip,
}

/// A condition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// `s3:prefix`, `aws:RequestTag/${TagKey}`.
    pub name: Str,
    /// The type of its values.
    pub kind: KeyKind,
    /// A request may have several values of it.
    pub many: bool,
}

/// A type of resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceType {
    /// `queue`.
    pub name: Str,
    /// `arn:${Partition}:sqs:${Region}:${Account}:${QueueName}`.
    pub arn: Str,
    /// Keys about the resource, as indices into [`Service::keys`].
    pub keys: Vec<u16>,
}

/// A type on which an action works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct On {
    /// Index into [`Service::resource_types`].
    pub ty: u16,
    /// A request always names one.
    pub required: bool,
    /// Keys that only count with this type.
    pub keys: Vec<u16>,
}

/// An action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Without the service's prefix: `GetObject`.
    pub name: Str,
    /// How much it may do.
    pub access: Access,
    /// Resource types; none when it can only be allowed on `*`.
    pub resource_types: Vec<On>,
    /// Keys for all types, as indices into [`Service::keys`].
    pub keys: Vec<u16>,
    /// Actions that the caller needs besides: `iam:PassRole`.
    pub dependents: Vec<Str>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// `sqs`.
    pub prefix: Str,
    /// `Amazon SQS`.
    pub title: Str,
    /// Resource control policies of an organization reach it.
    pub rcp: bool,
    keys: Vec<Key>,
    /// Keys by name in small letters; those that stand for many by what is before their `${`.
    key_index: HashMap<String, usize>,
    open_keys: Vec<usize>,
    types: Vec<ResourceType>,
    actions: Vec<Action>,
}

impl Service {
    /// Its actions, by name in small letters.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Its own condition keys.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Its resource types.
    pub fn resource_types(&self) -> &[ResourceType] {
        &self.types
    }

    /// One action by its name without prefix, in any case.
    pub fn action(&self, name: &str) -> Option<&Action> {
        let at = self.actions.binary_search_by(|a| compare(&a.name, name)).ok()?;
        self.actions.get(at)
    }

    /// A key of the service by its full name, in any case; a tag's key stands for every tag.
    pub fn key(&self, name: &str) -> Option<&Key> {
        let exact = self.key_index.get(&name.to_ascii_lowercase()).and_then(|n| self.keys.get(*n));
        let mut open = self.open_keys.iter().filter_map(|n| self.keys.get(*n));
        exact.or_else(|| open.find(|key| key.is_called(name)))
    }

    /// The types on which an action works.
    pub fn types_of<'s>(&'s self, action: &'s Action) -> impl Iterator<Item = (&'s On, &'s ResourceType)> {
        action.resource_types.iter().filter_map(|on| Some((on, self.types.get(usize::from(on.ty))?)))
    }

    /// Every key that a request for an action may have, besides the global ones.
    pub fn keys_of<'s>(&'s self, action: &'s Action) -> impl Iterator<Item = &'s Key> {
        let by_type = self.types_of(action).flat_map(|(on, ty)| on.keys.iter().chain(&ty.keys));
        action.keys.iter().chain(by_type).filter_map(|n| self.keys.get(usize::from(*n)))
    }
}

impl Key {
    /// True if a condition's key means this one: in any case, and with anything where the name has a `${...}`.
    pub fn is_called(&self, name: &str) -> bool {
        let Some((before, rest)) = self.name.split_once("${") else {
            return self.name.eq_ignore_ascii_case(name);
        };
        let after = rest.split_once('}').map_or("", |(_, after)| after);
        let (Some(head), Some(tail)) = (name.get(..before.len()), name.get(before.len()..)) else {
            return false;
        };
        let ends = tail.len().checked_sub(after.len()).and_then(|at| tail.get(at..));
        head.eq_ignore_ascii_case(before)
            && tail.len() > after.len()
            && ends.is_some_and(|e| e.eq_ignore_ascii_case(after))
    }
}

/// Every service, each read from its lines when it is first asked for.
#[derive(Debug)]
pub(super) struct Services {
    text: String,
    /// Prefix, and where its lines are.
    index: Vec<(Str, std::ops::Range<usize>, OnceLock<Service>)>,
    globals: Service,
}

impl Services {
    pub(super) fn new(text: String) -> Self {
        let mut index: Vec<(Str, std::ops::Range<usize>, OnceLock<Service>)> = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let end = start + line.len();
            if let Some(rest) = line.strip_prefix("S\t") {
                let prefix = rest.split('\t').next().unwrap_or_default().trim_end();
                index.push((prefix.into(), start..end, OnceLock::new()));
            } else if let Some((_, range, _)) = index.last_mut() {
                range.end = end;
            }
            start = end;
        }
        index.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        let own = index.iter().position(|(prefix, ..)| prefix == "*");
        let range = own.map(|at| index.remove(at).1);
        let globals = range.and_then(|range| text.get(range)).map(parse).unwrap_or_default();
        Self { text, index, globals }
    }

    pub(super) fn globals(&self) -> &Service {
        &self.globals
    }

    pub(super) fn get(&self, prefix: &str) -> Option<&Service> {
        let at = self.index.binary_search_by(|(own, ..)| compare(own, prefix)).ok()?;
        self.index.get(at).map(|entry| self.open(entry))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Service> {
        self.index.iter().map(|entry| self.open(entry))
    }

    fn open<'s>(
        &'s self,
        (_, range, service): &'s (Str, std::ops::Range<usize>, OnceLock<Service>),
    ) -> &'s Service {
        service.get_or_init(|| self.text.get(range.clone()).map(parse).unwrap_or_default())
    }
}

/// Order of names without regard to case.
fn compare(own: &str, asked: &str) -> std::cmp::Ordering {
    own.bytes().map(|b| b.to_ascii_lowercase()).cmp(asked.bytes().map(|b| b.to_ascii_lowercase()))
}

fn parse(lines: &str) -> Service {
    let mut service = Service::default();
    for line in lines.lines() {
        let mut parts = line.split('\t');
        let kind = parts.next().unwrap_or_default();
        let mut part = || parts.next().unwrap_or_default();
        match kind {
            "S" => {
                (service.prefix, service.title) = (part().into(), part().into());
                service.rcp = part().contains('r');
            }
            "K" => {
                let (name, kind) = (part().into(), part());
                let key = Key { name, kind: key_kind(kind), many: kind.ends_with('s') };
                if key.name.contains("${") {
                    service.open_keys.push(service.keys.len());
                } else {
                    service.key_index.insert(key.name.to_ascii_lowercase(), service.keys.len());
                }
                service.keys.push(key);
            }
            "R" => {
                let (name, arn) = (part().into(), part().into());
                service.types.push(ResourceType { name, arn, keys: numbers(part(), ',') });
            }
            "A" => {
                let (name, level, on, keys, needs) = (part(), part(), part(), part(), part());
                service.actions.push(Action {
                    name: name.into(),
                    access: access(level),
                    resource_types: on.split(',').filter_map(works_on).collect(),
                    keys: numbers(keys, ','),
                    dependents: needs.split(',').filter(|n| !n.is_empty()).map(Into::into).collect(),
                });
            }
            _ => {}
        }
    }
    service
}

fn works_on(text: &str) -> Option<On> {
    let (text, required) = text.strip_prefix('!').map_or((text, false), |rest| (rest, true));
    let (ty, keys) = text.split_once(':').unwrap_or((text, ""));
    Some(On { ty: ty.parse().ok()?, required, keys: numbers(keys, '.') })
}

fn numbers(text: &str, between: char) -> Vec<u16> {
    text.split(between).filter_map(|n| n.parse().ok()).collect()
}

fn access(letter: &str) -> Access {
    match letter {
        "L" => Access::List,
        "W" => Access::Write,
        "T" => Access::Tagging,
        "P" => Access::Permissions,
        _ => Access::Read,
    }
}

fn key_kind(letters: &str) -> KeyKind {
    match letters.chars().next() {
        Some('A') => KeyKind::Arn,
        Some('B') => KeyKind::Bool,
        Some('N') => KeyKind::Numeric,
        Some('D') => KeyKind::Date,
        Some('I') => KeyKind::Ip,
        _ => KeyKind::String,
    }
}
