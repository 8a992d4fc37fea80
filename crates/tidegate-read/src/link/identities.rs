//! Identities: who assumes which role, whom a role trusts, which role may be handed on.

use super::Linker;
use super::permits::Permits;
use super::walk::{all, flat};
use crate::document::document;
use std::collections::HashMap;
use tidegate_graph::{EdgeKind, NodeKind, Resource, Span, Str, Value};

/// Properties in which a resource names the role that it acts with.
const ROLE_PROPERTIES: [&str; 17] = [
    "Role",
    "RoleArn",
    "RoleARN",
    "ExecutionRoleArn",
    "TaskRoleArn",
    "ServiceRole",
    "JobRoleArn",
    "IamInstanceProfile",
    "Target.RoleArn",
    "Targets.RoleArn",
    "AgentResourceRoleArn",
    "InstanceConfiguration.InstanceRoleArn",
    "ContainerProperties.JobRoleArn",
    "ServiceRoleArn",
    "CloudWatchLogsRoleArn",
    "ServiceExecutionRole",
    "LoggingRole",
];

/// A policy document attached to an identity.
#[derive(Clone, Debug)]
pub(super) struct Attached {
    /// The document, unpacked.
    pub(super) document: Value,
    /// Name of the policy, for evidence.
    pub(super) name: Str,
}

/// Policies by identity node.
#[derive(Debug, Default)]
pub(super) struct Policies {
    documents: HashMap<usize, Vec<Attached>>,
    managed: HashMap<usize, Vec<(Str, Span)>>,
}

impl Policies {
    pub(super) fn of(&self, identity: usize) -> &[Attached] {
        self.documents.get(&identity).map_or(&[], Vec::as_slice)
    }

    /// Names of AWS managed policies.
    pub(super) fn managed(&self, identity: usize) -> &[(Str, Span)] {
        self.managed.get(&identity).map_or(&[], Vec::as_slice)
    }

    /// Collects what is attached to every identity of the system.
    pub(super) fn collect(linker: &mut Linker) -> Self {
        let mut out = Self::default();
        let system = linker.system;
        for resource in system.resources() {
            match resource.ty.as_str() {
                "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group" => out.identity(linker, resource),
                "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" => {
                    for property in ["Roles", "Users", "Groups"] {
                        out.attach(linker, resource, property);
                    }
                }
                "AWS::IAM::RolePolicy" => out.attach(linker, resource, "RoleName"),
                "AWS::IAM::UserPolicy" => out.attach(linker, resource, "UserName"),
                "AWS::IAM::GroupPolicy" => out.attach(linker, resource, "GroupName"),
                _ => {}
            }
        }
        out
    }

    fn identity(&mut self, linker: &mut Linker, resource: &Resource) {
        let Some(node) = linker.node(resource) else { return };
        for policy in all(&resource.properties, "Policies") {
            let name = policy.get("PolicyName").map(Value::display).unwrap_or_default();
            for document in policy.get("PolicyDocument").into_iter().flat_map(flat).filter_map(document) {
                self.documents
                    .entry(node)
                    .or_default()
                    .push(Attached { document, name: name.as_str().into() });
            }
        }
        for value in all(&resource.properties, "ManagedPolicyArns") {
            let local = value.references().into_iter().find_map(|(r, _)| linker.system.resource(&r.target));
            match local {
                Some(policy) => self.document_of(policy, node),
                None => {
                    let shown = value.display();
                    let name = shown.rsplit('/').next().unwrap_or(&shown);
                    self.managed.entry(node).or_default().push((name.into(), value.span));
                }
            }
        }
    }

    fn attach(&mut self, linker: &mut Linker, resource: &Resource, property: &str) {
        for value in all(&resource.properties, property) {
            for node in linker.targets(resource, value, Some("iam")).nodes {
                self.document_of(resource, node);
            }
        }
    }

    fn document_of(&mut self, policy: &Resource, node: usize) {
        for document in all(&policy.properties, "PolicyDocument").into_iter().filter_map(document) {
            self.documents
                .entry(node)
                .or_default()
                .push(Attached { document, name: policy.logical_id.clone() });
        }
    }
}

pub(super) fn link(linker: &mut Linker, permits: &Permits) {
    let system = linker.system;
    for resource in system.resources() {
        if resource.ty == "AWS::IAM::Role" {
            trust(linker, permits, resource);
            continue;
        }
        let Some(node) = linker.node(resource) else { continue };
        if linker.kind(node) == NodeKind::Identity && resource.ty != "AWS::Cognito::IdentityPool" {
            continue;
        }
        for property in ROLE_PROPERTIES {
            for value in all(&resource.properties, property) {
                for role in linker.targets(resource, value, Some("iam")).nodes {
                    if linker.kind(role) == NodeKind::Identity {
                        linker.edge(node, role, EdgeKind::Assumes, property, value.span);
                    }
                }
            }
        }
    }
}

/// Foreign accounts, federations and users that may assume a role. Services are told by what assumes it.
fn trust(linker: &mut Linker, permits: &Permits, resource: &Resource) {
    let Some(role) = linker.node(resource) else { return };
    for policy in all(&resource.properties, "AssumeRolePolicyDocument").into_iter().filter_map(document) {
        let Some(map) = policy.as_map() else { continue };
        for (at, statement) in all(map, "Statement").into_iter().filter_map(|v| Some((v.span, v.as_map()?))) {
            if statement.get("Effect").and_then(Value::as_str) != Some("Allow") {
                continue;
            }
            let evidence = match permits.trust_conditions(&resource.id, at) {
                Some(conditions) => format!("trust policy, {conditions}"),
                None => "trust policy".to_owned(),
            };
            for (kind, action) in [("AWS", "sts:AssumeRole"), ("Federated", "sts:AssumeRoleWithWebIdentity")]
            {
                for value in all(statement, &format!("Principal.{kind}")) {
                    let nodes = principals(linker, resource, value);
                    for principal in nodes.into_iter().filter(|n| *n != role) {
                        let named = linker.graph.node(principal).map(|n| match n.kind {
                            NodeKind::External => n.name.clone(),
                            _ => n.id.clone(),
                        });
                        if !permits.trusts(&resource.id, &named.unwrap_or_default(), action) {
                            continue;
                        }
                        linker.edge(principal, role, EdgeKind::Assumes, evidence.as_str(), value.span);
                        linker.edge(role, principal, EdgeKind::Trusts, evidence.as_str(), value.span);
                    }
                }
            }
        }
    }
}

/// IAM prefixes of the services that may assume a role.
pub(super) fn trusted_services(resource: &Resource) -> Vec<Str> {
    let mut out = Vec::new();
    for policy in all(&resource.properties, "AssumeRolePolicyDocument").into_iter().filter_map(document) {
        let Some(map) = policy.as_map() else { continue };
        for service in all(map, "Statement.Principal.Service").into_iter().filter_map(Value::as_text) {
            out.extend(service.split('.').next().map(Str::from));
        }
    }
    out
}

/// Nodes for a principal: an identity of the system, or one outside. The own account as a whole is no node.
pub(super) fn principals(linker: &mut Linker, resource: &Resource, value: &Value) -> Vec<usize> {
    let found = linker.targets(resource, value, Some("iam")).nodes;
    if !found.is_empty() {
        return found;
    }
    let shown = value.display();
    if shown.contains("${AWS::AccountId}") || shown.is_empty() {
        return Vec::new();
    }
    vec![linker.external("iam", &shown)]
}
