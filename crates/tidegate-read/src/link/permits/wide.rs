//! Grants that no reference shows: patterns in ARNs, everything but something.

use super::{Answer, Permits};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use tidegate_graph::{EdgeKind, Span, Str, System};
use tidegate_iam::account::{Account, Identity};
use tidegate_iam::catalogue;
use tidegate_iam::decide::Verdict;
use tidegate_iam::policy::{ActionPattern, ResourcePattern, Short};
use tidegate_iam::request::{Action, Context};
use tidegate_iam::{Arn, Catalogue, Kind, Scope, Statement, Tri, hole};

/// Resources that one statement is tried on, at most.
const MAX_TRIED: usize = 200;

/// Actions that are tried on one resource, at most.
const MAX_ASKED: usize = 64;

/// Actions that work on one type of resources.
type Actions = Rc<Vec<Action>>;

/// What is declared, by service and by what its ARN ends with.
#[derive(Default)]
pub(super) struct Index {
    entries: BTreeMap<(Str, Str), Vec<Entry>>,
    /// What each stack has of a service, and under no service of all.
    by_stack: HashMap<(Str, Str), Vec<Entry>>,
    /// Actions by service and by the word before the name.
    fitting: RefCell<HashMap<(Str, Str), Actions>>,
}

#[derive(Clone)]
struct Entry {
    id: Str,
    arn: Str,
}

/// A grant that was found.
pub(in super::super) struct Wide {
    /// Id of what it is on.
    pub(in super::super) to: Str,
    /// `grants`, `passes` or `assumes`.
    pub(in super::super) kind: EdgeKind,
    /// The action, as it is written or, of everything but something, the first that is allowed.
    pub(in super::super) action: Str,
    /// The policy.
    pub(in super::super) policy: Str,
    /// Where it is written.
    pub(in super::super) span: Span,
    /// What the engine says.
    pub(in super::super) answer: Answer,
}

impl Index {
    pub(super) fn new(account: &Account, system: &System) -> Self {
        let identities = account.identities.iter().map(|i| (&i.id, &i.arn));
        let resources = account.resources.iter().map(|r| (&r.id, &r.arn));
        let mut out = Self::default();
        for (id, arn) in identities.chain(resources) {
            let Some(id) = id.clone() else { continue };
            let service: Str = Arn::split(arn).service().into();
            let stack = stack_of(system, &id);
            let entry = Entry { id, arn: arn.clone() };
            for of in [service.clone(), Str::default()] {
                out.by_stack.entry((stack.clone(), of)).or_default().push(entry.clone());
            }
            out.entries.entry((service, tail(arn).into())).or_default().push(entry);
        }
        out
    }

    /// What a pattern may mean: what begins alike, in whatever stack, and what has a name that isn't known.
    fn like(&self, stack: &str, service: &str, pattern: &str) -> Vec<&Entry> {
        let known = tail(pattern).split(['*', '?', '$']).next().unwrap_or_default();
        let known = hole::parts(known).next().map_or("", |part| match part {
            hole::Part::Text(text) => text,
            hole::Part::Hole(_) | hole::Part::Fresh(_) => "",
        });
        let kind = known.rfind(['/', ':']).and_then(|at| known.get(..=at)).unwrap_or_default();
        if known.len() == kind.len() {
            return self.of_service(stack, Some(service), kind);
        }
        let mut out: Vec<&Entry> = self.from(service, known).take(MAX_TRIED).collect();
        let unnamed = |e: &&Entry| tail(&e.arn).get(kind.len()..).is_some_and(starts_with_hole);
        out.extend(self.of_service(stack, Some(service), kind).into_iter().filter(unnamed));
        out
    }

    fn from(&self, service: &str, prefix: &str) -> impl Iterator<Item = &Entry> {
        let start = (Str::from(service), Str::from(prefix));
        let range = self.entries.range(start..);
        let alike = range.take_while(move |((own, tail), _)| own == service && tail.starts_with(prefix));
        alike.flat_map(|(_, entries)| entries)
    }

    fn fitting(&self, arn: &str) -> Actions {
        let word = tail(arn).split_once(['/', ':']).map_or("", |(word, _)| word);
        let key = (Arn::split(arn).service().into(), word.into());
        let mut known = self.fitting.borrow_mut();
        known.entry(key).or_insert_with(|| Rc::new(fitting(arn))).clone()
    }

