//! The leaves that somebody outside can set, trigger by trigger.
//!
//! Everything else is set by the service that sends the event. Running it through injection detection would only raise
//! false alarms; its format and its agreement with the contract are checked instead.

use super::Trigger;
use crate::json::{Item, Kind};
use crate::named;
use crate::token::PARTIES;

/// Where a leaf stands in the event, as far as it changes how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The payload of a message, whole.
    Body,
    /// A value inside of structured data.
    Field,
    /// A claim of a token that names a party.
    Claim,
    /// A key inside of structured data.
    Key,
    /// The path of a request.
    Path,
    /// A query string, whole, still encoded.
    Query,
    /// One parameter of a query, form or path.
    Parameter,
    /// A header of a request or message.
    Header,
    /// The key of an object in a store, encoded as in a form.
    ObjectKey,
    /// A value under a name that tells where somebody was.
    Seen,
    /// A value under the name of an address, or of a host.
    Target,
    Host,
    /// The same of parameters.
    SeenParameter,
    TargetParameter,
    HostParameter,
    /// What a program wrote to its log.
    Logged,
    /// What somebody wrote in Markdown, in an event of who shows it.
    Post,
}

impl Place {
    /// One parameter, whatever its name.
    pub(crate) fn is_parameter(self) -> bool {
        matches!(self, Self::Parameter | Self::SeenParameter | Self::TargetParameter | Self::HostParameter)
    }

    /// It may be encoded as forms are.
    pub(crate) fn is_of_a_form(self) -> bool {
        self.is_parameter() || matches!(self, Self::Query | Self::Body | Self::Path)
    }

    /// Its name tells where somebody was.
    pub(crate) fn is_seen(self) -> bool {
        matches!(self, Self::Seen | Self::SeenParameter)
    }

    /// Its name is that of a host.
    pub(crate) fn is_host(self) -> bool {
        matches!(self, Self::Host | Self::HostParameter)
    }

    /// Its name is that of an address or a host.
    pub(crate) fn is_target(self) -> bool {
        self.is_host() || matches!(self, Self::Target | Self::TargetParameter)
    }
}

/// How the leaf's bytes are wrapped, where the trigger says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// Not, or nobody says.
    Plain,
    /// Always Base64.
    Base64,
    /// An array of numbers, each a byte.
    Bytes,
}

/// One string, or one tree of strings, to inspect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf<'a> {
    pub(crate) item: Item<'a>,
    /// Index of the record in a batch; 0 where there is none.
    pub(crate) record: u32,
    pub(crate) place: Place,
    pub(crate) carrier: Carrier,
    /// `content-type` of a body, name of a header.
    pub(crate) label: &'a [u8],
}

