//! The catalogue's file: a head that anyone can read, then sections, each compressed by itself.
//!
//! ```text
//! tidegate catalogue 1
//! date 2026-09-26
//! source iam-data 0.21 (MIT)
//! section services 1116823 210100
//!
//! <zlib><zlib>...
//! ```
//!
//! A section's numbers are its length as text and as it is kept. Sections that aren't known are skipped.

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use std::fmt::Write as _;

const FIRST: &str = "tidegate catalogue 1";
/// No section is larger, whatever its head says.
const LARGEST: usize = 64 << 20;

/// A catalogue that can't be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It doesn't begin as one does.
    #[error("this is no catalogue of actions, or one of another version")]
    Other,
    /// A section isn't whole.
    #[error("the section `{0}` of the catalogue is damaged")]
    Damaged(String),
}

/// A file with its sections, still compressed.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) date: String,
    pub(super) sources: Vec<String>,
    sections: Vec<Section>,
}

#[derive(Debug)]
struct Section {
    name: String,
    length: usize,
    packed: Vec<u8>,
}

impl File {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").ok_or(Unreadable::Other)?;
        let (head, rest) = bytes.split_at_checked(end).ok_or(Unreadable::Other)?;
        let mut rest = rest.get(2..).unwrap_or_default();
        let head = std::str::from_utf8(head).map_err(|_| Unreadable::Other)?;
        let mut lines = head.lines();
        if lines.next() != Some(FIRST) {
            return Err(Unreadable::Other);
        }
        let mut file = Self::default();
        for line in lines {
            match line.split_once(' ') {
                Some(("date", date)) => file.date = date.into(),
                Some(("source", source)) => file.sources.push(source.into()),
                Some(("section", words)) => {
                    let mut words = words.split(' ');
                    let name = words.next().unwrap_or_default().to_string();
                    let mut number = || words.next()?.parse::<usize>().ok().filter(|n| *n <= LARGEST);
                    let (Some(length), Some(kept)) = (number(), number()) else {
                        return Err(Unreadable::Damaged(name));
                    };
                    let Some((packed, after)) = rest.split_at_checked(kept) else {
                        return Err(Unreadable::Damaged(name));
                    };
                    rest = after;
                    file.sections.push(Section { name, length, packed: packed.into() });
                }
                _ => {}
            }
        }
        Ok(file)
    }

    /// Says whether every section can be read, which [`File::read`] leaves for later.
    pub(super) fn verify(&self) -> Result<(), Unreadable> {
        let damaged = self.sections.iter().find(|s| s.text().is_none());
        damaged.map_or(Ok(()), |s| Err(Unreadable::Damaged(s.name.clone())))
    }

    /// The text of a section; empty where there is none, or none that can be read.
    pub(super) fn section(&self, name: &str) -> String {
        self.sections.iter().find(|s| s.name == name).and_then(Section::text).unwrap_or_default()
    }

    /// Replaces a section, or adds it.
    pub(super) fn put(&mut self, name: &str, text: &str) {
        let section = Section {
            name: name.into(),
            length: text.len(),
            packed: compress_to_vec_zlib(text.as_bytes(), 9),
        };
        self.sections.retain(|s| s.name != name);
        self.sections.push(section);
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{FIRST}\ndate {}\n", self.date);
        for source in &self.sources {
            let _ = writeln!(head, "source {source}");
        }
        for section in &self.sections {
            let _ = writeln!(head, "section {} {} {}", section.name, section.length, section.packed.len());
        }
        head.push('\n');
        let packed = self.sections.iter().flat_map(|s| s.packed.iter().copied());
        head.into_bytes().into_iter().chain(packed).collect()
    }
}

impl Section {
    fn text(&self) -> Option<String> {
        let bytes = decompress_to_vec_zlib_with_limit(&self.packed, self.length).ok()?;
        String::from_utf8(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut file = File { date: "2026-01-02".into(), ..File::default() };
        file.sources.push("a 1 (MIT)".into());
        file.put("services", "S\tsqs\tSQS\t\n");
        file.put("names", "");
        let again = File::read(&file.bytes()).unwrap();
        assert_eq!((again.date.as_str(), again.sources.len()), ("2026-01-02", 1));
        assert_eq!(again.section("services"), "S\tsqs\tSQS\t\n");
        assert!(again.verify().is_ok());
    }

    #[test]
    fn damage_is_told() {
        let mut file = File::default();
        file.put("services", &"S\tsqs\tSQS\t\n".repeat(50));
        let bytes = file.bytes();
        assert_eq!(File::read(b"").unwrap_err(), Unreadable::Other);
        assert_eq!(File::read(b"something else\n\n").unwrap_err(), Unreadable::Other);
        let cut = bytes.get(..bytes.len() - 1).unwrap();
        assert_eq!(File::read(cut).unwrap_err(), Unreadable::Damaged("services".into()));
        let mut torn = bytes.clone();
        if let Some(last) = torn.last_mut() {
            *last ^= 0x55;
        }
        assert!(File::read(&torn).unwrap().verify().is_err());
        let huge = b"tidegate catalogue 1\nsection services 99999999999 1\n\nx";
        assert!(File::read(huge).is_err());
    }
}
