//! `--test-rules`: runs the tests that stand beside rules.
//!
//! A rule of any form can have folders `good` and `bad` with templates; the YAML form can have them inline. Rego's own
//! tests are rules called `test_...`, Guard's are lists of inputs with expectations.

use super::files::{self, Kind};
use super::rego::Module;
use super::run::Seen;
use super::worker::{self, Job, Task};
use super::{Choices, Rules, guard, shown};
use crate::exit::Exit;
use crate::failure::Failure;
use anyhow::Context;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tidegate_check::{Metadata, Selection};

/// What the tests said, and how the run ends.
pub(crate) fn test(folder: &Path) -> Result<(String, Exit), Failure> {
    let choices = Choices { load: vec![folder.to_path_buf()], ..Choices::default() };
    let rules = Rules::load(&choices)?;
    let mut trial = Trial { rules: &rules, passed: 0, failed: Vec::new(), tried: BTreeSet::new() };
    trial.forms()?;
    trial.folders()?;
    let place = files::find(folder, true)?;
    trial.rego(&place);
    for (path, text) in of_kind(&place, Kind::GuardTest) {
        trial.guard(path, text);
    }
    for (path, why) in &rules.unusable {
        trial.failed.push(format!("{}: {why}", shown(path)));
    }
    Ok(trial.end(folder))
}

fn of_kind(place: &files::Place, kind: Kind) -> impl Iterator<Item = (&Path, &str)> {
    place.files.iter().filter(move |(f, _)| f.kind == kind).map(|(f, _)| (f.path.as_path(), f.text.as_str()))
}

struct Trial<'r> {
    rules: &'r Rules,
    passed: usize,
    failed: Vec<String>,
    /// Ids of rules that have a test.
    tried: BTreeSet<&'static str>,
}

