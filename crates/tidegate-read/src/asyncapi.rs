//! AsyncAPI documents, 2.x and 3.x.
//!
//! A document describes one application and the channels that it sends to or receives from. In 3.x an operation's action
//! is the application's own; in 2.x `publish` is what *others* do, so that the application receives.

use crate::Files;
use crate::cloudformation::stack_name;
use crate::reading::Reading;
use crate::reference::References;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tidegate_graph::{Data, FileId, Map, Reference, Resource, Span, Stack, Str, Value, Why};

/// Channels of one document, and messages of one channel.
const MAX_CHANNELS: usize = 20_000;
const MAX_MESSAGES: usize = 256;
/// References from schemas to other files.
const MAX_DRAWN: usize = 4_096;

/// Reads a document.
///
/// It becomes one `AsyncAPI::Application` {Title, Version, Servers, Sends, Receives} and an `AsyncAPI::Channel` {Address,
/// Name, Protocol, Schema, Messages, Security} for each channel; `Sends` and `Receives` are references to channels. `Name` is
/// what its binding calls the queue or topic.
pub(crate) fn read(files: &Files, file: FileId, root: Value) -> Vec<Reading> {
    let root = Arc::new(root);
    let name = stack_name(files, file);
    let mut document = Document {
        file,
        stack: name.clone(),
        root: Arc::clone(&root),
        references: References::new(files, file, Arc::clone(&root)),
        channels: Vec::new(),
        ids: HashMap::new(),
        sends: Vec::new(),
        receives: Vec::new(),
        drawn: HashSet::new(),
    };
    let second = root.get("asyncapi").and_then(Value::as_text).is_some_and(|v| v.starts_with("2."));
    if second {
        document.second();
    } else {
        document.third();
    }
    let path = files.source(file).map(|s| s.path().clone()).unwrap_or_default();
    let stack = Stack { name, format: "asyncapi", path };
    let mut resources = vec![document.application()];
    resources.append(&mut document.channels);
    vec![Reading { stack, resources, ..Reading::default() }]
}

struct Document<'f> {
    file: FileId,
    stack: Str,
    root: Arc<Value>,
    references: References<'f>,
    channels: Vec<Resource>,
    /// Logical id of a channel -> its place in `channels`.
    ids: HashMap<Str, usize>,
    sends: Vec<Value>,
    receives: Vec<Value>,
    /// References of schemas to other files that were followed.
    drawn: HashSet<(FileId, String)>,
}

