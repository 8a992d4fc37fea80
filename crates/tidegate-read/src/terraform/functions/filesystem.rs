//! Files of the project. What isn't there is unknown: it may be built before the deployment.

use super::{Arguments, Outcome, Trouble, text};
use crate::terraform::eval::{Evaluator, Scope, limit, unknown_of};
use crate::terraform::parse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;
use std::rc::Rc;
use tidegate_graph::{Data, FileId, Problem, Span, Str, Value};

/// Files that `fileset` lists, and folders it looks into.
const MAX_LISTED: usize = 2_000;
/// A file that is read into a string.
const MAX_READ: usize = 1024 * 1024;

pub(super) fn call(name: &str, arguments: &Arguments<'_>) -> Option<Outcome> {
    Some(match name {
        "basename" => arguments
            .text(0)
            .and_then(|t| text(t.trim_end_matches('/').rsplit('/').next().unwrap_or_default())),
        "dirname" => arguments.text(0).and_then(|t| match t.trim_end_matches('/').rsplit_once('/') {
            Some((folder, _)) => text(folder),
            None => text("."),
        }),
        "abspath" | "pathexpand" => arguments.get(0).map(|value| value.data.clone()),
        _ => return None,
    })
}

impl Evaluator<'_> {
    pub(super) fn read(&mut self, name: &str, arguments: &Arguments<'_>) -> Outcome {
        let path = arguments.text(0)?;
        match name {
            "fileexists" => {
                // A missing file may be built later; only one that is there is known.
                if self.load(&path).is_some() { Ok(Data::Bool(true)) } else { Err(Trouble::Unknown) }
            }
            "fileset" => self.list_files(&path, &arguments.text(1)?, arguments.span),
            _ => {
                let file = self.load(&path).ok_or(Trouble::Unknown)?;
                let content = self.files.text(file);
                self.spend(content.len() / 64);
                if content.len() > MAX_READ {
                    return Err(Trouble::Limit);
                }
                if name == "file" { text(&*content) } else { text(STANDARD.encode(content.as_bytes())) }
            }
        }
    }

    /// A template file with its own variables.
    pub(super) fn template_file(&mut self, values: &[Value], span: Span) -> Value {
        let (Some(path), Some(variables)) = (values.first().and_then(Value::as_text), values.get(1)) else {
            return unknown_of("templatefile", values, span);
        };
        let Some(file) = self.load(&path) else { return unknown_of("templatefile", &[], span) };
        let content = self.files.text(file);
        self.spend(content.len() / 16);
        if content.len() > MAX_READ {
            return limit(span);
        }
        match parse::parse_template_file(file, &content) {
            Ok(parts) => self.render(&parts, variables, span),
            Err(fault) => {
                let at = fault.span(file, &content);
                self.complain(file, Problem::at(at, format!("not well-formed: {}", fault.message)));
                unknown_of("templatefile", &[], span)
            }
        }
    }

    pub(super) fn template_string(&mut self, values: &[Value], span: Span) -> Value {
        let (Some(content), Some(variables)) = (values.first().and_then(Value::as_text), values.get(1))
        else {
            return unknown_of("templatestring", values, span);
        };
        self.render_text(&content, variables, span)
    }

    /// A template that is a string of its own.
    pub(in crate::terraform) fn render_text(
        &mut self,
        content: &Str,
        variables: &Value,
        span: Span,
    ) -> Value {
        self.spend(content.len() / 16);
        match parse::parse_template(content, span) {
            Ok(parts) => self.render(&parts, variables, span),
            Err(_) => unknown_of("templatestring", &[], span),
        }
    }

    fn render(&mut self, parts: &[crate::terraform::ast::Part], variables: &Value, span: Span) -> Value {
        let Some(variables) = variables.as_map() else {
            return unknown_of("templatefile", std::slice::from_ref(variables), span);
        };
        let names = variables.iter().map(|(name, value)| (name.clone(), Rc::new(value.clone()))).collect();
        let mut scope = Scope { names, closed: true, ..Scope::default() };
        self.text_template(parts, &mut scope, span).at(span)
    }

    fn load(&mut self, path: &str) -> Option<FileId> {
        self.files.load(&self.file_path(path)).ok()
    }

    fn list_files(&mut self, folder: &str, pattern: &str, span: Span) -> Outcome {
        let root = self.file_path(folder).canonicalize().map_err(|_| Trouble::Unknown)?;
        if !root.starts_with(self.files.root()) {
            return Err(Trouble::Unknown);
        }
        let mut found = Vec::new();
        let mut folders = vec![(root.clone(), 0)];
        let mut seen = 0;
        while let Some((folder, depth)) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else {
                if depth == 0 {
                    return Err(Trouble::Unknown);
                }
                continue;
            };
            for entry in entries.filter_map(Result::ok) {
                seen += 1;
                if seen > MAX_LISTED {
                    return Err(Trouble::Limit);
                }
                // Links are left alone, since they may lead out of the project.
                let Ok(kind) = entry.file_type() else { continue };
                let path = entry.path();
                if kind.is_dir() && depth < 16 && !entry.file_name().to_string_lossy().starts_with('.') {
                    folders.push((path, depth + 1));
                } else if kind.is_file() {
                    let relative = slashed(path.strip_prefix(&root).unwrap_or(&path));
                    if matches(pattern, &relative) {
                        found.push(relative);
                    }
                }
            }
        }
        self.spend(seen);
        found.sort();
        Ok(Data::List(found.into_iter().map(|path| Value::text(path, span)).collect()))
    }
}

fn slashed(path: &Path) -> String {
    path.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Globs: `*` within a name, `**` over folders, `?`, `{a,b}`.
fn matches(pattern: &str, path: &str) -> bool {
    if let Some((before, rest)) = pattern.split_once('{')
        && let Some((choices, after)) = rest.split_once('}')
        && choices.len() < 200
    {
        // One group of alternatives is what people write.
        return choices.split(',').any(|choice| plain(&format!("{before}{choice}{after}"), path));
    }
    plain(pattern, path)
}

fn plain(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    segments(&pattern, &path)
}

fn segments(pattern: &[&str], path: &[&str]) -> bool {
    // A table of which prefixes match, so that many `**` cost no more than their product.
    let mut row = vec![false; path.len() + 1];
    row.iter_mut().take(1).for_each(|first| *first = true);
    for part in pattern {
        let mut next = vec![false; path.len() + 1];
        if *part == "**" {
            let mut reached = false;
            for (slot, known) in next.iter_mut().zip(&row) {
                reached |= known;
                *slot = reached;
            }
        } else {
            for ((known, name), slot) in row.iter().zip(path).zip(next.iter_mut().skip(1)) {
                *slot = *known && wildcard(part, name);
            }
        }
        row = next;
    }
    row.last() == Some(&true)
}

fn wildcard(pattern: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let mut row = vec![false; name.len() + 1];
    row.iter_mut().take(1).for_each(|first| *first = true);
    for sign in pattern.chars() {
        let mut next = vec![false; name.len() + 1];
        if sign == '*' {
            let mut reached = false;
            for (slot, known) in next.iter_mut().zip(&row) {
                reached |= known;
                *slot = reached;
            }
        } else {
            for ((known, c), slot) in row.iter().zip(&name).zip(next.iter_mut().skip(1)) {
                *slot = *known && (sign == '?' || sign == *c);
            }
        }
        row = next;
    }
    row.last() == Some(&true)
}
