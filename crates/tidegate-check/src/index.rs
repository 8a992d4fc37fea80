//! Look-ups over the whole system, built once, so that no rule walks all resources for each resource.

use crate::Guardrails;
use crate::entries::Entries;
use crate::radius::{self, Radius};
use std::cell::OnceCell;
use std::collections::HashMap;
use tidegate_graph::{Data, Graph, Map, Piece, Resource, Span, Str, System, Value};

/// The look-ups.
#[derive(Debug)]
pub(crate) struct Index<'a> {
    system: &'a System,
    by_type: HashMap<&'a str, Vec<&'a Resource>>,
    by_name: HashMap<&'static str, HashMap<String, Vec<&'a Resource>>>,
    referrers: HashMap<Str, Vec<Referrer<'a>>>,
    by_role: HashMap<String, Vec<&'a Resource>>,
    entries: OnceCell<Entries>,
    variables: HashMap<Span, Vec<&'a Resource>>,
    statements: OnceCell<HashMap<Span, usize>>,
    pub(crate) guardrails: Guardrails,
    radii: OnceCell<HashMap<Str, Radius>>,
}

/// A resource that names another one.
#[derive(Debug)]
pub(crate) struct Referrer<'a> {
    pub(crate) resource: &'a Resource,
    /// Keys joined by `.`, lists looked through.
    pub(crate) path: String,
}

