//! JSON Schema, compiled: subschemas as lists of checks.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// JSON Schema. The first node is the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonProgram {
    /// Subschemas.
    pub nodes: Vec<Node>,
    /// Regular expressions, in the syntax of Rust's, without what needs tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<String>,
    /// JSON texts of constants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub literals: Vec<String>,
    /// Dynamic anchors of each schema resource; empty where none is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<BTreeMap<String, u32>>,
}

/// One subschema: all of its checks have to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// In the order in which they are made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// Index of its schema resource.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub resource: u32,
}

/// Types of JSON, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Types(pub u8);

impl Types {
    /// `null`
    pub const NULL: u8 = 1;
    /// `boolean`
    pub const BOOLEAN: u8 = 2;
    /// Any number.
    pub const NUMBER: u8 = 4;
    /// A number without a fraction.
    pub const INTEGER: u8 = 8;
    /// `string`
    pub const STRING: u8 = 16;
    /// `array`
    pub const ARRAY: u8 = 32;
    /// `object`
    pub const OBJECT: u8 = 64;

    /// Bits and their names.
    pub const NAMES: [(u8, &'static str); 7] = [
        (Self::NULL, "null"),
        (Self::BOOLEAN, "boolean"),
        (Self::NUMBER, "number"),
        (Self::INTEGER, "integer"),
        (Self::STRING, "string"),
        (Self::ARRAY, "array"),
        (Self::OBJECT, "object"),
    ];

    /// True when one of `bits` is set.
    pub fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }
}

impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Self::NAMES.iter().filter(|(bit, _)| self.has(*bit)).map(|(_, name)| *name);
        f.write_str(&names.collect::<Vec<_>>().join(" or "))
    }
}

/// One demand. What it isn't about passes: a length says nothing of a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Nothing passes.
    Never,
    /// Something is asked that can't be checked.
    Unknown,
    /// It is of one of these types.
    Type(Types),
    /// It is one of these: strings in order, and indices of literals.
    Enum(Vec<String>, Vec<u32>),
    /// Lower bound, and whether it is excluded.
    Minimum(String, bool),
    /// Upper bound, and whether it is excluded.
    Maximum(String, bool),
    /// A whole multiple of this.
    MultipleOf(String),
    /// Fewest and most characters.
    Length(u64, Option<u64>),
    /// A match of this pattern anywhere.
    Pattern(u32),
    /// A string of this format.
    Format(Format),
    /// Everything about the members of an object.
    Object(Box<Members>),
    /// If the first is there, so are these.
    DependentRequired(BTreeMap<String, Vec<String>>),
    /// If the name is there, the whole object fits the node.
    DependentSchemas(BTreeMap<String, u32>),
    /// What the first elements fit, and what all others do.
    Items(Vec<u32>, Option<u32>),
    /// Fewest and most elements.
    Count(u64, Option<u64>),
    /// Elements that fit the node: at least, at most; whether they count as looked at.
    Contains(u32, u64, Option<u64>, bool),
    /// No element twice.
    Unique,
    /// Another node.
    Ref(u32),
    /// The outermost node of that dynamic anchor, or else this one.
    DynamicRef(String, u32),
    /// All fit.
    All(Vec<u32>),
    /// One fits at least.
    Any(Vec<u32>),
    /// Exactly one fits.
    One(Vec<u32>),
    /// It doesn't fit.
    Not(u32),
    /// If the first fits, the second has to, otherwise the third.
    If(u32, Option<u32>, Option<u32>),
    /// Members that nothing else looked at.
    UnevaluatedProperties(u32),
    /// Elements that nothing else looked at.
    UnevaluatedItems(u32),
}

/// What is asked of the members of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// Nodes by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub named: BTreeMap<String, u32>,
    /// Names that have to be there, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    /// Nodes by the pattern of the name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<(u32, u32)>,
    /// What all others fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional: Option<u32>,
    /// What names fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<u32>,
    /// Fewest.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub least: u64,
    /// Most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
}

/// Formats of strings that are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// RFC 3339, section 5.6
    DateTime,
    /// RFC 3339, section 5.6
    Date,
    /// RFC 3339, section 5.6
    Time,
    /// RFC 3339, appendix A
    Duration,
    /// RFC 5321, section 4.1.2
    Email,
    /// RFC 6531
    IdnEmail,
    /// RFC 1123, section 2.1
    Hostname,
    /// RFC 2673, section 3.2
    Ipv4,
    /// RFC 4291, section 2.2
    Ipv6,
    /// RFC 3986
    Uri,
    /// RFC 3986
    UriReference,
    /// RFC 3987
    Iri,
    /// RFC 3987
    IriReference,
    /// RFC 6570
    UriTemplate,
    /// RFC 4122
    Uuid,
    /// RFC 6901
    JsonPointer,
    /// Relative JSON pointers
    RelativeJsonPointer,
}

impl Format {
    /// All with their names in schemas.
    pub const NAMES: [(Self, &'static str); 17] = [
        (Self::DateTime, "date-time"),
        (Self::Date, "date"),
        (Self::Time, "time"),
        (Self::Duration, "duration"),
        (Self::Email, "email"),
        (Self::IdnEmail, "idn-email"),
        (Self::Hostname, "hostname"),
        (Self::Ipv4, "ipv4"),
        (Self::Ipv6, "ipv6"),
        (Self::Uri, "uri"),
        (Self::UriReference, "uri-reference"),
        (Self::Iri, "iri"),
        (Self::IriReference, "iri-reference"),
        (Self::UriTemplate, "uri-template"),
        (Self::Uuid, "uuid"),
        (Self::JsonPointer, "json-pointer"),
        (Self::RelativeJsonPointer, "relative-json-pointer"),
    ];

    /// The name in schemas.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(f, _)| *f == self).map_or("", |(_, name)| name)
    }
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

fn is_none_at_all(n: &u64) -> bool {
    *n == 0
}
