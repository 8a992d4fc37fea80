//! Files that are named as schemas, and what is wrong with them.

use super::project::Project;
use super::schemas::{ASKED, shop};
use tidegate_decide::schema::compile::DEPTH;

/// What `tidegate contract` says of a file of which it makes no contract.
fn refused(file: &str, text: &str) -> String {
    let project =
        shop(&ASKED.replace("schemas/order.json", file)).file(file.split('#').next().unwrap(), text);
    let ran = project.run(&["contract"]);
    assert_eq!(ran.code, Some(2), "{text}: {}", ran.all());
    ran.stderr
}

#[test]
fn a_schema_that_is_broken_is_told_with_its_line() {
    let project = Project::with("old.json", "{\n  \"type\": \"object\",\n  \"properties\": {\n")
        .file("new.yaml", "type: object\n");
    let ran = project.run(&["contract", "schema", "check", "old.json", "new.yaml"]);
    assert_eq!(ran.code, Some(2), "{}", ran.all());
    assert!(ran.stderr.contains("`old.json` is no schema: line 3: "), "{}", ran.stderr);
}

#[test]
fn a_schema_without_meaning_is_refused_at_its_line() {
    let api = "openapi: 3.0.0\npaths: {}\ncomponents: { schemas: { Order: { type: object } } }\n";
    for (file, text, parts) in [
        (
            "a.json",
            "{\n \"properties\": {\n  \"a\": {\"type\": \"bogus\"}}}",
            &["a.json:3:", "there is no such type"][..],
        ),
        ("a.yaml", "type: object\nrequired: sku\n", &["a.yaml:2:", "`required` is a list of names"]),
        ("a.json", "[]", &["a.json:1:", "a schema is an object or a boolean"]),
        ("a.json", "{\"error\": 404}", &["nothing in it is a keyword"]),
        ("a.yaml", api, &["a whole OpenAPI document", "as `#/components/schemas/Order`"]),
        (
            "a.json",
            "{\"exclusiveMinimum\": true, \"minimum\": 1}",
            &["if draft 4 is meant, say so in `$schema`"],
        ),
        (
            "a.json",
            "{\n \"$ref\": \"#/$defs/a\",\n \"$defs\": {\"a\": {\"anyOf\": [{\"$ref\": \"#/$defs/a\"}]}}}",
            &["a.json:3:", "`#/$defs/a` -> `#/$defs/a/anyOf/0` -> `#/$defs/a`", "such a schema fits nothing"],
        ),
        ("a.json", "", &["can't be read as a schema"]),
    ] {
        let told = refused(file, text);
        parts.iter().for_each(|part| assert!(told.contains(part), "{part} in {told}"));
    }
    let round = shop(&ASKED.replace("schemas/order.json", "a.json"))
        .file("a.json", r#"{"$ref": "b.json"}"#)
        .file("b.json", r#"{"$ref": "a.json"}"#);
    let told = round.run(&["contract"]).stderr;
    assert!(told.contains("`a.json#` -> `b.json#` -> `a.json#`"), "{told}");
    // A part of that document is one.
    let part =
        shop(&ASKED.replace("schemas/order.json", "a.yaml#/components/schemas/Order")).file("a.yaml", api);
    assert_eq!(part.run(&["contract"]).code, Some(0));
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

#[test]
fn a_schema_that_could_be_compared_with_nothing_is_refused() {
    let chain = |length: usize, link: &dyn Fn(usize) -> String| {
        let defs =
            (0..length).map(|n| format!("  \"d{n}\": {}", link(n + 1))).collect::<Vec<_>>().join(",\n");
        format!(
            "{{\"$ref\": \"#/$defs/d0\", \"$defs\": {{\n{defs},\n  \"d{length}\": {{\"type\": \"string\"}}}}}}"
        )
    };
    let twice = |n: usize| {
        let next = format!("{{\"$ref\": \"#/$defs/d{n}\"}}");
        format!("{{\"allOf\": [{next}, {next}]}}")
    };
    let told = refused("a.json", &chain(24, &twice));
    for part in ["a.json:1:1", "steps, and a short payload is given 65536", "the guard would deny"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let told = refused("a.json", &chain(20_000, &|n| format!("{{\"$ref\": \"#/$defs/d{n}\"}}")));
    assert!(told.contains("references in a row from here are more than 4096"), "{told}");
}

#[test]
fn a_reference_to_a_place_that_is_not_there_is_refused() {
    let text = "{\n \"type\": \"object\",\n \"$ref\": \"#/nowhere\"}";
    let told = refused("a.json", text);
    for part in ["a.json:3:10", "there is nothing at `#/nowhere`", "a pointer from the root of the document"]
    {
        assert!(told.contains(part), "{part} in {told}");
    }
    let ran = shop(ASKED).file("a.json", text).run(&["contract", "schema", "check", "a.json", "a.json"]);
    assert_eq!(ran.code, Some(2), "{}", ran.all());
    assert!(
        ran.stderr.contains("`a.json` is no schema: line 3: there is nothing at `#/nowhere`"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("help: mend it first"), "{}", ran.stderr);
}

#[test]
fn all_that_reads_schemas_has_one_bound_of_nesting() {
    for (file, open) in [("a.json", "{\"not\":"), ("a.yaml", "{not: ")] {
        let nested = |levels: usize| format!("{}true{}", open.repeat(levels), "}".repeat(levels));
        let project = shop(&ASKED.replace("schemas/order.json", file)).file(file, &nested(DEPTH));
        let check = ["contract", "schema", "check", file, file];
        for args in [&["contract"][..], &check] {
            let ran = project.run(args);
            assert_eq!(ran.code, Some(0), "{args:?} {}", ran.all());
        }
        let project = project.file(file, &nested(DEPTH + 1));
        for args in [&["contract"][..], &check] {
            let ran = project.run(args);
            assert_eq!(ran.code, Some(2), "{args:?} {}", ran.all());
            let told = ["nests deeper than 127", "more than 128 values within each other"];
            assert!(told.iter().any(|part| ran.stderr.contains(part)), "{}", ran.stderr);
        }
    }
}

#[test]
fn problems_without_end_are_told_in_part() {
    let members =
        (0..5_000).map(|n| format!("  \"m{n}\": {{\"$ref\": \"#/$defs/n{n}\"}}")).collect::<Vec<_>>();
    let told = refused("a.json", &format!("{{\"properties\": {{\n{}}}}}", members.join(",\n")));
    for part in ["there are more such problems than the 100 that are told", "... and 91 more"] {
        assert!(told.contains(part), "{part} in {told}");
    }
}
