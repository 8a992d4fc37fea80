//! The relay between buses: consume, decide, produce or quarantine.
//!
//! At least once, and nothing is lost: an input is acknowledged only after the bus has confirmed what became of it.
//! What a bus can do stands behind [`Source`] and [`Sink`]; the loop knows no bus.

mod address;
mod admin;
mod context;
mod counts;
mod event;
mod file;
mod judge;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "nats")]
mod nats;
mod pubsub;
#[cfg(feature = "rabbitmq")]
mod rabbitmq;
mod relay;
mod s3;
mod sqs;
mod tls;
mod together;

pub(crate) use address::open_sink;
pub use address::{Address, Ends, KafkaOptions, open};
pub use admin::serve_admin;
pub use counts::Counts;
pub use event::Shape;
pub use judge::Judge;
pub use relay::{OnDeny, OnLimit, Relay, Settings};
pub use tls::Files;

use std::future::Future;
use std::pin::Pin;

/// What a bus answers later.
pub type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a bus could not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The address is none, or this build doesn't speak with that bus.
    #[error("{0}")]
    Address(String),
    /// The bus refused, or could not be reached.
    #[error("{doing}: {why}")]
    Bus {
        /// What was tried.
        doing: &'static str,
        /// What came back.
        why: String,
    },
    /// It can't go on: whoever runs the relay has to look, or to start it again.
    #[error("{0}")]
    Over(String),
}

impl Error {
    fn keys(error: crate::aws::Error) -> Self {
        match error {
            crate::aws::Error::Setting(problem) => Self::Address(problem),
            refused @ crate::aws::Error::Refused { .. } => Self::bus("asking for keys", refused),
        }
    }

    pub(crate) fn bus(doing: &'static str, why: impl std::fmt::Display) -> Self {
        Self::Bus { doing, why: why.to_string() }
    }
}

/// One message, whatever the bus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Unique in the source, and the same when it is delivered again.
    pub id: String,
    /// Queue, subject or topic that it came through.
    pub place: String,
    /// What it carries; never changed.
    pub payload: Vec<u8>,
    /// Headers or attributes, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// What the bus says of it that headers don't hold, for a sink on the same bus.
    pub native: Option<serde_json::Value>,
}

impl Message {
    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn put(&mut self, name: &str, value: String) {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.headers.push((name.to_string(), value));
    }
}

/// What the source is told about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// It is where it belongs.
    Done,
    /// It could not be brought there: deliver it again.
    Again,
    /// It is still being worked on.
    Extend,
}

/// The way back to the source of one message.
pub trait Ticket: Send + Sync {
    /// Tells the source.
    fn settle(&self, how: Settle) -> Soon<'_, Result<(), Error>>;
}

/// A message with the way back.
pub struct Received {
    /// What came.
    pub message: Message,
    /// Whom to tell.
    pub ticket: Box<dyn Ticket>,
}

/// Where messages come from.
pub trait Source: Send {
    /// Up to `most` messages; none when nothing came for a while.
    fn receive(&mut self, most: usize) -> Soon<'_, Result<Vec<Received>, Error>>;

    /// Sends what is still in buffers.
    fn close(&mut self) -> Soon<'_, ()> {
        Box::pin(async {})
    }
}

/// Makes outputs and the acknowledgement of their inputs happen together or not at all, where a bus offers that.
pub trait Transaction: Send {
    /// Whether something is settled as done and not acknowledged yet.
    fn pending(&self) -> bool;

    /// What is sent from now on belongs together.
    fn begin(&mut self) -> Soon<'_, Result<(), Error>>;

    /// Ends it: what was sent is there, and what was settled as done is acknowledged.
    fn commit(&mut self) -> Soon<'_, Result<(), Error>>;

    /// Takes back what was sent; what isn't acknowledged comes again from the source.
    fn abort(&mut self) -> Soon<'_, Result<(), Error>>;
}

/// Where messages go.
pub trait Sink: Send {
    /// Sends all; each result is `Ok` only when the bus has confirmed that it keeps the message.
    fn send<'a>(&'a mut self, batch: &'a [Message]) -> Soon<'a, Vec<Result<(), Error>>>;
}
