//! Avro, compiled.

use serde::{Deserialize, Serialize};

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
