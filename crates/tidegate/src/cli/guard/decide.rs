//! `tidegate guard decide`: the decision core on JSON lines, for tests and pipelines.

use super::limits::Limits;
use crate::cli::contract::Enforced;
use crate::cli::lines::{self, Next};
use crate::exit::Exit;
use crate::failure::Failure;
use anyhow::Context;
use serde_json::{Value, json};
use std::io::{BufReader, ErrorKind, Write};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tidegate_decide::json::{self, Item, Kind, Tape};
use tidegate_decide::{
    Class, Effect, Guard, Note, Reason, Record, Remedy, Ruling, Settings, Trigger, Trust, Verdict, remedy,
};
use tidegate_graph::contract::{Contract, Edge, Mode};

/// The arguments of `tidegate guard decide`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "In:  {\"id\": ..., \"function\": \"name\" (with --contract), \"trigger\": \"sqs\" (optional), \"time\": 1700000000000 (ms, optional), \"billed_ms\": 120 (optional), \"event\": {...}}\n\
    Out: {\"id\": ..., \"decision\": \"allow|deny|partial\", \"trigger\": \"sqs\", \"records\": [...], \"answer\": {...}, \"micros\": 12}"
)]
pub(super) struct Args {
    #[command(flatten)]
    enforced: Enforced,
    /// Explains each reason: pointer, decoding steps, offset, what gave it away
    #[arg(long)]
    explain: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let mut input = BufReader::with_capacity(1 << 16, std::io::stdin().lock());
    let mut output = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let contract = args.enforced.load()?;
    // It was found to be usable when it was read.
    let settings = contract.as_ref().and_then(|c| Settings::of(c).ok()).unwrap_or_default();
    let mut edges = contract.iter().flat_map(|c| c.functions.values()).flat_map(|f| &f.edges);
    let settings = Settings { notes: args.explain || edges.any(watched), ..settings };
    let trust = contract.as_ref().map(|c| Trust::of(c, |name| std::env::var(name).ok())).unwrap_or_default();
    for name in contract.iter().flat_map(|c| trust.missing(c)) {
        crate::output::tell(&format!("warning: `{name}` isn't set; what its secret has to sign is denied\n"));
    }
    let guard = Guard::new(settings).trusting(Arc::new(trust));
    let limits = contract.as_ref().map(Limits::of);
    let mut desk = Desk { guard, contract, limits, tape: Tape::default(), explain: args.explain };
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        let answer =
            match lines::next(&mut input, &mut line, &mut number).context("reading standard input")? {
                Next::End => break,
                Next::Long => complaint(Value::Null, number, lines::LONG),
                Next::Line => desk.answer(&line, number),
            };
        let written =
            serde_json::to_writer(&mut output, &answer).map_err(std::io::Error::from).and_then(|()| {
                output.write_all(b"\n")?;
                // Whoever waits for this answer before sending the next line gets it; whoever sends many isn't slowed down.
                if input.buffer().is_empty() { output.flush() } else { Ok(()) }
            });
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(Exit::Clean),
            other => other.context("writing standard output")?,
        }
    }
    match output.flush() {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(anyhow::Error::from(error).into()),
        _ => Ok(Exit::Clean),
    }
}

struct Desk {
    guard: Guard,
    contract: Option<Contract>,
    limits: Option<Limits>,
    tape: Tape,
    explain: bool,
}

