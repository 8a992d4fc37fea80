//! Services that invoke a function by themselves: topics, buckets, logs, user pools, load balancers.

use super::Event;
use crate::serverless::functions::renamed;
use crate::serverless::service::{Function, Service};
use crate::serverless::{names, raw};
use tidegate_graph::{Data, Value};

pub(super) fn sns(service: &mut Service, function: &Function, event: &Event) {
    let span = event.span;
    let arn = match event.get("arn") {
        Some(arn) => Some(arn.clone()),
        None => event.main("topicName").filter(|m| m.as_str().is_none_or(|t| t.starts_with("arn:"))).cloned(),
    };
    let own = event.main("topicName").and_then(Value::as_text);
    let redrive = event.get("redrivePolicy").map(|policy| {
        let arn = policy.get("deadLetterTargetArn").or_else(|| policy.get("deadLetterTargetRef"));
        let arn = match arn.and_then(Value::as_str) {
            Some(id) if !id.contains(':') => raw::attribute(id, "Arn", policy.span),
            _ => arn.cloned().unwrap_or_else(|| policy.clone()),
        };
        ("RedrivePolicy", Value::object([("deadLetterTargetArn", arn)], policy.span))
    });
    let (topic, name) = match (arn, own) {
        (Some(arn), name) => {
            let name = name.filter(|n| !n.contains(':')).map(|n| names::alphanumeric(&n));
            let name = name.unwrap_or_else(|| names::of_arn(&arn, 0));
            (arn, name)
        }
        (None, Some(topic)) => {
            let name = names::alphanumeric(&topic);
            let id = format!("SNSTopic{name}");
            let mut properties = vec![("TopicName", Value::text(topic, span))];
            properties
                .extend(event.pick(&[("displayName", "DisplayName"), ("kmsMasterKeyId", "KmsMasterKeyId")]));
            service.add(id.clone(), "AWS::SNS::Topic", Some(&function.id), properties, span);
            (raw::refer(&id, span), name)
        }
        (None, None) => return,
    };
    let mut properties = vec![
        ("TopicArn", topic.clone()),
        ("Protocol", Value::text("lambda", span)),
        ("Endpoint", function.target.clone()),
    ];
    properties
        .extend(event.pick(&[("filterPolicy", "FilterPolicy"), ("filterPolicyScope", "FilterPolicyScope")]));
    properties.extend(redrive);
    let id = format!("{}SnsSubscription{name}", function.prefix);
    service.add(id, "AWS::SNS::Subscription", Some(&function.id), properties, span);
    service.permission(function, &format!("{name}SNS"), "sns.amazonaws.com", Some(topic), span);
}

