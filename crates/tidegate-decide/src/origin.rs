//! Where an event says that it comes from, against where the contract says that it must.
//!
//! Whoever may call a function can write any envelope. Its source can still not be one that nobody declared.

use crate::json::{Item, Kind, unescape};
use crate::trigger::Trigger;
use std::borrow::Cow;
use tidegate_graph::contract::{Edge, Function, Inspect, Mode, OnDeny, Origin};

/// What the contract says about one event.
#[derive(Debug, Default)]
pub(crate) struct Verdict<'c> {
    /// Records without a declared origin, with the node that shows it.
    pub(crate) foreign: Vec<(u32, u32, &'static str)>,
    /// Set when no record has one.
    pub(crate) whole: Option<(usize, &'static str)>,
    /// How closely the rest is looked at.
    pub(crate) inspect: Inspect,
    /// Block or monitor.
    pub(crate) mode: Mode,
    /// What the edges say about an answer.
    pub(crate) on_deny: Option<OnDeny>,
    /// The edges that it came over, as far as its origin tells.
    pub(crate) edges: Vec<&'c Edge>,
    /// The edge of each record of a batch, where an edge has a condition or a schema.
    pub(crate) by_record: Vec<Option<&'c Edge>>,
}

/// The largest batch that any service delivers.
const BATCH: usize = 10_000;
/// The longest ARN or name that is compared.
const LONGEST: usize = 2048;

const NO_EDGE: &str = "the contract lets no event of this trigger start the function";
const UNDECLARED: &str = "the contract doesn't declare this source";
const NO_SOURCE: &str = "the event doesn't say where it comes from";
const DISAGREES: &str = "the event contradicts itself about where it comes from";
const BATCH_SIZE: &str = "no service delivers a batch of this size";

/// Compares an event with the edges of its function; `default` is the mode where no edge says one.
pub(crate) fn check<'c>(
    function: &'c Function,
    default: Mode,
    trigger: Trigger,
    event: Item<'_>,
) -> Verdict<'c> {
    if function.edges.is_empty() {
        // What starts it isn't known. It isn't nothing: all of the event is looked at instead.
        return Verdict { mode: default, ..Verdict::default() };
    }
    let of = |name: &str| function.edges.iter().filter(|e| e.trigger == name).collect::<Vec<_>>();
    let mut edges = of(trigger.name());
    let mut out = Verdict { mode: default, ..Verdict::default() };
    if edges.is_empty() {
        // Whoever calls a function directly passes on what it likes, envelopes of other services among it.
        edges = of(Trigger::Direct.name());
        out.settle(&edges);
        // Its shape is what whoever sent it understands.
        out.on_deny = None;
        if edges.is_empty() {
            out.whole = Some((event.offset(), NO_EDGE));
        }
        return out;
    }
    let mut used: Vec<&Edge> = Vec::new();
    if let Some(source) = source_of(trigger) {
        let records = event.field("Records").into_iter().flat_map(Item::items);
        let keep = edges.iter().any(|e| e.condition.is_some() || !e.schemas.is_empty());
        for (index, record) in records.enumerate() {
            if index >= BATCH {
                out.whole = Some((event.offset(), BATCH_SIZE));
                break;
            }
            let found = of_record(trigger, source, record).and_then(|facts| fits(&edges, &facts));
            if keep {
                out.by_record.push(found.ok());
            }
            match found {
                Ok(edge) if used.contains(&edge) => {}
                Ok(edge) => used.push(edge),
                Err((node, detail)) => {
                    out.foreign.push((u32::try_from(index).unwrap_or(u32::MAX), node, detail));
                }
            }
        }
    } else {
        match of_event(trigger, event).and_then(|facts| fits(&edges, &facts)) {
            Ok(edge) => used.push(edge),
            Err((_, detail)) => out.whole = Some((event.offset(), detail)),
        }
    }
    out.settle(if used.is_empty() { &edges } else { &used });
    out
}

