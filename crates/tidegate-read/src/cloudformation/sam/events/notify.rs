//! Services that call a function themselves: buckets, topics, user pools, skills, rules of IoT, logs.

use super::super::function::under_condition;
use super::super::make::{
    argument, attribute, digest, logical_id, present, reference, set_opt, sub, sub_with, truthy, value,
};
use super::super::shape::expect_map;
use super::super::{Made, Res, Transform, distinct};
use super::{Event, pull};
use tidegate_graph::{Data, Map, Problem, Str, Value};

/// Marks that what a bucket held before is known.
const NOTIFICATIONS: &str = "LambdaConfigurations";
const DEPENDENCIES: &str = "DependsOn";

/// Notifications of a bucket of the same template.
pub(super) fn bucket(run: &mut Transform<'_>, event: &Event<'_>, made: &mut Vec<Made>) -> Res {
    let bucket = owner(run, event, "Bucket", "AWS::S3::Bucket")?;
    let span = event.span;
    let mut permission = event.permission("s3.amazonaws.com", None);
    permission.set("SourceAccount", reference("AWS::AccountId", span));
    let condition = event.target.condition().map(Str::from);
    let id = permission.id.clone();
    made.push(permission);
    depend(run, event, &bucket, &id, condition.as_deref())?;

    let mut notification = Map::new();
    notification.insert("Function", event.target.arn.clone());
    set_opt(&mut notification, "Filter", event.get("Filter"));
    let properties = properties(&mut run.source, &bucket)?;
    let at = properties.get("NotificationConfiguration").map_or(span, |v| v.span);
    if present(properties.get("NotificationConfiguration")).is_none() {
        properties.insert("NotificationConfiguration", value!(span, {}));
    }
    let config = properties.get_mut("NotificationConfiguration").and_then(Value::as_map_mut);
    let config = config.ok_or_else(|| {
        Problem::at(at, format!("`NotificationConfiguration` of `{bucket}` should be a map"))
    })?;
    if present(config.get("LambdaConfigurations")).is_none() {
        config.insert("LambdaConfigurations", Value::list(Vec::new(), span));
    }
    let Some(configurations) = config.get_mut("LambdaConfigurations") else { return Ok(()) };
    let at = configurations.span;
    let Data::List(configurations) = &mut configurations.data else {
        return Err(Problem::at(at, format!("`LambdaConfigurations` of `{bucket}` should be a list")));
    };
    let known = run.changed.entry(bucket).or_default();
    if known.insert(NOTIFICATIONS.into()) {
        known.extend(configurations.iter().map(|one| Str::from(digest(&[one]))));
    }
    for kind in event.get("Events").map(Value::items).unwrap_or_default() {
        let mut one = notification.clone();
        one.insert("Event", kind.clone());
        let one = under_condition(event.target, Value::map(one, span));
        if known.insert(digest(&[&one]).into()) {
            configurations.push(one);
        }
    }
    Ok(())
}

/// Makes the bucket wait for the permission.
fn depend(
    run: &mut Transform<'_>,
    event: &Event<'_>,
    bucket: &str,
    id: &str,
    condition: Option<&str>,
) -> Res {
    let span = event.span;
    if let Some(condition) = condition {
        let properties = properties(&mut run.source, bucket)?;
        if present(properties.get("Tags")).is_none() {
            properties.insert("Tags", Value::list(Vec::new(), span));
        }
        let Some(tags) = properties.get_mut("Tags") else { return Ok(()) };
        let at = tags.span;
        let Data::List(tags) = &mut tags.data else {
            return Err(Problem::at(at, format!("`Tags` of `{bucket}` should be a list")));
        };
        let waits = value!(span, { "Fn::If": [(condition), (reference(id, span)), "no dependency"] });
        tags.push(value!(span, { "Key": (format!("sam:ConditionalDependsOn:{id}")), "Value": (waits) }));
        return Ok(());
    }
    let Some(resource) = run.source.get_mut(bucket).and_then(Value::as_map_mut) else { return Ok(()) };
    let known = run.changed.entry(bucket.into()).or_default();
    let first = known.insert(DEPENDENCIES.into());
    let given = present(resource.get("DependsOn"));
    let at = given.map_or(span, |v| v.span);
    if first {
        let ids: Option<Vec<Str>> = match given.map(|v| &v.data) {
            None => Some(Vec::new()),
            Some(Data::Text(id)) => Some(vec![id.clone()]),
            Some(Data::List(items)) => items.iter().map(|v| v.as_str().map(Str::from)).collect(),
            Some(_) => None,
        };
        let Some(ids) = ids else {
            let said = format!("`DependsOn` of `{bucket}` should be a string or a list of strings");
            return Err(Problem::at(at, said));
        };
        let ids = distinct(ids).into_iter().map(|id| Value::text(id, at)).collect();
        resource.insert("DependsOn", Value::list(ids, at));
    }
    if let Some(Data::List(ids)) = resource.get_mut("DependsOn").map(|v| &mut v.data) {
        // Ids of permissions come from ids of events, each of which is there once.
        ids.push(Value::text(id, span));
    }
    Ok(())
}

