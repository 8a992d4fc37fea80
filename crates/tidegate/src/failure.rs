//! Why a run ends without a result.

use crate::config::Complaints;
use crate::exit::Exit;
use crate::output::Look;
use anstyle::{AnsiColor, Style};
use std::io::ErrorKind;
use std::path::Path;

/// A run that couldn't do its work. Neither a finding nor a problem of the user's input.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line doesn't make sense.
    Usage { message: String, help: Option<String> },
    /// The configuration doesn't make sense.
    Config(Complaints),
    /// Rules of people's own don't make sense, by file.
    Rules(Vec<Complaints>),
    /// There is nothing to read.
    Nothing { message: String, looked_for: String, help: String },
    /// We could not do our job.
    Own(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Own(error)
    }
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>, help: Option<String>) -> Self {
        Self::Usage { message: message.into(), help }
    }

    /// A file that was named can't be read: one that isn't there is a slip of whoever named it.
    pub(crate) fn reading(path: &Path, error: std::io::Error) -> Self {
        let shown = path.display();
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                Self::usage(format!("there is no `{shown}`"), None)
            }
            _ => Self::Own(anyhow::Error::new(error).context(format!("could not read `{shown}`"))),
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. } | Self::Config(_) | Self::Rules(_) => Exit::Usage,
            Self::Nothing { .. } => Exit::NothingToRead,
            Self::Own(_) => Exit::Error,
        }
    }

    /// What went wrong in a line or a few, for whoever goes on all the same.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Usage { message, .. } | Self::Nothing { message, .. } => message.clone(),
            Self::Own(cause) => format!("{cause:#}"),
            Self::Config(_) | Self::Rules(_) => self.render(Look::plain()),
        }
    }

    /// The text for stderr.
    pub(crate) fn render(&self, look: Look) -> String {
        let error = look.paint("error:", AnsiColor::BrightRed.on_default().bold());
        let tip = look.paint("help:", AnsiColor::BrightCyan.on_default().bold());
        let note = look.paint("looked for:", Style::new().bold());
        match self {
            Self::Usage { message, help } => {
                let help = help.as_ref().map(|h| format!("{tip} {h}\n")).unwrap_or_default();
                format!("{error} {message}\n{help}")
            }
            Self::Config(complaints) => complaints.render(look),
            Self::Rules(files) => files.iter().map(|complaints| complaints.render(look)).collect(),
            Self::Nothing { message, looked_for, help } => {
                format!("{error} {message}\n{note} {looked_for}\n{tip} {help}\n")
            }
            Self::Own(cause) => format!("{error} {cause:#}\n"),
        }
    }
}
