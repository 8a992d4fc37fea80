//! What a team's own guardrails on access forbid.

use crate::access::{Account, account_of};
use crate::context::Placed;
use crate::identity::POLICY_TYPES;
use crate::policies::{documents, further};
use crate::rule::{Rule, declare_rule};
use crate::{Context, Guardrails};
use tidegate_graph::policy::{matches, pattern_of};
use tidegate_graph::{Resource, Value};
use tidegate_iam::lint::Kind;

declare_rule! {
    /// ## What it finds
    /// What the table `[iam]` of `tidegate.toml` forbids: a policy that allows an action of `forbidden-actions`, or one of
    /// `required-conditions` without the condition key; a role or user without the `required-boundary`; a trust or
    /// resource policy that lets in an account which isn't among the `allowed-external-accounts`.
    ///
    /// Without that table it finds nothing. The examples are judged under this one:
    ///
    /// ```toml
    /// [iam]
    /// forbidden-actions = ["iam:CreateUser"]
    /// allowed-external-accounts = ["111122223333"]
    ///
    /// [iam.required-conditions]
    /// "iam:PassRole" = "iam:PassedToService"
    /// ```
    ///
    /// ## Why it matters
    /// What everybody has agreed on holds only where something looks at every change.
    ///
    /// ## Example
    /// ```yaml,finding
    /// Resources:
    ///   Policy:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: '2012-10-17'
    ///         Statement:
    ///           - {Effect: Allow, Action: 'iam:Create*', Resource: 'arn:aws:iam::444455556666:user/x'}
    /// ```
    ///
    /// ## Instead
    /// ```yaml,clean
    /// Resources:
    ///   Policy:
    ///     Type: AWS::IAM::ManagedPolicy
    ///     Properties:
    ///       PolicyDocument:
    ///         Version: '2012-10-17'
    ///         Statement:
    ///           - Effect: Allow
    ///             Action: iam:PassRole
    ///             Resource: 'arn:aws:iam::444455556666:role/x'
    ///             Condition: {StringEquals: {iam:PassedToService: lambda.amazonaws.com}}
    /// ```
    ///
    /// ## Limits
    /// A condition counts by its key: what it compares with isn't looked at, but `...IfExists` and `ForAllValues:` don't
    /// count, since a request without the key passes them. A boundary from a parameter is reported as unknown.
    BrokenGuardrail {
        id: "broken-guardrail",
        title: "guardrail on access broken",
        severity: High,
        confidence: High,
        since: "0.1.0",
        aliases: ["TG-IAM-032"],
        threats: ["T22"],
        profiles: [Baseline],
        why: "it is what this project has forbidden itself",
    }
}

