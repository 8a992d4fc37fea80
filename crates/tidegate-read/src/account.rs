//! The account that a system declares: its roles and users with their policies, its resources with theirs.

mod attach;
mod organization;
mod policies;

use crate::document::document;
use crate::link::walk::all;
use std::collections::HashMap;
use std::sync::Arc;
use tidegate_graph::{Data, Map, Piece, Resource, Str, System, Value, World};
use tidegate_iam::account::{self, Account, Identity, Library, Managed, Names};
use tidegate_iam::policy::Reader;
use tidegate_iam::{Policy, hole};

/// The account of a system. AWS managed policies are asked of the library. Where a choice is not decided, lists of
/// policies hold both sides and a statement is what the defaults make of it.
pub fn account(system: &System, library: &Library<'_>) -> Account {
    let mut builder = Builder {
        system,
        library,
        names: Names::default(),
        account: Account::new(&hole::text("AWS::AccountId")),
        managed: HashMap::new(),
        places: HashMap::new(),
        groups: HashMap::new(),
    };
    builder.name();
    builder.managed();
    builder.identities();
    builder.resources();
    builder.attach();
    builder.organization();
    builder.account
}

/// A policy of a group; its ARN when it is a managed one.
type Shared = (Arc<Policy>, Option<Str>);

struct Builder<'a> {
    system: &'a System,
    library: &'a Library<'a>,
    names: Names,
    account: Account,
    /// Managed policies by ARN.
    managed: HashMap<Str, Arc<Policy>>,
    /// Identities and resources by ARN and by service and name.
    places: HashMap<(Str, Str), Place>,
    /// Policies of groups by name.
    groups: HashMap<Str, Vec<Shared>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Identity(usize),
    Resource(usize),
}

