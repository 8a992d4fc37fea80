//! Messages of AsyncAPI's channels, on the edges from the queues, topics, streams and buses of the same name.

use super::events::is_event;
use super::parameters::Around;
use super::{Found, Within, avro, either, headers, text, written};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use tidegate_decide::schema::compile::Draft;
use tidegate_graph::contract::schema::{Schema, SchemaKind, When};
use tidegate_graph::contract::{Edge, Function};
use tidegate_graph::{FileId, Piece, Resource, System, Value};

/// What URIs of files begin with.
const ROOT: &str = "project:///";

pub(super) fn find(system: &System, functions: &BTreeMap<String, Function>, found: &mut Found) {
    let mut library = Library { system, files: HashMap::new() };
    let mut channels: HashMap<String, Vec<Channel<'_>>> = HashMap::new();
    for channel in system.of_type("AsyncAPI::Channel").filter_map(Channel::of) {
        channels.entry(channel.name.clone()).or_default().push(channel);
    }
    if channels.is_empty() {
        return;
    }
    let topics = topics(system);
    for (id, edge) in functions.iter().flat_map(|(id, f)| f.edges.iter().map(move |edge| (id, edge))) {
        for name in names(system, &topics, id, edge) {
            let mine = channels.get_mut(&name).into_iter().flatten().filter(|c| c.carries(&edge.trigger));
            let mut messages: Vec<Message> = mine.flat_map(|c| c.messages(&mut library)).cloned().collect();
            if topics.is_decoded(id) && edge.trigger == "kafka" {
                messages.iter_mut().for_each(Message::decoded);
            }
            lay(edge, &name, &messages, found);
            lay_headers(edge, &name, messages, found);
        }
    }
}

/// One channel.
struct Channel<'s> {
    resource: &'s Resource,
    /// Its name where it is, with `*` for parameters.
    name: String,
    protocol: Option<String>,
    /// Compiled when an edge first asks for them.
    messages: Option<Vec<Message>>,
}

#[derive(Clone)]
struct Message {
    name: Option<String>,
    /// Its payload has to be this; the error says why nobody can tell.
    payload: Result<Schema, String>,
    /// Its headers have to be this, if it says anything of them.
    headers: Option<Schema>,
}

impl Message {
    /// It comes through an event source that takes Avro apart.
    fn decoded(&mut self) {
        if self.payload.as_ref().is_ok_and(|schema| schema.kind == SchemaKind::Avro) {
            let shown = self.name.as_ref().map_or_else(String::new, |name| format!(" {name}"));
            self.payload =
                Err(format!("message{shown} comes as JSON, since the event source hands Avro on as that"));
        }
    }
}

impl<'s> Channel<'s> {
    fn of(resource: &'s Resource) -> Option<Self> {
        let address = text(resource.property("Name")).or_else(|| text(resource.property("Address")))?;
        let protocol = text(resource.property("Protocol"));
        Some(Self { resource, name: short(&address), protocol, messages: None })
    }

    fn messages(&mut self, library: &mut Library<'_>) -> &[Message] {
        let resource = self.resource;
        self.messages.get_or_insert_with(|| {
            let all = resource.property("Messages").map(Value::items).unwrap_or_default();
            all.iter().map(|m| library.message(m, resource)).collect()
        })
    }

    /// Its messages can arrive as events of this trigger.
    fn carries(&self, trigger: &str) -> bool {
        match self.protocol.as_deref() {
            Some("sqs") => trigger == "sqs",
            Some("sns") => trigger == "sns",
            Some("kafka" | "kafka-secure") => trigger == "kafka",
            Some("kinesis") => trigger == "kinesis",
            Some("eventbridge") => trigger == "eventbridge",
            Some("googlepubsub") => trigger == "pubsub",
            Some("amqp" | "amqps" | "amqp1" | "jms" | "stomp") => trigger == "mq",
            Some(_) => false,
            None => matches!(trigger, "sqs" | "sns" | "kafka" | "kinesis" | "pubsub"),
        }
    }
}

