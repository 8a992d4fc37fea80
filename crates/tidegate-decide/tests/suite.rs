//! JSON Schema's own test suite, through our compiler and our interpreter.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs
)]

#[cfg(test)]
mod suite {
    use serde_json::Value;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};
    use tidegate_decide::schema::Checker;
    use tidegate_decide::schema::compile::{Draft, Options, json};

    const DRAFTS: [(&str, Draft); 5] = [
        ("draft4", Draft::Draft4),
        ("draft6", Draft::Draft6),
        ("draft7", Draft::Draft7),
        ("draft2019-09", Draft::Draft201909),
        ("draft2020-12", Draft::Draft202012),
    ];

    /// Where the suite lies; `None` by themselves, a failure where it has to be there.
    fn folder() -> Option<PathBuf> {
        let given = std::env::var_os("TIDEGATE_PEERS").map(PathBuf::from);
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers");
        let folder = given.clone().unwrap_or(target).join("source/jsonschema/json");
        if folder.is_dir() {
            return Some(folder);
        }
        assert!(given.is_none(), "`cargo xtask test` has not installed the suite");
        eprintln!("SKIPPED: JSON Schema's test suite is not installed; `cargo xtask test` does it");
        None
    }

    struct Counts {
        passed: usize,
        failed: Vec<String>,
    }

    fn run(folder: &Path, file: &Path, draft: Draft, formats: bool, counts: &mut Counts) {
        let remotes = folder.join("remotes");
        let groups: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let name = file.strip_prefix(folder.join("tests")).unwrap().display().to_string();
        for group in groups.as_array().unwrap() {
            let text = group["schema"].to_string();
            let fetch = |uri: &str| match uri {
                "test:///schema" => Some(text.clone().into_bytes()),
                _ => fs::read(remotes.join(uri.strip_prefix("http://localhost:1234/")?)).ok(),
            };
            let options = Options { draft, formats, request: false };
            let compiled = json("test:///schema", options, &fetch);
            let mut checker = Checker::default();
            for test in group["tests"].as_array().unwrap() {
                let label = format!(
                    "{name}: {}: {}",
                    group["description"].as_str().unwrap(),
                    test["description"].as_str().unwrap()
                );
                let valid = test["valid"].as_bool().unwrap();
                let result = match &compiled {
                    Ok(c) if c.problems.is_empty() => checker
                        .json(&c.program, test["data"].to_string().as_bytes())
                        .map_err(|m| m.detail.to_string()),
                    Ok(c) => Err(format!("problem: {:?}", c.problems)),
                    Err(problem) => Err(format!("problem: {problem:?}")),
                };
                let problem = result.as_ref().err().filter(|e| e.starts_with("problem"));
                if problem.is_none() && result.is_ok() == valid {
                    counts.passed += 1;
                } else {
                    counts.failed.push(format!("{label}: should be {valid}; {result:?}"));
                }
            }
        }
    }

    fn files(folder: &Path) -> BTreeSet<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
        entries.filter(|p| p.extension().is_some_and(|e| e == "json")).collect()
    }

    fn judge(what: &str, counts: &Counts, excluded: &[(&str, &str)]) {
        let (known, failed): (Vec<_>, Vec<_>) =
            counts.failed.iter().partition(|f| excluded.iter().any(|(start, _)| f.contains(start)));
        eprintln!("{what}: {} passed, {} failed, {} excluded", counts.passed, failed.len(), known.len());
        assert!(
            failed.is_empty(),
            "{what}:\n{}",
            failed.iter().map(|f| f.as_str()).collect::<Vec<_>>().join("\n")
        );
        for (start, why) in excluded {
            assert!(
                known.iter().any(|f| f.contains(start)),
                "`{start}` passes by now; it was excluded: {why}"
            );
        }
    }

    #[test]
    fn what_every_implementation_has_to_do() {
        let Some(folder) = folder() else { return };
        for (name, draft) in DRAFTS {
            let mut counts = Counts { passed: 0, failed: Vec::new() };
            for file in files(&folder.join("tests").join(name)) {
                run(&folder, &file, draft, false, &mut counts);
            }
            assert!(counts.passed > 500, "{name} has only {} tests", counts.passed);
            judge(name, &counts, &[]);
        }
    }

    /// Formats, with the reason for what is left out.
    const FORMATS_EXCLUDED: &[(&str, &str)] = &[
        (
            "format/idn-hostname.json",
            "takes the tables of IDNA; the compiler lists the format as not checked",
        ),
        (
            "format/regex.json",
            "the interpreter has no parser of ECMA 262; the compiler lists the format as not checked",
        ),
        ("format/ecmascript-regex.json", "the same"),
    ];

    #[test]
    fn formats_where_they_are_demands() {
        let Some(folder) = folder() else { return };
        let mut counts = Counts { passed: 0, failed: Vec::new() };
        for (name, draft) in DRAFTS {
            for file in files(&folder.join("tests").join(name).join("optional/format")) {
                run(&folder, &file, draft, true, &mut counts);
            }
        }
        judge("formats", &counts, FORMATS_EXCLUDED);
    }

    /// Beyond what every implementation has to do, with the reason for what is left out.
    const OPTIONAL_EXCLUDED: &[(&str, &str)] = &[
        ("draft4/optional/zeroTerminatedFloats.json", "1.0 is an integer, as all later drafts have it"),
        ("draft7/optional/content.json: ", "what strings encode is a note, as all later drafts have it"),
    ];

    #[test]
    fn what_implementations_may_do() {
        let Some(folder) = folder() else { return };
        let mut counts = Counts { passed: 0, failed: Vec::new() };
        for (name, draft) in DRAFTS {
            for file in files(&folder.join("tests").join(name).join("optional")) {
                run(&folder, &file, draft, false, &mut counts);
            }
        }
        judge("optional", &counts, OPTIONAL_EXCLUDED);
    }
}