impl Desk {
    fn answer(&mut self, line: &[u8], number: u64) -> Value {
        if let Some(plain) = Plain::read(line).filter(|_| self.contract.is_none()) {
            let started = Instant::now();
            let ruling = self.guard.rule(plain.event, None);
            // What is no JSON may still be a line with more fields behind the event.
            let whole =
                ruling.decision.records.iter().flat_map(|r| &r.reasons).all(|r| r.class != Class::Malformed);
            if whole {
                return self.render(&plain.id, plain.event, &ruling, started.elapsed().as_micros());
            }
        }
        // The line around the event nests one deeper than the event may.
        let limits = json::Limits { depth: 1 << 20, ..json::Limits::default() };
        if self.tape.read(line, &limits).is_err() {
            return complaint(Value::Null, number, "the line is not JSON");
        }
        let ([id, function, trigger, time, billed, event], problem) = fields(self.tape.root(line));
        let id = match id {
            Some(id) if !matches!(id.kind(), Kind::String | Kind::Number) => {
                return complaint(Value::Null, number, "the \"id\" is neither a string nor a number");
            }
            id => id.map_or(Value::Null, value),
        };
        if let Some(problem) = problem {
            return complaint(id, number, &problem);
        }
        let Some(event) = event else {
            return complaint(id, number, "the line has no \"event\"");
        };
        let named = |name: Item<'_>| Trigger::from_name(std::str::from_utf8(name.plain()?).ok()?);
        let trigger = match trigger.map(named) {
            Some(None) => {
                let known: Vec<_> = Trigger::names().collect();
                return complaint(id, number, &format!("unknown trigger; known are {}", known.join(", ")));
            }
            Some(named) => named,
            None => None,
        };
        if function.is_some() && self.contract.is_none() {
            let problem = "the line has a \"function\", which means nothing without --contract";
            return complaint(id, number, problem);
        }
        let (Ok(time), Ok(billed)) = (milliseconds(time), milliseconds(billed)) else {
            let problem = "\"time\" and \"billed_ms\" are whole numbers of milliseconds";
            return complaint(id, number, problem);
        };
        let time = time.unwrap_or_else(now);
        self.guard.at(time);
        let started = Instant::now();
        // A string's raw text lacks its quotes: such an event is read from the bytes around it.
        let text = match event.kind() {
            Kind::String => {
                line.get(event.offset() - 1..event.offset() + event.raw().len() + 1).unwrap_or_default()
            }
            _ => event.raw(),
        };
        let ruling = match &self.contract {
            None => self.guard.rule(text, trigger),
            Some(contract) => {
                let name = function.map_or(Value::Null, value);
                let Some(function) = name.as_str() else {
                    return complaint(id, number, "the line has no \"function\", which the contract needs");
                };
                let mut judge = || self.guard.decide_for(text, trigger, contract, function);
                match (&mut self.limits, contract.find(function)) {
                    (Some(limits), Some((id, _))) => limits.decide(id, text, trigger, (time, billed), judge),
                    _ => judge(),
                }
            }
        };
        let micros = started.elapsed().as_micros();
        self.render(&id, text, &ruling, micros)
    }

    fn render(&self, id: &Value, event: &[u8], ruling: &Ruling, micros: u128) -> Value {
        let Ruling { decision, mode, .. } = ruling;
        let denied = decision.records.iter().filter(|r| r.verdict == Verdict::Deny || !r.reasons.is_empty());
        let watched = ruling.only_reports() && decision.verdict != Verdict::Allow;
        let mut out = json!({
            "id": id,
            "decision": if watched { Verdict::Allow } else { decision.verdict }.name(),
            "trigger": decision.trigger.name(),
            "records": denied.map(|r| self.record(r, watched)).collect::<Vec<_>>(),
            "answer": if ruling.left().verdict == Verdict::Deny { answer(event, ruling) } else { Value::Null },
            "micros": u64::try_from(micros).unwrap_or(u64::MAX),
        });
        if let Some(out) = out.as_object_mut().filter(|_| ruling.redacted.is_some())
            && let Remedy::Rewrite { event, .. } = remedy(event, ruling)
        {
            out.insert("redacted".into(), serde_json::from_slice(&event).unwrap_or_default());
        }
        // Who only watches learns what would deserve a look; who asks why learns what moved the bar.
        let told = |note: &&Note| self.explain || *mode == Mode::Monitor && note.effect == Effect::Suspicion;
        let notes: Vec<Value> = self.guard.notes().iter().filter(told).map(note).collect();
        if let Some(out) = out.as_object_mut().filter(|_| !notes.is_empty()) {
            out.insert("notes".into(), notes.into());
        }
        if let Some(out) = out.as_object_mut().filter(|_| watched) {
            out.insert("would".into(), decision.verdict.name().into());
        }
        out
    }

    fn record(&self, record: &Record, watched: bool) -> Value {
        let reasons: Vec<Value> = record.reasons.iter().map(|r| self.reason(r)).collect();
        if watched && record.verdict == Verdict::Deny {
            let (allow, deny) = (Verdict::Allow.name(), Verdict::Deny.name());
            return json!({"index": record.index, "decision": allow, "would": deny, "reasons": reasons});
        }
        json!({"index": record.index, "decision": record.verdict.name(), "reasons": reasons})
    }

    fn reason(&self, reason: &Reason) -> Value {
        let decoded: Vec<&str> = reason.decoded.steps().map(tidegate_decide::decode::Step::name).collect();
        let mut out = json!({"class": reason.class.name(), "pointer": reason.pointer, "decoded": decoded, "detail": reason.detail});
        if self.explain
            && let Some(out) = out.as_object_mut()
        {
            out.insert("within".into(), reason.within.as_str().into());
            out.insert("offset".into(), reason.offset.into());
        }
        out
    }
}

