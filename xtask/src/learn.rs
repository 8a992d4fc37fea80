//! `cargo xtask learn`: trains the model that gives a second opinion about texts which nearly act as code.
//!
//! Logistic regression over hashed features, by stochastic gradient descent in a fixed order: the same data give the same
//! file. Each source is held out once, and what is printed is measured on sources that the model has not seen: how often an
//! attack scores above another text, and what it would deny above all honest texts of such sources. What the file holds is described in `crates/tidegate-decide/src/inject/opinion.rs`.

#[path = "../../crates/tidegate-decide/src/inject/opinion/features.rs"]
mod features;

use crate::process::root;
use anyhow::{Context as _, Result, bail};
use features::{Features, SLOTS, normal};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// A folder of JSON lines, one file a source: `text` or `payload`, and `expect`, which is `deny` or `allow`
    #[arg(long)]
    data: PathBuf,
    /// The day that the file bears
    #[arg(long)]
    date: String,
    /// Only measure; write nothing
    #[arg(long)]
    dry: bool,
}

const FILE: &str = "crates/tidegate-decide/data/opinion.bin";
/// The largest file that is checked in.
const LIMIT: usize = 256_000;
const ROUNDS: usize = 12;
const RATE: f64 = 0.5;
/// How much a weight shrinks with each example.
const DECAY: f64 = 2e-6;
/// Pieces that an opinion may be explained with.
const NAMES: usize = 768;

struct Example {
    source: usize,
    attack: bool,
    slots: Vec<u16>,
    pieces: Vec<(u16, String)>,
}

#[derive(Clone)]
struct Model {
    weights: Vec<f64>,
    bias: f64,
}

pub(crate) fn run(options: &Options) -> Result<bool> {
    let (sources, examples) = read(&options.data)?;
    if examples.iter().all(|e| e.attack) || !examples.iter().any(|e| e.attack) {
        bail!("there have to be attacks and others");
    }
    println!(
        "{:<16} {:>8} {:>8} {:>10} {:>12} {:>12}",
        "held out", "attacks", "others", "area", "found", "false"
    );
    // Above all that honest text of sources that were not seen scores.
    let mut highest = f64::NEG_INFINITY;
    let mut held = Vec::new();
    for source in 0..sources.len() {
        let model = train(examples.iter().filter(|e| e.source != source));
        let scored: Vec<(f64, bool)> = examples
            .iter()
            .filter(|e| e.source == source)
            .map(|e| (model.score(&e.slots), e.attack))
            .collect();
        highest = scored.iter().filter(|(_, attack)| !attack).map(|(s, _)| *s).fold(highest, f64::max);
        held.push(scored);
    }
    let enough = highest + 0.5;
    for (name, scored) in sources.iter().zip(&held) {
        let of = |attack: bool| scored.iter().filter(move |(_, a)| *a == attack).map(|(score, _)| *score);
        let above = |attack: bool| of(attack).filter(|score| *score >= enough).count();
        let (attacks, others) = (of(true).count(), of(false).count());
        println!(
            "{name:<16} {attacks:>8} {others:>8} {:>10} {:>12} {:>12}",
            area(scored).map_or("-".into(), |area| format!("{area:.3}")),
            above(true),
            above(false)
        );
    }
    println!(
        "found and false: from a score of {enough:.2} on, which no honest text of a source that was held out has"
    );
    let bytes = file(&train(examples.iter()), &options.date, &sources, &examples);
    if bytes.len() > LIMIT {
        bail!("the file has {} bytes, more than {LIMIT}", bytes.len());
    }
    if !options.dry {
        std::fs::write(root().join(FILE), &bytes).with_context(|| format!("failed to write {FILE}"))?;
        println!("{FILE}: {} bytes from {} texts", bytes.len(), examples.len());
    }
    Ok(true)
}

