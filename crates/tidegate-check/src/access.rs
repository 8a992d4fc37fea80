//! What a resource policy lets anyone do: one answer for every rule on public access.

use crate::Context;
use crate::context::Placed;
use tidegate_graph::policy::{self, Statement, matches};
use tidegate_graph::{Data, Piece, Resource, Value, Why, World};

/// How far a statement opens its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Anyone, or everyone but a few.
    Anyone,
    /// A principal or condition that decides it isn't known.
    Unknown,
    /// Named principals only, or anyone within narrow conditions.
    Narrow,
}

/// Statements of the policy document at `path` that let anyone in. Those of which it isn't known are reported as such.
pub(crate) fn open_to_anyone<'r>(cx: &Context<'_>, resource: &'r Resource, path: &[&str]) -> Vec<Placed<'r>> {
    open_among(cx, resource, cx.statements(resource, path))
}

/// Those of the statements of one document that let anyone in.
pub(crate) fn open_among<'r>(
    cx: &Context<'_>,
    resource: &Resource,
    statements: Vec<Placed<'r>>,
) -> Vec<Placed<'r>> {
    let mut open = Vec::new();
    for (placed, reach) in judged(cx, statements) {
        match reach {
            Reach::Narrow => {}
            Reach::Anyone => open.push(placed),
            Reach::Unknown => {
                let principals = placed.statement.principals.iter().map(|p| p.value);
                if let Some(value) = principals.into_iter().find(|v| v.is_unknown()).or(conditions(&placed)) {
                    cx.unknown(resource, value, "whom the policy lets in");
                }
            }
        }
    }
    open
}

/// The statements of one document, each with how far it reaches past what the others deny.
pub(crate) fn judged<'r>(cx: &Context<'_>, statements: Vec<Placed<'r>>) -> Vec<(Placed<'r>, Reach)> {
    let denies: Vec<Statement<'r>> = statements
        .iter()
        .map(|p| &p.statement)
        .filter(|s| keeps_strangers_out(cx.world, s))
        .cloned()
        .collect();
    let judge = |placed: Placed<'r>| {
        let reach = match reach(cx.world, &placed.statement) {
            Reach::Narrow => Reach::Narrow,
            _ if denies.iter().any(|deny| covers(deny, &placed.statement)) => Reach::Narrow,
            reach => reach,
        };
        (placed, reach)
    };
    statements.into_iter().map(judge).collect()
}

fn conditions<'r>(placed: &Placed<'r>) -> Option<&'r Value> {
    placed.statement.conditions.and_then(|c| c.values().next())
}

/// How far one statement of a resource policy reaches.
pub(crate) fn reach(world: &World, statement: &Statement<'_>) -> Reach {
    if !statement.allows() {
        return Reach::Narrow;
    }
    // Allow with NotPrincipal is everyone else, strangers among them.
    let anyone =
        statement.principals.iter().any(policy::Principal::is_anyone) || !statement.not_principals.is_empty();
    let unknown =
        statement.principals.iter().any(|p| matches!(p.kind, "*" | "AWS") && wholly_unknown(p.value));
    if !anyone && !unknown {
        return Reach::Narrow;
    }
    match reach_by_conditions(world, statement) {
        Reach::Anyone if !anyone => Reach::Unknown,
        reach => reach,
    }
}

/// How far the conditions of a statement let its principals reach, whoever they are.
pub(crate) fn reach_by_conditions(world: &World, statement: &Statement<'_>) -> Reach {
    let keys = statement.condition_keys(world);
    let narrowings: Vec<Narrowing> =
        keys.iter().map(|(operator, key, value)| narrows(world, operator, key, value)).collect();
    if narrowings.contains(&Narrowing::Yes) {
        Reach::Narrow
    } else if narrowings.contains(&Narrowing::Unknown) {
        Reach::Unknown
    } else {
        Reach::Anyone
    }
}

/// The actions of a statement for people: "`sqs:SendMessage`, `sqs:ReceiveMessage`".
pub(crate) fn named_actions(statement: &Statement<'_>) -> String {
    // A finding is a sentence, not a copy of the policy.
    const SHOWN: usize = 4;
    let mut names: Vec<String> =
        statement.actions.iter().take(SHOWN).map(|a| format!("`{}`", a.display())).collect();
    match statement.actions.len() {
        0 => "all but a few actions".into(),
        n if n > SHOWN => {
            names.push(format!("{} more", n - SHOWN));
            names.join(", ")
        }
        _ => names.join(", "),
    }
}

