//! SES: identities and receipt rules.

use super::shape::put;
use super::table::{Field, Type, many, omit, one, to};
use tidegate_graph::{Data, Field as Entry, Map, Value};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_ses_email_identity", "AWS::SES::EmailIdentity")
        .attributes(&[("email", "")])
        .fields(&[to("email", "EmailIdentity")]),
    Type::new("aws_ses_domain_identity", "AWS::SES::EmailIdentity")
        .attributes(&[("domain", "")])
        .fields(&[to("domain", "EmailIdentity")]),
    Type::new("aws_sesv2_email_identity", "AWS::SES::EmailIdentity").attributes(&[("email_identity", "")]),
    Type::new("aws_ses_configuration_set", "AWS::SES::ConfigurationSet").attributes(&[("name", "")]),
    Type::new("aws_sesv2_configuration_set", "AWS::SES::ConfigurationSet")
        .attributes(&[("configuration_set_name", "")])
        .fields(&[to("configuration_set_name", "Name")]),
    Type::new("aws_ses_event_destination", "AWS::SES::ConfigurationSetEventDestination"),
    Type::new("aws_ses_template", "AWS::SES::Template"),
    Type::new("aws_ses_receipt_rule_set", "AWS::SES::ReceiptRuleSet").attributes(&[("rule_set_name", "")]),
    Type::new("aws_ses_receipt_rule", "AWS::SES::ReceiptRule")
        .attributes(&[("name", ""), ("id", "")])
        .fields(RECEIPT)
        .finish(receipt),
];

const RECEIPT: &[Field] = &[
    to("name", "Rule.Name"),
    to("enabled", "Rule.Enabled"),
    to("recipients", "Rule.Recipients"),
    to("scan_enabled", "Rule.ScanEnabled"),
    to("tls_policy", "Rule.TlsPolicy"),
    many("s3_action", "S3Action"),
    many("lambda_action", "LambdaAction"),
    many("sns_action", "SNSAction"),
    many("bounce_action", "BounceAction"),
    many("stop_action", "StopAction"),
    many("workmail_action", "WorkmailAction"),
    many("add_header_action", "AddHeaderAction"),
    to("*.iam_role_arn", "IamRoleArn"),
    one("*.none", "None"),
    omit("*.position"),
];

/// Actions of every kind in one list.
fn receipt(map: &mut Map) {
    for kind in [
        "AddHeaderAction",
        "LambdaAction",
        "S3Action",
        "SNSAction",
        "BounceAction",
        "WorkmailAction",
        "StopAction",
    ] {
        let Some(Value { data: Data::List(items), .. }) = map.remove(kind) else { continue };
        for item in items {
            let span = item.span;
            let action = Value::object([(kind, item)], span);
            put(map, "Rule.Actions[]", Entry { key: span, value: action });
        }
    }
}
