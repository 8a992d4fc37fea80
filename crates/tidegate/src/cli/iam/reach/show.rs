//! Answers as text and JSON.

use super::{Answer, Radius, clouds};
use crate::cli::iam::estate::Estate;
use crate::cli::iam::listing::shown;
use crate::output::{Look, count};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use std::fmt::Write as _;
use tidegate_graph::Span;
use tidegate_iam::reach::{Cut, Found, Hop, Proof, Target};
use tidegate_iam::{Account, hole};

pub(super) fn text(estate: &Estate, start: usize, answer: &Answer, look: Look) -> String {
    let account = &estate.account;
    let (certain, possible): (Vec<&Found>, Vec<&Found>) = answer.found.iter().partition(|f| f.certain);
    let title = format!(
        "`{}` reaches {}, and might reach {} more",
        shown(&name(account, Target::Identity(start))),
        radius(certain.iter().map(|found| found.to)),
        possible.len()
    );
    let mut out = format!("{}\n", look.paint(&title, Style::new().bold()));
    for (word, color, list) in
        [("reaches", AnsiColor::Red, certain), ("might  ", AnsiColor::Yellow, possible)]
    {
        for found in list {
            let title = shown(&called(answer, account, found.to));
            let _ = writeln!(out, "{}  {title}", look.paint(word, color.on_default()));
            for hop in &found.via {
                hop_text(estate, hop, &mut out);
            }
        }
    }
    if answer.asked_to_cut && !answer.found.is_empty() {
        cut_text(estate, answer, look, &mut out);
    }
    out
}

fn hop_text(estate: &Estate, hop: &Hop, out: &mut String) {
    let _ = writeln!(out, "         {}", sentence(estate, hop));
    for proof in &hop.proofs {
        let _ = writeln!(out, "         └─ because {}", because(estate, proof));
    }
    for (wire, span) in &hop.wires {
        let place = place(estate, *span).map(|place| format!("  {place}")).unwrap_or_default();
        let _ = writeln!(out, "         └─ and {}{place}", shown(wire));
    }
    for text in &hop.prerequisites {
        let _ = writeln!(out, "         └─ provided that {}", shown(text));
    }
}

fn because(estate: &Estate, proof: &Proof) -> String {
    let place =
        place(estate, proof.span).unwrap_or_else(|| format!("{}[{}]", shown(&proof.policy), proof.statement));
    let mut out = format!("{} on {}: {} {place}", proof.action, shown(&proof.resource), proof.kind.phrase());
    for (i, condition) in proof.conditions.iter().enumerate() {
        let _ = write!(out, "{} {}", if i == 0 { " if" } else { " and" }, shown(condition));
    }
    out
}

fn cut_text(estate: &Estate, answer: &Answer, look: Look, out: &mut String) {
    let Some(cut) = &answer.cut else {
        let title = "no set of statements was found that breaks every path";
        let _ = writeln!(out, "{}", look.paint(title, Style::new().bold()));
        return;
    };
    if cut.is_empty() {
        return;
    }
    let title =
        format!("{} to take away, checked by looking again:", count(cut.len(), "permission", "permissions"));
    let _ = writeln!(out, "{}", look.paint(&title, Style::new().bold()));
    for cut in cut {
        let actions: Vec<&str> = cut.actions.iter().map(tidegate_graph::Str::as_str).collect();
        let place =
            place(estate, cut.span).unwrap_or_else(|| format!("{}[{}]", shown(&cut.policy), cut.statement));
        let of = short(&estate.account, &cut.of);
        let _ =
            writeln!(out, "cut      {} of {}: {} {place}", actions.join(", "), shown(&of), cut.kind.phrase());
    }
}

pub(super) fn json(estate: &Estate, start: usize, answer: &Answer) -> String {
    let list = |certain: bool| -> Vec<Value> {
        answer.found.iter().filter(|f| f.certain == certain).map(|f| found_json(estate, answer, f)).collect()
    };
    let cut: Option<Vec<Value>> =
        answer.cut.as_ref().map(|cut| cut.iter().map(|cut| cut_json(estate, cut)).collect());
    let document = json!({
        "version": 1,
        "from": name(&estate.account, Target::Identity(start)),
        "reachable": list(true),
        "possible": list(false),
        "cut": cut,
    });
    format!("{document:#}\n")
}

fn found_json(estate: &Estate, answer: &Answer, found: &Found) -> Value {
    let account = &estate.account;
    let (kind, arn) = match found.to {
        Target::Everything => ("everything", None),
        Target::Identity(at) => ("identity", account.identities.get(at).map(|i| hole::display(&i.arn))),
        Target::Foreign(at) => ("foreign", answer.foreign.get(at).map(|arn| hole::display(arn))),
        Target::Resource(at) => ("resource", account.resources.get(at).map(|r| hole::display(&r.arn))),
    };
    let via: Vec<Value> = found.via.iter().map(|hop| hop_json(estate, hop)).collect();
    json!({ "to": called(answer, account, found.to), "kind": kind, "arn": arn, "via": via })
}

fn hop_json(estate: &Estate, hop: &Hop) -> Value {
    let proofs: Vec<Value> = hop
        .proofs
        .iter()
        .map(|proof| {
            json!({
                "action": proof.action,
                "resource": hole::display(&proof.resource),
                "by": proof.kind.word(),
                "policy": hole::display(&proof.policy),
                "statement": proof.statement,
                "sid": proof.sid,
                "conditions": proof.conditions.iter().map(|c| hole::display(c)).collect::<Vec<_>>(),
                "location": estate.location(proof.span),
            })
        })
        .collect();
    let wires: Vec<Value> = (hop.wires.iter())
        .map(|(wire, span)| json!({ "wire": hole::display(wire), "location": estate.location(*span) }))
        .collect();
    json!({
        "hop": sentence(estate, hop),
        "technique": hop.technique,
        "from": short(&estate.account, &hop.from),
        "to": short(&estate.account, &hop.to),
        "proof": proofs,
        "wires": wires,
        "prerequisites": hop.prerequisites,
        "location": hop.proofs.first().and_then(|proof| estate.location(proof.span)),
    })
}

