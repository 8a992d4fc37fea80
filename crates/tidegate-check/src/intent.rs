//! Least privilege from intent: what the graph says that functions need, against what their role is granted.
//!
//! A permission is *kept* when the graph shows what for, *surplus* when it goes beyond everything that the functions
//! know, and *unknown* otherwise: code may use what nothing here shows, so that needs evidence and is left alone.

mod judge;
mod kinds;
mod known;
mod narrow;
mod needs;
mod prove;
mod split;
#[cfg(test)]
mod tests;

use crate::Context;
use crate::identity::{aws_managed, owners};
use crate::index::Index;
use crate::policies::documents;
use judge::{Judgement, judge};
use kinds::LOG_ACTIONS;
use known::Known;
use narrow::Place;
use prove::Whole;
pub(crate) use split::split;
use std::collections::BTreeMap;
use tidegate_graph::policy::{Statement, statement};
use tidegate_graph::{Confidence, Data, Fix, Graph, Resource, Severity, Span, Str, System, Value, World};
use tidegate_iam::Catalogue;
use tidegate_iam::catalogue::Access;
use tidegate_iam::lint::Kind as DocumentKind;

/// What is said of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The graph shows what for.
    Kept,
    /// It goes beyond everything that the functions know.
    Surplus,
    /// The graph doesn't show it; that needs evidence.
    Unknown,
}

impl Verdict {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Surplus => "surplus",
            Self::Unknown => "unknown",
        }
    }
}

/// One permission and why it is kept or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What is said of it.
    pub verdict: Verdict,
    /// The action as it is granted: `dynamodb:*`.
    pub action: Str,
    /// The actions that are meant, without prefix; empty for all that `action` covers.
    pub actions: Vec<String>,
    /// The resources, for people.
    pub resource: String,
    /// Why.
    pub why: String,
    /// Where it shows.
    pub span: Span,
    level: Access,
}

impl Item {
    /// How much may be done with what is too much: `Write`.
    pub fn level(&self) -> &'static str {
        match self.level {
            Access::List => "list",
            Access::Read => "read",
            Access::Tagging => "tagging",
            Access::Write => "write",
            Access::Permissions => "permissions",
        }
    }
}

/// An action that Lambda or the code needs, as far as the graph shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// `sqs:ReceiveMessage`.
    pub action: String,
    /// Of what, for people; `*` for no resource of its own.
    pub resource: String,
    /// Why.
    pub why: String,
}

/// What the graph says of one role of functions.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// [`Resource::id`] of the functions.
    pub functions: Vec<Str>,
    /// [`Resource::id`] of the role.
    pub role: Str,
    /// What the functions need.
    pub needs: Vec<Need>,
    /// What is granted.
    pub items: Vec<Item>,
}

/// What the graph says of every role of functions that is declared, in the order of the functions.
pub fn intents(system: &System, graph: &Graph) -> Vec<Intent> {
    let index = Index::new(system);
    let rule = <crate::rules::functions::over_privileged_function::OverPrivilegedFunction as crate::rule::Declared>::METADATA;
    let mut out: Vec<Intent> = Vec::new();
    for function in system.of_type("AWS::Lambda::Function") {
        let worlds = World::explore(&system.variables, |world| {
            let cx = Context::new(system, graph, &index, world, rule);
            if !cx.exists(function) {
                return None;
            }
            let group = Group::of(&cx, function)?;
            let mut items: Vec<Item> =
                group.judged(&cx).into_iter().flat_map(|judged| judged.judgement.items).collect();
            items.extend(group.managed(&cx).into_iter().flat_map(|managed| managed.judgement.items));
            let functions = group.functions.iter().map(|f| f.id.clone()).collect();
            Some(Intent { functions, role: group.role.id.clone(), needs: group.needs(), items })
        });
        for (_, intent) in worlds {
            let Some(intent) = intent else { continue };
            match out
                .iter_mut()
                .find(|known| known.role == intent.role && known.functions == intent.functions)
            {
                Some(known) => {
                    for item in intent.items {
                        if !known.items.contains(&item) {
                            known.items.push(item);
                        }
                    }
                }
                None => out.push(intent),
            }
        }
    }
    out
}