/// Triggers of a user pool of the same template.
pub(super) fn user_pool(run: &mut Transform<'_>, event: &Event<'_>, made: &mut Vec<Made>) -> Res {
    let pool = owner(run, event, "UserPool", "AWS::Cognito::UserPool")?;
    let span = event.span;
    let prefix = format!("{}Cognito", event.target.id);
    let arn = attribute(&pool, "Arn", span);
    made.push(event.permission_of(&prefix, "cognito-idp.amazonaws.com", Some(arn), ""));
    let properties = properties(&mut run.source, &pool)?;
    let at = properties.get("LambdaConfig").map_or(span, |v| v.span);
    if present(properties.get("LambdaConfig")).is_none() {
        properties.insert("LambdaConfig", value!(span, {}));
    }
    let config = properties.get_mut("LambdaConfig").and_then(Value::as_map_mut);
    let config =
        config.ok_or_else(|| Problem::at(at, format!("`LambdaConfig` of `{pool}` should be a map")))?;
    for trigger in event.get("Trigger").map(Value::items).unwrap_or_default() {
        let Some(name) = trigger.as_str() else { continue };
        if config.contains_key(name) {
            return Err(event.fault("Trigger", format!("trigger `{name}` of `{pool}` is set more than once")));
        }
        config.insert(name, event.target.arn.clone());
    }
    run.changed.entry(pool).or_default();
    Ok(())
}

/// The bucket or pool that an event names, which must be in the template.
fn owner(run: &Transform<'_>, event: &Event<'_>, name: &str, kind: &str) -> Res<Str> {
    let id = event.get(name).and_then(|v| argument(v, "Ref")).and_then(Value::as_str);
    let Some(id) = id.filter(|id| run.source.contains_key(id)) else {
        let said = format!("`{name}` should refer to an `{kind}` of the same template");
        return Err(event.fault(name, said));
    };
    if run.kind_of(id).as_deref() != Some(kind) {
        return Err(event.fault(name, format!("`{id}` should be an `{kind}`")));
    }
    Ok(id.into())
}

fn properties<'r>(resources: &'r mut Map, id: &str) -> Res<&'r mut Map> {
    let at = resources.get(id).map(|v| v.span).unwrap_or_default();
    let resource = resources.get_mut(id).and_then(Value::as_map_mut);
    let resource = resource.ok_or_else(|| Problem::at(at, format!("`{id}` should be a map")))?;
    if present(resource.get("Properties")).is_none() {
        resource.insert("Properties", value!(at, {}));
    }
    let properties = resource.get_mut("Properties").and_then(Value::as_map_mut);
    properties.ok_or_else(|| Problem::at(at, format!("`Properties` of `{id}` should be a map")))
}

