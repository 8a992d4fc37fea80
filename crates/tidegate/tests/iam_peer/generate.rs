//! Requests with policies, made up from a seed.

use serde_json::{Map, Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";

/// Xorshift: the same numbers everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % sides
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.roll(n) == 0
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.roll(items.len())]
    }
}

/// Action, resource, owner.
const TARGETS: &[(&str, &str)] = &[
    ("sqs:SendMessage", "arn:aws:sqs:eu-central-1:111122223333:orders"),
    ("sqs:SendMessage", "arn:aws:sqs:eu-central-1:444455556666:inbox"),
    ("s3:GetObject", "arn:aws:s3:::orders-bucket/srv/ana/a.json"),
    ("s3:ListBucket", "arn:aws:s3:::orders-bucket"),
    ("dynamodb:GetItem", "arn:aws:dynamodb:eu-central-1:111122223333:table/orders"),
    ("dynamodb:Query", "arn:aws:dynamodb:eu-central-1:111122223333:table/orders/index/day"),
    ("lambda:InvokeFunction", "arn:aws:lambda:eu-central-1:111122223333:function:orders:live"),
    ("kms:Decrypt", "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    ("sts:AssumeRole", "arn:aws:iam::111122223333:role/app/target"),
    ("iam:PassRole", "arn:aws:iam::111122223333:role/app/target"),
    ("iam:PutRolePolicy", "arn:aws:iam::111122223333:role/aws-reserved/sso/admin"),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:db-AbCdEf"),
];

const PRINCIPALS: &[&str] = &[
    "arn:aws:iam::111122223333:role/app/orders-fn",
    "arn:aws:iam::111122223333:role/orders-fn",
    "arn:aws:sts::111122223333:assumed-role/orders-fn/run",
    "arn:aws:iam::111122223333:user/ana",
    "arn:aws:sts::111122223333:federated-user/ana",
    "arn:aws:iam::444455556666:role/partner",
    "arn:aws:sts::444455556666:assumed-role/partner/run",
    "arn:aws:iam::111122223333:root",
    "sns.amazonaws.com",
    "anonymous",
];

const NAMED: &[&str] = &[
    "*",
    "111122223333",
    "arn:aws:iam::111122223333:root",
    "444455556666",
    "arn:aws:iam::111122223333:role/orders-fn",
    "arn:aws:iam::111122223333:role/app/orders-fn",
    "arn:aws:sts::111122223333:assumed-role/orders-fn/run",
    "arn:aws:iam::111122223333:user/ana",
    "arn:aws:sts::111122223333:federated-user/ana",
    "arn:aws:iam::444455556666:role/partner",
];

pub(crate) fn case(dice: &mut Dice, id: usize) -> Value {
    let (action, resource) = TARGETS[dice.roll(TARGETS.len())];
    let principal = dice.pick(PRINCIPALS);
    let owner = if resource.contains(OTHER) || dice.one_in(12) { OTHER } else { ACCOUNT };
    let is_identity = principal.starts_with("arn:");
    let takes_session = principal.contains("assumed-role") || principal.contains("federated-user");
    let policies = |dice: &mut Dice, most: usize, named: bool| -> Vec<Value> {
        (0..dice.roll(most + 1)).map(|_| policy(dice, action, resource, named)).collect()
    };
    let identity = if is_identity { policies(dice, 2, false) } else { Vec::new() };
    let boundary = if is_identity && dice.one_in(4) { policies(dice, 2, false) } else { Vec::new() };
    let session = if takes_session && dice.one_in(2) { policies(dice, 1, false) } else { Vec::new() };
    let needed = matches!(action, "sts:AssumeRole" | "kms:Decrypt");
    let own = if needed || dice.one_in(2) { Some(policy(dice, action, resource, true)) } else { None };
    let levels = |dice: &mut Dice, full: bool| -> Vec<Value> {
        (0..dice.roll(3))
            .map(|i| {
                let mut list: Vec<Value> =
                    (0..dice.roll(2)).map(|_| policy(dice, action, resource, false)).collect();
                if full && !dice.one_in(5) {
                    list.push(json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] }));
                }
                json!({ "level": format!("level-{i}"), "policies": list })
            })
            .collect()
    };
    let scps = if is_identity && dice.one_in(3) { levels(dice, true) } else { Vec::new() };
    let rcps = if dice.one_in(6) { denies(levels(dice, false)) } else { Vec::new() };
    json!({
        "id": id,
        "request": {
            "principal": principal, "action": action, "resource": resource, "resource_account": owner,
            "context": context(dice),
        },
        "policies": {
            "identity": identity, "boundary": none_if_empty(boundary), "session": none_if_empty(session),
            "resource": own, "scps": scps, "rcps": rcps,
        },
    })
}

fn none_if_empty(list: Vec<Value>) -> Value {
    if list.is_empty() { Value::Null } else { list.into() }
}

