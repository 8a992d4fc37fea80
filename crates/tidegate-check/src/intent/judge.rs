//! What one statement gives beyond what the functions know how to use.

use super::kinds::{Kind, LOG_ACTIONS, NETWORK_ACTIONS};
use super::known::{How, Known, Named};
use super::{Item, Verdict};
use crate::Context;
use crate::identity::any_name;
use std::collections::BTreeSet;
use tidegate_graph::policy::{Statement, matches, pattern_of, service_of};
use tidegate_graph::{Piece, Resource, Value};
use tidegate_iam::Catalogue;
use tidegate_iam::catalogue::{Access, Action};

/// What a statement comes to.
#[derive(Debug, Default)]
pub(super) struct Judgement<'a> {
    pub(super) items: Vec<Item>,
    /// Actions by their position that should be a list: `dynamodb:*` of a table.
    pub(super) actions: Vec<(usize, Vec<String>)>,
    /// Positions of the resources in whose place should stand what is known.
    pub(super) wide: Vec<usize>,
    /// The actions that may be narrowed to what is known, each by itself.
    pub(super) parts: Vec<Part<'a>>,
    /// What the resources should be.
    pub(super) targets: Vec<(&'a Resource, &'static Kind, BTreeSet<&'static str>)>,
    /// True when all other things that the statement gives would survive narrower resources.
    pub(super) narrowable: bool,
    /// A whole service on all of its resources, or everything.
    pub(super) whole: bool,
}

/// An action that only needs the resources that are known.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// Its position.
    pub(super) n: usize,
    /// What is left of it: itself, or the actions of a wildcard that are used.
    pub(super) actions: Vec<String>,
    /// The resources.
    pub(super) targets: Vec<&'a Resource>,
    pub(super) kind: &'static Kind,
    /// Types of the catalogue that the actions work on.
    pub(super) types: BTreeSet<&'static str>,
}

/// Judges an `Allow` statement of a role of functions.
pub(super) fn judge<'a>(
    cx: &Context<'a>,
    owner: &Resource,
    known: &Known<'a>,
    statement: &Statement<'_>,
) -> Judgement<'a> {
    let mut out = Judgement { narrowable: true, ..Judgement::default() };
    if !statement.not_actions.is_empty() || !statement.not_resources.is_empty() {
        let why = "it is said only what isn't allowed";
        out.item(Verdict::Unknown, "NotAction", statement, why.into(), statement.span);
        return out;
    }
    let wide: Vec<usize> = (0..statement.resources.len())
        .filter(|n| statement.resources.get(*n).is_some_and(|r| is_wide(r)))
        .collect();
    out.wide = wide.clone();
    for (n, value) in statement.actions.iter().enumerate() {
        match value.as_str() {
            Some(pattern) => action(cx, owner, known, statement, (n, pattern, value), &wide, &mut out),
            None => {
                let shown = value.display();
                out.item(Verdict::Unknown, &shown, statement, "the action isn't known".into(), value.span);
                out.narrowable = false;
            }
        }
    }
    out
}

type At<'v> = (usize, &'v str, &'v Value);

