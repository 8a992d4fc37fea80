//! Texts that act as code, replaced where they stand, so that what holds them can be let through.
//!
//! Replaced is the smallest value that a function reads as one: a string of a document, a value of a form. Around it the
//! event stays as it was; documents in strings, forms and Base64 are written again. Where that can't be done (a key, a path,
//! markup, multipart, something compressed or framed) nothing is replaced, and the record stays denied. Nobody has to trust
//! this: what comes out is decided on like any other event.

use crate::decision::{Class, Decision, Verdict};
use crate::decode::{base64, characters, form, inflate, markup};
use crate::guard::Event;
use crate::json::{self, Item, Tape};
use crate::named::{Names, Places, parameter};
use crate::trigger::{self, Carrier, Leaf, Place};
use crate::unfold::{Unfold, is_encoded_form};
use std::collections::BTreeSet;
use std::ops::Range;

/// What stands in the place of a text that acted as code: a word that is itself in every encoding.
pub const REDACTED: &str = "REDACTED";

/// Values in each other that are written again at most.
const DEPTH: usize = 8;

/// An event without the texts that acted as code, and what is decided on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted {
    /// The JSON text.
    pub event: Vec<u8>,
    /// What was replaced.
    pub edits: Vec<Edit>,
    /// What is decided on what is left: records that could not be redacted are denied still.
    pub decision: Decision,
}

/// A leaf of an event with what it holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// JSON pointer to it; `/body` for a body beside the event.
    pub pointer: String,
    /// Its value; with the Base64 taken off that its trigger asks for.
    pub value: Vec<u8>,
}

/// An event before what is left of it was decided on.
pub(crate) struct Rewritten {
    pub(crate) event: Vec<u8>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) edits: Vec<Edit>,
}

/// Rewrites the records that are denied for texts alone; `None` where there is nothing that could be rewritten.
pub(crate) fn rewrite(
    unfold: Unfold<'_, '_>,
    event: Event<'_>,
    root: Item<'_>,
    decision: &Decision,
) -> Option<Rewritten> {
    let acts = |class: Class| class.is_of_a_text() || class == Class::Prompt;
    let records = decision.records.iter().filter(|r| r.verdict == Verdict::Deny);
    let mut wanted: BTreeSet<u32> =
        records.filter(|r| r.reasons.iter().all(|reason| acts(reason.class))).map(|r| r.index).collect();
    if wanted.is_empty() {
        return None;
    }
    let mut redactor = Redactor { unfold };
    let mut found: Vec<New<'_>> = Vec::new();
    trigger::leaves(decision.trigger, root, &mut |leaf| {
        if wanted.contains(&leaf.record) && redactor.leaf(&leaf, &mut found).is_none() {
            wanted.remove(&leaf.record);
        }
    });
    let body = event.body.filter(|_| wanted.contains(&0)).and_then(|body| {
        let label = trigger::content_type(root);
        match redactor.unfold.denies(body, Place::Body, label) {
            Some(true) => redactor.carried(body, Place::Body, DEPTH),
            _ => None,
        }
    });
    found.retain(|new| wanted.contains(&new.record));
    if found.is_empty() && body.is_none() {
        return None;
    }
    // Leaves that two ways lead to are visited twice.
    found.sort_by_key(|new| new.item.index());
    found.dedup_by_key(|new| new.item.index());
    let nodes: Vec<u32> = found.iter().map(|new| new.item.index()).collect();
    let pointers = root.pointers_to(&nodes);
    let written = match found.as_slice() {
        [] => event.text.to_vec(),
        new => splice(event.text, new.iter().map(|new| (new.item, new.written.as_slice())))?,
    };
    let mut edits: Vec<Edit> =
        pointers.into_iter().zip(found).map(|(pointer, new)| Edit { pointer, value: new.value }).collect();
    edits.extend(body.iter().map(|body| Edit { pointer: "/body".into(), value: body.clone() }));
    Some(Rewritten { event: written, body, edits })
}

