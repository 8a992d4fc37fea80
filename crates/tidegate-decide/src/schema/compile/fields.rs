//! What a schema says about texts: which ones its demands leave no room in, and which are addresses, pages or prose.
//!
//! What is pinned follows from the compiled checks alone, and only from those that always hold: one of several
//! alternatives pins nothing. The rest is what people write beside their demands, and only ever a hint.

use super::library::text;
use crate::json::Item;
use regex_syntax::hir::{Class, Hir, HirKind, Look};
use tidegate_graph::contract::field::{Field, Kind, Said};
use tidegate_graph::contract::schema::{Check, Format, JsonProgram, Members};

/// How deep places are followed, and how many of them in all.
const DEPTH: usize = 16;
const PLACES: usize = 2_000;

/// Texts of the payload that `program` describes; `written` gives the schema of a node as it was written.
pub(super) fn of<'w>(program: &JsonProgram, written: &dyn Fn(u32) -> Option<Item<'w>>) -> Field {
    let mut walk = Walk { program, written, path: Vec::new(), left: PLACES };
    walk.node(0)
}

struct Walk<'p, 'w> {
    program: &'p JsonProgram,
    written: &'p dyn Fn(u32) -> Option<Item<'w>>,
    /// Nodes that lead here: what refers to itself is followed once.
    path: Vec<u32>,
    left: usize,
}

impl Walk<'_, '_> {
    fn node(&mut self, index: u32) -> Field {
        let Some(node) = self.program.nodes.get(index as usize) else { return Field::default() };
        if self.path.len() >= DEPTH || self.path.contains(&index) {
            return Field::default();
        }
        let Some(left) = self.left.checked_sub(1) else { return Field::default() };
        self.left = left;
        self.path.push(index);
        let mut field = Field { text: (self.written)(index).and_then(hint), ..Field::default() };
        // Elements and members alike would be told apart by nothing.
        let both = node.checks.iter().any(|c| matches!(c, Check::Items(..)))
            && node.checks.iter().any(|c| matches!(c, Check::Object(m) if m.additional.is_some()));
        for check in &node.checks {
            match check {
                Check::Enum(texts, _) if !texts.is_empty() => pin(&mut field, "enum"),
                Check::Format(format) => match format {
                    Format::Uuid
                    | Format::Date
                    | Format::DateTime
                    | Format::Time
                    | Format::Duration
                    | Format::Ipv4
                    | Format::Ipv6 => pin(&mut field, &format!("format: {}", format.name())),
                    _ => {}
                },
                Check::Pattern(pattern) => {
                    let pattern = self.program.patterns.get(*pattern as usize);
                    if pattern.is_some_and(|pattern| pins(pattern)) {
                        pin(&mut field, "pattern");
                    }
                }
                Check::Object(members) => self.members(members, both, &mut field),
                Check::Items(first, Some(rest)) if first.is_empty() && !both => {
                    let below = self.node(*rest);
                    merge(&mut field, Field { others: boxed(below), ..Field::default() });
                }
                Check::Ref(node) => {
                    let target = self.node(*node);
                    merge(&mut field, target);
                }
                Check::All(nodes) => {
                    for node in nodes {
                        let part = self.node(*node);
                        merge(&mut field, part);
                    }
                }
                _ => {}
            }
        }
        self.path.pop();
        field
    }

    fn members(&mut self, members: &Members, both: bool, field: &mut Field) {
        let open = members.patterns.is_empty() && !both;
        let others = members.additional.filter(|_| open).and_then(|node| boxed(self.node(node)));
        let named = members.named.iter().map(|(name, node)| (name.clone(), self.node(*node)));
        // Where all others are something, a name keeps its member from being it.
        let named = named.filter(|(_, below)| others.is_some() || !below.is_empty()).collect();
        merge(field, Field { members: named, others, text: None });
    }
}

fn boxed(field: Field) -> Option<Box<Field>> {
    (!field.is_empty()).then(|| Box::new(field))
}

fn pin(field: &mut Field, by: &str) {
    if field.text.as_ref().is_none_or(|said| said.is != Kind::Pinned) {
        field.text = Some(Said { is: Kind::Pinned, by: by.to_string() });
    }
}

