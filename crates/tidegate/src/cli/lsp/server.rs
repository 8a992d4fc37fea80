//! The conversation with one editor.

use super::actions::{self, Desk};
use super::analysis::{self, Analysis, Root, Scene, Settings};
use super::protocol::{Abilities, About, ActionParams, Changed, Diagnostic, HoverParams, Opened};
use super::text::{Encoding, Text};
use super::wire::{self, Incoming, Writer};
use super::worker::{self, Done, Job};
use super::{hover, paths, profiles};
use crate::date::Date;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufReader, Stdout};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use tidegate_check::Profile;

/// What the command line says.
pub(super) struct Wanted {
    pub(super) profiles: Vec<Profile>,
    pub(super) config: Option<PathBuf>,
    pub(super) today: Date,
}

/// What this thread waits for.
pub(super) enum Event {
    Client(Incoming),
    /// The editor went away.
    Gone,
    Done(Done),
}

/// Serves the editor on stdin and stdout. True when it said goodbye before it left.
pub(super) fn serve(wanted: Wanted) -> io::Result<bool> {
    // An editor that sends faster than it is answered has to wait.
    const WAITING: usize = 256;
    let (events, inbox) = sync_channel(WAITING);
    let (jobs, work) = channel();
    worker::start(work, events.clone())?;
    std::thread::Builder::new().name("client".into()).spawn(move || listen(&events))?;
    let mut server = Server::new(wanted, jobs);
    for event in inbox {
        match event {
            Event::Client(Incoming::Notification { method, .. }) if method == "exit" => break,
            Event::Client(incoming) => server.take(incoming)?,
            Event::Done(done) => server.done(done)?,
            Event::Gone => break,
        }
    }
    Ok(server.phase == Phase::Over)
}

fn listen(events: &SyncSender<Event>) {
    let mut input = BufReader::new(io::stdin());
    while let Ok(Some(incoming)) = wire::read(&mut input) {
        if events.send(Event::Client(incoming)).is_err() {
            return;
        }
    }
    let _ = events.send(Event::Gone);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Before,
    Open,
    Over,
}

struct OpenDocument {
    uri: String,
    version: i64,
    text: Text,
}

/// A question that waits for the look at the text as it is now.
enum Question {
    Hover(HoverParams),
    Actions(ActionParams),
}

struct Server {
    out: Writer<Stdout>,
    jobs: Sender<Job>,
    phase: Phase,
    settings: Settings,
    abilities: Abilities,
    folders: Vec<Root>,
    documents: BTreeMap<PathBuf, OpenDocument>,
    /// Counts what may have changed the result.
    generation: u64,
    stop: Arc<AtomicBool>,
    analysis: Option<(u64, Box<Analysis>)>,
    published: HashMap<PathBuf, Vec<Diagnostic>>,
    questions: Vec<(Value, Question)>,
    /// Words of the settings that name no profile.
    unknown: Vec<String>,
}

impl Server {
    fn new(wanted: Wanted, jobs: Sender<Job>) -> Self {
        let settings = Settings {
            profiles: wanted.profiles,
            config: wanted.config,
            today: wanted.today,
            encoding: Encoding::default(),
            related: false,
            code_description: false,
        };
        Self {
            out: Writer(io::stdout()),
            jobs,
            phase: Phase::Before,
            settings,
            abilities: Abilities::default(),
            folders: Vec::new(),
            documents: BTreeMap::new(),
            generation: 0,
            stop: Arc::default(),
            analysis: None,
            published: HashMap::new(),
            questions: Vec::new(),
            unknown: Vec::new(),
        }
    }

    fn take(&mut self, incoming: Incoming) -> io::Result<()> {
        match incoming {
            Incoming::Request { id, method, params } => self.request(id, &method, params),
            Incoming::Notification { method, params } if self.phase == Phase::Open => {
                self.notification(&method, params)
            }
            Incoming::Notification { .. } | Incoming::Response => Ok(()),
            Incoming::Broken { id, code, message } => self.out.refuse(&id, code, &message),
        }
    }

