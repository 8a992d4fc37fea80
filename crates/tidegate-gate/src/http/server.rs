//! Workers, their listeners and connections, and what watches over them.

use super::access::{Line, Log};
use super::body::Room;
use super::exchange::{self, Client, Desk};
use super::metrics::Refused;
use super::policy::Shared;
use super::upstream::Pool;
use super::wire::{self, End, Flying, Life, Open, Wire};
use super::{Bounds, Config, Error, admin, jwks, quarantine, sns, tls};
use crate::counting::Counting;
use arc_swap::ArcSwapOption;
use hyper::StatusCode;
use hyper::header::HeaderValue;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// A gate that runs.
pub struct Gate {
    /// Where clients come in.
    pub address: SocketAddr,
    /// Where health and metrics are.
    pub admin: Option<SocketAddr>,
    running: Arc<Running>,
    /// No more connections are taken.
    stop: watch::Sender<bool>,
    workers: Vec<JoinHandle<()>>,
    /// The workers are done.
    over: watch::Sender<bool>,
    others: Vec<JoinHandle<()>>,
}

/// What watches over the workers.
pub(super) struct Running {
    pub(super) shared: Arc<Shared>,
    pub(super) log: Arc<Log>,
    pub(super) draining: AtomicBool,
    pub(super) quarantined: Arc<quarantine::Counts>,
    tls: ArcSwapOption<ServerConfig>,
    files: Option<(PathBuf, PathBuf, Option<PathBuf>)>,
    tell: Tell,
}

/// Says something to whoever runs the gate.
type Tell = Box<dyn Fn(&str) + Send + Sync>;

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// For a client to take note that its connection ends.
const GOODBYE: Duration = Duration::from_secs(2);
/// Streams of one HTTP/2 connection.
const STREAMS: u32 = 128;

/// Starts a gate. `tell` gets what somebody should know, a line each.
///
/// # Errors
/// Whatever keeps it from starting; nothing is left running then.
pub fn serve(config: Config, tell: impl Fn(&str) + Send + Sync + 'static) -> Result<Gate, Error> {
    if config.upstream.is_at(config.listen) {
        return Err(Error::Circle(config.listen));
    }
    let counting = Counting::open(config.limits.as_ref()).map_err(Error::Limits)?;
    let (shared, warnings) = Shared::open(config.load, config.routes, counting).map_err(Error::Contract)?;
    let tell: Tell = Box::new(tell);
    warnings.iter().chain(&shared.tokens.refresh()).for_each(|w| tell(&format!("warning: {w}")));
    let files = config.tls.map(|(certificate, key)| (certificate, key, config.client_ca));
    let server = files.as_ref().map(|(c, k, ca)| tls::server(c, k, ca.as_deref())).transpose()?;
    let connector = config.upstream.https.then(|| tls::client(config.upstream_ca.as_deref())).transpose()?;
    let log =
        Log::open(&config.access).map_err(|why| Error::Access { path: config.access.to_string(), why })?;
    let running = Arc::new(Running {
        shared: Arc::new(shared),
        log: Arc::new(log),
        draining: AtomicBool::new(false),
        quarantined: Arc::default(),
        tls: ArcSwapOption::from(server),
        files,
        tell,
    });
    let (stop, stopped) = watch::channel(false);
    let (over, ended) = watch::channel(false);
    let host = config.host.as_deref().map(HeaderValue::from_str).transpose();
    let host = host.map_err(|_| Error::Contract("the name for `Host` is none".to_string()))?;
    let room = Arc::new(Room::new(config.bounds.bodies));
    let mut address = config.listen;
    let (mut workers, mut others) = (Vec::new(), Vec::new());
    let open = |to| quarantine::open(to, &running, ended.clone(), config.bounds.drain);
    let quarantine = match config.quarantine.map(open).transpose()? {
        Some((quarantine, writer)) => {
            others.push(writer);
            Some(quarantine)
        }
        None => None,
    };
    unused(address)?;
    for number in 0..config.workers.max(1) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
        let (runtime, listener) = listen(runtime, address)?;
        // Where the port was left to the system, the other workers take the same.
        address = listener.local_addr().map_err(Error::Start)?;
        let worker = Worker {
            desk: Arc::new(Desk {
                shared: Arc::clone(&running.shared),
                log: Arc::clone(&running.log),
                pool: Pool::new(config.upstream.clone(), connector.clone(), &config.bounds),
                bounds: config.bounds,
                room: Arc::clone(&room),
                quarantine: quarantine.clone(),
                host: host.clone(),
            }),
            running: Arc::clone(&running),
            bounds: config.bounds,
            stopped: stopped.clone(),
        };
        let thread = std::thread::Builder::new().name(format!("gate-{number}"));
        workers.push(thread.spawn(move || runtime.block_on(worker.run(listener))).map_err(Error::Start)?);
    }
    let admin =
        config.admin.map(|address| overseer(address, &running, ended.clone(), &mut others)).transpose()?;
    if config.admin.is_none() {
        let watcher = Arc::clone(&running);
        let mut ended = ended;
        let thread = std::thread::Builder::new().name("gate-watch".into());
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
        others.push(
            thread
                .spawn(move || {
                    runtime.block_on(async {
                        tokio::select! {
                            _ = async { tokio::join!(watch_files(&watcher), jwks::keep(&watcher), sns::keep(&watcher)) } => {}
                            _ = ended.wait_for(|over| *over) => {}
                        }
                    });
                })
                .map_err(Error::Start)?,
        );
    }
    Ok(Gate { address, admin, running, stop, workers, over, others })
}

