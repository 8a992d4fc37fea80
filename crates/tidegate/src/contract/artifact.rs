//! The digests of what functions are made of, from the folders that are deployed.

use crate::failure::Failure;
use crate::suggest::closest;
use anyhow::{Context, anyhow};
use std::fs;
use std::path::Path;
use tidegate_decide::artifact::{File, Tree};
use tidegate_graph::contract::{Contract, Function};

/// Folders within folders.
const DEPTH: usize = 64;

/// What a folder becomes in the function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Code,
    Layers,
}

impl Part {
    /// How the command line asks for it.
    fn flag(self) -> &'static str {
        match self {
            Self::Code => "--code",
            Self::Layers => "--layers",
        }
    }
}

/// Puts the digest of the folder in `FUNCTION=FOLDER` into the contract.
pub(crate) fn lay(contract: &mut Contract, part: Part, asked: &str) -> Result<(), Failure> {
    let flag = part.flag();
    let wrong = |message: String, help: String| Err(Failure::usage(message, Some(help)));
    let form = || format!("write `{flag} FUNCTION=FOLDER`, as `{flag} Checkout=build/checkout`");
    let (name, folder) = match asked.split_once('=') {
        None => return wrong(format!("`{flag} {asked}` is no FUNCTION=FOLDER"), form()),
        Some(("", _)) => return wrong(format!("`{flag} {asked}` names no function"), form()),
        Some((_, "")) => return wrong(format!("`{flag} {asked}` names no folder"), form()),
        Some(parts) => parts,
    };
    let id = contract.find(name).map(|(id, _)| id.to_string());
    let Some(function) = id.and_then(|id| contract.functions.get_mut(&id)) else {
        let (message, help) = nobody(contract, name);
        return wrong(message, help);
    };
    let place = match part {
        Part::Code => &mut function.artifact.code,
        Part::Layers => &mut function.artifact.layers,
    };
    if place.is_some() {
        let help = "name one folder: all that is deployed for the function stands in it".to_string();
        return wrong(format!("`{flag} {asked}` is the second one for `{name}`"), help);
    }
    let path = Path::new(folder);
    if !path.exists() {
        return wrong(format!("there is no folder `{folder}`"), form());
    }
    if !path.is_dir() {
        let help = "unpack it into a folder: the digest is that of the files in it, as they are deployed";
        return wrong(format!("`{folder}` is no folder"), help.into());
    }
    // The guard leaves its own folder out: it holds the contract.
    let skip = if matches!(part, Part::Layers) { "tidegate" } else { "" };
    let mut tree = Tree::default();
    walk(path, "", skip, 0, &mut tree)?;
    if tree.is_empty() && matches!(part, Part::Code) {
        let help = format!(
            "name the folder that is deployed as the code of `{name}`; the guard takes no other code"
        );
        return wrong(format!("there is no file in `{folder}`"), help);
    }
    *place = Some(tree.digest());
    Ok(())
}

/// Why no function goes by that name, and what to do.
fn nobody(contract: &Contract, name: &str) -> (String, String) {
    let has = |id: &str, function: &Function| {
        id == name || function.logical_id == name || function.name.as_deref() == Some(name)
    };
    let ids: Vec<&str> =
        contract.functions.iter().filter(|(id, f)| has(id, f)).map(|(id, _)| id.as_str()).collect();
    if ids.len() > 1 {
        return (
            format!("several functions are called `{name}`"),
            format!("name one by its id: {}", ids.join(", ")),
        );
    }
    let known = contract.functions.iter().flat_map(|(id, f)| {
        [Some(id.as_str()), Some(f.logical_id.as_str()), f.name.as_deref()].into_iter().flatten()
    });
    let help = match closest(name, known) {
        Some(close) => format!("did you mean `{close}`?"),
        None => "`tidegate contract --format text` lists the functions".to_string(),
    };
    (format!("the contract holds no function `{name}`"), help)
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