fn action<'a>(
    cx: &Context<'a>,
    owner: &Resource,
    known: &Known<'a>,
    statement: &Statement<'_>,
    (n, pattern, value): At<'_>,
    wide: &[usize],
    out: &mut Judgement<'a>,
) {
    let span = value.span;
    if matches!(pattern, "*" | "*:*") {
        let on_all = statement.resources.iter().any(|r| r.as_str() == Some("*"));
        if on_all && statement.conditions.is_none() {
            out.whole = true;
            let why = "everything is allowed, and no function needs everything";
            out.surplus(pattern, Vec::new(), "*", why.into(), span, Access::Permissions);
        } else {
            out.item(Verdict::Unknown, pattern, statement, "everything is allowed".into(), span);
        }
        out.narrowable = false;
        return;
    }
    let service = service_of(pattern).to_ascii_lowercase();
    let name = pattern.split_once(':').map_or("*", |(_, name)| name);
    match service.as_str() {
        "logs" => return logs(statement, (n, pattern, value), name, out),
        "xray" => {
            out.narrowable = false;
            return out.item(Verdict::Kept, pattern, statement, "tracing writes with it".into(), span);
        }
        "ec2" if NETWORK_ACTIONS.iter().any(|own| own.eq_ignore_ascii_case(name)) => {
            out.narrowable = false;
            let (verdict, why) = match known.in_network {
                true => (Verdict::Kept, "Lambda joins the function to its network with it"),
                false => (Verdict::Unknown, "no function with the role is in a network"),
            };
            return out.item(verdict, pattern, statement, why.into(), span);
        }
        _ => {}
    }
    let Some(kind) = Kind::of_service(&service) else {
        out.narrowable = false;
        let why = format!("the graph doesn't show what the code does with {service}");
        return out.item(Verdict::Unknown, pattern, statement, why, span);
    };
    let all: Vec<&Action> = Catalogue::current().expand(pattern).map(|(_, action)| action).collect();
    let of_kind: Vec<&Action> = all.iter().copied().filter(|a| works_on(kind, a)).collect();
    let targets = known.of_kind(kind);
    let polled = known.polled.contains(kind.service);
    if of_kind.is_empty() {
        out.narrowable = false;
        let polls = polled && kind.polls.iter().any(|own| own.eq_ignore_ascii_case(name));
        return match polls {
            true => out.item(
                Verdict::Kept,
                pattern,
                statement,
                "the event source mapping polls with it".into(),
                span,
            ),
            false => {
                let why = format!("it is about no {} of its own", kind.noun);
                out.item(Verdict::Unknown, pattern, statement, why, span);
            }
        };
    }
    if let Some(open) = known.open_for(kind.service) {
        out.narrowable = false;
        return out.item(Verdict::Unknown, pattern, statement, open.what.clone(), span);
    }
    if targets.is_empty() {
        out.narrowable = false;
        let why = format!("no {} is named", kind.noun);
        return out.item(Verdict::Unknown, pattern, statement, why, span);
    }
    let used = uses(kind, &targets);
    let is_pattern = name.contains(['*', '?']);
    let own_wide: Vec<&&Value> = wide
        .iter()
        .filter_map(|n| statement.resources.get(*n))
        .filter(|r| r.as_str() == Some("*") || about(cx, r) == kind.service)
        .collect();
    let concrete = statement.resources.iter().filter(|r| !is_wide(r) && about(cx, r) == kind.service);
    let concrete: Vec<&Resource> = concrete
        .filter_map(|r| kind.types.iter().find_map(|ty| cx.target(owner, r, ty)))
        .filter(|resource| known.get(&resource.id).is_some())
        .collect();
    // An action that is written out is meant; what a wildcard covers beside what is used nobody has asked for.
    let granted: BTreeSet<&str> = of_kind.iter().map(|a| a.name.as_str()).collect();
    let (kept, beyond): (Vec<&str>, Vec<&str>) =
        granted.iter().partition(|name| !is_pattern || used.iter().any(|own| own.eq_ignore_ascii_case(name)));
    let level = |names: &[&str]| {
        let own = all.iter().filter(|a| names.contains(&a.name.as_str())).map(|a| a.access);
        own.max().unwrap_or(Access::List)
    };
    let manages = is_pattern && level(&beyond) >= Access::Tagging && !kept.is_empty();
    let shown = |targets: &[&Named<'_>]| named(targets.iter().map(|t| t.resource.logical_id.as_str()));
    if !own_wide.is_empty() {
        if statement.conditions.is_some() {
            out.narrowable = false;
            let why = "a condition may leave only what is needed".to_string();
            return out.item(Verdict::Unknown, pattern, statement, why, span);
        }
        out.whole |= name == "*";
        let why = format!("no other {} than {} is named", kind.noun, shown(&targets));
        let all_names: Vec<&str> = granted.iter().copied().collect();
        let actions = if is_pattern { beyond.iter().map(ToString::to_string).collect() } else { Vec::new() };
        let wide_level = level(&all_names);
        let shown_resource = own_wide.first().map(|r| r.display()).unwrap_or_default();
        out.surplus(pattern, actions, &shown_resource, why, span, wide_level);
    } else if manages && !concrete.is_empty() {
        let actions: Vec<String> = beyond.iter().map(ToString::to_string).collect();
        let why = format!("the wildcard allows to manage the {}, not only to use it", kind.noun);
        let on = named(concrete.iter().map(|r| r.logical_id.as_str()));
        out.surplus(pattern, actions, &on, why, span, level(&beyond));
    }
    for target in
        targets.iter().filter(|t| !own_wide.is_empty() || concrete.iter().any(|c| c.id == t.resource.id))
    {
        let why = format!("`{}`: {}", target.resource.logical_id, target.how.why());
        let on = target.resource.logical_id.as_str();
        let actions = if is_pattern { used_of(kind, target, &kept) } else { vec![name.to_string()] };
        if !actions.is_empty() {
            out.items.push(Item {
                verdict: Verdict::Kept,
                action: pattern.into(),
                actions,
                resource: on.into(),
                why,
                span: target.how_span(),
                level: Access::List,
            });
        }
    }
    let left: Vec<String> = kept.iter().map(|name| format!("{}:{name}", kind.service)).collect();
    let part;
    if manages && kind.by_arn && (!own_wide.is_empty() || !concrete.is_empty()) {
        part = Some(left.clone());
        out.actions.push((n, left));
    } else {
        // What a pattern covers besides may need other resources.
        let narrow = !is_pattern || kind.by_arn && all.len() == of_kind.len();
        out.narrowable &= narrow;
        part = narrow.then(|| vec![pattern.to_string()]);
    }
    if !own_wide.is_empty() {
        let types: BTreeSet<&'static str> = kind
            .catalogue
            .iter()
            .copied()
            .filter(|ty| {
                let mut left = of_kind.iter().filter(|a| !manages || kept.contains(&a.name.as_str()));
                left.any(|a| types_of(kind, a).iter().any(|own| own.eq_ignore_ascii_case(ty)))
            })
            .collect();
        if let Some(actions) = part {
            let targets = targets.iter().map(|t| t.resource).collect();
            out.parts.push(Part { n, actions, targets, kind, types: types.clone() });
        }
        for target in &targets {
            match out.targets.iter_mut().find(|(known, ..)| known.id == target.resource.id) {
                Some((.., own)) => own.extend(&types),
                None => out.targets.push((target.resource, kind, types.clone())),
            }
        }
    }
}

fn logs(statement: &Statement<'_>, (n, pattern, value): At<'_>, name: &str, out: &mut Judgement<'_>) {
    out.narrowable = false;
    let span = value.span;
    let kept: Vec<&str> = LOG_ACTIONS.iter().copied().filter(|own| matches(name, own)).collect();
    if kept.is_empty() {
        let why = "the graph doesn't show what the code does with logs".to_string();
        return out.item(Verdict::Unknown, pattern, statement, why, span);
    }
    if name != "*" {
        return out.item(Verdict::Kept, pattern, statement, "Lambda writes the log with it".into(), span);
    }
    let all = Catalogue::current().expand(pattern).map(|(_, action)| action);
    let beyond: Vec<&Action> =
        all.filter(|a| !LOG_ACTIONS.iter().any(|own| own.eq_ignore_ascii_case(&a.name))).collect();
    let level = beyond.iter().map(|a| a.access).max().unwrap_or(Access::List);
    let actions = beyond.iter().map(|a| a.name.to_string()).collect();
    let on = named_resources(statement);
    out.surplus(
        pattern,
        actions,
        &on,
        "writing the log takes three actions".into(),
        span,
        level.min(Access::Read),
    );
    out.actions.push((n, LOG_ACTIONS.iter().map(|own| format!("logs:{own}")).collect()));
}

impl Judgement<'_> {
    /// True if something is surplus.
    pub(super) fn is_surplus(&self) -> bool {
        self.items.iter().any(|item| item.verdict == Verdict::Surplus)
    }

    fn item(
        &mut self,
        verdict: Verdict,
        action: &str,
        statement: &Statement<'_>,
        why: String,
        span: tidegate_graph::Span,
    ) {
        let resource = named_resources(statement);
        let (action, level) = (action.into(), Access::List);
        self.items.push(Item { verdict, action, actions: Vec::new(), resource, why, span, level });
    }

    fn surplus(
        &mut self,
        action: &str,
        actions: Vec<String>,
        resource: &str,
        why: String,
        span: tidegate_graph::Span,
        level: Access,
    ) {
        let (action, resource) = (action.into(), resource.into());
        self.items.push(Item { verdict: Verdict::Surplus, action, actions, resource, why, span, level });
    }
}

