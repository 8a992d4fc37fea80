//! What would mend a finding, in canonical words and as edits of a text.

use crate::{Piece, Span, Str, Value};

/// Whether a fix may be applied without a person who looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// What works now still works.
    Safe,
    /// May turn away callers, slow something down or need something else beside it.
    Unsafe,
}

/// A titled change that mends one finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What it does: a few words, lowercase, no full stop.
    pub title: String,
    /// Whether it may be applied without asking.
    pub safety: Safety,
    /// All of them, or none.
    pub changes: Vec<Change>,
}

/// One property to be set.
///
/// Rules speak in canonical words; where and how that is written is found by whoever edits, who does nothing at all
/// where it isn't certain.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// [`crate::Resource::id`].
    pub resource: Str,
    /// Keys from its properties down; what isn't there is made. A number picks from a list.
    pub path: Vec<Str>,
    /// What stands there afterwards.
    pub value: Plain,
}

/// A value to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Plain {
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// A string.
    Text(Str),
    /// The id of the account that it is deployed to.
    Account,
    /// A list.
    List(Vec<Plain>),
    /// A map, in this order.
    Map(Vec<(Str, Plain)>),
    /// The ARN of a declared resource of the same stack, with something behind it: `/*`.
    Arn {
        /// [`crate::Resource::id`].
        of: Str,
        /// The attribute that gives it; empty where `Ref` does.
        attribute: Str,
        /// What follows; mostly empty.
        after: Str,
    },
    /// These in the place of one text that says `old`, whether it is one of a list or stands alone.
    Instead {
        /// What must stand there.
        old: Str,
        /// What comes; never empty.
        items: Vec<Plain>,
    },
    /// A resource beside the one that the change names, with an empty path: type and properties.
    Beside {
        /// Its name in the stack, which nothing has yet.
        name: Str,
        /// Its declared type.
        ty: Str,
        /// Its properties, in this order.
        properties: Vec<(Str, Plain)>,
    },
    /// What a property of some resource says, as that is written: with its functions and parameters.
    Same {
        /// [`crate::Resource::id`].
        resource: Str,
        /// Keys from its properties down.
        path: Vec<Str>,
    },
    /// A text of pieces, as it was read.
    Joined(Vec<Piece>),
    /// These behind the last one of a list, which is made where there is none.
    More(Vec<Plain>),
    /// These in the place of a value that comes to `old`, however that is written (a computed text, a whole statement),
    /// whether it is one of a list or stands alone.
    Swap {
        /// What the property must come to, wherever it is said.
        old: Value,
        /// What comes; with nothing one of a list goes away.
        items: Vec<Plain>,
    },
}

/// A text that takes the place of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes; empty where something is put in between.
    pub span: Span,
    /// What comes.
    pub replacement: String,
}

impl Fix {
    /// A fix after which everything works that works now.
    pub fn safe(title: impl Into<String>) -> Self {
        Self { title: title.into(), safety: Safety::Safe, changes: Vec::new() }
    }

    /// A fix that somebody should look at.
    pub fn risky(title: impl Into<String>) -> Self {
        Self { title: title.into(), safety: Safety::Unsafe, changes: Vec::new() }
    }

    /// Also sets a property.
    #[must_use]
    pub fn set(mut self, resource: &Str, path: &[&str], value: impl Into<Plain>) -> Self {
        let path = path.iter().map(|key| Str::from(*key)).collect();
        self.changes.push(Change { resource: resource.clone(), path, value: value.into() });
        self
    }
}

impl Plain {
    /// The name by which a resource of this id is known in its own stack.
    pub fn name_of(id: &str) -> &str {
        id.rsplit('/').next().unwrap_or(id)
    }

    /// A map.
    pub fn map<const N: usize>(entries: [(&str, Plain); N]) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}

impl From<bool> for Plain {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Plain {
    fn from(value: i64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for Plain {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}
