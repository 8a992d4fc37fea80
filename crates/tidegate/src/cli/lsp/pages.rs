//! Where an editor finds the page of a rule: a file that is written the first time somebody may want it.

use super::paths;
use crate::output::page::page;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The addresses of pages that were asked for.
static KNOWN: Mutex<Option<HashMap<&'static str, Option<String>>>> = Mutex::new(None);

/// The address of a rule's page; `None` where it can't be written.
pub(super) fn href(rule: &'static str) -> Option<String> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.get_or_insert_default().entry(rule).or_insert_with(|| write(rule)).clone()
}

fn write(id: &str) -> Option<String> {
    let rule = tidegate_check::rules().iter().find(|rule| rule.id == id)?;
    let folder = cache()?.join("tidegate").join(env!("CARGO_PKG_VERSION")).join("rules");
    let path = folder.join(format!("{id}.md"));
    let text = page(rule);
    if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return Some(paths::uri(&path));
    }
    std::fs::create_dir_all(&folder).ok()?;
    crate::output::deliver(&text, Some(&path)).ok()?;
    Some(paths::uri(&path))
}

/// The user's folder for what can be made again.
fn cache() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    match () {
        () if cfg!(windows) => set("LOCALAPPDATA"),
        () if cfg!(target_os = "macos") => Some(set("HOME")?.join("Library/Caches")),
        () => set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache"))),
    }
}
