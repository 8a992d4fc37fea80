//! `tidegate-lambda`: the guard inside of a Lambda function.
//!
//! A proxy of the Runtime API on loopback. The runtime asks it for the next event, and gets those that the decision core
//! lets through; for the others it answers as their trigger needs. Threads and blocking reads: there are as many
//! connections as the runtime has workers.

mod artifact;
mod bill;
mod desk;
mod extension;
#[cfg(test)]
mod fuzz;
mod http;
mod log;
mod otlp;
mod policy;
mod proxy;
mod quarantine;
#[cfg(feature = "s3")]
mod s3;
#[cfg(not(feature = "s3"))]
#[path = "without_s3.rs"]
mod s3;
mod telemetry;
mod trace;

use bill::Bills;
use otlp::Exporter;
use policy::{Policies, Source};
use proxy::Proxy;
use quarantine::Quarantine;
use std::collections::HashMap;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
#[cfg(test)]
use telemetry::reports;
use trace::Ids;

/// Connections at once.
const CONNECTIONS: usize = 256;
/// Where the runtime finds us.
const LISTEN: &str = "127.0.0.1:9009";
/// The longest that an event waits for its decision, unless told otherwise. A function of 128 MB has a fourteenth of a
/// processor.
const PATIENCE_MS: u64 = 5000;
/// The longest that the end takes.
const LAST: Duration = Duration::from_millis(1500);
/// What can be asked of the program.
const USAGE: &str = "tidegate-lambda [exec -- COMMAND [ARGUMENT]... | digest FOLDER [NAME-TO-SKIP] | --version]; \
                     everything else is set by variables, see docs/guides/lambda.md";
/// Where Lambda says that its Runtime API is.
const UPSTREAM: &str = "AWS_LAMBDA_RUNTIME_API";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let rest: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    let done = match rest.as_slice() {
        [] => guard(arguments.first().map_or("", String::as_str)),
        ["exec", "--", command, arguments @ ..] => exec(command, arguments),
        ["--version"] => {
            use std::io::Write;
            let _ = writeln!(std::io::stdout(), "tidegate-lambda {}", env!("CARGO_PKG_VERSION"));
            Ok(ExitCode::SUCCESS)
        }
        ["digest", folder, skip @ ..] if skip.len() < 2 => {
            use std::io::Write;
            let skip = skip.first().copied().unwrap_or_default();
            artifact::digest(Path::new(folder), skip).map(|digest| {
                let _ = writeln!(std::io::stdout(), "{digest}");
                ExitCode::SUCCESS
            })
        }
        ["--help" | "-h"] => {
            use std::io::Write;
            let _ = writeln!(std::io::stdout(), "usage: {USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        [first, ..] => {
            log::line(&format!("`{first}` isn't understood, or lacks something; usage: {USAGE}"));
            return ExitCode::from(2);
        }
    };
    done.unwrap_or_else(|message| {
        log::line(&message);
        ExitCode::FAILURE
    })
}

/// As an extension, or beside a runtime that somebody else starts.
fn guard(program: &str) -> Result<ExitCode, String> {
    let (proxy, listener, _) = open()?;
    // The runtime starts as soon as we have registered: by then we have to listen.
    let accepting = accept(&proxy, listener);
    let program = Path::new(program);
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    let extension = program.parent().and_then(Path::file_name).is_some_and(|folder| folder == "extensions");
    match extension::register(&proxy, &name) {
        Ok(id) => {
            // Only an extension gets bills. Without them the time until the answer is the bill.
            if (proxy.exporter.is_some() || proxy.policies.now().limiter.is_some())
                && let Err(error) = telemetry::subscribe(&proxy, &id)
            {
                log::line(&format!("no bills from Lambda, time is measured instead: {error}"));
            }
            if extension::wait(&proxy, &id).is_ok() {
                end(&proxy);
                return Ok(ExitCode::SUCCESS);
            }
        }
        // Lambda ends a function whose extension ends: better than one that waits for us until it times out.
        Err(error) if extension => {
            return Err(format!("could not register as the extension `{name}`: {error}"));
        }
        Err(error) => log::line(&format!("not an extension here: {error}")),
    }
    let _ = accepting.join();
    Ok(ExitCode::SUCCESS)
}