/// Messages of a topic, straight or through a queue.
pub(super) fn topic(
    run: &mut Transform<'_>,
    event: &Event<'_>,
    role: &mut Made,
    made: &mut Vec<Made>,
) -> Res {
    let span = event.span;
    let Some(topic) = event.get("Topic") else { return Ok(()) };
    let Some(through) = event.some("SqsSubscription") else {
        made.push(event.permission("sns.amazonaws.com", Some(topic.clone())));
        made.push(subscription(event, "lambda", event.target.arn.clone()));
        return Ok(());
    };
    if let Data::Bool(_) = through.data {
        let id = format!("{}Queue", event.id);
        let mut queue = event.make(id.as_str(), "AWS::SQS::Queue");
        let fifo = logical_id(topic)
            .and_then(|topic| run.properties_of(&topic)?.get("FifoTopic").cloned())
            .map(|fifo| run.known.resolve(&fifo));
        queue.set_opt("FifoQueue", fifo.as_ref().filter(|v| truthy(Some(v))));
        let (arn, url) = (attribute(&id, "Arn", span), reference(&id, span));
        made.push(queue);
        made.push(queue_policy(event, format!("{}QueuePolicy", event.id), topic, &arn, &url));
        made.push(subscription(event, "sqs", arn.clone()));
        made.push(pull::of_queue(event, arn, &Value::number(10, span), role));
        return Ok(());
    }
    let settings = expect_map(through, "SqsSubscription")?;
    let (Some(arn), Some(url)) = (settings.get("QueueArn"), settings.get("QueueUrl")) else {
        return Err(event.fault("SqsSubscription", "`SqsSubscription` needs `QueueArn` and `QueueUrl`"));
    };
    if !truthy(Some(arn)) || !truthy(Some(url)) {
        return Err(event.fault("SqsSubscription", "`SqsSubscription` needs `QueueArn` and `QueueUrl`"));
    }
    let own = settings.get("QueuePolicyLogicalId").and_then(Value::as_str).filter(|id| !id.is_empty());
    let id = own.map_or_else(|| format!("{}QueuePolicy", event.id), str::to_owned);
    let size = settings.get("BatchSize").filter(|v| truthy(Some(v))).cloned();
    made.push(queue_policy(event, id, topic, arn, url));
    made.push(subscription(event, "sqs", arn.clone()));
    made.push(pull::of_queue(event, arn.clone(), &size.unwrap_or_else(|| Value::number(10, span)), role));
    Ok(())
}

fn subscription(event: &Event<'_>, protocol: &str, endpoint: Value) -> Made {
    let mut made = event.make(event.id.as_str(), "AWS::SNS::Subscription");
    made.set("Protocol", protocol);
    made.set("Endpoint", endpoint);
    made.set_opt("TopicArn", event.get("Topic"));
    for name in ["Region", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy"] {
        made.set_opt(name, event.get(name));
    }
    made
}

fn queue_policy(event: &Event<'_>, id: String, topic: &Value, arn: &Value, url: &Value) -> Made {
    let mut policy = event.make(id, "AWS::SQS::QueuePolicy");
    policy.set(
        "PolicyDocument",
        value!(event.span, {
            "Version": "2012-10-17",
            "Statement": [{
                "Action": "sqs:SendMessage", "Effect": "Allow", "Principal": "*", "Resource": (arn),
                "Condition": { "ArnEquals": { "aws:SourceArn": (topic) } }
            }]
        }),
    );
    policy.set("Queues", vec![url.clone()]);
    policy
}

/// An Alexa skill.
pub(super) fn skill(event: &Event<'_>, made: &mut Vec<Made>) -> Res {
    let mut permission = event.permission("alexa-appkit.amazon.com", None);
    permission.set_opt("EventSourceToken", event.get("SkillId"));
    made.push(permission);
    Ok(())
}

/// A rule of IoT.
pub(super) fn iot(event: &Event<'_>, made: &mut Vec<Made>) -> Res {
    let span = event.span;
    let arn = "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:rule/${RuleName}";
    let arn = sub_with(arn, &[("RuleName", reference(&event.id, span))], span);
    let mut permission = event.permission("iot.amazonaws.com", Some(arn));
    permission.set("SourceAccount", sub("${AWS::AccountId}", span));
    made.push(permission);
    let mut payload = Map::new();
    set_opt(&mut payload, "Sql", event.get("Sql"));
    payload.insert("RuleDisabled", Value::bool(false, span));
    payload.insert("Actions", value!(span, [{ "Lambda": { "FunctionArn": (&event.target.arn) } }]));
    set_opt(&mut payload, "AwsIotSqlVersion", event.some("AwsIotSqlVersion"));
    let mut rule = event.make(event.id.as_str(), "AWS::IoT::TopicRule");
    rule.set("TopicRulePayload", Value::map(payload, span));
    made.push(rule);
    Ok(())
}

/// Lines of a log group.
pub(super) fn logs(event: &Event<'_>, made: &mut Vec<Made>) -> Res {
    let span = event.span;
    let group = event.get("LogGroupName").cloned().unwrap_or_else(|| Value::text("", span));
    let arn = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${__LogGroupName__}:*";
    let permission =
        event.permission("logs.amazonaws.com", Some(sub_with(arn, &[("__LogGroupName__", group)], span)));
    let mut filter = event.make(event.id.as_str(), "AWS::Logs::SubscriptionFilter");
    filter.depends(&[&permission.id]);
    filter.set_opt("LogGroupName", event.get("LogGroupName"));
    filter.set_opt("FilterPattern", event.get("FilterPattern"));
    filter.set("DestinationArn", &event.target.arn);
    made.push(permission);
    made.push(filter);
    Ok(())
}