/// All texts, each once: one that stands in several sources belongs to the first.
fn read(folder: &Path) -> Result<(Vec<String>, Vec<Example>)> {
    let listed = std::fs::read_dir(folder).with_context(|| format!("failed to list {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = listed.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "jsonl"));
    paths.sort();
    let (mut sources, mut examples, mut known) = (Vec::new(), Vec::new(), HashSet::new());
    for path in paths {
        let before = examples.len();
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let row: Value =
                serde_json::from_str(line).with_context(|| format!("{}: no JSON", path.display()))?;
            let attack = match row.get("expect").and_then(Value::as_str) {
                Some("deny") => true,
                Some("allow") => false,
                _ => continue,
            };
            let said = row.get("text").or_else(|| row.get("payload")).and_then(Value::as_str);
            let Some(said) = said.filter(|said| known.insert((*said).to_string())) else { continue };
            let normal = normal(said.as_bytes());
            let found = Features::of(&normal).slots;
            let piece = |at: &u16, length: &u8| {
                let (at, length) = (usize::from(*at), usize::from(*length));
                normal.get(at..at + length).map(|run| String::from_utf8_lossy(run).into_owned())
            };
            let pieces = found.iter().filter(|(_, _, length)| *length > 0);
            examples.push(Example {
                source: sources.len(),
                attack,
                pieces: pieces.filter_map(|(slot, at, length)| Some((*slot, piece(at, length)?))).collect(),
                slots: found.iter().map(|(slot, ..)| *slot).collect(),
            });
        }
        if examples.len() > before {
            sources.push(path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    if sources.len() < 2 { bail!("there have to be two sources at least") } else { Ok((sources, examples)) }
}

impl Model {
    fn score(&self, slots: &[u16]) -> f64 {
        let sum: f64 = slots.iter().filter_map(|slot| self.weights.get(usize::from(*slot))).sum();
        self.bias + sum * scale(slots)
    }
}

/// Long texts have more features, and mean no more by each.
fn scale(slots: &[u16]) -> f64 {
    let count = u32::try_from(slots.len().max(1)).unwrap_or(u32::MAX);
    1.0 / f64::from(count).sqrt()
}

fn train<'e>(examples: impl Iterator<Item = &'e Example>) -> Model {
    let mut order: Vec<&Example> = examples.collect();
    let count = |attack: bool| order.iter().filter(|e| e.attack == attack).count().max(1);
    let (attacks, others) = (count(true), count(false));
    // Both kinds weigh the same in all.
    let half = |count: usize| order.len() as f64 / (2 * count) as f64;
    let (of_attack, of_other) = (half(attacks), half(others));
    let mut model = Model { weights: vec![0.0; SLOTS], bias: 0.0 };
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..ROUNDS {
        for at in (1..order.len()).rev() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let other = usize::try_from(random % (at as u64 + 1)).unwrap_or_default();
            order.swap(at, other);
        }
        let rate = RATE / (1.0 + round as f64);
        for example in &order {
            let probability = 1.0 / (1.0 + (-model.score(&example.slots)).exp());
            let (target, weight) = if example.attack { (1.0, of_attack) } else { (0.0, of_other) };
            let step = rate * weight * (target - probability);
            model.bias += step * 0.1;
            let scale = scale(&example.slots);
            for slot in &example.slots {
                if let Some(weight) = model.weights.get_mut(usize::from(*slot)) {
                    *weight += step * scale - DECAY * *weight;
                }
            }
        }
    }
    model
}

/// How often an attack scores above another text; none where there is only one kind.
fn area(scored: &[(f64, bool)]) -> Option<f64> {
    let mut sorted: Vec<&(f64, bool)> = scored.iter().collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut others, mut below) = (0_u64, 0_u64);
    for (_, attack) in sorted {
        if *attack { below += others } else { others += 1 }
    }
    let attacks = scored.len() as u64 - others;
    (attacks > 0 && others > 0).then(|| below as f64 / (attacks * others) as f64)
}

/// A head in words, then the numbers.
fn file(model: &Model, date: &str, sources: &[String], examples: &[Example]) -> Vec<u8> {
    let most = model.weights.iter().fold(0.0_f64, |most, weight| most.max(weight.abs()));
    let unit = (most / 127.0).max(f64::MIN_POSITIVE);
    let small = |weight: &f64| (weight / unit).round().clamp(-127.0, 127.0) as i8;
    let weights: Vec<i8> = model.weights.iter().map(small).collect();
    let head = format!(
        "tidegate opinion 1\ndate {date}\nsources {}\nunit {unit:.9}\nbias {:.6}\n",
        sources.join(" "),
        model.bias
    );
    // The weightiest pieces that speak for an attack, each by the run that stands in its slot most often.
    let mut runs: BTreeMap<u16, BTreeMap<&str, usize>> = BTreeMap::new();
    for (slot, run) in examples.iter().filter(|e| e.attack).flat_map(|e| &e.pieces) {
        *runs.entry(*slot).or_default().entry(run).or_default() += 1;
    }
    let weight = |slot: u16| weights.get(usize::from(slot)).copied().unwrap_or_default();
    let mut slots: Vec<u16> = runs.keys().copied().filter(|slot| weight(*slot) > 0).collect();
    slots.sort_by_key(|slot| (std::cmp::Reverse(weight(*slot)), *slot));
    slots.truncate(NAMES);
    slots.sort_unstable();
    let named = slots.iter().filter_map(|slot| {
        let run = runs.get(slot)?.iter().max_by_key(|(run, count)| (**count, std::cmp::Reverse(**run)))?.0;
        Some(format!("{slot} {run}\n"))
    });
    let names: String = named.collect();
    let mut bytes = format!("{head}names {}\n", names.len()).into_bytes();
    bytes.extend(names.as_bytes());
    bytes.extend(weights.iter().map(|weight| weight.cast_unsigned()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples() -> Vec<Example> {
        let texts = [
            ("; cat /etc/passwd", true),
            ("the cat sat on the mat", false),
            ("| id; ls /etc", true),
            ("cats & dogs, ever so nice", false),
        ];
        let made = texts.iter().enumerate().map(|(at, (text, attack))| {
            let slots = Features::of(&normal(text.as_bytes())).slots;
            let slots = slots.iter().map(|(slot, ..)| *slot).collect();
            Example { source: at / 2, attack: *attack, slots, pieces: Vec::new() }
        });
        made.collect()
    }

    #[test]
    fn it_tells_what_it_has_seen_and_is_the_same_each_time() {
        let examples = examples();
        let (one, two) = (train(examples.iter()), train(examples.iter()));
        for example in &examples {
            assert_eq!(one.score(&example.slots) > 0.0, example.attack);
        }
        let file = |model: &Model| file(model, "2026-01-01", &["a".into()], &examples);
        assert_eq!(file(&one), file(&two));
    }

    #[test]
    fn area_under_the_curve() {
        assert_eq!(area(&[(0.0, false), (1.0, true)]), Some(1.0));
        assert_eq!(area(&[(1.0, false), (0.0, true)]), Some(0.0));
        assert_eq!(area(&[(1.0, true)]), None);
    }
}
