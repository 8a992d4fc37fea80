//! The grammar of policies: what AWS refuses to store.

use super::date::is_date;
use super::{Kind, Remark, resource};
use crate::json;
use std::collections::HashMap;
use tidegate_graph::{Data, Map, Piece, Value, World};

/// More is of no use to anyone.
const MOST: usize = 50;

const STATEMENT_KEYS: &[&str] = &[
    "Action",
    "Condition",
    "Effect",
    "NotAction",
    "NotPrincipal",
    "NotResource",
    "Principal",
    "Resource",
    "Sid",
];

/// Operators without set prefix and `IfExists`, in small letters.
const OPERATORS: &[&str] = &[
    "arnequals",
    "arnlike",
    "arnnotequals",
    "arnnotlike",
    "binaryequals",
    "bool",
    "dateequals",
    "dategreaterthan",
    "dategreaterthanequals",
    "datelessthan",
    "datelessthanequals",
    "datenotequals",
    "ipaddress",
    "notipaddress",
    "null",
    "numericequals",
    "numericgreaterthan",
    "numericgreaterthanequals",
    "numericlessthan",
    "numericlessthanequals",
    "numericnotequals",
    "stringequals",
    "stringequalsignorecase",
    "stringlike",
    "stringnotequals",
    "stringnotequalsignorecase",
    "stringnotlike",
];

/// Why AWS would refuse the document, in the order in which it is written; empty for a valid one. The version is another
/// matter: see `version`.
pub fn refused(world: &World, document: &Value, kind: Kind) -> Vec<Remark> {
    let mut check = Check { world, kind, sids: HashMap::new(), out: Vec::new() };
    check.document(document);
    check.out.truncate(MOST);
    check.out
}

struct Check<'a> {
    world: &'a World,
    kind: Kind,
    /// Statement ids and the number of the statement that has each.
    sids: HashMap<String, usize>,
    out: Vec<Remark>,
}

