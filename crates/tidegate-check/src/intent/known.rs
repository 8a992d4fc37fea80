//! What a function knows: resources that its environment, its events and its settings name.

use super::kinds::{KINDS, Kind};
use super::needs::{self, Required, key_of};
use crate::Context;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tidegate_graph::{Data, EdgeKind, NodeKind, Piece, Resource, Span, Str, Value};

/// Nodes before a function that are looked at: names travel with events, but not endlessly.
const MOST_BEFORE: usize = 64;

/// How a function comes to know a resource; what says more of the intent comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum How {
    /// A variable of its environment names it.
    Variable(Str),
    /// A property of the function or of what belongs to it names it.
    Setting(&'static str),
    /// Failed events or results go there.
    Destination,
    /// Its events come from there through others.
    Before,
    /// An event source mapping reads from there, and nothing else names it.
    Source,
}

/// A resource that functions know.
#[derive(Clone, Debug)]
pub(super) struct Named<'a> {
    pub(super) resource: &'a Resource,
    pub(super) kind: &'static Kind,
    pub(super) how: How,
    pub(super) span: Span,
}

/// Something that may name a resource that isn't known.
#[derive(Clone, Debug)]
pub(super) struct Open {
    /// What, for people.
    pub(super) what: String,
    /// Services of which it may name something; none is all of them.
    services: Vec<&'static str>,
}

/// All that the functions with one role know.
#[derive(Clone, Debug, Default)]
pub(super) struct Known<'a> {
    named: BTreeMap<Str, Named<'a>>,
    open: Vec<Open>,
    /// Services from whose queues and streams a mapping reads.
    pub(super) polled: BTreeSet<&'static str>,
    /// Some function is in a network, or it isn't known.
    pub(super) in_network: bool,
    /// Some function is traced, or it isn't known.
    pub(super) is_traced: bool,
    /// What is needed whatever the code does with what is named.
    pub(super) required: Vec<Required<'a>>,
}

