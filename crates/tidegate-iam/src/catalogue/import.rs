//! Makes a catalogue from AWS's service reference: `v1/<service>/<service>.json`, one file a service.

use super::file::File;
use super::{Catalogue, Unreadable};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

/// A file that is none of the service reference.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReference {
    /// It isn't JSON.
    #[error("this is no JSON: {0}")]
    NotJson(String),
    /// It has no name or no actions.
    #[error("this is no file of the service reference: `Name` or `Actions` is missing")]
    Other,
}

/// Gathers files of the service reference. What they don't tell (managed policies, other names, dependent actions,
/// global keys, services that weren't given) is kept from another catalogue.
#[derive(Debug, Default)]
pub struct Import {
    base: File,
    /// Lines of services by prefix.
    services: BTreeMap<String, String>,
    imported: usize,
}

impl Import {
    /// Starts from a catalogue's bytes.
    pub fn over(base: &[u8]) -> Result<Self, Unreadable> {
        let base = File::read(base)?;
        base.verify()?;
        let mut services: BTreeMap<String, String> = BTreeMap::new();
        let text = base.section("services");
        let mut prefix = String::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("S\t") {
                prefix = rest.split('\t').next().unwrap_or_default().to_string();
            }
            let lines = services.entry(prefix.clone()).or_default();
            lines.push_str(line);
            lines.push('\n');
        }
        Ok(Self { base, services, imported: 0 })
    }

    /// Takes one file; returns the service's prefix.
    pub fn add(&mut self, text: &str) -> Result<String, NotReference> {
        let json: Value = serde_json::from_str(text).map_err(|e| NotReference::NotJson(e.to_string()))?;
        let name =
            json.get("Name").and_then(Value::as_str).filter(|n| plain(n)).ok_or(NotReference::Other)?;
        let actions = json.get("Actions").and_then(Value::as_array).ok_or(NotReference::Other)?;
        let old = Old::read(self.services.get(name).map_or("", String::as_str));
        self.services.insert(name.to_string(), lines(name, &json, actions, &old));
        self.imported += 1;
        Ok(name.to_string())
    }

    /// How many services were taken.
    pub fn len(&self) -> usize {
        self.imported
    }

    /// True when none was taken.
    pub fn is_empty(&self) -> bool {
        self.imported == 0
    }

    /// The new catalogue, dated by a day such as `2026-11-25`.
    pub fn finish(mut self, date: &str) -> Vec<u8> {
        let text: String = self.services.into_values().collect();
        self.base.put("services", &text);
        self.base.date = date.replace('\n', " ");
        self.base.sources.retain(|s| !s.starts_with("AWS service reference"));
        self.base.sources.push(format!("AWS service reference of {} services, imported", self.imported));
        self.base.bytes()
    }
}

impl Catalogue {
    /// Reads a catalogue and opens every section of it, to know now whether it is whole.
    pub fn read_whole(bytes: &[u8]) -> Result<Self, Unreadable> {
        let file = File::read(bytes)?;
        file.verify()?;
        Ok(Self::of(file))
    }
}

/// What the reference doesn't say and the older lines do.
#[derive(Default)]
struct Old<'t> {
    head: &'t str,
    dependents: HashMap<&'t str, &'t str>,
}

impl<'t> Old<'t> {
    fn read(lines: &'t str) -> Self {
        let mut old = Self::default();
        for line in lines.lines() {
            let mut parts = line.split('\t');
            match parts.next() {
                Some("S") => old.head = line,
                Some("A") => {
                    let name = parts.next().unwrap_or_default();
                    if let Some(needs) = parts.nth(3).filter(|n| !n.is_empty()) {
                        old.dependents.insert(name, needs);
                    }
                }
                _ => {}
            }
        }
        old
    }
}

