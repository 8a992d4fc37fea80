//! Comments of YAML and HCL files, and how far the block reaches that begins on a line.
//!
//! A whole parser would be too much to ask for: the file may be broken, and still its comments count. So this knows just
//! enough of both languages not to take text in strings, block scalars and heredocs for a comment.

mod hcl;
mod yaml;

use std::collections::HashMap;
use std::ops::Range;

/// One comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    /// Its line, from 0.
    pub(super) line: usize,
    /// Its bytes in the file, with the sign that begins it.
    pub(super) bytes: Range<usize>,
    /// True when nothing but space stands before it on its line.
    pub(super) alone: bool,
}

/// What is found in a file.
#[derive(Debug, Default)]
struct Found {
    comments: Vec<Comment>,
    /// HCL: for each line what it opens less what it closes, brackets and heredocs.
    deltas: Vec<i64>,
    /// Lines within heredocs and block scalars, in the order of their ends.
    texts: Vec<Range<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Blank,
    /// Nothing but a comment.
    Comment,
    Code,
}

/// A language with comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Yaml,
    Hcl,
}

/// The lines of a file.
pub(super) struct Lines<'a> {
    pub(super) comments: Vec<Comment>,
    language: Language,
    text: Vec<&'a str>,
    kinds: Vec<Kind>,
    /// Lines that hold code.
    code: Vec<usize>,
    /// HCL: the line on which what a line opens is closed again.
    closed: Vec<usize>,
    /// Lines within heredocs and block scalars.
    texts: Vec<Range<usize>>,
    /// The code line that a comment on this line stands above.
    below: Vec<Option<usize>>,
    extents: HashMap<usize, usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(language: Language, text: &'a str) -> Self {
        let lines: Vec<&str> = text.split('\n').collect();
        let Found { comments, deltas, texts } = match language {
            Language::Yaml => yaml::find(&lines),
            Language::Hcl => hcl::find(text, lines.len()),
        };
        let mut kinds: Vec<Kind> =
            lines.iter().map(|line| if line.trim().is_empty() { Kind::Blank } else { Kind::Code }).collect();
        for comment in comments.iter().filter(|c| c.alone) {
            let more = text.get(comment.bytes.clone()).unwrap_or_default().matches('\n').count();
            for kind in kinds.iter_mut().skip(comment.line).take(more + 1) {
                *kind = Kind::Comment;
            }
        }
        let mut below = vec![None; kinds.len()];
        let mut next = None;
        for (line, kind) in kinds.iter().enumerate().rev() {
            next = match kind {
                Kind::Code => Some(line),
                Kind::Blank => None,
                Kind::Comment => next,
            };
            if let Some(cell) = below.get_mut(line) {
                *cell = next;
            }
        }
        let code =
            kinds.iter().enumerate().filter(|(_, k)| **k == Kind::Code).map(|(line, _)| line).collect();
        let closed = closed(&deltas);
        Self { comments, language, text: lines, kinds, code, closed, texts, below, extents: HashMap::new() }
    }

    /// The line that a comment is about: its own, or the next one if it stands alone right above it.
    pub(super) fn subject(&self, comment: &Comment) -> Option<usize> {
        if comment.alone { self.below.get(comment.line).copied().flatten() } else { Some(comment.line) }
    }

    /// The code line right above a comment that stands alone, with nothing but comments between.
    pub(super) fn above(&self, comment: &Comment) -> Option<usize> {
        // People write a few comments in a row; more than that stand above nothing.
        const MOST: usize = 64;
        let before = self.kinds.iter().enumerate().take(comment.line).rev().take(MOST);
        let (line, kind) = before.into_iter().find(|(_, kind)| **kind != Kind::Comment)?;
        (comment.alone && *kind == Kind::Code).then_some(line)
    }

    /// True when no code stands above the line.
    pub(super) fn is_head(&self, line: usize) -> bool {
        self.code.first().is_none_or(|first| line < *first)
    }

    /// The last line of the block that begins on a line; the line itself when it begins none.
    pub(super) fn extent(&mut self, first: usize) -> usize {
        if let Some(known) = self.extents.get(&first) {
            return *known;
        }
        let last = match self.language {
            Language::Yaml => self.indented(first),
            Language::Hcl => match self.around(first) {
                // A document has blocks of its own there.
                Some(lines) => self.indented(first).min(lines.end - 1),
                None => self.closed.get(first).copied().unwrap_or(first),
            },
        };
        self.extents.insert(first, last);
        last
    }

    /// The lines of the text that a line stands in.
    pub(super) fn around(&self, line: usize) -> Option<&Range<usize>> {
        let at = self.texts.partition_point(|lines| lines.end <= line);
        self.texts.get(at).filter(|lines| lines.contains(&line))
    }

    /// The last line of a line and the text that begins on it.
    pub(super) fn with_text(&self, line: usize) -> usize {
        self.around(line + 1).filter(|lines| lines.start == line + 1).map_or(line, |lines| lines.end - 1)
    }

    fn indented(&self, first: usize) -> usize {
        let Some(head) = self.text.get(first) else { return first };
        let depth = indent(head);
        let is_item = head.trim_start().starts_with("- ");
        let mut last = first;
        // Each line is looked at once for each block around it, which takes a blank of indentation each.
        let behind = self.code.partition_point(|line| *line <= first);
        for line in self.code.iter().skip(behind).copied() {
            let Some(text) = self.text.get(line) else { break };
            // A list may stand as far left as the key that it belongs to.
            let list = !is_item && indent(text) == depth && is_dash(text);
            if indent(text) <= depth && !list {
                break;
            }
            last = line;
        }
        last
    }
}

