//! `--diff`: the trees of two revisions, laid out in a temporary folder by the `git` binary.
//!
//! No hook runs and no index or work tree of the user's is touched: each tree goes through an index of its own.

use crate::failure::Failure;
use crate::interrupt;
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The same place before a change and after it.
pub(super) struct Change {
    /// `None` when there was no such place.
    pub(super) before: Option<PathBuf>,
    /// The work tree as it is when the range names no end.
    pub(super) after: After,
    _folder: Folder,
}

/// Where the new side lies.
pub(super) enum After {
    WorkTree,
    Tree(PathBuf),
}

impl Change {
    /// `BASE`, `BASE..HEAD`, or `BASE...HEAD`, which starts where the two parted.
    pub(super) fn open(range: &str, path: &Path) -> Result<Self, Failure> {
        let path = path.canonicalize().with_context(|| format!("could not open `{}`", path.display()))?;
        let here = if path.is_dir() { path.clone() } else { path.parent().unwrap_or(&path).to_path_buf() };
        let git = Git { folder: here };
        let top = git.run(&["rev-parse", "--show-toplevel"], None).map_err(|why| {
            let help = "`--diff` compares revisions of a git repository; name a path within one".to_string();
            Failure::usage(format!("`{}` is in no git work tree: {why}", path.display()), Some(help))
        })?;
        let top = PathBuf::from(top).canonicalize().context("could not open the work tree")?;
        let below = path.strip_prefix(&top).unwrap_or(Path::new("")).to_path_buf();
        let (base, head) = match range.split_once("...") {
            Some((base, head)) => {
                let head = if head.is_empty() { "HEAD" } else { head };
                let parted = git.run(&["merge-base", &git.commit(base)?, &git.commit(head)?], None);
                let parted = parted.map_err(|why| {
                    let help = "fetch the history of both: in CI this is often `fetch-depth: 0`".to_string();
                    Failure::usage(format!("`{base}` and `{head}` have no common revision {why}"), Some(help))
                })?;
                (parted, Some(head))
            }
            None => match range.split_once("..") {
                Some((base, head)) => (base.to_string(), Some(if head.is_empty() { "HEAD" } else { head })),
                None => (range.to_string(), None),
            },
        };
        let folder = Folder::new()?;
        let before = folder.0.join("before");
        git.lay_out(&git.commit(&base)?, &before)?;
        let after = match head {
            None => After::WorkTree,
            Some(head) => {
                let after = folder.0.join("after");
                git.lay_out(&git.commit(head)?, &after)?;
                After::Tree(after.join(&below))
            }
        };
        let before = Some(before.join(&below)).filter(|p| p.exists());
        Ok(Self { before, after, _folder: folder })
    }
}

struct Git {
    folder: PathBuf,
}

impl Git {
    /// What git says on stdout, or why it failed.
    fn run(&self, args: &[&str], index: Option<&Path>) -> Result<String, String> {
        let mut command = Command::new("git");
        // A name that begins like an option is none; filters of large files would ask the network.
        command.args([
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.autocrlf=false",
            "-c",
            "core.hooksPath=/dev/null",
        ]);
        command.args(args);
        command.current_dir(&self.folder).env("GIT_LFS_SKIP_SMUDGE", "1").env("GIT_TERMINAL_PROMPT", "0");
        command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_OPTIONAL_LOCKS", "0");
        if let Some(index) = index {
            command.env("GIT_INDEX_FILE", index);
        }
        let output = command.output().map_err(|e| format!("`git` can't be run: {e}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(said.lines().next().unwrap_or_default().trim_start_matches("fatal: ").to_string());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_string())
    }

    fn commit(&self, revision: &str) -> Result<String, Failure> {
        let tree = format!("{revision}^{{commit}}");
        self.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &tree], None).map_err(|_| {
            let help = "name commits, branches or tags: `--diff main..HEAD`; in CI they may have to be fetched first";
            Failure::usage(format!("there is no revision `{revision}`"), Some(help.to_string()))
        })
    }

    fn lay_out(&self, commit: &str, folder: &Path) -> Result<(), Failure> {
        // The empty `.git` says where the project ends, so that nothing above it is read.
        std::fs::create_dir_all(folder.join(".git")).context("could not make a temporary folder")?;
        let top = self.run(&["rev-parse", "--show-toplevel"], None).map_err(anyhow::Error::msg)?;
        let git = Git { folder: PathBuf::from(top) };
        let index = folder.with_extension("index");
        let prefix = format!("--prefix={}/", folder.display());
        git.run(&["read-tree", commit], Some(&index))
            .and_then(|_| git.run(&["checkout-index", "--all", "--quiet", "--force", &prefix], Some(&index)))
            .map_err(|why| anyhow::anyhow!("could not lay out `{commit}`: {why}"))?;
        Ok(())
    }
}

/// A folder that is gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let base = std::env::temp_dir();
        // Somebody else's folder is never taken over: creation fails if the name is there.
        for _ in 0..64 {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = base.join(format!("tidegate-diff-{}-{number}", std::process::id()));
            let mut builder = std::fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            match builder.create(&path) {
                Ok(()) => {
                    interrupt::remove_folder(Some(path.clone()));
                    return Ok(Self(path));
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e).context("could not make a temporary folder"),
            }
        }
        anyhow::bail!("could not make a temporary folder in `{}`", base.display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        interrupt::remove_folder(None);
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
