//! How much each function and each edge may take, and cost.
//!
//! Whole numbers throughout: a limit is compared, and two contracts are.

use serde::{Deserialize, Serialize};

/// Limits of a function: what it was given, and what it is held to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Most events at a time: reserved concurrency, or less.
    pub concurrency: Option<u64>,
    /// Longest run, in seconds.
    pub timeout_seconds: Option<u64>,
    /// Memory, in MB.
    pub memory_mb: Option<u64>,
    /// It runs on ARM, which costs less.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub arm: bool,
    /// How long a run is expected to take, in milliseconds: what an event is charged before any run was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_ms: Option<u64>,
    /// Events of all edges together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Events at a time, found by how long they take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adaptive: Option<Adaptive>,
    /// Events that it may send for each that it gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fan_out: Option<u64>,
    /// What its runs may cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

/// Limits of an edge.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeLimits {
    /// Events of this edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Events of each caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<CallerRate>,
    /// The same, of edges that the gate has joined with this one and that tell callers apart in other ways. It stands in no
    /// contract.
    #[serde(skip)]
    pub further_callers: Vec<CallerRate>,
    /// Events at a time that the source starts, as declared there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u64>,
    /// The longest event, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Most records of a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// How often the source delivers the same event before it gives up, as declared there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u64>,
    /// Most functions that an event may have passed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hops: Option<u64>,
    /// What the function sends can come back over this edge.
    #[serde(default, rename = "loop", skip_serializing_if = "std::ops::Not::not")]
    pub looped: bool,
    /// What everything that its events set off may cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<Chain>,
}

impl EdgeLimits {
    /// Rates of callers, each of which holds.
    pub fn callers(&self) -> impl Iterator<Item = &CallerRate> {
        self.caller.iter().chain(&self.further_callers)
    }

    /// Whether nothing is limited.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// So many events in so many seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Events.
    pub events: u64,
    /// In how many seconds.
    pub seconds: u64,
    /// How many may come at once.
    pub burst: u64,
}

/// A rate of each caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallerRate {
    /// What tells callers apart.
    pub by: Caller,
    /// What each of them may send.
    pub rate: Rate,
}

/// What tells callers apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Caller {
    /// The address that the service saw.
    SourceIp,
    /// Whoever is logged in, or the role that sent it.
    Principal,
    /// The key of an API.
    ApiKey,
}

impl Caller {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SourceIp, Self::Principal, Self::ApiKey];

    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::SourceIp => "source-ip",
            Self::Principal => "principal",
            Self::ApiKey => "api-key",
        }
    }
}

/// Bounds of what is found by measuring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adaptive {
    /// Never fewer at a time.
    pub min: u64,
    /// Never more.
    pub max: u64,
}

/// Money in a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Millionths of a US dollar.
    pub micro_usd: u64,
    /// In any so many seconds.
    pub seconds: u64,
}

/// What an event may cost beyond the function that it starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// What all runs together may cost.
    pub budget: Budget,
    /// Runs that one event sets off behind the first function.
    pub runs: u64,
    /// What those cost, in billionths of a US dollar.
    pub nano_usd: u64,
    /// Runs among those of which it isn't known what they cost: the most that Lambda gives is charged for its functions,
    /// nothing for those of others.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unknown: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
