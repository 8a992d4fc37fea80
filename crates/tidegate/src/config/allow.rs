//! `[[allow]]`: findings that are accepted.

use super::{Complaint, Reader};
use crate::date::Date;
use crate::suppress::Allow;
use toml::Spanned;
use toml::de::DeValue;

impl Reader {
    pub(super) fn allow(&mut self, value: &Spanned<DeValue<'_>>) {
        let DeValue::Array(items) = value.get_ref() else {
            return self.wrong("allow", value, "a table: `[[allow]]`");
        };
        for item in items {
            let DeValue::Table(table) = item.get_ref() else {
                self.wrong("allow", item, "a table: `[[allow]]`");
                continue;
            };
            let line = self.text.get(..item.span().start).map_or(0, |t| t.matches('\n').count()) + 1;
            let (mut rules, mut resource, mut path, mut reason, mut until) = (None, None, None, None, None);
            for (key, value) in table {
                let name: &str = key.get_ref();
                match name {
                    "rule" => rules = Some(self.rule_names("allow.rule", value)),
                    "resource" => resource = self.text("allow.resource", value).map(|(t, _)| t),
                    "path" => path = self.text("allow.path", value).map(|(t, _)| t),
                    "reason" => reason = self.text("allow.reason", value).map(|(t, _)| t),
                    "until" => until = self.day("allow.until", value),
                    _ => self.unknown_key(key.span(), name, "allow."),
                }
            }
            let Some(rules) = rules else {
                let complaint = Complaint::new(item.span(), "`allow` names no rule");
                self.complaints.push(complaint.help("add `rule = \"RULE\"`"));
                continue;
            };
            let allow = Allow::configured(rules, resource.as_deref(), path.as_deref(), line);
            let reason = reason.filter(|r| !r.trim().is_empty());
            self.config.allow.push(Allow { reason, until, ..allow });
        }
    }

    /// A day, as a string or as TOML's own date.
    fn day(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Date> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(day) => day.to_string(),
            _ => {
                self.wrong(key, value, "a day such as `2027-01-31`");
                return None;
            }
        };
        text.parse()
            .map_err(|wrong: String| {
                self.complaints.push(Complaint::new(value.span(), format!("`{key}` is no day")).label(wrong));
            })
            .ok()
    }
}
