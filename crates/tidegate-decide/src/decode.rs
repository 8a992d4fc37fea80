//! What carriers and encodings hide: bytes in, bytes out.
//!
//! Each function appends to a buffer of the caller's and says whether it changed anything. What follows what is decided in
//! `unfold`.

pub(crate) mod base64;
pub(crate) mod characters;
pub(crate) mod form;
pub(crate) mod framing;
pub(crate) mod inflate;
pub(crate) mod markup;
pub(crate) mod multipart;
pub(crate) mod utf16;

/// One step from the event's own bytes to the inspected text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Base64, standard or URL-safe, padded or not.
    Base64,
    /// gzip (RFC 1952).
    Gzip,
    /// zlib (RFC 1950).
    Zlib,
    /// Deflate alone (RFC 1951).
    Deflate,
    /// Zstandard (RFC 8878).
    Zstd,
    /// JSON in a string.
    Json,
    /// `name=value&...`
    Form,
    /// `multipart/*`
    Multipart,
    /// Text and attributes of XML or HTML.
    Markup,
    /// UTF-16 of either byte order.
    Utf16,
    /// Percent signs, entities, escapes, look-alike characters.
    Characters,
    /// A record's framing: a schema registry's, or the Kinesis producer library's.
    Framing,
    /// Avro in its binary form, by the schema of the contract.
    Avro,
    /// Protocol buffers, by the schema of the contract.
    Protobuf,
    /// One token of several, as in `Bearer a.b.c`.
    Token,
}

impl Step {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
            Self::Json => "json",
            Self::Form => "form",
            Self::Multipart => "multipart",
            Self::Markup => "markup",
            Self::Utf16 => "utf16",
            Self::Characters => "characters",
            Self::Framing => "framing",
            Self::Avro => "avro",
            Self::Protobuf => "protobuf",
            Self::Token => "token",
        }
    }
}

/// The steps so far. As long as the deepest decoding, and copied freely.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    steps: [Option<Step>; Chain::MOST],
}

impl Chain {
    /// The most steps that are followed.
    pub const MOST: usize = 12;
    /// The most documents in each other's strings: buses wrap three or four times, and applications once or twice more.
    pub(crate) const DOCUMENTS: usize = 9;

    /// One step more; `None` when there is no room for it.
    pub(crate) fn then(mut self, step: Step) -> Option<Self> {
        *self.steps.iter_mut().find(|s| s.is_none())? = Some(step);
        Some(self)
    }

    /// The steps, outermost first.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        self.steps.iter().flatten().copied()
    }

    /// How often a step was taken.
    pub(crate) fn count(&self, step: Step) -> usize {
        self.steps().filter(|s| *s == step).count()
    }

    /// True before the first step.
    pub fn is_empty(&self) -> bool {
        self.steps().next().is_none()
    }
}
