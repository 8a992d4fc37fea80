use super::parse;
use crate::config::Complaints;
use crate::custom::path::Path;
use tidegate_graph::{Data, Map, Span, Value, Why, World};

fn complaints(text: &str) -> String {
    let (forms, complaints) = parse(text);
    assert!(forms.is_empty(), "{forms:?}");
    let look = crate::output::Look { color: false, width: 100 };
    Complaints::new("rules.yaml".into(), text.into(), complaints).render(look)
}

#[test]
fn a_file_holds_one_rule_or_a_list() {
    let rule = "id: a\ntitle: t\ncondition: 'true'\n";
    assert_eq!(parse(rule).0.len(), 1);
    let list = "rules:\n- {id: a, title: t, condition: 'true'}\n- {id: b, title: t, condition: 'true'}\n";
    assert_eq!(parse(list).0.len(), 2);
    assert_eq!(parse(&format!("{rule}---\n{}", rule.replace("id: a", "id: b"))).0.len(), 2);
}

#[test]
fn paths_and_values_belong_together() {
    let with = |rest: &str| complaints(&format!("id: a\ntitle: t\n{rest}"));
    assert!(with("condition: value == 1\n").contains("the rule has no path"));
    assert!(with("path: A\ncondition: has(properties.A)\n").contains("doesn't look at `value`"));
    assert!(with("path: A..B\ncondition: value == 1\n").contains("expected keys with dots"));
    assert!(with("path: A[x]\ncondition: value == 1\n").contains("neither a number nor `*`"));
}

#[test]
fn conditions_are_underlined_within_their_text() {
    insta::assert_snapshot!(complaints("id: a\ntitle: t\ncondition: \"has(properties.A) && tgas.x == 1\"\n"));
}

#[test]
fn types_are_strict() {
    let text = "id: [a]\ntitle: t\ncondition: 3\ntests: {pass: [{}], fial: []}\naliases: {}\n";
    insta::assert_snapshot!(complaints(text));
}

fn found(path: &str) -> Vec<String> {
    let at = Span::default();
    let text = |t: &str| Value::text(t, at);
    let tag = |value: Value| Value::object([("Key", text("k")), ("Value", value)], at);
    let map = Value::object(
        [
            ("Tags", Value::list(vec![tag(text("a")), tag(text("b"))], at)),
            ("Free", Value::unknown("P", Why::Parameter, at)),
            ("Environment", Value::object([("Variables", Value::object([("X", text("1"))], at))], at)),
        ],
        at,
    );
    let Data::Map(map) = map.data else { return Vec::new() };
    let map: Map = map;
    let world = World::default();
    let found = Path::parse(path).unwrap().find(&map, &world);
    found
        .into_iter()
        .map(|(keys, value)| format!("{}={}", keys.join("/"), value.map_or("absent".into(), Value::display)))
        .collect()
}

#[test]
fn paths_find_what_is_there_and_what_is_not() {
    assert_eq!(found("Tags[*].Value"), ["Tags/0/Value=a", "Tags/1/Value=b"]);
    assert_eq!(found("Tags[1].Value"), ["Tags/1/Value=b"]);
    assert_eq!(found("Environment.Variables.*"), ["Environment/Variables/X=1"]);
    assert_eq!(found("Missing"), ["Missing=absent"]);
    assert_eq!(found("Missing.Deep"), ["Missing/Deep=absent"]);
    assert_eq!(found("Missing.*"), Vec::<String>::new());
    // What lies within something unknown isn't known.
    assert_eq!(found("Free.Deep.*"), ["Free/Deep/*=${P}"]);
}
