//! Outputs and acknowledgements in one transaction.

use super::super::{Error, Message, Settle, Sink, together};
use super::{Counts, Ready, Relay};
use std::time::Duration;
use tokio::time::timeout;

impl Relay<'_> {
    /// Brings all of it where it belongs, or nothing, and says so to the source in the same step.
    pub(super) async fn flush_whole(&mut self, ready: &mut Ready) -> Result<(), Error> {
        let Some(transaction) = &mut self.transaction else { return Ok(()) };
        if ready.is_empty() && !transaction.pending() {
            return Ok(());
        }
        transaction.begin().await?;
        let (on, mut tickets): (Vec<_>, Vec<_>) = std::mem::take(&mut ready.on).into_iter().unzip();
        let (aside, others): (Vec<_>, Vec<_>) = std::mem::take(&mut ready.aside).into_iter().unzip();
        tickets.extend(others);
        let drain = self.settings.drain;
        let work = async {
            confirmed(&mut *self.sink, &on, drain).await?;
            if !aside.is_empty() {
                let place = self.quarantine.as_mut();
                let place = place.ok_or_else(|| Error::bus("quarantine", "there is no place for it"))?;
                confirmed(&mut **place, &aside, drain).await?;
            }
            // INVARIANT: this comes after the confirmation; the source has it when the transaction is committed.
            together::settle(&tickets, Settle::Done).await.into_iter().collect::<Result<Vec<()>, Error>>()?;
            transaction.commit().await
        };
        let end = work.await;
        ready.permits.clear();
        let Err(error) = end else {
            self.counts.sent();
            Counts::add(&self.counts.passed, on.len() as u64);
            Counts::add(&self.counts.quarantined, aside.len() as u64);
            return Ok(());
        };
        if matches!(error, Error::Over(_)) {
            return Err(error);
        }
        transaction.abort().await?;
        ready.again = true;
        Counts::add(&self.counts.retried, 1);
        self.say("sink", &error.to_string());
        Ok(())
    }
}

/// Sends, and fails where one of them isn't confirmed.
async fn confirmed(sink: &mut dyn Sink, messages: &[Message], drain: Duration) -> Result<(), Error> {
    if messages.is_empty() {
        return Ok(());
    }
    let late = || Error::bus("sending", "no confirmation in time");
    let sent = timeout(drain, sink.send(messages)).await.map_err(|_| late())?;
    if sent.len() < messages.len() {
        return Err(late());
    }
    sent.into_iter().collect()
}
