//! The contract: what each function may get, from where, and how strictly it is looked at.
//!
//! `tidegate contract` compiles it from the graph; the guard enforces it and nothing else. Nothing in it is implicit,
//! and what isn't known is written down as unknown: it is neither compared nor invented.

mod artifact;
mod authenticate;
mod condition;
mod consumer;
mod cors;
pub mod field;
mod limits;
pub mod schema;

pub use artifact::Artifact;
pub use authenticate::{Authenticate, Certificates, Jwt, Principals, Proof, Replay, Scheme, Topics, Webhook};

pub use condition::{Condition, Expr, Fold, Op};
pub use consumer::Consumer;
pub use cors::Cors;
pub use limits::{Adaptive, Budget, Caller, CallerRate, Chain, EdgeLimits, Limits, Rate};

use crate::Exposure;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the document that is written and understood.
pub const VERSION: u32 = 1;

/// A whole contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// [`VERSION`].
    pub version: u32,
    /// Digest of the graph that it was compiled from.
    pub graph_digest: String,
    /// The program that compiled it.
    pub compiled_by: String,
    /// What holds for every function.
    pub defaults: Defaults,
    /// By resource id.
    pub functions: BTreeMap<String, Function>,
}

/// What holds for every function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// The account, where it is known.
    pub account: Option<String>,
    /// The region, where it is known.
    pub region: Option<String>,
    /// What happens to what breaks the contract, unless an edge says otherwise.
    pub mode: Mode,
    /// What happens to an event that the guard itself failed on.
    pub on_error: OnError,
    /// The longest event, in bytes.
    pub max_bytes: usize,
    /// The deepest nesting.
    pub max_depth: usize,
}

/// Whether what breaks the contract is kept away or only reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It reaches the function, and is reported.
    Monitor,
    /// It doesn't reach the function.
    #[default]
    Block,
}

impl Mode {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::Block => "block",
        }
    }
}

/// What happens when the guard fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnError {
    /// The event is denied.
    #[default]
    Closed,
    /// The event passes.
    Open,
}

/// How closely an event is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inspect {
    /// Structure, origin, and every text that somebody outside can set.
    #[default]
    Full,
    /// Structure and origin: nobody outside can set any of it.
    Structure,
}

impl Inspect {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Structure => "structure",
        }
    }
}

/// One function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Logical id or address in its stack.
    pub logical_id: String,
    /// The name it has when deployed, where it is known.
    pub name: Option<String>,
    /// Canonical type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Who can reach it.
    #[serde(with = "exposure")]
    pub exposure: Exposure,
    /// Hops from the nearest entry that a stranger reaches; `None` where there is no way.
    pub taint: Option<u32>,
    /// Roles it runs as, by resource id.
    pub roles: Vec<String>,
    /// What it was given, and what it is held to.
    pub limits: Limits,
    /// What it is known to connect to outside of the system.
    pub egress: Vec<String>,
    /// What its payload may end in, as far as its grants tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumers: Vec<Consumer>,
    /// What may start it.
    pub edges: Vec<Edge>,
    /// What it is made of.
    #[serde(default, skip_serializing_if = "Artifact::is_empty")]
    pub artifact: Artifact,
}

/// One way in which a function is started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// `<from>-><function>:<trigger>`, unique in the contract.
    pub id: String,
    /// Resource id of where the event comes from.
    pub from: String,
    /// Name of the trigger: the shape of the event.
    pub trigger: String,
    /// Why we believe it.
    pub evidence: String,
    /// Where events must come from.
    pub origin: Origin,
    /// Who can reach the place where it comes from.
    #[serde(with = "exposure")]
    pub exposure: Exposure,
    /// Hops from the nearest entry that a stranger reaches; `None` where there is no way.
    pub taint: Option<u32>,
    /// Block or monitor.
    pub mode: Mode,
    /// How closely it is looked at.
    pub inspect: Inspect,
    /// What the sender has to prove, each of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authenticate: Vec<Authenticate>,
    /// What has to hold of an event, or of each record of a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// What the payload of the event, or of each record of a batch, has to be: all that apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schemas: Vec<schema::Schema>,
    /// What makes an event one that came before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
    /// What else does, of edges that the gate has joined with this one. It stands in no contract.
    #[serde(skip)]
    pub further_replays: Vec<Replay>,
    /// What the sender is answered when an event is denied.
    pub on_deny: OnDeny,
    /// Whose pages may read a refusal, where the entry declares it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    /// Parts of the origin that aren't known, and therefore not compared.
    pub unknown: Vec<String>,
    /// How much may come over it.
    #[serde(default, skip_serializing_if = "EdgeLimits::is_empty")]
    pub limits: EdgeLimits,
}

/// Where events must come from. Every list that is not empty must hold what the event says; an empty one is not
/// compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Patterns of the ARN that the event names; `*` stands for what isn't known or differs from event to event.
    pub arns: Vec<String>,
    /// Accounts.
    pub accounts: Vec<String>,
    /// Regions.
    pub regions: Vec<String>,
    /// Ids of APIs and user pools.
    pub ids: Vec<String>,
    /// Values of `source`.
    pub sources: Vec<String>,
    /// Values of `detail-type`.
    pub detail_types: Vec<String>,
}

