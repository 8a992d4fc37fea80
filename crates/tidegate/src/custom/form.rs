//! Rules in YAML with a condition in CEL: read strictly, everything that is wrong underlined.

use super::cel::{Program, Subject, Verdict, Wrong, shown};
use super::path::Path;
use super::reader::{Reader, range};
use super::rule::{Head, Wording};
use crate::config::{Complaint, Glob};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use tidegate_check::{Metadata, Note, Outside, Profile, Said};
use tidegate_graph::{Confidence, Data, FileId, Map, Resource, Severity, System, Value, World};

/// Steps of one rule over a whole system: some seconds.
const MAX_STEPS: u64 = 40_000_000;

const KEYS: [&str; 16] = [
    "id",
    "title",
    "severity",
    "confidence",
    "message",
    "why",
    "help",
    "docs",
    "aliases",
    "threats",
    "profiles",
    "select",
    "path",
    "paths",
    "condition",
    "tests",
];
const SELECT_KEYS: [&str; 5] = ["types", "names", "files", "stacks", "tags"];
const TEST_KEYS: [&str; 2] = ["pass", "fail"];

/// A rule as it was written.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) head: Head,
    select: Select,
    paths: Vec<Path>,
    condition: Program,
    message: String,
    help: String,
    pub(super) tests: Vec<Snippet>,
}

/// Which resources a rule is about: all that is said must fit.
#[derive(Debug, Default)]
struct Select {
    types: Vec<Glob>,
    names: Vec<Glob>,
    files: Vec<Glob>,
    stacks: Vec<Glob>,
    tags: Vec<(String, Option<Glob>)>,
}

/// An example that stands beside the rule.
#[derive(Clone, Debug)]
pub(super) struct Snippet {
    pub(super) text: String,
    pub(super) fails: bool,
    /// Line of the rule's file, from 1.
    pub(super) line: usize,
}

/// All rules of a file, and what is wrong with it.
pub(super) fn parse(text: &str) -> (Vec<Form>, Vec<Complaint>) {
    let mut reader = Reader { text, complaints: Vec::new() };
    let (documents, problems) = tidegate_read::parse_yaml(FileId(0), text);
    for problem in problems {
        let at = problem.span.map_or(0..0, range);
        reader.complaints.push(Complaint::new(at, problem.message));
    }
    let mut forms = Vec::new();
    if reader.complaints.is_empty() {
        for document in &documents {
            match document.get("rules") {
                Some(rules) => {
                    reader.known("", document, &["rules"]);
                    for rule in reader.list("rules", rules) {
                        forms.extend(reader.form(rule));
                    }
                }
                None => forms.extend(reader.form(document)),
            }
        }
        if documents.is_empty() {
            reader.complaints.push(Complaint::new(0..text.len().min(1), "the file holds no rule"));
        }
    }
    (forms, reader.complaints)
}

