//! Edits of texts that nobody wrote: whatever the text, what isn't meant stays.

use super::{Raw, apply, hcl, yaml};
use proptest::prelude::*;
use std::cell::Cell;
use tidegate_graph::{Change, FileId, Plain, Resource, Span, Str};

fn set(text: &str, keys: &[&str], value: impl Into<Plain>) -> Option<String> {
    let keys: Vec<Str> = keys.iter().map(|key| Str::from(*key)).collect();
    apply(text, &put(text, &keys, &value.into())?)
}

fn put(text: &str, keys: &[Str], value: &Plain) -> Option<Raw> {
    yaml::Document::new(FileId(0), text).set(keys, value, &Cell::new(0))
}

fn check(text: &str, keys: &[&str], value: impl Into<Plain>, expected: &str) {
    assert_eq!(set(text, keys, value).as_deref(), Some(expected));
}

#[test]
fn scalars_keep_their_quotes() {
    check("a: false # x\n", &["a"], true, "a: true # x\n");
    check("a: 'false'\n", &["a"], true, "a: 'true'\n");
    check("{\"a\": \"NONE\"}", &["a"], "AWS_IAM", "{\"a\": \"AWS_IAM\"}");
    check("a: NONE\n", &["a"], "*", "a: '*'\n");
}

#[test]
fn entries_go_behind_the_last_one() {
    check(
        "a:\n    b: 1 # x\n\nc: 2\n",
        &["a", "d", "e"],
        3,
        "a:\n    b: 1 # x\n    d:\n        e: 3\n\nc: 2\n",
    );
    check("a:\n- b: |\n    x\n    y\n\n", &["a", "0", "c"], 3, "a:\n- b: |\n    x\n    y\n  c: 3\n\n");
    check("a: {b: 1}\n", &["a", "c"], 2, "a: {b: 1, c: 2}\n");
    check("a: {}\n", &["a", "c"], 2, "a: {c: 2}\n");
    check("a:\r\n  b: 1\r\n", &["a", "c"], 2, "a:\r\n  b: 1\r\n  c: 2\r\n");
    check("a: 1", &["b"], 2, "a: 1\nb: 2");
    check("{\n\t\"a\": 1,\n}\n", &["b"], 2, "{\n\t\"a\": 1,\n\t\"b\": 2,\n}\n");
    check("{\"a\":1}", &["b"], 2, "{\"a\":1,\"b\":2}");
    check(
        "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n",
        &["c", "d"],
        2,
        "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"c\": {\n    \"d\": 2\n  }\n}\n",
    );
    check("a:\n  b:\n", &["a", "c"], Plain::Account, "a:\n  b:\n  c: !Ref AWS::AccountId\n");
}

#[test]
fn whatever_a_value_is_others_take_its_place() {
    let arn = |of: &str| Plain::Arn { of: of.into(), attribute: "Arn".into(), after: "".into() };
    let swap =
        |items: Vec<Plain>| Plain::Swap { old: tidegate_graph::Value::text("", Span::default()), items };
    let two = || swap(vec![arn("A"), arn("B")]);
    check("k: !Sub 'arn:${X}:*' # all\n", &["k"], two(), "k: [!GetAtt A.Arn, !GetAtt B.Arn] # all\n");
    check(
        "k:\n  Fn::Join: ['', [a, b]]\nl: 1\n",
        &["k"],
        swap(vec![arn("A")]),
        "k:\n  !GetAtt A.Arn\nl: 1\n",
    );
    check(
        "k:\n  - x\n  - !Sub '*' # c\n  - y\n",
        &["k", "1"],
        two(),
        "k:\n  - x\n  - !GetAtt A.Arn\n  - !GetAtt B.Arn # c\n  - y\n",
    );
    check("k: [!Sub '*', y]\n", &["k", "0"], two(), "k: [!GetAtt A.Arn, !GetAtt B.Arn, y]\n");
    let json = "{\"k\": {\"Fn::Sub\": \"*\"}, \"l\": 1}";
    check(json, &["k"], swap(vec![arn("A")]), "{\"k\": {\"Fn::GetAtt\": [\"A\", \"Arn\"]}, \"l\": 1}");
    let map = Plain::map([("P", "x".into()), ("Q", Plain::List(vec!["w".into()]))]);
    check(
        "k:\n  - a:\n      b: 1\n  - c\n",
        &["k", "0"],
        swap(vec![map.clone()]),
        "k:\n  - P: x\n    Q:\n      - w\n  - c\n",
    );
    check("k:\n  - a # gone\n  - b\n", &["k", "0"], swap(vec![]), "k:\n  - b\n");
    check("k:\n  - a\n  - b # gone\nl: 1\n", &["k", "1"], swap(vec![]), "k:\n  - a\nl: 1\n");
    check("k:\n  - a\n", &["k", "0"], swap(vec![]), "k:\n  []\n");
    check("k: [a, b, c]\n", &["k", "1"], swap(vec![]), "k: [a, c]\n");
    check("k: [a, b, c]\n", &["k", "0"], swap(vec![]), "k: [b, c]\n");
    check("k: [a]\n", &["k"], Plain::More(vec![map.clone()]), "k: [a, {P: x, Q: [w]}]\n");
    check(
        "k:\n  - a # it\nl: 1\n",
        &["k"],
        Plain::More(vec![map.clone()]),
        "k:\n  - a # it\n  - P: x\n    Q:\n      - w\nl: 1\n",
    );
    check("k: 1\n", &["l"], Plain::More(vec![map]), "k: 1\nl:\n  - P: x\n    Q:\n      - w\n");
    check(
        "k:\n  a: 1 # one\nl: 1\n",
        &["k"],
        swap(vec![Plain::map([("a", 1.into())]), Plain::map([("b", 2.into())])]),
        "k:\n  - a: 1\n  - b: 2 # one\nl: 1\n",
    );
    assert_eq!(set("k: &a !Sub x\nl: *a\n", &["l"], two()), None);
}