impl Document<'_> {
    /// 2.x: operations stand in their channel, whose key is its address.
    fn second(&mut self) {
        let root = Arc::clone(&self.root);
        for (address, field) in root.get("channels").and_then(Value::as_map).into_iter().flat_map(Map::fields)
        {
            let Some((file, channel)) = self.references.follow(self.file, &field.value) else {
                let text = Value::text(address.clone(), field.key);
                self.channel(address, text, (None, None), Vec::new(), field.key);
                continue;
            };
            let mut messages = Vec::new();
            for side in ["publish", "subscribe"] {
                let message = channel.get(side).and_then(|o| o.get("message")).cloned();
                messages.extend(message.map(|message| self.messages(file, &message)).unwrap_or_default());
            }
            let written = Value::text(address.clone(), field.key);
            let carrier = (self.protocol(file, &channel), bound(&channel));
            if let Some(reference) = self.channel(address, written, carrier, messages, field.key) {
                if channel.get("publish").is_some() {
                    self.receives.push(reference.clone());
                }
                if channel.get("subscribe").is_some() {
                    self.sends.push(reference);
                }
            }
        }
    }

    /// 3.x: operations name their channel.
    fn third(&mut self) {
        let root = Arc::clone(&self.root);
        for (id, field) in root.get("channels").and_then(Value::as_map).into_iter().flat_map(Map::fields) {
            let found = self.references.follow(self.file, &field.value);
            let (file, channel) = found.unwrap_or_else(|| (self.file, field.value.clone()));
            self.declared(id, file, &channel, field.key);
        }
        for operation in root.get("operations").and_then(Value::as_map).into_iter().flat_map(Map::values) {
            let Some((file, operation)) = self.references.follow(self.file, operation) else { continue };
            let action = operation.get("action").and_then(Value::as_text).unwrap_or_default();
            let named = operation.get("channel").and_then(|channel| self.named(file, channel));
            let reply = operation.get("reply").and_then(|r| r.get("channel"));
            let reply = reply.and_then(|channel| self.named(file, channel));
            let (there, back) = match action.as_str() {
                "send" => (&mut self.sends, &mut self.receives),
                "receive" => (&mut self.receives, &mut self.sends),
                _ => continue,
            };
            there.extend(named);
            back.extend(reply);
        }
    }

    fn declared(&mut self, id: &Str, file: FileId, channel: &Value, span: Span) -> Option<Value> {
        let address = channel.get("address").filter(|a| !matches!(a.data, Data::Null)).cloned();
        // A channel without an address gets one at run time.
        let address = address.unwrap_or_else(|| Value::unknown(id.clone(), Why::Lookup, span));
        let mut messages = Vec::new();
        if let Some(declared) = channel.get("messages").and_then(Value::as_map) {
            for message in declared.values().take(MAX_MESSAGES) {
                messages.extend(self.message(file, message));
            }
        }
        let carrier = (self.protocol(file, channel), bound(channel));
        self.channel(id, address, carrier, messages, span)
    }

    /// The channel that an operation names: one of the document, or one of another file.
    fn named(&mut self, file: FileId, channel: &Value) -> Option<Value> {
        let target = channel.get("$ref").and_then(Value::as_str)?;
        let id = Str::from(target.rsplit('/').next().unwrap_or(target));
        let span = channel.span;
        if let Some(known) = self.ids.get(&id).and_then(|i| self.channels.get(*i)) {
            return Some(Value::reference(Reference::plain(known.id.clone()), span));
        }
        match self.references.follow(file, channel) {
            Some((file, found)) => self.declared(&id, file, &found, span),
            None => {
                let address = Value::unknown(id.clone(), Why::Import, span);
                self.channel(&id, address, (None, None), Vec::new(), span)
            }
        }
    }

    /// Adds a channel and says how to refer to it.
    fn channel(
        &mut self,
        id: &Str,
        address: Value,
        (protocol, name): (Option<Value>, Option<Value>),
        messages: Vec<Value>,
        span: Span,
    ) -> Option<Value> {
        if self.channels.len() >= MAX_CHANNELS {
            return None;
        }
        let logical_id = if id == "Application" { "Application channel".into() } else { id.clone() };
        let mut properties = Map::new();
        properties.insert("Address", address);
        if let Some(name) = name {
            properties.insert("Name", name);
        }
        if let Some(protocol) = protocol {
            properties.insert("Protocol", protocol);
        }
        if let Some(schema) = messages.iter().find_map(|m| m.get("Payload")) {
            properties.insert("Schema", schema.clone());
        }
        if !messages.is_empty() {
            properties.insert("Messages", Value::list(messages, span));
        }
        let resource = resource(&self.stack, logical_id, "AsyncAPI::Channel", properties, span);
        let reference = Value::reference(Reference::plain(resource.id.clone()), span);
        self.ids.insert(id.clone(), self.channels.len());
        self.channels.push(resource);
        Some(reference)
    }

    /// The protocol of a channel: of its servers, of the document's, or what it has bindings for.
    fn protocol(&mut self, file: FileId, channel: &Value) -> Option<Value> {
        let root = Arc::clone(&self.root);
        let declared = root.get("servers").and_then(Value::as_map);
        for server in channel.get("servers").map(Value::items).unwrap_or_default() {
            let found = match server.as_str() {
                // 2.x names servers.
                Some(name) => declared.and_then(|d| d.get(name)).map(|s| (self.file, s.clone())),
                None => Some((file, server.clone())),
            };
            let found = found.and_then(|(file, server)| self.references.follow(file, &server));
            if let Some(protocol) = found.and_then(|(_, server)| server.get("protocol").cloned()) {
                return Some(protocol);
            }
        }
        let bound = channel.get("bindings").and_then(Value::as_map);
        if let Some((name, binding)) = bound.and_then(|b| b.iter().next()) {
            return Some(Value::text(name.clone(), binding.span));
        }
        let server = declared.and_then(|d| d.values().next())?;
        let (_, server) = self.references.follow(self.file, server)?;
        server.get("protocol").cloned()
    }

    /// A message, or each of `oneOf`.
    fn messages(&mut self, file: FileId, message: &Value) -> Vec<Value> {
        let Some((file, message)) = self.references.follow(file, message) else { return Vec::new() };
        match message.get("oneOf").and_then(Value::as_list) {
            Some(all) => all.iter().take(MAX_MESSAGES).filter_map(|m| self.message(file, m)).collect(),
            None => self.message(file, &message).into_iter().collect(),
        }
    }

    fn message(&mut self, file: FileId, message: &Value) -> Option<Value> {
        let (file, message) = self.references.follow(file, message)?;
        let span = message.span;
        let mut fields = Vec::new();
        for (from, to) in [("name", "Name"), ("title", "Title"), ("contentType", "ContentType")] {
            fields.extend(message.get(from).cloned().map(|value| (to, value)));
        }
        if message.get("contentType").is_none() {
            fields.extend(self.root.get("defaultContentType").cloned().map(|value| ("ContentType", value)));
        }
        if let Some((file, headers)) = message.get("headers").and_then(|h| self.references.follow(file, h)) {
            self.draw_in(file, &headers);
            fields.push(("Headers", headers));
        }
        let mut of_traits = Vec::new();
        for applied in message.get("traits").map(Value::items).unwrap_or_default() {
            let Some((file, applied)) = self.references.follow(file, applied) else { continue };
            let headers = applied.get("headers").and_then(|h| self.references.follow(file, h));
            let Some((file, headers)) = headers else { continue };
            self.draw_in(file, &headers);
            of_traits.push(headers);
        }
        if !of_traits.is_empty() {
            fields.push(("TraitHeaders", Value::list(of_traits, span)));
        }
        let correlation = message.get("correlationId").and_then(|c| self.references.follow(file, c));
        let location = correlation.and_then(|(_, c)| c.get("location").cloned());
        fields.extend(location.map(|location| ("CorrelationId", location)));
        if let Some(payload) = message.get("payload") {
            let found = self.references.follow(file, payload);
            let (file, payload) = found.unwrap_or_else(|| {
                let unknown = Value::unknown(payload.display(), Why::Import, payload.span);
                (file, unknown)
            });
            let format = payload.get("schemaFormat").or_else(|| message.get("schemaFormat")).cloned();
            fields.extend(format.map(|format| ("SchemaFormat", format)));
            // 3.x may wrap the schema to say what language it is written in.
            let schema = match payload.get("schema").filter(|_| payload.get("schemaFormat").is_some()) {
                Some(schema) => self.references.follow(file, schema),
                None => Some((file, payload)),
            };
            if let Some((file, schema)) = schema {
                self.draw_in(file, &schema);
                fields.push(("Payload", schema));
            }
        }
        Some(Value::object(fields, span))
    }

    /// Loads the files that a schema refers to, so that they are among the sources.
    fn draw_in(&mut self, file: FileId, schema: &Value) {
        let mut open = vec![(file, schema.clone())];
        while let Some((file, value)) = open.pop() {
            let mut targets = Vec::new();
            value.walk(&mut |v| {
                let target = v.get("$ref").and_then(Value::as_str);
                targets.extend(target.filter(|t| !t.starts_with('#')).map(|t| (t.to_string(), v.clone())));
            });
            for (target, reference) in targets {
                if self.drawn.len() < MAX_DRAWN && self.drawn.insert((file, target)) {
                    open.extend(self.references.follow(file, &reference));
                }
            }
        }
    }

    fn application(&mut self) -> Resource {
        let root = Arc::clone(&self.root);
        let span = root.get("info").map_or(root.span, |info| info.span);
        let info = |key: &str| root.get("info").and_then(|i| i.get(key)).cloned();
        let mut properties = Map::new();
        properties.insert("Title", info("title").unwrap_or_else(|| Value::text(self.stack.clone(), span)));
        if let Some(version) = info("version") {
            properties.insert("Version", version);
        }
        let mut servers = Vec::new();
        for (name, server) in root.get("servers").and_then(Value::as_map).into_iter().flat_map(Map::iter) {
            let Some((file, server)) = self.references.follow(self.file, server) else { continue };
            servers.push(self.server(name, file, &server));
        }
        properties.insert("Servers", Value::list(servers, span));
        properties.insert("Sends", Value::list(std::mem::take(&mut self.sends), span));
        properties.insert("Receives", Value::list(std::mem::take(&mut self.receives), span));
        resource(&self.stack, Str::new_static("Application"), "AsyncAPI::Application", properties, span)
    }

    fn server(&mut self, name: &Str, file: FileId, server: &Value) -> Value {
        let span = server.span;
        let mut fields = vec![("Name", Value::text(name.clone(), span))];
        for (from, to) in [("host", "Host"), ("url", "Host"), ("protocol", "Protocol")] {
            fields.extend(server.get(from).cloned().map(|value| (to, value)));
        }
        // 3.x lists schemes or references to them, 2.x maps from their names.
        let mut security = Vec::new();
        for requirement in server.get("security").map(Value::items).unwrap_or_default() {
            match requirement.get("$ref").and_then(Value::as_str) {
                Some(target) => {
                    let name = target.rsplit('/').next().unwrap_or_default();
                    let kind =
                        self.references.follow(file, requirement).and_then(|(_, s)| s.get("type").cloned());
                    security.push(kind.unwrap_or_else(|| Value::text(name, requirement.span)));
                }
                None => match requirement.get("type") {
                    Some(kind) => security.push(kind.clone()),
                    None => security.extend(
                        requirement
                            .as_map()
                            .into_iter()
                            .flat_map(Map::keys)
                            .map(|n| Value::text(n.clone(), span)),
                    ),
                },
            }
        }
        fields.push(("Security", Value::list(security, span)));
        Value::object(fields, span)
    }
}

/// What the bindings of a channel call the queue or topic behind it.
fn bound(channel: &Value) -> Option<Value> {
    let bindings = channel.get("bindings")?;
    let at = |path: &[&str]| path.iter().try_fold(bindings, |value, key| value.get(key));
    let places: [&[&str]; 6] = [
        &["sqs", "queue", "name"],
        &["sns", "name"],
        &["kafka", "topic"],
        &["amqp", "queue", "name"],
        &["googlepubsub", "topic"],
        &["kinesis", "stream"],
    ];
    places.into_iter().find_map(at).cloned()
}

fn resource(stack: &Str, logical_id: Str, ty: &'static str, properties: Map, span: Span) -> Resource {
    let ty = Str::new_static(ty);
    Resource {
        id: format!("{stack}/{logical_id}").into(),
        logical_id,
        declared_type: ty.clone(),
        ty,
        stack: 0,
        properties,
        attributes: Map::new(),
        condition: None,
        span,
        made_from: None,
    }
}
