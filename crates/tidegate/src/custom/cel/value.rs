//! What an expression computes with: values of the configuration as they are, and what is made of them.

use std::rc::Rc;
use tidegate_graph::{Data, Map, Piece, Span, Str, Value, Why, World};

/// A value of an expression. The configuration's own are borrowed and looked at only as far as the expression goes.
#[derive(Clone, Debug)]
pub(super) enum Val<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Str),
    List(Rc<Vec<Val<'a>>>),
    Map(Rc<Vec<(Str, Val<'a>)>>),
    /// A list of the configuration.
    Items(&'a [Value]),
    /// A map of the configuration.
    Object(&'a Map),
    /// A string of the configuration that is known in part.
    Partial(&'a [Piece], Span),
    /// It isn't known before deployment.
    Unknown(Gap),
}

/// Something that isn't known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gap {
    pub(super) name: Str,
    pub(super) why: &'static str,
    pub(super) span: Span,
    /// It may turn out to be null, which is to say absent.
    pub(super) nullable: bool,
}

impl Gap {
    pub(super) fn words(&self) -> String {
        format!("{}, {}", self.name, self.why)
    }
}

/// True, false, or neither before deployment.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Truth {
    Is(bool),
    Gap(Gap),
}

impl<'a> Val<'a> {
    /// A value of the configuration in a world; `None` when it is absent there.
    pub(super) fn of(value: &'a Value, world: &World) -> Option<Self> {
        let value = world.resolve(value)?;
        Some(match &value.data {
            Data::Null | Data::Choice(_) => Self::Null,
            Data::Bool(flag) => Self::Bool(*flag),
            Data::Number(text) => number(text),
            Data::Text(text) => Self::Text(text.clone()),
            Data::Template(pieces) => Self::Partial(pieces, value.span),
            Data::Json(inner) => return Self::of(inner, world),
            Data::List(items) => Self::Items(items),
            Data::Map(map) => Self::Object(map),
            Data::Unknown(symbol) => Self::Unknown(Gap {
                name: symbol.name.clone(),
                why: symbol.why.phrase(),
                span: value.span,
                nullable: symbol.why == Why::Parameter,
            }),
        })
    }

    /// The word for its type in messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Uint(_) | Self::Double(_) => "a number",
            Self::Text(_) | Self::Partial(..) => "a string",
            Self::List(_) | Self::Items(_) => "a list",
            Self::Map(_) | Self::Object(_) => "a map",
            Self::Unknown(_) => "unknown",
        }
    }

    /// What of it isn't known, looked at from outside only: the items of a list are their own matter.
    pub(super) fn gap(&self) -> Option<Gap> {
        match self {
            Self::Unknown(gap) => Some(gap.clone()),
            Self::Partial(pieces, span) => pieces.iter().find_map(|piece| match piece {
                Piece::Text(_) => None,
                Piece::Symbol(symbol) => Some(Gap {
                    name: symbol.name.clone(),
                    why: symbol.why.phrase(),
                    span: *span,
                    nullable: false,
                }),
                Piece::Reference(_) => Some(Gap {
                    name: piece.display().into(),
                    why: Why::Attribute.phrase(),
                    span: *span,
                    nullable: false,
                }),
            }),
            _ => None,
        }
    }

    /// As a number, if it is one or a string of the configuration that reads as one.
    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Int(n) => Some(*n as f64),
            Self::Uint(n) => Some(*n as f64),
            Self::Double(n) => Some(*n),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// As text to stand in a message.
    pub(super) fn display(&self) -> String {
        match self {
            Self::Null => "nothing".to_string(),
            Self::Bool(flag) => flag.to_string(),
            Self::Int(n) => n.to_string(),
            Self::Uint(n) => n.to_string(),
            Self::Double(n) => n.to_string(),
            Self::Text(text) => text.to_string(),
            Self::Partial(pieces, _) => pieces.iter().map(Piece::display).collect(),
            Self::Unknown(gap) => gap.name.to_string(),
            Self::List(items) => format!("a list of {}", items.len()),
            Self::Items(items) => format!("a list of {}", items.len()),
            Self::Map(_) | Self::Object(_) => "a map".to_string(),
        }
    }
}

fn number<'a>(text: &Str) -> Val<'a> {
    match (text.parse(), text.parse()) {
        (Ok(int), _) => Val::Int(int),
        (_, Ok(double)) => Val::Double(double),
        _ => Val::Text(text.clone()),
    }
}

/// True if a text known in part can still turn out to be `text`.
pub(super) fn may_equal(pieces: &[Piece], text: &str) -> bool {
    let first = match pieces.first() {
        Some(Piece::Text(first)) => text.starts_with(first.as_str()),
        _ => true,
    };
    let last = match pieces.last() {
        Some(Piece::Text(last)) => text.ends_with(last.as_str()),
        _ => true,
    };
    first && last
}