impl Rule for BrokenGuardrail {
    const ON: &'static [&'static str] = &[
        "AWS::ApiGateway::DomainName",
        "AWS::ApiGateway::DomainNameV2",
        "AWS::ApiGateway::RestApi",
        "AWS::Backup::BackupVault",
        "AWS::CloudTrail::ResourcePolicy",
        "AWS::CodeArtifact::Domain",
        "AWS::CodeArtifact::Repository",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::EC2::VPCEndpoint",
        "AWS::ECR::PublicRepository",
        "AWS::ECR::RegistryPolicy",
        "AWS::ECR::Repository",
        "AWS::ECR::RepositoryPolicy",
        "AWS::EFS::FileSystem",
        "AWS::Elasticsearch::Domain",
        "AWS::Events::EventBus",
        "AWS::Events::EventBusPolicy",
        "AWS::EventSchemas::RegistryPolicy",
        "AWS::IAM::Group",
        "AWS::IAM::GroupPolicy",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::IAM::RolePolicy",
        "AWS::IAM::User",
        "AWS::IAM::UserPolicy",
        "AWS::Kinesis::ResourcePolicy",
        "AWS::KMS::Key",
        "AWS::KMS::ReplicaKey",
        "AWS::Lambda::LayerVersionPermission",
        "AWS::Lambda::Permission",
        "AWS::Logs::Destination",
        "AWS::Logs::ResourcePolicy",
        "AWS::MediaStore::Container",
        "AWS::MSK::ClusterPolicy",
        "AWS::Oam::Sink",
        "AWS::OpenSearchService::Domain",
        "AWS::Organizations::Policy",
        "AWS::Organizations::ResourcePolicy",
        "AWS::Redshift::Cluster",
        "AWS::RedshiftServerless::Namespace",
        "AWS::S3::AccessPoint",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::S3::MultiRegionAccessPointPolicy",
        "AWS::S3Express::BucketPolicy",
        "AWS::S3ObjectLambda::AccessPointPolicy",
        "AWS::S3Outposts::BucketPolicy",
        "AWS::S3Tables::TableBucketPolicy",
        "AWS::S3Tables::TablePolicy",
        "AWS::SageMaker::ModelPackageGroup",
        "AWS::SecretsManager::ResourcePolicy",
        "AWS::SNS::TopicInlinePolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueueInlinePolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::SSM::ResourcePolicy",
        "AWS::SSO::PermissionSet",
        "AWS::VpcLattice::AuthPolicy",
        "AWS::VpcLattice::ResourcePolicy",
        "AWS::XRay::ResourcePolicy",
    ];

    fn check(resource: &Resource, cx: &Context<'_>) {
        let rails = cx.guardrails();
        if rails.is_empty() {
            return;
        }
        boundary(resource, rails, cx);
        let grants = POLICY_TYPES.contains(&resource.ty.as_str()) && !cx.only_boundary(resource);
        for document in documents(cx, resource) {
            for placed in cx.statements_of(document.value, &document.key) {
                if !placed.statement.allows() {
                    continue;
                }
                match document.kind {
                    Kind::Identity if grants => actions(resource, &placed, rails, cx),
                    Kind::Trust | Kind::Resource => accounts(resource, &placed, rails, cx),
                    _ => {}
                }
            }
        }
        further(cx, resource, &mut |placed| accounts(resource, placed, rails, cx));
    }
}

fn actions(resource: &Resource, placed: &Placed<'_>, rails: &Guardrails, cx: &Context<'_>) {
    let statement = &placed.statement;
    if let Some(pattern) = rails.forbidden_actions.iter().find(|pattern| allows(placed, pattern)) {
        let message = format!("`{}` allows `{pattern}`, which is forbidden here", resource.logical_id);
        cx.finding(resource, message)
            .at_statement(placed)
            .help("name the actions without it, or change `iam.forbidden-actions` of tidegate.toml")
            .report();
    }
    for (pattern, keys) in rails.required_conditions.iter().filter(|(pattern, _)| allows(placed, pattern)) {
        let given = statement.condition_keys(cx.world);
        let missing = keys.iter().find(|key| {
            !given.iter().any(|(operator, own, _)| own.eq_ignore_ascii_case(key) && holds_back(operator))
        });
        if let Some(key) = missing {
            let message = format!(
                "`{}` allows `{pattern}` without a condition on `{key}`, which is required here",
                resource.logical_id
            );
            cx.finding(resource, message)
                .at_place(format!("{}/Condition/{pattern}", placed.key), statement.span)
                .help(format!("add a condition on `{key}`"))
                .report();
        }
    }
}

/// False for operators that a request without the key passes.
fn holds_back(operator: &str) -> bool {
    let operator = operator.to_ascii_lowercase();
    !operator.ends_with("ifexists") && !operator.starts_with("forallvalues:") && operator != "null"
}

/// True if a statement allows something of a pattern of actions.
fn allows(placed: &Placed<'_>, pattern: &str) -> bool {
    let statement = &placed.statement;
    if !statement.not_actions.is_empty() {
        let within = |a: &&Value| a.as_str().is_some_and(|own| matches(own, pattern));
        return !statement.not_actions.iter().any(within);
    }
    let meets = |own: &str| matches(own, pattern) || matches(pattern, own) || overlap(own, pattern);
    statement.actions.iter().any(|a| a.as_str().is_some_and(meets))
}

/// True if an action matches both patterns, each with a star at its end alone: `iam:Create*` and `iam:*`.
fn overlap(a: &str, b: &str) -> bool {
    let (Some(a), Some(b)) = (a.strip_suffix('*'), b.strip_suffix('*')) else { return false };
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    !a.contains(['*', '?']) && !b.contains(['*', '?']) && (a.starts_with(&b) || b.starts_with(&a))
}

