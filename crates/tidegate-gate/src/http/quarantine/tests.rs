use super::*;
use crate::bus::{Error as Refusal, Soon};
use hyper::Request;

fn denied(body: &'static [u8]) -> Denied {
    let request = Request::post("/orders?q=1")
        .header("authorization", "Bearer abc")
        .header("cookie", "session=abc")
        .header("content-type", "application/json");
    let (parts, ()) = request.body(()).unwrap().into_parts();
    Denied {
        parts,
        body: Bytes::from_static(body),
        classes: vec!["sql", "xss"],
        trace: [b'a'; 32],
        peer: "192.0.2.1".into(),
    }
}

#[test]
fn what_is_kept_says_all_but_secrets() {
    let message = denied(b"{}").message();
    assert_eq!(message.header("tidegate-reasons"), Some("sql,xss"));
    let text = String::from_utf8(message.payload).unwrap();
    assert!(!text.contains("abc"), "{text}");
    let record: Value = serde_json::from_str(&text).unwrap();
    for (key, expected) in
        [("method", "POST"), ("path", "/orders"), ("query", "q=1"), ("body", "{}"), ("peer", "192.0.2.1")]
    {
        assert_eq!(record[key], expected, "{key}");
    }
    assert_eq!(record["headers"][0], json!(["authorization", WITHHELD]));
    let bytes: Value = serde_json::from_slice(&denied(b"\xff\0").message().payload).unwrap();
    assert_eq!((&bytes["body"], &bytes["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
    assert_ne!(denied(b"").message().id, denied(b"").message().id, "one trace, two requests");
}

#[test]
fn a_full_queue_loses_requests_and_waits_for_nothing() {
    let (to, mut from) = mpsc::channel(2);
    let counts = Arc::new(Counts::default());
    let quarantine = Quarantine { to, counts: Arc::clone(&counts) };
    (0..5).for_each(|_| quarantine.keep(denied(b"12345")));
    assert_eq!((counts.lost.load(Relaxed), counts.bytes.load(Relaxed)), (3, 10));
    from.try_recv().unwrap_or_else(|_| panic!("it waits"));
    // Bytes have a bound as well.
    counts.bytes.store(BYTES - 4, Relaxed);
    quarantine.keep(denied(b"12345"));
    assert_eq!((counts.lost.load(Relaxed), counts.bytes.load(Relaxed)), (4, BYTES - 4));
}

/// Refuses the second message for so many times.
struct Moody(usize);

impl Sink for Moody {
    fn send<'a>(&'a mut self, batch: &'a [Message]) -> Soon<'a, Vec<Result<(), Refusal>>> {
        let refused = |m: &Message| m.id == "2" && self.0 > 0;
        let sent =
            batch.iter().map(|m| if refused(m) { Err(Refusal::bus("writing", "full")) } else { Ok(()) });
        let sent = sent.collect();
        self.0 = self.0.saturating_sub(1);
        Box::pin(std::future::ready(sent))
    }
}

#[tokio::test]
async fn what_is_refused_is_tried_again_and_then_lost() {
    let message = |id: &str| Message { id: id.into(), ..Message::default() };
    for (moods, kept, lost) in [(2, 3, 0), (9, 2, 1)] {
        let counts = Counts::default();
        let messages = ["1", "2", "3"].map(message).to_vec();
        let problem = keep(&mut Moody(moods), messages, &counts).await;
        assert_eq!((counts.kept.load(Relaxed), counts.lost.load(Relaxed)), (kept, lost));
        assert_eq!(problem.is_some(), lost > 0);
    }
}
