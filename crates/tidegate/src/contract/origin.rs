//! From an edge of the graph to the triggers it can be, and where their events must come from.

use super::names::Place;
use std::collections::BTreeSet;
use tidegate_decide::Trigger;
use tidegate_graph::contract::{Answer, Origin};
use tidegate_graph::{Node, Resource, Value};

/// An edge of the graph, with what it takes to understand it.
pub(super) struct Way<'a> {
    pub(super) place: &'a Place,
    /// Where it starts.
    pub(super) node: &'a Node,
    /// What declares that.
    pub(super) resource: Option<&'a Resource>,
    /// What declares the function.
    pub(super) function: Option<&'a Resource>,
    pub(super) evidence: &'a str,
    /// ARNs that the code spells out for it.
    pub(super) elsewhere: Vec<String>,
    /// Other accounts may put events on the bus before it.
    pub(super) shared_bus: bool,
}

/// One trigger with its origin.
pub(super) struct Route {
    pub(super) trigger: Trigger,
    pub(super) origin: Origin,
    pub(super) unknown: Vec<String>,
    /// Where the trigger's own answer would be wrong.
    pub(super) answer: Option<Answer>,
    /// Only a clock speaks: nobody can put anything into the event.
    pub(super) clockwork: bool,
}

impl Route {
    fn new(trigger: Trigger, origin: Origin, unknown: &[&str]) -> Self {
        let unknown = unknown.iter().map(ToString::to_string).collect();
        Self { trigger, origin, unknown, answer: None, clockwork: false }
    }
}

/// A function URL: the caller's account, or none, stands where an API's would.
pub(super) fn of_url() -> Route {
    Route::new(Trigger::ApiGatewayV2, Origin::default(), &["id"])
}

/// Somebody outside who may call the function as it is.
pub(super) fn of_caller() -> Route {
    Route::new(Trigger::Direct, Origin::default(), &["source"])
}