pub(super) fn s3(service: &mut Service, function: &Function, event: &Event) {
    let span = event.span;
    let Some(bucket) = event.main("bucket").cloned() else { return };
    let name = names::alphanumeric(&names::of_arn(&bucket, 0));
    let kind = event.get("event").cloned().unwrap_or_else(|| Value::text("s3:ObjectCreated:*", span));
    let mut configuration = vec![("Event", kind.clone()), ("Function", function.target.clone())];
    if let Some(rules) = event.get("rules") {
        let rule = |rule: &Value| {
            let (name, value) = rule.as_map().and_then(|m| m.only())?;
            Some(Value::object(
                [("Name", Value::text(name.clone(), rule.span)), ("Value", value.clone())],
                rule.span,
            ))
        };
        let rules = Value::list(rules.items().iter().filter_map(rule).collect(), rules.span);
        let key = Value::object([("Rules", rules)], span);
        configuration.push(("Filter", Value::object([("S3Key", key)], span)));
    }
    let existing = event.get("existing").and_then(Value::as_bool) == Some(true);
    let source = match bucket.as_text() {
        Some(bucket) => raw::sub(format!("arn:${{AWS::Partition}}:s3:::{bucket}"), span),
        None => raw::sub_with("arn:${AWS::Partition}:s3:::${Bucket}", "Bucket", bucket.clone(), span),
    };
    service.permission(function, &format!("{name}S3"), "s3.amazonaws.com", Some(source), span);
    if existing {
        let properties = [
            ("FunctionName", raw::refer(&function.id, span)),
            ("BucketName", bucket),
            ("BucketConfigs", Value::list(vec![Value::object(configuration, span)], span)),
        ];
        let number = service.count(format!("{}CustomS3", function.prefix));
        let id = format!("{}CustomS3{number}", function.prefix);
        return service.add(id, "Custom::S3", Some(&function.id), properties, span);
    }
    // The name may be that of an entry below `provider.s3`.
    let settings = bucket.as_str().and_then(|key| service.provider(&["s3", key])).cloned();
    let id = format!("S3Bucket{name}");
    let mut properties = Vec::new();
    let label = settings.as_ref().and_then(|s| s.get("name")).unwrap_or(&bucket).clone();
    properties.push(("BucketName", label));
    if let Some(settings) = settings.as_ref().and_then(Value::as_map) {
        const KEYS: &[(&str, &str)] = &[
            ("accessControl", "AccessControl"),
            ("bucketEncryption", "BucketEncryption"),
            ("corsConfiguration", "CorsConfiguration"),
            ("lifecycleConfiguration", "LifecycleConfiguration"),
            ("loggingConfiguration", "LoggingConfiguration"),
            ("publicAccessBlockConfiguration", "PublicAccessBlockConfiguration"),
            ("replicationConfiguration", "ReplicationConfiguration"),
            ("versioningConfiguration", "VersioningConfiguration"),
            ("websiteConfiguration", "WebsiteConfiguration"),
        ];
        properties.extend(crate::serverless::functions::pick(settings, KEYS));
    }
    properties.push((
        "NotificationConfiguration",
        Value::object([("LambdaConfigurations", Value::list(Vec::new(), span))], span),
    ));
    service.add(id.clone(), "AWS::S3::Bucket", Some(&function.id), properties, span);
    let list = service
        .property_mut(&id, "NotificationConfiguration")
        .and_then(|n| n.as_map_mut()?.get_mut("LambdaConfigurations"));
    if let Some(Data::List(items)) = list.map(|v| &mut v.data) {
        items.push(Value::object(configuration, span));
    }
}

pub(super) fn iot(service: &mut Service, function: &Function, event: &Event) {
    let span = event.span;
    let number = service.count(format!("{}Iot", function.prefix));
    let id = format!("{}IotTopicRule{number}", function.prefix);
    let action = Value::object([("FunctionArn", function.target.clone())], span);
    let action = Value::object([("Lambda", action)], span);
    let disabled = event.get("enabled").and_then(Value::as_bool) == Some(false);
    let mut payload =
        vec![("Actions", Value::list(vec![action], span)), ("RuleDisabled", Value::bool(disabled, span))];
    payload.extend(event.pick(&[
        ("sql", "Sql"),
        ("sqlVersion", "AwsIotSqlVersion"),
        ("description", "Description"),
    ]));
    let mut properties = vec![("TopicRulePayload", Value::object(payload, span))];
    properties.extend(event.pick(&[("name", "RuleName")]));
    service.add(id.clone(), "AWS::IoT::TopicRule", Some(&function.id), properties, span);
    let source = raw::attribute(&id, "Arn", span);
    service.permission(function, &format!("IotTopicRule{number}"), "iot.amazonaws.com", Some(source), span);
}

pub(super) fn log(service: &mut Service, function: &Function, event: &Event) {
    let span = event.span;
    let Some(group) = event.main("logGroup").cloned() else { return };
    let number = service.count(format!("{}Log", function.prefix));
    let filter = event.get("filter").cloned().unwrap_or_else(|| Value::text("", span));
    let id = format!("{}LogsSubscriptionFilterCloudWatchLog{number}", function.prefix);
    let properties = [
        ("LogGroupName", group.clone()),
        ("FilterPattern", filter),
        ("DestinationArn", function.target.clone()),
    ];
    service.add(id, "AWS::Logs::SubscriptionFilter", Some(&function.id), properties, span);
    let arn = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Group}:*";
    let source = raw::sub_with(arn, "Group", group, span);
    let suffix = format!("LogsSubscriptionFilterCloudWatchLog{number}");
    service.permission(function, &suffix, "logs.amazonaws.com", Some(source), span);
}

