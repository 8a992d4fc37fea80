//! `tidegate.toml`: found beside or above what is read, checked key by key, its errors underlined.

mod allow;
mod authenticate;
mod complaint;
mod contract;
mod guardrails;
mod keys;
pub(crate) mod limits;
mod schemas;

pub(crate) use authenticate::Pattern;
pub(crate) use complaint::{Complaint, Complaints};
pub(crate) use contract::Enforce;
pub(crate) use keys::{KEYS, Key};
pub(crate) use schemas::SchemaFile;
pub(crate) use tidegate_read::Glob;

use crate::custom::{self, Choice, Choices};
use crate::failure::Failure;
use crate::suggest::closest;
use crate::suppress::Allow;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tidegate_check::{Guardrails, Profile};
use tidegate_graph::Severity;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Its name.
pub(crate) const FILE: &str = "tidegate.toml";

/// From which severity on findings change the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailOn {
    /// This one and worse.
    Severity(Severity),
    /// None.
    Never,
}

impl FailOn {
    /// Every word that names one.
    pub(crate) const WORDS: [&str; 6] = ["info", "low", "medium", "high", "critical", "never"];

    /// What a word stands for.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        if word == "never" {
            return Some(Self::Never);
        }
        Severity::ALL.into_iter().find(|s| s.word() == word).map(Self::Severity)
    }
}

/// What the file says. Whatever it doesn't say is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    pub(crate) profiles: Vec<Profile>,
    pub(crate) fail_on: Option<FailOn>,
    pub(crate) exclude: Vec<Glob>,
    /// The file's folder: `exclude` is relative to it.
    pub(crate) folder: PathBuf,
    pub(crate) stage: Option<String>,
    pub(crate) off: Vec<String>,
    pub(crate) only: Vec<String>,
    pub(crate) parameters: BTreeMap<String, String>,
    /// What no policy may say.
    pub(crate) guardrails: Guardrails,
    /// The catalogue of actions to use instead of the own one.
    pub(crate) iam_data: Option<PathBuf>,
    /// Findings that are accepted.
    pub(crate) allow: Vec<Allow>,
    /// Its path, as it is shown.
    pub(crate) path: PathBuf,
    /// Where rules of one's own lie.
    pub(crate) choices: Choices,
    /// Those rules.
    pub(crate) custom: Arc<custom::Rules>,
    /// What the contract needs to know beyond the code.
    pub(crate) contract: Enforce,
}

impl Config {
    /// The configuration that was named, or the nearest one from the folder of `path` upwards; the default if there is
    /// none. The search ends at the root of the git work tree. `rules` are places of rules that it doesn't name.
    pub(crate) fn load(named: Option<&Path>, path: &Path, rules: &[PathBuf]) -> Result<Self, Failure> {
        Self::load_over(named, path, rules, &|_| None)
    }

    /// The same where a text that isn't saved yet counts instead of the file.
    pub(crate) fn load_over(
        named: Option<&Path>,
        path: &Path,
        rules: &[PathBuf],
        unsaved: &dyn Fn(&Path) -> Option<String>,
    ) -> Result<Self, Failure> {
        let read = |path: &Path| unsaved(path).map_or_else(|| read(path), |text| Ok(Some(text)));
        if let Some(named) = named {
            return match read(named)? {
                Some(text) => parse(named, &text, rules),
                None => Err(Failure::usage(format!("there is no file `{}`", named.display()), None)),
            };
        }
        let Ok(start) = path.canonicalize() else { return Self::none(rules) };
        for folder in start.ancestors().filter(|f| f.is_dir()) {
            let file = folder.join(FILE);
            if let Some(text) = read(&file)? {
                return parse(&shorten(&file), &text, rules);
            }
            if folder.join(".git").exists() {
                break;
            }
        }
        Self::none(rules)
    }

    /// Where there is no file.
    fn none(rules: &[PathBuf]) -> Result<Self, Failure> {
        let choices = Choices { load: rules.to_vec(), ..Choices::default() };
        Ok(Self { custom: custom::Rules::load(&choices)?, choices, ..Self::default() })
    }

    /// True if a text is TOML, as a configuration has to be.
    pub(crate) fn reads(text: &str) -> bool {
        DeTable::parse(text).is_ok()
    }

