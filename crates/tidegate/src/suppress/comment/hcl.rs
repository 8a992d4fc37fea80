//! Comments of an HCL file, and its brackets line by line.

use super::{Comment, Found, is_for_us};

/// Where we are; the innermost place stands last.
enum Mode<'a> {
    /// In `${ }`: with the brackets that are open in it.
    Code(usize),
    Quote,
    /// In a heredoc, until this word stands alone on a line.
    Heredoc {
        word: &'a str,
        /// The line on which it begins.
        head: usize,
        /// True if what it holds may have comments of its own.
        has_comments: bool,
    },
}

/// All comments, what is open, and the heredocs.
pub(super) fn find(text: &str, lines: usize) -> Found {
    let bytes = text.as_bytes();
    let (mut out, mut texts) = (Vec::new(), Vec::new());
    let mut deltas = vec![0; lines];
    let mut modes: Vec<Mode<'_>> = Vec::new();
    let (mut line, mut begins, mut i) = (0, 0, 0);
    let mut bracket = |line: usize, by: i64| {
        if let Some(delta) = deltas.get_mut(line) {
            *delta += by;
        }
    };
    while let Some(byte) = bytes.get(i).copied() {
        let rest = text.get(i..).unwrap_or_default();
        if byte == b'\n' {
            (line, begins, i) = (line + 1, i + 1, i + 1);
            if let Some(Mode::Heredoc { word, head, has_comments }) = modes.last() {
                let next = text.get(i..).and_then(|t| t.split('\n').next()).unwrap_or_default();
                if next.trim() == *word {
                    bracket(line, -1);
                    texts.push(head + 1..line);
                    modes.pop();
                    i += next.len();
                } else if *has_comments && is_for_us(next) {
                    let at = i + next.len() - next.trim_start().len();
                    out.push(Comment { line, bytes: at..at + next.trim().len(), alone: true });
                    i += next.len();
                }
            }
            continue;
        }
        match modes.last_mut() {
            Some(Mode::Quote | Mode::Heredoc { .. })
                if rest.starts_with("$${") || rest.starts_with("%%{") =>
            {
                i += 3;
            }
            Some(Mode::Quote | Mode::Heredoc { .. }) if rest.starts_with("${") || rest.starts_with("%{") => {
                modes.push(Mode::Code(0));
                i += 2;
            }
            Some(Mode::Quote) => match byte {
                b'\\' => i += if bytes.get(i + 1) == Some(&b'\n') { 1 } else { 2 },
                b'"' => {
                    modes.pop();
                    i += 1;
                }
                _ => i += 1,
            },
            Some(Mode::Heredoc { .. }) => i += 1,
            mode => {
                let long = rest.starts_with("/*");
                if byte == b'#' || rest.starts_with("//") || long {
                    let end = if long { rest.find("*/").map(|n| n + 2) } else { rest.find('\n') };
                    let end = i + end.unwrap_or(rest.len());
                    let alone = text.get(begins..i).is_some_and(|t| t.trim().is_empty());
                    let shown = text.get(i..end).unwrap_or_default();
                    out.push(Comment { line, bytes: i..i + shown.trim_end().len(), alone });
                    let breaks = shown.matches('\n').count();
                    if let Some(last) = shown.rfind('\n') {
                        (line, begins) = (line + breaks, i + last + 1);
                    }
                    i = end;
                    continue;
                }
                match byte {
                    b'"' => modes.push(Mode::Quote),
                    b'{' | b'[' | b'(' => {
                        if let Some(Mode::Code(open)) = mode {
                            *open += 1;
                        }
                        bracket(line, 1);
                    }
                    b'}' if matches!(mode, Some(Mode::Code(0))) => {
                        modes.pop();
                    }
                    b'}' | b']' | b')' => {
                        if let Some(Mode::Code(open)) = mode {
                            *open = open.saturating_sub(1);
                        }
                        bracket(line, -1);
                    }
                    b'<' => {
                        if let Some(word) = heredoc(rest) {
                            // The rest of the line belongs to the heredoc's head.
                            let length = rest.find('\n').unwrap_or(rest.len());
                            let content = rest.get(length..).unwrap_or_default();
                            // JSON has no comments.
                            let has_comments = !content.trim_start().starts_with(['{', '[']);
                            modes.push(Mode::Heredoc { word, head: line, has_comments });
                            bracket(line, 1);
                            i += length;
                            continue;
                        }
                    }
                    _ => {}
                }
                i += 1;
            }
        }
    }
    Found { comments: out, deltas, texts }
}

/// The word that ends the heredoc which begins here.
fn heredoc(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix("<<")?;
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let (word, behind) = rest.split_at_checked(rest.find(|c| !plain(c))?)?;
    let behind = behind.trim_start_matches([' ', '\t', '\r']);
    (!word.is_empty() && behind.starts_with('\n')).then_some(word)
}
