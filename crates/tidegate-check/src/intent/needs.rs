//! What Lambda and the code need beyond the use of what is named: tracing, networks, brokers, parameters, rotation.
//!
//! A need explains a permission. What it explains is kept, whatever else is said of the statement.

use super::judge::Judgement;
use super::kinds::NETWORK_ACTIONS;
use super::{Item, Verdict};
use crate::Context;
use std::collections::BTreeSet;
use tidegate_graph::policy::{Statement, matches};
use tidegate_graph::{Piece, Resource, Span, Value};
use tidegate_iam::catalogue::Access;

/// What tracing writes with, and asks how much of it is wanted.
const TRACE_ACTIONS: &[&str] = &[
    "GetSamplingRules",
    "GetSamplingStatisticSummaries",
    "GetSamplingTargets",
    "PutTelemetryRecords",
    "PutTraceSegments",
];

/// How a poller of brokers joins their network.
const POLLER_NETWORK: &[&str] = &["DescribeSecurityGroups", "DescribeVpcs"];

/// How a poller finds an MSK cluster and reads from it; where IAM authenticates clients, the latter takes permissions.
const MSK_ACTIONS: &[&str] =
    &["DescribeCluster", "DescribeClusterV2", "GetBootstrapBrokers", "ListScramSecrets"];
const MSK_READS: &[&str] = &[
    "AlterGroup",
    "Connect",
    "DescribeClusterDynamicConfiguration",
    "DescribeGroup",
    "DescribeTopic",
    "DescribeTopicDynamicConfiguration",
    "ReadData",
];

const DOCUMENT_DB: &[&str] = &["DescribeDBClusterParameters", "DescribeDBClusters", "DescribeDBSubnetGroups"];
const PARAMETERS: &[&str] = &["GetParameter", "GetParameters", "GetParametersByPath"];
const APP_CONFIG: &[&str] = &["GetLatestConfiguration", "StartConfigurationSession"];
const ROTATION: &[&str] = &["DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"];
const FILES: &[&str] = &["ClientMount", "ClientWrite"];

/// An action that is needed whatever the code does with what is named.
#[derive(Clone, Debug)]
pub(super) struct Required<'a> {
    pub(super) service: &'static str,
    pub(super) action: &'static str,
    /// Of what; `None` for something that isn't declared, or for no resource at all.
    pub(super) on: Option<&'a Resource>,
    pub(super) why: String,
    /// Where it shows.
    span: Span,
}

impl Required<'_> {
    /// Of what, for people.
    pub(super) fn resource(&self) -> &str {
        self.on.map_or("*", |resource| resource.logical_id.as_str())
    }
}

