//! SQS over its JSON protocol, signed here.

use super::together::Together;
use super::{Error, Message, Received, Settle, Sink, Soon, Source, Ticket};
use crate::aws::Credentials;
use crate::client::Client;
use crate::sigv4::{self, Scope};
use http_body_util::Full;
use hyper::Request;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

/// A queue; one whose name ends in `.fifo` keeps the order within each group.
#[derive(Clone)]
pub(super) struct Queue(Arc<Inner>);

struct Inner {
    client: Client,
    credentials: Credentials,
    region: String,
    url: String,
    name: String,
    done: Together,
}

/// What the service takes in one call.
const CALL: usize = 10;
/// Bytes in one call, with room for attributes.
const BYTES: usize = 200 << 10;

impl Queue {
    /// The queue `ACCOUNT/NAME` of a region, at `AWS_ENDPOINT_URL` if that is set.
    pub(super) async fn open(region: &str, path: &str) -> Result<Self, Error> {
        let base = std::env::var("AWS_ENDPOINT_URL").ok().filter(|base| !base.is_empty());
        let base = base.unwrap_or_else(|| format!("https://sqs.{region}.amazonaws.com"));
        let client =
            Client::new(&base).map_err(|why| Error::Address(format!("the address of SQS: {why}")))?;
        let url = format!("{}/{path}", base.trim_end_matches('/'));
        let name = path.rsplit('/').next().unwrap_or_default().to_string();
        let credentials = Credentials::find().map_err(Error::keys)?;
        // Better now than when the first message waits for it.
        credentials.keys().await.map_err(Error::keys)?;
        let (region, done) = (region.to_string(), Together::default());
        Ok(Self(Arc::new(Inner { client, credentials, region, url, name, done })))
    }

    async fn call(&self, action: &'static str, mut body: Value) -> Result<Value, Error> {
        let inner = &self.0;
        if let Some(body) = body.as_object_mut() {
            body.insert("QueueUrl".into(), inner.url.as_str().into());
        }
        let body = body.to_string();
        let keys = inner.credentials.keys().await.map_err(Error::keys)?;
        let (time, host) = (sigv4::timestamp(SystemTime::now()), inner.client.authority());
        let target = format!("AmazonSQS.{action}");
        let mut headers = vec![
            ("content-type", "application/x-amz-json-1.0"),
            ("host", host.as_str()),
            ("x-amz-date", time.as_str()),
        ];
        headers.extend(keys.token.iter().map(|token| ("x-amz-security-token", token.as_str())));
        headers.push(("x-amz-target", target.as_str()));
        let (id, secret) = (&keys.id, &keys.secret);
        let scope = Scope { key: id, secret, region: &inner.region, service: "sqs", time: &time };
        let signed = sigv4::authorization(&scope, "POST", "/", "", &headers, body.as_bytes());
        let mut request = Request::post("/").header("authorization", signed);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::from(body)).map_err(|e| Error::bus(action, e))?;
        let (status, answer) = inner.client.send(request).await.map_err(|e| Error::bus(action, e))?;
        let answer: Value = if answer.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&answer).map_err(|e| Error::bus(action, e))?
        };
        if status.is_success() {
            return Ok(answer);
        }
        let kind = answer.get("__type").and_then(Value::as_str).unwrap_or("refused");
        Err(Error::bus(action, format!("{status}: {kind}")))
    }

    async fn batch(&self, messages: &[&Message]) -> Vec<Result<(), Error>> {
        let fifo = self.fifo();
        let entries: Vec<Value> = messages.iter().enumerate().map(|(at, m)| entry(at, m, fifo)).collect();
        match self.call("SendMessageBatch", json!({"Entries": entries})).await {
            Err(error) => messages.iter().map(|_| Err(error.clone())).collect(),
            Ok(answer) => ends(&answer, messages.len(), "SendMessageBatch", "the queue refused a message"),
        }
    }

    async fn delete(self, receipts: Vec<String>) -> Vec<Result<(), Error>> {
        let entry = |(at, receipt): (usize, &String)| json!({"Id": at.to_string(), "ReceiptHandle": receipt});
        let entries: Vec<Value> = receipts.iter().enumerate().map(entry).collect();
        match self.call("DeleteMessageBatch", json!({"Entries": entries})).await {
            Err(error) => receipts.iter().map(|_| Err(error.clone())).collect(),
            Ok(answer) => ends(&answer, receipts.len(), "DeleteMessageBatch", "the queue refused a receipt"),
        }
    }
}

