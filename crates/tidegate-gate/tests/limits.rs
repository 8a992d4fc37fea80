//! Limits that gates share, against a real Redis: together they keep a limit, and what happens when it is gone.
#![cfg(feature = "redis")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

#[path = "limits/gates.rs"]
mod gates;
#[path = "limits/tls.rs"]
mod tls;

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tidegate_decide::limit::{Kind, Purse, Purses};
use tidegate_gate::limits::{Settings, Shared, WhenGone};
use tidegate_graph::contract::{Budget, Rate};

/// A server of our own; it ends with the test, however that ends.
struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    fn start(port: Option<u16>) -> Option<Self> {
        let port = port.unwrap_or_else(free);
        Self::with(port, &["--port", &port.to_string()])
    }

    fn with(port: u16, arguments: &[&str]) -> Option<Self> {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]).args(arguments);
        let child =
            command.current_dir(std::env::temp_dir()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let Ok(child) = child else {
            eprintln!("SKIPPED: redis-server is not installed; `cargo xtask test` installs it");
            return None;
        };
        let redis = Self { child, port };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(redis);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("redis-server doesn't answer");
    }

    fn settings(&self) -> Settings {
        Settings::new(format!("redis://127.0.0.1:{}/0", self.port))
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn rate(events: u64, burst: u64) -> Kind {
    Kind::Rate(Rate { events, seconds: 1, burst })
}

async fn connected(gate: &Shared, is: bool) {
    for _ in 0..500 {
        if gate.metrics().connected == is {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("connected is not {is}: {:?}", gate.metrics());
}

/// Takes until that time; how many were taken.
async fn hammer(purse: Arc<dyn Purse>, until: Instant) -> u64 {
    let mut taken = 0;
    while Instant::now() < until {
        for _ in 0..20 {
            taken += u64::from(purse.take(1, 0).is_ok());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    taken
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_gates_keep_one_rate_within_a_block_each() {
    let Some(redis) = Redis::start(None) else { return };
    let gates: Vec<Shared> = (0..4).map(|_| Shared::start(redis.settings()).unwrap()).collect();
    for gate in &gates {
        connected(gate, true).await;
    }
    let started = Instant::now();
    let until = started + Duration::from_secs(3);
    let all: Vec<_> = gates
        .iter()
        .map(|gate| tokio::spawn(hammer(gate.purse("edge/rate", rate(200, 80)).unwrap(), until)))
        .collect();
    let mut each = Vec::new();
    for one in all {
        each.push(one.await.unwrap());
    }
    let seconds = started.elapsed().as_secs_f64();
    let (taken, limit) = (each.iter().sum::<u64>(), (80.0 + 200.0 * seconds) as u64);
    assert!(taken <= limit + 4 * 10, "{taken} passed, the limit is {limit} and a block 10: {each:?}");
    assert!(taken >= limit * 8 / 10, "{taken} passed of {limit}: the limit is used");
    let asks: u64 = gates.iter().map(|g| g.metrics().refills).sum();
    eprintln!(
        "4 gates: {taken} passed in {seconds:.2} s, limit {limit}, {asks} trips to Redis, by gate {each:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_is_shared_and_what_is_not_used_comes_back() {
    let Some(redis) = Redis::start(None) else { return };
    let gates: Vec<Shared> = (0..4).map(|_| Shared::start(redis.settings()).unwrap()).collect();
    let budget = || Kind::Budget(Budget { micro_usd: 1000, seconds: 3600 });
    let purses: Vec<_> = gates.iter().map(|g| g.purse("f/budget", budget()).unwrap()).collect();
    for gate in &gates {
        connected(gate, true).await;
    }
    let micro = 1_000_000;
    let spend = async |amount: u64, keep: u64| {
        let mut spent = 0;
        for _ in 0..400 {
            for purse in &purses {
                if purse.take(amount * micro, 0).is_ok() {
                    spent += keep;
                    if keep < amount {
                        purse.give((amount - keep) * micro);
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        spent
    };
    // Each is charged ten and costs one.
    let cheap = spend(10, 1).await;
    assert!(cheap >= 700, "{cheap} of 1000 spent, though nine of ten came back each time");
    assert!(cheap <= 1000 + 4 * 125, "{cheap}");
    let rest = spend(10, 10).await;
    assert!(cheap + rest <= 1000 + 4 * 125, "{cheap} and {rest}");
    purses[0].owe(500 * micro);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(spend(10, 10).await, 0, "what was overspent counts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_are_shared_and_those_of_a_dead_gate_come_back() {
    let Some(redis) = Redis::start(None) else { return };
    let settings = Settings { slots_for: Duration::from_millis(600), ..redis.settings() };
    let (one, two) = (Shared::start(settings.clone()).unwrap(), Shared::start(settings).unwrap());
    connected(&one, true).await;
    connected(&two, true).await;
    let fill = async |purse: &Arc<dyn Purse>| {
        let mut taken = 0;
        for _ in 0..300 {
            taken += u64::from(purse.take(1, 0).is_ok());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        taken
    };
    let (first, second) =
        (one.purse("f/slots", Kind::Slots(40)).unwrap(), two.purse("f/slots", Kind::Slots(40)).unwrap());
    let a = fill(&first).await;
    assert!((40..=45).contains(&a), "{a}");
    let b = fill(&second).await;
    assert!(b <= 5, "one block on credit: {b}");
    // The first leaves half of its places.
    (0..20).for_each(|_| first.give(1));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let c = fill(&second).await;
    assert!((5..=20).contains(&c), "{c}");
    drop((first, one));
    tokio::time::sleep(Duration::from_millis(1000)).await;
    let d = fill(&second).await;
    assert!(b + c + d >= 38 && b + c + d <= 45, "{b} {c} {d}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_what_is_configured_happens_and_with_it_again_the_limit_holds() {
    let Some(mut redis) = Redis::start(None) else { return };
    let open = Shared::start(Settings { when_gone: WhenGone::Open, ..redis.settings() }).unwrap();
    let closed = Shared::start(Settings { prefix: "other".into(), ..redis.settings() }).unwrap();
    let (a, b) = (open.purse("r", rate(50, 16)).unwrap(), closed.purse("r", rate(50, 16)).unwrap());
    connected(&open, true).await;
    connected(&closed, true).await;
    hammer(a.clone(), Instant::now() + Duration::from_millis(200)).await;
    hammer(b.clone(), Instant::now() + Duration::from_millis(200)).await;
    redis.kill();
    let until = Instant::now() + Duration::from_millis(500);
    hammer(a.clone(), until).await;
    hammer(b.clone(), until + Duration::from_millis(300)).await;
    connected(&open, false).await;
    connected(&closed, false).await;
    hammer(b.clone(), Instant::now() + Duration::from_millis(100)).await;
    let passed = AtomicU64::new(0);
    for _ in 0..100 {
        passed.fetch_add(u64::from(a.take(1, 0).is_ok()), Relaxed);
        assert!(b.take(1, 0).is_err(), "closed");
    }
    assert_eq!(passed.load(Relaxed), 100, "open");
    let (o, c) = (open.metrics(), closed.metrics());
    assert!(o.passed_uncounted >= 100 && o.held_back == 0 && o.failures > 0, "{o:?}");
    assert!(c.held_back >= 100 && c.passed_uncounted == 0, "{c:?}");
    let _redis = Redis::start(Some(redis.port)).unwrap();
    connected(&open, true).await;
    connected(&closed, true).await;
    let started = Instant::now();
    let taken = hammer(a, started + Duration::from_secs(1)).await;
    let limit = 16 + (50.0 * started.elapsed().as_secs_f64()) as u64;
    assert!(taken <= limit + 2 && taken > 30, "{taken} of {limit} passed");
    assert!(open.metrics().connects >= 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_caller_has_his_own_and_all_gates_know_him() {
    let Some(redis) = Redis::start(None) else { return };
    let settings = Settings { callers: 50, ..redis.settings() };
    let gates: Vec<Shared> = (0..2).map(|_| Shared::start(settings.clone()).unwrap()).collect();
    let one_a_minute = Rate { events: 8, seconds: 60, burst: 8 };
    let crowds: Vec<_> = gates.iter().map(|g| g.crowd("edge/caller", &one_a_minute).unwrap()).collect();
    for gate in &gates {
        connected(gate, true).await;
    }
    let mut taken = [0_u64; 2];
    for _ in 0..300 {
        for crowd in &crowds {
            taken[0] += u64::from(crowd.take(b"192.0.2.1", 0).is_ok());
            taken[1] += u64::from(crowd.take(b"192.0.2.2", 0).is_ok());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(taken.iter().all(|n| (8..=10).contains(n)), "{taken:?}");
    let strangers = (0..5000_u32).filter(|n| crowds[0].take(&n.to_le_bytes(), 0).is_ok()).count();
    assert!(strangers <= 50 + 8, "{strangers}");
    assert!(crowds[0].take(b"192.0.2.1", 0).is_err(), "a flood of callers resets nobody");
}
