//! SQS over its JSON protocol, signed here.

use super::{Error, Message, Received, Settle, Sink, Soon, Source, Ticket};
use crate::client::Client;
use crate::sigv4::{self, Scope};
use http_body_util::Full;
use hyper::Request;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::SystemTime;

/// A standard queue.
#[derive(Clone)]
pub(super) struct Queue(Arc<Inner>);

struct Inner {
    client: Client,
    region: String,
    url: String,
    name: String,
}

/// What the service takes in one call.
const CALL: usize = 10;
/// Bytes in one call, with room for attributes.
const BYTES: usize = 200 << 10;

impl Queue {
    /// The queue `ACCOUNT/NAME` of a region, at `AWS_ENDPOINT_URL` if that is set.
    pub(super) fn open(region: &str, path: &str) -> Result<Self, Error> {
        let base = std::env::var("AWS_ENDPOINT_URL").ok().filter(|base| !base.is_empty());
        let base = base.unwrap_or_else(|| format!("https://sqs.{region}.amazonaws.com"));
        let client =
            Client::new(&base).map_err(|why| Error::Address(format!("the address of SQS: {why}")))?;
        let url = format!("{}/{path}", base.trim_end_matches('/'));
        let name = path.rsplit('/').next().unwrap_or_default().to_string();
        Ok(Self(Arc::new(Inner { client, region: region.to_string(), url, name })))
    }

    async fn call(&self, action: &'static str, mut body: Value) -> Result<Value, Error> {
        let inner = &self.0;
        if let Some(body) = body.as_object_mut() {
            body.insert("QueueUrl".into(), inner.url.as_str().into());
        }
        let body = body.to_string();
        // Read each time: whoever renews them sets them anew.
        let key = |name| std::env::var(name).map_err(|_| Error::Address(format!("`{name}` isn't set")));
        let (id, secret) = (key("AWS_ACCESS_KEY_ID")?, key("AWS_SECRET_ACCESS_KEY")?);
        let token = key("AWS_SESSION_TOKEN").ok();
        let (time, host) = (sigv4::timestamp(SystemTime::now()), inner.client.authority());
        let target = format!("AmazonSQS.{action}");
        let mut headers = vec![
            ("content-type", "application/x-amz-json-1.0"),
            ("host", host.as_str()),
            ("x-amz-date", time.as_str()),
        ];
        headers.extend(token.iter().map(|token| ("x-amz-security-token", token.as_str())));
        headers.push(("x-amz-target", target.as_str()));
        let scope = Scope { key: &id, secret: &secret, region: &inner.region, service: "sqs", time: &time };
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

    async fn batch(&self, messages: &[Message]) -> Vec<Result<(), Error>> {
        let entries: Vec<Value> = messages.iter().enumerate().map(|(at, m)| entry(at, m)).collect();
        match self.call("SendMessageBatch", json!({"Entries": entries})).await {
            Err(error) => messages.iter().map(|_| Err(error.clone())).collect(),
            Ok(answer) => {
                let list = answer.get("Successful").and_then(Value::as_array);
                let kept = |at: usize| {
                    let id = at.to_string();
                    list.is_some_and(|l| l.iter().any(|s| s.get("Id").and_then(Value::as_str) == Some(&id)))
                };
                let refused = || Error::bus("SendMessageBatch", "the queue refused a message");
                (0..messages.len()).map(|at| if kept(at) { Ok(()) } else { Err(refused()) }).collect()
            }
        }
    }
}

/// One message of a call. The sender's attributes go first: a message has room for ten.
fn entry(at: usize, message: &Message) -> Value {
    let mut attributes = message.native.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, value) in &message.headers {
        if (attributes.len() < CALL || attributes.contains_key(name)) && !value.is_empty() {
            let own = name.starts_with("tidegate-") || name == super::context::TRACEPARENT;
            if own || !attributes.contains_key(name) {
                attributes.insert(name.clone(), json!({"DataType": "String", "StringValue": value}));
            }
        }
    }
    json!({"Id": at.to_string(), "MessageBody": String::from_utf8_lossy(&message.payload), "MessageAttributes": attributes})
}

impl Source for Queue {
    fn receive(&mut self, most: usize) -> Soon<'_, Result<Vec<Received>, Error>> {
        Box::pin(async move {
            let ask = json!({"MaxNumberOfMessages": most.min(CALL), "WaitTimeSeconds": 2, "MessageAttributeNames": ["All"]});
            let mut answer = self.call("ReceiveMessage", ask).await?;
            let messages = answer.get_mut("Messages").and_then(Value::as_array_mut).map(std::mem::take);
            Ok(messages.unwrap_or_default().into_iter().map(|m| self.received(m)).collect())
        })
    }
}

impl Queue {
    fn received(&self, mut message: Value) -> Received {
        let mut text = |key: &str| match message.get_mut(key).map(Value::take) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let (id, body, receipt) = (text("MessageId"), text("Body"), text("ReceiptHandle"));
        let native: Map<String, Value> =
            message.get("MessageAttributes").and_then(Value::as_object).cloned().unwrap_or_default();
        let string = |v: &Value| v.get("StringValue").and_then(Value::as_str).map(ToString::to_string);
        let headers = native.iter().filter_map(|(n, v)| Some((n.clone(), string(v)?))).collect();
        let message = Message {
            id,
            place: self.0.name.clone(),
            payload: body.into_bytes(),
            headers,
            native: Some(native.into()),
        };
        Received { message, ticket: Box::new(Receipt(self.clone(), receipt)) }
    }
}

struct Receipt(Queue, String);

impl Ticket for Receipt {
    fn settle(&self, how: Settle) -> Soon<'_, Result<(), Error>> {
        let (action, body) = match how {
            Settle::Done => ("DeleteMessage", json!({"ReceiptHandle": self.1})),
            Settle::Again => {
                ("ChangeMessageVisibility", json!({"ReceiptHandle": self.1, "VisibilityTimeout": 1}))
            }
            Settle::Extend => {
                ("ChangeMessageVisibility", json!({"ReceiptHandle": self.1, "VisibilityTimeout": 60}))
            }
        };
        Box::pin(async move { self.0.call(action, body).await.map(drop) })
    }
}

impl Sink for Queue {
    fn send<'a>(&'a mut self, batch: &'a [Message]) -> Soon<'a, Vec<Result<(), Error>>> {
        Box::pin(async move {
            let mut out = Vec::with_capacity(batch.len());
            let mut rest = batch;
            while !rest.is_empty() {
                let mut bytes = 0;
                let fits = rest.iter().take(CALL).take_while(|m| {
                    bytes += m.payload.len();
                    bytes <= BYTES
                });
                // One that is too long for a call with others may be alone in it.
                let (now, later) = rest.split_at(fits.count().max(1).min(rest.len()));
                out.extend(self.batch(now).await);
                rest = later;
            }
            out
        })
    }
}