impl Check<'_> {
    fn document(&mut self, document: &Value) {
        let Some(document) = self.world.resolve(document) else { return };
        if undecided(document) {
            return;
        }
        let Some(map) = document.as_map() else {
            let message = match document.as_str().map(|text| json::parse(document.span.file, text)) {
                Some(Ok(parsed)) if parsed.as_map().is_some() => {
                    // Places within a text that was put together are none of the file.
                    let from = self.out.len();
                    self.document(&parsed);
                    self.out.iter_mut().skip(from).for_each(|remark| remark.span = document.span);
                    return;
                }
                Some(Err(broken)) => format!("the policy is no JSON: {broken}"),
                _ => "a policy is an object with `Version` and `Statement`".to_string(),
            };
            self.say(document, "", message);
            return;
        };
        for (name, value) in map.iter() {
            if !matches!(name.as_str(), "Version" | "Id" | "Statement") {
                self.unknown_key(name, value, "", &["Version", "Id", "Statement"]);
            }
        }
        if let Some(version) = map.get("Version").and_then(|v| self.world.resolve(v))
            && !undecided(version)
            && !matches!(version.as_str(), Some("2012-10-17" | "2008-10-17"))
        {
            let message = format!("there is no version `{}`", version.display());
            self.out.push(Remark::new(version, "Version", message).help("write `2012-10-17`"));
        }
        if let Some(id) = map.get("Id").and_then(|v| self.world.resolve(v)) {
            self.text(id, "Id", "`Id`");
        }
        let Some(list) = map.get("Statement").and_then(|v| self.world.resolve(v)) else {
            self.say(document, "", "the policy has no `Statement`");
            return;
        };
        if undecided(list) {
            return;
        }
        let items = match &list.data {
            Data::List(items) if items.is_empty() => {
                self.say(list, "Statement", "the list of statements is empty");
                return;
            }
            Data::List(_) => self.world.items(list),
            _ => vec![list],
        };
        for (n, statement) in items.into_iter().enumerate() {
            if self.out.len() < MOST {
                self.statement(n, statement);
            }
        }
    }

    fn statement(&mut self, n: usize, statement: &Value) {
        let key = format!("Statement/{n}");
        if undecided(statement) {
            return;
        }
        let Some(map) = statement.as_map() else {
            self.say(statement, &key, "a statement is an object");
            return;
        };
        for (name, value) in map.iter() {
            if !STATEMENT_KEYS.contains(&name.as_str()) {
                self.unknown_key(name, value, &key, STATEMENT_KEYS);
            }
        }
        if let Some(sid) = map.get("Sid").and_then(|v| self.world.resolve(v)) {
            self.sid(n, sid, &key);
        }
        match map.get("Effect").and_then(|v| self.world.resolve(v)) {
            None => self.say(statement, &key, "the statement has no `Effect`"),
            Some(effect) if undecided(effect) || matches!(effect.as_str(), Some("Allow" | "Deny")) => {}
            Some(effect) => {
                let message = format!("an effect is `Allow` or `Deny`, not `{}`", effect.display());
                self.say(effect, &format!("{key}/Effect"), message);
            }
        }
        self.principals(statement, map, &key);
        if let Some((name, actions)) = self.either(statement, map, &key, ["Action", "NotAction"], true) {
            self.actions(actions, &format!("{key}/{name}"));
        }
        if self.kind == Kind::Trust {
            for name in ["Resource", "NotResource"] {
                if let Some(value) = map.get(name).and_then(|v| self.world.resolve(v)) {
                    let message = format!("a trust policy has no `{name}`: the role itself is the resource");
                    self.say(value, &format!("{key}/{name}"), message);
                }
            }
        } else {
            let needed = self.kind != Kind::Resource;
            if let Some((name, resources)) =
                self.either(statement, map, &key, ["Resource", "NotResource"], needed)
            {
                self.resources(resources, &format!("{key}/{name}"));
            }
        }
        if let Some(conditions) = map.get("Condition").and_then(|v| self.world.resolve(v)) {
            self.conditions(conditions, &format!("{key}/Condition"));
        }
    }

    fn sid(&mut self, n: usize, sid: &Value, key: &str) {
        let at = format!("{key}/Sid");
        if !self.text(sid, &at, "`Sid`") {
            return;
        }
        let Some(text) = sid.as_str().filter(|t| !t.is_empty()) else { return };
        if let Some(first) = self.sids.get(text) {
            let message = format!("the id `{text}` is that of statement {} already", first + 1);
            self.out
                .push(Remark::new(sid, at, message).help("give each statement an id of its own, or none"));
        } else {
            self.sids.insert(text.to_string(), n);
        }
    }

    /// One of two keys of which a statement may only have one.
    fn either<'v>(
        &mut self,
        statement: &Value,
        map: &'v Map,
        key: &str,
        names: [&'static str; 2],
        needed: bool,
    ) -> Option<(&'static str, &'v Value)>
    where
        Self: 'v,
    {
        let world = self.world;
        let [first, second] =
            names.map(|name| map.get(name).and_then(|v| world.resolve(v)).map(|v| (name, v)));
        let [name, other] = names;
        match (first, second) {
            (Some(_), Some((_, value))) => {
                self.say(
                    value,
                    &format!("{key}/{other}"),
                    format!("a statement has `{name}` or `{other}`, not both"),
                );
                None
            }
            (None, None) if needed => {
                self.say(statement, key, format!("the statement has neither `{name}` nor `{other}`"));
                None
            }
            (first, second) => first.or(second),
        }
    }

    fn actions(&mut self, actions: &Value, key: &str) {
        for (n, action) in self.listed(actions, key, "action") {
            let Some(text) = action.as_str() else {
                if !undecided(action) {
                    self.say(action, &at(key, n), "an action is a string");
                }
                continue;
            };
            if let Some(message) = wrong_action(text) {
                self.say(action, &at(key, n), message);
            }
        }
    }

    fn resources(&mut self, resources: &Value, key: &str) {
        let listed = self.listed(resources, key, "resource");
        // AWS looks over a null among others.
        let only_nulls = !listed.is_empty() && listed.iter().all(|(_, v)| v.data == Data::Null);
        for (n, value) in listed {
            match value.as_str() {
                Some(text) => {
                    if let Some(message) = resource::wrong(text, self.kind) {
                        self.say(value, &at(key, n), message);
                    }
                }
                None if undecided(value) || value.data == Data::Null && !only_nulls => {}
                None => self.say(value, &at(key, n), "a resource is a string"),
            }
        }
    }

    /// The items of a string or list of strings, which may not be empty.
    fn listed<'v>(&mut self, value: &'v Value, key: &str, what: &str) -> Vec<(usize, &'v Value)>
    where
        Self: 'v,
    {
        match &value.data {
            Data::List(items) if items.is_empty() => {
                self.say(value, key, format!("the statement names no {what}"));
                Vec::new()
            }
            // Null as the only value is no string either.
            Data::Null => vec![(0, value)],
            _ => self.world.items(value).into_iter().enumerate().collect(),
        }
    }

    fn principals(&mut self, statement: &Value, map: &Map, key: &str) {
        let named =
            ["Principal", "NotPrincipal"].map(|name| map.get(name).and_then(|v| self.world.resolve(v)));
        if !self.kind.names_principals() {
            for (name, value) in ["Principal", "NotPrincipal"].into_iter().zip(named) {
                let Some(value) = value else { continue };
                let message =
                    format!("an identity policy has no `{name}`: it speaks of whoever it is attached to");
                let help = "is it the policy of a resource? then say `--kind resource`, or `--kind trust` for a role's";
                self.out.push(Remark::new(value, format!("{key}/{name}"), message).help(help));
            }
            return;
        }
        let names = ["Principal", "NotPrincipal"];
        let Some((name, value)) = self.either(statement, map, key, names, true) else { return };
        let key = format!("{key}/{name}");
        if undecided(value) || value.as_str() == Some("*") {
            return;
        }
        let Some(kinds) = value.as_map() else {
            self.say(value, &key, "a principal is `*` or an object such as `{\"AWS\": \"111122223333\"}`");
            return;
        };
        for (kind, values) in kinds.iter() {
            let Some(values) = self.world.resolve(values) else { continue };
            let key = format!("{key}/{kind}");
            if !matches!(kind.as_str(), "AWS" | "Service" | "Federated" | "CanonicalUser") {
                self.unknown_key(kind, values, &key, &["AWS", "Service", "Federated", "CanonicalUser"]);
                continue;
            }
            for (n, value) in self.listed(values, &key, "principal") {
                match value.as_str() {
                    Some(text) => {
                        if let Some(message) = wrong_principal(kind, text) {
                            self.say(value, &at(&key, n), message);
                        }
                    }
                    // Account ids look like numbers.
                    None if undecided(value) || matches!(value.data, Data::Number(_)) => {}
                    None => self.say(value, &at(&key, n), "a principal is a string"),
                }
            }
        }
    }

    fn conditions(&mut self, conditions: &Value, key: &str) {
        if undecided(conditions) {
            return;
        }
        let Some(operators) = conditions.as_map() else {
            self.say(conditions, key, "conditions are an object: operators with keys with values");
            return;
        };
        for (operator, keys) in operators.iter() {
            let Some(keys) = self.world.resolve(keys) else { continue };
            let key = format!("{key}/{operator}");
            if undecided(keys) {
                continue;
            }
            let Some(keys) = keys.as_map() else {
                self.say(keys, &key, format!("`{operator}` takes an object: keys with values"));
                continue;
            };
            // AWS doesn't look at an operator that has nothing to compare.
            let Some(name) = operator_name(operator) else {
                if let Some(first) = keys.values().next() {
                    let close = closest(operator);
                    let remark =
                        Remark::new(first, &key, format!("there is no condition operator `{operator}`"));
                    self.out.push(remark.help(close));
                }
                continue;
            };
            let dated = name.starts_with("date");
            for (name, values) in keys.iter() {
                let Some(values) = self.world.resolve(values) else { continue };
                self.values(values, &format!("{key}/{name}"), dated);
            }
        }
    }

    fn values(&mut self, values: &Value, key: &str, dated: bool) {
        let listed: Vec<&Value> = match values.data {
            Data::List(_) => self.world.items(values),
            _ => vec![values],
        };
        for (n, value) in listed.into_iter().enumerate() {
            match value.as_text() {
                Some(text) => {
                    if dated && !text.contains("${") && !is_date(&text) {
                        self.say(value, &at(key, n), format!("`{text}` is no date that AWS reads"));
                    }
                }
                None if undecided(value) => {}
                None => self.say(
                    value,
                    &at(key, n),
                    "the value of a condition is a string, a number or a boolean",
                ),
            }
        }
    }

    /// True for a string; says so when it isn't known to be one.
    fn text(&mut self, value: &Value, key: &str, what: &str) -> bool {
        let good = matches!(value.data, Data::Text(_)) || undecided(value);
        if !good {
            self.say(value, key, format!("{what} is a string"));
        }
        good
    }

    fn unknown_key(&mut self, name: &str, value: &Value, key: &str, known: &[&str]) {
        let same = known.iter().find(|k| k.eq_ignore_ascii_case(name));
        let help = same.map(|k| format!("write `{k}`")).unwrap_or_default();
        self.out.push(Remark::new(value, key, format!("nothing has the name `{name}` here")).help(help));
    }

    fn say(&mut self, value: &Value, key: &str, message: impl Into<String>) {
        self.out.push(Remark::new(value, key, message));
    }
}

