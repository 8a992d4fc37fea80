//! Rules in the language of CloudFormation Guard, over templates of what was resolved.

use super::Loaded;
use super::rego::Glance;
use super::rule::{Head, Wording};
use super::run::{Ran, Seen, Worlds, trouble};
use super::worker::{self, Job, Task};
use crate::config::Complaint;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use tidegate_check::{Note, Outcome, Said};
use tidegate_graph::{Data, FileId, Piece, Resource, World};

/// A rule of a file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) head: Head,
    /// As Guard knows it.
    name: String,
    path: String,
    text: String,
    /// The part of the text that is this rule.
    own: String,
}

/// Findings of one rule on one template.
const MAX_SAID: usize = 10_000;

impl File {
    /// The rules of a file, and what is wrong with it. An error where this build has no engine.
    pub(super) fn read(path: &str, text: &str) -> Result<(Vec<Self>, Vec<Complaint>), String> {
        available()?;
        let empty = json!({"Resources": {}}).to_string();
        let task = Task::Guard { path: path.to_string(), text: text.to_string() };
        let job = Job { templates: vec![empty], tasks: vec![task], ..Job::default() };
        if let Some(Err(why)) = worker::run(&job).into_iter().next() {
            let (at, why) = place(text, &why);
            return Ok((Vec::new(), vec![Complaint::new(at, "the file can't be parsed").label(why)]));
        }
        let mut rules: Vec<Self> = Vec::new();
        let (mut comment, mut shared, mut at) = (String::new(), String::new(), 0);
        for line in text.split_inclusive('\n') {
            let body = line.trim();
            let name = body.strip_prefix("rule ").map(|rest| {
                rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
            });
            match name {
                Some(name) if !line.starts_with([' ', '\t']) && !name.is_empty() => {
                    let indent = line.find(&name).unwrap_or(0);
                    rules.push(Self {
                        head: head(&name, comment.trim(), at + indent),
                        name,
                        path: path.to_string(),
                        text: text.to_string(),
                        own: line.to_string(),
                    });
                    comment.clear();
                }
                _ => {
                    match body.strip_prefix('#') {
                        Some(said) => comment.push_str(&format!("{}\n", said.trim_matches(['#', ' ']))),
                        None => comment.clear(),
                    }
                    match rules.last_mut() {
                        Some(rule) => rule.own.push_str(line),
                        None => shared.push_str(line),
                    }
                }
            }
            at += line.len();
        }
        rules.iter_mut().for_each(|rule| rule.own.push_str(&shared));
        Ok((rules, Vec::new()))
    }
}

fn head(name: &str, comment: &str, at: usize) -> Head {
    let words = name.to_ascii_lowercase().replace('_', " ");
    let id = words.split_whitespace().collect::<Vec<_>>().join("-");
    Head {
        at: at..at + name.len(),
        wording: Wording {
            title: words,
            docs: comment.to_string(),
            aliases: if id == name { Vec::new() } else { vec![name.to_string()] },
            ..Wording::default()
        },
        id,
        ..Head::default()
    }
}

/// Where the parser stopped, and its words.
fn place(text: &str, told: &str) -> (std::ops::Range<usize>, String) {
    let number = |word: &str| {
        let (_, rest) = told.split_once(word)?;
        let digits: String =
            rest.trim_start_matches([' ', ':', '=']).chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().ok()
    };
    let line = number("line").unwrap_or(1).max(1);
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let end = start + text.get(start..).and_then(|t| t.lines().next()).map_or(0, str::len);
    let words: String = told.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect();
    (start..end, words)
}

