//! Runs rules of engines that know no limit in a process of their own: it ends itself when a rule takes too long or too
//! much memory, and whatever else happens to it leaves the run as it is.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The hidden command that makes this program a worker.
pub(crate) const COMMAND: &str = "rules-worker";

/// What one rule may take.
const MAX_SECONDS: u64 = 5;
const MAX_MEGABYTES: u64 = 1024;
/// However little it works.
const MAX_WAIT: Duration = Duration::from_secs(120);
/// How often the worker looks at what it takes.
const LOOK_EVERY: Duration = Duration::from_millis(10);

const TOO_LONG: u8 = 61;
const TOO_LARGE: u8 = 62;

/// What a worker is to do.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Job {
    /// Documents for rules in Rego, one for each world.
    pub(super) inputs: Vec<Value>,
    /// Templates for rules in Guard, as text.
    pub(super) templates: Vec<String>,
    pub(super) tasks: Vec<Task>,
}

/// One rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Task {
    /// Evaluates these sets of a package over every input.
    Rego { package: String, sets: Vec<String>, modules: Vec<(String, String)> },
    /// Parses a file.
    RegoParse { path: String, text: String },
    /// Evaluates these tests of a package.
    RegoTests { package: String, names: Vec<String>, modules: Vec<(String, String)> },
    /// Evaluates a file of Guard over every template.
    Guard { path: String, text: String },
}

/// Does every task; one answer each, or why there is none.
pub(super) fn run(job: &Job) -> Vec<Result<Value, String>> {
    let mut out: Vec<Result<Value, String>> = Vec::new();
    while out.len() < job.tasks.len() {
        let rest = Job {
            inputs: Vec::new(),
            templates: Vec::new(),
            tasks: job.tasks.iter().skip(out.len()).cloned().collect(),
        };
        match send(job, &rest, &mut out) {
            Ok(None) => {}
            // The rule at which it ended is the one that did it; the others get a worker of their own.
            Ok(Some(why)) => out.push(Err(why)),
            Err(error) => out.push(Err(format!("it could not be run: {error}"))),
        }
    }
    out
}

/// Starts a worker and reads what it says; `Some` when it ended before its work was done.
fn send(job: &Job, rest: &Job, out: &mut Vec<Result<Value, String>>) -> std::io::Result<Option<String>> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg(COMMAND)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // Borrowed piece by piece: the documents are large.
        #[derive(Serialize)]
        struct Whole<'a> {
            inputs: &'a [Value],
            templates: &'a [String],
            tasks: &'a [Task],
        }
        let whole = Whole { inputs: &job.inputs, templates: &job.templates, tasks: &rest.tasks };
        // One that ends early is told by its exit status.
        let _ = serde_json::to_writer(std::io::BufWriter::new(&mut stdin), &whole);
    }
    let mut done = 0;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let Ok(answer) = serde_json::from_str::<Result<Value, String>>(&line?) else { break };
            out.push(answer);
            done += 1;
        }
    }
    let status = child.wait()?;
    if done >= rest.tasks.len() {
        return Ok(None);
    }
    Ok(Some(match status.code().and_then(|c| u8::try_from(c).ok()) {
        Some(TOO_LONG) => format!("it took longer than {MAX_SECONDS} seconds"),
        Some(TOO_LARGE) => format!("it took more than {MAX_MEGABYTES} MB of memory"),
        _ => "it made its engine crash".to_string(),
    }))
}

