//! Schemas of payloads, compiled to what an interpreter needs: flat lists whose entries name each other by index.

mod parameters;

pub use parameters::{Parameter, ParameterForm, ParameterPlace, ParametersProgram};

use super::field::Field;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// What the payload of an edge has to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The language it was written in.
    pub kind: SchemaKind,
    /// The file and the JSON pointer in it.
    pub source: String,
    /// SHA-256 of that text, and of all that it refers to.
    pub digest: String,
    /// Nothing passes that the schema doesn't name.
    pub closed: bool,
    /// Which of the edge's events it speaks of.
    #[serde(default, skip_serializing_if = "When::is_always")]
    pub when: When,
    /// It speaks of the whole event or record, not of the payload in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// A request may come without a body.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// What it asks for and nobody checks, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// What it says about texts.
    #[serde(default, skip_serializing_if = "Field::is_empty")]
    pub fields: Field,
    /// The compiled form.
    pub ir: Program,
    /// What it may fit instead: other messages of a channel, other versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Schema>,
    /// What an interpreter made of it.
    #[serde(skip)]
    pub prepared: Prepared,
}

/// The events that a schema speaks of. All that is said has to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Method and path template of a request: `POST /orders/{id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The event's `source`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The event's `detail-type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail_type: Option<String>,
    /// The topic of a record of Kafka.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
}

impl When {
    /// Nothing is said.
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }
}

/// The language of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SchemaKind {
    /// JSON Schema, of whatever draft; `OpenAPI`'s and API Gateway's among them.
    JsonSchema,
    /// Apache Avro.
    Avro,
    /// Protocol buffers.
    Protobuf,
}

impl SchemaKind {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::JsonSchema => "json-schema",
            Self::Avro => "avro",
            Self::Protobuf => "protobuf",
        }
    }
}

/// A compiled schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// JSON Schema.
    Json(JsonProgram),
    /// Avro, for its binary form and for its JSON form.
    Avro(AvroProgram),
    /// A message of protocol buffers.
    Protobuf(ProtobufProgram),
    /// Values beside the payload.
    Parameters(ParametersProgram),
}

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

/// Avro: types that name each other by index. The first is the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvroProgram {
    /// All types.
    pub types: Vec<AvroType>,
}

/// A type of Avro.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AvroType {
    /// `null`
    Null,
    /// `boolean`
    Boolean,
    /// `int`
    Int,
    /// `long`
    Long,
    /// `float`
    Float,
    /// `double`
    Double,
    /// `bytes`
    Bytes,
    /// `string`
    String,
    /// Elements of one type.
    Array(u32),
    /// Values of one type by name.
    Map(u32),
    /// One of several: the name that its JSON form has, and the type.
    Union(Vec<(String, u32)>),
    /// Symbols in order.
    Enum(Vec<String>),
    /// So many bytes.
    Fixed(u64),
    /// Fields in order.
    Record(Vec<(String, u32)>),
}

/// Messages of protocol buffers. The first is the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtobufProgram {
    /// All messages that the root leads to.
    pub messages: Vec<ProtobufMessage>,
    /// All enumerations of their fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enums: Vec<ProtobufEnum>,
    /// Where the root stands among the messages of its file, as a registry's framing says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<u32>,
}

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtobufMessage {
    /// Its full name; those of `google.protobuf` have a JSON form of their own.
    pub name: String,
    /// Fields by number, extensions among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<u32, ProtobufField>,
    /// It is an entry of a map: a key and a value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub entry: bool,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtobufField {
    /// Its name, also a name that it may have in JSON.
    pub name: String,
    /// The name that it has in JSON otherwise, if that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// What it holds.
    #[serde(rename = "type")]
    pub ty: ProtobufType,
    /// Any number of times.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
    /// `required` of the second version.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// At most one of the message's fields with this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oneof: Option<u32>,
}

/// What a field of a message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProtobufType {
    /// `bool`
    Bool,
    /// `int32`
    Int32,
    /// `sint32`
    Sint32,
    /// `uint32`
    Uint32,
    /// `int64`
    Int64,
    /// `sint64`
    Sint64,
    /// `uint64`
    Uint64,
    /// `fixed32`
    Fixed32,
    /// `sfixed32`
    Sfixed32,
    /// `float`
    Float,
    /// `fixed64`
    Fixed64,
    /// `sfixed64`
    Sfixed64,
    /// `double`
    Double,
    /// `string`
    String,
    /// `bytes`
    Bytes,
    /// A number of this enumeration.
    Enum(u32),
    /// Another message.
    Message(u32),
    /// A group of another message's fields.
    Group(u32),
}

/// An enumeration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtobufEnum {
    /// Its full name.
    pub name: String,
    /// Another number counts as a field that isn't known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// Numbers by name.
    pub values: BTreeMap<String, i32>,
}

/// A place for what an interpreter makes of a schema, once for all who share it. It is no part of the schema's value.
#[derive(Clone, Default)]
pub struct Prepared(OnceLock<Arc<dyn Any + Send + Sync>>);

impl Prepared {
    /// What was made, or is made now.
    pub fn with<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.0.get_or_init(|| Arc::new(make())).downcast_ref()
    }
}

impl PartialEq for Prepared {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Prepared {}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prepared")
    }
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

fn is_none_at_all(n: &u64) -> bool {
    *n == 0
}
