//! The reference translator's own cases, where they lie beside the work tree.

use super::*;
use std::collections::BTreeMap;
use tidegate_graph::FileId;

/// What is reached; never less.
const FLOOR: (f64, f64, f64) = (1.0, 1.0, 1.0);

#[test]
fn agrees_with_the_reference() {
    let shared = std::env::var_os("TIDEGATE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        std::path::PathBuf::from,
    );
    let corpus = shared.join("corpus/sam");
    if !corpus.is_dir() {
        eprintln!("SKIPPED: no reference cases at {}; set TIDEGATE_SHARED", corpus.display());
        return;
    }
    let only = std::env::var("TIDEGATE_ONLY").unwrap_or_default();
    let mut inputs: Vec<_> =
        std::fs::read_dir(corpus.join("input")).unwrap().map(|e| e.unwrap().path()).collect();
    inputs.sort();
    let files = Files::new(&corpus);
    let (mut ok, mut types, mut ids, mut errors, mut refused, mut noisy) = (0, 0, 0, 0, 0, 0);
    for path in inputs {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if !name.contains(&only) {
            continue;
        }
        let file = files.load(&path).unwrap();
        let (root, problems) = yaml::parse_one(file, &files.text(file));
        let root = root.and_then(|r| r.as_map().cloned()).unwrap_or_default();
        let mut template = Template { file, root, problems, ..Template::default() };
        transform(&files, &mut template);
        let output = std::fs::read_to_string(corpus.join("output").join(format!("{name}.json"))).unwrap();
        let (output, _) = yaml::parse_one(FileId::default(), &output);
        let output = output.unwrap();
        let said: Vec<_> = template.problems.iter().map(|p| p.message.clone()).collect();
        let Some(want) = output.get("Resources") else {
            errors += 1;
            if said.is_empty() {
                println!("{name}: must be refused: {}", output.get("error").unwrap().display());
            } else {
                refused += 1;
                if !only.is_empty() {
                    println!("{name}: {said:#?}\n   {}", output.get("error").unwrap().display());
                }
            }
            continue;
        };
        ok += 1;
        if !said.is_empty() {
            noisy += 1;
            println!("{name}: noisy {said:?}");
        }
        let got = template.root.get("Resources").cloned().unwrap();
        let (wt, wi) = counts(want);
        let (gt, gi) = counts(&got);
        types += usize::from(wt == gt);
        ids += usize::from(wi == gi);
        if wi != gi {
            let lacks: Vec<_> = wi.iter().filter(|(k, n)| gi.get(*k) != Some(n)).map(|(k, _)| k).collect();
            let has: Vec<_> = gi.iter().filter(|(k, n)| wi.get(*k) != Some(n)).map(|(k, _)| k).collect();
            let what = if wt == gt { "ids" } else { "types" };
            println!("{name}: {what} differ, lacks {lacks:?} has {has:?}");
        }
    }
    let share = |part: i32, of: i32| f64::from(part) / f64::from(of.max(1));
    let (t, i, e) = (share(types as i32, ok), share(ids as i32, ok), share(refused, errors));
    println!(
        "sam: {t:.3} ({types}/{ok}) ids {i:.3} ({ids}/{ok}) errors {e:.3} ({refused}/{errors}) noisy {noisy}"
    );
    if only.is_empty() {
        assert!(t >= FLOOR.0 && i >= FLOOR.1 && e >= FLOOR.2 && noisy == 0);
    }
}

type Counts = BTreeMap<(String, String), usize>;

fn counts(resources: &Value) -> (BTreeMap<String, usize>, Counts) {
    let (mut types, mut ids) = (BTreeMap::new(), BTreeMap::new());
    for (id, resource) in resources.as_map().unwrap().iter() {
        let kind = resource.get("Type").and_then(Value::as_str).unwrap_or("None").to_owned();
        *types.entry(kind.clone()).or_default() += 1;
        *ids.entry((plain(id).to_owned(), kind)).or_default() += 1;
    }
    (types, ids)
}
