//! Dependencies are declared once, without default features, with a reason.

use super::{Complaint, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with("Cargo.toml")) {
        match path {
            "Cargo.toml" => root(text, &mut complaints),
            // A workspace of its own, for another toolchain.
            "fuzz/Cargo.toml" => {}
            path => member(path, text, &mut complaints),
        }
    }
    complaints
}

fn root(text: &str, complaints: &mut Vec<Complaint>) {
    let mut within = false;
    // One reason may stand above several lines, but not across an empty one.
    let mut reason = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            within = line == "[workspace.dependencies]";
            reason = false;
        } else if line.is_empty() {
            reason = false;
        } else if line.starts_with('#') {
            reason = true;
        } else if let Some((name, value)) =
            line.split_once('=').filter(|(_, value)| within && !value.contains("path ="))
        {
            let name = name.trim();
            if !value.contains("default-features = false") {
                complaints
                    .push(Complaint::fail("Cargo.toml", format!("`{name}` has its default features on")));
            }
            if !reason {
                complaints
                    .push(Complaint::fail("Cargo.toml", format!("`{name}` has no line of reason above it")));
            }
        }
    }
}

fn member(path: &str, text: &str, complaints: &mut Vec<Complaint>) {
    let mut within = false;
    let mut lints = false;
    let mut section = "";
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
            within = line.ends_with("dependencies]");
        } else if line.is_empty() || line.starts_with('#') {
            continue;
        } else if section == "[lints]" {
            lints |= line == "workspace = true";
        } else if within && !line.contains("workspace = true") {
            let name = line.split(['=', '.', ' ']).next().unwrap_or(line);
            complaints.push(Complaint::fail(path, format!("`{name}` is not declared in the workspace")));
        }
    }
    if !lints {
        complaints.push(Complaint::fail(path, "doesn't take the lints of the workspace"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> usize {
        check(&Tree::from([(path, text)])).len()
    }

    #[test]
    fn the_workspace_gives_reasons() {
        let good = "[workspace.dependencies]\nx = { path = \"x\" }\n\n# Why.\na = { version = \"1\", default-features = false }\n";
        assert_eq!(complaints("Cargo.toml", good), 0);
        assert_eq!(complaints("Cargo.toml", &good.replace("# Why.\n", "")), 1);
        assert_eq!(complaints("Cargo.toml", &good.replace(", default-features = false", "")), 1);
        assert_eq!(complaints("Cargo.toml", &format!("{good}\nb = \"1\"\n")), 2);
    }

    #[test]
    fn members_declare_nothing_themselves() {
        let good = "[lints]\nworkspace = true\n\n[dependencies]\na.workspace = true\nb = { workspace = true, features = [] }\n";
        assert_eq!(complaints("crates/x/Cargo.toml", good), 0);
        assert_eq!(complaints("crates/x/Cargo.toml", &format!("{good}c = \"1\"\n")), 1);
        assert_eq!(complaints("crates/x/Cargo.toml", &good.replace("[lints]\nworkspace = true\n", "")), 1);
    }
}
