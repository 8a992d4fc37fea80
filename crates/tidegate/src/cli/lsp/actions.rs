//! What can be done about a finding: mend it, accept it, mend all of a file.

use super::analysis::{self, Analysis, Configs, Mark, Project, Scene};
use super::paths;
use super::protocol::{Abilities, ActionParams, Range};
use super::text::Text;
use crate::cli::check::{self, Sight};
use crate::cli::fix::File;
use crate::cli::input;
use crate::config::FILE;
use crate::output::fixes::Fixes;
use crate::suppress::accept;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tidegate_graph::{Edit, Finding, Safety};

/// Kind of the action that mends all of a file.
pub(super) const FIX_ALL: &str = "source.fixAll.tidegate";
const QUICK_FIX: &str = "quickfix";

/// What an editor has open, and what it can do.
pub(super) struct Desk<'a> {
    pub(super) scene: &'a Scene,
    pub(super) versions: &'a BTreeMap<PathBuf, i64>,
    pub(super) abilities: Abilities,
}

/// What can be done at a place.
pub(super) fn at(desk: &Desk<'_>, analysis: &Analysis, params: &ActionParams) -> Vec<Value> {
    // Somebody who marks a whole file doesn't want a menu of a thousand entries.
    const MOST: usize = 20;
    let Some(path) = paths::path(&params.text_document.uri) else { return Vec::new() };
    let mut out = Vec::new();
    let marks = analysis.marks.get(&path).map(Vec::as_slice).unwrap_or_default();
    if params.context.wants(QUICK_FIX) {
        let here = || marks.iter().filter(|mark| mark.range.touches(&params.range)).take(MOST);
        // One budget for all of them: a fix of a huge file takes long to find.
        let mut fixes: BTreeMap<usize, Fixes<'_>> = BTreeMap::new();
        for (mark, project, finding) in here().filter_map(|mark| found(analysis, mark)) {
            let fixes = fixes.entry(mark.project).or_insert_with(|| Fixes::new(&project.input.system));
            out.extend(desk.mend(project, finding, mark, fixes));
        }
        for (mark, project, finding) in here().filter_map(|mark| found(analysis, mark)) {
            out.extend(desk.accept(project, finding, mark));
        }
    }
    let safe = |mark: &Mark| {
        let fix = found(analysis, mark).and_then(|(_, _, finding)| finding.fix.as_ref());
        fix.is_some_and(|fix| fix.safety == Safety::Safe)
    };
    if params.context.wants(FIX_ALL) && marks.iter().any(safe) {
        out.push(json!({
            "title": "Fix all of this file that is safe to fix",
            "kind": FIX_ALL,
            "data": {"fixAll": params.text_document.uri},
        }));
    }
    out
}

fn found<'a>(analysis: &'a Analysis, mark: &'a Mark) -> Option<(&'a Mark, &'a Project, &'a Finding)> {
    let project = analysis.projects.get(mark.project)?;
    Some((mark, project, project.open.get(mark.finding)?))
}

impl Desk<'_> {
    fn mend(&self, project: &Project, finding: &Finding, mark: &Mark, fixes: &Fixes<'_>) -> Option<Value> {
        let fix = finding.fix.as_ref()?;
        let edits = fixes.edits(finding)?;
        let title = match fix.safety {
            Safety::Safe => capital(&fix.title),
            Safety::Unsafe => format!("{} (look at it: may break callers)", capital(&fix.title)),
        };
        Some(json!({
            "title": title,
            "kind": QUICK_FIX,
            "isPreferred": fix.safety == Safety::Safe,
            "diagnostics": [mark.diagnostic],
            "edit": self.edit(project, &edits)?,
        }))
    }

    fn accept(&self, project: &Project, finding: &Finding, mark: &Mark) -> Option<Value> {
        let action = |place: &str, edit: Value| {
            json!({
                "title": format!("Accept `{}` {place} (fill in the reason)", finding.rule),
                "kind": QUICK_FIX,
                "diagnostics": [mark.diagnostic],
                "edit": edit,
            })
        };
        let generated = || {
            let resource = project.input.system.resource(&finding.resource);
            resource.is_some_and(|resource| tidegate_read::is_generated(&project.input.system, resource))
        };
        if let Some(edit) = accept::comment(&project.input.system, finding).filter(|_| !generated()) {
            return Some(action("here", self.edit(project, &[edit])?));
        }
        Some(action(&format!("in {FILE}"), self.configure(project, finding)?))
    }

    /// Accepts a finding in the configuration.
    fn configure(&self, project: &Project, finding: &Finding) -> Option<Value> {
        let config = &project.input.config;
        let known = (!config.path.as_os_str().is_empty()).then(|| paths::real(&config.path));
        let path = known.unwrap_or_else(|| project.input.folder.join(FILE));
        let file = project.input.system.sources.source(finding.span.file)?;
        let seen = if config.folder.as_os_str().is_empty() {
            file.path().to_string()
        } else {
            Sight { input: &project.input }.seen_by_config(file.path())
        };
        let there = self.scene.unsaved.get(&path).map(ToString::to_string);
        let there = there.or_else(|| std::fs::read_to_string(&path).ok());
        let before = there.clone().unwrap_or_default();
        let after = accept::configured(&before, &project.input.system, finding, &seen)?;
        let end = before.len();
        let range = Text::new(before.as_str()).range(end, end, self.scene.settings.encoding);
        let edit = json!({"range": range, "newText": after.get(end..)?});
        match there {
            Some(_) => Some(self.changes(&path, &[edit])),
            None if self.abilities.document_changes && self.abilities.creates_files => {
                let uri = analysis::uri(self.scene, &path);
                let create = json!({"kind": "create", "uri": uri, "options": {"ignoreIfExists": true}});
                let fill = json!({"textDocument": {"uri": uri, "version": null}, "edits": [edit]});
                Some(json!({"documentChanges": [create, fill]}))
            }
            None => None,
        }
    }

    /// Edits of one file as the editor takes them.
    fn edit(&self, project: &Project, edits: &[Edit]) -> Option<Value> {
        let source = project.input.system.sources.source(edits.first()?.span.file)?;
        let path = paths::real(&analysis::absolute(&project.input.folder, source.path()));
        let text = Text::new(source.text().clone());
        let encoding = self.scene.settings.encoding;
        let one = |edit: &Edit| {
            let range = text.range(edit.span.start as usize, edit.span.end as usize, encoding);
            json!({"range": range, "newText": edit.replacement})
        };
        Some(self.changes(&path, &edits.iter().map(one).collect::<Vec<_>>()))
    }

    /// The same with places that are found already.
    pub(super) fn changes(&self, path: &Path, edits: &[Value]) -> Value {
        let uri = analysis::uri(self.scene, path);
        if self.abilities.document_changes {
            let version = self.versions.get(path);
            return json!({"documentChanges": [
                {"textDocument": {"uri": uri, "version": version}, "edits": edits},
            ]});
        }
        json!({"changes": {uri: edits}})
    }
}

