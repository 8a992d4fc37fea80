//! Actions against the catalogue: whether they exist, and whether they can act on what is named.

use super::reading::{Reading, Statement, pattern};
use super::{Kind, Remark};
use crate::Catalogue;
use crate::catalogue::{Action, Service};
use crate::glob;
use tidegate_graph::Value;

/// Actions and patterns that mean nothing.
pub fn unknown_actions(reading: &Reading<'_>, catalogue: &Catalogue) -> Vec<Remark> {
    let mut out = Vec::new();
    for statement in &reading.statements {
        let lists = [("Action", &statement.actions), ("NotAction", &statement.not_actions)];
        for (name, actions) in lists {
            for (n, action) in actions.iter().enumerate() {
                let Some((message, help)) = action.as_str().and_then(|text| unknown(text, catalogue)) else {
                    continue;
                };
                out.push(Remark::new(action, format!("{}/{name}/{n}", statement.key()), message).help(help));
            }
        }
    }
    out
}

fn unknown(text: &str, catalogue: &Catalogue) -> Option<(String, String)> {
    let (prefix, name) = text.split_once(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    if prefix.is_empty() || !prefix.chars().all(plain) || name.contains(':') {
        // The grammar speaks of it.
        return None;
    }
    let Some(service) = catalogue.service(prefix) else {
        let close = closest(prefix, catalogue.services().map(|s| s.prefix.as_str()));
        let other = catalogue.prefix_of(prefix).or(close);
        let help = other.map(|p| format!("did you mean `{p}`?")).unwrap_or_default();
        return Some((format!("`{text}` is of no service that is known"), help));
    };
    if service.matching(name).next().is_some() || service.actions().is_empty() {
        return None;
    }
    if name.contains(['*', '?']) {
        return Some((format!("`{text}` fits no action of {}", service.title), String::new()));
    }
    let sdk: Vec<String> = catalogue.action_for_sdk(prefix, name);
    let close = closest(name, service.actions().iter().map(|a| a.name.as_str()));
    let help = match (sdk.first(), close) {
        (Some(action), _) => format!("the operation is allowed by `{action}`"),
        (None, Some(close)) => format!("did you mean `{}:{close}`?", service.prefix),
        (None, None) => String::new(),
    };
    Some((format!("{} has no action `{name}`", service.title), help))
}

/// The most similar name, when it is similar at all.
pub(super) fn closest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let lower = name.to_ascii_lowercase();
    let near = |other: &str| -> f64 { strsim::jaro_winkler(&lower, &other.to_ascii_lowercase()) };
    // Most are far away, which their beginning and length tell at once.
    let first = |text: &str| text.bytes().next().map(|b| b.to_ascii_lowercase());
    let close = |other: &&str| first(other) == first(name) && other.len().abs_diff(name.len()) <= 4;
    let scored = names.filter(close).map(|other| (near(other), other));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.9).then_some(best.1)
}

/// Actions that can't act on any resource that their statement names.
pub fn dead_actions(reading: &Reading<'_>, kind: Kind, catalogue: &Catalogue) -> Vec<Remark> {
    let mut out = Vec::new();
    if kind == Kind::Trust {
        return out;
    }
    for statement in &reading.statements {
        let Some(resources) = named(statement) else { continue };
        let dead: Vec<(usize, &Value, String)> = statement
            .actions
            .iter()
            .enumerate()
            .filter_map(|(n, action)| {
                let why = dead(action.as_str()?, &resources, catalogue)?;
                Some((n, *action, why))
            })
            .collect();
        for (n, action, help) in &dead {
            let text = action.display();
            let message = if statement.allows {
                format!("`{text}` is never allowed by this: it can't act on the resources that are named")
            } else {
                format!("`{text}` is never denied by this: it can't act on the resources that are named")
            };
            out.push(
                Remark::new(action, format!("{}/Action/{n}", statement.key()), message).help(help.clone()),
            );
        }
    }
    out
}