/// Place of the edge that an event came over: of its first record where it is a batch. Where none fits, the first edge
/// of its trigger, since the guard denies it anyway.
pub(crate) fn edge_of(function: &Function, trigger: Trigger, event: Option<Item<'_>>) -> Option<usize> {
    let of = |name| function.edges.iter().enumerate().filter(move |(_, e)| e.trigger == name);
    let mut own = of(trigger.name());
    let Some((first, _)) = own.next() else {
        return of(Trigger::Direct.name()).map(|(place, _)| place).next();
    };
    // Most triggers have one edge: then nothing needs to be looked up in the event.
    if own.next().is_none() {
        return Some(first);
    }
    let facts = event.and_then(|event| match source_of(trigger) {
        Some(source) => of_record(trigger, source, event.field("Records")?.items().next()?).ok(),
        None => of_event(trigger, event).ok(),
    });
    let fitting = facts.and_then(|facts| of(trigger.name()).find(|(_, e)| holds(&e.origin, &facts)));
    Some(fitting.map_or(first, |(place, _)| place))
}

impl<'c> Verdict<'c> {
    /// The strictest of the edges counts for all.
    fn settle(&mut self, edges: &[&'c Edge]) {
        if edges.is_empty() {
            return;
        }
        let strict = edges.iter().any(|e| e.mode == Mode::Block);
        self.mode = if strict { Mode::Block } else { Mode::Monitor };
        // What one edge wants to be told of isn't rewritten for another.
        let redact = edges.iter().all(|e| e.on_deny.redact);
        self.on_deny = edges.first().map(|e| OnDeny { redact, ..e.on_deny.clone() });
        let full = edges.iter().any(|e| e.inspect == Inspect::Full);
        self.edges = edges.to_vec();
        self.inspect = if full { Inspect::Full } else { Inspect::Structure };
    }
}

type Wrong = (u32, &'static str);

/// What an event says about its source. Each with the node that says it.
#[derive(Debug, Default)]
struct Facts<'a> {
    /// The node to point at.
    node: u32,
    /// ARNs of the source; one of them has to fit.
    arns: Vec<Cow<'a, str>>,
    account: Option<Cow<'a, str>>,
    region: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    source: Option<Cow<'a, str>>,
    detail_type: Option<Cow<'a, str>>,
}

/// What `eventSource` says in every record of this trigger.
fn source_of(trigger: Trigger) -> Option<&'static str> {
    Some(match trigger {
        Trigger::Sqs => "aws:sqs",
        Trigger::Sns => "aws:sns",
        Trigger::S3 => "aws:s3",
        Trigger::DynamoDb => "aws:dynamodb",
        Trigger::Kinesis => "aws:kinesis",
        Trigger::Ses => "aws:ses",
        _ => return None,
    })
}

fn of_record<'a>(trigger: Trigger, source: &str, record: Item<'a>) -> Result<Facts<'a>, Wrong> {
    let here = record.index();
    let said = record.field("eventSource").or_else(|| record.field("EventSource"));
    match said {
        Some(said) if said.is_text(source) => {}
        Some(said) => return Err((said.index(), DISAGREES)),
        None => return Err((here, NO_SOURCE)),
    }
    let region = record.field("awsRegion").and_then(text);
    let mut facts = Facts { node: here, region, ..Facts::default() };
    let arn = match trigger {
        Trigger::Ses => return Ok(facts),
        Trigger::S3 => record.field("s3").and_then(|s| s.field("bucket")).and_then(|b| b.field("arn")),
        Trigger::Sns => record.field("Sns").and_then(|s| s.field("TopicArn")),
        _ => record.field("eventSourceARN"),
    };
    let Some(arn) = arn else { return Err((here, NO_SOURCE)) };
    facts.node = arn.index();
    let Some(arn) = text(arn) else { return Err((facts.node, NO_SOURCE)) };
    let agrees = match trigger {
        Trigger::S3 => {
            let bucket = record.field("s3").and_then(|s| s.field("bucket"));
            let name = bucket.and_then(|b| b.field("name")).and_then(text);
            name.is_none_or(|name| arn.splitn(6, ':').nth(5) == Some(&name))
        }
        Trigger::Sns => {
            let subscription = record.field("EventSubscriptionArn").and_then(text);
            subscription.is_none_or(|s| s.strip_prefix(&*arn).is_some_and(|rest| rest.starts_with(':')))
        }
        _ => facts.region.as_ref().is_none_or(|region| arn.split(':').nth(3) == Some(region)),
    };
    if !agrees {
        return Err((facts.node, DISAGREES));
    }
    facts.arns.push(arn);
    Ok(facts)
}

