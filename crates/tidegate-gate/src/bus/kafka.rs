//! Kafka: a member of a consumer group as source, an idempotent producer that waits for all replicas as sink.
//!
//! A committed offset stands for all before it, so what is committed is the first one that isn't done yet.

mod config;
mod transaction;
mod trouble;

pub(super) use transaction::Whole;

use super::address::KafkaOptions;
use super::tls::Files;
use super::{Error, Message, Received, Settle, Sink, Soon, Source, Ticket};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use config::config;
use rdkafka::consumer::{
    BaseConsumer, Consumer as _, ConsumerContext, ConsumerGroupMetadata, Rebalance, StreamConsumer,
};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use rdkafka::{ClientConfig, ClientContext};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use trouble::Trouble;

/// How long it is waited for messages when there are none.
const WAIT: Duration = Duration::from_secs(1);
/// How long it is waited for one more when there are some.
const MORE: Duration = Duration::from_millis(5);
/// How long a server may take to answer.
const CONFIRM: Duration = Duration::from_secs(15);
/// After that long it is looked whether it can answer at all.
const LOOK: Duration = Duration::from_secs(1);
/// After how many milliseconds without a sign a member is gone, where nothing else is said.
const SESSION: u32 = 10_000;

pub(super) struct Member {
    consumer: Arc<Consumer>,
    topic: String,
    /// Offsets are committed with the outputs.
    whole: bool,
}

type Consumer = StreamConsumer<Group>;

/// What the group gave to this member, and how far it is with that.
#[derive(Default)]
struct Group {
    state: Mutex<State>,
    trouble: Trouble,
}

#[derive(Default)]
struct State {
    progress: Progress,
    /// How often partitions were taken away: what came before that isn't ours any more.
    turn: u64,
    /// Up to where all is done, of partitions whose offset isn't committed yet; only in transactions.
    pending: BTreeMap<i32, i64>,
    /// Who we were when the last messages came: the server refuses offsets of one who is that no more.
    member: Option<Arc<ConsumerGroupMetadata>>,
}

impl ClientContext for Group {
    fn error(&self, error: KafkaError, reason: &str) {
        self.trouble.error(error, reason);
    }
}

impl ConsumerContext for Group {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if !matches!(rebalance, Rebalance::Assign(_)) {
            self.state().anew();
        }
    }
}

impl Group {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What isn't committed comes again, here or elsewhere.
    fn anew(&mut self) {
        *self = Self { turn: self.turn.wrapping_add(1), ..Self::default() };
    }
}

impl Member {
    /// Joins `TOPIC/GROUP`.
    pub(super) async fn open(
        (servers, files): (&str, &Files),
        path: &str,
        options: &KafkaOptions,
        whole: bool,
    ) -> Result<Self, Error> {
        let parts: Vec<&str> = path.split('/').collect();
        let [topic, group] = parts.as_slice() else {
            return Err(Error::Address("expected kafka://HOST:PORT/TOPIC/GROUP to read from".into()));
        };
        let session = options.session.unwrap_or(SESSION);
        let mut config = config(servers, files)?;
        if let Some(instance) = &options.instance {
            config.set("group.instance.id", instance);
        }
        let consumer: Consumer = config
            .set("group.id", *group)
            .set("auto.offset.reset", "earliest")
            // What is stored is committed, and we alone store: what is done.
            .set("enable.auto.commit", if whole { "false" } else { "true" })
            .set("auto.commit.interval.ms", "200")
            .set("enable.auto.offset.store", "false")
            .set("session.timeout.ms", session.to_string())
            // One that is lost is no member that is gone.
            .set("heartbeat.interval.ms", (session / 3).min(3000).to_string())
            .create_with_context(Group::default())
            .map_err(|e| Error::bus("connecting to Kafka", e))?;
        let member = Self { consumer: Arc::new(consumer), topic: (*topic).to_string(), whole };
        member.reach().await?;
        member.consumer.subscribe(&[topic]).map_err(|e| Error::bus("joining the group", e))?;
        Ok(member)
    }

