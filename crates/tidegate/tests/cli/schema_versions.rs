//! `tidegate contract schema check`: versions of schemas against each other.

use super::project::Project;

#[test]
fn versions_are_compared() {
    let old = r#"{"type": "object", "properties": {"n": {"type": "number"}}}"#;
    let new = "type: object\nrequired: [n]\nproperties: { n: { type: integer } }\n";
    let project = Project::with("old.json", old).file("new.yaml", new);
    let ran = project.run(&["contract", "schema", "check", "old.json", "new.yaml"]);
    let expected = "backward: /properties/n/type: number was accepted (type)\n\
                    backward: /required: n could be left out (required)\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(10), expected), "{}", ran.all());
    let forward = project.run(&["contract", "schema", "check", "old.json", "new.yaml", "--mode", "forward"]);
    assert_eq!((forward.code, forward.stdout.as_str()), (Some(0), "compatible\n"));
    let full = project
        .run(&["contract", "schema", "check", "old.json", "new.yaml", "--mode", "full", "--format", "json"]);
    assert_eq!(full.json()["breaks"].as_array().unwrap().len(), 2);
    let avro = project.file("a.avsc", r#"{"type": "int"}"#).file("b.avsc", r#""Unknown""#);
    let mixed = avro.run(&["contract", "schema", "check", "old.json", "a.avsc"]);
    let broken = avro.run(&["contract", "schema", "check", "a.avsc", "b.avsc"]);
    assert_eq!((mixed.code, broken.code), (Some(2), Some(2)), "{}", broken.all());
}

#[test]
fn a_version_that_is_not_there_is_a_slip() {
    let ran = Project::with("new.json", "{}").run(&["contract", "schema", "check", "old.json", "new.json"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("there is no `old.json`"), "{}", ran.all());
}

#[test]
fn all_older_versions_count_where_the_level_says_so() {
    let of = |fields: &str| format!(r#"{{"type": "record", "name": "R", "fields": [{fields}]}}"#);
    let project = Project::with("1.avsc", &of(""))
        .file("2.avsc", &of(r#"{"name": "a", "type": "int", "default": 1}"#))
        .file("3.avsc", &of(r#"{"name": "a", "type": "int"}"#));
    let check = |mode: &str| {
        let ran = project.run(&["contract", "schema", "check", "1.avsc", "2.avsc", "3.avsc", "--mode", mode]);
        (ran.code, ran.stdout)
    };
    assert_eq!(check("BACKWARD").0, Some(0));
    let (code, text) = check("BACKWARD_TRANSITIVE");
    assert_eq!(code, Some(10));
    assert!(
        text.starts_with("backward of 1.avsc: ") && text.contains("reader-field-missing-default-value"),
        "{text}"
    );
    assert_eq!(check("forward-transitive").0, Some(0));
    assert_eq!(check("FULL_ALL").0, Some(10));
    assert_eq!(check("SIDEWAYS").0, Some(2));
    assert_eq!(project.run(&["contract", "schema", "check", "1.avsc"]).code, Some(2));
}

#[test]
fn versions_that_refer_to_themselves_and_parts_of_documents_are_compared() {
    let api = |ty: &str| {
        format!(
            "openapi: 3.0.0\npaths: {{}}\ncomponents: {{ schemas: {{ Order: {{ type: object, properties: {{ n: {{ type: {ty} }}, next: {{ $ref: '#/components/schemas/Order' }} }} }} }} }}\n"
        )
    };
    let project = Project::with("old.yaml", &api("integer"))
        .file("new.yaml", &api("string"))
        .file("loop.json", r##"{"$ref": "#"}"##);
    let check = |old: &str, new: &str| project.run(&["contract", "schema", "check", old, new]);
    let part = |file: &str| format!("{file}#/components/schemas/Order");
    let same = check(&part("old.yaml"), &part("old.yaml"));
    assert_eq!((same.code, same.stdout.as_str()), (Some(0), "compatible\n"), "{}", same.all());
    let changed = check(&part("old.yaml"), &part("new.yaml"));
    let expected = "backward: /components/schemas/Order/properties/n/type: integer was accepted (type)\n";
    assert_eq!((changed.code, changed.stdout.as_str()), (Some(10), expected), "{}", changed.all());
    let whole = check("old.yaml", "new.yaml");
    assert!(
        whole.code == Some(2) && whole.stderr.contains("as `#/components/schemas/Order`"),
        "{}",
        whole.all()
    );
    let endless = check("loop.json", "loop.json");
    assert!(endless.code == Some(2) && endless.stderr.contains("leads back to itself"), "{}", endless.all());
    let nowhere = check("old.yaml#/x", "new.yaml");
    assert!(
        nowhere.code == Some(2) && nowhere.stderr.contains("there is nothing at `#/x`"),
        "{}",
        nowhere.all()
    );
    let proto =
        "syntax = 'proto3';\nmessage Tree { Tree left = 1; repeated Tree rest = 2; int32 leaf = 3; }\n";
    let project = project.file("old.proto", proto).file("new.proto", &proto.replace("int32", "string"));
    let same = project.run(&["contract", "schema", "check", "old.proto", "old.proto", "--mode", "full"]);
    assert_eq!(same.code, Some(0), "{}", same.all());
    let changed = project.run(&["contract", "schema", "check", "old.proto", "new.proto"]);
    assert!(changed.code == Some(10) && changed.stdout.contains("/Tree/leaf"), "{}", changed.all());
}