/// The resources as patterns; `None` where one stands for everything or isn't known.
fn named(statement: &Statement<'_>) -> Option<Vec<String>> {
    let patterns: Option<Vec<String>> = statement.resources.iter().map(|r| pattern(r)).collect();
    let patterns = patterns.filter(|p| !p.is_empty())?;
    // What grammar refuses is its matter; what begins with a wildcard may be anything.
    let sound = |p: &String| p.starts_with("arn:") && p.matches(':').count() >= 2;
    patterns.iter().all(sound).then_some(patterns)
}

/// Why an action can't act on any of these, if so.
fn dead(text: &str, resources: &[String], catalogue: &Catalogue) -> Option<String> {
    let (prefix, name) = text.split_once(':')?;
    let service = catalogue.service(prefix)?;
    let mut actions = service.matching(name).peekable();
    let first = *actions.peek()?;
    if actions.any(|action| acts(service, action, resources)) {
        return None;
    }
    if first.resource_types.is_empty() {
        return Some("it knows no resources, so it needs `Resource: \"*\"`".to_string());
    }
    let templates: Vec<String> =
        service.types_of(first).take(3).map(|(_, ty)| format!("`{}`", ty.arn)).collect();
    Some(format!("it acts on {}", templates.join(", ")))
}

fn acts(service: &Service, action: &Action, resources: &[String]) -> bool {
    let fits = |arn: &str| resources.iter().any(|r| fits(r, arn));
    service.types_of(action).any(|(_, ty)| ty.arn.is_empty() || fits(&ty.arn))
}

/// Parts of names that have neither slashes nor colons.
const PLAIN: &[&str] = &["${BucketName}", "${TableName}", "${QueueName}", "${TopicName}", "${StreamName}"];

/// True if a pattern of a statement can be a resource of this form.
fn fits(pattern: &str, template: &str) -> bool {
    let mut left = pattern.splitn(6, ':');
    let mut right = template.splitn(6, ':');
    for n in 0..6 {
        match (left.next(), right.next()) {
            // A short ARN stands for all that begins so.
            (None, _) => return true,
            (Some(_), None) => return false,
            (Some(own), Some(form)) => {
                let fit = if n < 5 { meets(own, form) } else { path_fits(own, form) };
                if !fit {
                    return false;
                }
            }
        }
    }
    true
}

fn path_fits(own: &str, form: &str) -> bool {
    if let Some(last) = PLAIN.iter().find(|plain| form.ends_with(**plain)) {
        let start = form.strip_suffix(*last).unwrap_or_default();
        // `orders/*` is no bucket: a name that ends here has no slash in it.
        if !start.contains("${")
            && let Some(rest) = own.strip_prefix(start)
        {
            return !rest.contains(['/', ':']);
        }
    }
    meets(own, form)
}

/// True if some text fits both a pattern and a form with `${...}` for anything.
fn meets(own: &str, form: &str) -> bool {
    if own == "*" || own == form || form.starts_with("${") && form.find('}') == Some(form.len() - 1) {
        return true;
    }
    let Some((start, rest)) = form.split_once("${") else {
        // Nothing but itself.
        return if own.contains(['*', '?']) { meet(own, form) } else { own == form };
    };
    let literal = own.split(['*', '?']).next().unwrap_or_default();
    if !(literal.starts_with(start) || start.starts_with(literal)) {
        return false;
    }
    // A form of one variable at its end is met by whatever begins like it.
    let after = rest.split_once('}').map_or("", |(_, after)| after);
    if after.is_empty() && literal.len() > start.len() {
        return true;
    }
    let mut open = String::from(start);
    let mut rest = form.get(start.len()..).unwrap_or_default();
    while let Some((before, variable)) = rest.split_once("${") {
        open.push_str(before);
        open.push('*');
        rest = variable.split_once('}').map_or("", |(_, rest)| rest);
    }
    open.push_str(rest);
    meet(own, &open)
}

