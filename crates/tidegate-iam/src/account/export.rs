//! An account from an export of `iam:GetAccountAuthorizationDetails`.
//!
//! Besides what that call returns, an export may hold `Resources` (a list of `Type`, `Arn`, `Properties` in
//! CloudFormation's words), `ServiceControlPolicies` and `ResourceControlPolicies` (lists of `Level` and `Policies`).

use super::{Account, Attachment, Group, Identity, Library, Limit, Managed, Resource, basics, unread};
use crate::policy::Reader;
use crate::{Arn, Level, Policy};
use std::collections::HashMap;
use std::sync::Arc;
use tidegate_graph::{Data, Map, Problem, Str, Value};

impl Account {
    /// Reads an export. AWS managed policies that it doesn't hold are asked of the library.
    pub fn from_export(export: &Value, library: &Library<'_>) -> Self {
        let mut loader =
            Loader { account: Self::default(), library, known: HashMap::new(), groups: HashMap::new() };
        loader.policies(export);
        loader.groups(export);
        for user in list(export, "UserDetailList") {
            loader.identity(user, "UserName", "UserPolicyList");
        }
        for role in list(export, "RoleDetailList") {
            loader.identity(role, "RoleName", "RolePolicyList");
        }
        for resource in list(export, "Resources") {
            loader.resource(resource);
        }
        let mut account = loader.account;
        account.scps = levels(export, "ServiceControlPolicies");
        account.rcps = levels(export, "ResourceControlPolicies");
        account
    }

    /// True if a document looks like such an export.
    pub fn is_export(document: &Value) -> bool {
        ["UserDetailList", "RoleDetailList", "GroupDetailList"].iter().any(|key| document.get(key).is_some())
    }
}

/// A policy of a group; its ARN when it is a managed one.
type Shared = (Arc<Policy>, Option<Str>);

struct Loader<'a> {
    account: Account,
    library: &'a Library<'a>,
    /// Managed policies by ARN.
    known: HashMap<Str, Arc<Policy>>,
    /// Policies by group.
    groups: HashMap<Str, Vec<Shared>>,
}

