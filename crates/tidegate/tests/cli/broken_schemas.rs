//! Files that are named as schemas, and what is wrong with them.

use super::schemas::{ASKED, shop};

/// What `tidegate contract` says of a file of which it makes no contract.
fn refused(file: &str, text: &str) -> String {
    let project =
        shop(&ASKED.replace("schemas/order.json", file)).file(file.split('#').next().unwrap(), text);
    let ran = project.run(&["contract"]);
    assert_eq!(ran.code, Some(2), "{text}: {}", ran.all());
    ran.stderr
}

#[test]
fn a_dialect_that_nobody_knows_is_refused() {
    let told =
        refused("a.json", "{\n \"$schema\": \"http://example.com/my-dialect\",\n \"type\": \"object\"}");
    for part in [
        "a.json:2:13",
        "`http://example.com/my-dialect` is no dialect",
        "draft/2020-12/schema`",
        "name it in `with`",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[test]
fn a_pattern_that_is_none_is_refused_and_one_that_looks_around_is_open() {
    let told = refused("a.json", "{\n \"type\": \"string\",\n \"pattern\": \"^[A-Z\"}");
    for part in ["a.json:3:13", "this is no regular expression of ECMA 262: a class without an end"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let project = shop(ASKED).file("schemas/order.json", r#"{"type": "string", "pattern": "^(?!x)"}"#);
    let ran = project.run(&["contract", "--format", "text"]);
    assert!(ran.code == Some(0) && ran.stdout.contains("it looks ahead"), "{}", ran.all());
}