    /// Waits for an answer of a server, before the group is joined: until then no message can come, and be lost here.
    async fn reach(&self) -> Result<(), Error> {
        let (begun, trouble) = (Instant::now(), &self.consumer.context().trouble);
        loop {
            let (consumer, topic) = (Arc::clone(&self.consumer), self.topic.clone());
            let ask = move || consumer.fetch_metadata(Some(&topic), LOOK).map(drop);
            let asked = tokio::task::spawn_blocking(ask).await;
            let Err(error) = asked.map_err(|e| Error::bus("asking for the topic", e))? else { return Ok(()) };
            // Its trouble is told to who asks for messages.
            while timeout(MORE, self.consumer.recv()).await.is_ok() {}
            if trouble.lasts() || begun.elapsed() >= CONFIRM {
                return Err(Error::bus("asking for the topic", trouble.with(&error)));
            }
        }
    }

    fn received(&self, message: &BorrowedMessage<'_>) -> Received {
        let (topic, partition, offset) = (message.topic(), message.partition(), message.offset());
        let turn = {
            let mut state = self.consumer.context().state();
            state.progress.began(partition, offset);
            state.turn
        };
        let raw: Vec<(&str, Option<&[u8]>)> =
            message.headers().iter().flat_map(|h| h.iter()).map(|h| (h.key, h.value)).collect();
        let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
        let native = json!({
            "partition": partition, "key": message.key().map(|key| STANDARD.encode(key)),
            "tombstone": message.payload().is_none(),
            "headers": raw.iter().map(|(n, v)| json!([n, v.map(|v| STANDARD.encode(v))])).collect::<Vec<_>>(),
        });
        let place = Place {
            consumer: Arc::clone(&self.consumer),
            whole: self.whole,
            turn,
            topic: topic.to_string(),
            partition,
            offset,
        };
        let message = Message {
            id: format!("{topic}.{partition}.{offset}"),
            place: topic.to_string(),
            payload: message.payload().unwrap_or_default().to_vec(),
            headers: raw.iter().map(|(n, v)| ((*n).to_string(), text(*v))).collect(),
            native: Some(native),
        };
        Received { message, ticket: Box::new(place) }
    }
}

impl Source for Member {
    fn receive(&mut self, most: usize) -> Soon<'_, Result<Vec<Received>, Error>> {
        Box::pin(async move {
            let mut out = Vec::new();
            let turn = || self.consumer.context().state().turn;
            let mut begun = turn();
            while out.len() < most {
                let wait = if out.is_empty() { WAIT } else { MORE };
                let next = timeout(wait, self.consumer.recv()).await;
                if begun != turn() {
                    // They come again, to whom they belong now.
                    out.clear();
                    begun = turn();
                }
                match next {
                    Err(_) => break,
                    Ok(Ok(message)) => out.push(self.received(&message)),
                    // What came before is worked on first; an error that stays comes again.
                    Ok(Err(_)) if !out.is_empty() => break,
                    Ok(Err(error)) => {
                        return Err(Error::bus("consuming", self.consumer.context().trouble.with(&error)));
                    }
                }
            }
            if self.whole {
                let member = self.consumer.group_metadata().map(Arc::new);
                // Who has lost its partitions, and doesn't know it yet, would be no member at all.
                if member.is_none() || self.consumer.assignment_lost() {
                    return Ok(Vec::new());
                }
                self.consumer.context().state().member = member;
            }
            Ok(out)
        })
    }

    fn close(&mut self) -> Soon<'_, ()> {
        let (consumer, whole) = (Arc::clone(&self.consumer), self.whole);
        Box::pin(async move {
            if whole {
                return;
            }
            // A commit blocks until the server has answered.
            let commit = move || consumer.commit_consumer_state(rdkafka::consumer::CommitMode::Sync);
            let _ = timeout(CONFIRM, tokio::task::spawn_blocking(commit)).await;
        })
    }
}

/// What isn't done yet, of each partition.
#[derive(Default)]
struct Progress(BTreeMap<i32, Partition>);

