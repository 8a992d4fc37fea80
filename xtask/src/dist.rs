//! `cargo xtask dist`: what a release hands out. The binary, and the layers that bring the guard into Lambda functions.

use crate::process;
use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only the layers
    #[arg(long)]
    layers: bool,
    /// Fail when a layer of some architecture can't be built here, instead of saying so
    #[arg(long)]
    all: bool,
}

/// An architecture of Lambda.
struct Architecture {
    /// Its name in Lambda.
    name: &'static str,
    /// Targets of the compiler, the best one first. Both link everything in: a layer meets every runtime there is.
    targets: [&'static str; 2],
    /// What links for it on a machine of another kind.
    linker: &'static str,
}

const ARCHITECTURES: [Architecture; 2] = [
    Architecture {
        name: "x86_64",
        targets: ["x86_64-unknown-linux-musl", "x86_64-unknown-linux-gnu"],
        linker: "x86_64-linux-gnu-gcc",
    },
    Architecture {
        name: "arm64",
        targets: ["aarch64-unknown-linux-musl", "aarch64-unknown-linux-gnu"],
        linker: "aarch64-linux-gnu-gcc",
    },
];

/// The largest guard that is handed out, in bytes.
const LARGEST: usize = 5_000_000;

pub(crate) fn run(options: &Options) -> Result<bool> {
    let folder = process::target()?.join("dist");
    fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
    if !options.layers {
        let binary = process::release()?;
        tell(&binary, &read(&binary)?);
    }
    let mut whole = true;
    for architecture in &ARCHITECTURES {
        let Some(target) = architecture.target()? else {
            eprintln!("{}", architecture.missing());
            whole = false;
            continue;
        };
        let guard = read(&architecture.build(target)?)?;
        if is_dynamic(&guard) {
            bail!("the guard for {target} asks for a loader: it isn't static");
        }
        if guard.len() > LARGEST {
            bail!("the guard for {target} has {} bytes, more than {LARGEST}", guard.len());
        }
        let layer = layer(&guard)?;
        let path = folder.join(architecture.file());
        fs::write(&path, &layer).with_context(|| format!("failed to write {}", path.display()))?;
        tell(&path, &layer);
    }
    Ok(whole || !options.all)
}

impl Architecture {
    /// The name of its layer.
    fn file(&self) -> String {
        format!("tidegate-lambda-{}.zip", self.name)
    }

    /// What to do where there is no layer for it.
    fn missing(&self) -> String {
        let [best, _] = self.targets;
        let foreign = !best.starts_with(std::env::consts::ARCH);
        let linker =
            if foreign { format!("; `{}` has to be there to link", self.linker) } else { String::new() };
        let (file, name) = (self.file(), self.name);
        format!(
            "not made: {file}. This compiler has no target for {name}; `rustup target add {best}` installs one{linker}"
        )
    }

    /// The first of its targets for which the compiler has a standard library.
    fn target(&self) -> Result<Option<&'static str>> {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let sysroot = process::output(Command::new(rustc).args(["--print", "sysroot"]))?;
        let libraries = Path::new(sysroot.trim()).join("lib/rustlib");
        Ok(self.targets.into_iter().find(|target| libraries.join(target).join("lib").is_dir()))
    }

    /// Builds the guard, everything linked in, and returns its path.
    fn build(&self, target: &str) -> Result<PathBuf> {
        let mut cargo =
            process::cargo(&["build", "--release", "--package", "tidegate-lambda", "--target", target]);
        cargo.env("RUSTFLAGS", "-C target-feature=+crt-static -C relocation-model=static");
        if !target.starts_with(std::env::consts::ARCH) {
            let key = target.replace('-', "_").to_ascii_uppercase();
            cargo.env(format!("CARGO_TARGET_{key}_LINKER"), self.linker);
        }
        if !process::succeeds(&mut cargo)? {
            bail!("the build of tidegate-lambda for {target} failed");
        }
        Ok(process::target()?.join(target).join("release/tidegate-lambda"))
    }
}

