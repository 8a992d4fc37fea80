//! The rule that an id of somebody else's stands for: by the rules' aliases.

use super::Tool;
use std::collections::HashMap;
use tidegate_check::Metadata;

/// Every rule by every id that it is known by.
pub(super) struct Names {
    by_id: HashMap<String, Vec<&'static str>>,
    rules: &'static [&'static Metadata],
    all: HashMap<Tool, Vec<&'static str>>,
}

impl Names {
    pub(super) fn new() -> Self {
        Self::of(tidegate_check::rules())
    }

    fn of(rules: &'static [&'static Metadata]) -> Self {
        let mut by_id: HashMap<String, Vec<&'static str>> = HashMap::new();
        for rule in rules {
            for alias in std::iter::once(&rule.id).chain(rule.aliases) {
                let known = by_id.entry(key(alias)).or_default();
                if !known.contains(&rule.id) {
                    known.push(rule.id);
                }
            }
        }
        Self { by_id, rules, all: HashMap::new() }
    }

    /// The rules that a tool's id stands for; none when we have nothing like it.
    pub(super) fn rules(&self, tool: Tool, name: &str) -> Vec<&'static str> {
        let lower = name.to_ascii_lowercase();
        let found = |key: &str| self.by_id.get(key).cloned().unwrap_or_default();
        match tool {
            Tool::Tidegate => found(&key(name)),
            Tool::Checkov if lower.starts_with("ckv") => found(&lower),
            Tool::Checkov => Vec::new(),
            Tool::Trivy => {
                let id = TFSEC.iter().find(|(old, _)| *old == lower).map_or(lower.as_str(), |(_, id)| *id);
                found(&key(&format!("trivy:{id}")))
            }
            Tool::CfnNag => {
                let own = found(&format!("cfn_nag:{lower}"));
                let same = CFN_NAG.iter().find(|(id, _)| *id == lower).map(|(_, id)| *id);
                if own.is_empty() { same.map(found).unwrap_or_default() } else { own }
            }
            Tool::CdkNag => found(&format!("cdk-nag:{}", lower.split('[').next().unwrap_or_default())),
            Tool::CfnLint => found(&format!("cfn-lint:{lower}")),
            Tool::Kics => found(&format!("kics:{lower}")),
        }
    }

    /// Every rule that a tool has, too: what its comments mean by "all".
    pub(super) fn all_of(&mut self, tool: Tool) -> Vec<&'static str> {
        if let Some(known) = self.all.get(&tool) {
            return known.clone();
        }
        let prefix = match tool {
            Tool::Tidegate | Tool::CfnNag | Tool::CfnLint => return Vec::new(),
            Tool::Checkov => "ckv",
            Tool::Trivy => "trivy:",
            Tool::CdkNag => "cdk-nag:",
            Tool::Kics => "kics:",
        };
        let has = |rule: &&&Metadata| rule.aliases.iter().any(|a| key(a).starts_with(prefix));
        let all: Vec<_> = self.rules.iter().filter(has).map(|rule| rule.id).collect();
        self.all.insert(tool, all.clone());
        all
    }
}

/// Trivy names the same check `AVD-AWS-0066` and `AWS-0066`.
fn key(alias: &str) -> String {
    alias.to_ascii_lowercase().replace("trivy:avd-", "trivy:")
}

/// What cfn_nag's ids are called by Checkov, where both look for the same.
const CFN_NAG: [(&str, &str); 17] = [
    ("w35", "ckv_aws_18"),
    ("w41", "ckv_aws_19"),
    ("w46", "ckv_aws_95"),
    ("w47", "ckv_aws_26"),
    ("w48", "ckv_aws_27"),
    ("w49", "ckv_aws_43"),
    ("w59", "ckv_aws_59"),
    ("w69", "ckv_aws_76"),
    ("w74", "ckv_aws_119"),
    ("w77", "ckv_aws_149"),
    ("w78", "ckv_aws_28"),
    ("w84", "ckv_aws_158"),
    ("w86", "ckv_aws_66"),
    ("w89", "ckv_aws_117"),
    ("w92", "ckv_aws_115"),
    ("f4", "ckv_aws_63"),
    ("f3", "ckv_aws_63"),
];

