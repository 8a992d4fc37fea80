//! Connections, as each type declares them.

use super::{Delivery, IMAGE, Stop, What, Wire, lets_in, may_poll};
use crate::Arn;
use crate::account::Resource;
use crate::reach::world::World;
use tidegate_graph::{Data, Str, Value};

pub(super) fn collect(world: &World<'_>, resource: &Resource, out: &mut Vec<Delivery>) {
    let mut wires = Wires { world, resource, out };
    match resource.ty.as_str() {
        "AWS::Lambda::EventSourceMapping" => wires.mapping(),
        "AWS::SNS::Subscription" => wires.subscription(),
        "AWS::SNS::Topic" => wires.topic(),
        "AWS::Events::Rule" => wires.rule(),
        "AWS::S3::Bucket" => wires.bucket(),
        "AWS::Pipes::Pipe" => wires.pipe(),
        "AWS::Logs::SubscriptionFilter" => wires.filter(),
        "AWS::KinesisFirehose::DeliveryStream" => wires.firehose(),
        "AWS::IoT::TopicRule" => wires.topic_rule(),
        "AWS::Lambda::Function" => wires.function(),
        "AWS::Glue::Job" => wires.glue(),
        "AWS::CodeBuild::Project" => wires.project(),
        _ => {}
    }
}

struct Wires<'w, 'a> {
    world: &'w World<'a>,
    resource: &'w Resource,
    out: &'w mut Vec<Delivery>,
}

impl Wires<'_, '_> {
    fn value(&self, path: &str) -> Option<&Value> {
        let mut keys = path.split('.');
        let first = self.resource.properties.get(keys.next()?)?;
        keys.try_fold(first, |value, key| value.get(key))
    }

    fn text(&self, path: &str) -> Option<Str> {
        self.value(path)?.as_text()
    }

    fn is_off(&self, path: &str, words: &[&str]) -> bool {
        let value = self.value(path);
        value.and_then(Value::as_bool) == Some(false)
            || value.and_then(Value::as_text).is_some_and(|text| words.contains(&text.as_str()))
    }

