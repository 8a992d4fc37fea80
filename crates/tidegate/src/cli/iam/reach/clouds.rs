//! The same question in Google Cloud and Azure, where steps are bindings and assignments.

use super::Args;
use crate::cli::Global;
use crate::cli::iam::estate::Estate;
use crate::cli::iam::listing::{Form, shown};
use crate::output::{Look, count};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt::Write as _;
use tidegate_graph::{Span, Str};
use tidegate_iam::{Glob, Tri};
use tidegate_read::CloudStep;

/// What was found from an identity of another cloud; `None` when it is none.
pub(super) fn run(estate: &Estate, from: &str, args: &Args, global: Global) -> Option<String> {
    let is = |id: &str, text: &str| id == text || id.rsplit('/').next() == Some(text) || last(id) == text;
    let start = estate.clouds.iter().flat_map(|step| [&step.from, &step.to]).find(|id| is(id, from))?;
    let wanted = |id: &str| {
        let named = args.to.as_deref().is_some_and(|to| is(id, to));
        let matches = |pattern: &String| is_jewel(pattern, id);
        args.to.is_none() && args.crown_jewels.is_empty() || named || args.crown_jewels.iter().any(matches)
    };
    let limit = args.max_hops.unwrap_or(usize::MAX);
    let certain = search(&Ways::new(estate, true), start, limit);
    let mut possible = search(&Ways::new(estate, false), start, limit);
    possible.retain(|id, _| !certain.contains_key(id));
    let lists = [certain, possible].map(|mut list| {
        list.retain(|id, _| wanted(id));
        list
    });
    Some(match args.format {
        Form::Text => text(estate, start, &lists, Look::stdout(global.color)),
        Form::Json => json(estate, start, &lists),
    })
}

/// What a function, service, job or app certainly reaches beside what it runs as.
pub(super) struct Radius {
    pub(super) id: Str,
    pub(super) span: Span,
    pub(super) targets: Vec<Str>,
}

/// The blast radius of whatever runs code, widest first.
pub(super) fn radii(estate: &Estate, args: &Args) -> Vec<Radius> {
    let ways = Ways::new(estate, true);
    let wanted = |id: &str| {
        args.crown_jewels.is_empty() || args.crown_jewels.iter().any(|pattern| is_jewel(pattern, id))
    };
    let mut out: Vec<Radius> = (estate.computes.iter())
        .map(|(id, span)| {
            let mut seen = BTreeSet::from([id]);
            let mut open = vec![(id, 0usize)];
            let mut targets = BTreeSet::new();
            while let Some((at, depth)) = open.pop() {
                for step in ways.from(at) {
                    if !seen.insert(&step.to) {
                        continue;
                    }
                    let is_own = depth == 0 && step.does == RUNS;
                    if !is_own && wanted(&step.to) {
                        targets.insert(step.to.clone());
                    }
                    open.push((&step.to, depth + 1));
                }
            }
            Radius { id: id.clone(), span: *span, targets: targets.into_iter().collect() }
        })
        .collect();
    out.sort_by(|a, b| (Reverse(a.targets.len()), &a.id).cmp(&(Reverse(b.targets.len()), &b.id)));
    out
}

/// What [`tidegate_read::cloud_steps`] says of what runs as an identity.
const RUNS: &str = "runs as the identity";

/// True if a pattern of the command line means this id.
pub(super) fn is_jewel(pattern: &str, id: &str) -> bool {
    let glob = Glob::new(pattern);
    [id, last(id)].iter().any(|text| glob.matches_tri(text) == Tri::True)
}

/// Steps by where they start.
struct Ways<'a>(HashMap<&'a str, Vec<&'a CloudStep>>);

impl<'a> Ways<'a> {
    fn new(estate: &'a Estate, certain: bool) -> Self {
        let mut out: HashMap<&str, Vec<&CloudStep>> = HashMap::new();
        for step in estate.clouds.iter().filter(|step| step.certain || !certain) {
            out.entry(&step.from).or_default().push(step);
        }
        Self(out)
    }

    fn from(&self, id: &str) -> impl Iterator<Item = &'a CloudStep> {
        self.0.get(id).into_iter().flatten().copied()
    }
}

type Found<'a> = BTreeMap<Str, Vec<&'a CloudStep>>;

/// `weak` of `terraform/google_service_account.weak`.
fn last(id: &str) -> &str {
    id.rsplit('.').next().unwrap_or(id)
}

/// The shortest way to everything that is reached.
fn search<'a>(ways: &Ways<'a>, start: &Str, limit: usize) -> Found<'a> {
    let mut out: Found<'a> = BTreeMap::new();
    let mut open = VecDeque::from([(start.clone(), Vec::new())]);
    while let Some((id, way)) = open.pop_front() {
        if way.len() >= limit {
            continue;
        }
        for step in ways.from(&id) {
            if step.to == *start || out.contains_key(&step.to) {
                continue;
            }
            let mut way = way.clone();
            way.push(step);
            out.insert(step.to.clone(), way.clone());
            open.push_back((step.to.clone(), way));
        }
    }
    out
}

fn text(estate: &Estate, start: &str, [certain, possible]: &[Found<'_>; 2], look: Look) -> String {
    let touched = certain.values().filter(|way| kind(way) == "resource").count();
    let mut reached = count(certain.len() - touched, "identity", "identities");
    if touched > 0 {
        let _ = write!(reached, " and {}", count(touched, "resource", "resources"));
    }
    let title = format!("`{}` reaches {reached}, and might reach {} more", shown(start), possible.len());
    let mut out = format!("{}\n", look.paint(&title, Style::new().bold()));
    for (word, color, list) in
        [("reaches", AnsiColor::Red, certain), ("might  ", AnsiColor::Yellow, possible)]
    {
        for (to, way) in list {
            let _ = writeln!(out, "{}  {}", look.paint(word, color.on_default()), shown(to));
            for step in way {
                let _ = writeln!(out, "         {}", sentence(step));
                if let Some(place) = estate.location(step.span) {
                    let _ = writeln!(out, "         └─ because {}:{}", shown(&place.file), place.line);
                }
            }
        }
    }
    out
}

fn json(estate: &Estate, start: &str, [certain, possible]: &[Found<'_>; 2]) -> String {
    let list = |ways: &Found<'_>| -> Vec<Value> {
        let found = ways.iter().map(|(to, way)| {
            let via: Vec<Value> = way.iter().map(|step| hop(estate, step)).collect();
            json!({ "to": to, "kind": kind(way), "arn": null, "via": via })
        });
        found.collect()
    };
    let document = json!({
        "version": 1, "from": start, "reachable": list(certain), "possible": list(possible), "cut": null,
    });
    format!("{document:#}\n")
}

fn kind(way: &[&CloudStep]) -> &'static str {
    match way.last() {
        Some(step) if step.touches => "resource",
        Some(step) if step.to.starts_with("serviceAccount:") => "foreign",
        _ => "identity",
    }
}

fn hop(estate: &Estate, step: &CloudStep) -> Value {
    json!({
        "hop": sentence(step),
        "technique": "binding",
        "from": step.from,
        "to": step.to,
        "proof": [],
        "wires": [],
        "prerequisites": [],
        "location": estate.location(step.span),
    })
}

fn sentence(step: &CloudStep) -> String {
    format!("{} {} -> {}", shown(&step.from), step.does, shown(&step.to))
}