impl Trial<'_> {
    /// Snippets within the rules.
    fn forms(&mut self) -> Result<(), Failure> {
        for loaded in &self.rules.forms {
            for (n, snippet) in loaded.rule.tests.iter().enumerate() {
                let scratch = Scratch::new(&format!("{}-{n}", loaded.metadata.id))?;
                let file = scratch.0.join(format!("main.{}", extension(&snippet.text)));
                std::fs::write(&file, &snippet.text).context("could not write a temporary file")?;
                let name = format!("{}:{}", shown(&loaded.path), snippet.line);
                self.case(loaded.metadata, &scratch.0, snippet.fails, &name);
            }
        }
        Ok(())
    }

    /// Folders `good` and `bad` in a folder with the rule's name, or beside a file that holds this rule alone.
    fn folders(&mut self) -> Result<(), Failure> {
        let all = self.rules.located();
        for (metadata, path) in &all {
            let beside = path.parent().unwrap_or(Path::new(""));
            let neighbours = all.iter().filter(|(_, p)| p.parent() == path.parent()).count();
            let mut homes = vec![beside.join(metadata.id)];
            if neighbours == 1 {
                homes.push(beside.to_path_buf());
            }
            for (home, (name, fails)) in homes.iter().flat_map(|h| [(h, ("good", false)), (h, ("bad", true))])
            {
                for case in entries(&home.join(name))? {
                    self.case(metadata, &case, fails, &shown(&case));
                }
            }
        }
        Ok(())
    }

    /// One template or folder on which a rule must fail or pass.
    fn case(&mut self, rule: &'static Metadata, path: &Path, fails: bool, name: &str) {
        self.tried.insert(rule.id);
        let system = tidegate_read::read(path, &tidegate_read::Options::default());
        let graph = tidegate_read::link(&system);
        let selection = Selection { only: vec![rule.id.to_string()], ..Selection::default() };
        let seen = Seen { system: &system, graph: &graph, folder: path, path: &|file| file.to_string() };
        let ran = self.rules.run(seen, &selection);
        let found = ran.outcome.findings.iter().find(|f| f.rule == rule.id);
        let trouble = ran.problems.first().map(|p| p.message.clone());
        let unknown = ran.outcome.unknown.first().map(|u| u.why.clone());
        let wrong = match (system.resources().is_empty(), found, fails) {
            (true, ..) => {
                let why = system.problems.first().map(|p| format!(": {}", p.message)).unwrap_or_default();
                Some(format!("nothing was read{why}"))
            }
            (_, None, true) => Some(match trouble.or(unknown) {
                Some(why) => format!("no finding, but one was expected: {why}"),
                None => "no finding, but one was expected".to_string(),
            }),
            (_, Some(found), false) => Some(format!("no finding was expected: {}", found.message)),
            (_, None, false) => trouble.or(unknown.map(|why| format!("it can't be decided: {why}"))),
            (_, Some(_), true) => None,
        };
        match wrong {
            Some(wrong) => self.failed.push(format!("{name}: `{}`: {wrong}", rule.id)),
            None => self.passed += 1,
        }
    }

    /// Rules of Rego called `test_...`.
    fn rego(&mut self, place: &files::Place) {
        let modules: Vec<Module> = of_kind(place, Kind::Rego)
            .map(|(path, text)| Module::read(&shown(path), text.to_string()))
            .collect();
        for module in modules.iter().filter(|m| m.is_test()) {
            let names: Vec<String> = module.tests().cloned().collect();
            let package = module.package.clone();
            let tested = self.rules.rego.iter().filter(|r| {
                let own = &r.rule.module.package;
                package == *own || package == format!("{own}_test")
            });
            self.tried.extend(tested.map(|r| r.metadata.id));
            let modules = modules.iter().map(|m| (m.path.clone(), m.text.clone())).collect();
            let task = Task::RegoTests { package, names: names.clone(), modules };
            let job = Job { tasks: vec![task], ..Job::default() };
            let answer = worker::run(&job).into_iter().next().unwrap_or(Ok(Value::Null));
            for name in &names {
                let wrong = match answer.as_ref().map(|a| a.get(name)) {
                    Ok(Some(Value::Bool(true))) => None,
                    Ok(Some(Value::String(why))) => Some(why.clone()),
                    Ok(_) => Some("it is not true".to_string()),
                    Err(why) => Some(why.clone()),
                };
                match wrong {
                    Some(wrong) => self.failed.push(format!("{}: `{name}`: {wrong}", module.path)),
                    None => self.passed += 1,
                }
            }
        }
    }

    /// Expectations of Guard.
    fn guard(&mut self, path: &Path, text: &str) {
        let report = guard::test(&self.rules.guard, path, text);
        self.passed += report.passed;
        self.failed.extend(report.failed);
        self.tried.extend(report.tried);
    }

    fn end(self, folder: &Path) -> (String, Exit) {
        let mut out = String::new();
        for failed in &self.failed {
            out.push_str(&format!("FAILED {failed}\n"));
        }
        let all: Vec<&str> = self.rules.metadata().map(|m| m.id).collect();
        let untried: Vec<String> =
            all.iter().filter(|id| !self.tried.contains(*id)).map(|id| format!("`{id}`")).collect();
        if !untried.is_empty() {
            out.push_str(&format!("without a test: {}\n", untried.join(", ")));
        }
        let count = self.passed + self.failed.len();
        if count == 0 {
            out.push_str(&format!("there are no tests in `{}`\n", folder.display()));
            return (out, Exit::Findings);
        }
        let tests = crate::output::count(count, "test", "tests");
        let rules = crate::output::count(all.len(), "rule", "rules");
        out.push_str(&format!("{tests} of {rules}: {} passed, {} failed\n", self.passed, self.failed.len()));
        (out, if self.failed.is_empty() { Exit::Clean } else { Exit::Findings })
    }
}

impl Rules {
    /// Every rule and its file.
    fn located(&self) -> Vec<(&'static Metadata, &Path)> {
        let forms = self.forms.iter().map(|r| (r.metadata, r.path.as_path()));
        let rego = self.rego.iter().map(|r| (r.metadata, r.path.as_path()));
        forms.chain(rego).chain(self.guard.iter().map(|r| (r.metadata, r.path.as_path()))).collect()
    }
}

/// What a snippet is written in.
fn extension(text: &str) -> &'static str {
    match text.trim_start() {
        json if json.starts_with('{') => "json",
        hcl if hcl.lines().any(|line| line.starts_with("resource \"") || line.starts_with("module \"")) => {
            "tf"
        }
        _ => "yaml",
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let read = std::fs::read_dir(folder).with_context(|| format!("could not read `{}`", folder.display()))?;
    let mut out: Vec<PathBuf> = read.filter_map(|entry| Some(entry.ok()?.path())).collect();
    out.sort();
    Ok(out)
}

/// A folder that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> anyhow::Result<Self> {
        let base = std::env::temp_dir();
        for n in 0..1000_u32 {
            let folder = base.join(format!("tidegate-rule-{}-{name}-{n}", std::process::id()));
            match std::fs::create_dir(&folder) {
                Ok(()) => return Ok(Self(folder)),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e).context("could not make a temporary folder"),
            }
        }
        anyhow::bail!("could not make a temporary folder in `{}`", base.display())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
