//! Follows a leaf through everything that wraps it, and has each text inspected that comes to light.
//!
//! Bounded three ways: the steps in a row ([`Chain::MOST`]), the bytes looked at in all, and the bytes that inflating may
//! give. Reaching a bound is a reason to deny, never a silent stop.

use crate::decision::Class;
use crate::decode::inflate::{Bound, Inflated};
use crate::decode::{Chain, Step, base64, characters, form, framing, inflate, markup, multipart, utf16};
use crate::inject::opinion::Opinion;
use crate::inject::{self, ByteSet, Context, Text};
use crate::json::{self, Flaw, Item, Malformed, Tape};
use crate::notes::{Effect, Noted};
use crate::quiet::Quiet;
use crate::schema::{self, Fields, Way};
use crate::token::Parties;
use crate::trigger::{Carrier, Leaf, Place};
use std::borrow::Cow;
use tidegate_graph::contract::field::{Kind, Said};

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
        for (item, key) in leaf.item.strings() {
            if self.done.binary_search(&item.index()).is_ok() {
                continue;
            }
            let place = if key { Place::Key } else { leaf.place };
            let said = if key { None } else { self.fields.at(origin.record, item.index()) };
            let origin = Origin { node: item.index(), place, said, ..origin };
            self.string(item, origin, Chain::default(), leaf.carrier);
        }
    }

    /// Inspects a body that stands beside the event.
    pub(crate) fn beside(&mut self, body: &[u8], content_type: &[u8]) {
        let origin = Origin { record: 0, node: BESIDE, place: Place::Body, label: content_type, said: None };
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
        self.body(value, Origin { record: 0, node: 0, place, label, said: None });
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
        let origin = Origin { record, node, place: Place::Field, label: b"", said: None };
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

    /// Bytes that announce neither their compression nor their characters; false when they are none of both.
    fn bare(&mut self, bytes: &[u8], origin: Origin<'_>, chain: Chain) -> bool {
        let mut out = self.buffer();
        let deflated = bytes.len() >= 16 && inflate::is_deflate(bytes, self.bounds.inflate, &mut out);
        if deflated && base64::is_telling(&out) {
            if let Some(chain) = self.step(chain, Step::Deflate, origin) {
                self.bytes(&out, origin, chain);
            }
            self.give_back(out);
            return true;
        }
        out.clear();
        let wide = utf16::decode(bytes, &mut out);
        if wide && let Some(chain) = self.step(chain, Step::Utf16, origin) {
            self.text(&out, origin, chain);
        }
        self.give_back(out);
        wide
    }

    fn readable(&mut self, bytes: &[u8], origin: Origin<'_>, chain: Chain) {
        let text = bytes.iter().all(|&b| b >= 0x20 || matches!(b, b'\t' | b'\n' | b'\r'));
        // A few bytes that are no characters spoil no text.
        if text && (std::str::from_utf8(bytes).is_ok() || framing::is_mostly_text(bytes)) {
            return self.text(bytes, origin, chain);
        }
        // JSON parsers refuse control characters, so a document that holds some is none; its strings are looked at.
        let Some(chain) = self.step(chain, Step::Framing, origin) else { return };
        for run in framing::runs(bytes) {
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
        let all = || json::several(text);
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
        let mut parties = Parties::of(chain, root);
        let laid = if payload { self.fields.within(origin.node, root) } else { Vec::new() };
        for (item, key) in root.strings() {
            let (before, noted) = (self.found.len(), self.notes.as_ref().map_or(0, |notes| notes.len()));
            let place = match key {
                true => Place::Key,
                false if parties.hold(item.index()) => Place::Claim,
                false => Place::Field,
            };
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

    /// Base64 that nobody announced: the whole text, a data URL, a token.
    fn carried(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) {
        let scheme = [&b"basic "[..], b"bearer "].iter().find_map(|scheme| {
            let (start, rest) = text.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        });
        if text.starts_with(b"eyJ") && text.contains(&b'.') {
            if let Some(chain) = self.step(chain, Step::Token, origin) {
                for part in text.split(|&b| b == b'.').take(5) {
                    self.guessed(part, origin, chain);
                }
            }
        } else if scheme.is_none() && (!base64::may_be(text) || !self.guessed(text, origin, chain)) {
            self.embedded(text, origin, chain);
        }
        if origin.place == Place::Path && text.contains(&b'/') {
            for part in text.split(|&b| b == b'/').filter(|part| base64::may_be(part)) {
                self.guessed(part, origin, chain);
            }
        }
        if let (Some(token), Some(chain)) = (scheme, chain.then(Step::Token)) {
            self.carried(token, origin, chain);
        }
        if text.len() <= DATA.len() || memchr::memchr(b';', text).is_none() {
            return;
        }
        for at in memchr::memmem::find_iter(text, DATA) {
            let rest = text.get(at + DATA.len()..).unwrap_or_default();
            let end = rest.iter().position(|b| !b.is_ascii_alphanumeric() && !b"+/=-_".contains(b));
            self.guessed(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default(), origin, chain);
        }
    }

    /// False when it is no Base64.
    fn guessed(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) -> bool {
        let mut bytes = self.buffer();
        let decoded = base64::decode(text, &mut bytes);
        if decoded {
            match chain.then(Step::Base64) {
                Some(chain) => self.bytes(&bytes, origin, chain),
                // A text that only happens to be Base64 is no reason.
                None if base64::is_telling(&bytes) => drop(self.step(chain, Step::Base64, origin)),
                None => {}
            }
        }
        self.give_back(bytes);
        decoded
    }

    /// Base64 in the middle of a text: a cell of a table, a value of a setting.
    fn embedded(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) {
        for range in base64::tokens(text) {
            let dot = |at: Option<usize>| at.and_then(|at| text.get(at)) == Some(&b'.');
            let dotted = dot(range.start.checked_sub(1)) || dot(Some(range.end));
            let whole = if dotted { chain.then(Step::Token) } else { Some(chain) };
            let token = text.get(range).unwrap_or_default();
            let mut bytes = self.buffer();
            if base64::decode(token, &mut bytes)
                && base64::is_telling(&bytes)
                && std::str::from_utf8(&bytes).is_ok()
                && let Some(chain) = whole.and_then(|chain| chain.then(Step::Base64))
            {
                self.bytes(&bytes, origin, chain);
            }
            self.give_back(bytes);
        }
    }

    /// Forms, documents, cookies: parts that stand for themselves. True when they are all there is: what encodes every form
    /// hides nothing.
    fn parts(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) -> bool {
        let form = origin.place == Place::Query || is_encoded_form(text);
        if form {
            let Some(chain) = self.step(chain, Step::Form, origin) else { return true };
            for (name, value) in form::pairs(text) {
                self.form_text(name, Origin { place: Place::Key, ..origin }, chain);
                self.form_text(value, Origin { place: Place::Parameter, ..origin }, chain);
            }
        } else if markup::is_document(text) {
            let Some(chain) = self.step(chain, Step::Markup, origin) else { return true };
            for leaf in markup::leaves(text) {
                self.text(leaf, Origin { place: Place::Field, ..origin }, chain);
            }
        } else if is_query_document(text) {
            let Some(chain) = self.step(chain, Step::Token, origin) else { return true };
            for argument in quoted(text) {
                let mut value = self.buffer();
                json::unescape(argument, &mut value);
                self.text(&value, Origin { place: Place::Field, ..origin }, chain);
                self.give_back(value);
            }
        } else if origin.label.eq_ignore_ascii_case(b"cookie") && text.contains(&b'=') {
            for (_, value) in text.split(|&b| b == b';').flat_map(form::pairs) {
                self.text(value, Origin { label: b"", ..origin }, chain);
            }
        }
        form && (origin.place == Place::Query || is_form_type(origin.label) || form::is_merely_encoded(text))
    }

    /// The parts of a multipart body, each by itself: between them stand headers, as they should. False if it is none.
    fn multipart(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) -> bool {
        let mut any = false;
        let Some(chain) = self.step(chain, Step::Multipart, origin) else { return true };
        for part in multipart::parts(text) {
            any = true;
            for line in part.head.split(|&b| b == b'\n') {
                let value =
                    memchr::memchr(b':', line).and_then(|colon| line.get(colon + 1..)).unwrap_or(line);
                self.text(value.trim_ascii(), Origin { place: Place::Header, ..origin }, chain);
            }
            self.bytes(part.content, Origin { place: Place::Field, ..origin }, chain);
        }
        any
    }

    fn form_text(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) {
        let mut value = self.buffer();
        characters::decode(text, true, &mut value);
        self.text(&value, origin, chain);
        // Base64 that nobody encoded for the form has a `+` of its own.
        if text.contains(&b'+') && base64::may_be(text) {
            self.guessed(text, origin, chain);
        }
        self.give_back(value);
    }

    fn characters(&mut self, text: &[u8], origin: Origin<'_>, chain: Chain) {
        let plus =
            origin.place == Place::ObjectKey || memchr::memchr(b'+', text).is_some() && is_joined(text);
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
        let bytes = ByteSet::of(raw);
        // So short a word is neither an object nor a prototype.
        if raw.len() < 6 && bytes.is_a_word() {
            return;
        }
        let mut lower = self.buffer();
        lower.extend(raw.iter().map(u8::to_ascii_lowercase));
        // What had to be decoded first is spelled as no name of a party is.
        let place = match origin.place {
            Place::Claim if chain.steps().last() != Some(Step::Json) => Place::Field,
            place => place,
        };
        let mut text = Text::new(raw, &lower, bytes, place, origin.label);
        text.context = self.context.saying(origin.said);
        let detectors =
            if bytes.is_a_word() { &[inject::word as inject::Detect][..] } else { inject::DETECTORS };
        for detect in detectors {
            if let Some(hit) = detect(&text) {
                self.report(hit.class, origin, chain, hit.at, hit.why);
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

    /// What by itself is not enough: it is where something takes such code.
    fn nears(&mut self, text: &Text<'_>, origin: Origin<'_>, chain: Chain) {
        for near in text.nears() {
            self.near += 1;
            let said = origin.said.map(|said| said.by.as_str()).unwrap_or_default();
            let raised = if near.spared { None } else { text.context.raises(near.class) };
            match raised {
                Some(by) => {
                    self.report(
                        near.class,
                        origin,
                        chain,
                        near.at,
                        format!("{}; enough here, since {by}", near.why),
                    );
                }
                None if near.spared => {
                    let detail = format!("{}; expected here, as the schema says ({said})", near.why);
                    self.note(Effect::Spared, near.class, origin, chain, (near.at, detail.into()), None);
                }
                None => {
                    // Asked only where somebody will hear it: it denies nothing.
                    let opinion = self.notes.as_ref().and_then(|_| inject::opinion::of(text.raw, near.at));
                    let place = (near.at, near.why.into());
                    self.note(Effect::Suspicion, near.class, origin, chain, place, opinion);
                }
            }
        }
    }

    fn note(
        &mut self,
        effect: Effect,
        class: Class,
        origin: Origin<'_>,
        decoded: Chain,
        (offset, detail): (usize, Cow<'static, str>),
        opinion: Option<Opinion>,
    ) {
        let Some(notes) = self.notes.as_mut().filter(|notes| notes.len() < MOST_NOTES) else { return };
        let (record, node, within) = (origin.record, origin.node, String::new());
        let found = Found { class, record, node, within, decoded, offset, detail };
        notes.push(Noted { effect, found, opinion });
    }

    fn step(&mut self, chain: Chain, step: Step, origin: Origin<'_>) -> Option<Chain> {
        let next = chain.then(step);
        if next.is_none() {
            self.report(Class::Depth, origin, chain, 0, "wrapped in more encodings than the limit");
        }
        next
    }

    fn report(
        &mut self,
        class: Class,
        origin: Origin<'_>,
        decoded: Chain,
        offset: usize,
        detail: impl Into<Cow<'static, str>>,
    ) {
        if let Some(said) = origin.said.filter(|said| said.is == Kind::Pinned) {
            let detail = format!("{}; not looked at, since the schema pins it ({})", detail.into(), said.by);
            return self.note(Effect::Spared, class, origin, decoded, (offset, detail.into()), None);
        }
        if self.is_full(origin.record) || self.of(origin.record).any(|f| f.class == class) {
            return;
        }
        let (record, node) = (origin.record, origin.node);
        self.found.push(Found {
            class,
            record,
            node,
            within: String::new(),
            decoded,
            offset,
            detail: detail.into(),
        });
    }

    /// Enough is known about this record. Records come one after the other, so its reasons are the last ones.
    fn is_full(&self, record: u32) -> bool {
        self.of(record).count() >= self.bounds.reasons
    }

    fn of(&self, record: u32) -> impl Iterator<Item = &Found> {
        self.found.iter().rev().take_while(move |f| f.record == record)
    }

    fn buffer(&mut self) -> Vec<u8> {
        self.spare.bytes.pop().unwrap_or_default()
    }

    fn give_back(&mut self, mut buffer: Vec<u8>) {
        buffer.clear();
        self.spare.bytes.push(buffer);
    }
}

/// What stands before the payload of a data address.
const DATA: &[u8] = b";base64,";

/// A flaw of a document as a reason.
pub(crate) fn describe(flaw: Flaw) -> (Class, usize, &'static str) {
    match flaw {
        Flaw::DuplicateKey(at) => {
            (Class::DuplicateKey, at, "a key stands twice in one object; parsers disagree about which counts")
        }
        Flaw::LoneSurrogate(at) => {
            (Class::LoneSurrogate, at, "half of a surrogate pair; runtimes replace, keep or refuse it")
        }
        Flaw::InvalidUtf8(at) => {
            (Class::InvalidUtf8, at, "bytes that are no UTF-8; runtimes replace, keep or refuse them")
        }
        Flaw::Number(at) => {
            (Class::NumberPrecision, at, "a number that overflows or is longer than the limit")
        }
    }
}

/// The type of bodies that browsers send forms as.
fn is_form_type(label: &[u8]) -> bool {
    const FORM: &[u8] = b"application/x-www-form-urlencoded";
    label.get(..FORM.len()).is_some_and(|start| start.eq_ignore_ascii_case(FORM))
}

/// A GraphQL document, whose strings are arguments.
fn is_query_document(text: &[u8]) -> bool {
    let start = text.trim_ascii_start();
    [&b"query"[..], b"mutation", b"subscription"].iter().any(|w| start.starts_with(w))
        && start.contains(&b'{')
        && start.contains(&b'"')
}

/// The insides of double quotes, with their escapes.
fn quoted(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = memchr::memchr(b'"', rest)? + 1;
        let inside = rest.get(start..)?;
        let mut escaped = false;
        let end = inside.iter().position(|b| {
            let ends = *b == b'"' && !escaped;
            escaped = *b == b'\\' && !escaped;
            ends
        });
        let end = end.unwrap_or(inside.len());
        rest = inside.get(end + 1..).unwrap_or_default();
        inside.get(..end)
    })
}

/// Words with more of `+` than of blanks between them: a form, encoded once more.
fn is_joined(text: &[u8]) -> bool {
    let count = |byte: u8| memchr::memchr_iter(byte, text).count();
    count(b'+') > count(b' ')
}

/// Whoever encodes a form leaves no white space in it.
pub(crate) fn is_encoded_form(text: &[u8]) -> bool {
    form::is_form(text) && !text.iter().any(u8::is_ascii_whitespace)
}