#[test]
fn what_is_computed_or_shared_is_left_alone() {
    for text in [
        "a: !If [x, {b: 1}, {}]\n",
        "a:\n  Fn::If: [x, {b: 1}, {}]\n",
        "a: &x {b: 1}\nc: *x\n",
        "x: &x {b: 1}\na: *x\n",
        "x: &x {b: 1}\na:\n  <<: *x\n  c: 1\n",
        "a: !Ref B\n",
        "a: [1]\n",
        "a: {b: 1}\na: {b: 2}\n",
        "a: text\n",
    ] {
        assert_eq!(set(text, &["a", "d"], 2), None, "{text}");
    }
    assert_eq!(set("a: !Ref B\n", &["a"], true), None);
    assert_eq!(set("a: &b false\n", &["a"], true), None);
    assert_eq!(set("a: |\n  x\n", &["a"], "y"), None);
}

fn queue(text: &str, path: &[&str], value: impl Into<Plain>) -> Option<String> {
    let header = "resource \"aws_sqs_queue\" \"q\"";
    let start = text.find(header)?;
    let resource = Resource {
        id: "t/aws_sqs_queue.q".into(),
        logical_id: "aws_sqs_queue.q".into(),
        ty: "AWS::SQS::Queue".into(),
        declared_type: "aws_sqs_queue".into(),
        stack: 0,
        properties: Default::default(),
        attributes: Default::default(),
        condition: None,
        span: Span::new(FileId(0), start, start + header.len()),
        made_from: None,
    };
    let path = path.iter().map(|key| Str::from(*key)).collect();
    let change = Change { resource: resource.id.clone(), path, value: value.into() };
    apply(text, &hcl::Document::new(FileId(0), text).set(&resource, &change, &Cell::new(0))?)
}

#[test]
fn blocks_keep_their_style() {
    let text = |inside: &str| format!("# a\nresource \"aws_sqs_queue\" \"q\" {{{inside}}}\n");
    let after = |inside: &str| queue(&text(inside), &["VisibilityTimeout"], 120);
    let line = "visibility_timeout_seconds = 120";
    assert_eq!(after(""), Some(text(&format!("\n  {line}\n"))));
    assert_eq!(after("\n  name = \"x\" # b\n"), Some(text(&format!("\n  name = \"x\" # b\n  {line}\n"))));
    assert_eq!(after("\r\n\tname = \"x\"\r\n"), Some(text(&format!("\r\n\tname = \"x\"\r\n\t{line}\r\n"))));
    assert_eq!(
        after("\n  visibility_timeout_seconds = 30 // c\n").as_deref(),
        Some(&*text("\n  visibility_timeout_seconds = 120 // c\n"))
    );
    assert_eq!(after(" name = \"x\" "), None, "one line has no room");
    assert_eq!(after("\n  visibility_timeout_seconds = var.x\n"), None);
    assert_eq!(
        after("\n  message_retention_seconds    = 60\n"),
        Some(text("\n  message_retention_seconds    = 60\n  visibility_timeout_seconds   = 120\n"))
    );
}

