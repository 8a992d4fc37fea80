//! The form of a resource's ARN, as AWS wants it in a policy.

use super::Kind;
use crate::Arn;

const PARTITIONS: &[&str] =
    &["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

/// How the resources of IAM begin.
const IAM: &[&str] = &[
    "access-report/",
    "delegation-request/",
    "federated-user/",
    "group/",
    "instance-profile/",
    "mfa/",
    "oidc-provider/",
    "policy/",
    "report/",
    "role-template/",
    "role/",
    "saml-provider/",
    "server-certificate/",
    "sms-mfa/",
    "user/",
];

/// The resources of S3 that lie in a region. Buckets and objects lie in none.
const S3_REGIONAL: &[&str] = &["access-grants/", "accesspoint", "async-request/", "job/", "storage-lens"];

/// What is wrong with a resource, if anything.
pub(super) fn wrong(text: &str, kind: Kind) -> Option<String> {
    if text == "*" {
        return None;
    }
    if !text.contains(':') {
        // Policies of an API name its methods without the rest of the ARN.
        let method = kind == Kind::Resource && (text.starts_with("execute-api:") || text.contains('/'));
        let pattern = kind != Kind::Identity && text.starts_with('*');
        return (!method && !pattern).then(|| format!("`{text}` is neither an ARN nor `*`"));
    }
    if kind == Kind::Resource && text.starts_with("execute-api:/") {
        return None;
    }
    let arn = Arn::split(text);
    let [prefix, partition, service, region, _, path] = *arn.parts();
    if prefix != "arn" {
        return Some(format!("`{text}` is no ARN: it begins with `{prefix}`"));
    }
    if !PARTITIONS.contains(&partition) && !partition.contains(['*', '?']) {
        return Some(format!("`{text}` has an unknown partition, `{partition}`"));
    }
    if arn.count() == 2 || service.contains(['*', '?']) {
        return Some(format!("`{text}` must name its service in full, without wildcards"));
    }
    if service.is_empty() || arn.count() < 6 && arn.parts().iter().take(arn.count()).any(|p| p.is_empty()) {
        return Some(format!("`{text}` is an incomplete ARN: it has {} of 6 parts", arn.count()));
    }
    match service {
        "iam" if !region.is_empty() => Some(format!("`{text}` names a region, and IAM has none")),
        "iam"
            if arn.count() == 6
                && !matches!(path, "*" | "root")
                && !IAM.iter().any(|start| path.starts_with(start)) =>
        {
            Some(format!(
                "`{text}` is no resource of IAM: those begin with `role/`, `user/`, `policy/` and so on"
            ))
        }
        "s3" if !region.is_empty() && !S3_REGIONAL.iter().any(|s| path.starts_with(s)) => {
            Some(format!("`{text}` names a region, and buckets have none"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<&str>) {
        let found = wrong(text, Kind::Identity);
        match expect {
            None => assert_eq!(found, None, "{text}"),
            Some(part) => assert!(found.as_deref().is_some_and(|m| m.contains(part)), "{text}: {found:?}"),
        }
    }

    #[test]
    fn arns_as_aws_takes_them() {
        for good in [
            "*",
            "arn:aws:sqs:*:*:orders-*",
            "arn:aws:dynamodb",
            "arn:*:iam::aws:policy/*",
            "arn:aws:iam::111122223333:role/orders",
            "arn:aws:s3:::orders/*",
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/orders",
        ] {
            check(good, None);
        }
    }

    #[test]
    fn arns_as_aws_refuses_them() {
        check("orders", Some("neither"));
        check("", Some("neither"));
        check("aws:s3:::orders", Some("begins with `aws`"));
        check("arn:awz:s3:::orders", Some("partition"));
        check("arn:aws", Some("in full"));
        check("arn:aws:s*:::orders", Some("in full"));
        check("arn:aws:sqs::orders", Some("incomplete"));
        check("arn:aws::eu-west-1:1:orders", Some("incomplete"));
        check("arn:aws:iam:eu-west-1:1:role/a", Some("region"));
        check("arn:aws:iam::1:roles/a", Some("no resource of IAM"));
        check("arn:aws:s3:eu-west-1::orders", Some("buckets"));
    }
}
