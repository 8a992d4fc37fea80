//! Events of functions and state machines.

mod api;
mod http_api;
mod notify;
mod pull;
mod rule;
mod scheduler;

use super::function::Target;
use super::make::{digested, is_alphanumeric, map_of, present, truthy};
use super::shape::{self, Property};
use super::{Made, Source, Transform, tables};
use tidegate_graph::{Map, Problem, Span, Str, Value};

/// One event of a function or state machine.
struct Event<'e> {
    owner: &'e Source,
    target: &'e Target,
    name: Str,
    /// Id of what is made for it.
    id: String,
    kind: Str,
    span: Span,
    properties: Map,
}

impl Event<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        present(self.properties.get(name))
    }

    fn some(&self, name: &str) -> Option<&Value> {
        self.get(name).filter(|v| truthy(Some(v)))
    }

    fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn at(&self, name: &str) -> Span {
        self.properties.get(name).map_or(self.span, |v| v.span)
    }

    fn fault(&self, name: &str, message: impl std::fmt::Display) -> Problem {
        Problem::at(self.at(name), format!("event `{}` of `{}`: {message}", self.name, self.owner.id))
    }

    /// A resource for the event, with the attributes of what it is an event of.
    fn make(&self, id: impl Into<Str>, kind: &'static str) -> Made {
        Made::new(id, kind, self.span).with(&self.target.passed)
    }

    /// Leave to call the function.
    fn permission(&self, principal: &str, source: Option<Value>) -> Made {
        self.permission_of(&self.id, principal, source, "")
    }

    fn permission_of(&self, prefix: &str, principal: &str, source: Option<Value>, suffix: &str) -> Made {
        let prefix = format!("{prefix}Permission");
        let id = if is_alphanumeric(suffix) {
            format!("{prefix}{suffix}")
        } else {
            digested(&prefix, &Value::text(suffix, self.span))
        };
        let mut made = self.make(id, "AWS::Lambda::Permission");
        made.set("Action", "lambda:InvokeFunction");
        made.set("FunctionName", &self.target.name);
        made.set("Principal", principal);
        made.set_opt("SourceArn", source.as_ref());
        made
    }
}

/// Properties of an event of a function, by type.
fn of_type(kind: &str) -> Option<&'static [&'static [Property]]> {
    Some(match kind {
        "Api" => &[tables::API_EVENT],
        "HttpApi" => &[tables::HTTP_API_EVENT],
        "S3" => &[tables::S3],
        "SNS" => &[tables::SNS],
        "Cognito" => &[tables::COGNITO],
        "AlexaSkill" => &[tables::ALEXA_SKILL],
        "IoTRule" => &[tables::IOT_RULE],
        "CloudWatchLogs" => &[tables::LOGS],
        "Schedule" => &[tables::SCHEDULE],
        "CloudWatchEvent" | "EventBridgeRule" => &[tables::RULE],
        "ScheduleV2" => &[tables::SCHEDULE_V2],
        "Kinesis" | "DynamoDB" | "MSK" => &[tables::STREAM, tables::PULL],
        "SQS" => &[tables::SQS, tables::PULL],
        "MQ" => &[tables::MQ, tables::PULL],
        "SelfManagedKafka" => &[tables::PULL],
        "DocumentDB" => &[tables::DOCUMENTDB, tables::PULL],
        _ => return None,
    })
}

/// The same for state machines.
fn of_machine_type(kind: &str) -> Option<&'static [&'static [Property]]> {
    Some(match kind {
        "Api" => &[tables::MACHINE_API],
        "Schedule" => &[tables::MACHINE_SCHEDULE],
        "CloudWatchEvent" | "EventBridgeRule" => &[tables::MACHINE_RULE],
        "ScheduleV2" => &[tables::SCHEDULE_V2],
        _ => return None,
    })
}

/// Makes what the events of a function need.
pub(super) fn of_function(
    run: &mut Transform<'_>,
    source: &Source,
    target: &Target,
    role: &mut Made,
    made: &mut Vec<Made>,
) {
    for event in events(run, source, target, of_type) {
        let result = match event.kind.as_str() {
            "Api" => api::function(run, &event, made),
            "HttpApi" => http_api::function(run, &event, made),
            "S3" => notify::bucket(run, &event, made),
            "SNS" => notify::topic(run, &event, role, made),
            "Cognito" => notify::user_pool(run, &event, made),
            "AlexaSkill" => notify::skill(&event, made),
            "IoTRule" => notify::iot(&event, made),
            "CloudWatchLogs" => notify::logs(&event, made),
            "Schedule" => rule::schedule(&event, made),
            "CloudWatchEvent" | "EventBridgeRule" => rule::pattern(&event, made),
            "ScheduleV2" => scheduler::schedule(&event, false, made),
            _ => pull::mapping(run, &event, role, made),
        };
        run.tried(result);
    }
}

/// Makes what the events of a state machine need.
pub(super) fn of_machine(run: &mut Transform<'_>, source: &Source, target: &Target, made: &mut Vec<Made>) {
    for event in events(run, source, target, of_machine_type) {
        let result = match event.kind.as_str() {
            "Api" => api::machine(run, &event, made),
            "Schedule" => rule::machine_schedule(&event, made),
            "ScheduleV2" => scheduler::schedule(&event, true, made),
            _ => rule::machine_pattern(&event, made),
        };
        run.tried(result);
    }
}

/// The events that can be made, in the order of their paths and names.
fn events<'e>(
    run: &mut Transform<'_>,
    source: &'e Source,
    target: &'e Target,
    tables: fn(&str) -> Option<&'static [&'static [Property]]>,
) -> Vec<Event<'e>> {
    // Implicit APIs have completed the events since the resource was read.
    let current = run.properties_of(&source.id).and_then(|p| p.get("Events")).and_then(map_of).cloned();
    let mut named: Vec<(Str, Value)> =
        current.unwrap_or_default().into_fields().map(|(name, field)| (name, field.value)).collect();
    let order = |(name, event): &(Str, Value)| {
        let path = event.get("Properties").and_then(|p| p.get("Path")).and_then(Value::as_str);
        path.map_or_else(|| name.clone(), Str::from)
    };
    named.sort_by_key(order);
    let alone = named.len() == 1;
    let mut out = Vec::new();
    for (name, value) in named {
        let span = value.span;
        let at = |message: String| Problem::at(span, format!("event `{name}` of `{}`: {message}", source.id));
        let Some(event) = map_of(&value) else {
            // A map of one entry passes for an intrinsic function; of more, this was told with the property.
            if alone {
                run.problems.push(at("it should be a map".into()));
            }
            continue;
        };
        let kind = event.get("Type").and_then(Value::as_str).unwrap_or_default();
        let Some(tables) = tables(kind) else {
            run.problems.push(at(format!("`{kind}` is no type of event here")));
            continue;
        };
        let id = format!("{}{name}", source.id);
        if !is_alphanumeric(&id) || !id.is_ascii() {
            run.problems.push(at("its name should be made of letters and digits alone".into()));
            continue;
        }
        let properties = match event.get("Properties") {
            None => Map::new(),
            Some(given) => match map_of(given) {
                Some(map) => map.clone(),
                None => {
                    run.problems.push(at("`Properties` should be a map".into()));
                    continue;
                }
            },
        };
        let what = format!("event `{name}` of `{}`", source.id);
        if shape::check(&what, span, &properties, tables, &mut run.problems) {
            out.push(Event { owner: source, target, id, kind: kind.into(), span, properties, name });
        }
    }
    out
}
