//! The linter over every managed policy of AWS's own: what AWS publishes can't be all wrong.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use tidegate_graph::{FileId, World};
use tidegate_iam::Catalogue;
use tidegate_iam::lint::{self, Kind};

#[test]
fn few_of_aws_own_policies_are_complained_about() {
    let catalogue = Catalogue::current();
    let world = World::default();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut total = 0;
    for policy in catalogue.managed_policies() {
        total += 1;
        let document = tidegate_iam::json::parse(FileId(0), policy.document).unwrap();
        let mut count = |name: &'static str, remarks: Vec<lint::Remark>| {
            *counts.entry(name).or_default() += usize::from(!remarks.is_empty());
            if std::env::var("TIDEGATE_SHOW").is_ok_and(|show| show == name) {
                for remark in remarks {
                    println!("{} {}: {} ({})", policy.name, remark.key, remark.message, remark.help);
                }
            }
        };
        count("refused", lint::refused(&world, &document, Kind::Identity));
        count("unknown", lint::unknown_actions(&world, &document, catalogue));
        count("dead", lint::dead_actions(&world, &document, Kind::Identity, catalogue));
        count("absent", lint::absent_keys(&world, &document, catalogue));
        count("mistyped", lint::mistyped_conditions(&world, &document, catalogue));
        count("sets", lint::empty_sets(&world, &document, Kind::Identity));
    }
    println!("{total} {counts:?}");
    assert!(total > 1_500);
}