/// Starts the runtime itself: for images and runtimes that honour no wrapper.
fn exec(command: &str, arguments: &[&str]) -> Result<ExitCode, String> {
    let (proxy, listener, address) = open()?;
    accept(&proxy, listener);
    let status = Command::new(command).args(arguments).env(UPSTREAM, address).status();
    end(&proxy);
    let status = status.map_err(|e| format!("could not start `{command}`: {e}"))?;
    if let Some(signal) = status.signal() {
        // Whoever ends so has no last word. The code is the one that shells give it.
        log::line(&format!("`{command}` was ended by a {status}"));
        return Ok(u8::try_from(signal)
            .map_or(ExitCode::FAILURE, |signal| ExitCode::from(128_u8.saturating_add(signal))));
    }
    Ok(status.code().and_then(|c| u8::try_from(c).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// What is on its way still gets the time that is left: Lambda waits two seconds.
fn end(proxy: &Proxy) {
    let until = Instant::now() + LAST;
    proxy.quarantine.iter().for_each(|quarantine| quarantine.flush(until));
    proxy.exporter.iter().for_each(|exporter| exporter.flush(until));
}

/// Reads the contract and listens.
fn open() -> Result<(Arc<Proxy>, TcpListener, String), String> {
    log::panics();
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let upstream = variable(UPSTREAM).ok_or(format!("{UPSTREAM} is not set: this is no Lambda function"))?;
    if !is_address(&upstream) {
        return Err(format!("{UPSTREAM}: `{upstream}` is no HOST:PORT"));
    }
    let patience = match variable("TIDEGATE_PATIENCE_MS") {
        Some(ms) => {
            ms.parse().map_err(|_| format!("TIDEGATE_PATIENCE_MS: `{ms}` is no number of milliseconds"))?
        }
        None => PATIENCE_MS,
    };
    let source = Source::of(&variable)?;
    // A contract that can't be read ends the start: a function without its guard must not run.
    let (policy, mark) =
        source.load(None).map_err(|error| format!("no start without the contract: {error}"))?;
    if let Some(own) = policy.own().filter(|own| !own.artifact.is_empty()) {
        let folder = |name: &str, otherwise: &str| variable(name).unwrap_or_else(|| otherwise.to_string());
        let (code, layers) = (folder("LAMBDA_TASK_ROOT", "/var/task"), folder("TIDEGATE_LAYERS", "/opt"));
        artifact::verify(&own.artifact, Path::new(&code), Path::new(&layers))?;
    }
    let quarantine = variable("TIDEGATE_QUARANTINE").map(|to| Quarantine::of(&to, &variable)).transpose()?;
    let listen = variable("TIDEGATE_LISTEN").unwrap_or_else(|| LISTEN.to_string());
    let listener = TcpListener::bind(&listen).map_err(|e| format!("could not listen on {listen}: {e}"))?;
    let exporter = Exporter::of(&variable, policy.own().map(|own| &own.limits));
    let policies = Arc::new(Policies::new(policy));
    if source.changes() {
        policies.watch(source, mark);
    }
    let proxy = Proxy {
        upstream,
        policies,
        patience: Duration::from_millis(patience),
        bills: Bills::default(),
        exporter,
        ids: Ids::default(),
        quarantine,
        pending: Mutex::new(HashMap::new()),
    };
    Ok((Arc::new(proxy), listener, listen))
}

/// A name or address, and a port.
fn is_address(text: &str) -> bool {
    let (host, port) = text.rsplit_once(':').unwrap_or_default();
    let part = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    !host.is_empty() && host.bytes().all(part) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn accept(proxy: &Arc<Proxy>, listener: TcpListener) -> thread::JoinHandle<()> {
    let proxy = Arc::clone(proxy);
    let open = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            if open.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS {
                open.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            let (proxy, open) = (Arc::clone(&proxy), Arc::clone(&open));
            thread::spawn(move || {
                // An end in the middle is the other side's business: it sees its connection closed.
                let _ = proxy.serve(client);
                open.fetch_sub(1, Ordering::Relaxed);
            });
        }
    })
}