/// The operator without set prefix and `IfExists`, in small letters, if there is such a one.
pub(super) fn operator_name(operator: &str) -> Option<&'static str> {
    let after = |text: &str, prefix: &str| {
        let (start, rest) = text.split_at_checked(prefix.len())?;
        start.eq_ignore_ascii_case(prefix).then_some(rest.len())
    };
    let base = ["ForAnyValue:", "ForAllValues:"]
        .iter()
        .find_map(|prefix| operator.get(operator.len() - after(operator, prefix)?..))
        .unwrap_or(operator);
    let cut = base.len().checked_sub("IfExists".len()).and_then(|at| base.split_at_checked(at));
    let plain = cut.filter(|(_, end)| end.eq_ignore_ascii_case("IfExists")).map_or(base, |(plain, _)| plain);
    let found = OPERATORS.iter().find(|known| known.eq_ignore_ascii_case(plain)).copied()?;
    // Whether a key exists can't itself be asked only if it exists.
    (found != "null" || base == plain).then_some(found)
}

fn closest(operator: &str) -> String {
    let lower = operator.to_ascii_lowercase().replace([' ', '-', '_'], "");
    match lower.as_str() {
        "equals" | "stringequal" => "write `StringEquals`".into(),
        "like" | "stringslike" => "write `StringLike`".into(),
        "boolean" => "write `Bool`".into(),
        _ => String::new(),
    }
}

