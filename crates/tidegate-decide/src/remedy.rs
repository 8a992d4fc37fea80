//! What becomes of an event after the decision: what the function gets, or what the sender is answered.

use crate::cors::{self, Readers};
use crate::decision::{Decision, Verdict};
use crate::guard::Ruling;
use crate::json::{Item, Kind, Limits, Tape};
use crate::trigger::{self, Trigger};
use std::collections::HashSet;
use tidegate_graph::contract::Answer;

/// What becomes of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The function gets it as it is.
    Forward,
    /// The function gets what is left: a batch without the records that were denied, of which its answer has to speak, or
    /// an event with texts replaced.
    Rewrite {
        /// The event without what was denied.
        event: Vec<u8>,
        /// What the answer of the function has to hold, too.
        report: Option<Report>,
    },
    /// The function isn't called; the sender gets this.
    Respond(Vec<u8>),
    /// The function isn't called; the sender gets an error with this body.
    Fail(Vec<u8>),
}

/// What the answer of a function to a batch has to hold beyond what the function says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The key of the list.
    pub key: &'static str,
    /// Its elements, as JSON.
    pub items: Vec<String>,
}

/// The type of the errors that a blocked event ends with.
pub const BLOCKED: &str = "Tidegate.Blocked";

/// The type of the errors that an event ends with which a limit holds back: the same event may pass later.
pub const LIMITED: &str = "Tidegate.Limited";

/// What becomes of an event under a ruling.
pub fn remedy(event: &[u8], ruling: &Ruling) -> Remedy {
    if let Some(redacted) = &ruling.redacted {
        let left = Ruling { decision: redacted.decision.clone(), redacted: None, ..ruling.clone() };
        return match remedy(&redacted.event, &left) {
            Remedy::Forward => Remedy::Rewrite { event: redacted.event.clone(), report: None },
            other => other,
        };
    }
    let decision = &ruling.decision;
    let answer = ruling.on_deny.answer;
    if decision.verdict == Verdict::Allow || ruling.only_reports() {
        return Remedy::Forward;
    }
    let trigger = decision.trigger;
    let declared = ruling.cors.as_ref().filter(|_| cors::is_ours(trigger));
    let mut tape = Tape::default();
    // Most answers don't depend on the event, and what can't be read is answered by its trigger alone.
    let asks = match answer {
        _ if decision.verdict == Verdict::Partial => true,
        Answer::Respond => trigger == Trigger::Alb || declared.is_some(),
        Answer::Strip => ruling.on_deny.item_failures,
        Answer::Unauthorized | Answer::Drop => true,
        Answer::Fail | Answer::Swallow | Answer::Pass => false,
    };
    let read = asks && tape.read(event, &Limits { depth: 1 << 12, ..Limits::default() }).is_ok();
    let root = if read { Some(tape.root(event)) } else { None };
    let gone = root.map(|root| gone(root, ruling)).unwrap_or_default();
    let report = root.and_then(|root| report(root, ruling, &gone));
    // With what has to wait for the denied ones, nothing may be left.
    if gone.len() < decision.records.len()
        && decision.verdict == Verdict::Partial
        && let Some(event) = root.and_then(|root| strip(event, root, ruling, &gone))
    {
        return Remedy::Rewrite { event, report };
    }
    match answer {
        Answer::Respond => {
            let readers = declared.zip(root).map(|(declared, root)| cors::of_event(declared, root));
            Remedy::Respond(refusal(trigger, root, ruling.retry_after, readers.as_ref()))
        }
        Answer::Unauthorized => Remedy::Respond(nobody(root)),
        Answer::Strip | Answer::Drop => {
            let key = if answer == Answer::Drop { "records" } else { "batchItemFailures" };
            let items = report.map(|r| r.items.join(",")).unwrap_or_default();
            Remedy::Respond(format!("{{\"{key}\":[{items}]}}").into_bytes())
        }
        Answer::Fail => {
            let (word, ty) = match ruling.retry_after {
                Some(_) => ("held back", LIMITED),
                None => ("blocked", BLOCKED),
            };
            let body = format!("{{\"errorMessage\":\"{word} by Tidegate\",\"errorType\":\"{ty}\"}}");
            Remedy::Fail(body.into_bytes())
        }
        // Whoever asked whether to go on with the mail is told not to; nobody else reads it.
        Answer::Swallow if trigger == Trigger::Ses => {
            Remedy::Respond(br#"{"disposition":"STOP_RULE_SET"}"#.to_vec())
        }
        Answer::Swallow | Answer::Pass => Remedy::Respond(b"null".to_vec()),
    }
}

/// The denied records of an event as they are written in it, with their places in the batch: the whole event where it
/// is no batch, or can't be read.
pub fn denied<'e>(event: &'e [u8], decision: &Decision) -> Vec<(u32, &'e [u8])> {
    let mut tape = Tape::default();
    let read = tape.read(event, &Limits { depth: 1 << 12, ..Limits::default() }).is_ok();
    let batches = if read { trigger::batches(decision.trigger, tape.root(event)) } else { Vec::new() };
    let spans: Vec<(usize, usize)> =
        batches.into_iter().flat_map(Item::items).map(|r| (r.offset(), r.offset() + r.raw().len())).collect();
    let denied = decision.records.iter().filter(|r| r.verdict == Verdict::Deny);
    let text = |index: u32| match spans.get(index as usize) {
        Some((start, end)) => event.get(*start..*end),
        None => spans.is_empty().then_some(event),
    };
    denied.filter_map(|r| Some((r.index, text(r.index)?))).collect()
}

