//! A bucket that answers over plain HTTP.

use crate::Context;
use crate::context::Placed;
use crate::rule::{Rule, declare_rule};
use tidegate_graph::policy::{Principal, Statement};
use tidegate_graph::{Resource, Severity, Value, World};

declare_rule! {
    /// ## What it finds
    /// A bucket policy in which nothing turns away requests without TLS (`aws:SecureTransport`), and, as low, a bucket
    /// without any policy.
    ///
    /// ## Why it matters
    /// S3 answers over plain HTTP as well. A client that is set up wrongly, or sent there, shows objects and signed links to
    /// whoever listens, and takes from him whatever he sends back.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Orders:
    ///     Type: AWS::S3::Bucket
    ///   Policy:
    ///     Type: AWS::S3::BucketPolicy
    ///     Properties:
    ///       Bucket: !Ref Orders
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: {AWS: "arn:aws:iam::123456789012:role/reader"}
    ///             Action: s3:GetObject
    ///             Resource: !Sub ${Orders.Arn}/*
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Orders:
    ///     Type: AWS::S3::Bucket
    ///   Policy:
    ///     Type: AWS::S3::BucketPolicy
    ///     Properties:
    ///       Bucket: !Ref Orders
    ///       PolicyDocument:
    ///         Statement:
    ///           - Effect: Deny
    ///             Principal: "*"
    ///             Action: "s3:*"
    ///             Resource: [!GetAtt Orders.Arn, !Sub "${Orders.Arn}/*"]
    ///             Condition: {Bool: {"aws:SecureTransport": false}}
    /// ```
    ///
    /// ## Limits
    /// A statement that denies counts when it is for everyone and covers reading. A policy that only allows, and allows
    /// over TLS alone, counts too, although identities of the account with rights of their own still get in without.
    /// Policies that are declared elsewhere aren't seen.
    BucketOverPlainHttp {
        id: "bucket-over-plain-http",
        title: "bucket that answers over plain HTTP",
        severity: Medium,
        confidence: High,
        since: "0.1.0",
        aliases: [
            "TG-S3-004",
            "CKV_AWS_379",
            "kics:4bc4dd4c-7d8d-405e-a0fb-57fa4c31b4d9",
            "kics:38c64e76-c71e-4d92-a337-60174d1de1c9",
            "cdk-nag:AwsSolutions-S10",
        ],
        threats: ["T35"],
        profiles: [Regulated],
        why: "whoever listens sees objects and signed links",
    }
}

impl Rule for BucketOverPlainHttp {
    const ON: &'static [&'static str] = &["AWS::S3::Bucket", "AWS::S3::BucketPolicy"];

    fn check(resource: &Resource, cx: &Context<'_>) {
        if resource.ty == "AWS::S3::BucketPolicy" {
            // The policies of a bucket that was read are judged together, with it.
            let bucket =
                cx.get(resource, &["Bucket"]).and_then(|v| cx.target(resource, v, "AWS::S3::Bucket"));
            if bucket.is_none() {
                among(&[resource], cx);
            }
            return;
        }
        let policies = cx.referrers(resource, "AWS::S3::BucketPolicy", "Bucket");
        if !policies.is_empty() {
            return among(&policies, cx);
        }
        cx.finding(resource, format!("`{}` answers over plain HTTP: it has no policy", resource.logical_id))
            .severity(Severity::Low)
            .help("add a bucket policy that denies everything when `aws:SecureTransport` is false")
            .report();
    }
}

/// The policies of one bucket.
fn among(policies: &[&Resource], cx: &Context<'_>) {
    let mut asked = false;
    for policy in policies {
        let statements = match cx.get(policy, &["PolicyDocument"]) {
            Some(document) if document.as_map().is_none() => {
                return cx.unknown(policy, document, "the policy document");
            }
            Some(_) => cx.statements(policy, &["PolicyDocument"]),
            None => Vec::new(),
        };
        match turns_plain_http_away(cx.world, &statements) {
            Ok(yes) => asked |= yes,
            Err(value) => return cx.unknown(policy, value, "whether the policy asks for TLS"),
        }
    }
    if let Some(policy) = policies.first().filter(|_| !asked) {
        cx.finding(policy, "nothing in the policy turns away requests over plain HTTP")
            .at(&["PolicyDocument"])
            .help("deny everything to everyone when `aws:SecureTransport` is false")
            .report();
    }
}

