//! The records of an event, each against the schemas of its edge.

use super::parameters::{Asked, Kept};
use super::payload::{self, Part};
use super::validate::Buffers;
use super::way::Each;
use super::{FLAWED, FOREIGN, Mismatch, avro, broken, json, protobuf};
use crate::decode::inflate::{Bound, Inflated, inflate, kind};
use crate::decode::{Chain, Step, base64, framing};
use crate::json::{Item, Kind, Limits, Tape, unescape};
use crate::origin;
use crate::trigger::{self, Trigger};
use crate::unfold::{Found, Unfold};
use tidegate_graph::contract::Edge;
use tidegate_graph::contract::schema::{Program, Schema};

/// Buffers that are kept between events.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    tape: Tape,
    buffers: Buffers,
    text: Vec<u8>,
    bytes: Vec<u8>,
    spare: Vec<u8>,
}

/// How far a payload is unwrapped.
pub(crate) struct Reach<'a> {
    pub(crate) json: &'a Limits,
    pub(crate) inflate: Bound,
}

/// What was taken off before it was compared.
struct Bare {
    chain: Chain,
    result: Result<(), Mismatch>,
}

impl Bare {
    fn refused(chain: Chain, detail: &'static str) -> Self {
        Self { chain, result: Err(Mismatch::whole(detail)) }
    }
}

/// What takes the reasons, and has texts inspected.
pub(crate) struct Sink<'u, 'g> {
    pub(crate) unfold: &'u mut Unfold<'g, 'g>,
    /// Values of binary languages are handed on.
    pub(crate) inspect: bool,
}

/// Where a payload stands.
#[derive(Clone, Copy)]
struct Place {
    record: u32,
    node: u32,
}

/// A payload behind a registry's prefix.
#[derive(Clone, Copy, PartialEq)]
enum Framed {
    No,
    Confluent,
    Glue,
}

impl Desk {
    /// Reports records, or the event, that aren't what the schemas say.
    pub(crate) fn compare(
        &mut self,
        source: &origin::Verdict<'_>,
        trigger: Trigger,
        root: Item<'_>,
        reach: &Reach<'_>,
        sink: &mut Sink<'_, '_>,
    ) {
        if source.edges.iter().all(|edge| edge.schemas.is_empty()) {
            return;
        }
        let mut batch = false;
        for (record, item) in (0..).zip(trigger::list(trigger, root)) {
            batch = true;
            // A record from elsewhere has no edge, and is denied for that.
            let own = source.by_record.get(record as usize);
            let edges = own.map_or(source.edges.as_slice(), |edge| edge.as_slice());
            self.record(edges, trigger, (record, item), root, reach, sink);
        }
        if !batch {
            self.record(&source.edges, trigger, (0, root), root, reach, sink);
        }
    }

    fn record(
        &mut self,
        edges: &[&Edge],
        trigger: Trigger,
        (record, item): (u32, Item<'_>),
        root: Item<'_>,
        reach: &Reach<'_>,
        sink: &mut Sink<'_, '_>,
    ) {
        let applying =
            edges.iter().flat_map(|e| &e.schemas).filter(|s| payload::applies(&s.when, root, item));
        for schema in applying {
            if matches!(schema.ir, Program::Parameters(_)) {
                let beside = self.beside(schema, trigger, item, reach);
                let Err((node, mismatch)) = beside else { continue };
                let mut others = schema.others.iter();
                if others.any(|other| self.beside(other, trigger, item, reach).is_ok()) {
                    continue;
                }
                let detail = format!("{}; schema {}", mismatch.detail, schema.source).into();
                let (class, node, within) = (mismatch.class, node.index(), String::new());
                let decoded = Chain::default();
                sink.unfold.found.push(Found { class, record, node, within, decoded, offset: 0, detail });
                return;
            }
            let part = if schema.whole { Part::Value(item) } else { payload::of(trigger, item) };
            if matches!(part, Part::Missing) && schema.optional {
                continue;
            }
            let (node, bare) = self.part(schema, part, (record, item), reach, sink);
            let mut fits =
                |other: &Schema| self.part(other, part, (record, item), reach, sink).1.result.is_ok();
            if bare.result.is_err() && schema.others.iter().any(&mut fits) {
                continue;
            }
            let Err(mismatch) = bare.result else { continue };
            // What the payload holds is named within it; what the event holds, by its own node.
            let (node, within) = match part {
                Part::Value(_) => (below(node, &mismatch.pointer), String::new()),
                _ => (node, mismatch.pointer),
            };
            let (class, node, decoded) = (mismatch.class, node.index(), bare.chain);
            let at = if within.is_empty() { String::new() } else { format!("{within}: ") };
            let detail = format!("{at}{}; schema {}", mismatch.detail, schema.source).into();
            sink.unfold.found.push(Found { class, record, node, within, decoded, offset: 0, detail });
            return;
        }
    }

    /// Compares what stands beside the payload with one schema; the item of the error is where it stands.
    fn beside<'e>(
        &mut self,
        schema: &Schema,
        trigger: Trigger,
        item: Item<'e>,
        reach: &Reach<'_>,
    ) -> Result<(), (Item<'e>, Mismatch)> {
        let Program::Parameters(program) = &schema.ir else { return Err((item, Mismatch::whole(FOREIGN))) };
        let (prepared, route) = (&schema.prepared, schema.when.route.as_deref());
        let asked = Asked { program, prepared, trigger, route, limits: reach.json };
        asked.compare(item, &mut Kept { tape: &mut self.tape, buffers: &mut self.buffers })
    }

