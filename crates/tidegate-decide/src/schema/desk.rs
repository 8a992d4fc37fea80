//! The records of an event, each against the schemas of its edge.

use super::payload::{self, Part};
use super::validate::Buffers;
use super::{Mismatch, avro, broken, json};
use crate::decision::Class;
use crate::decode::inflate::{Bound, Inflated, inflate, kind};
use crate::decode::{Chain, Step, base64, framing};
use crate::json::{Item, Kind, Limits, Tape, unescape};
use crate::origin;
use crate::trigger::{self, Trigger};
use crate::unfold::Found;
use tidegate_graph::contract::Edge;
use tidegate_graph::contract::schema::{Program, Schema};

/// Buffers that are kept between events.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    tape: Tape,
    buffers: Buffers,
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

impl Desk {
    /// Reports records, or the event, that aren't what the schemas say.
    pub(crate) fn compare(
        &mut self,
        source: &origin::Verdict<'_>,
        trigger: Trigger,
        root: Item<'_>,
        reach: &Reach<'_>,
        found: &mut Vec<Found>,
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
            self.record(edges, trigger, (record, item), root, reach, found);
        }
        if !batch {
            self.record(&source.edges, trigger, (0, root), root, reach, found);
        }
    }

    fn record(
        &mut self,
        edges: &[&Edge],
        trigger: Trigger,
        (record, item): (u32, Item<'_>),
        root: Item<'_>,
        reach: &Reach<'_>,
        found: &mut Vec<Found>,
    ) {
        let applying = edges.iter().flat_map(|e| &e.schemas).filter(|s| payload::applies(&s.when, root));
        for schema in applying {
            let part = if schema.whole { Part::Value(item) } else { payload::of(trigger, item) };
            let (node, bare) = match part {
                Part::Missing if schema.optional => continue,
                Part::Missing => {
                    let result = Err(Mismatch::whole("expected a payload, found none"));
                    (item, Bare { chain: Chain::default(), result })
                }
                Part::Value(value) => (value, self.value(schema, value)),
                Part::Text(text) => (text, self.text(schema, text, reach)),
                Part::Base64(text) => (text, self.base64(schema, text, reach)),
            };
            let Err(mismatch) = bare.result else { continue };
            // What the payload holds is named within it; what the event holds, by its own node.
            let (node, within) = match part {
                Part::Value(_) => (below(node, &mismatch.pointer), String::new()),
                _ => (node, mismatch.pointer),
            };
            let (class, node, decoded) = (Class::Schema, node.index(), bare.chain);
            let at = if within.is_empty() { String::new() } else { format!("{within}: ") };
            let detail = format!("{at}{}; schema {}", mismatch.detail, schema.source).into();
            found.push(Found { class, record, node, within, decoded, offset: 0, detail });
            return;
        }
    }

    fn value(&mut self, schema: &Schema, value: Item<'_>) -> Bare {
        let result = match &schema.ir {
            Program::Json(program) => json(program, &schema.prepared, value, &mut self.buffers),
            Program::Avro(program) => avro::json(program, value),
            Program::Protobuf(_) => Err(Mismatch::whole("expected a binary payload")),
        };
        Bare { chain: Chain::default(), result }
    }

    fn text(&mut self, schema: &Schema, text: Item<'_>, reach: &Reach<'_>) -> Bare {
        if text.kind() != Kind::String {
            return self.value(schema, text);
        }
        if let Some(plain) = text.plain() {
            return self.bytes(schema, plain, Chain::default(), reach);
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        unescape(text.raw(), &mut bytes);
        let bare = self.bytes(schema, &bytes, Chain::default(), reach);
        self.bytes = bytes;
        bare
    }

    fn base64(&mut self, schema: &Schema, text: Item<'_>, reach: &Reach<'_>) -> Bare {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        let plain = text.plain().unwrap_or_default();
        let good = plain.is_empty() || base64::decode(plain, &mut bytes);
        let chain = Chain::default().then(Step::Base64).unwrap_or_default();
        let bare = if good && text.kind() == Kind::String {
            self.bytes(schema, &bytes, chain, reach)
        } else {
            Bare { chain: Chain::default(), result: Err(Mismatch::whole("expected Base64")) }
        };
        self.bytes = bytes;
        bare
    }

    /// Takes off compression and the prefix of a registry.
    fn bytes(&mut self, schema: &Schema, bytes: &[u8], chain: Chain, reach: &Reach<'_>) -> Bare {
        if let Some(step) = kind(bytes) {
            return self.inflated(schema, bytes, (step, chain), reach);
        }
        if let Some((payload, compressed)) = framing::registry(bytes) {
            let framed = chain.then(Step::Framing).unwrap_or(chain);
            if compressed {
                return self.inflated(schema, payload, (Step::Zlib, framed), reach);
            }
            let bare = self.plain(schema, payload, framed, reach);
            // Binary forms without a prefix can begin like one.
            if bare.result.is_ok() || matches!(schema.ir, Program::Json(_)) {
                return bare;
            }
            let whole = self.plain(schema, bytes, chain, reach);
            return if whole.result.is_ok() { whole } else { bare };
        }
        self.plain(schema, bytes, chain, reach)
    }

    fn inflated(
        &mut self,
        schema: &Schema,
        bytes: &[u8],
        (step, chain): (Step, Chain),
        reach: &Reach<'_>,
    ) -> Bare {
        let mut out = std::mem::take(&mut self.spare);
        out.clear();
        let end = inflate(step, bytes, reach.inflate, &mut out);
        let chain = chain.then(step).unwrap_or(chain);
        let bare = match end {
            Inflated::Whole => match framing::registry(&out) {
                Some((payload, false)) => self.plain(schema, payload, chain, reach),
                _ => self.plain(schema, &out, chain, reach),
            },
            _ => Bare { chain, result: Err(Mismatch::whole("compressed, and broken or beyond the limit")) },
        };
        self.spare = out;
        bare
    }

    fn plain(&mut self, schema: &Schema, bytes: &[u8], chain: Chain, reach: &Reach<'_>) -> Bare {
        if bytes.is_empty() && schema.optional {
            return Bare { chain, result: Ok(()) };
        }
        let binary = match &schema.ir {
            Program::Json(_) => None,
            Program::Avro(program) => Some(avro::binary(program, bytes)),
            Program::Protobuf(_) => Some(Err(Mismatch::whole("this kind of schema is not enforced"))),
        };
        // The same in JSON begins with a brace, which few values in binary do.
        if let Some(result) = binary
            && (result.is_ok() || bytes.first().is_none_or(|b| !b"{[\"".contains(b)))
        {
            return Bare { chain, result };
        }
        if let Err(error) = self.tape.read(bytes, reach.json) {
            return Bare { chain, result: Err(broken(error)) };
        }
        let chain = chain.then(Step::Json).unwrap_or(chain);
        if !self.tape.flaws().is_empty() {
            return Bare { chain, result: Err(Mismatch::whole("JSON that parsers disagree about")) };
        }
        let root = self.tape.root(bytes);
        let result = match &schema.ir {
            Program::Json(program) => json(program, &schema.prepared, root, &mut self.buffers),
            Program::Avro(program) => avro::json(program, root),
            Program::Protobuf(_) => Err(Mismatch::whole("this kind of schema is not enforced")),
        };
        Bare { chain, result }
    }
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
