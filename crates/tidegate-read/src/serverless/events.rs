//! What triggers functions.

mod broker;
mod notification;
mod rule;

use super::service::{Function, Service};
use super::{http, http_api, raw};
use tidegate_graph::{Data, Span, Str, Value};

/// One event of a function: what it is, how it is written, and where.
pub(super) struct Event<'e> {
    /// A map, or the short form.
    pub(super) config: &'e Value,
    pub(super) span: Span,
}

impl Event<'_> {
    /// A key of the long form.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.config.get(key).filter(|v| !matches!(v.data, Data::Null))
    }

    /// The value of the long form's key, or the short form itself: a string, or an intrinsic in its place.
    pub(super) fn main(&self, key: &str) -> Option<&Value> {
        match self.get(key) {
            None if self.config.as_map().is_none() || raw::is_intrinsic(self.config) => Some(self.config),
            found => found,
        }
    }

    /// Keys of the long form under the names that CloudFormation has for them.
    pub(super) fn pick(&self, keys: &[(&str, &'static str)]) -> Vec<(&'static str, Value)> {
        keys.iter().filter_map(|(from, to)| Some((*to, self.get(from)?.clone()))).collect()
    }
}

/// Makes the resources of one event, and adds the statements that the function's role needs for it.
pub(super) fn compile(
    service: &mut Service,
    function: &Function,
    event: &Value,
    statements: &mut Vec<Value>,
) {
    // `- http` alone, `- http: GET /x`, `- http: {..}`.
    let (kind, config) = match event.as_map() {
        Some(map) => match map.iter().next() {
            Some((kind, config)) => (kind.clone(), config),
            None => return,
        },
        None => match event.as_text() {
            Some(kind) => (kind, event),
            None => return unknown(service, function, event),
        },
    };
    if matches!(config.data, Data::Unknown(_))
        && !matches!(kind.as_str(), "sns" | "sqs" | "stream" | "s3" | "schedule")
    {
        return unknown(service, function, config);
    }
    let event = &Event { config, span: config.span };
    match kind.as_str() {
        "http" => http::compile(service, function, event),
        "httpApi" => http_api::compile(service, function, event),
        "websocket" => http_api::websocket(service, function, event),
        "sqs" => broker::sqs(service, function, event, statements),
        "stream" => broker::stream(service, function, event, statements),
        "msk" => broker::msk(service, function, event, statements),
        "kafka" => broker::kafka(service, function, event, statements),
        "activemq" => broker::mq(service, function, event, statements, "ActiveMQ"),
        "rabbitmq" => broker::mq(service, function, event, statements, "RabbitMQ"),
        "sns" => notification::sns(service, function, event),
        "s3" => notification::s3(service, function, event),
        "iot" => notification::iot(service, function, event),
        "cloudwatchLog" => notification::log(service, function, event),
        "cognitoUserPool" => notification::user_pool(service, function, event),
        "alexaSkill" => {
            notification::alexa(service, function, event, "AlexaSkill", "alexa-appkit.amazon.com");
        }
        "alexaSmartHome" => {
            notification::alexa(service, function, event, "AlexaSmartHome", "alexa-connectedhome.amazon.com");
        }
        "alb" => notification::load_balancer(service, function, event),
        "cloudFront" => notification::distribution(service, function, event),
        "schedule" => rule::schedule(service, function, event, statements),
        "eventBridge" => rule::event_bridge(service, function, event),
        "cloudwatchEvent" => rule::cloudwatch(service, function, event),
        // Events of plugins that aren't known here trigger the function all the same.
        _ => unknown(service, function, config),
    }
}

/// A trigger that can't be read: somebody may invoke the function, and nobody knows who.
fn unknown(service: &mut Service, function: &Function, event: &Value) {
    let number = service.count(format!("{}Unknown", function.prefix));
    let id = format!("{}LambdaPermissionUnknown{number}", function.prefix);
    let why = tidegate_graph::Why::Function;
    let principal = match &event.data {
        Data::Unknown(_) => event.clone(),
        _ => Value::unknown(event.display(), why, event.span),
    };
    let properties = [
        ("FunctionName", function.target.clone()),
        ("Action", Value::text("lambda:InvokeFunction", event.span)),
        ("Principal", principal),
    ];
    service.add(id, "AWS::Lambda::Permission", Some(&function.id), properties, event.span);
}

/// `filterPatterns` as `FilterCriteria`.
fn filters(event: &Event) -> Option<(&'static str, Value)> {
    let patterns = event.get("filterPatterns")?;
    let filter = |pattern: &Value| {
        let text = Value::new(Data::Json(Box::new(pattern.clone())), pattern.span);
        Value::object([("Pattern", text)], pattern.span)
    };
    let filters = Value::list(patterns.items().iter().map(filter).collect(), patterns.span);
    Some(("FilterCriteria", Value::object([("Filters", filters)], patterns.span)))
}

/// `enabled: false` as the state of a rule.
fn state(event: &Event) -> Value {
    match event.get("enabled").and_then(Value::as_bool) {
        Some(false) => Value::text("DISABLED", event.span),
        _ => Value::text("ENABLED", event.span),
    }
}

/// The function as target of a rule.
fn target(function: &Function, id: Str, span: Span) -> Vec<(&'static str, Value)> {
    vec![("Arn", function.target.clone()), ("Id", Value::text(id, span))]
}
