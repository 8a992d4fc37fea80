//! Our compiler and interpreter of JSON Schema against the `jsonschema` crate, on schemas and values that are made up.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[cfg(test)]
mod oracle {
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tidegate_decide::schema::Checker;
    use tidegate_decide::schema::compile::{Draft, Options, json as compile};

    /// Few different values, so that they meet.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-3..6_i64).prop_map(Value::from),
            prop_oneof![Just(0.5), Just(1.0), Just(2.5)].prop_map(Value::from),
            "[abé1]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[abc]", inner, 0..4).prop_map(|map| json!(map)),
            ]
        })
    }

    fn schema() -> impl Strategy<Value = Value> {
        let types =
            prop::sample::select(vec!["null", "boolean", "integer", "number", "string", "array", "object"]);
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            types.prop_map(|t| json!({ "type": t })),
            (-2..4_i64).prop_map(|n| json!({ "minimum": n })),
            (-2..4_i64).prop_map(|n| json!({ "exclusiveMaximum": n })),
            (1..3_u64).prop_map(|n| json!({ "multipleOf": n })),
            (0..3_u64).prop_map(|n| json!({ "minLength": n, "maxLength": n + 1 })),
            (0..3_u64).prop_map(|n| json!({ "maxItems": n })),
            (0..3_u64).prop_map(|n| json!({ "minProperties": n })),
            Just(json!({ "uniqueItems": true })),
            Just(json!({ "pattern": "^[ab]+$" })),
            value().prop_map(|v| json!({ "const": v })),
            proptest::collection::vec(value(), 1..4).prop_map(|all| json!({ "enum": all })),
            proptest::collection::btree_set("[abc]", 0..3).prop_map(|names| json!({ "required": names })),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let several = proptest::collection::vec(inner.clone(), 1..4);
            let word = prop::sample::select(vec!["allOf", "anyOf", "oneOf", "prefixItems"]);
            let single = prop::sample::select(vec![
                "not",
                "items",
                "contains",
                "additionalProperties",
                "propertyNames",
                "unevaluatedProperties",
                "unevaluatedItems",
            ]);
            prop_oneof![
                (word, several).prop_map(|(word, all)| json!({ word: all })),
                (single, inner.clone()).prop_map(|(word, one)| json!({ word: one })),
                (proptest::collection::btree_map("[abc]", inner.clone(), 1..3), inner.clone())
                    .prop_map(|(map, rest)| json!({ "properties": map, "additionalProperties": rest })),
                (inner.clone(), inner.clone(), inner)
                    .prop_map(|(a, b, c)| json!({ "if": a, "then": b, "else": c })),
            ]
        })
    }

    const OPTIONS: Options = Options { draft: Draft::Draft202012, formats: false, request: false };

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn both_say_the_same(schema in schema(), values in proptest::collection::vec(value(), 1..6)) {
            let text = schema.to_string();
            let compiled = compile("test:///schema", OPTIONS, &|_| Some(text.clone().into_bytes())).unwrap();
            prop_assert!(compiled.problems.is_empty(), "{:?}", compiled.problems);
            let peer = jsonschema::draft202012::new(&schema).unwrap();
            let mut checker = Checker::default();
            for value in values {
                let ours = checker.json(&compiled.program, value.to_string().as_bytes());
                prop_assert_eq!(ours.is_ok(), peer.is_valid(&value), "{} under {}: {:?}", value, text, ours);
            }
        }

        #[test]
        fn nothing_makes_it_panic(schema in "[\\[\\]{}:,\"$ a-z0-9#/]{0,40}", text in "[\\[\\]{}:,\"\\\\a-z0-9]{0,40}") {
            let bytes = schema.clone().into_bytes();
            if let Ok(compiled) = compile("test:///schema", OPTIONS, &|_| Some(bytes.clone())) {
                let _ = Checker::default().json(&compiled.program, text.as_bytes());
            }
        }
    }
}
