//! Conditions against the catalogue: keys that never come, operators that don't fit, sets that may be empty.

use super::actions::closest;
use super::reading::{Condition, Reading, Statement};
use super::{Kind, Remark};
use crate::Catalogue;
use crate::catalogue::{Key, KeyKind};
use std::net::IpAddr;
use tidegate_graph::{Data, Value};

/// Keys that no request of the statement's actions has.
pub fn absent_keys(reading: &Reading<'_>, catalogue: &Catalogue) -> Vec<Remark> {
    let mut out = Vec::new();
    for statement in &reading.statements {
        for condition in &statement.conditions {
            let Some((message, help)) = absent(statement, condition, catalogue) else { continue };
            let key = format!("{}/Condition/{}/{}", statement.key(), condition.operator, condition.name);
            out.push(Remark::new(condition.at, key, message).help(help));
        }
    }
    out
}

fn absent(
    statement: &Statement<'_>,
    condition: &Condition<'_>,
    catalogue: &Catalogue,
) -> Option<(String, String)> {
    let name = condition.name;
    if name.contains("${") || catalogue.global_key(name).is_some() || catalogue.is_provider_key(name) {
        return None;
    }
    let Some((prefix, _)) = name.split_once(':') else {
        return Some((
            format!("`{name}` is no condition key: keys look like `aws:SourceArn`"),
            String::new(),
        ));
    };
    if prefix.eq_ignore_ascii_case("aws") {
        let globals = catalogue.global_keys().map(|k| k.name.as_str());
        let close = closest(name, globals).map(|k| format!("did you mean `{k}`?")).unwrap_or_default();
        // Some keys of this prefix belong to a few services only.
        let own = catalogue.services().any(|s| s.key(name).is_some());
        return (!own).then(|| (format!("there is no condition key `{name}`"), close));
    }
    let Some(service) = catalogue.service(prefix) else {
        // Keys of partners and of providers that nobody lists.
        return None;
    };
    if service.key(name).is_none() {
        let close = closest(name, service.keys().iter().map(|k| k.name.as_str()));
        let help = close.map(|k| format!("did you mean `{k}`?")).unwrap_or_default();
        return (!service.keys().is_empty())
            .then(|| (format!("{} has no condition key `{name}`", service.title), help));
    }
    // Known, and perhaps of another action. Patterns are tried as a whole; one that is known to have it is enough.
    let actions: Vec<&str> = statement.actions.iter().filter_map(|a| a.as_str()).collect();
    if actions.is_empty() || actions.len() < statement.actions.len() {
        return None;
    }
    let has = |pattern: &&str| {
        let mut expanded = catalogue.expand(pattern).peekable();
        // What isn't known may have any key.
        expanded.peek().is_none() || expanded.any(|(s, a)| s.keys_of(a).any(|key| key.is_called(name)))
    };
    // A key that the catalogue gives to no action at all says nothing about these.
    let given = || service.actions().iter().any(|a| service.keys_of(a).any(|key| key.is_called(name)));
    if actions.iter().any(has) || !given() {
        return None;
    }
    let negated =
        condition.base().contains("not") || condition.operator.to_ascii_lowercase().ends_with("ifexists");
    let effect = match (negated || condition.is_for_all(), statement.allows) {
        (true, _) => "so the condition always holds",
        (false, true) => "so the statement never allows anything",
        (false, false) => "so the statement never denies anything",
    };
    Some((format!("no request for these actions has the key `{name}`, {effect}"), String::new()))
}

/// Operators that don't fit their keys, and values that don't fit their operators.
pub fn mistyped_conditions(reading: &Reading<'_>, catalogue: &Catalogue) -> Vec<Remark> {
    let mut out = Vec::new();
    for statement in &reading.statements {
        for condition in &statement.conditions {
            let base = condition.base();
            let key = format!("{}/Condition/{}/{}", statement.key(), condition.operator, condition.name);
            let known = key_of(condition.name, catalogue);
            let wrong = known.and_then(|k| unfit(condition, base, k));
            if let Some((message, help)) = wrong {
                out.push(Remark::new(condition.at, key, message).help(help));
                continue;
            }
            let bad = condition.values.iter().find_map(|value| Some((*value, bad_value(base, value)?)));
            if let Some((value, message)) = bad {
                out.push(Remark::new(value, key, message));
            }
        }
    }
    out
}

