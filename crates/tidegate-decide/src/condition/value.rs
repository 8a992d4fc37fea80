//! Values of conditions.

use crate::decode::base64;
use crate::json::{Item, Kind, Limits, Tape, unescape};
use std::cmp::Ordering;
use std::rc::Rc;
use tidegate_graph::contract::Op;

/// A value. What lies in the event stays there.
#[derive(Clone, Debug)]
pub(super) enum Val<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Rc<str>),
    List(Rc<Vec<Self>>),
    Map(Rc<Vec<(Self, Self)>>),
    /// An array or object of the event.
    Node(Item<'a>),
    /// An array or object of a document within a string of the event.
    Inner(Rc<Document>, u32),
}

/// A document of its own.
#[derive(Debug)]
pub(super) struct Document {
    tape: Tape,
    text: Vec<u8>,
}

/// Bytes of a string that are looked into.
const LONGEST: usize = 1 << 20;

impl PartialEq for Val<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.same(other)
    }
}

impl<'a> Val<'a> {
    pub(super) fn of(item: Item<'a>) -> Self {
        match item.kind() {
            Kind::Array | Kind::Object => Self::Node(item),
            _ => scalar(item),
        }
    }

    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(items))
    }

    pub(super) fn map(entries: Vec<(Self, Self)>) -> Self {
        Self::Map(Rc::new(entries))
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A measure of what it takes to look at all of it.
    pub(super) fn width(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::List(items) => items.len(),
            Self::Map(entries) => entries.len(),
            Self::Node(item) => item.raw().len(),
            Self::Inner(document, index) => document.at(*index).raw().len(),
            _ => 1,
        }
    }

    pub(super) fn is_map(&self) -> bool {
        match self {
            Self::Map(_) => true,
            Self::Node(item) => item.kind() == Kind::Object,
            Self::Inner(document, index) => document.at(*index).kind() == Kind::Object,
            _ => false,
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<Self> {
        match self {
            Self::Map(entries) => {
                entries.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value.clone())
            }
            Self::Node(item) => item.field(name).map(Self::of),
            Self::Inner(document, index) => document.at(*index).field(name).map(|item| document.value(item)),
            _ => None,
        }
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::List(items) => Some(items.to_vec()),
            Self::Node(item) if item.kind() == Kind::Array => Some(item.items().map(Self::of).collect()),
            Self::Inner(document, index) => {
                let list = document.at(*index);
                let items = list.items().map(|item| document.value(item));
                (list.kind() == Kind::Array).then(|| items.collect())
            }
            _ => None,
        }
    }

    /// The keys of a map.
    pub(super) fn keys(&self) -> Option<Vec<Self>> {
        match self {
            Self::Map(entries) => Some(entries.iter().map(|(key, _)| key.clone()).collect()),
            Self::Node(item) => Some(item.entries().map(|(key, _)| scalar(key)).collect()),
            Self::Inner(document, index) => {
                Some(document.at(*index).entries().map(|(key, _)| scalar(key)).collect())
            }
            _ => None,
        }
    }

    pub(super) fn nth(&self, at: &Self) -> Option<Self> {
        let at = match at {
            Self::Int(n) => usize::try_from(*n).ok()?,
            Self::Uint(n) => usize::try_from(*n).ok()?,
            _ => return None,
        };
        self.items()?.into_iter().nth(at)
    }

    pub(super) fn size(&self) -> Option<Self> {
        let size = match self {
            Self::Text(text) => text.chars().count(),
            _ if self.is_map() => self.keys()?.len(),
            _ => self.items()?.len(),
        };
        i64::try_from(size).ok().map(Self::Int)
    }

    /// The document that a string holds, if it holds one.
    pub(super) fn within(&self) -> Option<Self> {
        let text = self.as_text().filter(|t| t.len() <= LONGEST)?.trim_ascii().as_bytes();
        let mut decoded = Vec::new();
        let text = match text.first() {
            Some(b'{' | b'[') => text.to_vec(),
            _ if base64::decode(text, &mut decoded) => decoded,
            _ => return None,
        };
        let mut tape = Tape::default();
        tape.read(&text, &Limits::default()).ok()?;
        let document = Rc::new(Document { tape, text });
        let root = document.value(document.at(0));
        matches!(root, Self::Inner(..)).then_some(root)
    }

    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            _ => numbers(self, other),
        }
    }

    /// Whether two values are the same that are no lists and no maps.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            _ => numbers(self, other) == Some(Ordering::Equal),
        }
    }

    fn double(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "compared as the nearest number, as CEL does")]
            Self::Int(n) => Some(*n as f64),
            #[expect(clippy::cast_precision_loss, reason = "compared as the nearest number, as CEL does")]
            Self::Uint(n) => Some(*n as f64),
            Self::Double(n) => Some(*n),
            _ => None,
        }
    }
}

