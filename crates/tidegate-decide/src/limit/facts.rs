//! What an event is counted by: how long it is, how many records it has, how far it came, who sent it.

use super::hops;
use crate::json::{Item, Kind, Limits, Tape};
use crate::trigger::{self, Trigger};
use tidegate_graph::contract::Caller;

/// Records of a batch whose senders are looked at.
const BATCH: usize = 10_000;

/// What an event is counted by.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Its trigger.
    pub trigger: Trigger,
    /// Its length.
    pub bytes: u64,
    /// Its records; 1 where it is no batch.
    pub records: u64,
    /// Functions it has passed before.
    pub hops: u64,
    /// Who sent it.
    pub who: Who<'a>,
}

/// Who sent an event.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// What the event itself says; services write it, not senders.
    Event(Item<'a>),
    /// What a front end knows.
    Known {
        /// The address it comes from.
        source_ip: Option<&'a [u8]>,
        /// Whoever is logged in.
        principal: Option<&'a [u8]>,
        /// The key of the API.
        api_key: Option<&'a [u8]>,
    },
}

impl<'a> Facts<'a> {
    /// Reads them from the JSON text of an event; its trigger is inferred where none is given. `None` for what can't be
    /// read, which the guard denies.
    pub fn read(event: &'a [u8], trigger: Option<Trigger>, tape: &'a mut Tape) -> Option<Self> {
        tape.read(event, &Limits { depth: 1 << 12, ..Limits::default() }).ok()?;
        let root = tape.root(event);
        let trigger = trigger.unwrap_or_else(|| trigger::infer(root));
        Some(Self {
            trigger,
            bytes: event.len() as u64,
            records: u64::from(trigger::records(trigger, root).max(1)),
            hops: hops::of_event(trigger, root),
            who: Who::Event(root),
        })
    }

    /// The same for an event whose length is `bytes`, part of which wasn't read.
    #[must_use]
    pub fn with_bytes(self, bytes: usize) -> Self {
        Self { bytes: bytes as u64, ..self }
    }

    /// The same with what the trace header tells that Lambda gives to the runtime.
    #[must_use]
    pub fn with_trace(self, header: &str) -> Self {
        Self { hops: self.hops.max(hops::of_lineage(header)), ..self }
    }

    /// Calls `each` with every sender, one after the other as long as it answers well; nobody known is one sender.
    pub(super) fn callers<E>(
        &self,
        by: Caller,
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let root = match self.who {
            Who::Event(root) => root,
            Who::Known { source_ip, principal, api_key } => {
                let known = match by {
                    Caller::SourceIp => source_ip,
                    Caller::Principal => principal,
                    Caller::ApiKey => api_key,
                };
                return each(known.unwrap_or_default());
            }
        };
        let records = root.field("Records").into_iter().flat_map(Item::items).take(BATCH);
        let mut last: Option<&[u8]> = None;
        for record in records {
            let caller = text(of_record(self.trigger, by, record)).unwrap_or_default();
            // One event of one sender is one event, however many records it has.
            if last != Some(caller) {
                each(caller)?;
            }
            last = Some(caller);
        }
        if last.is_none() {
            each(of_event(self.trigger, by, root).unwrap_or_default())?;
        }
        Ok(())
    }
}

fn of_record<'a>(trigger: Trigger, by: Caller, record: Item<'a>) -> Option<Item<'a>> {
    let path: &[&str] = match (trigger, by) {
        (Trigger::Sqs, Caller::Principal) => &["attributes", "SenderId"],
        (Trigger::S3, Caller::SourceIp) => &["requestParameters", "sourceIPAddress"],
        (Trigger::S3, Caller::Principal) => &["userIdentity", "principalId"],
        (Trigger::Ses, Caller::Principal) => &["ses", "mail", "source"],
        _ => return None,
    };
    at(record, path)
}

