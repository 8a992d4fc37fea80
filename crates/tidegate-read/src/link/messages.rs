//! AsyncAPI applications: what they send to channels and receive from them.

use super::Linker;
use super::walk::all;
use tidegate_graph::{EdgeKind, Resource, Value};

pub(super) fn link(linker: &mut Linker, resource: &Resource) {
    if resource.ty != "AsyncAPI::Application" {
        return;
    }
    let Some(application) = linker.node(resource) else { return };
    for (property, sends) in [("Sends", true), ("Receives", false)] {
        for value in all(&resource.properties, property).into_iter().flat_map(Value::items) {
            let Some(channel) = value.as_reference().and_then(|r| linker.system.resource(&r.target)) else {
                continue;
            };
            let Some(channel) = linker.node(channel) else { continue };
            if sends {
                linker.edge(application, channel, EdgeKind::Publishes, "operation", value.span);
            } else {
                linker.edge(channel, application, EdgeKind::Triggers, "operation", value.span);
            }
        }
    }
}
