//! What is wrong with the configuration, shown in its text.

use crate::output::Look;
use annotate_snippets::{AnnotationKind, Group, Level, Snippet};
use std::ops::Range;

/// One thing that is wrong.
#[derive(Debug)]
pub(crate) struct Complaint {
    pub(crate) span: Range<usize>,
    message: String,
    label: Option<String>,
    help: Option<String>,
}

impl Complaint {
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), label: None, help: None }
    }

    /// Where it begins.
    pub(crate) fn start(&self) -> usize {
        self.span.start
    }

    /// What stands below the underline.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// All of it in one text.
    pub(crate) fn words(&self) -> String {
        let more = [&self.label, &self.help].into_iter().flatten();
        more.fold(self.message.clone(), |text, part| format!("{text}: {part}"))
    }

    /// What to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Everything that is wrong with one file.
#[derive(Debug)]
pub(crate) struct Complaints {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) all: Vec<Complaint>,
}

impl Complaints {
    pub(crate) fn new(path: String, text: String, all: Vec<Complaint>) -> Self {
        Self { path, text, all }
    }

    pub(crate) fn render(&self, look: Look) -> String {
        const MOST: usize = 10;
        let mut out = String::new();
        for complaint in self.all.iter().take(MOST) {
            let end = self.text.len();
            let span = complaint.span.start.min(end)..complaint.span.end.min(end);
            let annotation = AnnotationKind::Primary.span(span).label(complaint.label.as_deref());
            let snippet = Snippet::source(self.text.as_str()).path(self.path.as_str()).annotation(annotation);
            let mut group =
                Group::with_title(Level::ERROR.primary_title(complaint.message.as_str())).element(snippet);
            if let Some(help) = &complaint.help {
                group = group.element(Level::HELP.message(help.as_str()));
            }
            out.push_str(&look.renderer().render(&[group]));
            out.push_str("\n\n");
        }
        if self.all.len() > MOST {
            out.push_str(&format!("... and {} more\n", self.all.len() - MOST));
        }
        out
    }
}