/// Both hold.
fn merge(field: &mut Field, other: Field) {
    if let Some(said) = other.text
        && field.text.as_ref().is_none_or(|own| said.is < own.is)
    {
        field.text = Some(said);
    }
    for (name, below) in other.members {
        merge(field.members.entry(name).or_default(), below);
    }
    match (&mut field.others, other.others) {
        (Some(own), Some(other)) => merge(own, *other),
        (own @ None, other) => *own = other,
        _ => {}
    }
}

/// Says what texts are where JSON Schema has no word for it; `tidegate contract schema learn` writes it.
pub const TEXT: &str = "x-tidegate-text";

/// What people write beside their demands.
fn hint(schema: Item<'_>) -> Option<Said> {
    let word = |key: &str| schema.field(key).and_then(text).map(|value| value.to_ascii_lowercase());
    let said = |is: Kind, by: String| Some(Said { is, by });
    if word(TEXT).as_deref() == Some("word") {
        return said(Kind::Word, format!("{TEXT}: word"));
    }
    if let Some(format) = word("format") {
        let is = match format.as_str() {
            "uri" | "url" | "iri" => Some(Kind::Address),
            "html" | "xhtml" => Some(Kind::Markup),
            "markdown" | "text" | "textarea" | "multiline" | "free-text" | "freetext" => Some(Kind::Prose),
            _ => None,
        };
        if let Some(is) = is {
            return said(is, format!("format: {format}"));
        }
    }
    if let Some(media) = word("contentMediaType") {
        let bare = media.split(';').next().unwrap_or_default().trim();
        let is = match bare {
            "text/html" | "application/xhtml+xml" => Some(Kind::Markup),
            "text/markdown" | "text/plain" => Some(Kind::Prose),
            _ => None,
        };
        if let Some(is) = is {
            return said(is, format!("contentMediaType: {bare}"));
        }
    }
    let description = word("description")?;
    let words: Vec<&str> =
        description.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    // "Plain text, no HTML", "sanitised HTML is refused": whoever speaks against it doesn't mean it.
    let denies = |w: &&str| {
        matches!(*w, "no" | "not" | "never" | "without" | "cannot" | "except" | "non")
            || ["strip", "escap", "sanit", "refus", "reject", "forbid"].iter().any(|stem| w.starts_with(stem))
    };
    if words.iter().any(denies) {
        return None;
    }
    if words.contains(&"html") {
        return said(Kind::Markup, "description: HTML".into());
    }
    if words.contains(&"markdown") {
        return said(Kind::Prose, "description: Markdown".into());
    }
    let free = words.contains(&"freetext") || words.windows(2).any(|pair| pair == ["free", "text"]);
    if free { said(Kind::Prose, "description: free text".into()) } else { None }
}

/// The longest text that a pattern pins: more letters in a row may be something in Base64.
const LONGEST: usize = 24;

/// True if a pattern matches whole texts alone, short ones, and none with a character that any language takes for more than
/// a part of a name or a number.
fn pins(pattern: &str) -> bool {
    let mut parser = regex_syntax::ParserBuilder::new().utf8(false).nest_limit(100).build();
    let Ok(parsed) = parser.parse(pattern) else { return false };
    let properties = parsed.properties();
    properties.look_set_prefix().contains(Look::Start)
        && properties.look_set_suffix().contains(Look::End)
        && properties.maximum_len().is_some_and(|most| most <= LONGEST)
        && is_plain(&parsed)
}