/// A map of maps as YAML text, in block or flow style, with comments and empty lines.
fn document() -> impl Strategy<Value = String> {
    let scalar =
        prop_oneof!["[a-z]{1,6}", "'[a-z #:]{0,6}'", "\"[a-z #:]{0,6}\"", "[0-9]{1,4}", Just(String::new())];
    let flow = prop_oneof![
        Just("{}".to_string()),
        prop::collection::vec("[a-z]{1,4}", 1..3).prop_map(|items| format!("[{}]", items.join(", "))),
        ("[a-d]", "[a-z]{1,4}").prop_map(|(key, value)| format!("{{{key}: {value}}}")),
    ];
    let comment = prop_oneof![Just(""), Just(" # c"), Just("  #")];
    let value =
        (prop_oneof![scalar, flow], comment).prop_map(|(value, comment)| format!(" {value}{comment}\n"));
    let block = prop::collection::vec("[a-z]{1,5}", 1..3)
        .prop_map(|lines| format!(" |\n{}", lines.iter().map(|l| format!("  {l}\n")).collect::<String>()));
    let leaf = prop_oneof![4 => value, 1 => block];
    let tree = leaf.prop_recursive(4, 24, 4, |inner| {
        (prop::collection::vec((inner, any::<bool>()), 1..4), 1usize..4).prop_map(|(values, step)| {
            let mut out = String::from("\n");
            for (n, (value, gap)) in values.iter().enumerate() {
                if *gap {
                    out.push('\n');
                }
                for line in format!("k{n}:{value}").lines() {
                    let blank = if line.is_empty() { 0 } else { step };
                    out.push_str(&format!("{}{line}\n", " ".repeat(blank)));
                }
            }
            out
        })
    });
    prop::collection::vec(tree, 1..4)
        .prop_map(|values| values.iter().enumerate().map(|(n, v)| format!("k{n}:{v}")).collect())
}

proptest! {
    /// Putting something in changes nothing else, and doing it again changes nothing at all.
    #[test]
    fn yaml_keeps_the_rest(text in document(), keys in prop::collection::vec("k[0-3]", 0..4), crlf: bool) {
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        let mut keys: Vec<Str> = keys.iter().map(Str::from).collect();
        keys.push("New".into());
        if let Some((start, end, replacement)) = put(&text, &keys, &Plain::Number(7)) {
            prop_assert!(text.get(start..end).is_some_and(|old| old.trim().is_empty()), "{text}");
            let after = apply(&text, &(start, end, replacement)).unwrap();
            let again = put(&after, &keys, &Plain::Number(7)).unwrap();
            prop_assert_eq!(after.get(again.0..again.1), Some(again.2.as_str()));
            if crlf {
                prop_assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
            }
        }
    }

    /// Most places can be edited, so that the property above says something.
    #[test]
    fn yaml_roots_can_be_edited(text in document()) {
        prop_assert!(put(&text, &["New".into()], &Plain::Bool(true)).is_some(), "{text}");
    }

    /// Whatever the text is, nothing panics.
    #[test]
    fn no_text_is_too_odd(text in "[a-c:{}\\[\\]\"'|&*!#, \n\r\t-]{0,60}", key in "[a-c]") {
        let _ = put(&text, &[key.as_str().into(), "b".into()], &Plain::Bool(true));
        let block = format!("resource \"aws_sqs_queue\" \"q\" {{{text}}}");
        let _ = queue(&block, &["VisibilityTimeout"], 7);
    }

    /// A block with attributes and blocks of any order takes a new one without losing any.
    #[test]
    fn hcl_keeps_the_rest(lines in prop::collection::vec(prop_oneof![
        "[a-d] += [0-9]{1,3}( # c)?".prop_map(|l| format!("  {l}\n")),
        Just("\n".to_string()),
        Just("  # note\n".to_string()),
        Just("  tags = {\n    a = \"b\"\n  }\n".to_string()),
        Just("  timeouts {\n    create = \"1m\"\n  }\n".to_string()),
        Just("  e = <<EOT\n  text\nEOT\n".to_string()),
    ], 0..8)) {
        let text = format!("resource \"aws_sqs_queue\" \"q\" {{\n{}}}\n\nlocals {{}}\n", lines.concat());
        if let Some(after) = queue(&text, &["VisibilityTimeout"], 7) {
            let new: Vec<&str> = after.lines().filter(|l| l.contains("visibility_timeout_seconds")).collect();
            prop_assert_eq!(new.len(), 1, "{}", after);
            let rest: String = after.split_inclusive('\n').filter(|l| !l.contains("visibility_timeout_seconds")).collect();
            prop_assert_eq!(rest, text);
        }
    }
}

