//! Makes inputs from seeds: cut, copy, swap, nest, and put in what such languages trip over.

#![allow(clippy::indexing_slicing)]

/// Pieces that parsers and evaluators are most likely to stumble on.
const PIECES: &[&str] = &[
    "Ref",
    "Fn::If",
    "Fn::Sub",
    "Fn::ForEach::X",
    "Fn::Transform",
    "!GetAtt",
    "!Sub ${A.B}",
    "AWS::NoValue",
    "${",
    "}",
    "${self:",
    "${file(",
    "${var.x}",
    "for_each = toset([",
    "count = 99999999",
    "dynamic \"x\" {",
    "%{ if true }",
    "<<EOT\n",
    "&a ",
    "*a",
    "<<: *a",
    "- ",
    ": ",
    "? ",
    "|\n",
    ">-\n",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "#",
    "\t",
    "\r\n",
    "\u{feff}",
    "\u{0}",
    "\u{1f30a}",
    "\u{202e}",
    "0x",
    "1e999",
    "-0",
    "NaN",
    "99999999999999999999",
    "null",
    "~",
    "$ref",
    "#/components/schemas/A",
    "$.",
    "States.Format('{}', ",
    "Map",
    "Parallel",
    "Next",
    "\\u0000",
    "\r\n\r\n",
    "\r\nContent-Length: 3",
    "\r\nTransfer-Encoding: chunked",
    "ffffffffffffffff\r\n",
    "0\r\n\r\n",
    "platform.report",
];

/// Longest input that mutations grow to.
const LONGEST: usize = 64 * 1024;

/// An endless row of inputs that depends on its number and seeds alone.
pub(crate) struct Mutator<'s> {
    state: u64,
    seeds: &'s [String],
}

impl<'s> Mutator<'s> {
    /// Inputs made from seeds, of which there is at least one.
    pub(crate) fn new(number: u64, seeds: &'s [String]) -> Self {
        // xorshift stays at zero once it is there.
        Self { state: number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, seeds }
    }

    /// The next input.
    pub(crate) fn next(&mut self) -> String {
        let mut text: Vec<char> = self.seed().chars().collect();
        for _ in 0..=self.below(6) {
            self.mutate(&mut text);
        }
        text.truncate(LONGEST);
        text.into_iter().collect()
    }

    fn seed(&mut self) -> &'s str {
        let index = self.below(self.seeds.len());
        self.seeds.get(index).map_or("", String::as_str)
    }

    fn mutate(&mut self, text: &mut Vec<char>) {
        let start = self.below(text.len() + 1);
        // Mostly something short, sometimes anything.
        let reach = if self.below(4) == 0 { text.len() } else { 24 };
        let end = (start + self.below(reach + 1)).min(text.len());
        match self.below(8) {
            0 => drop(text.drain(start..end)),
            1 => {
                let part: Vec<char> = text[start..end].to_vec();
                let at = self.below(text.len() + 1);
                drop(text.splice(at..at, part));
            }
            2 => text.truncate(start),
            3 => {
                let piece = PIECES[self.below(PIECES.len())];
                drop(text.splice(start..end, piece.chars()));
            }
            4 => {
                let piece = PIECES[self.below(PIECES.len())];
                drop(text.splice(start..start, piece.chars()));
            }
            5 => {
                // The same again and again, as a nest does.
                let piece = ["[", "{\"a\":", "- ", "(", "!Sub [", "{\"Fn::Join\":[\"\",[", "a: &a [*a, "]
                    [self.below(7)];
                let times = self.below(2_000);
                drop(text.splice(start..start, piece.repeat(times).chars()));
            }
            6 => {
                let other: Vec<char> = self.seed().chars().collect();
                let from = self.below(other.len() + 1);
                drop(text.splice(start.., other[from..].iter().copied()));
            }
            _ => {
                if let Some(slot) = text.get_mut(start) {
                    *slot = char::from_u32(self.state as u32 & 0x7f).unwrap_or('x');
                }
            }
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % bound.max(1) as u64) as usize
    }
}