fn key_of<'c>(name: &str, catalogue: &'c Catalogue) -> Option<&'c Key> {
    let own = || catalogue.service(name.split_once(':')?.0)?.key(name);
    catalogue.global_key(name).or_else(own)
}

fn unfit(condition: &Condition<'_>, base: &str, key: &Key) -> Option<(String, String)> {
    let (operator, name) = (condition.operator, condition.name);
    if base == "null" || base.is_empty() {
        return None;
    }
    let family = family(base);
    let fits = match family {
        KeyKind::String => {
            matches!(key.kind, KeyKind::String | KeyKind::Arn | KeyKind::Bool | KeyKind::Numeric)
        }
        // A moment can be given as a number.
        KeyKind::Numeric => matches!(key.kind, KeyKind::Numeric | KeyKind::Date),
        KeyKind::Date => matches!(key.kind, KeyKind::Date | KeyKind::Numeric),
        // The catalogue says "string" of some keys that hold ARNs.
        KeyKind::Arn => matches!(key.kind, KeyKind::Arn | KeyKind::String),
        other => key.kind == other,
    };
    if !fits {
        let help = match key.kind {
            KeyKind::Bool => "compare it with `Bool`",
            KeyKind::Numeric => "compare it with `NumericEquals` and the like",
            KeyKind::Date => "compare it with `DateLessThan` and the like",
            KeyKind::Ip => "compare it with `IpAddress`",
            KeyKind::Arn => "compare it with `ArnLike`",
            KeyKind::String => "compare it with `StringEquals` and the like",
        };
        return Some((
            format!("`{operator}` doesn't fit `{name}`, whose values are {}", words(key.kind)),
            help.into(),
        ));
    }
    if key.many && !condition.is_set() {
        let help = format!("write `ForAnyValue:{operator}` or `ForAllValues:{operator}`");
        return Some((format!("`{name}` has several values, and `{operator}` compares one"), help));
    }
    // `ForAnyValue:` does no harm there.
    if !key.many && condition.is_for_all() {
        let plain = operator.split_once(':').map_or(operator, |(_, plain)| plain);
        let message = format!("`{name}` has one value, and `{operator}` also holds where there is none");
        return Some((message, format!("write `{plain}`")));
    }
    None
}

/// The kind of values that an operator compares.
fn family(base: &str) -> KeyKind {
    match base {
        b if b.starts_with("numeric") => KeyKind::Numeric,
        b if b.starts_with("date") => KeyKind::Date,
        b if b.starts_with("arn") => KeyKind::Arn,
        b if b.contains("ipaddress") => KeyKind::Ip,
        "bool" => KeyKind::Bool,
        _ => KeyKind::String,
    }
}

fn words(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::String => "text",
        KeyKind::Arn => "ARNs",
        KeyKind::Bool => "`true` or `false`",
        KeyKind::Numeric => "numbers",
        KeyKind::Date => "dates",
        KeyKind::Ip => "addresses",
    }
}

fn bad_value(base: &str, value: &Value) -> Option<String> {
    let text = value.as_text()?;
    if text.contains("${") {
        return None;
    }
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    match base {
        "bool" | "null" if !is("true") && !is("false") => {
            Some(format!("`{text}` is neither `true` nor `false`"))
        }
        b if b.starts_with("numeric") && text.parse::<f64>().is_err() => {
            Some(format!("`{text}` is no number"))
        }
        b if b.contains("ipaddress") && !is_network(&text) => {
            Some(format!("`{text}` is no address or network: those look like `203.0.113.0/24`"))
        }
        b if b.starts_with("arn")
            && !text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("arn:"))
            && !text.contains(['*', '?']) =>
        {
            Some(format!("`{text}` is no ARN, so it never fits"))
        }
        _ => None,
    }
}

