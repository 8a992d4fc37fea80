//! The proof of a fix: all that a role is allowed, before and after.

use super::kinds::{Kind, LOG_ACTIONS, NETWORK_ACTIONS};
use super::known::{How, Known, Named};
use crate::Context;
use crate::identity::{aws_managed, owners};
use crate::policies::documents;
use std::collections::BTreeSet;
use std::sync::Arc;
use tidegate_graph::policy::statement;
use tidegate_graph::{Data, Field, Piece, Resource, Span, Str, Value, World};
use tidegate_iam::account::{arn_of, ref_is_arn};
use tidegate_iam::inclusion::{Inclusion, includes};
use tidegate_iam::lint::Kind as DocumentKind;
use tidegate_iam::policy::Reader;
use tidegate_iam::{Applicable, Catalogue, Policy, Request, Verdict, decide, hole};

/// Statements of a role that are compared as a whole; with more there is no fix.
const MOST_STATEMENTS: usize = 256;

/// Where a role has statements from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Written in this system: the resource and the keys down to the document.
    Document(Str, Vec<String>),
    /// A policy of AWS's own, by its name.
    Managed(String),
}

/// All statements of a role.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    /// Where it is from, its number there, and what it says.
    statements: Vec<(Source, usize, Value)>,
}

/// What a role would no longer be allowed although its functions may need it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lost {
    /// `sqs:SendMessage`.
    pub(super) action: String,
    /// [`Resource::id`], the attribute that gives its ARN and what follows; `None` for `*`.
    pub(super) on: Option<(Str, &'static str, &'static str)>,
}

impl Whole {
    /// What a role has; what AWS's policies say is among it as far as they are known.
    pub(super) fn of(cx: &Context<'_>, role: &Resource) -> Self {
        let mut statements = Vec::new();
        for owner in owners(cx, role) {
            for document in documents(cx, owner).into_iter().filter(|d| d.kind == DocumentKind::Identity) {
                let Some(list) = cx.child(document.value, "Statement") else { continue };
                for (n, value) in cx.world.items(list).into_iter().enumerate() {
                    let source = Source::Document(owner.id.clone(), document.path.clone());
                    statements.push((source, n, settled(cx, value)));
                }
            }
        }
        for attached in aws_managed(cx, role) {
            for (n, value) in managed_statements(&attached.name).into_iter().enumerate() {
                statements.push((Source::Managed(attached.name.clone()), n, value));
            }
        }
        Self { statements }
    }

    /// Statements that belong together wherever they are to be written.
    pub(super) fn made(statements: &[Value]) -> Self {
        let source = Source::Document(Str::default(), Vec::new());
        let statements = statements.iter().map(|value| (source.clone(), 0, value.clone())).collect();
        Self { statements }
    }

    /// With policies of AWS's own.
    pub(super) fn and_managed(mut self, names: &[String]) -> Self {
        for name in names {
            let own = managed_statements(name).into_iter().enumerate();
            self.statements.extend(own.map(|(n, value)| (Source::Managed(name.clone()), n, value)));
        }
        self
    }

    /// As [`Self::is_within`], with no part that stays.
    pub(super) fn is_within_whole(&self, cx: &Context<'_>, known: &Known<'_>, old: &Self) -> bool {
        self.statements.len().max(old.statements.len()) <= MOST_STATEMENTS
            && is_within(&old.policy(cx), &self.policy(cx))
            && self.lost(cx, known, old).is_empty()
    }

    /// With other statements in the place of one of them, or of all from there.
    pub(super) fn with(&self, source: &Source, number: Option<usize>, new: &[Value]) -> Self {
        let goes = |(s, n, _): &&(Source, usize, Value)| s == source && number.is_none_or(|own| own == *n);
        let mut statements: Vec<_> = self.statements.iter().filter(|s| !goes(s)).cloned().collect();
        statements.extend(new.iter().map(|value| (source.clone(), usize::MAX, value.clone())));
        Self { statements }
    }

    /// With more statements from there.
    pub(super) fn with_more(&self, source: &Source, new: &[Value]) -> Self {
        let mut statements = self.statements.clone();
        statements.extend(new.iter().map(|value| (source.clone(), usize::MAX, value.clone())));
        Self { statements }
    }

    /// Those from there.
    fn of_source(&self, source: &Source) -> Vec<&Value> {
        self.statements.iter().filter(|(s, ..)| s == source).map(|(.., value)| value).collect()
    }

    fn policy(&self, cx: &Context<'_>) -> Policy {
        policy(cx, self.statements.iter().map(|(.., value)| value))
    }