    /// What a stack has of a service. A grant on whatever there is says little of what others deploy elsewhere.
    fn of_service(&self, stack: &str, service: Option<&str>, prefix: &str) -> Vec<&Entry> {
        let own = self.by_stack.get(&(stack.into(), service.unwrap_or_default().into()));
        let looked = own.into_iter().flatten().take(4 * MAX_TRIED);
        looked.filter(|e| tail(&e.arn).starts_with(prefix)).take(MAX_TRIED).collect()
    }
}

fn stack_of(system: &System, id: &str) -> Str {
    system.resource(id).and_then(|r| system.stack_of(r)).map(|s| s.name.clone()).unwrap_or_default()
}

impl Permits {
    /// What an identity is granted by patterns and exceptions.
    pub(in super::super) fn wide(&self, system: &System, identity: &str) -> Vec<Wide> {
        let stack = stack_of(system, identity);
        let mut out = Vec::new();
        let Some(own) = self.identities.get(identity).and_then(|i| self.account.identities.get(*i)) else {
            return out;
        };
        for policy in &own.policies {
            for statement in policy.statements.iter().filter(|s| s.allows() && is_wide(s)) {
                let found = |to: &Entry, kind, action, answer| Wide {
                    to: to.id.clone(),
                    kind,
                    action,
                    policy: policy.name.clone(),
                    span: statement.span,
                    answer,
                };
                for entry in self.candidates(&stack, statement).into_iter().take(MAX_TRIED) {
                    for (kind, action) in
                        super::ROLE.into_iter().filter(|_| tail(&entry.arn).starts_with("role/"))
                    {
                        let parsed = [Action::new(action)];
                        if let Some((written, answer)) = self.granted(own, statement, &entry.arn, &parsed) {
                            out.push(found(entry, kind, written, answer));
                        }
                    }
                    let actions = self.index.fitting(&entry.arn);
                    if let Some((action, answer)) = self.granted(own, statement, &entry.arn, &actions) {
                        out.push(found(entry, EdgeKind::Grants, action, answer));
                    }
                }
            }
        }
        out
    }

    /// Roles of other accounts that the identity may ask to become: ARN, policy and place. What they trust isn't known.
    pub(in super::super) fn foreign_roles(&self, identity: &str) -> Vec<(Str, Str, Span)> {
        let mut out = Vec::new();
        let Some(own) = self.identities.get(identity).and_then(|i| self.account.identities.get(*i)) else {
            return out;
        };
        let assume = Action::new("sts:AssumeRole");
        for policy in &own.policies {
            for statement in policy.statements.iter().filter(|s| s.allows()) {
                let Scope::Only(actions) = &statement.actions else { continue };
                let Some(Scope::Only(patterns)) = &statement.resources else { continue };
                if !actions.iter().any(|a| a.matches(&assume).is_possible()) {
                    continue;
                }
                for pattern in patterns.iter().filter(|p| is_foreign_role(p.text(), &self.account.id)) {
                    let decision = self.account.decide(own, "sts:AssumeRole", pattern.text());
                    let held_back = matches!(decision.by, Some(Kind::Boundary | Kind::Scp));
                    if decision.verdict != Verdict::ExplicitlyDenied && !held_back {
                        out.push((pattern.text().into(), policy.name.clone(), statement.span));
                    }
                }
            }
        }
        out
    }

    fn candidates(&self, stack: &str, statement: &Statement) -> Vec<&Entry> {
        let services: Vec<Option<&str>> = match &statement.actions {
            Scope::Only(actions) => {
                // Who becomes a role asks one service about what belongs to another.
                let owner = |service| if service == Some("sts") { Some("iam") } else { service };
                let mut out: Vec<_> = actions.iter().map(|a| owner(a.service())).collect();
                out.sort_unstable();
                out.dedup();
                out
            }
            Scope::Except(_) => vec![None],
        };
        let mut out = Vec::new();
        for service in services {
            match &statement.resources {
                Some(Scope::Only(patterns)) if !patterns.iter().any(ResourcePattern::is_everything) => {
                    for pattern in patterns {
                        let named = Arn::split(pattern.text()).service();
                        let service = service.unwrap_or(named);
                        if named == service {
                            out.extend(self.index.like(stack, service, pattern.text()));
                        } else if named.contains('*') {
                            out.extend(self.index.of_service(
                                stack,
                                Some(service).filter(|s| !s.contains('*')),
                                "",
                            ));
                        }
                    }
                }
                _ => out.extend(self.index.of_service(stack, service, "")),
            }
        }
        out
    }

