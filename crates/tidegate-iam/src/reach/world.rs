//! The account with the indexes that keep the search from asking everybody about everything.

use super::ask::is_pattern;
use super::events::Source;
use super::foreign::Foreign;
use super::table::{POLLS, TAKE, TOUCHES, WRITES, pass};
use crate::account::{Account, Identity, Resource};
use crate::policy::ActionPattern;
use crate::request::Action;
use crate::{Arn, Principal, Scope, Statement, hole};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use tidegate_graph::Str;

/// An account, prepared.
pub(super) struct World<'a> {
    pub(super) account: &'a Account,
    /// A region for what is made up.
    pub(super) region: Str,
    /// Every action of the tables.
    actions: Vec<Action>,
    by_action: HashMap<&'static str, usize>,
    /// Which of the actions a pattern means, by its text.
    meant: RefCell<HashMap<Str, Arc<Vec<u64>>>>,
    by_type: HashMap<&'a str, Vec<usize>>,
    /// Identities by ARN.
    pub(super) by_arn: HashMap<&'a str, usize>,
    /// Roles that a service can become.
    trusting: HashMap<&'a str, Vec<usize>>,
    /// Roles that somebody else than a service can become.
    pub(super) assumable: Vec<usize>,
    /// Roles that resources run as.
    runs_as: Vec<Vec<usize>>,
    /// Resources by what they are called where they are referred to.
    names: HashMap<String, usize>,
    /// Who has a managed policy.
    pub(super) holders: HashMap<&'a str, Vec<usize>>,
    /// Resources whose policy names an identity.
    named: HashMap<&'a str, Vec<usize>>,
    /// Resources whose policy names everybody.
    open: Vec<usize>,
    /// Roles of other accounts.
    pub(super) foreign: Foreign,
    /// What starts things.
    pub(super) sources: Vec<Source>,
    sources_at: HashMap<Str, Vec<usize>>,
    /// Instance profiles by ARN and name.
    profiles: HashMap<&'a str, usize>,
    /// What a reference to an alias or version of a function stands for: the function's name.
    aliases: HashMap<String, Str>,
}

impl<'a> World<'a> {
    pub(super) fn new(account: &'a Account) -> Self {
        let mut world = Self {
            account,
            region: region(account),
            actions: Vec::new(),
            by_action: HashMap::new(),
            meant: RefCell::default(),
            by_type: HashMap::new(),
            by_arn: HashMap::new(),
            trusting: HashMap::new(),
            assumable: Vec::new(),
            runs_as: Vec::new(),
            names: HashMap::new(),
            holders: HashMap::new(),
            named: HashMap::new(),
            open: Vec::new(),
            foreign: Foreign::of(account),
            sources: Vec::new(),
            sources_at: HashMap::new(),
            profiles: HashMap::new(),
            aliases: HashMap::new(),
        };
        world.note_actions();
        for (index, identity) in account.identities.iter().enumerate() {
            world.note_identity(index, identity);
        }
        for (index, resource) in account.resources.iter().enumerate() {
            world.note_resource(index, resource);
        }
        account.wiring.iter().for_each(|wire| world.note_alias(wire));
        world.runs_as = (account.resources.iter()).map(|resource| world.roles_of(resource)).collect();
        world.sources = super::events::sources(&world);
        for (index, source) in world.sources.iter().enumerate() {
            world.sources_at.entry(source.arn.clone()).or_default().push(index);
        }
        world
    }

    fn note_actions(&mut self) {
        let rows = pass().map(|row| row.needs);
        let takes = TAKE.iter().flat_map(|row| [row.needs, row.beside]);
        let tables = [WRITES, POLLS, TOUCHES].into_iter().flatten().flat_map(|(_, actions)| *actions);
        let groups = rows.chain(takes).flatten().flat_map(|any| *any);
        let able = TAKE.iter().flat_map(|row| row.role);
        for action in groups.chain(tables).chain(able).chain(super::iam::ACTIONS) {
            if !self.by_action.contains_key(action) {
                self.by_action.insert(action, self.actions.len());
                self.actions.push(Action::new(action));
            }
        }
    }