/// Whether plain HTTP is refused; an error is the value that isn't known.
fn turns_plain_http_away<'r>(world: &World, statements: &[Placed<'r>]) -> Result<bool, &'r Value> {
    let mut allowed = 0;
    let mut allowed_over_tls = 0;
    let mut unknown = None;
    for statement in statements.iter().map(|placed| &placed.statement) {
        let wanted = statement.allows();
        let over_tls = match secure_transport(world, statement) {
            Ok(value) => value == Some(wanted),
            Err(value) => {
                unknown = unknown.or(Some(value));
                false
            }
        };
        if wanted {
            allowed += 1;
            allowed_over_tls += usize::from(over_tls);
        } else if over_tls
            && statement.principals.iter().any(Principal::is_anyone)
            && statement.covers_action("s3:GetObject")
        {
            return Ok(true);
        }
    }
    match unknown {
        Some(value) => Err(value),
        None => Ok(allowed > 0 && allowed == allowed_over_tls),
    }
}

/// The value that the statement wants `aws:SecureTransport` to have.
fn secure_transport<'r>(world: &World, statement: &Statement<'r>) -> Result<Option<bool>, &'r Value> {
    for (operator, keys) in statement.conditions.into_iter().flat_map(tidegate_graph::Map::iter) {
        if !["bool", "boolifexists"].contains(&operator.to_ascii_lowercase().as_str()) {
            continue;
        }
        let Some(keys) = world.resolve(keys).and_then(Value::as_map) else { continue };
        let found = keys.iter().find(|(key, _)| key.eq_ignore_ascii_case("aws:SecureTransport"));
        let Some(value) = found.and_then(|(_, value)| world.items(value).into_iter().next()) else {
            continue;
        };
        return value.as_bool().map(Some).ok_or(value);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::BucketOverPlainHttp;
    use crate::testing::Build;
    use tidegate_graph::Severity;

    fn with(statement: &str) -> Vec<Severity> {
        let policy =
            format!(r#"{{"Bucket": {{"Ref": "Orders"}}, "PolicyDocument": {{"Statement": [{statement}]}}}}"#);
        let build = Build::new().json("Orders", "AWS::S3::Bucket", "{}");
        let outcome = build.json("Policy", "AWS::S3::BucketPolicy", &policy).run::<BucketOverPlainHttp>();
        outcome.findings.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn no_policy_and_no_demand() {
        let build = Build::new().json("Orders", "AWS::S3::Bucket", "{}");
        let expected = ["Orders: `Orders` answers over plain HTTP: it has no policy"];
        assert_eq!(build.findings::<BucketOverPlainHttp>(), expected);
        let reads = r#"{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "s3:GetObject"}"#;
        assert_eq!(with(reads), [Severity::Medium]);
        let inverted = r#"{"Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Condition": {"Bool": {"aws:SecureTransport": "true"}}}"#;
        assert_eq!(with(inverted), [Severity::Medium]);
    }

    #[test]
    fn denied_or_allowed_over_tls_alone() {
        let deny = r#"{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["s3:GetObject", "s3:PutObject"],
            "Condition": {"Bool": {"AWS:SecureTransport": ["false"]}}}"#;
        assert!(with(deny).is_empty());
        let allow = r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Condition": {"Bool": {"aws:SecureTransport": "true"}}}"#;
        assert!(with(allow).is_empty());
    }

    #[test]
    fn a_policy_of_a_bucket_elsewhere() {
        let policy = r#"{"Bucket": "elsewhere", "PolicyDocument": {"Statement": []}}"#;
        let build = Build::new().json("Policy", "AWS::S3::BucketPolicy", policy);
        assert_eq!(build.findings::<BucketOverPlainHttp>().len(), 1);
    }
}