/// The layer: the same bytes for the same guard, whoever builds it and when.
fn layer(guard: &[u8]) -> Result<Vec<u8>> {
    let root = process::root();
    let wrapper = read(&root.join("crates/tidegate-lambda/layer/wrapper"))?;
    let mut files = vec![
        ("extensions/tidegate-lambda", 0o755, guard.to_vec()),
        ("tidegate/wrapper", 0o755, wrapper),
        ("tidegate/LICENSE", 0o644, read(&root.join("LICENSE"))?),
    ];
    files.sort_by_key(|(name, ..)| *name);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, mode, bytes) in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(mode);
        zip.start_file(name, options)?;
        zip.write_all(&bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// True for an ELF file with a program header of type `PT_INTERP`, which names the loader that it needs.
fn is_dynamic(elf: &[u8]) -> bool {
    let number = |at: usize, length: usize| {
        let bytes = elf.get(at..at + length)?;
        Some(bytes.iter().rev().fold(0_usize, |n, b| n << 8 | usize::from(*b)))
    };
    let headers = || Some((number(0x20, 8)?, number(0x36, 2)?, number(0x38, 2)?));
    // What can't be read is no program that we would hand out.
    let Some((start, size, count)) = headers().filter(|_| elf.starts_with(b"\x7fELF\x02")) else {
        return true;
    };
    (0..count).any(|index| number(start + index * size, 4) == Some(3))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("failed to read {}", path.display()))
}

fn tell(path: &Path, bytes: &[u8]) {
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{}", path.display());
    println!("size    {:.1} MB", bytes.len() as f64 / 1e6);
    println!("sha256  {digest}");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::io::Read as _;

    #[test]
    fn a_layer_holds_what_lambda_looks_for_and_is_the_same_every_time() {
        let made = layer(b"\x7fELF guard").unwrap();
        assert_eq!(made, layer(b"\x7fELF guard").unwrap());
        let mut zip = zip::ZipArchive::new(Cursor::new(made)).unwrap();
        let mut seen = Vec::new();
        for index in 0..zip.len() {
            let mut file = zip.by_index(index).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            seen.push((
                file.name().unwrap().into_owned(),
                file.unix_mode().unwrap() & 0o777,
                bytes.is_empty(),
            ));
        }
        let is = |name: &str, mode| (name.to_owned(), mode, false);
        assert_eq!(
            seen,
            [
                is("extensions/tidegate-lambda", 0o755),
                is("tidegate/LICENSE", 0o644),
                is("tidegate/wrapper", 0o755)
            ]
        );
    }

    #[test]
    fn a_layer_that_cannot_be_made_says_what_is_missing() {
        let [intel, arm] = &ARCHITECTURES;
        assert_eq!([intel.file(), arm.file()], ["tidegate-lambda-x86_64.zip", "tidegate-lambda-arm64.zip"]);
        let other = ARCHITECTURES.iter().find(|a| !a.targets[0].starts_with(std::env::consts::ARCH)).unwrap();
        let said = other.missing();
        for word in [&other.file(), &format!("rustup target add {}", other.targets[0]), other.linker] {
            assert!(said.contains(word), "{said}");
        }
        // What is at hand needs no linker of its own.
        let own = ARCHITECTURES.iter().find(|a| a.targets[0].starts_with(std::env::consts::ARCH)).unwrap();
        assert!(!own.missing().contains("to link"), "{}", own.missing());
    }

    /// The runtime finds the guard where the guard listens unless told otherwise, and gets its own arguments.
    #[test]
    fn the_wrapper_leads_to_the_guard() {
        let wrapper = process::root().join("crates/tidegate-lambda/layer/wrapper");
        let ran = |listen: Option<&str>| {
            let mut command = Command::new("sh");
            command.arg(&wrapper).args(["sh", "-c", "echo $AWS_LAMBDA_RUNTIME_API $1", "x", "a b"]);
            command.env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001").env_remove("TIDEGATE_LISTEN");
            command.envs(listen.map(|listen| ("TIDEGATE_LISTEN", listen)));
            String::from_utf8(command.output().unwrap().stdout).unwrap()
        };
        assert_eq!(ran(None), "127.0.0.1:9009 a b\n");
        assert_eq!(ran(Some("127.0.0.1:7")), "127.0.0.1:7 a b\n");
        let main = fs::read_to_string(process::root().join("crates/tidegate-lambda/src/main.rs")).unwrap();
        assert!(main.contains("const LISTEN: &str = \"127.0.0.1:9009\";"));
    }

    #[test]
    fn what_needs_a_loader_is_dynamic() {
        let own = read(&std::env::current_exe().unwrap()).unwrap();
        assert!(is_dynamic(&own) && is_dynamic(b"#!/bin/sh") && is_dynamic(b""));
        let mut elf = [0_u8; 0x40 + 0x38];
        elf[..5].copy_from_slice(b"\x7fELF\x02");
        (elf[0x20], elf[0x36], elf[0x38], elf[0x40]) = (0x40, 0x38, 1, 1);
        assert!(!is_dynamic(&elf));
        elf[0x40] = 3;
        assert!(is_dynamic(&elf));
    }
}
