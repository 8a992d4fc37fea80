//! NATS JetStream: a durable pull consumer as source, publishing with acknowledgement as sink.

use super::tls::Files;
use super::{Error, Message, Received, Settle, Sink, Soon, Source, Ticket};
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::message::{AckKind, Acker, PublishMessage};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, HeaderMap};
use futures_util::StreamExt as _;
use std::time::Duration;

/// How long a request for messages stays open when there are none.
const WAIT: Duration = Duration::from_secs(1);
/// How long the server may take to say that it has kept a message.
const CONFIRM: Duration = Duration::from_secs(5);

async fn connect(server: &str, files: &Files) -> Result<Client, Error> {
    let mut options = ConnectOptions::new().name("tidegate relay").connection_timeout(CONFIRM);
    if server.starts_with("tls://") {
        // Servers that it learns of later have to speak it, too.
        options = options.require_tls(true).tls_client_config(files.config()?);
    }
    // It reconnects by itself from then on.
    options.connect(server).await.map_err(|e| Error::bus("connecting to NATS", e))
}

pub(super) struct Pull {
    client: Client,
    consumer: PullConsumer,
}

impl Pull {
    /// Opens `STREAM/consumer`; a consumer that isn't there yet becomes one that is durable and acknowledges each message.
    pub(super) async fn open(server: &str, files: &Files, path: &str) -> Result<Self, Error> {
        let Some((stream, name)) = path.split_once('/').filter(|(_, name)| !name.is_empty()) else {
            return Err(Error::Address("expected nats://HOST:PORT/STREAM/CONSUMER to read from".into()));
        };
        let client = connect(server, files).await?;
        let context = jetstream::new(client.clone());
        let stream = context.get_stream(stream).await.map_err(|e| Error::bus("looking up the stream", e))?;
        let config = pull::Config {
            durable_name: Some(name.to_string()),
            ack_policy: AckPolicy::Explicit,
            ..pull::Config::default()
        };
        let consumer = stream.get_or_create_consumer(name, config).await;
        let consumer: PullConsumer = consumer.map_err(|e| Error::bus("looking up the consumer", e))?;
        if consumer.cached_info().config.ack_policy != AckPolicy::Explicit {
            return Err(Error::Address(format!("the consumer `{name}` doesn't acknowledge each message")));
        }
        Ok(Self { client, consumer })
    }
}

impl Source for Pull {
    fn receive(&mut self, most: usize) -> Soon<'_, Result<Vec<Received>, Error>> {
        Box::pin(async move {
            let failed = |e: &dyn std::fmt::Display| Error::bus("fetching messages", e);
            // What is there comes at once; only where there is nothing is it waited for.
            let mut batch =
                self.consumer.fetch().max_messages(most).messages().await.map_err(|e| failed(&e))?;
            let mut out = Vec::new();
            while let Some(next) = batch.next().await {
                out.push(received(next.map_err(|e| failed(&e))?)?);
            }
            if out.is_empty() {
                let one = self.consumer.batch().max_messages(1).expires(WAIT).messages().await;
                let mut one = one.map_err(|e| failed(&e))?;
                while let Some(next) = one.next().await {
                    out.push(received(next.map_err(|e| failed(&e))?)?);
                }
            }
            Ok(out)
        })
    }

    fn close(&mut self) -> Soon<'_, ()> {
        Box::pin(async {
            // What isn't acknowledged is delivered again: nothing is lost.
            let _ = tokio::time::timeout(CONFIRM, self.client.flush()).await;
        })
    }
}

fn received(message: jetstream::Message) -> Result<Received, Error> {
    let info = message.info().map_err(|e| Error::bus("reading the place of a message", e))?;
    // A stream that was made anew counts from one again: the time keeps its messages apart from the old ones.
    let id = format!("{}.{}.{}.{:?}", info.stream, info.consumer, info.stream_sequence, info.published);
    let (message, acker) = message.split();
    let headers = message.headers.iter().flat_map(HeaderMap::iter);
    let headers =
        headers.flat_map(|(n, values)| values.iter().map(move |v| (n.to_string(), v.as_str().to_string())));
    let message = Message {
        id,
        place: message.subject.to_string(),
        // Those of the server say where the message was to go, not where it goes now.
        headers: headers.filter(|(n, _)| !own(n)).collect(),
        payload: message.payload.into(),
        native: None,
    };
    Ok(Received { message, ticket: Box::new(Ack(acker)) })
}

fn own(header: &str) -> bool {
    header.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("nats-"))
}

struct Ack(Acker);

impl Ticket for Ack {
    fn settle(&self, how: Settle) -> Soon<'_, Result<(), Error>> {
        let kind = match how {
            Settle::Done => AckKind::Ack,
            Settle::Again => AckKind::Nak(Some(Duration::from_secs(1))),
            Settle::Extend => AckKind::Progress,
        };
        Box::pin(async move { self.0.ack_with(kind).await.map_err(|e| Error::bus("acknowledging", e)) })
    }
}

pub(super) struct Publish {
    context: Context,
    subject: String,
}

impl Publish {
    pub(super) async fn open(server: &str, files: &Files, subject: &str) -> Result<Self, Error> {
        if subject.contains(['/', '*', '>', ' ']) {
            return Err(Error::Address("expected nats://HOST:PORT/SUBJECT to write to".into()));
        }
        let mut context = jetstream::new(connect(server, files).await?);
        context.set_timeout(CONFIRM);
        Ok(Self { context, subject: subject.to_string() })
    }

    fn outgoing(&self, message: &Message) -> PublishMessage {
        let mut headers = HeaderMap::new();
        for (name, value) in &message.headers {
            // A header that NATS can't carry has no place in one.
            let fits =
                !name.is_empty() && !name.contains([':', '\r', '\n', ' ']) && !value.contains(['\r', '\n']);
            if fits && !own(name) {
                headers.append(name.as_str(), value.as_str());
            }
        }
        // Sent again after a crash, it isn't kept twice within the stream's window for duplicates.
        headers.insert("Nats-Msg-Id", format!("{}>{}", message.id, self.subject).as_str());
        PublishMessage::build().payload(message.payload.clone().into()).headers(headers)
    }
}

impl Sink for Publish {
    fn send<'a>(&'a mut self, batch: &'a [Message]) -> Soon<'a, Vec<Result<(), Error>>> {
        Box::pin(async move {
            let mut pending = Vec::with_capacity(batch.len());
            for message in batch {
                pending.push(self.context.send_publish(self.subject.clone(), self.outgoing(message)).await);
            }
            let mut out = Vec::with_capacity(batch.len());
            for sent in pending {
                let kept = match sent {
                    Ok(confirmation) => confirmation.await.map(drop),
                    Err(error) => Err(error),
                };
                out.push(kept.map_err(|e| Error::bus("publishing", e)));
            }
            out
        })
    }
}
