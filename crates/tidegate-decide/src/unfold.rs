//! Follows a leaf through everything that wraps it, and has each text inspected that comes to light.
//!
//! Bounded three ways: the steps in a row ([`Chain::MOST`]), the bytes looked at in all, and the bytes that inflating may
//! give. Reaching a bound is a reason to deny, never a silent stop.

mod guess;
mod parts;
mod report;

use crate::bytes;
use crate::decision::Class;
use crate::decode::inflate::{Bound, Inflated};
use crate::decode::{Chain, Step, base64, characters, framing, inflate};
use crate::inject::{self, ByteSet, Context, Text};
use crate::json::{self, Item, Malformed, Tape};
use crate::named::{Names, Places};
use crate::notes::Noted;
use crate::quiet::Quiet;
use crate::schema::{self, Fields, Way};
use crate::token::Parties;
use crate::trigger::{Carrier, Leaf, Place};
use std::borrow::Cow;
use tidegate_graph::contract::field::{Kind, Said};

pub(crate) use parts::is_encoded_form;
pub(crate) use report::describe;

/// Buffers that are kept between events, so that a busy guard allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    bytes: Vec<Vec<u8>>,
    tapes: Vec<Tape>,
    quiet: Quiet,
}

/// A reason before its place is spelled out.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) class: Class,
    pub(crate) record: u32,
    /// Node of the event.
    pub(crate) node: u32,
    pub(crate) within: String,
    pub(crate) decoded: Chain,
    pub(crate) offset: usize,
    pub(crate) detail: Cow<'static, str>,
}

/// Notes that are taken on an event at most.
const MOST_NOTES: usize = 64;

/// Stands for the node of a body that is in no event.
pub(crate) const BESIDE: u32 = u32::MAX;

/// How far looking goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) inflate: Bound,
    /// Reasons a record at most.
    pub(crate) reasons: usize,
}

/// Where a text comes from.
#[derive(Clone, Copy)]
struct Origin<'a> {
    record: u32,
    node: u32,
    place: Place,
    label: &'a [u8],
    /// What a schema says of it.
    said: Option<&'a Said>,
    /// Nobody said that it is Base64: a number made at random is, too.
    guessed: bool,
}

pub(crate) struct Unfold<'g, 'c> {
    pub(crate) spare: &'g mut Spare,
    pub(crate) limits: &'g json::Limits,
    pub(crate) bounds: Bounds,
    pub(crate) found: &'g mut Vec<Found>,
    /// What moved the bar, if somebody asks.
    pub(crate) notes: Option<&'g mut Vec<Noted>>,
    /// What is known of the function.
    pub(crate) context: Context<'c>,
    /// What schemas say of the texts.
    pub(crate) fields: Fields<'c>,
    /// Bytes that may still be looked at.
    pub(crate) left: usize,
    /// Texts so far in which something nearly acted as code.
    pub(crate) near: usize,
    /// Nodes whose payload was inspected value by value, in order.
    pub(crate) done: Vec<u32>,
}

impl Unfold<'_, '_> {
    /// Inspects a leaf of the event with all that it holds.
    pub(crate) fn leaf(&mut self, leaf: &Leaf<'_>) {
        let origin = Origin {
            record: leaf.record,
            node: leaf.item.index(),
            place: leaf.place,
            label: leaf.label,
            said: None,
            guessed: false,
        };
        if leaf.carrier == Carrier::Bytes {
            let mut bytes = self.buffer();
            bytes.extend(
                leaf.item.items().filter_map(|n| std::str::from_utf8(n.raw()).ok()?.parse::<u8>().ok()),
            );
            self.bytes(&bytes, origin, Chain::default());
            return self.give_back(bytes);
        }
        if leaf.item.kind() != json::Kind::String {
            self.keys(leaf.item, origin, Chain::default());
        }
        let mut places = Places::of(leaf);
        for (item, key) in leaf.item.strings() {
            let place = places.place(item, key);
            if self.done.binary_search(&item.index()).is_ok() {
                continue;
            }
            let said = if key { None } else { self.fields.at(origin.record, item.index()) };
            let origin = Origin { node: item.index(), place, said, ..origin };
            self.string(item, origin, Chain::default(), leaf.carrier);
        }
    }

    /// Inspects a body that stands beside the event.
    pub(crate) fn beside(&mut self, body: &[u8], content_type: &[u8]) {
        let origin = Origin {
            record: 0,
            node: BESIDE,
            place: Place::Body,
            label: content_type,
            said: None,
            guessed: false,
        };
        self.body(body, origin);
    }

