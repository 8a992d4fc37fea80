//! Schemas of payloads, compiled to what an interpreter needs: flat lists whose entries name each other by index.

mod avro;
mod json;
mod parameters;
mod protobuf;

pub use avro::{AvroProgram, AvroType};
pub use json::{Check, Format, JsonProgram, Members, Node, Types};
pub use parameters::{Parameter, ParameterForm, ParameterPlace, ParametersProgram};
pub use protobuf::{ProtobufEnum, ProtobufField, ProtobufMessage, ProtobufProgram, ProtobufType};

use super::field::Field;
use serde::{Deserialize, Serialize};
use std::any::Any;
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
