//! One event in, one decision out.

mod conclude;

use crate::authenticate::{self, Refusal, Request, Trust, authenticate};
use crate::condition;
use crate::cors;
use crate::decision::{Class, Decision, Verdict};
use crate::decode::Chain;
use crate::decode::inflate::Bound;
use crate::inject::Context;
use crate::json::{Item, Limits, Malformed, Tape};
use crate::notes::{self, Note, Noted};
use crate::origin;
use crate::redact::{self, Redacted};
use crate::schema;
use crate::trigger::{self, Trigger};
use crate::unfold::{Bounds, Found, Spare, Unfold, describe};
use conclude::{conclude, refuse, refused};
use std::sync::Arc;
use tidegate_graph::contract::{Answer, Contract, Cors, Edge, Function, Inspect, Mode, OnDeny, VERSION};

/// The deepest events that a contract may let in: what walks down a document takes stack for each level.
const DEEPEST: usize = 512;

/// How strict a guard is. The default inspects everything.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How JSON is read.
    pub json: Limits,
    /// The longest event, in bytes.
    pub bytes: usize,
    /// What one compressed payload may inflate to, in bytes.
    pub inflated: usize,
    /// What it may inflate to for each of its own bytes.
    pub ratio: usize,
    /// Whether [`Guard::notes`] are taken.
    pub notes: bool,
}

impl Default for Settings {
    /// Lambda takes 6 MB; eight leave room for events that come by other ways.
    fn default() -> Self {
        Self { json: Limits::default(), bytes: 8 << 20, inflated: 16 << 20, ratio: 100, notes: false }
    }
}

impl Settings {
    fn inflate(&self) -> Bound {
        Bound { bytes: self.inflated, ratio: self.ratio }
    }

    /// What a contract sets.
    ///
    /// # Errors
    /// Says why this program can't enforce it: enforced in part, it would promise what it doesn't hold.
    pub fn of(contract: &Contract) -> Result<Self, String> {
        if contract.version != VERSION {
            return Err(format!("its version is {}, not {VERSION}", contract.version));
        }
        let mut edges = contract.functions.values().flat_map(|f| &f.edges);
        if let Some(edge) = edges.find(|e| Trigger::from_name(&e.trigger).is_none()) {
            return Err(format!("there is no trigger `{}`", edge.trigger));
        }
        let defaults = &contract.defaults;
        if defaults.max_depth > DEEPEST {
            return Err(format!("its `max_depth` is {}, which is more than {DEEPEST}", defaults.max_depth));
        }
        let json = Limits { depth: defaults.max_depth, ..Limits::default() };
        Ok(Self { bytes: defaults.max_bytes, json, ..Self::default() })
    }
}

/// Decides, and keeps its buffers between events.
#[derive(Debug, Default)]
pub struct Guard {
    settings: Settings,
    tape: Tape,
    spare: Spare,
    found: Vec<Found>,
    noted: Vec<Noted>,
    notes: Vec<Note>,
    schemas: schema::Desk,
    trust: Arc<Trust>,
    now: Option<u64>,
}

/// A decision under a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// What is decided.
    pub decision: Decision,
    /// Whether it counts, or is only reported.
    pub mode: Mode,
    /// What the sender is answered when it is denied.
    pub on_deny: OnDeny,
    /// Seconds after which it may come again, when a limit denied it.
    pub retry_after: Option<u64>,
    /// What the function gets in its place, where its contract has texts that act as code replaced.
    pub redacted: Option<Redacted>,
    /// Whose pages may read the refusal.
    pub cors: Option<Cors>,
}

impl Ruling {
    pub(crate) fn plain(decision: Decision, mode: Mode) -> Self {
        let on_deny = OnDeny::of(decision.trigger.answer());
        Self { decision, mode, on_deny, retry_after: None, redacted: None, cors: None }
    }

    /// Whether the event passes whatever was decided: nobody is to be blocked, or its trigger would hang without the
    /// function's answer.
    pub fn only_reports(&self) -> bool {
        self.mode == Mode::Monitor || self.on_deny.answer == Answer::Pass && self.redacted.is_none()
    }

    /// What is decided on what was left after redacting.
    pub fn left(&self) -> &Decision {
        self.redacted.as_ref().map_or(&self.decision, |redacted| &redacted.decision)
    }
}

