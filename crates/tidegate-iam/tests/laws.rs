//! Laws that hold of every decision, on made-up policies.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use tidegate_graph::Str;
use tidegate_iam::inclusion::{Inclusion, includes};
use tidegate_iam::{Applicable, Boundary, Context, Level, Policy, Request, Verdict, decide};

const ACTIONS: [&str; 5] = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "iam:PassRole", "kms:Decrypt"];
const PATTERNS: [&str; 9] = [
    "*",
    "s3:*",
    "s3:Get*",
    "s3:*Object",
    "sqs:Send?essage",
    "iam:PassRole",
    "kms:*",
    "s3:PutObject",
    "ec2:*",
];
const RESOURCES: [&str; 4] = [
    "arn:aws:s3:::bucket/key",
    "arn:aws:sqs:eu-central-1:111122223333:orders",
    "arn:aws:iam::111122223333:role/app/target",
    "arn:aws:kms:eu-central-1:111122223333:key/1",
];
const RESOURCE_PATTERNS: [&str; 8] = [
    "*",
    "arn:aws:s3:::bucket/*",
    "arn:aws:s3:::*",
    "arn:aws:sqs:*:*:ord*",
    "arn:aws:sqs",
    "arn:aws:iam::111122223333:role/app/*",
    "arn:aws:kms:*:111122223333:key/${aws:PrincipalTag/team}",
    "arn:aws:s3:::bucket/ke?",
];
const PRINCIPALS: [&str; 6] = [
    "arn:aws:iam::111122223333:role/fn",
    "arn:aws:sts::111122223333:assumed-role/fn/s",
    "arn:aws:iam::111122223333:user/ana",
    "arn:aws:iam::444455556666:role/partner",
    "sns.amazonaws.com",
    "anonymous",
];

fn conditions() -> impl Strategy<Value = Option<Value>> {
    let one = prop_oneof![
        Just(json!({ "StringEquals": { "aws:PrincipalTag/team": "1" } })),
        Just(json!({ "StringNotEquals": { "aws:PrincipalTag/team": ["1", "2"] } })),
        Just(json!({ "Bool": { "aws:SecureTransport": "true" } })),
        Just(json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } })),
        Just(json!({ "Null": { "aws:SourceIp": "true" } })),
        Just(json!({ "ForAllValues:StringLike": { "aws:TagKeys": ["a*"] } })),
    ];
    prop::option::weighted(0.3, one)
}

fn statement(named: bool) -> impl Strategy<Value = Value> {
    let some = |items: &'static [&'static str]| prop::collection::vec(prop::sample::select(items), 1..3);
    let who = prop::sample::select(&["*", "111122223333", PRINCIPALS[0], PRINCIPALS[1], PRINCIPALS[3]][..]);
    (any::<bool>(), any::<[bool; 2]>(), some(&PATTERNS), some(&RESOURCE_PATTERNS), conditions(), who)
        .prop_map(move |(allow, [not_action, not_resource], actions, resources, condition, who)| {
            let mut out = json!({ "Effect": if allow { "Allow" } else { "Deny" } });
            out[if not_action { "NotAction" } else { "Action" }] = json!(actions);
            out[if not_resource { "NotResource" } else { "Resource" }] = json!(resources);
            if let Some(condition) = condition {
                out["Condition"] = condition;
            }
            if named {
                out["Principal"] = json!({ "AWS": who });
            }
            out
        })
}

fn document(named: bool) -> impl Strategy<Value = Value> {
    prop::collection::vec(statement(named), 0..4)
        .prop_map(|statements| json!({ "Version": "2012-10-17", "Statement": statements }))
}

fn request() -> impl Strategy<Value = Request> {
    let pick = |items: &'static [&'static str]| prop::sample::select(items);
    let context = (
        prop::option::of(pick(&["1", "2", "3"])),
        prop::option::of(pick(&["true", "false"])),
        prop::option::of(pick(&["10.1.1.1", "192.0.2.1"])),
        prop::collection::vec(pick(&["a", "ab", "c"]), 0..3),
        prop::bool::weighted(0.2),
    );
    (pick(&PRINCIPALS), pick(&ACTIONS), pick(&RESOURCES), context).prop_map(
        |(principal, action, resource, (team, tls, ip, tags, open))| {
            let mut request = Request::new(principal, action, resource);
            request.resource_account = Some("111122223333".into());
            if open {
                request.context = Context::unknown();
            }
            for (key, value) in
                [("aws:PrincipalTag/team", team), ("aws:SecureTransport", tls), ("aws:SourceIp", ip)]
            {
                if let Some(value) = value {
                    request.context.set(key, [value.into()]);
                }
            }
            if !tags.is_empty() {
                request.context.set_many("aws:TagKeys", tags.into_iter().map(Str::from));
            }
            request
        },
    )
}

/// Everything that applies to a request.
#[derive(Clone, Debug)]
struct Case {
    request: Request,
    identity: Value,
    boundary: Option<Value>,
    session: Option<Value>,
    resource: Option<Value>,
    scp: Option<Value>,
}

fn case() -> impl Strategy<Value = Case> {
    let maybe = || prop::option::weighted(0.3, document(false));
    (request(), document(false), maybe(), maybe(), prop::option::of(document(true)), maybe()).prop_map(
        |(request, identity, boundary, session, resource, scp)| Case {
            request,
            identity,
            boundary,
            session,
            resource,
            scp,
        },
    )
}

