//! Every rule on systems that were read from broken files: none panics, and each place lies in a file that was read.

#![allow(clippy::unwrap_used)]

#[path = "../../tidegate-read/tests/fuzz/mutate.rs"]
mod mutate;

use mutate::Mutator;
use std::path::Path;
use tidegate_check::{Profile, Selection, check};
use tidegate_read::{Options, link, read};

/// Inputs of each language.
const INPUTS: usize = 80;

#[test]
fn rules_survive_mutated_files() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let sam = [examples.join("orders/template.yaml"), examples.join("orders-hardened/template.yaml")];
    let terraform = ["api", "events", "functions", "queues", "storage", "main"];
    let terraform = terraform.map(|name| examples.join(format!("orders-terraform/{name}.tf")));
    let folder = std::env::temp_dir().join(format!("tidegate-mutated-{}", std::process::id()));
    for (name, files) in [("template.yaml", &sam[..]), ("main.tf", &terraform[..])] {
        let seeds: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        let mut mutator = Mutator::new(7, &seeds);
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let mut found = 0;
        for _ in 0..INPUTS {
            std::fs::write(folder.join(name), mutator.next()).unwrap();
            let system = read(&folder, &Options::default());
            let selection = Selection { profiles: vec![Profile::All], ..Selection::default() };
            let findings = check(&system, &link(&system), &selection);
            for finding in &findings {
                let source = system.sources.source(finding.span.file).unwrap();
                assert!(finding.span.end as usize <= source.text().len(), "{finding:?}");
            }
            found += findings.len();
        }
        assert!(found > 0, "mutations left nothing of {name}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