    /// A path as patterns of the file see it: from the file's folder, or in full if it lies elsewhere.
    pub(crate) fn seen<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.folder).unwrap_or(path)
    }
}

/// The path as seen from the working folder, if it lies below it.
fn shorten(path: &Path) -> PathBuf {
    let here = std::env::current_dir().and_then(|p| p.canonicalize());
    here.ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).to_path_buf()
}

/// The text; `None` when there is no such file.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) if e.kind() == ErrorKind::InvalidData => {
            Err(Failure::usage(format!("`{}` is not UTF-8 text", path.display()), None))
        }
        Err(e) => {
            Err(Failure::Own(anyhow::Error::new(e).context(format!("could not read `{}`", path.display()))))
        }
    }
}

pub(crate) fn parse(path: &Path, text: &str, rules: &[PathBuf]) -> Result<Config, Failure> {
    let mut reader = Reader { text: text.to_string(), ..Reader::default() };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        reader.complaints.push(Complaint::new(error.span().unwrap_or(0..0), error.message()));
    }
    // What follows a broken line is guesswork; complaints about it would mislead.
    if reader.complaints.is_empty() {
        // The names of rules make sense only when people's own are known.
        reader.choices(table.get_ref());
        if reader.complaints.is_empty() {
            let below = path.parent().unwrap_or(Path::new(""));
            // Actions that the file speaks of are looked up in it.
            if let Some(file) = &reader.config.iam_data {
                crate::catalogue::install(&below.join(file))?;
            }
            let choices = &mut reader.config.choices;
            choices.load = choices.load.iter().map(|place| below.join(place)).collect();
            choices.load.extend(rules.iter().cloned());
            reader.config.custom = custom::Rules::load(choices)?;
        }
        reader.table(table.get_ref());
    }
    if reader.complaints.is_empty() {
        // A file that is not saved yet has no real path of its own, but its folder has.
        let beside = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let real = path.canonicalize().ok().and_then(|p| p.parent().map(Path::to_path_buf));
        let folder = real.or_else(|| beside.canonicalize().ok()).unwrap_or_default();
        return Ok(Config { folder, path: path.to_path_buf(), ..reader.config });
    }
    reader.complaints.sort_by_key(Complaint::start);
    Err(Failure::Config(Complaints::new(path.display().to_string(), text.to_string(), reader.complaints)))
}

/// Goes through the file and notes everything that is wrong, not only the first thing.
#[derive(Default)]
struct Reader {
    config: Config,
    complaints: Vec<Complaint>,
    text: String,
}