impl Report {
    /// The function's answer with what it lacks; `None` where its form leaves no place for it.
    pub fn complete(&self, answer: &[u8]) -> Option<Vec<u8>> {
        let items = self.items.join(",");
        let whole = || Some(format!("{{\"{}\":[{items}]}}", self.key).into_bytes());
        if matches!(answer.trim_ascii(), b"" | b"null") {
            return whole();
        }
        let mut tape = Tape::default();
        tape.read(answer, &Limits { depth: 1 << 12, ..Limits::default() }).ok()?;
        let root = tape.root(answer);
        if root.kind() != Kind::Object {
            return whole().filter(|_| self.key == "batchItemFailures");
        }
        let (at, mut add) = match root.field(self.key) {
            Some(list) if list.kind() == Kind::Array => {
                let comma = if list.first().is_some() { "," } else { "" };
                (list.offset() + list.raw().len() - 1, format!("{comma}{items}"))
            }
            Some(null) if null.kind() == Kind::Null => {
                let end = null.offset() + null.raw().len();
                let mut out = answer.get(..null.offset())?.to_vec();
                out.extend_from_slice(format!("[{items}]").as_bytes());
                out.extend_from_slice(answer.get(end..)?);
                return Some(out);
            }
            Some(_) => return None,
            None => {
                let comma = if root.entries().next().is_some() { "," } else { "" };
                (root.offset() + root.raw().len() - 1, format!("{comma}\"{}\":[{items}]", self.key))
            }
        };
        let mut out = Vec::with_capacity(answer.len() + add.len());
        out.extend_from_slice(answer.get(..at)?);
        out.append(&mut std::mem::take(&mut add).into_bytes());
        out.extend_from_slice(answer.get(at..)?);
        Some(out)
    }
}

/// Places of the records that the function doesn't get, in their order: those that are denied, and those that would
/// overtake one that comes back. A queue that keeps the order of a group does so only if its later messages come back, too.
fn gone(root: Item<'_>, ruling: &Ruling) -> Vec<usize> {
    let denied = ruling.decision.records.iter().filter(|r| r.verdict == Verdict::Deny);
    let denied: Vec<usize> = denied.map(|r| r.index as usize).collect();
    if ruling.decision.trigger != Trigger::Sqs || !ruling.on_deny.item_failures {
        return denied;
    }
    let group = |record: Item<'_>| {
        let queue = record.field("eventSourceARN").map(|arn| arn.raw().ends_with(b".fifo"));
        let group = record.field("attributes")?.field("MessageGroupId")?;
        queue.unwrap_or_default().then(|| group.raw().to_vec())
    };
    let mut next = denied.iter().copied().peekable();
    let mut waiting = HashSet::new();
    let records = trigger::list(Trigger::Sqs, root).enumerate();
    let out = records.filter_map(|(index, record)| {
        let own = next.next_if_eq(&index).is_some();
        let group = group(record);
        let held = group.as_ref().is_some_and(|group| waiting.contains(group));
        if own {
            waiting.extend(group);
        }
        (own || held).then_some(index)
    });
    out.collect()
}