/// The functions with one role, and what they know.
pub(crate) struct Group<'a> {
    functions: Vec<&'a Resource>,
    role: &'a Resource,
    known: Known<'a>,
}

/// A statement with what was made of it.
struct Judged<'a> {
    /// The role or policy that has it.
    owner: &'a Resource,
    /// Keys that stay the same when lines move.
    key: String,
    span: Span,
    judgement: Judgement<'a>,
    fix: Option<Fix>,
}

/// A policy of AWS's own with what was made of it.
struct Managed<'a> {
    name: String,
    /// Where it is attached.
    value: &'a Value,
    judgement: Judgement<'a>,
    fix: Option<Fix>,
}

impl<'a> Group<'a> {
    /// The group of which this function is the first; `None` for the others, and where the role isn't declared or
    /// something else runs with it.
    pub(crate) fn of(cx: &Context<'a>, function: &Resource) -> Option<Self> {
        let value = cx.get(function, &["Role"])?;
        let role = cx.target(function, value, "AWS::IAM::Role")?;
        let functions: Vec<&'a Resource> = cx.with_role(function, value).collect();
        if functions.first().is_none_or(|first| first.id != function.id) || cx.is_taken_by_others(role) {
            return None;
        }
        let known = Known::of(cx, &functions);
        Some(Self { functions, role, known })
    }

