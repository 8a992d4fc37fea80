//! The one line of source that an excerpt shows: the header of a wide span, cut around the place, secrets masked.

use super::Base;
use super::mask::{self, MASK};
use annotate_snippets::{Annotation, AnnotationKind, Snippet};
use std::ops::Range;
use tidegate_graph::{Sources, Span};

/// Bytes that stay on each side of the place in a long line; the terminal's width cuts further.
const AROUND: usize = 240;

/// Bytes on each side of the place that are searched for secrets: more than any secret is long.
const REACH: usize = 4 * 1024;

/// One line, ready to be shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    path: String,
    line: usize,
    column: usize,
    text: String,
    place: Range<usize>,
}

impl Excerpt {
    /// The first line of a span.
    pub(super) fn new(sources: &Sources, span: Span, base: &Base) -> Option<Self> {
        let source = sources.source(span.file)?;
        let (number, column) = source.position(span.start);
        let before = source.text().get(..span.start as usize).unwrap_or_default();
        let start = before.len() - before.rfind('\n').map_or(0, |i| i + 1);
        let line = source.line(number);
        let length = span.end.saturating_sub(span.start) as usize;
        let end = floor(line, start.saturating_add(length).min(line.trim_end().len())).max(start);
        // A generated file can be one line of megabytes; looking for secrets in all of it for each finding adds up.
        let from = floor(line, start.saturating_sub(REACH));
        let line = line.get(from..floor(line, start.saturating_add(REACH))).unwrap_or_default();
        let (start, end) = (start - from, (end - from).min(line.len()));
        let above = (1..number).rev().map(|n| source.line(n));
        let below = (number + 1..=number.saturating_add(3)).map(|n| source.line(n));
        let secrets = mask::secrets(line, above, below);
        let (text, place) = replace(line, &secrets, start..end);
        let (text, place) = cut(&text, place.start.min(text.len())..place.end);
        Some(Self {
            path: base.join(source.path()),
            line: number as usize,
            column: column as usize,
            text,
            place,
        })
    }

    /// Column in which the place ends, as shown.
    pub(super) fn end(&self) -> usize {
        self.text.get(..self.place.end).map_or(0, |t| t.chars().map(|c| if c == '\t' { 4 } else { 1 }).sum())
    }

    pub(super) fn snippet<'a>(
        &'a self,
        kind: AnnotationKind,
        label: Option<&'a str>,
    ) -> Snippet<'a, Annotation<'a>> {
        let annotation = kind.span(self.place.clone()).label(label);
        Snippet::source(self.text.as_str())
            .line_start(self.line)
            .path(self.path.as_str())
            .annotation(annotation)
    }

    /// The line as it is shown.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// True if the text is in the excerpt.
    pub(super) fn says(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// Masking and cutting move columns; in what was rendered of the excerpt this puts the real one back.
    pub(super) fn correct(&self, rendered: String) -> String {
        let shown = self.text.get(..self.place.start).map_or(0, |t| t.chars().count()) + 1;
        if shown == self.column {
            return rendered;
        }
        let place = |column| format!("{}:{}:{column}", self.path, self.line);
        rendered.replacen(&place(shown), &place(self.column), 1)
    }
}

/// The line with its secrets masked, and where the place has moved to.
fn replace(line: &str, secrets: &[Range<usize>], place: Range<usize>) -> (String, Range<usize>) {
    let mut text = String::with_capacity(line.len());
    let (mut start, mut end) = (None, None);
    let mut from = 0;
    for hidden in secrets {
        // A place that begins or ends within a secret covers the whole mask.
        let before = text.len();
        start =
            start.or_else(|| (place.start < hidden.start).then(|| before + place.start.saturating_sub(from)));
        end = end.or_else(|| (place.end <= hidden.start).then(|| before + place.end.saturating_sub(from)));
        text.push_str(line.get(from..hidden.start).unwrap_or_default());
        start = start.or_else(|| (place.start < hidden.end).then_some(text.len()));
        text.push_str(MASK);
        end = end.or_else(|| (place.end <= hidden.end).then_some(text.len()));
        from = hidden.end;
    }
    let before = text.len();
    text.push_str(line.get(from..).unwrap_or_default());
    let start = start.unwrap_or_else(|| before + place.start.saturating_sub(from));
    let end = end.unwrap_or_else(|| before + place.end.saturating_sub(from)).max(start);
    (text, start..end)
}