pub(super) fn user_pool(service: &mut Service, function: &Function, event: &Event) {
    let span = event.span;
    let Some(pool) = event.get("pool").cloned() else { return };
    let trigger = event.get("trigger").and_then(Value::as_text).unwrap_or_default();
    let name = names::function(&names::of_arn(&pool, 0));
    let existing = event.get("existing").and_then(Value::as_bool) == Some(true);
    let suffix = format!("CognitoUserPool{name}TriggerSource{trigger}");
    if existing {
        let kind = Value::object([("Trigger", Value::text(trigger, span))], span);
        let properties = [
            ("FunctionName", raw::refer(&function.id, span)),
            ("UserPoolName", pool),
            ("UserPoolConfigs", Value::list(vec![kind], span)),
        ];
        let number = service.count(format!("{}CustomCognito", function.prefix));
        let id = format!("{}CustomCognitoUserPool{number}", function.prefix);
        service.add(id, "Custom::CognitoUserPool", Some(&function.id), properties, span);
        return service.permission(function, &suffix, "cognito-idp.amazonaws.com", None, span);
    }
    let id = format!("CognitoUserPool{name}");
    let config = Value::object::<&str>([], span);
    service.add(
        id.clone(),
        "AWS::Cognito::UserPool",
        Some(&function.id),
        [("UserPoolName", pool), ("LambdaConfig", config)],
        span,
    );
    if let Some(map) = service.property_mut(&id, "LambdaConfig").and_then(Value::as_map_mut) {
        map.insert(trigger, function.target.clone());
    }
    let source = raw::attribute(&id, "Arn", span);
    service.permission(function, &suffix, "cognito-idp.amazonaws.com", Some(source), span);
}

pub(super) fn alexa(service: &mut Service, function: &Function, event: &Event, kind: &str, principal: &str) {
    let number = service.count(format!("{}{kind}", function.prefix));
    let suffix = format!("{kind}{number}");
    service.permission(function, &suffix, principal, None, event.span);
    let token =
        event.main("appId").filter(|id| id.as_str().is_none_or(|id| id.starts_with("amzn1"))).cloned();
    let id = format!("{}LambdaPermission{suffix}", function.prefix);
    let properties = service.resources.get_mut(&id).and_then(Value::as_map_mut);
    if let (Some(token), Some(properties)) =
        (token, properties.and_then(|r| r.get_mut("Properties")?.as_map_mut()))
    {
        properties.insert("EventSourceToken", token);
    }
}

pub(super) fn load_balancer(service: &mut Service, function: &Function, event: &Event) {
    let span = event.span;
    let Some(listener) = event.get("listenerArn").cloned() else { return };
    let group = format!("{}AlbTargetGroup{}", function.prefix, names::of_arn(&listener, 2));
    let target = Value::object([("Id", function.target.clone())], span);
    let properties = [
        ("TargetType", Value::text("lambda", span)),
        ("Targets", Value::list(vec![target], span)),
        ("Name", Value::text(format!("{}-{}-{}", service.name, service.stage, function.key), span)),
    ];
    service.add(
        group.clone(),
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        Some(&function.id),
        properties,
        span,
    );
    let priority = event.get("priority").cloned().unwrap_or_else(|| Value::number(1, span));
    let id = format!("{}AlbListenerRule{}", function.prefix, names::alphanumeric(&priority.display()));
    let mut actions = authorizers(service, event);
    let forward = [("Type", Value::text("forward", span)), ("TargetGroupArn", raw::refer(&group, span))];
    actions.push(Value::object(forward, span));
    let conditions = event.get("conditions").map(conditions).unwrap_or_default();
    let properties = [
        ("Actions", Value::list(actions, span)),
        ("Conditions", Value::list(conditions, span)),
        ("ListenerArn", listener),
        ("Priority", priority),
    ];
    service.add(id, "AWS::ElasticLoadBalancingV2::ListenerRule", Some(&function.id), properties, span);
    service.permission(function, "Alb", "elasticloadbalancing.amazonaws.com", None, span);
}