    fn note_identity(&mut self, index: usize, identity: &'a Identity) {
        self.by_arn.entry(&identity.arn).or_insert(index);
        for profile in &identity.profiles {
            self.profiles.insert(profile, index);
            self.profiles.insert(profile.rsplit('/').next().unwrap_or_default(), index);
        }
        for source in &identity.sources {
            use crate::account::Attachment::{Group, Managed};
            if let Managed(arn) | Group(_, Some(arn)) = source {
                self.holders.entry(arn).or_default().push(index);
            }
        }
        let Some(trust) = &identity.trust else { return };
        let mut services: Vec<&str> = Vec::new();
        let mut others = false;
        for statement in trust.statements.iter().filter(|s| s.allows()) {
            match &statement.principals {
                Some(Scope::Only(items)) => {
                    for item in items {
                        if item.is_service() || item.text().starts_with("cognito-identity.") {
                            services.push(item.text());
                        } else {
                            others = true;
                        }
                    }
                }
                _ => others = true,
            }
        }
        services.sort_unstable();
        services.dedup();
        if others {
            self.assumable.push(index);
        }
        // Nobody hands on a role that belongs to a service.
        if identity.principal.is_service_linked() {
            return;
        }
        for service in services {
            let principal = Principal::parse(service);
            let by = if service.starts_with("cognito") {
                "sts:AssumeRoleWithWebIdentity"
            } else {
                "sts:AssumeRole"
            };
            let mut request = self.account.stranger(principal, by, &identity.arn);
            request.context.set("aws:SourceAccount", [self.account.id.clone()]);
            let verdict = crate::decide(&request, &self.account.around(by, &identity.arn)).verdict;
            // What its conditions ask of the source is for the one to choose who makes it.
            if verdict.is_possible() {
                self.trusting.entry(service).or_default().push(index);
            }
        }
    }

    fn note_resource(&mut self, index: usize, resource: &'a Resource) {
        self.by_type.entry(&resource.ty).or_default().push(index);
        let arn = Arn::split(&resource.arn);
        let name = arn.resource().rsplit(['/', ':']).next().unwrap_or_default();
        self.names.entry(format!("{} {name}", arn.service())).or_insert(index);
        self.names.entry(resource.arn.to_string()).or_insert(index);
        let Some(policy) = &resource.policy else { return };
        for statement in policy.statements.iter().filter(|s| s.allows()) {
            match &statement.principals {
                Some(Scope::Only(items)) => {
                    for item in items {
                        if item.is_anyone() {
                            self.open.push(index);
                        } else if !item.is_service() && item.as_account().is_none() {
                            self.named.entry(item.text()).or_default().push(index);
                        }
                    }
                }
                Some(Scope::Except(_)) => self.open.push(index),
                None => {}
            }
        }
    }

    fn note_alias(&mut self, wire: &Resource) {
        let is_alias = matches!(wire.ty.as_str(), "AWS::Lambda::Alias" | "AWS::Lambda::Version");
        let name = wire.properties.get("FunctionName").and_then(tidegate_graph::Value::as_text);
        if let (true, Some(id), Some(name)) = (is_alias, &wire.id, name) {
            for attribute in ["", "AliasArn", "FunctionArn"] {
                self.aliases.insert(hole::text(&format!("{id}.{attribute}")), name.clone());
            }
        }
    }

    /// The function that a reference to an alias or version means.
    pub(super) fn alias(&self, text: &str) -> Option<&Str> {
        self.aliases.get(text)
    }