/// What is decided on.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The JSON text.
    pub(crate) text: &'a [u8],
    pub(crate) body: Option<&'a [u8]>,
}

impl<'a> Event<'a> {
    /// A request whose body stands beside the event, as it was sent, instead of in it as a string. It is inspected all the
    /// same, and needs to be neither escaped nor read twice. Conditions, schemas and signatures look for a body inside.
    pub fn beside(text: &'a [u8], body: &'a [u8]) -> Self {
        Self { text, body: Some(body) }
    }

    /// Bytes in all.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.body.map_or(0, <[u8]>::len)
    }
}

impl<'a> From<&'a [u8]> for Event<'a> {
    fn from(text: &'a [u8]) -> Self {
        Self { text, body: None }
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Event<'a> {
    fn from(text: &'a [u8; N]) -> Self {
        text.as_slice().into()
    }
}

impl<'a> From<&'a Vec<u8>> for Event<'a> {
    fn from(text: &'a Vec<u8>) -> Self {
        text.as_slice().into()
    }
}

/// Reasons that are given for one record.
const REASONS: usize = 4;

impl<'g, 'c> Unfold<'g, 'c> {
    fn under(
        settings: &'g Settings,
        spare: &'g mut Spare,
        found: &'g mut Vec<Found>,
        bytes: usize,
        function: Option<&'c Function>,
    ) -> Self {
        Self {
            spare,
            limits: &settings.json,
            bounds: Bounds { inflate: settings.inflate(), reasons: REASONS },
            found,
            notes: None,
            context: function.map(|function| Context::of(&function.consumers)).unwrap_or_default(),
            fields: schema::Fields::default(),
            // Twelve times over what came in covers every honest nesting of carriers.
            left: bytes.saturating_mul(12).saturating_add(settings.inflated),
            near: 0,
            done: Vec::new(),
        }
    }
}

impl Guard {
    /// A guard with these settings.
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// The same guard with secrets, and a memory of what came.
    #[must_use]
    pub fn trusting(self, trust: Arc<Trust>) -> Self {
        Self { trust, ..self }
    }

    /// Tells it the time, in milliseconds since 1970. Without it nothing passes that has to be signed with a time.
    pub fn at(&mut self, now: u64) {
        self.now = Some(now);
    }

    /// What was nearly a reason in the event that was decided on last, where the settings ask for it.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Decides on the JSON text `event`; its trigger is inferred where none is given.
    pub fn decide(&mut self, event: &[u8], trigger: Option<Trigger>) -> Decision {
        self.judge(event.into(), trigger, None).decision
    }

