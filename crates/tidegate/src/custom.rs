//! People's own rules: data that is read from folders, known like every other rule, and run within limits.
//!
//! Three forms: YAML with a condition in CEL (evaluated here, in three values and within a budget), Rego, and the language
//! of CloudFormation Guard (both in a process of their own, which ends when a rule takes too much).

mod cel;
mod files;
mod form;
mod guard;
mod input;
mod pack;
mod path;
mod reader;
mod rego;
mod rule;
mod run;
mod tags;
mod trial;
mod worker;

pub(crate) use cel::{Wrong, parse};
pub(crate) use pack::severities;
pub(crate) use run::{Ran, Seen};
pub(crate) use trial::test;
pub(crate) use worker::{COMMAND, serve};

use crate::config::{Complaint, Complaints};
use crate::failure::Failure;
use files::{Found, Kind};
use form::Form;
use pack::Pack;
use rego::{Module, Rego};
use rule::Head;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tidegate_check::{Metadata, Profile};
use tidegate_graph::Severity;

/// What the configuration says about rules of one's own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choices {
    /// Folders and files that hold them.
    pub(crate) load: Vec<PathBuf>,
    /// Packs by name.
    pub(crate) packs: BTreeMap<String, Choice>,
}

/// What it says about a pack.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    pub(crate) off: bool,
    pub(crate) profiles: Option<Vec<Profile>>,
    pub(crate) severities: BTreeMap<String, Severity>,
}

/// Rules that were read.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    forms: Vec<Loaded<Form>>,
    rego: Vec<Loaded<Rego>>,
    guard: Vec<Loaded<guard::File>>,
    /// Files that this build can't use, with what to do.
    unusable: Vec<(PathBuf, String)>,
}

/// A rule and where it stands.
#[derive(Debug)]
struct Loaded<T> {
    rule: T,
    metadata: &'static Metadata,
    path: PathBuf,
}

impl Rules {
    /// Reads what the configuration names, and makes it known to [`tidegate_check::rules`].
    pub(crate) fn load(choices: &Choices) -> Result<Arc<Self>, Failure> {
        // A configuration may be read several times in a run; its rules are kept for good, so that once is enough.
        static LAST: Mutex<Option<(u64, Arc<Rules>)>> = Mutex::new(None);
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if choices.load.is_empty() {
            if last.take().is_some() {
                tidegate_check::install(Vec::new());
            }
            return Ok(Arc::default());
        }
        let places =
            choices.load.iter().map(|root| files::find(root, false)).collect::<Result<Vec<_>, _>>()?;
        let mut hasher = DefaultHasher::new();
        format!("{choices:?}").hash(&mut hasher);
        for place in &places {
            format!("{:?}", place.packs).hash(&mut hasher);
            place.files.iter().for_each(|(file, _)| (&file.path, &file.text).hash(&mut hasher));
        }
        let key = hasher.finish();
        if let Some((_, rules)) = last.as_ref().filter(|(known, _)| *known == key) {
            return Ok(Arc::clone(rules));
        }
        let rules = Arc::new(Loader::new(choices).load(places)?);
        tidegate_check::install(rules.metadata().collect());
        *last = Some((key, Arc::clone(&rules)));
        Ok(rules)
    }

    fn metadata(&self) -> impl Iterator<Item = &'static Metadata> {
        let forms = self.forms.iter().map(|r| r.metadata);
        forms.chain(self.rego.iter().map(|r| r.metadata)).chain(self.guard.iter().map(|r| r.metadata))
    }

    fn is_empty(&self) -> bool {
        self.forms.is_empty() && self.rego.is_empty() && self.guard.is_empty() && self.unusable.is_empty()
    }
}

/// Turns files into rules and notes everything that is wrong with them.
struct Loader<'c> {
    choices: &'c Choices,
    rules: Rules,
    complaints: Vec<Complaints>,
    /// Ids and aliases, and who has them.
    taken: HashMap<String, String>,
}

impl<'c> Loader<'c> {
    fn new(choices: &'c Choices) -> Self {
        let mut taken = HashMap::new();
        for rule in tidegate_check::built_in() {
            taken.insert(rule.id.to_string(), "it comes with Tidegate".to_string());
        }
        Self { choices, rules: Rules::default(), complaints: Vec::new(), taken }
    }

    fn load(mut self, places: Vec<files::Place>) -> Result<Rules, Failure> {
        let mut packs: Vec<String> = Vec::new();
        for place in places {
            packs.extend(place.packs.iter().map(|p| p.name.clone()));
            self.place(place);
        }
        if let Some(name) = self.choices.packs.keys().find(|name| !packs.contains(name)) {
            let close = crate::suggest::closest(name, packs.iter().map(String::as_str));
            let help = close.map(|c| format!("did you mean `{c}`?"));
            let message = format!("`packs.{name}` names no pack of those that `rules.load` finds");
            return Err(Failure::usage(message, help.or(Some("`pack.toml` of a pack has its name".into()))));
        }
        if self.complaints.is_empty() { Ok(self.rules) } else { Err(Failure::Rules(self.complaints)) }
    }

