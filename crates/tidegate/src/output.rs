//! What the commands print, and where it goes.

mod escape;
mod excerpt;
pub(crate) mod fixes;
pub(crate) mod github;
pub(crate) mod gitlab;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod markdown;
mod mask;
pub(crate) mod page;
pub(crate) mod problems;
pub(crate) mod sarif;
mod summary;
pub(crate) mod text;

use crate::failure::Failure;
use crate::interrupt;
use annotate_snippets::Renderer;
use anstyle::Style;
use anyhow::Context;
use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Component, Path, PathBuf};

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Even into files and pipes
    Always,
    /// Never
    Never,
}

/// How text looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) color: bool,
    pub(crate) width: usize,
}

impl Look {
    /// For what is no terminal at all.
    pub(crate) fn plain() -> Self {
        Self::new(Color::Never, false)
    }

    /// For stdout.
    pub(crate) fn stdout(color: Color) -> Self {
        Self::new(color, std::io::stdout().is_terminal())
    }

    /// For stderr.
    pub(crate) fn stderr(color: Color) -> Self {
        Self::new(color, std::io::stderr().is_terminal())
    }

    /// For a file.
    pub(crate) fn file(color: Color) -> Self {
        Self::new(color, false)
    }

    fn new(color: Color, terminal: bool) -> Self {
        const PIPE: usize = 110;
        const LEAST: usize = 40;
        const MOST: usize = 140;
        let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let dumb = || std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !set("NO_COLOR") && !dumb(),
        };
        let seen = terminal.then(terminal_size::terminal_size).flatten();
        Self { color, width: seen.map_or(PIPE, |(w, _)| usize::from(w.0)).clamp(LEAST, MOST) }
    }

    /// The text in a style, or as it is.
    pub(crate) fn paint(self, text: &str, style: Style) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    pub(crate) fn renderer(self) -> Renderer {
        let renderer = if self.color { Renderer::styled() } else { Renderer::plain() };
        renderer.term_width(self.width)
    }
}

/// What leads from where people stand to the folder that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Base(String);

impl Base {
    /// The way to a folder, relative or absolute; none for the folder itself.
    pub(crate) fn new(folder: &Path) -> Self {
        let parts = folder.components().filter(|c| !matches!(c, Component::CurDir | Component::RootDir));
        let way: String = parts.map(|c| format!("{}/", c.as_os_str().to_string_lossy())).collect();
        Self(if folder.has_root() { format!("/{way}") } else { way })
    }

    /// The path of a file that was read.
    pub(crate) fn join(&self, file: &str) -> String {
        // Files outside of the folder are named in full.
        if file.starts_with('/') {
            return file.replacen("//", "/", 1);
        }
        let (mut base, mut file) = (self.0.as_str(), file);
        while let Some(rest) = file.strip_prefix("../") {
            let Some(folder) = base.strip_suffix('/').filter(|f| !f.is_empty() && !f.ends_with("..")) else {
                break;
            };
            let parent = folder.rfind('/').and_then(|at| base.get(..=at));
            (base, file) = (parent.unwrap_or_default(), rest);
        }
        format!("{base}{file}")
    }
}

/// Where the result goes: `--output FILE`, or stdout.
///
/// A file is written whole or not at all: beside its place first, then moved over it.
pub(crate) fn deliver(text: &str, to: Option<&Path>) -> Result<(), Failure> {
    match to {
        Some(path) => to_file(text, path),
        None => Ok(to_stdout(text)?),
    }
}

/// Something for people that is no result: stderr. When nobody listens there is nothing to be done about it.
pub(crate) fn tell(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn to_stdout(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // The reader has seen enough (`| head`).
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.context("could not write to stdout"),
    }
}

fn to_file(text: &str, path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => {
            let help = format!("name a file in it: `--output {}`", path.join("tidegate.out").display());
            return Err(Failure::usage(
                format!("`{shown}` is a folder, so it can't be written to"),
                Some(help),
            ));
        }
        // A pipe or device can't be replaced.
        Ok(meta) if !meta.is_file() => {
            return Ok(fs::write(path, text).with_context(|| format!("could not write to `{shown}`"))?);
        }
        _ => {}
    }
    // A link stays a link: what it points to is replaced.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let beside = beside(&target);
    let _guard = interrupt::remove_on_end(&beside);
    let written = (|| {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        file.write_all(text.as_bytes())?;
        if let Ok(meta) = fs::metadata(&target) {
            file.set_permissions(meta.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&beside, &target)
    })();
    Ok(written.with_context(|| format!("could not write to `{shown}`"))?)
}

/// A name in the same folder that nobody else has.
fn beside(target: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    target.with_file_name(name)
}

/// Breaks a text into lines of at most `width` characters, at blanks; a longer word stays whole.
fn wrap(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// `1 file`, `2 files`.
pub(crate) fn count(n: usize, one: &str, more: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {more}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_where_people_stand() {
        let join = |folder: &str, file: &str| Base::new(Path::new(folder)).join(file);
        assert_eq!(join(".", "a.yaml"), "a.yaml");
        assert_eq!(join("./infra/", "a.yaml"), "infra/a.yaml");
        assert_eq!(join("../x", "a.yaml"), "../x/a.yaml");
        assert_eq!(join("/srv/x", "a.yaml"), "/srv/x/a.yaml");
        assert_eq!(join("x", "//srv/y.yaml"), "/srv/y.yaml");
        assert_eq!(join("x/y", "../a.toml"), "x/a.toml");
        assert_eq!(join("x", "../a.toml"), "a.toml");
        assert_eq!(join("/x", "../../a.toml"), "/../a.toml");
        assert_eq!(join("../x", "../../a.toml"), "../../a.toml");
        assert_eq!(join(".", "../a.toml"), "../a.toml");
    }

    #[test]
    fn text_is_wrapped_at_blanks() {
        assert_eq!(wrap("one two  three", 8), "one two\nthree");
        assert_eq!(wrap("unbreakable-word a", 4), "unbreakable-word\na");
        assert_eq!(wrap("", 4), "");
    }
}