/// Which property names a resource of a type: what literal names and ARNs elsewhere mean.
const NAMES: &[(&str, &str)] = &[
    ("AWS::ApiGateway::DomainName", "DomainName"),
    ("AWS::ApiGateway::RestApi", "Name"),
    ("AWS::ApiGatewayV2::DomainName", "DomainName"),
    ("AWS::DynamoDB::Table", "TableName"),
    ("AWS::Events::EventBus", "Name"),
    ("AWS::IAM::Group", "GroupName"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::User", "UserName"),
    ("AWS::KMS::Alias", "AliasName"),
    ("AWS::Kinesis::Stream", "Name"),
    ("AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName"),
    ("AWS::Lambda::Function", "FunctionName"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::S3::Bucket", "BucketName"),
    ("AWS::SNS::Topic", "TopicName"),
    ("AWS::SQS::Queue", "QueueName"),
    ("AWS::SSM::Parameter", "Name"),
    ("AWS::SecretsManager::Secret", "Name"),
    ("AWS::StepFunctions::StateMachine", "StateMachineName"),
];

/// Properties that may name a resource by its literal name, ARN or URL. References need no entry here.
const LITERALS: &[(&str, &str, &str)] = &[
    ("AWS::CloudWatch::Alarm", "Dimensions.Value", "AWS::SQS::Queue"),
    ("AWS::CloudWatch::Alarm", "Metrics.MetricStat.Metric.Dimensions.Value", "AWS::SQS::Queue"),
    ("AWS::EventSchemas::Discoverer", "SourceArn", "AWS::Events::EventBus"),
    ("AWS::Events::Archive", "SourceArn", "AWS::Events::EventBus"),
    ("AWS::Events::EventBusPolicy", "EventBusName", "AWS::Events::EventBus"),
    ("AWS::Events::Rule", "EventBusName", "AWS::Events::EventBus"),
    ("AWS::IAM::GroupPolicy", "GroupName", "AWS::IAM::Group"),
    ("AWS::IAM::ManagedPolicy", "Groups", "AWS::IAM::Group"),
    ("AWS::IAM::ManagedPolicy", "Roles", "AWS::IAM::Role"),
    ("AWS::IAM::ManagedPolicy", "Users", "AWS::IAM::User"),
    ("AWS::IAM::Policy", "Groups", "AWS::IAM::Group"),
    ("AWS::IAM::Policy", "Roles", "AWS::IAM::Role"),
    ("AWS::IAM::Policy", "Users", "AWS::IAM::User"),
    ("AWS::IAM::Role", "ManagedPolicyArns", "AWS::IAM::ManagedPolicy"),
    ("AWS::IAM::RolePolicy", "RoleName", "AWS::IAM::Role"),
    ("AWS::IAM::UserPolicy", "UserName", "AWS::IAM::User"),
    ("AWS::Lambda::EventInvokeConfig", "FunctionName", "AWS::Lambda::Function"),
    ("AWS::Lambda::EventSourceMapping", "EventSourceArn", "AWS::SQS::Queue"),
    ("AWS::Lambda::EventSourceMapping", "EventSourceArn", "AWS::Kinesis::Stream"),
    ("AWS::Lambda::EventSourceMapping", "FunctionName", "AWS::Lambda::Function"),
    ("AWS::Lambda::Function", "Code.S3Bucket", "AWS::S3::Bucket"),
    ("AWS::Lambda::Function", "DeadLetterConfig.TargetArn", "AWS::SQS::Queue"),
    ("AWS::Lambda::Function", "LoggingConfig.LogGroup", "AWS::Logs::LogGroup"),
    ("AWS::Lambda::Function", "Role", "AWS::IAM::Role"),
    ("AWS::Lambda::Permission", "FunctionName", "AWS::Lambda::Function"),
    ("AWS::Lambda::Url", "TargetFunctionArn", "AWS::Lambda::Function"),
    ("AWS::Lambda::LayerVersion", "Content.S3Bucket", "AWS::S3::Bucket"),
    ("AWS::S3::Bucket", "LoggingConfiguration.DestinationBucketName", "AWS::S3::Bucket"),
    ("AWS::S3::BucketPolicy", "Bucket", "AWS::S3::Bucket"),
    ("AWS::SNS::Subscription", "Endpoint", "AWS::Lambda::Function"),
    ("AWS::SNS::Subscription", "Endpoint", "AWS::SQS::Queue"),
    ("AWS::SNS::Subscription", "TopicArn", "AWS::SNS::Topic"),
    ("AWS::SNS::TopicPolicy", "Topics", "AWS::SNS::Topic"),
    ("AWS::SQS::Queue", "RedrivePolicy.deadLetterTargetArn", "AWS::SQS::Queue"),
    ("AWS::SQS::QueuePolicy", "Queues", "AWS::SQS::Queue"),
    ("AWS::SecretsManager::ResourcePolicy", "SecretId", "AWS::SecretsManager::Secret"),
    ("AWS::SecretsManager::RotationSchedule", "SecretId", "AWS::SecretsManager::Secret"),
];

impl<'a> Index<'a> {
    /// The look-ups of a system for which something is decided.
    pub(crate) fn within(system: &'a System, guardrails: Guardrails) -> Self {
        Self { guardrails, ..Self::new(system) }
    }

    pub(crate) fn new(system: &'a System) -> Self {
        let mut index = Self {
            system,
            by_type: HashMap::new(),
            by_name: HashMap::new(),
            referrers: HashMap::new(),
            by_role: HashMap::new(),
            entries: OnceCell::new(),
            variables: HashMap::new(),
            statements: OnceCell::new(),
            guardrails: Guardrails::default(),
            radii: OnceCell::new(),
        };
        let names: HashMap<&str, (&'static str, &'static str)> = NAMES.iter().map(|n| (n.0, *n)).collect();
        for resource in system.resources() {
            index.by_type.entry(&resource.ty).or_default().push(resource);
            let Some((ty, property)) = names.get(resource.ty.as_str()) else { continue };
            for name in resource.property(property).into_iter().flat_map(Value::branches) {
                index.by_name.entry(ty).or_default().entry(literal(name)).or_default().push(resource);
            }
        }
        let mut literals: HashMap<&str, Vec<(&str, &str)>> = HashMap::new();
        for (ty, path, target) in LITERALS {
            literals.entry(ty).or_default().push((path, target));
        }
        // Names first, references second: the second pass looks literal names up.
        for resource in system.resources() {
            let literals = literals.get(resource.ty.as_str()).map_or(&[][..], Vec::as_slice);
            for (key, value) in resource.properties.iter() {
                index.add_references(resource, key.to_string(), value, literals);
            }
        }
        for function in index.of_type("AWS::Lambda::Function").to_vec() {
            let variables = function.path(&["Environment", "Variables"]).and_then(Value::as_map);
            for value in variables.into_iter().flat_map(Map::values) {
                index.variables.entry(value.span).or_default().push(function);
            }
            for role in function.property("Role").into_iter().flat_map(Value::branches) {
                let group = index.by_role.entry(index.role_key(function, role)).or_default();
                if group.last().is_none_or(|last| last.id != function.id) {
                    group.push(function);
                }
            }
        }
        index
    }

    /// What the code of a resource reaches with its permissions.
    pub(crate) fn radius(&self, id: &str) -> Option<&Radius> {
        self.radii.get_or_init(|| radius::all(self.system)).get(id)
    }

    pub(crate) fn of_type(&self, ty: &str) -> &[&'a Resource] {
        self.by_type.get(ty).map_or(&[], Vec::as_slice)
    }

    /// Who names the resource with this id. A resource's entries follow each other.
    pub(crate) fn referrers(&self, id: &str) -> &[Referrer<'a>] {
        self.referrers.get(id).map_or(&[], Vec::as_slice)
    }

    /// Where strangers' requests get in the graph of this system.
    pub(crate) fn entries(&self, graph: &Graph) -> &Entries {
        self.entries.get_or_init(|| Entries::new(graph))
    }

    /// Functions that have the environment variable that is written at this place, in the order in which they were read.
    /// More than one has it when it is written for all functions of a service.
    pub(crate) fn with_variable(&self, place: Span) -> &[&'a Resource] {
        self.variables.get(&place).map_or(&[], Vec::as_slice)
    }

    /// How many policies have the statement that is written at this place.
    pub(crate) fn with_statement(&self, place: Span) -> usize {
        let places = self.statements.get_or_init(|| {
            let mut places: HashMap<Span, usize> = HashMap::new();
            let policies = crate::identity::POLICY_TYPES.iter().flat_map(|ty| self.of_type(ty));
            for value in policies.flat_map(|policy| policy.properties.values()) {
                value.walk(&mut |inner| {
                    if inner.as_map().is_some_and(|map| map.contains_key("Effect")) {
                        *places.entry(inner.span).or_default() += 1;
                    }
                });
            }
            places
        });
        places.get(&place).copied().unwrap_or(0)
    }

    /// Functions with that role, in the order in which they were read. Two parameters are the same role when they are
    /// the same parameter.
    pub(crate) fn with_role(&self, function: &Resource, role: &Value) -> &[&'a Resource] {
        self.by_role.get(&self.role_key(function, role)).map_or(&[], Vec::as_slice)
    }

    /// The resource of type `ty` that a value names.
    pub(crate) fn target(&self, from: &Resource, value: &Value, ty: &str) -> Option<&'a Resource> {
        if let Data::Template(pieces) = &value.data {
            let references = pieces.iter().filter_map(|p| match p {
                Piece::Reference(reference) => self.system.resource(&reference.target),
                _ => None,
            });
            if let Some(found) = references.filter_map(|r| self.behind_alias(r, ty)).next() {
                return Some(found);
            }
        }
        let names = self.by_name.get(ty)?;
        let text = literal(value);
        candidates(&text).into_iter().find_map(|name| {
            let found = names.get(name)?;
            let same_stack = found.iter().find(|r| r.stack == from.stack);
            // A name with holes means nothing beyond its stack; a full one only when it is the only one.
            let elsewhere = if found.len() == 1 && !name.contains("${") { found.first() } else { None };
            same_stack.or(elsewhere).copied()
        })
    }

    /// The resource itself if it has the type, or the function behind a version or alias.
    fn behind_alias(&self, resource: &'a Resource, ty: &str) -> Option<&'a Resource> {
        if resource.ty == ty {
            return Some(resource);
        }
        if !matches!(resource.ty.as_str(), "AWS::Lambda::Alias" | "AWS::Lambda::Version") {
            return None;
        }
        let function = resource.property("FunctionName")?.as_reference()?;
        self.system.resource(&function.target).filter(|r| r.ty == ty)
    }

    fn add_references(
        &mut self,
        resource: &'a Resource,
        path: String,
        value: &'a Value,
        literals: &[(&str, &str)],
    ) {
        match &value.data {
            Data::Map(map) => {
                for (key, value) in map.iter() {
                    self.add_references(resource, format!("{path}.{key}"), value, literals);
                }
            }
            Data::List(items) => {
                items.iter().for_each(|v| self.add_references(resource, path.clone(), v, literals));
            }
            Data::Json(inner) => self.add_references(resource, path, inner, literals),
            Data::Choice(choice) => {
                for value in choice.then.iter().chain(&choice.otherwise) {
                    self.add_references(resource, path.clone(), value, literals);
                }
            }
            Data::Template(pieces) => {
                let mut named = false;
                for piece in pieces {
                    if let Piece::Reference(reference) = piece {
                        named = true;
                        self.add_referrer(&reference.target, resource, &path);
                    }
                }
                if !named {
                    self.add_literal(resource, &path, value, literals);
                }
            }
            // Two parameters are the same name when they are the same parameter.
            Data::Text(_) | Data::Unknown(_) => self.add_literal(resource, &path, value, literals),
            _ => {}
        }
    }

    fn add_literal(&mut self, resource: &'a Resource, path: &str, value: &Value, literals: &[(&str, &str)]) {
        for (_, ty) in literals.iter().filter(|(at, _)| *at == path) {
            if let Some(target) = self.target(resource, value, ty) {
                self.add_referrer(&target.id, resource, path);
            }
        }
    }

    fn add_referrer(&mut self, target: &Str, resource: &'a Resource, path: &str) {
        self.referrers.entry(target.clone()).or_default().push(Referrer { resource, path: path.into() });
    }

    fn role_key(&self, function: &Resource, role: &Value) -> String {
        if let Some(role) = self.target(function, role, "AWS::IAM::Role") {
            return format!("role {}", role.id);
        }
        let text = literal(role);
        if text.contains("${") { format!("stack {} {text}", function.stack) } else { text }
    }
}

/// A string as text, with what isn't text as `${name}`. No colon comes from a hole, so that ARNs can be taken apart.
fn literal(value: &Value) -> String {
    let piece = |p: &Piece| match p {
        Piece::Text(text) => text.to_string(),
        other => other.display().replace("::", ".").replace(':', "."),
    };
    value.pieces().iter().map(piece).collect()
}

/// The names that a text may mean: itself, or the name within an ARN or URL.
fn candidates(text: &str) -> Vec<&str> {
    let mut out = vec![text];
    if let Some(arn) = text.strip_prefix("arn:") {
        // partition:service:region:account:resource, where the resource is `name`, `kind/name` or `kind:name:qualifier`.
        let resource = arn.splitn(5, ':').nth(4).unwrap_or_default();
        out.extend(resource.rsplit('/').next());
        out.extend(resource.split('/').next());
        out.extend(resource.split(':').nth(1));
        out.extend(resource.split('/').nth(1));
    } else if text.starts_with("https://") {
        out.extend(text.rsplit('/').next());
    } else {
        // A function name with its qualifier.
        out.extend(text.split_once(':').map(|(name, _)| name));
    }
    out.retain(|name| !name.is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Build, reference, text};

    #[test]
    fn names_within_arns_and_urls() {
        let has = |value: &str, name: &str| assert!(candidates(value).contains(&name), "{value}");
        has("arn:aws:sqs:eu-west-1:123456789012:orders", "orders");
        has("arn:aws:iam::123456789012:role/team/worker", "worker");
        has("arn:aws:lambda:eu-west-1:123456789012:function:worker:live", "worker");
        has("arn:aws:events:eu-west-1:123456789012:event-bus/orders", "orders");
        has("https://sqs.eu-west-1.amazonaws.com/123456789012/orders", "orders");
        has("worker:live", "worker");
    }

    #[test]
    fn referrers_by_reference_and_by_literal_name() {
        let system = Build::new()
            .add("Orders", "AWS::SQS::Queue", &[("QueueName", text("orders"))])
            .add(
                "ByReference",
                "AWS::SQS::QueuePolicy",
                &[("Queues", Value::list(vec![reference("Orders", "")], Default::default()))],
            )
            .add(
                "ByName",
                "AWS::SQS::QueuePolicy",
                &[("Queues", text("https://sqs.eu-west-1.amazonaws.com/1/orders"))],
            )
            .add(
                "Other",
                "AWS::SQS::QueuePolicy",
                &[("Queues", text("https://sqs.eu-west-1.amazonaws.com/1/bills"))],
            )
            .system();
        let index = Index::new(&system);
        let found: Vec<_> = index
            .referrers("t/Orders")
            .iter()
            .map(|r| (r.resource.logical_id.as_str(), r.path.as_str()))
            .collect();
        assert_eq!(found, [("ByReference", "Queues"), ("ByName", "Queues")]);
    }

    #[test]
    fn an_alias_stands_for_its_function() {
        let system = Build::new()
            .add("Worker", "AWS::Lambda::Function", &[])
            .add("Live", "AWS::Lambda::Alias", &[("FunctionName", reference("Worker", ""))])
            .add("Url", "AWS::Lambda::Url", &[("TargetFunctionArn", reference("Live", ""))])
            .system();
        let index = Index::new(&system);
        let url = system.resource("t/Url").unwrap();
        let found = index.target(url, url.property("TargetFunctionArn").unwrap(), "AWS::Lambda::Function");
        assert_eq!(found.map(|r| r.logical_id.as_str()), Some("Worker"));
    }
}