impl Named<'_> {
    fn how_span(&self) -> tidegate_graph::Span {
        self.span
    }
}

/// Actions by which functions use the known resources of a kind.
fn uses(kind: &'static Kind, targets: &[&Named<'_>]) -> Vec<&'static str> {
    let only_polled = !kind.polls.is_empty() && targets.iter().all(|t| t.how == How::Source);
    let own = if only_polled && kind.service == "sqs" { kind.polls } else { kind.uses };
    own.to_vec()
}

fn used_of(kind: &Kind, target: &Named<'_>, kept: &[&str]) -> Vec<String> {
    let polled = target.how == How::Source && kind.service == "sqs";
    let own = if polled { kind.polls } else { kind.uses };
    kept.iter()
        .filter(|name| own.iter().any(|o| o.eq_ignore_ascii_case(name)))
        .map(ToString::to_string)
        .collect()
}

fn types_of<'c>(kind: &Kind, action: &'c Action) -> Vec<&'c str> {
    let Some(service) = Catalogue::current().service(kind.service) else { return Vec::new() };
    action
        .resource_types
        .iter()
        .filter_map(|on| service.resource_types().get(usize::from(on.ty)))
        .map(|ty| ty.name.as_str())
        .collect()
}

pub(super) fn works_on(kind: &Kind, action: &Action) -> bool {
    types_of(kind, action).iter().any(|ty| kind.catalogue.iter().any(|own| own.eq_ignore_ascii_case(ty)))
}

