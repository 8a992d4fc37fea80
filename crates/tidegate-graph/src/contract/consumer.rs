//! Kinds of what reads in the end what a function was sent.

use serde::{Deserialize, Serialize};

/// What a function may hand its payload to, by what it takes for code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consumer {
    /// A language model.
    Model,
    /// A database that is asked in SQL.
    Sql,
    /// A table that is asked in `PartiQL`.
    Partiql,
    /// A service that runs commands on machines or in containers.
    Command,
    /// Whoever opens a letter or a page.
    Page,
}

impl Consumer {
    /// The consumer that a service is, by its name in the graph and the action that leads there: `ssm`, `sendcommand`. The
    /// action is empty where something else leads there. An action that isn't spelled out tells as much as its service.
    pub fn of(service: &str, action: &str) -> Option<Self> {
        let acts = |actions: &[&str]| actions.iter().any(|a| action.starts_with(a));
        match service {
            "bedrock" | "bedrock-agentcore" | "sagemaker" | "aiplatform" => Some(Self::Model),
            "rds"
            | "rds-data"
            | "rds-db"
            | "dsql"
            | "redshift"
            | "redshift-data"
            | "redshift-serverless"
            | "athena"
            | "timestream"
            | "sqladmin"
            | "bigquery"
            | "spanner" => Some(Self::Sql),
            "dynamodb" if acts(&["partiql"]) => Some(Self::Partiql),
            "ssm" if acts(&["sendcommand", "startautomation"]) => Some(Self::Command),
            "ecs" if acts(&["runtask", "executecommand", "starttask"]) => Some(Self::Command),
            "batch" if acts(&["submitjob"]) => Some(Self::Command),
            "codebuild" if acts(&["startbuild"]) => Some(Self::Command),
            "ses" if action.is_empty() || action == "*" || acts(&["send"]) => Some(Self::Page),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_by_what_they_take_for_code() {
        for (service, action, consumer) in [
            ("bedrock", "invokemodel", Some(Consumer::Model)),
            ("rds-data", "executestatement", Some(Consumer::Sql)),
            ("rds", "", Some(Consumer::Sql)),
            ("dynamodb", "partiqlselect", Some(Consumer::Partiql)),
            ("dynamodb", "putitem", None),
            ("dynamodb", "*", None),
            ("ssm", "sendcommand", Some(Consumer::Command)),
            ("ssm", "getparameter", None),
            ("ecs", "runtask", Some(Consumer::Command)),
            ("ses", "sendemail", Some(Consumer::Page)),
            ("ses", "verifyemailidentity", None),
            ("sqs", "sendmessage", None),
        ] {
            assert_eq!(Consumer::of(service, action), consumer, "{service}:{action}");
        }
    }
}
