//! Containers, load balancers and clusters: several resources that are one node, and the edges between them.

use super::Linker;
use super::walk::{all, one};
use tidegate_graph::{EdgeKind, NodeKind, Resource};

/// True for a resource that is part of another one's node although its type is a node: an instance of a cluster.
pub(super) fn is_part(resource: &Resource) -> bool {
    resource.ty == "AWS::RDS::DBInstance" && one(&resource.properties, "DBClusterIdentifier").is_some()
}

/// Task definitions and ECS clusters belong to their service, target groups to the load balancer that forwards to them.
pub(super) fn own(linker: &mut Linker) {
    let system = linker.system;
    let mut owned = Vec::new();
    for service in system.of_type("AWS::ECS::Service") {
        let Some(node) = linker.node(service) else { continue };
        for path in ["Cluster", "LoadBalancers.TargetGroupArn"] {
            for value in all(&service.properties, path) {
                owned.extend(value.references().into_iter().map(|(r, _)| (r.target.clone(), node)));
            }
        }
    }
    for instance in system.of_type("AWS::RDS::DBInstance").filter(|r| is_part(r)) {
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
        "AWS::ECS::TaskDefinition" => task(linker, resource),
        "AWS::ECS::Service" => service(linker, resource),
        _ => {}
    }
}

/// Load balancer -> whatever stands in the target groups of its listeners.
fn listener(linker: &mut Linker, resource: &Resource, actions: &str) {
    let Some(balancer) = linker.node(resource) else { return };
    for path in ["TargetGroupArn", "ForwardConfig.TargetGroups.TargetGroupArn"] {
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

fn task(linker: &mut Linker, resource: &Resource) {
    let Some(task) = linker.node(resource) else { return };
    for value in all(&resource.properties, "ContainerDefinitions.Image") {
        for image in linker.targets(resource, value, Some("ecr")).nodes {
            if linker.kind(image) == NodeKind::Artifact {
                linker.edge(image, task, EdgeKind::Reads, "container image", value.span);
            }
        }
    }
}

/// A service runs its task definition.
fn service(linker: &mut Linker, resource: &Resource) {
    let Some(service) = linker.node(resource) else { return };
    for value in all(&resource.properties, "TaskDefinition") {
        for task in linker.targets(resource, value, None).nodes {
            linker.edge(service, task, EdgeKind::Invokes, "task definition", value.span);
        }
    }
}