/// What became of each entry of a call: it may fail in part.
fn ends(answer: &Value, count: usize, action: &'static str, refused: &str) -> Vec<Result<(), Error>> {
    let list = answer.get("Successful").and_then(Value::as_array);
    let done = |at: usize| {
        let id = at.to_string();
        list.is_some_and(|l| l.iter().any(|s| s.get("Id").and_then(Value::as_str) == Some(&id)))
    };
    (0..count).map(|at| if done(at) { Ok(()) } else { Err(Error::bus(action, refused)) }).collect()
}

/// One message of a call. The sender's attributes go first: a message has room for ten.
fn entry(at: usize, message: &Message, fifo: bool) -> Value {
    let native = |name: &str| message.native.as_ref().and_then(|native| native.get(name));
    let mut attributes = native("attributes").and_then(Value::as_object).cloned().unwrap_or_default();
    attributes.retain(|name, _| !super::context::ours(name));
    for (name, value) in &message.headers {
        if attributes.len() < CALL && !attributes.contains_key(name) && !value.is_empty() {
            attributes.insert(name.clone(), json!({"DataType": "String", "StringValue": value}));
        }
    }
    let mut entry = json!({
        "Id": at.to_string(), "MessageBody": String::from_utf8_lossy(&message.payload), "MessageAttributes": attributes,
    });
    let trace = native("trace").and_then(Value::as_str).map(ToString::to_string);
    if let Some(trace) = trace.or_else(|| super::context::xray(message)) {
        let own = json!({"AWSTraceHeader": {"DataType": "String", "StringValue": trace}});
        put(&mut entry, "MessageSystemAttributes", own);
    }
    if fifo {
        put(&mut entry, "MessageGroupId", group(message).into());
        // Sent again within five minutes, it isn't kept twice.
        let once = native("once").and_then(Value::as_str).unwrap_or(&message.id);
        put(&mut entry, "MessageDeduplicationId", once.into());
    }
    entry
}

fn put(entry: &mut Value, name: &str, value: Value) {
    if let Some(entry) = entry.as_object_mut() {
        entry.insert(name.into(), value);
    }
}

/// The group of a message; one that has none is a group of its own.
fn group(message: &Message) -> &str {
    let named = message.native.as_ref().and_then(|native| native.get("group")).and_then(Value::as_str);
    named.unwrap_or(&message.id)
}

impl Source for Queue {
    fn receive(&mut self, most: usize) -> Soon<'_, Result<Vec<Received>, Error>> {
        Box::pin(async move {
            let ask = json!({"MaxNumberOfMessages": most.min(CALL), "WaitTimeSeconds": 2, "MessageAttributeNames": ["All"],
                "AttributeNames": ["All"], "MessageSystemAttributeNames": ["All"]});
            let mut answer = self.call("ReceiveMessage", ask).await?;
            let messages = answer.get_mut("Messages").and_then(Value::as_array_mut).map(std::mem::take);
            Ok(messages.unwrap_or_default().into_iter().map(|m| self.received(m)).collect())
        })
    }
}

impl Queue {
    fn fifo(&self) -> bool {
        self.0.name.ends_with(".fifo")
    }

    fn received(&self, mut message: Value) -> Received {
        let mut text = |key: &str| match message.get_mut(key).map(Value::take) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let (id, body, receipt) = (text("MessageId"), text("Body"), text("ReceiptHandle"));
        let attributes: Map<String, Value> =
            message.get("MessageAttributes").and_then(Value::as_object).cloned().unwrap_or_default();
        let string = |v: &Value| v.get("StringValue").and_then(Value::as_str).map(ToString::to_string);
        let headers = attributes.iter().filter_map(|(n, v)| Some((n.clone(), string(v)?))).collect();
        let system = |name: &str| message.get("Attributes").and_then(|a| a.get(name)).cloned();
        let native = json!({
            "attributes": attributes, "group": system("MessageGroupId"), "once": system("MessageDeduplicationId"),
            "trace": system("AWSTraceHeader"), "sender": system("SenderId"),
        });
        let message = Message {
            id,
            place: self.0.name.clone(),
            payload: body.into_bytes(),
            headers,
            native: Some(native),
        };
        Received { message, ticket: Box::new(Receipt(self.clone(), receipt)) }
    }
}

struct Receipt(Queue, String);