    fn push(&mut self, from: Str, what: What, to: Stop, text: String, before: &'static [&'static str]) {
        let wire = Wire { text, span: self.resource.span };
        self.out.push(Delivery { from, what, to, wire, before });
    }

    /// The function that a text means: name, ARN, or an alias of it.
    fn function_of(&self, text: &str) -> Option<usize> {
        let plain = |text: &str| {
            let name = text.rsplit(":function:").next().unwrap_or(text);
            let name = if name.starts_with("arn:") { name } else { name.split(':').next().unwrap_or(name) };
            self.world.find("lambda", text).or_else(|| self.world.find("lambda", name))
        };
        plain(text).or_else(|| plain(self.world.alias(text)?))
    }

    /// Where something goes, when the service may deliver it there.
    fn stop(&self, text: &str, service: &str, source: &str) -> Option<Stop> {
        let arn = Arn::split(text);
        if let Some(function) = self.function_of(text)
            && let Some(resource) = self.world.resource(function)
            && resource.ty == "AWS::Lambda::Function"
        {
            let may =
                service.is_empty() || lets_in(self.world, service, "lambda:InvokeFunction", resource, source);
            return may.then_some(Stop::Resource(function));
        }
        let Some(index) = self.world.find(arn.service(), text) else {
            return (arn.count() == 6).then(|| Stop::Carrier(text.into()));
        };
        let resource = self.world.resource(index)?;
        let action = match resource.ty.as_str() {
            "AWS::SQS::Queue" => "sqs:SendMessage",
            "AWS::SNS::Topic" => "sns:Publish",
            // Everything else is delivered with a role.
            _ => return Some(Stop::Resource(index)),
        };
        let may = service.is_empty() || lets_in(self.world, service, action, resource, source);
        may.then_some(Stop::Resource(index))
    }

    fn mapping(&mut self) {
        if self.is_off("Enabled", &["false"]) {
            return;
        }
        let (Some(source), Some(name)) = (self.text("EventSourceArn"), self.text("FunctionName")) else {
            return;
        };
        let Some(function) = self.function_of(&name) else { return };
        if !may_poll(self.world, &self.world.runs_as(function, &[]), &source) {
            return;
        }
        let text = format!("the mapping `{}` polls it", self.resource.name);
        self.push(carrier(&source), What::Anything, Stop::Resource(function), text, &[]);
    }

    fn subscription(&mut self) {
        let (Some(topic), Some(endpoint)) = (self.text("TopicArn"), self.text("Endpoint")) else { return };
        self.subscribe(&topic, &endpoint);
    }

    fn topic(&mut self) {
        let topic = self.resource.arn.clone();
        let items = self.value("Subscription").map(Value::items).unwrap_or_default();
        let endpoints: Vec<Str> = items.iter().filter_map(|item| item.get("Endpoint")?.as_text()).collect();
        for endpoint in endpoints {
            self.subscribe(&topic, &endpoint);
        }
    }

    fn subscribe(&mut self, topic: &str, endpoint: &str) {
        if let Some(stop) = self.stop(endpoint, "sns.amazonaws.com", topic) {
            let text = format!("the subscription `{}` passes it on", self.resource.name);
            self.push(topic.into(), What::Anything, stop, text, &[]);
        }
    }

    fn rule(&mut self) {
        if self.is_off("State", &["DISABLED"]) {
            return;
        }
        let Some(pattern) = self.value("EventPattern") else { return };
        let pattern = match &pattern.data {
            Data::Json(inner) => (**inner).clone(),
            _ => pattern.clone(),
        };
        let Some(what) = event(&pattern) else { return };
        let bus = self.bus(self.text("EventBusName").as_deref().unwrap_or("default"));
        let own = self.resource.arn.clone();
        let targets: Vec<Str> = (self.value("Targets").map(Value::items).unwrap_or_default().iter())
            .filter_map(|target| target.get("Arn")?.as_text())
            .collect();
        for target in targets {
            if let Some(stop) = self.stop(&target, "events.amazonaws.com", &own) {
                let text = format!("the rule `{}` passes it on", self.resource.name);
                self.push(bus.clone(), what.clone(), stop, text, &[]);
            }
        }
    }

    /// ARN of a bus by name or ARN.
    fn bus(&self, name: &str) -> Str {
        if name.starts_with("arn:") {
            return name.into();
        }
        let known = self.world.find("events", name).and_then(|index| self.world.resource(index));
        known.map_or_else(
            || {
                format!("arn:aws:events:{}:{}:event-bus/{name}", self.world.region, self.world.account.id)
                    .into()
            },
            |bus| bus.arn.clone(),
        )
    }

    fn bucket(&mut self) {
        let bucket = self.resource.arn.clone();
        for (list, key, alternative) in [
            ("LambdaConfigurations", "Function", "LambdaFunctionArn"),
            ("QueueConfigurations", "Queue", "QueueArn"),
            ("TopicConfigurations", "Topic", "TopicArn"),
        ] {
            let items = self.value(&format!("NotificationConfiguration.{list}")).map(Value::items);
            for item in items.unwrap_or_default().to_vec() {
                let target = item.get(key).or_else(|| item.get(alternative)).and_then(Value::as_text);
                let Some(stop) = target.and_then(|t| self.stop(&t, "s3.amazonaws.com", &bucket)) else {
                    continue;
                };
                // What is removed or restored is nothing that somebody wrote for it.
                let event = item.get("Event").and_then(Value::as_text).unwrap_or_default();
                if !event.is_empty() && !event.starts_with("s3:ObjectCreated") && !event.starts_with("s3:*") {
                    continue;
                }
                let text = format!("the bucket `{}` notifies", self.resource.name);
                self.push(bucket.clone(), object(&item), stop, text, &[]);
            }
        }
    }

    fn pipe(&mut self) {
        if self.is_off("DesiredState", &["STOPPED"]) {
            return;
        }
        let (Some(source), Some(target)) = (self.text("Source"), self.text("Target")) else { return };
        let roles: Vec<usize> = self
            .world
            .find("pipes", &self.resource.arn)
            .map(|i| self.world.runs_as(i, &[]))
            .unwrap_or_default();
        if !roles.is_empty() && !may_poll(self.world, &roles, &source) {
            return;
        }
        for target in [Some(target), self.text("Enrichment")].into_iter().flatten() {
            if let Some(stop) = self.stop(&target, "", &source) {
                let text = format!("the pipe `{}` passes it on", self.resource.name);
                self.push(carrier(&source), What::Anything, stop, text, &[]);
            }
        }
    }

    fn filter(&mut self) {
        let (Some(group), Some(target)) = (self.text("LogGroupName"), self.text("DestinationArn")) else {
            return;
        };
        let known =
            self.world.find("logs", &group).and_then(|i| self.world.resource(i)).map(|r| r.arn.clone());
        let made = || {
            format!("arn:aws:logs:{}:{}:log-group:{group}", self.world.region, self.world.account.id).into()
        };
        let arn = known.unwrap_or_else(made);
        if let Some(stop) = self.stop(&target, "logs.amazonaws.com", &arn) {
            let text = format!("the subscription filter `{}` passes it on", self.resource.name);
            self.push(arn, What::Anything, stop, text, &[]);
        }
    }

    fn firehose(&mut self) {
        let mut functions = Vec::new();
        for property in self.resource.properties.values() {
            property.walk(&mut |value| {
                let name = value.get("ParameterName").and_then(Value::as_text);
                if name.as_deref() == Some("LambdaArn")
                    && let Some(text) = value.get("ParameterValue").and_then(Value::as_text)
                {
                    functions.push(text);
                }
            });
        }
        let own = self.resource.arn.clone();
        for function in functions {
            if let Some(stop) = self.stop(&function, "", &own) {
                let text = format!("the delivery stream `{}` has it transformed", self.resource.name);
                self.push(own.clone(), What::Anything, stop, text, &[]);
            }
        }
    }

    fn topic_rule(&mut self) {
        if self.value("TopicRulePayload.RuleDisabled").and_then(Value::as_bool) == Some(true) {
            return;
        }
        let Some(sql) = self.text("TopicRulePayload.Sql") else { return };
        let lower = sql.to_ascii_lowercase();
        let named =
            lower.find("from '").and_then(|at| sql.get(at + 6..)).and_then(|rest| rest.split('\'').next());
        let topic = named.unwrap_or("tidegate").replace(['+', '#'], "tidegate");
        let arn: Str =
            format!("arn:aws:iot:{}:{}:topic/{topic}", self.world.region, self.world.account.id).into();
        let actions = self.value("TopicRulePayload.Actions").map(Value::items).unwrap_or_default();
        let targets: Vec<Str> = (actions.iter())
            .flat_map(|action| {
                [("Lambda", "FunctionArn"), ("Sns", "TargetArn")]
                    .into_iter()
                    .filter_map(|(kind, key)| action.get(kind)?.get(key)?.as_text())
                    .collect::<Vec<_>>()
            })
            .collect();
        for target in targets {
            if let Some(stop) = self.stop(&target, "iot.amazonaws.com", &self.resource.arn) {
                let text = format!("the topic rule `{}` passes it on", self.resource.name);
                self.push(arn.clone(), What::Anything, stop, text, &[]);
            }
        }
    }

    /// Code that lies in a bucket or registry.
    fn function(&mut self) {
        let Some(own) = self.own() else { return };
        if let (Some(bucket), Some(key)) = (self.text("Code.S3Bucket"), self.text("Code.S3Key")) {
            let text = format!("the code of `{}` lies there", self.resource.name);
            self.push(bucket_arn(&bucket), What::Exactly(key), Stop::Resource(own), text, DEPLOYED);
        }
        if let Some(arn) = self.text("Code.ImageUri").and_then(|image| self.repository(&image)) {
            let text = format!("`{}` runs this image", self.resource.name);
            self.push(arn, What::Anything, Stop::Resource(own), text, IMAGE);
        }
    }

    fn glue(&mut self) {
        let roles =
            self.own().map(|own| self.world.runs_as(own, &["glue.amazonaws.com"])).unwrap_or_default();
        let Some(script) = self.text("Command.ScriptLocation") else { return };
        let Some((bucket, key)) = script.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) else {
            return;
        };
        let text = format!("the script of the job `{}` lies there", self.resource.name);
        self.push(bucket_arn(bucket), What::Exactly(key.into()), Stop::Roles(roles), text, RUNS);
    }

    fn project(&mut self) {
        let roles =
            self.own().map(|own| self.world.runs_as(own, &["codebuild.amazonaws.com"])).unwrap_or_default();
        let (Some(kind), Some(location)) = (self.text("Source.Type"), self.text("Source.Location")) else {
            return;
        };
        let text = format!("the project `{}` builds what lies there", self.resource.name);
        match kind.as_str() {
            "S3" => {
                if let Some((bucket, key)) = location.split_once('/') {
                    self.push(bucket_arn(bucket), What::Exactly(key.into()), Stop::Roles(roles), text, RUNS);
                }
            }
            "CODECOMMIT" => {
                let name = location.rsplit('/').next().unwrap_or_default();
                let arn =
                    format!("arn:aws:codecommit:{}:{}:{name}", self.world.region, self.world.account.id);
                self.push(arn.into(), What::Anything, Stop::Roles(roles), text, RUNS);
            }
            _ => {}
        }
    }

    fn own(&self) -> Option<usize> {
        self.world.find("", &self.resource.arn)
    }

    /// The repository of an image that a tag names; a digest can't be written again.
    fn repository(&self, image: &str) -> Option<Str> {
        if image.contains('@') {
            return None;
        }
        let (_, path) = image.split_once(".dkr.ecr.")?.1.split_once('/')?;
        let name = path.rsplit_once(':').map_or(path, |(name, _)| name);
        let known = self.world.find("ecr", name).and_then(|i| self.world.resource(i)).map(|r| r.arn.clone());
        let made = || {
            format!("arn:aws:ecr:{}:{}:repository/{name}", self.world.region, self.world.account.id).into()
        };
        Some(known.unwrap_or_else(made))
    }
}

