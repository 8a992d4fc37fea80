//! The relay between a subscription and topics of a fake of Google Pub/Sub, as a program.

#[path = "../../../tidegate-gate/src/bus/pubsub/fake.rs"]
mod fake;

use super::ATTACK;
use super::rig::{Dice, Relay};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fake::{FakePubSub, serve};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

struct Service {
    fake: Arc<Mutex<FakePubSub>>,
    host: String,
}

impl Service {
    /// One in which a second of a deadline takes that long.
    fn start(second: Duration) -> Self {
        let fake: Arc<Mutex<FakePubSub>> = Arc::default();
        fake.lock().unwrap().second = second;
        let host = serve(&fake);
        Self { fake, host }
    }

    fn fake(&self) -> MutexGuard<'_, FakePubSub> {
        self.fake.lock().unwrap()
    }

    fn relay(&self) -> Relay {
        let [from, to, aside] = ["orders", "clean", "aside"].map(|name| format!("pubsub://shop/{name}"));
        let mut command = Relay::command(&from, &to, &aside);
        command.env("PUBSUB_EMULATOR_HOST", &self.host);
        Relay::spawn(command)
    }

    fn publish(&self, n: u64) {
        let message = json!({"data": STANDARD.encode(payload(n)), "orderingKey": format!("k{}", n % 3),
            "attributes": {"kind": "order", "n": n.to_string()}});
        self.fake().publish("incoming", vec![message]);
    }

    fn wait_until(&self, what: &str, done: impl Fn(&FakePubSub) -> bool) {
        let start = Instant::now();
        while !done(&self.fake()) {
            assert!(start.elapsed() < Duration::from_secs(30), "the relay doesn't come to {what}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// How often each payload is in a topic.
    fn payloads(&self, topic: &str) -> BTreeMap<String, usize> {
        let mut out = BTreeMap::new();
        for message in self.fake().topics.get(topic).into_iter().flatten() {
            let data = STANDARD.decode(message["data"].as_str().unwrap()).unwrap();
            *out.entry(String::from_utf8(data).unwrap()).or_default() += 1;
        }
        out
    }

    /// Whether nothing was acknowledged before it was published somewhere.
    fn is_orderly(&self) -> bool {
        let mut kept = BTreeSet::new();
        self.fake().order.iter().all(|(what, data)| {
            if *what == "publish" {
                kept.insert(data.clone());
            }
            kept.contains(data)
        })
    }
}

fn payload(n: u64) -> String {
    match n % 25 {
        7 => format!(r#"{{"n":{n},"note":"{ATTACK}"}}"#),
        _ => format!(r#"{{"n": {n}, "note":"two of them"}}"#),
    }
}

#[test]
fn a_topic_is_relayed_and_acknowledged_after_it_is_kept() {
    const MESSAGES: u64 = 100;
    let service = Service::start(Duration::from_secs(1));
    (0..MESSAGES).for_each(|n| service.publish(n));
    service.fake().refuse = 2;
    let relay = service.relay();
    service.wait_until("an end", |fake| fake.acknowledged.len() == 100);
    let said = relay.end();
    assert!(service.is_orderly(), "{:?}", service.fake().order);
    let (clean, aside) = (service.payloads("clean"), service.payloads("aside"));
    let once: BTreeMap<String, usize> =
        (0..MESSAGES).filter(|n| n % 25 != 7).map(|n| (payload(n), 1)).collect();
    assert_eq!((clean, aside.len()), (once, 4), "{said}");
    let fake = service.fake();
    for message in &fake.topics["clean"] {
        assert_eq!(message["attributes"]["kind"], "order", "{message}");
        assert_eq!(message["attributes"]["tidegate-hops"], "1", "{message}");
    }
    for key in ["k0", "k1", "k2"] {
        let of = fake.topics["clean"].iter().filter(|m| m["orderingKey"] == key);
        let numbers: Vec<u64> = of.map(|m| m["attributes"]["n"].as_str().unwrap().parse().unwrap()).collect();
        assert!(numbers.is_sorted() && numbers.len() > 30, "{key}: {numbers:?}");
    }
    let denied: &Value = &fake.topics["aside"][0]["attributes"];
    assert!(denied["tidegate-reasons"].as_str().unwrap().contains("sql"), "{denied}");
    assert!(said.contains("tidegate_relay_passed_total{bus=\"pubsub\"} 96\n"), "{said}");
    // What was refused was tried again, and the service was told that it is still worked on.
    assert!(said.contains("503 Service Unavailable: UNAVAILABLE") && fake.extended > 0, "{said}");
}

#[test]
fn killed_between_topics_it_loses_nothing() {
    const MESSAGES: u64 = 300;
    const KILLS: u64 = 50;
    // What a relay that was killed had is there again after a tenth of a second.
    let service = Service::start(Duration::from_millis(10));
    let (mut worked, mut dice) = (0, Dice(0x2545_f491_4f6c_dd1d));
    for kill in 0..KILLS {
        (kill * MESSAGES / KILLS..(kill + 1) * MESSAGES / KILLS).for_each(|n| service.publish(n));
        let before = service.fake().given_out();
        let relay = service.relay();
        service.wait_until("its work", |fake| fake.given_out() > before);
        std::thread::sleep(Duration::from_micros(dice.below(8_000)));
        relay.kill();
        worked += u64::from(service.fake().in_flight() > 0);
    }
    let last = service.relay();
    service.wait_until("an end", |fake| fake.waiting.is_empty() && fake.in_flight() == 0);
    let said = last.end();
    let (clean, aside) = (service.payloads("clean"), service.payloads("aside"));
    let twice: usize = clean.values().chain(aside.values()).map(|n| n - 1).sum();
    println!(
        "{MESSAGES} messages, {KILLS} kills, {worked} of them while messages were in flight: {} passed, {} in quarantine, {twice} duplicates",
        clean.len(),
        aside.len()
    );
    for n in 0..MESSAGES {
        let attack = n % 25 == 7;
        assert_eq!(clean.contains_key(&payload(n)), !attack, "message {n} in the output");
        assert_eq!(aside.contains_key(&payload(n)), attack, "message {n} in quarantine");
    }
    assert!(service.is_orderly(), "nothing is acknowledged before it is kept");
    assert!(worked > KILLS / 4, "they were killed at work");
    assert!(!said.contains("UNION"), "the log holds no payload: {said}");
}
