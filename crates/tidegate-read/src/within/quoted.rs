//! Quoted strings, with the place of each part of what they say.

/// Where the parts of a text stand in the file that it was written in.
#[derive(Debug)]
pub(super) struct Positions(Vec<(usize, usize)>);

impl Positions {
    /// A text that stands there as it is.
    pub(super) fn from(start: usize) -> Self {
        Self(vec![(0, start)])
    }

    /// From here on it stands there.
    fn mark(&mut self, at: usize, place: usize) {
        self.0.push((at, place));
    }

    /// The place of a byte of the text.
    pub(super) fn of(&self, at: usize) -> usize {
        let behind = self.0.partition_point(|(from, _)| *from <= at);
        let mark = behind.checked_sub(1).and_then(|n| self.0.get(n));
        mark.map_or(at, |(from, place)| place + (at - from))
    }
}

/// What stands between single quotes of YAML, with its line breaks.
pub(super) fn single(text: &str, start: usize) -> (String, Positions) {
    let (mut out, mut positions) = (String::with_capacity(text.len()), Positions::from(start));
    let mut at = start;
    for (n, part) in text.split("''").enumerate() {
        if n > 0 {
            out.push('\'');
            at += 2;
            positions.mark(out.len(), at);
        }
        out.push_str(part);
        at += part.len();
    }
    (out, positions)
}

/// What stands between double quotes of JSON, YAML or HCL, with its line breaks. `None` for an escape that not all of
/// them read alike.
pub(super) fn double(text: &str, start: usize) -> Option<(String, Positions)> {
    let (mut out, mut positions) = (String::with_capacity(text.len()), Positions::from(start));
    let mut rest = text;
    while let Some((part, escape)) = rest.split_once('\\') {
        out.push_str(part);
        let mut letters = escape.chars();
        let says = match letters.next()? {
            sign @ ('"' | '\\' | '/') => Some(sign),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => {
                let (digits, after) = letters.as_str().split_at_checked(4)?;
                letters = after.chars();
                // Half of a pair isn't a letter, and needs none here.
                Some(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?)
            }
            // The line goes on behind its indentation.
            '\n' => {
                letters = letters.as_str().trim_start_matches([' ', '\t']).chars();
                None
            }
            _ => return None,
        };
        out.extend(says);
        rest = letters.as_str();
        positions.mark(out.len(), start + (text.len() - rest.len()));
    }
    out.push_str(rest);
    Some((out, positions))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said, and for each of its letters what stands at its place.
    fn show((said, positions): (String, Positions), text: &str) -> Vec<(char, char)> {
        let place = |at| text.get(positions.of(at) - 10..).unwrap().chars().next().unwrap();
        said.char_indices().map(|(at, c)| (c, place(at))).collect()
    }

    #[test]
    fn each_letter_has_the_place_where_it_stands() {
        let text = "a\\\"ä\\n\\u00e4\\\n  b";
        let expected = [('a', 'a'), ('"', '\\'), ('ä', 'ä'), ('\n', '\\'), ('ä', '\\'), ('b', 'b')];
        assert_eq!(show(double(text, 10).unwrap(), text), expected);
        let text = "a''b";
        assert_eq!(show(single(text, 10), text), [('a', 'a'), ('\'', '\''), ('b', 'b')]);
    }

    #[test]
    fn what_isnt_read_alike_is_not_read() {
        for text in ["\\x41", "\\", "\\u12", "\\ud83d", "\\uäää"] {
            assert!(double(text, 0).is_none(), "{text}");
        }
    }
}
