//! Whether the function is the one that the contract was made for.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use tidegate_decide::artifact::{self, Tree};
use tidegate_graph::contract::Artifact;

/// Lambda itself takes 250 MB, and images 10 GB; a walk that doesn't end must not hold up the start for ever.
const FILES: usize = 200_000;
const DEPTH: usize = 64;
const PIECE: usize = 256 << 10;

/// Compares code and layers with their digests.
pub(crate) fn verify(artifact: &Artifact, code: &Path, layers: &Path) -> Result<(), String> {
    let compare = |what: &str, folder: &Path, asked: &Option<String>, skip: &str| {
        let Some(asked) = asked else { return Ok(()) };
        match digest(folder, skip)? {
            found if found == *asked => Ok(()),
            found => Err(format!(
                "{what} in `{}` isn't that of the contract: {found}, not {asked}",
                folder.display()
            )),
        }
    };
    compare("the code", code, &artifact.code, "")?;
    compare("what the layers hold", layers, &artifact.layers, "tidegate")
}

/// The digest of a folder, without one name in it.
pub(crate) fn digest(folder: &Path, skip: &str) -> Result<String, String> {
    let mut tree = Tree::default();
    walk(folder, "", skip, 0, &mut tree)?;
    Ok(tree.digest())
}

fn walk(folder: &Path, before: &str, skip: &str, depth: usize, tree: &mut Tree) -> Result<(), String> {
    let failed = |path: &Path, e: std::io::Error| format!("could not read `{}`: {e}", path.display());
    if depth > DEPTH {
        return Err(format!("`{}` is nested too deep", folder.display()));
    }
    for entry in std::fs::read_dir(folder).map_err(|e| failed(folder, e))? {
        let path = entry.map_err(|e| failed(folder, e))?.path();
        let name = path.file_name().and_then(|n| n.to_str()).filter(|n| !n.contains('\n'));
        let name = name.ok_or_else(|| format!("`{}` has a name that can't be listed", path.display()))?;
        if depth == 0 && name == skip {
            continue;
        }
        let below = format!("{before}{name}");
        let kind = std::fs::symlink_metadata(&path).map_err(|e| failed(&path, e))?.file_type();
        if kind.is_dir() {
            walk(&path, &format!("{below}/"), skip, depth + 1, tree)?;
        } else if kind.is_symlink() {
            let target = std::fs::read_link(&path).map_err(|e| failed(&path, e))?;
            tree.link(&below, &target.to_string_lossy());
        } else {
            tree.add(&below, read(&path).map_err(|e| failed(&path, e))?);
        }
        if tree.len() > FILES {
            return Err(format!("`{}` holds too many files", folder.display()));
        }
    }
    Ok(())
}

fn read(path: &Path) -> std::io::Result<artifact::File> {
    let (mut file, mut out) = (File::open(path)?, artifact::File::default());
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(out),
            n => out.add(piece.get(..n).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_a_file_is_seen() {
        let root = std::env::temp_dir().join(format!("tidegate-artifact-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        let (code, layers) = (root.join("task"), root.join("opt"));
        for folder in [code.join("lib"), layers.join("tidegate"), layers.join("python")] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(code.join("lib/a.py"), "a").unwrap();
        std::fs::write(layers.join("python/b.py"), "b").unwrap();
        let of = |folder: &Path, skip: &str| Some(digest(folder, skip).unwrap());
        let artifact = Artifact { code: of(&code, ""), layers: of(&layers, "tidegate") };
        let verify = || verify(&artifact, &code, &layers);
        assert_eq!(verify(), Ok(()));
        std::fs::write(layers.join("tidegate/contract.json"), "{}").unwrap();
        assert_eq!(verify(), Ok(()));
        std::fs::write(layers.join("python/c.py"), "").unwrap();
        assert!(verify().unwrap_err().contains("the layers"));
        std::fs::remove_file(layers.join("python/c.py")).unwrap();
        std::fs::write(code.join("lib/a.py"), "b").unwrap();
        assert!(verify().unwrap_err().contains("the code"));
        std::fs::remove_dir_all(&code).unwrap();
        assert!(verify().unwrap_err().contains("could not read"));
        let _ = std::fs::remove_dir_all(&root);
    }
}
