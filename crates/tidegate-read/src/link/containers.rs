//! Containers, load balancers and clusters: several resources that are one node, and the edges between them.

use super::Linker;
use super::walk::{all, one};
use std::collections::HashSet;
use tidegate_graph::{EdgeKind, NodeKind, Resource, Str, System};

/// Resources that are part of another one's node although their type is a node: an instance of a cluster, a task that a
/// service runs.
pub(super) fn parts(system: &System) -> HashSet<Str> {
    let instances = system.of_type("AWS::RDS::DBInstance").filter(|r| is_member(r)).map(|r| r.id.clone());
    let tasks = system.of_type("AWS::ECS::Service").flat_map(tasks_of);
    instances.chain(tasks).collect()
}

fn is_member(instance: &Resource) -> bool {
    one(&instance.properties, "DBClusterIdentifier").is_some()
}

fn tasks_of(service: &Resource) -> Vec<Str> {
    let values = all(&service.properties, "TaskDefinition");
    values.iter().flat_map(|v| v.references()).map(|(r, _)| r.target.clone()).collect()
}

/// Task definitions and ECS clusters belong to their service, target groups to the load balancer that forwards to them.
pub(super) fn own(linker: &mut Linker) {
    let system = linker.system;
    let mut owned = Vec::new();
    for service in system.of_type("AWS::ECS::Service") {
        let Some(node) = linker.node(service) else { continue };
        owned.extend(tasks_of(service).into_iter().map(|task| (task, node)));
        for path in ["Cluster", "LoadBalancers.TargetGroupArn"] {
            for value in all(&service.properties, path) {
                owned.extend(value.references().into_iter().map(|(r, _)| (r.target.clone(), node)));
            }
        }
    }
    for instance in system.of_type("AWS::RDS::DBInstance").filter(|r| is_member(r)) {
        for value in all(&instance.properties, "DBClusterIdentifier") {
            let cluster = linker.named(instance, value, Some("rds"));
            owned.extend(cluster.first().map(|node| (instance.id.clone(), *node)));
        }
    }
    for (resource, node) in owned {
        linker.resolver.own(&resource, node);
    }
}

pub(super) fn link(linker: &mut Linker, resource: &Resource) {
    match resource.ty.as_str() {
        "AWS::ElasticLoadBalancingV2::Listener" => listener(linker, resource, "DefaultActions"),
        "AWS::ElasticLoadBalancingV2::ListenerRule" => listener(linker, resource, "Actions"),
        "AWS::VpcLattice::Listener" => listener(linker, resource, "DefaultAction"),
        "AWS::VpcLattice::Rule" => listener(linker, resource, "Action"),
        _ => {}
    }
}

/// Load balancer -> whatever stands in the target groups of its listeners.
fn listener(linker: &mut Linker, resource: &Resource, actions: &str) {
    let Some(balancer) = linker.node(resource) else { return };
    const PATHS: [&str; 3] = [
        "TargetGroupArn",
        "ForwardConfig.TargetGroups.TargetGroupArn",
        "Forward.TargetGroups.TargetGroupIdentifier",
    ];
    for path in PATHS {
        for value in all(&resource.properties, &format!("{actions}.{path}")) {
            let groups: Vec<&Resource> = value
                .references()
                .into_iter()
                .filter_map(|(r, _)| linker.system.resource(&r.target))
                .collect();
            for group in groups {
                // A service that registers itself owns the group.
                for to in linker.node(group).into_iter().filter(|n| *n != balancer) {
                    linker.edge(balancer, to, EdgeKind::Triggers, "target group", value.span);
                }
                for target in all(&group.properties, "Targets.Id") {
                    for to in linker.named(group, target, None) {
                        let kind = if linker.kind(to) == NodeKind::Api {
                            EdgeKind::Invokes
                        } else {
                            EdgeKind::Triggers
                        };
                        linker.edge(balancer, to, kind, "target group", target.span);
                    }
                }
            }
        }
    }
}