impl Gate {
    /// Reads the contract, certificates and keys again. What can't be used changes nothing.
    ///
    /// # Errors
    /// Why something could not be used.
    pub fn reload(&self) -> Result<(), String> {
        self.running.reload()
    }

    /// Takes no more connections, lets requests end within the bound, and returns when all is over.
    pub fn stop(self) {
        self.running.draining.store(true, Ordering::Relaxed);
        let _ = self.stop.send(true);
        for worker in self.workers {
            let _ = worker.join();
        }
        // Health and metrics are there until now: who drains is watched.
        let _ = self.over.send(true);
        for other in self.others {
            let _ = other.join();
        }
    }
}

impl Running {
    /// Says something to whoever runs the gate.
    pub(super) fn tell(&self, line: &str) {
        (self.tell)(line);
    }

    pub(super) fn reload(&self) -> Result<(), String> {
        let mut wrong = self.shared.tokens.refresh();
        match self.shared.reload() {
            Ok(warnings) => warnings.iter().for_each(|w| (self.tell)(&format!("warning: {w}"))),
            Err(message) => wrong.push(format!("the contract stays what it was: {message}")),
        }
        wrong.extend(self.reload_tls().err());
        self.shared.metrics.reloaded(wrong.is_empty());
        if wrong.is_empty() {
            (self.tell)("reloaded");
            return Ok(());
        }
        wrong.iter().for_each(|w| (self.tell)(&format!("error: {w}")));
        Err(wrong.join("\n"))
    }

    fn reload_tls(&self) -> Result<(), String> {
        let Some((certificate, key, ca)) = &self.files else { return Ok(()) };
        let server = tls::server(certificate, key, ca.as_deref());
        let server = server.map_err(|e| format!("the certificate stays what it was: {e}"))?;
        self.tls.store(Some(server));
        Ok(())
    }

    fn stamps(&self) -> Vec<Option<SystemTime>> {
        let files = self.files.iter().flat_map(|(c, k, ca)| [Some(c), Some(k), ca.as_ref()]).flatten();
        files.map(|path| std::fs::metadata(path).and_then(|m| m.modified()).ok()).collect()
    }
}

/// Certificates are exchanged by writing new files; who does that sends no signal.
async fn watch_files(running: &Running) {
    let mut stamps = running.stamps();
    loop {
        tokio::time::sleep(LOOK).await;
        let now = running.stamps();
        if now != stamps {
            stamps = now;
            let read = running.reload_tls();
            running.shared.metrics.reloaded(read.is_ok());
            match read {
                Ok(()) => (running.tell)("certificates reloaded"),
                Err(message) => (running.tell)(&format!("error: {message}")),
            }
        }
    }
}

fn overseer(
    address: SocketAddr,
    running: &Arc<Running>,
    mut ended: watch::Receiver<bool>,
    others: &mut Vec<JoinHandle<()>>,
) -> Result<SocketAddr, Error> {
    unused(address)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
    let (runtime, listener) = listen(runtime, address)?;
    let address = listener.local_addr().map_err(Error::Start)?;
    let running = Arc::clone(running);
    let thread = std::thread::Builder::new().name("gate-admin".into());
    let handle = thread.spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                () = admin::serve(listener, Arc::clone(&running)) => {}
                _ = async { tokio::join!(watch_files(&running), jwks::keep(&running), sns::keep(&running)) } => {}
                _ = ended.wait_for(|over| *over) => {}
            }
        });
    });
    others.push(handle.map_err(Error::Start)?);
    Ok(address)
}

/// Workers share a port. With a gate that somebody forgot they would share it as well, and it would answer some requests
/// under a contract of its own.
fn unused(address: SocketAddr) -> Result<(), Error> {
    if address.port() == 0 {
        return Ok(());
    }
    std::net::TcpListener::bind(address).map(drop).map_err(|source| Error::Listen { address, source })
}