    fn request(&mut self, id: Value, method: &str, params: Value) -> io::Result<()> {
        match (self.phase, method) {
            (Phase::Before, "initialize") => {
                let answer = self.initialize(&params);
                self.out.answer(&id, &answer)
            }
            (Phase::Before, _) => self.out.refuse(&id, wire::NOT_INITIALIZED, "`initialize` comes first"),
            (Phase::Over, _) => self.out.refuse(&id, wire::INVALID_REQUEST, "the server is shut down"),
            (Phase::Open, "initialize") => {
                self.out.refuse(&id, wire::INVALID_REQUEST, "`initialize` comes once")
            }
            (Phase::Open, "shutdown") => {
                self.phase = Phase::Over;
                self.stop.store(true, Ordering::Relaxed);
                for (waiting, _) in std::mem::take(&mut self.questions) {
                    self.out.refuse(&waiting, wire::REQUEST_CANCELLED, "the server is shut down")?;
                }
                self.out.answer(&id, &Value::Null)
            }
            (Phase::Open, "textDocument/hover") => match parse(params) {
                Ok(params) => self.ask(id, Question::Hover(params)),
                Err(message) => self.out.refuse(&id, wire::INVALID_PARAMS, &message),
            },
            (Phase::Open, "textDocument/codeAction") => match parse(params) {
                Ok(params) => self.ask(id, Question::Actions(params)),
                Err(message) => self.out.refuse(&id, wire::INVALID_PARAMS, &message),
            },
            (Phase::Open, "codeAction/resolve") => self.resolve(id, params),
            (Phase::Open, _) => {
                self.out.refuse(&id, wire::METHOD_NOT_FOUND, &format!("there is no method `{method}`"))
            }
        }
    }

    fn initialize(&mut self, params: &Value) -> Value {
        let capabilities = params.get("capabilities").unwrap_or(&Value::Null);
        self.abilities = Abilities::of(capabilities);
        let offered = capabilities.pointer("/general/positionEncodings").and_then(Value::as_array);
        let offered: Vec<String> =
            offered.into_iter().flatten().filter_map(|word| Some(word.as_str()?.to_string())).collect();
        self.settings.encoding = Encoding::negotiate(&offered);
        self.settings.related = self.abilities.related;
        self.settings.code_description = self.abilities.code_description;
        if let Some(options) = params.get("initializationOptions") {
            self.configure(options);
        }
        let folders = params.get("workspaceFolders").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut uris: Vec<String> = folders.iter().filter_map(folder).collect();
        if uris.is_empty() {
            uris.extend(params.get("rootUri").and_then(Value::as_str).map(str::to_string));
        }
        if uris.is_empty() {
            let path = params.get("rootPath").and_then(Value::as_str).map(PathBuf::from);
            uris.extend(path.map(|path| paths::uri(&path)));
        }
        self.folders = uris.iter().filter_map(|uri| root(uri)).collect();
        self.phase = Phase::Open;
        json!({
            "capabilities": {
                "positionEncoding": self.settings.encoding.word(),
                "textDocumentSync": {"openClose": true, "change": 2, "save": {"includeText": false}},
                "hoverProvider": true,
                "codeActionProvider": {
                    "codeActionKinds": ["quickfix", actions::FIX_ALL],
                    "resolveProvider": self.abilities.resolves_edits,
                },
                "workspace": {"workspaceFolders": {"supported": true, "changeNotifications": true}},
            },
            "serverInfo": {"name": "tidegate", "version": env!("CARGO_PKG_VERSION")},
        })
    }

    /// Takes over what an editor's own settings say.
    fn configure(&mut self, settings: &Value) {
        let settings = settings.get("tidegate").unwrap_or(settings);
        let words = match settings.get("profile") {
            Some(Value::String(word)) => vec![word.clone()],
            Some(Value::Array(words)) => words.iter().filter_map(|w| Some(w.as_str()?.to_string())).collect(),
            _ => Vec::new(),
        };
        if !words.is_empty() {
            self.settings.profiles = profiles(&words);
            self.unknown =
                words.into_iter().filter(|w| profiles(std::slice::from_ref(w)).is_empty()).collect();
        }
        if let Some(config) = settings.get("config").and_then(Value::as_str).filter(|c| !c.is_empty()) {
            self.settings.config = Some(config.into());
        }
    }

    /// Says what of the settings can't be understood.
    fn complain(&mut self) -> io::Result<()> {
        for word in std::mem::take(&mut self.unknown) {
            let known = Profile::ALL.map(Profile::word).join("`, `");
            let message = format!("tidegate: there is no profile `{word}`, only `{known}`");
            self.out.notify("window/showMessage", &json!({"type": 2, "message": message}))?;
        }
        Ok(())
    }