    /// The same with what the sender is answered.
    pub fn rule<'a>(&mut self, event: impl Into<Event<'a>>, trigger: Option<Trigger>) -> Ruling {
        self.judge(event.into(), trigger, None)
    }

    /// The same for a function under its contract: where the event comes from is compared, too. A function that the
    /// contract doesn't hold gets nothing.
    pub fn decide_for<'a>(
        &mut self,
        event: impl Into<Event<'a>>,
        trigger: Option<Trigger>,
        contract: &Contract,
        function: &str,
    ) -> Ruling {
        let mode = contract.defaults.mode;
        match contract.function(function) {
            Some(function) => self.judge(event.into(), trigger, Some((function, mode))),
            None => {
                let detail = "the contract doesn't hold this function";
                Ruling::plain(refused(trigger, Class::Origin, 0, detail), mode)
            }
        }
    }

    fn judge(
        &mut self,
        event: Event<'_>,
        trigger: Option<Trigger>,
        under: Option<(&Function, Mode)>,
    ) -> Ruling {
        // What can't be read has no origin: the strictest edge decides whether that counts.
        let mode = under.map_or(Mode::Block, |(function, mode)| match function.edges.as_slice() {
            [] => mode,
            edges if edges.iter().all(|e| e.mode == Mode::Monitor) => Mode::Monitor,
            _ => Mode::Block,
        });
        let refused = |class, at, detail| Ruling::plain(refused(trigger, class, at, detail), mode);
        if event.bytes() > self.settings.bytes {
            return refused(Class::Size, self.settings.bytes, "the event is longer than the limit");
        }
        self.notes.clear();
        let mut tape = std::mem::take(&mut self.tape);
        let ruling = match tape.read(event.text, &self.settings.json) {
            Ok(()) => self.read(&tape, event, trigger, under),
            Err(Malformed::Syntax(at)) => refused(Class::Malformed, at, "the event is not JSON"),
            Err(Malformed::Depth(at)) => refused(Class::Depth, at, "nested deeper than the limit"),
        };
        self.tape = tape;
        ruling
    }

    fn read(
        &mut self,
        tape: &Tape,
        event: Event<'_>,
        trigger: Option<Trigger>,
        under: Option<(&Function, Mode)>,
    ) -> Ruling {
        let root = tape.root(event.text);
        let trigger = trigger.unwrap_or_else(|| trigger::infer(root));
        let (mut decision, source) = self.look(tape, event, trigger, under);
        notes::conclude(root, &mut self.noted, &mut self.notes);
        let redacts = source.mode == Mode::Block && source.on_deny.as_ref().is_some_and(|on| on.redact);
        let mut redacted = match under {
            Some(under) if redacts && decision.verdict != Verdict::Allow => {
                self.redact(event, root, &decision, under)
            }
            _ => None,
        };
        let left = redacted.as_ref().map_or(&decision, |r| &r.decision).verdict;
        if let Err(refusal) = self.believe(&source.edges, trigger, root, left) {
            refuse(&mut decision, root, refusal.class(), root.offset(), refusal.detail());
            redacted = None;
        } else {
            self.believe_records(&source, root, &mut decision, redacted.as_mut());
        }
        let denied = decision.verdict != Verdict::Allow;
        let cors = if denied { cors::of_edges(source.edges.iter().copied()) } else { None };
        let ruling = Ruling { redacted, cors, ..Ruling::plain(decision, source.mode) };
        Ruling { on_deny: source.on_deny.unwrap_or_else(|| ruling.on_deny.clone()), ..ruling }
    }

    /// Everything but what the sender has to prove.
    fn look<'f>(
        &mut self,
        tape: &Tape,
        event: Event<'_>,
        trigger: Trigger,
        under: Option<(&'f Function, Mode)>,
    ) -> (Decision, origin::Verdict<'f>) {
        let root = tape.root(event.text);
        let source =
            under.map(|(function, mode)| origin::check(function, mode, trigger, root)).unwrap_or_default();
        self.found.clear();
        self.found.extend(source.foreign.iter().map(|foreign| foreign_record(*foreign)));
        self.found.extend(unmet(&source, trigger, root));
        let reach = schema::Reach { json: &self.settings.json, inflate: self.settings.inflate() };
        let mut unfold = Unfold {
            notes: self.settings.notes.then_some(&mut self.noted),
            ..Unfold::under(
                &self.settings,
                &mut self.spare,
                &mut self.found,
                event.bytes(),
                under.map(|(function, _)| function),
            )
        };
        let mut sink = schema::Sink { unfold: &mut unfold, inspect: source.inspect == Inspect::Full };
        self.schemas.compare(&source, trigger, root, &reach, &mut sink);
        unfold.fields = schema::Fields::of(&source, trigger, root, unfold.found);
        unfold.done.sort_unstable();
        if source.inspect == Inspect::Full {
            let requested = trigger.answer() == Answer::Respond;
            let bodied = || event.body.or(root.field("body").map(Item::raw)).is_some_and(|b| !b.is_empty());
            if let Some(encoding) = trigger::unread_encoding(root).filter(|_| requested && bodied()) {
                unfold.found.push(unread_body(encoding));
            }
            trigger::leaves(trigger, root, &mut |leaf| unfold.leaf(&leaf));
            if let Some(body) = event.body {
                unfold.beside(body, trigger::content_type(root));
            }
        }
        let mut decision = conclude(trigger, root, &self.found);
        for flaw in tape.flaws() {
            let (class, offset, detail) = describe(*flaw);
            refuse(&mut decision, root, class, offset, detail);
        }
        if let Some((offset, detail)) = source.whole {
            refuse(&mut decision, root, Class::Origin, offset, detail);
        }
        (decision, source)
    }

    /// The event without the texts that act as code, where something of it may pass then.
    fn redact(
        &mut self,
        event: Event<'_>,
        root: Item<'_>,
        decision: &Decision,
        under: (&Function, Mode),
    ) -> Option<Redacted> {
        let function = Some(under.0);
        let unfold = Unfold::under(&self.settings, &mut self.spare, &mut self.found, event.bytes(), function);
        let rewritten = redact::rewrite(unfold, event, root, decision)?;
        let again = Event { text: &rewritten.event, body: rewritten.body.as_deref().or(event.body) };
        let mut tape = Tape::default();
        tape.read(again.text, &self.settings.json).ok()?;
        let notes = std::mem::take(&mut self.settings.notes);
        let (left, _) = self.look(&tape, again, decision.trigger, Some(under));
        self.settings.notes = notes;
        let (event, edits) = (rewritten.event, rewritten.edits);
        (left.verdict != Verdict::Deny).then_some(Redacted { event, edits, decision: left })
    }
}

