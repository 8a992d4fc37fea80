//! `tidegate contract`: read, link, compile what the guard enforces.

mod schema;

use super::{Global, input};
use crate::contract;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Look, problems};
use anyhow::{Context, anyhow};
use std::path::{Path, PathBuf};
use tidegate_decide::Settings;
use tidegate_gate::http::contradictions;
use tidegate_graph::Problem;
use tidegate_graph::contract::Contract;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    input: input::Args,
    /// Form of the output
    #[arg(long, value_enum, default_value_t)]
    format: Form,
    /// Prints what changed since an older contract instead
    #[arg(long, value_name = "OLD")]
    diff: Option<PathBuf>,
    /// Ends with exit code 10 where something changed
    #[arg(long, requires = "diff")]
    exit_code: bool,
    /// Writes the result to a file, whole or not at all
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Takes code that could not be read in whole. Functions of which nothing that was read says what starts them are left
    /// out; functions that are missing in a contract get nothing
    #[arg(long)]
    partial: bool,
    /// Writes down the digest of a function's code, from the folder that is deployed; the guard inside of it compares
    #[arg(long, value_name = "FUNCTION=FOLDER", conflicts_with = "diff")]
    code: Vec<String>,
    /// The same for its layers, put into one folder as Lambda does
    #[arg(long, value_name = "FUNCTION=FOLDER", conflicts_with = "diff")]
    layers: Vec<String>,
    /// Signs the result with the private Ed25519 key in a file (PEM); the signature is written to FILE.sig
    #[arg(long, value_name = "KEY", requires = "out", conflicts_with = "diff")]
    sign: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Compares versions of schemas, and fetches them
    Schema(schema::Args),
}

/// A contract that is to be enforced.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct Enforced {
    /// Contract to enforce; without one, every trigger is inspected and blocked
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) contract: Option<PathBuf>,
    /// Takes only a contract that FILE.sig signs, by the private half of this Ed25519 key (PEM)
    #[arg(long, value_name = "KEY", requires = "contract")]
    contract_key: Option<PathBuf>,
}

impl Enforced {
    /// Reads it, and believes it only if it has to be signed and is.
    pub(in crate::cli) fn load(&self) -> Result<Option<Contract>, Failure> {
        self.contract.as_deref().map(|path| load_signed(path, self.contract_key.as_deref())).transpose()
    }
}

/// Form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For people: a summary
    Text,
    /// For the guard; docs/schemas/contract.json describes it
    #[default]
    Json,
}

pub(super) fn run(args: &Args, global: Global) -> Result<Exit, Failure> {
    if let Some(Command::Schema(args)) = &args.command {
        return schema::run(args);
    }
    if let (Some(old), Some(out)) = (&args.diff, &args.out)
        && same_file(old, out)
    {
        let message = format!("`{}` would hold its own changes in place of the contract", out.display());
        let help =
            "--out takes what is printed, and --diff prints changes; name another file, or leave --diff out";
        return Err(Failure::usage(message, Some(help.to_string())));
    }
    let old = args.diff.as_deref().map(load).transpose()?;
    let input = args.input.read(global)?;
    let whole = input.system.problems.is_empty() || args.partial;
    if !global.quiet {
        let problems: Vec<&Problem> = input.system.problems.iter().collect();
        let look = Look::stderr(global.color);
        output::tell(&problems::render(&input.system, &problems, &input.base, look));
    }
    let mut contract = contract::compile(&input.system, &input.graph, &input.config)?;
    let code = args.code.iter().map(|asked| (contract::Part::Code, asked));
    let layers = args.layers.iter().map(|asked| (contract::Part::Layers, asked));
    code.chain(layers).try_for_each(|(part, asked)| contract::lay(&mut contract, part, asked))?;
    if let Some(named) = contract::idle(&contract, &input.config).into_iter().next() {
        let message = format!("{named:?} in `[contract]` of tidegate.toml fits no edge of the contract");
        let help = "a pattern fits a function's id, `<function>:<trigger>`, or an edge's id; --format text lists them";
        return Err(Failure::usage(message, Some(help.to_string())));
    }
    if !input.system.problems.is_empty() {
        let gone = contract::leave_out_unknown(&mut contract);
        if args.partial && !gone.is_empty() && !global.quiet {
            let names = gone.join("`, `");
            output::tell(&format!(
                "note: the contract leaves out `{names}`: nothing that could be read says what starts it, and the guard \
                 denies every event of it\n"
            ));
        }
    }
    if !global.quiet {
        for (_, contradiction) in contradictions(&contract) {
            output::tell(&format!("warning: {contradiction}\n"));
        }
    }
    let changes = old.map(|old| contract::changes(&old, &contract));
    let text = match (&changes, args.format) {
        (None, Form::Json) => pretty(&contract)?,
        (None, Form::Text) => contract::summary(&contract),
        (Some(changes), Form::Json) => format!("{:#}\n", changes.json()),
        (Some(changes), Form::Text) => changes.text(),
    };
    let signature = args.sign.as_deref().map(|key| contract::sign(&text, key)).transpose()?;
    // What is in force already isn't replaced by less, whether we write the file or the shell does.
    if !whole {
        let lacking = "the contract lacks what could not be read, and the guard would deny what it lacks";
        let message = match &args.out {
            Some(out) => format!("`{}` is not written: {lacking}", out.display()),
            None => format!("nothing is written: {lacking}"),
        };
        return Err(anyhow!("{message}; mend it, or take the contract as it is by --partial").into());
    }
    output::deliver(&text, args.out.as_deref())?;
    if let (Some(signature), Some(out)) = (signature, &args.out) {
        output::deliver(&signature, Some(&contract::beside(out)))?;
    }
    let changed = changes.is_some_and(|changes| !changes.is_empty());
    Ok(if changed && args.exit_code { Exit::Findings } else { Exit::Clean })
}

/// Whether both paths lead to one file that is there.
fn same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    real(one).is_some_and(|one| real(other) == Some(one))
}

/// Reads a contract. One that says something that this program doesn't know would be enforced in part: it is refused.
pub(in crate::cli) fn load(path: &Path) -> Result<Contract, Failure> {
    load_signed(path, None)
}

fn load_signed(path: &Path, key: Option<&Path>) -> Result<Contract, Failure> {
    let shown = path.display();
    let text = std::fs::read(path).map_err(|error| Failure::reading(path, error))?;
    // Before anything is made of it.
    key.map(|key| contract::verify(&text, path, key)).transpose()?;
    let wrong = |message: String| {
        let help = "`tidegate contract --out FILE` writes one".to_string();
        Failure::usage(format!("`{shown}` is no contract: {message}"), Some(help))
    };
    let contract: Contract = serde_json::from_slice(&text).map_err(|e| wrong(e.to_string()))?;
    Settings::of(&contract).map_err(wrong)?;
    Ok(contract)
}

fn pretty(contract: &Contract) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(contract).context("writing the contract")?;
    Ok(format!("{text}\n"))
}