/// A leaf's new value, and how it is written.
struct New<'a> {
    record: u32,
    item: Item<'a>,
    value: Vec<u8>,
    written: Vec<u8>,
}

struct Redactor<'g, 'c> {
    unfold: Unfold<'g, 'c>,
}

impl Redactor<'_, '_> {
    /// `None` where something can't be replaced.
    fn leaf<'a>(&mut self, leaf: &Leaf<'a>, out: &mut Vec<New<'a>>) -> Option<()> {
        let (mut value, mut places) = (Vec::new(), Places::of(leaf));
        for (item, key) in leaf.item.strings() {
            value.clear();
            json::unescape(item.raw(), &mut value);
            let mut bytes = Vec::new();
            let carried = leaf.carrier == Carrier::Base64 && base64::decode(&value, &mut bytes);
            let seen = if carried { &bytes } else { &value };
            let place = places.place(item, key);
            if !self.unfold.denies(seen, place, leaf.label)? {
                continue;
            }
            let new = self.carried(seen, place, DEPTH)?;
            let written = if carried { base64::encode_like(&value, &new) } else { new.clone() };
            out.push(New { record: leaf.record, item, value: new, written });
        }
        Some(())
    }

    /// What a carrier brings may be no text at all.
    fn carried(&mut self, bytes: &[u8], place: Place, depth: usize) -> Option<Vec<u8>> {
        if std::str::from_utf8(bytes).is_err() || inflate::kind(bytes).is_some() {
            return None;
        }
        self.text(bytes, place, depth)
    }

    /// A text that is denied, without what it is denied for.
    fn text(&mut self, text: &[u8], place: Place, depth: usize) -> Option<Vec<u8>> {
        let depth = depth.checked_sub(1)?;
        let start = text.trim_ascii_start();
        if matches!(start, [b'{' | b'[' | b'"', ..]) {
            let mut tape = Tape::default();
            if tape.read(text, self.unfold.limits).is_ok() {
                return self.document(tape.root(text), text, depth);
            }
            let documents: Option<Vec<_>> = json::several(text).collect();
            let all = documents.unwrap_or_default();
            let mut are_read = |range: &Range<usize>| {
                text.get(range.clone()).is_some_and(|text| tape.read(text, self.unfold.limits).is_ok())
            };
            if !all.is_empty() && all.iter().all(&mut are_read) {
                return self.documents(&all, text, place, depth);
            }
        }
        let mut bytes = Vec::new();
        if base64::may_be(text)
            && base64::decode(text, &mut bytes)
            && base64::is_telling(&bytes)
            && self.unfold.denies(&bytes, place, b"")?
        {
            return Some(base64::encode_like(text, &self.carried(&bytes, place, depth)?));
        }
        match place {
            Place::Query => self.form(text, depth),
            _ if is_encoded_form(text) => self.form(text, depth),
            Place::Path | Place::Key | Place::ObjectKey => None,
            Place::Body if start.starts_with(b"--") => None,
            _ if markup::is_document(text) => None,
            _ => Some(REDACTED.into()),
        }
    }

    fn document(&mut self, root: Item<'_>, text: &[u8], depth: usize) -> Option<Vec<u8>> {
        let mut new = Vec::new();
        let (mut value, mut names) = (Vec::new(), Names::of(root));
        for (item, key) in root.strings() {
            value.clear();
            json::unescape(item.raw(), &mut value);
            let place = names.place(item, key);
            if self.unfold.denies(&value, place, b"")? {
                new.push((item, self.text(&value, place, depth)?));
            }
        }
        splice(text, new.iter().map(|(item, value)| (*item, value.as_slice())))
    }

    /// Documents one after the other, with what stands between them.
    fn documents(
        &mut self,
        all: &[Range<usize>],
        text: &[u8],
        place: Place,
        depth: usize,
    ) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(text.len());
        let mut from = 0;
        for range in all {
            let document = text.get(range.clone())?;
            if self.unfold.denies(document, place, b"")? {
                out.extend_from_slice(text.get(from..range.start)?);
                out.extend_from_slice(&self.text(document, place, depth)?);
                from = range.end;
            }
        }
        out.extend_from_slice(text.get(from..)?);
        Some(out)
    }

    fn form(&mut self, text: &[u8], depth: usize) -> Option<Vec<u8>> {
        let mut any = false;
        let mut out = Vec::with_capacity(text.len());
        let mut decoded = Vec::new();
        for (n, part) in text.split(|b| *b == b'&').enumerate() {
            if n > 0 {
                out.push(b'&');
            }
            let (name, value) = form::pairs(part).next().unwrap_or_default();
            decoded.clear();
            characters::decode(name, true, &mut decoded);
            if self.unfold.denies(&decoded, Place::Key, b"")? {
                return None;
            }
            let place = parameter(name);
            decoded.clear();
            characters::decode(value, true, &mut decoded);
            if self.unfold.denies(&decoded, place, b"")? {
                any = true;
                out.extend_from_slice(part.strip_suffix(value)?);
                form::encode(&self.text(&decoded, place, depth)?, &mut out);
            } else {
                out.extend_from_slice(part);
            }
        }
        any.then_some(out)
    }
}

