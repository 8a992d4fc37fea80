//! The same inputs through tools that others use, to know where we stand. For measuring only.

use crate::bench::median;
use crate::process;
use crate::test::has;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) fn run(folder: &Path, usual: &Path, many: &Path) -> Result<()> {
    let Some(programs) = install(folder)? else {
        println!("peers: not measured, since Python or its packages can't be had here");
        return Ok(());
    };
    let (checkov, lint) = (programs.join("checkov"), programs.join("cfn-lint"));
    for (what, input) in [("examples/orders", usual), ("1,000 templates of 12 resources", many)] {
        let make = || {
            let mut command = Command::new(&checkov);
            command.args(["--quiet", "--compact", "--framework", "cloudformation", "--directory"]).arg(input);
            command
        };
        show(&format!("checkov, {what}"), &make)?;
        let make = || {
            let mut command = Command::new(&lint);
            command.arg(input.join("**/template.yaml"));
            command
        };
        show(&format!("cfn-lint, {what}"), &make)?;
    }
    Ok(())
}

fn show(what: &str, make: &dyn Fn() -> Command) -> Result<()> {
    let run = median(make, 1)?;
    println!("{what:<44} {:>7.0} ms {:>7.1} MB", run.wall.as_secs_f64() * 1e3, run.memory as f64 / 1024.0);
    Ok(())
}

/// A virtual environment with both, made once; where its programs are.
fn install(folder: &Path) -> Result<Option<PathBuf>> {
    let environment = folder.join("peers");
    let programs = environment.join("bin");
    if programs.join("checkov").exists() && programs.join("cfn-lint").exists() {
        return Ok(Some(programs));
    }
    if !has("python3") {
        return Ok(None);
    }
    let made = process::succeeds(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    let install = ["install", "--quiet", "--disable-pip-version-check", "checkov", "cfn-lint"];
    Ok((made && process::succeeds(Command::new(programs.join("pip")).args(install))?).then_some(programs))
}
