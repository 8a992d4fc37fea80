//! Each rule has a fixture that it finds something in, and one that it leaves alone.

use super::{Complaint, Tree};

const RULES: &str = "crates/tidegate-check/src/rules/";
const FIXTURES: &str = "crates/tidegate-check/fixtures/";

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (path, _) in tree.with_extension("rs") {
        let Some(rule) = path.strip_prefix(RULES).and_then(|path| path.strip_suffix(".rs")) else { continue };
        let folder = format!("{FIXTURES}{}/", rule.replace('_', "-"));
        for kind in ["finding-", "clean-"] {
            let start = format!("{folder}{kind}");
            if !tree.files().any(|(path, _)| path.starts_with(&start)) {
                complaints.push(Complaint::fail(path, format!("the rule has no fixture {start}*")));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_each_kind_is_needed() {
        let rule = ("crates/tidegate-check/src/rules/queues/public_queue.rs", "");
        let finding = ("crates/tidegate-check/fixtures/queues/public-queue/finding-star.yaml", "");
        let clean = ("crates/tidegate-check/fixtures/queues/public-queue/clean-account.yaml", "");
        assert_eq!(check(&Tree::from([rule, finding, clean])), []);
        assert_eq!(check(&Tree::from([rule, finding])).len(), 1);
        assert_eq!(check(&Tree::from([rule])).len(), 2);
    }
}