fn boundary(resource: &Resource, rails: &Guardrails, cx: &Context<'_>) {
    let Some(required) = &rails.required_boundary else { return };
    if !matches!(resource.ty.as_str(), "AWS::IAM::Role" | "AWS::IAM::User") {
        return;
    }
    let message = match cx.get(resource, &["PermissionsBoundary"]) {
        None => {
            format!("`{}` has no permissions boundary; `{required}` is required here", resource.logical_id)
        }
        Some(value) => {
            let mut names = vec![pattern_of(&value.pieces())];
            if let Some(policy) = cx.target(resource, value, "AWS::IAM::ManagedPolicy") {
                let name = cx.get(policy, &["ManagedPolicyName"]).and_then(Value::as_text);
                names = name.map(|n| n.to_string()).into_iter().collect();
                names.push(policy.logical_id.to_string());
            } else if value.is_unknown() && matches!(value.pieces().as_slice(), [_]) {
                return cx.unknown(resource, value, "the permissions boundary");
            }
            let last = |name: &String| name.rsplit('/').next().unwrap_or_default().to_string();
            if names.iter().any(|n| matches(required, n) || matches(required, &last(n))) {
                return;
            }
            format!(
                "the permissions boundary of `{}` isn't `{required}`, which is required here",
                resource.logical_id
            )
        }
    };
    cx.finding(resource, message)
        .at(&["PermissionsBoundary"])
        .help(format!("set `PermissionsBoundary` to `{required}`"))
        .report();
}

