//! Google Pub/Sub over its REST interface: a subscription as source, a topic as sink.

mod token;

use super::together::Together;
use super::{Error, Message, Received, Settle, Sink, Soon, Source, Ticket};
use crate::client::Client;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::Request;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use token::Tokens;

/// Bytes of payloads in one call; the service takes ten million in all.
const BYTES: usize = 4 << 20;
/// Messages in one call.
const CALL: usize = 1000;
/// What the service takes as a deadline, in seconds, while a message is still worked on.
const DEADLINE: u32 = 60;

/// A topic or a subscription.
#[derive(Clone)]
pub(super) struct Place(Arc<Inner>);

struct Inner {
    client: Client,
    /// Nobody asks an emulator who one is.
    tokens: Option<Tokens>,
    /// `/v1/projects/P/subscriptions/S` or `/v1/projects/P/topics/T`.
    path: String,
    name: String,
    done: Together,
}

impl Place {
    /// `PROJECT/NAME`, at `PUBSUB_EMULATOR_HOST` if that is set.
    pub(super) async fn open(kind: &str, path: &str) -> Result<Self, Error> {
        let Some((project, name)) = path.split_once('/') else {
            return Err(Error::Address("expected pubsub://PROJECT/NAME".into()));
        };
        let emulator = std::env::var("PUBSUB_EMULATOR_HOST").ok().filter(|host| !host.is_empty());
        let (base, tokens) = match emulator {
            Some(host) => (format!("http://{host}"), None),
            None => ("https://pubsub.googleapis.com".to_string(), Some(Tokens::find()?)),
        };
        let place = Self::at(&base, tokens, format!("/v1/projects/{project}/{kind}/{name}"), name)?;
        // Better now than when the first message waits for it.
        if let Some(tokens) = &place.0.tokens {
            tokens.token().await?;
        }
        Ok(place)
    }

    fn at(base: &str, tokens: Option<Tokens>, path: String, name: &str) -> Result<Self, Error> {
        let client =
            Client::new(base).map_err(|why| Error::Address(format!("the address of Pub/Sub: {why}")))?;
        Ok(Self(Arc::new(Inner { client, tokens, path, name: name.to_string(), done: Together::default() })))
    }

    async fn call(&self, action: &'static str, body: Value) -> Result<Value, Error> {
        let inner = &self.0;
        let mut request = Request::post(format!("{}:{action}", inner.path))
            .header("host", inner.client.authority())
            .header("content-type", "application/json");
        if let Some(tokens) = &inner.tokens {
            request = request.header("authorization", format!("Bearer {}", tokens.token().await?));
        }
        let request = request.body(Full::from(body.to_string())).map_err(|e| Error::bus(action, e))?;
        let (status, answer) = inner.client.send(request).await.map_err(|e| Error::bus(action, e))?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        // Its own word; the sentence beside it may repeat what was sent.
        let kind = answer.get("error").and_then(|e| e.get("status")).and_then(Value::as_str);
        Err(Error::bus(action, format!("{status}: {}", kind.unwrap_or("refused"))))
    }
}

impl Source for Place {
    fn receive(&mut self, most: usize) -> Soon<'_, Result<Vec<Received>, Error>> {
        Box::pin(async move {
            let answer = match tokio::time::timeout(
                Duration::from_secs(20),
                self.call("pull", json!({"maxMessages": most.min(CALL)})),
            )
            .await
            {
                Ok(answer) => answer?,
                // It holds the call open as long as nothing comes.
                Err(_) => return Ok(Vec::new()),
            };
            let messages = answer.get("receivedMessages").and_then(Value::as_array);
            messages.into_iter().flatten().map(|message| self.received(message)).collect()
        })
    }
}

impl Place {
    fn received(&self, received: &Value) -> Result<Received, Error> {
        let broken = || Error::bus("pull", "a message without its parts");
        let message = received.get("message").ok_or_else(broken)?;
        let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_string);
        let receipt = text(received, "ackId").ok_or_else(broken)?;
        let payload = match message.get("data").and_then(Value::as_str) {
            Some(data) => STANDARD.decode(data).map_err(|_| broken())?,
            None => Vec::new(),
        };
        let attributes = message.get("attributes").and_then(Value::as_object);
        let headers = attributes.into_iter().flatten();
        let headers = headers.filter_map(|(n, v)| Some((n.clone(), v.as_str()?.to_string()))).collect();
        let message = Message {
            id: text(message, "messageId").ok_or_else(broken)?,
            place: self.0.name.clone(),
            payload,
            headers,
            native: Some(json!({"key": text(message, "orderingKey")})),
        };
        Ok(Received { message, ticket: Box::new(Receipt(self.clone(), receipt)) })
    }
}

