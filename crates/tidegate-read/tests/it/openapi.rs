//! API documents that no template uses.

use crate::scratch::Scratch;
use tidegate_graph::{System, Value};
use tidegate_read::Options;

fn read(files: &[(&str, &str)]) -> System {
    tidegate_read::read(Scratch::new(files).path(), &Options::default())
}

#[test]
fn a_document_is_an_api() {
    let text = "openapi: 3.0.3\ninfo: {title: Shop, version: 1.0.0}\nservers: [{url: 'https://shop'}]\nsecurity: [{k: []}]\ncomponents: {securitySchemes: {k: {type: apiKey}}}\npaths: {/a: {get: {}}}\n";
    let system = read(&[("api/shop.yaml", text)]);
    let api = system.resource("api/shop/Api").unwrap();
    assert_eq!(api.ty, "OpenAPI::Api");
    assert_eq!(api.property("Title").unwrap().display(), "Shop");
    assert_eq!(api.property("Servers").unwrap().display(), "[https://shop]");
    assert_eq!(api.property("Anonymous").unwrap().as_bool(), Some(false));
    assert_eq!(api.property("Operations").map(Value::items).unwrap()[0].get("Path").unwrap().display(), "/a");
}

#[test]
fn paths_of_other_files_count() {
    let text = "swagger: '2.0'\nhost: shop\nschemes: [https]\npaths: {/a: {$ref: 'paths/a.yaml'}}\n";
    let system = read(&[("shop.yaml", text), ("paths/a.yaml", "get: {security: [{k: []}]}\npost: {}\n")]);
    let api = system.resource("shop/Api").unwrap();
    assert_eq!(api.property("Anonymous").unwrap().as_bool(), Some(true));
    assert_eq!(api.property("Operations").map(Value::items).unwrap().len(), 2);
    assert!(api.property("Unresolved").is_none());
    // What can't be read isn't safe.
    let system = read(&[("shop.yaml", text)]);
    let api = system.resource("shop/Api").unwrap();
    assert_eq!(api.property("Anonymous").unwrap().as_bool(), Some(true));
    assert!(api.property("Unresolved").is_some());
}
