//! Decides on events of a kind over and over, so that a profiler can count what that takes.
//!
//! `weigh clean N` decides on N clean events of six triggers; `weigh hostile TEXT BYTES N` decides N times on a message
//! whose text is TEXT over and over; `weigh classes` lists classes of hostile texts, and `weigh class CLASS BYTES` decides
//! once on each text of a class. TEXT may have `\n`, `\r`, `\0` and `\\` for what they stand for.

#![allow(missing_docs, clippy::print_stdout, clippy::indexing_slicing, clippy::expect_used)]

#[path = "../tests/laws/fillers.rs"]
mod fillers;

use fillers::FILLERS;
use std::fmt::Write as _;
use std::time::Duration;
use tidegate_decide::Guard;

/// Six events as they come; `#` is a number that differs from event to event.
const CLEAN: [&str; 6] = [
    r##"{"Records":[{"messageId":"059f36b4-87a3-44ab-83d2-66197583#","receiptHandle":"AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a#","body":"{\"id\":\"ord-#\",\"customer\":{\"name\":\"Ann O'Neil\",\"mail\":\"ann.oneil@example.com\"},\"note\":\"Please ring twice; the bell is quiet. Order # of this week.\",\"lines\":[{\"sku\":\"A-17\",\"quantity\":2,\"price\":12.5},{\"sku\":\"B-9\",\"quantity\":1,\"price\":99.0}],\"placed\":\"2026-11-23T10:00:00Z\"}","attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1545082649183","SenderId":"AIDAIENQZJOLO23YVJ4VO","ApproximateFirstReceiveTimestamp":"1545082649185"},"messageAttributes":{},"md5OfBody":"e4e68fb7bd0e697a0ae8f1bb342846b3","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:111122223333:orders","awsRegion":"eu-west-1"}]}"##,
    r##"{"version":"2.0","routeKey":"POST /orders","rawPath":"/orders","rawQueryString":"sort=price&q=blue+table&page=#","cookies":["session=8f14e45fceea167a5a36dedd4bea#"],"headers":{"accept":"application/json","content-type":"application/json","host":"api.example.com","user-agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36","x-amzn-trace-id":"Root=1-5e6722a7-cc56xmpl46db7ae02d#"},"queryStringParameters":{"sort":"price","q":"blue table","page":"#"},"requestContext":{"accountId":"123456789012","apiId":"api-id","domainName":"api.example.com","http":{"method":"POST","path":"/orders","protocol":"HTTP/1.1","sourceIp":"192.0.2.1","userAgent":"agent"},"requestId":"id#","stage":"$default","time":"12/Mar/2020:19:03:58 +0000","timeEpoch":1583348638390},"body":"{\"items\":[{\"sku\":\"A-#\",\"count\":3}],\"note\":\"Leave it with the neighbours, number 17 (the red door).\"}","isBase64Encoded":false}"##,
    r##"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-west-2","eventTime":"1970-01-01T00:00:00.000Z","eventName":"ObjectCreated:Put","userIdentity":{"principalId":"AIDAJDPLRKLG7UEXAMPLE"},"requestParameters":{"sourceIPAddress":"127.0.0.1"},"responseElements":{"x-amz-request-id":"C3D13FE58DE4C810","x-amz-id-2":"FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD"},"s3":{"s3SchemaVersion":"1.0","configurationId":"testConfigRule","bucket":{"name":"uploads","ownerIdentity":{"principalId":"A3NL1KOZZKExample"},"arn":"arn:aws:s3:::uploads"},"object":{"key":"invoices/2026/11/Invoice+%28copy%29+#.pdf","size":1024,"eTag":"d41d8cd98f00b204e9800998ecf8427e","versionId":"096fKKXTRTtl3on89fVO.nfljtsv6qko","sequencer":"0055AED6DCD90281E5"}}}]}"##,
    r##"{"version":"0","id":"fe8d3c65-xmpl-c5c3-2c87-81584709#","detail-type":"OrderPlaced","source":"shop.orders","account":"123456789012","time":"2026-11-23T10:00:00Z","region":"us-east-2","resources":[],"detail":{"orderId":"ord-#","state":"placed","total":{"amount":"129.90","currency":"EUR"},"address":{"street":"Rue de l'Eglise 5","city":"Saint-Denis","zip":"93200"},"gift":false,"comment":"It's for R&D; don't call before 9 am, please (really!)"}}"##,
    r##"{"Records":[{"eventID":"c4ca4238a0b923820dcc509a6f75849#","eventName":"INSERT","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"us-east-1","dynamodb":{"Keys":{"Id":{"N":"101"}},"NewImage":{"Message":{"S":"New item! number #"},"Id":{"N":"101"},"Tags":{"L":[{"S":"blue"},{"S":"table"}]},"Owner":{"S":"Jean-Luc d'Or"}},"ApproximateCreationDateTime":1428537600,"SequenceNumber":"4421584500000000017450439091","SizeBytes":26,"StreamViewType":"NEW_AND_OLD_IMAGES"},"eventSourceARN":"arn:aws:dynamodb:us-east-1:123456789012:table/items/stream/2015-06-27T00:48:05.899"}]}"##,
    r##"{"Records":[{"EventVersion":"1.0","EventSubscriptionArn":"arn:aws:sns:us-east-1:123456789012:alerts:21be56ed-a058-49f5-8c98-aedd2564c486","EventSource":"aws:sns","Sns":{"SignatureVersion":"1","Timestamp":"2019-01-02T12:45:07.000Z","Signature":"tcc6faL2yUC6dgZdmrwh1Y4cGa/ebXEkAi6RibDsvpi+tE/1+82j65r#","SigningCertUrl":"https://sns.us-east-1.amazonaws.com/SimpleNotificationService-ac565b8b1a6c5d002d285f9598aa1d9b.pem","MessageId":"95df01b4-ee98-5cb9-9903-4c221d41eb#","Message":"{\"AlarmName\":\"orders-dlq-depth\",\"NewStateValue\":\"ALARM\",\"NewStateReason\":\"Threshold Crossed: 1 datapoint [#.0] was greater than the threshold (0.0).\"}","MessageAttributes":{},"Type":"Notification","UnsubscribeUrl":"https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:123456789012:alerts:21be56ed","TopicArn":"arn:aws:sns:us-east-1:123456789012:alerts","Subject":"ALARM: orders-dlq-depth"}}]}"##,
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|n| n.parse::<usize>().ok()).unwrap_or(1);
    match arguments.first().map(String::as_str) {
        Some("clean") => clean(number(1)),
        Some("hostile") => hostile(arguments.get(1).map_or("' ", String::as_str), number(2), number(3)),
        Some("classes") => FILLERS.iter().for_each(|(class, texts)| println!("{class} {}", texts.len())),
        Some("class") => class(arguments.get(1).map_or("", String::as_str), number(2)),
        _ => println!("weigh clean N | weigh hostile TEXT BYTES N | weigh classes | weigh class CLASS BYTES"),
    }
}