/// Records that go back by their ids.
fn report(root: Item<'_>, ruling: &Ruling, gone: &[usize]) -> Option<Report> {
    let trigger = ruling.decision.trigger;
    let records: Vec<Item<'_>> = trigger::batches(trigger, root).into_iter().flat_map(Item::items).collect();
    let ids = |key: &'static str| {
        let records = gone.iter().filter_map(|index| records.get(*index)?.field(key));
        // A null or empty id would fail the whole batch.
        let ids = records.filter(|id| id.kind() == Kind::String && !id.raw().is_empty());
        ids.filter_map(|id| std::str::from_utf8(id.raw()).ok())
    };
    match trigger {
        // A message that was denied comes back, and ends in the dead-letter queue.
        Trigger::Sqs if ruling.on_deny.item_failures => {
            let items = ids("messageId").map(|id| format!("{{\"itemIdentifier\":\"{id}\"}}")).collect();
            Some(Report { key: "batchItemFailures", items })
        }
        Trigger::Firehose => {
            let drop = |id: &str| format!("{{\"recordId\":\"{id}\",\"result\":\"Dropped\",\"data\":\"\"}}");
            Some(Report { key: "records", items: ids("recordId").map(drop).collect() })
        }
        _ => None,
    }
}

/// The event without the records that were denied.
fn strip(event: &[u8], root: Item<'_>, ruling: &Ruling, gone: &[usize]) -> Option<Vec<u8>> {
    let mut gone = gone.iter().copied().peekable();
    let mut out = Vec::with_capacity(event.len());
    let (mut from, mut index) = (0, 0_usize);
    for batch in trigger::batches(ruling.decision.trigger, root) {
        out.extend_from_slice(event.get(from..batch.offset())?);
        out.push(b'[');
        let mut first = true;
        for record in batch.items() {
            let here = index;
            index += 1;
            if gone.next_if_eq(&here).is_some() {
                continue;
            }
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            // A string's raw text lacks its quotes.
            let quotes = usize::from(record.kind() == Kind::String);
            let start = record.offset().checked_sub(quotes)?;
            out.extend_from_slice(event.get(start..start + record.raw().len() + 2 * quotes)?);
        }
        out.push(b']');
        from = batch.offset() + batch.raw().len();
    }
    out.extend_from_slice(event.get(from..)?);
    // Whoever isn't found can't be taken out.
    gone.peek().is_none().then_some(out)
}

/// A response that refuses: for good, or for so many seconds.
fn refusal(
    trigger: Trigger,
    root: Option<Item<'_>>,
    retry_after: Option<u64>,
    readers: Option<&Readers>,
) -> Vec<u8> {
    let (status, word) = if retry_after.is_some() { (429, "Too Many Requests") } else { (403, "Forbidden") };
    let description = match trigger {
        Trigger::Alb => format!("\"statusDescription\":\"{status} {word}\","),
        _ => String::new(),
    };
    // A load balancer takes headers in the form in which it sent them.
    let many = trigger == Trigger::Alb && root.is_some_and(|r| r.field("multiValueHeaders").is_some());
    let (name, open, close) = if many { ("multiValueHeaders", "[", "]") } else { ("headers", "", "") };
    let header = |name: &str, value: &str| format!("\"{name}\":{open}\"{value}\"{close}");
    let mut headers = vec![header("content-type", "application/json")];
    headers.extend(retry_after.map(|seconds| header("retry-after", &seconds.to_string())));
    headers.extend(readers.into_iter().flat_map(Readers::headers).map(|(name, value)| header(name, value)));
    let headers = format!("\"{name}\":{{{}}}", headers.join(","));
    let body = format!("\"body\":\"{{\\\"message\\\":\\\"{word}\\\"}}\",\"isBase64Encoded\":false");
    format!("{{\"statusCode\":{status},{description}{headers},{body}}}").into_bytes()
}