impl Reader<'_> {
    fn form(&mut self, value: &Value) -> Option<Form> {
        let Some(map) = value.as_map() else {
            self.wrong("rule", value, "a map");
            return None;
        };
        let before = self.complaints.len();
        self.known("", value, &KEYS);
        let id = self.needed(map, value, "id");
        let title = self.needed(map, value, "title");
        let condition = map.get("condition").and_then(|c| self.condition(c));
        if !map.contains_key("condition") {
            self.missing(value, "condition");
        }
        let severity =
            self.word(map, "severity", &Severity::ALL.map(|s| (s.word(), s))).unwrap_or(Severity::Medium);
        let confidences = [Confidence::Low, Confidence::Medium, Confidence::High].map(|c| (c.word(), c));
        let confidence = self.word(map, "confidence", &confidences).unwrap_or(Confidence::High);
        let profiles = Profile::ALL.map(|p| (p.word(), p));
        let profiles =
            self.words(map, "profiles", "profile", &profiles).unwrap_or_else(|| vec![Profile::Baseline]);
        if let Some((id, span)) = &id
            && let Err(why) = super::rule::check_id(id)
        {
            self.complaints.push(Complaint::new(span.clone(), format!("`{id}` is no id")).label(why));
        }
        let wording = Wording {
            title: title.map(|(t, _)| t).unwrap_or_default(),
            why: self.plain(map, "why"),
            docs: self.plain(map, "docs"),
            aliases: self.texts(map, "aliases"),
            threats: self.texts(map, "threats"),
        };
        let select = self.select(map);
        let paths = self.paths(map);
        let message = self.plain(map, "message");
        let help = self.plain(map, "help");
        let tests = self.tests(map);
        let condition = condition?;
        if !paths.is_empty() && !condition.uses_value() {
            let at = map.get("condition").map_or(0..0, |c| range(c.span));
            let complaint = Complaint::new(at, "the condition doesn't look at `value`");
            self.complaints
                .push(complaint.help("`value` is what stands at the path; without a path, leave `path` out"));
        }
        if paths.is_empty() && condition.uses_value() {
            let at = map.get("condition").map_or(0..0, |c| range(c.span));
            let complaint = Complaint::new(at, "the condition looks at `value`, and the rule has no path");
            self.complaints
                .push(complaint.help("add `path: SomeProperty`, or use `properties.SomeProperty`"));
        }
        let (id, at) = id?;
        if self.complaints.len() > before {
            return None;
        }
        let message = if message.is_empty() { wording.title.clone() } else { message };
        let head = Head { id, at, wording, severity, confidence, profiles };
        Some(Form { head, select, paths, condition, message, help, tests })
    }

    fn condition(&mut self, value: &Value) -> Option<Program> {
        let Some(text) = value.as_text() else {
            self.wrong("condition", value, "an expression in quotes");
            return None;
        };
        match Program::parse(&text) {
            Ok(program) => Some(program),
            Err(Wrong { message, at }) => {
                let whole = range(value.span);
                // Within a block or a quoted string the text may not stand as it is; then all of it is underlined.
                let source = self.text.get(whole.clone()).unwrap_or_default();
                let place = match source.find(text.as_str()) {
                    Some(start) => whole.start + start + at.start..whole.start + start + at.end,
                    None => whole,
                };
                self.complaints.push(Complaint::new(place, "the condition can't be used").label(message));
                None
            }
        }
    }

    fn select(&mut self, map: &Map) -> Select {
        let Some(value) = map.get("select") else { return Select::default() };
        let Some(select) = value.as_map() else {
            self.wrong("select", value, "a map");
            return Select::default();
        };
        self.known("select.", value, &SELECT_KEYS);
        let globs = |texts: Vec<String>| texts.iter().map(|t| Glob::new(t)).collect();
        // Types are no paths: what stands between their colons is one part.
        let types = self.texts(select, "types").iter().map(|t| Glob::new(&parted(t))).collect();
        let mut tags = Vec::new();
        match select.get("tags").map(|v| (v, &v.data)) {
            Some((_, Data::Map(wanted))) => {
                for (key, value) in wanted.iter() {
                    match value.as_text() {
                        Some(pattern) => tags.push((key.to_string(), Some(Glob::new(&pattern)))),
                        None => self.wrong("select.tags", value, "a string"),
                    }
                }
            }
            Some(_) => tags.extend(self.texts(select, "tags").into_iter().map(|key| (key, None))),
            None => {}
        }
        Select {
            types,
            names: globs(self.texts(select, "names")),
            files: globs(self.texts(select, "files")),
            stacks: globs(self.texts(select, "stacks")),
            tags,
        }
    }

    fn paths(&mut self, map: &Map) -> Vec<Path> {
        let mut out = Vec::new();
        for value in ["path", "paths"].into_iter().filter_map(|key| map.get(key)) {
            for item in value.items() {
                match item.as_text().map(|text| Path::parse(&text)) {
                    Some(Ok(path)) => out.push(path),
                    Some(Err(why)) => {
                        self.complaints.push(Complaint::new(range(item.span), "it is no path").label(why));
                    }
                    None => self.wrong("path", item, "a path such as `Environment.Variables.*`"),
                }
            }
        }
        out
    }

    fn tests(&mut self, map: &Map) -> Vec<Snippet> {
        let Some(value) = map.get("tests") else { return Vec::new() };
        let Some(tests) = value.as_map() else {
            self.wrong("tests", value, "a map with `pass` and `fail`");
            return Vec::new();
        };
        self.known("tests.", value, &TEST_KEYS);
        let mut out = Vec::new();
        for (key, fails) in [("pass", false), ("fail", true)] {
            for item in tests.get(key).map(Value::items).unwrap_or_default() {
                match item.as_str() {
                    Some(text) => {
                        let line = self.line(range(item.span).start);
                        out.push(Snippet { text: text.to_string(), fails, line });
                    }
                    None => self.wrong(&format!("tests.{key}"), item, "a template as text: begin with `|`"),
                }
            }
        }
        out
    }
}

fn parted(ty: &str) -> String {
    ty.replace("::", "/")
}

/// A rule of this form at work.
pub(super) struct Running<'a> {
    pub(super) form: &'a Form,
    pub(super) metadata: &'static Metadata,
    pub(super) system: &'a System,
    /// Path of a file as the patterns see it.
    pub(super) seen: &'a dyn Fn(&str) -> String,
    pub(super) left: Cell<u64>,
    /// What kept it from deciding: said once, not for every resource.
    pub(super) trouble: RefCell<BTreeMap<String, usize>>,
}