    /// The action of the statement that is allowed on an ARN, and how certainly.
    fn granted(
        &self,
        own: &Identity,
        statement: &Statement,
        arn: &str,
        actions: &[Action],
    ) -> Option<(Str, Answer)> {
        let forms: Vec<Str> = super::forms(arn).into_iter().filter(|form| means(statement, form)).collect();
        if forms.is_empty() {
            return None;
        }
        let written = |action: &Action| match &statement.actions {
            Scope::Only(items) => {
                items.iter().find(|i| i.matches(action).is_possible()).map(|i| i.text().into())
            }
            Scope::Except(items) => {
                (!items.iter().any(|i| i.matches(action).is_true())).then(|| action.text.clone())
            }
        };
        let meant = actions.iter().filter_map(|action| Some((written(action)?, action)));
        let mut open: Option<(Str, &Action, &Str)> = None;
        for (written, action) in meant.take(MAX_ASKED) {
            for form in &forms {
                match self.account.decide(own, &action.text, form).verdict {
                    Verdict::Allowed => return Some((written, Answer::Yes)),
                    Verdict::Unknown if open.is_none() => open = Some((written.clone(), action, form)),
                    _ => {}
                }
            }
        }
        let (written, action, form) = open?;
        Some((written, Answer::Perhaps(self.why(own, &action.text, form))))
    }
}

/// The actions that work on an ARN; what is done with roles beside is asked by itself.
fn fitting(arn: &str) -> Vec<Action> {
    let prefix = Arn::split(arn).service();
    let Some(service) = Catalogue::current().service(prefix) else { return Vec::new() };
    let works = |action: &&catalogue::Action| {
        service.types_of(action).any(|(_, ty)| fits(&ty.arn, arn)) && action.name != "PassRole"
    };
    service.actions().iter().filter(works).map(|a| Action::new(&format!("{prefix}:{}", a.name))).collect()
}

fn is_foreign_role(arn: &str, own: &str) -> bool {
    let parsed = Arn::split(arn);
    let account = parsed.account();
    parsed.service() == "iam"
        && tail(arn).starts_with("role/")
        && !arn.contains(['*', '?', '$'])
        && !hole::is_in(tail(arn))
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && account != own
}

/// True for a statement whose resources can't all be found by reference.
fn is_wide(statement: &Statement) -> bool {
    // A policy that wasn't read is no reason to draw everything.
    if !statement.certain && statement.actions.items().iter().all(ActionPattern::is_everything) {
        return false;
    }
    let pattern = |p: &ResourcePattern| p.has_wildcard() && !p.is_everything();
    statement.actions.is_except()
        || match &statement.resources {
            Some(Scope::Only(patterns)) => {
                patterns.iter().any(pattern)
                    || statement.actions.items().iter().any(ActionPattern::is_everything)
            }
            Some(Scope::Except(_)) => true,
            None => false,
        }
}

fn means(statement: &Statement, arn: &str) -> bool {
    let arn = Arn::split(arn);
    let context = Context::unknown();
    let hit = |p: &ResourcePattern| p.matches(&arn, &context, Short::Padded).is_none_or(Tri::is_possible);
    let sure = |p: &ResourcePattern| p.matches(&arn, &context, Short::Padded).is_some_and(Tri::is_true);
    match &statement.resources {
        Some(Scope::Only(items)) => items.iter().any(hit),
        Some(Scope::Except(items)) => !items.iter().any(sure),
        None => true,
    }
}

/// True if an ARN can be one of a type, by its service and the word before its name.
pub(in super::super) fn fits(template: &str, arn: &str) -> bool {
    let word = tail(template).split("${").next().unwrap_or_default();
    Arn::split(template).service() == Arn::split(arn).service() && tail(arn).starts_with(word)
}

/// What is after the account.
fn tail(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or_default()
}

fn starts_with_hole(text: &str) -> bool {
    matches!(hole::parts(text).next(), Some(hole::Part::Hole(_) | hole::Part::Fresh(_)))
}