/// Resource control policies only deny, and to everybody.
fn denies(mut levels: Vec<Value>) -> Vec<Value> {
    for level in &mut levels {
        for policy in level["policies"].as_array_mut().unwrap() {
            for statement in policy["Statement"].as_array_mut().unwrap() {
                statement["Effect"] = "Deny".into();
                statement["Principal"] = "*".into();
            }
        }
    }
    levels
}

fn policy(dice: &mut Dice, action: &str, resource: &str, named: bool) -> Value {
    let statements: Vec<Value> =
        (0..1 + dice.roll(2)).map(|_| statement(dice, action, resource, named)).collect();
    match dice.roll(12) {
        0 => json!({ "Version": "2008-10-17", "Statement": statements }),
        1 => json!({ "Statement": statements }),
        _ => json!({ "Version": "2012-10-17", "Statement": statements }),
    }
}

fn statement(dice: &mut Dice, action: &str, resource: &str, named: bool) -> Value {
    let mut out = Map::new();
    let effect = if dice.one_in(4) { "Deny" } else { "Allow" };
    out.insert("Effect".into(), effect.into());
    let is_trust = named && action == "sts:AssumeRole";
    if named {
        let kind = if dice.one_in(10) { "NotPrincipal" } else { "Principal" };
        out.insert(kind.into(), principal(dice, kind == "NotPrincipal"));
    }
    let count = 1 + dice.roll(2);
    let actions: Vec<String> = (0..count).map(|_| action_pattern(dice, action)).collect();
    out.insert(if dice.one_in(8) { "NotAction" } else { "Action" }.into(), one_or_more(actions));
    if !is_trust {
        let count = 1 + dice.roll(2);
        let resources: Vec<String> = (0..count).map(|_| resource_pattern(dice, resource)).collect();
        out.insert(if dice.one_in(8) { "NotResource" } else { "Resource" }.into(), one_or_more(resources));
    }
    if dice.one_in(3) {
        out.insert("Condition".into(), condition(dice));
    }
    out.into()
}

fn one_or_more(mut texts: Vec<String>) -> Value {
    if texts.len() == 1 { texts.remove(0).into() } else { texts.into() }
}

fn principal(dice: &mut Dice, negated: bool) -> Value {
    match dice.roll(8) {
        0 if !negated => "*".into(),
        1 => json!({ "Service": dice.pick(&["sns.amazonaws.com", "s3.amazonaws.com"]) }),
        _ => {
            let named: Vec<&str> = (0..1 + dice.roll(3)).map(|_| dice.pick(NAMED)).collect();
            let named: Vec<&str> = named.into_iter().filter(|n| !negated || *n != "*").collect();
            if named.is_empty() { json!({ "AWS": "444455556666" }) } else { json!({ "AWS": named }) }
        }
    }
}

fn action_pattern(dice: &mut Dice, action: &str) -> String {
    let (service, name) = action.split_once(':').unwrap();
    let half = &name[..name.len() / 2];
    match dice.roll(9) {
        0 => "*".to_string(),
        1 | 2 => format!("{service}:*"),
        3 => action.to_string(),
        4 => format!("{service}:{half}*"),
        5 => format!("{service}:*{}", &name[1..]),
        6 => format!("{}:?{}", service.to_uppercase(), name[1..].to_uppercase()),
        7 => format!("{service}:Delete*"),
        _ => "ec2:*".to_string(),
    }
}

fn resource_pattern(dice: &mut Dice, resource: &str) -> String {
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let with = |region: &str, account: &str, rest: &str| {
        format!("arn:{}:{}:{region}:{account}:{rest}", parts[1], parts[2])
    };
    let rest = parts[5];
    match dice.roll(14) {
        0..=2 => "*".to_string(),
        3 | 4 => resource.to_string(),
        5 => with("*", "*", rest),
        6 => with(parts[3], parts[4], &format!("{}*", &rest[..rest.len() - 2])),
        7 => with(parts[3], parts[4], &format!("{}?", &rest[..rest.len() - 1])),
        8 => with(
            parts[3],
            parts[4],
            &rest.replace("ana", "${aws:username}").replace("orders", "${aws:PrincipalTag/team, 'orders'}"),
        ),
        9 => with(parts[3], OTHER, rest),
        10 => format!("arn:aws:{}", parts[2]),
        11 => format!("arn:aws:{}:*", parts[2]),
        12 => with(parts[3], parts[4], &rest.to_uppercase()),
        _ => with(parts[3], parts[4], &format!("*{}", &rest[1..])),
    }
}

