//! The one connection to Redis, and who asks over it.

use super::lease::Lease;
use super::metrics::Counts;
use super::{Settings, script};
use redis::aio::MultiplexedConnection;
use redis::{Script, TlsCertificates};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tidegate_decide::limit::Kind;
use tidegate_decide::limit::price::{MICRO_USD, NANO_USD};
use tokio::sync::mpsc;

/// Leases that may wait to be asked for.
const WAITING: usize = 1 << 16;
/// Pauses between tries to connect.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);
/// Parts of a window of money, beside the newest.
const PARTS: u64 = 60;

/// What a lease asks for.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) key: String,
    pub(super) kind: Kind,
    pub(super) want: u64,
    pub(super) owed: i64,
    pub(super) held: u64,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) counts: Counts,
    tried: AtomicBool,
    asks: mpsc::Sender<Arc<Lease>>,
    /// Places expire: their leases are renewed.
    slots: Mutex<Vec<Weak<Lease>>>,
}

impl Link {
    pub(super) fn start(settings: &Settings) -> Result<Arc<Self>, redis::RedisError> {
        let client = client(settings)?;
        let (asks, waiting) = mpsc::channel(WAITING);
        let link = Arc::new(Self {
            counts: Counts::default(),
            tried: AtomicBool::new(false),
            asks,
            slots: Mutex::default(),
        });
        let worker = Worker {
            link: Arc::downgrade(&link),
            client,
            scripts: Arc::new(Scripts::new(settings.slots_for)),
            patience: settings.patience,
            renew: (settings.slots_for / 3).max(Duration::from_millis(10)),
        };
        tokio::spawn(worker.run(waiting));
        Ok(link)
    }

    /// Asks for more without waiting; `false` when too many wait.
    pub(super) fn ask(&self, lease: Arc<Lease>) -> bool {
        self.asks.try_send(lease).is_ok()
    }

    /// Whether it is known that Redis is gone: before the first try nobody knows.
    pub(super) fn was_tried(&self) -> bool {
        self.tried.load(Relaxed)
    }

    pub(super) fn keep(&self, lease: &Arc<Lease>) {
        if lease.is_slots() {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.push(Arc::downgrade(lease));
        }
    }

    fn slots(&self) -> Vec<Arc<Lease>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|lease| lease.strong_count() > 0);
        slots.iter().filter_map(Weak::upgrade).collect()
    }
}

fn client(settings: &Settings) -> Result<redis::Client, redis::RedisError> {
    let url = settings.url.as_str();
    if !url.starts_with("rediss://") {
        return redis::Client::open(url);
    }
    let root_cert = settings.ca.as_ref().map(std::fs::read).transpose()?;
    redis::Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert })
}

struct Worker {
    link: Weak<Link>,
    client: redis::Client,
    scripts: Arc<Scripts>,
    patience: Duration,
    renew: Duration,
}

impl Worker {
    /// Ends when nobody holds the link any more.
    async fn run(self, mut waiting: mpsc::Receiver<Arc<Lease>>) {
        let mut pause = SHORTEST;
        loop {
            let connected = self.connect().await;
            let Some(link) = self.link.upgrade() else { return };
            link.tried.store(true, Relaxed);
            let Some(connection) = connected else {
                link.counts.failures.fetch_add(1, Relaxed);
                drop(link);
                // Whoever asks meanwhile learns that it can't be; it asks again.
                let waited = tokio::time::timeout(pause, refuse(&mut waiting)).await;
                if waited.is_ok() {
                    return;
                }
                pause = (pause * 2).min(LONGEST);
                continue;
            };
            link.counts.connected.store(true, Relaxed);
            link.counts.connects.fetch_add(1, Relaxed);
            drop(link);
            pause = SHORTEST;
            if self.serve(&mut waiting, connection).await.is_none() {
                return;
            }
        }
    }

    async fn connect(&self) -> Option<MultiplexedConnection> {
        let connecting = self.client.get_multiplexed_async_connection();
        tokio::time::timeout(self.patience, connecting).await.ok()?.ok()
    }