/// Whose account a principal of a policy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// The one that is deployed to.
    Own,
    /// One that is written out, and may well be another.
    Written(String),
    /// It isn't known.
    Unknown,
}

/// The account of an `AWS` principal; `None` for what names none, such as `*`.
pub(crate) fn account_of(cx: &Context<'_>, statement: &Statement<'_>, principal: &Value) -> Option<Account> {
    const OWN: &str = "AWS::AccountId";
    let pieces = principal.pieces();
    if pieces.iter().any(|p| matches!(p, Piece::Reference(r) if cx.system.resource(&r.target).is_some())) {
        return Some(Account::Own);
    }
    let piece = |p: &Piece| match p {
        Piece::Text(text) => text.to_string(),
        Piece::Symbol(symbol) if symbol.name == OWN => OWN.replace(':', ""),
        _ => "?".into(),
    };
    let text: String = pieces.iter().map(piece).collect();
    let account = match text.strip_prefix("arn:") {
        Some(rest) => rest.split(':').nth(3)?,
        None => text.as_str(),
    };
    if account == OWN.replace(':', "") {
        return Some(Account::Own);
    }
    if account.contains('?') || account.is_empty() {
        return Some(Account::Unknown);
    }
    if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // Who writes the own account out writes it into what the statement is about, too.
    let own = statement.resources.iter().any(|r| r.display().split(':').nth(4) == Some(account));
    Some(if own { Account::Own } else { Account::Written(account.into()) })
}

/// True if a statement turns away whoever comes without TLS, for an action.
pub(crate) fn refuses_plaintext(world: &World, statement: &Statement<'_>, action: &str) -> bool {
    !statement.allows()
        && statement.principals.iter().any(policy::Principal::is_anyone)
        && statement.covers_action(action)
        && statement.condition_keys(world).iter().any(|(operator, key, value)| {
            let off = world.items(value).iter().any(|v| v.as_bool() == Some(false));
            operator.to_ascii_lowercase().starts_with("bool")
                && key.eq_ignore_ascii_case("aws:SecureTransport")
                && off
        })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Narrowing {
    Yes,
    Unknown,
    No,
}

/// Whether a condition leaves only callers that somebody chose. Conditions are joined by "and", so one is enough; the
/// values of one condition are joined by "or", so all must be narrow.
fn narrows(world: &World, operator: &str, key: &str, value: &Value) -> Narrowing {
    // A key that the request doesn't hold satisfies `...IfExists` and `ForAllValues:`, so they keep nobody out.
    let operator = operator.strip_prefix("ForAnyValue:").unwrap_or(operator);
    let kind = match operator.to_ascii_lowercase().as_str() {
        "stringequals" | "stringequalsignorecase" => Match::Exact,
        "stringlike" | "arnlike" | "arnequals" => Match::Pattern,
        "ipaddress" => Match::Network,
        _ => return Narrowing::No,
    };
    values_narrow(world, kind, key, value)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    Exact,
    Pattern,
    Network,
}

/// Keys whose value says who calls, or for whom. Keys that a caller sets at will (`aws:UserAgent`, `aws:Referer`,
/// `aws:PrincipalTag/...`) are no protection.
const CALLER_KEYS: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:username",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "sns:endpoint",
];

fn values_narrow(world: &World, kind: Match, key: &str, value: &Value) -> Narrowing {
    let key = key.to_ascii_lowercase();
    let network = matches!(key.as_str(), "aws:sourceip" | "aws:vpcsourceip");
    if network != (kind == Match::Network) || !(network || CALLER_KEYS.contains(&key.as_str())) {
        return Narrowing::No;
    }
    let items = world.items(value);
    let mut answer = if items.is_empty() { Narrowing::No } else { Narrowing::Yes };
    for item in items {
        let narrow = match kind {
            // An exact match knows no wildcards, so whatever the value is, it is one caller.
            Match::Exact => true,
            _ if wholly_unknown(item) => {
                answer = Narrowing::Unknown;
                continue;
            }
            Match::Pattern => narrow_pattern(&filled(item)),
            Match::Network => narrow_network(&filled(item)),
        };
        if !narrow {
            return Narrowing::No;
        }
    }
    answer
}

