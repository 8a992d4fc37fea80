//! Avro against another implementation, and against bytes that nobody meant.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    missing_docs
)]

#[cfg(test)]
#[path = "peer/run.rs"]
mod peer;

#[cfg(test)]
mod avro {
    use super::peer;
    use proptest::prelude::*;
    use tidegate_decide::schema;
    use tidegate_graph::contract::schema::{AvroProgram, AvroType};

    /// Writes values of random schemas with fastavro, and broken ones of which it says whether it can read them.
    const PEER: &str = r#"
import fastavro, fastavro.utils, io, json, random
random.seed(7)
prims = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']
count = 0
def schema(depth):
    global count
    kind = random.choice(prims if depth > 3 else prims + ['record', 'record', 'array', 'map', 'union', 'enum', 'fixed'] * 2)
    count += 1
    name = 'N%d' % count
    if kind == 'record':
        return {'type': 'record', 'name': name, 'fields': [{'name': 'f%d' % i, 'type': schema(depth + 1)} for i in range(random.randint(0, 4))]}
    if kind == 'array': return {'type': 'array', 'items': schema(depth + 1)}
    if kind == 'map': return {'type': 'map', 'values': schema(depth + 1)}
    if kind == 'enum': return {'type': 'enum', 'name': name, 'symbols': ['A', 'B', 'C']}
    if kind == 'fixed': return {'type': 'fixed', 'name': name, 'size': random.randint(0, 5)}
    if kind == 'union': return random.sample(prims, random.randint(1, 4))
    return kind
def read(parsed, raw):
    try:
        source = io.BytesIO(raw)
        fastavro.schemaless_reader(source, parsed)
        return source.tell() == len(raw)
    except Exception:
        return False
for _ in range(300):
    s = schema(0)
    parsed = fastavro.parse_schema(s)
    try:
        values = list(fastavro.utils.generate_many(s, 3))
        for value in values:
            out = io.BytesIO()
            fastavro.schemaless_writer(out, parsed, value)
            raw = out.getvalue()
            print(json.dumps({'schema': s, 'hex': raw.hex(), 'fits': True}))
            cut = raw[:random.randint(0, len(raw))] if random.random() < .5 else raw + b'\0'
            print(json.dumps({'schema': s, 'hex': cut.hex(), 'fits': read(parsed, cut)}))
    except RecursionError:
        pass
"#;

    #[test]
    fn fastavro_and_we_agree() {
        let Some(cases) = peer::python("fastavro", PEER) else { return };
        let mut seen = [0, 0];
        for case in cases {
            let program = schema::compile::avro(case["schema"].to_string().as_bytes()).unwrap();
            let ours = schema::avro(&program, &peer::bytes(case["hex"].as_str().unwrap()));
            let theirs = case["fits"].as_bool().unwrap();
            assert_eq!(ours.is_ok(), theirs, "{case}: {ours:?}");
            seen[usize::from(theirs)] += 1;
        }
        assert!(seen[0] > 100 && seen[1] > 500, "{seen:?}");
    }

    #[test]
    fn what_takes_no_bytes_is_bounded() {
        let nulls = schema::compile::avro(br#"{"type": "array", "items": "null"}"#).unwrap();
        // Two to the fortieth of them.
        assert!(schema::avro(&nulls, &[0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 0]).is_err());
        // The compiler refuses it; a contract that somebody else wrote may hold it.
        let itself = AvroProgram { types: vec![AvroType::Record(vec![("r".into(), 0)])] };
        assert!(schema::avro(&itself, &[]).is_err());
        for wrong in [
            "7",
            "{}",
            r#"["null", "null"]"#,
            r#"{"type": "fixed", "name": "F", "size": -1}"#,
            r#"{"type": "R"}"#,
            r#"{"type": "record", "name": "R", "fields": [{"name": "r", "type": "R"}]}"#,
        ] {
            assert!(schema::compile::avro(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let schema = br#"{"type": "record", "name": "R", "fields": [{"name": "next", "type": ["null", "R"]},
                {"name": "m", "type": {"type": "map", "values": {"type": "array", "items": "string"}}}, {"name": "n", "type": "int"}]}"#;
            let program = schema::compile::avro(schema).unwrap();
            let _ = schema::avro(&program, &bytes);
            let _ = schema::compile::avro(&bytes);
        }
    }
}