impl Loader<'_> {
    fn policies(&mut self, export: &Value) {
        for policy in list(export, "Policies") {
            let (Some(arn), name) = (text(policy, "Arn"), text(policy, "PolicyName").unwrap_or_default())
            else {
                continue;
            };
            let versions = list(policy, "PolicyVersionList");
            let default = text(policy, "DefaultVersionId");
            let is_default = |version: &&Value| {
                text(version, "VersionId") == default && default.is_some()
                    || version.get("IsDefaultVersion").and_then(Value::as_bool) == Some(true)
            };
            let version = versions.iter().find(|v| is_default(v)).or_else(|| versions.first());
            let Some(document) =
                version.and_then(|v| v.get("Document")).or_else(|| policy.get("PolicyDocument"))
            else {
                continue;
            };
            let read = Arc::new(self.document(&name, document));
            self.known.insert(arn.clone(), read.clone());
            if Arn::split(&arn).account() != "aws" {
                let others = versions.iter().filter(|v| version.is_some_and(|own| !std::ptr::eq(own, *v)));
                let documents = others.filter_map(|v| v.get("Document"));
                let versions = documents.map(|d| Arc::new(self.document(&name, d))).collect();
                let span = policy.span;
                self.account.managed.push(Managed { arn, name, policy: read, versions, id: None, span });
            }
        }
    }

    fn groups(&mut self, export: &Value) {
        for group in list(export, "GroupDetailList") {
            let Some(name) = text(group, "GroupName") else { continue };
            let inline = list(group, "GroupPolicyList").iter().filter_map(|p| self.inline(p));
            let mut policies: Vec<Shared> = inline.map(|policy| (policy, None)).collect();
            for arn in attached(group) {
                policies.push((self.managed(&arn), Some(arn)));
            }
            self.account.groups.push(Group {
                arn: text(group, "Arn").unwrap_or_default(),
                name: name.clone(),
                policies: policies.iter().map(|(policy, _)| policy.clone()).collect(),
                managed: policies.iter().filter_map(|(_, arn)| arn.clone()).collect(),
            });
            self.groups.insert(name, policies);
        }
    }

    fn identity(&mut self, value: &Value, name_key: &str, inline_key: &str) {
        let (Some(arn), name) = (text(value, "Arn"), text(value, name_key).unwrap_or_default()) else {
            self.account.problems.push(Problem::at(value.span, "a user or role without `Arn`"));
            return;
        };
        if self.account.id.is_empty() {
            self.account.id = Arn::split(&arn).account().into();
        }
        let mut identity = Identity::new(&arn, &name, value.span);
        for policy in list(value, inline_key).iter().filter_map(|p| self.inline(p)) {
            identity.attach(policy, Attachment::Inline);
        }
        for arn in attached(value) {
            identity.attach(self.managed(&arn), Attachment::Managed(arn));
        }
        for group in list(value, "GroupList").iter().filter_map(Value::as_text) {
            for (policy, arn) in self.groups.get(&group).into_iter().flatten() {
                identity.attach(policy.clone(), Attachment::Group(group.clone(), arn.clone()));
            }
            identity.groups.push(group);
        }
        if let Some(boundary) = value.get("PermissionsBoundary") {
            identity.boundary = match text(boundary, "PermissionsBoundaryArn") {
                Some(arn) => self.boundary(&arn),
                None => Limit::Unset,
            };
        }
        if let Some(document) = value.get("AssumeRolePolicyDocument") {
            identity.trust = Some(Arc::new(self.document(&format!("trust of {name}"), document)));
        }
        let profiles = list(value, "InstanceProfileList").iter().filter_map(|p| text(p, "Arn"));
        identity.profiles = profiles.collect();
        identity.tags = tags(value);
        for policy in identity.policies.iter().chain(&identity.trust) {
            self.account.problems.extend(policy.problems.iter().cloned());
        }
        self.account.add_identity(identity);
    }

    fn resource(&mut self, value: &Value) {
        let (Some(arn), Some(ty)) = (text(value, "Arn"), text(value, "Type")) else {
            self.account.problems.push(Problem::at(value.span, "a resource needs `Type` and `Arn`"));
            return;
        };
        let properties = value.get("Properties").and_then(Value::as_map).cloned().unwrap_or_default();
        let parsed = Arn::split(&arn);
        let name = parsed.resource().rsplit(['/', ':']).next().unwrap_or_default();
        let mut roles = Vec::new();
        for property in properties.values() {
            property.walk(&mut |v| {
                if let Some(text) =
                    v.as_str().filter(|t| Arn::split(t).service() == "iam" && t.contains(":role/"))
                {
                    roles.push(text.into());
                }
            });
        }
        let policy = POLICY_PROPERTIES.iter().find_map(|key| value.get(key).or_else(|| properties.get(key)));
        let policy = policy.map(|document| Arc::new(self.document(&format!("policy of {name}"), document)));
        self.account.add_resource(Resource {
            name: name.into(),
            policy,
            properties,
            roles,
            id: None,
            span: value.span,
            arn,
            ty,
        });
    }

    fn inline(&self, value: &Value) -> Option<Arc<Policy>> {
        let name = text(value, "PolicyName").unwrap_or_default();
        Some(Arc::new(self.document(&name, value.get("PolicyDocument")?)))
    }

    /// A document: as it is, as JSON in a text, or as the URL-encoded text that AWS itself returns.
    fn document(&self, name: &str, value: &Value) -> Policy {
        document(name, value)
    }

    fn managed(&mut self, arn: &Str) -> Arc<Policy> {
        if let Some(policy) = self.known.get(arn) {
            return policy.clone();
        }
        let policy = (self.library)(arn).or_else(|| basics(arn)).unwrap_or_else(|| unread(arn));
        self.known.insert(arn.clone(), policy.clone());
        policy
    }

    fn boundary(&mut self, arn: &Str) -> Limit {
        if let Some(policy) = self.known.get(arn) {
            return Limit::Set(policy.clone());
        }
        // Customer managed policies are all in the export; one that isn't was deleted.
        if Arn::split(arn).account() != "aws" {
            return Limit::Missing;
        }
        (self.library)(arn).or_else(|| basics(arn)).map_or(Limit::Unknown, Limit::Set)
    }
}

/// Properties and fields that hold a resource's policy.
const POLICY_PROPERTIES: [&str; 6] =
    ["Policy", "KeyPolicy", "PolicyDocument", "ResourcePolicy", "RepositoryPolicyText", "AccessPolicies"];