fn clean(count: usize) {
    let mut guard = Guard::default();
    let (mut event, mut figures) = (String::new(), String::new());
    let mut denied = 0;
    for (number, template) in (10_000..).zip(CLEAN.iter().cycle()).take(count) {
        event.clear();
        figures.clear();
        let _ = write!(figures, "{number}");
        for (at, part) in template.split('#').enumerate() {
            if at > 0 {
                event.push_str(&figures);
            }
            event.push_str(part);
        }
        denied +=
            usize::from(guard.decide(event.as_bytes(), None).verdict != tidegate_decide::Verdict::Allow);
    }
    println!("{count} events, {denied} denied");
}

fn hostile(text: &str, bytes: usize, count: usize) {
    let filler = text
        .replace("\\\\", "\x01")
        .replace("\\n", "\n")
        .replace("\\r", "\r")
        .replace("\\0", "\0")
        .replace('\x01', "\\");
    let event = message(&filler, bytes);
    let mut guard = Guard::default();
    let start = on_processor();
    let mut reasons = String::new();
    for _ in 0..count {
        let decision = guard.decide(event.as_bytes(), None);
        reasons = decision
            .records
            .iter()
            .flat_map(|r| &r.reasons)
            .map(|r| r.class.name())
            .collect::<Vec<_>>()
            .join(" ");
    }
    let each = (on_processor() - start).as_secs_f64() * 1e9 / count as f64;
    let (whole, inside) = (each / event.len() as f64, each / bytes as f64);
    println!("{whole:6.1} ms/MB  {inside:6.1} ms/MB of the text {text:?} [{reasons}]");
}

fn class(class: &str, bytes: usize) {
    let mut guard = Guard::default();
    let texts = FILLERS.iter().filter(|(name, _)| *name == class).flat_map(|(_, texts)| *texts);
    for text in texts {
        guard.decide(message(text, bytes).as_bytes(), None);
    }
}

fn message(filler: &str, bytes: usize) -> String {
    let text = filler.repeat(bytes / filler.len().max(1) + 1);
    let body = serde_json::json!({"t": format!("7 {text}")}).to_string();
    serde_json::json!({"Records": [{"eventSource": "aws:sqs", "body": body}]}).to_string()
}

/// Time that this thread has had a processor, which others that want it don't change.
#[cfg(unix)]
fn on_processor() -> Duration {
    use nix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from).unwrap_or_default()
}

#[cfg(not(unix))]
fn on_processor() -> Duration {
    use std::{sync::LazyLock, time::Instant};
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}
