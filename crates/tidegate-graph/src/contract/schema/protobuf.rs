//! Protocol buffers, compiled.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
