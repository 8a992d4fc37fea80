//! Policies of resources, which templates declare beside them.

use super::{Builder, Place};
use crate::link::walk::all;
use std::sync::Arc;
use tidegate_graph::{Map, Resource, Str, Value};
use tidegate_iam::Policy;

/// Resources that are the policy of another one: type, property of the document, property of the owner, service.
const POLICIES: [(&str, &str, &str, &str); 9] = [
    ("AWS::SQS::QueuePolicy", "PolicyDocument", "Queues", "sqs"),
    ("AWS::SNS::TopicPolicy", "PolicyDocument", "Topics", "sns"),
    ("AWS::S3::BucketPolicy", "PolicyDocument", "Bucket", "s3"),
    ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy", "SecretId", "secretsmanager"),
    ("AWS::Kinesis::ResourcePolicy", "ResourcePolicy", "ResourceArn", "kinesis"),
    ("AWS::Events::EventBusPolicy", "Statement", "EventBusName", "events"),
    ("AWS::ECR::RepositoryPolicy", "PolicyText", "RepositoryName", "ecr"),
    ("AWS::SNS::TopicInlinePolicy", "PolicyDocument", "TopicArn", "sns"),
    ("AWS::SQS::QueueInlinePolicy", "PolicyDocument", "Queue", "sqs"),
];

/// Properties in which a resource holds its own policy.
const OWN: [(&str, &str); 8] = [
    ("AWS::KMS::Key", "KeyPolicy"),
    ("AWS::DynamoDB::Table", "ResourcePolicy.PolicyDocument"),
    ("AWS::ECR::Repository", "RepositoryPolicyText"),
    ("AWS::EFS::FileSystem", "FileSystemPolicy"),
    ("AWS::Elasticsearch::Domain", "AccessPolicies"),
    ("AWS::OpenSearchService::Domain", "AccessPolicies"),
    ("AWS::ApiGateway::RestApi", "Policy"),
    ("AWS::Events::EventBus", "Policy"),
];

impl Builder<'_> {
    /// Adds what a resource says of its own or another resource's policy.
    pub(super) fn resource_policy(&mut self, resource: &Resource) {
        if resource.ty == "AWS::Lambda::Permission" {
            return self.permission(resource);
        }
        if let Some((_, property)) = OWN.iter().find(|(ty, _)| *ty == resource.ty) {
            let owner = self.names.arn(&resource.id).cloned();
            if let (Some(owner), Some(value)) =
                (owner, all(&resource.properties, property).into_iter().next())
            {
                let policy = self.policy(&resource.logical_id, value);
                self.add_policy("", &owner, policy);
            }
            return;
        }
        let Some((ty, property, owner, service)) = POLICIES.iter().find(|(ty, ..)| *ty == resource.ty) else {
            return;
        };
        let value = match *ty {
            "AWS::Events::EventBusPolicy" => bus_policy(resource),
            _ => all(&resource.properties, property).into_iter().next().cloned(),
        };
        let Some(value) = value else { return };
        let policy = self.policy(&resource.logical_id, &value);
        let mut owners: Vec<Str> =
            all(&resource.properties, owner).into_iter().filter_map(|v| self.text(v)).collect();
        if owners.is_empty() && *ty == "AWS::Events::EventBusPolicy" {
            owners.push("default".into());
        }
        for owner in owners {
            self.add_policy(service, &owner, policy.clone());
        }
    }

    /// A permission of a function is a statement of its policy.
    fn permission(&mut self, resource: &Resource) {
        let span = resource.span;
        let field = |name: &str| resource.properties.get(name);
        let (Some(function), Some(action), Some(principal)) =
            (field("FunctionName"), field("Action"), field("Principal"))
        else {
            return;
        };
        let Some(owner) = self.text(function) else { return };
        let Some(Place::Resource(index)) = self.place("lambda", &owner) else { return };
        let Some(arn) = self.account.resources.get(index).map(|r| r.arn.clone()) else { return };
        let is_service = self.text(principal).is_some_and(|text| text.contains(".amazonaws."));
        let mut conditions = Vec::new();
        let keys = [
            ("SourceArn", "ArnLike", "AWS:SourceArn"),
            ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
            ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
            ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
            ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
        ];
        for (property, operator, key) in keys {
            if let Some(value) = field(property) {
                conditions.push((operator, key, value.clone()));
            }
        }
        let mut condition = Map::new();
        for operator in ["ArnLike", "StringEquals"] {
            let own = conditions.iter().filter(|(name, ..)| *name == operator);
            let keys: Vec<(Str, Value)> = own.map(|(_, key, value)| ((*key).into(), value.clone())).collect();
            if !keys.is_empty() {
                condition.insert(operator, Value::object(keys, span));
            }
        }
        let named = Value::object([(if is_service { "Service" } else { "AWS" }, principal.clone())], span);
        let statement = Value::object(
            [
                ("Effect", Value::text("Allow", span)),
                ("Principal", named),
                ("Action", action.clone()),
                ("Resource", Value::text(arn.clone(), span)),
                ("Condition", Value::map(condition, span)),
            ],
            span,
        );
        let document =
            Value::object([("Version", Value::text("2012-10-17", span)), ("Statement", statement)], span);
        let policy = self.policy(&resource.logical_id, &document);
        self.add_policy("", &arn, policy);
    }

    /// A resource has one policy; what is declared apart is joined.
    fn add_policy(&mut self, service: &str, owner: &str, policy: Policy) {
        self.account.problems.extend(policy.problems.iter().cloned());
        let Some(Place::Resource(index)) = self.place(service, owner) else { return };
        let Some(resource) = self.account.resources.get_mut(index) else { return };
        resource.policy = Some(match resource.policy.take() {
            None => Arc::new(policy),
            Some(before) => {
                let mut joined = Arc::unwrap_or_clone(before);
                let count = joined.statements.len();
                joined.statements.extend(policy.statements.into_iter().map(|mut statement| {
                    statement.index += count;
                    statement
                }));
                Arc::new(joined)
            }
        });
    }
}

/// A bus's policy: a statement, or an account that may put events.
fn bus_policy(resource: &Resource) -> Option<Value> {
    let span = resource.span;
    let document = |statement: Value| {
        Value::object([("Version", Value::text("2012-10-17", span)), ("Statement", statement)], span)
    };
    if let Some(statement) = resource.properties.get("Statement") {
        return Some(document(statement.clone()));
    }
    let principal = resource.properties.get("Principal")?.clone();
    let action = resource.properties.get("Action").cloned();
    let statement = Value::object(
        [
            ("Effect", Value::text("Allow", span)),
            ("Principal", Value::object([("AWS", principal)], span)),
            ("Action", action.unwrap_or_else(|| Value::text("events:PutEvents", span))),
            ("Resource", Value::text("*", span)),
        ],
        span,
    );
    Some(document(statement))
}
