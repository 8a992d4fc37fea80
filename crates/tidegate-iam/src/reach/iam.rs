//! What IAM itself gives: credentials, policies, trust, boundaries, groups.

use super::ask::{Ask, anew};
use super::edges::{Steps, To};
use super::node::{Raise, denies, denying_groups};
use super::table::Needs;
use super::world::Aim;
use crate::account::{Attachment, Identity, Limit};
use crate::{Policy, Scope, Verdict};
use std::sync::Arc;

/// Actions that are asked here; with those of the tables they make up the index.
pub(super) const ACTIONS: &[&str] = &[
    "iam:AddRoleToInstanceProfile",
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DeleteUserPermissionsBoundary",
    "iam:DeleteUserPolicy",
    "iam:DetachRolePolicy",
    "iam:DetachUserPolicy",
    "iam:PassRole",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:RemoveUserFromGroup",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "iam:UpdateSAMLProvider",
    "sso:AttachManagedPolicyToPermissionSet",
    "sso:CreateAccountAssignment",
    "sso:CreatePermissionSet",
    "sso:ProvisionPermissionSet",
    "sso:PutInlinePolicyToPermissionSet",
    "sts:AssumeRole",
];

const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// Steps that need one action on a user or role: action, of a role, what it gives, what it comes to.
const ON_IDENTITY: &[(&str, bool, Gives, &str)] = &[
    ("iam:CreateAccessKey", false, Gives::Being, "creates an access key of the user"),
    ("iam:CreateLoginProfile", false, Gives::Being, "gives the user a password"),
    ("iam:UpdateLoginProfile", false, Gives::Being, "changes the user's password"),
    ("iam:PutUserPolicy", false, Gives::Policy, "writes any policy into the user"),
    ("iam:AttachUserPolicy", false, Gives::Policy, "attaches any policy to the user"),
    ("iam:PutRolePolicy", true, Gives::Policy, "writes any policy into the role"),
    ("iam:AttachRolePolicy", true, Gives::Policy, "attaches any policy to the role"),
    ("iam:DeleteUserPermissionsBoundary", false, Gives::Freedom, "removes the user's boundary"),
    ("iam:DeleteRolePermissionsBoundary", true, Gives::Freedom, "removes the role's boundary"),
    ("iam:PutUserPermissionsBoundary", false, Gives::Freedom, "replaces the user's boundary"),
    ("iam:PutRolePermissionsBoundary", true, Gives::Freedom, "replaces the role's boundary"),
    ("iam:DetachUserPolicy", false, Gives::Detached, "detaches what denies something to the user"),
    ("iam:DetachRolePolicy", true, Gives::Detached, "detaches what denies something to the role"),
    ("iam:DeleteUserPolicy", false, Gives::Deleted, "deletes what denies something to the user"),
    ("iam:DeleteRolePolicy", true, Gives::Deleted, "deletes what denies something to the role"),
];

/// What gives everything through Identity Center: the technique, what it needs, what it comes to.
const CENTER: &[(&str, Needs, &str)] = &[
    (
        "permission-set-policy",
        &[
            &["sso:PutInlinePolicyToPermissionSet", "sso:AttachManagedPolicyToPermissionSet"],
            &["sso:ProvisionPermissionSet"],
        ],
        "writes any policy into a permission set of its own",
    ),
    (
        "permission-set-assignment",
        &[
            &["sso:CreatePermissionSet"],
            &["sso:PutInlinePolicyToPermissionSet", "sso:AttachManagedPolicyToPermissionSet"],
            &["sso:CreateAccountAssignment"],
        ],
        "makes a permission set with any policy and assigns it to somebody",
    ),
];