    /// What is made of a statement that allows something.
    fn judge(&self, cx: &Context<'a>, owner: &'a Resource, statement: &Statement<'_>) -> Judgement<'a> {
        let mut judgement = judge(cx, owner, &self.known, statement);
        needs::keep(cx, owner, &self.known.required, statement, &mut judgement);
        judgement
    }

    /// The functions for people.
    fn names(&self) -> String {
        judge::named(self.functions.iter().map(|f| f.logical_id.as_str()))
    }

    /// Every statement that allows something, judged.
    fn judged(&self, cx: &Context<'a>) -> Vec<Judged<'a>> {
        let mut out = Vec::new();
        let whole = Whole::of(cx, self.role);
        for owner in owners(cx, self.role) {
            for document in documents(cx, owner).into_iter().filter(|d| d.kind == DocumentKind::Identity) {
                let Some(list) = cx.child(document.value, "Statement") else { continue };
                let listed = matches!(list.data, Data::List(_));
                let first = out.len();
                for (n, value) in cx.world.items(list).into_iter().enumerate() {
                    let Some(statement) = statement(cx.world, value).filter(Statement::allows) else {
                        continue;
                    };
                    let judgement = self.judge(cx, owner, &statement);
                    let document_path = document.path.as_slice();
                    let place = Place { owner, document: document_path, n, listed, value, whole: &whole };
                    let own = narrow::is_own(cx, owner, self.role, &statement);
                    let fix = if own && judgement.is_surplus() {
                        narrow::fix(cx, &self.known, &place, &statement, &judgement)
                    } else {
                        None
                    };
                    let name = statement.sid.clone().filter(|sid| !sid.is_empty());
                    let name = name.unwrap_or_else(|| n.to_string().into());
                    let key = format!("{}/Statement/{name}", document.key);
                    out.push(Judged { owner, key, span: statement.span, judgement, fix });
                }
                // A name that stands for the document: its statements are written nowhere.
                let made = out.get(first..).is_some_and(|judged| {
                    !judged.is_empty()
                        && document.value.span != Span::default()
                        && judged.iter().all(|j| j.span == document.value.span)
                });
                if made && owner.id == self.role.id {
                    let statements = cx.world.items(list).into_iter().filter_map(|v| statement(cx.world, v));
                    let statements: Vec<Statement<'_>> = statements.collect();
                    let judged = out.iter_mut().skip(first);
                    let fix = match statements.iter().all(Statement::allows) {
                        true => {
                            let judgements: Vec<_> =
                                statements.iter().map(|s| (s, self.judge(cx, owner, s))).collect();
                            narrow::entry_fix(cx, &self.known, owner, &document.path, &judgements, &whole)
                        }
                        false => None,
                    };
                    for one in judged.filter(|one| one.judgement.is_surplus()) {
                        one.fix = fix.clone();
                    }
                }
            }
        }
        out
    }

    /// AWS's own policies that are attached, judged: name, place and what was made of it.
    fn managed(&self, cx: &Context<'a>) -> Vec<Managed<'a>> {
        let mut out = Vec::new();
        let whole = Whole::of(cx, self.role);
        for attached in aws_managed(cx, self.role) {
            // What a transform adds for networks and mappings is nobody's choice.
            if attached.name.starts_with("AWSLambda") && attached.name.ends_with("ExecutionRole") {
                continue;
            }
            let Some(policy) = Catalogue::current().managed_policy(&attached.name) else { continue };
            let Ok(document) = tidegate_iam::json::parse(attached.value.span.file, policy.document) else {
                continue;
            };
            let mut all = Judgement::default();
            for statement in tidegate_graph::policy::statements(cx.world, &document) {
                if statement.allows() {
                    let one = self.judge(cx, self.role, &statement);
                    all.whole |= one.whole;
                    all.items.extend(one.items);
                }
            }
            for item in &mut all.items {
                // What is written in AWS's policy has no place here, but where it is attached has.
                if item.verdict != Verdict::Kept {
                    item.span = attached.value.span;
                }
            }
            let (name, value) = (attached.name, attached.value);
            let fix = match all.is_surplus() {
                true => narrow::managed_fix(cx, &self.known, self.role, &name, value, &all, &whole),
                false => None,
            };
            out.push(Managed { name, value, judgement: all, fix });
        }
        out
    }

    /// What the functions need, as far as the graph shows it.
    fn needs(&self) -> Vec<Need> {
        let need = |service: &str, action: &str, resource: &str, why: String| Need {
            action: format!("{service}:{action}"),
            resource: resource.into(),
            why,
        };
        let mut out: Vec<Need> = LOG_ACTIONS
            .iter()
            .map(|a| need("logs", a, "*", "Lambda writes the log with it".into()))
            .collect();
        out.extend(
            self.known.required.iter().map(|r| need(r.service, r.action, r.resource(), r.why.clone())),
        );
        for named in self.known.all() {
            let (kind, on) = (named.kind, named.resource.logical_id.as_str());
            let actions: &[&str] = match named.how {
                known::How::Source => kind.polls,
                known::How::Destination => match kind.service {
                    "sqs" => &["SendMessage"],
                    "sns" => &["Publish"],
                    "lambda" => &["InvokeFunction"],
                    "events" => &["PutEvents"],
                    "s3" => &["PutObject", "ListBucket"],
                    _ => kind.uses,
                },
                // Code that puts something into what is encrypted asks for a key of the data.
                known::How::Setting("what it uses") if kind.service == "kms" => {
                    &["Decrypt", "GenerateDataKey"]
                }
                // Which of the actions the code calls isn't known.
                known::How::Before | known::How::Variable(_) | known::How::Setting(_) => continue,
            };
            // Code that handles parts of a batch does it, the poller doesn't.
            let own = actions.iter().filter(|a| **a != "ChangeMessageVisibility");
            out.extend(own.map(|a| need(kind.service, a, on, named.how.why())));
        }
        out
    }

    /// Reports what the statements give beyond what is known, and what isn't known.
    pub(crate) fn report(&self, cx: &Context<'a>, function: &Resource) {
        let exposed = cx.way_from_entry(function).is_some();
        for judged in self.judged(cx) {
            let Some(message) = self.message(&judged.judgement, None) else { continue };
            let (severity, confidence) = weight(&judged.judgement, exposed);
            let mut report = cx
                .finding(judged.owner, message)
                .at_place(judged.key.clone(), judged.span)
                .severity(severity)
                .confidence(confidence)
                .help(help(&judged.judgement));
            for (span, label) in notes(&judged.judgement) {
                report = report.related(Some(span), label);
            }
            report.fix(judged.fix).report();
        }
        for Managed { name, value, judgement, fix } in self.managed(cx) {
            let Some(message) = self.message(&judgement, Some(&name)) else { continue };
            let (severity, confidence) = weight(&judgement, exposed);
            let mut report = cx
                .finding(self.role, message)
                .at_place(format!("ManagedPolicyArns/{name}"), value.span)
                .severity(severity)
                .confidence(confidence)
                .help(match fix {
                    Some(_) => "write a policy of your own that names the resources, instead of AWS's",
                    None => {
                        "find out what the function uses of it, and write a policy of your own that names the resources"
                    }
                });
            for (span, label) in notes(&judgement) {
                report = report.related(Some(span), label);
            }
            report.fix(fix).report();
        }
    }

    fn message(&self, judgement: &Judgement<'_>, policy: Option<&str>) -> Option<String> {
        let mut by_why: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
        for item in judgement.items.iter().filter(|i| i.verdict == Verdict::Surplus) {
            by_why.entry(&item.why).or_default().push(item);
        }
        let (why, items) = by_why.iter().next()?;
        let through = policy.map(|name| format!(" through `{name}`")).unwrap_or_default();
        let actions = judge::named(items.iter().map(|i| i.action.as_str()));
        let on = items.first().map(|i| i.resource.as_str()).unwrap_or_default();
        let on = if on == "*" || on.contains('`') { on.to_string() } else { format!("`{on}`") };
        let on = if on == "*" { "every resource".to_string() } else { on };
        let more = match by_why.len() {
            1 => String::new(),
            n => format!(", and {} more", n - 1),
        };
        Some(format!("{} may {actions} on {on}{through}: {why}{more}", self.names()))
    }
}

fn weight(judgement: &Judgement<'_>, exposed: bool) -> (Severity, Confidence) {
    let surplus = || judgement.items.iter().filter(|i| i.verdict == Verdict::Surplus);
    let level = surplus().map(|i| i.level).max().unwrap_or(Access::List);
    let secret = surplus().any(|i| i.action.starts_with("secretsmanager:") || i.action.starts_with("kms:"));
    let everything = surplus().any(|i| i.action == "*" || i.action == "*:*");
    if everything {
        return (Severity::High, Confidence::High);
    }
    let severity = match level {
        Access::Permissions | Access::Write if judgement.whole && exposed => Severity::High,
        Access::Permissions | Access::Write => Severity::Medium,
        _ if secret => Severity::Medium,
        _ => Severity::Low,
    };
    (severity, Confidence::Medium)
}

fn notes(judgement: &Judgement<'_>) -> Vec<(Span, String)> {
    // A finding is read by people; `tidegate iam surplus` lists everything.
    const MOST: usize = 8;
    const SHOWN: usize = 6;
    let mut out = Vec::new();
    for item in &judgement.items {
        let label = match item.verdict {
            Verdict::Kept if item.actions.is_empty() => format!("kept `{}`: {}", item.action, item.why),
            Verdict::Kept => format!("kept of `{}`: {}", item.action, item.why),
            Verdict::Surplus if item.actions.is_empty() => {
                format!("surplus of `{}`: {}", item.action, item.why)
            }
            Verdict::Surplus => {
                let mut names: Vec<&str> = item.actions.iter().take(SHOWN).map(String::as_str).collect();
                let rest = item.actions.len().saturating_sub(SHOWN);
                let more = format!("{rest} more");
                if rest > 0 {
                    names.push(&more);
                }
                format!("surplus of `{}`: {}", item.action, names.join(", "))
            }
            Verdict::Unknown => format!("`{}` needs evidence: {}", item.action, item.why),
        };
        if !out.iter().any(|(_, known)| *known == label) {
            out.push((item.span, label));
        }
    }
    out.truncate(MOST);
    out
}

fn help(judgement: &Judgement<'_>) -> String {
    let targets = judgement.targets.iter().map(|(resource, ..)| resource.logical_id.as_str());
    let on = judge::named(targets);
    match (on.is_empty(), judgement.actions.is_empty()) {
        (false, true) => format!("name {on} as the resource"),
        (false, false) => format!("name {on} as the resource, and the actions that the code calls"),
        (true, _) => "name the actions that the code calls".into(),
    }
}