fn is_network(text: &str) -> bool {
    let (address, mask) = text.split_once('/').map_or((text, None), |(a, m)| (a, Some(m)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    mask.is_none_or(|m| m.parse::<u8>().is_ok_and(|m| m <= most))
}

/// `ForAllValues:` that lets through requests without any value: Allow, and nothing that asks for one.
pub fn empty_sets(reading: &Reading<'_>, kind: Kind) -> Vec<Remark> {
    // An organization's policies only bound what others allow; there an empty set matters as much.
    let _ = kind;
    open_sets(reading).into_iter().map(|set| set.remark).collect()
}

/// A set that may be empty, and where it could be asked for a value.
#[derive(Clone, Debug)]
pub struct OpenSet {
    /// What is wrong.
    pub remark: Remark,
    /// Number of the statement.
    pub statement: usize,
    /// The key of the request.
    pub name: String,
    /// The operator under which to ask: `Null`, or as the statement writes it already. `None` where the statement says the
    /// contrary.
    pub null: Option<String>,
}

/// The same as [`empty_sets`], with what it takes to mend them.
pub fn open_sets(reading: &Reading<'_>) -> Vec<OpenSet> {
    let mut out = Vec::new();
    for statement in reading.statements.iter().filter(|s| s.allows) {
        for condition in statement.conditions.iter().filter(|c| c.is_for_all()) {
            let guarded = statement.conditions.iter().any(|other| {
                let same = other.name.eq_ignore_ascii_case(condition.name);
                let asks = other.base() == "null" && other.values.iter().all(|v| says(v, "false"));
                let any = other.operator.to_ascii_lowercase().starts_with("foranyvalue:");
                let single = !other.is_set() && !other.operator.to_ascii_lowercase().ends_with("ifexists");
                let positive = other.base() != "null" && !other.base().contains("not");
                same && (asks || (any || single) && positive)
            });
            if !guarded && !condition.base().contains("not") {
                let name = condition.name;
                let key = format!("{}/Condition/{}/{name}", statement.key(), condition.operator);
                let message = format!("a request without `{name}` passes `{}`", condition.operator);
                let help = format!("also ask for a value: `\"Null\": {{\"{name}\": \"false\"}}`");
                let remark = Remark::new(condition.at, key, message).help(help);
                let mut nulls = statement.conditions.iter().filter(|other| other.base() == "null");
                let contrary = nulls.clone().any(|other| other.name.eq_ignore_ascii_case(name));
                let written = nulls.next().map_or("Null", |other| other.operator);
                let null = (!contrary).then(|| written.to_string());
                out.push(OpenSet { remark, statement: statement.n, name: name.to_string(), null });
            }
        }
    }
    out
}

fn says(value: &Value, word: &str) -> bool {
    match &value.data {
        Data::Bool(b) => b.to_string() == word,
        Data::Text(text) => text.eq_ignore_ascii_case(word),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_graph::{FileId, World};

    fn document(effect: &str, action: &str, conditions: &str) -> Value {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "{effect}", "Action": {action}, "Resource": "*", "Condition": {conditions}}}}}"#
        );
        crate::json::parse(FileId(0), &text).unwrap()
    }

    #[track_caller]
    fn check(found: Vec<Remark>, expect: &[&str]) {
        assert_eq!(found.len(), expect.len(), "{found:?}");
        for (remark, part) in found.iter().zip(expect) {
            assert!(format!("{}; {}", remark.message, remark.help).contains(part), "{remark:?}");
        }
    }

    #[test]
    fn keys_that_never_come() {
        let check_keys = |action: &str, conditions: &str, expect: &[&str]| {
            let document = document("Allow", action, conditions);
            check(absent_keys(&Reading::new(&World::default(), &document), Catalogue::current()), expect);
        };
        check_keys(
            r#""s3:ListBucket""#,
            r#"{"StringLike": {"s3:prefix": "a/*", "aws:PrincipalTag/team": "a"}}"#,
            &[],
        );
        check_keys(
            r#""s3:GetObject""#,
            r#"{"StringLike": {"s3:prefix": "a/*"}}"#,
            &["never allows anything"],
        );
        check_keys(r#"["s3:GetObject", "s3:ListBucket"]"#, r#"{"StringLike": {"s3:prefix": "a/*"}}"#, &[]);
        check_keys(r#""s3:GetObject""#, r#"{"StringNotLike": {"s3:prefix": "a/*"}}"#, &["always holds"]);
        check_keys(
            r#""s3:GetObject""#,
            r#"{"StringLike": {"s3:prefx": "a/*"}}"#,
            &["did you mean `s3:prefix`"],
        );
        check_keys(
            r#""s3:GetObject""#,
            r#"{"StringLike": {"aws:SorceArn": "a"}}"#,
            &["did you mean `aws:SourceArn`"],
        );
        check_keys(r#""s3:GetObject""#, r#"{"StringLike": {"prefix": "a"}}"#, &["no condition key"]);
        check_keys(
            r#""sts:*""#,
            r#"{"StringEquals": {"token.actions.githubusercontent.com:sub": "a"}}"#,
            &[],
        );
        check_keys(r#""iam:PassRole""#, r#"{"StringEquals": {"iam:PassedToService": "a"}}"#, &[]);
    }

    #[test]
    fn operators_values_and_keys() {
        let check_types = |conditions: &str, expect: &[&str]| {
            let document = document("Allow", "\"s3:*\"", conditions);
            check(
                mistyped_conditions(&Reading::new(&World::default(), &document), Catalogue::current()),
                expect,
            );
        };
        check_types(
            r#"{"Bool": {"aws:SecureTransport": true}, "IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}}"#,
            &[],
        );
        check_types(
            r#"{"StringLike": {"aws:SourceArn": "arn:aws:sns:*"}, "ArnLike": {"aws:SourceArn": "*"}}"#,
            &[],
        );
        check_types(r#"{"StringEquals": {"aws:SourceIp": "10.0.0.0/8"}}"#, &["compare it with `IpAddress`"]);
        check_types(r#"{"NumericEquals": {"aws:SourceAccount": "111122223333"}}"#, &["`StringEquals`"]);
        check_types(r#"{"StringEquals": {"aws:TagKeys": "a"}}"#, &["`ForAnyValue:StringEquals`"]);
        check_types(
            r#"{"ForAllValues:StringEquals": {"aws:SourceAccount": "1"}}"#,
            &["write `StringEquals`"],
        );
        check_types(r#"{"Bool": {"aws:SecureTransport": "yes"}}"#, &["neither `true`"]);
        check_types(r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/99"}}"#, &["no address"]);
        check_types(r#"{"ArnEquals": {"aws:SourceArn": "orders"}}"#, &["no ARN"]);
        check_types(
            r#"{"NumericLessThan": {"s3:max-keys": "${aws:x}"}, "Null": {"s3:prefix": "maybe"}}"#,
            &["neither"],
        );
    }

    #[test]
    fn sets_without_a_guard() {
        let check_sets = |effect: &str, conditions: &str, expect: usize| {
            let document = document(effect, "\"sqs:*\"", conditions);
            let found = empty_sets(&Reading::new(&World::default(), &document), Kind::Identity);
            assert_eq!(found.len(), expect, "{conditions}: {found:?}");
        };
        let open = r#"{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}"#;
        check_sets("Allow", open, 1);
        check_sets("Deny", open, 0);
        check_sets(
            "Allow",
            r#"{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}, "Null": {"aws:tagkeys": "false"}}"#,
            0,
        );
        check_sets(
            "Allow",
            r#"{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}, "Null": {"aws:TagKeys": "true"}}"#,
            1,
        );
        check_sets(
            "Allow",
            r#"{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}, "ForAnyValue:StringLike": {"aws:TagKeys": "*"}}"#,
            0,
        );
    }
}
