//! The digest of a folder: that of the list that `sha256sum` writes of its files, sorted by their paths. Times, owners
//! and the order in an archive don't count; a symbolic link counts by where it leads.

use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The digest of one file, piece by piece.
#[derive(Clone, Debug, Default)]
pub struct File(Sha256);

impl File {
    /// The next piece.
    pub fn add(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }
}

/// A folder's files.
#[derive(Clone, Debug, Default)]
pub struct Tree(BTreeMap<String, String>);

impl Tree {
    /// Adds a file by its path below the folder, with `/` between names; a later one takes the place of an earlier.
    pub fn add(&mut self, path: &str, file: File) {
        self.0.insert(path.to_string(), format!("{}  ", hex(file)));
    }

    /// Adds a symbolic link by its path and the text that it holds.
    pub fn link(&mut self, path: &str, target: &str) {
        let mut text = File::default();
        text.add(target.as_bytes());
        self.0.insert(path.to_string(), format!("{} @", hex(text)));
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The digest of all of them.
    pub fn digest(&self) -> String {
        let mut list = File::default();
        for (path, digest) in &self.0 {
            list.add(digest.as_bytes());
            list.add(path.as_bytes());
            list.add(b"\n");
        }
        format!("sha256:{}", hex(list))
    }
}

fn hex(file: File) -> String {
    file.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_digest_that_sha256sum_makes() {
        let file = |text: &str| {
            let mut file = File::default();
            file.add(text.as_bytes());
            file
        };
        let mut tree = Tree::default();
        assert!(tree.digest().ends_with("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
        tree.add("b/c", file(""));
        tree.add("a", file("x\n"));
        // printf 'x\n' > a; mkdir b; : > b/c; sha256sum a b/c | sha256sum
        assert_eq!(tree.digest(), "sha256:595210540b97aa4775b25cebb9676a52a363624b9cdcc776a6fbca109f335e4f");
        let before = tree.digest();
        tree.link("a", "b/c");
        assert!(tree.digest() != before && tree.len() == 2);
    }
}
