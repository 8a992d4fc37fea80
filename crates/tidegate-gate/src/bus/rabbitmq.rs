//! RabbitMQ: a consumer with a prefetch as source, publishing with confirms as sink.
//!
//! Connections that broke are made anew by the next call; what wasn't acknowledged on the old one comes again.

use super::tls::Files;
use super::{Error, Message, Received, Settle, Sink, Soon, Source, Ticket};
use futures_util::{FutureExt as _, StreamExt as _};
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, ExchangeDeclareOptions, QueueDeclareOptions,
};
use lapin::tcp::RustlsConnector;
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{
    Acker, AsyncTcpStream, BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
    Consumer, ExchangeKind,
};
use std::str::FromStr as _;
use std::time::Duration;
use tokio::time::timeout;

/// How long it is waited for messages when there are none.
const WAIT: Duration = Duration::from_secs(1);
/// How long the server may take to answer.
const CONFIRM: Duration = Duration::from_secs(10);

/// A connection and the channel on it, which ends with it.
struct Line {
    connection: Connection,
    channel: Channel,
}

/// How a server is reached.
struct Server {
    uri: AMQPUri,
    tls: Option<RustlsConnector>,
}

impl Server {
    fn of(server: &str, files: &Files) -> Result<Self, Error> {
        // The text may hold a password: only what the parser says of its form is told.
        let uri =
            AMQPUri::from_str(server).map_err(|e| Error::Address(format!("the address of RabbitMQ: {e}")))?;
        let tls = match uri.scheme {
            AMQPScheme::AMQPS => Some(files.config()?.into()),
            AMQPScheme::AMQP => None,
        };
        Ok(Self { uri, tls })
    }

    async fn connect(&self) -> Result<Connection, lapin::Error> {
        let options = ConnectionProperties::default().with_connection_name("tidegate relay".into());
        let (runtime, tls) = (lapin::runtime::default_runtime()?, self.tls.clone());
        Connection::connector(
            self.uri.clone(),
            runtime,
            async move |uri, runtime| {
                let host = uri.authority.host.as_str();
                let places = runtime.to_socket_addrs((host.to_string(), uri.authority.port));
                let stream = AsyncTcpStream::connect(&runtime, places).await?;
                Ok(match &tls {
                    None => stream,
                    Some(tls) => stream.into_rustls(tls, host).await?,
                })
            },
            options,
        )
        .await
    }
}

impl Line {
    async fn open(server: &Server) -> Result<Self, Error> {
        let connection = within("connecting to RabbitMQ", server.connect()).await?;
        let channel = within("opening a channel", connection.create_channel()).await?;
        Ok(Self { connection, channel })
    }

    fn usable(&self) -> bool {
        self.channel.status().connected()
    }
}

async fn within<T>(
    doing: &'static str,
    work: impl Future<Output = Result<T, lapin::Error>>,
) -> Result<T, Error> {
    match timeout(CONFIRM, work).await {
        Ok(done) => done.map_err(|e| Error::bus(doing, e)),
        Err(_) => Err(Error::bus(doing, "no answer in time")),
    }
}

fn short(text: &str) -> Result<ShortString, Error> {
    ShortString::try_new(text).map_err(|_| Error::Address("names at RabbitMQ have up to 255 bytes".into()))
}

pub(super) struct Consume {
    server: Server,
    queue: ShortString,
    line: Option<(Line, Option<Consumer>)>,
    /// Sets messages without an id apart, across connections too.
    turn: String,
}

impl Consume {
    /// Opens a queue that is there.
    pub(super) async fn open(server: &str, files: &Files, path: &str) -> Result<Self, Error> {
        if path.contains('/') {
            return Err(Error::Address("expected amqp://HOST:PORT/QUEUE to read from".into()));
        }
        let mut source =
            Self { server: Server::of(server, files)?, queue: short(path)?, line: None, turn: String::new() };
        source.connect().await?;
        Ok(source)
    }

    async fn connect(&mut self) -> Result<(), Error> {
        let line = Line::open(&self.server).await?;
        let there = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let look = line.channel.queue_declare(self.queue.clone(), there, FieldTable::default());
        within("looking up the queue", look).await?;
        self.turn = super::context::random();
        self.line = Some((line, None));
        Ok(())
    }

