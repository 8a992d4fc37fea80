//! The part of the Language Server Protocol that is spoken here.
//!
//! What comes in is read leniently: a field of a wrong type counts as one that is missing where we can do without it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) character: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Range {
    pub(super) start: Position,
    pub(super) end: Position,
}

impl Range {
    /// True when they share a place, even if it is only their edge.
    pub(super) fn touches(&self, other: &Range) -> bool {
        self.start <= other.end && other.start <= self.end
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Location {
    pub(super) uri: String,
    pub(super) range: Range,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "u8")]
pub(super) enum Level {
    Error,
    Warning,
    Information,
    Hint,
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => 1,
            Level::Warning => 2,
            Level::Information => 3,
            Level::Hint => 4,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Diagnostic {
    pub(super) range: Range,
    pub(super) severity: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code_description: Option<CodeDescription>,
    pub(super) source: &'static str,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) related_information: Vec<Related>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct CodeDescription {
    pub(super) href: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Related {
    pub(super) location: Location,
    pub(super) message: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Document {
    pub(super) uri: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct About {
    pub(super) text_document: Document,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Opened {
    pub(super) text_document: OpenedDocument,
}

#[derive(Debug, Deserialize)]
pub(super) struct OpenedDocument {
    pub(super) uri: String,
    pub(super) version: i64,
    pub(super) text: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Changed {
    pub(super) text_document: ChangedDocument,
    pub(super) content_changes: Vec<Change>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ChangedDocument {
    pub(super) uri: String,
    pub(super) version: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Change {
    pub(super) range: Option<Range>,
    pub(super) text: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HoverParams {
    pub(super) text_document: Document,
    pub(super) position: Position,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActionParams {
    pub(super) text_document: Document,
    pub(super) range: Range,
    #[serde(default)]
    pub(super) context: ActionContext,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ActionContext {
    #[serde(default)]
    pub(super) only: Option<Vec<String>>,
}

impl ActionContext {
    /// True if actions of a kind are asked for: the kind itself, or one that it belongs to.
    pub(super) fn wants(&self, kind: &str) -> bool {
        let within = |asked: &String| {
            kind.strip_prefix(asked.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.only.as_ref().is_none_or(|only| only.iter().any(|asked| asked.is_empty() || within(asked)))
    }

    /// True if actions of a kind are asked for by name, as when a file is saved.
    pub(super) fn names(&self, kind: &str) -> bool {
        self.only.is_some() && self.wants(kind)
    }
}

/// What an editor can do, of all that it says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Abilities {
    pub(super) document_changes: bool,
    pub(super) creates_files: bool,
    pub(super) resolves_edits: bool,
    pub(super) related: bool,
    pub(super) code_description: bool,
    pub(super) markdown: bool,
    pub(super) watches: bool,
}

impl Abilities {
    pub(super) fn of(capabilities: &Value) -> Self {
        let flag = |path: &str| capabilities.pointer(path).and_then(Value::as_bool).unwrap_or_default();
        let lists = |path: &str, word: &str| {
            let items = capabilities.pointer(path).and_then(Value::as_array);
            items.is_some_and(|items| items.iter().any(|item| item.as_str() == Some(word)))
        };
        Self {
            document_changes: flag("/workspace/workspaceEdit/documentChanges"),
            creates_files: lists("/workspace/workspaceEdit/resourceOperations", "create"),
            resolves_edits: lists("/textDocument/codeAction/resolveSupport/properties", "edit")
                && flag("/textDocument/codeAction/dataSupport"),
            related: flag("/textDocument/publishDiagnostics/relatedInformation"),
            code_description: flag("/textDocument/publishDiagnostics/codeDescriptionSupport"),
            markdown: lists("/textDocument/hover/contentFormat", "markdown"),
            watches: flag("/workspace/didChangeWatchedFiles/dynamicRegistration"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_holds_those_below_it() {
        let asked = |only: &str| ActionContext { only: Some(vec![only.to_string()]) };
        assert!(asked("source").wants("source.fixAll.tidegate"));
        assert!(asked("").wants("quickfix"));
        assert!(!asked("source.fix").wants("source.fixAll.tidegate"));
        assert!(!asked("quickfix").wants("source.fixAll.tidegate"));
        assert!(ActionContext::default().wants("quickfix") && !ActionContext::default().names("quickfix"));
    }
}