/// For each line the first one from it on behind which no more brackets are open than before it.
fn closed(deltas: &[i64]) -> Vec<usize> {
    let last = deltas.len().saturating_sub(1);
    let mut out = vec![last; deltas.len()];
    // Lines that wait for their end, each with the brackets that were open before it; the numbers never fall.
    let mut open: Vec<(usize, i64)> = Vec::new();
    let mut depth = 0;
    for (line, delta) in deltas.iter().enumerate() {
        open.push((line, depth));
        depth += delta;
        while let Some((first, _)) = open.pop_if(|(_, before)| *before >= depth) {
            if let Some(cell) = out.get_mut(first) {
                *cell = line;
            }
        }
    }
    out
}

/// True for a line of a text that is a comment in our own words. Scripts are full of comments, also in the words of
/// other tools; those are about something else than what is declared around the text.
fn is_for_us(line: &str) -> bool {
    line.trim_start().strip_prefix('#').is_some_and(|rest| rest.trim_start().starts_with("tidegate:"))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_dash(line: &str) -> bool {
    let line = line.trim();
    line == "-" || line.starts_with("- ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(language: Language, text: &str) -> Vec<String> {
        let comments = Lines::new(language, text).comments;
        comments
            .iter()
            .map(|c| {
                format!("{}{}", text.get(c.bytes.clone()).unwrap(), if c.alone { "" } else { " (behind)" })
            })
            .collect()
    }

    #[test]
    fn comments_of_yaml() {
        let text = "# one\na: 'x # no' # two\nb: \"# no\\\" # no\" # three\nc: don't # four\nd: a#no\ne: |\n  # no\n\n  # no\nf: 1 # five\n\
                    g: [ 'a # no', b ] # six\nh: !Sub '# no'\ni: \"over\n  # no\n  two\" # seven\n- k: >-\n    # no\n  l: 2 # eight\n";
        assert_eq!(
            texts(Language::Yaml, text),
            [
                "# one",
                "# two (behind)",
                "# three (behind)",
                "# four (behind)",
                "# five (behind)",
                "# six (behind)",
                "# seven (behind)",
                "# eight (behind)"
            ]
        );
    }

    #[test]
    fn comments_of_hcl() {
        let text = "# one\na = \"# no ${b(\"# no\")} // no\" // two\nc = <<-EOT\n  # no\n  EOT\nd = 1 /* three */\n/* four\n # still */\n e = { # five\n}\n";
        assert_eq!(
            texts(Language::Hcl, text),
            ["# one", "// two (behind)", "/* three */ (behind)", "/* four\n # still */", "# five (behind)"]
        );
    }

    #[test]
    fn blocks_end_where_they_end() {
        let yaml = "A:\n  B: 1\n\n  # x\n  C:\n  - d\n  - e\n  F: 2\nG: 1\n";
        let mut lines = Lines::new(Language::Yaml, yaml);
        assert_eq!((lines.extent(0), lines.extent(4), lines.extent(5), lines.extent(8)), (7, 6, 5, 8));
        let hcl = "resource \"a\" \"b\" {\n  c = \"}\"\n  d {\n    e = [1,\n      2]\n  }\n}\nx = 1\n";
        let mut lines = Lines::new(Language::Hcl, hcl);
        assert_eq!((lines.extent(0), lines.extent(1), lines.extent(2), lines.extent(3)), (6, 1, 5, 4));
        let heredoc = "a \"b\" {\n  c = <<-EOF\n    }}\n    # no\n  EOF\n  d = 1\n}\n";
        let mut lines = Lines::new(Language::Hcl, heredoc);
        assert_eq!((lines.extent(0), lines.extent(1), lines.extent(5)), (6, 4, 5));
    }

    #[test]
    fn texts_belong_to_what_they_are_the_value_of() {
        let hcl = "a {\n  policy = <<-EOT\n    { \"x\": [\n    ] }\n  EOT\n  b = 1\n}\n";
        let mut lines = Lines::new(Language::Hcl, hcl);
        assert_eq!((lines.extent(0), lines.extent(1), lines.extent(5)), (6, 4, 5));
    }

    #[test]
    fn documents_in_texts_have_comments_of_their_own() {
        let ours = "# tidegate: allow x";
        let hcl = format!("a = <<EOT\np:\n  {ours}\n  q: 1\n    # tidegate\n  # no\nEOT\nb = 1 # z\n");
        assert_eq!(texts(Language::Hcl, &hcl), [ours, "# z (behind)"]);
        let mut lines = Lines::new(Language::Hcl, &hcl);
        assert_eq!((lines.subject(&lines.comments[0]), lines.extent(1)), (Some(3), 5));
        let yaml = format!("a: |\n  p:\n    {ours}\n    q: 1\n  # no\nb: 1 # z\n");
        assert_eq!(texts(Language::Yaml, &yaml), [ours, "# z (behind)"]);
        // JSON has none: what stands there makes it another text.
        let json = format!("a = <<EOT\n\n{{\n{ours}\n}}\nEOT\n");
        assert_eq!(texts(Language::Hcl, &json), [""; 0]);
        let json = format!("a: |\n\n  {{\n  {ours}\n  }}\nb: |\n  c\n  {ours}\n  d\n");
        assert_eq!(texts(Language::Yaml, &json), [ours]);
    }

    #[test]
    fn a_comment_is_about_what_it_stands_above() {
        let text = "# a\n# b\nX:\n  # c\n  Y: 1\n# d\n\nZ: 1\n";
        let lines = Lines::new(Language::Yaml, text);
        let subjects: Vec<_> = lines.comments.iter().map(|c| lines.subject(c)).collect();
        assert_eq!(subjects, [Some(2), Some(2), Some(4), None]);
        assert_eq!(lines.above(&lines.comments[2]), Some(2));
        assert!(lines.is_head(1) && !lines.is_head(3));
    }

    #[test]
    fn deep_blocks_take_no_time() {
        let deep = "a {\n".repeat(300_000);
        let mut lines = Lines::new(Language::Hcl, &deep);
        assert!((0..300_000).all(|line| lines.extent(line) == 300_000));
        let text = format!("a:\n{}", "\n# x\n".repeat(300_000));
        let lines = Lines::new(Language::Yaml, &text);
        assert!(lines.comments.iter().all(|c| lines.above(c).is_none()));
    }

    proptest! {
        /// Whatever the file, each comment lies in it, and each block ends in it.
        #[test]
        fn any_text_can_be_read(text in "([-a-z:#'\"|>{}\\[\\]/*$<\\\\ \t\r\n\u{e4}\u{6f22}!&,?]|EOT|<<|\n  ){0,80}") {
            for language in [Language::Yaml, Language::Hcl] {
                let mut lines = Lines::new(language, &text);
                let count = text.split('\n').count();
                for comment in &lines.comments {
                    prop_assert!(text.get(comment.bytes.clone()).is_some_and(|c| c.starts_with(['#', '/'])), "{text:?}");
                    prop_assert!(lines.subject(comment).is_none_or(|line| line < count));
                    drop(crate::suppress::directive::parse(text.get(comment.bytes.clone()).unwrap()));
                }
                for first in 0..count {
                    let last = lines.extent(first);
                    prop_assert!((first..count).contains(&last), "{text:?}: {first} {last}");
                }
            }
        }
    }

    #[test]
    fn broken_files_are_no_harm() {
        for text in [
            "",
            "\"",
            "'",
            "a: \"x",
            "a: |",
            "- - - |",
            "{",
            "}}}}",
            "<<",
            "<<EOT",
            "/*",
            "\"${",
            "\"${\"",
            "a: 'ä # 漢",
            "\r\n#\r\n",
        ] {
            for language in [Language::Yaml, Language::Hcl] {
                let mut lines = Lines::new(language, text);
                for line in 0..4 {
                    let _ = lines.extent(line);
                }
            }
        }
    }
}