/// Where policies that deny something to an identity are attached: managed ones, or those written into it.
fn denied_by(target: &Identity, managed: bool) -> Vec<Attachment> {
    let own = target.policies.iter().zip(&target.sources);
    let own = own.filter(|(policy, source)| match source {
        Attachment::Managed(_) => managed && denies(policy),
        Attachment::Inline => !managed && denies(policy),
        Attachment::Group(..) => false,
    });
    own.map(|(_, source)| source.clone()).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Gives {
    Being,
    Policy,
    Freedom,
    Detached,
    Deleted,
}

impl Steps<'_, '_> {
    pub(super) fn iam(&mut self) {
        for (action, role, gives, does) in ON_IDENTITY {
            for index in self.aimed_at(action, *role) {
                let Some(target) = self.world.identity(index) else { continue };
                let to = match gives {
                    Gives::Being => To::Identity(index),
                    Gives::Policy => To::Raise(index, Raise::Full),
                    Gives::Freedom if matches!(target.boundary, Limit::Unset) => continue,
                    Gives::Freedom => To::Raise(index, Raise::Unbound),
                    Gives::Detached if denied_by(target, true).is_empty() => continue,
                    Gives::Detached => To::Raise(index, Raise::Detached),
                    Gives::Deleted if denied_by(target, false).is_empty() => continue,
                    Gives::Deleted => To::Raise(index, Raise::Deleted),
                };
                if self.has(to) || target.principal.is_service_linked() {
                    continue;
                }
                let ask = self.on(action, target);
                self.ask(to, name_of(action), does, ask);
            }
        }
        self.trust();
        self.providers();
        self.groups();
        self.leave();
        self.managed();
        self.center();
    }

    /// Users or roles that the identity might do it to.
    fn aimed_at(&self, action: &str, role: bool) -> Vec<usize> {
        let world = self.world;
        if !self.may(action) {
            return Vec::new();
        }
        let fits = |index: &usize| world.identity(*index).is_some_and(|i| i.is_role() == role);
        match world.aim(self.identity, &[action]) {
            Aim::All => (0..world.account.identities.len()).filter(fits).collect(),
            Aim::Only(arns) => {
                arns.iter().filter_map(|arn| world.by_arn.get(arn).copied()).filter(fits).collect()
            }
        }
    }

    /// The question, with the keys that IAM adds.
    fn on(&self, action: &'static str, target: &Identity) -> Ask {
        let mut ask = Ask::new(action, &target.arn);
        if action.starts_with("iam:Attach") {
            ask = ask.with("iam:PolicyARN", Some(ADMINISTRATOR));
        }
        if action.starts_with("iam:Detach")
            && let [Attachment::Managed(arn)] = denied_by(target, true).as_slice()
        {
            ask = ask.with("iam:PolicyARN", Some(arn));
        }
        if matches!(target.boundary, Limit::Unset) {
            ask = ask.with("iam:PermissionsBoundary", None);
        }
        for (key, value) in &target.tags {
            ask = ask.with(&format!("aws:ResourceTag/{key}"), Some(value));
            ask = ask.with(&format!("iam:ResourceTag/{key}"), Some(value));
        }
        ask
    }

    /// Rewrites who may become a role: then its own account's policies are no longer asked.
    fn trust(&mut self) {
        for index in self.aimed_at("iam:UpdateAssumeRolePolicy", true) {
            let Some(target) = self.world.identity(index) else { continue };
            if self.has(To::Identity(index)) || target.principal.is_service_linked() {
                continue;
            }
            let edit = Ask::new("iam:UpdateAssumeRolePolicy", &target.arn);
            let mut enter = Ask::new("sts:AssumeRole", &target.arn);
            enter.trust = trusting(&self.identity.arn);
            let certain =
                match (edit.answer(self.world, self.identity), enter.answer(self.world, self.identity)) {
                    (Verdict::Allowed, Verdict::Allowed) => true,
                    (edit, enter) if edit.is_possible() && enter.is_possible() => false,
                    _ => continue,
                };
            let does = "lets itself into the role's trust policy";
            self.add(To::Identity(index), "update-trust", does, vec![edit, enter], certain);
        }
    }

    /// Changes what people may do through Identity Center, or who may do it.
    fn center(&mut self) {
        let account = self.world.account;
        let declared =
            account.resources.iter().chain(&account.wiring).any(|r| r.ty.starts_with("AWS::SSO::"));
        for (id, needs, does) in CENTER {
            if let Some((asks, sure)) = anew(self.world, self.identity, needs, None) {
                self.add(To::All, id, does, asks, sure && declared);
            }
        }
    }

    /// Rewrites a SAML provider: then it vouches for whomever it likes.
    fn providers(&mut self) {
        if !self.may("iam:UpdateSAMLProvider") {
            return;
        }
        for &index in &self.world.assumable {
            let Some(target) = self.world.identity(index) else { continue };
            if self.has(To::Identity(index)) {
                continue;
            }
            let statements = target.trust.iter().flat_map(|t| &t.statements).filter(|s| s.allows());
            let named = statements.filter_map(|s| match &s.principals {
                Some(Scope::Only(items)) => Some(items),
                _ => None,
            });
            let provider =
                named.flatten().find(|item| item.is_federated() && item.text().contains(":saml-provider/"));
            if let Some(provider) = provider {
                let ask = Ask::new("iam:UpdateSAMLProvider", provider.text());
                self.ask(
                    To::Identity(index),
                    "saml-provider",
                    "replaces the provider that the role trusts",
                    ask,
                );
            }
        }
    }

    fn groups(&mut self) {
        let account = self.world.account;
        for (index, group) in account.groups.iter().enumerate() {
            let of_group = |(_, i): &(usize, &Identity)| {
                i.groups.iter().any(|own| *own == group.name || *own == group.arn)
            };
            for action in ["iam:PutGroupPolicy", "iam:AttachGroupPolicy"] {
                if !self.may(action) {
                    continue;
                }
                let mut ask = Ask::new(action, &group.arn);
                if action == "iam:AttachGroupPolicy" {
                    ask = ask.with("iam:PolicyARN", Some(ADMINISTRATOR));
                }
                if !ask.answer(self.world, self.identity).is_possible() {
                    continue;
                }
                let members: Vec<usize> =
                    account.identities.iter().enumerate().filter(of_group).map(|(i, _)| i).collect();
                for member in members {
                    let to = To::Raise(member, Raise::Full);
                    self.ask(to, name_of(action), "gives the user's group any policy", ask.clone());
                }
            }
            if self.may("iam:AddUserToGroup") && !group.policies.is_empty() {
                let users = account.identities.iter().enumerate().filter(|(_, i)| !i.is_role());
                let outside: Vec<usize> =
                    users.filter(|user| !of_group(user)).map(|(i, _)| i).take(MOST_USERS).collect();
                let own = outside.contains(&self.node.who).then_some(self.node.who);
                for user in own.into_iter().chain(outside) {
                    let to = To::Raise(user, Raise::Group(index));
                    if !self.has(to) {
                        let ask = Ask::new("iam:AddUserToGroup", &group.arn);
                        let does =
                            format!("adds the user to the group `{}`", crate::hole::display(&group.name));
                        self.ask(to, "add-to-group", &does, ask);
                    }
                }
            }
        }
    }

    /// Takes users, itself first of all, out of the groups that deny them something.
    fn leave(&mut self) {
        if !self.may("iam:RemoveUserFromGroup") {
            return;
        }
        let account = self.world.account;
        let denied = |user: &Identity| !user.is_role() && !denying_groups(user).is_empty();
        let users = account.identities.iter().enumerate().filter(|(_, user)| denied(user));
        let others: Vec<usize> = users.map(|(index, _)| index).take(MOST_USERS).collect();
        let own = self.world.identity(self.node.who).filter(|own| denied(own)).map(|_| self.node.who);
        for index in own.into_iter().chain(others) {
            let Some(user) = self.world.identity(index) else { continue };
            let to = To::Raise(index, Raise::Left);
            if self.has(to) {
                continue;
            }
            let mut asks = Vec::new();
            let mut certain = true;
            let mut open = true;
            for name in denying_groups(user) {
                let Some(group) = account.groups.iter().find(|group| group.name == name) else {
                    open = false;
                    break;
                };
                let ask = Ask::new("iam:RemoveUserFromGroup", &group.arn);
                match ask.answer(self.world, self.identity) {
                    Verdict::Allowed => {}
                    Verdict::Unknown => certain = false,
                    _ => open = false,
                }
                asks.push(ask);
            }
            if open {
                let does = "takes the user out of the groups that deny it something";
                self.add(to, "leave-group", does, asks, certain);
            }
        }
    }

    /// Rewrites a managed policy: of whoever has it, and of whomever it bounds.
    fn managed(&mut self) {
        let account = self.world.account;
        for managed in &account.managed {
            for (action, does) in [
                ("iam:CreatePolicyVersion", "writes a new version of a policy that it has"),
                ("iam:SetDefaultPolicyVersion", "brings back a version of a policy that it has"),
            ] {
                if !self.may(action) {
                    continue;
                }
                if action == "iam:SetDefaultPolicyVersion" && !managed.versions.iter().any(|v| is_broad(v)) {
                    continue;
                }
                let ask = Ask::new(action, &managed.arn);
                if !ask.answer(self.world, self.identity).is_possible() {
                    continue;
                }
                let holders = self.world.holders.get(managed.arn.as_str()).cloned().unwrap_or_default();
                for holder in holders {
                    self.ask(To::Raise(holder, Raise::Full), name_of(action), does, ask.clone());
                }
                for (index, identity) in account.identities.iter().enumerate() {
                    if matches!(&identity.boundary, Limit::Set(policy) if Arc::ptr_eq(policy, &managed.policy))
                    {
                        let does = "rewrites the policy that bounds it";
                        self.ask(To::Raise(index, Raise::Unbound), name_of(action), does, ask.clone());
                    }
                }
            }
        }
    }
}

/// Users that are looked at for each group, at most.
const MOST_USERS: usize = 64;

/// `create-access-key` of `iam:CreateAccessKey`, which is what the table of names knows.
fn name_of(action: &str) -> &'static str {
    match action {
        "iam:CreateAccessKey" => "create-access-key",
        "iam:DetachUserPolicy" => "detach-user-policy",
        "iam:DetachRolePolicy" => "detach-role-policy",
        "iam:DeleteUserPolicy" => "delete-user-policy",
        "iam:DeleteRolePolicy" => "delete-role-policy",
        "iam:CreateLoginProfile" => "create-login-profile",
        "iam:UpdateLoginProfile" => "update-login-profile",
        "iam:PutUserPolicy" => "put-user-policy",
        "iam:AttachUserPolicy" => "attach-user-policy",
        "iam:PutRolePolicy" => "put-role-policy",
        "iam:AttachRolePolicy" => "attach-role-policy",
        "iam:PutGroupPolicy" => "put-group-policy",
        "iam:AttachGroupPolicy" => "attach-group-policy",
        "iam:CreatePolicyVersion" => "create-policy-version",
        "iam:SetDefaultPolicyVersion" => "set-default-policy-version",
        _ => "boundary",
    }
}

/// A trust policy that names one principal.
fn trusting(arn: &str) -> Option<Arc<Policy>> {
    let document = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "AWS": arn }, "Action": "sts:AssumeRole" }],
    });
    Some(Arc::new(Policy::from_value("a trust policy of its own making", &document)))
}

/// True if a policy gives the whole of IAM or everything.
fn is_broad(policy: &Policy) -> bool {
    policy.statements.iter().any(|s| {
        let wide = |items: &[crate::policy::ActionPattern]| {
            items.iter().any(|a| a.is_everything() || a.text().eq_ignore_ascii_case("iam:*"))
        };
        s.allows() && matches!(&s.actions, Scope::Only(items) if wide(items))
    })
}