impl Builder<'_> {
    /// Names first, since everything refers to them.
    fn name(&mut self) {
        let account = self.account.id.clone();
        let region = hole::text("AWS::Region");
        // Names may hold references to other names, hence twice; what then isn't known stays a hole.
        for _ in 0..2 {
            for resource in self.system.resources() {
                let Some(property) = account::name_property(&resource.ty) else { continue };
                let written = resource.properties.get(property).and_then(|v| self.text(v));
                let name = written.unwrap_or_else(|| hole::fresh(&resource.id).into());
                let path =
                    resource.properties.get("Path").and_then(|v| self.text(v)).unwrap_or_else(|| "/".into());
                let arn = account::arn_of(&resource.ty, &path, &name, &region, &account).map(Str::from);
                self.names.add(&resource.id, &resource.ty, arn, name);
            }
        }
    }

    fn managed(&mut self) {
        for resource in self.system.of_type("AWS::IAM::ManagedPolicy") {
            let Some(arn) = self.names.arn(&resource.id).cloned() else { continue };
            let Some(policy) = self.document(resource, "PolicyDocument") else { continue };
            let policy = Arc::new(policy);
            self.managed.insert(arn.clone(), policy.clone());
            let name = self.shown(resource);
            let id = Some(resource.id.clone());
            let versions = Vec::new();
            self.account.managed.push(Managed { arn, name, policy, versions, id, span: resource.span });
        }
    }

    fn identities(&mut self) {
        for group in self.system.of_type("AWS::IAM::Group") {
            let name = self.names.name(&group.id).cloned().unwrap_or_default();
            let policies = self.inline(group).into_iter().map(|policy| (policy, None));
            let managed = self.managed_arns(group).into_iter().map(|(arn, policy)| (policy, Some(arn)));
            let all = policies.chain(managed).collect();
            self.groups.insert(name, all);
        }
        for resource in self.system.resources() {
            if !matches!(resource.ty.as_str(), "AWS::IAM::Role" | "AWS::IAM::User") {
                continue;
            }
            let Some(arn) = self.names.arn(&resource.id).cloned() else { continue };
            let name = self.names.name(&resource.id).cloned().unwrap_or_default();
            let mut identity = Identity::new(&arn, &self.shown(resource), resource.span);
            identity.id = Some(resource.id.clone());
            for policy in self.inline(resource) {
                identity.attach(policy, account::Attachment::Inline);
            }
            for (arn, policy) in self.managed_arns(resource) {
                identity.attach(policy, account::Attachment::Managed(arn));
            }
            identity.trust = self.document(resource, "AssumeRolePolicyDocument").map(Arc::new);
            identity.boundary = self.boundary(resource);
            identity.tags = self.tags(resource);
            identity.groups =
                all(&resource.properties, "Groups").into_iter().filter_map(|v| self.text(v)).collect();
            let index = self.account.add_identity(identity);
            self.places.insert((Str::default(), arn), Place::Identity(index));
            self.places.insert(("iam".into(), name), Place::Identity(index));
        }
    }

    fn resources(&mut self) {
        for resource in self.system.resources() {
            if resource.ty.starts_with("AWS::IAM::") {
                if resource.ty == "AWS::IAM::InstanceProfile" {
                    self.profile(resource);
                }
                continue;
            }
            let arn = self.names.arn(&resource.id).cloned();
            if arn.is_none() && !resource.ty.starts_with("AWS::") {
                continue;
            }
            let name = self.names.name(&resource.id).cloned().unwrap_or_default();
            let properties = self.rendered(&resource.properties);
            let mut roles = Vec::new();
            for property in properties.values() {
                property.walk(&mut |value| {
                    if let Some(text) = value.as_str()
                        && matches!(self.places.get(&(Str::default(), text.into())), Some(Place::Identity(_)))
                    {
                        roles.push(text.into());
                    }
                });
            }
            let has_arn = arn.is_some();
            let arn = arn.unwrap_or_default();
            let read = account::Resource {
                arn: arn.clone(),
                ty: resource.ty.clone(),
                name: self.shown(resource),
                policy: None,
                properties,
                roles,
                id: Some(resource.id.clone()),
                span: resource.span,
            };
            if !has_arn {
                self.account.wiring.push(read);
                continue;
            }
            let service = tidegate_iam::Arn::split(&arn).service();
            let key = (service.into(), name);
            let index = self.account.add_resource(read);
            self.places.insert((Str::default(), arn), Place::Resource(index));
            self.places.insert(key, Place::Resource(index));
        }
    }

    /// Notes an instance profile at its roles.
    fn profile(&mut self, resource: &Resource) {
        let Some(arn) = self.names.arn(&resource.id).cloned() else { return };
        let roles: Vec<Str> =
            all(&resource.properties, "Roles").into_iter().filter_map(|v| self.text(v)).collect();
        for role in roles {
            if let Some(Place::Identity(index)) = self.place("iam", &role)
                && let Some(identity) = self.account.identities.get_mut(index)
            {
                identity.profiles.push(arn.clone());
            }
        }
    }

    /// The name as people know it: the written one where it is known, otherwise the logical id.
    fn shown(&self, resource: &Resource) -> Str {
        match self.names.name(&resource.id) {
            Some(name) if !hole::is_in(name) => name.clone(),
            _ => resource.logical_id.clone(),
        }
    }

    fn tags(&self, resource: &Resource) -> Vec<(Str, Str)> {
        let tag = |tag: &Value| Some((self.text(tag.get("Key")?)?, self.text(tag.get("Value")?)?));
        let known = |(key, value): &(Str, Str)| !hole::is_in(key) && !hole::is_in(value);
        all(&resource.properties, "Tags").into_iter().filter_map(tag).filter(known).collect()
    }

    fn document(&self, resource: &Resource, property: &str) -> Option<Policy> {
        let value = all(&resource.properties, property).into_iter().next()?;
        Some(self.policy(&self.shown(resource), value))
    }

    fn policy(&self, name: &str, value: &Value) -> Policy {
        let resolve = |piece: &Piece| self.names.resolve(piece);
        let reader = Reader::new(World::default(), &resolve);
        match document(value) {
            Some(document) => reader.policy(name, &document),
            None => reader.policy(name, value),
        }
    }

    /// A text with references replaced; `None` for what is no text.
    fn text(&self, value: &Value) -> Option<Str> {
        let value = World::default().resolve(value)?.clone();
        let pieces = value.pieces();
        if pieces.is_empty() {
            return None;
        }
        let mut out = String::new();
        for piece in &pieces {
            match (self.names.resolve(piece), piece) {
                (Some(text), _) => out.push_str(&text),
                (None, Piece::Symbol(symbol)) => out.push_str(&hole::text(&symbol.name)),
                (None, Piece::Reference(reference)) => {
                    out.push_str(&hole::text(&format!("{}.{}", reference.target, reference.attribute)));
                }
                (None, Piece::Text(text)) => out.push_str(text),
            }
        }
        Some(out.into())
    }

    fn rendered(&self, map: &Map) -> Map {
        map.fields()
            .map(|(key, field)| {
                let value = self.render(&field.value);
                (key.clone(), tidegate_graph::Field { key: field.key, value })
            })
            .collect()
    }

    fn render(&self, value: &Value) -> Value {
        let data = match &value.data {
            Data::Template(_) => match self.text(value) {
                Some(text) => Data::Text(text),
                None => value.data.clone(),
            },
            Data::List(items) => Data::List(items.iter().map(|item| self.render(item)).collect()),
            Data::Map(map) => Data::Map(self.rendered(map)),
            Data::Json(inner) => Data::Json(Box::new(self.render(inner))),
            Data::Choice(choice) => match World::default().resolve(value) {
                Some(side) => return self.render(side),
                None => Data::Choice(choice.clone()),
            },
            other => other.clone(),
        };
        Value::new(data, value.span)
    }
}

#[cfg(test)]
mod tests;
