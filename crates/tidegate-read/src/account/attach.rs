//! What is attached to identities, from whichever side it is said.

use super::{Builder, Place};
use crate::link::walk::all;
use std::sync::Arc;
use tidegate_graph::{Resource, Str, Value};
use tidegate_iam::account::{self, Attachment, Limit};
use tidegate_iam::{Policy, hole};

impl Builder<'_> {
    /// Policies that name who has them, and groups of users.
    pub(super) fn attach(&mut self) {
        for resource in self.system.resources() {
            match resource.ty.as_str() {
                "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" => {
                    self.attach_by(resource, &["Roles", "Users", "Groups"]);
                }
                "AWS::IAM::RolePolicy" => self.attach_by(resource, &["RoleName"]),
                "AWS::IAM::UserPolicy" => self.attach_by(resource, &["UserName"]),
                "AWS::IAM::GroupPolicy" => self.attach_by(resource, &["GroupName"]),
                "AWS::IAM::UserToGroupAddition" => self.join(resource),
                _ => self.resource_policy(resource),
            }
        }
        let groups = &self.groups;
        for group in self.system.of_type("AWS::IAM::Group") {
            let Some(arn) = self.names.arn(&group.id).cloned() else { continue };
            let name = self.names.name(&group.id).cloned().unwrap_or_default();
            let shared = groups.get(&name).map(Vec::as_slice).unwrap_or_default();
            let policies = shared.iter().map(|(policy, _)| policy.clone()).collect();
            let managed = shared.iter().filter_map(|(_, arn)| arn.clone()).collect();
            self.account.groups.push(account::Group { arn, name, policies, managed });
        }
        for identity in &mut self.account.identities {
            for group in std::mem::take(&mut identity.groups) {
                for (policy, arn) in groups.get(&group).into_iter().flatten() {
                    identity.attach(policy.clone(), Attachment::Group(group.clone(), arn.clone()));
                }
                identity.groups.push(group);
            }
            for policy in identity.policies.iter().chain(&identity.trust) {
                self.account.problems.extend(policy.problems.iter().cloned());
            }
        }
    }

    fn attach_by(&mut self, resource: &Resource, properties: &[&str]) {
        let managed =
            self.names.arn(&resource.id).filter(|_| resource.ty == "AWS::IAM::ManagedPolicy").cloned();
        let policy = match managed.as_ref().and_then(|arn| self.managed.get(arn)) {
            Some(policy) => policy.clone(),
            None => match self.document(resource, "PolicyDocument") {
                Some(policy) => Arc::new(policy),
                None => return,
            },
        };
        for property in properties {
            let names: Vec<Str> =
                all(&resource.properties, property).into_iter().filter_map(|v| self.text(v)).collect();
            for name in names {
                if let Some(group) = self.groups.get_mut(&name).filter(|_| property.starts_with("Group")) {
                    group.push((policy.clone(), managed.clone()));
                    continue;
                }
                let source = managed.clone().map_or(Attachment::Inline, Attachment::Managed);
                if let Some(Place::Identity(index)) = self.place("iam", &name)
                    && let Some(identity) = self.account.identities.get_mut(index)
                {
                    identity.attach(policy.clone(), source);
                }
            }
        }
    }

    fn join(&mut self, resource: &Resource) {
        let texts = |property| all(&resource.properties, property).into_iter().filter_map(|v| self.text(v));
        let groups: Vec<Str> = texts("GroupName").collect();
        let users: Vec<Str> = texts("Users").collect();
        for user in users {
            if let Some(Place::Identity(index)) = self.place("iam", &user)
                && let Some(identity) = self.account.identities.get_mut(index)
            {
                identity.groups.extend(groups.iter().cloned());
            }
        }
    }

    /// What stands under an ARN, a queue's URL or a name.
    pub(super) fn place(&self, service: &str, text: &str) -> Option<Place> {
        let found = |service: &str, name: &str| self.places.get(&(service.into(), name.into())).copied();
        found("", text)
            .or_else(|| found(service, text))
            .or_else(|| found(service, text.rsplit(['/', ':']).next()?))
    }

    /// Policies that are written into an identity.
    pub(super) fn inline(&self, resource: &Resource) -> Vec<Arc<Policy>> {
        let policy = |value: &Value| {
            let name = value.get("PolicyName").and_then(|v| self.text(v)).unwrap_or_else(|| "inline".into());
            let document = value.get("PolicyDocument")?;
            Some(Arc::new(self.policy(&hole::display(&name), document)))
        };
        all(&resource.properties, "Policies").into_iter().filter_map(policy).collect()
    }

    /// Managed policies of an identity, by ARN.
    pub(super) fn managed_arns(&self, resource: &Resource) -> Vec<(Str, Arc<Policy>)> {
        let arns = all(&resource.properties, "ManagedPolicyArns").into_iter().filter_map(|v| self.text(v));
        let with_policy = |arn: Str| {
            let policy = self.known(&arn).unwrap_or_else(|| account::unread(&hole::display(&arn)));
            (arn, policy)
        };
        arns.map(with_policy).collect()
    }

    pub(super) fn boundary(&self, resource: &Resource) -> Limit {
        match all(&resource.properties, "PermissionsBoundary").into_iter().next() {
            None => Limit::Unset,
            Some(value) => {
                self.text(value).and_then(|arn| self.known(&arn)).map_or(Limit::Unknown, Limit::Set)
            }
        }
    }

    fn known(&self, arn: &str) -> Option<Arc<Policy>> {
        self.managed.get(arn).cloned().or_else(|| (self.library)(arn)).or_else(|| account::basics(arn))
    }
}