    async fn fetch(&mut self, most: usize) -> Result<Vec<Received>, Error> {
        if self.line.is_none() {
            self.connect().await?;
        }
        let Some((line, consumer)) = &mut self.line else { return Ok(Vec::new()) };
        if consumer.is_none() {
            // The prefetch is what bounds the messages in flight.
            let bound = u16::try_from(most).unwrap_or(u16::MAX).max(1);
            within("setting the prefetch", line.channel.basic_qos(bound, BasicQosOptions::default())).await?;
            let begin = line.channel.basic_consume(
                self.queue.clone(),
                ShortString::default(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            );
            *consumer = Some(within("consuming", begin).await?);
        }
        let Some(consumer) = consumer else { return Ok(Vec::new()) };
        let mut out = Vec::new();
        let Ok(mut next) = timeout(WAIT, consumer.next()).await else { return Ok(out) };
        loop {
            match next {
                Some(Ok(delivery)) => out.push(received(delivery, &self.queue, &self.turn)),
                // What came before is worked on; the channel is gone, so the next call fails and makes it anew.
                _ if !out.is_empty() => return Ok(out),
                Some(Err(error)) => return Err(Error::bus("consuming", error)),
                None => return Err(Error::bus("consuming", "the consumer was cancelled")),
            }
            if out.len() >= most {
                return Ok(out);
            }
            next = match consumer.next().now_or_never() {
                Some(next) => next,
                None => return Ok(out),
            };
        }
    }
}

impl Source for Consume {
    fn receive(&mut self, most: usize) -> Soon<'_, Result<Vec<Received>, Error>> {
        Box::pin(async move {
            let got = self.fetch(most).await;
            if got.is_err() {
                self.line = None;
            }
            got
        })
    }

    fn close(&mut self) -> Soon<'_, ()> {
        Box::pin(async {
            if let Some((line, _)) = self.line.take() {
                // An orderly end sends what is in buffers, acknowledgements among it.
                let _ = timeout(CONFIRM, line.connection.close(200, "end".into())).await;
            }
        })
    }
}

fn received(delivery: Delivery, queue: &ShortString, turn: &str) -> Received {
    let properties = &delivery.properties;
    // Without an id of the sender's nothing tells two equal messages apart, and none may replace the other.
    let id = match properties.message_id() {
        Some(id) if !id.as_str().is_empty() => id.to_string(),
        _ => format!("{turn}.{}", delivery.delivery_tag),
    };
    let table = properties.headers().iter().flat_map(FieldTable::inner);
    let headers = table.filter_map(|(n, v)| Some((n.to_string(), text(v)?))).collect();
    let native = serde_json::json!({
        "properties": serde_json::to_value(properties).ok(), "key": delivery.routing_key.as_str(),
    });
    let message =
        Message { id, place: queue.to_string(), payload: delivery.data, headers, native: Some(native) };
    Received { message, ticket: Box::new(Tag(delivery.acker)) }
}

/// What a header says, as far as it is a text or a number.
fn text(value: &AMQPValue) -> Option<String> {
    Some(match value {
        AMQPValue::LongString(text) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
        AMQPValue::ShortString(text) => text.to_string(),
        AMQPValue::Boolean(value) => value.to_string(),
        AMQPValue::ShortShortInt(value) => value.to_string(),
        AMQPValue::ShortShortUInt(value) => value.to_string(),
        AMQPValue::ShortInt(value) => value.to_string(),
        AMQPValue::ShortUInt(value) => value.to_string(),
        AMQPValue::LongInt(value) => value.to_string(),
        AMQPValue::LongUInt(value) => value.to_string(),
        AMQPValue::LongLongInt(value) => value.to_string(),
        AMQPValue::Float(value) => value.to_string(),
        AMQPValue::Double(value) => value.to_string(),
        AMQPValue::ByteArray(bytes) => String::from_utf8_lossy(bytes.as_slice()).into_owned(),
        // Nested ones are read by the decision as what they are written as.
        AMQPValue::FieldArray(_) | AMQPValue::FieldTable(_) => serde_json::to_string(value).ok()?,
        AMQPValue::DecimalValue(_) | AMQPValue::Timestamp(_) | AMQPValue::Void => return None,
    })
}

struct Tag(Acker);

impl Ticket for Tag {
    fn settle(&self, how: Settle) -> Soon<'_, Result<(), Error>> {
        Box::pin(async move {
            let told = match how {
                Settle::Done => within("acknowledging", self.0.ack(BasicAckOptions::default())).await?,
                Settle::Again => {
                    let back = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
                    within("giving back", self.0.nack(back)).await?
                }
                // As long as the connection lives the message is ours.
                Settle::Extend => true,
            };
            if told { Ok(()) } else { Err(Error::bus("acknowledging", "the channel is gone")) }
        })
    }
}