    fn body(&mut self, body: &[u8], origin: Origin<'_>) {
        match std::str::from_utf8(body) {
            Ok(_) => self.text(body, origin, Chain::default()),
            Err(_) => self.bytes(body, origin, Chain::default()),
        }
    }

    /// Whether what a leaf holds is denied by itself; `None` where that is for more than for a text that acts as code.
    pub(crate) fn denies(&mut self, value: &[u8], place: Place, label: &[u8]) -> Option<bool> {
        self.found.clear();
        self.body(value, Origin { record: 0, node: 0, place, label, said: None, guessed: false });
        let mut denied = self.found.iter().filter(|f| f.class != Class::Prompt).peekable();
        let any = denied.peek().is_some();
        denied.all(|f| f.class.is_of_a_text()).then_some(any)
    }

    /// Inspects a value of a binary payload.
    pub(crate) fn field(
        &mut self,
        (record, node): (u32, u32),
        chain: Chain,
        way: Way<'_>,
        leaf: schema::Leaf<'_>,
    ) {
        let origin = Origin { record, node, place: Place::Field, label: b"", said: None, guessed: false };
        let before = self.found.len();
        match leaf {
            schema::Leaf::Text(text) => self.text(text.as_bytes(), origin, chain),
            schema::Leaf::Bytes(bytes) | schema::Leaf::Unknown(bytes) => self.bytes(bytes, origin, chain),
            _ => return,
        }
        for found in self.found.iter_mut().skip(before) {
            found.within.insert_str(0, &way.to_string());
        }
    }

    fn string(&mut self, item: Item<'_>, origin: Origin<'_>, chain: Chain, carrier: Carrier) {
        // What the schema leaves room for is no code. Whoever wants to know what that spared looks all the same.
        if self.notes.is_none() && origin.said.is_some_and(|said| said.is == Kind::Pinned) {
            return;
        }
        if !item.is_escaped() {
            return self.value(item.raw(), origin, chain, carrier);
        }
        let mut value = self.buffer();
        json::unescape(item.raw(), &mut value);
        self.value(&value, origin, chain, carrier);
        self.give_back(value);
    }

    fn value(&mut self, value: &[u8], origin: Origin<'_>, chain: Chain, carrier: Carrier) {
        if carrier == Carrier::Base64 {
            let mut bytes = self.buffer();
            if base64::decode(value, &mut bytes) {
                if let Some(chain) = self.step(chain, Step::Base64, origin) {
                    self.bytes(&bytes, origin, chain);
                }
                return self.give_back(bytes);
            }
            self.give_back(bytes);
        }
        self.text(value, origin, chain);
    }

    /// Bytes that may be anything: compressed, framed, text, or binary with text in it.
    fn bytes(&mut self, bytes: &[u8], origin: Origin<'_>, chain: Chain) {
        if let Some(hit) = inject::binary(bytes) {
            return self.report(hit.class, origin, chain, hit.at, hit.why);
        }
        if let Some(kind) = inflate::kind(bytes)
            && self.inflated(kind, bytes, origin, chain)
        {
            return;
        }
        let odd = !base64::is_telling(bytes) || memchr::memchr(0, bytes).is_some();
        if odd && self.bare(bytes, origin, chain) {
            return;
        }
        if let Some(records) = framing::aggregated(bytes) {
            let Some(chain) = self.step(chain, Step::Framing, origin) else { return };
            for record in records {
                self.bytes(record, origin, chain);
            }
            return;
        }
        if let Some((payload, compressed)) = framing::registry(bytes) {
            let Some(chain) = self.step(chain, Step::Framing, origin) else { return };
            if compressed && self.inflated(Step::Zlib, payload, origin, chain) {
                return;
            }
            return self.readable(payload, origin, chain);
        }
        self.readable(bytes, origin, chain);
    }

    fn readable(&mut self, bytes: &[u8], origin: Origin<'_>, chain: Chain) {
        let control = |b: u8| (b < 0x20) & (b != b'\t') & (b != b'\n') & (b != b'\r');
        let text = bytes::position(bytes, control).is_none();
        // A few bytes that are no characters spoil no text.
        if text && (std::str::from_utf8(bytes).is_ok() || framing::is_mostly_text(bytes, origin.guessed)) {
            return self.text(bytes, origin, chain);
        }
        // JSON parsers refuse control characters, so a document that holds some is none; its strings are looked at.
        let Some(chain) = self.step(chain, Step::Framing, origin) else { return };
        for run in framing::runs(bytes, origin.guessed) {
            self.text(run, origin, chain);
        }
    }

