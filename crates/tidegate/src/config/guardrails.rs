//! `[iam]`: what no policy may allow, whatever it is for.

use super::{Complaint, Reader};
use std::ops::Range;
use tidegate_iam::Catalogue;
use toml::Spanned;
use toml::de::DeValue;

impl Reader {
    pub(super) fn iam(&mut self, value: &Spanned<DeValue<'_>>) {
        let DeValue::Table(table) = value.get_ref() else {
            return self.wrong("iam", value, "a table: `[iam]`");
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "forbidden-actions" => {
                    self.config.guardrails.forbidden_actions = self.actions("iam.forbidden-actions", value);
                }
                "required-boundary" => {
                    let text = self.text("iam.required-boundary", value);
                    self.config.guardrails.required_boundary = text.map(|(t, _)| t);
                }
                "required-conditions" => self.required_conditions(value),
                "allowed-external-accounts" => {
                    let accounts = self.texts("iam.allowed-external-accounts", value);
                    for (account, span) in &accounts {
                        if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
                            let complaint =
                                Complaint::new(span.clone(), format!("`{account}` is no account"));
                            self.complaints.push(complaint.label("an account has 12 digits"));
                        }
                    }
                    let accounts = accounts.into_iter().map(|(t, _)| t).collect();
                    self.config.guardrails.allowed_external_accounts = Some(accounts);
                }
                "data" => {}
                "max-blast-radius" => {
                    let number = match value.get_ref() {
                        DeValue::Integer(number) => number.as_str().parse::<usize>().ok(),
                        _ => None,
                    };
                    match number {
                        Some(number) => self.config.guardrails.max_blast_radius = Some(number),
                        None => self.wrong("iam.max-blast-radius", value, "a whole number"),
                    }
                }
                name => self.unknown_key(key.span(), name, "iam."),
            }
        }
    }

    fn required_conditions(&mut self, value: &Spanned<DeValue<'_>>) {
        let DeValue::Table(table) = value.get_ref() else {
            return self.wrong("iam.required-conditions", value, "a table: `[iam.required-conditions]`");
        };
        for (key, value) in table {
            let keys = self.texts("iam.required-conditions", value).into_iter().map(|(t, _)| t).collect();
            self.action(key.get_ref(), key.span());
            self.config.guardrails.required_conditions.push((key.get_ref().to_string(), keys));
        }
    }

    /// Patterns of actions.
    fn actions(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Vec<String> {
        let texts = self.texts(key, value);
        for (text, span) in &texts {
            self.action(text, span.clone());
        }
        texts.into_iter().map(|(t, _)| t).collect()
    }

    /// A guardrail that matches nothing would look as if it held.
    fn action(&mut self, pattern: &str, span: Range<usize>) {
        if pattern != "*" && Catalogue::current().expand(pattern).next().is_none() {
            let complaint = Complaint::new(span, format!("there is no action `{pattern}`"));
            self.complaints
                .push(complaint.help("write it as policies do: `iam:CreateUser`, `organizations:*`"));
        }
    }
}
