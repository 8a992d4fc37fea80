//! Names of files say what is in them.

use super::{Complaint, Tree};

/// Names that say nothing, and how long such a file may grow.
const VAGUE: [&str; 3] = ["utils.rs", "helpers.rs", "common.rs"];
const VAGUE_LINES: usize = 100;

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (path, text) in tree.with_extension("rs") {
        let name = path.rsplit('/').next().unwrap_or(path);
        if name == "mod.rs" {
            complaints.push(Complaint::fail(path, "a module with parts is `foo.rs` beside `foo/`"));
        }
        if VAGUE.contains(&name) && text.lines().count() > VAGUE_LINES {
            let message = format!("more than {VAGUE_LINES} lines under a name that says nothing");
            complaints.push(Complaint::fail(path, message));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vague_names_fail() {
        let count = |path: &str, text: &str| check(&Tree::from([(path, text)])).len();
        assert_eq!(count("a/mod.rs", ""), 1);
        assert_eq!(count("a/model.rs", ""), 0);
        assert_eq!(count("a/utils.rs", &"\n".repeat(101)), 1);
        assert_eq!(count("a/utils.rs", "\n"), 0);
    }
}