fn cut_json(estate: &Estate, cut: &Cut) -> Value {
    json!({
        "of": short(&estate.account, &cut.of),
        "by": cut.kind.word(),
        "policy": hole::display(&cut.policy),
        "statement": cut.statement,
        "sid": cut.sid,
        "actions": cut.actions,
        "location": estate.location(cut.span),
    })
}

pub(super) fn radii_text(estate: &Estate, radii: &[Radius], abroad: &[clouds::Radius], look: Look) -> String {
    let title = format!("{} and what they reach", count(radii.len() + abroad.len(), "function", "functions"));
    let mut out = format!("{}\n", look.paint(&title, Style::new().bold()));
    for found in radii {
        let Some(function) = estate.account.resources.get(found.function) else { continue };
        let place = place(estate, function.span).map(|place| format!("  {place}")).unwrap_or_default();
        let _ = writeln!(out, "{}: {}{place}", shown(&function.name), radius(found.targets.iter().copied()));
        for target in &found.targets {
            let _ = writeln!(out, "         {}", shown(&name(&estate.account, *target)));
        }
    }
    for found in abroad {
        let place = place(estate, found.span).map(|place| format!("  {place}")).unwrap_or_default();
        let reached = count(found.targets.len(), "identity or resource", "identities and resources");
        let _ = writeln!(out, "{}: {reached}{place}", shown(&found.id));
        for target in &found.targets {
            let _ = writeln!(out, "         {}", shown(target));
        }
    }
    out
}

pub(super) fn radii_json(estate: &Estate, radii: &[Radius], abroad: &[clouds::Radius]) -> String {
    let account = &estate.account;
    let row = |radius: &Radius| {
        let function = account.resources.get(radius.function)?;
        let reaches: Vec<String> = radius.targets.iter().map(|target| name(account, *target)).collect();
        Some(json!({
            "function": id(&function.id, &function.arn),
            "blast_radius": size(account, radius),
            "reaches": reaches,
            "location": estate.location(function.span),
        }))
    };
    // One line for each: as one document, a thousand functions that reach each other would fill the memory.
    let mut out = String::from("{\n  \"version\": 1,\n  \"functions\": [");
    let beyond = |found: &clouds::Radius| {
        json!({
            "function": found.id,
            "blast_radius": found.targets.len(),
            "reaches": found.targets,
            "location": estate.location(found.span),
        })
    };
    for (i, row) in radii.iter().filter_map(row).chain(abroad.iter().map(beyond)).enumerate() {
        let _ = write!(out, "{}\n    {row}", if i == 0 { "" } else { "," });
    }
    out.push_str("\n  ]\n}\n");
    out
}

/// Everything counts as everything.
fn size(account: &Account, radius: &Radius) -> usize {
    match radius.targets.contains(&Target::Everything) {
        true => account.identities.len() + account.resources.len(),
        false => radius.targets.len(),
    }
}

fn radius(targets: impl Iterator<Item = Target>) -> String {
    let (mut identities, mut resources) = (0, 0);
    for target in targets {
        match target {
            Target::Everything => return "everything in the account".to_string(),
            Target::Identity(_) => identities += 1,
            Target::Resource(_) => resources += 1,
            Target::Foreign(_) => {}
        }
    }
    format!(
        "{} and {}",
        count(identities, "identity", "identities"),
        count(resources, "resource", "resources")
    )
}

/// `role replaces the code of the function (orders) -> other role`
fn sentence(estate: &Estate, hop: &Hop) -> String {
    let from = short(&estate.account, &hop.from);
    let to = short(&estate.account, &hop.to);
    let to = if hop.to == "*" { String::new() } else { format!(" -> {}", shown(&to)) };
    format!("{} {}{to}", shown(&from), shown(&hop.does))
}

/// The same with roles of other accounts, which have no declaration here.
fn called(answer: &Answer, account: &Account, target: Target) -> String {
    match target {
        Target::Foreign(at) => answer.foreign.get(at).map(|arn| hole::display(arn)).unwrap_or_default(),
        own => name(account, own),
    }
}

/// What people call a target: its id where it was declared, otherwise its ARN.
fn name(account: &Account, target: Target) -> String {
    match target {
        Target::Everything | Target::Foreign(_) => "*".to_string(),
        Target::Identity(at) => account.identities.get(at).map(|i| id(&i.id, &i.arn)).unwrap_or_default(),
        Target::Resource(at) => account.resources.get(at).map(|r| id(&r.id, &r.arn)).unwrap_or_default(),
    }
}

fn id(id: &Option<tidegate_graph::Str>, arn: &str) -> String {
    id.as_ref().map_or_else(|| hole::display(arn), ToString::to_string)
}

/// The same for an ARN.
fn short(account: &Account, arn: &str) -> String {
    let declared = account.identity(arn).map(|i| &i.id).or_else(|| account.resource(arn).map(|r| &r.id));
    declared.map_or_else(|| hole::display(arn), |own| id(own, arn))
}

fn place(estate: &Estate, span: Span) -> Option<String> {
    estate.location(span).map(|location| format!("{}:{}", shown(&location.file), location.line))
}
