//! Kinds of what reads in the end what a function was sent.

use serde::{Deserialize, Serialize};

/// What a function may hand its payload to, by what it takes for code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consumer {
    /// A language model.
    Model,
}

impl Consumer {
    /// The consumer that a service is, by its name in the graph.
    pub fn of_service(service: &str) -> Option<Self> {
        let models = ["bedrock", "bedrock-agentcore", "sagemaker", "aiplatform"];
        models.contains(&service).then_some(Self::Model)
    }
}
