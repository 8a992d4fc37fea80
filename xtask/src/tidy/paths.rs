//! A path that a document names exists.

use super::{Complaint, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (document, text) in tree.with_extension("md") {
        let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut fenced = false;
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
                continue;
            }
            if fenced {
                continue;
            }
            let links =
                links(line).filter(|target| !target.contains("://") && !target.starts_with(['#', '<', '/']));
            let named = quoted(line).filter(|word| is_path(tree, word));
            for target in links.chain(named) {
                let target = target.split(['#', ' ']).next().unwrap_or(target);
                let found = [resolve("", target), resolve(folder, target)]
                    .into_iter()
                    .flatten()
                    .any(|path| tree.holds(&path));
                if !found && !target.is_empty() && !target.starts_with("mailto:") {
                    complaints.push(Complaint::fail(
                        format!("{document}:{}", number + 1),
                        format!("`{target}` doesn't exist"),
                    ));
                }
            }
        }
    }
    complaints
}

/// Targets of `[text](target)`.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// Words between backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// True for what names a place in this repository: it starts like one, and has no hole to fill in.
fn is_path(tree: &Tree, word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let Some((first, rest)) = word.split_once('/') else { return false };
    word.chars().all(plain) && (first == ".." || (!rest.is_empty() && !first.is_empty() && tree.holds(first)))
}

/// `target` as seen from a folder; `None` when it leads out of the tree.
fn resolve(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(text: &str) -> usize {
        let files =
            [("examples/a/README.md", text), ("examples/b/template.yaml", ""), ("crates/x/src/lib.rs", "")];
        check(&Tree::from(files)).len()
    }

    #[test]
    fn links_and_quoted_paths_must_exist() {
        assert_eq!(complaints("[b](../b/template.yaml), `crates/x/src`, `examples/b/`, `../b`"), 0);
        assert_eq!(complaints("[b](../b/gone.yaml)"), 1);
        assert_eq!(complaints("`crates/y/src/lib.rs`"), 1);
        assert_eq!(complaints("`../c`"), 1);
        assert_eq!(complaints("![picture](docs/gone.svg)"), 1);
    }

    #[test]
    fn what_is_no_path_is_left_alone() {
        assert_eq!(
            complaints("[x](https://example.com/a), [y](#z), `application/json`, `crates/<name>/src`, `a/b`"),
            0
        );
        assert_eq!(complaints("```\n`crates/gone`\n[x](gone)\n```"), 0);
    }
}
