//! What one identity can get at, by each technique.

use super::ask::{self, Ask};
use super::events::{Source, What, Wire};
use super::node::{Node, Raise};
use super::table::{On, Pass, TAKE, TOUCHES, Take, WRITES, pass};
use super::world::{Aim, World};
use crate::account::Identity;
use crate::policy::{ActionPattern, ResourcePattern};
use crate::{Arn, Policy, Scope, Statement, Verdict};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use tidegate_graph::Str;

/// One step.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) to: To,
    /// Name of the technique.
    pub(super) id: &'static str,
    /// What it comes to.
    pub(super) does: Str,
    pub(super) asks: Vec<Ask>,
    /// False when it hangs on what isn't known.
    pub(super) certain: bool,
    /// What must be so besides.
    pub(super) before: Vec<Str>,
    pub(super) wires: Vec<Wire>,
}

/// Where a step leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum To {
    /// Everything there is.
    All,
    Identity(usize),
    Resource(usize),
    /// The role of another account.
    Foreign(usize),
    /// This identity becomes more than it is; whoever is it has that.
    Raise(usize, Raise),
}

/// Collects the steps of one identity; of several to one place the first that is certain.
pub(super) struct Steps<'w, 'a> {
    pub(super) world: &'w World<'a>,
    pub(super) node: Node,
    pub(super) identity: &'w Identity,
    /// The actions that some statement of it allows.
    mask: Vec<u64>,
    pub(super) out: Vec<Edge>,
    have: HashSet<To>,
}

/// The steps of an identity; `touch` adds those to data.
pub(super) fn edges(world: &World<'_>, node: Node, identity: &Identity, touch: bool) -> Vec<Edge> {
    let mask = world.mask(identity);
    let mut steps = Steps { world, node, identity, mask, out: Vec::new(), have: HashSet::new() };
    if is_admin(world, identity) {
        let does = "is an administrator of the account";
        steps.add(To::All, "administrator", does, vec![Ask::new("iam:PutRolePolicy", "*")], true);
        return steps.out;
    }
    steps.assume();
    steps.abroad();
    steps.iam();
    pass().for_each(|row| steps.pass(row));
    TAKE.iter().for_each(|row| steps.take(row));
    steps.writes();
    if touch {
        TOUCHES.iter().for_each(|(ty, actions)| steps.touch(ty, actions));
    }
    steps.out
}

impl Steps<'_, '_> {
    /// True if some statement allows the action on something.
    pub(super) fn may(&self, action: &str) -> bool {
        self.world.is_in(&self.mask, action)
    }

    /// The same for a resource of any service, whose own policy may let the identity in.
    fn speaks(&self, actions: &[&str]) -> bool {
        actions.iter().any(|action| self.may(action)) || self.world.let_in(self.identity).next().is_some()
    }

    /// True when there is nothing to find there.
    pub(super) fn has(&self, to: To) -> bool {
        to == To::Identity(self.node.who) || self.have.contains(&to)
    }

    pub(super) fn add(&mut self, to: To, id: &'static str, does: &str, asks: Vec<Ask>, certain: bool) {
        if !self.has(to) {
            if certain {
                self.have.insert(to);
            }
            let (before, wires) = (Vec::new(), Vec::new());
            self.out.push(Edge { to, id, does: does.into(), asks, certain, before, wires });
        }
    }

