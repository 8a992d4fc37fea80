//! What is decided about an event, and why.

use crate::decode::Chain;
use crate::trigger::Trigger;
use std::borrow::Cow;

/// What happens to an event or a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It reaches the function.
    Allow,
    /// It doesn't.
    Deny,
    /// Some of a batch's records reach the function.
    Partial,
}

impl Verdict {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Partial => "partial",
        }
    }
}

macro_rules! classes {
    ($($(#[$doc:meta])* $variant:ident $name:literal),* $(,)?) => {
        /// Why something is denied: one class a reason, the vocabulary of contracts, answers and metrics.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Class { $($(#[$doc])* $variant),* }

        impl Class {
            /// All classes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// True for what a text is denied for: without the text it is gone.
            pub fn is_of_a_text(self) -> bool {
                (Self::OsCommand..=Self::Scanner).contains(&self)
            }
        }
    };
}

classes! {
    /// Not JSON at all.
    Malformed "malformed",
    /// One object, one key twice.
    DuplicateKey "duplicate-key",
    /// Nested or encoded deeper than the limit.
    Depth "depth",
    /// Longer than the limit.
    Size "size",
    /// Inflates beyond the limit.
    Ratio "ratio",
    /// Bytes that are no UTF-8.
    InvalidUtf8 "invalid-utf8",
    /// A surrogate without its other half.
    LoneSurrogate "lone-surrogate",
    /// A number that overflows, or of absurd length.
    NumberPrecision "number-precision",
    /// Another type than the schema of the contract has for it: an object for a string, a string for a number.
    TypeConfusion "type-confusion",
    /// Comes from where the contract declares nothing.
    Origin "origin",
    /// Whoever sent it hasn't proven who it is.
    Signature "signature",
    /// What the contract asks of it doesn't hold.
    Condition "condition",
    /// It came before.
    Replay "replay",
    /// Isn't what the schema of the contract says.
    Schema "schema",
    /// Operating system command.
    OsCommand "os-command",
    /// SQL.
    Sql "sql",
    /// Query operators and code of document databases.
    NoSql "nosql",
    /// LDAP filter.
    Ldap "ldap",
    /// XPath.
    Xpath "xpath",
    /// Template of a template engine.
    Template "template",
    /// Code of a programming language.
    Code "code",
    /// Markup or script that a browser would run.
    Xss "xss",
    /// External or recursive entities of XML.
    Xxe "xxe",
    /// Path out of the folder it belongs to.
    PathTraversal "path-traversal",
    /// Address inside of the runtime's own network.
    Ssrf "ssrf",
    /// Serialised objects that run code when read.
    Deserialisation "deserialisation",
    /// Keys that reach an object's prototype.
    PrototypePollution "prototype-pollution",
    /// Expression language and look-ups, as in Log4Shell.
    ExpressionLanguage "expression-language",
    /// Line breaks that begin a header or a reply.
    Crlf "crlf",
    /// Forged lines of a log.
    Log "log",
    /// Headers and commands of mail.
    Mail "mail",
    /// Formula of a spreadsheet that reaches outside.
    Formula "formula",
    /// GraphQL that explores or exhausts.
    Graphql "graphql",
    /// Traces of a scanner.
    Scanner "scanner",
    /// More events than the rate allows.
    Rate "rate",
    /// More events at a time than allowed.
    Concurrency "concurrency",
    /// Would cost more than the budget.
    Budget "budget",
    /// More records, or more events sent, than one event may make.
    FanOut "fan-out",
    /// Has passed too many functions.
    Hops "hops",
    /// The guard itself failed on it, or was too slow.
    Failure "failure",
    /// Instructions to a language model; never denies by itself.
    Prompt "prompt",
}

/// One reason, with what it takes to find the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Its class.
    pub class: Class,
    /// JSON pointer to the leaf of the event.
    pub pointer: String,
    /// Where in decoded JSON below that leaf, if the leaf holds JSON.
    pub within: String,
    /// What was taken off to see it.
    pub decoded: Chain,
    /// Offset in the decoded text, in bytes.
    pub offset: usize,
    /// Why, in a sentence; holds nothing of the text itself.
    pub detail: Cow<'static, str>,
}

/// What is decided about one record; an event that is no batch has just one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the batch.
    pub index: u32,
    /// Allow or deny.
    pub verdict: Verdict,
    /// Why it is denied.
    pub reasons: Vec<Reason>,
}

/// What is decided about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// All of it, part of it, nothing of it.
    pub verdict: Verdict,
    /// The trigger it was read as.
    pub trigger: Trigger,
    /// One entry a record.
    pub records: Vec<Record>,
}