    /// Roles that a resource runs as: whatever role it names as a role, or by an instance profile.
    fn roles_of(&self, resource: &Resource) -> Vec<usize> {
        let mut out = Vec::new();
        for (key, value) in resource.properties.iter() {
            self.collect(key, value, 0, &mut out);
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    fn collect(&self, key: &str, value: &tidegate_graph::Value, depth: usize, out: &mut Vec<usize>) {
        use tidegate_graph::Data;
        if depth > 16 || key == "ExecutionRoleArn" && depth == 0 && value.as_str().is_none() {
            return;
        }
        match &value.data {
            Data::Map(map) => map.iter().for_each(|(k, v)| self.collect(k, v, depth + 1, out)),
            Data::List(items) => items.iter().for_each(|v| self.collect(key, v, depth + 1, out)),
            Data::Json(inner) => self.collect(key, inner, depth + 1, out),
            _ => {
                let Some(text) = value.as_text() else { return };
                let lower = key.to_ascii_lowercase();
                let found = if text.contains(":instance-profile/") || lower.contains("profile") {
                    self.profiles.get(text.as_str()).copied()
                } else if lower.contains("role") || text.contains(":role/") && lower.ends_with("arn") {
                    self.role(&text)
                } else if lower == "name" || lower == "arn" {
                    // Of an instance profile, as launch templates write it.
                    text.contains("profile").then(|| self.profiles.get(text.as_str()).copied()).flatten()
                } else {
                    None
                };
                out.extend(found);
            }
        }
    }

    /// A role by ARN or name.
    fn role(&self, text: &str) -> Option<usize> {
        let found = self.by_arn.get(text).copied();
        found.or_else(|| {
            let arn = self.account.find(text).filter(|i| i.is_role())?.arn.as_str();
            self.by_arn.get(arn).copied()
        })
    }

    /// Roles that the resource at this index runs as and that one of the services can become.
    pub(super) fn runs_as(&self, resource: usize, services: &[&str]) -> Vec<usize> {
        let all = self.runs_as.get(resource).map(Vec::as_slice).unwrap_or_default();
        let trusted = |role: &&usize| {
            services.is_empty() || services.iter().any(|service| self.trusting(service).contains(role))
        };
        all.iter().filter(trusted).copied().collect()
    }

    /// Roles that a service can become.
    pub(super) fn trusting(&self, service: &str) -> &[usize] {
        self.trusting.get(service).map(Vec::as_slice).unwrap_or_default()
    }

    /// A resource by ARN, or by name within a service; an ARN may have more behind it, as those of aliases have.
    pub(super) fn find(&self, service: &str, text: &str) -> Option<usize> {
        let own = || self.names.get(text).or_else(|| self.names.get(&format!("{service} {text}")));
        own().copied().or_else(|| {
            let arn = self.account.owner_of(text)?.arn.as_str();
            self.names.get(arn).copied()
        })
    }

    pub(super) fn of_type(&self, ty: &str) -> &[usize] {
        self.by_type.get(ty).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn resource(&self, index: usize) -> Option<&'a Resource> {
        self.account.resources.get(index)
    }

    pub(super) fn identity(&self, index: usize) -> Option<&'a Identity> {
        self.account.identities.get(index)
    }

    /// The actions of the tables that some statement allows on something.
    pub(super) fn mask(&self, identity: &Identity) -> Vec<u64> {
        let words = self.actions.len().div_ceil(64);
        let mut out = vec![0u64; words];
        let allows = identity.policies.iter().flat_map(|policy| &policy.statements).filter(|s| s.allows());
        for statement in allows {
            let mut own = vec![0u64; words];
            for pattern in statement.actions.items() {
                own.iter_mut().zip(self.meant(pattern).iter()).for_each(|(own, meant)| *own |= meant);
            }
            let except = statement.actions.is_except();
            out.iter_mut().zip(own).for_each(|(out, own)| *out |= if except { !own } else { own });
        }
        out
    }

    /// True if an action is in a mask.
    pub(super) fn is_in(&self, mask: &[u64], action: &str) -> bool {
        self.by_action.get(action).is_some_and(|at| bit(mask, *at))
    }

    /// Sources that are written to under this ARN.
    pub(super) fn sources_at(&self, arn: &str) -> &[usize] {
        self.sources_at.get(arn).map(Vec::as_slice).unwrap_or_default()
    }

    /// Resources whose own policy may let the identity in.
    pub(super) fn let_in(&self, identity: &Identity) -> impl Iterator<Item = usize> {
        self.named.get(identity.arn.as_str()).into_iter().flatten().chain(&self.open).copied()
    }

    /// True if some statement of the identity allows the action on something.
    pub(super) fn may(&self, identity: &Identity, action: &str) -> bool {
        let allows = identity.policies.iter().flat_map(|policy| &policy.statements).filter(|s| s.allows());
        allows.into_iter().any(|statement| self.acts(statement, action))
    }

    /// The same, or the resource's own policy names the identity.
    pub(super) fn speaks_of(&self, identity: &Identity, action: &str, arn: &str) -> bool {
        self.may(identity, action) || self.account.owner_of(arn).is_some_and(|r| r.policy.is_some())
    }

    /// True if a statement means an action of the tables.
    pub(super) fn acts(&self, statement: &Statement, action: &str) -> bool {
        let Some(at) = self.by_action.get(action).copied() else { return false };
        let hit = |pattern: &ActionPattern| bit(&self.meant(pattern), at);
        match &statement.actions {
            Scope::Only(items) => items.iter().any(hit),
            Scope::Except(items) => !items.iter().any(hit),
        }
    }

    fn meant(&self, pattern: &ActionPattern) -> Arc<Vec<u64>> {
        if let Some(known) = self.meant.borrow().get(pattern.text()) {
            return known.clone();
        }
        let mut bits = vec![0u64; self.actions.len().div_ceil(64)];
        for (i, action) in self.actions.iter().enumerate() {
            if pattern.matches(action).is_possible()
                && let Some(word) = bits.get_mut(i / 64)
            {
                *word |= 1 << (i % 64);
            }
        }
        let bits = Arc::new(bits);
        self.meant.borrow_mut().insert(pattern.text().into(), bits.clone());
        bits
    }

    /// Resources of a type on which the identity might do one of the actions.
    pub(super) fn candidates(&self, identity: &Identity, actions: &[&str], ty: &str) -> Vec<usize> {
        let of_type = self.of_type(ty);
        if of_type.is_empty() {
            return Vec::new();
        }
        let mut out = Vec::new();
        match self.aim(identity, actions) {
            Aim::All => return of_type.to_vec(),
            Aim::Only(arns) => out.extend(arns.into_iter().filter_map(|arn| self.find("", arn))),
        }
        out.extend(self.named.get(identity.arn.as_str()).into_iter().flatten());
        out.extend(&self.open);
        out.retain(|index| self.resource(*index).is_some_and(|r| r.ty == ty));
        out.sort_unstable();
        out.dedup();
        out
    }

    /// What the statements that allow any of the actions are about.
    pub(super) fn aim<'b>(&self, identity: &'b Identity, actions: &[&str]) -> Aim<'b> {
        let mut out = Vec::new();
        let allows = identity.policies.iter().flat_map(|policy| &policy.statements).filter(|s| s.allows());
        for statement in allows {
            if !actions.iter().any(|action| self.acts(statement, action)) {
                continue;
            }
            let Some(Scope::Only(items)) = &statement.resources else { return Aim::All };
            for item in items {
                let text = item.text();
                // Objects of a bucket are the bucket's.
                let head = match text.starts_with("arn:aws:s3:::") {
                    true => text.split('/').next().unwrap_or(text),
                    false => text,
                };
                match is_pattern(head) && !self.names.contains_key(head) {
                    true => return Aim::All,
                    false => out.push(head),
                }
            }
        }
        Aim::Only(out)
    }
}

/// What an identity's statements are about.
pub(super) enum Aim<'a> {
    /// Patterns, which may match anything.
    All,
    /// These ARNs.
    Only(Vec<&'a str>),
}

fn bit(bits: &[u64], at: usize) -> bool {
    bits.get(at / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
}

fn region(account: &Account) -> Str {
    let regions = account.resources.iter().map(|r| Arn::split(&r.arn).region());
    let region = regions.into_iter().find(|region| !region.is_empty());
    region.map_or_else(|| hole::text("AWS::Region").into(), Str::from)
}
