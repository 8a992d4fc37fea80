//! Words for people: types, plurals, names that fit.

use std::borrow::Cow;
use tidegate_graph::{EdgeKind, NodeKind};

/// Short for a type: `SQS Queue`, `pubsub topic`.
pub(super) fn short_type(ty: &str, service: &str, kind: NodeKind) -> String {
    let mut parts = ty.splitn(3, "::");
    match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(service), Some(name)) => {
            let name = spaced(name);
            let service = match service {
                "ApiGateway" | "ApiGatewayV2" => "API Gateway",
                "StepFunctions" => "Step Functions",
                "ElasticLoadBalancingV2" => "Load Balancing",
                "SecretsManager" => "Secrets Manager",
                "CertificateManager" => "Certificates",
                other => other,
            };
            format!("{service} {name}")
        }
        _ if !ty.is_empty() => {
            let rest = ["google_", "azurerm_", "aws_"].iter().find_map(|p| ty.strip_prefix(p)).unwrap_or(ty);
            rest.replace('_', " ")
        }
        _ if kind == NodeKind::External => "external service".to_owned(),
        _ if !service.is_empty() && service != kind.word() => format!("{service} {}", kind.word()),
        _ => kind.word().to_owned(),
    }
}

/// `StateMachine` as `State Machine`.
fn spaced(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut lower = false;
    for c in name.chars() {
        if c.is_uppercase() && lower {
            out.push(' ');
        }
        lower = c.is_lowercase();
        out.push(c);
    }
    out
}

/// What an edge of this kind does, seen from where it starts: data that is read moves away from the store.
pub(super) fn verb(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Reads => "is read by",
        EdgeKind::Grants => "may use",
        EdgeKind::Egress => "connects to",
        kind => kind.word(),
    }
}

/// `1 queue`, `3 queues`.
pub(super) fn count(n: usize, word: &str) -> String {
    match (n, word) {
        (1, _) => format!("1 {word}"),
        (_, "identity") => format!("{n} identities"),
        (_, "bus") => format!("{n} buses"),
        (_, "external") => format!("{n} external services"),
        (_, word) => format!("{n} {word}s"),
    }
}

/// A name without the type that a Terraform address repeats: `worker.queue` for `module.worker.aws_sqs_queue.queue`.
pub(super) fn short_name(name: &str) -> String {
    let is_type = |part: &str| {
        part.split_once('_').is_some_and(|(provider, rest)| {
            !rest.is_empty() && matches!(provider, "aws" | "awscc" | "google" | "azurerm" | "azapi")
        })
    };
    let parts: Vec<&str> = name.split('.').collect();
    if parts.len() < 2 || !parts.iter().rev().skip(1).any(|p| is_type(p)) {
        return name.to_owned();
    }
    let last = parts.len() - 1;
    let kept = parts
        .iter()
        .enumerate()
        .filter(|(i, p)| *i == last || !(is_type(p) || matches!(**p, "module" | "data")));
    kept.map(|(_, p)| *p).collect::<Vec<_>>().join(".")
}

/// A stack without the name of its file, when that tells nothing: `orders` for `orders/template`.
pub(super) fn stack_name(stack: &str) -> &str {
    match stack.rsplit_once('/') {
        Some((
            folder,
            "template" | "serverless" | "main" | "index" | "infrastructure" | "cloudformation",
        )) => folder,
        _ => stack,
    }
}

/// Width of a text in a common sans-serif font, in units of its size. A little too wide rather than too narrow.
pub(super) fn width(text: &str) -> f64 {
    text.chars().map(advance).sum()
}

fn advance(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' | '.' | ',' | ':' | ';' | '!' | 'I' => 0.3,
        'f' | 't' | 'r' | '-' | '(' | ')' | '[' | ']' | ' ' | '/' | '{' | '}' => 0.37,
        'm' | 'M' | 'W' | '%' | '@' => 0.92,
        'w' | 'A'..='Z' | '&' | '_' | '+' | '=' | '<' | '>' | '~' => 0.72,
        c if c.is_ascii() => 0.59,
        '…' | '·' => 0.6,
        // CJK and emoji are square; other scripts are at most that.
        _ => 1.05,
    }
}

/// The text, its middle cut out if it is wider than `max` (in units of the font size): heads and tails tell names apart.
pub(super) fn fit(text: &str, max: f64) -> Cow<'_, str> {
    if width(text) <= max {
        return Cow::Borrowed(text);
    }
    // Of a path the end says more than the beginning.
    for (at, _) in text.match_indices('/') {
        let rest = text.get(at + 1..).unwrap_or_default();
        // Nothing as long fits, and measuring it once for each of its slashes would take a hostile name's square.
        if rest.len() > 512 {
            continue;
        }
        if !rest.is_empty() && width(rest) + advance('…') <= max {
            return Cow::Owned(format!("…{rest}"));
        }
    }
    let room = max - advance('…');
    let mut head = String::new();
    let mut used = 0.0;
    for c in text.chars() {
        if used + advance(c) > room * 0.62 {
            break;
        }
        used += advance(c);
        head.push(c);
    }
    let mut tail = Vec::new();
    for c in text.chars().rev() {
        if used + advance(c) > room {
            break;
        }
        used += advance(c);
        tail.push(c);
    }
    Cow::Owned(head.trim_end().chars().chain(['…']).chain(tail.into_iter().rev()).collect())
}

/// The text, its end cut off if it has more than `max` characters.
pub(super) fn clip(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_short() {
        let short = |ty| short_type(ty, "svc", NodeKind::Queue);
        assert_eq!(short("AWS::SQS::Queue"), "SQS Queue");
        assert_eq!(short("AWS::StepFunctions::StateMachine"), "Step Functions State Machine");
        assert_eq!(short("google_pubsub_topic"), "pubsub topic");
        assert_eq!(short(""), "svc queue");
    }

    #[test]
    fn addresses_lose_their_type() {
        assert_eq!(short_name("aws_sqs_queue.orders"), "orders");
        assert_eq!(short_name("module.worker.aws_sqs_queue.orders[0]"), "worker.orders[0]");
        assert_eq!(short_name("payments.example.com"), "payments.example.com");
        assert_eq!(short_name("aws_sqs_queue"), "aws_sqs_queue");
        assert_eq!(short_name("queue.aws_like"), "queue.aws_like");
    }

    #[test]
    fn stacks_lose_file_names_that_tell_nothing() {
        assert_eq!(stack_name("shop/orders/template"), "shop/orders");
        assert_eq!(stack_name("template"), "template");
        assert_eq!(stack_name("shop/orders"), "shop/orders");
    }

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(fit("Orders", 10.0), "Orders");
        let cut = fit("OrdersServiceCreateOrderFunction", 10.0);
        assert!(cut.starts_with("Orders") && cut.ends_with("tion") && cut.contains('…'), "{cut}");
        assert!(width(&cut) <= 10.0);
        assert_eq!(fit("/aws/lambda/dev-tool", 6.0), "…dev-tool");
        assert!(fit(&"/".repeat(2_000_000), 9.0).chars().count() < 40);
        assert!(width(&fit("漢字漢字漢字漢字漢字漢字", 5.0)) <= 5.0);
    }
}
