//! `tidegate iam reach`: who can become whom and touch what, and what would stop it.

mod clouds;
mod show;

use super::estate::Estate;
use super::listing::Form;
use crate::cli::{Global, input};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Look};
use crate::suggest::closest;
use std::collections::BTreeSet;
use tidegate_graph::Str;
use tidegate_iam::reach::{Cut, Found, Options, Reach, Target, is_compute};
use tidegate_iam::{Account, Glob, Tri};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    input: input::Args,
    /// Where to start: a user, role or function, by ARN, name or logical id; without it, every function is asked
    #[arg(long, value_name = "ARN")]
    from: Option<String>,
    /// Only this target, and what would cut it off; needs --from
    #[arg(long, value_name = "ARN", requires = "from")]
    to: Option<String>,
    /// Only targets whose ARN, name or logical id matches, with * and ?, and what would cut them off; may be given again
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    crown_jewels: Vec<String>,
    /// Steps of a path, at most
    #[arg(long, value_name = "N")]
    max_hops: Option<usize>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

/// What one start reaches.
struct Answer {
    found: Vec<Found>,
    /// `None` when nothing breaks the paths.
    cut: Option<Vec<Cut>>,
    asked_to_cut: bool,
    /// Roles of other accounts that are named.
    foreign: Vec<Str>,
}

pub(super) fn run(args: &Args, global: Global) -> Result<Exit, Failure> {
    let estate = Estate::read(&args.input, global)?;
    if let Some(text) = args.from.as_deref().and_then(|from| clouds::run(&estate, from, args, global)) {
        output::deliver(&text, None)?;
        return Ok(Exit::Clean);
    }
    let account = &estate.account;
    let options = Options { max_hops: args.max_hops.unwrap_or(usize::MAX), data: true };
    let reach = Reach::new(account, options);
    let wanted = wanted(&estate, &reach, args)?;
    let look = Look::stdout(global.color);
    let text = match &args.from {
        Some(from) => {
            let start = start(account, &reach, from)?;
            let answer = answer(&reach, start, wanted.as_ref());
            match args.format {
                Form::Text => show::text(&estate, start, &answer, look),
                Form::Json => show::json(&estate, start, &answer),
            }
        }
        None => {
            let radii = radii(account, &reach, wanted.as_ref());
            let clouds = clouds::radii(&estate, args);
            match args.format {
                Form::Text => show::radii_text(&estate, &radii, &clouds, look),
                Form::Json => show::radii_json(&estate, &radii, &clouds),
            }
        }
    };
    output::deliver(&text, None)?;
    Ok(Exit::Clean)
}

fn answer(reach: &Reach<'_>, start: usize, wanted: Option<&BTreeSet<Target>>) -> Answer {
    let foreign = reach.foreign().to_vec();
    let Some(wanted) = wanted else {
        return Answer { found: reach.from(start), cut: Some(Vec::new()), asked_to_cut: false, foreign };
    };
    let found = reach.to(start, wanted);
    let cut = match found.iter().any(|f| f.certain) {
        true => reach.cut(start, wanted),
        false => Some(Vec::new()),
    };
    Answer { found, cut, asked_to_cut: true, foreign }
}

/// The user or role to start from: of a function its role.
fn start(account: &Account, reach: &Reach<'_>, text: &str) -> Result<usize, Failure> {
    if let Some(identity) = account.find(text) {
        let at = account.identities.iter().position(|i| std::ptr::eq(i, identity));
        if let Some(at) = at {
            return Ok(at);
        }
    }
    let own = account.resources.iter().position(|r| is(text, &r.arn, &r.name, r.id.as_deref()));
    if let Some(role) = own.and_then(|index| reach.roles_of(index).first().copied()) {
        return Ok(role);
    }
    let resources = account.resources.iter().map(|r| r.name.as_str());
    let names = account.identities.iter().map(|i| i.name.as_str()).chain(resources);
    let help = closest(text, names).map(|name| format!("did you mean `{name}`?"));
    Err(Failure::usage(format!("there is no user, role or function `{text}`"), help))
}

fn is(text: &str, arn: &str, name: &str, id: Option<&str>) -> bool {
    let logical = || id.is_some_and(|id| id == text || id.rsplit('/').next() == Some(text));
    arn == text || name == text || logical()
}

/// What the command line asks for; `None` for everything.
fn wanted(estate: &Estate, reach: &Reach<'_>, args: &Args) -> Result<Option<BTreeSet<Target>>, Failure> {
    if args.to.is_none() && args.crown_jewels.is_empty() {
        return Ok(None);
    }
    let account = &estate.account;
    let mut out = BTreeSet::new();
    let named = |fits: &dyn Fn(&str, &str, Option<&str>) -> bool, out: &mut BTreeSet<Target>| {
        for (index, identity) in account.identities.iter().enumerate() {
            if fits(&identity.arn, &identity.name, identity.id.as_deref()) {
                out.insert(Target::Identity(index));
            }
        }
        for (index, resource) in account.resources.iter().enumerate() {
            if fits(&resource.arn, &resource.name, resource.id.as_deref()) {
                out.insert(Target::Resource(index));
            }
        }
        for (index, arn) in reach.foreign().iter().enumerate() {
            if fits(arn, arn.rsplit('/').next().unwrap_or_default(), None) {
                out.insert(Target::Foreign(index));
            }
        }
    };
    if let Some(to) = &args.to {
        named(&|arn, name, id| is(to, arn, name, id), &mut out);
        if out.is_empty() {
            let resources = account.resources.iter().map(|r| r.name.as_str());
            let names = account.identities.iter().map(|i| i.name.as_str()).chain(resources);
            let help = closest(to, names).map(|name| format!("did you mean `{name}`?"));
            return Err(Failure::usage(format!("there is no `{to}` to reach"), help));
        }
    }
    for pattern in &args.crown_jewels {
        let before = out.len();
        let glob = Glob::new(pattern);
        let matches = |text: &str| glob.matches_tri(text) == Tri::True;
        let logical = |id: Option<&str>| id.and_then(|id| id.rsplit('/').next()).is_some_and(matches);
        named(&|arn, name, id| matches(arn) || matches(name) || logical(id), &mut out);
        let abroad = || estate.clouds.iter().any(|step| clouds::is_jewel(pattern, &step.to));
        if out.len() == before && args.to.is_none() && !abroad() {
            return Err(Failure::usage(format!("`{pattern}` matches no identity and no resource"), None));
        }
    }
    Ok(Some(out))
}

/// What each function, task, workflow or build reaches: its blast radius.
struct Radius {
    function: usize,
    targets: BTreeSet<Target>,
}

fn radii(account: &Account, reach: &Reach<'_>, wanted: Option<&BTreeSet<Target>>) -> Vec<Radius> {
    let compute = (account.resources.iter().enumerate()).filter(|(at, r)| {
        is_compute(&r.ty) && (r.ty.contains("Function") || !reach.roles_of(*at).is_empty())
    });
    let mut out: Vec<Radius> = compute
        .map(|(function, _)| {
            let mut targets = reach.radius(function);
            if let Some(wanted) = wanted
                && !targets.contains(&Target::Everything)
            {
                targets.retain(|target| wanted.contains(target));
            }
            Radius { function, targets }
        })
        .collect();
    out.sort_by_key(|radius| {
        std::cmp::Reverse((radius.targets.contains(&Target::Everything), radius.targets.len()))
    });
    out
}
