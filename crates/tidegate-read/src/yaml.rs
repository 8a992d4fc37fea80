//! YAML and JSON to [`Value`]s with spans.
//!
//! One reader for both, since people write comments and trailing commas into JSON templates too. Short tags become
//! long-form intrinsics (`!GetAtt A.B` is `{"Fn::GetAtt": ["A", "B"]}`), aliases are expanded within a budget, merge keys
//! are merged, and YAML 1.1 booleans are booleans, as CloudFormation's own reader has it.

use granit_parser::{BorrowedInput, Event, Parser, ScalarStyle, Span as Mark, Tag};
use std::collections::HashMap;
use tidegate_graph::{Data, Field, FileId, Map, Problem, Span, Str, Value};

/// Values in a document after aliases are expanded. A real template of 1 MB has some 50,000.
const MAX_VALUES: usize = 2_000_000;

/// Values within each other, after aliases are expanded. Whatever walks over values does so by recursion and relies on it.
const MAX_DEPTH: usize = 128;

/// What was read of a text: its documents as far as they go, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) documents: Vec<Value>,
    pub(crate) problems: Vec<Problem>,
}

/// Reads all documents of a text. After a syntax error nothing more can be read; what came before it is kept.
pub(crate) fn parse(file: FileId, text: &str) -> Parsed {
    let options = granit_parser::options! { emit_comments: false, simple_key_max_lookahead: 65_536 };
    let events = Parser::new_from_str_with_options(text, options);
    let anchors = HashMap::new();
    let mut builder = Builder {
        file,
        length: text.len(),
        events,
        budget: MAX_VALUES,
        depth: 0,
        deepest: 0,
        anchors,
        ended: false,
        out: Parsed::default(),
    };
    builder.stream();
    builder.out
}

/// Reads a text of YAML or JSON that should hold one document; the first counts.
pub fn parse_one(file: FileId, text: &str) -> (Option<Value>, Vec<Problem>) {
    let parsed = parse(file, text);
    (parsed.documents.into_iter().next(), parsed.problems)
}

struct Builder<'t, I: BorrowedInput<'t>> {
    file: FileId,
    length: usize,
    events: Parser<'t, I>,
    budget: usize,
    /// How many values are being read, each within the one before, and the most since `deepest` was last set.
    depth: usize,
    deepest: usize,
    /// Anchored values with the number of values within, and how deep they go.
    anchors: HashMap<usize, (Value, usize, usize)>,
    /// Set by the first error: no more events come, and every open list and map ends where it is.
    ended: bool,
    out: Parsed,
}