/// A channel's name: the last part of an ARN, a URL or a path, `*` for each of its parameters.
fn short(address: &str) -> String {
    let long = address.starts_with("arn:") || address.contains("://") || address.starts_with("projects/");
    let name = if long { address.rsplit([':', '/']).next().unwrap_or(address) } else { address };
    let mut out = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, tail)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push('*');
        rest = tail;
    }
    out + rest
}

/// Lays the messages of an edge's channels on it.
fn lay(edge: &Edge, name: &str, messages: &[Message], found: &mut Found) {
    let mut messages: Vec<&Message> = messages.iter().collect();
    let bus = edge.trigger == "eventbridge";
    if bus {
        // Only what the rule lets through.
        let types = &edge.origin.detail_types;
        messages.retain(|m| types.is_empty() || m.name.as_ref().is_none_or(|name| types.contains(name)));
    }
    let by_name = bus && messages.iter().all(|m| m.name.is_some());
    let mut groups: BTreeMap<Option<&String>, Vec<&Message>> = BTreeMap::new();
    for message in messages {
        groups.entry(message.name.as_ref().filter(|_| by_name)).or_default().push(message);
    }
    for (detail_type, messages) in groups {
        let payloads: Result<Vec<Schema>, &String> =
            messages.into_iter().map(|m| m.payload.as_ref().cloned()).collect();
        match payloads {
            Ok(all) => {
                let topic = (edge.trigger == "kafka").then(|| name.to_string());
                let when = When { detail_type: detail_type.cloned(), topic, ..When::default() };
                let schema = either(all).map(|s| Schema { when, ..s });
                found.by_edge.entry(edge.id.clone()).or_default().extend(schema);
            }
            Err(why) => {
                let open = found.open.entry(edge.id.clone()).or_default();
                open.push(format!("schema of channel {name}: {why}"));
            }
        }
    }
}

/// Lays what is said of headers on an edge. Where a message of the channel says nothing of them, any will do.
fn lay_headers(edge: &Edge, name: &str, messages: Vec<Message>, found: &mut Found) {
    if !matches!(edge.trigger.as_str(), "sqs" | "sns" | "kafka" | "mq" | "pubsub") {
        return;
    }
    let all: Option<Vec<Schema>> = messages.into_iter().map(|message| message.headers).collect();
    let topic = (edge.trigger == "kafka").then(|| name.to_string());
    let schema = all.and_then(either).map(|s| Schema { when: When { topic, ..When::default() }, ..s });
    found.by_edge.entry(edge.id.clone()).or_default().extend(schema);
}

/// What an edge comes from is called; `*` where that isn't known.
pub(super) fn names(system: &System, topics: &Topics, function: &str, edge: &Edge) -> Vec<String> {
    let mut names: Vec<String> = match edge.trigger.as_str() {
        "sqs" | "sns" => {
            edge.origin.arns.iter().filter_map(|arn| arn.splitn(6, ':').nth(5)).map(Into::into).collect()
        }
        "kinesis" => {
            let streams = edge.origin.arns.iter().filter_map(|arn| arn.split_once(":stream/"));
            streams.filter_map(|(_, rest)| rest.split('/').next()).map(Into::into).collect()
        }
        "kafka" => topics.named.get(function).cloned().unwrap_or_default(),
        // Of several queues nobody could tell which one a message comes from.
        "mq" => topics.queues.get(function).filter(|all| all.len() == 1).cloned().unwrap_or_default(),
        "eventbridge" => bus(system, edge).into_iter().collect(),
        "pubsub" => system.resource(&edge.from).and_then(|r| text(r.property("name"))).into_iter().collect(),
        _ => Vec::new(),
    };
    names.retain(|name| name.chars().any(|c| c != '*'));
    names.sort();
    names.dedup();
    names
}

/// The name of a rule's bus.
fn bus(system: &System, edge: &Edge) -> Option<String> {
    let rule = system.resource(&edge.from).filter(|r| r.ty == "AWS::Events::Rule")?;
    let Some(bus) = rule.property("EventBusName") else { return Some("default".into()) };
    let declared = bus.as_reference().and_then(|r| system.resource(&r.target));
    let name = declared.and_then(|r| r.property("Name")).unwrap_or(bus);
    // As in the patterns of origins.
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.to_string(),
        _ => "*".to_string(),
    };
    Some(short(&name.pieces().iter().map(piece).collect::<String>()))
}

