//! Nothing of the machine that a change was made on.

use super::{Complaint, Tree};

/// Written in two parts so that this file may be committed.
const FORBIDDEN: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/tmp/", "wt"),
    ("/ho", "me/"),
    ("index.crates", ".io"),
    ("static.crates", ".io"),
    ("pypi", ".org"),
    ("pythonhosted", ".org"),
    ("registry.npmjs", ".org"),
    ("deb.debian", ".org"),
];

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    let forbidden: Vec<String> = FORBIDDEN.iter().map(|(a, b)| format!("{a}{b}")).collect();
    let mut complaints = Vec::new();
    // Lock files name the registry that their packages come from.
    for (path, text) in tree.files().filter(|(path, _)| !path.ends_with(".lock")) {
        for (number, line) in text.lines().enumerate() {
            for word in forbidden.iter().filter(|word| line.contains(*word)) {
                complaints.push(Complaint::fail(format!("{path}:{}", number + 1), format!("names `{word}`")));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_found() {
        for (a, b) in FORBIDDEN {
            let text = format!("fine\nsee {a}{b}x\n");
            let found = check(&Tree::from([("a.md", &*text)]));
            assert_eq!(found.first().map(|complaint| complaint.place.as_str()), Some("a.md:2"), "{a}");
            assert_eq!(check(&Tree::from([("fuzz/Cargo.lock", &*text)])), []);
        }
    }
}