/// What happens to an event, or a record of a batch, that is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The caller gets a response that refuses: status 403.
    Respond,
    /// An authorizer's answer that lets nobody in.
    Unauthorized,
    /// The function gets the batch without the record.
    Strip,
    /// Success without calling the function: an error would only bring the event back.
    Swallow,
    /// The record goes back as dropped.
    Drop,
    /// An error of type `Tidegate.Blocked`.
    Fail,
    /// It passes: a missing answer would hang the sender.
    Pass,
}

impl Answer {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Respond => "respond",
            Self::Unauthorized => "unauthorized",
            Self::Strip => "strip",
            Self::Swallow => "swallow",
            Self::Drop => "drop",
            Self::Fail => "fail",
            Self::Pass => "pass",
        }
    }
}

/// What the sender is answered when an event is denied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnDeny {
    /// The kind of answer.
    pub answer: Answer,
    /// The function may name single records as failed (`ReportBatchItemFailures`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub item_failures: bool,
    /// Texts that act as code are replaced, and what is left is let through where nothing else is wrong with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redact: bool,
}

impl OnDeny {
    /// That answer, to whole events.
    pub fn of(answer: Answer) -> Self {
        Self { answer, item_failures: false, redact: false }
    }
}

impl Edge {
    /// All that makes an event one that came before: each has to be new.
    pub fn replays(&self) -> impl Iterator<Item = &Replay> {
        self.replay.iter().chain(&self.further_replays)
    }
}

impl Contract {
    /// The function of that resource id, logical id, physical name or ARN. Several of one name are none: which one is
    /// meant would be a guess.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.find(name).map(|(_, function)| function)
    }

    /// The same with its resource id.
    pub fn find(&self, name: &str) -> Option<(&str, &Function)> {
        if let Some((id, function)) = self.functions.get_key_value(name) {
            return Some((id, function));
        }
        // `arn:aws:lambda:<region>:<account>:function:<name>[:<alias>]`
        let name = match name.splitn(6, ':').collect::<Vec<_>>().as_slice() {
            ["arn", _, "lambda", _, _, rest] => rest.split(':').nth(1)?,
            _ => name,
        };
        let only = |fits: &dyn Fn(&Function) -> bool| {
            let mut found = self.functions.iter().filter(|(_, f)| fits(f));
            let (id, function) = found.next().filter(|_| found.next().is_none())?;
            Some((id.as_str(), function))
        };
        only(&|f| f.name.as_deref() == Some(name)).or_else(|| only(&|f| f.logical_id == name))
    }
}

/// [`Exposure`] by its word; the graph itself is never read back.
mod exposure {
    use crate::Exposure;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(exposure: &Exposure, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(exposure.word())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Exposure, D::Error> {
        let word = String::deserialize(from)?;
        let all = [
            Exposure::Internal,
            Exposure::Account,
            Exposure::CrossAccount,
            Exposure::Authenticated,
            Exposure::Anonymous,
        ];
        let found = all.into_iter().find(|e| e.word() == word);
        found.ok_or_else(|| D::Error::custom(format!("there is no exposure `{word}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(logical_id: &str, name: Option<&str>) -> Function {
        Function {
            logical_id: logical_id.into(),
            name: name.map(Into::into),
            ty: "AWS::Lambda::Function".into(),
            exposure: Exposure::Internal,
            taint: None,
            roles: Vec::new(),
            limits: Limits::default(),
            egress: Vec::new(),
            consumers: Vec::new(),
            edges: Vec::new(),
            artifact: Artifact::default(),
        }
    }

    #[test]
    fn a_name_that_two_functions_bear_is_none() {
        let functions = [
            ("a/Reader", function("Reader", Some("reader"))),
            ("b/Reader", function("Reader", None)),
            ("b/Writer", function("Writer", Some("Reader"))),
        ];
        let contract = Contract {
            version: VERSION,
            graph_digest: String::new(),
            compiled_by: String::new(),
            defaults: Defaults {
                account: None,
                region: None,
                mode: Mode::Block,
                on_error: OnError::Closed,
                max_bytes: 0,
                max_depth: 0,
            },
            functions: functions.into_iter().map(|(id, f)| (id.to_string(), f)).collect(),
        };
        let id = |name: &str| contract.function(name).map(|f| (f.logical_id.as_str(), f.name.as_deref()));
        assert_eq!(id("reader"), Some(("Reader", Some("reader"))));
        assert_eq!(id("Reader"), Some(("Writer", Some("Reader"))), "the deployed name wins");
        assert_eq!(id("b/Reader"), Some(("Reader", None)));
        assert_eq!(id("arn:aws:lambda:eu-west-1:123456789012:function:reader:live"), id("reader"));
        assert_eq!(id("nobody"), None);
        let mut two = contract.clone();
        two.functions.remove("b/Writer");
        assert!(two.function("Reader").is_none());
    }
}
