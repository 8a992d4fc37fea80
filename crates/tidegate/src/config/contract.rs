//! The table `contract`: what the code alone doesn't say about enforcing it.

use super::Reader;
use super::authenticate::{Asked, Pattern};
use super::limits::Bound;
use super::schemas::SchemaFile;
use crate::config::Complaint;
use tidegate_graph::contract::{Authenticate, Condition, Mode, Replay};
use toml::Spanned;
use toml::de::DeValue;

/// What the contract needs to know beyond the code.
#[derive(Clone, Debug)]
pub(crate) struct Enforce {
    pub(crate) account: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) block: Vec<Pattern>,
    pub(crate) monitor: Vec<Pattern>,
    /// Edges whose events lose what acts as code instead of being denied.
    pub(crate) redact: Vec<Pattern>,
    /// What senders have to prove.
    pub(crate) authenticate: Vec<Asked<Authenticate>>,
    /// What has to hold of events.
    pub(crate) conditions: Vec<Asked<Condition>>,
    /// What payloads have to be.
    pub(crate) schemas: Vec<Asked<SchemaFile>>,
    /// Schemas that the code declares count, too.
    pub(crate) declared_schemas: bool,
    /// What makes events unique.
    pub(crate) replay: Vec<Asked<Replay>>,
    /// How much may come, and cost; the last one that says something counts.
    pub(crate) limits: Vec<Bound>,
}

impl Default for Enforce {
    fn default() -> Self {
        Self {
            account: None,
            region: None,
            mode: Mode::default(),
            block: Vec::new(),
            monitor: Vec::new(),
            redact: Vec::new(),
            authenticate: Vec::new(),
            conditions: Vec::new(),
            schemas: Vec::new(),
            declared_schemas: true,
            replay: Vec::new(),
            limits: Vec::new(),
        }
    }
}

impl Reader {
    pub(super) fn contract(&mut self, value: &Spanned<DeValue<'_>>) {
        let DeValue::Table(table) = value.get_ref() else {
            return self.wrong("contract", value, "a table: `[contract]`");
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "account" => {
                    let Some((account, span)) = self.text("contract.account", value) else { continue };
                    if account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) {
                        self.config.contract.account = Some(account);
                    } else {
                        let complaint = Complaint::new(span, "`contract.account` is no account number");
                        self.complaints.push(complaint.label("expected twelve digits"));
                    }
                }
                "region" => {
                    let region = self.text("contract.region", value).map(|(t, _)| t);
                    self.config.contract.region = region.filter(|t| !t.is_empty());
                }
                "mode" => {
                    let Some((word, span)) = self.text("contract.mode", value) else { continue };
                    let known = [Mode::Block, Mode::Monitor];
                    match known.into_iter().find(|m| m.word() == word) {
                        Some(mode) => self.config.contract.mode = mode,
                        None => self.unknown_word(span, "mode", &word, &known.map(Mode::word)),
                    }
                }
                "block" => self.config.contract.block = self.patterns("contract.block", value),
                "monitor" => self.config.contract.monitor = self.patterns("contract.monitor", value),
                "redact" => self.config.contract.redact = self.patterns("contract.redact", value),
                "authenticate" => self.authenticate(value),
                "condition" => self.conditions(value),
                "replay" => self.replay(value),
                "schemas" => self.schemas(value),
                "declared-schemas" => {
                    self.config.contract.declared_schemas = self.flag("contract.declared-schemas", value);
                }
                "limits" => self.limits(value),
                name => self.unknown_key(key.span(), name, "contract."),
            }
        }
    }

    fn patterns(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Vec<Pattern> {
        self.texts(key, value).into_iter().map(|(pattern, _)| Pattern::new(pattern)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use std::path::Path;

    #[test]
    fn the_table_is_read_and_what_is_wrong_is_said() {
        let text =
            "[contract]\naccount = '123456789012'\nregion = 'eu-west-1'\nmode = 'monitor'\nblock = '*/Pay'\n";
        let read = parse(Path::new("tidegate.toml"), text, &[]).unwrap().contract;
        assert_eq!(
            (read.account.as_deref(), read.region.as_deref()),
            (Some("123456789012"), Some("eu-west-1"))
        );
        assert_eq!(read.mode, Mode::Monitor);
        assert_eq!((read.block[0].named.as_str(), read.monitor.len()), ("*/Pay", 0));
        for wrong in ["account = '12'", "mode = 'blok'", "regio = 'x'", "monitor = 3"] {
            assert!(
                parse(Path::new("tidegate.toml"), &format!("[contract]\n{wrong}\n"), &[]).is_err(),
                "{wrong}"
            );
        }
    }
}
