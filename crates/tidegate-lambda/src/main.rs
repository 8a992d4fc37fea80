//! `tidegate-lambda`: the guard inside of a Lambda function.
//!
//! A proxy of the Runtime API on loopback. The runtime asks it for the next event, and gets those that the decision core
//! lets through; for the others it answers as their trigger needs. Threads and blocking reads: there are as many
//! connections as the runtime has workers.

mod extension;
mod http;
mod log;
mod proxy;
mod quarantine;

use proxy::Proxy;
use quarantine::Quarantine;
use std::collections::HashMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use tidegate_decide::limit::{self, Limiter};
use tidegate_decide::{Settings, Trust};
use tidegate_graph::contract::Contract;

/// Connections at once.
const CONNECTIONS: usize = 256;
/// Where the runtime finds us.
const LISTEN: &str = "127.0.0.1:9009";
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
        _ => {
            log::line("usage: tidegate-lambda [exec -- COMMAND [ARGUMENT]...]; see docs/guides/lambda.md");
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
    let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy();
    if let Ok(Some(id)) = extension::register(&proxy, &name)
        && extension::wait(&proxy, &id).is_ok()
    {
        return Ok(ExitCode::SUCCESS);
    }
    let _ = accepting.join();
    Ok(ExitCode::SUCCESS)
}

/// Starts the runtime itself: for images and runtimes that honour no wrapper.
fn exec(command: &str, arguments: &[&str]) -> Result<ExitCode, String> {
    let (proxy, listener, address) = open()?;
    accept(&proxy, listener);
    let status = Command::new(command).args(arguments).env(UPSTREAM, address).status();
    let status = status.map_err(|e| format!("could not start `{command}`: {e}"))?;
    Ok(status.code().and_then(|c| u8::try_from(c).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Reads the contract and listens.
fn open() -> Result<(Arc<Proxy>, TcpListener, String), String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let upstream = variable(UPSTREAM).ok_or(format!("{UPSTREAM} is not set: this is no Lambda function"))?;
    let contract = variable("TIDEGATE_CONTRACT").map(|path| load(&path)).transpose()?;
    let settings = match &contract {
        Some(contract) => Settings::of(contract).map_err(|e| format!("TIDEGATE_CONTRACT: {e}"))?,
        None => Settings::default(),
    };
    let function = variable("TIDEGATE_FUNCTION").or_else(|| variable("AWS_LAMBDA_FUNCTION_NAME"));
    let function = function.unwrap_or_default();
    let contract = contract.map(|contract| only(contract, &function));
    let listen = variable("TIDEGATE_LISTEN").unwrap_or_else(|| LISTEN.to_string());
    let listener = TcpListener::bind(&listen).map_err(|e| format!("could not listen on {listen}: {e}"))?;
    let trust = contract.as_ref().map(|c| Trust::of(c, |name| std::env::var(name).ok())).unwrap_or_default();
    for name in contract.iter().flat_map(|c| trust.missing(c)) {
        log::line(&format!("`{name}` isn't set; what its secret has to sign is denied"));
    }
    let limiter = contract.as_ref().and_then(|c| {
        let (id, _) = c.find(&function)?;
        Some((Limiter::new(c, &limit::Settings::default()), id.to_string()))
    });
    let proxy = Proxy {
        upstream,
        trust: Arc::new(trust),
        limiter,
        permits: Mutex::new(HashMap::new()),
        contract,
        settings,
        function,
        quarantine: variable("TIDEGATE_QUARANTINE").map(|path| Quarantine::new(path.into())),
        pending: Mutex::new(HashMap::new()),
    };
    Ok((Arc::new(proxy), listener, listen))
}

/// A contract that can't be read ends the start: a function without its guard must not run.
fn load(path: &str) -> Result<Contract, String> {
    let text = std::fs::read(path).map_err(|e| format!("could not read `{path}`: {e}"))?;
    serde_json::from_slice(&text).map_err(|e| format!("`{path}` is no contract: {e}"))
}

/// The contract of this function alone: nothing else is looked up, or held in memory.
fn only(mut contract: Contract, function: &str) -> Contract {
    let own = contract.function(function).cloned();
    if let Some(own) = own {
        contract.functions.retain(|_, f| *f == own);
    }
    contract
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