/// Runs files over a template for each stack and world.
pub(super) fn run(rules: &[&Loaded<File>], seen: Seen<'_>, ran: &mut Ran) {
    let mut templates: Vec<(usize, World, Template)> = Vec::new();
    let mut worlds_of: Vec<Worlds> = Vec::new();
    for stack in 0..seen.system.stacks.len() {
        let of_stack = || {
            let resources = seen.system.resources().iter().enumerate();
            resources.filter(move |(_, r)| r.stack == stack && r.ty.contains("::"))
        };
        let worlds = Worlds::over(seen.system, of_stack().map(|(_, r)| r));
        if of_stack().next().is_some() {
            for world in &worlds.all {
                let everything: BTreeSet<_> =
                    of_stack().flat_map(|(_, r)| super::input::variables(r)).collect();
                templates.push((stack, world.only(&everything), Template::of(of_stack(), world)));
            }
        }
        worlds_of.push(worlds);
    }
    let mut files: BTreeMap<&str, &File> = BTreeMap::new();
    for loaded in rules {
        files.insert(&loaded.rule.path, &loaded.rule);
    }
    let tasks = files.values().map(|f| Task::Guard { path: f.path.clone(), text: f.text.clone() });
    let job = Job {
        templates: templates.iter().map(|(_, _, t)| t.text.clone()).collect(),
        tasks: tasks.collect(),
        ..Job::default()
    };
    let answers: HashMap<&str, Result<Value, String>> =
        files.keys().copied().zip(worker::run(&job)).collect();
    for loaded in rules {
        let reports = match answers.get(loaded.rule.path.as_str()) {
            Some(Ok(Value::Array(reports))) => reports,
            Some(Err(why)) => {
                ran.problems.push(trouble(seen, loaded, why));
                continue;
            }
            _ => continue,
        };
        let glance = Glance::at(&loaded.rule.own);
        let mut per_resource: BTreeMap<usize, Vec<(World, Vec<Said>)>> = BTreeMap::new();
        for ((stack, world, template), report) in templates.iter().zip(reports) {
            let Some(worlds) = worlds_of.get(*stack) else { continue };
            let mut found = said(&loaded.rule, report, template, seen, world);
            let applies = !listed(report, "not_applicable", &loaded.rule.name);
            for at in template.names.values() {
                let Some(resource) = seen.system.resources().get(*at) else { continue };
                let mut here = found.remove(at).unwrap_or_default();
                if here.is_empty() && !applies {
                    here = super::run::unknown_to(&glance, resource);
                }
                per_resource.entry(*at).or_default().push((worlds.told(world, resource), here));
            }
        }
        let mut outcome = Outcome::default();
        for (at, worlds) in per_resource {
            let resource = seen.system.resources().get(at);
            tidegate_check::join_outside(seen.system, loaded.metadata, resource, worlds, &mut outcome);
        }
        tidegate_check::merge(seen.system, &mut ran.outcome, outcome);
    }
}

/// Resources of one stack as CloudFormation writes them.
struct Template {
    text: String,
    /// Names in the template, and the resources' places in the system.
    names: BTreeMap<String, usize>,
}

impl Template {
    fn of<'r>(resources: impl Iterator<Item = (usize, &'r Resource)>, world: &World) -> Self {
        let mut names = BTreeMap::new();
        let mut written = Map::new();
        for (at, resource) in resources {
            if resource.condition.as_ref().is_some_and(|c| !c.holds(world)) {
                continue;
            }
            // Paths in reports have slashes between their keys.
            let mut name = resource.logical_id.replace('/', ".");
            while names.contains_key(&name) {
                name.push('_');
            }
            let mut entry = object(&resource.attributes, world);
            entry.insert("Type".to_string(), resource.ty.as_str().into());
            entry.insert("Properties".to_string(), Value::Object(object(&resource.properties, world)));
            names.insert(name.clone(), at);
            written.insert(name, Value::Object(entry));
        }
        Self { text: json!({"Resources": written}).to_string(), names }
    }
}

fn object(map: &tidegate_graph::Map, world: &World) -> Map<String, Value> {
    map.iter().filter_map(|(key, inner)| Some((key.to_string(), written(inner, world)?))).collect()
}

/// A value as a template has it: what isn't known stays a function.
fn written(value: &tidegate_graph::Value, world: &World) -> Option<Value> {
    let value = world.resolve(value)?;
    Some(match &value.data {
        Data::List(items) => items.iter().filter_map(|item| written(item, world)).collect(),
        Data::Map(map) => Value::Object(object(map, world)),
        Data::Json(inner) => return written(inner, world),
        Data::Unknown(symbol) => json!({"Ref": symbol.name}),
        Data::Template(pieces) => match pieces.as_slice() {
            [Piece::Reference(reference)] => {
                let name = reference.target.rsplit('/').next().unwrap_or_default();
                match reference.attribute.as_str() {
                    "" => json!({"Ref": name}),
                    attribute => json!({"Fn::GetAtt": [name, attribute]}),
                }
            }
            [Piece::Symbol(symbol)] => json!({"Ref": symbol.name}),
            pieces => json!({"Fn::Sub": pieces.iter().map(Piece::display).collect::<String>()}),
        },
        _ => return super::input::value(value, world),
    })
}