/// A string with its holes filled: a reference or pseudo parameter is some one thing, no wildcard.
pub(crate) fn filled(value: &Value) -> String {
    let piece = |p: &Piece| match p {
        Piece::Text(text) => text.to_string(),
        _ => "known-later".to_string(),
    };
    value.pieces().iter().map(piece).collect()
}

/// True if the pattern picks something out: an ARN with its account or a globally unique name, or enough literal text.
pub(crate) fn narrow_pattern(pattern: &str) -> bool {
    // Shorter than any account id, organization id or user id prefix.
    const LITERAL: usize = 6;
    if !pattern.contains(['*', '?']) {
        return !pattern.is_empty();
    }
    let literal = |text: &str| text.chars().filter(|c| !matches!(c, '*' | '?' | ':' | '/' | '.')).count();
    let Some(arn) = pattern.strip_prefix("arn:") else { return literal(pattern) >= LITERAL };
    let mut parts = arn.splitn(5, ':').skip(1);
    let (_service, _region, account, resource) = (parts.next(), parts.next(), parts.next(), parts.next());
    match (account, resource) {
        // Bucket names and the like: no account, and unique in the world.
        (Some(""), Some(resource)) => literal(resource) > 0,
        (Some(account), Some(_)) => literal(account) >= LITERAL,
        _ => false,
    }
}

/// True for networks that somebody can own: `/8` and smaller, `/16` and smaller for IPv6.
fn narrow_network(network: &str) -> bool {
    let (limit, full) = if network.contains(':') { (16, 128) } else { (8, 32) };
    match network.split_once('/') {
        Some((_, bits)) => bits.parse::<u8>().is_ok_and(|bits| bits >= limit && bits <= full),
        None => !network.contains('*'),
    }
}

/// A deny of every caller that isn't chosen: `Deny * unless aws:PrincipalOrgID is ours`.
fn keeps_strangers_out(world: &World, statement: &Statement<'_>) -> bool {
    if statement.allows() || !statement.principals.iter().any(policy::Principal::is_anyone) {
        return false;
    }
    // A second condition would let through who fails it.
    let [(operator, key, value)] = statement.condition_keys(world)[..] else { return false };
    let operator = operator.to_ascii_lowercase();
    let operator = operator.strip_suffix("ifexists").unwrap_or(&operator);
    let kind = match operator {
        "stringnotequals" | "stringnotequalsignorecase" => Match::Exact,
        "stringnotlike" | "arnnotlike" | "arnnotequals" => Match::Pattern,
        "notipaddress" => Match::Network,
        _ => return false,
    };
    values_narrow(world, kind, key, value) == Narrowing::Yes
}

/// True if a deny takes away all that an allow gives.
fn covers(deny: &Statement<'_>, allow: &Statement<'_>) -> bool {
    let within = |wide: &[&Value], narrow: &[&Value]| {
        !narrow.is_empty()
            && narrow.iter().all(|n| {
                wide.iter().any(|w| {
                    w.data == n.data || matches(&policy::pattern_of(&w.pieces()), &n.display()) && full(w)
                })
            })
    };
    let resources = deny.resources.is_empty() || within(&deny.resources, &allow.resources);
    deny.not_resources.is_empty() && resources && within(&deny.actions, &allow.actions)
}

/// True if the pattern is known in full, so that its stars are its own.
fn full(value: &Value) -> bool {
    matches!(value.data, Data::Text(_))
}

