//! How whoever sends an event over an edge proves who it is.

use serde::{Deserialize, Serialize};

/// What an edge asks of its callers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authenticate {
    /// Patterns of paths that it is asked on; none are all. `*` stands for anything, slashes included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// The proof.
    pub proof: Proof,
}

/// A proof of identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The body is signed with a shared secret.
    Webhook(Webhook),
    /// A token of an OpenID provider.
    Jwt(Jwt),
    /// A request signed with AWS credentials.
    Sigv4(Principals),
    /// A client certificate.
    Mtls(Certificates),
    /// A message of SNS that came over HTTP.
    Sns(Topics),
}

/// A body signed with a shared secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Whose way of signing it is.
    pub scheme: Scheme,
    /// Names of the environment variables that hold the secrets; any of them may have signed, so that one can be
    /// changed for another. The secrets themselves are never in a contract.
    pub secrets: Vec<String>,
    /// How old a signature may be, where the scheme signs the time, and how long it is remembered.
    pub tolerance_seconds: u64,
}

/// Whose way of signing a webhook it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// `X-Hub-Signature-256`, over the body. Holds no time.
    Github,
    /// `Stripe-Signature`, over time and body.
    Stripe,
    /// `X-Slack-Signature`, over time and body.
    Slack,
    /// `webhook-signature` of Standard Webhooks, over id, time and body.
    StandardWebhooks,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Github, Self::Stripe, Self::Slack, Self::StandardWebhooks];

    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Stripe => "stripe",
            Self::Slack => "slack",
            Self::StandardWebhooks => "standard-webhooks",
        }
    }
}

/// A token of an OpenID provider. The gate verifies it; behind API Gateway its authorizer has, and what it found is
/// compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// `iss`.
    pub issuer: String,
    /// `aud`, or `client_id` where there is none; one of them has to fit.
    pub audiences: Vec<String>,
    /// Where its keys are: a file, or an address over HTTPS. Needed by the gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
    /// Scopes that it must hold, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

/// Who may have signed a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Principals {
    /// Patterns of ARNs.
    pub principals: Vec<String>,
    /// Where the gate finds keys and whose they are: a file, or `env:` and the name of a variable. Behind API Gateway nothing is
    /// needed. The keys themselves are never in a contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
    /// Services that a request may be signed for; none are [`Self::SERVICE`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Regions that a request may be signed for; none are all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
}

impl Principals {
    /// What requests to APIs are signed for.
    pub const SERVICE: &str = "execute-api";
}

/// Whom a client certificate may name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// Patterns of SPIFFE ids, or of subjects.
    pub names: Vec<String>,
}

/// Topics of SNS that send over HTTP. The gate verifies their signatures; nothing behind it can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topics {
    /// Patterns of ARNs.
    pub topics: Vec<String>,
    /// A file of certificates in PEM that sign, instead of those that SNS publishes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<String>,
    /// How old a message may be.
    pub tolerance_seconds: u64,
}

/// What makes an event one that came before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// Name of the header, or JSON pointer into the event, or into each record of a batch, that holds what is unique.
    pub key: String,
    /// How long it is remembered.
    pub window_seconds: u64,
}