    /// Compares a part of a record with one schema; the node is where it lies.
    fn part<'e>(
        &mut self,
        schema: &Schema,
        part: Part<'e>,
        (record, item): (u32, Item<'e>),
        reach: &Reach<'_>,
        sink: &mut Sink<'_, '_>,
    ) -> (Item<'e>, Bare) {
        match part {
            Part::Missing => (item, Bare::refused(Chain::default(), "expected a payload, found none")),
            Part::Value(value) => (value, self.value(schema, value)),
            Part::Text(node) | Part::Base64(node) => {
                let place = Place { record, node: node.index() };
                let always = matches!(part, Part::Base64(_));
                (node, self.text(node, always, &mut Look { schema, reach, place, sink }))
            }
        }
    }

    fn value(&mut self, schema: &Schema, value: Item<'_>) -> Bare {
        let result = match &schema.ir {
            Program::Json(program) => json(program, &schema.prepared, value, &mut self.buffers),
            Program::Avro(program) => avro::json(program, value),
            Program::Protobuf(program) => match schema.prepared.with(|| protobuf::Ready::of(program)) {
                Some(ready) => protobuf::json((program, ready), schema.closed, value),
                None => Err(Mismatch::whole(FOREIGN)),
            },
            // Those speak of no payload.
            Program::Parameters(_) => Err(Mismatch::whole(FOREIGN)),
        };
        Bare { chain: Chain::default(), result }
    }

    /// A string of the event: Base64 if the event says so. Where it says nothing, what is Base64 is binary in nothing else:
    /// a payload must not pass as something that its reader doesn't take it for.
    fn text(&mut self, text: Item<'_>, always: bool, look: &mut Look<'_, '_, '_>) -> Bare {
        if text.kind() != Kind::String {
            return match always {
                true => Bare::refused(Chain::default(), "expected Base64"),
                false => self.value(look.schema, text),
            };
        }
        let mut value = std::mem::take(&mut self.text);
        value.clear();
        let text = text.plain().unwrap_or_else(|| {
            unescape(text.raw(), &mut value);
            &value
        });
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        let may = always || !matches!(look.schema.ir, Program::Json(_));
        let bare = if may && base64::decode(text, &mut bytes) || always && text.is_empty() {
            self.bytes(&bytes, Chain::default().then(Step::Base64).unwrap_or_default(), look)
        } else if always {
            Bare::refused(Chain::default(), "expected Base64")
        } else {
            self.bytes(text, Chain::default(), look)
        };
        (self.text, self.bytes) = (value, bytes);
        bare
    }

    /// Takes off compression and the prefix of a registry.
    fn bytes(&mut self, bytes: &[u8], chain: Chain, look: &mut Look<'_, '_, '_>) -> Bare {
        if let Some(step) = kind(bytes) {
            let mut end = Inflated::Whole;
            let bare = self.inflated(bytes, (step, chain), Framed::No, &mut end, look);
            // Binary forms can begin like something compressed.
            let is_binary = !matches!(look.schema.ir, Program::Json(_));
            return if is_binary && end == Inflated::Broken { self.plain(bytes, chain, look) } else { bare };
        }
        if let Some((payload, compressed)) = framing::registry(bytes) {
            let framed = chain.then(Step::Framing).unwrap_or(chain);
            let by = prefix(bytes);
            if compressed {
                return self.inflated(payload, (Step::Zlib, framed), by, &mut Inflated::Whole, look);
            }
            let bare = self.framed(payload, framed, by, look);
            // Binary forms without a prefix can begin like one.
            if bare.result.is_ok() || !matches!(look.schema.ir, Program::Avro(_)) {
                return bare;
            }
            let whole = self.plain(bytes, chain, look);
            return if whole.result.is_ok() { whole } else { bare };
        }
        self.plain(bytes, chain, look)
    }

