//! Protocol buffers against the library of the language, and against bytes that nobody meant.

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
mod protobuf {
    use super::peer;
    use proptest::prelude::*;
    use serde_json::Value;
    use std::collections::HashMap;
    use std::fmt::Write as _;
    use std::sync::LazyLock;
    use std::time::Instant;
    use tidegate_decide::schema::{Checker, Leaf, Mismatch, compile};
    use tidegate_graph::contract::schema::ProtobufProgram;

    fn program(text: &str, message: &str) -> ProtobufProgram {
        let fetch = |name: &str| (name == "m.proto").then(|| text.as_bytes().to_vec());
        compile::protobuf("m.proto", Some(message), &fetch).unwrap().program
    }

    fn reads(program: &ProtobufProgram, closed: bool, bytes: &[u8]) -> Result<Vec<String>, Mismatch> {
        let mut seen = Vec::new();
        let each = &mut |way: tidegate_decide::schema::Way<'_>, leaf: Leaf<'_>| {
            seen.extend(shown(leaf).map(|shown| format!("{way}={shown}")));
        };
        Checker::default().protobuf(program, closed, bytes, each).map(|()| seen)
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut out, byte| {
            write!(out, "{byte:02x}").unwrap();
            out
        })
    }

    fn shown(leaf: Leaf<'_>) -> Option<String> {
        Some(match leaf {
            Leaf::Message => "message".into(),
            Leaf::Bool(flag) => flag.to_string(),
            Leaf::Signed(number) => number.to_string(),
            Leaf::Unsigned(number) => number.to_string(),
            Leaf::Float(number) if number.is_nan() => "nan".into(),
            Leaf::Float(number) => hex(&number.to_le_bytes()),
            Leaf::Double(number) if number.is_nan() => "nan".into(),
            Leaf::Double(number) => hex(&number.to_le_bytes()),
            Leaf::Enum(number) => number.to_string(),
            Leaf::Text(text) => hex(text.as_bytes()),
            Leaf::Bytes(bytes) => hex(bytes),
            Leaf::Unknown(_) => return None,
        })
    }

    /// Places in lists don't count: those of maps have no order.
    fn unplaced(value: &str) -> String {
        let (way, shown) = value.rsplit_once('=').unwrap();
        let way: Vec<&str> = way.split('/').map(|t| if t.parse::<u64>().is_ok() { "*" } else { t }).collect();
        format!("{}={shown}", way.join("/"))
    }

    #[test]
    fn the_library_of_the_language_and_we_agree() {
        let script = include_str!("protobuf/peer.py");
        let Some(cases) = peer::python("grpcio-tools", script) else { return };
        let mut programs: HashMap<String, Option<ProtobufProgram>> = HashMap::new();
        let (mut binary, mut written, mut compiled, mut stricter) = ([0, 0], [0, 0], [0, 0], 0);
        let mut apart = Vec::new();
        for case in &cases {
            let files = case["files"].as_object().unwrap();
            let message = case["message"].as_str().unwrap();
            let program = programs.entry(format!("{files:?}{message}")).or_insert_with(|| {
                let fetch = |name: &str| Some(files.get(name)?.as_str()?.as_bytes().to_vec());
                let main = files.keys().next_back().unwrap();
                compile::protobuf(main, Some(message), &fetch).ok().map(|found| found.program)
            });
            if let Some(theirs) = case["compiles"].as_bool() {
                assert_eq!(program.is_some(), theirs, "{case}");
                compiled[usize::from(theirs)] += 1;
                continue;
            }
            let program = program.as_ref().unwrap_or_else(|| panic!("{case}"));
            let theirs = case["fits"].as_bool().unwrap();
            if let Some(text) = case["json"].as_str() {
                let ours = Checker::default().protobuf_json(program, text.as_bytes());
                if ours.is_ok() != theirs {
                    apart.push(format!("{text}: {ours:?}, in {}", case["files"]));
                }
                written[usize::from(theirs)] += 1;
                continue;
            }
            let bytes = peer::bytes(case["hex"].as_str().unwrap());
            let ours = reads(program, false, &bytes);
            if theirs && is_stricter(&ours) {
                stricter += 1;
                continue;
            }
            if ours.is_ok() != theirs {
                apart.push(format!("{}: {ours:?}, in {}", case["hex"], case["files"]));
            }
            if let (Ok(ours), Some(values)) = (ours, case["values"].as_array()) {
                let mut ours: Vec<String> = ours.iter().map(|v| unplaced(v)).collect();
                ours.sort();
                let mut values: Vec<&str> = values.iter().map(|v| v.as_str().unwrap()).collect();
                values.sort_unstable();
                assert_eq!(ours, values, "{case}");
            }
            binary[usize::from(theirs)] += 1;
        }
        eprintln!("binary {binary:?}, JSON {written:?}, files {compiled:?}, stricter {stricter}");
        assert!(apart.is_empty(), "{} differ\n{}", apart.len(), apart.join("\n"));
        assert!(
            binary[0] > 300 && binary[1] > 1000 && written[0] > 500 && written[1] > 1000,
            "{binary:?} {written:?}"
        );
        assert!(compiled[0] > 10 && compiled[1] > 1 && stricter < 20, "{compiled:?} {stricter}");
    }

    /// What we refuse on purpose: integers that are cut, the field zero, which only some readers take, and entries of maps
    /// that are dropped without a word.
    fn is_stricter(ours: &Result<Vec<String>, Mismatch>) -> bool {
        ours.as_ref().is_err_and(|mismatch| {
            let entry = mismatch.pointer.contains("_map/");
            ["an integer of more than 64 bits", "no number of a field"].contains(&&*mismatch.detail)
                || entry && mismatch.detail == "the wire type isn't that of the field"
        })
    }

    const ORDER: &str = r#"syntax = "proto2"; package shop;
        message Order {
          enum State { NEW = 0; PAID = 3; }
          message Line { required string sku = 1; optional int32 quantity = 2; }
          required string id = 1; repeated Line lines = 2; optional State state = 3; repeated sint32 steps = 4 [packed = true];
          optional group Note = 5 { optional string text = 1; }
          map<string, bytes> more = 6; optional fixed64 at = 7; optional Order parent = 8;
        }"#;

    static PROGRAM: LazyLock<ProtobufProgram> = LazyLock::new(|| program(ORDER, "Order"));

    fn why(bytes: &[u8], closed: bool) -> String {
        match reads(&PROGRAM, closed, bytes) {
            Ok(_) => "fits".into(),
            Err(Mismatch { class, pointer, detail }) => format!("{} {pointer} {detail}", class.name()),
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let id = [0x0a, 1, b'a'];
        let with = |more: &[u8]| [&id, more].concat();
        for (bytes, expected) in [
            (with(&[]), "fits"),
            (vec![], "schema /id a required field is missing"),
            (with(&[0x12, 3, 0x0a, 1, b'x']), "fits"),
            (
                with(&[0x12, 3, 0x0a, 1, b'x', 0x12, 2, 0x10, 1]),
                "schema /lines/1/sku a required field is missing",
            ),
            (
                with(&[0x12, 3, 0x0a, 1, 0xff]),
                "schema /lines/0/sku expected string, found bytes that are no UTF-8",
            ),
            (with(&[0x12, 2, 0x08, 1]), "type-confusion /lines/0/sku the wire type isn't that of the field"),
            (with(&[0x22, 3, 1, 2, 0x80]), "schema /steps/2 ends before its schema does"),
            (with(&[0x18, 3]), "fits"),
            (with(&[0x18, 9]), "fits"),
            (with(&[0x2b, 0x0a, 1, b'x', 0x2c]), "fits"),
            (with(&[0x2b, 0x0a, 1, b'x']), "schema /note a group without its beginning or its end"),
            (with(&[0x2c]), "schema  a group without its beginning or its end"),
            (with(&[0x39, 1, 2, 3]), "schema /at ends before its schema does"),
            (with(&[0x32, 0x7f]), "schema /more/0 ends before its schema does"),
            (with(&[0x00, 0x01]), "schema  no number of a field"),
            (with(&[0x0e]), "schema  no wire type"),
            (with(&[0x98, 0x06, 1]), "fits"),
            (with(&[0x38 | 1, 0, 0, 0, 0, 0, 0, 0, 0]), "fits"),
            (
                with(&[0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2]),
                "schema /state an integer of more than 64 bits",
            ),
        ] {
            assert_eq!(why(&bytes, false), expected, "{}", hex(&bytes));
        }
        assert_eq!(why(&with(&[0x98, 0x06, 1]), true), "schema /99 a field that the message doesn't have");
        assert_eq!(why(&with(&[0x18, 9]), true), "schema /state none of the values that the schema lists");
    }

    /// A message in a message, so often.
    fn nested(times: usize) -> Vec<u8> {
        (0..times).fold(vec![0x0a, 1, b'a'], |inner, _| {
            let mut length = Vec::new();
            let mut left = inner.len();
            while left >= 0x80 {
                length.push(left as u8 | 0x80);
                left >>= 7;
            }
            length.push(left as u8);
            [&[0x0a, 1, b'a', 0x42][..], &length, &inner].concat()
        })
    }

    #[test]
    fn nesting_ends_where_that_of_all_readers_does() {
        assert_eq!(why(&nested(100), false), "fits");
        assert!(why(&nested(101), false).ends_with("nested deeper than the limit"));
        let groups = |n: usize| {
            [vec![0x0a, 1, b'a'], vec![0x9b; 0], [0x9b, 0x06].repeat(n), [0x9c, 0x06].repeat(n)].concat()
        };
        assert_eq!(why(&groups(100), false), "fits");
        assert!(why(&groups(101), false).ends_with("nested deeper than the limit"));
        assert!(why(&groups(500_000), false).ends_with("nested deeper than the limit"));
    }

    #[test]
    fn elements_of_a_list_are_counted_in_their_order() {
        let bytes = [0x0a, 1, b'a', 0x22, 2, 2, 4, 0x12, 3, 0x0a, 1, b'x', 0x20, 1, 0x12, 3, 0x0a, 1, b'y'];
        let seen = reads(&PROGRAM, true, &bytes).unwrap();
        let expected = [
            "/id=61",
            "/steps/0=1",
            "/steps/1=2",
            "/lines/0=message",
            "/lines/0/sku=78",
            "/steps/2=-1",
            "/lines/1=message",
            "/lines/1/sku=79",
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_a_file_lacks_is_said() {
        let files = [
            (
                "a/m.proto",
                "syntax = \"proto3\";\nimport \"b.proto\";\nmessage M {}\nmessage N { message O {} }",
            ),
            ("two.proto", "syntax = \"proto3\"; message M {} message N {}"),
            (
                "set.proto",
                "syntax = \"proto2\"; message M { option message_set_wire_format = true; extensions 4 to max; }",
            ),
            ("bad.proto", "syntax = \"proto3\";\nmessage M {\n  Nobody n = 1;\n}"),
        ];
        let fetch = |name: &str| Some(files.iter().find(|(n, _)| *n == name)?.1.as_bytes().to_vec());
        let wrong = |name: &str, message: Option<&str>| {
            let problem = compile::protobuf(name, message, &fetch).unwrap_err();
            format!("{}: {}", problem.place, problem.message)
        };
        for (got, expected) in [
            (wrong("a/m.proto", None), "a/m.proto: line 2: "),
            (wrong("two.proto", None), "two.proto: it holds several messages"),
            (wrong("two.proto", Some("X")), "two.proto: there is no message `X`"),
            (wrong("set.proto", None), "set.proto: `M` has the old wire format"),
            (wrong("bad.proto", None), "bad.proto: line 3: "),
            (wrong("none.proto", None), "none.proto: "),
        ] {
            assert!(got.starts_with(expected), "{got}");
        }
        assert_eq!(compile::protobuf("two.proto", Some("N"), &fetch).unwrap().program.path, [1]);
    }

    /// The least time of several runs: what else the machine does only adds to it.
    fn least(bytes: &[u8], program: &ProtobufProgram) -> u128 {
        let mut checker = Checker::default();
        let once = |_| {
            let before = Instant::now();
            let _ = std::hint::black_box(checker.protobuf(program, false, bytes, &mut |_, _| {}));
            before.elapsed().as_micros()
        };
        (0..7).map(once).min().unwrap()
    }

    #[test]
    fn work_grows_with_the_bytes_and_no_faster() {
        let fields: String = (1..=300).fold(String::new(), |mut out, i| {
            write!(out, "repeated M m{i} = {i}; repeated int32 n{i} = {};", i + 300).unwrap();
            out
        });
        let program = program(&format!("syntax = \"proto3\"; message M {{ {fields} }}"), "M");
        let empties = [0x0a, 0].as_slice();
        let packed = [0xe2, 0x12, 8, 1, 1, 1, 1, 1, 1, 1, 1].as_slice();
        let lists: Vec<u8> =
            (301..601_u32).flat_map(|n| [(n << 3) as u8 & 0x7f | 0x80, (n >> 4) as u8, 1]).collect();
        let strangers = [0xf2, 0x3f, 2, b'h', b'i', 0xf3, 0x3f, 0xf4, 0x3f].as_slice();
        for unit in [empties, packed, &lists, strangers] {
            let of = |bytes: usize| unit.repeat(bytes / unit.len());
            let (small, large) = (least(&of(256 << 10), &program), least(&of(1 << 20), &program));
            // Four times the bytes: quadratic work would take sixteen times as long.
            assert!(large < small.max(500) * 8, "{small} us, then {large} us for {unit:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..96), closed: bool) {
            let _ = reads(&PROGRAM, closed, &bytes);
            let _ = Checker::default().protobuf_json(&PROGRAM, &bytes);
        }

        #[test]
        fn no_text_makes_the_compiler_panic(text in "[a-z0-9 =;{}\"<>,.\\[\\]]{0,60}") {
            for text in [text.clone(), format!("syntax = \"proto2\"; message M {{ {text} }}")] {
                let fetch = |_: &str| Some(text.as_bytes().to_vec());
                let _ = compile::protobuf("m.proto", None, &fetch);
                let _ = compile::protobuf_file("m.proto", &fetch);
            }
        }

        /// Pieces of the wire format, which arbitrary bytes seldom are.
        #[test]
        fn no_fields_make_it_panic(parts in proptest::collection::vec((1_u32..12, 0_u32..6, any::<u8>()), 0..24)) {
            let mut bytes = Vec::new();
            for (number, wire, byte) in parts {
                bytes.push((number << 3 | wire) as u8);
                bytes.push(byte % 16);
            }
            let value: Value = serde_json::json!(reads(&PROGRAM, false, &bytes).ok());
            prop_assert!(value.is_null() || value.is_array());
        }
    }
}
