//! `$ref` in API documents: within a document and across local files, within bounds.

use crate::{Files, yaml};
use std::collections::HashMap;
use std::sync::Arc;
use tidegate_graph::{Data, FileId, Value};

/// References that lead to references.
const MAX_CHAIN: usize = 16;
/// Files that one document draws in.
const MAX_FILES: usize = 512;
/// Values copied for one document: a part that is large may be named often.
const MAX_COPIED: usize = 4_000_000;
/// Parts of a pointer.
const MAX_PARTS: usize = 64;

/// The documents of one API.
pub(crate) struct References<'f> {
    files: &'f Files,
    documents: HashMap<FileId, Option<Arc<Value>>>,
    budget: usize,
}

impl<'f> References<'f> {
    pub(crate) fn new(files: &'f Files, file: FileId, root: Arc<Value>) -> Self {
        Self { files, documents: HashMap::from([(file, Some(root))]), budget: MAX_COPIED }
    }

    /// What a value of a file stands for, and the file that has it: itself without `$ref`. `None` when a reference leads
    /// to nothing that is here, in a circle, or to more than is worth copying.
    pub(crate) fn follow(&mut self, file: FileId, value: &Value) -> Option<(FileId, Value)> {
        let Some(mut target) = target(value) else { return Some((file, value.clone())) };
        let mut file = file;
        if self.budget == 0 {
            return None;
        }
        for _ in 0..MAX_CHAIN {
            let (path, at) = target.split_once('#').unwrap_or((&target, ""));
            if path.contains("://") {
                return None;
            }
            if !path.is_empty() {
                file = self.files.load(&self.files.beside(file, path)).ok()?;
            }
            let document = self.document(file)?;
            let found = pointer(&document, at)?;
            match self::target(found) {
                Some(next) => target = next,
                None => return self.paid(found).map(|found| (file, found)),
            }
        }
        None
    }

    fn paid(&mut self, found: &Value) -> Option<Value> {
        let mut size = 0;
        found.walk(&mut |_| size += 1);
        self.budget = self.budget.saturating_sub(size);
        (self.budget > 0).then(|| found.clone())
    }

    fn document(&mut self, file: FileId) -> Option<Arc<Value>> {
        if let Some(known) = self.documents.get(&file) {
            return known.clone();
        }
        if self.documents.len() >= MAX_FILES {
            return None;
        }
        let (root, _) = yaml::parse_one(file, &self.files.text(file));
        let root = root.map(Arc::new);
        self.documents.insert(file, root.clone());
        root
    }
}

/// As [`References::follow`], within one document.
pub(crate) fn follow_local<'v>(root: &'v Value, value: &'v Value) -> Option<&'v Value> {
    let mut value = value;
    for _ in 0..MAX_CHAIN {
        match target(value) {
            None => return Some(value),
            Some(target) => value = pointer(root, target.strip_prefix('#')?)?,
        }
    }
    None
}

fn target(value: &Value) -> Option<String> {
    match &value.data {
        Data::Map(map) => map.get("$ref")?.as_str().map(str::to_owned),
        _ => None,
    }
}

/// The value at a JSON pointer.
fn pointer<'v>(root: &'v Value, pointer: &str) -> Option<&'v Value> {
    let mut value = root;
    for part in pointer.split('/').filter(|p| !p.is_empty()).take(MAX_PARTS) {
        let part = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}");
        value = match &value.data {
            Data::List(items) => items.get(part.parse::<usize>().ok()?)?,
            _ => value.get(&part)?,
        };
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_part_that_is_named_often_ends_as_nothing() {
        let items = vec!["1"; 50_000].join(",");
        let root = yaml::parse_one(FileId(0), &format!("{{a: {{$ref: '#/b'}}, b: [{items}]}}")).0.unwrap();
        let files = Files::new(&std::env::temp_dir().join("tidegate-no-such-folder"));
        let mut references = References::new(&files, FileId(0), Arc::new(root.clone()));
        let a = root.get("a").unwrap();
        let found = (0..1_000).filter(|_| references.follow(FileId(0), a).is_some()).count();
        assert!((1..MAX_COPIED / 50_000).contains(&found), "{found}");
    }

    #[test]
    fn references_are_followed_and_circles_end() {
        let text = "{a: {$ref: '#/b'}, b: {$ref: '#/c~1d/0'}, c/d: [{x: 1}], e: {$ref: '#/f'}, f: {$ref: '#/e'}, g: {$ref: 'https://x#/a'}}";
        let root = yaml::parse_one(FileId(0), text).0.unwrap();
        let follow = |key: &str| follow_local(&root, root.get(key).unwrap()).map(Value::display);
        assert_eq!(follow("a").as_deref(), Some("{x}"));
        assert_eq!(follow("e"), None);
        assert_eq!(follow("g"), None);
        let files = Files::new(&std::env::temp_dir().join("tidegate-no-such-folder"));
        let mut references = References::new(&files, FileId(0), Arc::new(root.clone()));
        let mut follow =
            |key: &str| references.follow(FileId(0), root.get(key).unwrap()).map(|(_, v)| v.display());
        assert_eq!(follow("a").as_deref(), Some("{x}"));
        assert_eq!(follow("e"), None);
        assert_eq!(follow("g"), None);
    }
}
