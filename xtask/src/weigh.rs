//! What decisions take, counted in instructions and allocations by Valgrind: the same on a busy machine as on an idle one.
//!
//! Each figure is a difference of two runs, so that starting the program doesn't count.

use crate::process::{self, cargo};
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Instructions that a decision on a clean event of about 1.2 KB may take. Lower it when decisions become cheaper.
const CLEAN: u64 = 80_000;
/// Allocations that such a decision may make: its answer, and nothing that grows.
const ALLOCATIONS: u64 = 6;
/// Instructions that a byte of hostile text may take, on the average of a class.
const HOSTILE: u64 = 430;
/// How much more the second doubling of a text may take than the first, in hundredths: 200 is linear, 400 is quadratic.
const GROWTH: u64 = 225;

/// Sizes of the texts, in bytes: above what a guard spends on any text, however short.
const SIZES: [u64; 3] = [64 << 10, 128 << 10, 256 << 10];
/// Clean events of the shorter run; the longer one has twice as many.
const EVENTS: u64 = 600;

/// Weighs everything; false when something is above its ceiling.
pub(crate) fn run() -> Result<bool> {
    if !process::succeeds(&mut cargo(&[
        "build",
        "--quiet",
        "--release",
        "--package",
        "tidegate-decide",
        "--example",
        "weigh",
    ]))? {
        bail!("the build of what is weighed failed");
    }
    let binary = process::target()?.join("release/examples/weigh");
    let mut good = true;
    let mut hold = |what: &str, figure: u64, ceiling: u64| {
        let verdict = if figure > ceiling { "ABOVE" } else { "of" };
        println!("{what:<52} {figure:>9} {verdict} {ceiling}");
        good &= figure <= ceiling;
    };
    let clean = |events: u64| instructions(&binary, &["clean".into(), events.to_string()]);
    hold("instructions of a clean event", difference(clean(EVENTS)?, clean(2 * EVENTS)?) / EVENTS, CLEAN);
    let made = |events: u64| allocations(&binary, events);
    hold("allocations of a clean event", difference(made(EVENTS)?, made(2 * EVENTS)?) / EVENTS, ALLOCATIONS);
    for (class, texts) in classes(&binary)? {
        let mut counts = [0; 3];
        for (count, size) in counts.iter_mut().zip(SIZES) {
            *count = instructions(&binary, &["class".into(), class.clone(), size.to_string()])?;
        }
        let [small, middle, large] = counts;
        let (first, second) = (difference(small, middle), difference(middle, large));
        hold(&format!("growth of {class}, in hundredths"), second * 100 / first.max(1), GROWTH);
        let [_, from, to] = SIZES;
        hold(&format!("instructions of a byte of {class}"), second / (to - from) / texts.max(1), HOSTILE);
    }
    Ok(good)
}

fn difference(less: u64, more: u64) -> u64 {
    more.saturating_sub(less)
}

/// Classes of hostile texts, each with the number of its texts.
fn classes(binary: &Path) -> Result<Vec<(String, u64)>> {
    let listed = process::output(Command::new(binary).arg("classes"))?;
    let classes: Vec<_> = listed
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(class, texts)| Some((class.to_owned(), texts.parse().ok()?)))
        .collect();
    if classes.is_empty() { bail!("there is no class of hostile texts") } else { Ok(classes) }
}

fn instructions(binary: &PathBuf, arguments: &[String]) -> Result<u64> {
    let tool = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"];
    counted(Command::new("valgrind").args(tool).arg(binary).args(arguments), "refs:")
}

/// Blocks of memory that were asked for in all.
fn allocations(binary: &PathBuf, events: u64) -> Result<u64> {
    let tool = ["--tool=dhat", "--dhat-out-file=/dev/null"];
    let run = Command::new("valgrind").args(tool).arg(binary).arg("clean").arg(events.to_string()).output();
    let said = String::from_utf8(run.context("failed to start valgrind")?.stderr)?;
    // `Total:     34,567 bytes in 123 blocks`
    let total = said.lines().find(|line| line.contains("Total:")).context("valgrind gave no total")?;
    number(total.rsplit(" in ").next().unwrap_or_default()).context("valgrind counted no blocks")
}

/// The figure behind a word on the standard error of Valgrind.
fn counted(command: &mut Command, word: &str) -> Result<u64> {
    let run = command.output().context("failed to start valgrind")?;
    let said = String::from_utf8(run.stderr)?;
    let figure = said.lines().find_map(|line| line.split_once(word)).and_then(|(_, rest)| number(rest));
    figure.with_context(|| format!("valgrind counted nothing: {said}"))
}

/// `1,234 blocks` as a number.
fn number(text: &str) -> Option<u64> {
    let digits: String =
        text.trim().chars().take_while(|c| c.is_ascii_digit() || *c == ',').filter(|c| *c != ',').collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_valgrind() {
        assert_eq!(number("      160,825,703"), Some(160_825_703));
        assert_eq!(number("123 blocks"), Some(123));
        assert_eq!(number("none"), None);
        assert_eq!(difference(3, 10), 7);
    }
}