/// The edit that takes away what differs between two texts.
pub(super) fn difference(before: &str, after: &str, scene: &Scene) -> Option<Value> {
    let same = |(a, b): &(char, char)| a == b;
    let start: usize = before.chars().zip(after.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let (old, new) = (before.get(start..)?, after.get(start..)?);
    let tail: usize =
        old.chars().rev().zip(new.chars().rev()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let range: Range =
        Text::new(before).range(start, before.len().checked_sub(tail)?, scene.settings.encoding);
    Some(json!({"range": range, "newText": new.get(..new.len().checked_sub(tail)?)?}))
}

/// The text of a file after all safe fixes, reading everything again after each round, since edits move places and one
/// may make another needless. `None` when nothing can be mended, or when nobody waits any more.
pub(super) fn fix_all(scene: &Scene, configs: &mut Configs, path: &Path) -> Option<(Arc<str>, Arc<str>)> {
    // Edits that overlap wait for the next round; more rounds than this mean that fixes fight.
    const MAX_ROUNDS: usize = 64;
    let root = scene.roots.iter().find(|root| path.starts_with(&root.real))?;
    let mut unsaved = scene.unsaved.clone();
    let mut tried: HashSet<String> = HashSet::new();
    let mut first: Option<Arc<str>> = None;
    let mut good: Option<(Arc<str>, usize)> = None;
    for _ in 0..MAX_ROUNDS {
        let (config, _) = configs.load(scene, root);
        let selection = analysis::selection(&scene.settings, &config);
        let input = input::open(&root.real, config, unsaved.clone(), scene.stop.clone());
        if scene.stop.load(std::sync::atomic::Ordering::Relaxed) {
            return None;
        }
        let problems = input.system.problems.len();
        // What breaks the file is not for everybody who saves it.
        if good.as_ref().is_some_and(|(_, before)| problems > *before) {
            break;
        }
        let is_it = |shown: &str| paths::real(&analysis::absolute(&input.folder, shown)) == path;
        let (file, source) = input.system.sources.iter().find(|(_, source)| is_it(source.path()))?;
        let text = source.text().clone();
        good = Some((text.clone(), problems));
        first.get_or_insert_with(|| text.clone());
        let judged = check::judge(&input, &selection, scene.settings.today);
        let mut chosen = File::default();
        let mut any = false;
        for finding in &judged.open {
            let Some(fix) = finding.fix.as_ref().filter(|fix| fix.safety == Safety::Safe) else { continue };
            if tried.contains(&finding.fingerprint) {
                continue;
            }
            let Some(edits) = tidegate_read::edits(&input.system, fix) else { continue };
            if edits.iter().all(|edit| edit.span.file == file) && chosen.take(edits) {
                tried.insert(finding.fingerprint.clone());
                any = true;
            }
        }
        if !any {
            break;
        }
        Arc::make_mut(&mut unsaved).insert(path.to_path_buf(), chosen.apply(&text).into());
    }
    let (before, (after, _)) = (first?, good?);
    (before != after).then_some((before, after))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
