//! `tidegate guard relay`: the decision between two buses.

use super::at_least_one;
use crate::cli::contract::Enforced;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::tell;
use anyhow::Context;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tidegate_decide::{Guard, Settings as Strictness, Trust};
use tidegate_gate::Redis;
use tidegate_gate::bus::{
    Address, Counts, Error, Judge, OnDeny, OnLimit, Relay, Settings, open, serve_admin,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// The arguments of `tidegate guard relay`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Buses: nats://HOST:PORT/STREAM/CONSUMER to read from, nats://HOST:PORT/SUBJECT to write to;\n\
    amqp://HOST:PORT/QUEUE, or amqp://HOST:PORT/EXCHANGE/KEY to write to; ?vhost=NAME if it is not /;\n\
    kafka://HOST:PORT,HOST:PORT/TOPIC/GROUP to read from, kafka://HOST:PORT/TOPIC to write to,\n\
    with ?transaction=ID in one transaction with the offset of its input;\n\
    sqs://REGION/ACCOUNT/NAME (keys from AWS_ variables or a role, AWS_ENDPOINT_URL);\n\
    pubsub://PROJECT/SUBSCRIPTION to read from, pubsub://PROJECT/TOPIC to write to;\n\
    s3://BUCKET/PREFIX for --quarantine (the same variables, AWS_REGION, AWS_ENDPOINT_URL_S3).\n\
    An input is acknowledged after its output is confirmed, or after its quarantine is."
)]
pub(super) struct Args {
    /// Where messages come from
    #[arg(long, value_name = "URL")]
    from: Address,
    /// Where those go that pass
    #[arg(long, value_name = "URL")]
    to: Address,
    /// Where those go that are denied: file:FOLDER, s3://BUCKET/PREFIX, or a place of a bus as in --to
    #[arg(long, value_name = "URL", required_if_eq_any([("on_deny", "quarantine"), ("on_limit", "quarantine")]))]
    quarantine: Option<Address>,
    /// What becomes of a message that is denied
    #[arg(long, value_enum, default_value_t)]
    on_deny: Verb,
    /// What becomes of a message that a limit of the contract holds back
    #[arg(long, value_enum, default_value_t, requires = "contract")]
    on_limit: Over,
    #[command(flatten)]
    enforced: Enforced,
    /// The function of the contract that messages are for
    #[arg(long, value_name = "NAME", requires = "contract")]
    function: Option<String>,
    /// Redis or Valkey over which relays and gates share limits; in TIDEGATE_LIMITS, it may hold a password
    #[arg(long, value_name = "URL", requires = "contract")]
    limits: Option<String>,
    /// Authorities of that Redis (PEM), for `rediss://`; without it the system's
    #[arg(long, value_name = "FILE", requires = "contract")]
    limits_ca: Option<PathBuf>,
    /// Messages in flight at once
    #[arg(long, value_name = "N", default_value_t = Settings::default().batch, value_parser = batch)]
    batch: usize,
    /// Longest payload, in bytes; a longer one is denied
    #[arg(long, value_name = "BYTES", default_value_t = Settings::default().bytes, value_parser = at_least_one::<usize>)]
    max_bytes: usize,
    /// Relays that a message may have passed before; beyond that it is denied
    #[arg(long, value_name = "N", default_value_t = Settings::default().hops)]
    max_hops: u32,
    /// Seconds that messages in flight may take to end when the relay does
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    drain: u64,
    /// Where /healthz and /metrics are: a port of this machine, or ADDRESS:PORT; without it nowhere
    #[arg(long, value_name = "ADDRESS", value_parser = admin)]
    admin: Option<SocketAddr>,
}

/// What becomes of a message that is denied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Verb {
    /// It goes to --quarantine, with the reasons as headers
    #[default]
    Quarantine,
    /// It is gone
    Drop,
    /// It passes, and is logged and counted
    Monitor,
}

/// What becomes of a message that a limit holds back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Over {
    /// It waits in its order, and nothing new is read until it has passed
    #[default]
    Wait,
    /// It goes to --quarantine, with the limit as reason
    Quarantine,
}

