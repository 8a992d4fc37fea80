//! The version of a schema, as its registry calls it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A number, or whatever else a registry lets people call a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Revision {
    Number(u32),
    Name(String),
}

impl Revision {
    /// What a text says; nothing when no registry has such a version.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
        match text.parse::<u32>() {
            Ok(0) => None,
            // `007` is not the version 7.
            Ok(number) if number.to_string() == text => Some(Self::Number(number)),
            _ => (text.len() <= 256 && text.chars().all(plain) && text.chars().any(|c| c != '.'))
                .then(|| Self::Name(text.to_string())),
        }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl Serialize for Revision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u32(*number),
            Self::Name(name) => serializer.serialize_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for Revision {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Said)
    }
}

struct Said;

impl de::Visitor<'_> for Said {
    type Value = Revision;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a name of a version")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Revision, E> {
        let small = u32::try_from(number).ok().filter(|number| *number > 0);
        small.map(Revision::Number).ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Revision, E> {
        Revision::of(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_or_names() {
        for (text, json) in
            [("3", "3"), ("1.0.2", "\"1.0.2\""), ("007", "\"007\""), ("4294967296", "\"4294967296\"")]
        {
            let revision = Revision::of(text).unwrap();
            assert_eq!(revision.to_string(), text);
            assert_eq!(serde_json::to_string(&revision).unwrap(), json);
            assert_eq!(serde_json::from_str::<Revision>(json).unwrap(), revision);
        }
        for wrong in ["", "0", "a b", "branch=latest", "../1", "..", &"1".repeat(300)] {
            assert_eq!(Revision::of(wrong), None, "{wrong}");
        }
        assert!(
            serde_json::from_str::<Revision>("0").is_err() && serde_json::from_str::<Revision>("{}").is_err()
        );
    }
}