impl<'a> Running<'a> {
    pub(super) fn new(
        form: &'a Form,
        metadata: &'static Metadata,
        system: &'a System,
        seen: &'a dyn Fn(&str) -> String,
    ) -> Self {
        Self { form, metadata, system, seen, left: Cell::new(MAX_STEPS), trouble: RefCell::default() }
    }

    fn fits(&self, resource: &Resource) -> bool {
        let any = |globs: &[Glob], fits: &dyn Fn(&Glob) -> bool| globs.is_empty() || globs.iter().any(fits);
        let select = &self.form.select;
        let stack = self.system.stacks.get(resource.stack);
        let path = || self.system.sources.source(resource.span.file).map(|s| (self.seen)(s.path()));
        any(&select.types, &|g| g.fits(&parted(&resource.ty)) || g.fits(&parted(&resource.declared_type)))
            && any(&select.names, &|g| g.fits(&resource.logical_id))
            && any(&select.stacks, &|g| stack.is_some_and(|s| g.fits(&s.name)))
            && (select.files.is_empty() || path().is_some_and(|p| select.files.iter().any(|g| g.fits(&p))))
    }

    fn decide(
        &self,
        resource: &Resource,
        world: &World,
        path: &[String],
        value: Option<&Value>,
        out: &mut Vec<Said>,
    ) {
        let tags = super::tags::of(resource, world);
        let select = &self.form.select;
        if let (Err(value), false) = (&tags, select.tags.is_empty()) {
            let why = format!("its tags hang on `{}`", value.display());
            return out.push(Said::Unknown { why, span: Some(value.span) });
        }
        for (key, pattern) in &select.tags {
            match (tags.as_ref().ok().and_then(|t| t.get(key)), pattern) {
                (None, _) => return,
                (Some(_), None) => {}
                (Some(value), Some(pattern)) => match value.as_text() {
                    Some(text) if pattern.fits(&text) => {}
                    Some(_) => return,
                    None => {
                        let why = format!("the tag `{key}` is `{}`", value.display());
                        out.push(Said::Unknown { why, span: Some(value.span) });
                        return;
                    }
                },
            }
        }
        let stack = self.system.stacks.get(resource.stack);
        let file =
            self.system.sources.source(resource.span.file).map(|s| s.path().clone()).unwrap_or_default();
        let facts = vec![
            ("file", file),
            ("stack", stack.map(|s| s.name.clone()).unwrap_or_default()),
            ("format", stack.map(|s| s.format.into()).unwrap_or_default()),
        ];
        // A variable of Terraform without a value may be null, which is to say absent.
        let never_null = stack.is_none_or(|s| s.format != "terraform");
        let tags = tags.as_ref().map_err(|value| *value);
        let subject = Subject { resource, value, facts, tags, never_null };
        let mut left = self.left.get();
        let verdict = self.form.condition.verdict(&subject, world, &mut left);
        self.left.set(left);
        match verdict {
            Verdict::True => out.push(Said::Finding(Note {
                message: self.message(resource, value, world),
                path: path.to_vec(),
                severity: None,
                help: self.form.help.clone(),
            })),
            Verdict::False => {}
            Verdict::Unknown(what, span) => {
                out.push(Said::Unknown { why: format!("it hangs on {what}"), span: Some(span) });
            }
            Verdict::Fault(message) => {
                *self.trouble.borrow_mut().entry(message.clone()).or_default() += 1;
                out.push(Said::Unknown { why: message, span: value.map(|v| v.span) });
            }
            Verdict::TooMuch => {
                *self.trouble.borrow_mut().entry(TOO_MUCH.to_string()).or_default() += 1;
                out.push(Said::Unknown { why: TOO_MUCH.to_string(), span: None });
            }
        }
    }

    fn message(&self, resource: &Resource, value: Option<&Value>, world: &World) -> String {
        const MOST: usize = 200;
        let mut out = self.form.message.clone();
        if !out.contains('{') {
            return out;
        }
        for (hole, text) in [
            ("{name}", resource.logical_id.to_string()),
            ("{id}", resource.id.to_string()),
            ("{type}", resource.ty.to_string()),
            ("{value}", shown(value, world)),
        ] {
            let short: String = text.chars().take(MOST).collect();
            out = out.replace(hole, &short);
        }
        out
    }
}

const TOO_MUCH: &str = "the condition takes more work or memory than a rule may take";

impl Outside for Running<'_> {
    fn metadata(&self) -> &'static Metadata {
        self.metadata
    }

    fn is_on(&self, resource: &Resource) -> bool {
        self.fits(resource)
    }

    fn check(&self, resource: &Resource, world: &World) -> Vec<Said> {
        let mut out = Vec::new();
        if self.form.paths.is_empty() {
            self.decide(resource, world, &[], None, &mut out);
        }
        for path in &self.form.paths {
            for (keys, value) in path.find(&resource.properties, world) {
                self.decide(resource, world, &keys, value, &mut out);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests;