#[derive(Default)]
struct Partition {
    /// The one after the last that came.
    next: i64,
    /// From where it isn't committed yet: as far as transactions know.
    from: Option<i64>,
    open: BTreeSet<i64>,
}

impl Progress {
    fn began(&mut self, partition: i32, offset: i64) {
        let partition = self.0.entry(partition).or_default();
        if offset < partition.next {
            // It was given to another member and came back: its messages come again from here.
            partition.open.clear();
        }
        partition.next = offset.saturating_add(1);
        partition.from.get_or_insert(offset);
        partition.open.insert(offset);
    }

    /// Up to where all is done, if that is further now.
    fn ended(&mut self, partition: i32, offset: i64) -> Option<i64> {
        let partition = self.0.get_mut(&partition)?;
        let first = partition.open.first().copied();
        if !partition.open.remove(&offset) || first != Some(offset) {
            return None;
        }
        Some(partition.open.first().copied().unwrap_or(partition.next))
    }
}

struct Place {
    consumer: Arc<Consumer>,
    whole: bool,
    turn: u64,
    topic: String,
    partition: i32,
    offset: i64,
}

impl Ticket for Place {
    fn settle(&self, how: Settle) -> Soon<'_, Result<(), Error>> {
        // What is given back is what isn't committed.
        let next = match how {
            Settle::Done => {
                let mut state = self.consumer.context().state();
                let ours = state.turn == self.turn;
                let next = if ours { state.progress.ended(self.partition, self.offset) } else { None };
                if self.whole {
                    state.pending.extend(next.map(|next| (self.partition, next)));
                    let gone = || Error::bus("acknowledging", "the partition was given to another member");
                    return Box::pin(std::future::ready(ours.then_some(()).ok_or_else(gone)));
                }
                next
            }
            Settle::Again | Settle::Extend => None,
        };
        let stored = match next {
            // The library takes the last one that is done.
            Some(next) => self.consumer.store_offset(&self.topic, self.partition, next.saturating_sub(1)),
            None => Ok(()),
        };
        let stored = stored.map_err(|e| Error::bus("storing the offset", e));
        Box::pin(std::future::ready(stored))
    }
}

/// A connection to write over, and what it has trouble with.
#[derive(Clone)]
pub(super) struct Writer {
    producer: FutureProducer<Trouble>,
    trouble: Trouble,
}

impl Writer {
    fn of(config: &ClientConfig) -> Result<Self, Error> {
        let trouble = Trouble::default();
        let producer = config.create_with_context(trouble.clone());
        Ok(Self { producer: producer.map_err(|e| Error::bus("connecting to Kafka", e))?, trouble })
    }

    /// Asks until there is an answer, as long as one can still come.
    fn answered<T>(&self, mut ask: impl FnMut() -> Result<T, KafkaError>) -> Result<T, KafkaError> {
        let begun = Instant::now();
        loop {
            match ask() {
                Err(error) if may_pass(&error) && !self.trouble.lasts() && begun.elapsed() < CONFIRM => {}
                answer => return answer,
            }
        }
    }

    /// How many partitions a topic has.
    fn partitions(&self, topic: &str) -> Result<usize, Error> {
        let metadata = self.answered(|| self.producer.client().fetch_metadata(Some(topic), LOOK));
        let metadata = metadata.map_err(|e| Error::bus("looking up the topic", self.trouble.with(&e)))?;
        Ok(metadata.topics().iter().find(|t| t.name() == topic).map_or(0, |t| t.partitions().len()))
    }
}

/// Whether asking again may help: what is wrong with a transaction stays so, unless the library says that it doesn't.
fn may_pass(error: &KafkaError) -> bool {
    !matches!(error, KafkaError::Transaction(error) if !error.is_retriable())
}

pub(super) struct Produce {
    writer: Writer,
    topic: String,
    partitions: i32,
}

impl Produce {
    /// Opens a topic that is there.
    pub(super) async fn open(servers: &str, files: &Files, topic: &str) -> Result<Self, Error> {
        let mut config = config(servers, files)?;
        config.set("enable.idempotence", "true").set("acks", "all");
        config.set("message.timeout.ms", "15000").set("linger.ms", "2");
        Self::over(Writer::of(&config)?, topic).await
    }