fn of_event<'a>(trigger: Trigger, by: Caller, event: Item<'a>) -> Option<&'a [u8]> {
    let first = |paths: &[&[&str]]| paths.iter().find_map(|path| text(at(event, path)));
    match (trigger, by) {
        (Trigger::Alb, Caller::SourceIp) => forwarded(event),
        (_, Caller::SourceIp) => first(&[
            &["requestContext", "http", "sourceIp"],
            &["requestContext", "identity", "sourceIp"],
            &["requestContext", "identity", "sourceVpcArn"],
            &["callerContext", "sourceIp"],
        ])
        .or_else(|| text(at(event, &["identity", "sourceIp"])?.items().next())),
        (Trigger::Cognito, Caller::Principal) => first(&[&["userName"]]),
        (Trigger::EventBridge, Caller::Principal) => first(&[&["account"]]),
        (_, Caller::Principal) => first(&[
            &["requestContext", "authorizer", "jwt", "claims", "sub"],
            &["requestContext", "authorizer", "claims", "sub"],
            &["requestContext", "authorizer", "iam", "userArn"],
            &["requestContext", "authorizer", "principalId"],
            &["requestContext", "identity", "userArn"],
            &["requestContext", "identity", "cognitoIdentityId"],
            &["requestContext", "identity", "principal"],
            &["identity", "sub"],
            &["identity", "userArn"],
        ]),
        (_, Caller::ApiKey) => {
            first(&[&["requestContext", "identity", "apiKeyId"], &["requestContext", "identity", "apiKey"]])
        }
    }
}

/// The load balancer appends the address that it saw; what stands before it came with the request.
fn forwarded(event: Item<'_>) -> Option<&[u8]> {
    let is = |key: Item<'_>| key.plain().is_some_and(|k| k.eq_ignore_ascii_case(b"x-forwarded-for"));
    let one = event.field("headers").and_then(|h| h.entries().find(|(k, _)| is(*k))).map(|(_, v)| v);
    let many = || {
        let list = event.field("multiValueHeaders")?.entries().find(|(k, _)| is(*k))?.1;
        list.items().last()
    };
    let all = text(one.or_else(many))?;
    all.rsplit(|b| *b == b',').next().map(<[u8]>::trim_ascii).filter(|last| !last.is_empty())
}

fn at<'a>(item: Item<'a>, path: &[&str]) -> Option<Item<'a>> {
    path.iter().try_fold(item, |item, key| item.field(key))
}

/// The text as JSON wrote it: for telling callers apart that is enough, since one service writes it one way.
fn text(item: Option<Item<'_>>) -> Option<&[u8]> {
    item.filter(|i| i.kind() == Kind::String && !i.raw().is_empty()).map(Item::raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callers(event: &str, by: Caller) -> Vec<String> {
        let mut tape = Tape::default();
        let facts = Facts::read(event.as_bytes(), None, &mut tape).unwrap();
        let mut out = Vec::new();
        let all = facts.callers(by, |caller| {
            out.push(String::from_utf8(caller.to_vec()).unwrap());
            Ok::<(), ()>(())
        });
        assert!(all.is_ok());
        out
    }

    #[test]
    fn callers_are_told_apart_by_what_the_service_wrote() {
        let http = r#"{"version":"2.0","rawPath":"/","headers":{"x-forwarded-for":"6.6.6.6"},"requestContext":
            {"http":{"method":"GET","path":"/","sourceIp":"192.0.2.7"},"authorizer":{"jwt":{"claims":{"sub":"ann"}}}}}"#;
        assert_eq!(callers(http, Caller::SourceIp), ["192.0.2.7"]);
        assert_eq!(callers(http, Caller::Principal), ["ann"]);
        assert_eq!(callers(http, Caller::ApiKey), [""], "nobody known is one caller");
        let alb = r#"{"httpMethod":"GET","path":"/","requestContext":{"elb":{"targetGroupArn":"x"}},
            "headers":{"X-Forwarded-For":"6.6.6.6, 192.0.2.9"}}"#;
        assert_eq!(callers(alb, Caller::SourceIp), ["192.0.2.9"], "what was sent along doesn't count");
        let record = |id: &str| {
            format!(
                r#"{{"messageId":"1","eventSource":"aws:sqs","body":"x","attributes":{{"SenderId":"{id}"}}}}"#
            )
        };
        let batch = format!(r#"{{"Records":[{},{},{}]}}"#, record("a"), record("a"), record("b"));
        assert_eq!(callers(&batch, Caller::Principal), ["a", "b"], "every sender of a batch counts");
    }
}