fn of_event<'a>(trigger: Trigger, event: Item<'a>) -> Result<Facts<'a>, Wrong> {
    let at = |path: &[&str]| path.iter().try_fold(event, |item, key| item.field(key)).and_then(text);
    let context = |key: &str| at(&["requestContext", key]);
    let mut facts = Facts { node: event.index(), ..Facts::default() };
    match trigger {
        Trigger::EventBridge => {
            facts.account = at(&["account"]);
            facts.region = at(&["region"]);
            facts.source = at(&["source"]);
            facts.detail_type = at(&["detail-type"]);
            let resources = event.field("resources").filter(|r| r.kind() == Kind::Array);
            facts.arns = resources.into_iter().flat_map(Item::items).take(BATCH).filter_map(text).collect();
        }
        Trigger::Kafka | Trigger::Mq | Trigger::DocumentDb => {
            facts.arns.extend(at(&["eventSourceArn"]));
        }
        Trigger::Firehose => {
            facts.arns.extend(at(&["deliveryStreamArn"]));
            facts.region = at(&["region"]);
        }
        Trigger::ApiGatewayV1 | Trigger::ApiGatewayV2 | Trigger::WebSocket => {
            facts.account = context("accountId");
            facts.id = context("apiId");
        }
        Trigger::Alb => facts.arns.extend(at(&["requestContext", "elb", "targetGroupArn"])),
        Trigger::Authorizer => facts.arns.extend(at(&["methodArn"]).or_else(|| at(&["routeArn"]))),
        Trigger::Cognito => {
            facts.region = at(&["region"]);
            facts.id = at(&["userPoolId"]);
        }
        Trigger::CustomResource => facts.arns.extend(at(&["StackId"])),
        _ => {}
    }
    Ok(facts)
}

/// The first edge that all facts fit.
fn fits<'e>(edges: &[&'e Edge], facts: &Facts<'_>) -> Result<&'e Edge, Wrong> {
    edges.iter().copied().find(|e| holds(&e.origin, facts)).ok_or((facts.node, UNDECLARED))
}

fn holds(origin: &Origin, facts: &Facts<'_>) -> bool {
    let listed = |list: &[String], fact: &Option<Cow<'_, str>>| {
        list.is_empty() || fact.as_deref().is_some_and(|fact| list.iter().any(|one| one == fact))
    };
    let arn = origin.arns.is_empty()
        || facts.arns.iter().any(|arn| origin.arns.iter().any(|pattern| arn_fits(pattern, arn)));
    arn && listed(&origin.accounts, &facts.account)
        && listed(&origin.regions, &facts.region)
        && listed(&origin.ids, &facts.id)
        && listed(&origin.sources, &facts.source)
        && listed(&origin.detail_types, &facts.detail_type)
}

/// Part by part, so that no wildcard reaches beyond the part it stands in.
fn arn_fits(pattern: &str, arn: &str) -> bool {
    let (mut patterns, mut parts) = (pattern.splitn(6, ':'), arn.splitn(6, ':'));
    (0..6).all(|_| matches!((patterns.next(), parts.next()), (Some(p), Some(part)) if glob(p, part)))
}

