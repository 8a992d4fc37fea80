//! Which part of an event a schema speaks of, and which events it speaks of.

use crate::decode::{base64, characters};
use crate::json::{Item, Kind, Limits, Tape, unescape};
use crate::trigger::{self, Trigger};
use std::borrow::Cow;
use tidegate_graph::contract::schema::When;

/// The part that a schema speaks of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    /// A value of the event itself.
    Value(Item<'a>),
    /// A string that holds the payload.
    Text(Item<'a>),
    /// A string that holds the payload in Base64.
    Base64(Item<'a>),
    /// There is none.
    Missing,
}

/// The payload in an event, or in one record of a batch.
pub(super) fn of<'a>(trigger: Trigger, record: Item<'a>) -> Part<'a> {
    let at = |path: &[&str]| path.iter().try_fold(record, |item, key| item.field(key));
    let base64 = |path: &[&str]| at(path).map_or(Part::Missing, Part::Base64);
    let text = |path: &[&str]| at(path).map_or(Part::Missing, Part::Text);
    let value = |path: &[&str]| at(path).map_or(Part::Missing, Part::Value);
    match trigger {
        Trigger::ApiGatewayV1
        | Trigger::ApiGatewayV2
        | Trigger::Alb
        | Trigger::Lattice
        | Trigger::WebSocket => {
            let flag = record.field("isBase64Encoded").or_else(|| record.field("is_base64_encoded"));
            let body = record.field("body").filter(|b| b.kind() != Kind::Null);
            match body {
                None => Part::Missing,
                Some(body) if flag.is_some_and(Item::is_true) => Part::Base64(body),
                Some(body) => Part::Text(body),
            }
        }
        Trigger::Sqs => text(&["body"]),
        Trigger::Sns => text(&["Sns", "Message"]),
        Trigger::EventBridge => value(&["detail"]),
        Trigger::Kinesis => base64(&["kinesis", "data"]),
        Trigger::Firehose | Trigger::Mq => base64(&["data"]),
        Trigger::Kafka => base64(&["value"]),
        Trigger::AppSync => value(&["arguments"]),
        Trigger::CustomResource => value(&["ResourceProperties"]),
        Trigger::PubSub => match at(&["data", "message", "data"]) {
            Some(data) => Part::Base64(data),
            None => base64(&["message", "data"]),
        },
        Trigger::CloudEvent => match at(&["data"]) {
            Some(data) => Part::Value(data),
            None => base64(&["data_base64"]),
        },
        Trigger::EventGrid => value(&["data"]),
        _ => Part::Value(record),
    }
}

/// The payloads that schemas of an event speak of, one of each record, as JSON texts. What isn't JSON is left out.
pub fn payloads(event: &[u8], trigger: Trigger) -> Vec<Vec<u8>> {
    let limits = Limits::default();
    let (mut tape, mut inner) = (Tape::default(), Tape::default());
    if tape.read(event, &limits).is_err() {
        return Vec::new();
    }
    let root = tape.root(event);
    let mut records = trigger::list(trigger, root).peekable();
    let whole = records.peek().is_none().then_some(root);
    let taken = records.chain(whole).filter_map(|record| match of(trigger, record) {
        Part::Text(item) | Part::Base64(item) if item.kind() == Kind::String => {
            let mut value = Vec::new();
            unescape(item.raw(), &mut value);
            let mut bytes = Vec::new();
            let carried =
                matches!(of(trigger, record), Part::Base64(_)) && base64::decode(&value, &mut bytes);
            Some(if carried { bytes } else { value })
        }
        Part::Text(item) | Part::Base64(item) | Part::Value(item) => Some(item.raw().to_vec()),
        Part::Missing => None,
    });
    taken.filter(|text| inner.read(text, &limits).is_ok()).collect()
}

/// Whether a schema speaks of this record of an event.
pub(super) fn applies(when: &When, event: Item<'_>, record: Item<'_>) -> bool {
    if when.is_always() {
        return true;
    }
    let said = |key: &str, wanted: &Option<String>| {
        wanted.as_deref().is_none_or(|w| event.field(key).is_some_and(|item| item.is_text(w)))
    };
    let topic = |wanted: &str| record.field("topic").is_some_and(|item| item.is_text(wanted));
    said("source", &when.source)
        && said("detail-type", &when.detail_type)
        && when.topic.as_deref().is_none_or(topic)
        && when.route.as_deref().is_none_or(|route| is_route(route, event))
}

/// Compares what the service matched, and the path itself as lenient as routers are: a request that reaches the function
/// for a route must not get around the route's schema by how it is spelled.
fn is_route(route: &str, event: Item<'_>) -> bool {
    let (method, template) = route.split_once(' ').unwrap_or((route, ""));
    let at = |path: &[&str]| path.iter().try_fold(event, |item, key| item.field(key)).and_then(text);
    if at(&["routeKey"]).or_else(|| at(&["requestContext", "routeKey"])).is_some_and(|key| key == route) {
        return true;
    }
    let said =
        at(&["httpMethod"]).or_else(|| at(&["requestContext", "http", "method"])).or_else(|| at(&["method"]));
    // A web socket has no method.
    let fits = said.is_some_and(|m| m.eq_ignore_ascii_case(method) || method == "ANY");
    if !fits {
        return false;
    }
    if at(&["resource"]).is_some_and(|resource| resource == template) {
        return true;
    }
    let Some((_, paths)) = paths(event) else { return false };
    paths.iter().any(|path| path_fits(template, path))
}

