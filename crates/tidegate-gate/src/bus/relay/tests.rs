//! The loop against a fake bus that breaks in every way that a bus can.

use super::*;
use crate::bus::{Error, Shape, Soon};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use tidegate_decide::Guard;
use tidegate_graph::contract::Contract;

/// A bus in memory; what is received and not acknowledged comes back.
#[derive(Clone, Default)]
struct FakeBus(Arc<Mutex<Fake>>);

#[derive(Default)]
struct Fake {
    queue: VecDeque<Message>,
    out: Vec<Message>,
    acked: BTreeSet<String>,
    again: usize,
    /// Sends that fail before one succeeds, of each round.
    failures: usize,
    order: Vec<&'static str>,
}

struct FakeTicket(FakeBus, Message);

impl Ticket for FakeTicket {
    fn settle(&self, how: Settle) -> Soon<'_, Result<(), Error>> {
        let mut fake = self.0.0.lock().unwrap();
        match how {
            Settle::Done => {
                fake.acked.insert(self.1.id.clone());
                fake.order.push("ack");
            }
            Settle::Again => {
                fake.again += 1;
                fake.queue.push_back(self.1.clone());
            }
            Settle::Extend => {}
        }
        Box::pin(async { Ok(()) })
    }
}

impl Source for FakeBus {
    fn receive(&mut self, most: usize) -> Soon<'_, Result<Vec<Received>, Error>> {
        let bus = self.clone();
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let mut fake = bus.0.lock().unwrap();
            let most = most.min(fake.queue.len());
            let ticket =
                |m: Message| Received { ticket: Box::new(FakeTicket(bus.clone(), m.clone())), message: m };
            Ok(fake.queue.drain(..most).map(ticket).collect())
        })
    }
}

impl Sink for FakeBus {
    fn send<'a>(&'a mut self, batch: &'a [Message]) -> Soon<'a, Vec<Result<(), Error>>> {
        let mut fake = self.0.lock().unwrap();
        let mut out = Vec::new();
        for message in batch {
            if fake.failures > 0 {
                fake.failures -= 1;
                out.push(Err(Error::bus("publishing", "no")));
            } else {
                fake.out.push(message.clone());
                fake.order.push("kept");
                out.push(Ok(()));
            }
        }
        Box::pin(async { out })
    }
}

const ATTACK: &str = "' UNION SELECT password FROM users-- -";

fn message(id: usize, payload: &str) -> Message {
    Message {
        id: id.to_string(),
        place: "in".into(),
        payload: payload.as_bytes().to_vec(),
        ..Message::default()
    }
}

struct Run {
    source: FakeBus,
    sink: FakeBus,
    aside: FakeBus,
    counts: String,
    log: String,
}

/// Runs over these messages until all are settled. Where they can't be, since every sending fails, a while is enough.
fn run(messages: Vec<Message>, failures: usize, on_deny: OnDeny, settings: Settings) -> Run {
    let judge = Judge::new(Guard::default(), None, Shape::Mq);
    run_under(judge, OnLimit::Wait, messages, failures, on_deny, settings)
}

fn run_under(
    judge: Judge,
    on_limit: OnLimit,
    messages: Vec<Message>,
    failures: usize,
    on_deny: OnDeny,
    settings: Settings,
) -> Run {
    let count = messages.len();
    let patience = Duration::from_millis(if failures == usize::MAX { 400 } else { 60_000 });
    let (source, sink, aside) = (FakeBus::default(), FakeBus::default(), FakeBus::default());
    source.0.lock().unwrap().queue.extend(messages);
    sink.0.lock().unwrap().failures = failures;
    let (counts, log) = (Counts::default(), Mutex::new(String::new()));
    let say = |line: &str| log.lock().unwrap().push_str(line);
    let relay = Relay {
        source: Box::new(source.clone()),
        sink: Box::new(sink.clone()),
        quarantine: Some(Box::new(aside.clone())),
        transaction: None,
        judge,
        on_deny,
        on_limit,
        settings,
        counts: &counts,
        log: &say,
    };
    let (tell, stop) = watch::channel(false);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let end = async {
            let settled = async {
                while source.0.lock().unwrap().acked.len() < count {
                    sleep(Duration::from_millis(5)).await;
                }
            };
            let _ = tokio::time::timeout(patience, settled).await;
            tell.send(true).unwrap();
        };
        tokio::join!(relay.run(stop), end);
    });
    let log = log.lock().unwrap().clone();
    Run { source, sink, aside, counts: counts.prometheus(), log }
}