/// What these functions need.
pub(super) fn of<'a>(cx: &Context<'a>, functions: &[&'a Resource]) -> Vec<Required<'a>> {
    let mut found = Found::default();
    for function in functions {
        found.tracing(cx, function);
        found.network(cx, function);
        found.sources(cx, function);
        found.variables(cx, function);
        found.rotation(cx, function);
        found.files(cx, function);
    }
    found.out
}

/// Marks as kept whatever of a judged statement is needed.
pub(super) fn keep(
    cx: &Context<'_>,
    owner: &Resource,
    required: &[Required<'_>],
    statement: &Statement<'_>,
    judgement: &mut Judgement<'_>,
) {
    let mut kept = Vec::new();
    let traced = required.iter().any(|need| need.service == "xray");
    for item in &mut judgement.items {
        let Some((service, name)) = item.action.split_once(':') else { continue };
        // Whoever may do everything is told so; the needs are listed beside it.
        if service == "*" || item.verdict == Verdict::Kept && service != "xray" {
            continue;
        }
        let needed: Vec<&Required<'_>> = required
            .iter()
            .filter(|need| need.service.eq_ignore_ascii_case(service) && matches(name, need.action))
            .filter(|need| covers(cx, owner, statement, need))
            .collect();
        if service == "xray" && !traced {
            item.verdict = Verdict::Unknown;
            item.why = "tracing isn't on; whoever calls may ask for it all the same".into();
            continue;
        }
        let Some(first) = needed.first() else { continue };
        let names: BTreeSet<&str> = needed.iter().map(|need| need.action).collect();
        if !name.contains(['*', '?']) {
            // What is named is kept beside it; too wide it is all the same.
            if item.verdict == Verdict::Surplus {
                continue;
            }
            item.verdict = Verdict::Kept;
            item.why.clone_from(&first.why);
            item.span = first.span;
            continue;
        }
        item.actions.retain(|action| !names.contains(action.as_str()));
        if item.verdict == Verdict::Kept {
            item.verdict = Verdict::Unknown;
            item.why = "the wildcard covers more than is needed to trace".into();
        }
        kept.push(Item {
            verdict: Verdict::Kept,
            action: item.action.clone(),
            actions: names.iter().map(ToString::to_string).collect(),
            resource: first.resource().into(),
            why: first.why.clone(),
            span: first.span,
            level: Access::List,
        });
        // What has no resource of its own is lost where resources are named.
        judgement.narrowable &= needed.iter().all(|need| need.on.is_some());
        for (n, list) in &mut judgement.actions {
            let own = statement.actions.get(*n).and_then(|v| v.as_str());
            if own == Some(item.action.as_str()) {
                list.extend(names.iter().map(|name| format!("{service}:{name}")));
                list.sort();
                list.dedup();
            }
        }
    }
    judgement.items.extend(kept);
}

/// False where the statement is known to be about something else.
fn covers(cx: &Context<'_>, owner: &Resource, statement: &Statement<'_>, need: &Required<'_>) -> bool {
    let Some(on) = need.on else { return true };
    statement.resources.iter().any(|value| {
        let open = value.as_text().is_none_or(|text| text.contains('*'));
        cx.target(owner, value, &on.ty).map_or(open, |target| target.id == on.id)
    })
}

#[derive(Default)]
struct Found<'a> {
    out: Vec<Required<'a>>,
}

impl<'a> Found<'a> {
    fn add(
        &mut self,
        service: &'static str,
        actions: &[&'static str],
        on: Option<&'a Resource>,
        (why, span): (&str, Span),
    ) {
        for action in actions {
            let id = on.map(|r| &r.id);
            let same = |need: &Required<'_>| {
                need.service == service && need.action == *action && need.on.map(|r| &r.id) == id
            };
            if !self.out.iter().any(same) {
                self.out.push(Required { service, action, on, why: why.into(), span });
            }
        }
    }

    fn tracing(&mut self, cx: &Context<'a>, function: &'a Resource) {
        let Some(mode) = cx.get(function, &["TracingConfig", "Mode"]) else { return };
        if mode.as_str() == Some("Active") {
            self.add("xray", TRACE_ACTIONS, None, ("tracing is on", mode.span));
        } else if mode.is_unknown() {
            self.add("xray", TRACE_ACTIONS, None, ("tracing may be on", mode.span));
        }
    }

    fn network(&mut self, cx: &Context<'a>, function: &'a Resource) {
        if let Some(config) = cx.get(function, &["VpcConfig"]) {
            self.add(
                "ec2",
                NETWORK_ACTIONS,
                None,
                ("Lambda joins the function to its network with it", config.span),
            );
        }
    }

    fn files(&mut self, cx: &Context<'a>, function: &'a Resource) {
        for config in cx.items(function, &["FileSystemConfigs"]) {
            let Some(arn) = cx.child(config, "Arn") else { continue };
            // The permission is on the file system; the access point is only a condition.
            self.add("elasticfilesystem", FILES, None, ("its file system is mounted with it", arn.span));
        }
    }

    fn sources(&mut self, cx: &Context<'a>, function: &'a Resource) {
        for mapping in cx.referrers(function, "AWS::Lambda::EventSourceMapping", "FunctionName") {
            let source = cx.get(mapping, &["EventSourceArn"]);
            let find = |ty: &str| source.and_then(|value| cx.target(mapping, value, ty));
            let service = source.map(service_of).unwrap_or_default();
            let has = |key: &str| cx.get(mapping, &[key]).map(|value| value.span);
            let span = source.map_or(mapping.span, |value| value.span);
            let msk = find("AWS::MSK::Cluster").or_else(|| find("AWS::MSK::ServerlessCluster"));
            let broker = find("AWS::AmazonMQ::Broker");
            let documents = find("AWS::DocDB::DBCluster");
            let why = if msk.is_some()
                || service == "kafka"
                || has("AmazonManagedKafkaEventSourceConfig").is_some()
            {
                let why = "the poller finds the Kafka cluster and reads from it with it";
                self.add("kafka", MSK_ACTIONS, msk, (why, span));
                // What is read is a topic or a group of the cluster, with an ARN of its own.
                self.add("kafka-cluster", MSK_READS, None, (why, span));
                "the poller reaches the Kafka cluster with it"
            } else if has("SelfManagedEventSource").is_some() {
                "the poller reaches the Kafka brokers with it"
            } else if broker.is_some() || service == "mq" {
                self.add("mq", &["DescribeBroker"], broker, ("the poller finds the broker with it", span));
                "the poller reaches the broker with it"
            } else if documents.is_some() || has("DocumentDBEventSourceConfig").is_some() {
                self.add("rds", DOCUMENT_DB, documents, ("the poller finds the database with it", span));
                "the poller reaches the database with it"
            } else {
                continue;
            };
            self.add("ec2", NETWORK_ACTIONS, None, (why, span));
            self.add("ec2", POLLER_NETWORK, None, (why, span));
            for config in cx.items(mapping, &["SourceAccessConfigurations"]) {
                let Some(uri) = cx.child(config, "URI") else { continue };
                let kind = cx.child(config, "Type").and_then(|v| v.as_str());
                if kind.is_some_and(|kind| kind.starts_with("VPC") || kind == "VIRTUAL_HOST") {
                    continue;
                }
                let secret = cx.target(mapping, uri, "AWS::SecretsManager::Secret");
                let why = "the poller signs in to the event source with it";
                self.add("secretsmanager", &["GetSecretValue"], secret, (why, uri.span));
                self.key(cx, secret, "KmsKeyId", why);
            }
        }
    }

    /// What its variables name that is there to be read.
    fn variables(&mut self, cx: &Context<'a>, function: &'a Resource) {
        let variables = cx.get(function, &["Environment", "Variables"]).and_then(Value::as_map);
        for (key, value) in variables.into_iter().flat_map(tidegate_graph::Map::iter) {
            let Some(value) = cx.world.resolve(value) else { continue };
            let named = (format!("`{key}` names it"), value.span);
            let named = (named.0.as_str(), named.1);
            let is_value = value.references().iter().any(|(reference, _)| {
                matches!(reference.attribute.as_str(), "Value" | "value" | "insecure_value")
            });
            if let Some(parameter) = cx.target(function, value, "AWS::SSM::Parameter").filter(|_| !is_value) {
                self.add("ssm", PARAMETERS, Some(parameter), named);
                self.key(cx, Some(parameter), "KeyId", "what it reads is encrypted with it");
            }
            if let Some(secret) = cx.target(function, value, "AWS::SecretsManager::Secret") {
                self.add("secretsmanager", &["GetSecretValue"], Some(secret), named);
                self.key(cx, Some(secret), "KmsKeyId", "what it reads is encrypted with it");
            }
            let of_config = value.references().iter().any(|(reference, _)| {
                cx.system.resource(&reference.target).is_some_and(|r| r.ty.starts_with("AWS::AppConfig::"))
            });
            let fetched = key.starts_with("AWS_APPCONFIG_EXTENSION_PREFETCH");
            if of_config || fetched {
                self.add("appconfig", APP_CONFIG, None, named);
            }
        }
    }

    fn rotation(&mut self, cx: &Context<'a>, function: &'a Resource) {
        for schedule in cx.referrers(function, "AWS::SecretsManager::RotationSchedule", "RotationLambdaARN") {
            let secret = cx.get(schedule, &["SecretId"]);
            let target = secret.and_then(|value| cx.target(schedule, value, "AWS::SecretsManager::Secret"));
            let why = ("it rotates the secret", schedule.span);
            self.add("secretsmanager", ROTATION, target, why);
            self.add("secretsmanager", &["GetRandomPassword"], None, why);
            self.key(cx, target, "KmsKeyId", "the secret that it rotates is encrypted with it");
        }
    }

    /// The key with which something is encrypted that is read.
    fn key(&mut self, cx: &Context<'a>, of: Option<&'a Resource>, property: &str, why: &str) {
        let Some(value) = of.and_then(|resource| cx.get(resource, &[property])) else { return };
        let Some(resource) = of else { return };
        if let Some(key) = key_of(cx, resource, value) {
            self.add("kms", &["Decrypt"], Some(key), (why, value.span));
        }
    }
}

/// The declared key that a value names, by itself or by an alias.
pub(super) fn key_of<'a>(cx: &Context<'a>, from: &Resource, value: &Value) -> Option<&'a Resource> {
    cx.target(from, value, "AWS::KMS::Key").or_else(|| {
        let alias = cx.target(from, value, "AWS::KMS::Alias")?;
        cx.target(alias, cx.get(alias, &["TargetKeyId"])?, "AWS::KMS::Key")
    })
}

fn service_of(arn: &Value) -> String {
    let text: String = arn.pieces().iter().map(Piece::display).collect();
    text.split(':').nth(2).unwrap_or_default().to_string()
}