/// Calls `visit` with every leaf that somebody outside can set.
pub(crate) fn leaves<'a>(trigger: Trigger, event: Item<'a>, visit: &mut dyn FnMut(Leaf<'a>)) {
    let mut to = Visit { record: 0, visit };
    match trigger {
        Trigger::ApiGatewayV1
        | Trigger::ApiGatewayV2
        | Trigger::Alb
        | Trigger::Lattice
        | Trigger::WebSocket => to.http(event),
        Trigger::Authorizer => {
            to.http(event);
            to.at(event, "authorizationToken", Place::Header);
            to.at(event, "identitySource", Place::Header);
            to.at(event, "requestHeaders", Place::Header);
            to.down(event, &["requestContext", "queryString"], Place::Body);
            to.down(event, &["requestContext", "variables"], Place::Field);
        }
        Trigger::Sqs => to.records(event, "Records", Visit::sqs),
        Trigger::Sns => to.records(event, "Records", |to, r| {
            if let Some(sns) = r.field("Sns") {
                to.sns(sns);
            }
        }),
        Trigger::S3 => to.records(event, "Records", |to, r| {
            to.down(r, &["s3", "object", "key"], Place::ObjectKey);
        }),
        Trigger::S3ObjectLambda => to.down(event, &["userRequest", "url"], Place::Query),
        Trigger::S3Batch => to.records(event, "tasks", |to, r| to.at(r, "s3Key", Place::ObjectKey)),
        Trigger::EventBridge => {
            for key in ["detail", "detail-type", "source", "resources"] {
                to.at(event, key, Place::Field);
            }
        }
        Trigger::DynamoDb => to.records(event, "Records", |to, r| {
            for key in ["Keys", "NewImage", "OldImage"] {
                if let Some(image) = r.field("dynamodb").and_then(|d| d.field(key)) {
                    to.attributes(image);
                }
            }
        }),
        Trigger::DocumentDb => to.records(event, "events", |to, r| to.at(r, "event", Place::Field)),
        Trigger::Kinesis => to.records(event, "Records", |to, r| {
            if let Some(kinesis) = r.field("kinesis") {
                to.base64(kinesis, "data");
                to.at(kinesis, "partitionKey", Place::Field);
            }
        }),
        Trigger::Firehose => to.records(event, "records", |to, r| {
            to.base64(r, "data");
            to.down(r, &["kinesisRecordMetadata", "partitionKey"], Place::Field);
        }),
        Trigger::Kafka => to.kafka(event),
        Trigger::Mq => to.mq(event),
        Trigger::Ses => to.records(event, "Records", |to, r| {
            let mail = r.field("ses").and_then(|s| s.field("mail"));
            for key in ["commonHeaders", "headers", "source", "destination"] {
                if let Some(mail) = mail {
                    to.at(mail, key, Place::Header);
                }
            }
        }),
        Trigger::Cognito => {
            to.at(event, "userName", Place::Field);
            to.at(event, "request", Place::Field);
        }
        Trigger::AppSync => {
            for key in ["arguments", "source", "stash", "prev"] {
                to.at(event, key, Place::Field);
            }
            to.down(event, &["request", "headers"], Place::Header);
        }
        Trigger::Logs => {
            if let Some(logs) = event.field("awslogs") {
                to.base64(logs, "data");
            }
        }
        Trigger::CustomResource => to.at(event, "ResourceProperties", Place::Field),
        Trigger::Service => {}
        Trigger::PubSub => {
            let holder = event.field("data").filter(|d| d.field("message").is_some()).unwrap_or(event);
            if let Some(message) = holder.field("message") {
                to.base64(message, "data");
                to.at(message, "attributes", Place::Field);
                to.at(message, "orderingKey", Place::Field);
            }
        }
        Trigger::CloudStorage => {
            to.at(event, "name", Place::Field);
            to.at(event, "metadata", Place::Field);
        }
        Trigger::EventGrid | Trigger::CloudEvent => to.cloud_events(event),
        Trigger::Iot | Trigger::ServiceBus | Trigger::EventHubs | Trigger::Direct => {
            to.leaf(event, Place::Field);
        }
    }
}

/// What the headers of a request say that its body is.
pub(crate) fn content_type<'a>(event: Item<'a>) -> &'a [u8] {
    header(event, b"content-type").map(Item::raw).unwrap_or_default()
}

/// The header by which a request says that its body is in an encoding that the guard does not read, and others do. Names
/// that are no encoding at all are left to whoever takes them.
pub(crate) fn unread_encoding<'a>(event: Item<'a>) -> Option<Item<'a>> {
    const UNREAD: [&[u8]; 7] = [b"br", b"compress", b"x-compress", b"dcb", b"dcz", b"exi", b"pack200-gzip"];
    let unread = |name: &[u8]| UNREAD.iter().any(|unread| name.trim_ascii().eq_ignore_ascii_case(unread));
    header(event, b"content-encoding").filter(|value| value.raw().split(|b| *b == b',').any(unread))
}

