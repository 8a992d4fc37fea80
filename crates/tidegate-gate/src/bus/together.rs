//! Acknowledgements of a batch that a bus takes in one call.

use super::{Error, Settle, Soon, Ticket};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use tokio::sync::oneshot;

/// Tells the source the same about each, at the same time.
pub(super) async fn settle(tickets: &[Box<dyn Ticket>], how: Settle) -> Vec<Result<(), Error>> {
    let mut all: Vec<_> = tickets.iter().map(|ticket| (Some(ticket.settle(how)), Ok(()))).collect();
    poll_fn(|cx| {
        let mut open = false;
        for (telling, told) in &mut all {
            let Some(going) = telling else { continue };
            match going.as_mut().poll(cx) {
                Poll::Ready(end) => (*telling, *told) = (None, end),
                Poll::Pending => open = true,
            }
        }
        if open { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    all.into_iter().map(|(_, told)| told).collect()
}

/// What waits to be told in one call.
#[derive(Default)]
pub(super) struct Together(Mutex<VecDeque<Waiting>>);

/// A receipt, and whom to tell how it ended.
type Waiting = (String, oneshot::Sender<Result<(), Error>>);

impl Together {
    /// Has a receipt told with the others that come at the same time, `most` of them in a call.
    pub(super) async fn tell<'a>(
        &self,
        receipt: String,
        most: usize,
        call: impl FnOnce(Vec<String>) -> Soon<'a, Vec<Result<(), Error>>>,
    ) -> Result<(), Error> {
        let (tell, told) = oneshot::channel();
        self.lock().push_back((receipt, tell));
        // The others come in.
        tokio::task::yield_now().await;
        let now: Vec<_> = {
            let mut waiting = self.lock();
            let count = waiting.len().min(most);
            waiting.drain(..count).collect()
        };
        if !now.is_empty() {
            // It may not be its own that one takes along: somebody takes each.
            let (receipts, tells): (Vec<_>, Vec<_>) = now.into_iter().unzip();
            let mut ends = call(receipts).await.into_iter();
            for tell in tells {
                let _ = tell.send(ends.next().unwrap_or_else(unanswered));
            }
        }
        told.await.unwrap_or_else(|_| unanswered())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unanswered() -> Result<(), Error> {
    Err(Error::bus("acknowledging", "no answer"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    struct One(Arc<(Together, Mutex<Vec<usize>>)>, usize);

    impl Ticket for One {
        fn settle(&self, _: Settle) -> Soon<'_, Result<(), Error>> {
            let (together, calls) = &*self.0;
            Box::pin(together.tell(self.1.to_string(), 10, move |receipts| {
                calls.lock().unwrap().push(receipts.len());
                let end = |r: &String| if r == "13" { Err(Error::bus("x", r)) } else { Ok(()) };
                let ends = receipts.iter().map(end).collect();
                Box::pin(async move {
                    tokio::task::yield_now().await;
                    ends
                })
            }))
        }
    }

    #[tokio::test]
    async fn receipts_go_in_few_calls_and_each_has_its_own_end() {
        let shared = Arc::new((Together::default(), Mutex::default()));
        let tickets: Vec<Box<dyn Ticket>> =
            (0..25).map(|n| Box::new(One(Arc::clone(&shared), n)) as Box<dyn Ticket>).collect();
        let ends = settle(&tickets, Settle::Done).await;
        assert_eq!(*shared.1.lock().unwrap(), [10, 10, 5]);
        let failed: Vec<usize> = (0..25).filter(|n| ends[*n].is_err()).collect();
        assert_eq!(failed, [13]);
        assert!(settle(&tickets[..1], Settle::Done).await[0].is_ok(), "one alone waits for nobody");
    }
}
