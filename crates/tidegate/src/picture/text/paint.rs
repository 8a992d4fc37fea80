//! Lines for a terminal: cut to its width, with or without colours.

use crate::picture::View;

/// What a part of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Strong,
    Soft,
    Heading,
    Warn,
    Alarm,
}

/// Writes lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    width: usize,
    color: bool,
}

impl Paint {
    pub(super) fn new(view: &View) -> Self {
        Self { width: view.width.max(20), color: view.color }
    }

    /// A line of parts; what doesn't fit is cut.
    pub(super) fn line(self, out: &mut String, parts: &[(Tone, &str)]) {
        let mut room = self.width;
        let all: usize = parts.iter().map(|(_, text)| text.chars().count()).sum();
        let spaces = parts.last().map_or(0, |(_, text)| text.chars().rev().take_while(|c| *c == ' ').count());
        let too_long = all - spaces > self.width;
        let mut line = String::new();
        for (tone, text) in parts {
            let clean: String = text.chars().map(|c| if is_unsafe(c) { '\u{fffd}' } else { c }).collect();
            let count = clean.chars().count();
            let shown: String = if count >= room && too_long {
                clean.chars().take(room.saturating_sub(1)).chain(['…']).collect()
            } else {
                clean.chars().take(room).collect()
            };
            room = room.saturating_sub(count);
            line.push_str(&self.tone(*tone, &shown));
            if room == 0 {
                break;
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }

    /// The text in lines of the terminal's width, broken at ` · `.
    pub(super) fn wrap(self, text: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for part in text.split(" · ") {
            match lines.last_mut() {
                Some(line) if line.chars().count() + part.chars().count() + 3 <= self.width => {
                    line.push_str(" · ");
                    line.push_str(part);
                }
                _ => lines.push(part.to_owned()),
            }
        }
        lines
    }

    fn tone(self, tone: Tone, text: &str) -> String {
        let style = match tone {
            _ if !self.color || text.trim().is_empty() => return text.to_owned(),
            Tone::Plain => return text.to_owned(),
            Tone::Strong => anstyle::Style::new().bold(),
            Tone::Soft => anstyle::Style::new().dimmed(),
            Tone::Heading => anstyle::Style::new().bold().underline(),
            Tone::Warn => anstyle::AnsiColor::Yellow.on_default(),
            Tone::Alarm => anstyle::AnsiColor::Red.on_default().bold(),
        };
        format!("{style}{text}{style:#}")
    }
}

/// Control characters, and those that turn the direction of text: a name must not command the terminal or lie to its
/// reader.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