/// An authorizer's answer that lets nobody in.
fn nobody(root: Option<Item<'_>>) -> Vec<u8> {
    let method = root.and_then(|r| r.field("methodArn")).filter(|m| m.kind() == Kind::String);
    match method.and_then(|m| std::str::from_utf8(m.raw()).ok()) {
        // The text is still as JSON wrote it.
        Some(arn) => format!(
            "{{\"principalId\":\"blocked\",\"policyDocument\":{{\"Version\":\"2012-10-17\",\"Statement\":[{{\
             \"Action\":\"execute-api:Invoke\",\"Effect\":\"Deny\",\"Resource\":\"{arn}\"}}]}}}}"
        )
        .into_bytes(),
        None => b"{\"isAuthorized\":false}".to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Guard;

    const ATTACK: &str = "' UNION SELECT password FROM users-- -";

    fn answered(event: &str) -> Remedy {
        let ruling = Guard::default().rule(event.as_bytes(), None);
        remedy(event.as_bytes(), &ruling)
    }

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_batch_loses_what_was_denied_alone() {
        let record = |id: &str, body: &str| {
            format!(r#"{{"messageId":"{id}","body":"{body}","eventSource":"aws:sqs"}}"#)
        };
        let (a, b, c) = (record("1", "fine"), record("2", ATTACK), record("3", "fine"));
        let event = format!(r#"{{ "Records" : [ {a} , {b}, {c} ], "x": 1 }}"#);
        let mut ruling = Guard::default().rule(event.as_bytes(), None);
        ruling.on_deny.item_failures = true;
        assert_eq!(denied(event.as_bytes(), &ruling.decision), [(1, b.as_bytes())]);
        let Remedy::Rewrite { event, report } = remedy(event.as_bytes(), &ruling) else {
            panic!("{ruling:?}")
        };
        assert_eq!(text(&event), format!(r#"{{ "Records" : [{a},{c}], "x": 1 }}"#));
        let report = report.unwrap();
        let complete = |answer: &str| String::from_utf8(report.complete(answer.as_bytes()).unwrap()).unwrap();
        let two = r#"{"itemIdentifier":"2"}"#;
        assert_eq!(complete("null"), format!(r#"{{"batchItemFailures":[{two}]}}"#));
        assert_eq!(complete(r#"{"batchItemFailures": []}"#), format!(r#"{{"batchItemFailures": [{two}]}}"#));
        assert_eq!(complete(r#"{"batchItemFailures":null}"#), format!(r#"{{"batchItemFailures":[{two}]}}"#));
        assert_eq!(complete("{}"), format!(r#"{{"batchItemFailures":[{two}]}}"#));
        let three = r#"{"batchItemFailures":[{"itemIdentifier":"3"}]}"#;
        assert_eq!(complete(three), format!(r#"{{"batchItemFailures":[{{"itemIdentifier":"3"}},{two}]}}"#));
    }

    #[test]
    fn nothing_of_a_group_overtakes_what_comes_back() {
        let record = |id: &str, group: &str, body: &str| {
            format!(
                r#"{{"messageId":"{id}","body":"{body}","attributes":{{"MessageGroupId":"{group}"}},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:r:1:q.fifo"}}"#
            )
        };
        let records = [
            record("1", "a", "fine"),
            record("2", "a", ATTACK),
            record("3", "b", "fine"),
            record("4", "a", "fine"),
        ];
        let event = format!(r#"{{"Records":[{}]}}"#, records.join(","));
        let answered = |event: &str, item_failures: bool| {
            let mut ruling = Guard::default().rule(event.as_bytes(), None);
            ruling.on_deny.item_failures = item_failures;
            remedy(event.as_bytes(), &ruling)
        };
        let left = |places: &[usize]| {
            let left: Vec<&str> = places.iter().map(|i| records[*i].as_str()).collect();
            format!(r#"{{"Records":[{}]}}"#, left.join(","))
        };
        let Remedy::Rewrite { event: got, report } = answered(&event, true) else { panic!() };
        assert_eq!(text(&got), left(&[0, 2]));
        assert_eq!(report.unwrap().items, [r#"{"itemIdentifier":"2"}"#, r#"{"itemIdentifier":"4"}"#]);
        // What is taken away for good holds nobody up, and neither does a queue without an order.
        let Remedy::Rewrite { event: got, .. } = answered(&event, false) else { panic!() };
        assert_eq!(text(&got), left(&[0, 2, 3]));
        let Remedy::Rewrite { report, .. } = answered(&event.replace(".fifo", ""), true) else { panic!() };
        assert_eq!(report.unwrap().items, [r#"{"itemIdentifier":"2"}"#]);
        // Nothing is left.
        let event = left(&[1, 3]);
        let Remedy::Respond(body) = answered(&event, true) else { panic!() };
        assert_eq!(text(&body), r#"{"batchItemFailures":[{"itemIdentifier":"2"},{"itemIdentifier":"4"}]}"#);
    }

    #[test]
    fn senders_get_what_they_understand() {
        let http = format!(
            r#"{{"httpMethod":"GET","path":"/","requestContext":{{"elb":{{}}}},"multiValueHeaders":{{}},"body":"{ATTACK}"}}"#
        );
        let Remedy::Respond(body) = answered(&http) else { panic!() };
        assert!(text(&body).contains("403 Forbidden") && text(&body).contains("multiValueHeaders"));
        let token = format!(r#"{{"type":"TOKEN","methodArn":"arn:a","authorizationToken":"{ATTACK}"}}"#);
        let Remedy::Respond(body) = answered(&token) else { panic!() };
        assert!(text(&body).contains(r#""Effect":"Deny","Resource":"arn:a""#));
        let graphql = format!(
            r#"{{"authorizationToken":"{ATTACK}","requestContext":{{"apiId":"a","queryString":"query {{ a }}"}},"requestHeaders":{{}}}}"#
        );
        assert_eq!(answered(&graphql), Remedy::Respond(br#"{"isAuthorized":false}"#.to_vec()));
        let mail = format!(
            r#"{{"Records":[{{"eventSource":"aws:ses","ses":{{"mail":{{"commonHeaders":{{"subject":"{ATTACK}"}}}}}}}}]}}"#
        );
        let stop = br#"{"disposition":"STOP_RULE_SET"}"#;
        assert_eq!(answered(&mail), Remedy::Respond(stop.to_vec()), "else the next rule gets the mail");
        let event = format!(r#"{{"detail-type":"x","source":"y","detail":{{"z":"{ATTACK}"}}}}"#);
        assert_eq!(answered(&event), Remedy::Respond(b"null".to_vec()));
        let Remedy::Fail(body) = answered(&format!(r#"{{"q":"{ATTACK}"}}"#)) else { panic!() };
        assert!(text(&body).contains(BLOCKED));
        assert!(matches!(answered("{\"a\":"), Remedy::Fail(_)), "what can't be read is denied");
    }

    #[test]
    fn kafka_batches_are_stripped_across_partitions() {
        let data = |text: &str| {
            let mut out = String::new();
            for chunk in text.as_bytes().chunks(3) {
                let n = chunk.iter().fold(0_u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
                for i in 0..4 {
                    let c = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                        [(n >> (18 - 6 * i) & 63) as usize];
                    out.push(if i <= chunk.len() { char::from(c) } else { '=' });
                }
            }
            out
        };
        let record = |text: &str| format!(r#"{{"value":"{}"}}"#, data(text));
        let (good, bad) = (record("fine"), record(ATTACK));
        let event =
            format!(r#"{{"eventSource":"aws:kafka","records":{{"a-0":[{bad}],"a-1":[{good},{bad}]}}}}"#);
        let Remedy::Rewrite { event, report } = answered(&event) else { panic!() };
        assert_eq!(
            text(&event),
            format!(r#"{{"eventSource":"aws:kafka","records":{{"a-0":[],"a-1":[{good}]}}}}"#)
        );
        assert_eq!(report, None);
    }
}