    fn place(&mut self, place: files::Place) {
        let mut modules: Vec<(Found, Option<&Pack>)> = Vec::new();
        for (file, pack) in place.files {
            let pack = pack.and_then(|p| place.packs.get(p));
            if pack.is_some_and(|p| self.choices.packs.get(&p.name).is_some_and(|c| c.off)) {
                continue;
            }
            match file.kind {
                Kind::Form => self.form(&file, pack),
                Kind::Guard => self.guard(&file, pack),
                Kind::Rego => modules.push((file, pack)),
                Kind::GuardTest => {}
            }
        }
        self.rego(modules);
    }

    fn form(&mut self, file: &Found, pack: Option<&Pack>) {
        let (forms, mut complaints) = form::parse(&file.text);
        for mut form in forms {
            let head = std::mem::take(&mut form.head);
            match self.known(head, file, pack) {
                Ok(metadata) => {
                    self.rules.forms.push(Loaded { rule: form, metadata, path: file.path.clone() });
                }
                Err(complaint) => complaints.push(complaint),
            }
        }
        self.complain(file, complaints);
    }

    fn rego(&mut self, found: Vec<(Found, Option<&Pack>)>) {
        let read =
            |(file, pack): (Found, _)| (Module::read(&shown(&file.path), file.text.clone()), file, pack);
        let mut modules: Vec<_> = found.into_iter().map(read).collect();
        let mut broken = Module::broken(&modules.iter().map(|(m, ..)| m).collect::<Vec<_>>()).into_iter();
        modules.retain(|(_, file, _)| match broken.next().flatten() {
            Some(complaint) => {
                self.complain(file, vec![complaint]);
                false
            }
            None => true,
        });
        let libraries: Vec<Module> =
            modules.iter().map(|(m, ..)| m).filter(|m| !m.is_rule() && !m.is_test()).cloned().collect();
        for (module, file, pack) in modules.into_iter().filter(|(m, ..)| m.is_rule()) {
            let (head, mut complaints) = module.head();
            if let Some(head) = head {
                match self.known(head, &file, pack) {
                    Ok(metadata) => {
                        let rule = Rego::new(module, libraries.clone());
                        self.rules.rego.push(Loaded { rule, metadata, path: file.path.clone() });
                    }
                    Err(complaint) => complaints.push(complaint),
                }
            }
            self.complain(&file, complaints);
        }
    }

    fn guard(&mut self, file: &Found, pack: Option<&Pack>) {
        let (rules, mut complaints) = match guard::File::read(&shown(&file.path), &file.text) {
            Ok(read) => read,
            Err(why) => return self.rules.unusable.push((file.path.clone(), why)),
        };
        for mut rule in rules {
            let head = std::mem::take(&mut rule.head);
            match self.known(head, file, pack) {
                Ok(metadata) => self.rules.guard.push(Loaded { rule, metadata, path: file.path.clone() }),
                Err(complaint) => complaints.push(complaint),
            }
        }
        self.complain(file, complaints);
    }

    /// Makes a rule known, unless its names are taken. What the pack says goes over what the rule says, and what the
    /// configuration says over both.
    fn known(
        &mut self,
        mut head: Head,
        file: &Found,
        pack: Option<&Pack>,
    ) -> Result<&'static Metadata, Complaint> {
        if let Some(complaint) = head.clash(&mut self.taken, &shown(&file.path)) {
            return Err(complaint);
        }
        let choice = pack.and_then(|p| self.choices.packs.get(&p.name));
        let profiles =
            choice.and_then(|c| c.profiles.clone()).or_else(|| pack.and_then(|p| p.profiles.clone()));
        if let Some(profiles) = profiles {
            head.profiles = profiles;
        }
        let severity = choice
            .and_then(|c| c.severities.get(&head.id))
            .or_else(|| pack.and_then(|p| p.severities.get(&head.id)));
        if let Some(severity) = severity {
            head.severity = *severity;
        }
        let since = match pack {
            Some(pack) => format!("{} {}", pack.name, pack.version).trim().to_string(),
            None => shown(&file.path),
        };
        Ok(head.into_metadata(&since))
    }

    fn complain(&mut self, file: &Found, complaints: Vec<Complaint>) {
        if !complaints.is_empty() {
            self.complaints.push(Complaints::new(shown(&file.path), file.text.clone(), complaints));
        }
    }
}

/// A path as it was named, with `/` between its parts.
fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
