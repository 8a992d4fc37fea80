//! The event plane: whoever writes what starts something acts through it.
//!
//! A way that cannot be gone is left out: a mapping that is off, a poller that may not read, a function that does not let
//! the service in, a rule for events that only AWS can send.

mod wires;

use super::table::{POLLS, WRITES};
use super::world::World;
use crate::account::Resource;
use crate::{Arn, Principal};
use std::collections::{HashMap, HashSet};
use tidegate_graph::{Span, Str};

/// One way in: something that can be written, and the roles that act upon it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// ARN of what is written.
    pub(super) arn: Str,
    /// Any of these actions.
    pub(super) writes: &'static [&'static str],
    /// What must be written.
    pub(super) what: What,
    /// Roles, each with the way there.
    pub(super) to: Vec<(usize, Vec<Wire>)>,
    /// What must be so besides.
    pub(super) before: &'static [&'static str],
}

/// What must be written so that it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum What {
    /// Anything.
    Anything,
    /// An object whose key begins and ends so.
    Object { prefix: Str, suffix: Str },
    /// This very object.
    Exactly(Str),
    /// An event of one of these sources and detail types; empty for any.
    Event { sources: Vec<Str>, types: Vec<Str> },
}

/// One connection on the way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wire {
    pub(super) text: String,
    pub(super) span: Span,
}

/// A connection from a carrier to what it starts.
struct Delivery {
    from: Str,
    what: What,
    to: Stop,
    wire: Wire,
    before: &'static [&'static str],
}

enum Stop {
    /// A resource: a function or state machine, or another carrier.
    Resource(usize),
    /// A carrier that was not read.
    Carrier(Str),
    /// Acts with these roles, whatever it is.
    Roles(Vec<usize>),
}

pub(super) fn sources(world: &World<'_>) -> Vec<Source> {
    let mut deliveries = Vec::new();
    for resource in world.account.resources.iter().chain(&world.account.wiring) {
        wires::collect(world, resource, &mut deliveries);
    }
    let mut by_from: HashMap<&str, Vec<usize>> = HashMap::new();
    for (i, delivery) in deliveries.iter().enumerate() {
        by_from.entry(&delivery.from).or_default().push(i);
    }
    let mut out: Vec<Source> = Vec::new();
    let mut at: HashMap<(Str, What), usize> = HashMap::new();
    for delivery in &deliveries {
        let Some(writes) = writes(&delivery.from) else { continue };
        let to = follow(world, &deliveries, &by_from, delivery);
        if to.is_empty() {
            continue;
        }
        let key = (delivery.from.clone(), delivery.what.clone());
        match at.get(&key).and_then(|i| out.get_mut(*i)) {
            Some(known) => known.to.extend(to),
            None => {
                at.insert(key, out.len());
                let (arn, what) = (delivery.from.clone(), delivery.what.clone());
                out.push(Source { arn, writes, what, to, before: delivery.before });
            }
        }
    }
    out
}

const IMAGE: &[&str] = &["the image is drawn again"];

fn writes(arn: &str) -> Option<&'static [&'static str]> {
    let service = Arn::split(arn).service();
    WRITES.iter().find(|(own, _)| *own == service).map(|(_, actions)| *actions)
}

/// The roles at the end of a delivery, however long the way.
fn follow(
    world: &World<'_>,
    deliveries: &[Delivery],
    by_from: &HashMap<&str, Vec<usize>>,
    first: &Delivery,
) -> Vec<(usize, Vec<Wire>)> {
    let mut out = Vec::new();
    let mut seen: HashSet<Str> = HashSet::from([first.from.clone()]);
    let mut open: Vec<(&Delivery, Vec<Wire>)> = vec![(first, vec![first.wire.clone()])];
    while let Some((delivery, way)) = open.pop() {
        let carrier = match &delivery.to {
            Stop::Roles(roles) => {
                out.extend(roles.iter().map(|role| (*role, way.clone())));
                continue;
            }
            Stop::Resource(index) => {
                let Some(resource) = world.resource(*index) else { continue };
                let services: &[&str] = match resource.ty.as_str() {
                    "AWS::Lambda::Function" | "AWS::Serverless::Function" => &["lambda.amazonaws.com"],
                    "AWS::StepFunctions::StateMachine" => &["states.amazonaws.com"],
                    _ => &[],
                };
                if !services.is_empty() {
                    let roles = world.runs_as(*index, services);
                    out.extend(roles.into_iter().map(|role| (role, way.clone())));
                    continue;
                }
                resource.arn.clone()
            }
            Stop::Carrier(arn) => arn.clone(),
        };
        if way.len() >= LONGEST || !seen.insert(carrier.clone()) {
            continue;
        }
        for next in by_from.get(carrier.as_str()).into_iter().flatten() {
            let Some(next) = deliveries.get(*next) else { continue };
            let mut way = way.clone();
            way.push(next.wire.clone());
            open.push((next, way));
        }
    }
    out
}

/// Connections on one way, at most.
const LONGEST: usize = 12;

/// True unless a service certainly may not do this to a resource.
fn lets_in(world: &World<'_>, service: &str, action: &str, resource: &Resource, source: &str) -> bool {
    // An export doesn't hold the policies of resources; those that it does hold count.
    if resource.policy.is_none() {
        return resource.id.is_none();
    }
    let principal = Principal::parse(service);
    let mut request = world.account.stranger(principal, action, &resource.arn);
    request.context.set("aws:SourceArn", [source.into()]);
    request.context.set("aws:SourceAccount", [world.account.id.clone()]);
    let policies = world.account.around(action, &resource.arn);
    crate::decide(&request, &policies).verdict.is_possible()
}

/// True unless one of the roles certainly may not read the source.
fn may_poll(world: &World<'_>, roles: &[usize], source: &str) -> bool {
    let service = Arn::split(source).service();
    let Some((_, actions)) = POLLS.iter().find(|(own, _)| *own == service) else { return true };
    roles.iter().filter_map(|role| world.identity(*role)).any(|role| {
        actions.iter().all(|action| world.account.decide(role, action, source).verdict.is_possible())
    })
}
