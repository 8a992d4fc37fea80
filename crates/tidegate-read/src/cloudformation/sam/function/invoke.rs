//! What becomes of asynchronous calls: retries and destinations.

use super::super::make::{
    allow, allow_put_object, attribute, digest, if_parts, is_no_value, map_of, present, reference, truthy,
    value,
};
use super::super::shape::{expect_map, quoted};
use super::super::{Made, Res, Source, Transform};
use tidegate_graph::{Map, Problem, Value};

const KINDS: [&str; 5] = ["SQS", "SNS", "EventBridge", "Lambda", "S3Bucket"];

/// Makes the configuration, and destinations that are not there yet.
pub(super) fn make(
    run: &mut Transform<'_>,
    source: &Source,
    alias: Option<&Made>,
    config: &Value,
    grants: &mut Vec<Value>,
    made: &mut Vec<Made>,
) -> Res {
    let span = config.span;
    let config = run.known.resolve(config);
    let Some(settings) = map_of(&config) else { return Ok(()) };
    let id = format!("{}EventInvokeConfig", source.id);
    let mut invoke = Made::new(id.as_str(), "AWS::Lambda::EventInvokeConfig", span).with(&source.attributes);
    let mut destinations = Map::new();
    if let Some(given) = settings.get("DestinationConfig").filter(|v| truthy(Some(v))) {
        let given = expect_map(given, "EventInvokeConfig.DestinationConfig")?;
        for name in ["OnSuccess", "OnFailure"] {
            let Some(destination) = present(given.get(name)) else { continue };
            let path = format!("EventInvokeConfig.DestinationConfig.{name}");
            let destination = expect_map(destination, &path)?;
            let at = given.get(name).map_or(span, |v| v.span);
            let result = target(run, source, destination, &format!("{id}{name}"), at, grants, made);
            if let Some(arn) = run.tried(result) {
                destinations.insert(name, value!(at, { "Destination": (arn) }));
            }
        }
    }
    invoke.set("FunctionName", reference(&source.id, span));
    match alias {
        Some(alias) => {
            invoke.depends(&[&alias.id]);
            invoke.set_opt("Qualifier", alias.properties.get("Name"));
        }
        None => invoke.set("Qualifier", "$LATEST"),
    }
    invoke.set("DestinationConfig", Value::map(destinations, span));
    invoke.set_opt("MaximumEventAgeInSeconds", settings.get("MaximumEventAgeInSeconds"));
    invoke.set_opt("MaximumRetryAttempts", settings.get("MaximumRetryAttempts"));
    made.push(invoke);
    Ok(())
}

fn target(
    run: &mut Transform<'_>,
    source: &Source,
    destination: &Map,
    id: &str,
    at: tidegate_graph::Span,
    grants: &mut Vec<Value>,
    made: &mut Vec<Made>,
) -> Res<Value> {
    let kind = destination.get("Type").and_then(Value::as_str).filter(|kind| KINDS.contains(kind));
    let Some(kind) = kind else {
        let said = format!("`{}`: `Type` of a destination should be one of {}", source.id, quoted(&KINDS));
        return Err(Problem::at(at, said));
    };
    let given = present(destination.get("Destination"));
    let optional = given.map(|given| optional(run, given, id)).transpose()?.flatten();
    let arn = match (given, &optional) {
        (Some(given), None) => given.clone(),
        _ => {
            let (suffix, resource) = match kind {
                "SQS" => ("Queue", "AWS::SQS::Queue"),
                "SNS" => ("Topic", "AWS::SNS::Topic"),
                _ => {
                    let said = format!("`{}`: a destination of type `{kind}` needs `Destination`", source.id);
                    return Err(Problem::at(at, said));
                }
            };
            let mut made_here = source.beside(format!("{id}{suffix}"), resource, at);
            let arn = if kind == "SQS" {
                attribute(&made_here.id, "Arn", at)
            } else {
                reference(&made_here.id, at)
            };
            let arn = match optional {
                Some((condition, own)) => {
                    let both = both(run, source, &condition, at);
                    made_here.attributes.insert("Condition", Value::text(both, at));
                    value!(at, { "Fn::If": [(condition), (arn), (own)] })
                }
                None => arn,
            };
            made.push(made_here);
            arn
        }
    };
    grants.push(match kind {
        "SQS" => allow(format!("{id}SQSPolicy"), "sqs:SendMessage", arn.clone()),
        "SNS" => allow(format!("{id}SNSPolicy"), "sns:publish", arn.clone()),
        "EventBridge" => allow(format!("{id}EventBridgePolicy"), "events:PutEvents", arn.clone()),
        "Lambda" => allow(format!("{id}LambdaPolicy"), "lambda:InvokeFunction", arn.clone()),
        _ => allow_put_object(format!("{id}S3Policy"), arn.clone()),
    });
    Ok(arn)
}

/// For a destination that is there under a condition only: the condition under which it is not, and the destination.
fn optional(run: &mut Transform<'_>, given: &Value, id: &str) -> Res<Option<(String, Value)>> {
    if super::super::make::argument(given, "Fn::If").is_none() {
        return Ok(None);
    }
    let Some((condition, then, otherwise)) = if_parts(given) else {
        return Err(Problem::at(given.span, "`Fn::If` takes three arguments"));
    };
    let name = condition.as_str().unwrap_or_default();
    Ok(match (is_no_value(then), is_no_value(otherwise)) {
        (true, false) => Some((name.to_owned(), otherwise.clone())),
        (false, true) => {
            let span = given.span;
            let not = format!("NOT{name}{}", digest(&[&Value::text(id, span)]));
            run.conditions.insert(not.as_str(), value!(span, { "Fn::Not": [{ "Condition": (name) }] }));
            Some((not, then.clone()))
        }
        _ => None,
    })
}

fn both(run: &mut Transform<'_>, source: &Source, condition: &str, at: tidegate_graph::Span) -> String {
    let Some(own) = source.condition() else { return condition.to_owned() };
    let name = format!("{own}AND{condition}{}", digest(&[&Value::text(source.id.clone(), at)]));
    let all = value!(at, { "Fn::And": [{ "Condition": (own) }, { "Condition": (condition) }] });
    run.conditions.insert(name.as_str(), all);
    name
}
