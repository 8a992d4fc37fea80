//! Reads each file once, within bounds.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tidegate_graph::{FileId, Source, Sources, Str};

/// A file larger than this is reported and not read. The largest template that CloudFormation accepts has 1 MB.
const MAX_FILE: u64 = 32 * 1024 * 1024;

/// Why a file couldn't be read.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum LoadError {
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// The path leads out of the project.
    #[error("the path leads out of the project")]
    Outside,
    /// The file is larger than we read.
    #[error("the file has {size} bytes, more than the {MAX_FILE} that are read")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
    },
    /// Not UTF-8 text.
    #[error("the file is not UTF-8 text")]
    NotText,
    /// The operating system refused.
    #[error("{0}")]
    Io(String),
}

/// The files of one run: loaded on demand, each once, from any thread.
///
/// Files outside of the project (the enclosing git work tree, or the folder that was named) are never opened, whatever
/// a template says.
#[derive(Debug)]
pub struct Files {
    root: PathBuf,
    boundary: PathBuf,
    unsaved: Arc<BTreeMap<PathBuf, Arc<str>>>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    sources: Sources,
    loaded: HashMap<PathBuf, Result<FileId, LoadError>>,
    paths: HashMap<FileId, PathBuf>,
}

impl Files {
    /// Files below `root` (a folder, or one file).
    pub fn new(root: &Path) -> Self {
        Self::over(root, Arc::default())
    }

    /// The same with texts that count instead of those on disk.
    pub(crate) fn over(root: &Path, unsaved: Arc<BTreeMap<PathBuf, Arc<str>>>) -> Self {
        let absolute = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        let is_file = absolute.is_file() || unsaved.contains_key(&absolute);
        let folder = if is_file { absolute.parent().unwrap_or(&absolute).to_path_buf() } else { absolute };
        let boundary = folder.ancestors().find(|p| p.join(".git").exists()).unwrap_or(&folder).to_path_buf();
        Self { root: folder, boundary, unsaved, inner: Mutex::default() }
    }

    /// The folder that paths are shown relative to.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Path of `path` as people see it: relative to the root, with `/`.
    pub fn shown(&self, path: &Path) -> Str {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        relative.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/").into()
    }

    /// Loads a file, or returns the id it has already.
    pub fn load(&self, path: &Path) -> Result<FileId, LoadError> {
        self.load_if(path, |_| true).and_then(|id| id.ok_or(LoadError::Missing))
    }

    /// Loads a file if its text is wanted; a text that isn't is let go at once.
    pub fn load_if(
        &self,
        path: &Path,
        wanted: impl FnOnce(&str) -> bool,
    ) -> Result<Option<FileId>, LoadError> {
        let path = normalise(path);
        if let Some(known) = self.lock().loaded.get(&path) {
            return known.clone().map(Some);
        }
        let text = self.fetch(&path);
        if text.as_ref().is_ok_and(|text| !wanted(text)) {
            return Ok(None);
        }
        let mut inner = self.lock();
        // Another thread may have been faster; its id stands.
        if let Some(known) = inner.loaded.get(&path) {
            return known.clone().map(Some);
        }
        let result = text.map(|text| inner.sources.add(Source::new(self.shown(&path), text)));
        if let Ok(id) = &result {
            inner.paths.insert(*id, path.clone());
        }
        inner.loaded.insert(path, result.clone());
        result.map(Some)
    }

    /// The first bytes of a file, as far as they are text; for files that are too large or no text as a whole.
    pub fn head(&self, path: &Path) -> String {
        const HEAD: u64 = 64 * 1024;
        let mut bytes = Vec::new();
        if let Ok(file) = std::fs::File::open(path) {
            // A file that can't be read any further says no more than what was read of it.
            let _ = std::io::Read::read_to_end(&mut std::io::Read::take(file, HEAD), &mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Names of what lies in a folder, in order, without what is hidden.
    pub(crate) fn names(&self, folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        let unsaved = self.unsaved.keys().filter(|path| path.parent() == Some(folder));
        names.extend(unsaved.filter_map(|path| Some(path.file_name()?.to_str()?.to_string())));
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names.dedup();
        names
    }

    /// Adds a text that is no file of its own, such as a template embedded in another one.
    pub fn add(&self, shown: &str, text: &str) -> FileId {
        self.lock().sources.add(Source::new(shown, text))
    }

    fn fetch(&self, path: &Path) -> Result<Arc<str>, LoadError> {
        let io = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => LoadError::Missing,
            _ => LoadError::Io(e.to_string()),
        };
        let real = match path.canonicalize() {
            Err(_) if self.unsaved.contains_key(path) => path.to_path_buf(),
            other => other.map_err(io)?,
        };
        if !real.starts_with(&self.boundary) {
            return Err(LoadError::Outside);
        }
        if let Some(text) = self.unsaved.get(&real) {
            let size = text.len() as u64;
            return if size > MAX_FILE { Err(LoadError::TooLarge { size }) } else { Ok(text.clone()) };
        }
        let meta = std::fs::metadata(&real).map_err(io)?;
        if !meta.is_file() {
            return Err(LoadError::Missing);
        }
        if meta.len() > MAX_FILE {
            return Err(LoadError::TooLarge { size: meta.len() });
        }
        let bytes = std::fs::read(&real).map_err(io)?;
        let text = String::from_utf8(bytes).map_err(|_| LoadError::NotText)?;
        Ok(Arc::from(text.strip_prefix('\u{feff}').unwrap_or(&text)))
    }

    /// A loaded file.
    pub fn source(&self, id: FileId) -> Option<Arc<Source>> {
        self.lock().sources.source(id).cloned()
    }

    /// The text of a loaded file; empty for an id of somebody else's.
    pub fn text(&self, id: FileId) -> Arc<str> {
        self.source(id).map_or_else(|| Arc::from(""), |s| s.text().clone())
    }

    /// Where a loaded file lies on disk.
    pub fn path(&self, id: FileId) -> Option<PathBuf> {
        self.lock().paths.get(&id).cloned()
    }

    /// `relative` as seen from the folder of a loaded file.
    pub fn beside(&self, id: FileId, relative: &str) -> PathBuf {
        let folder = self
            .path(id)
            .and_then(|p| p.parent().map(Path::to_path_buf))
            .unwrap_or_else(|| self.root.clone());
        normalise(&folder.join(relative))
    }

    /// Everything that was loaded.
    pub fn sources(&self) -> Sources {
        self.lock().sources.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Resolves `.` and `..` by name alone, without asking the disk.
fn normalise(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_resolved_by_name() {
        assert_eq!(normalise(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert_eq!(normalise(Path::new("../a")), Path::new("../a"));
    }

    #[test]
    fn nothing_outside_of_the_project_is_read() {
        let files = Files::new(&std::env::temp_dir().join("tidegate-no-such-folder"));
        assert_eq!(files.load(Path::new("/etc/hostname")).err(), Some(LoadError::Outside));
    }
}
