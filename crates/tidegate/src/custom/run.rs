//! Runs people's own rules over what was read, and turns what they say into findings.

use super::form::Running;
use super::rego::{Glance, Rego};
use super::worker::{self, Job, Task};
use super::{Loaded, Rules, guard, input};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};
use tidegate_check::{Metadata, Note, Outcome, Outside, Said, Selection};
use tidegate_graph::{Graph, Problem, Resource, Severity, Str, System, World};

/// Combinations of conditions that are tried one by one; beyond it every value of each condition is tried once.
const MAX_WORLDS: usize = 8;
/// Findings of one rule in one world.
const MAX_SAID: usize = 10_000;
/// Resources that are named when a rule can't decide.
const MAX_NAMED: usize = 20;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    pub(crate) outcome: Outcome,
    /// Rules that could not do their work.
    pub(crate) problems: Vec<Problem>,
    /// What they could neither pass nor fail.
    pub(crate) warnings: Vec<Problem>,
}

/// What was read.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) system: &'a System,
    pub(crate) graph: &'a Graph,
    /// The folder that was read, in full.
    pub(crate) folder: &'a Path,
    /// The path of a file as patterns of the configuration see it.
    pub(crate) path: &'a dyn Fn(&str) -> String,
}

impl Rules {
    /// Runs the selected ones.
    pub(crate) fn run(&self, seen: Seen<'_>, selection: &Selection) -> Ran {
        let mut ran = Ran::default();
        if self.is_empty() {
            return ran;
        }
        self.run_forms(seen, selection, &mut ran);
        self.run_rego(seen, selection, &mut ran);
        self.run_guard(seen, selection, &mut ran);
        for (path, why) in &self.unusable {
            ran.problems.push(Problem::file(relative(seen.folder, path), why.clone()));
        }
        warn(seen.system, &mut ran);
        ran
    }

    fn run_forms(&self, seen: Seen<'_>, selection: &Selection, ran: &mut Ran) {
        let chosen = self.forms.iter().filter(|loaded| selection.holds(loaded.metadata));
        for loaded in chosen {
            let running = Running::new(&loaded.rule, loaded.metadata, seen.system, seen.path);
            let outcome = tidegate_check::check_outside(seen.system, &[&running as &dyn Outside]);
            tidegate_check::merge(seen.system, &mut ran.outcome, outcome);
            for (message, times) in running.trouble.into_inner() {
                let times = if times == 1 { String::new() } else { format!(", {times} times") };
                ran.problems.push(trouble(seen, loaded, &format!("{message}{times}")));
            }
        }
    }

    fn run_rego(&self, seen: Seen<'_>, selection: &Selection, ran: &mut Ran) {
        let chosen: Vec<&Loaded<Rego>> =
            self.rego.iter().filter(|loaded| selection.holds(loaded.metadata)).collect();
        if chosen.is_empty() {
            return;
        }
        let worlds = Worlds::of(seen.system);
        let job = Job {
            inputs: worlds.all.iter().map(|w| input::document(seen.system, seen.graph, w)).collect(),
            templates: Vec::new(),
            tasks: chosen.iter().map(|loaded| loaded.rule.task()).collect(),
        };
        for (loaded, answer) in chosen.iter().zip(worker::run(&job)) {
            match answer {
                Ok(answer) => self.said(seen, loaded, &answer, &worlds, ran),
                Err(why) => ran.problems.push(trouble(seen, loaded, &why)),
            }
        }
    }