const DEPLOYED: &[&str] = &["it is deployed again"];
const RUNS: &[&str] = &["something starts it"];

fn bucket_arn(name: &str) -> Str {
    if name.starts_with("arn:") { name.into() } else { format!("arn:aws:s3:::{name}").into() }
}

/// What is written, when this is read: of a table's stream the table.
fn carrier(source: &str) -> Str {
    let is_table = Arn::split(source).service() == "dynamodb";
    let table = source.split_once("/stream/").filter(|_| is_table).map(|(table, _)| table);
    table.unwrap_or(source).into()
}

/// The filter of a notification.
fn object(item: &Value) -> What {
    let (mut prefix, mut suffix) = (Str::default(), Str::default());
    let rules = item.get("Filter").and_then(|f| f.get("S3Key").or_else(|| f.get("Key")));
    let rules = rules.and_then(|k| k.get("Rules").or_else(|| k.get("FilterRules"))).map(Value::items);
    for rule in rules.unwrap_or_default() {
        let value = rule.get("Value").and_then(Value::as_text).unwrap_or_default();
        match rule.get("Name").and_then(Value::as_text).map(|n| n.to_ascii_lowercase()).as_deref() {
            Some("prefix") => prefix = value,
            Some("suffix") => suffix = value,
            _ => {}
        }
    }
    What::Object { prefix, suffix }
}

/// What an event pattern asks of an event that anybody can put; `None` when only AWS sends such events.
fn event(pattern: &Value) -> Option<What> {
    let words = |key: &str| -> Option<Vec<Str>> {
        let Some(value) = pattern.get(key) else { return Some(Vec::new()) };
        let items = value.items();
        let mut out = Vec::new();
        for item in items {
            match item.as_text() {
                Some(text) if key == "source" && text.starts_with("aws.") => {}
                Some(text) => out.push(text),
                // A matcher: some event fits, unless it begins as only AWS's do.
                None => {
                    let prefix = item.get("prefix").and_then(Value::as_text).unwrap_or_default();
                    if key != "source" || !prefix.starts_with("aws.") {
                        out.push(format!("{prefix}tidegate").into());
                    }
                }
            }
        }
        if items.is_empty() || !out.is_empty() { Some(out) } else { None }
    };
    Some(What::Event { sources: words("source")?, types: words("detail-type")? })
}