impl Guard {
    /// Whether the sender has proven what the edges ask for. What passes is remembered.
    fn believe(
        &self,
        edges: &[&Edge],
        trigger: Trigger,
        root: Item<'_>,
        left: Verdict,
    ) -> Result<(), Refusal> {
        let asking: Vec<&&Edge> =
            edges.iter().filter(|e| !e.authenticate.is_empty() || e.replays().next().is_some()).collect();
        if asking.is_empty() {
            return Ok(());
        }
        let request = Request::of(trigger, root);
        for edge in asking {
            let pending = authenticate(edge, &request, &self.trust, self.now)?;
            if left == Verdict::Allow {
                pending.settle(&self.trust, self.now.unwrap_or_default())?;
            }
        }
        Ok(())
    }
}

impl Guard {
    /// The same for each record of a batch, which came before or not.
    fn believe_records(
        &self,
        source: &origin::Verdict<'_>,
        root: Item<'_>,
        decision: &mut Decision,
        mut redacted: Option<&mut Redacted>,
    ) {
        let trigger = decision.trigger;
        if trigger::records(trigger, root) == 0 || source.edges.iter().all(|e| e.replays().next().is_none()) {
            return;
        }
        for (index, item) in (0_usize..).zip(trigger::list(trigger, root)) {
            let own = source.by_record.get(index);
            let edges = own.map_or(source.edges.as_slice(), |edge| edge.as_slice());
            let left = redacted.as_ref().map_or(&*decision, |r| &r.decision);
            let passes = left.records.get(index).is_some_and(|r| r.verdict == Verdict::Allow);
            let wrong = edges.iter().find_map(|edge| {
                let pending = authenticate::of_record(edge, item);
                let now = self.now.unwrap_or_default();
                pending.and_then(|p| if passes { p.settle(&self.trust, now) } else { Ok(()) }).err()
            });
            let Some(wrong) = wrong else { continue };
            for decision in
                [Some(&mut *decision), redacted.as_mut().map(|r| &mut r.decision)].into_iter().flatten()
            {
                refuse(decision, root, wrong.class(), item.offset(), wrong.detail());
            }
        }
    }
}

/// Records, or the event, for which the condition of their edge doesn't hold.
fn unmet(source: &origin::Verdict<'_>, trigger: Trigger, root: Item<'_>) -> Vec<Found> {
    let mut out = Vec::new();
    let mut ask = |edge: &Edge, record: u32, item: Item<'_>| {
        let Some(condition) = &edge.condition else { return };
        if let Err(detail) = condition::holds(condition, item) {
            let (within, decoded, class) = (String::new(), Chain::default(), Class::Condition);
            let node = item.index();
            out.push(Found { class, record, node, within, decoded, offset: 0, detail: detail.into() });
        }
    };
    if source.edges.iter().all(|e| e.condition.is_none()) {
        return out;
    }
    let batch = trigger::records(trigger, root) > 0;
    for (record, item) in (0..).zip(trigger::list(trigger, root)) {
        // A record from elsewhere has no edge, and is denied for that.
        let own = source.by_record.get(record as usize);
        let edges = own.map_or(source.edges.as_slice(), |edge| edge.as_slice());
        edges.iter().for_each(|edge| ask(edge, record, item));
    }
    if !batch {
        source.edges.iter().for_each(|edge| ask(edge, 0, root));
    }
    out
}

fn unread_body(encoding: Item<'_>) -> Found {
    let (within, decoded, node) = (String::new(), Chain::default(), encoding.index());
    let detail = "the body is in an encoding that is not read here, so nobody knows what it holds";
    Found { class: Class::Malformed, record: 0, node, within, decoded, offset: 0, detail: detail.into() }
}