fn header<'a>(event: Item<'a>, name: &[u8]) -> Option<Item<'a>> {
    let headers = event.field("headers").or_else(|| event.field("multiValueHeaders"))?;
    let (_, value) = headers.entries().find(|(n, _)| n.raw().eq_ignore_ascii_case(name))?;
    Some(value.first().unwrap_or(value))
}

struct Visit<'a, 'v> {
    record: u32,
    visit: &'v mut dyn FnMut(Leaf<'a>),
}

impl<'a> Visit<'a, '_> {
    fn leaf(&mut self, item: Item<'a>, place: Place) {
        self.labelled(item, place, Carrier::Plain, b"");
    }

    fn labelled(&mut self, item: Item<'a>, place: Place, carrier: Carrier, label: &'a [u8]) {
        (self.visit)(Leaf { item, record: self.record, place, carrier, label });
    }

    fn at(&mut self, item: Item<'a>, key: &str, place: Place) {
        if let Some(item) = item.field(key) {
            self.leaf(item, place);
        }
    }

    fn down(&mut self, item: Item<'a>, path: &[&str], place: Place) {
        let end = path.iter().try_fold(item, |item, key| item.field(key));
        if let Some(item) = end {
            self.leaf(item, place);
        }
    }

    fn base64(&mut self, item: Item<'a>, key: &str) {
        if let Some(item) = item.field(key) {
            self.labelled(item, Place::Body, Carrier::Base64, b"");
        }
    }

    fn records(&mut self, event: Item<'a>, key: &str, mut each: impl FnMut(&mut Self, Item<'a>)) {
        for (record, index) in event.field(key).into_iter().flat_map(Item::items).zip(0..) {
            self.record = index;
            each(self, record);
        }
    }

    fn http(&mut self, event: Item<'a>) {
        for key in ["path", "rawPath", "raw_path"] {
            self.at(event, key, Place::Path);
        }
        {
            let key = "rawQueryString";
            self.at(event, key, Place::Query);
        }
        for key in [
            "pathParameters",
            "queryStringParameters",
            "multiValueQueryStringParameters",
            "query_string_parameters",
        ] {
            self.at(event, key, Place::Parameter);
        }
        let mut content_type: &[u8] = b"";
        for headers in ["headers", "multiValueHeaders"].iter().filter_map(|key| event.field(key)) {
            for (name, value) in headers.entries() {
                if name.raw().eq_ignore_ascii_case(b"content-type") {
                    content_type = value.first().unwrap_or(value).raw();
                }
                self.leaf(name, Place::Key);
                self.labelled(value, Place::Header, Carrier::Plain, name.raw());
            }
        }
        self.at(event, "cookies", Place::Header);
        if let Some(authorizer) = event.field("requestContext").and_then(|c| c.field("authorizer")) {
            self.claims(authorizer.field("jwt").unwrap_or(authorizer));
        }
        if let Some(body) = event.field("body") {
            let flag = event.field("isBase64Encoded").or_else(|| event.field("is_base64_encoded"));
            let carrier = if flag.is_some_and(Item::is_true) { Carrier::Base64 } else { Carrier::Plain };
            self.labelled(body, Place::Body, carrier, content_type);
        }
    }

    /// What a token said of its holder, who may have chosen a name and more of it.
    fn claims(&mut self, verified: Item<'a>) {
        for (name, value) in verified.field("claims").into_iter().flat_map(Item::entries) {
            let party = PARTIES.iter().any(|party| name.is_text(party));
            self.leaf(value, if party { Place::Claim } else { Place::Field });
        }
    }

    fn sqs(&mut self, record: Item<'a>) {
        self.at(record, "body", Place::Body);
        self.message_attributes(record.field("messageAttributes"), "stringValue", "binaryValue");
        if let Some(attributes) = record.field("attributes") {
            for key in ["MessageGroupId", "MessageDeduplicationId", "AWSTraceHeader"] {
                self.at(attributes, key, Place::Field);
            }
        }
    }

    fn sns(&mut self, notification: Item<'a>) {
        self.at(notification, "Message", Place::Body);
        self.at(notification, "Subject", Place::Header);
        let attributes = notification.field("MessageAttributes");
        for (name, value) in attributes.into_iter().flat_map(Item::entries) {
            self.leaf(name, Place::Key);
            let binary = value.field("Type").is_some_and(|t| t.is_text("Binary"));
            if let Some(value) = value.field("Value") {
                self.labelled(
                    value,
                    Place::Header,
                    if binary { Carrier::Base64 } else { Carrier::Plain },
                    name.raw(),
                );
            }
        }
    }

    fn message_attributes(&mut self, attributes: Option<Item<'a>>, text: &str, binary: &str) {
        for (name, value) in attributes.into_iter().flat_map(Item::entries) {
            self.leaf(name, Place::Key);
            if let Some(value) = value.field(text) {
                self.labelled(value, Place::Header, Carrier::Plain, name.raw());
            }
            if let Some(value) = value.field(binary) {
                self.labelled(value, Place::Header, Carrier::Base64, name.raw());
            }
        }
    }

    /// DynamoDB's typed leaves: `{"name": {"S": "text"}}`, nested by `M` and `L`. No recursion: types are keys, and keys
    /// that are types name the carrier of what follows.
    fn attributes(&mut self, image: Item<'a>) {
        let mut pending = vec![image];
        while let Some(map) = pending.pop() {
            for (name, typed) in map.entries() {
                self.leaf(name, Place::Key);
                let place = named::place(name.raw()).unwrap_or(Place::Field);
                self.typed(typed, place, &mut pending);
            }
        }
    }

    fn typed(&mut self, typed: Item<'a>, place: Place, pending: &mut Vec<Item<'a>>) {
        let mut values = vec![typed];
        while let Some(typed) = values.pop() {
            for (kind, value) in typed.entries() {
                match kind.raw() {
                    b"S" | b"N" | b"SS" | b"NS" => self.leaf(value, place),
                    b"B" | b"BS" => self.labelled(value, Place::Field, Carrier::Base64, b""),
                    b"M" => pending.push(value),
                    b"L" => values.extend(value.items()),
                    b"BOOL" | b"NULL" => {}
                    _ => self.leaf(value, Place::Field),
                }
            }
        }
    }

    fn kafka(&mut self, event: Item<'a>) {
        let batches = event.field("records");
        let records = batches.into_iter().flat_map(Item::items).flat_map(Item::items);
        for (record, index) in records.zip(0..) {
            self.record = index;
            self.base64(record, "key");
            self.base64(record, "value");
            for header in record.field("headers").into_iter().flat_map(Item::items) {
                for (name, value) in header.entries() {
                    self.leaf(name, Place::Key);
                    self.labelled(value, Place::Header, Carrier::Bytes, name.raw());
                }
            }
        }
    }

    fn mq(&mut self, event: Item<'a>) {
        let active = event.field("messages").into_iter().flat_map(Item::items);
        let rabbit =
            event.field("rmqMessagesByQueue").into_iter().flat_map(Item::items).flat_map(Item::items);
        for (message, index) in active.chain(rabbit).zip(0..) {
            self.record = index;
            self.base64(message, "data");
            self.at(message, "properties", Place::Header);
            self.down(message, &["basicProperties", "headers"], Place::Header);
            self.down(message, &["basicProperties", "correlationId"], Place::Header);
            self.at(message, "correlationId", Place::Header);
        }
    }

    fn cloud_events(&mut self, event: Item<'a>) {
        let several = event.kind() == Kind::Array;
        let events = event.items().filter(move |_| several).chain((!several).then_some(event));
        for (event, index) in events.zip(0..) {
            self.record = index;
            for key in ["subject", "source", "type", "eventType", "data"] {
                self.at(event, key, Place::Field);
            }
            self.base64(event, "data_base64");
        }
    }
}
