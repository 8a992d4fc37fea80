//! A fake that keeps to the documented REST interface of Google Pub/Sub: Google's emulator comes with its own tools alone.
//!
//! The tests of the whole program take it from here, too.

use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The subscription `orders` on the topic `incoming`, and any other topics. What is pulled comes again when its deadline
/// passes, or is set to nothing.
pub(crate) struct FakePubSub {
    pub(crate) waiting: VecDeque<Value>,
    pulled: BTreeMap<String, (Value, Instant)>,
    pulls: usize,
    published: usize,
    /// How long a second of deadlines takes here.
    pub(crate) second: Duration,
    pub(crate) acknowledged: Vec<String>,
    pub(crate) extended: usize,
    pub(crate) topics: BTreeMap<String, Vec<Value>>,
    /// Publications that are refused before one is kept.
    pub(crate) refuse: usize,
    /// What was published and acknowledged, by its data, in the order in which it happened.
    pub(crate) order: Vec<(&'static str, String)>,
}

impl Default for FakePubSub {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            pulled: BTreeMap::new(),
            pulls: 0,
            published: 0,
            second: Duration::from_secs(1),
            acknowledged: Vec::new(),
            extended: 0,
            topics: BTreeMap::new(),
            refuse: 0,
            order: Vec::new(),
        }
    }
}

/// Seconds until what is pulled comes again.
const DEADLINE: u32 = 10;
const ORDERS: &str = "/v1/projects/shop/subscriptions/orders";

impl FakePubSub {
    /// Messages that were given out and are not acknowledged.
    pub(crate) fn in_flight(&self) -> usize {
        self.pulled.len()
    }

    #[allow(dead_code, reason = "one of the tests that share this asks")]
    pub(crate) fn given_out(&self) -> usize {
        self.pulls
    }

    fn answer(&mut self, path: &str, body: &Value) -> (u16, Value) {
        let Some((place, verb)) = path.rsplit_once(':') else { return (404, json!({})) };
        let ids = || body["ackIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_string());
        match (place, verb) {
            (ORDERS, "pull") => {
                let most = usize::try_from(body["maxMessages"].as_u64().unwrap()).unwrap();
                (200, json!({"receivedMessages": self.pull(most)}))
            }
            (ORDERS, "acknowledge") => {
                // One whose deadline has passed is no acknowledgement any more.
                for (message, _) in ids().filter_map(|id| self.pulled.remove(&id)).collect::<Vec<_>>() {
                    self.acknowledged.push(message["messageId"].as_str().unwrap().to_string());
                    self.order.push(("acknowledge", data(&message)));
                }
                (200, json!({}))
            }
            (ORDERS, "modifyAckDeadline") => {
                let seconds = u32::try_from(body["ackDeadlineSeconds"].as_u64().unwrap()).unwrap();
                self.extended += if (10..=600).contains(&seconds) { ids().count() } else { 0 };
                for id in ids() {
                    if let Some((_, until)) = self.pulled.get_mut(&id) {
                        *until = Instant::now() + self.second * seconds;
                    }
                }
                (200, json!({}))
            }
            (topic, "publish") => {
                if self.refuse > 0 {
                    self.refuse -= 1;
                    let error = json!({"code": 503, "status": "UNAVAILABLE", "message": "later"});
                    return (503, json!({"error": error}));
                }
                let messages = body["messages"].as_array().unwrap().clone();
                (200, json!({"messageIds": self.publish(topic.rsplit('/').next().unwrap(), messages)}))
            }
            _ => (404, json!({"error": {"code": 404, "status": "NOT_FOUND"}})),
        }
    }

    fn pull(&mut self, most: usize) -> Vec<Value> {
        let now = Instant::now();
        let late: Vec<String> =
            self.pulled.iter().filter(|(_, (_, until))| *until <= now).map(|(id, _)| id.clone()).collect();
        let again = late.iter().filter_map(|id| self.pulled.remove(id)).map(|(message, _)| message);
        self.waiting.extend(again);
        let mut out = Vec::new();
        for message in self.waiting.drain(..most.min(self.waiting.len())) {
            self.pulls += 1;
            let id = format!("ack-{}", self.pulls);
            out.push(json!({"ackId": id, "message": message}));
            self.pulled.insert(id, (message, now + self.second * DEADLINE));
        }
        out
    }

    pub(crate) fn publish(&mut self, topic: &str, messages: Vec<Value>) -> Vec<String> {
        let mut ids = Vec::new();
        for mut message in messages {
            self.published += 1;
            ids.push(self.published.to_string());
            if topic == "incoming" {
                message["messageId"] = self.published.to_string().into();
                message["publishTime"] = "2027-01-15T08:00:00Z".into();
                self.waiting.push_back(message);
            } else {
                self.order.push(("publish", data(&message)));
                self.topics.entry(topic.to_string()).or_default().push(message);
            }
        }
        ids
    }
}

fn data(message: &Value) -> String {
    message["data"].as_str().unwrap().to_string()
}

/// Serves until the test ends, each connection as long as its client likes; returns host and port.
pub(crate) fn serve(fake: &Arc<Mutex<FakePubSub>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let fake = Arc::clone(fake);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, fake) = (stream.unwrap(), Arc::clone(&fake));
            std::thread::spawn(move || while exchange(&mut stream, &fake).is_some() {});
        }
    });
    host
}

/// `None` when the client has gone.
fn exchange(stream: &mut TcpStream, fake: &Mutex<FakePubSub>) -> Option<()> {
    let (mut request, mut chunk) = (Vec::new(), [0; 1 << 16]);
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap();
            if body.len() >= length.parse().unwrap() {
                let path = head.split(' ').nth(1).unwrap();
                let (status, body) = fake.lock().unwrap().answer(path, &serde_json::from_str(body).unwrap());
                if body["receivedMessages"].as_array().is_some_and(Vec::is_empty) {
                    // The service holds a call open while there is nothing.
                    std::thread::sleep(Duration::from_millis(10));
                }
                let body = body.to_string();
                let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", body.len());
                return stream.write_all(format!("{head}{body}").as_bytes()).ok();
            }
        }
        let n = stream.read(&mut chunk).ok().filter(|n| *n > 0)?;
        request.extend_from_slice(&chunk[..n]);
    }
}