fn accounts(resource: &Resource, placed: &Placed<'_>, rails: &Guardrails, cx: &Context<'_>) {
    let Some(allowed) = &rails.allowed_external_accounts else { return };
    for principal in placed.statement.principals.iter().filter(|p| p.kind == "AWS") {
        let Some(Account::Written(account)) = account_of(cx, &placed.statement, principal.value) else {
            continue;
        };
        if !allowed.contains(&account) {
            let message =
                format!("`{}` lets in account {account}, which isn't allowed here", resource.logical_id);
            cx.finding(resource, message)
                .at_place(format!("{}/Principal/{account}", placed.key), principal.value.span)
                .help("take it out, or add it to `iam.allowed-external-accounts` of tidegate.toml")
                .report();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BrokenGuardrail;
    use crate::Guardrails;
    use crate::testing::Build;

    fn findings(rails: &Guardrails, ty: &str, properties: &str) -> Vec<String> {
        Build::new().json("P", ty, properties).findings_within::<BrokenGuardrail>(rails)
    }

    fn policy(statement: &str) -> String {
        format!(r#"{{"PolicyDocument": {{"Statement": {statement}}}}}"#)
    }

    #[test]
    fn forbidden_actions() {
        let rails = Guardrails { forbidden_actions: vec!["iam:Create*".into()], ..Guardrails::default() };
        for action in ["iam:CreateUser", "iam:*", "*", "IAM:Create*", "iam:CreateP*"] {
            let statement = format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#);
            assert_eq!(findings(&rails, "AWS::IAM::Policy", &policy(&statement)).len(), 1, "{action}");
        }
        for statement in [
            r#"{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}"#,
            r#"{"Effect": "Allow", "Action": "iam:Get*", "Resource": "*"}"#,
            r#"{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}"#,
        ] {
            assert!(findings(&rails, "AWS::IAM::Policy", &policy(statement)).is_empty(), "{statement}");
        }
    }

    #[test]
    fn required_conditions() {
        let required = vec![("iam:PassRole".into(), vec!["iam:PassedToService".into()])];
        let rails = Guardrails { required_conditions: required, ..Guardrails::default() };
        let with = |operator: &str| {
            let statement = format!(
                r#"{{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
                    "Condition": {{"{operator}": {{"IAM:PassedToService": "lambda.amazonaws.com"}}}}}}"#
            );
            findings(&rails, "AWS::IAM::ManagedPolicy", &policy(&statement)).len()
        };
        assert_eq!(
            [with("StringEquals"), with("StringEqualsIfExists"), with("ForAllValues:StringLike")],
            [0, 1, 1]
        );
    }

    #[test]
    fn required_boundary() {
        let rails = Guardrails { required_boundary: Some("team-*".into()), ..Guardrails::default() };
        let role = |boundary: &str| findings(&rails, "AWS::IAM::Role", boundary);
        assert_eq!(role("{}"), ["P: `P` has no permissions boundary; `team-*` is required here"]);
        assert_eq!(role(r#"{"PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}"#).len(), 1);
        assert!(
            role(r#"{"PermissionsBoundary": "arn:aws:iam::444455556666:policy/team-orders"}"#).is_empty()
        );
    }

    #[test]
    fn external_accounts() {
        let allowed = Some(vec!["111122223333".into()]);
        let rails = Guardrails { allowed_external_accounts: allowed, ..Guardrails::default() };
        let trust = |account: &str| {
            let role = format!(
                r#"{{"AssumeRolePolicyDocument": {{"Statement": {{"Effect": "Allow",
                    "Principal": {{"AWS": "arn:aws:iam::{account}:root"}}, "Action": "sts:AssumeRole"}}}}}}"#
            );
            findings(&rails, "AWS::IAM::Role", &role).len()
        };
        assert_eq!([trust("111122223333"), trust("999988887777")], [0, 1]);
    }

    #[test]
    fn every_type_with_a_policy_of_its_own() {
        use crate::policies::{DOCUMENT_TYPES, FURTHER, NAMING, RESOURCE_POLICIES};
        use crate::rule::Rule;

        let allowed = Some(vec!["111122223333".into()]);
        let rails = Guardrails { allowed_external_accounts: allowed, ..Guardrails::default() };
        let statement = |account: &str| {
            format!(
                r#"{{"Effect": "Allow", "Principal": {{"AWS": "arn:aws:iam::{account}:root"}}, "Action": "*"}}"#
            )
        };
        let in_path = |path: &[&str], document: &str| {
            let mut out = document.to_string();
            for key in path.iter().rev() {
                // What may be one of several is written as a list.
                let list = *key == "Replicas";
                out =
                    if list { format!(r#"{{"{key}": [{out}]}}"#) } else { format!(r#"{{"{key}": {out}}}"#) };
            }
            out
        };
        let mut asked: Vec<&str> = vec!["AWS::IAM::Role"];
        for (ty, path) in RESOURCE_POLICIES.iter().chain(FURTHER) {
            asked.push(ty);
            for (account, expected) in [("111122223333", 0), ("999988887777", 1)] {
                let document = format!(r#"{{"Statement": [{}]}}"#, statement(account));
                let found = findings(&rails, ty, &in_path(path, &document));
                assert_eq!(found.len(), expected, "{ty} {path:?} {account}: {found:?}");
            }
        }
        // Where AWS takes a text, the text is read.
        for (ty, path) in FURTHER {
            let text = format!("{{\\\"Statement\\\": {}}}", statement("999988887777").replace('"', "\\\""));
            let found = findings(&rails, ty, &in_path(path, &format!("\"{text}\"")));
            assert_eq!(found.len(), 1, "{ty} {path:?}: {found:?}");
        }
        for ty in NAMING {
            asked.push(ty);
            let by = |account: &str| findings(&rails, ty, &format!(r#"{{"Principal": "{account}"}}"#)).len();
            assert_eq!([by("111122223333"), by("999988887777"), by("s3.amazonaws.com")], [0, 1, 0], "{ty}");
        }
        let bus = format!(r#"{{"Statement": {}}}"#, statement("999988887777"));
        assert_eq!(findings(&rails, "AWS::Events::EventBusPolicy", &bus).len(), 1);
        // Nothing is asked for that the table doesn't have, and everything that has a document is asked for.
        for ty in BrokenGuardrail::ON.iter().filter(|ty| !ty.starts_with("AWS::IAM::")) {
            let bounds = matches!(*ty, "AWS::Organizations::Policy" | "AWS::SSO::PermissionSet");
            assert!(bounds || asked.contains(ty), "{ty} has no row");
        }
        assert!(asked.iter().chain(DOCUMENT_TYPES).all(|ty| BrokenGuardrail::ON.contains(ty)));
    }
}