/// Nobody else's without being asked for.
fn admin(text: &str) -> Result<SocketAddr, String> {
    let port = text.parse().map(|port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    port.or_else(|_| text.parse()).map_err(|_| "expected PORT or ADDRESS:PORT".to_string())
}

fn batch(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| (1..=1000).contains(n)).ok_or_else(|| "expected 1 to 1000".to_string())
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let aside = args.quarantine.iter().filter(|place| !place.is_store());
    if aside.chain([&args.to]).any(|to| !args.from.fits(to)) {
        return Err(Failure::usage("a relay stays on one bus: --from and --to name different ones", None));
    }
    if args.from == args.to {
        return Err(Failure::usage(
            "--from and --to name one place: a message would come back without end",
            None,
        ));
    }
    // What was said on the command line is asked for there; this is the default.
    if args.on_deny == Verb::Quarantine && args.quarantine.is_none() {
        let hint = "name a place, or say what else becomes of them: --on-deny drop or monitor";
        return Err(Failure::usage(
            "messages that are denied go to --quarantine, and there is none",
            Some(hint.into()),
        ));
    }
    let contract = args.enforced.load()?;
    let under = match (contract, &args.function) {
        (Some(contract), Some(function)) if contract.function(function).is_some() => {
            Some((contract, function.clone()))
        }
        (Some(_), Some(function)) => {
            return Err(Failure::usage(format!("the contract doesn't hold the function `{function}`"), None));
        }
        (Some(_), None) => return Err(Failure::usage("--contract needs --function".to_string(), None)),
        (None, _) => None,
    };
    let strictness = under.as_ref().and_then(|(c, _)| Strictness::of(c).ok()).unwrap_or_default();
    let trust =
        under.as_ref().map(|(c, _)| Trust::of(c, |name| std::env::var(name).ok())).unwrap_or_default();
    for name in under.iter().flat_map(|(c, _)| trust.missing(c)) {
        tell(&format!("warning: `{name}` isn't set; what its secret has to sign is denied\n"));
    }
    let guard = Guard::new(strictness).trusting(Arc::new(trust));
    let mut judge = Judge::new(guard, under, args.from.shape());
    let limits = args.limits.clone().or_else(|| std::env::var("TIDEGATE_LIMITS").ok());
    if let Some(url) = limits.filter(|url| !url.is_empty() && args.function.is_some()) {
        let redis = Redis { url, ca: args.limits_ca.clone() };
        judge = judge.sharing(&redis).map_err(|problem| Failure::usage(problem, None))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting")?;
    runtime.block_on(relay(args, judge))
}

async fn relay(args: &Args, judge: Judge) -> Result<Exit, Failure> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for signals")?;
    interrupt::leave_to_command();
    let ends = open(&args.from, &args.to, args.quarantine.as_ref()).await.map_err(failure)?;
    let counts = Arc::new(Counts::of(args.from.bus()).with_limits(&judge));
    let say = |line: &str| tell(&format!("{line}\n"));
    let relay = Relay {
        sink: ends.sink,
        source: ends.source,
        quarantine: ends.quarantine,
        transaction: ends.transaction,
        judge,
        on_deny: match args.on_deny {
            Verb::Quarantine => OnDeny::Quarantine,
            Verb::Drop => OnDeny::Drop,
            Verb::Monitor => OnDeny::Monitor,
        },
        on_limit: match args.on_limit {
            Over::Wait => OnLimit::Wait,
            Over::Quarantine => OnLimit::Quarantine,
        },
        settings: Settings {
            batch: args.batch,
            bytes: args.max_bytes,
            hops: args.max_hops,
            drain: Duration::from_secs(args.drain),
        },
        counts: &counts,
        log: &say,
    };
    let admin = match args.admin {
        Some(address) => {
            Some(serve_admin(address, Arc::clone(&counts)).await.context("listening for --admin")?)
        }
        None => None,
    };
    let admin = admin.map_or_else(String::new, |address| format!(r#","admin":"{address}""#));
    say(&format!(r#"{{"at":"relay","state":"running"{admin}}}"#));
    let (tell_stop, stop) = watch::channel(false);
    let end = async {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tell_stop.send_replace(true);
        // The relay watches as long as the sender is there.
        std::future::pending::<()>().await;
    };
    let over = tokio::select! { over = relay.run(stop) => over, () = end => None };
    tell(&counts.prometheus());
    over.map_or(Ok(Exit::Clean), |error| Err(failure(error)))
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Address(problem) => Failure::usage(problem, None),
        Error::Bus { .. } | Error::Over(_) => anyhow::Error::from(error).into(),
    }
}