    /// True if this allows nothing that `old` doesn't, and still all that the functions may need.
    pub(super) fn is_within(&self, cx: &Context<'_>, known: &Known<'_>, old: &Self, source: &Source) -> bool {
        if self.statements.len().max(old.statements.len()) > MOST_STATEMENTS {
            return false;
        }
        // What is within its own part is within the whole; that is cheaper to see.
        let part = |whole: &Self| policy(cx, whole.of_source(source).into_iter());
        let denies = |value: &Value| statement(cx.world, value).is_none_or(|s| !s.allows());
        let plain = !self.statements.iter().chain(&old.statements).any(|(.., value)| denies(value));
        let within =
            plain && is_within(&part(old), &part(self)) || is_within(&old.policy(cx), &self.policy(cx));
        within && self.lost(cx, known, old).is_empty()
    }

    /// What the functions may need and `old` allows, but this doesn't.
    pub(super) fn lost(&self, cx: &Context<'_>, known: &Known<'_>, old: &Self) -> Vec<Lost> {
        let (old, new) = ([Arc::new(old.policy(cx))], [Arc::new(self.policy(cx))]);
        let mut out = BTreeSet::new();
        for (lost, resource) in needed(cx, known) {
            let verdict = |policies: &[Arc<Policy>]| {
                let mut request = Request::new(SOMEBODY, &lost.action, &resource);
                request.resource_account = Some(ACCOUNT.into());
                decide(&request, &Applicable { identity: policies, ..Applicable::default() }).verdict
            };
            match verdict(&old) {
                Verdict::Allowed if verdict(&new) != Verdict::Allowed => out.insert(lost),
                Verdict::Unknown if verdict(&new) == Verdict::ImplicitlyDenied => out.insert(lost),
                _ => false,
            };
        }
        out.into_iter().collect()
    }
}

const ACCOUNT: &str = "111122223333";
const SOMEBODY: &str = "arn:aws:iam::111122223333:role/r";

/// Statements of a policy of AWS's own; none where it isn't known.
pub(super) fn managed_statements(name: &str) -> Vec<Value> {
    let Some(policy) = Catalogue::current().managed_policy(name) else { return Vec::new() };
    let Ok(document) = tidegate_iam::json::parse(tidegate_graph::FileId(0), policy.document) else {
        return Vec::new();
    };
    document.get("Statement").map(|list| list.items().to_vec()).unwrap_or_default()
}

/// Every request that the functions may have to make, as far as the graph shows it, and its resource.
fn needed(cx: &Context<'_>, known: &Known<'_>) -> Vec<(Lost, String)> {
    let mut out: Vec<(Lost, String)> = Vec::new();
    let mut everywhere = |action: String, resource: &str| {
        out.push((Lost { action, on: None }, resource.to_string()));
    };
    let (region, account) = (hole::text("AWS::Region"), hole::text("AWS::AccountId"));
    for name in LOG_ACTIONS {
        let group = format!("arn:aws:logs:{region}:{account}:log-group:/aws/lambda/f");
        let stream = if *name == "PutLogEvents" { ":log-stream:s" } else { "" };
        everywhere(format!("logs:{name}"), &format!("{group}{stream}"));
    }
    if known.is_traced {
        for name in ["PutTraceSegments", "PutTelemetryRecords"] {
            everywhere(format!("xray:{name}"), "*");
        }
    }
    if known.in_network {
        for name in NETWORK_ACTIONS {
            everywhere(format!("ec2:{name}"), "*");
        }
    }
    for need in &known.required {
        let action = format!("{}:{}", need.service, need.action);
        let attribute = need.on.and_then(|on| match Kind::of_type(&on.ty) {
            Some(kind) => Some(kind.attribute),
            None => ref_is_arn(&on.ty).then_some(""),
        });
        let found = need.on.zip(attribute).and_then(|(on, attribute)| {
            let target = on.id.clone();
            let reference =
                Piece::Reference(tidegate_graph::Reference { target, attribute: attribute.into() });
            Some((Some((on.id.clone(), attribute, "")), resolve(cx, &reference)?))
        });
        // What nothing names stays allowed for everything, where it was.
        let (on, resource) = found.unwrap_or((None, "*".to_string()));
        out.push((Lost { action, on }, resource));
    }
    for named in known.all() {
        let kind = named.kind;
        let reference = Piece::Reference(tidegate_graph::Reference {
            target: named.resource.id.clone(),
            attribute: kind.attribute.into(),
        });
        let Some(arn) = resolve(cx, &reference) else { continue };
        let polled = known.polled.contains(kind.service);
        for name in actions(named, polled) {
            let polls = polled && kind.polls.contains(&name);
            for after in behind(cx, named.resource, kind, name, polls) {
                let action = format!("{}:{name}", kind.service);
                match after {
                    None => out.push((Lost { action, on: None }, "*".into())),
                    Some(after) => {
                        let on = Some((named.resource.id.clone(), kind.attribute, after));
                        out.push((Lost { action, on }, format!("{arn}{}", after.replace('*', "x"))));
                    }
                }
            }
        }
    }
    out
}