/// The path of a request and where it stands, also without the stage that it may begin with.
fn paths<'a>(event: Item<'a>) -> Option<(Item<'a>, Vec<String>)> {
    let node = ["path", "rawPath", "raw_path"]
        .iter()
        .find_map(|key| event.field(key).filter(|p| text(*p).is_some()))?;
    let path = text(node)?.into_owned();
    let stage = event.field("requestContext").and_then(|c| c.field("stage")).and_then(text);
    let inside = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(&*stage).map(str::to_string));
    let inside = inside.filter(|inside| inside.starts_with('/'));
    Some((node, [path].into_iter().chain(inside).collect()))
}

/// What a request's path has where a template has `{name}`, as it was sent.
pub(super) fn part_of_path<'a>(template: &str, name: &[u8], event: Item<'a>) -> Option<(Item<'a>, Vec<u8>)> {
    let (node, paths) = paths(event)?;
    let path = paths.iter().find(|path| path_fits(template, path))?;
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    for wanted in template.split('/').filter(|part| !part.is_empty()) {
        let variable = wanted.strip_prefix('{').and_then(|w| w.strip_suffix('}'));
        match variable.map(|variable| (variable.strip_suffix('+'), variable)) {
            Some((Some(greedy), _)) if greedy.as_bytes() == name => {
                return Some((node, parts.collect::<Vec<_>>().join("/").into_bytes()));
            }
            Some((None, variable)) if variable.as_bytes() == name => {
                return parts.next().map(|part| (node, part.as_bytes().to_vec()));
            }
            _ => parts.next()?,
        };
    }
    None
}

fn path_fits(template: &str, path: &str) -> bool {
    let parts =
        |text: &str| text.split('/').filter(|p| !p.is_empty()).map(str::to_string).collect::<Vec<_>>();
    let (path, template) = (parts(path), parts(template));
    let mut path = path.iter();
    for part in &template {
        if part.starts_with('{') && part.ends_with("+}") {
            return path.next().is_some();
        }
        let Some(given) = path.next() else { return false };
        let free = part.starts_with('{') && part.ends_with('}');
        if !free && !decoded(given).eq_ignore_ascii_case(part) {
            return false;
        }
    }
    path.next().is_none()
}

fn decoded(part: &str) -> String {
    let mut out = Vec::new();
    if characters::decode(part.as_bytes(), false, &mut out) {
        String::from_utf8_lossy(&out).into_owned()
    } else {
        part.to_string()
    }
}

fn text(item: Item<'_>) -> Option<Cow<'_, str>> {
    if let Some(plain) = item.plain() {
        return std::str::from_utf8(plain).ok().map(Cow::Borrowed);
    }
    if item.kind() != Kind::String {
        return None;
    }
    let mut value = Vec::new();
    unescape(item.raw(), &mut value);
    String::from_utf8(value).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(route: &str, event: &str) -> bool {
        let mut tape = Tape::default();
        tape.read(event.as_bytes(), &Limits::default()).unwrap();
        is_route(route, tape.root(event.as_bytes()))
    }

    #[test]
    fn payloads_are_taken_out_of_each_record() {
        let taken = |event: &str, trigger| -> Vec<String> {
            payloads(event.as_bytes(), trigger).into_iter().map(|p| String::from_utf8(p).unwrap()).collect()
        };
        let batch = r#"{"Records":[{"body":"{\"a\": 1}"},{"body":"plain"},{"body":"[2]"}]}"#;
        assert_eq!(taken(batch, Trigger::Sqs), [r#"{"a": 1}"#, "[2]"]);
        assert_eq!(
            taken(r#"{"Records":[{"kinesis":{"data":"eyJhIjoxfQ=="}}]}"#, Trigger::Kinesis),
            [r#"{"a":1}"#]
        );
        assert_eq!(taken(r#"{"detail":{"b":[]}}"#, Trigger::EventBridge), [r#"{"b":[]}"#]);
        assert_eq!(taken(r#"{"rawPath":"/","body":null}"#, Trigger::ApiGatewayV2), [""; 0]);
        assert_eq!(taken(r#"{"x":1}"#, Trigger::Direct), [r#"{"x":1}"#]);
        assert_eq!(taken("{", Trigger::Direct), [""; 0]);
    }

    #[test]
    fn a_route_is_the_same_however_it_is_spelled() {
        let v2 = |method: &str, path: &str| {
            format!(
                r#"{{"rawPath": "{path}", "requestContext": {{"stage": "dev", "http": {{"method": "{method}"}}}}}}"#
            )
        };
        for path in ["/orders/7", "/orders/7/", "//orders//7", "/dev/orders/7", "/Orders/7", "/%6frders/7"] {
            assert!(fits("POST /orders/{id}", &v2("POST", path)), "{path}");
        }
        for path in ["/orders", "/orders/7/8", "/order/7", "/"] {
            assert!(!fits("POST /orders/{id}", &v2("POST", path)), "{path}");
        }
        assert!(!fits("POST /orders/{id}", &v2("GET", "/orders/7")));
        assert!(fits("ANY /orders/{rest+}", &v2("GET", "/orders/7/8")));
        assert!(fits("POST /a/{b}", r#"{"httpMethod": "POST", "resource": "/a/{b}", "path": "/x"}"#));
        assert!(fits("$connect", r#"{"requestContext": {"routeKey": "$connect"}}"#));
    }
}
