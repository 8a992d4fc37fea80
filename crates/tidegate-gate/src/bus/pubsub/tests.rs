//! Against a fake.

use super::fake::{FakePubSub, serve};
use super::*;
use crate::bus::{Counts, Judge, OnDeny, OnLimit, Relay, Settings, Shape};
use std::sync::Mutex;
use tidegate_decide::Guard;

fn place(host: &str, kind: &str, name: &str) -> Place {
    Place::at(&format!("http://{host}"), None, format!("/v1/projects/shop/{kind}/{name}"), name).unwrap()
}

fn message(n: usize, payload: &str) -> Value {
    json!({"messageId": format!("m{n}"), "data": STANDARD.encode(payload), "orderingKey": format!("k{}", n % 3),
        "attributes": {"kind": "order", "n": n.to_string()}, "publishTime": "2027-01-15T08:00:00Z"})
}

/// Runs until all that waits is acknowledged.
fn relayed(fake: &Arc<Mutex<FakePubSub>>, count: usize) -> String {
    let host = serve(fake);
    let counts = Counts::of("pubsub");
    let relay = Relay {
        source: Box::new(place(&host, "subscriptions", "orders")),
        sink: Box::new(place(&host, "topics", "clean")),
        quarantine: Some(Box::new(place(&host, "topics", "aside"))),
        transaction: None,
        judge: Judge::new(Guard::default(), None, Shape::PubSub),
        on_deny: OnDeny::Quarantine,
        on_limit: OnLimit::Wait,
        settings: Settings { batch: 16, ..Settings::default() },
        counts: &counts,
        log: &|_: &str| {},
    };
    let (tell, stop) = tokio::sync::watch::channel(false);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let end = async {
            let done = async {
                while fake.lock().unwrap().acknowledged.len() < count {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(60), done).await.unwrap();
            tell.send(true).unwrap();
        };
        tokio::join!(relay.run(stop), end);
    });
    counts.prometheus()
}

fn numbers(messages: &[Value], key: &str) -> Vec<usize> {
    let of = messages.iter().filter(|m| m["orderingKey"] == key);
    of.map(|m| m["attributes"]["n"].as_str().unwrap().parse().unwrap()).collect()
}

#[test]
fn messages_keep_their_attributes_and_the_order_of_their_keys() {
    let fake: Arc<Mutex<FakePubSub>> = Arc::default();
    let payload =
        |n: usize| if n % 10 == 3 { "' UNION SELECT password FROM users-- -" } else { "{ \"a\": 1.50 }" };
    fake.lock().unwrap().waiting.extend((0..60).map(|n| message(n, payload(n))));
    fake.lock().unwrap().refuse = 3;
    let counts = relayed(&fake, 60);
    let fake = fake.lock().unwrap();
    let (out, aside) = (&fake.topics["clean"], &fake.topics["aside"]);
    assert_eq!((out.len(), aside.len()), (54, 6), "{counts}");
    assert_eq!(fake.order.first().map(|(what, _)| *what), Some("publish"), "{:?}", fake.order);
    assert!(fake.extended > 0 && fake.in_flight() == 0 && fake.waiting.is_empty());
    for key in ["k0", "k1", "k2"] {
        assert!(numbers(out, key).is_sorted() && numbers(out, key).len() > 15, "{key}");
    }
    assert_eq!(out[0]["data"], STANDARD.encode("{ \"a\": 1.50 }"));
    assert_eq!(
        (&out[0]["attributes"]["kind"], &out[0]["attributes"]["tidegate-hops"]),
        (&json!("order"), &json!("1"))
    );
    assert!(aside[0]["attributes"]["tidegate-reasons"].as_str().unwrap().contains("sql"), "{}", aside[0]);
    assert!(counts.contains("tidegate_relay_passed_total{bus=\"pubsub\"} 54\n"), "{counts}");
    assert!(!counts.contains("at=\"sink\"} 0\n"), "{counts}");
}

#[tokio::test]
async fn what_is_given_back_comes_again_and_a_refusal_has_its_word() {
    let fake: Arc<Mutex<FakePubSub>> = Arc::default();
    fake.lock().unwrap().waiting.push_back(message(1, "fine"));
    let host = serve(&fake);
    let mut source = place(&host, "subscriptions", "orders");
    for _ in 0..2 {
        let got = source.receive(10).await.unwrap();
        let [one] = got.as_slice() else { panic!("{} came", got.len()) };
        assert_eq!((one.message.id.as_str(), one.message.payload.as_slice()), ("m1", &b"fine"[..]));
        one.ticket.settle(Settle::Again).await.unwrap();
    }
    let mut missing = place(&host, "subscriptions", "nothing");
    let error = missing.receive(1).await.err().unwrap();
    assert_eq!(error.to_string(), "pull: 404 Not Found: NOT_FOUND");
}

#[test]
fn what_the_service_refuses_isnt_sent() {
    let mut message = Message { payload: b"x".to_vec(), ..Message::default() };
    message.headers = (0..120).map(|n| (format!("h{n:03}"), "v".to_string())).collect();
    message.headers.insert(0, ("googclient".into(), "x".into()));
    message.headers.insert(0, ("long".into(), "x".repeat(1025)));
    let entry = entry(&message);
    let attributes = entry["attributes"].as_object().unwrap();
    assert!(attributes.len() == ATTRIBUTES && attributes.keys().all(|name| name.starts_with('h')));
    assert!(entry.get("orderingKey").is_none());
    let long = |bytes: usize| Message { payload: vec![0; bytes], ..Message::default() };
    assert_eq!(next_call(&[long(3 << 20), long(1 << 20), long(1)]), 2);
    assert_eq!(next_call(&[long(9 << 20), long(1)]), 1);
}