    /// What one rule in Rego said in every world.
    fn said(&self, seen: Seen<'_>, loaded: &Loaded<Rego>, answer: &Value, worlds: &Worlds, ran: &mut Ran) {
        let names = Names::of(seen.system);
        let mut said: Vec<HashMap<Option<usize>, Vec<Said>>> = Vec::new();
        let mut odd = None;
        for sets in answer.as_array().into_iter().flatten() {
            let mut here: HashMap<Option<usize>, Vec<Said>> = HashMap::new();
            for (set, elements) in sets.as_object().into_iter().flatten() {
                for element in elements.as_array().into_iter().flatten().take(MAX_SAID) {
                    match element_said(set, element, loaded.metadata) {
                        Ok((resource, said)) => {
                            let at = resource.and_then(|name| names.index(&name));
                            here.entry(at).or_default().push(said);
                        }
                        Err(why) => odd = odd.or(Some(why)),
                    }
                }
            }
            said.push(here);
        }
        if let Some(why) = odd {
            ran.problems.push(trouble(seen, loaded, &why));
        }
        let glance = (!loaded.rule.tells_unknown()).then(|| Glance::of(&loaded.rule));
        let mut outcome = Outcome::default();
        for (at, resource) in seen.system.resources().iter().enumerate() {
            // What a rule looks at and isn't known can't be what made it silent.
            let unknown: Vec<Said> = glance.iter().flat_map(|g| unknown_to(g, resource)).collect();
            if unknown.is_empty() && said.iter().all(|here| !here.contains_key(&Some(at))) {
                continue;
            }
            let mut found = Vec::new();
            for (world, here) in worlds.all.iter().zip(&said) {
                if resource.condition.as_ref().is_none_or(|c| c.holds(world)) {
                    let spoken = here.get(&Some(at)).cloned().unwrap_or_else(|| unknown.clone());
                    found.push((worlds.told(world, resource), spoken));
                }
            }
            tidegate_check::join_outside(seen.system, loaded.metadata, Some(resource), found, &mut outcome);
        }
        let whole: Vec<(World, Vec<Said>)> = worlds
            .all
            .iter()
            .zip(&said)
            .map(|(world, here)| (world.only(&worlds.named), here.get(&None).cloned().unwrap_or_default()))
            .collect();
        tidegate_check::join_outside(seen.system, loaded.metadata, None, whole, &mut outcome);
        tidegate_check::merge(seen.system, &mut ran.outcome, outcome);
    }

    fn run_guard(&self, seen: Seen<'_>, selection: &Selection, ran: &mut Ran) {
        let chosen: Vec<_> = self.guard.iter().filter(|loaded| selection.holds(loaded.metadata)).collect();
        if !chosen.is_empty() {
            guard::run(&chosen, seen, ran);
        }
    }
}

impl Rego {
    fn task(&self) -> Task {
        let modules = std::iter::once(&self.module).chain(&self.libraries);
        Task::Rego {
            package: self.module.package.clone(),
            sets: self.sets.iter().map(|s| (*s).to_string()).collect(),
            modules: modules.map(|m| (m.path.clone(), m.text.clone())).collect(),
        }
    }
}

/// The worlds in which whole documents are looked at.
pub(super) struct Worlds {
    pub(super) all: Vec<World>,
    /// Variables that are named when something fails in some worlds only; few enough for a sentence.
    named: BTreeSet<Str>,
}

impl Worlds {
    fn of(system: &System) -> Self {
        Self::over(system, system.resources().iter())
    }

    pub(super) fn over<'r>(system: &System, resources: impl Iterator<Item = &'r Resource>) -> Self {
        let asked: BTreeSet<Str> = resources.flat_map(input::variables).collect();
        let all = World::sample(&system.variables, &asked, MAX_WORLDS);
        const FEW: usize = 4;
        let named = if asked.len() > FEW { BTreeSet::new() } else { asked };
        Self { all, named }
    }

    /// A world as it is told for a resource: by its own conditions alone when there are many.
    pub(super) fn told(&self, world: &World, resource: &Resource) -> World {
        if self.named.is_empty() { world.only(&input::variables(resource)) } else { world.only(&self.named) }
    }
}

/// Resources by what rules call them.
pub(super) struct Names<'s> {
    system: &'s System,
    by_name: HashMap<&'s str, Option<usize>>,
}

impl<'s> Names<'s> {
    pub(super) fn of(system: &'s System) -> Self {
        let mut by_name: HashMap<&str, Option<usize>> = HashMap::new();
        for (at, resource) in system.resources().iter().enumerate() {
            // A name that two stacks use means neither.
            by_name.entry(&resource.logical_id).and_modify(|known| *known = None).or_insert(Some(at));
        }
        for (at, resource) in system.resources().iter().enumerate() {
            by_name.insert(&resource.id, Some(at));
        }
        Self { system, by_name }
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied().flatten().filter(|at| *at < self.system.resources().len())
    }
}