/// The long names that tfsec gave its checks, and the numbers under which Trivy has them.
const TFSEC: [(&str, &str); 32] = [
    ("aws-api-gateway-enable-access-logging", "aws-0001"),
    ("aws-api-gateway-enable-cache-encryption", "aws-0002"),
    ("aws-api-gateway-enable-tracing", "aws-0003"),
    ("aws-api-gateway-no-public-access", "aws-0004"),
    ("aws-api-gateway-use-secure-tls-policy", "aws-0005"),
    ("aws-cloudwatch-log-group-customer-key", "aws-0017"),
    ("aws-dynamodb-enable-at-rest-encryption", "aws-0023"),
    ("aws-dynamodb-enable-recovery", "aws-0024"),
    ("aws-dynamodb-table-customer-key", "aws-0025"),
    ("aws-ecr-enable-image-scans", "aws-0030"),
    ("aws-ecr-enforce-immutable-repository", "aws-0031"),
    ("aws-ecr-no-public-access", "aws-0032"),
    ("aws-ecr-repository-customer-key", "aws-0033"),
    ("aws-iam-no-policy-wildcards", "aws-0057"),
    ("aws-kinesis-enable-in-transit-encryption", "aws-0064"),
    ("aws-kms-auto-rotate-keys", "aws-0065"),
    ("aws-lambda-enable-tracing", "aws-0066"),
    ("aws-lambda-restrict-source-arn", "aws-0067"),
    ("aws-s3-block-public-acls", "aws-0086"),
    ("aws-s3-block-public-policy", "aws-0087"),
    ("aws-s3-enable-bucket-encryption", "aws-0088"),
    ("aws-s3-enable-bucket-logging", "aws-0089"),
    ("aws-s3-enable-versioning", "aws-0090"),
    ("aws-s3-ignore-public-acls", "aws-0091"),
    ("aws-s3-no-public-access-with-acl", "aws-0092"),
    ("aws-s3-no-public-buckets", "aws-0093"),
    ("aws-s3-specify-public-access-block", "aws-0094"),
    ("aws-sns-enable-topic-encryption", "aws-0095"),
    ("aws-sqs-enable-queue-encryption", "aws-0096"),
    ("aws-sqs-no-wildcards-in-policy-documents", "aws-0097"),
    ("aws-ssm-secret-use-customer-key", "aws-0098"),
    ("aws-s3-encryption-customer-key", "aws-0132"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;
    use tidegate_check::Profile;
    use tidegate_graph::{Confidence, Severity};

    static RULES: LazyLock<Vec<&'static Metadata>> = LazyLock::new(|| {
        let rule = |id, aliases| -> &'static Metadata {
            Box::leak(Box::new(Metadata {
                id,
                title: "",
                severity: Severity::Low,
                confidence: Confidence::Low,
                since: "",
                aliases,
                threats: &[],
                profiles: &[Profile::All],
                why: "",
                docs: "",
            }))
        };
        vec![
            rule(
                "queue-plain",
                &["TG-QU-001", "CKV_AWS_27", "trivy:AVD-AWS-0096", "kics:ab-1", "cdk-nag:AwsSolutions-SQS2"],
            ),
            rule("trace-off", &["TG-FN-001", "CKV_AWS_50", "trivy:AWS-0066"]),
        ]
    });

    #[test]
    fn ids_of_others_are_understood() {
        let names = Names::of(&RULES);
        let of = |tool, name| names.rules(tool, name);
        assert_eq!(of(Tool::Tidegate, "tg-qu-001"), ["queue-plain"]);
        assert_eq!(of(Tool::Tidegate, "ckv_aws_50"), ["trace-off"]);
        assert_eq!(of(Tool::Checkov, "CKV_AWS_27"), ["queue-plain"]);
        assert_eq!(of(Tool::Trivy, "AVD-AWS-0096"), ["queue-plain"]);
        assert_eq!(of(Tool::Trivy, "AWS-0096"), ["queue-plain"]);
        assert_eq!(of(Tool::Trivy, "avd-aws-0066"), ["trace-off"]);
        assert_eq!(of(Tool::Trivy, "aws-sqs-enable-queue-encryption"), ["queue-plain"]);
        assert_eq!(of(Tool::CfnNag, "W48"), ["queue-plain"]);
        assert_eq!(of(Tool::CdkNag, "AwsSolutions-SQS2[x]"), ["queue-plain"]);
        assert_eq!(of(Tool::Kics, "AB-1"), ["queue-plain"]);
        assert!(of(Tool::Checkov, "CKV_AWS_1").is_empty());
        assert!(of(Tool::Checkov, "queue-plain").is_empty(), "each tool knows its own ids alone");
    }

    #[test]
    fn all_of_a_tool_is_what_it_has() {
        let mut names = Names::of(&RULES);
        assert_eq!(names.all_of(Tool::Trivy), ["queue-plain", "trace-off"]);
        assert_eq!(names.all_of(Tool::Kics), ["queue-plain"]);
        assert!(names.all_of(Tool::Tidegate).is_empty());
    }
}