fn listen(runtime: Runtime, address: SocketAddr) -> Result<(Runtime, TcpListener), Error> {
    let listen = || {
        let _inside = runtime.enter();
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        #[cfg(unix)]
        socket.set_reuseport(true)?;
        socket.bind(address)?;
        socket.listen(1024)
    };
    match listen() {
        Ok(listener) => Ok((runtime, listener)),
        Err(source) => {
            // Whoever starts a gate may be a task itself, where a runtime can't be waited for.
            runtime.shutdown_background();
            Err(Error::Listen { address, source })
        }
    }
}

struct Worker {
    desk: Arc<Desk>,
    running: Arc<Running>,
    bounds: Bounds,
    stopped: watch::Receiver<bool>,
}

impl Worker {
    async fn run(mut self, listener: TcpListener) {
        // Each connection has a receiver.
        let (alive, _) = watch::channel(());
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = self.stopped.wait_for(|stop| *stop) => break,
            };
            let Ok((stream, peer)) = accepted else {
                // Out of files, most likely: those of connections that end come back.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            if self.desk.shared.metrics.open() >= i64::try_from(self.bounds.connections).unwrap_or(i64::MAX) {
                self.desk.shared.metrics.refused(Refused::TooMany);
                continue;
            }
            let open = Open::of(&self.desk.shared);
            let _ = stream.set_nodelay(true);
            self.connection(stream, peer.ip(), open, alive.subscribe());
        }
        drop(listener);
        tokio::select! {
            () = alive.closed() => {}
            () = tokio::time::sleep(self.bounds.drain) => {}
        }
    }

    fn connection(&self, stream: TcpStream, peer: IpAddr, open: Open, alive: watch::Receiver<()>) {
        let (desk, bounds, stopped) = (Arc::clone(&self.desk), self.bounds, self.stopped.clone());
        match self.running.tls.load_full() {
            None => {
                let client = Client::of(peer, false, None);
                tokio::spawn(async move {
                    speak(stream, client, desk, open, stopped).await;
                    drop(alive);
                });
            }
            Some(config) => {
                tokio::spawn(async move {
                    let accepting = TlsAcceptor::from(config).accept(stream);
                    let Ok(Ok(stream)) = tokio::time::timeout(bounds.head_time, accepting).await else {
                        return;
                    };
                    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
                    let client = Client::of(peer, true, shown.and_then(tls::name));
                    speak(stream, client, desk, open, stopped).await;
                    drop(alive);
                });
            }
        }
    }
}

/// Ends when the gate has to.
async fn told(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Lets requests of a connection end, and takes no more.
async fn goodbye<C: Future>(mut connection: Pin<&mut C>, graceful: GracefulShutdown) -> C::Output {
    // What is told waits for the connection to be gone, and that it isn't before this has returned.
    tokio::select! {
        done = &mut connection => return done,
        () = graceful.shutdown() => {}
    }
    connection.await
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    client: Client,
    desk: Arc<Desk>,
    open: Open,
    mut stopped: watch::Receiver<bool>,
) {
    let (bounds, shared, life) = (desk.bounds, Arc::clone(&desk.shared), Life::new());
    let wire = Wire::new(stream, &bounds, Arc::clone(&life), open);
    let (client, lives) = (Arc::new(client), Arc::clone(&life));
    let (peer, log) = (Arc::clone(&client), Arc::clone(&desk.log));
    let refused = |why, status: Option<StatusCode>| {
        shared.metrics.refused(why);
        if log.is_on() {
            log.write(Line::refused(peer.peer(), why, status.map(|s| s.as_u16())));
        }
    };
    let service = service_fn(move |request| {
        let (desk, client, life) = (Arc::clone(&desk), Arc::clone(&client), Arc::clone(&lives));
        // From now on: who has closed its side by the time that this goes on still gets its answer.
        let flight = life.fly();
        async move {
            let answer = exchange::answer(&desk, &client, request).await;
            if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
                life.switch();
            }
            Ok::<_, Infallible>(answer.map(|body| Flying { body, _flight: flight }))
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Until when a head has to be there, `life` knows: a connection may be idle for longer.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(bounds.headers)
        .max_buf_size(bounds.head)
        // The wire holds back that a client has closed its side while it is answered. Left to the protocol's reader, a client
        // that is gone would not be noticed before something is written.
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(20)
        .max_header_list_size(u32::try_from(bounds.head).unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(wire), service).into_owned();
    let graceful = GracefulShutdown::new();
    let mut connection = pin!(graceful.watch(connection));
    let done = tokio::select! {
        done = &mut connection => done,
        end = life.end(&bounds) => {
            if end == End::Slow {
                return refused(Refused::TooSlow, None);
            }
            // Clients of HTTP/2 are told.
            tokio::time::timeout(GOODBYE, goodbye(connection, graceful)).await.unwrap_or(Ok(()))
        }
        () = told(&mut stopped) => goodbye(connection, graceful).await,
    };
    if let Some((why, status)) = done.err().and_then(|error| wire::refusal(&*error)) {
        refused(why, Some(status));
    }
}