impl Reader {
    fn table(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            let name: &str = key.get_ref();
            match name {
                "profile" => self.profiles(value),
                "fail-on" => self.fail_on(value),
                "exclude" => self.exclude(value),
                "stage" => self.config.stage = self.text(name, value).map(|(t, _)| t),
                "rules" => self.rules(value),
                "parameters" => self.parameters(value),
                "allow" => self.allow(value),
                "contract" => self.contract(value),
                "iam" => self.iam(value),
                "packs" => {}
                _ => self.unknown_key(key.span(), name, ""),
            }
        }
    }

    fn rules(&mut self, value: &Spanned<DeValue<'_>>) {
        let DeValue::Table(table) = value.get_ref() else {
            return self.wrong("rules", value, "a table: `[rules]`");
        };
        for (key, value) in table {
            let name: &str = key.get_ref();
            match name {
                "off" => self.config.off = self.rule_names("rules.off", value),
                "only" => self.config.only = self.rule_names("rules.only", value),
                "load" => {}
                _ => self.unknown_key(key.span(), name, "rules."),
            }
        }
    }

    /// Where rules of one's own lie, and what is decided about their packs.
    fn choices(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            let DeValue::Table(inner) = value.get_ref() else { continue };
            for (name, value) in inner {
                match (key.get_ref().as_ref(), name.get_ref().as_ref()) {
                    ("rules", "load") => {
                        let places = self.texts("rules.load", value);
                        self.config.choices.load =
                            places.into_iter().map(|(t, _)| PathBuf::from(t)).collect();
                    }
                    ("iam", "data") => {
                        self.config.iam_data = self.text("iam.data", value).map(|(t, _)| PathBuf::from(t));
                    }
                    ("packs", pack) => self.pack(pack, value),
                    _ => {}
                }
            }
        }
    }

    fn pack(&mut self, pack: &str, value: &Spanned<DeValue<'_>>) {
        let DeValue::Table(table) = value.get_ref() else {
            return self.wrong(&format!("packs.{pack}"), value, "a table: `[packs.NAME]`");
        };
        let mut choice = Choice::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "off" => match value.get_ref() {
                    DeValue::Boolean(off) => choice.off = *off,
                    _ => self.wrong("packs.off", value, "a boolean"),
                },
                "profile" => {
                    let mut profiles = Vec::new();
                    std::mem::swap(&mut profiles, &mut self.config.profiles);
                    self.profiles(value);
                    std::mem::swap(&mut profiles, &mut self.config.profiles);
                    choice.profiles = Some(profiles);
                }
                "severity" => {
                    choice.severities = custom::severities("packs.severity", value, &mut self.complaints);
                }
                name => self.unknown_key(key.span(), name, "packs."),
            }
        }
        self.config.choices.packs.insert(pack.to_string(), choice);
    }

    fn parameters(&mut self, value: &Spanned<DeValue<'_>>) {
        let DeValue::Table(table) = value.get_ref() else {
            return self.wrong("parameters", value, "a table: `[parameters]`");
        };
        for (key, value) in table {
            let text = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(number) => number.to_string(),
                DeValue::Float(number) => number.to_string(),
                DeValue::Boolean(flag) => flag.to_string(),
                _ => {
                    self.wrong(key.get_ref(), value, "a string, number or boolean");
                    continue;
                }
            };
            self.config.parameters.insert(key.get_ref().to_string(), text);
        }
    }

    fn profiles(&mut self, value: &Spanned<DeValue<'_>>) {
        for (word, span) in self.texts("profile", value) {
            match Profile::ALL.into_iter().find(|p| p.word() == word) {
                Some(profile) => self.config.profiles.push(profile),
                None => self.unknown_word(span, "profile", &word, &Profile::ALL.map(Profile::word)),
            }
        }
    }

    fn fail_on(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some((word, span)) = self.text("fail-on", value) else { return };
        match FailOn::parse(&word) {
            Some(fail_on) => self.config.fail_on = Some(fail_on),
            None => self.unknown_word(span, "severity", &word, &FailOn::WORDS),
        }
    }

    fn exclude(&mut self, value: &Spanned<DeValue<'_>>) {
        let patterns = self.texts("exclude", value);
        self.config.exclude = patterns.iter().map(|(pattern, _)| Glob::new(pattern)).collect();
    }

    fn rule_names(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Vec<String> {
        let names = self.texts(key, value);
        for (name, span) in &names {
            if !known_rule(name) {
                let mut complaint = Complaint::new(span.clone(), format!("there is no rule `{name}`"));
                if let Some(close) = closest_rule(name) {
                    complaint = complaint.label(format!("did you mean `{close}`?"));
                }
                self.complaints.push(complaint.help("`tidegate check --list-rules` lists them"));
            }
        }
        names.into_iter().map(|(name, _)| name).collect()
    }

    fn text(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<(String, Range<usize>)> {
        let DeValue::String(text) = value.get_ref() else {
            self.wrong(key, value, "a string");
            return None;
        };
        Some((text.to_string(), value.span()))
    }

    /// A string, or a list of strings.
    fn texts(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Vec<(String, Range<usize>)> {
        match value.get_ref() {
            DeValue::String(text) => vec![(text.to_string(), value.span())],
            DeValue::Array(items) => items.iter().filter_map(|item| self.text(key, item)).collect(),
            _ => {
                self.wrong(key, value, "a string or a list of strings");
                Vec::new()
            }
        }
    }

    fn wrong(&mut self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) {
        let message = format!("`{key}` has the wrong type");
        let label = format!("expected {expected}, found {}", article(value.get_ref().type_str()));
        self.complaints.push(Complaint::new(value.span(), message).label(label));
    }

    fn unknown_key(&mut self, span: Range<usize>, name: &str, table: &str) {
        let known = || KEYS.iter().filter_map(|k| k.name.strip_prefix(table)).filter(|k| !k.contains('.'));
        let mut complaint = Complaint::new(span, format!("there is no key `{table}{name}`"));
        if let Some(close) = closest(name, known()) {
            complaint = complaint.label(format!("did you mean `{close}`?"));
        }
        let list: Vec<String> = known().map(|k| format!("`{k}`")).collect();
        self.complaints.push(complaint.help(format!("known keys: {}", list.join(", "))));
    }

    fn unknown_word(&mut self, span: Range<usize>, what: &str, word: &str, known: &[&str]) {
        let mut complaint = Complaint::new(span, format!("there is no {what} `{word}`"));
        if let Some(close) = closest(word, known.iter().copied()) {
            complaint = complaint.label(format!("did you mean `{close}`?"));
        }
        let list: Vec<String> = known.iter().map(|k| format!("`{k}`")).collect();
        self.complaints.push(complaint.help(format!("one of {}", list.join(", "))));
    }
}

/// True for the id of a rule and for each of its aliases.
pub(crate) fn known_rule(name: &str) -> bool {
    tidegate_check::rules().iter().any(|m| m.id == name || m.aliases.contains(&name))
}

/// The rule that a mistyped name most likely stands for.
pub(crate) fn closest_rule(name: &str) -> Option<&'static str> {
    let ids = || tidegate_check::rules().iter().map(|m| m.id);
    closest(name, ids())
        .or_else(|| closest(name, tidegate_check::rules().iter().flat_map(|m| m.aliases).copied()))
}

fn article(word: &str) -> String {
    let an = word.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {word}", if an { "an" } else { "a" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(text: &str) -> String {
        match parse(Path::new("tidegate.toml"), text, &[]) {
            Err(failure) => failure.render(crate::output::Look { color: false, width: 100 }),
            Ok(config) => panic!("no complaint: {config:?}"),
        }
    }

    #[test]
    fn every_key_is_read() {
        let text = "profile = ['baseline', 'regulated']\nfail-on = 'never'\nexclude = 'vendor/**'\nstage = 'prod'\n\
                    [parameters]\nEnv = 'prod'\nCount = 3\nOn = true\n[rules]\noff = []\n";
        let config = parse(Path::new("tidegate.toml"), text, &[]).unwrap();
        assert_eq!(config.profiles, [Profile::Baseline, Profile::Regulated]);
        assert_eq!(config.fail_on, Some(FailOn::Never));
        assert_eq!(config.stage.as_deref(), Some("prod"));
        let parameters: Vec<_> = config.parameters.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(parameters, ["Count=3", "Env=prod", "On=true"]);
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        insta::assert_snapshot!(complaints(
            "profil = 'baseline'\nfail-on = 'hgih'\nstage = 3\n[rules]\nof = []\n"
        ));
    }

    #[test]
    fn guardrails_are_read_and_checked() {
        let text = "[iam]\nforbidden-actions = 'iam:CreateUser'\nrequired-boundary = 'team'\n\
                    allowed-external-accounts = []\nmax-blast-radius = 20\n[iam.required-conditions]\n'iam:PassRole' = 'iam:PassedToService'\n";
        let config = parse(Path::new("tidegate.toml"), text, &[]).unwrap();
        let expected = Guardrails {
            forbidden_actions: vec!["iam:CreateUser".into()],
            required_boundary: Some("team".into()),
            required_conditions: vec![("iam:PassRole".into(), vec!["iam:PassedToService".into()])],
            allowed_external_accounts: Some(Vec::new()),
            max_blast_radius: Some(20),
        };
        assert_eq!(config.guardrails, expected);
        insta::assert_snapshot!(complaints(
            "[iam]\nforbidden-action = []\nforbidden-actions = ['iam:CreatUser']\nallowed-external-accounts = ['12']\n"
        ));
    }

    #[test]
    fn broken_toml_is_underlined() {
        insta::assert_snapshot!(complaints("profile = \"baseline\nstage = 'x'\n"));
    }

    #[test]
    fn every_key_is_documented() {
        for name in [
            "profile",
            "fail-on",
            "exclude",
            "stage",
            "parameters",
            "rules.off",
            "rules.only",
            "rules.load",
            "packs",
            "iam",
            "allow",
            "contract",
        ] {
            assert!(KEYS.iter().any(|k| k.name == name), "{name}");
        }
    }
}
