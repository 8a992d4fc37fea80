//! Reach: who can become whom, and touch what.
//!
//! A step is one technique of the tables (`table`), and every permission that it needs is decided by the engine: with
//! conditions, boundaries and denies, on the resource that it is about. What a step hangs on and isn't known makes it
//! possible, never certain, and the two are kept apart.

mod ask;
mod cut;
mod edges;
mod events;
mod foreign;
mod hitting;
mod iam;
mod node;
mod table;
#[cfg(test)]
mod tests;
mod walk;
mod world;

pub use cut::Cut;
pub use hitting::hitting;

use crate::account::{Account, Identity};
use crate::decide::Kind;
use edges::{Edge, To};
use node::Node;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use tidegate_graph::{Span, Str};
use walk::Walk;
use world::World;

/// An account, prepared for questions about reach.
pub struct Reach<'a> {
    world: World<'a>,
    options: Options,
    /// Steps of the identities as they are.
    base: Vec<OnceCell<Rc<Steps>>>,
    /// Steps of those that were raised.
    raised: RefCell<HashMap<Node, Rc<Steps>>>,
}

/// The steps of one identity, and where they lead, close together for the search.
struct Steps {
    edges: Vec<Edge>,
    links: Vec<(To, bool)>,
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Steps of a path, at most.
    pub max_hops: usize,
    /// Data counts, too.
    pub data: bool,
}

/// Something that can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// Everything in the account.
    Everything,
    /// The user or role at this index.
    Identity(usize),
    /// The resource at this index.
    Resource(usize),
    /// The role of another account at this index of [`Reach::foreign`].
    Foreign(usize),
}

/// A target with the way there.
#[derive(Clone, Debug)]
pub struct Found {
    /// What is reached.
    pub to: Target,
    /// The way, at least one step.
    pub via: Vec<Hop>,
    /// False when it hangs on what isn't known.
    pub certain: bool,
}

/// One step.
#[derive(Clone, Debug)]
pub struct Hop {
    /// Name of the technique.
    pub technique: &'static str,
    /// Who takes it.
    pub from: Str,
    /// Where it leads; `*` for everything.
    pub to: Str,
    /// What it comes to.
    pub does: Str,
    /// The permissions that it takes, each with the statements that give it.
    pub proofs: Vec<Proof>,
    /// Connections on the way from what is written to what acts.
    pub wires: Vec<(String, Span)>,
    /// What must be so besides.
    pub prerequisites: Vec<Str>,
    /// False when it hangs on what isn't known.
    pub certain: bool,
}

/// A permission and the statement that gives it.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The action.
    pub action: Str,
    /// ARN of what it is asked of.
    pub resource: Str,
    /// Kind of policy.
    pub kind: Kind,
    /// Name of the policy.
    pub policy: Str,
    /// Position of the statement.
    pub statement: usize,
    /// Its `Sid`.
    pub sid: Option<Str>,
    /// Where it was written.
    pub span: Span,
    /// Conditions that aren't known.
    pub conditions: Vec<String>,
    /// The policy itself.
    at: usize,
}

impl<'a> Reach<'a> {
    /// Prepares an account.
    pub fn new(account: &'a Account, options: Options) -> Self {
        let base = account.identities.iter().map(|_| OnceCell::new()).collect();
        Self { world: World::new(account), options, base, raised: RefCell::default() }
    }

    /// Everything that an identity can reach: what is certain first, then what is possible.
    pub fn from(&self, who: usize) -> Vec<Found> {
        let certain = Walk::new(self, who, true);
        let mut out = certain.found(self);
        if !certain.has_all() {
            let known: BTreeSet<Target> = out.iter().map(|found| found.to).collect();
            let possible = Walk::new(self, who, false);
            out.extend(possible.found(self).into_iter().filter(|found| !known.contains(&found.to)));
        }
        out
    }

    /// The same for some targets only; who reaches everything reaches them.
    pub fn to(&self, who: usize, targets: &BTreeSet<Target>) -> Vec<Found> {
        let certain = Walk::new(self, who, true);
        let mut out: Vec<Found> = targets.iter().filter_map(|to| certain.found_at(self, *to)).collect();
        let known: BTreeSet<Target> = out.iter().map(|found| found.to).collect();
        if known.len() < targets.len() {
            let possible = Walk::new(self, who, false);
            let open = targets.iter().filter(|to| !known.contains(to));
            out.extend(open.filter_map(|to| possible.found_at(self, *to)));
        }
        out
    }

    /// What an identity certainly reaches, without the ways.
    pub fn targets(&self, who: usize) -> BTreeSet<Target> {
        Walk::new(self, who, true).targets()
    }

