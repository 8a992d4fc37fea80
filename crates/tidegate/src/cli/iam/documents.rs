//! Files that are named on the command line: policies and exports, as values that know their lines.

use crate::failure::Failure;
use anyhow::{Context as _, anyhow};
use std::io::Read as _;
use std::path::Path;
use tidegate_graph::{Location, Problem, Source, Sources, Span, Value};
use tidegate_iam::Policy;
use tidegate_iam::policy::Reader;

/// An export of a large account has some 20 MB.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Documents {
    sources: Sources,
    problems: Vec<Problem>,
}

impl Documents {
    /// Reads a file of JSON or YAML.
    pub(super) fn value(&mut self, path: &Path) -> Result<Value, Failure> {
        let shown = path.display();
        let file = std::fs::File::open(path).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                return Failure::usage(format!("there is no `{shown}`"), None);
            }
            Failure::Own(anyhow::Error::new(error).context(format!("could not open `{shown}`")))
        })?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("could not read `{shown}`"))?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(anyhow!("`{shown}` has more than the {MAX_FILE} bytes that are read").into());
        }
        let text = String::from_utf8(bytes).map_err(|_| anyhow!("`{shown}` is not UTF-8 text"))?;
        let file = self.sources.add(Source::new(shown.to_string(), text.as_str()));
        let (value, problems) = tidegate_read::parse(file, &text);
        self.problems.extend(problems);
        value.ok_or_else(|| {
            Failure::usage(
                format!("`{shown}` holds no document"),
                Some("name a file of JSON or YAML".to_string()),
            )
        })
    }

    /// Reads a policy; also as the command line of AWS prints it, inside of something else.
    pub(super) fn policy(&mut self, path: &Path) -> Result<Policy, Failure> {
        let value = self.value(path)?;
        let inner = ["PolicyDocument", "Document", "AssumeRolePolicyDocument"].into_iter();
        let wrapped = value.get("PolicyVersion").or_else(|| value.get("Role")).unwrap_or(&value);
        let document = inner.filter_map(|key| wrapped.get(key)).next().unwrap_or(&value);
        let policy = Reader::default().policy(&path.display().to_string(), document);
        self.problems.extend(policy.problems.iter().cloned());
        Ok(policy)
    }

    /// Takes problems over.
    pub(super) fn note(&mut self, problems: &[Problem]) {
        self.problems.extend(problems.iter().cloned());
    }

    /// Where something stands; `None` for what stands in no file.
    pub(super) fn location(&self, span: Span) -> Option<Location> {
        let location = self.sources.location(span);
        (!location.file.is_empty() && span != Span::default()).then_some(location)
    }

    /// What couldn't be read, one line each.
    pub(super) fn problems(&self) -> String {
        let line = |problem: &Problem| {
            let place = problem.span.and_then(|span| self.location(span));
            let place = place.map(|l| format!("{}:{}: ", l.file, l.line)).unwrap_or_default();
            format!("problem: {place}{}\n", problem.message)
        };
        self.problems.iter().map(line).collect()
    }
}