impl Case {
    fn verdict(&self) -> Verdict {
        let read = |value: &Value| Arc::new(Policy::from_value("p", value));
        let list = |value: &Option<Value>| value.iter().map(read).collect::<Vec<_>>();
        let identity = [read(&self.identity)];
        let (boundary, session, resource) = (list(&self.boundary), list(&self.session), list(&self.resource));
        let scps: Vec<Level> =
            self.scp.iter().map(|p| Level { name: "root".into(), policies: vec![read(p)] }).collect();
        let policies = Applicable {
            identity: &identity,
            boundary: if boundary.is_empty() { Boundary::Unset } else { Boundary::Set(&boundary) },
            session: &session,
            resource: resource.first().map(|p| &**p),
            scps: &scps,
            ..Applicable::default()
        };
        decide(&self.request, &policies).verdict
    }
}

fn push(document: &mut Value, statement: Value) {
    document["Statement"].as_array_mut().unwrap().push(statement);
}

/// Allowed before unknown before denied.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Allowed => 2,
        Verdict::Unknown => 1,
        Verdict::ImplicitlyDenied | Verdict::ExplicitlyDenied => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn an_added_deny_never_allows(case in case(), mut added in statement(true), side in 0..4) {
        added["Effect"] = "Deny".into();
        let mut more = case.clone();
        match side {
            0 => push(&mut more.identity, added),
            1 => more.boundary.iter_mut().for_each(|p| push(p, added.clone())),
            2 => more.resource.iter_mut().for_each(|p| push(p, added.clone())),
            _ => more.scp.iter_mut().for_each(|p| push(p, added.clone())),
        }
        prop_assert!(rank(more.verdict()) <= rank(case.verdict()));
    }

    #[test]
    fn an_added_allow_never_denies(case in case(), mut added in statement(true), side in 0..4) {
        added["Effect"] = "Allow".into();
        let mut more = case.clone();
        match side {
            0 => push(&mut more.identity, added),
            1 => more.boundary.iter_mut().for_each(|p| push(p, added.clone())),
            2 => more.resource.iter_mut().for_each(|p| push(p, added.clone())),
            _ => more.scp.iter_mut().for_each(|p| push(p, added.clone())),
        }
        prop_assert!(rank(more.verdict()) >= rank(case.verdict()));
    }

    #[test]
    fn order_is_irrelevant(case in case()) {
        let mut turned = case.clone();
        let documents = [Some(&mut turned.identity), turned.boundary.as_mut(), turned.resource.as_mut()];
        for document in documents.into_iter().flatten() {
            document["Statement"].as_array_mut().unwrap().reverse();
        }
        prop_assert_eq!(turned.verdict(), case.verdict());
    }

    #[test]
    fn boundary_session_and_organization_only_take_away(case in case()) {
        let free = Case { boundary: None, session: None, scp: None, ..case.clone() };
        prop_assert!(rank(case.verdict()) <= rank(free.verdict()));
    }

    #[test]
    fn expanded_wildcards_decide_the_same(case in case()) {
        // Each pattern as the list of the actions that it stands for; another action is not asked for here.
        let expand = |pattern: &str| -> Vec<String> {
            let glob = tidegate_iam::policy::ActionPattern::new(pattern);
            let meant = |a: &&&str| glob.matches(&tidegate_iam::request::Action::new(a)).is_true();
            let mut out: Vec<String> = ACTIONS.iter().filter(meant).map(ToString::to_string).collect();
            out.push("none:None".to_string());
            out
        };
        let mut listed = case.clone();
        for statement in listed.identity["Statement"].as_array_mut().unwrap() {
            for key in ["Action", "NotAction"] {
                if let Some(patterns) = statement[key].as_array() {
                    let all: Vec<String> = patterns.iter().flat_map(|p| expand(p.as_str().unwrap())).collect();
                    statement[key] = json!(all);
                }
            }
            statement.as_object_mut().unwrap().retain(|_, v| !v.is_null());
        }
        prop_assert_eq!(listed.verdict(), case.verdict());
    }

    #[test]
    fn what_is_not_known_contains_what_is(case in case()) {
        // Whatever the context holds, the answer without it is the same or unknown.
        let mut blind = case.clone();
        blind.request.context = Context::unknown();
        let (known, unknown) = (case.verdict(), blind.verdict());
        prop_assert!(unknown == Verdict::Unknown || rank(unknown) == rank(known), "{known:?} and {unknown:?}");
    }

    #[test]
    fn a_proof_of_inclusion_holds(old in document(false), new in document(false), request in request()) {
        let (old, new) = (Policy::from_value("old", &old), Policy::from_value("new", &new));
        let verdict = |request: &Request, policy: &Policy| {
            let identity = [Arc::new(policy.clone())];
            decide(request, &Applicable { identity: &identity, ..Applicable::default() }).verdict
        };
        let mut request = request;
        request.principal = tidegate_iam::Principal::parse(PRINCIPALS[0]);
        match includes(&old, &new, &|_| Vec::new()) {
            Inclusion::Proven => {
                let (old, new) = (verdict(&request, &old), verdict(&request, &new));
                prop_assert!(new != Verdict::Allowed || old != Verdict::ImplicitlyDenied && old != Verdict::ExplicitlyDenied);
            }
            Inclusion::Witness(witness) => {
                prop_assert_eq!(verdict(&witness, &new), Verdict::Allowed);
                prop_assert!(!verdict(&witness, &old).is_possible());
            }
            Inclusion::Unproven(_) => {}
        }
    }
}