    fn inflated(
        &mut self,
        bytes: &[u8],
        (step, chain): (Step, Chain),
        by: Framed,
        end: &mut Inflated,
        look: &mut Look<'_, '_, '_>,
    ) -> Bare {
        let mut out = std::mem::take(&mut self.spare);
        out.clear();
        *end = inflate(step, bytes, look.reach.inflate, &mut out);
        let chain = chain.then(step).unwrap_or(chain);
        let bare = match (*end, framing::registry(&out)) {
            (Inflated::Whole, _) if by != Framed::No => self.framed(&out, chain, by, look),
            (Inflated::Whole, Some((payload, false))) => self.framed(payload, chain, prefix(&out), look),
            (Inflated::Whole, _) => self.plain(&out, chain, look),
            _ => Bare::refused(chain, "compressed, and broken or beyond the limit"),
        };
        self.spare = out;
        bare
    }

    /// Takes off what registries write between their prefix and a message of protocol buffers: which one of its file it is.
    fn framed(&mut self, payload: &[u8], chain: Chain, by: Framed, look: &mut Look<'_, '_, '_>) -> Bare {
        let Program::Protobuf(program) = &look.schema.ir else { return self.plain(payload, chain, look) };
        let behind = match by {
            Framed::Confluent => protobuf::indexes(payload).map(|(path, rest)| (path == program.path, rest)),
            // How Glue numbers the messages of a file is its library's own affair.
            Framed::Glue => protobuf::index(payload).map(|rest| (true, rest)),
            Framed::No => Some((true, payload)),
        };
        match behind {
            Some((true, rest)) => self.plain(rest, chain, look),
            Some((false, _)) => Bare::refused(chain, "framed as another message of its file"),
            None => Bare::refused(chain, "framed, and the index of the message is missing"),
        }
    }

    fn plain(&mut self, bytes: &[u8], chain: Chain, look: &mut Look<'_, '_, '_>) -> Bare {
        let schema = look.schema;
        if bytes.is_empty() && schema.optional {
            return Bare { chain, result: Ok(()) };
        }
        let is_binary = !matches!(schema.ir, Program::Json(_));
        let read = if !is_binary || matches!(bytes, [b'{' | b'[', ..]) {
            Some(self.tape.read(bytes, look.reach.json))
        } else {
            None
        };
        // What is JSON in full is nothing else.
        if is_binary && read != Some(Ok(())) {
            let bare = look.binary(bytes, chain);
            if bare.result.is_ok() || read.is_none() && !bytes.starts_with(b"\"") {
                return bare;
            }
        }
        if let Err(error) = read.unwrap_or_else(|| self.tape.read(bytes, look.reach.json)) {
            return Bare { chain, result: Err(broken(error)) };
        }
        let chain = chain.then(Step::Json).unwrap_or(chain);
        if !self.tape.flaws().is_empty() {
            return Bare::refused(chain, FLAWED);
        }
        let tape = std::mem::take(&mut self.tape);
        let bare = self.value(schema, tape.root(bytes));
        self.tape = tape;
        Bare { chain, ..bare }
    }
}

/// A payload that is looked at.
struct Look<'l, 'u, 'g> {
    schema: &'l Schema,
    reach: &'l Reach<'l>,
    place: Place,
    sink: &'l mut Sink<'u, 'g>,
}

impl Look<'_, '_, '_> {
    /// Compares a payload in the binary form of its language. What fits is inspected value by value.
    fn binary(&mut self, bytes: &[u8], chain: Chain) -> Bare {
        let schema = self.schema;
        let compare = |each: &mut Each<'_>| match &schema.ir {
            Program::Avro(program) => avro::binary(program, bytes, each),
            Program::Protobuf(program) => match schema.prepared.with(|| protobuf::Ready::of(program)) {
                Some(ready) => protobuf::binary((program, ready), schema.closed, bytes, each),
                None => Err(Mismatch::whole(FOREIGN)),
            },
            Program::Json(_) | Program::Parameters(_) => Err(Mismatch::whole(FOREIGN)),
        };
        let result = compare(&mut |_, _| {});
        let step = if matches!(schema.ir, Program::Avro(_)) { Step::Avro } else { Step::Protobuf };
        let chain = chain.then(step).unwrap_or(chain);
        let Place { record, node } = self.place;
        if result.is_ok() && self.sink.inspect && self.sink.unfold.done.last() != Some(&node) {
            let unfold = &mut *self.sink.unfold;
            unfold.done.push(node);
            let _ = compare(&mut |way, leaf| unfold.field((record, node), chain, way, leaf));
        }
        Bare { chain, result }
    }
}

fn prefix(bytes: &[u8]) -> Framed {
    if bytes.first() == Some(&0) { Framed::Confluent } else { Framed::Glue }
}

/// The node at a pointer that was made from it.
fn below<'a>(root: Item<'a>, pointer: &str) -> Item<'a> {
    pointer.split('/').skip(1).fold(root, |item, token| {
        let next = match item.kind() {
            Kind::Array => token.parse().ok().and_then(|at| item.items().nth(at)),
            _ => item.field(&token.replace("~1", "/").replace("~0", "~")),
        };
        next.unwrap_or(item)
    })
}
