//! `--list-rules` and `--explain`.

use super::check::Format;
use crate::config::{closest_rule, known_rule};
use crate::failure::Failure;
use crate::output::page::{body, page, profiles};
use crate::output::{Look, json};
use anstyle::Style;
use serde_json::{Value, json};
use tidegate_check::Metadata;

/// Refuses what is no rule.
pub(super) fn known(name: &str) -> Result<(), Failure> {
    if known_rule(name) {
        return Ok(());
    }
    let help = match closest_rule(name) {
        Some(close) => format!("did you mean `{close}`? `tidegate check --list-rules` lists them"),
        None => "`tidegate check --list-rules` lists them".to_string(),
    };
    Err(Failure::usage(format!("there is no rule `{name}`"), Some(help)))
}

/// The page of a rule.
pub(super) fn explain(name: &str, format: Format) -> Result<String, Failure> {
    known(name)?;
    let rules = tidegate_check::rules();
    let found =
        rules.iter().find(|m| m.id == name).or_else(|| rules.iter().find(|m| m.aliases.contains(&name)));
    let Some(rule) = found else { return Ok(String::new()) };
    match format {
        Format::Text => Ok(page(rule)),
        Format::Json => {
            let mut value = entry(rule);
            if let Some(map) = value.as_object_mut() {
                map.insert("title".into(), rule.title.into());
                map.insert("why".into(), rule.why.into());
                map.insert("docs".into(), body(rule).into());
            }
            Ok(json::pretty(&json!({"version": 1, "rule": value})))
        }
        _ => Err(no_form("--explain", format)),
    }
}

/// All rules: a table, or JSON.
pub(super) fn list(format: Format, look: Look) -> Result<String, Failure> {
    let rules = tidegate_check::rules();
    match format {
        Format::Json => Ok(json::pretty(
            &json!({"version": 1, "rules": rules.iter().map(|m| entry(m)).collect::<Vec<_>>()}),
        )),
        Format::Text => {
            let wide = rules.iter().map(|m| m.id.len()).max().unwrap_or(0).max("rule".len());
            let head = format!("{:<wide$}  severity  {:<11}  profiles", "rule", "catalogue");
            let mut out = look.paint(&head, Style::new().bold());
            out.push('\n');
            for m in rules {
                let id = m.aliases.first().copied().unwrap_or("");
                out.push_str(&format!(
                    "{:<wide$}  {:<8}  {id:<11}  {}\n",
                    m.id,
                    m.severity.word(),
                    profiles(m).join(", ")
                ));
            }
            Ok(out)
        }
        _ => Err(no_form("--list-rules", format)),
    }
}

fn entry(rule: &Metadata) -> Value {
    json!({"rule": rule.id, "aliases": rule.aliases, "severity": rule.severity, "profiles": profiles(rule)})
}

fn no_form(option: &str, format: Format) -> Failure {
    let word =
        clap::ValueEnum::to_possible_value(&format).map(|v| v.get_name().to_string()).unwrap_or_default();
    Failure::usage(
        format!("`{option}` has no form `{word}`"),
        Some("use `--format text` or `--format json`".into()),
    )
}
