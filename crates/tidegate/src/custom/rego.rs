//! Rules in Rego: which files are rules, and what their metadata say.

use super::reader::Reader;
use super::rule::{Head, Wording, check_id};
use super::worker::{self, Job, Task};
use crate::config::Complaint;
use tidegate_check::Profile;
use tidegate_graph::{Confidence, FileId, Map, Severity};

/// The package in which rules lie, themselves or in packages below it.
const PACKAGE: &str = "tidegate";

/// A file in Rego.
#[derive(Clone, Debug)]
pub(super) struct Module {
    /// As it is shown.
    pub(super) path: String,
    pub(super) text: String,
    pub(super) package: String,
    /// Names of the rules of Rego that it declares.
    names: Vec<String>,
}

/// A rule: one file with `deny` or `warn`, and whatever it may import.
#[derive(Debug)]
pub(super) struct Rego {
    pub(super) module: Module,
    /// Files without findings of their own, for every rule of the folder.
    pub(super) libraries: Vec<Module>,
    /// The sets that it declares, among `deny`, `warn` and `unknown`.
    pub(super) sets: Vec<&'static str>,
}

/// What a set is called, and how bad what it holds is without a word of its own.
const SETS: [&str; 3] = ["deny", "warn", "unknown"];

impl Module {
    pub(super) fn read(path: &str, text: String) -> Self {
        let mut package = String::new();
        let mut names: Vec<String> = Vec::new();
        for line in text.lines() {
            let word: String = line.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if word == "package" && package.is_empty() {
                let name = line.trim_start_matches("package").split('#').next().unwrap_or_default();
                package = name.trim().to_string();
            } else if !word.is_empty() && !names.contains(&word) {
                names.push(word);
            }
        }
        Self { path: path.to_string(), text, package, names }
    }

    fn is_ours(&self) -> bool {
        self.package == PACKAGE || self.package.starts_with(&format!("{PACKAGE}."))
    }

    pub(super) fn is_rule(&self) -> bool {
        self.is_ours() && !self.is_test() && self.names.iter().any(|n| n == "deny" || n == "warn")
    }

    pub(super) fn is_test(&self) -> bool {
        self.path.ends_with("_test.rego") || self.names.iter().any(|n| n.starts_with("test_"))
    }

    /// The names of its tests.
    pub(super) fn tests(&self) -> impl Iterator<Item = &String> {
        self.names.iter().filter(|n| n.starts_with("test_"))
    }