/// True for a parameter, import or the like that stands alone: it may be anything, `*` too.
fn wholly_unknown(value: &Value) -> bool {
    match &value.data {
        Data::Unknown(symbol) => symbol.why != Why::Pseudo,
        Data::Template(pieces) => {
            matches!(pieces.as_slice(), [Piece::Symbol(symbol)] if symbol.why != Why::Pseudo)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::json;

    fn reach_of(statement: &str) -> Reach {
        let value = json(statement);
        reach(&World::default(), &policy::statement(&World::default(), &value).unwrap())
    }

    fn anyone_if(conditions: &str) -> Reach {
        reach_of(&format!(
            r#"{{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Condition": {conditions}}}"#
        ))
    }

    #[test]
    fn principals() {
        assert_eq!(reach_of(r#"{"Effect": "Allow", "Principal": "*"}"#), Reach::Anyone);
        assert_eq!(
            reach_of(r#"{"Effect": "Allow", "Principal": {"AWS": ["123456789012", "*"]}}"#),
            Reach::Anyone
        );
        assert_eq!(
            reach_of(r#"{"Effect": "Allow", "NotPrincipal": {"AWS": "123456789012"}}"#),
            Reach::Anyone
        );
        assert_eq!(reach_of(r#"{"Effect": "Allow", "Principal": {"AWS": "123456789012"}}"#), Reach::Narrow);
        assert_eq!(
            reach_of(r#"{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}}"#),
            Reach::Narrow
        );
        assert_eq!(reach_of(r#"{"Effect": "Deny", "Principal": "*"}"#), Reach::Narrow);
    }

    #[test]
    fn conditions_that_keep_strangers_out() {
        for conditions in [
            r#"{"StringEquals": {"aws:PrincipalOrgID": "o-abcdef1234"}}"#,
            r#"{"stringequals": {"AWS:SOURCEACCOUNT": "123456789012"}}"#,
            r#"{"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:123456789012:orders"}}"#,
            r#"{"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:123456789012:*"}}"#,
            r#"{"ArnLike": {"aws:SourceArn": "arn:aws:s3:::our-bucket"}}"#,
            r#"{"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}}"#,
            r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abcdef1234/*"}}"#,
            r#"{"StringEquals": {"aws:SourceVpce": "vpce-1"}, "Bool": {"aws:SecureTransport": "true"}}"#,
        ] {
            assert_eq!(anyone_if(conditions), Reach::Narrow, "{conditions}");
        }
    }

    #[test]
    fn conditions_that_keep_nobody_out() {
        for conditions in [
            r#"{"Bool": {"aws:SecureTransport": "true"}}"#,
            r#"{"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abcdef1234"}}"#,
            r#"{"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-abcdef1234/*"}}"#,
            r#"{"StringNotEquals": {"aws:SourceAccount": "123456789012"}}"#,
            r#"{"StringLike": {"aws:PrincipalOrgID": "*"}}"#,
            r#"{"StringLike": {"aws:PrincipalOrgID": "o-*"}}"#,
            r#"{"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}"#,
            r#"{"ArnLike": {"aws:SourceArn": ["arn:aws:sns:*:123456789012:*", "*"]}}"#,
            r#"{"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}"#,
            r#"{"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "::/0"]}}"#,
            r#"{"StringLike": {"aws:UserAgent": "our-own-agent"}}"#,
            r#"{"StringEquals": {"aws:PrincipalTag/team": "our-own-team"}}"#,
        ] {
            assert_eq!(anyone_if(conditions), Reach::Anyone, "{conditions}");
        }
    }

    #[test]
    fn an_unknown_pattern_is_unknown_and_an_unknown_exact_value_is_one_caller() {
        let parameter = |operator: &str| {
            let value = Value::unknown("Source", Why::Parameter, Default::default());
            narrows(&World::default(), operator, "aws:SourceArn", &value)
        };
        assert_eq!(parameter("ArnLike"), Narrowing::Unknown);
        assert_eq!(parameter("StringEquals"), Narrowing::Yes);
    }

    #[test]
    fn a_deny_of_all_others_narrows_what_it_covers() {
        let statement = |text: &str| {
            let value = Box::leak(Box::new(json(text)));
            policy::statement(&World::default(), value).unwrap()
        };
        let deny = statement(
            r#"{"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdef1234"}}}"#,
        );
        let tls = statement(
            r#"{"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}"#,
        );
        let send = statement(
            r#"{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:::q"}"#,
        );
        let all = statement(r#"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}"#);
        assert!(keeps_strangers_out(&World::default(), &deny));
        assert!(!keeps_strangers_out(&World::default(), &tls));
        assert!(covers(&deny, &send));
        assert!(!covers(&deny, &all));
    }
}
