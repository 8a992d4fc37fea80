//! The files of the project that schemas are read from.

use super::{exported, written};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What URIs of the project's files begin with.
pub(super) const ROOT: &str = "project:///";
/// The longest file, in bytes.
const LONGEST: u64 = 16 << 20;

pub(super) struct Shelf {
    folder: PathBuf,
    /// Files by the URI that they give themselves.
    named: RefCell<BTreeMap<String, String>>,
}

impl Shelf {
    /// Of the files below a folder, which is a path without links.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), named: RefCell::default() }
    }

    /// The URI of a file as the configuration names it.
    pub(super) fn uri(file: &str) -> String {
        format!("{ROOT}{}", file.trim_start_matches("./"))
    }

    /// The file's text.
    pub(super) fn open(&self, file: &str) -> Result<String, String> {
        let path = self.folder.join(file);
        let real = path.canonicalize().map_err(|_| "there is no such file".to_string())?;
        if !real.starts_with(&self.folder) {
            return Err("it lies outside of the project".into());
        }
        let length = std::fs::metadata(&real).map_err(|e| e.to_string())?.len();
        if length > LONGEST {
            return Err("it is longer than 16 MB".into());
        }
        let text = std::fs::read_to_string(&real).map_err(|e| e.to_string())?;
        let path = real.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if path != "proto" {
            written::json(path, &text)?;
        }
        Ok(text)
    }

    /// The text of a file of protocol buffers that `main` imports by `name`: imports are seen from a folder above, the
    /// nearest in which there is such a file.
    pub(super) fn import(&self, main: &str, name: &str) -> Option<Vec<u8>> {
        let folders = Path::new(main).ancestors().skip(1);
        let mut texts = folders.filter_map(|folder| self.open(folder.join(name).to_str()?).ok());
        texts.next().map(String::into_bytes)
    }

    /// Lets a file be found by its `$id`.
    pub(super) fn add(&self, file: &str) -> Result<(), String> {
        let json = self.open(file).and_then(|text| written::json("", &text))?;
        let root: serde_json::Value = serde_json::from_slice(&json).map_err(|e| e.to_string())?;
        let id = root.get("$id").or_else(|| root.get("id")).and_then(serde_json::Value::as_str);
        let id = id.ok_or("it has no `$id` by which it could be referred to")?;
        self.named.borrow_mut().insert(id.trim_end_matches('#').to_string(), file.to_string());
        Ok(())
    }

    /// The JSON text of a document.
    pub(super) fn fetch(&self, uri: &str) -> Option<Vec<u8>> {
        let file = self.file(uri)?;
        let text = self.open(&file).ok()?;
        let text = exported(&text).ok().flatten().map_or(text, |exported| exported.text);
        written::json(Path::new(&file).extension()?.to_str()?, &text).ok()
    }

    /// Path and text of a document, for people.
    pub(super) fn text(&self, uri: &str) -> (String, String) {
        let Some(file) = self.file(uri) else { return (uri.to_string(), String::new()) };
        let text = self.open(&file).unwrap_or_default();
        (file, text)
    }

    fn file(&self, uri: &str) -> Option<String> {
        match uri.strip_prefix(ROOT) {
            Some(file) => Some(file.to_string()),
            None => self.named.borrow().get(uri).cloned(),
        }
    }
}