    /// Everything that what runs as a resource's roles certainly reaches beside them: its blast radius.
    pub fn radius(&self, resource: usize) -> BTreeSet<Target> {
        let roles = self.roles_of(resource);
        let mut targets: BTreeSet<Target> = roles.iter().flat_map(|role| self.targets(*role)).collect();
        roles.iter().for_each(|role| _ = targets.remove(&Target::Identity(*role)));
        targets
    }

    /// How many that is: everything counts as everything.
    pub fn size(&self, targets: &BTreeSet<Target>) -> usize {
        match targets.contains(&Target::Everything) {
            true => self.world.account.identities.len() + self.world.account.resources.len(),
            false => targets.len(),
        }
    }

    /// ARNs of roles of other accounts that permissions name, as they are written.
    pub fn foreign(&self) -> &[Str] {
        &self.world.foreign.arns
    }

    /// The smallest set of statements without which none of the targets is certainly reached any more, found by taking
    /// them away and looking again. `None` when there is none.
    pub fn cut(&self, who: usize, targets: &BTreeSet<Target>) -> Option<Vec<Cut>> {
        cut::cut(self.world.account, self.options, who, targets)
    }

    /// The roles that a resource runs as.
    pub fn roles_of(&self, resource: usize) -> Vec<usize> {
        self.world.runs_as(resource, &[])
    }

    fn steps(&self, node: Node) -> Rc<Steps> {
        let base = if node == Node::new(node.who) { self.base.get(node.who) } else { None };
        if let Some(cell) = base {
            return cell.get_or_init(|| self.look(node)).clone();
        }
        if let Some(known) = self.raised.borrow().get(&node) {
            return known.clone();
        }
        let steps = self.look(node);
        self.raised.borrow_mut().insert(node, steps.clone());
        steps
    }

    fn look(&self, node: Node) -> Rc<Steps> {
        let found = node.identity(&self.world);
        let edges =
            found.map(|own| edges::edges(&self.world, node, &own, self.options.data)).unwrap_or_default();
        let links = edges.iter().map(|edge| (edge.to, edge.certain)).collect();
        Rc::new(Steps { edges, links })
    }

    fn hop(&self, node: Node, edge: &Edge) -> Option<Hop> {
        let identity = node.identity(&self.world)?;
        let mut proofs = Vec::new();
        for ask in &edge.asks {
            let mut read = |hit: &crate::decide::Hit<'_>| Proof {
                action: ask.action.into(),
                resource: ask.arn.clone(),
                kind: hit.kind,
                policy: hit.policy.name.clone(),
                statement: hit.statement.index,
                sid: hit.statement.sid.clone(),
                span: hit.statement.span,
                conditions: hit.open.iter().map(|condition| condition.display()).collect(),
                at: std::ptr::from_ref(hit.policy).addr(),
            };
            proofs.extend(ask.proof(&self.world, &identity, &mut read));
        }
        Some(Hop {
            technique: edge.id,
            from: identity.arn.clone(),
            to: self.name(edge.to),
            does: edge.does.clone(),
            proofs,
            wires: edge.wires.iter().map(|wire| (wire.text.clone(), wire.span)).collect(),
            prerequisites: edge.before.clone(),
            certain: edge.certain,
        })
    }

    fn name(&self, to: To) -> Str {
        let arn = |identity: Option<&Identity>| identity.map(|i| i.arn.clone()).unwrap_or_default();
        match to {
            To::All => "*".into(),
            To::Identity(index) | To::Raise(index, _) => arn(self.world.identity(index)),
            To::Resource(index) => self.world.resource(index).map(|r| r.arn.clone()).unwrap_or_default(),
            To::Foreign(index) => self.foreign().get(index).cloned().unwrap_or_default(),
        }
    }
}

/// True for resources that run code or steps with permissions of their own.
pub fn is_compute(ty: &str) -> bool {
    const TYPES: [&str; 13] = [
        "AWS::AppRunner::Service",
        "AWS::Batch::JobDefinition",
        "AWS::BedrockAgentCore::Runtime",
        "AWS::CodeBuild::Project",
        "AWS::EC2::Instance",
        "AWS::ECS::TaskDefinition",
        "AWS::EMRServerless::Application",
        "AWS::Glue::Job",
        "AWS::Lambda::Function",
        "AWS::SageMaker::NotebookInstance",
        "AWS::Serverless::Function",
        "AWS::StepFunctions::StateMachine",
        "AWS::Synthetics::Canary",
    ];
    TYPES.contains(&ty)
}

impl Default for Options {
    fn default() -> Self {
        Self { max_hops: usize::MAX, data: false }
    }
}
