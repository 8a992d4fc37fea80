//! Packs: a folder of rules with a name, a version, and a few decisions about them.

use crate::config::{Complaint, Complaints, Glob};
use crate::failure::Failure;
use crate::suggest::closest;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tidegate_check::Profile;
use tidegate_graph::Severity;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Its manifest.
pub(super) const FILE: &str = "pack.toml";

const KEYS: [&str; 6] = ["name", "version", "description", "rules", "profile", "severity"];

/// What a manifest says.
#[derive(Clone, Debug, Default)]
pub(super) struct Pack {
    pub(super) name: String,
    pub(super) version: String,
    folder: PathBuf,
    rules: Vec<Glob>,
    pub(super) profiles: Option<Vec<Profile>>,
    pub(super) severities: BTreeMap<String, Severity>,
}

impl Pack {
    pub(super) fn read(path: &Path) -> Result<Result<Self, Complaints>, Failure> {
        let text = std::fs::read_to_string(path).map_err(|e| {
            Failure::Own(anyhow::Error::new(e).context(format!("could not read `{}`", path.display())))
        })?;
        let mut pack =
            Self { folder: path.parent().unwrap_or(Path::new("")).to_path_buf(), ..Self::default() };
        let mut complaints = Vec::new();
        let (table, errors) = DeTable::parse_recoverable(&text);
        for error in errors {
            complaints.push(Complaint::new(error.span().unwrap_or(0..0), error.message()));
        }
        if complaints.is_empty() {
            pack.table(table.get_ref(), &mut complaints);
            if pack.name.is_empty() && complaints.is_empty() {
                complaints.push(Complaint::new(0..0, "the pack has no `name`").help("add `name = \"...\"`"));
            }
        }
        if complaints.is_empty() {
            return Ok(Ok(pack));
        }
        Ok(Err(Complaints::new(path.display().to_string(), text, complaints)))
    }

    fn table(&mut self, table: &DeTable<'_>, complaints: &mut Vec<Complaint>) {
        for (key, value) in table {
            let name: &str = key.get_ref();
            match name {
                "name" => self.name = text(name, value, complaints),
                "version" => self.version = text(name, value, complaints),
                "description" => drop(text(name, value, complaints)),
                "rules" => {
                    self.rules = texts(name, value, complaints).iter().map(|(t, _)| Glob::new(t)).collect();
                }
                "profile" => {
                    let words = Profile::ALL.map(|p| (p.word(), p));
                    let named = texts(name, value, complaints);
                    let found =
                        named.iter().filter_map(|(t, at)| one_of("profile", t, at, &words, complaints));
                    self.profiles = Some(found.collect());
                }
                "severity" => self.severities = severities(name, value, complaints),
                _ => {
                    let mut complaint = Complaint::new(key.span(), format!("there is no key `{name}`"));
                    if let Some(close) = closest(name, KEYS) {
                        complaint = complaint.label(format!("did you mean `{close}`?"));
                    }
                    let list = KEYS.map(|k| format!("`{k}`")).join(", ");
                    complaints.push(complaint.help(format!("known keys: {list}")));
                }
            }
        }
    }

    /// True if a file belongs to its rules.
    pub(super) fn holds(&self, path: &Path) -> bool {
        let below = path.strip_prefix(&self.folder).unwrap_or(path).to_string_lossy().replace('\\', "/");
        self.rules.is_empty() || self.rules.iter().any(|glob| glob.fits(&below))
    }
}

type At = std::ops::Range<usize>;

fn text(key: &str, value: &Spanned<DeValue<'_>>, complaints: &mut Vec<Complaint>) -> String {
    match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        other => {
            let label = format!("expected a string, found a {}", other.type_str());
            complaints.push(Complaint::new(value.span(), format!("`{key}` has the wrong type")).label(label));
            String::new()
        }
    }
}

fn texts(key: &str, value: &Spanned<DeValue<'_>>, complaints: &mut Vec<Complaint>) -> Vec<(String, At)> {
    match value.get_ref() {
        DeValue::Array(items) => {
            items.iter().map(|item| (text(key, item, complaints), item.span())).collect()
        }
        _ => vec![(text(key, value, complaints), value.span())],
    }
}

/// `{ "rule-id" = "high" }`.
pub(crate) fn severities(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    complaints: &mut Vec<Complaint>,
) -> BTreeMap<String, Severity> {
    let DeValue::Table(table) = value.get_ref() else {
        let label = format!("expected a table of severities, found a {}", value.get_ref().type_str());
        complaints.push(Complaint::new(value.span(), format!("`{key}` has the wrong type")).label(label));
        return BTreeMap::new();
    };
    let words = Severity::ALL.map(|s| (s.word(), s));
    let mut out = BTreeMap::new();
    for (id, value) in table {
        let word = text(key, value, complaints);
        if let Some(severity) = one_of("severity", &word, &value.span(), &words, complaints) {
            out.insert(id.get_ref().to_string(), severity);
        }
    }
    out
}

fn one_of<T: Copy>(
    what: &str,
    word: &str,
    at: &At,
    words: &[(&str, T)],
    complaints: &mut Vec<Complaint>,
) -> Option<T> {
    let found = words.iter().find(|(known, _)| *known == word).map(|(_, found)| *found);
    if found.is_none() && !word.is_empty() {
        let mut complaint = Complaint::new(at.clone(), format!("there is no {what} `{word}`"));
        if let Some(close) = closest(word, words.iter().map(|(w, _)| *w)) {
            complaint = complaint.label(format!("did you mean `{close}`?"));
        }
        let list: Vec<String> = words.iter().map(|(w, _)| format!("`{w}`")).collect();
        complaints.push(complaint.help(format!("one of {}", list.join(", "))));
    }
    found
}