fn document(name: &str, value: &Value) -> Policy {
    let reader = Reader::default();
    let Some(text) = value.as_str() else { return reader.policy(name, value) };
    let decoded = if text.trim_start().starts_with('%') { percent_decode(text) } else { text.to_string() };
    let mut policy = match Policy::from_json(name, &decoded) {
        Ok(policy) => policy,
        Err(_) => reader.policy(name, &Value::new(Data::Null, value.span)),
    };
    // All of its statements stand in this one text.
    policy.span = value.span;
    for statement in &mut policy.statements {
        statement.span = value.span;
    }
    policy
}

fn percent_decode(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let mut rest = bytes.clone();
        let digit =
            |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        match (byte, digit(rest.next()), digit(rest.next())) {
            (b'%', Some(high), Some(low)) => {
                out.push(high * 16 + low);
                bytes = rest;
            }
            (b'+', ..) => out.push(b' '),
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn levels(export: &Value, key: &str) -> Vec<Level> {
    let level = |value: &Value| {
        let name = text(value, "Level").or_else(|| text(value, "level")).unwrap_or_default();
        let policies =
            value.get("Policies").or_else(|| value.get("policies")).map(Value::items).unwrap_or_default();
        let named = policies.iter().enumerate();
        let read = named.map(|(i, policy)| {
            let title = text(policy, "PolicyName").unwrap_or_else(|| format!("{name}[{i}]").into());
            Arc::new(document(&title, policy.get("PolicyDocument").unwrap_or(policy)))
        });
        Level { policies: read.collect(), name }
    };
    list(export, key).iter().map(level).collect()
}

fn attached(value: &Value) -> Vec<Str> {
    list(value, "AttachedManagedPolicies").iter().filter_map(|p| text(p, "PolicyArn")).collect()
}

fn tags(value: &Value) -> Vec<(Str, Str)> {
    list(value, "Tags").iter().filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value")?))).collect()
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_list).unwrap_or_default()
}

fn text(value: &Value, key: &str) -> Option<Str> {
    value.as_map().map(|map: &Map| map.get(key))?.and_then(Value::as_text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn account(text: &str) -> Account {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        Account::from_export(&crate::policy::from_json(&json), &|_| None)
    }

    const EXPORT: &str = r#"{
        "UserDetailList": [{"UserName": "ana", "Arn": "arn:aws:iam::111122223333:user/ana", "GroupList": ["ops"]}],
        "GroupDetailList": [{"GroupName": "ops", "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::111122223333:policy/ops"}]}],
        "RoleDetailList": [{"RoleName": "fn", "Arn": "arn:aws:iam::111122223333:role/fn",
            "AssumeRolePolicyDocument": "%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A111122223333%3Auser%2Fana%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D",
            "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}],
            "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/gone"}}],
        "Policies": [{"PolicyName": "ops", "Arn": "arn:aws:iam::111122223333:policy/ops", "DefaultVersionId": "v2", "PolicyVersionList": [
            {"VersionId": "v1", "Document": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}},
            {"VersionId": "v2", "Document": {"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}}]}],
        "ServiceControlPolicies": [{"Level": "root", "Policies": [{"Statement": {"Effect": "Allow", "NotAction": "sqs:DeleteQueue", "Resource": "*"}}]}]
    }"#;

    #[test]
    fn groups_versions_and_levels_count() {
        let account = account(EXPORT);
        let ana = account.find("ana").unwrap();
        let decide =
            |action: &str| account.decide(ana, action, "arn:aws:sqs:eu-central-1:111122223333:q").verdict;
        assert_eq!(decide("sqs:SendMessage"), Verdict::Allowed);
        assert_eq!(decide("sqs:DeleteQueue"), Verdict::ImplicitlyDenied);
        assert_eq!(decide("s3:ListBucket"), Verdict::ImplicitlyDenied);
    }

    #[test]
    fn encoded_documents_are_read_and_a_lost_boundary_denies() {
        let account = account(EXPORT);
        let role = account.find("fn").unwrap();
        let who = account.who_can("sts:AssumeRole", &role.arn);
        assert_eq!(
            who.iter().map(|g| g.principal.as_str()).collect::<Vec<_>>(),
            ["arn:aws:iam::111122223333:user/ana"]
        );
        assert_eq!(
            account.decide(role, "s3:ListBucket", "arn:aws:s3:::b").verdict,
            Verdict::ImplicitlyDenied
        );
    }
}