    /// Writes to a topic that is there.
    pub(super) async fn over(writer: Writer, topic: &str) -> Result<Self, Error> {
        if topic.contains('/') {
            return Err(Error::Address("expected kafka://HOST:PORT/TOPIC to write to".into()));
        }
        let (asked, name) = (writer.clone(), topic.to_string());
        let looked = tokio::task::spawn_blocking(move || asked.partitions(&name)).await;
        let count = looked.map_err(|e| Error::bus("looking up the topic", e))??;
        if count == 0 {
            return Err(Error::bus("looking up the topic", "it isn't there"));
        }
        let partitions = i32::try_from(count).unwrap_or(i32::MAX);
        Ok(Self { writer, topic: topic.to_string(), partitions })
    }
}

/// Those of the sender as they were, and ours.
fn headers(message: &Message) -> OwnedHeaders {
    use super::context::ours;
    let raw = message.native.as_ref().and_then(|n| n.get("headers")).and_then(Value::as_array);
    let mut out = OwnedHeaders::new();
    for pair in raw.into_iter().flatten() {
        let (Some(name), value) = (pair.get(0).and_then(Value::as_str), decoded(pair.get(1))) else {
            continue;
        };
        if !ours(name) {
            out = out.insert(Header { key: name, value: value.as_ref() });
        }
    }
    for (name, value) in message.headers.iter().filter(|(n, _)| ours(n) || raw.is_none()) {
        out = out.insert(Header { key: name, value: Some(value) });
    }
    out
}

fn decoded(value: Option<&Value>) -> Option<Vec<u8>> {
    STANDARD.decode(value?.as_str()?).ok()
}

impl Sink for Produce {
    fn send<'a>(&'a mut self, batch: &'a [Message]) -> Soon<'a, Vec<Result<(), Error>>> {
        Box::pin(async move {
            let mut pending = Vec::with_capacity(batch.len());
            for message in batch {
                let native = |name: &str| message.native.as_ref().and_then(|n| n.get(name));
                let key = decoded(native("key"));
                let partition =
                    native("partition").and_then(Value::as_i64).and_then(|p| i32::try_from(p).ok());
                let mut record: FutureRecord<'_, Vec<u8>, Vec<u8>> =
                    FutureRecord::to(&self.topic).headers(headers(message));
                if native("tombstone").and_then(Value::as_bool) != Some(true) {
                    record = record.payload(&message.payload);
                }
                if let Some(key) = &key {
                    record = record.key(key);
                }
                // The order within a partition stays, as long as the output has it too.
                if let Some(partition) = partition.filter(|p| (0..self.partitions).contains(p)) {
                    record = record.partition(partition);
                }
                pending.push(self.writer.producer.send_result(record).map_err(|(e, _)| e));
            }
            let mut out = Vec::with_capacity(batch.len());
            for sent in pending {
                out.push(match sent {
                    Err(error) => Err(Error::bus("producing", error)),
                    Ok(confirm) => match confirm.await {
                        Ok(Ok(_)) => Ok(()),
                        Ok(Err((error, _))) => Err(Error::bus("producing", self.writer.trouble.with(&error))),
                        Err(_) => Err(Error::bus("producing", "the producer is gone")),
                    },
                });
            }
            out
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_before_an_open_one_is_passed_over() {
        let mut progress = Progress::default();
        for offset in 5..9 {
            progress.began(0, offset);
        }
        assert_eq!(progress.ended(0, 7), None);
        assert_eq!(progress.ended(0, 5), Some(6));
        assert_eq!(progress.ended(0, 5), None);
        assert_eq!(progress.ended(0, 6), Some(8));
        assert_eq!(progress.ended(0, 8), Some(9));
        // A rewind begins anew.
        progress.began(0, 12);
        progress.began(0, 6);
        assert_eq!(progress.ended(0, 12), None);
        assert_eq!(progress.ended(0, 6), Some(7));
    }
}