impl Ticket for Receipt {
    fn settle(&self, how: Settle) -> Soon<'_, Result<(), Error>> {
        let seconds = match how {
            Settle::Done => {
                let queue = self.0.clone();
                let call = |receipts| -> Soon<'_, _> { Box::pin(queue.delete(receipts)) };
                return Box::pin(self.0.0.done.tell(self.1.clone(), CALL, call));
            }
            Settle::Again => 1,
            Settle::Extend => 60,
        };
        let body = json!({"ReceiptHandle": self.1, "VisibilityTimeout": seconds});
        Box::pin(async move { self.0.call("ChangeMessageVisibility", body).await.map(drop) })
    }
}

impl Sink for Queue {
    fn send<'a>(&'a mut self, batch: &'a [Message]) -> Soon<'a, Vec<Result<(), Error>>> {
        Box::pin(async move {
            let mut out: Vec<Option<Result<(), Error>>> = batch.iter().map(|_| None).collect();
            let mut broken: BTreeSet<&str> = BTreeSet::new();
            let mut rest: Vec<(usize, &Message)> = batch.iter().enumerate().collect();
            while !rest.is_empty() {
                let (now, later) = next_call(rest, self.fifo());
                let (places, messages): (Vec<usize>, Vec<&Message>) = now.into_iter().unzip();
                let sent = self.batch(&messages).await;
                for ((at, message), sent) in places.into_iter().zip(messages).zip(sent) {
                    if sent.is_err() && self.fifo() {
                        broken.insert(group(message));
                    }
                    if let Some(place) = out.get_mut(at) {
                        *place = Some(sent);
                    }
                }
                // What comes after one that failed would overtake it.
                rest = later
                    .into_iter()
                    .filter(|(_, m)| broken.is_empty() || !broken.contains(group(m)))
                    .collect();
            }
            let waits = || Err(Error::bus("SendMessageBatch", "one before it in its group wasn't kept"));
            out.into_iter().map(|sent| sent.unwrap_or_else(waits)).collect()
        })
    }
}

type Placed<'a> = Vec<(usize, &'a Message)>;

/// What goes in one call, and what comes later: a call may fail in part, so it has one message of each group.
fn next_call(rest: Placed<'_>, fifo: bool) -> (Placed<'_>, Placed<'_>) {
    let (mut now, mut later) = (Vec::new(), Vec::new());
    let (mut bytes, mut groups) = (0_usize, BTreeSet::new());
    for (at, message) in rest {
        bytes = bytes.saturating_add(message.payload.len());
        // One that is too long for a call with others may be alone in it.
        let fits = now.is_empty() || (now.len() < CALL && bytes <= BYTES);
        // Once its group has one that waits or goes, the others of it wait.
        let first = !fifo || groups.insert(group(message));
        if fits && first { now.push((at, message)) } else { later.push((at, message)) }
    }
    (now, later)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, native: Value) -> Message {
        Message { id: id.into(), native: Some(native), ..Message::default() }
    }

    #[test]
    fn a_call_has_one_of_each_group() {
        let all: Vec<Message> =
            ["a", "a", "b", "a", "b"].iter().map(|g| message("1", json!({"group": g}))).collect();
        let (now, later) = next_call(all.iter().enumerate().collect(), true);
        let places = |list: &Placed<'_>| list.iter().map(|(at, _)| *at).collect::<Vec<_>>();
        assert_eq!((places(&now), places(&later)), (vec![0, 2], vec![1, 3, 4]));
        let (now, later) = next_call(all.iter().enumerate().collect(), false);
        assert_eq!((now.len(), later.len()), (5, 0));
    }

    /// The server of the integration tests keeps no system attributes of a batch.
    #[test]
    fn traces_go_along_in_the_words_of_both() {
        let header = |entry: &Value| {
            entry["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"]
                .as_str()
                .map(ToString::to_string)
        };
        let mut came = message("1", json!({"trace": "Root=1-5759e988-bd862e3fe1be46a994272793"}));
        came.put("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into());
        let root = header(&entry(0, &came, false));
        assert_eq!(root.as_deref(), Some("Root=1-5759e988-bd862e3fe1be46a994272793"));
        came.native = None;
        let made = entry(0, &came, true);
        let same = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1";
        assert_eq!(header(&made).as_deref(), Some(same));
        assert_eq!((&made["MessageGroupId"], &made["MessageDeduplicationId"]), (&json!("1"), &json!("1")));
    }
}