/// The part of a long line around the place.
fn cut(text: &str, place: Range<usize>) -> (String, Range<usize>) {
    const MORE: &str = "...";
    let from = floor(text, place.start.saturating_sub(AROUND));
    let to = floor(text, place.start.saturating_add(2 * AROUND).min(text.len())).max(from);
    let (head, tail) = (if from > 0 { MORE } else { "" }, if to < text.len() { MORE } else { "" });
    let shift = |n: usize| n.min(to).saturating_sub(from) + head.len();
    (format!("{head}{}{tail}", text.get(from..to).unwrap_or_default()), shift(place.start)..shift(place.end))
}

/// The start of the character that holds a byte.
fn floor(text: &str, index: usize) -> usize {
    (0..=index.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use annotate_snippets::{Group, Level, Renderer};
    use proptest::prelude::*;
    use tidegate_graph::{FileId, Source};

    fn excerpt(text: &str, start: usize, end: usize) -> (String, String, usize) {
        let mut sources = Sources::default();
        let file: FileId = sources.add(Source::new("a.yaml", text));
        let excerpt = Excerpt::new(&sources, Span::new(file, start, end), &Base::default()).unwrap();
        let place = excerpt.text.get(excerpt.place.clone()).unwrap().to_string();
        (excerpt.text, place, excerpt.column)
    }

    #[test]
    fn a_wide_span_is_its_header() {
        let (text, place, _) = excerpt("Fn:\n  A: 1\n  B: 2\n", 0, 18);
        assert_eq!((text.as_str(), place.as_str()), ("Fn:", "Fn:"));
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let line = format!("{}ä PLACE {}", "é".repeat(3000), "x".repeat(3000));
        let start = line.find("PLACE").unwrap();
        let (text, place, column) = excerpt(&line, start, start + 5);
        assert_eq!((place.as_str(), column), ("PLACE", 3003));
        assert!(text.len() < 3 * AROUND + 8 && text.starts_with("...") && text.ends_with("..."), "{text}");
    }

    #[test]
    fn the_place_moves_with_the_mask() {
        let line = "a: 1, password: \"hunter2hunter2\", b: 2";
        let at = |needle: &str| line.find(needle).unwrap();
        let (text, place, _) = excerpt(line, at("b: 2"), line.len());
        assert_eq!((text.as_str(), place.as_str()), ("a: 1, password: \"****\", b: 2", "b: 2"));
        assert_eq!(excerpt(line, at("hunter2"), at("hunter2") + 14).1, "****");
        assert_eq!(excerpt(line, at("password"), at(", b")).1, "password: \"****\"");
        assert_eq!(excerpt(line, 0, 4).1, "a: 1");
    }

    proptest! {
        /// Whatever the source and the span, there is an excerpt, and it can be rendered.
        #[test]
        fn any_place_can_be_shown(text in "[a-z:=\"'\\\\{} \t\r\n\u{0}\u{1b}\u{200d}\u{202e}äé漢👩🏽]{0,60}", start in 0usize..80, length in 0usize..80) {
            let mut sources = Sources::default();
            let start = floor(&text, start);
            let end = floor(&text, start + length);
            let file = sources.add(Source::new("a.yaml", text));
            let excerpt = Excerpt::new(&sources, Span::new(file, start, end), &Base::default()).unwrap();
            prop_assert!(excerpt.text.get(excerpt.place.clone()).is_some());
            let group = Group::with_title(Level::ERROR.primary_title("x"));
            let group = group.element(excerpt.snippet(AnnotationKind::Primary, Some("label")));
            let shown = excerpt.correct(Renderer::plain().term_width(60).render(&[group]));
            let place = format!("a.yaml:{}:{}", excerpt.line, excerpt.column);
            prop_assert!(shown.contains(&place), "{shown}");
            prop_assert!(!shown.bytes().any(|b| b == 0x1b));
        }

        /// A secret stays hidden wherever the place is, also within it.
        #[test]
        fn no_place_uncovers_a_secret(before in "[a-z ,äé]{0,20}", start in 0usize..60, length in 0usize..60) {
            let text = format!("{{{before}: 1, dbPassword: \"h:u=n'ter2\", after: 2}}");
            let start = floor(&text, start);
            let end = floor(&text, start + length);
            let (shown, place, _) = excerpt(&text, start, end);
            prop_assert!(!shown.contains("ter2") && !shown.contains("h:u"), "{shown}");
            prop_assert!(shown.contains(&place));
        }
    }

    #[test]
    fn an_empty_span_at_the_end_is_no_harm() {
        assert_eq!(excerpt("a", 1, 1).1, "");
        assert_eq!(excerpt("", 0, 0).1, "");
        assert_eq!(excerpt("a\r\nb\r\n", 3, 4).0, "b");
    }
}
