//! `tidegate check --fix`: edits files until nothing is left that can be mended.

use super::input::Input;
use crate::failure::Failure;
use crate::output;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use tidegate_graph::{Edit, FileId, Finding, Safety, System};

/// Which fixes are applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Which {
    /// Those after which everything works that works now
    #[default]
    Safe,
    /// All of them
    Unsafe,
}

/// What is to be changed in a file, by place.
#[derive(Debug, Default)]
pub(super) struct File {
    edits: BTreeMap<u32, Edit>,
    fixes: usize,
}

impl File {
    /// The text with what is to be changed.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut after = String::with_capacity(text.len());
        let mut at = 0;
        for edit in self.edits.values() {
            let (start, end) = (edit.span.start as usize, edit.span.end as usize);
            after.push_str(text.get(at..start).unwrap_or_default());
            after.push_str(&edit.replacement);
            at = end;
        }
        after.push_str(text.get(at..).unwrap_or_default());
        after
    }

    /// Takes all edits of a fix, or none when one of them overlaps with what is there: that one waits for the next round.
    pub(super) fn take(&mut self, edits: Vec<Edit>) -> bool {
        let fits = |edit: &Edit| {
            let (start, end) = (edit.span.start, edit.span.end);
            // The same edit twice is one: several findings want one place changed in the same way.
            self.edits.get(&start) == Some(edit)
                || self.edits.range(..=end).next_back().is_none_or(|(_, before)| before.span.end < start)
        };
        let all = edits.iter().all(fits);
        if all {
            self.fixes += 1;
            self.edits.extend(edits.into_iter().map(|edit| (edit.span.start, edit)));
        }
        all
    }
}

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Done {
    fixes: usize,
    files: BTreeSet<String>,
    generated: usize,
    notes: Vec<String>,
}

/// Applies fixes, reading everything again after each round, since edits move places and one may make another needless.
pub(super) fn apply(
    input: Input,
    which: Which,
    open: impl Fn(&Input) -> Vec<Finding>,
    again: impl Fn() -> Result<Input, Failure>,
) -> Result<(Input, Done), Failure> {
    // Edits of one file that overlap wait for the next round; more rounds than this mean that fixes fight.
    const MAX_ROUNDS: usize = 64;
    let mut input = input;
    let mut done = Done::default();
    let mut tried: HashSet<String> = HashSet::new();
    // One fix in a file at a time, after a round that broke something.
    let mut careful = false;
    for round in 0..MAX_ROUNDS {
        let findings = open(&input);
        let wanted = |f: &&Finding| {
            f.fix.as_ref().is_some_and(|fix| which == Which::Unsafe || fix.safety == Safety::Safe)
        };
        let wanted: Vec<&Finding> = findings.iter().filter(wanted).collect();
        if round == 0 {
            done.generated = wanted.iter().filter(|f| is_generated(&input.system, f)).count();
        }
        let mut now: Vec<String> = Vec::new();
        let mut fixes = 0;
        let editor = tidegate_read::Editor::new(&input.system);
        let mut files: BTreeMap<FileId, File> = BTreeMap::new();
        for finding in wanted {
            if tried.contains(&finding.fingerprint) {
                continue;
            }
            let edits = finding.fix.as_ref().and_then(|fix| editor.edits(fix));
            let Some(edits) = edits else { continue };
            let Some(first) = edits.first() else { continue };
            let file = files.entry(first.span.file).or_default();
            if !(careful && file.fixes > 0) && file.take(edits) {
                now.push(finding.fingerprint.clone());
            }
        }
        let mut wrote: Vec<(PathBuf, String)> = Vec::new();
        for (file, chosen) in files {
            match write(&input, file, &chosen) {
                Ok((path, before)) => {
                    fixes += chosen.fixes;
                    wrote.push((path, before));
                }
                Err(note) => done.notes.push(note),
            }
        }
        if wrote.is_empty() {
            break;
        }
        let next = again()?;
        if next.system.problems.len() > input.system.problems.len() {
            // What is read from now on is again what `input` holds.
            for (path, before) in wrote {
                output::deliver(&before, Some(&path))?;
            }
            if careful {
                done.notes.push(format!(
                    "{} broke what was read and was taken back",
                    output::count(fixes, "fix", "fixes")
                ));
                tried.extend(now);
            }
            careful = true;
            continue;
        }
        tried.extend(now);
        done.fixes += fixes;
        done.files.extend(wrote.into_iter().map(|(path, _)| path.display().to_string()));
        input = next;
    }
    Ok((input, done))
}

impl Done {
    /// For people, on stderr.
    pub(super) fn render(&self) -> String {
        let mut out = String::new();
        if self.fixes > 0 {
            let fixes = output::count(self.fixes, "finding", "findings");
            out.push_str(&format!("fixed {fixes} in {}\n", output::count(self.files.len(), "file", "files")));
        } else {
            out.push_str("nothing was fixed\n");
        }
        if self.generated > 0 {
            let findings = output::count(self.generated, "finding", "findings");
            out.push_str(&format!(
                "{findings} in generated files not fixed: change the code that the files are made from\n"
            ));
        }
        for note in &self.notes {
            out.push_str(note);
            out.push('\n');
        }
        out
    }
}

fn is_generated(system: &System, finding: &Finding) -> bool {
    system.resource(&finding.resource).is_some_and(|r| tidegate_read::is_generated(system, r))
}

/// Writes a file with its edits, whole or not at all. Returns its path and what stood there, or why it was left alone.
fn write(input: &Input, file: FileId, chosen: &File) -> Result<(PathBuf, String), String> {
    let source = input.system.sources.source(file).ok_or_else(String::new)?;
    let shown = source.path();
    let path = input.folder.join(shown.as_str());
    let path = path.canonicalize().map_err(|e| format!("`{shown}` was left alone: {e}"))?;
    if !path.starts_with(&input.folder) {
        return Err(format!("`{shown}` was left alone: it lies outside of the folder that was read"));
    }
    let before = std::fs::read_to_string(&path).map_err(|e| format!("`{shown}` was left alone: {e}"))?;
    let mark = if before.starts_with('\u{feff}') { "\u{feff}" } else { "" };
    if before.strip_prefix('\u{feff}').unwrap_or(&before) != source.text().as_ref() {
        return Err(format!("`{shown}` was left alone: it has changed since it was read"));
    }
    let after = format!("{mark}{}", chosen.apply(source.text()));
    output::deliver(&after, Some(&path)).map_err(|_| format!("`{shown}` could not be written"))?;
    Ok((path, before))
}