    pub(super) fn sets(&self) -> Vec<&'static str> {
        SETS.into_iter().filter(|set| self.names.iter().any(|n| n == set)).collect()
    }

    /// What the engine can't parse of these, one answer each. In a worker, since its parser may run away, too.
    pub(super) fn broken(modules: &[&Self]) -> Vec<Option<Complaint>> {
        let parse = |m: &&Self| Task::RegoParse { path: m.path.clone(), text: m.text.clone() };
        let job = Job { tasks: modules.iter().map(parse).collect(), ..Job::default() };
        let answers = worker::run(&job).into_iter();
        modules.iter().zip(answers).map(|(m, answer)| answer.err().map(|told| m.complaint(&told))).collect()
    }

    fn complaint(&self, told: &str) -> Complaint {
        let (line, column, message) = place(told);
        let start: usize = self.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let rest = self.text.get(start..).unwrap_or_default();
        let from = start + rest.char_indices().nth(column.saturating_sub(1)).map_or(0, |(at, _)| at);
        let end = start + rest.lines().next().map_or(0, str::len);
        Complaint::new(from..end.max(from), "the file can't be parsed").label(message)
    }

    /// What its metadata say of it.
    pub(super) fn head(&self) -> (Option<Head>, Vec<Complaint>) {
        let masked = masked(&self.text);
        let mut reader = Reader { text: &self.text, complaints: Vec::new() };
        let (documents, problems) = tidegate_read::parse_yaml(FileId(0), &masked);
        for problem in problems {
            let at = problem.span.map_or(0..0, super::reader::range);
            reader.complain(Complaint::new(at, problem.message));
        }
        let empty = Map::new();
        let document = documents.first();
        let map = document.and_then(|d| d.as_map()).unwrap_or(&empty);
        if let Some(document) = document {
            reader.known("", document, &KEYS);
        }
        let custom = map.get("custom").and_then(|c| c.as_map()).unwrap_or(&empty);
        let (id, at) = match map.get("custom") {
            Some(value) => {
                reader.known("custom.", value, &CUSTOM);
                match custom.get("id") {
                    Some(_) => reader.needed(custom, value, "id").unwrap_or_default(),
                    None => (self.default_id(), 0..1),
                }
            }
            None => (self.default_id(), 0..1),
        };
        if let Err(why) = check_id(&id) {
            reader.complain(Complaint::new(at.clone(), format!("`{id}` is no id")).label(why));
        }
        let severities = Severity::ALL.map(|s| (s.word(), s));
        let confidences = [Confidence::Low, Confidence::Medium, Confidence::High].map(|c| (c.word(), c));
        let profiles = Profile::ALL.map(|p| (p.word(), p));
        let title = reader.plain(map, "title");
        let head = Head {
            wording: Wording {
                title: if title.is_empty() { id.replace('-', " ") } else { title },
                why: reader.plain(map, "description"),
                docs: reader.plain(custom, "docs"),
                aliases: reader.texts(custom, "aliases"),
                threats: reader.texts(custom, "threats"),
            },
            severity: reader.word(custom, "severity", &severities).unwrap_or(Severity::Medium),
            confidence: reader.word(custom, "confidence", &confidences).unwrap_or(Confidence::High),
            profiles: reader
                .words(custom, "profiles", "profile", &profiles)
                .unwrap_or_else(|| vec![Profile::Baseline]),
            id,
            at,
        };
        let sound = reader.complaints.is_empty();
        (sound.then_some(head), reader.complaints)
    }

    /// From the file's name: `queue_owner.rego` is `queue-owner`.
    fn default_id(&self) -> String {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.trim_end_matches(".rego").to_ascii_lowercase().replace(['_', '.', ' '], "-")
    }
}

/// Keys of annotations that OPA knows.
const KEYS: [&str; 9] = [
    "scope",
    "title",
    "description",
    "related_resources",
    "authors",
    "organizations",
    "schemas",
    "entrypoint",
    "custom",
];
const CUSTOM: [&str; 7] = ["id", "severity", "confidence", "aliases", "threats", "profiles", "docs"];

/// The first block of metadata alone, every byte at its place.
fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut inside, mut done) = (false, false);
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        let comment = body.strip_prefix('#');
        if inside && comment.is_none() {
            (inside, done) = (false, true);
        }
        match comment {
            Some(rest) if inside => {
                out.push(' ');
                out.push_str(rest);
            }
            _ => out.extend(body.chars().flat_map(|c| std::iter::repeat_n(' ', c.len_utf8()))),
        }
        out.push_str(line.get(body.len()..).unwrap_or_default());
        if !done && comment.is_some_and(|c| c.trim() == "METADATA") {
            inside = true;
        }
    }
    out
}

/// Line, column and words of what the engine says: a place, an excerpt, `error: ...`.
pub(super) fn place(told: &str) -> (usize, usize, String) {
    let mut at = (1, 1);
    let mut message = String::new();
    for line in told.lines().map(str::trim) {
        if let Some(place) = line.strip_prefix("--> ") {
            let mut numbers = place.rsplit(':');
            let column = numbers.next().and_then(|n| n.trim().parse().ok());
            let row = numbers.next().and_then(|n| n.trim().parse().ok());
            at = (row.unwrap_or(1), column.unwrap_or(1));
        } else if let Some(said) = line.strip_prefix("error: ") {
            message = said.to_string();
        }
    }
    if message.is_empty() {
        message =
            told.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("it can't be parsed").to_string();
    }
    (at.0, at.1, message)
}

impl Rego {
    pub(super) fn new(module: Module, libraries: Vec<Module>) -> Self {
        let sets = module.sets();
        Self { module, libraries, sets }
    }

    /// True if the rule itself says what it can't decide.
    pub(super) fn tells_unknown(&self) -> bool {
        self.sets.contains(&"unknown")
    }
}

