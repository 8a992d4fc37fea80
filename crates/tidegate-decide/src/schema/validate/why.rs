//! Why a value doesn't fit its schema.

use crate::json::Kind;
use std::fmt;
use tidegate_graph::contract::schema::{Format, Types};

/// Where and why something doesn't fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault<'p> {
    /// Node of the tape.
    pub(crate) index: u32,
    pub(crate) why: Why<'p>,
}

/// Says nothing of the value itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Why<'p> {
    Never,
    /// What was expected and found, and the word that asks for it.
    Type(Types, Kind, &'static str),
    Missing(&'p str),
    Enum,
    Minimum(&'p str),
    Maximum(&'p str),
    MultipleOf(&'p str),
    Length(u64, Option<u64>),
    Pattern,
    Format(Format),
    Members,
    Count,
    Contains,
    Unique,
    Alternatives,
    Several,
    Not,
    Work,
    Depth,
}

impl Why<'_> {
    /// The word of the schema that asks for it.
    pub(crate) fn keyword(&self) -> &'static str {
        match self {
            Self::Never => "false",
            Self::Type(_, _, word) => word,
            Self::Missing(_) => "required",
            Self::Enum => "enum",
            Self::Minimum(_) => "minimum",
            Self::Maximum(_) => "maximum",
            Self::MultipleOf(_) => "multipleOf",
            Self::Length(_, Some(_)) => "maxLength",
            Self::Length(..) => "minLength",
            Self::Pattern => "pattern",
            Self::Format(_) => "format",
            Self::Members => "maxProperties",
            Self::Count => "maxItems",
            Self::Contains => "contains",
            Self::Unique => "uniqueItems",
            Self::Alternatives => "anyOf",
            Self::Several => "oneOf",
            Self::Not => "not",
            Self::Work | Self::Depth => "$ref",
        }
    }
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("the schema allows nothing here"),
            Self::Type(types, kind, _) => write!(f, "expected {types}, found {}", word(*kind)),
            Self::Missing(name) => write!(f, "`{name}` is missing"),
            Self::Enum => f.write_str("none of the values that the schema lists"),
            Self::Minimum(bound) => write!(f, "below the minimum {bound}"),
            Self::Maximum(bound) => write!(f, "above the maximum {bound}"),
            Self::MultipleOf(unit) => write!(f, "no multiple of {unit}"),
            Self::Length(least, Some(most)) => write!(f, "expected {least} to {most} characters"),
            Self::Length(least, None) => write!(f, "expected {least} characters or more"),
            Self::Pattern => f.write_str("doesn't match the pattern"),
            Self::Format(format) => write!(f, "expected the format {}", format.name()),
            Self::Members => f.write_str("the number of members is outside of the limits"),
            Self::Count => f.write_str("the number of elements is outside of the limits"),
            Self::Contains => f.write_str("the number of elements that fit is outside of the limits"),
            Self::Unique => f.write_str("an element stands there twice"),
            Self::Alternatives => f.write_str("fits none of the alternatives"),
            Self::Several => f.write_str("fits several alternatives"),
            Self::Not => f.write_str("fits what the schema excludes"),
            Self::Work => f.write_str("comparing it with the schema takes more work than allowed"),
            Self::Depth => f.write_str("references of the schema and values nest deeper than allowed"),
        }
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "boolean",
        Kind::Number => "number",
        Kind::String => "string",
        Kind::Array => "array",
        Kind::Object => "object",
    }
}
