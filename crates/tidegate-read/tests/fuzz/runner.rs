//! Runs targets on mutated inputs; each crate with parsers has a test that hands it its own.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod mutate;

use mutate::Mutator;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A target by its name, which is also that of its folder of seeds.
pub(crate) type Target = (&'static str, fn(&str));

/// Inputs of each target when no time is given.
const INPUTS: usize = 150;
/// One input may take this long. Ordinary ones take microseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs those that are asked for, and fails when one breaks.
pub(crate) fn run(all: &[Target]) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let seed = number("TIDEGATE_FUZZ_SEED").unwrap_or(1);
    let only = std::env::var("TIDEGATE_FUZZ_TARGET").ok();
    let targets: Vec<&Target> =
        all.iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only == name)).collect();
    assert!(!targets.is_empty(), "there is no target {only:?}");
    let share =
        number("TIDEGATE_FUZZ_SECONDS").map(|seconds| Duration::from_secs(seconds) / targets.len() as u32);
    let broken: Vec<String> =
        targets.into_iter().filter_map(|target| fuzz(target, seed, share).err()).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Runs one target; an error names the input that broke it.
fn fuzz((name, target): &Target, seed: u64, share: Option<Duration>) -> Result<(), String> {
    let folder = corpus().join(name);
    let seeds = seeds(&folder);
    assert!(!seeds.is_empty(), "{} holds no seed", folder.display());
    let (inputs, taken) = channel::<String>();
    let (done, finished) = channel();
    let run = *target;
    // The target runs on a thread of its own, so that one that never ends can be told.
    let worker = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
        for input in taken {
            run(&input);
            if done.send(()).is_err() {
                break;
            }
        }
    });
    let worker = worker.expect("a thread");
    let mut mutator = Mutator::new(seed, &seeds);
    let start = Instant::now();
    let mut count = 0;
    // The seeds as they are first: they hold what broke a parser once.
    let mut waiting = seeds.clone();
    // An overflown stack ends the whole process: what was being read then is found here.
    let last = std::env::temp_dir().join(format!("tidegate-fuzz-{name}"));
    println!("{name:<16} seed {seed}, the input at work is in {}", last.display());
    loop {
        if waiting.is_empty() && share.map_or(count >= INPUTS, |share| start.elapsed() >= share) {
            break;
        }
        let input = waiting.pop().unwrap_or_else(|| mutator.next());
        std::fs::write(&last, &input).expect("the input is written");
        inputs.send(input.clone()).expect("the worker waits");
        count += 1;
        let what = match finished.recv_timeout(PATIENCE) {
            Ok(()) => continue,
            Err(RecvTimeoutError::Disconnected) => "panics",
            Err(RecvTimeoutError::Timeout) => "takes too long",
        };
        let kept = keep(&folder, &input);
        return Err(format!(
            "{name}: an input {what} (seed {seed}, number {count}), kept as {}",
            kept.display()
        ));
    }
    drop(inputs);
    worker.join().expect("the worker ended well");
    let _ = std::fs::remove_file(last);
    println!("{name:<16} seed {seed}, {count} inputs in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

fn seeds(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read_to_string(path).expect("a text")).collect()
}

fn keep(folder: &Path, input: &str) -> PathBuf {
    // FNV-1a: the name only has to differ.
    let hash = input.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let path = folder.join(format!("crash-{hash:016x}"));
    std::fs::write(&path, input).expect("the input is kept");
    path
}