/// Actions by which the functions may use it.
fn actions(named: &Named<'_>, polled: bool) -> BTreeSet<&'static str> {
    let kind = named.kind;
    let only_polled = named.how == How::Source && kind.service == "sqs";
    let uses = if only_polled { &[] } else { kind.uses };
    let polls = if polled || only_polled { kind.polls } else { &[] };
    uses.iter().chain(polls).copied().collect()
}

/// What follows the ARN of a resource in the requests of an action; `None` for one that has no resource.
fn behind(
    cx: &Context<'_>,
    target: &Resource,
    kind: &Kind,
    action: &str,
    polls: bool,
) -> Vec<Option<&'static str>> {
    let Some(service) = Catalogue::current().service(kind.service) else { return Vec::new() };
    let Some(found) = service.action(action) else { return Vec::new() };
    let types: BTreeSet<&str> = service.types_of(found).map(|(_, ty)| ty.name.as_str()).collect();
    if types.is_empty() {
        return vec![None];
    }
    match kind.service {
        "s3" if types.contains("object") => vec![Some("/*")],
        "dynamodb" if polls && types.contains("stream") => vec![Some("/stream/*")],
        "dynamodb" if types.contains("index") && has_index(cx, target) => vec![Some(""), Some("/index/*")],
        "lambda" if has_alias(cx, target) => vec![Some(""), Some(":*")],
        _ => vec![Some("")],
    }
}

/// True for a table with an index.
pub(super) fn has_index(cx: &Context<'_>, table: &Resource) -> bool {
    ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"].iter().any(|key| cx.get(table, &[key]).is_some())
}

/// True for a function with a version or alias.
pub(super) fn has_alias(cx: &Context<'_>, function: &Resource) -> bool {
    ["AWS::Lambda::Alias", "AWS::Lambda::Version"]
        .iter()
        .any(|ty| !cx.referrers(function, ty, "FunctionName").is_empty())
}

/// What a value is in this world, through and through.
fn settled(cx: &Context<'_>, value: &Value) -> Value {
    let data = match &value.data {
        Data::Map(map) => {
            let fields = map.fields().filter_map(|(key, field)| {
                let value = settled(cx, cx.world.resolve(&field.value)?);
                Some((key.clone(), Field { key: field.key, value }))
            });
            Data::Map(fields.collect())
        }
        Data::List(items) => {
            Data::List(items.iter().filter_map(|i| Some(settled(cx, cx.world.resolve(i)?))).collect())
        }
        other => other.clone(),
    };
    Value::new(data, value.span)
}

fn is_within(old: &Policy, new: &Policy) -> bool {
    let known = |prefix: &str| {
        let service = Catalogue::current().service(prefix);
        let actions = service.into_iter().flat_map(tidegate_iam::catalogue::Service::actions);
        actions.map(|action| format!("{prefix}:{}", action.name).into()).collect()
    };
    includes(old, new, &known) == Inclusion::Proven
}

fn policy<'v>(cx: &Context<'_>, statements: impl Iterator<Item = &'v Value>) -> Policy {
    let span = Span::default();
    let statements = Value::new(Data::List(statements.cloned().collect()), span);
    let document =
        Value::object([("Version", Value::text("2012-10-17", span)), ("Statement", statements)], span);
    let resolve = |piece: &Piece| resolve(cx, piece);
    Reader::new(World::default(), &resolve).policy("role", &document)
}

/// The ARN that a reference gives: a name that nothing else has, in a region and account that aren't known.
fn resolve(cx: &Context<'_>, piece: &Piece) -> Option<String> {
    match piece {
        Piece::Text(text) => Some(text.to_string()),
        Piece::Symbol(symbol) if symbol.name == "AWS::Partition" => Some("aws".into()),
        Piece::Symbol(_) => None,
        Piece::Reference(reference) => {
            let resource = cx.system.resource(&reference.target)?;
            let gives_arn = match reference.attribute.as_str() {
                "" if ref_is_arn(&resource.ty) => true,
                "" | "QueueName" | "TopicName" | "Name" => return Some(hole::fresh(&resource.id)),
                attribute => attribute == "Arn",
            };
            let (region, account) = (hole::text("AWS::Region"), hole::text("AWS::AccountId"));
            gives_arn.then(|| arn_of(&resource.ty, "", &hole::fresh(&resource.id), &region, &account))?
        }
    }
}