pub(super) struct Publish {
    server: Server,
    exchange: ShortString,
    /// Each message keeps its own where there is none.
    key: Option<ShortString>,
    line: Option<Line>,
}

impl Publish {
    /// Opens `QUEUE`, `EXCHANGE/KEY`, or `EXCHANGE/` for the key that each message came with.
    pub(super) async fn open(server: &str, files: &Files, path: &str) -> Result<Self, Error> {
        let (exchange, key) = path.split_once('/').unwrap_or(("", path));
        let key = if key.is_empty() { None } else { Some(short(key)?) };
        let mut sink =
            Self { server: Server::of(server, files)?, exchange: short(exchange)?, key, line: None };
        sink.line = Some(sink.connect().await?);
        Ok(sink)
    }

    async fn connect(&self) -> Result<Line, Error> {
        let line = Line::open(&self.server).await?;
        if self.exchange.as_str().is_empty() {
            if let Some(queue) = &self.key {
                let there = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
                let look = line.channel.queue_declare(queue.clone(), there, FieldTable::default());
                within("looking up the queue", look).await?;
            }
        } else {
            let there = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
            let name = self.exchange.clone();
            let look =
                line.channel.exchange_declare(name, ExchangeKind::Direct, there, FieldTable::default());
            within("looking up the exchange", look).await?;
        }
        let confirm = line.channel.confirm_select(ConfirmSelectOptions::default());
        within("asking for confirms", confirm).await?;
        Ok(line)
    }

    async fn publish(&mut self, batch: &[Message]) -> Result<Vec<Result<(), Error>>, Error> {
        if !self.line.as_ref().is_some_and(Line::usable) {
            // The old one is gone first: two lines would be two publishers.
            self.line = None;
            self.line = Some(self.connect().await?);
        }
        let Some(line) = &self.line else { return Ok(Vec::new()) };
        let mut pending = Vec::with_capacity(batch.len());
        for message in batch {
            let key = self.key.clone().or_else(|| own_key(message)).unwrap_or_default();
            // What no queue takes comes back instead of being gone.
            let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
            let properties = properties(message);
            pending.push(
                line.channel
                    .basic_publish(self.exchange.clone(), key, options, &message.payload, properties)
                    .await,
            );
        }
        let mut out = Vec::with_capacity(batch.len());
        for sent in pending {
            out.push(match sent {
                Err(error) => Err(Error::bus("publishing", error)),
                Ok(confirm) => match within("publishing", confirm).await {
                    Ok(Confirmation::Ack(None)) => Ok(()),
                    Ok(Confirmation::Ack(Some(_))) => {
                        Err(Error::bus("publishing", "no queue takes the message"))
                    }
                    Ok(_) => Err(Error::bus("publishing", "the server didn't keep the message")),
                    Err(error) => Err(error),
                },
            });
        }
        Ok(out)
    }
}

fn own_key(message: &Message) -> Option<ShortString> {
    ShortString::try_new(message.native.as_ref()?.get("key")?.as_str()?).ok()
}

/// Those of the sender, and our headers.
fn properties(message: &Message) -> BasicProperties {
    let native = message.native.as_ref().and_then(|native| native.get("properties")).cloned();
    let properties: BasicProperties =
        native.and_then(|native| serde_json::from_value(native).ok()).unwrap_or_default();
    let mut table = FieldTable::default();
    for (name, value) in properties.headers().iter().flat_map(FieldTable::inner) {
        if !super::context::ours(name.as_str()) {
            table.insert(name.clone(), value.clone());
        }
    }
    for (name, value) in &message.headers {
        if let Ok(name) = ShortString::try_new(name.as_str())
            && !table.contains_key(name.as_str())
        {
            table.insert(name, AMQPValue::LongString(LongString::from(value.as_str())));
        }
    }
    properties.with_headers(table)
}

impl Sink for Publish {
    fn send<'a>(&'a mut self, batch: &'a [Message]) -> Soon<'a, Vec<Result<(), Error>>> {
        Box::pin(async move {
            if batch.is_empty() {
                return Vec::new();
            }
            match self.publish(batch).await {
                Ok(out) => out,
                Err(error) => batch.iter().map(|_| Err(error.clone())).collect(),
            }
        })
    }
}