/// What event sources of Kafka and Amazon MQ hand on, by the id of the function.
#[derive(Debug, Default)]
pub(super) struct Topics {
    named: HashMap<String, Vec<String>>,
    queues: HashMap<String, Vec<String>>,
    decoded: HashSet<String>,
}

impl Topics {
    /// A registry's schemas are used before the function already: what was binary arrives as JSON.
    pub(super) fn is_decoded(&self, function: &str) -> bool {
        self.decoded.contains(function)
    }
}

pub(super) fn topics(system: &System) -> Topics {
    let mut out = Topics::default();
    for mapping in system.of_type("AWS::Lambda::EventSourceMapping") {
        let named = mapping.property("Topics").map(Value::items).unwrap_or_default();
        let named: Vec<String> = named.iter().filter_map(|t| text(Some(t))).collect();
        let queues = mapping.property("Queues").map(Value::items).unwrap_or_default();
        // One whose name isn't known is one all the same.
        let queues = queues.iter().map(|q| text(Some(q)).unwrap_or_else(|| "*".to_string()));
        let queues: Vec<String> = queues.collect();
        let configs = ["AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig"];
        let formats = configs.map(|c| mapping.path(&[c, "SchemaRegistryConfig", "EventRecordFormat"]));
        let decoded = formats.into_iter().flatten().any(|f| f.as_str() != Some("SOURCE"));
        for (function, _) in mapping.property("FunctionName").into_iter().flat_map(Value::references) {
            let id = function.target.to_string();
            out.decoded.extend(decoded.then(|| id.clone()));
            out.queues.entry(id.clone()).or_default().extend(queues.iter().cloned());
            out.named.entry(id).or_default().extend(named.iter().cloned());
        }
    }
    out
}

/// Files that schemas are in.
struct Library<'s> {
    system: &'s System,
    /// The tree of a file, and its text as JSON.
    files: HashMap<FileId, Option<(Value, String)>>,
}

