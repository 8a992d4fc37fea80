use super::{Program, Subject, Verdict};
use tidegate_graph::{Data, Map, Piece, Reference, Resource, Span, Symbol, Value, Why, World};

fn at() -> Span {
    Span::default()
}

fn text(text: &str) -> Value {
    Value::text(text, at())
}

fn resource() -> Resource {
    let template = Value::template(
        [Piece::Text("arn:aws:".into()), Piece::Symbol(Symbol::new("Env", Why::Parameter))],
        at(),
    );
    let queue = Value::reference(Reference::attribute("s/Queue", "Arn"), at());
    let tags = Value::list(vec![Value::object([("Key", text("owner")), ("Value", text("ops"))], at())], at());
    let properties = [
        ("Size", Value::number(5, at())),
        ("Text", text("hello")),
        ("Flag", text("true")),
        ("Number", text("30")),
        ("Free", Value::unknown("Param", Why::Parameter, at())),
        ("Partly", template),
        ("Target", queue),
        ("List", Value::list(vec![Value::number(1, at()), Value::unknown("Item", Why::Lookup, at())], at())),
        ("Tags", tags),
        ("Many", Value::list((0..2_000).map(|n| Value::number(n, at())).collect(), at())),
    ];
    let Data::Map(properties) = Value::object(properties, at()).data else { unreachable!() };
    Resource {
        id: "s/R".into(),
        logical_id: "R".into(),
        ty: "AWS::SQS::Queue".into(),
        declared_type: "AWS::SQS::Queue".into(),
        stack: 0,
        properties,
        attributes: Map::new(),
        condition: None,
        span: at(),
        made_from: None,
    }
}

fn verdict(condition: &str) -> Verdict {
    let resource = resource();
    let program = Program::parse(condition).unwrap_or_else(|wrong| panic!("{condition}: {wrong:?}"));
    let tags = Map::new();
    let subject = Subject {
        resource: &resource,
        value: None,
        facts: vec![("file", "a.yaml".into())],
        tags: Ok(&tags),
        never_null: true,
    };
    program.verdict(&subject, &World::default(), &mut 100_000_000)
}

#[track_caller]
fn check(expected: &str, conditions: &[&str]) {
    for condition in conditions {
        let found = match verdict(condition) {
            Verdict::True => "true".to_string(),
            Verdict::False => "false".to_string(),
            Verdict::Unknown(what, _) => format!("unknown: {what}"),
            Verdict::Fault(message) => format!("fault: {message}"),
            Verdict::TooMuch => "too much".to_string(),
        };
        assert_eq!(found, expected, "{condition}");
    }
}

#[test]
fn known_values_decide() {
    check(
        "true",
        &[
            "properties.Size == 5",
            "properties.Size + 1 < 7 && properties.Text.startsWith('he')",
            "properties.Flag == true && properties.Number > 29 && properties.Number == 30",
            "has(properties.Text) && !has(properties.Missing)",
            "value == null",
            "resource.type in ['AWS::SNS::Topic', 'AWS::SQS::Queue']",
            "properties.Tags.exists(t, t.Key == 'owner' && t.Value == 'ops')",
            "properties.Tags.all(t, t.Key.matches('^[a-z]+$'))",
            "properties.Tags.map(t, t.Key) == ['owner']",
            "size(properties.Tags.filter(t, t.Key == 'x')) == 0",
            "'Text' in properties && !('Nope' in properties)",
            "resource.file.endsWith('.yaml') ? resource.name == 'R' : false",
            "properties['Text'].split('l').join('-') == 'he--o'",
            "properties.Size / 2 == 2 && properties.Size % 2 == 1 && -properties.Size == -5",
        ],
    );
    check(
        "false",
        &["properties.Text == 'bye'", "properties.Size != 5", "properties.Text == properties.Tags"],
    );
}