/// What is wrong with the form of an action, if anything. Whether there is such an action is another question.
fn wrong_action(text: &str) -> Option<String> {
    if text == "*" {
        return None;
    }
    let mut parts = text.split(':');
    let (service, name, more) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if name.is_none() {
        return Some(format!("`{text}` names no service: an action is `service:Name` or `*`"));
    }
    if more.is_some() {
        return Some(format!("`{text}` has more than one colon: an action is `service:Name`"));
    }
    let plain =
        !service.is_empty() && service.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    (!plain).then(|| {
        format!("`{service}` in `{text}` can be no service: wildcards belong into the action's name")
    })
}

fn wrong_principal(kind: &str, text: &str) -> Option<String> {
    match kind {
        "AWS" => {
            let account = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
            // What was deleted stays as its unique id.
            let id =
                text.len() >= 16 && text.starts_with('A') && text.bytes().all(|b| b.is_ascii_alphanumeric());
            if text == "*" || account || id {
                return None;
            }
            if !text.starts_with("arn:") {
                return Some(format!("`{text}` is no principal: an account id, an ARN or `*` was expected"));
            }
            text.contains(['*', '?'])
                .then(|| format!("`{text}` has a wildcard, and principals can't have one"))
        }
        "Service" => (!text.contains('.') && text != "*")
            .then(|| format!("`{text}` is no service principal: those look like `lambda.amazonaws.com`")),
        _ => None,
    }
}

/// True where what stands there isn't known before deployment.
fn undecided(value: &Value) -> bool {
    match &value.data {
        Data::Unknown(_) => true,
        Data::Template(pieces) => pieces.iter().any(|p| !matches!(p, Piece::Text(_))),
        _ => false,
    }
}

fn at(key: &str, n: usize) -> String {
    format!("{key}/{n}")
}

#[cfg(test)]
mod tests;
