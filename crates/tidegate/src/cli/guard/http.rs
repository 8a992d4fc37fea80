//! `tidegate guard http`: the gate before an HTTP upstream.

use super::at_least_one;
use crate::cli::contract::Enforced;
use crate::crash;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::tell;
use anyhow::Context;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tidegate_gate::Redis;
use tidegate_gate::bus::Address;
use tidegate_gate::http::{Access, Bounds, Config, Error, Route, Upstream, serve};
use tokio::signal::unix::{SignalKind, signal};

/// The arguments of `tidegate guard http`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "SIGHUP reads contract, certificates and keys again; SIGTERM and SIGINT let requests end first."
)]
pub(super) struct Args {
    /// Where clients come in
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Whom requests are for: scheme, host and port
    #[arg(long, value_name = "URL")]
    upstream: Upstream,
    #[command(flatten)]
    enforced: Enforced,
    /// The function of the contract that requests are for; without it the only one behind HTTP
    #[arg(long, value_name = "NAME", requires = "contract")]
    function: Option<String>,
    /// The function for paths of a pattern, first that fits; `*` stands for anything
    #[arg(long, value_name = "PATH=NAME", value_parser = route, requires = "contract")]
    route: Vec<Route>,
    /// Redis or Valkey over which gates share limits; in TIDEGATE_LIMITS, it may hold a password
    #[arg(long, value_name = "URL", requires = "contract")]
    limits: Option<String>,
    /// Authorities of that Redis (PEM), for `rediss://`; without it the system's
    #[arg(long, value_name = "FILE", requires = "contract")]
    limits_ca: Option<PathBuf>,
    /// Where /healthz, /readyz, /metrics and POST /reload are; without it nowhere
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<SocketAddr>,
    /// Certificate chain (PEM); with it clients come over TLS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Authorities of client certificates (PEM); with it every client needs one
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    client_ca: Option<PathBuf>,
    /// Authorities of the upstream's certificate (PEM); without it the system's
    #[arg(long, value_name = "FILE")]
    upstream_ca: Option<PathBuf>,
    /// What the upstream sees as `Host`; without it what the client said
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// A JSON line a request, to a file or `-` for standard error; holds nothing of queries, headers and bodies
    #[arg(long, value_name = "FILE")]
    access_log: Option<PathBuf>,
    /// Where denied requests are kept: file:FOLDER, s3://BUCKET/PREFIX or sqs://REGION/ACCOUNT/NAME; without it nowhere
    #[arg(long, value_name = "URL")]
    quarantine: Option<Address>,
    /// Longest body, in bytes; a longer one is answered with 413
    #[arg(long, value_name = "BYTES", default_value_t = Bounds::default().body, value_parser = at_least_one::<usize>)]
    max_body: usize,
    /// Bytes of all bodies above 64 KiB together; a request that finds no room is answered with 503
    #[arg(long, value_name = "BYTES", default_value_t = Bounds::default().bodies, value_parser = at_least_one::<usize>)]
    max_bodies: usize,
    /// Connections at once
    #[arg(long, value_name = "N", default_value_t = Bounds::default().connections, value_parser = at_least_one::<usize>)]
    max_connections: usize,
    /// Seconds after which a connection without a request is closed
    #[arg(long, value_name = "SECONDS", default_value_t = Bounds::default().idle_time.as_secs(), value_parser = at_least_one::<u64>)]
    idle_timeout: u64,
    /// Seconds until the upstream has to answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = at_least_one::<u64>)]
    upstream_timeout: u64,
    /// Seconds that requests may take to end when the gate does
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    drain: u64,
    /// Threads; without it one a core
    #[arg(long, value_name = "N", value_parser = at_least_one::<usize>)]
    workers: Option<usize>,
}

fn route(text: &str) -> Result<Route, String> {
    let (path, function) = text.split_once('=').ok_or("expected PATH=NAME")?;
    if !path.starts_with(['/', '*']) || function.is_empty() {
        return Err("expected a path that begins with `/` or `*`, and a name".to_string());
    }
    Ok(Route { path: path.to_string(), function: function.to_string() })
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    // What is wrong with the contract is said in full here; later on, when it changes, in a line.
    args.enforced.load()?;
    let enforced = args.enforced.clone();
    let everything = args.function.iter().map(|name| Route { path: "*".to_string(), function: name.clone() });
    let config = Config {
        listen: args.listen,
        admin: args.admin,
        upstream: args.upstream.clone(),
        upstream_ca: args.upstream_ca.clone(),
        host: args.host.clone(),
        load: Box::new(move || enforced.load().map_err(|failure| failure.message())),
        routes: args.route.iter().cloned().chain(everything).collect(),
        limits: args
            .limits
            .clone()
            .or_else(|| std::env::var("TIDEGATE_LIMITS").ok())
            .filter(|url| !url.is_empty())
            .map(|url| Redis { url, ca: args.limits_ca.clone() }),
        tls: args.tls_cert.clone().zip(args.tls_key.clone()),
        client_ca: args.client_ca.clone(),
        access: match args.access_log.as_ref().map(|path| (path.as_os_str() == "-", path)) {
            None => Access::Off,
            Some((true, _)) => Access::Stderr,
            Some((false, path)) => Access::File(path.clone()),
        },
        quarantine: args.quarantine.clone(),
        workers: args.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        bounds: Bounds {
            body: args.max_body,
            bodies: args.max_bodies,
            connections: args.max_connections,
            idle_time: Duration::from_secs(args.idle_timeout),
            upstream_time: Duration::from_secs(args.upstream_timeout),
            drain: Duration::from_secs(args.drain),
            ..Bounds::default()
        },
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting")?;
    runtime.block_on(async {
        // Before anybody can send one.
        let mut ends = [signal(SignalKind::terminate()), signal(SignalKind::interrupt())];
        let mut again = signal(SignalKind::hangup()).context("listening for signals")?;
        interrupt::leave_to_command();
        crash::go_on();
        let gate = serve(config, |line| tell(&format!("{line}\n"))).map_err(failure)?;
        tell(&format!("listening on {}\n", gate.address));
        if let Some(address) = gate.admin {
            tell(&format!("health and metrics on {address}\n"));
        }
        let [Ok(terminate), Ok(interrupt)] = &mut ends else {
            return Err(anyhow::anyhow!("could not listen for signals").into());
        };
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                // It has said itself what went wrong.
                _ = again.recv() => drop(gate.reload()),
            }
        }
        tell("stopping: requests may end\n");
        gate.stop();
        Ok(Exit::Clean)
    })
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Circle(_) => {
            let help = "--upstream is the server behind the gate; give one of them another port".to_string();
            Failure::usage(error.to_string(), Some(help))
        }
        Error::Contract(_)
        | Error::Limits(_)
        | Error::Tls(_)
        | Error::Quarantine(_)
        | Error::Listen { .. } => Failure::usage(error.to_string(), None),
        other => anyhow::Error::from(other).into(),
    }
}