fn is_plain(part: &Hir) -> bool {
    let safe =
        |c: u32| u8::try_from(c).is_ok_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    // Of a range, the few that are no letters lie between those that are.
    let range = |from: u32, to: u32| to < 128 && (from..=to).all(safe);
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => literal.0.iter().all(|b| safe(u32::from(*b))),
        HirKind::Class(Class::Unicode(class)) => {
            class.ranges().iter().all(|r| range(u32::from(r.start()), u32::from(r.end())))
        }
        HirKind::Class(Class::Bytes(class)) => {
            class.ranges().iter().all(|r| range(u32::from(r.start()), u32::from(r.end())))
        }
        HirKind::Repetition(repetition) => is_plain(&repetition.sub),
        HirKind::Capture(capture) => is_plain(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().all(is_plain),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Draft, Options, json};
    use super::*;

    fn fields(schema: &str) -> Field {
        let options = Options { draft: Draft::Draft7, formats: true, request: true };
        json("project:///s.json", options, &|_| Some(schema.as_bytes().to_vec())).unwrap().fields
    }

    fn said<'f>(field: &'f Field, path: &[&str]) -> Option<(Kind, &'f str)> {
        let at = path
            .iter()
            .try_fold(field, |f, name| if *name == "*" { f.others.as_deref() } else { f.members.get(*name) });
        at?.text.as_ref().map(|s| (s.is, s.by.as_str()))
    }

    #[test]
    fn what_demands_pin_and_what_words_hint_at() {
        let field = fields(
            r##"{"properties": {
                "id": {"type": "string", "format": "uuid"}, "state": {"enum": ["new", "paid"]},
                "sku": {"$ref": "#/definitions/sku"}, "loose": {"pattern": "[A-Z]{2}"}, "long": {"pattern": "^[A-Za-z0-9]+$"},
                "quoted": {"pattern": "^['a-z]{2}$"}, "link": {"type": "string", "format": "uri"},
                "lines": {"type": "array", "items": {"properties": {"at": {"format": "date"}}}},
                "code": {"x-tidegate-text": "word"}, "page": {"description": "HTML of the page"}, "safe": {"description": "Plain text, no HTML"},
                "note": {"allOf": [{"description": "Free text"}, {"maxLength": 9}]},
                "either": {"anyOf": [{"format": "uuid"}, {"format": "date"}]}},
              "definitions": {"sku": {"pattern": "^[A-Z]{2}-\\d{1,4}$"}}}"##,
        );
        assert_eq!(said(&field, &["id"]), Some((Kind::Pinned, "format: uuid")));
        assert_eq!(said(&field, &["state"]), Some((Kind::Pinned, "enum")));
        assert_eq!(said(&field, &["sku"]), Some((Kind::Pinned, "pattern")));
        assert_eq!(said(&field, &["link"]), Some((Kind::Address, "format: uri")));
        assert_eq!(said(&field, &["lines", "*", "at"]), Some((Kind::Pinned, "format: date")));
        assert_eq!(said(&field, &["code"]), Some((Kind::Word, "x-tidegate-text: word")));
        assert_eq!(said(&field, &["page"]), Some((Kind::Markup, "description: HTML")));
        assert_eq!(said(&field, &["note"]), Some((Kind::Prose, "description: free text")));
        for open in ["loose", "long", "quoted", "safe", "either"] {
            assert_eq!(said(&field, &[open]), None, "{open}");
        }
    }

    #[test]
    fn what_stands_beside_all_others_is_not_one_of_them() {
        let field = fields(
            r#"{"properties": {"note": {}}, "additionalProperties": {"type": "string", "format": "uuid"}}"#,
        );
        assert_eq!(said(&field, &["*"]), Some((Kind::Pinned, "format: uuid")));
        assert_eq!(field.below(Some("note")).unwrap().text, None);
        assert!(field.below(Some("other")).unwrap().text.is_some());
        let matched = r#"{"patternProperties": {"^x": {}}, "additionalProperties": {"format": "uuid"}}"#;
        assert!(fields(matched).is_empty());
    }

    #[test]
    fn schemas_that_refer_to_themselves_end() {
        let field = fields(
            r##"{"properties": {"id": {"format": "uuid"}, "left": {"$ref": "#"}, "right": {"$ref": "#"}}}"##,
        );
        assert_eq!(said(&field, &["id"]), Some((Kind::Pinned, "format: uuid")));
        assert_eq!(said(&field, &["left", "id"]), None);
    }

    #[test]
    fn unenforced_formats_pin_nothing() {
        let schema = r#"{"properties": {"id": {"format": "uuid"}, "link": {"format": "uri"}}}"#;
        let options = Options { draft: Draft::Draft202012, formats: false, request: true };
        let field = json("project:///s.json", options, &|_| Some(schema.as_bytes().to_vec())).unwrap().fields;
        assert_eq!(
            (said(&field, &["id"]), said(&field, &["link"]).map(|s| s.0)),
            (None, Some(Kind::Address))
        );
    }
}