/// One element of `deny`, `warn` or `unknown`: a text, or an object with `msg`.
fn element_said(set: &str, element: &Value, rule: &Metadata) -> Result<(Option<String>, Said), String> {
    let text = |key: &str| element.get(key).and_then(Value::as_str).map(str::to_string);
    let message = element.as_str().map(str::to_string).or_else(|| text("msg"));
    let Some(message) = message else {
        return Err(format!("`{set}` holds what is neither a string nor an object with `msg`"));
    };
    let resource = match element.get("resource") {
        // The whole resource is as good as its id.
        Some(Value::Object(resource)) => resource.get("id").and_then(Value::as_str).map(str::to_string),
        Some(Value::String(id)) => Some(id.clone()),
        _ => None,
    };
    if set == "unknown" {
        return Ok((resource, Said::Unknown { why: message, span: None }));
    }
    let path = match element.get("path") {
        Some(Value::String(path)) => path.split('.').map(str::to_string).collect(),
        Some(Value::Array(keys)) => {
            keys.iter().map(|k| k.as_str().map_or_else(|| k.to_string(), str::to_string)).collect()
        }
        _ => Vec::new(),
    };
    let severity = match text("severity") {
        Some(word) => {
            let known = Severity::ALL.into_iter().find(|s| s.word() == word);
            Some(known.ok_or_else(|| format!("there is no severity `{word}`"))?)
        }
        None if set == "warn" => Some(Severity::Low.min(rule.severity)),
        None => None,
    };
    let help = text("help").unwrap_or_default();
    Ok((resource, Said::Finding(Note { message, path, severity, help })))
}

/// What isn't known of that which a rule looks at.
pub(super) fn unknown_to(glance: &Glance, resource: &Resource) -> Vec<Said> {
    let mut out = Vec::new();
    for (key, value) in resource.properties.iter() {
        if glance.sees(&resource.ty, key)
            && let Some((what, span)) = input::unknown_in(value)
        {
            out.push(Said::Unknown { why: format!("`{key}` hangs on {what}"), span: Some(span) });
        }
    }
    out
}

/// A rule that could not do its work, at its file.
pub(super) fn trouble<T>(seen: Seen<'_>, loaded: &Loaded<T>, why: &str) -> Problem {
    let message = format!("the rule `{}` could not be decided everywhere: {why}", loaded.metadata.id);
    Problem::file(relative(seen.folder, &loaded.path), message)
        .help("what it did not decide counts neither as safe nor as a finding")
}

/// What no rule could decide, as warnings at the values.
fn warn(system: &System, ran: &mut Ran) {
    let mut per_rule: BTreeMap<&str, usize> = BTreeMap::new();
    for unknown in &ran.outcome.unknown {
        let count = per_rule.entry(unknown.rule).or_default();
        *count += 1;
        if *count > MAX_NAMED {
            continue;
        }
        let name = system.resource(&unknown.resource).map_or("", |r| r.logical_id.as_str());
        let about = if name.is_empty() { String::new() } else { format!(" on `{name}`") };
        let message = format!("`{}` can't be decided{about}: {}", unknown.rule, unknown.why);
        ran.warnings.push(Problem::at(unknown.span, message));
    }
    for (rule, count) in per_rule {
        if let Some(more) = count.checked_sub(MAX_NAMED).filter(|n| *n > 0) {
            ran.warnings.push(Problem::file("", format!("`{rule}` can't be decided in {more} more places")));
        }
    }
}

/// A file as it is seen from the folder that was read.
pub(super) fn relative(folder: &Path, path: &Path) -> String {
    let full = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let same = folder.components().zip(full.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(same).map(|_| Component::ParentDir);
    // Nothing in common but the root: the whole path says more.
    if same <= 1 {
        return super::shown(&full);
    }
    super::shown(&up.chain(full.components().skip(same)).collect::<PathBuf>())
}