impl Library<'_> {
    fn message(&mut self, message: &Value, channel: &Resource) -> Message {
        let name = text(message.get("Name"));
        let shown = name.clone().unwrap_or_else(|| channel.logical_id.to_string());
        let payload = self.payload(message).map_err(|why| format!("message {shown} {why}"));
        Message { name, payload, headers: self.headers(message) }
    }

    /// What a message and its traits say of headers.
    fn headers(&mut self, message: &Value) -> Option<Schema> {
        let own = message.get("Headers").into_iter();
        let all: Vec<&Value> =
            own.chain(message.get("TraitHeaders").map(Value::items).unwrap_or_default()).collect();
        let first = all.first()?;
        let (path, pointer) = self.place(first)?;
        let (mut places, mut elsewhere) = (Vec::new(), Vec::new());
        for headers in &all {
            match self.place(headers)? {
                (of, pointer) if of == path => places.push(pointer),
                (of, pointer) => {
                    elsewhere.push(format!("{of}#{pointer}: headers of another file aren't compared"));
                }
            }
        }
        let document = self.document(first.span.file)?;
        let root: serde_json::Value = serde_json::from_str(&document).ok()?;
        let others = |uri: &str| self.file(uri);
        let (name, draft) = (path.as_str(), Draft::Draft7);
        let around = Around { name, root: &root, draft, unknown: &[], others: &others };
        let mut asked = headers::asked(&around, places);
        asked.unknown.extend(elsewhere);
        asked.compiled(&format!("{path}#{pointer}"), &around, When::default())
    }

    /// The JSON text of another file of the project.
    fn file(&self, uri: &str) -> Option<String> {
        let path = uri.strip_prefix(ROOT)?;
        let (_, source) = self.system.sources.iter().find(|(_, s)| s.path() == path)?;
        json(path, source.text())
    }

    fn payload(&mut self, message: &Value) -> Result<Schema, String> {
        let Some(payload) = message.get("Payload").filter(|p| !p.is_unknown()) else {
            return Err("has no schema that is known".into());
        };
        let format = text(message.get("SchemaFormat")).unwrap_or_default().to_ascii_lowercase();
        let language = format.split([';', '+']).next().unwrap_or_default().trim();
        if language == "application/vnd.apache.avro" {
            return self.avro(payload);
        }
        let draft = match language {
            "" | "application/schema" => Draft::Draft7,
            "application/vnd.oai.openapi" => Draft::OpenApi30,
            _ if language.starts_with("application/vnd.aai.asyncapi") => Draft::Draft7,
            _ => return Err(format!("has a schema in `{language}`, which isn't enforced")),
        };
        let kind = text(message.get("ContentType")).unwrap_or_default().to_ascii_lowercase();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.is_empty() && kind != "application/json" && !kind.ends_with("+json") {
            return Err(format!("is `{kind}`, not JSON"));
        }
        let (path, pointer) = self.place(payload).ok_or("has a schema that can't be found in its file")?;
        let Some(document) = self.document(payload.span.file) else {
            return Err("has a schema in a file that can't be read".into());
        };
        let others = |uri: &str| self.file(uri);
        let within = Within {
            source: &path,
            document: &document,
            unknown: &[],
            pointer: &pointer,
            draft,
            others: &others,
        };
        let schema = within.compile(When::default()).ok_or("has a schema that can't be compiled")?;
        Ok(Schema { whole: is_event(payload), ..schema })
    }

    fn avro(&mut self, payload: &Value) -> Result<Schema, String> {
        let (json, unknown) = written::in_part(payload);
        let (path, pointer) = self.place(payload).unwrap_or_default();
        let source = if pointer.is_empty() { path } else { format!("{path}#{pointer}") };
        avro(&source, &json, unknown)
    }

    /// Where a value was written: a path, and a pointer in that file.
    fn place(&mut self, value: &Value) -> Option<(String, String)> {
        let path = self.system.sources.source(value.span.file)?.path().to_string();
        self.document(value.span.file)?;
        let (root, _) = self.files.get(&value.span.file)?.as_ref()?;
        let mut pointer = String::new();
        pointer_to(root, value, &mut pointer).then_some((path, pointer))
    }

    fn document(&mut self, file: FileId) -> Option<String> {
        if !self.files.contains_key(&file) {
            let source = self.system.sources.source(file)?;
            let (root, _) = tidegate_read::parse(file, source.text());
            let read = root.and_then(|root| Some((root, json(source.path(), source.text())?)));
            self.files.insert(file, read);
        }
        self.files.get(&file)?.as_ref().map(|(_, text)| text.clone())
    }
}

/// The JSON text of a file.
fn json(path: &str, text: &str) -> Option<String> {
    let extension = Path::new(path).extension().and_then(|e| e.to_str()).unwrap_or_default();
    written::json(extension, text).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

/// Writes the pointer from a tree's root to what has the span of `wanted`; false when there is nothing.
fn pointer_to(at: &Value, wanted: &Value, pointer: &mut String) -> bool {
    if at.span == wanted.span && at == wanted {
        return true;
    }
    let inside = |v: &Value| v.span.start <= wanted.span.start && wanted.span.end <= v.span.end;
    let try_child = |token: String, child: &Value, pointer: &mut String| {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&token);
        let found = inside(child) && pointer_to(child, wanted, pointer);
        if !found {
            pointer.truncate(length);
        }
        found
    };
    if let Some(items) = at.as_list() {
        return items.iter().enumerate().any(|(n, item)| try_child(n.to_string(), item, pointer));
    }
    let fields = at.as_map().into_iter().flat_map(tidegate_graph::Map::iter);
    fields.into_iter().any(|(key, item)| try_child(super::token(key), item, pointer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_called_by_the_last_part_of_its_address() {
        for (address, name) in [
            ("orders", "orders"),
            ("arn:aws:sqs:eu-west-1:111122223333:orders", "orders"),
            ("https://sqs.eu-west-1.amazonaws.com/111122223333/orders", "orders"),
            ("arn:aws:kinesis:eu-west-1:111122223333:stream/clicks", "clicks"),
            ("orders-{stage}-{n}", "orders-*-*"),
            ("orders.{", "orders.{"),
            ("smarty/light/{id}", "smarty/light/*"),
        ] {
            assert_eq!(short(address), name);
        }
    }
}
