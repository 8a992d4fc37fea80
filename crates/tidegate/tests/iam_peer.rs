//! Decisions against another engine, run as a program of its own on cases from a seed.
//!
//! Where the two differ the case must belong to a class that was judged by AWS's documentation (`iam_peer/judged.json`).
//! `TIDEGATE_PEERS` names the folder in which `cargo xtask test` installed the engine; without it the test skips.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod iam_peer {
    pub(crate) mod classes;
    pub(crate) mod generate;
}

use iam_peer::{classes, generate};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const CASES: usize = 12_000;
const SEED: u64 = 20_260_926;

#[test]
fn decisions_agree_with_another_engine_or_are_judged() {
    let Some(peer) = peer() else { return };
    let mut dice = generate::Dice::new(SEED);
    let cases: Vec<Value> = (0..CASES).map(|id| generate::case(&mut dice, id)).collect();
    let feed: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let own = decisions(Command::new(env!("CARGO_BIN_EXE_tidegate")).args(["iam", "decide"]), &feed);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/iam_peer/run.mjs");
    let theirs = decisions(Command::new("node").arg(script).arg(peer), &feed);
    assert_eq!((own.len(), theirs.len()), (CASES, CASES));

    let judged = classes::judged();
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    let mut open = Vec::new();
    for ((case, own), theirs) in cases.iter().zip(&own).zip(&theirs) {
        if own == theirs {
            continue;
        }
        match classes::of(case).into_iter().find(|class| judged.contains_key(*class)) {
            Some(class) => *found.entry(class).or_default() += 1,
            None => open.push(format!("we say {own}, they say {theirs}: {case}")),
        }
    }
    let count = open.len();
    assert!(open.is_empty(), "{count} disagreements are not judged\n{}", open[..count.min(5)].join("\n"));
    let stale: Vec<&String> = judged.keys().filter(|class| !found.contains_key(class.as_str())).collect();
    assert!(stale.is_empty(), "judged but never met: {stale:?}");
    let differ: usize = found.values().sum();
    println!("{CASES} cases, {differ} judged disagreements: {found:?}");
    // Both kinds of answer must be common, or the cases say little.
    for word in ["allowed", "implicitly_denied", "explicitly_denied"] {
        assert!(own.iter().filter(|d| *d == word).count() > CASES / 20, "hardly any case is {word}");
    }
}

fn peer() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("TIDEGATE_PEERS") else {
        println!("skipped: TIDEGATE_PEERS is not set; `cargo xtask test` sets it");
        return None;
    };
    let peer = PathBuf::from(folder).join("npm/@cloud-copilot/iam-simulate");
    assert!(peer.join("node_modules").is_dir(), "{} is not installed", peer.display());
    Some(peer)
}

fn decisions(command: &mut Command, feed: &str) -> Vec<String> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut input = child.stdin.take().unwrap();
    let feed = feed.to_string();
    let writer = std::thread::spawn(move || input.write_all(feed.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{:?} failed", command.get_program());
    let text = String::from_utf8(output.stdout).unwrap();
    let answers = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    answers
        .enumerate()
        .map(|(i, answer)| {
            assert_eq!(answer["id"], i, "answers keep their order");
            answer["decision"].as_str().unwrap_or("none").to_string()
        })
        .collect()
}