impl<'a> Known<'a> {
    /// What these functions know.
    pub(super) fn of(cx: &Context<'a>, functions: &[&'a Resource]) -> Self {
        let mut known = Self::default();
        for function in functions {
            known.environment(cx, function);
            known.settings(cx, function);
            known.mappings(cx, function);
            known.rotated(cx, function);
            known.before(cx, function);
            known.in_network |= cx.get(function, &["VpcConfig"]).is_some();
            let mode = cx.get(function, &["TracingConfig", "Mode"]).or(cx.get(function, &["TracingConfig"]));
            known.is_traced |= mode.is_some_and(|mode| mode.as_str() != Some("PassThrough"));
        }
        known.keys(cx);
        known.required = needs::of(cx, functions);
        known
    }

    /// Known resources of a kind.
    pub(super) fn of_kind(&self, kind: &Kind) -> Vec<&Named<'a>> {
        self.named.values().filter(|named| named.kind.service == kind.service).collect()
    }

    /// How a resource is known.
    pub(super) fn get(&self, id: &str) -> Option<&Named<'a>> {
        self.named.get(id)
    }

    /// What may name further resources of a service.
    pub(super) fn open_for(&self, service: &str) -> Option<&Open> {
        self.open.iter().find(|open| open.services.is_empty() || open.services.contains(&service))
    }

    /// True if something may name further resources.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// All that is known.
    pub(super) fn all(&self) -> impl Iterator<Item = &Named<'a>> {
        self.named.values()
    }

    fn add(&mut self, resource: &'a Resource, how: How, span: Span) -> bool {
        let Some(kind) = Kind::of_type(&resource.ty) else { return false };
        let new = Named { resource, kind, how, span };
        match self.named.get_mut(&resource.id) {
            Some(known) if known.how <= new.how => {}
            Some(known) => *known = new,
            None => {
                self.named.insert(resource.id.clone(), new);
            }
        }
        true
    }

    fn add_value(&mut self, cx: &Context<'a>, from: &Resource, value: &Value, how: &How) -> bool {
        let types = KINDS.iter().flat_map(|kind| kind.types);
        let mut found = false;
        for ty in types {
            if let Some(resource) = cx.target(from, value, ty) {
                found |= self.add(resource, how.clone(), value.span);
            }
        }
        found
    }

    /// Whatever a value names, at any depth.
    fn add_all(&mut self, cx: &Context<'a>, from: &Resource, value: &Value, how: &How) {
        value.walk(&mut |inner| {
            if matches!(inner.data, Data::Text(_) | Data::Template(_)) {
                self.add_value(cx, from, inner, how);
            }
        });
    }

    fn environment(&mut self, cx: &Context<'a>, function: &'a Resource) {
        let Some(environment) = cx.get(function, &["Environment"]) else { return };
        let variables = cx.child(environment, "Variables");
        let Some(variables) = variables.and_then(Value::as_map) else {
            if environment.is_unknown() || variables.is_some_and(Value::is_unknown) {
                self.open.push(Open { what: "the environment isn't known".into(), services: Vec::new() });
            }
            return;
        };
        for (key, value) in variables.iter() {
            let Some(value) = cx.world.resolve(value) else { continue };
            if self.add_value(cx, function, value, &How::Variable(key.clone())) {
                continue;
            }
            // A parameter or a name of something that was not read may be whatever its name says.
            let mut words = vec![key.to_string()];
            words.extend(value.pieces().iter().filter_map(|piece| match piece {
                Piece::Symbol(symbol) => Some(symbol.name.to_string()),
                Piece::Text(text) => Some(text.to_string()),
                Piece::Reference(_) => None,
            }));
            let plain = value.as_text().is_some_and(|text| {
                text.is_empty() || text.chars().all(|c| c.is_ascii_digit()) || value.as_bool().is_some()
            });
            let hinted = |kind: &&Kind| words.iter().any(|word| kind.is_hinted_by(word));
            let services: Vec<&str> = KINDS.iter().filter(hinted).map(|kind| kind.service).collect();
            if !plain && !services.is_empty() {
                let what = format!("the variable `{key}` may name another one");
                self.open.push(Open { what, services });
            }
        }
    }

    fn settings(&mut self, cx: &Context<'a>, function: &'a Resource) {
        for (key, value) in function.properties.iter() {
            let how = match key.as_str() {
                "Role" | "Environment" | "FunctionName" | "Tags" | "Layers" => continue,
                "DeadLetterConfig" => How::Destination,
                "Code" => How::Setting("its code"),
                _ => How::Setting("its settings"),
            };
            let Some(value) = cx.world.resolve(value) else { continue };
            match key.as_str() {
                // Where its code lies is nothing that it uses.
                "Code" => {
                    if let Some(inline) = cx.child(value, "ZipFile") {
                        for (reference, span) in inline.references() {
                            if let Some(resource) = cx.system.resource(&reference.target) {
                                self.add(resource, how.clone(), span);
                            }
                        }
                    }
                }
                _ => self.add_all(cx, function, value, &how),
            }
        }
        for config in cx.referrers(function, "AWS::Lambda::EventInvokeConfig", "FunctionName") {
            if let Some(value) = cx.get(config, &["DestinationConfig"]) {
                self.add_all(cx, config, value, &How::Destination);
            }
        }
        if cx.is_named_at(function, "ServiceToken") {
            // A custom resource is told in its properties what it works on.
            let what = "as a custom resource's function it is told what it works on".into();
            self.open.push(Open { what, services: Vec::new() });
        }
    }

    fn mappings(&mut self, cx: &Context<'a>, function: &'a Resource) {
        for mapping in cx.referrers(function, "AWS::Lambda::EventSourceMapping", "FunctionName") {
            if let Some(source) = cx.get(mapping, &["EventSourceArn"]) {
                let found = self.add_value(cx, mapping, source, &How::Source);
                let text = source.pieces().iter().map(Piece::display).collect::<String>();
                let service = text.split(':').nth(2).unwrap_or_default().to_string();
                let kinds = KINDS.iter().filter(|k| !k.polls.is_empty());
                if found {
                    let types = KINDS.iter().flat_map(|k| k.types.iter().map(move |ty| (k, ty)));
                    let polled = types.filter(|(_, ty)| cx.target(mapping, source, ty).is_some());
                    self.polled.extend(polled.map(|(k, _)| k.service));
                } else {
                    let services: Vec<&str> =
                        kinds.map(|k| k.service).filter(|s| service.is_empty() || *s == service).collect();
                    self.polled.extend(services.iter().copied());
                    if !services.is_empty() {
                        let what = "an event source isn't known".into();
                        self.open.push(Open { what, services });
                    }
                }
            }
            if let Some(value) = cx.get(mapping, &["DestinationConfig"]) {
                self.add_all(cx, mapping, value, &How::Destination);
            }
            for config in cx.items(mapping, &["SourceAccessConfigurations"]) {
                let network = cx.child(config, "Type").and_then(|v| v.as_str());
                let network = network.is_some_and(|kind| kind.starts_with("VPC") || kind == "VIRTUAL_HOST");
                let Some(uri) = cx.child(config, "URI").filter(|_| !network) else { continue };
                if !self.add_value(cx, mapping, uri, &How::Setting("how it signs in to its event source")) {
                    let what = "a secret of an event source isn't known".into();
                    self.open.push(Open { what, services: vec!["secretsmanager", "kms"] });
                }
            }
        }
    }

    /// Secrets that it rotates, and those with which it does so.
    fn rotated(&mut self, cx: &Context<'a>, function: &'a Resource) {
        for schedule in cx.referrers(function, "AWS::SecretsManager::RotationSchedule", "RotationLambdaARN") {
            let Some(value) = cx.get(schedule, &["SecretId"]) else { continue };
            let secret = cx.target(schedule, value, "AWS::SecretsManager::Secret");
            let Some(secret) = secret else {
                let what = "a secret that it rotates isn't known".into();
                self.open.push(Open { what, services: vec!["secretsmanager", "kms"] });
                continue;
            };
            self.add(secret, How::Setting("what it rotates"), value.span);
            // What the secret holds may be the ARN of another one, by which the password is changed.
            for path in [&["SecretString"][..], &["GenerateSecretString", "SecretStringTemplate"]] {
                let Some(text) = cx.get(secret, path) else { continue };
                let before = self.named.len();
                self.add_all(cx, secret, text, &How::Setting("the secret that it rotates"));
                let tells = text.is_unknown() || text.display().contains("masterarn");
                if tells && self.named.len() == before {
                    let what = format!("what `{}` holds may name another one", secret.logical_id);
                    self.open.push(Open { what, services: vec!["secretsmanager", "kms"] });
                }
            }
        }
    }

    /// An event tells the name of where it comes from.
    fn before(&mut self, cx: &Context<'a>, function: &'a Resource) {
        let Some(start) = cx.graph.index(&function.id) else { return };
        let mut seen = BTreeSet::from([start]);
        let mut todo = VecDeque::from([start]);
        while let Some(at) = todo.pop_front() {
            for edge in cx.graph.incoming(at) {
                let workflow = edge.kind == EdgeKind::Invokes
                    && cx.graph.node(edge.from).is_some_and(|n| n.kind == NodeKind::Workflow);
                let carries = matches!(edge.kind, EdgeKind::Triggers | EdgeKind::Publishes);
                if !(carries || workflow) || seen.len() >= MOST_BEFORE || !seen.insert(edge.from) {
                    continue;
                }
                todo.push_back(edge.from);
                let Some(node) = cx.graph.node(edge.from) else { continue };
                let Some(resource) = cx.system.resource(&node.id).filter(|r| cx.exists(r)) else { continue };
                let mapped = edge.to == start && self.named.contains_key(&resource.id);
                if !mapped {
                    self.add(resource, How::Before, edge.span.unwrap_or(resource.span));
                }
                if node.kind == NodeKind::Workflow || node.kind == NodeKind::Rule {
                    self.passes_on(cx, resource);
                }
            }
        }
    }

    /// What a workflow or rule puts into the events that it makes.
    fn passes_on(&mut self, cx: &Context<'a>, resource: &'a Resource) {
        for (key, value) in resource.properties.iter() {
            if key == "RoleArn" {
                continue;
            }
            let Some(value) = cx.world.resolve(value) else { continue };
            self.add_all(cx, resource, value, &How::Before);
        }
        // Events of AWS's own speak of resources that needn't be declared here.
        let sources = cx.items(resource, &["EventPattern", "source"]);
        let services: Vec<&str> = sources
            .iter()
            .filter_map(|source| source.as_str()?.strip_prefix("aws."))
            .filter_map(|service| Some(Kind::of_service(service)?.service))
            .collect();
        if !services.is_empty() {
            let what = format!("events of `{}` may name another one", resource.logical_id);
            self.open.push(Open { what, services });
        }
    }

    /// Keys with which that is encrypted what they know.
    fn keys(&mut self, cx: &Context<'a>) {
        const KEY_PROPERTIES: &[&str] = &[
            "BucketEncryption",
            "KmsKeyId",
            "KmsMasterKeyId",
            "SSESpecification",
            "StreamEncryption",
            "EncryptionConfiguration",
            "DeliveryStreamEncryptionConfigurationInput",
            "KmsKeyIdentifier",
        ];
        let resources: Vec<&'a Resource> = self.named.values().map(|n| n.resource).collect();
        for resource in resources {
            for property in KEY_PROPERTIES {
                let Some(value) = cx.get(resource, &[property]) else { continue };
                let mut keys = Vec::new();
                key_values(cx, property, value, &mut keys);
                for value in keys {
                    if let Some(key) = key_of(cx, resource, value) {
                        self.add(key, How::Setting("what it uses"), value.span);
                    } else if value.as_str().is_none_or(|text| !text.contains("alias/aws/")) {
                        let what = format!("the key of `{}` isn't known", resource.logical_id);
                        self.open.push(Open { what, services: vec!["kms"] });
                    }
                }
            }
        }
    }
}

/// Values of keys in a property, at any depth.
fn key_values<'v>(cx: &Context<'v>, name: &str, value: &'v Value, out: &mut Vec<&'v Value>) {
    let Some(value) = cx.world.resolve(value) else { return };
    match &value.data {
        Data::List(items) => items.iter().for_each(|item| key_values(cx, name, item, out)),
        Data::Map(map) => map.iter().for_each(|(key, value)| key_values(cx, key, value, out)),
        _ => {
            let name = name.to_ascii_lowercase();
            let keys = ["kmskeyid", "kmsmasterkeyid", "kmskeyidentifier", "kmskeyarn", "keyid", "keyarn"];
            let means = if keys.contains(&name.as_str()) {
                // A queue says by an empty name that no key of one's own is meant.
                value.as_str().is_none_or(|text| !text.is_empty())
            } else {
                value.is_unknown() && name.ends_with("encryption")
            };
            if means {
                out.push(value);
            }
        }
    }
}

impl How {
    /// Why it is known, for people.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Variable(name) => format!("`{name}` names it"),
            Self::Setting(what) => format!("{what} names it"),
            Self::Destination => "what fails or is done goes there".into(),
            Self::Before => "events come from there".into(),
            Self::Source => "it is the event source".into(),
        }
    }
}
