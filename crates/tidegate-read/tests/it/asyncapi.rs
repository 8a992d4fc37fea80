//! Applications and their channels.

use crate::scratch::Scratch;
use tidegate_graph::{System, Value};
use tidegate_read::Options;

fn read(files: &[(&str, &str)]) -> System {
    tidegate_read::read(Scratch::new(files).path(), &Options::default())
}

/// Edges of the graph as `from -kind-> to`, by the last part of their ids.
fn edges(system: &System) -> Vec<String> {
    let graph = tidegate_read::link(system);
    let name = |node: usize| graph.node(node).unwrap().id.split_once('/').unwrap().1.to_string();
    let mut out: Vec<String> =
        graph.edges().iter().map(|e| format!("{} -{:?}-> {}", name(e.from), e.kind, name(e.to))).collect();
    out.sort();
    out
}

const THIRD: &str = "asyncapi: 3.0.0
info: {title: Orders, version: 1.0.0}
servers: {prod: {host: 'kafka:9092', protocol: kafka, security: [{$ref: '#/components/securitySchemes/s'}]}}
channels:
  placed: {address: orders.placed, messages: {m: {$ref: 'messages.yaml#/placed'}}}
  asked: {address: null}
operations:
  send: {action: send, channel: {$ref: '#/channels/placed'}}
  take: {action: receive, channel: {$ref: '#/channels/asked'}, reply: {channel: {$ref: '#/channels/placed'}}}
  other: {action: receive, channel: {$ref: 'common.yaml#/channels/shared'}}
components: {securitySchemes: {s: {type: scramSha256}}}
";

#[test]
fn actions_of_version_3_are_the_applications_own() {
    let system = read(&[
        ("orders.yaml", THIRD),
        (
            "messages.yaml",
            "placed: {name: Placed, contentType: application/json, payload: {schemaFormat: x, schema: {$ref: '#/s'}}}\ns: {type: object}\n",
        ),
        ("common.yaml", "channels: {shared: {address: shared, bindings: {sns: {}}}}\n"),
    ]);
    assert!(system.problems.is_empty(), "{:?}", system.problems);
    let expected = [
        "Application -Publishes-> placed",
        "asked -Triggers-> Application",
        "shared -Triggers-> Application",
    ];
    assert_eq!(edges(&system), expected);
    let placed = system.resource("orders/placed").unwrap();
    assert_eq!(placed.property("Protocol").unwrap().display(), "kafka");
    assert_eq!(placed.path(&["Schema", "type"]).unwrap().display(), "object");
    assert!(system.resource("orders/asked").unwrap().property("Address").unwrap().is_unknown());
    assert_eq!(system.resource("orders/shared").unwrap().property("Protocol").unwrap().display(), "sns");
    let application = system.resource("orders/Application").unwrap();
    let servers = application.property("Servers").map(Value::items).unwrap();
    assert_eq!(servers[0].get("Security").unwrap().display(), "[scramSha256]");
}

#[test]
fn publish_of_version_2_is_what_others_do() {
    let text = "asyncapi: 2.6.0
info: {title: Orders, version: 1.0.0}
servers: {a: {url: mqtt://x, protocol: mqtt, security: [{user: []}]}}
channels:
  orders/placed: {publish: {message: {oneOf: [{payload: {type: object}}, {payload: {type: string}}]}}}
  orders/paid: {subscribe: {message: {$ref: '#/components/messages/paid'}}}
  orders/loop: {$ref: '#/channels/orders~1loop'}
components: {messages: {paid: {payload: {type: integer}}}}
";
    let system = read(&[("orders.yaml", text)]);
    let expected = ["Application -Publishes-> orders/paid", "orders/placed -Triggers-> Application"];
    assert_eq!(edges(&system), expected);
    let placed = system.resource("orders/orders/placed").unwrap();
    assert_eq!(placed.property("Messages").map(Value::items).unwrap().len(), 2);
    assert_eq!(placed.property("Protocol").unwrap().display(), "mqtt");
    assert!(system.resource("orders/orders/loop").is_some());
}

#[test]
fn headers_of_traits_stand_beside_those_of_their_message() {
    let system = read(&[(
        "a.yaml",
        "asyncapi: 2.6.0
info: {title: A, version: 1.0.0}
channels:
  a: {publish: {message: {headers: {required: [x]}, traits: [{$ref: '#/components/messageTraits/t'}, {tags: []}], payload: {}}}}
components: {messageTraits: {t: {headers: {required: [y]}}}}
",
    )]);
    let messages = system.resource("a/a").unwrap().property("Messages").map(Value::items).unwrap();
    assert_eq!(messages[0].get("Headers").unwrap().get("required").unwrap().display(), "[x]");
    let of_traits = messages[0].get("TraitHeaders").map(Value::items).unwrap();
    assert_eq!(of_traits.len(), 1);
    assert_eq!(of_traits[0].get("required").unwrap().display(), "[y]");
}
