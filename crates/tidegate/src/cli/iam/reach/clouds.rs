//! The same question in Google Cloud and Azure, where steps are bindings and assignments.

use super::Args;
use crate::cli::Global;
use crate::cli::iam::estate::Estate;
use crate::cli::iam::listing::{Form, shown};
use crate::output::{Look, count};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Write as _;
use tidegate_graph::Str;
use tidegate_iam::{Glob, Tri};
use tidegate_read::CloudStep;

/// What was found from an identity of another cloud; `None` when it is none.
pub(super) fn run(estate: &Estate, from: &str, args: &Args, global: Global) -> Option<String> {
    let is = |id: &str, text: &str| id == text || id.rsplit('/').next() == Some(text) || last(id) == text;
    let start = estate.clouds.iter().flat_map(|step| [&step.from, &step.to]).find(|id| is(id, from))?;
    let wanted = |id: &str| {
        let named = args.to.as_deref().is_some_and(|to| is(id, to));
        let matches =
            |pattern: &String| [id, last(id)].iter().any(|t| Glob::new(pattern).matches_tri(t) == Tri::True);
        args.to.is_none() && args.crown_jewels.is_empty() || named || args.crown_jewels.iter().any(matches)
    };
    let limit = args.max_hops.unwrap_or(usize::MAX);
    let certain = search(&estate.clouds, start, limit, true);
    let mut possible = search(&estate.clouds, start, limit, false);
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

type Ways<'a> = BTreeMap<Str, Vec<&'a CloudStep>>;

/// `weak` of `terraform/google_service_account.weak`.
fn last(id: &str) -> &str {
    id.rsplit('.').next().unwrap_or(id)
}

/// The shortest way to everything that is reached.
fn search<'a>(steps: &'a [CloudStep], start: &Str, limit: usize, certain: bool) -> Ways<'a> {
    let mut by_from: HashMap<&str, Vec<&CloudStep>> = HashMap::new();
    for step in steps.iter().filter(|step| step.certain || !certain) {
        by_from.entry(&step.from).or_default().push(step);
    }
    let mut out: Ways<'a> = BTreeMap::new();
    let mut open = VecDeque::from([(start.clone(), Vec::new())]);
    while let Some((id, way)) = open.pop_front() {
        if way.len() >= limit {
            continue;
        }
        for step in by_from.get(id.as_str()).into_iter().flatten() {
            if step.to == *start || out.contains_key(&step.to) {
                continue;
            }
            let mut way = way.clone();
            way.push(*step);
            out.insert(step.to.clone(), way.clone());
            open.push_back((step.to.clone(), way));
        }
    }
    out
}

fn text(estate: &Estate, start: &str, [certain, possible]: &[Ways<'_>; 2], look: Look) -> String {
    let reached = count(certain.len(), "identity", "identities");
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

fn json(estate: &Estate, start: &str, [certain, possible]: &[Ways<'_>; 2]) -> String {
    let list = |ways: &Ways<'_>| -> Vec<Value> {
        let found = ways.iter().map(|(to, way)| {
            let via: Vec<Value> = way.iter().map(|step| hop(estate, step)).collect();
            json!({ "to": to, "kind": "identity", "arn": null, "via": via })
        });
        found.collect()
    };
    let document = json!({
        "version": 1, "from": start, "reachable": list(certain), "possible": list(possible), "cut": null,
    });
    format!("{document:#}\n")
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