#[test]
fn what_hangs_on_an_unknown_value_is_unknown() {
    check(
        "unknown: Param, a parameter without a default",
        &[
            "properties.Free == 'x'",
            "properties.Free != 'x'",
            "!(properties.Free == 'x')",
            "properties.Free > 3",
            "properties.Free.startsWith('x') || false",
            "properties.Size == 5 && properties.Free == 'x'",
            "properties.Free.exists(x, x == 1)",
            "properties.Free.Deep == 1",
            "properties.Free ? true : false",
            "'x' in [properties.Free, 'y']",
            "[properties.Free] == ['x']",
        ],
    );
    check("unknown: Env, a parameter without a default", &["properties.Partly == 'arn:aws:x'"]);
    check("unknown: Item, looked up at deployment", &["properties.List.exists(x, x == 2)"]);
}

#[test]
fn a_side_that_decides_wins_over_the_unknown() {
    check("true", &["properties.Free == 'x' || properties.Size == 5", "properties.List.exists(x, x == 1)"]);
    check("false", &["properties.Free == 'x' && properties.Size == 6", "properties.List.all(x, x == 3)"]);
    // What is set isn't absent, whatever it is set to.
    check("true", &["properties.Free != null", "has(properties.Free)", "properties.Target != null"]);
}

#[test]
fn unknown_can_be_tested_for() {
    check(
        "true",
        &[
            "unknown(properties.Free)",
            "unknown(properties.Partly)",
            "known(properties.Text)",
            "known(properties.Target)",
            "!unknown(properties.Size)",
        ],
    );
}

#[test]
fn what_is_known_of_a_text_decides() {
    check("true", &["properties.Partly.startsWith('arn:')", "properties.Partly.contains('aws')"]);
    check("false", &["properties.Partly == 'x'", "properties.Partly.startsWith('urn')"]);
}

#[test]
fn faults_are_no_verdict() {
    check("fault: there is no `Missing`", &["properties.Missing == 1", "properties.Missing.Deep == 1"]);
    check("fault: a number can't be compared with a string", &["properties.Size < properties.Text"]);
    check("fault: expected true or false, found a number", &["properties.Size"]);
    check("fault: division by zero", &["1 / 0 == 1"]);
    check("fault: a number is too large", &["9223372036854775807 + 1 == 1"]);
    // As CEL has it, the other side may decide.
    check("true", &["properties.Missing == 1 || true"]);
    check("false", &["false && properties.Missing == 1"]);
}

#[test]
fn work_and_memory_end() {
    check(
        "too much",
        &[
            "properties.Many.all(a, properties.Many.all(b, properties.Many.all(c, a + b + c >= 0)))",
            "properties.Many.map(a, properties.Many.map(b, properties.Many)) == []",
            "properties.Many.map(a, 'x'.replace('', 'xxxxxxxxxx').replace('', 'xxxxxxxxxx').replace('', 'xxxxxxxxxx').replace('', 'xxxxxxxxxx').replace('', 'xxxxxxxxxx').replace('', 'xxxxxxxxxx')) == []",
        ],
    );
}

#[test]
fn broken_conditions_say_where() {
    let wrong = |condition: &str| Program::parse(condition).unwrap_err();
    let found = wrong("properties.Size == 1 && propertys.X == 2");
    assert_eq!(found.message, "there is no name `propertys`, did you mean `properties`?");
    assert_eq!(found.at.start, 24);
    assert_eq!(
        wrong("value.startswith('x')").message,
        "there is no function `startswith`, did you mean `startsWith`?"
    );
    assert!(!wrong("value == ").message.is_empty());
    assert!(!wrong("value ==== 2").message.is_empty());
    assert!(wrong(&"x".repeat(9_000)).message.contains("longer than"));
    assert!(!wrong(&format!("{}value", "!(".repeat(3_000))).message.is_empty());
    assert!(!wrong(&format!("value{}", " + value".repeat(1_100))).message.is_empty());
}