struct Receipt(Place, String);

impl Ticket for Receipt {
    fn settle(&self, how: Settle) -> Soon<'_, Result<(), Error>> {
        let seconds = match how {
            Settle::Done => {
                let place = self.0.clone();
                let call = |ids: Vec<String>| -> Soon<'_, _> {
                    Box::pin(async move {
                        let told = place.call("acknowledge", json!({"ackIds": ids})).await.map(drop);
                        ids.iter().map(|_| told.clone()).collect()
                    })
                };
                return Box::pin(self.0.0.done.tell(self.1.clone(), CALL, call));
            }
            Settle::Again => 0,
            Settle::Extend => DEADLINE,
        };
        let body = json!({"ackIds": [&self.1], "ackDeadlineSeconds": seconds});
        Box::pin(async move { self.0.call("modifyAckDeadline", body).await.map(drop) })
    }
}

/// What the service allows in one message.
const ATTRIBUTES: usize = 100;

/// One message of a call.
fn entry(message: &Message) -> Value {
    let mut attributes = Map::new();
    for (name, value) in &message.headers {
        // It keeps `goog` for itself, and takes 256 bytes of a name and 1,024 of a value.
        let fits = !name.is_empty() && name.len() <= 256 && value.len() <= 1024 && !name.starts_with("goog");
        if fits && attributes.len() < ATTRIBUTES {
            attributes.insert(name.clone(), value.as_str().into());
        }
    }
    let mut entry = json!({"data": STANDARD.encode(&message.payload), "attributes": attributes});
    if let (Some(key), Some(entry)) = (key(message), entry.as_object_mut()) {
        entry.insert("orderingKey".into(), key.into());
    }
    entry
}

fn key(message: &Message) -> Option<&str> {
    message.native.as_ref()?.get("key")?.as_str().filter(|key| !key.is_empty())
}

impl Sink for Place {
    fn send<'a>(&'a mut self, batch: &'a [Message]) -> Soon<'a, Vec<Result<(), Error>>> {
        Box::pin(async move {
            let mut out = Vec::with_capacity(batch.len());
            let mut broken: BTreeSet<&str> = BTreeSet::new();
            let mut rest = batch;
            while !rest.is_empty() {
                let (now, later) = rest.split_at_checked(next_call(rest)).unwrap_or((rest, &[]));
                rest = later;
                // What comes after one of its key that failed would overtake it.
                let waits = |m: &Message| key(m).is_some_and(|key| broken.contains(key));
                let going: Vec<&Message> = now.iter().filter(|m| !waits(m)).collect();
                let entries: Vec<Value> = going.iter().map(|m| entry(m)).collect();
                let sent = match going.is_empty() {
                    true => Ok(()),
                    false => self.call("publish", json!({"messages": entries})).await.and_then(|answer| {
                        // A call is kept as a whole; the ids say that it was.
                        let ids = answer.get("messageIds").and_then(Value::as_array).map_or(0, Vec::len);
                        let kept = ids == going.len();
                        kept.then_some(()).ok_or_else(|| Error::bus("publish", "not every message has an id"))
                    }),
                };
                for message in now {
                    out.push(if waits(message) {
                        Err(Error::bus("publish", "one before it of its key wasn't kept"))
                    } else {
                        sent.clone()
                    });
                }
                if sent.is_err() {
                    broken.extend(going.into_iter().filter_map(key));
                }
            }
            out
        })
    }
}

/// How many go in one call.
fn next_call(rest: &[Message]) -> usize {
    let mut bytes = 0_usize;
    let fits = |message: &&Message| {
        bytes = bytes.saturating_add(message.payload.len());
        bytes <= BYTES
    };
    // One that is too long for a call with others may be alone in it.
    rest.iter().take(CALL).take_while(fits).count().max(1)
}

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