/// A document as the properties of resources, with what else stands in templates around and between them.
fn template() -> impl Strategy<Value = String> {
    let between = prop_oneof![
        4 => Just(""),
        1 => Just("\n"),
        1 => Just("# note\n"),
        1 => Just("  # note\n"),
        1 => Just("      # note\n"),
    ];
    let properties = prop_oneof![
        4 => document(),
        1 => Just("k0: &a {k1: 1}\nk1: *a\n".to_string()),
        1 => Just("k0: *z\n".to_string()),
        1 => Just("<<: *z\nk1:\n  k2: 1\n".to_string()),
        1 => Just("k0: {k1: [1,\n  2]}\nk1: |+\n  x\n\n".to_string()),
        1 => Just("k0: !If [x, {k1: 1}, {}]\n".to_string()),
    ];
    let resource = (properties, between, 1usize..4, any::<bool>());
    let resources = prop::collection::vec(resource, 1..4);
    let head = prop_oneof![
        3 => Just(""),
        1 => Just("---\n"),
        1 => Just("# note\nDescription: x\n"),
        1 => Just("&r\n"),
    ];
    let mark = prop_oneof![5 => Just(""), 1 => Just(" # note"), 1 => Just(" &m"), 1 => Just("\n  <<: *z")];
    let tail =
        prop_oneof![Just(""), Just("Outputs: {}\n"), Just("k0: 1\n"), Just("---\na: 1\n"), Just("  # x\n")];
    let anchor = prop_oneof![Just("Z: &z {k2: 1}\n"), Just("")];
    (head, anchor, mark, resources, tail).prop_map(|(head, anchor, mark, resources, tail)| {
        let mut out = format!("{head}{anchor}Resources:{mark}\n");
        for (n, (properties, between, step, quoted)) in resources.iter().enumerate() {
            let indent = |text: &str, columns: usize| {
                let line = |line: &str| match line {
                    "" => "\n".to_string(),
                    line => format!("{}{line}\n", " ".repeat(columns)),
                };
                text.lines().map(line).collect::<String>()
            };
            let quote = if *quoted { "\"" } else { "" };
            out.push_str(&format!("  {quote}R{n}{quote}:\n"));
            out.push_str(&indent("Type: T\nProperties:", 2 + step));
            out.push_str(&indent(properties, 2 + 2 * step));
            out.push_str(between);
        }
        out + tail
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// A resource that is read by itself is edited as it is in the whole text, or else the whole text is read.
    #[test]
    fn a_part_says_what_the_whole_says(
        text in template(),
        resource in 0usize..3,
        keys in prop::collection::vec("k[0-3]", 0..3),
        deep: bool,
    ) {
        let mut all: Vec<Str> = vec!["Resources".into(), format!("R{resource}").into(), "Properties".into()];
        all.extend(keys.iter().map(Str::from));
        all.push("New".into());
        // How far a block stands within another may be measured elsewhere; all else is the same.
        let value = if deep { Plain::map([("a", Plain::Number(7))]) } else { Plain::Number(7) };
        let read = Cell::new(0);
        let document = yaml::Document::new(FileId(0), &text);
        let shape = |edit: Option<Raw>| edit.map(|(start, end, new)| {
            (start, end, new.split_whitespace().collect::<Vec<_>>().join(" "))
        });
        let edit = document.set(&all, &value, &read);
        if let Some(edit) = &edit {
            prop_assert!(document.confirms(edit, &all, &value), "{text}\n{edit:?}");
        }
        prop_assert_eq!(shape(edit), shape(document.set_in_whole(&all, &value, &read)), "{}", text);
    }
}

#[test]
fn a_resource_is_read_by_itself() {
    let resource = "  R:\n    Type: T\n    Properties:\n      a: 1\n";
    let rest = "  S:\n    Type: T # &x\n";
    let many: String = (0..200).map(|n| rest.replace('S', &format!("S{n}"))).collect();
    let keys: Vec<Str> = ["Resources", "R", "Properties", "b"].map(Str::from).to_vec();
    let cost = |text: &str| {
        let read = Cell::new(0);
        assert!(yaml::Document::new(FileId(0), text).set(&keys, &Plain::Bool(true), &read).is_some());
        read.get()
    };
    assert!(cost(&format!("Resources:\n{resource}{many}")) < 500);
    assert!(cost(&format!("Resources:\n{many}{resource}Outputs: {{}}\n")) < 500);
    let json = r#"{"Resources": {"R": {"Type": "T", "Properties": {"a": 1}}, "S": {"d": ""}}}"#;
    let json = json.replace("\"\"", &format!("\"{}\"", "x".repeat(4_000)));
    assert!(cost(&json) < 500);
    // Where something is joined in, the whole text is read.
    assert!(
        cost(
            &format!("X: &x {{}}\nResources:\n  <<: *x\n{resource}{many}")
                .replace("<<: *x\n", "Y: {<<: *x}\n")
        ) > 4_000
    );
}