#[test]
fn what_passes_is_the_same_and_what_doesnt_is_kept_aside() {
    let messages = (0..100).map(|n| message(n, if n % 10 == 3 { ATTACK } else { "{\"sku\": \"a-1\" }" }));
    let run = run(messages.collect(), 0, OnDeny::Quarantine, Settings::default());
    let (out, aside) = (run.sink.0.lock().unwrap(), run.aside.0.lock().unwrap());
    assert_eq!((out.out.len(), aside.out.len()), (90, 10));
    assert!(out.out.iter().all(|m| m.payload == b"{\"sku\": \"a-1\" }"));
    assert!(
        out.out.iter().all(|m| m.header("traceparent").is_some() && m.header("tidegate-hops") == Some("1"))
    );
    assert!(aside.out.iter().all(|m| m.header("tidegate-reasons").is_some_and(|r| r.contains("sql"))));
    assert_eq!(run.source.0.lock().unwrap().acked.len(), 100);
    assert!(run.counts.contains("tidegate_relay_passed_total 90\n"), "{}", run.counts);
    assert!(run.counts.contains("tidegate_relay_quarantined_total 10\n"), "{}", run.counts);
    assert!(!run.log.contains("UNION"), "{}", run.log);
}

#[test]
fn a_bus_that_fails_loses_nothing() {
    let run = run((0..20).map(|n| message(n, "fine")).collect(), 45, OnDeny::Quarantine, Settings::default());
    let out = run.sink.0.lock().unwrap();
    let ids: BTreeSet<_> = out.out.iter().map(|m| m.id.clone()).collect();
    assert_eq!((out.out.len(), ids.len()), (20, 20));
    assert!(!run.counts.contains("{at=\"sink\"} 0\n"), "{}", run.counts);
    assert!(run.counts.contains("{at=\"source\"} 0\n"), "{}", run.counts);
    assert_eq!(run.source.0.lock().unwrap().acked, ids);
}

#[test]
fn what_cant_be_sent_before_the_end_is_given_back() {
    let run = run(vec![message(1, "fine")], usize::MAX, OnDeny::Quarantine, Settings::default());
    let source = run.source.0.lock().unwrap();
    assert!(source.acked.is_empty() && source.again == 1, "{:?}", source.acked);
}

#[test]
fn denied_messages_can_be_dropped_or_watched() {
    let dropped = run(vec![message(1, ATTACK)], 0, OnDeny::Drop, Settings::default());
    assert!(dropped.sink.0.lock().unwrap().out.is_empty() && dropped.aside.0.lock().unwrap().out.is_empty());
    assert_eq!(dropped.source.0.lock().unwrap().acked.len(), 1);
    let watched = run(vec![message(1, ATTACK)], 0, OnDeny::Monitor, Settings::default());
    assert_eq!(watched.sink.0.lock().unwrap().out.len(), 1);
    assert!(watched.log.contains("\"decision\":\"monitor\""), "{}", watched.log);
}