    /// Until the connection is lost; `None` when nobody is left.
    async fn serve(
        &self,
        waiting: &mut mpsc::Receiver<Arc<Lease>>,
        connection: MultiplexedConnection,
    ) -> Option<()> {
        let lost = Arc::new(tokio::sync::Notify::new());
        let mut clock = tokio::time::interval(self.renew);
        loop {
            tokio::select! {
                lease = waiting.recv() => self.send(lease?, false, &connection, &lost),
                _ = clock.tick() => {
                    for lease in self.link.upgrade()?.slots() {
                        self.send(lease, true, &connection, &lost);
                    }
                }
                () = lost.notified() => {
                    self.link.upgrade()?.counts.connected.store(false, Relaxed);
                    return Some(());
                }
            }
        }
    }

    /// Asks in a task of its own, so that many can be under way over the one connection.
    fn send(
        &self,
        lease: Arc<Lease>,
        renew: bool,
        connection: &MultiplexedConnection,
        lost: &Arc<tokio::sync::Notify>,
    ) {
        let (mut connection, lost) = (connection.clone(), Arc::clone(lost));
        let (link, scripts, patience) = (Weak::clone(&self.link), Arc::clone(&self.scripts), self.patience);
        tokio::spawn(async move {
            let ask = lease.request(renew);
            let answer = tokio::time::timeout(patience, scripts.run(&ask, &mut connection)).await;
            let Some(link) = link.upgrade() else { return };
            match answer {
                Ok(Ok((grant, wait))) => {
                    lease.granted(grant, Duration::from_micros(wait));
                    link.counts.refills.fetch_add(1, Relaxed);
                }
                Ok(Err(_)) | Err(_) => {
                    lease.failed(&ask);
                    link.counts.failures.fetch_add(1, Relaxed);
                    lost.notify_one();
                }
            }
        });
    }
}

/// Answers whoever asks that it can't be; ends when nobody is left.
async fn refuse(waiting: &mut mpsc::Receiver<Arc<Lease>>) {
    while let Some(lease) = waiting.recv().await {
        let ask = lease.request(false);
        lease.failed(&ask);
    }
}

#[derive(Debug)]
struct Scripts {
    rate: Script,
    money: Script,
    slots: Script,
    /// Tells this gate's places from those of others.
    gate: String,
    slots_for: Duration,
}

impl Scripts {
    fn new(slots_for: Duration) -> Self {
        let gate = format!("{:016x}-{}", RandomState::new().hash_one(0), std::process::id());
        let (rate, money, slots) = (script::RATE, script::MONEY, script::SLOTS);
        let of = |text| Script::new(text);
        Self { rate: of(rate), money: of(money), slots: of(slots), gate, slots_for }
    }

    /// By digest; Redis is sent the text when it doesn't know it.
    async fn run(
        &self,
        ask: &Ask,
        connection: &mut MultiplexedConnection,
    ) -> Result<(u64, u64), redis::RedisError> {
        match &ask.kind {
            Kind::Rate(rate) => {
                let each = rate.seconds.max(1) as f64 * 1e6 / rate.events.max(1) as f64;
                let ahead = each * rate.burst.max(1) as f64;
                let mut call = self.rate.key(&ask.key);
                call.arg(each).arg(ahead).arg(ask.want).arg(ask.owed);
                call.invoke_async(connection).await
            }
            Kind::Budget(budget) => {
                let width = budget.seconds.max(1).saturating_mul(1_000_000).div_ceil(PARTS);
                let nano = budget.micro_usd.saturating_mul(MICRO_USD / NANO_USD);
                let mut call = self.money.key(&ask.key);
                call.arg(width).arg(PARTS).arg(nano).arg(ask.want).arg(ask.owed);
                call.invoke_async(connection).await
            }
            Kind::Slots(most) => {
                let last = u64::try_from(self.slots_for.as_micros()).unwrap_or(u64::MAX);
                let mut call = self.slots.key(&ask.key);
                call.arg(&self.gate).arg(*most).arg(ask.held).arg(ask.want).arg(last);
                call.invoke_async(connection).await
            }
        }
    }
}
