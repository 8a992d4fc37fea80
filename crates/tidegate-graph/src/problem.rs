//! Broken user input. Neither a finding about the user's system nor an error of ours.

use crate::{Span, Str};

/// Something that couldn't be read, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The place; `None` when the file itself couldn't be opened.
    pub span: Option<Span>,
    /// Path relative to the folder that was read, when there is no span.
    pub path: Option<Str>,
    /// One sentence: lowercase, no full stop, user input in backticks.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// A problem at a place in a file that was read.
    pub fn at(span: Span, message: impl Into<String>) -> Self {
        Self { span: Some(span), path: None, message: message.into(), help: None }
    }

    /// A problem with a file as a whole.
    pub fn file(path: impl Into<Str>, message: impl Into<String>) -> Self {
        Self { span: None, path: Some(path.into()), message: message.into(), help: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
