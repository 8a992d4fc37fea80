use super::*;
use crate::json::{Limits, Tape};

fn call(op: Op, arguments: Vec<Expr>) -> Expr {
    Expr::Call(op, arguments)
}

fn path(names: &[&str]) -> Expr {
    names.iter().fold(Expr::Event, |of, name| Expr::Field(Box::new(of), (*name).to_string()))
}

fn ask(ir: Expr, event: &str) -> std::result::Result<(), &'static str> {
    let mut tape = Tape::default();
    tape.read(event.as_bytes(), &Limits::default()).unwrap();
    holds(&Condition { source: String::new(), ir }, tape.root(event.as_bytes()))
}

#[test]
fn fields_are_found_in_json_within_strings() {
    let ir = || call(Op::LessEqual, vec![path(&["body", "amount"]), Expr::Int(100)]);
    assert!(ask(ir(), r#"{"body":{"amount":100}}"#).is_ok());
    assert!(ask(ir(), r#"{"body":"{\"amount\":100}"}"#).is_ok());
    assert!(ask(ir(), r#"{"body":"{\"amount\":100.5}"}"#).unwrap_err().contains("doesn't hold"));
    // {"amount":7}
    assert!(ask(ir(), r#"{"body":"eyJhbW91bnQiOjd9"}"#).is_ok());
    for unfit in [r#"{"body":"text"}"#, r#"{"body":{}}"#, "{}", r#"{"body":{"amount":"100"}}"#, "[]"] {
        assert!(ask(ir(), unfit).unwrap_err().contains("doesn't fit"), "{unfit}");
    }
}

#[test]
fn the_deciding_side_wins_over_a_fault() {
    let missing = || path(&["nothing", "here"]);
    let or = |a, b| call(Op::Or, vec![a, b]);
    let and = |a, b| call(Op::And, vec![a, b]);
    assert!(ask(or(missing(), Expr::Bool(true)), "{}").is_ok());
    assert!(ask(or(missing(), Expr::Bool(false)), "{}").unwrap_err().contains("doesn't fit"));
    assert!(ask(and(missing(), Expr::Bool(false)), "{}").unwrap_err().contains("doesn't hold"));
    assert!(ask(Expr::Has(Box::new(Expr::Event), "a".into()), r#"{"a":null}"#).is_ok());
}

/// `event.items.all(x, x.n > 0)`, as CEL's parser writes it.
fn all() -> Expr {
    let item = Expr::Field(Box::new(Expr::Local(1)), "n".into());
    Expr::Fold(Box::new(Fold {
        over: path(&["items"]),
        start: Expr::Bool(true),
        going: call(Op::NotFalse, vec![Expr::Local(0)]),
        step: call(Op::And, vec![Expr::Local(0), call(Op::Greater, vec![item, Expr::Int(0)])]),
        result: Expr::Local(0),
    }))
}

#[test]
fn loops_go_over_lists() {
    assert!(ask(all(), r#"{"items":[{"n":1},{"n":2}]}"#).is_ok());
    assert!(ask(all(), r#"{"items":[]}"#).is_ok());
    assert!(ask(all(), r#"{"items":[{"n":1},{"n":0}]}"#).is_err());
    assert!(ask(all(), r#"{"items":[{"n":0},{}]}"#).unwrap_err().contains("doesn't hold"));
    assert!(ask(all(), r#"{"items":7}"#).unwrap_err().contains("doesn't fit"));
}

#[test]
fn work_is_bounded() {
    let items = vec![r#"{"n":1}"#; 100_000].join(",");
    let long = format!(r#"{{"items":[{items}]}}"#);
    assert!(ask(all(), &long).unwrap_err().contains("too much work"));
    let deep = (0..300).fold(Expr::Bool(true), |of, _| call(Op::Not, vec![of]));
    assert!(ask(deep, "{}").unwrap_err().contains("too much work"));
}

#[test]
fn numbers_are_compared_as_numbers() {
    let compare = |op, a, b| ask(call(op, vec![a, b]), "{}");
    assert!(compare(Op::Equal, Expr::Int(1), Expr::Double("1.0".into())).is_ok());
    assert!(compare(Op::Less, Expr::Int(-1), Expr::Uint(0)).is_ok());
    assert!(compare(Op::Less, Expr::Uint(u64::MAX), Expr::Int(i64::MAX)).is_err());
    // Neither overflows nor divides by nothing.
    let sum = |op, a, b| ask(call(Op::Equal, vec![call(op, vec![a, b]), Expr::Int(0)]), "{}");
    assert!(sum(Op::Add, Expr::Int(i64::MAX), Expr::Int(1)).unwrap_err().contains("doesn't fit"));
    assert!(sum(Op::Divide, Expr::Int(1), Expr::Int(0)).unwrap_err().contains("doesn't fit"));
    assert!(sum(Op::Subtract, Expr::Int(1), Expr::Int(1)).is_ok());
}

#[test]
fn patterns_fit_somewhere_in_a_text() {
    let matches = |pattern: &str| {
        let event = r#"{"name":"order-1234","n":7}"#;
        ask(call(Op::Matches, vec![path(&["name"]), Expr::Text(pattern.into())]), event)
    };
    assert!(matches("[0-9]{4}").is_ok() && matches("^order-").is_ok());
    assert!(matches("^[0-9]").unwrap_err().contains("doesn't hold"));
    assert!(matches("(").unwrap_err().contains("doesn't fit"));
    let number = call(Op::Matches, vec![path(&["n"]), Expr::Text("7".into())]);
    assert!(ask(number, r#"{"n":7}"#).unwrap_err().contains("doesn't fit"));
}
