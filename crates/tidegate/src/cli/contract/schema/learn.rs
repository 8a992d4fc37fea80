//! `tidegate contract schema learn`: a schema from events that were recorded.

use crate::cli::lines::{self, Next};
use crate::contract::learned::{Bar, Place, document};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::PathBuf;
use tidegate_decide::json::{Kind, Limits, Tape};
use tidegate_decide::schema::payloads;
use tidegate_decide::{Guard, Trigger, Verdict};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// JSON lines as `tidegate guard decide` takes them; standard input without any
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only events of this function, as the lines name it
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Only events of this trigger
    #[arg(long, value_name = "NAME")]
    trigger: Option<String>,
    /// Times that something has to be seen before it is a rule
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    least: u64,
    /// Deny keys that were never there
    #[arg(long)]
    closed: bool,
    /// Writes the schema into a file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Lines that can't be read and are told of by number.
const TOLD: usize = 5;

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let trigger = args.trigger.as_deref().map(known).transpose()?;
    let mut learner = Learner::of(args, trigger);
    if args.files.is_empty() {
        learner.read("standard input", std::io::stdin().lock())?;
    }
    for path in &args.files {
        let shown = path.display().to_string();
        let file = File::open(path).map_err(|error| Failure::reading(path, error))?;
        learner.read(&shown, file)?;
    }
    learner.finish()
}

fn known(name: &str) -> Result<Trigger, Failure> {
    Trigger::from_name(name).ok_or_else(|| {
        let known: Vec<_> = Trigger::names().collect();
        Failure::usage(format!("unknown trigger `{name}`"), Some(format!("known are {}", known.join(", "))))
    })
}

/// A line beside its event.
#[derive(Deserialize)]
struct Line {
    function: Option<String>,
    trigger: Option<String>,
}

struct Learner<'a> {
    args: &'a Args,
    trigger: Option<Trigger>,
    guard: Guard,
    tape: Tape,
    root: Place,
    functions: BTreeSet<String>,
    triggers: BTreeSet<&'static str>,
    denied: usize,
    without: usize,
    /// Lines that can't be read, with why.
    broken: Vec<String>,
    unread: usize,
}

impl<'a> Learner<'a> {
    fn of(args: &'a Args, trigger: Option<Trigger>) -> Self {
        Self {
            args,
            trigger,
            guard: Guard::default(),
            tape: Tape::default(),
            root: Place::default(),
            functions: BTreeSet::new(),
            triggers: BTreeSet::new(),
            denied: 0,
            without: 0,
            broken: Vec::new(),
            unread: 0,
        }
    }

    fn read(&mut self, shown: &str, from: impl Read) -> Result<(), Failure> {
        let mut from = BufReader::with_capacity(1 << 16, from);
        let (mut line, mut number) = (Vec::new(), 0);
        loop {
            let next = lines::next(&mut from, &mut line, &mut number);
            let result = match next.with_context(|| format!("reading {shown}"))? {
                Next::End => return Ok(()),
                Next::Long => Err(lines::LONG.to_string()),
                Next::Line => self.line(&line),
            };
            if let Err(why) = result {
                self.unread += 1;
                if self.broken.len() < TOLD {
                    self.broken.push(format!("{shown}:{number}: {why}"));
                }
            }
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        let about: Line = serde_json::from_slice(line).map_err(|e| format!("the line can't be read: {e}"))?;
        // The line around the event nests one deeper than the event may.
        let limits = Limits { depth: 1 << 20, ..Limits::default() };
        self.tape.read(line, &limits).map_err(|_| "the line is not JSON".to_string())?;
        let event = self.tape.root(line).field("event").ok_or("the line has no \"event\"")?;
        if event.kind() != Kind::Object && event.kind() != Kind::Array {
            return Err("the \"event\" is no object".into());
        }
        if self.args.function.as_ref().is_some_and(|wanted| about.function.as_ref() != Some(wanted)) {
            return Ok(());
        }
        let named =
            about.trigger.map(|name| Trigger::from_name(&name).ok_or(format!("unknown trigger `{name}`")));
        let decision = self.guard.decide(event.raw(), named.transpose()?);
        if self.trigger.is_some_and(|wanted| decision.trigger != wanted) {
            return Ok(());
        }
        self.functions.extend(about.function);
        self.triggers.insert(decision.trigger.name());
        // An attack is nothing to learn from; whoever sends many would make the schema.
        if decision.verdict != Verdict::Allow {
            self.denied += 1;
            return Ok(());
        }
        let payloads = payloads(event.raw(), decision.trigger);
        self.without += usize::from(payloads.is_empty());
        for payload in payloads {
            let value: Value =
                serde_json::from_slice(&payload).map_err(|e| format!("the payload can't be read: {e}"))?;
            self.root.add(&value);
        }
        Ok(())
    }

    fn finish(self) -> Result<Exit, Failure> {
        let several = |names: Vec<&str>, what: &str, flag: &str| {
            let message = format!("the events are of several {what}: {}", names.join(", "));
            Failure::usage(message, Some(format!("name one with {flag}; each has a schema of its own")))
        };
        for broken in &self.broken {
            output::tell(&format!("warning: {broken}\n"));
        }
        if let Some(more) = self.unread.checked_sub(TOLD).filter(|more| *more > 0) {
            output::tell(&format!("warning: {} more\n", output::count(more, "line is", "lines are")));
        }
        if self.functions.len() > 1 {
            return Err(several(
                self.functions.iter().map(String::as_str).collect(),
                "functions",
                "--function",
            ));
        }
        if self.triggers.len() > 1 {
            return Err(several(self.triggers.iter().copied().collect(), "triggers", "--trigger"));
        }
        if self.root.seen() == 0 {
            return Err(Failure::Nothing {
                message: "there is no payload to learn from".into(),
                looked_for: "JSON lines with an \"event\" that the guard allows and whose payload is JSON"
                    .into(),
                help: format!(
                    "{} denied, {} without a JSON payload, {} unreadable",
                    output::count(self.denied, "event was", "events were"),
                    self.without,
                    self.unread
                ),
            });
        }
        let bar = Bar { least: self.args.least, closed: self.args.closed };
        for (count, what) in [(self.denied, "the guard denies"), (self.without, "have no payload in JSON")] {
            if count > 0 {
                let events = output::count(count, "event", "events");
                output::tell(&format!("note: {events} left out, which {what}\n"));
            }
        }
        if self.root.seen() < bar.least {
            let seen = self.root.seen();
            output::tell(&format!(
                "warning: {seen} of the {} payloads that make a rule: the schema says types alone\n",
                bar.least
            ));
        }
        let text = serde_json::to_string_pretty(&document(&self.root, bar)).context("writing the schema")?;
        output::deliver(&format!("{text}\n"), self.args.out.as_deref())?;
        Ok(Exit::Clean)
    }
}
