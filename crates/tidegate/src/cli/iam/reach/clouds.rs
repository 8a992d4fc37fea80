//! The same question in Google Cloud and Azure, where steps are bindings and assignments.

use super::Args;
use crate::cli::Global;
use crate::cli::iam::estate::Estate;
use crate::cli::iam::listing::{Form, shown};
use crate::output::{Look, count};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use tidegate_graph::{Span, Str};
use tidegate_iam::{Glob, Tri};
use tidegate_read::{CloudStep, CloudWays, cloud_cut};

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
    let certain = CloudWays::new(&estate.clouds, true).shortest(start, limit);
    let mut possible = CloudWays::new(&estate.clouds, false).shortest(start, limit);
    possible.retain(|id, _| !certain.contains_key(id));
    let lists = [certain, possible].map(|mut list| {
        list.retain(|id, _| wanted(id));
        list
    });
    let asked = args.to.is_some() || !args.crown_jewels.is_empty();
    let cut = asked.then(|| cloud_cut(&estate.clouds, start, limit, &wanted));
    let look = Look::stdout(global.color);
    Some(match args.format {
        Form::Text => text(estate, start, &lists, cut.as_ref(), look),
        Form::Json => json(estate, start, &lists, cut.unwrap_or_else(|| Some(Vec::new()))),
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
    let ways = CloudWays::new(&estate.clouds, true);
    let wanted = |id: &str| {
        args.crown_jewels.is_empty() || args.crown_jewels.iter().any(|pattern| is_jewel(pattern, id))
    };
    let mut out: Vec<Radius> = (estate.computes.iter())
        .map(|(id, span)| {
            let targets = ways.radius(id).into_iter().filter(|to| wanted(to)).cloned().collect();
            Radius { id: id.clone(), span: *span, targets }
        })
        .collect();
    out.sort_by(|a, b| (Reverse(a.targets.len()), &a.id).cmp(&(Reverse(b.targets.len()), &b.id)));
    out
}

/// True if a pattern of the command line means this id.
pub(super) fn is_jewel(pattern: &str, id: &str) -> bool {
    let glob = Glob::new(pattern);
    [id, last(id)].iter().any(|text| glob.matches_tri(text) == Tri::True)
}

type Found<'a> = BTreeMap<Str, Vec<&'a CloudStep>>;

/// `weak` of `terraform/google_service_account.weak`.
fn last(id: &str) -> &str {
    id.rsplit('.').next().unwrap_or(id)
}

/// Bindings and assignments to take away, with the steps that each allows; `None` where that isn't enough.
type Cut<'a> = Option<Vec<Vec<&'a CloudStep>>>;

fn text(
    estate: &Estate,
    start: &str,
    [certain, possible]: &[Found<'_>; 2],
    cut: Option<&Cut<'_>>,
    look: Look,
) -> String {
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
    if let Some(cut) = cut.filter(|_| !certain.is_empty()) {
        cut_text(estate, cut.as_deref(), look, &mut out);
    }
    out
}

fn cut_text(estate: &Estate, cut: Option<&[Vec<&CloudStep>]>, look: Look, out: &mut String) {
    let title = match cut {
        None => "no set of bindings was found that breaks every path".to_owned(),
        Some(cut) => {
            let bindings = count(cut.len(), "binding or assignment", "bindings and assignments");
            format!("{bindings} to take away, checked by looking again:")
        }
    };
    let _ = writeln!(out, "{}", look.paint(&title, Style::new().bold()));
    for steps in cut.into_iter().flatten() {
        let Some(first) = steps.first() else { continue };
        let place = estate.location(first.span);
        let place = place.map(|p| format!("  {}:{}", shown(&p.file), p.line)).unwrap_or_default();
        let _ = writeln!(out, "cut      {}{place}", shown(&first.by));
    }
}

fn json(estate: &Estate, start: &str, [certain, possible]: &[Found<'_>; 2], cut: Cut<'_>) -> String {
    let list = |ways: &Found<'_>| -> Vec<Value> {
        let found = ways.iter().map(|(to, way)| {
            let via: Vec<Value> = way.iter().map(|step| hop(estate, step)).collect();
            json!({ "to": to, "kind": kind(way), "arn": null, "via": via })
        });
        found.collect()
    };
    let document = json!({
        "version": 1, "from": start, "reachable": list(certain), "possible": list(possible),
        "cut": cut.map(|cut| cut.iter().filter_map(|steps| cut_json(estate, steps)).collect::<Vec<_>>()),
    });
    format!("{document:#}\n")
}

fn cut_json(estate: &Estate, steps: &[&CloudStep]) -> Option<Value> {
    let first = steps.first()?;
    Some(json!({
        "of": first.from,
        "by": "binding",
        "policy": first.by,
        "statement": 0,
        "sid": null,
        "actions": steps.iter().map(|step| sentence(step)).collect::<Vec<_>>(),
        "location": estate.location(first.span),
    }))
}

fn kind(way: &[&CloudStep]) -> &'static str {
    match way.last() {
        Some(step) if step.to.starts_with("serviceAccount:") || step.to.starts_with("subscription:") => {
            "foreign"
        }
        Some(step) if step.touches => "resource",
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