    /// False when nothing at all came out, so that the bytes are better read as they are.
    fn inflated(&mut self, kind: Step, bytes: &[u8], origin: Origin<'_>, chain: Chain) -> bool {
        let mut out = self.buffer();
        let end = inflate::inflate(kind, bytes, self.bounds.inflate, &mut out);
        if end == Inflated::Bomb {
            self.report(Class::Ratio, origin, chain, 0, "inflates beyond the limit");
        } else if let Some(chain) = self.step(chain, kind, origin) {
            self.bytes(&out, origin, chain);
        }
        let any = !out.is_empty();
        self.give_back(out);
        any || end == Inflated::Whole
    }

    fn text(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) {
        if text.is_empty() || self.is_full(origin.record) {
            return;
        }
        let Some(left) = self.left.checked_sub(text.len()) else {
            return self.report(Class::Ratio, origin, chain, 0, "decodes to more text than the limit allows");
        };
        self.left = left;
        if origin.place == Place::Post {
            return self.post(text, Origin { place: Place::Field, ..origin }, chain);
        }
        if !origin.label.is_empty() {
            return self.header(text, origin, chain);
        }
        let Some(slot) = Quiet::slot(text, origin.place) else { return self.whole(text, origin, chain) };
        if self.spare.quiet.holds(slot, text, origin.place) {
            return;
        }
        let before = self.near;
        self.whole(text, origin, chain);
        // Of each class one reason a record is given: beside one, a text that gave none may have had one. What nearly gave
        // one may give it under another contract.
        if self.of(origin.record).next().is_none() && self.near == before {
            self.spare.quiet.keep(slot, text, origin.place);
        }
    }

    /// A text that has a name: clients send the same headers with every request.
    fn header(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) {
        let place = origin.place;
        let first = chain.is_empty() && place != Place::Body;
        let slot = if first { Quiet::header_slot(origin.label, text) } else { None };
        let Some(slot) = slot else { return self.whole(text, origin, chain) };
        let known = self.spare.quiet.holds_header(slot, origin.label, text, place);
        if let Some(left) = known.and_then(|cost| self.left.checked_sub(cost)) {
            self.left = left;
            return;
        }
        let (before, near) = (self.left, self.near);
        self.whole(text, origin, chain);
        if self.of(origin.record).next().is_none() && self.near == near {
            self.spare.quiet.keep_header(slot, origin.label, text, place, before - self.left);
        }
    }

    fn whole(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) {
        if self.json(text, origin, chain) {
            return;
        }
        self.carried(text, origin, chain);
        if origin.place == Place::Body
            && text.trim_ascii_start().starts_with(b"--")
            && self.multipart(text, origin, chain)
        {
            return;
        }
        if self.parts(text, origin, chain) {
            return;
        }
        self.inspect(text, origin, chain);
        self.characters(text, origin, chain);
    }

    /// Reads `text` as JSON if it is; false when it isn't.
    fn json(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) -> bool {
        if !matches!(text.trim_ascii_start(), [b'{' | b'[' | b'"', ..]) {
            return false;
        }
        let mut tape = self.spare.tapes.pop().unwrap_or_default();
        let read = tape.read(text, self.limits);
        let is_json = match read {
            Ok(()) => {
                if chain.count(Step::Json) >= Chain::DOCUMENTS {
                    self.report(
                        Class::Depth,
                        origin,
                        chain,
                        0,
                        "documents in strings, deeper than the limit",
                    );
                } else if let Some(chain) = self.step(chain, Step::Json, origin) {
                    self.document(&tape, text, origin, chain);
                }
                true
            }
            Err(Malformed::Depth(at)) => {
                self.report(Class::Depth, origin, chain, at, "nested deeper than the limit");
                true
            }
            Err(Malformed::Syntax(at)) => at > 1 && self.documents(&mut tape, text, origin, chain),
        };
        self.spare.tapes.push(tape);
        is_json
    }

    /// Documents one after the other, each on its line or not, as streams deliver them; false when it is anything else.
    fn documents(&mut self, tape: &mut Tape, text: &[u8], origin: Origin<'_>, chain: Chain) -> bool {
        let all = || json::several(text).map(|range| text.get(range?));
        if all().any(|document| document.is_none_or(|d| tape.read(d, self.limits).is_err())) {
            return false;
        }
        let Some(chain) = self.step(chain, Step::Json, origin) else { return true };
        for document in all().flatten() {
            if tape.read(document, self.limits).is_ok() {
                self.document(tape, document, origin, chain);
            }
        }
        true
    }