/// What a rule in Rego looks at, as far as its text tells.
pub(super) struct Glance {
    /// Words of the text that can be keys.
    words: std::collections::HashSet<String>,
    /// Words that can be types, or the beginning of one.
    types: Vec<String>,
    /// It goes through all properties, whatever their names.
    everything: bool,
}

impl Glance {
    /// Of one text.
    pub(super) fn at(text: &str) -> Self {
        let mut glance = Self { words: Default::default(), types: Vec::new(), everything: false };
        glance.add(text);
        glance
    }

    pub(super) fn of(rule: &Rego) -> Self {
        let mut glance = Self { words: Default::default(), types: Vec::new(), everything: false };
        for module in std::iter::once(&rule.module).chain(&rule.libraries) {
            glance.add(&module.text);
        }
        glance
    }

    fn add(&mut self, text: &str) {
        for line in text.lines().map(|line| line.split('#').next().unwrap_or_default()) {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            self.words.extend(line.split(|c| !word(c)).filter(|w| !w.is_empty()).map(str::to_string));
            let cloud = |t: &&str| {
                t.contains("::") || ["google_", "azurerm_", "aws_"].iter().any(|p| t.starts_with(p))
            };
            let types = line.split(|c: char| !word(c) && c != ':').filter(cloud);
            self.types.extend(types.map(str::to_string));
            self.everything |= line.contains("walk(");
            let mut rest = line;
            while let Some((_, after)) = rest.split_once("properties") {
                let named = after.starts_with('.') || after.starts_with("[\"") || after.starts_with("[`");
                // `properties := ...` and `with input as {"properties": ...}` go through nothing.
                self.everything |= !named && !after.trim_start().starts_with([':', '"', '`']);
                rest = after;
            }
        }
    }

    /// True if the rule may look at this property of a resource of this type.
    pub(super) fn sees(&self, ty: &str, property: &str) -> bool {
        let on = self.types.is_empty() || self.types.iter().any(|t| ty.contains(t.as_str()));
        on && (self.everything || self.words.contains(property))
    }
}

#[cfg(test)]
mod tests {
    use super::{Glance, Module, Rego, masked, place};

    const RULE: &str = "# METADATA\n# title: queue without owner\n# custom:\n#   id: queue-owner\n#   severity: high\n\
                        package tidegate.queues\n\nimport rego.v1\n\ndeny contains msg if {\n  \
                        some r in input.resources\n  r.type == \"AWS::SQS::Queue\"\n  not r.properties.Tags\n  msg := \"x\"\n}\n";

    #[test]
    fn metadata_and_names() {
        let module = Module::read("p/queue_owner.rego", RULE.to_string());
        assert!(module.is_rule() && !module.is_test());
        assert_eq!(module.package, "tidegate.queues");
        let (head, complaints) = module.head();
        let head = head.unwrap();
        assert!(complaints.is_empty());
        assert_eq!((head.id.as_str(), head.wording.title.as_str()), ("queue-owner", "queue without owner"));
        assert_eq!(masked(RULE).len(), RULE.len());
    }

    #[test]
    fn a_library_is_no_rule() {
        assert!(!Module::read("lib.rego", "package lib\nf(x) := x\n".into()).is_rule());
        assert!(Module::read("a_test.rego", "package tidegate\ntest_a if true\n".into()).is_test());
    }

    #[test]
    fn what_a_rule_looks_at() {
        let module = Module::read("p/queue_owner.rego", RULE.to_string());
        let glance = Glance::of(&Rego::new(module, Vec::new()));
        assert!(glance.sees("AWS::SQS::Queue", "Tags"));
        assert!(!glance.sees("AWS::SNS::Topic", "Tags"));
        assert!(!glance.sees("AWS::SQS::Queue", "KmsMasterKeyId"));
    }

    #[test]
    fn errors_have_a_place() {
        let module =
            Module::read("a.rego", "package tidegate\n\ndeny contains msg if {\n  msg := \n}\n".into());
        let error =
            regorus::Engine::new().add_policy("a.rego".into(), module.text.clone()).unwrap_err().to_string();
        let (line, _, message) = place(&error);
        assert!((4..=5).contains(&line), "{error}");
        assert!(!message.is_empty());
        assert!(module.complaint(&error).start() >= 40);
    }
}