/// `*`, or an ARN that stands for all of a service's resources.
pub(super) fn is_wide(value: &Value) -> bool {
    if value.as_str() == Some("*") {
        return true;
    }
    // What a template of a policy puts behind a name may be a wildcard of its own.
    let plain = |piece: Piece| match piece {
        Piece::Text(text) => Piece::Text(text.replace("**", "*").into()),
        other => other,
    };
    let value = Value::template(value.pieces().into_iter().map(plain), value.span);
    // What is named is no wildcard, whatever it is.
    let shown = |piece: &Piece| match piece {
        Piece::Text(text) => text.to_string(),
        _ => "$".into(),
    };
    let pattern: String = value.pieces().iter().map(shown).collect();
    let mut parts = pattern.splitn(6, ':').skip(2);
    let (service, rest) = (parts.next(), parts.nth(2));
    // Indexes go with their table.
    any_name(&value).is_some()
        || matches!(
            (service, rest),
            (Some("dynamodb"), Some("table/*/index/*"))
                | (Some("secretsmanager"), Some("secret:*" | "*"))
                | (Some("kms"), Some("key/*" | "*"))
        )
}

/// The service that an ARN is of; for a reference that of the resource's kind.
fn about(cx: &Context<'_>, value: &Value) -> String {
    let pattern = pattern_of(&value.pieces());
    if let Some(rest) = pattern.strip_prefix("arn:") {
        return rest.split(':').nth(1).unwrap_or_default().to_string();
    }
    let references = value.references();
    let resource = references.first().and_then(|(reference, _)| cx.system.resource(&reference.target));
    resource.and_then(|r| Kind::of_type(&r.ty)).map(|kind| kind.service.to_string()).unwrap_or_default()
}

fn named_resources(statement: &Statement<'_>) -> String {
    const SHOWN: usize = 3;
    let mut names: Vec<String> = statement.resources.iter().take(SHOWN).map(|r| r.display()).collect();
    if statement.resources.len() > SHOWN {
        names.push("more".into());
    }
    names.join(", ")
}

/// A few names for people: "`A`, `B` and 3 more".
pub(super) fn named<'n>(names: impl Iterator<Item = &'n str>) -> String {
    const SHOWN: usize = 3;
    let names: Vec<&str> = names.collect();
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => match shown.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => shown.join(", "),
        },
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