impl Way<'_> {
    /// All triggers that the edge can be.
    pub(super) fn routes(&self) -> Vec<Route> {
        if self.evidence == "authorizer" {
            return vec![self.named(Trigger::Authorizer, "execute-api", "", &["*"])];
        }
        if self.evidence == "custom resource" {
            return vec![self.named(Trigger::CustomResource, "cloudformation", "", &["stack/*"])];
        }
        let named =
            |trigger, service, property, forms: &[&str]| vec![self.named(trigger, service, property, forms)];
        match self.node.service.as_str() {
            "sqs" => named(Trigger::Sqs, "sqs", "QueueName", &["{}"]),
            "sns" => named(Trigger::Sns, "sns", "TopicName", &["{}"]),
            "s3" => named(Trigger::S3, "s3", "BucketName", &["{}"]),
            "dynamodb" => named(Trigger::DynamoDb, "dynamodb", "TableName", &["table/{}/stream/*"]),
            "kinesis" => named(Trigger::Kinesis, "kinesis", "Name", &["stream/{}", "stream/{}/consumer/*"]),
            "firehose" => named(Trigger::Firehose, "firehose", "DeliveryStreamName", &["deliverystream/{}"]),
            "kafka" if self.node.name == "kafka" && self.resource.is_none() => {
                vec![Route::new(Trigger::Kafka, Origin::default(), &["source"])]
            }
            "kafka" => named(Trigger::Kafka, "kafka", "ClusterName", &["cluster/{}/*"]),
            "mq" => named(Trigger::Mq, "mq", "BrokerName", &["broker:{}:*"]),
            "rds" => named(Trigger::DocumentDb, "rds", "DBClusterIdentifier", &["cluster:{}"]),
            "elasticloadbalancing" => named(Trigger::Alb, "elasticloadbalancing", "", &["targetgroup/*"]),
            "events" => self.events(),
            "scheduler" => vec![Route { clockwork: true, answer: Some(Answer::Swallow), ..of_caller() }],
            "apigateway" => self.api(),
            "vpc-lattice" => vec![Route::new(Trigger::Lattice, Origin::default(), &["source"])],
            "appsync" => vec![Route::new(Trigger::AppSync, Origin::default(), &["source"])],
            "cognito-idp" => {
                let regions = self.place.region.clone().into_iter().collect();
                let unknown: &[&str] = if self.place.region.is_some() { &["id"] } else { &["id", "region"] };
                vec![Route::new(Trigger::Cognito, Origin { regions, ..Origin::default() }, unknown)]
            }
            // It may call the function's URL; at the edge it calls the function as it is.
            "cloudfront" if self.evidence == "permission to invoke" => vec![of_url()],
            "logs" => vec![Route::new(Trigger::Logs, Origin::default(), &["source"])],
            "ses" => vec![Route::new(Trigger::Ses, Origin::default(), &["source"])],
            // A rule hands on what a device sent, without an envelope.
            "iot" => vec![
                Route::new(Trigger::Iot, Origin::default(), &["source"]),
                Route { answer: Some(Answer::Swallow), ..of_caller() },
            ],
            "config" | "codepipeline" | "codecommit" => {
                vec![Route::new(Trigger::Service, Origin::default(), &["source"])]
            }
            _ => self.elsewhere(),
        }
    }

    /// Google Cloud and Azure; and whatever calls the function with an event of its own making.
    fn elsewhere(&self) -> Vec<Route> {
        let triggers: &[Trigger] = match (self.node.ty.starts_with("google_"), self.node.service.as_str()) {
            (_, "pubsub") => &[Trigger::PubSub, Trigger::CloudEvent],
            (true, "storage") => &[Trigger::CloudStorage, Trigger::CloudEvent],
            (_, "eventarc") => &[Trigger::CloudEvent, Trigger::PubSub, Trigger::CloudStorage],
            (_, "eventgrid") => &[Trigger::EventGrid, Trigger::CloudEvent],
            (_, "servicebus") => &[Trigger::ServiceBus, Trigger::Direct],
            (_, "eventhub") => &[Trigger::EventHubs, Trigger::Direct],
            _ => &[Trigger::Direct],
        };
        triggers.iter().map(|t| Route::new(*t, Origin::default(), &["source"])).collect()
    }

    /// An origin by ARN; `property` holds the name that each of `forms` takes.
    fn named(&self, trigger: Trigger, service: &str, property: &str, forms: &[&str]) -> Route {
        let mut unknown = BTreeSet::new();
        let mut names = BTreeSet::new();
        match self.resource {
            Some(resource) if !property.is_empty() => {
                names.extend(resource.property(property).into_iter().flat_map(|v| self.place.patterns(v)));
            }
            Some(_) => {}
            None if !self.elsewhere.is_empty() => return self.spelled(trigger),
            None if self.node.name != self.node.service => {
                // A name that comes in from outside has holes of its own.
                let name = &self.node.name;
                names.insert(if name.contains("${") { "*".to_string() } else { name.to_string() });
            }
            None => {}
        }
        if names.is_empty() {
            names.insert("*".to_string());
        }
        if names.iter().any(|name| name.contains('*')) {
            unknown.insert("name");
        }
        if service != "s3" {
            unknown.extend(self.place.account.is_none().then_some("account"));
        }
        unknown.extend(self.place.region.is_none().then_some("region"));
        unknown.extend(self.place.partition.is_none().then_some("partition"));
        let mut arns: Vec<String> = Vec::new();
        for form in forms {
            arns.extend(names.iter().map(|name| self.place.arn(service, &form.replace("{}", name))));
        }
        arns.sort();
        // The ARN of a bucket has no region, but its event has.
        let regions = self.place.region.clone().filter(|_| service == "s3").into_iter().collect();
        let unknown: Vec<&str> = unknown.into_iter().collect();
        Route::new(trigger, Origin { arns, regions, ..Origin::default() }, &unknown)
    }

    /// An origin that the code spells out, as a rule of another account's.
    fn spelled(&self, trigger: Trigger) -> Route {
        let parts = ["partition", "region", "account", "name"];
        let mut unknown = BTreeSet::new();
        for arn in &self.elsewhere {
            let own: Vec<&str> = arn.splitn(6, ':').collect();
            let at = |i: usize| own.get(i).copied().unwrap_or("*");
            let holes = [at(1), at(3), at(4), at(5)].map(|part| part.contains('*'));
            unknown.extend(parts.iter().zip(holes).filter(|(_, hole)| *hole).map(|(name, _)| *name));
        }
        let unknown: Vec<&str> = unknown.into_iter().collect();
        let mut arns = self.elsewhere.clone();
        // The ARN of a stream's mapping may name one of its consumers, and a table's its stream.
        if trigger == Trigger::Kinesis {
            arns.extend(self.elsewhere.iter().map(|arn| format!("{arn}/consumer/*")));
        }
        Route::new(trigger, Origin { arns, ..Origin::default() }, &unknown)
    }

    fn events(&self) -> Vec<Route> {
        let Some(rule) = self.resource.filter(|r| r.ty == "AWS::Events::Rule") else {
            return vec![Route::new(Trigger::EventBridge, Origin::default(), &["source"])];
        };
        if self.is_rewritten(rule) {
            // What arrives has the form that the rule gives it.
            let swallow = Some(Answer::Swallow);
            return vec![Route { answer: swallow, ..of_caller() }];
        }
        let mut unknown = BTreeSet::new();
        let known = |part: &Option<String>| part.clone().into_iter().collect::<Vec<_>>();
        let mut origin = Origin { regions: known(&self.place.region), ..Origin::default() };
        if self.shared_bus {
            unknown.insert("account");
        } else {
            origin.accounts = known(&self.place.account);
            unknown.extend(self.place.account.is_none().then_some("account"));
        }
        unknown.extend(self.place.region.is_none().then_some("region"));
        let scheduled = rule.property("ScheduleExpression").is_some();
        let pattern = rule.property("EventPattern");
        if scheduled {
            let route = self.clock(rule, origin.clone(), &unknown);
            if pattern.is_none() {
                return vec![route];
            }
        }
        // A rule with both is started by either: then only account and region are common to them.
        match pattern.filter(|_| !scheduled) {
            Some(pattern) => {
                origin.sources = self.listed(pattern, "source").unwrap_or_default();
                origin.detail_types = self.listed(pattern, "detail-type").unwrap_or_default();
                unknown.extend(origin.sources.is_empty().then_some("source"));
                unknown.extend(origin.detail_types.is_empty().then_some("detail-type"));
            }
            None => unknown.extend(["detail-type", "source"]),
        }
        let unknown: Vec<&str> = unknown.into_iter().collect();
        vec![Route::new(Trigger::EventBridge, origin, &unknown)]
    }

    fn clock(&self, rule: &Resource, origin: Origin, unknown: &BTreeSet<&str>) -> Route {
        let mut unknown = unknown.clone();
        let name = self.place.exact(rule, "Name");
        unknown.extend(name.is_none().then_some("name"));
        unknown.extend(self.place.partition.is_none().then_some("partition"));
        let arns = vec![self.place.arn("events", &format!("rule/{}", name.as_deref().unwrap_or("*")))];
        let sources = vec!["aws.events".to_string()];
        let detail_types = vec!["Scheduled Event".to_string()];
        let unknown: Vec<&str> = unknown.into_iter().collect();
        let origin = Origin { arns, sources, detail_types, ..origin };
        Route { clockwork: true, ..Route::new(Trigger::EventBridge, origin, &unknown) }
    }

    /// True if the rule hands this function something other than the event.
    fn is_rewritten(&self, rule: &Resource) -> bool {
        let targets = rule.property("Targets").map(Value::items).unwrap_or_default();
        let own = |target: &&Value| {
            let Some(function) = self.function else { return true };
            let mut named = target.get("Arn").into_iter().flat_map(Value::references);
            named.any(|(reference, _)| reference.target == function.id)
        };
        // One that names no resource may be this function's.
        let mine: Vec<&Value> = targets.iter().filter(own).collect();
        let rewrites = |target: &&Value| {
            ["Input", "InputPath", "InputTransformer"].iter().any(|k| target.get(k).is_some())
        };
        if mine.is_empty() { targets.iter().any(|t| rewrites(&t)) } else { mine.iter().any(rewrites) }
    }

    /// The exact texts that a pattern lists under a key; none if it matches in any other way.
    fn listed(&self, pattern: &Value, key: &str) -> Option<Vec<String>> {
        let text = |value: &Value| {
            let mut found = self.place.patterns(value);
            let only = found.pop_first()?;
            (found.is_empty() && value.as_map().is_none() && !only.contains('*')).then_some(only)
        };
        let mut list = pattern.get(key)?.items().iter().map(text).collect::<Option<Vec<String>>>()?;
        list.sort();
        Some(list)
    }

    fn api(&self) -> Vec<Route> {
        let accounts: Vec<String> = self.place.account.clone().into_iter().collect();
        let unknown: &[&str] = if accounts.is_empty() { &["account", "id"] } else { &["id"] };
        let origin = Origin { accounts, ..Origin::default() };
        let socket = self.resource.and_then(|r| r.property("ProtocolType")).and_then(Value::as_str);
        let route = |trigger| Route::new(trigger, origin.clone(), unknown);
        match self.node.ty.as_str() {
            "AWS::ApiGateway::RestApi" => vec![route(Trigger::ApiGatewayV1)],
            "AWS::ApiGatewayV2::Api" if socket == Some("WEBSOCKET") => {
                vec![Route::new(Trigger::WebSocket, Origin::default(), &["account", "id"])]
            }
            // Each integration has its own version of the payload.
            "AWS::ApiGatewayV2::Api" => vec![route(Trigger::ApiGatewayV1), route(Trigger::ApiGatewayV2)],
            _ => [Trigger::ApiGatewayV1, Trigger::ApiGatewayV2, Trigger::WebSocket]
                .map(|t| Route::new(t, Origin::default(), &["account", "id"]))
                .into(),
        }
    }
}