fn meet(a: &str, b: &str) -> bool {
    /// Longer ones are no names that AWS takes.
    const LONGEST: usize = 2_048;
    a.len() > LONGEST || b.len() > LONGEST || glob::meet(&glob::tokens(a), &glob::tokens(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_graph::{FileId, World};

    fn document(actions: &str, resources: &str) -> Value {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": {actions}, "Resource": {resources}}}}}"#
        );
        crate::json::parse(FileId(0), &text).unwrap()
    }

    #[track_caller]
    fn check_unknown(action: &str, expect: &str) {
        let document = document(&format!("\"{action}\""), "\"*\"");
        let found = unknown_actions(&Reading::new(&World::default(), &document), Catalogue::current());
        let said: Vec<String> = found.iter().map(|r| format!("{}; {}", r.message, r.help)).collect();
        assert_eq!(said.join(" "), expect, "{action}");
    }

    #[test]
    fn actions_that_do_not_exist() {
        for good in ["*", "sqs:*", "SQS:sendmessage", "sqs:Send*", "s3:GetObject", "nonsense", "s*:Get"] {
            check_unknown(good, "");
        }
        check_unknown(
            "sqs:SendMesage",
            "Amazon SQS has no action `SendMesage`; did you mean `sqs:SendMessage`?",
        );
        check_unknown(
            "sqs:SendMessageBatch",
            "Amazon SQS has no action `SendMessageBatch`; the operation is allowed by `sqs:SendMessage`",
        );
        check_unknown(
            "lambda:Invoke",
            "AWS Lambda has no action `Invoke`; the operation is allowed by `lambda:InvokeFunction`",
        );
        check_unknown("sqs:Push*", "`sqs:Push*` fits no action of Amazon SQS; ");
        check_unknown(
            "stepfunctions:StartExecution",
            "`stepfunctions:StartExecution` is of no service that is known; did you mean `states`?",
        );
    }

    #[track_caller]
    fn check_dead(actions: &str, resources: &str, expect: usize) {
        let document = document(actions, resources);
        let found =
            dead_actions(&Reading::new(&World::default(), &document), Kind::Identity, Catalogue::current());
        assert_eq!(found.len(), expect, "{actions} on {resources}: {found:?}");
    }

    #[test]
    fn actions_that_cannot_act_on_what_is_named() {
        check_dead(r#""s3:ListBucket""#, r#""arn:aws:s3:::orders/*""#, 1);
        check_dead(r#""s3:GetObject""#, r#""arn:aws:s3:::orders""#, 1);
        check_dead(
            r#"["s3:ListBucket", "s3:GetObject"]"#,
            r#"["arn:aws:s3:::orders", "arn:aws:s3:::orders/*"]"#,
            0,
        );
        check_dead(r#""s3:*""#, r#""arn:aws:s3:::orders""#, 0);
        check_dead(r#""s3:GetObject""#, r#""arn:aws:s3:::*""#, 0);
        check_dead(r#""s3:GetObject""#, r#""arn:aws:s3:::orders*""#, 0);
        check_dead(r#""sqs:SendMessage""#, r#""arn:aws:sns:eu-west-1:111122223333:orders""#, 1);
        check_dead(r#""sqs:ListQueues""#, r#""arn:aws:sqs:eu-west-1:111122223333:orders""#, 1);
        check_dead(r#""sqs:SendMessage""#, r#""arn:*:sqs:*:*:orders-${aws:PrincipalTag/team}""#, 0);
        check_dead(r#""dynamodb:Query""#, r#""arn:aws:dynamodb:*:*:table/orders/index/*""#, 0);
        check_dead(
            r#""lambda:InvokeFunction""#,
            r#""arn:aws:lambda:eu-west-1:111122223333:function:orders:live""#,
            0,
        );
        check_dead(r#""iam:PassRole""#, r#""arn:aws:iam::111122223333:role/app/orders""#, 0);
        check_dead(r#""iam:PassRole""#, r#""arn:aws:iam::111122223333:user/orders""#, 1);
        check_dead(r#""ssm:GetParameter""#, r#""arn:aws:ssm:*:*:parameter/app/*""#, 0);
        check_dead(r#""logs:PutLogEvents""#, r#""arn:aws:logs:*:*:*""#, 0);
        check_dead(r#""logs:CreateLogStream""#, r#""arn:aws:logs:*:*:log-group:/aws/lambda/*:*""#, 0);
        check_dead(r#""sqs:ListQueues""#, r#"["arn:aws:sqs:*:*:orders", "*"]"#, 0);
        check_dead(r#""sqs:NoSuch""#, r#""arn:aws:sqs:*:*:orders""#, 0);
    }
}
