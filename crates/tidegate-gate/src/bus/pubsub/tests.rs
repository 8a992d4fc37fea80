//! Against a fake that keeps to the documented REST interface: Google's emulator comes with its own tools alone.

use super::*;
use crate::bus::{Counts, Judge, OnDeny, OnLimit, Relay, Settings, Shape};
use std::collections::{BTreeMap, VecDeque};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use tidegate_decide::Guard;

/// One subscription and any topics. What is pulled comes again when its deadline is set to nothing.
#[derive(Default)]
struct FakePubSub {
    waiting: VecDeque<Value>,
    pulled: BTreeMap<String, Value>,
    pulls: usize,
    acknowledged: Vec<String>,
    extended: usize,
    topics: BTreeMap<String, Vec<Value>>,
    /// Publications that are refused before one is kept.
    refuse: usize,
    /// In the order in which they happened.
    order: Vec<String>,
}

impl FakePubSub {
    fn answer(&mut self, path: &str, body: &Value) -> (u16, Value) {
        let Some((place, verb)) = path.rsplit_once(':') else { return (404, json!({})) };
        let ids = || body["ackIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_string());
        match (place, verb) {
            ("/v1/projects/shop/subscriptions/orders", "pull") => {
                let most = usize::try_from(body["maxMessages"].as_u64().unwrap()).unwrap();
                let most = most.min(self.waiting.len());
                let mut out = Vec::new();
                for message in self.waiting.drain(..most) {
                    self.pulls += 1;
                    let id = format!("ack-{}", self.pulls);
                    out.push(json!({"ackId": id, "message": message}));
                    self.pulled.insert(id, message);
                }
                (200, json!({"receivedMessages": out}))
            }
            ("/v1/projects/shop/subscriptions/orders", "acknowledge") => {
                for id in ids() {
                    let message = self.pulled.remove(&id).unwrap();
                    self.acknowledged.push(message["messageId"].as_str().unwrap().to_string());
                    self.order.push("acknowledge".into());
                }
                (200, json!({}))
            }
            ("/v1/projects/shop/subscriptions/orders", "modifyAckDeadline") => {
                for id in ids() {
                    match body["ackDeadlineSeconds"].as_u64().unwrap() {
                        0 => self.waiting.extend(self.pulled.remove(&id)),
                        seconds => self.extended += usize::from((10..=600).contains(&seconds)),
                    }
                }
                (200, json!({}))
            }
            (topic, "publish") => {
                if self.refuse > 0 {
                    self.refuse -= 1;
                    return (
                        503,
                        json!({"error": {"code": 503, "status": "UNAVAILABLE", "message": "later"}}),
                    );
                }
                let messages = body["messages"].as_array().unwrap().clone();
                let ids: Vec<String> = (0..messages.len()).map(|n| n.to_string()).collect();
                self.order.push("publish".into());
                self.topics.entry(topic.rsplit('/').next().unwrap().into()).or_default().extend(messages);
                (200, json!({"messageIds": ids}))
            }
            _ => (404, json!({"error": {"code": 404, "status": "NOT_FOUND"}})),
        }
    }
}

fn serve(fake: &Arc<Mutex<FakePubSub>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let fake = Arc::clone(fake);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            exchange(&mut stream.unwrap(), &fake);
        }
    });
    base
}

fn exchange(stream: &mut TcpStream, fake: &Mutex<FakePubSub>) {
    let (mut request, mut chunk) = (Vec::new(), [0; 1 << 16]);
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap();
            if body.len() >= length.parse().unwrap() {
                let path = head.split(' ').nth(1).unwrap();
                let (status, body) = fake.lock().unwrap().answer(path, &serde_json::from_str(body).unwrap());
                let body = body.to_string();
                let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
                return;
            }
        }
        let n = stream.read(&mut chunk).unwrap();
        assert!(n > 0, "{text}");
        request.extend_from_slice(&chunk[..n]);
    }
}

fn place(base: &str, kind: &str, name: &str) -> Place {
    Place::at(base, None, format!("/v1/projects/shop/{kind}/{name}"), name).unwrap()
}

fn message(n: usize, payload: &str) -> Value {
    json!({"messageId": format!("m{n}"), "data": STANDARD.encode(payload), "orderingKey": format!("k{}", n % 3),
        "attributes": {"kind": "order", "n": n.to_string()}, "publishTime": "2027-01-15T08:00:00Z"})
}

/// Runs until all that waits is acknowledged.
fn relayed(fake: &Arc<Mutex<FakePubSub>>, count: usize) -> String {
    let base = serve(fake);
    let counts = Counts::of("pubsub");
    let relay = Relay {
        source: Box::new(place(&base, "subscriptions", "orders")),
        sink: Box::new(place(&base, "topics", "clean")),
        quarantine: Some(Box::new(place(&base, "topics", "aside"))),
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
    assert_eq!(fake.order.first().map(String::as_str), Some("publish"), "{:?}", fake.order);
    assert!(fake.extended > 0 && fake.pulled.is_empty() && fake.waiting.is_empty());
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
    let base = serve(&fake);
    let mut source = place(&base, "subscriptions", "orders");
    for _ in 0..2 {
        let got = source.receive(10).await.unwrap();
        let [one] = got.as_slice() else { panic!("{} came", got.len()) };
        assert_eq!((one.message.id.as_str(), one.message.payload.as_slice()), ("m1", &b"fine"[..]));
        one.ticket.settle(Settle::Again).await.unwrap();
    }
    let mut missing = place(&base, "subscriptions", "nothing");
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