/// `text` with new values for some of its strings, which come in their order; `None` where there are none.
fn splice<'a>(text: &[u8], new: impl Iterator<Item = (Item<'a>, &'a [u8])>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for (item, value) in new {
        out.extend_from_slice(text.get(from..item.offset())?);
        json::escape(value, &mut out);
        from = item.offset() + item.raw().len();
    }
    out.extend_from_slice(text.get(from..)?);
    (from > 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remedy::{Remedy, remedy};
    use crate::{Guard, Ruling, Trigger};
    use tidegate_graph::contract::{Contract, Mode};

    const ATTACK: &str = "1' UNION SELECT username, password FROM users-- -";

    /// One function `f`, fed by what `trigger` names.
    fn contract(trigger: &str, answer: &str, more: &str) -> Contract {
        let text = format!(
            r#"{{"version":1,"graph_digest":"","compiled_by":"","defaults":{{"account":null,"region":null,
            "mode":"block","on_error":"closed","max_bytes":1000000,"max_depth":64}},"functions":{{"f":{{"logical_id":"f",
            "name":"f","type":"AWS::Lambda::Function","exposure":"anonymous","taint":0,"roles":[],"limits":{{}},"egress":[],
            "edges":[{{"id":"e","from":"x","trigger":"{trigger}","evidence":"","origin":{{"arns":[],"accounts":[],"regions":[],
            "ids":[],"sources":[],"detail_types":[]}},"exposure":"anonymous","taint":0,"mode":"block","inspect":"full",
            "on_deny":{{"answer":"{answer}","redact":true}},"unknown":[]{more}}}]}}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn ruling(event: &str, trigger: Trigger, contract: &Contract) -> Ruling {
        Guard::default().decide_for(event.as_bytes(), Some(trigger), contract, "f")
    }

    /// What the function gets; `None` where it isn't called.
    fn got(event: &str, trigger: Trigger, answer: &str) -> Option<String> {
        let ruling = ruling(event, trigger, &contract(trigger.name(), answer, ""));
        assert_ne!(ruling.decision.verdict, Verdict::Allow, "{event}");
        match remedy(event.as_bytes(), &ruling) {
            Remedy::Rewrite { event, .. } => Some(String::from_utf8(event).unwrap()),
            _ => None,
        }
    }

    fn string(text: &str) -> String {
        serde_json::to_string(text).unwrap()
    }

    #[test]
    fn the_smallest_value_around_the_text_is_replaced() {
        let body = |body: &str| format!(r#"{{"rawPath":"/a", "headers":{{}}, "body":{}}}"#, string(body));
        let of = |text: &str| got(&body(text), Trigger::ApiGatewayV2, "respond");
        let note = |note: &str| format!(r#"{{ "id": 1.50, "tags":["a\u0062"], "note":{} }}"#, string(note));
        assert_eq!(of(&note(ATTACK)), Some(body(&note(REDACTED))), "one string of a document");
        assert_eq!(
            of(&note(&note(ATTACK))),
            Some(body(&note(&note(REDACTED)))),
            "of a document in a document"
        );
        assert_eq!(
            of("a=b&q=1%27+UNION+SELECT+a,b+FROM+t--+-&c"),
            Some(body("a=b&q=REDACTED&c")),
            "of a form"
        );
        assert_eq!(
            of("a=b&url=localhost:6379"),
            Some(body("a=b&url=REDACTED")),
            "what its name makes an address"
        );
        assert_eq!(
            of(r#"{"url":"localhost:6379","referrer":"http://localhost:3000/"}"#),
            Some(body(r#"{"url":"REDACTED","referrer":"http://localhost:3000/"}"#)),
            "and nothing that was only seen"
        );
        assert_eq!(of(ATTACK), Some(body(REDACTED)), "a text");
        let lines = |note: &str| format!("{{\"a\":1}}\n {{\"note\":{}}},\n[2]\n", string(note));
        assert_eq!(of(&lines(ATTACK)), Some(body(&lines(REDACTED))), "of one of several documents");
        let base64 = |text: &str| {
            let mut out = Vec::new();
            out.extend(base64::encode_like(b"AA==", text.as_bytes()));
            String::from_utf8(out).unwrap()
        };
        assert_eq!(of(&base64(&note(ATTACK))), Some(body(&base64(&note(REDACTED)))), "Base64 of a document");
    }

    #[test]
    fn what_cannot_be_replaced_stays_denied() {
        let body = |body: &str| format!(r#"{{"rawPath":"/a","headers":{{}},"body":{}}}"#, string(body));
        for text in [
            format!("{{{}:1}}", string(ATTACK)),
            format!("<order><note>{ATTACK}</note></order>"),
            r#"{"__proto__":{"admin":true}}"#.to_string(),
            r#"{"a":1,"a":2}"#.to_string(),
            format!("{{\"a\":1,\"a\":2,\"b\":{}}}", string(ATTACK)),
        ] {
            assert_eq!(got(&body(&text), Trigger::ApiGatewayV2, "respond"), None, "{text}");
        }
        let path = r#"{"rawPath":"/files/../../../../etc/passwd","headers":{}}"#;
        assert_eq!(got(path, Trigger::ApiGatewayV2, "respond"), None);
    }

    #[test]
    fn of_a_batch_some_records_are_redacted_and_some_taken_out() {
        let record = |id: &str, body: &str| {
            format!(
                r#"{{"messageId":"{id}","body":{},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-west-1:1:q","awsRegion":"eu-west-1"}}"#,
                string(body)
            )
        };
        let batch = |records: &[String]| format!(r#"{{"Records":[{}]}}"#, records.join(","));
        let event = batch(&[
            record("1", "fine"),
            record("2", ATTACK),
            record("3", &format!("<a><b>{ATTACK}</b></a>")),
            record("4", &format!("{{\"a\":{}}}", string(ATTACK))),
        ]);
        let left = batch(&[record("1", "fine"), record("2", REDACTED), record("4", r#"{"a":"REDACTED"}"#)]);
        assert_eq!(got(&event, Trigger::Sqs, "strip"), Some(left));
    }

    #[test]
    fn a_carrier_stays_what_it_was() {
        let encode = |text: &str| String::from_utf8(base64::encode_like(b"AA==", text.as_bytes())).unwrap();
        let event = |data: &str| {
            format!(
                r#"{{"Records":[{{"kinesis":{{"data":"{}","partitionKey":"a"}},"eventSource":"aws:kinesis","eventSourceARN":"arn:aws:kinesis:eu-west-1:1:stream/s","awsRegion":"eu-west-1"}}]}}"#,
                encode(data)
            )
        };
        assert_eq!(got(&event(ATTACK), Trigger::Kinesis, "strip"), Some(event(REDACTED)));
    }

    #[test]
    fn what_is_wrong_in_another_way_stays_wrong() {
        let event = format!(r#"{{"rawPath":"/a","headers":{{}},"body":{}}}"#, string(ATTACK));
        let mut contract = contract("apigw-v2", "respond", "");
        let watched = ruling(&event, Trigger::ApiGatewayV2, &contract);
        assert!(watched.redacted.is_some());
        let never = serde_json::from_str(r#"{"source":"false","ir":{"bool":false}}"#).unwrap();
        contract.functions.get_mut("f").unwrap().edges[0].condition = Some(never);
        assert_eq!(ruling(&event, Trigger::ApiGatewayV2, &contract).redacted, None);
        contract.functions.get_mut("f").unwrap().edges[0].condition = None;
        contract.functions.get_mut("f").unwrap().edges[0].mode = Mode::Monitor;
        let watched = ruling(&event, Trigger::ApiGatewayV2, &contract);
        assert_eq!(watched.redacted, None, "who only watches changes nothing");
    }

    mod laws {
        use super::*;
        use proptest::prelude::*;

        fn value() -> impl Strategy<Value = serde_json::Value> {
            let text = prop_oneof![
                "[a-z ']{0,12}",
                "[ -~]{0,24}",
                Just(ATTACK.to_string()),
                Just("a=1&q=%3Cscript%3Ealert(1)%3C/script%3E".to_string()),
                Just("<p onclick=alert(1)>".to_string()),
                Just("../../../../etc/passwd".to_string()),
            ];
            let leaf = prop_oneof![text.prop_map(serde_json::Value::from), any::<i32>().prop_map(Into::into)];
            leaf.prop_recursive(4, 24, 4, |inner| {
                prop_oneof![
                    proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                    proptest::collection::btree_map("[a-z]{1,4}", inner.clone(), 0..4)
                        .prop_map(|map| map.into_iter().collect()),
                    inner.clone().prop_map(|v| v.to_string().into()),
                    inner.prop_map(|v| {
                        let text = base64::encode_like(b"AA==", v.to_string().as_bytes());
                        String::from_utf8(text).unwrap().into()
                    }),
                ]
            })
        }

        proptest! {
            /// Nothing is let through that would not have been by itself, and what was fine stays as it was.
            #[test]
            fn what_is_left_is_allowed_by_itself(body in value()) {
                let event = serde_json::json!({"rawPath": "/a", "headers": {}, "body": body.to_string()}).to_string();
                let contract = contract("apigw-v2", "respond", "");
                let ruling = ruling(&event, Trigger::ApiGatewayV2, &contract);
                match (ruling.decision.verdict, ruling.redacted) {
                    (Verdict::Allow, redacted) => prop_assert_eq!(redacted, None),
                    (_, None) => {}
                    (_, Some(redacted)) => {
                        let again = Guard::default().decide(&redacted.event, Some(Trigger::ApiGatewayV2));
                        prop_assert_eq!(again.verdict, Verdict::Allow);
                        prop_assert_ne!(&redacted.event, event.as_bytes());
                    }
                }
            }
        }
    }

    #[test]
    fn a_body_beside_its_event_is_redacted_too() {
        let contract = contract("apigw-v2", "respond", "");
        let body = format!("{{\"note\":{}}}", string(ATTACK));
        let event = Event::beside(br#"{"rawPath":"/a","headers":{}}"#, body.as_bytes());
        let ruling = Guard::default().decide_for(event, Some(Trigger::ApiGatewayV2), &contract, "f");
        let redacted = ruling.redacted.unwrap();
        assert_eq!(redacted.decision.verdict, Verdict::Allow);
        let edit = Edit { pointer: "/body".into(), value: br#"{"note":"REDACTED"}"#.to_vec() };
        assert_eq!(redacted.edits, [edit]);
    }
}
