//! OTLP in its JSON form: 64-bit numbers are strings, ids are hexadecimal.

use super::{Span, Totals};
use serde_json::{Value, json};
use tidegate_decide::trace::Context;

const SERVER: u8 = 2;
const CONSUMER: u8 = 5;

pub(super) fn resource(variable: &dyn Fn(&str) -> Option<String>) -> Value {
    let function = variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    let service = variable("OTEL_SERVICE_NAME").unwrap_or_else(|| function.clone());
    let mut attributes = vec![
        text("service.name", &service),
        text("faas.name", &function),
        text("cloud.provider", "aws"),
        text("cloud.platform", "aws_lambda"),
    ];
    for (name, key) in [
        ("AWS_REGION", "cloud.region"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "faas.version"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "faas.instance"),
    ] {
        attributes.extend(variable(name).map(|value| text(key, &value)));
    }
    json!({"attributes": attributes})
}

pub(super) fn traces(resource: &Value, spans: &[Span]) -> String {
    let spans: Vec<Value> = spans.iter().map(span).collect();
    json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope(), "spans": spans}]}]})
        .to_string()
}

pub(super) fn metrics(resource: &Value, totals: &Totals, since: u64, now: u64) -> String {
    let point = |attributes: Value, key: &str, value: Value| json!({"attributes": attributes, "startTimeUnixNano": since.to_string(), "timeUnixNano": now.to_string(), key: value});
    let sum = |name: &str, unit: &str, points: Vec<Value>| {
        json!({"name": name, "unit": unit, "sum": {
            "aggregationTemporality": 2, "isMonotonic": true, "dataPoints": points}})
    };
    let whole = |value: u64| Value::from(value.to_string());
    let decisions = ["allow", "deny", "partial"].into_iter().zip(totals.decisions);
    let decisions =
        decisions.map(|(name, n)| point(json!([text("tidegate.decision", name)]), "asInt", whole(n)));
    let one = |value| vec![point(json!([]), "asInt", whole(value))];
    let cost = point(json!([]), "asDouble", json!(totals.cost as f64 / 1e12));
    let metrics = [
        sum("tidegate.decisions", "{event}", decisions.collect()),
        sum("tidegate.failures", "{event}", one(totals.failures)),
        sum("tidegate.decision.time", "us", one(totals.decided_us)),
        sum("tidegate.billed", "ms", one(totals.billed_ms)),
        sum("tidegate.cost", "USD", vec![cost]),
        sum("tidegate.spans.dropped", "{span}", one(totals.dropped)),
    ];
    json!({"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"scope": scope(), "metrics": metrics}]}]})
        .to_string()
}

fn scope() -> Value {
    json!({"name": "tidegate-lambda", "version": env!("CARGO_PKG_VERSION")})
}

fn span(span: &Span) -> Value {
    let own = Context { ..span.own };
    let mut attributes = vec![
        text("faas.invocation_id", &span.request),
        text("faas.trigger", faas(span.trigger)),
        text("tidegate.trigger", span.trigger),
        text("tidegate.decision", span.verdict),
        text("tidegate.mode", span.mode),
        number("tidegate.records", span.records as u64),
        number("tidegate.denied", span.denied as u64),
        number("tidegate.decision.us", span.decided_us),
    ];
    if !span.classes.is_empty() {
        let classes: Vec<Value> = span.classes.iter().map(|c| json!({"stringValue": c})).collect();
        attributes.push(json!({"key": "tidegate.classes", "value": {"arrayValue": {"values": classes}}}));
    }
    attributes.extend(span.failed.map(|why| text("tidegate.failure", why)));
    let link = |(index, link): &(u32, Context)| {
        json!({"traceId": trace(link), "spanId": id(link.span),
               "attributes": [number("tidegate.record", u64::from(*index))]})
    };
    let mut out = json!({
        "traceId": trace(&own), "spanId": id(own.span), "name": format!("{} guard", span.trigger),
        "kind": if span.batch { CONSUMER } else { SERVER }, "flags": u8::from(own.sampled),
        "startTimeUnixNano": span.start.to_string(), "endTimeUnixNano": span.end.to_string(),
        "attributes": attributes, "links": span.links.iter().map(link).collect::<Vec<_>>(),
    });
    if let (Some(parent), Some(out)) = (span.parent, out.as_object_mut()) {
        out.insert("parentSpanId".into(), id(parent).into());
    }
    if let (true, Some(out)) = (span.failed.is_some() || span.errored, out.as_object_mut()) {
        out.insert("status".into(), json!({"code": 2}));
    }
    out
}

/// What the semantic conventions call it.
fn faas(trigger: &str) -> &'static str {
    match trigger {
        "apigw-v1" | "apigw-v2" | "alb" | "lattice" | "websocket" | "authorizer" | "appsync" => "http",
        "sqs" | "sns" | "eventbridge" | "kinesis" | "kafka" | "mq" | "firehose" | "iot" => "pubsub",
        "s3" | "dynamodb" | "documentdb" => "datasource",
        _ => "other",
    }
}

fn trace(context: &Context) -> String {
    format!("{:032x}", context.trace)
}

fn id(span: u64) -> String {
    format!("{span:016x}")
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn number(key: &str, value: u64) -> Value {
    json!({"key": key, "value": {"intValue": value.to_string()}})
}
