//! Outputs and the offsets of their inputs in one transaction.
//!
//! The server fences a relay whose transactional id another one took, and refuses offsets of who is no member any more.

use super::super::tls::Files;
use super::super::{Error, Soon, Transaction};
use super::{CONFIRM, Consumer, LOOK, Member, Produce, Trouble, Writer, config};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use rdkafka::producer::{FutureProducer, Producer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::fmt::Display;
use std::sync::Arc;

/// How often what may be tried again is.
const TRIES: usize = 2;

impl Produce {
    /// A producer that has taken the transactional id; what whoever had it left open is taken back.
    pub(in crate::bus) async fn transactional(
        servers: &str,
        files: &Files,
        id: &str,
    ) -> Result<Writer, Error> {
        let mut config = config(servers, files)?;
        config.set("transactional.id", id).set("transaction.timeout.ms", "60000");
        config.set("message.timeout.ms", "15000").set("linger.ms", "2");
        let writer = Writer::of(&config)?;
        let asked = writer.clone();
        let take = move || asked.answered(|| asked.producer.init_transactions(LOOK));
        let doing = "taking the transactional id";
        let took = tokio::task::spawn_blocking(take).await.map_err(|e| over(doing, &e))?;
        // Alone, it says that there was no answer in time.
        took.map_err(|e| over(doing, &writer.trouble.with(&e)))?;
        Ok(writer)
    }
}

/// Transactions over what one member of a group reads.
pub(in crate::bus) struct Whole {
    producer: FutureProducer<Trouble>,
    consumer: Arc<Consumer>,
    topic: String,
}

impl Whole {
    pub(in crate::bus) fn of(writer: Writer, member: &Member) -> Self {
        Self {
            producer: writer.producer,
            consumer: Arc::clone(&member.consumer),
            topic: member.topic.clone(),
        }
    }
}

impl Transaction for Whole {
    fn pending(&self) -> bool {
        !self.consumer.context().state().pending.is_empty()
    }

    fn begin(&mut self) -> Soon<'_, Result<(), Error>> {
        let begun = self.producer.begin_transaction().map_err(|e| over("beginning a transaction", &e));
        Box::pin(std::future::ready(begun))
    }

    fn commit(&mut self) -> Soon<'_, Result<(), Error>> {
        Box::pin(async move {
            let (member, pending) = {
                let state = self.consumer.context().state();
                (state.member.clone(), state.pending.clone())
            };
            let member = member.ok_or_else(|| Error::bus("committing", "this is no member of the group"))?;
            let mut offsets = TopicPartitionList::new();
            for (partition, next) in &pending {
                let added = offsets.add_partition_offset(&self.topic, *partition, Offset::Offset(*next));
                added.map_err(|e| Error::bus("committing", e))?;
            }
            let producer = self.producer.clone();
            let send = move || producer.send_offsets_to_transaction(&offsets, &member, CONFIRM);
            blocking("committing the offsets", send).await?;
            let producer = self.producer.clone();
            blocking("committing", move || producer.commit_transaction(CONFIRM)).await?;
            let mut state = self.consumer.context().state();
            for (partition, next) in pending {
                if let Some(partition) = state.progress.0.get_mut(&partition) {
                    partition.from = Some(next);
                }
            }
            state.pending.clear();
            Ok(())
        })
    }

    fn abort(&mut self) -> Soon<'_, Result<(), Error>> {
        Box::pin(async move {
            let producer = self.producer.clone();
            blocking("taking back a transaction", move || producer.abort_transaction(CONFIRM)).await?;
            let (consumer, topic) = (Arc::clone(&self.consumer), self.topic.clone());
            let seek = move || {
                let from: Vec<(i32, i64)> = {
                    let mut state = consumer.context().state();
                    let from = state.progress.0.iter().filter_map(|(p, one)| Some((*p, one.from?))).collect();
                    state.anew();
                    from
                };
                let ours = consumer.assignment()?;
                // Those that are ours no more are read by others from what is committed.
                for (partition, from) in from {
                    if ours.find_partition(&topic, partition).is_some() {
                        consumer.seek(&topic, partition, Offset::Offset(from), CONFIRM)?;
                    }
                }
                Ok::<_, KafkaError>(())
            };
            // INVARIANT: without that, the next commit would pass over what wasn't sent.
            match tokio::task::spawn_blocking(seek).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(over("reading again", &error)),
                Err(error) => Err(over("reading again", &error)),
            }
        })
    }
}

fn over(doing: &str, error: &dyn Display) -> Error {
    Error::Over(format!("{doing}: {error}"))
}

/// What waits for the server is tried again as long as the library says that it may be.
async fn blocking(
    doing: &'static str,
    mut call: impl FnMut() -> Result<(), KafkaError> + Send + 'static,
) -> Result<(), Error> {
    let work = move || {
        let mut last = call();
        for _ in 1..TRIES {
            match &last {
                Err(KafkaError::Transaction(error)) if error.is_retriable() => last = call(),
                _ => break,
            }
        }
        last
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(KafkaError::Transaction(error))) if error.txn_requires_abort() => {
            Err(Error::bus(doing, error))
        }
        Ok(Err(error)) => Err(over(doing, &error)),
        Err(error) => Err(over(doing, &error)),
    }
}