    fn document(&mut self, tape: &Tape, text: &[u8], origin: Origin<'_>, chain: Chain) {
        for flaw in tape.flaws() {
            let (class, offset, detail) = describe(*flaw);
            self.report(class, origin, chain, offset, detail);
        }
        let root = tape.root(text);
        self.keys(root, origin, chain);
        // The payload itself, not what one of its texts holds.
        let payload = chain.count(Step::Json) == 1 && self.fields.carries(origin.node);
        let (mut parties, mut names) = (Parties::of(chain, root), Names::of(root));
        let laid = if payload { self.fields.within(origin.node, root) } else { Vec::new() };
        for (item, key) in root.strings() {
            let (before, noted) = (self.found.len(), self.notes.as_ref().map_or(0, |notes| notes.len()));
            let named = names.place(item, key);
            let place = if !key && parties.hold(item.index()) { Place::Claim } else { named };
            let said = if key { None } else { self.fields.known(origin.record, &laid, item.index()) };
            self.string(item, Origin { place, label: b"", said, ..origin }, chain, Carrier::Plain);
            for found in self.found.iter_mut().skip(before).filter(|f| f.within.is_empty()) {
                found.within = root.pointer_to(item.index());
            }
            for noted in self.notes.iter_mut().flat_map(|notes| notes.iter_mut().skip(noted)) {
                if noted.found.within.is_empty() {
                    noted.found.within = root.pointer_to(item.index());
                }
            }
        }
    }

    /// What only the keys of a document tell.
    fn keys(&mut self, root: Item<'_>, origin: Origin<'_>, chain: Chain) {
        let mut hits = Vec::new();
        inject::keys(root, &mut hits);
        for (item, hit) in hits {
            self.report(hit.class, origin, chain, item.offset(), hit.why);
            if let Some(found) = self.found.last_mut().filter(|_| !chain.is_empty()) {
                found.within = root.pointer_to(item.index());
            }
        }
    }

    fn characters(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) {
        let form = origin.place.is_of_a_form();
        let plus = origin.place == Place::ObjectKey
            || memchr::memchr(b'+', text).is_some() && is_joined(text) && (form || !is_number(text));
        if !plus && !characters::may_hide(text) {
            return;
        }
        let mut value = self.buffer();
        if characters::decode(text, plus, &mut value)
            && let Some(chain) = self.step(chain, Step::Characters, origin)
        {
            self.text(&value, origin, chain);
        }
        self.give_back(value);
    }

    fn inspect(&mut self, raw: &[u8], origin: Origin<'_>, chain: Chain) {
        self.judge(raw, origin, chain, true);
    }

    /// Inspects what is only shown: whatever acts there nearly does.
    fn shown(&mut self, raw: &[u8], origin: Origin<'_>, chain: Chain) {
        self.judge(raw, origin, chain, false);
    }

    fn judge(&mut self, raw: &[u8], origin: Origin<'_>, chain: Chain, acts: bool) {
        let bytes = ByteSet::of(raw);
        // So short a word is neither an object nor a prototype.
        if raw.len() < 6 && bytes.is_a_word() {
            return;
        }
        let mut lower = self.buffer();
        lower.extend(raw.iter().map(u8::to_ascii_lowercase));
        // What had to be decoded first is spelled as no name of a party is.
        let place = match origin.place {
            Place::Claim if !matches!(chain.steps().last(), None | Some(Step::Json | Step::Form)) => {
                Place::Field
            }
            place => place,
        };
        let mut text = Text::new(raw, &lower, bytes, place, origin.label);
        text.context = self.context.saying(origin.said);
        let detectors =
            if bytes.is_a_word() { &[inject::word as inject::Detect][..] } else { inject::DETECTORS };
        for detect in detectors {
            match detect(&text) {
                Some(hit) if acts => self.report(hit.class, origin, chain, hit.at, hit.why),
                Some(hit) => text.suspect(hit.class, hit.at, "code in a block that is shown as it is"),
                None => {}
            }
            if text.is_spent() {
                self.report(
                    Class::Size,
                    origin,
                    chain,
                    0,
                    "takes more work to judge than a text of its length may",
                );
                break;
            }
        }
        self.nears(&text, origin, chain);
        self.give_back(lower);
    }

    fn buffer(&mut self) -> Vec<u8> {
        self.spare.bytes.pop().unwrap_or_default()
    }

    fn give_back(&mut self, mut buffer: Vec<u8>) {
        buffer.clear();
        self.spare.bytes.push(buffer);
    }
}

/// Letters of both cases and what else Base64 is made of, alone: no form, but what somebody made at random.
fn is_number(text: &[u8]) -> bool {
    let number = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    text.iter().all(number)
        && text.iter().any(u8::is_ascii_uppercase)
        && text.iter().any(u8::is_ascii_lowercase)
}

/// Words with more of `+` than of blanks between them: a form, encoded once more.
fn is_joined(text: &[u8]) -> bool {
    let count = |byte: u8| memchr::memchr_iter(byte, text).count();
    count(b'+') > count(b' ')
}