fn lines(service: &str, json: &Value, actions: &[Value], old: &Old<'_>) -> String {
    let mut out = String::new();
    if old.head.is_empty() {
        let _ = writeln!(out, "S\t{service}\t{service}\t");
    } else {
        let _ = writeln!(out, "{}", old.head);
    }
    let mut keys: HashMap<&str, usize> = HashMap::new();
    for key in list(json, "ConditionKeys") {
        let Some(name) = name_of(key) else { continue };
        let number = keys.len();
        if keys.insert(name, number).is_some() {
            continue;
        }
        let types: Vec<&str> = list(key, "Types").filter_map(Value::as_str).collect();
        let shown = name.replace('<', "${").replace('>', "}");
        let _ = writeln!(out, "K\t{shown}\t{}", kind(&types));
    }
    let numbers = |value: &Value, between: &str| -> String {
        let names =
            list(value, "ActionConditionKeys").chain(list(value, "ConditionKeys")).filter_map(Value::as_str);
        names.filter_map(|n| keys.get(n)).map(ToString::to_string).collect::<Vec<_>>().join(between)
    };
    let mut types: HashMap<&str, usize> = HashMap::new();
    for ty in list(json, "Resources") {
        let Some(name) = name_of(ty) else { continue };
        let number = types.len();
        if types.insert(name, number).is_some() {
            continue;
        }
        let arn = list(ty, "ARNFormats").find_map(Value::as_str).filter(|a| plain(a)).unwrap_or_default();
        let _ = writeln!(out, "R\t{name}\t{arn}\t{}", numbers(ty, ","));
    }
    let mut sorted: Vec<(String, String)> = Vec::new();
    for action in actions {
        let Some(name) = name_of(action) else { continue };
        let flag = |key: &str| {
            action.get("Annotations").and_then(|a| a.get("Properties")?.get(key)).and_then(Value::as_bool)
                == Some(true)
        };
        let level = match () {
            () if flag("IsPermissionManagement") => 'P',
            () if flag("IsTaggingOnly") => 'T',
            () if flag("IsWrite") => 'W',
            () if flag("IsList") => 'L',
            () => 'R',
        };
        let on: Vec<String> = list(action, "Resources")
            .filter_map(name_of)
            .filter_map(|n| types.get(n))
            .map(ToString::to_string)
            .collect();
        let needs = old.dependents.get(name).copied().unwrap_or_default();
        let line = format!("A\t{name}\t{level}\t{}\t{}\t{needs}", on.join(","), numbers(action, ","));
        sorted.push((name.to_ascii_lowercase(), line.trim_end().to_string()));
    }
    sorted.sort();
    sorted.dedup_by(|a, b| a.0 == b.0);
    for (_, line) in sorted {
        out.push_str(&line);
        out.push('\n');
    }
    out
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn name_of(value: &Value) -> Option<&str> {
    value.get("Name").and_then(Value::as_str).filter(|n| plain(n))
}

/// Nothing that would break a line apart.
fn plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['\t', '\n', '\r'])
}

fn kind(types: &[&str]) -> String {
    let first = types.first().copied().unwrap_or("String");
    let (one, many) = first.strip_prefix("ArrayOf").map_or((first, ""), |one| (one, "s"));
    let letter = match one {
        "ARN" | "Arn" => 'A',
        "Bool" | "Boolean" => 'B',
        "Numeric" | "Long" => 'N',
        "Date" => 'D',
        "IPAddress" | "Ip" => 'I',
        _ => 'S',
    };
    format!("{letter}{many}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Access;

    const REFERENCE: &str = r#"{"Name": "sqs", "Version": "v1.4",
        "Actions": [
            {"Name": "SendMessage", "Resources": [{"Name": "queue"}], "ActionConditionKeys": ["aws:TagKeys"],
             "Annotations": {"Properties": {"IsList": false, "IsPermissionManagement": false, "IsTaggingOnly": false, "IsWrite": true}}},
            {"Name": "AbolishQueue", "Annotations": {"Properties": {"IsPermissionManagement": true, "IsWrite": true}}}],
        "ConditionKeys": [{"Name": "aws:TagKeys", "Types": ["ArrayOfString"]}],
        "Resources": [{"Name": "queue", "ARNFormats": ["arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"]}]}"#;

    #[test]
    fn a_service_is_replaced_and_the_rest_is_kept() {
        let mut import = Import::over(Catalogue::built_in()).unwrap();
        assert_eq!(import.add(REFERENCE).as_deref(), Ok("sqs"));
        assert_eq!(import.len(), 1);
        let new = Catalogue::read_whole(&import.finish("2027-01-02")).unwrap();
        assert_eq!(new.date(), "2027-01-02");
        let sqs = new.service("sqs").unwrap();
        assert_eq!(sqs.actions().len(), 2);
        assert!(sqs.rcp, "the reference says nothing of it");
        let send = new.action("sqs:SendMessage").unwrap();
        assert_eq!(
            (send.access, sqs.types_of(send).count(), sqs.keys_of(send).count()),
            (Access::Write, 1, 1)
        );
        assert_eq!(new.action("sqs:AbolishQueue").unwrap().access, Access::Permissions);
        assert!(new.action("s3:GetObject").is_some() && new.global_key("aws:SourceArn").is_some());
        assert!(new.managed_policy("AdministratorAccess").is_some());
    }

    #[test]
    fn other_files_are_refused() {
        let mut import = Import::over(Catalogue::built_in()).unwrap();
        assert!(matches!(import.add("{"), Err(NotReference::NotJson(_))));
        assert_eq!(import.add("{}"), Err(NotReference::Other));
        assert_eq!(import.add(r#"{"Name": "a\tb", "Actions": []}"#), Err(NotReference::Other));
        assert!(import.is_empty());
        assert!(Import::over(b"x").is_err());
    }
}
