//! What a schema says about the texts in a payload, beyond what it demands of them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A place in a payload, with the places below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// What is known of a text that stands here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Said>,
    /// Members of an object by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, Field>,
    /// Elements of an array, and members that have no name of their own here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others: Option<Box<Field>>,
}

/// What is known of a text, and what says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// What it is.
    pub is: Kind,
    /// The words of the schema: `format: uuid`.
    pub by: String,
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The schema's own demands leave no room for code.
    Pinned,
    /// One word, such as a code or a key: letters, digits and what joins them.
    Word,
    /// An address that something will be fetched from.
    Address,
    /// A page or a part of one.
    Markup,
    /// What people write, with markup and pieces of code in it.
    Prose,
}

impl Field {
    /// Nothing is known of any text.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The place of a member, or of an element where there is no name.
    pub fn below(&self, name: Option<&str>) -> Option<&Self> {
        name.and_then(|name| self.members.get(name)).or(self.others.as_deref())
    }
}
