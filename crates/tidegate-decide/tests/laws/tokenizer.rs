//! Our tokenizer against serde_json.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value;
use tidegate_decide::json::{Item, Kind, Limits, Tape, unescape};

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        vec(any::<char>(), 0..12).prop_map(|c| Value::from(c.into_iter().collect::<String>())),
        "[ -~]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map("[a-z\"\\\\\u{e9}]{0,4}", inner, 0..6)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// The same value, as far as both can say.
fn same(item: Item<'_>, value: &Value) -> bool {
    match (item.kind(), value) {
        (Kind::Null, Value::Null) => true,
        (Kind::Bool, Value::Bool(b)) => item.is_true() == *b,
        (Kind::Number, Value::Number(n)) => std::str::from_utf8(item.raw()).unwrap() == n.to_string(),
        (Kind::String, Value::String(text)) => is(item, text),
        (Kind::Array, Value::Array(values)) => {
            item.items().count() == values.len() && item.items().zip(values).all(|(i, v)| same(i, v))
        }
        (Kind::Object, Value::Object(values)) => {
            item.entries().count() == values.len()
                && item.entries().zip(values).all(|((k, i), (name, v))| is(k, name) && same(i, v))
        }
        _ => false,
    }
}

fn is(item: Item<'_>, text: &str) -> bool {
    let mut value = Vec::new();
    unescape(item.raw(), &mut value);
    value == text.as_bytes() && (item.is_escaped() || item.plain() == Some(text.as_bytes()))
}

proptest! {
    #[test]
    fn what_another_one_wrote_is_read(value in documents(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let mut tape = Tape::default();
        tape.read(text.as_bytes(), &Limits::default()).unwrap();
        prop_assert!(tape.flaws().is_empty(), "{:?} in {}", tape.flaws(), text);
        prop_assert!(same(tape.root(text.as_bytes()), &value), "{}", text);
    }

    /// One byte changed, removed or added: both take it, or neither does. What parsers disagree about is a flaw.
    #[test]
    fn what_another_one_refuses_is_refused(
        value in documents(), at in any::<prop::sample::Index>(), byte in any::<u8>(), kind in 0..3,
    ) {
        let mut text = serde_json::to_string(&value).unwrap().into_bytes();
        let at = at.index(text.len());
        match kind {
            0 => text[at] = byte,
            1 => { text.remove(at); }
            _ => text.insert(at, byte),
        }
        let mut tape = Tape::default();
        let ours = tape.read(&text, &Limits::default());
        let theirs = serde_json::from_slice::<Value>(&text);
        let shown = String::from_utf8_lossy(&text).into_owned();
        if ours.is_err() {
            prop_assert!(theirs.is_err(), "only we refuse {} ({:?})", shown, ours);
        } else if tape.flaws().is_empty() {
            prop_assert!(theirs.is_ok(), "only we take {}", shown);
            prop_assert!(same_shape(tape.root(&text), &theirs.unwrap()), "{}", shown);
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_alike(text in vec(prop::sample::select(br#"{}[]",:\u0123456789-+.eEtrufalsn "#.to_vec()), 0..24)) {
        let mut tape = Tape::default();
        let ours = tape.read(&text, &Limits::default());
        if ours.is_err() || tape.flaws().is_empty() {
            let theirs = serde_json::from_slice::<Value>(&text);
            prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{}", String::from_utf8_lossy(&text));
        }
    }
}

/// Numbers may be spelled differently once a byte has changed; all else is as it was.
fn same_shape(item: Item<'_>, value: &Value) -> bool {
    match (item.kind(), value) {
        (Kind::Number, Value::Number(_)) => true,
        (Kind::Array, Value::Array(values)) => {
            item.items().count() == values.len() && item.items().zip(values).all(|(i, v)| same_shape(i, v))
        }
        (Kind::Object, Value::Object(values)) => {
            item.entries().count() == values.len()
                && item.entries().zip(values).all(|((k, i), (name, v))| is(k, name) && same_shape(i, v))
        }
        _ => same(item, value),
    }
}