fn foreign_record((record, node, detail): (u32, u32, &'static str)) -> Found {
    let (within, decoded) = (String::new(), Chain::default());
    Found { class: Class::Origin, record, node, within, decoded, offset: 0, detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body that only others can read is not let through unread; one that needs no reading is, and what is no encoding.
    #[test]
    fn a_body_in_an_encoding_that_is_not_read() {
        let decide = |encoding: &str, body: Option<&str>, beside: bool| {
            let head =
                format!(r#"{{"version":"2.0","rawPath":"/a","headers":{{"Content-Encoding":"{encoding}"}}"#);
            let inside =
                body.filter(|_| !beside).map(|body| format!(r#","isBase64Encoded":true,"body":"{body}""#));
            let event = format!("{head}{}}}", inside.unwrap_or_default());
            let mut guard = Guard::default();
            let text = event.as_bytes();
            match body.filter(|_| beside) {
                Some(body) => guard.rule(Event::beside(text, body.as_bytes()), Some(Trigger::ApiGatewayV2)),
                None => guard.rule(text, Some(Trigger::ApiGatewayV2)),
            }
            .decision
        };
        for encoding in ["br", "BR", "gzip, br", "compress", "dcz"] {
            for beside in [true, false] {
                let decision = decide(encoding, Some("iwKAYWJjZAM="), beside);
                assert_eq!(decision.verdict, Verdict::Deny, "{encoding}");
                assert_eq!(decision.records[0].reasons[0].class, Class::Malformed);
                assert_eq!(decision.records[0].reasons[0].pointer, "/headers/Content-Encoding");
            }
            assert_eq!(decide(encoding, None, false).verdict, Verdict::Allow, "{encoding} without a body");
        }
        for encoding in ["identity", "utf-8", "aws-chunked", "brotli-free"] {
            assert_eq!(decide(encoding, Some("aGVsbG8="), false).verdict, Verdict::Allow, "{encoding}");
        }
    }

    /// Wherever the body stands, the decision on it is the same.
    #[test]
    fn a_body_beside_its_event_is_judged_as_one_inside() {
        let head = r#""version":"2.0","rawPath":"/a","headers":{"Content-Type":"application/json"}"#;
        let mut guard = Guard::default();
        for (body, denied) in [
            (r#"{"note":"don't ring, it's late"}"#, false),
            ("plain text", false),
            (r#"{"q":["1' UNION SELECT username,password FROM users-- -"]}"#, true),
            (r#"{"a":1,"a":2}"#, true),
            (r#"{"a":{"$ne":1}}"#, true),
            ("eyJxIjoiMScgVU5JT04gU0VMRUNUIHUscCBGUk9NIHVzZXJzLS0gLSJ9", true),
        ] {
            let inside = format!("{{{head},\"body\":{}}}", serde_json::to_string(body).unwrap());
            let inside = guard.rule(inside.as_bytes(), Some(Trigger::ApiGatewayV2)).decision;
            let text = format!("{{{head}}}");
            let beside = Event::beside(text.as_bytes(), body.as_bytes());
            let beside = guard.rule(beside, Some(Trigger::ApiGatewayV2)).decision;
            assert_eq!(beside, inside, "{body}");
            assert_eq!(inside.verdict == Verdict::Deny, denied, "{body}");
        }
        let binary = Event::beside(b"{}", b"\x00\xff1' UNION SELECT username,password FROM users-- -\x00");
        assert_eq!(guard.rule(binary, Some(Trigger::ApiGatewayV2)).decision.verdict, Verdict::Deny);
        let long = vec![b'a'; 9 << 20];
        assert_eq!(guard.rule(Event::beside(b"{}", &long), None).decision.verdict, Verdict::Deny);
    }

    /// What a guard remembers of one event changes nothing about another.
    #[test]
    fn a_text_beside_an_attack_is_not_taken_for_a_quiet_one() {
        let mut guard = Guard::default();
        let mut denied = |event: &str| guard.decide(event.as_bytes(), None).verdict == Verdict::Deny;
        let (one, two) = ("' or 1 in (1)--", "' or 2 in (2)--");
        assert!(denied(&format!(r#"{{"a":"{one}","b":"{two}"}}"#)));
        assert!(denied(&format!(r#"{{"b":"{two}"}}"#)));
        assert!(!denied(r#"{"b":"or 2"}"#) && !denied(r#"{"b":"or 2"}"#));
        assert!(denied(&format!(r#"{{"b":"{one}"}}"#)));
    }
}