fn listed(report: &Value, list: &str, name: &str) -> bool {
    let same = |entry: &Value| entry.as_str().is_some_and(|e| e == name || e.ends_with(&format!("/{name}")));
    report.get(list).and_then(Value::as_array).is_some_and(|entries| entries.iter().any(same))
}

/// What a report says of one rule, by the places of resources in the system.
fn said(
    rule: &File,
    report: &Value,
    template: &Template,
    seen: Seen<'_>,
    world: &World,
) -> HashMap<usize, Vec<Said>> {
    let mut out: HashMap<usize, Vec<Said>> = HashMap::new();
    let mut count = 0;
    for failed in report.get("not_compliant").and_then(Value::as_array).into_iter().flatten() {
        let Some(failed) = failed.get("Rule") else { continue };
        if failed.get("name").and_then(Value::as_str) != Some(rule.name.as_str()) {
            continue;
        }
        let mut clauses = Vec::new();
        collect(failed, &mut clauses);
        for (path, message) in clauses {
            let mut keys = path.split('/').skip(2).map(str::to_string);
            let Some(at) = keys.next().and_then(|name| template.names.get(&name).copied()) else { continue };
            let Some(resource) = seen.system.resources().get(at) else { continue };
            let keys: Vec<String> = keys.skip_while(|key| key == "Properties").collect();
            count += 1;
            if count > MAX_SAID {
                return out;
            }
            let here = out.entry(at).or_default();
            let unknown = reached(resource, &keys, world).and_then(super::input::unknown_in);
            let said = match unknown {
                Some((what, span)) => Said::Unknown { why: format!("it hangs on {what}"), span: Some(span) },
                None => {
                    let message = if message.is_empty() { rule.head_title() } else { message };
                    Said::Finding(Note { message, path: keys, ..Note::default() })
                }
            };
            // One value that fails several clauses is one finding.
            let same = |other: &Said| match (other, &said) {
                (Said::Finding(a), Said::Finding(b)) => a.path == b.path,
                (a, b) => a == b,
            };
            if !here.iter().any(same) {
                here.push(said);
            }
        }
    }
    out
}

impl File {
    fn head_title(&self) -> String {
        self.name.to_ascii_lowercase().replace('_', " ")
    }
}

/// The value at the end of a path, or the one at which it stops.
fn reached<'r>(resource: &'r Resource, keys: &[String], world: &World) -> Option<&'r tidegate_graph::Value> {
    let (first, rest) = keys.split_first()?;
    let mut value = world.resolve(resource.properties.get(first)?)?;
    for key in rest {
        let next = match &value.data {
            Data::List(items) => key.parse::<usize>().ok().and_then(|n| items.get(n)),
            _ => value.get(key),
        };
        match next.and_then(|v| world.resolve(v)) {
            Some(next) => value = next,
            None => break,
        }
    }
    Some(value)
}

/// Failed clauses: the path of what they looked at, and what the rule's author says.
fn collect(report: &Value, out: &mut Vec<(String, String)>) {
    match report {
        Value::Object(map) => {
            let clause = ["Unary", "Binary", "InComparison"].iter().find_map(|kind| map.get(*kind));
            let block = map.get("Block");
            if let Some(clause) = clause.or(block) {
                let message = clause.get("messages").and_then(|m| m.get("custom_message"));
                let message = message.and_then(Value::as_str).unwrap_or_default().trim().to_string();
                if let Some(path) = first_path(clause) {
                    out.push((path, message));
                }
                return;
            }
            map.values().for_each(|inner| collect(inner, out));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect(inner, out)),
        _ => {}
    }
}