    fn note(&mut self, before: &[&'static str]) {
        if let Some(edge) = self.out.last_mut() {
            edge.before.extend(before.iter().map(|text| Str::from(*text)));
        }
    }

    fn assume(&mut self) {
        for &role in &self.world.assumable {
            let Some(target) = self.world.identity(role) else { continue };
            if self.has(To::Identity(role)) {
                continue;
            }
            let ask = Ask::new("sts:AssumeRole", &target.arn);
            self.ask(To::Identity(role), "assume", "assumes the role", ask);
        }
    }

    /// Adds a step that hangs on one question.
    pub(super) fn ask(&mut self, to: To, id: &'static str, does: &str, ask: Ask) {
        match ask.answer(self.world, self.identity) {
            Verdict::Allowed => self.add(to, id, does, vec![ask], true),
            Verdict::Unknown => self.add(to, id, does, vec![ask], false),
            _ => {}
        }
    }

    fn pass(&mut self, row: &Pass) {
        let world = self.world;
        let spoken = |actions: &&[&str]| actions.iter().any(|action| self.may(action));
        if !self.may("iam:PassRole") || !row.needs.iter().all(spoken) {
            return;
        }
        let mut found: Vec<(Vec<Ask>, bool)> = Vec::new();
        match row.on {
            On::New => found.extend(ask::anew(world, self.identity, row.needs, None)),
            On::One(tail) => found.extend(ask::anew(world, self.identity, row.needs, Some(tail))),
            On::Existing(types) => {
                let Some(first) = row.needs.first() else { return };
                for ty in types {
                    for index in world.candidates(self.identity, first, ty) {
                        let Some(resource) = world.resource(index) else { continue };
                        found.extend(ask::all(world, self.identity, row.needs, &resource.arn));
                        if found.last().is_some_and(|(_, certain)| *certain) {
                            break;
                        }
                    }
                }
            }
        }
        found.sort_by_key(|(_, certain)| !certain);
        let Some((needs, certain)) = found.into_iter().next() else { return };
        for service in row.services {
            for role in self.passable(service) {
                let Some(target) = world.identity(role) else { continue };
                if self.has(To::Identity(role)) {
                    continue;
                }
                if *service == "ec2.amazonaws.com" && !self.in_profile(target) {
                    continue;
                }
                let pass = Ask::new("iam:PassRole", &target.arn).with("iam:PassedToService", Some(service));
                let sure = match pass.answer(world, self.identity) {
                    Verdict::Allowed => certain,
                    Verdict::Unknown => false,
                    _ => continue,
                };
                let asks = std::iter::once(pass).chain(needs.iter().cloned()).collect();
                self.add(To::Identity(role), row.id, row.does, asks, sure);
                self.note(row.before);
            }
        }
    }

    /// Roles that the service can become and that the identity might hand on.
    fn passable(&self, service: &str) -> Vec<usize> {
        let trusting = self.world.trusting(service);
        match self.world.aim(self.identity, &["iam:PassRole"]) {
            Aim::All => trusting.to_vec(),
            Aim::Only(arns) => {
                let mut named: Vec<usize> =
                    arns.into_iter().filter_map(|arn| self.world.by_arn.get(arn).copied()).collect();
                named.sort_unstable();
                named.dedup();
                named.retain(|role| trusting.contains(role));
                named
            }
        }
    }

    /// True if a role is in an instance profile, or can be put into one.
    fn in_profile(&self, role: &Identity) -> bool {
        !role.profiles.is_empty() || self.may("iam:AddRoleToInstanceProfile")
    }

    fn take(&mut self, row: &Take) {
        let world = self.world;
        let Some(first) = row.needs.first().filter(|first| self.speaks(first)) else { return };
        for ty in row.types {
            if *ty == "AWS::Lambda::Alias" {
                self.aliases(row);
                continue;
            }
            for index in world.candidates(self.identity, first, ty) {
                let Some(resource) = world.resource(index) else { continue };
                let roles = world.runs_as(index, row.services);
                if roles.iter().all(|role| self.has(To::Identity(*role))) {
                    continue;
                }
                self.take_over(row, &resource.arn, &resource.name, &roles);
            }
        }
    }

    fn aliases(&mut self, row: &Take) {
        let world = self.world;
        let wiring = world.account.wiring.iter().filter(|wire| wire.ty == "AWS::Lambda::Alias");
        for alias in wiring {
            let function = alias.properties.get("FunctionName").and_then(tidegate_graph::Value::as_text);
            let Some(index) = function.and_then(|name| world.find("lambda", &name)) else { continue };
            let Some(resource) = world.resource(index) else { continue };
            self.take_over(row, &resource.arn, &resource.name, &world.runs_as(index, row.services));
        }
    }

    fn take_over(&mut self, row: &Take, arn: &str, name: &str, roles: &[usize]) {
        let world = self.world;
        let Some((mut asks, mut certain)) = ask::all(world, self.identity, row.needs, arn) else { return };
        if !row.beside.is_empty() {
            let Some((more, sure)) = ask::anew(world, self.identity, row.beside, None) else { return };
            asks.extend(more);
            certain &= sure;
        }
        for role in roles {
            let Some(identity) = world.identity(*role) else { continue };
            let able = |action: &&'static str| ask::anew(world, identity, &[&[*action]], None).is_some();
            if !row.role.is_empty() && !row.role.iter().any(able) {
                continue;
            }
            let does = format!("{} (`{}`)", row.does, crate::hole::display(name));
            if !self.has(To::Identity(*role)) {
                self.add(To::Identity(*role), row.id, &does, asks.clone(), certain);
                self.note(row.before);
            }
        }
    }

    /// Only about what an identity speaks of, or whose policy names it, it is asked.
    fn writes(&mut self) {
        let world = self.world;
        let mut asked: BTreeSet<usize> = BTreeSet::new();
        for (service, actions) in WRITES {
            if !actions.iter().any(|action| self.may(action)) {
                continue;
            }
            match world.aim(self.identity, actions) {
                Aim::Only(arns) => asked.extend(arns.iter().flat_map(|arn| world.sources_at(arn))),
                Aim::All => {
                    let own = world.sources.iter().enumerate();
                    let own = own.filter(|(_, source)| Arn::split(&source.arn).service() == *service);
                    asked.extend(own.map(|(index, _)| index));
                }
            }
        }
        let let_in = world.let_in(self.identity).filter_map(|index| world.resource(index));
        asked.extend(let_in.flat_map(|resource| world.sources_at(&resource.arn)));
        for source in asked.iter().filter_map(|index| world.sources.get(*index)) {
            self.write(source);
        }
    }

    fn write(&mut self, source: &Source) {
        if source.to.iter().all(|(role, _)| self.has(To::Identity(*role))) {
            return;
        }
        let Some((ask, certain)) = self.writing(source) else { return };
        for (role, wires) in &source.to {
            if self.has(To::Identity(*role)) {
                continue;
            }
            let does = format!("writes to `{}`", crate::hole::display(&source.arn));
            self.add(To::Identity(*role), "event", &does, vec![ask.clone()], certain);
            self.note(source.before);
            if let Some(edge) = self.out.last_mut() {
                edge.wires.clone_from(wires);
            }
        }
    }

    fn writing(&self, source: &Source) -> Option<(Ask, bool)> {
        let mut might = None;
        for action in source.writes {
            for ask in self.asks_of(source, action) {
                match ask.answer(self.world, self.identity) {
                    Verdict::Allowed => return Some((ask, true)),
                    Verdict::Unknown if might.is_none() => might = Some((ask, false)),
                    _ => {}
                }
            }
        }
        might
    }

    fn asks_of(&self, source: &Source, action: &'static str) -> Vec<Ask> {
        let arn = &source.arn;
        match &source.what {
            What::Exactly(key) => vec![Ask::new(action, &format!("{arn}/{key}"))],
            What::Object { prefix, suffix } => {
                let keys = self.keys(action, arn, prefix, suffix);
                keys.iter().map(|key| Ask::new(action, &format!("{arn}/{key}"))).collect()
            }
            What::Event { sources, types } => {
                let or_any = |list: &[Str], any: &str| match list {
                    [] => vec![Str::from(any)],
                    list => list.to_vec(),
                };
                let mut out = Vec::new();
                for source in or_any(sources, "tidegate").iter().take(8) {
                    for kind in or_any(types, "tidegate").iter().take(8) {
                        out.push(
                            Ask::new(action, arn)
                                .with("events:source", Some(source))
                                .with("events:detail-type", Some(kind)),
                        );
                    }
                }
                out
            }
            What::Anything if Arn::split(arn).service() == "logs" => {
                vec![Ask::new(action, &format!("{arn}:log-stream:tidegate")), Ask::new(action, arn)]
            }
            What::Anything => vec![Ask::new(action, arn)],
        }
    }

    /// Keys that pass the filter of a notification and that some statement may be about.
    fn keys(&self, action: &str, bucket: &str, prefix: &str, suffix: &str) -> Vec<String> {
        let mut out = vec![format!("{prefix}tidegate{suffix}")];
        let allows = self.identity.policies.iter().flat_map(|p| &p.statements).filter(|s| s.allows());
        for statement in allows.filter(|s| self.world.acts(s, action)) {
            let Some(Scope::Only(items)) = &statement.resources else { continue };
            for item in items.iter().take(32) {
                let Some(key) = item.text().strip_prefix(bucket).and_then(|rest| rest.strip_prefix('/'))
                else {
                    continue;
                };
                let head = key.split(['*', '?', '$']).next().unwrap_or_default();
                let tail = key.rsplit(['*', '?', '}']).next().unwrap_or_default();
                if head == key {
                    out.extend((key.starts_with(prefix) && key.ends_with(suffix)).then(|| key.to_string()));
                } else {
                    let start = if head.starts_with(prefix) { head } else { prefix };
                    let end = if tail.ends_with(suffix) { tail } else { suffix };
                    out.push(format!("{start}tidegate{end}"));
                }
            }
        }
        out
    }

    fn touch(&mut self, ty: &str, actions: &'static [&'static str]) {
        if !self.speaks(actions) {
            return;
        }
        for index in self.world.candidates(self.identity, actions, ty) {
            let Some(resource) = self.world.resource(index) else { continue };
            let object;
            let arn = match ty {
                "AWS::S3::Bucket" => {
                    object = format!("{}/tidegate", resource.arn);
                    &object
                }
                _ => resource.arn.as_str(),
            };
            let found = ask::any(self.world, self.identity, actions, arn);
            let found = found.or_else(|| ask::any(self.world, self.identity, actions, &resource.arn));
            if let Some((ask, certain)) = found {
                let does = format!("may do `{}`", ask.action);
                self.add(To::Resource(index), "touch", &does, vec![ask], certain);
            }
        }
    }
}

/// True when nothing stands between an identity and everything: then there is no need to look further.
fn is_admin(world: &World<'_>, identity: &Identity) -> bool {
    let statements = |policies: &[Arc<Policy>]| {
        let all = || policies.iter().flat_map(|policy| &policy.statements);
        all().all(Statement::allows) && all().any(is_everything)
    };
    let bounded = match &identity.boundary {
        crate::account::Limit::Unset => true,
        crate::account::Limit::Set(policy) => statements(std::slice::from_ref(policy)),
        _ => false,
    };
    bounded
        && world.account.rcps.is_empty()
        && world.account.scps.iter().all(|level| statements(&level.policies))
        && statements(&identity.policies)
}

fn is_everything(statement: &Statement) -> bool {
    let actions =
        matches!(&statement.actions, Scope::Only(items) if items.iter().any(ActionPattern::is_everything));
    let resources = matches!(&statement.resources, Some(Scope::Only(items)) if items.iter().any(ResourcePattern::is_everything));
    statement.certain && statement.conditions.is_empty() && actions && resources
}