/// Whether a pattern of the contract fits a text: `*` against any run of characters. Case counts.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut last = None;
    for piece in pieces {
        // What stood between two wildcards is found at its first place; the last piece has to end the text.
        if let Some(before) = last.replace(piece) {
            match rest.find(before) {
                Some(at) => rest = rest.get(at + before.len()..).unwrap_or_default(),
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

/// The value of a string that is short enough to be a name.
pub(crate) fn text(item: Item<'_>) -> Option<Cow<'_, str>> {
    if item.kind() != Kind::String || item.raw().len() > LONGEST {
        return None;
    }
    if !item.is_escaped() {
        return std::str::from_utf8(item.raw()).ok().map(Cow::Borrowed);
    }
    let mut value = Vec::new();
    unescape(item.raw(), &mut value);
    String::from_utf8(value).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stay_in_their_part() {
        let fits = |arn| arn_fits("arn:aws:sqs:*:123456789012:*-orders", arn);
        assert!(fits("arn:aws:sqs:eu-west-1:123456789012:dev-orders"));
        assert!(!fits("arn:aws:sqs:eu-west-1:123456789012:dev-orders-copy"));
        assert!(!fits("arn:aws:sqs:eu-west-1:999988887777:dev-orders"));
        assert!(!fits("arn:aws:sqs:eu-west-1:x:123456789012:dev-orders"));
        assert!(!fits("arn:aws:SQS:eu-west-1:123456789012:dev-orders"));
        assert!(!fits("arn:aws:sqs:eu-west-1"));
        assert!(arn_fits("arn:*:s3:::*", "arn:aws-cn:s3:::anything"));
        assert!(!arn_fits("arn:*:s3:::a", "arn:aws:s3:eu-west-1::a"));
    }

    #[test]
    fn whoever_calls_directly_may_hand_on_any_envelope() {
        let edge = Edge {
            id: "m->f:direct".into(),
            from: "m".into(),
            trigger: "direct".into(),
            evidence: String::new(),
            origin: Origin::default(),
            exposure: tidegate_graph::Exposure::Internal,
            taint: None,
            mode: Mode::Monitor,
            inspect: Inspect::Full,
            authenticate: Vec::new(),
            condition: None,
            schemas: Vec::new(),
            replay: None,
            further_replays: Vec::new(),
            cors: None,
            on_deny: OnDeny::of(tidegate_graph::contract::Answer::Fail),
            unknown: Vec::new(),
            limits: tidegate_graph::contract::EdgeLimits::default(),
        };
        let mut function = Function {
            logical_id: "F".into(),
            name: None,
            ty: String::new(),
            exposure: tidegate_graph::Exposure::Internal,
            taint: None,
            roles: Vec::new(),
            limits: tidegate_graph::contract::Limits::default(),
            egress: Vec::new(),
            consumers: Vec::new(),
            edges: vec![edge.clone()],
            artifact: tidegate_graph::contract::Artifact::default(),
        };
        let text = br#"{"Records":[{"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:r:1:q","awsRegion":"r"}]}"#;
        let mut tape = crate::json::Tape::default();
        tape.read(text, &crate::json::Limits::default()).unwrap();
        let root = tape.root(text);
        let passed = check(&function, Mode::Block, Trigger::Sqs, root);
        assert!(passed.whole.is_none() && passed.foreign.is_empty() && passed.on_deny.is_none());
        assert_eq!(passed.mode, Mode::Monitor);
        // With an edge of its own, that one is what has to hold.
        let arns = vec!["arn:aws:sqs:r:2:q".to_string()];
        let origin = Origin { arns, ..Origin::default() };
        function.edges.push(Edge { trigger: "sqs".into(), mode: Mode::Block, origin, ..edge });
        let foreign = check(&function, Mode::Block, Trigger::Sqs, root);
        assert_eq!((foreign.foreign.len(), foreign.mode), (1, Mode::Block));
        function.edges.retain(|e| e.trigger == "sqs");
        assert!(check(&function, Mode::Block, Trigger::S3, root).whole.is_some());
        function.edges.clear();
        let unknown = check(&function, Mode::Block, Trigger::Sqs, root);
        assert!(unknown.whole.is_none() && unknown.inspect == Inspect::Full && unknown.mode == Mode::Block);
    }

    #[test]
    fn a_glob_takes_every_star() {
        assert!(glob("a*b*c", "a-b-b-c"));
        assert!(glob("*", ""));
        assert!(glob("ab*", "ab"));
        assert!(!glob("a*a", "a"));
        assert!(!glob("a*b*c", "a-c-b"));
        assert!(!glob("abc", "abcd"));
    }
}