impl Document {
    fn at(&self, index: u32) -> Item<'_> {
        self.tape.root(&self.text).at(index)
    }

    fn value<'a>(self: &Rc<Self>, item: Item<'_>) -> Val<'a> {
        match item.kind() {
            Kind::Array | Kind::Object => Val::Inner(Rc::clone(self), item.index()),
            _ => scalar(item),
        }
    }
}

fn scalar<'a>(item: Item<'_>) -> Val<'a> {
    match item.kind() {
        Kind::Bool => Val::Bool(item.is_true()),
        Kind::String => {
            let mut value = Vec::new();
            unescape(item.raw(), &mut value);
            Val::Text(String::from_utf8_lossy(&value).into())
        }
        Kind::Number => {
            let text = std::str::from_utf8(item.raw()).unwrap_or_default();
            let whole = text.parse().map(Val::Int).or_else(|_| text.parse().map(Val::Uint));
            whole.unwrap_or_else(|_| Val::Double(text.parse().unwrap_or(f64::NAN)))
        }
        _ => Val::Null,
    }
}

fn numbers(a: &Val<'_>, b: &Val<'_>) -> Option<Ordering> {
    match (a, b) {
        (Val::Int(a), Val::Int(b)) => Some(a.cmp(b)),
        (Val::Uint(a), Val::Uint(b)) => Some(a.cmp(b)),
        (Val::Int(a), Val::Uint(b)) => Some(u64::try_from(*a).map_or(Ordering::Less, |a| a.cmp(b))),
        (Val::Uint(a), Val::Int(b)) => Some(u64::try_from(*b).map_or(Ordering::Greater, |b| a.cmp(&b))),
        _ => a.double()?.partial_cmp(&b.double()?),
    }
}

/// `+` on texts and lists, and arithmetic within the bounds of its numbers. A number of the event is whole or not as it
/// was written, so the two mix.
pub(super) fn arithmetic<'a>(op: Op, a: &Val<'a>, b: &Val<'a>) -> Option<Val<'a>> {
    match (op, a, b) {
        (Op::Add, Val::Text(a), Val::Text(b)) => Some(Val::Text(format!("{a}{b}").into())),
        (Op::Add, _, _) if a.items().is_some() => {
            let (mut all, more) = (a.items()?, b.items()?);
            all.extend(more);
            Some(Val::list(all))
        }
        (_, Val::Int(a), Val::Int(b)) => whole(op, *a, *b).map(Val::Int),
        (_, Val::Uint(a), Val::Uint(b)) => {
            let done = match op {
                Op::Add => a.checked_add(*b),
                Op::Subtract => a.checked_sub(*b),
                Op::Multiply => a.checked_mul(*b),
                Op::Divide => a.checked_div(*b),
                _ => a.checked_rem(*b),
            };
            done.map(Val::Uint)
        }
        _ => {
            let (a, b) = (a.double()?, b.double()?);
            Some(Val::Double(match op {
                Op::Add => a + b,
                Op::Subtract => a - b,
                Op::Multiply => a * b,
                Op::Divide => a / b,
                _ => return None,
            }))
        }
    }
}

fn whole(op: Op, a: i64, b: i64) -> Option<i64> {
    match op {
        Op::Add => a.checked_add(b),
        Op::Subtract => a.checked_sub(b),
        Op::Multiply => a.checked_mul(b),
        Op::Divide => a.checked_div(b),
        _ => a.checked_rem(b),
    }
}

pub(super) fn convert<'a>(op: Op, value: &Val<'a>) -> Option<Val<'a>> {
    match (op, value) {
        (Op::ToText, Val::Text(_)) | (Op::ToInt, Val::Int(_)) | (Op::ToDouble, Val::Double(_)) => {
            Some(value.clone())
        }
        (Op::ToText, Val::Int(n)) => Some(Val::text(&n.to_string())),
        (Op::ToText, Val::Uint(n)) => Some(Val::text(&n.to_string())),
        (Op::ToText, Val::Double(n)) => Some(Val::text(&n.to_string())),
        (Op::ToText, Val::Bool(flag)) => Some(Val::text(if *flag { "true" } else { "false" })),
        (Op::ToInt, Val::Text(text)) => text.parse().ok().map(Val::Int),
        (Op::ToInt, Val::Uint(n)) => i64::try_from(*n).ok().map(Val::Int),
        (Op::ToInt, Val::Double(n)) => {
            // Within what a whole number of that kind can be.
            let fits = n.is_finite() && n.abs() < 9.2e18;
            #[expect(clippy::cast_possible_truncation, reason = "its fraction is what it is to lose")]
            fits.then(|| Val::Int(n.trunc() as i64))
        }
        (Op::ToDouble, Val::Text(text)) => text.parse().ok().map(Val::Double),
        (Op::ToDouble, _) => value.double().map(Val::Double),
        _ => None,
    }
}
