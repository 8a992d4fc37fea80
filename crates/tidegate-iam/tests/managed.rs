//! The linter over every managed policy of AWS's own: what AWS publishes can't be all wrong.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use tidegate_graph::{FileId, World};
use tidegate_iam::Catalogue;
use tidegate_iam::lint::{self, Kind, Reading};

#[test]
fn few_of_aws_own_policies_are_complained_about() {
    let catalogue = Catalogue::current();
    let world = World::default();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut total = 0;
    for policy in catalogue.managed_policies() {
        total += 1;
        let document = tidegate_iam::json::parse(FileId(0), policy.document).unwrap();
        let reading = Reading::new(&world, &document);
        let mut count = |name: &'static str, remarks: Vec<lint::Remark>| {
            *counts.entry(name).or_default() += usize::from(!remarks.is_empty());
        };
        count("refused", lint::refused(&world, &document, Kind::Identity));
        count("unknown", lint::unknown_actions(&reading, catalogue));
        count("dead", lint::dead_actions(&reading, Kind::Identity, catalogue));
        count("absent", lint::absent_keys(&reading, catalogue));
        count("mistyped", lint::mistyped_conditions(&reading, catalogue));
    }
    println!("of {total} policies: {counts:?}");
    let share = |name: &str| counts.get(name).copied().unwrap_or(0) * 1_000 / total;
    assert!(total > 1_500);
    assert_eq!(share("refused"), 0);
    // In thousandths. Deprecated services, and lists of actions beside one ARN, are in AWS's own, too.
    for (name, most) in [("unknown", 20), ("absent", 10), ("mistyped", 5), ("dead", 180)] {
        assert!(share(name) <= most, "{name}: {} of a thousand", share(name));
    }
}