#[test]
fn long_messages_and_circles_end_in_quarantine() {
    let mut circling = message(1, "fine");
    circling.put("tidegate-hops", "3".into());
    let long = message(2, "a long one");
    let settings = Settings { bytes: 6, hops: 3, ..Settings::default() };
    let run = run(vec![circling, long, message(3, "fine")], 0, OnDeny::Quarantine, settings);
    let aside = run.aside.0.lock().unwrap();
    let reasons: Vec<_> = aside.out.iter().map(|m| m.header("tidegate-reasons").unwrap()).collect();
    assert_eq!(reasons, ["hops", "size"]);
    assert_eq!(run.sink.0.lock().unwrap().out.len(), 1);
}

/// A function behind a queue, with these limits of its edge and of its own.
fn limited(edge: &str, function: &str, mode: &str) -> Judge {
    Judge::new(Guard::default(), Some((contract(edge, function, mode), "f".into())), Shape::Mq)
}

fn contract(edge: &str, function: &str, mode: &str) -> Contract {
    let text = format!(
        r#"{{"version":1,"graph_digest":"","compiled_by":"",
        "defaults":{{"account":null,"region":null,"mode":"block","on_error":"closed","max_bytes":1000000,"max_depth":64}},
        "functions":{{"t/F":{{"logical_id":"F","name":"f","type":"AWS::Lambda::Function","exposure":"anonymous","taint":0,"roles":[],
          "limits":{{"concurrency":null,"timeout_seconds":1,"memory_mb":1024{function}}},"egress":[],
          "edges":[{{"id":"t/Q->t/F:mq","from":"t/Q","trigger":"mq","evidence":"","exposure":"anonymous","taint":0,
            "origin":{{"arns":[],"accounts":[],"regions":[],"ids":[],"sources":[],"detail_types":[]}},
            "mode":"{mode}","inspect":"full","on_deny":{{"answer":"swallow"}},"unknown":[],"limits":{{{edge}}}}}]}}}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_contract_may_have_texts_replaced_instead_of_messages_denied() {
    let mut contract = contract("", "", "block");
    contract.functions.get_mut("t/F").unwrap().edges[0].on_deny.redact = true;
    let judge = || Judge::new(Guard::default(), Some((contract.clone(), "f".into())), Shape::Mq);
    let order = |note: &str| serde_json::json!({"sku": "a-1", "note": note}).to_string();
    let messages =
        || vec![message(1, &order(ATTACK)), message(2, &order("fine")), message(3, "{\"a\":1,\"a\":2}")];
    let settings = Settings::default;
    let redacted = run_under(judge(), OnLimit::Wait, messages(), 0, OnDeny::Quarantine, settings());
    let payloads = |fake: &FakeBus| -> Vec<String> {
        fake.0.lock().unwrap().out.iter().map(|m| String::from_utf8(m.payload.clone()).unwrap()).collect()
    };
    assert_eq!(payloads(&redacted.sink), [order("REDACTED"), order("fine")]);
    assert_eq!(ids(&redacted.aside), [3], "nothing but texts can be replaced");
    assert!(redacted.counts.contains("tidegate_relay_redacted_total 1\n"), "{}", redacted.counts);
    assert!(redacted.log.contains("\"decision\":\"redact\""), "{}", redacted.log);
    let watched = run_under(judge(), OnLimit::Wait, messages(), 0, OnDeny::Monitor, settings());
    assert_eq!(payloads(&watched.sink)[0], order(ATTACK), "who only watches changes nothing");
}

fn under(judge: Judge, on_limit: OnLimit, count: usize) -> Run {
    let messages = (0..count).map(|n| message(n, "fine")).collect();
    run_under(judge, on_limit, messages, 0, OnDeny::Quarantine, Settings::default())
}

fn ids(fake: &FakeBus) -> Vec<usize> {
    fake.0.lock().unwrap().out.iter().map(|m| m.id.parse().unwrap()).collect()
}

const RATE: &str = r#""rate":{"events":20,"seconds":1,"burst":4}"#;

#[test]
fn what_is_over_its_rate_waits_in_its_order() {
    let start = std::time::Instant::now();
    let run = under(limited(RATE, "", "block"), OnLimit::Wait, 12);
    assert_eq!(ids(&run.sink), (0..12).collect::<Vec<_>>());
    assert!(run.aside.0.lock().unwrap().out.is_empty());
    // Four at once, and one each 50 ms after them.
    assert!(start.elapsed() >= Duration::from_millis(350), "{:?}", start.elapsed());
    assert!(!run.counts.contains("tidegate_relay_held_total 0\n"), "{}", run.counts);
    assert!(
        run.log.contains(r#""decision":"hold""#) && run.log.contains(r#""reasons":"rate""#),
        "{}",
        run.log
    );
}

#[test]
fn what_is_over_its_rate_can_be_kept_aside_or_watched() {
    const SLOW: &str = r#""rate":{"events":1,"seconds":3600,"burst":4}"#;
    let run = under(limited(SLOW, "", "block"), OnLimit::Quarantine, 9);
    assert_eq!((ids(&run.sink), ids(&run.aside)), (vec![0, 1, 2, 3], vec![4, 5, 6, 7, 8]));
    assert_eq!(run.aside.0.lock().unwrap().out[0].header("tidegate-reasons"), Some("rate"));
    let watched = under(limited(SLOW, "", "monitor"), OnLimit::Wait, 9);
    assert_eq!(ids(&watched.sink).len(), 9);
    assert!(watched.counts.contains("tidegate_relay_monitored_total 5\n"), "{}", watched.counts);
}

#[test]
fn so_many_at_a_time_are_under_way_and_no_more() {
    let run = under(limited(r#""concurrency":2"#, "", "block"), OnLimit::Wait, 9);
    assert_eq!(ids(&run.sink), (0..9).collect::<Vec<_>>());
    let order = run.sink.0.lock().unwrap().order.join(" ");
    assert_eq!(order, ["kept"; 9].join(" "));
    // Two are sent and confirmed before the next two are.
    assert!(run.counts.contains("tidegate_relay_held_total 4\n"), "{}", run.counts);
}

#[test]
fn what_the_budget_has_no_room_for_isnt_lost() {
    // A run is charged 17 millionths of a dollar: three of them fit into an hour.
    let budget = r#","expected_ms":1000,"budget":{"micro_usd":60,"seconds":3600}"#;
    let run = under(limited("", budget, "block"), OnLimit::Quarantine, 8);
    assert_eq!((ids(&run.sink), ids(&run.aside)), (vec![0, 1, 2], vec![3, 4, 5, 6, 7]));
    assert_eq!(run.aside.0.lock().unwrap().out[0].header("tidegate-reasons"), Some("budget"));
}

#[test]
fn what_waits_for_its_limit_is_given_back_at_the_end() {
    let source = FakeBus::default();
    source.0.lock().unwrap().queue.extend((0..5).map(|n| message(n, "fine")));
    let (counts, log) = (Counts::default(), |_: &str| {});
    let sink = FakeBus::default();
    let relay = Relay {
        source: Box::new(source.clone()),
        sink: Box::new(sink.clone()),
        quarantine: None,
        transaction: None,
        judge: limited(r#""rate":{"events":1,"seconds":3600,"burst":2}"#, "", "block"),
        on_deny: OnDeny::Quarantine,
        on_limit: OnLimit::Wait,
        settings: Settings::default(),
        counts: &counts,
        log: &log,
    };
    let (tell, stop) = watch::channel(false);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let end = async {
            while sink.0.lock().unwrap().out.len() < 2 {
                sleep(Duration::from_millis(5)).await;
            }
            tell.send(true).unwrap();
        };
        tokio::join!(relay.run(stop), end);
    });
    let fake = source.0.lock().unwrap();
    assert_eq!((fake.acked.len(), fake.again), (2, 3));
    assert_eq!(fake.queue.iter().map(|m| m.id.as_str()).collect::<Vec<_>>(), ["2", "3", "4"]);
}

#[test]
fn hops_are_counted_wherever_they_are_told() {
    let mut far = message(1, "fine");
    far.put("tracestate", "tidegate=hops:9".into());
    let run = run_under(
        limited(r#""hops":8"#, "", "block"),
        OnLimit::Wait,
        vec![far, message(2, "fine")],
        0,
        OnDeny::Quarantine,
        Settings::default(),
    );
    assert_eq!((ids(&run.sink), ids(&run.aside)), (vec![2], vec![1]));
    assert_eq!(run.aside.0.lock().unwrap().out[0].header("tidegate-reasons"), Some("hops"));
}

/// Fails as often as it should, as a source and as a sink, and notes each time what the relay says is wrong by then.
#[derive(Clone)]
struct Failing {
    failures: usize,
    counts: Arc<Counts>,
    seen: Arc<Mutex<Vec<Option<String>>>>,
}

impl Failing {
    fn fails(&mut self) -> Result<(), Error> {
        self.seen.lock().unwrap().push(self.counts.trouble());
        if self.seen.lock().unwrap().len() > self.failures { Ok(()) } else { Err(Error::bus("asking", "no")) }
    }
}

impl Source for Failing {
    fn receive(&mut self, _: usize) -> Soon<'_, Result<Vec<Received>, Error>> {
        let answer = self.fails().map(|()| Vec::new());
        Box::pin(async {
            sleep(Duration::from_millis(1)).await;
            answer
        })
    }
}

impl Sink for Failing {
    fn send<'a>(&'a mut self, batch: &'a [Message]) -> Soon<'a, Vec<Result<(), Error>>> {
        let answer = batch.iter().map(|_| self.fails()).collect();
        Box::pin(async { answer })
    }
}

/// What a relay says is wrong, at each of so many times that its source or its sink was asked, and at its end.
fn troubles(failures: usize, times: usize, of_sink: bool) -> (Vec<Option<String>>, Option<String>) {
    let failing = Failing { failures, counts: Arc::default(), seen: Arc::default() };
    let (counts, seen, bus) = (&failing.counts, &failing.seen, FakeBus::default());
    bus.0.lock().unwrap().queue.push_back(message(1, "fine"));
    let (source, sink): (Box<dyn Source>, Box<dyn Sink>) = match of_sink {
        true => (Box::new(bus), Box::new(failing.clone())),
        false => (Box::new(failing.clone()), Box::new(bus)),
    };
    let relay = Relay {
        source,
        sink,
        quarantine: None,
        transaction: None,
        judge: Judge::new(Guard::default(), None, Shape::Mq),
        on_deny: OnDeny::Quarantine,
        on_limit: OnLimit::Wait,
        settings: Settings::default(),
        counts,
        log: &|_| {},
    };
    let (tell, stop) = watch::channel(false);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let end = async {
            while seen.lock().unwrap().len() < times {
                sleep(Duration::from_millis(5)).await;
            }
            tell.send(true).unwrap();
        };
        tokio::join!(relay.run(stop), end);
    });
    let seen = seen.lock().unwrap().iter().take(times).cloned().collect();
    (seen, counts.trouble())
}

#[test]
fn a_relay_is_well_once_its_source_has_answered() {
    let (seen, end) = troubles(6, 8, false);
    let waiting = "the source has not answered yet";
    let mut expected = vec![Some(waiting.to_string())];
    expected.extend(std::iter::repeat_n(Some(format!("{waiting}: asking: no")), 4));
    expected.extend([5, 6].map(|n| Some(format!("the source failed {n} times: asking: no"))));
    expected.push(None);
    assert_eq!((seen, end), (expected, None));
}

#[test]
fn a_relay_that_cannot_send_is_ill_until_it_can() {
    let (seen, end) = troubles(6, 7, true);
    let mut expected = vec![None; 5];
    expected.extend([5, 6].map(|n| Some(format!("the sink failed {n} times: asking: no"))));
    assert_eq!((seen, end), (expected, None));
}