fn conditions(conditions: &Value) -> Vec<Value> {
    const FIELDS: &[(&str, &str, &str)] = &[
        ("path", "path-pattern", "PathPatternConfig"),
        ("host", "host-header", "HostHeaderConfig"),
        ("method", "http-request-method", "HttpRequestMethodConfig"),
        ("ip", "source-ip", "SourceIpConfig"),
    ];
    let mut out = Vec::new();
    for (key, field, config) in FIELDS {
        let Some(values) = conditions.get(key) else { continue };
        let span = values.span;
        let list = Value::list(values.items().to_vec(), span);
        let config = (*config, Value::object([("Values", list)], span));
        out.push(Value::object([("Field", Value::text(*field, span)), config], span));
    }
    for header in conditions.get("header").map(Value::items).unwrap_or_default() {
        let config = renamed(header, &[("name", "HttpHeaderName"), ("values", "Values")]);
        let fields = [("Field", Value::text("http-header", header.span)), ("HttpHeaderConfig", config)];
        out.push(Value::object(fields, header.span));
    }
    out
}

/// Log-in before the function, by Cognito or OpenID Connect.
fn authorizers(service: &Service, event: &Event) -> Vec<Value> {
    let mut out = Vec::new();
    for name in
        event.get("authorizer").map(Value::items).unwrap_or_default().iter().filter_map(Value::as_text)
    {
        let Some(config) = service.provider(&["alb", "authorizers", &name]) else { continue };
        let span = config.span;
        let cognito = config.get("type").and_then(Value::as_text).as_deref() == Some("cognito");
        let (kind, key) = if cognito {
            ("authenticate-cognito", "AuthenticateCognitoConfig")
        } else {
            ("authenticate-oidc", "AuthenticateOidcConfig")
        };
        const KEYS: &[(&str, &str)] = &[
            ("userPoolArn", "UserPoolArn"),
            ("userPoolClientId", "UserPoolClientId"),
            ("userPoolDomain", "UserPoolDomain"),
            ("clientId", "ClientId"),
            ("issuer", "Issuer"),
            ("tokenEndpoint", "TokenEndpoint"),
            ("authorizationEndpoint", "AuthorizationEndpoint"),
            ("userInfoEndpoint", "UserInfoEndpoint"),
            ("onUnauthenticatedRequest", "OnUnauthenticatedRequest"),
        ];
        out.push(Value::object([("Type", Value::text(kind, span)), (key, renamed(config, KEYS))], span));
    }
    out
}

pub(super) fn distribution(service: &mut Service, function: &Function, event: &Event) {
    let span = event.span;
    let kind = event.get("eventType").cloned().unwrap_or_else(|| Value::text("origin-request", span));
    let version = format!("{}LambdaVersion", function.prefix);
    let name = [("FunctionName", raw::refer(&function.id, span))];
    service.add(version.clone(), "AWS::Lambda::Version", Some(&function.id), name, span);
    let association =
        Value::object([("EventType", kind), ("LambdaFunctionARN", raw::refer(&version, span))], span);
    let origin = match event.get("origin") {
        Some(origin) if origin.as_map().is_some() => origin.clone(),
        Some(origin) => {
            let domain = origin.as_text().unwrap_or_default();
            let domain = domain.split("://").last().and_then(|d| d.split('/').next()).unwrap_or_default();
            Value::object([("DomainName", Value::text(domain, origin.span))], origin.span)
        }
        None => Value::object([("DomainName", Value::text("", span))], span),
    };
    let behaviour = Value::object(
        [
            ("ViewerProtocolPolicy", Value::text("allow-all", span)),
            ("LambdaFunctionAssociations", Value::list(Vec::new(), span)),
        ],
        span,
    );
    let config = Value::object(
        [
            ("Enabled", Value::bool(true, span)),
            ("DefaultCacheBehavior", behaviour),
            ("Origins", Value::list(vec![origin], span)),
        ],
        span,
    );
    service.add(
        "CloudFrontDistribution",
        "AWS::CloudFront::Distribution",
        Some(&function.id),
        [("DistributionConfig", config)],
        span,
    );
    let list = service
        .property_mut("CloudFrontDistribution", "DistributionConfig")
        .and_then(|c| c.as_map_mut()?.get_mut("DefaultCacheBehavior"))
        .and_then(|c| c.as_map_mut()?.get_mut("LambdaFunctionAssociations"));
    if let Some(Data::List(items)) = list.map(|v| &mut v.data) {
        items.push(association);
    }
}