fn first_path(report: &Value) -> Option<String> {
    match report {
        Value::Object(map) => {
            let own = map.get("path").and_then(Value::as_str).filter(|p| p.starts_with("/Resources/"));
            own.map(str::to_string).or_else(|| map.values().find_map(first_path))
        }
        Value::Array(items) => items.iter().find_map(first_path),
        _ => None,
    }
}

/// What a file of tests came to.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) passed: usize,
    pub(super) failed: Vec<String>,
    pub(super) tried: Vec<&'static str>,
}

/// Runs a list of inputs with expectations against the file of rules whose name it has.
pub(super) fn test(rules: &[Loaded<File>], path: &Path, text: &str) -> Report {
    let mut report = Report::default();
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    let stem =
        ["_tests", "_test", "-tests", "-test"].iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(stem);
    let of_file: Vec<&Loaded<File>> =
        rules.iter().filter(|r| r.path.file_stem().is_some_and(|s| s == stem)).collect();
    let Some(first) = of_file.first() else { return report };
    let (documents, _) = tidegate_read::parse_yaml(FileId(0), text);
    let cases: Vec<&tidegate_graph::Value> = documents.iter().filter_map(|d| d.as_list()).flatten().collect();
    let world = World::default();
    let inputs =
        cases.iter().map(|case| case.get("input").and_then(|v| written(v, &world)).unwrap_or(json!({})));
    let job = Job {
        templates: inputs.map(|input| input.to_string()).collect(),
        tasks: vec![Task::Guard { path: first.rule.path.clone(), text: first.rule.text.clone() }],
        ..Job::default()
    };
    let answers = match worker::run(&job).into_iter().next() {
        Some(Ok(Value::Array(answers))) => answers,
        Some(Err(why)) => {
            report.failed.push(format!("{}: {why}", super::shown(path)));
            return report;
        }
        _ => return report,
    };
    for (case, answer) in cases.iter().zip(&answers) {
        let name = case.get("name").and_then(tidegate_graph::Value::as_text).unwrap_or_default();
        let wanted = case.get("expectations").and_then(|e| e.get("rules")).and_then(|r| r.as_map());
        for (rule, wanted) in wanted.into_iter().flat_map(tidegate_graph::Map::iter) {
            report.tried.extend(of_file.iter().filter(|r| r.rule.name == *rule).map(|r| r.metadata.id));
            let failed =
                |f: &Value| f.get("Rule").and_then(|r| r.get("name")).and_then(Value::as_str) == Some(rule);
            let found = match () {
                () if answer
                    .get("not_compliant")
                    .and_then(Value::as_array)
                    .is_some_and(|l| l.iter().any(failed)) =>
                {
                    "FAIL"
                }
                () if listed(answer, "compliant", rule) => "PASS",
                () => "SKIP",
            };
            let wanted = wanted.as_text().unwrap_or_default();
            if wanted == found {
                report.passed += 1;
            } else {
                let place = super::shown(path);
                report.failed.push(format!("{place}: `{name}`: `{rule}`: expected {wanted}, found {found}"));
            }
        }
    }
    report
}

#[cfg(feature = "guard-rules")]
fn available() -> Result<(), String> {
    Ok(())
}

#[cfg(not(feature = "guard-rules"))]
fn available() -> Result<(), String> {
    Err("this build has no engine for Guard: take a release, or build with \
         `cargo build --release --features guard-rules`"
        .to_string())
}

/// The worker's part: one report for each template.
#[cfg(feature = "guard-rules")]
pub(super) fn evaluate(path: &str, text: &str, templates: &[String]) -> Result<Value, String> {
    let mut out = Vec::new();
    for template in templates {
        let data = cfn_guard::ValidateInput { content: template, file_name: "template.json" };
        let rules = cfn_guard::ValidateInput { content: text, file_name: path };
        let report = cfn_guard::run_checks(data, rules, false).map_err(|e| e.to_string())?;
        let report = report.trim();
        // A file without rules says nothing.
        out.push(if report.is_empty() {
            json!({})
        } else {
            serde_json::from_str(report).map_err(|e| e.to_string())?
        });
    }
    Ok(out.into())
}

#[cfg(not(feature = "guard-rules"))]
pub(super) fn evaluate(_path: &str, _text: &str, _templates: &[String]) -> Result<Value, String> {
    available().map(|()| Value::Null)
}