impl<'t, I: BorrowedInput<'t>> Builder<'t, I> {
    fn stream(&mut self) {
        while let Some((event, span)) = self.next() {
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => {
                    let value = self.node(event, span);
                    self.out.documents.push(value);
                }
            }
        }
    }

    fn next(&mut self) -> Option<(Event<'t>, Span)> {
        if self.ended {
            return None;
        }
        match self.events.next_event()? {
            Ok((event, mark)) => {
                let span = self.span(&mark);
                Some((event, span))
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(self.length).min(self.length);
                let problem =
                    Problem::at(Span::new(self.file, at, at), format!("not well-formed: {}", error.info()));
                self.end(problem.help(
                    "everything before this place was read; mend the syntax here to have the rest checked",
                ));
                None
            }
        }
    }

    fn end(&mut self, problem: Problem) {
        if !std::mem::replace(&mut self.ended, true) {
            self.out.problems.push(problem);
        }
    }

    fn span(&self, mark: &Mark) -> Span {
        let range = mark.byte_range().unwrap_or(0..0);
        Span::new(self.file, range.start, range.end)
    }

    /// Takes values out of the budget; false when it is used up.
    fn spend(&mut self, count: usize, span: Span) -> bool {
        match self.budget.checked_sub(count) {
            Some(rest) => {
                self.budget = rest;
                true
            }
            None => {
                self.end(Problem::at(
                    span,
                    format!("more than {MAX_VALUES} values after aliases are expanded"),
                ));
                false
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Value {
        if !self.spend(1, span) || !self.descend(1, span) {
            return Value::new(Data::Null, span);
        }
        let before = self.budget;
        self.depth += 1;
        let outer = std::mem::replace(&mut self.deepest, self.depth);
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref();
                let value = Value::new(scalar(&text, style, tag), span);
                (tagged(value, tag), anchor)
            }
            Event::SequenceStart(_, anchor, tag) => (tagged(self.sequence(span), tag.as_deref()), anchor),
            Event::MappingStart(_, anchor, tag) => (tagged(self.mapping(span), tag.as_deref()), anchor),
            Event::Alias(id) => match self.anchors.get(&id).cloned() {
                Some((value, size, height)) if self.spend(size, span) && self.descend(height, span) => {
                    (value, 0)
                }
                Some(_) => (Value::new(Data::Null, span), 0),
                None => {
                    self.out.problems.push(Problem::at(span, "an alias within its own anchor"));
                    (Value::new(Data::Null, span), 0)
                }
            },
            other => {
                self.end(Problem::at(span, format!("expected a value, found {other:?}")));
                (Value::new(Data::Null, span), 0)
            }
        };
        self.depth -= 1;
        if anchor != 0 {
            let height = self.deepest - self.depth;
            self.anchors.insert(anchor, (value.clone(), before - self.budget + 1, height));
        }
        self.deepest = self.deepest.max(outer);
        value
    }

    /// Notes how deep the values go that come next; false when that is too deep.
    fn descend(&mut self, levels: usize, span: Span) -> bool {
        self.deepest = self.deepest.max(self.depth + levels);
        if self.depth + levels > MAX_DEPTH {
            self.end(Problem::at(span, format!("more than {MAX_DEPTH} values within each other")));
        }
        !self.ended
    }

    fn sequence(&mut self, start: Span) -> Value {
        let mut items = Vec::new();
        loop {
            match self.next() {
                Some((Event::SequenceEnd, end)) => return Value::list(items, start.to(end)),
                Some((event, span)) => items.push(self.node(event, span)),
                None => return Value::list(items, start),
            }
        }
    }

    fn mapping(&mut self, start: Span) -> Value {
        let mut map = Map::new();
        let mut merges = Vec::new();
        let end = loop {
            let (key, key_span) = match self.next() {
                Some((Event::MappingEnd, end)) => break end,
                Some((Event::Scalar(text, ..), span)) => (Str::from(text.as_ref()), span),
                Some((event, span)) => (Str::from(self.node(event, span).display()), span),
                None => break start,
            };
            let Some((event, span)) = self.next() else { break start };
            let value = self.node(event, span);
            if key == "<<" {
                merges.push(value);
            } else if map.insert_field(key.clone(), Field { key: key_span, value }).is_some() {
                let problem = Problem::at(key_span, format!("`{key}` is written twice; the last one counts"));
                self.out.problems.push(problem.help("remove one of the two"));
            }
        };
        for merge in merges {
            for (key, field) in merge.items().iter().filter_map(Value::as_map).flat_map(Map::fields) {
                if !map.contains_key(key) {
                    map.insert_field(key.clone(), field.clone());
                }
            }
        }
        Value::map(map, start.to(end))
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Data {
    if style != ScalarStyle::Plain || tag.is_some() {
        return Data::Text(text.into());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Data::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Data::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Data::Bool(false),
        _ if is_number(text) => Data::Number(text.into()),
        _ => Data::Text(text.into()),
    }
}

/// A JSON or YAML number; dates, versions and `+49 ...` are text, and so are `inf` and `nan`.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.ends_with(|c: char| c.is_ascii_digit() || c == '.')
        && text.parse::<f64>().is_ok()
}

/// Local tags as long-form intrinsics; tags of the YAML core schema say no more than the value itself.
fn tagged(value: Value, tag: Option<&Tag>) -> Value {
    let Some(tag) = tag.filter(|t| t.is_custom()) else { return value };
    let span = value.span;
    let name = tag.original();
    let name = name.trim_start_matches('!');
    let (name, value) = match name {
        "Ref" | "Condition" => (Str::from(name), value),
        "GetAtt" => {
            let split = value
                .as_str()
                .and_then(|text| text.split_once('.'))
                .map(|(a, b)| (Str::from(a), Str::from(b)));
            let list =
                split.map(|(a, b)| Value::list(vec![Value::text(a, span), Value::text(b, span)], span));
            ("Fn::GetAtt".into(), list.unwrap_or(value))
        }
        _ => (Str::from(format!("Fn::{name}")), value),
    };
    Value::object([(name, value)], span)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        fn json(value: &Value) -> String {
            match &value.data {
                Data::List(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(",")),
                Data::Map(map) => {
                    format!(
                        "{{{}}}",
                        map.iter().map(|(k, v)| format!("{k}:{}", json(v))).collect::<Vec<_>>().join(",")
                    )
                }
                Data::Text(text) => format!("'{text}'"),
                _ => value.display(),
            }
        }
        parse(FileId(0), text).documents.iter().map(json).collect::<Vec<_>>().join("---")
    }

    #[test]
    fn short_tags_become_intrinsics() {
        assert_eq!(show("!GetAtt A.B.C"), "{Fn::GetAtt:['A','B.C']}");
        assert_eq!(show("a: !Sub [x, {b: !Ref c}]"), "{a:{Fn::Sub:['x',{b:{Ref:'c'}}]}}");
        assert_eq!(show("!If\n- P\n- 1\n- !Ref AWS::NoValue"), "{Fn::If:['P',1,{Ref:'AWS::NoValue'}]}");
    }

    #[test]
    fn scalars_are_those_of_yaml_1_1() {
        assert_eq!(
            show("[yes, 'yes', 2012-10-17, 012345678901, 1.5, ~, +49 30]"),
            "[true,'yes','2012-10-17',012345678901,1.5,null,'+49 30']"
        );
    }

    #[test]
    fn json_with_tabs_and_surrogates() {
        assert_eq!(show("{\n\t\"a\": \"\\ud83d\\ude00\",\n\t\"b\": [1, 2],\n}"), "{a:'😀',b:[1,2]}");
    }

    #[test]
    fn merge_keys_do_not_override() {
        assert_eq!(show("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}"), "{a:{x:1,y:2},b:{y:3,x:1}}");
    }

    #[test]
    fn billion_laughs_end_as_a_problem() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let alias = format!("*a{}", i - 1);
            text.push_str(&format!("a{i}: &a{i} [{}]\n", vec![alias; 10].join(", ")));
        }
        let parsed = parse(FileId(0), &text);
        assert!(parsed.problems[0].message.contains("aliases"), "{:?}", parsed.problems);
    }

    #[test]
    fn broken_text_says_where() {
        let parsed = parse(FileId(0), "a: [1, 2\nb: 3\n");
        assert_eq!(parsed.problems.len(), 1);
        assert_eq!(show("a: 1\nb: {c: 2, d: ]\n"), "{a:1,b:{c:2}}");
        let deep = "[".repeat(100_000);
        assert_eq!(parse(FileId(0), &deep).problems.len(), 1);
    }

    #[test]
    fn depth_is_bounded_through_aliases_too() {
        let nested = |depth: usize| format!("{}x", "- ".repeat(depth));
        assert!(parse(FileId(0), &nested(MAX_DEPTH - 1)).problems.is_empty());
        assert_eq!(parse(FileId(0), &nested(2_000)).problems.len(), 1);
        let deep = "[".repeat(100) + &"]".repeat(100);
        let chain = format!("a: &a {deep}\nb: &b [[[[[[[[[[*a]]]]]]]]]]\nc: ");
        assert!(parse(FileId(0), &format!("{chain}[*b]")).problems.is_empty());
        assert_eq!(
            parse(FileId(0), &format!("{chain}{}*b{}", "[".repeat(50), "]".repeat(50))).problems.len(),
            1
        );
    }
}
