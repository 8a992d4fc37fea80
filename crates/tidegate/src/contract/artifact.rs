//! The digests of what functions are made of, from the folders that are deployed.

use crate::failure::Failure;
use anyhow::{Context, anyhow};
use std::fs;
use std::path::Path;
use tidegate_decide::artifact::{File, Tree};
use tidegate_graph::contract::Contract;

/// Folders within folders.
const DEPTH: usize = 64;

/// What a folder becomes in the function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Code,
    Layers,
}

/// Puts the digest of the folder in `FUNCTION=FOLDER` into the contract.
pub(crate) fn lay(contract: &mut Contract, part: Part, asked: &str) -> Result<(), Failure> {
    let help = || Some("`--code Checkout=build/checkout` is how it is written".to_string());
    let Some((name, folder)) = asked.split_once('=') else {
        return Err(Failure::usage(format!("`{asked}` is no FUNCTION=FOLDER"), help()));
    };
    let id = contract.find(name).map(|(id, _)| id.to_string());
    let Some(function) = id.and_then(|id| contract.functions.get_mut(&id)) else {
        return Err(Failure::usage(format!("the contract holds no function `{name}`, or several"), help()));
    };
    // The guard leaves its own folder out: it holds the contract.
    let skip = if matches!(part, Part::Layers) { "tidegate" } else { "" };
    let mut tree = Tree::default();
    walk(Path::new(folder), "", skip, 0, &mut tree)?;
    let place = match part {
        Part::Code => &mut function.artifact.code,
        Part::Layers => &mut function.artifact.layers,
    };
    *place = Some(tree.digest());
    Ok(())
}

fn walk(folder: &Path, before: &str, skip: &str, depth: usize, tree: &mut Tree) -> anyhow::Result<()> {
    if depth > DEPTH {
        return Err(anyhow!("`{}` is nested too deep", folder.display()));
    }
    let reading = |path: &Path| format!("could not read `{}`", path.display());
    for entry in fs::read_dir(folder).with_context(|| reading(folder))? {
        let path = entry.with_context(|| reading(folder))?.path();
        let name = path.file_name().and_then(|n| n.to_str()).filter(|n| !n.contains('\n'));
        let name = name.with_context(|| format!("`{}` has a name that can't be listed", path.display()))?;
        if depth == 0 && name == skip {
            continue;
        }
        let below = format!("{before}{name}");
        let kind = fs::symlink_metadata(&path).with_context(|| reading(&path))?.file_type();
        if kind.is_dir() {
            walk(&path, &format!("{below}/"), skip, depth + 1, tree)?;
        } else if kind.is_symlink() {
            tree.link(&below, &fs::read_link(&path).with_context(|| reading(&path))?.to_string_lossy());
        } else {
            let mut file = File::default();
            file.add(&fs::read(&path).with_context(|| reading(&path))?);
            tree.add(&below, file);
        }
    }
    Ok(())
}
