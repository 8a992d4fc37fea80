//! Parameters of requests and headers of messages: values by name, which come as texts.

use super::JsonProgram;
use serde::{Deserialize, Serialize};

/// What is asked of values that stand beside a payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParametersProgram {
    /// Those of which something is asked. Others pass.
    pub all: Vec<Parameter>,
    /// What values have to be, each at a node of its own.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub values: JsonProgram,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Where it stands.
    #[serde(rename = "in")]
    pub place: ParameterPlace,
    /// Its name.
    pub name: String,
    /// It has to be there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// It may be there without a value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty: bool,
    /// How its value is made a text.
    #[serde(default, skip_serializing_if = "ParameterForm::is_text")]
    pub form: ParameterForm,
    /// What the value has to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<u32>,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterPlace {
    /// In the query of a request.
    Query,
    /// A part of its path.
    Path,
    /// A header; case doesn't count.
    Header,
    /// A cookie.
    Cookie,
    /// A header or attribute of a message.
    Message,
}

impl ParameterPlace {
    /// What such a parameter is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Query => "query parameter",
            Self::Path => "path parameter",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Message => "message header",
        }
    }
}

/// How a value is made a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterForm {
    /// As it is.
    #[default]
    Text,
    /// A list, each element under the name.
    Repeated,
    /// A list in one text, with this between its elements.
    Split(char),
    /// A text of JSON.
    Json,
}

impl ParameterForm {
    fn is_text(&self) -> bool {
        *self == Self::Text
    }
}

fn is_empty(program: &JsonProgram) -> bool {
    program.nodes.is_empty()
}