/// Operator, key, values.
const CONDITIONS: &[(&str, &str, &[&str])] = &[
    ("StringEquals", "aws:PrincipalTag/team", &["blue", "red"]),
    ("StringNotEquals", "aws:PrincipalTag/team", &["blue"]),
    ("StringEqualsIgnoreCase", "aws:PrincipalTag/team", &["BLUE"]),
    ("StringNotEqualsIgnoreCase", "aws:PrincipalTag/team", &["BLUE"]),
    ("StringLike", "aws:PrincipalTag/team", &["b*", "?ed"]),
    ("StringNotLike", "aws:PrincipalTag/team", &["b*"]),
    ("StringEqualsIfExists", "aws:PrincipalTag/team", &["blue"]),
    ("StringNotEqualsIfExists", "aws:PrincipalTag/team", &["blue"]),
    ("StringEquals", "aws:PrincipalTag/team", &["${aws:username}"]),
    ("StringNotEquals", "aws:PrincipalTag/team", &["${aws:username}"]),
    ("StringLike", "aws:username", &["${aws:PrincipalTag/team}*"]),
    ("NumericLessThan", "aws:MultiFactorAuthAge", &["3600"]),
    ("NumericGreaterThanEquals", "aws:MultiFactorAuthAge", &["3600"]),
    ("NumericNotEquals", "aws:MultiFactorAuthAge", &["60", "7200"]),
    ("NumericLessThanEqualsIfExists", "aws:MultiFactorAuthAge", &["60.5"]),
    ("DateGreaterThan", "aws:CurrentTime", &["2024-01-01T00:00:00Z"]),
    ("DateLessThanEquals", "aws:CurrentTime", &["2024-06-01T02:00:00+02:00"]),
    ("DateNotEquals", "aws:CurrentTime", &["2024-06-01T00:00:00Z"]),
    ("Bool", "aws:SecureTransport", &["true"]),
    ("Bool", "aws:SecureTransport", &["false"]),
    ("BoolIfExists", "aws:MultiFactorAuthPresent", &["false"]),
    ("IpAddress", "aws:SourceIp", &["10.1.0.0/16", "2001:db8::/32"]),
    ("NotIpAddress", "aws:SourceIp", &["10.1.0.0/16"]),
    ("IpAddress", "aws:SourceIp", &["10.1.2.3"]),
    ("IpAddress", "aws:SourceIp", &["0.0.0.0/0"]),
    ("ArnLike", "aws:SourceArn", &["arn:aws:sns:*:111122223333:ord*"]),
    ("ArnEquals", "aws:SourceArn", &["arn:aws:sns:eu-central-1:111122223333:orders"]),
    ("ArnNotLike", "aws:SourceArn", &["arn:aws:sns:*:111122223333:*"]),
    ("ArnLike", "aws:SourceArn", &["arn:aws:sns:*"]),
    ("ArnNotEquals", "aws:SourceArn", &["arn:aws:sns:*"]),
    ("Null", "aws:SourceArn", &["true"]),
    ("Null", "aws:PrincipalTag/team", &["false"]),
    ("ForAllValues:StringEquals", "aws:TagKeys", &["team", "env"]),
    ("ForAllValues:StringNotLike", "aws:TagKeys", &["te*"]),
    ("ForAnyValue:StringLike", "aws:TagKeys", &["te*"]),
    ("ForAnyValue:StringNotEquals", "aws:TagKeys", &["team"]),
    ("ForAnyValue:StringEqualsIfExists", "aws:TagKeys", &["team"]),
    ("StringEquals", "aws:TagKeys", &["team"]),
    ("StringNotEquals", "aws:TagKeys", &["team"]),
];

fn condition(dice: &mut Dice) -> Value {
    let mut out = Map::new();
    for _ in 0..1 + dice.roll(2) {
        let (operator, key, values) = CONDITIONS[dice.roll(CONDITIONS.len())];
        let values = if values.len() == 1 && dice.one_in(2) { json!(values[0]) } else { json!(values) };
        let keys = out.entry(operator).or_insert_with(|| json!({}));
        keys[key] = values;
    }
    out.into()
}

fn context(dice: &mut Dice) -> Value {
    let mut out = Map::new();
    let mut set = |dice: &mut Dice, key: &str, values: &[&str]| {
        if dice.one_in(2) {
            out.insert(key.to_string(), dice.pick(values).into());
        }
    };
    set(dice, "aws:PrincipalTag/team", &["blue", "red", "Blue", "green", "*"]);
    set(dice, "aws:username", &["ana", "blue", "bob"]);
    set(dice, "aws:MultiFactorAuthAge", &["60", "3600", "7200"]);
    set(dice, "aws:MultiFactorAuthPresent", &["true", "false"]);
    set(dice, "aws:CurrentTime", &["2024-06-01T00:00:00Z", "2023-01-01T00:00:00Z", "2025-01-01T00:00:00Z"]);
    set(dice, "aws:SecureTransport", &["true", "false"]);
    set(dice, "aws:SourceIp", &["10.1.2.3", "10.2.0.1", "2001:db8::1"]);
    set(
        dice,
        "aws:SourceArn",
        &["arn:aws:sns:eu-central-1:111122223333:orders", "arn:aws:sns:eu-central-1:444455556666:orders"],
    );
    match dice.roll(4) {
        0 => _ = out.insert("aws:TagKeys".into(), json!(["team"])),
        1 => _ = out.insert("aws:TagKeys".into(), json!(["env", "team"])),
        _ => {}
    }
    out.into()
}