/// An edge whose events pass whatever is found.
fn watched(edge: &Edge) -> bool {
    edge.mode == Mode::Monitor
}

/// What is no reason, with its place.
fn note(note: &Note) -> Value {
    let decoded: Vec<&str> = note.decoded.steps().map(tidegate_decide::decode::Step::name).collect();
    let mut out = json!({
        "effect": note.effect.name(), "class": note.class.name(), "record": note.record, "pointer": note.pointer,
        "within": note.within, "decoded": decoded, "offset": note.offset, "detail": note.detail,
    });
    if let (Some(out), Some(opinion)) = (out.as_object_mut(), &note.opinion) {
        out.insert("score".into(), opinion.score.into());
        out.insert("looks_like".into(), opinion.pieces.clone().into());
    }
    out
}

/// A line of just an id and then an event, which most are: the event needs no reading before it is decided on.
struct Plain<'a> {
    id: Value,
    event: &'a [u8],
}

impl<'a> Plain<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let rest = line.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?;
        let rest = rest.trim_ascii_start().strip_prefix(b"\"id\"")?.trim_ascii_start().strip_prefix(b":")?;
        let rest = rest.trim_ascii_start();
        let length = match rest.strip_prefix(b"\"") {
            Some(inside) => inside.iter().take(256).position(|b| matches!(b, b'"' | b'\\'))? + 2,
            None => rest.iter().take(64).position(|b| !b.is_ascii_digit())?,
        };
        let (id, rest) = rest.split_at_checked(length)?;
        let rest = rest.trim_ascii_start().strip_prefix(b",")?.trim_ascii_start();
        let event = rest.strip_prefix(b"\"event\"")?.trim_ascii_start().strip_prefix(b":")?;
        Some(Self { id: serde_json::from_slice(id).ok()?, event })
    }
}

/// What a line may hold.
const FIELDS: [&str; 6] = ["id", "function", "trigger", "time", "billed_ms", "event"];

/// The fields of a line in that order, those aside that are null. With it comes why the line can't be decided on: whoever
/// misspells a field, or writes it twice, would be told of another event than the one that was meant.
fn fields(root: Item<'_>) -> ([Option<Item<'_>>; 6], Option<String>) {
    let mut places = [(false, None); 6];
    let mut problem = None;
    for (key, item) in root.entries() {
        let known = FIELDS.iter().zip(&mut places).find(|(name, _)| key.is_text(name));
        let Some((name, (seen, place))) = known else {
            let name: String = value(key).as_str().unwrap_or_default().chars().take(40).collect();
            let known = FIELDS.join(", ");
            problem = problem.or_else(|| Some(format!("there is no field {name:?}; known are {known}")));
            continue;
        };
        // Whoever reads it next may take the other one.
        if std::mem::replace(seen, true) {
            problem = problem.or_else(|| Some(format!("the line has {name:?} twice")));
            *place = None;
        } else {
            *place = Some(item).filter(|item| item.kind() != Kind::Null || *name == "event");
        }
    }
    (places.map(|(_, item)| item), problem)
}

/// A number of milliseconds, if there is one.
fn milliseconds(item: Option<Item<'_>>) -> Result<Option<u64>, ()> {
    item.map(|item| value(item).as_u64().ok_or(())).transpose()
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What the sender would be answered instead of by the function.
fn answer(event: &[u8], ruling: &Ruling) -> Value {
    match remedy(event, ruling) {
        Remedy::Respond(body) | Remedy::Fail(body) => serde_json::from_slice(&body).unwrap_or_default(),
        Remedy::Forward | Remedy::Rewrite { .. } => Value::Null,
    }
}

/// A line that can't be decided on is denied: nothing may pass because it could not be read.
fn complaint(id: Value, number: u64, problem: &str) -> Value {
    let problem = format!("line {number}: {problem}");
    json!({"id": id, "decision": "deny", "trigger": null, "records": [], "answer": null, "micros": 0, "problem": problem})
}

/// The id as it came.
fn value(item: Item<'_>) -> Value {
    match item.kind() {
        Kind::String => {
            let mut text = Vec::new();
            tidegate_decide::json::unescape(item.raw(), &mut text);
            String::from_utf8_lossy(&text).into_owned().into()
        }
        _ => serde_json::from_slice(item.raw()).unwrap_or(Value::Null),
    }
}