    fn notification(&mut self, method: &str, params: Value) -> io::Result<()> {
        match method {
            "initialized" => {
                if self.abilities.watches {
                    let pattern = "**/*.{yaml,yml,json,template,tf,tofu,tfvars,toml,vtl,graphql}";
                    let watch = json!({"registrations": [{
                        "id": "files",
                        "method": "workspace/didChangeWatchedFiles",
                        "registerOptions": {"watchers": [{"globPattern": pattern}]},
                    }]});
                    self.out.ask("watch", "client/registerCapability", &watch)?;
                }
                self.complain()?;
                self.look(false);
            }
            "textDocument/didOpen" => {
                let Ok(Opened { text_document: opened }) = parse(params) else { return Ok(()) };
                let Some(path) = paths::path(&opened.uri) else { return Ok(()) };
                let text = Text::new(opened.text.strip_prefix('\u{feff}').unwrap_or(&opened.text));
                let document = OpenDocument { uri: opened.uri, version: opened.version, text };
                self.documents.insert(path, document);
                self.look(false);
            }
            "textDocument/didChange" => {
                let Ok(changed) = parse::<Changed>(params) else { return Ok(()) };
                self.change(&changed);
            }
            "textDocument/didClose" => {
                let Ok(About { text_document }) = parse(params) else { return Ok(()) };
                let Some(path) = paths::path(&text_document.uri) else { return Ok(()) };
                self.documents.remove(&path);
                self.look(false);
            }
            "textDocument/didSave" => self.look(false),
            // Tools write many files at once, as somebody types many letters.
            "workspace/didChangeWatchedFiles" if matters(&params) => self.look(true),
            "workspace/didChangeConfiguration" => {
                self.configure(params.get("settings").unwrap_or(&Value::Null));
                self.complain()?;
                self.look(false);
            }
            "workspace/didChangeWorkspaceFolders" => {
                let list = |key: &str| {
                    let items = params.pointer(&format!("/event/{key}")).and_then(Value::as_array);
                    let uris = items.into_iter().flatten().filter_map(folder);
                    uris.filter_map(|uri| root(&uri)).collect::<Vec<Root>>()
                };
                let removed = list("removed");
                self.folders.retain(|folder| !removed.iter().any(|gone| gone.real == folder.real));
                self.folders.extend(list("added"));
                self.look(false);
            }
            "$/cancelRequest" => {
                let Some(id) = params.get("id") else { return Ok(()) };
                if let Some(at) = self.questions.iter().position(|(waiting, _)| waiting == id) {
                    self.questions.remove(at);
                    self.out.refuse(id, wire::REQUEST_CANCELLED, "the request was cancelled")?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn change(&mut self, changed: &Changed) {
        let Some(path) = paths::path(&changed.text_document.uri) else { return };
        let encoding = self.settings.encoding;
        let Some(document) = self.documents.get_mut(&path) else { return };
        for change in &changed.content_changes {
            document.text = match change.range {
                Some(range) => document.text.replace(range, &change.text, encoding),
                None => Text::new(change.text.strip_prefix('\u{feff}').unwrap_or(&change.text)),
            };
        }
        document.version = changed.text_document.version;
        self.look(true);
    }

    /// Has everything looked at again; what is being looked at now is of no use any more.
    fn look(&mut self, typing: bool) {
        self.stop.store(true, Ordering::Relaxed);
        self.stop = Arc::default();
        self.generation += 1;
        let typing = typing && self.questions.is_empty();
        // The thread lives as long as we do.
        let _ = self.jobs.send(Job::Look { generation: self.generation, scene: self.scene(), typing });
    }

    fn scene(&self) -> Scene {
        let mut roots: Vec<Root> = Vec::new();
        for folder in &self.folders {
            // A folder within another one is read with that one.
            let within = |other: &Root| other.real != folder.real && folder.real.starts_with(&other.real);
            if !self.folders.iter().any(within) && !roots.contains(folder) {
                roots.push(folder.clone());
            }
        }
        for (path, document) in &self.documents {
            if !roots.iter().any(|root| path.starts_with(&root.real)) {
                let shown = paths::path(&document.uri).unwrap_or_else(|| path.clone());
                roots.push(Root { shown, real: path.clone() });
            }
        }
        let texts =
            self.documents.iter().map(|(path, document)| (path.clone(), document.text.text().clone()));
        Scene {
            roots,
            unsaved: Arc::new(texts.collect()),
            uris: self
                .documents
                .iter()
                .map(|(path, document)| (path.clone(), document.uri.clone()))
                .collect(),
            settings: self.settings.clone(),
            stop: self.stop.clone(),
        }
    }

    fn ask(&mut self, id: Value, question: Question) -> io::Result<()> {
        self.questions.push((id, question));
        if self.analysis.as_ref().is_some_and(|(generation, _)| *generation == self.generation) {
            return self.answer();
        }
        let _ = self.jobs.send(Job::Now);
        Ok(())
    }

    /// Answers what is asked about the text as it is now.
    fn answer(&mut self) -> io::Result<()> {
        let questions = std::mem::take(&mut self.questions);
        let Some((_, analysis)) = &self.analysis else { return Ok(()) };
        if questions.is_empty() {
            return Ok(());
        }
        let scene = self.scene();
        let versions =
            self.documents.iter().map(|(path, document)| (path.clone(), document.version)).collect();
        let desk = Desk { scene: &scene, versions: &versions, abilities: self.abilities };
        let mut later = Vec::new();
        for (id, question) in questions {
            let answer = match question {
                Question::Hover(params) => hover::at(analysis, &params, self.abilities.markdown),
                Question::Actions(params) => {
                    let mut list = actions::at(&desk, analysis, &params);
                    let all = list.iter().position(|action| action.get("data").is_some());
                    // An editor that doesn't come back for the edits gets them now, if it wants nothing else.
                    if !self.abilities.resolves_edits
                        && let Some(at) = all
                    {
                        let action = list.remove(at);
                        if params.context.names(actions::FIX_ALL) {
                            later.push((id, action));
                            continue;
                        }
                    }
                    Value::Array(list)
                }
            };
            self.out.answer(&id, &answer)?;
        }
        for (id, action) in later {
            self.fix_all(id, action)?;
        }
        Ok(())
    }

    fn resolve(&mut self, id: Value, action: Value) -> io::Result<()> {
        if action.pointer("/data/fixAll").is_some() {
            return self.fix_all(id, action);
        }
        self.out.answer(&id, &action)
    }

    fn fix_all(&mut self, id: Value, action: Value) -> io::Result<()> {
        let Some(path) = action.pointer("/data/fixAll").and_then(Value::as_str).and_then(paths::path) else {
            return self.out.refuse(&id, wire::INVALID_PARAMS, "the action is none of ours");
        };
        let scene = self.scene();
        let _ = self.jobs.send(Job::FixAll { id, generation: self.generation, action, scene, path });
        Ok(())
    }

    fn done(&mut self, done: Done) -> io::Result<()> {
        match done {
            Done::Look { generation, analysis } => {
                if generation == self.generation && self.phase == Phase::Open {
                    self.analysis = Some((generation, analysis));
                    self.publish()?;
                    self.answer()?;
                }
                Ok(())
            }
            Done::FixAll { id, generation, mut action, path, texts } => {
                if generation != self.generation {
                    return self.out.refuse(&id, wire::CONTENT_MODIFIED, "the text has changed since");
                }
                let scene = self.scene();
                let versions =
                    self.documents.iter().map(|(path, document)| (path.clone(), document.version)).collect();
                let desk = Desk { scene: &scene, versions: &versions, abilities: self.abilities };
                let edit = texts.and_then(|(before, after)| actions::difference(&before, &after, &scene));
                let edits: Vec<Value> = edit.into_iter().collect();
                if let Some(map) = action.as_object_mut() {
                    map.insert("edit".into(), desk.changes(&path, &edits));
                }
                let answer = if self.abilities.resolves_edits { action } else { json!([action]) };
                self.out.answer(&id, &answer)
            }
        }
    }

    fn publish(&mut self) -> io::Result<()> {
        let Some((_, analysis)) = &self.analysis else { return Ok(()) };
        let scene = self.scene();
        let gone: Vec<PathBuf> =
            self.published.keys().filter(|path| !analysis.diagnostics.contains_key(*path)).cloned().collect();
        for path in gone {
            self.published.remove(&path);
            let params = json!({"uri": analysis::uri(&scene, &path), "diagnostics": []});
            self.out.notify("textDocument/publishDiagnostics", &params)?;
        }
        for (path, diagnostics) in &analysis.diagnostics {
            let version = self.documents.get(path).map(|document| document.version);
            if version.is_none() && self.published.get(path) == Some(diagnostics) {
                continue;
            }
            let mut params = json!({"uri": analysis::uri(&scene, path), "diagnostics": diagnostics});
            if let (Some(version), Some(map)) = (version, params.as_object_mut()) {
                map.insert("version".into(), version.into());
            }
            self.out.notify("textDocument/publishDiagnostics", &params)?;
            self.published.insert(path.clone(), diagnostics.clone());
        }
        Ok(())
    }
}

/// True if one of the files that changed may be read.
fn matters(params: &Value) -> bool {
    const NEVER: [&str; 3] = ["/node_modules/", "/.git/", "/target/"];
    let changes = params.get("changes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let passed_over = |change: &Value| {
        let uri = change.get("uri").and_then(Value::as_str).unwrap_or_default();
        NEVER.iter().any(|part| uri.contains(part))
    };
    changes.is_empty() || !changes.iter().all(passed_over)
}

fn parse<T: DeserializeOwned>(params: Value) -> Result<T, String> {
    serde_json::from_value(params).map_err(|error| error.to_string())
}

fn folder(entry: &Value) -> Option<String> {
    Some(entry.get("uri")?.as_str()?.to_string())
}

fn root(uri: &str) -> Option<Root> {
    let (shown, real) = paths::both(uri)?;
    Some(Root { shown, real })
}
