//! The HTTP gate: a reverse proxy that decides on every request before the upstream sees it.
//!
//! One worker a core, each with a runtime, a listener and connections of its own: nothing on the way of a request is
//! shared but counters. A request becomes the event that API Gateway would make of it, and is decided on as that.

mod access;
pub(crate) mod admin;
mod body;
mod contradiction;
mod cors;
mod event;
mod exchange;
mod frames;
mod front;
mod headers;
mod heads;
mod jwks;
mod metrics;
mod policy;
mod quarantine;
mod server;
mod signers;
mod sns;
pub(crate) mod tls;
mod token;
mod upgrade;
mod upstream;
mod wire;

pub use access::Access;
pub use contradiction::contradictions;
pub use policy::{Load, Route};
pub use server::{Gate, serve};
pub use upstream::Upstream;

use crate::bus::Address;
use crate::counting::Redis;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What a gate does.
pub struct Config {
    /// Where clients come in.
    pub listen: SocketAddr,
    /// Where health, metrics and reloading are.
    pub admin: Option<SocketAddr>,
    /// Whom requests are for.
    pub upstream: Upstream,
    /// Certificate authorities of the upstream, in PEM; without it those of the system.
    pub upstream_ca: Option<PathBuf>,
    /// The name that the upstream is asked for in `Host`; without it the client's.
    pub host: Option<String>,
    /// Reads the contract, at the start and whenever it changes.
    pub load: Load,
    /// Which function of the contract a path is for; the first that fits.
    pub routes: Vec<Route>,
    /// Redis over which limits are shared (feature `redis`); without it they are counted here.
    pub limits: Option<Redis>,
    /// Certificate chain and key, in PEM.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Authorities of client certificates, in PEM. With it every client needs one.
    pub client_ca: Option<PathBuf>,
    /// Access log.
    pub access: Access,
    /// Where denied requests are kept: a folder, a bucket of S3 or a queue of SQS; without it nowhere.
    pub quarantine: Option<Address>,
    /// Worker threads.
    pub workers: usize,
    /// Bounds on what a client may take.
    pub bounds: Bounds,
}

/// Bounds on what a client may take of time and memory.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The longest body that is taken, in bytes. A longer one is refused: it could not be looked at whole.
    pub body: usize,
    /// Bytes of all bodies together that are longer than 64 KiB, while they are looked at and handed on.
    pub bodies: usize,
    /// Bytes of the head of a request.
    pub head: usize,
    /// How many headers.
    pub headers: usize,
    /// Until a head is there.
    pub head_time: Duration,
    /// Until a connection without a request is closed.
    pub idle_time: Duration,
    /// Until a body is there.
    pub body_time: Duration,
    /// Until the upstream answers.
    pub upstream_time: Duration,
    /// Connections of clients, in all.
    pub connections: usize,
    /// Connections that an upstream keeps waiting, for each worker.
    pub idle: usize,
    /// How long requests may take to end when the gate does.
    pub drain: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            body: 6 << 20,
            bodies: 512 << 20,
            head: 64 << 10,
            headers: 100,
            head_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(75),
            body_time: Duration::from_secs(30),
            upstream_time: Duration::from_secs(60),
            connections: 10_000,
            idle: 64,
            drain: Duration::from_secs(30),
        }
    }
}

/// Why a gate can't do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address can't be listened on.
    #[error("could not listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The access log can't be written to.
    #[error("could not open the access log `{path}`: {why}")]
    Access {
        /// The file, or `-`.
        path: String,
        /// Why; no source, since it is said already.
        why: std::io::Error,
    },
    /// Certificates or keys that can't be used.
    #[error("{0}")]
    Tls(String),
    /// Requests would go round in a circle.
    #[error("the upstream is the address `{0}` that the gate listens on itself")]
    Circle(SocketAddr),
    /// The contract can't be used.
    #[error("{0}")]
    Contract(String),
    /// Limits can't be shared.
    #[error("{0}")]
    Limits(String),
    /// Denied requests can't be kept.
    #[error("{0}")]
    Quarantine(String),
    /// A thread or runtime can't be started.
    #[error("could not start: {0}")]
    Start(std::io::Error),
}