/// The worker itself: a job on stdin, one line for each task on stdout.
pub(crate) fn serve() -> ExitCode {
    let mut text = String::new();
    if std::io::stdin().lock().read_to_string(&mut text).is_err() {
        return ExitCode::FAILURE;
    }
    let Ok(job) = serde_json::from_str::<Job>(&text) else { return ExitCode::FAILURE };
    drop(text);
    watch();
    let mut engines = Engines::new(&job);
    for task in &job.tasks {
        TASK.fetch_add(1, Ordering::SeqCst);
        let answer = engines.run(task);
        let Ok(line) = serde_json::to_string(&answer) else { return ExitCode::FAILURE };
        let mut stdout = std::io::stdout().lock();
        if writeln!(stdout, "{line}").and_then(|()| stdout.flush()).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Number of the task that is being done.
static TASK: AtomicU64 = AtomicU64::new(0);

/// Ends the process when a task takes too much; nothing else stops a rule in the middle of its work.
fn watch() {
    std::thread::spawn(|| {
        let (mut task, mut since, mut before) = (0, Instant::now(), Duration::ZERO);
        loop {
            std::thread::sleep(LOOK_EVERY);
            let now = TASK.load(Ordering::SeqCst);
            if now != task {
                (task, since, before) = (now, Instant::now(), worked().unwrap_or_default());
            }
            // A busy machine makes nobody's rule slow; only where it isn't told what was worked does the clock count.
            let taken = worked().map_or_else(|| since.elapsed(), |now| now.saturating_sub(before));
            let code = match () {
                () if taken > Duration::from_secs(MAX_SECONDS) || since.elapsed() > MAX_WAIT => TOO_LONG,
                () if megabytes().is_some_and(|n| n > MAX_MEGABYTES) => TOO_LARGE,
                () => continue,
            };
            #[expect(clippy::exit, reason = "the thread that does the work can't be asked to stop")]
            std::process::exit(i32::from(code));
        }
    });
}

/// How long the process has worked, where the system says so (Linux).
fn worked() -> Option<Duration> {
    // Ticks of a hundredth of a second; the name before them may hold anything but ends with the last bracket.
    const TICK: u64 = 10;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(|n| n.parse::<u64>().ok());
    ticks.sum::<Option<u64>>().map(|n| Duration::from_millis(n * TICK))
}

/// What the process holds, where the system says so (Linux).
fn megabytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}

/// What the tasks have in common.
struct Engines<'j> {
    job: &'j Job,
    /// Converted when the first rule needs them.
    inputs: Option<Vec<regorus::Value>>,
}

impl<'j> Engines<'j> {
    fn new(job: &'j Job) -> Self {
        Self { job, inputs: None }
    }

    fn run(&mut self, task: &Task) -> Result<Value, String> {
        match task {
            Task::Rego { package, sets, modules } => {
                let mut engine = rego(modules)?;
                let mut worlds = Vec::new();
                let inputs = self.inputs.get_or_insert_with(|| {
                    self.job.inputs.iter().cloned().map(regorus::Value::from).collect()
                });
                for input in inputs.iter() {
                    engine.set_input(input.clone());
                    let mut found = serde_json::Map::new();
                    for set in sets {
                        let value = engine.eval_rule(format!("data.{package}.{set}")).map_err(told)?;
                        found.insert(set.clone(), plain(&value)?);
                    }
                    worlds.push(Value::Object(found));
                }
                Ok(worlds.into())
            }
            Task::RegoParse { path, text } => {
                let parsed = regorus::Engine::new().add_policy(path.clone(), text.clone());
                // With its place, which whoever asks shows in the text.
                parsed.map(|_| Value::Null).map_err(|e| e.to_string())
            }
            Task::RegoTests { package, names, modules } => {
                let mut engine = rego(modules)?;
                let mut out = serde_json::Map::new();
                for name in names {
                    let said = match engine.eval_rule(format!("data.{package}.{name}")) {
                        Ok(value) => Value::Bool(value == regorus::Value::from(true)),
                        Err(error) => Value::String(told(error)),
                    };
                    out.insert(name.clone(), said);
                }
                Ok(out.into())
            }
            Task::Guard { path, text } => super::guard::evaluate(path, text, &self.job.templates),
        }
    }
}

fn rego(modules: &[(String, String)]) -> Result<regorus::Engine, String> {
    let mut engine = regorus::Engine::new();
    for (path, text) in modules {
        engine.add_policy(path.clone(), text.clone()).map_err(told)?;
    }
    engine.add_policy("tidegate/lib.rego".to_string(), LIBRARY.to_string()).map_err(told)?;
    Ok(engine)
}

/// What every rule can import as `data.tidegate.lib`.
const LIBRARY: &str = include_str!("lib.rego");

fn told(error: impl std::fmt::Display) -> String {
    let told = error.to_string();
    let (line, _, message) = super::rego::place(&told);
    if told.contains("--> ") { format!("line {line}: {message}") } else { message }
}

fn plain(value: &regorus::Value) -> Result<Value, String> {
    let text = value.to_json_str().map_err(told)?;
    serde_json::from_str(&text).map_err(|e| e.to_string())
}
