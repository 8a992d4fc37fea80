//! WAF.

use super::table::{Field, Type, many, one, to};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_wafv2_web_acl", "AWS::WAFv2::WebACL").names(&["arn"]).fields(RULES),
    Type::new("aws_wafv2_rule_group", "AWS::WAFv2::RuleGroup").fields(RULES),
    Type::new("aws_wafv2_web_acl_association", "AWS::WAFv2::WebACLAssociation")
        .fields(&[to("web_acl_arn", "WebACLArn")]),
    Type::new("aws_wafv2_web_acl_logging_configuration", "AWS::WAFv2::LoggingConfiguration"),
    Type::new("aws_wafv2_ip_set", "AWS::WAFv2::IPSet")
        .fields(&[to("ip_address_version", "IPAddressVersion")]),
    Type::new("aws_wafv2_regex_pattern_set", "AWS::WAFv2::RegexPatternSet"),
    Type::new("aws_wafregional_web_acl", "AWS::WAFRegional::WebACL")
        .fields(&[many("rule", "Rules"), one("default_action", "DefaultAction")]),
    Type::new("aws_wafregional_web_acl_association", "AWS::WAFRegional::WebACLAssociation")
        .fields(&[to("web_acl_id", "WebACLId")]),
    Type::new("aws_wafregional_rule", "AWS::WAFRegional::Rule"),
    Type::new("aws_wafregional_rate_based_rule", "AWS::WAFRegional::RateBasedRule"),
    Type::new("aws_wafregional_ipset", "AWS::WAFRegional::IPSet"),
    Type::new("aws_waf_web_acl", "AWS::WAF::WebACL")
        .fields(&[many("rules", "Rules"), one("default_action", "DefaultAction")]),
    Type::new("aws_waf_rule", "AWS::WAF::Rule"),
    Type::new("aws_waf_ipset", "AWS::WAF::IPSet"),
];

const RULES: &[Field] = &[
    one("default_action", "DefaultAction"),
    many("rule", "Rules"),
    many("*.and_statement.statement", "Statements"),
    many("*.or_statement.statement", "Statements"),
    many("*.text_transformation", "TextTransformations"),
    many("rule.rule_label", "RuleLabels"),
    many("*.excluded_rule", "ExcludedRules"),
    to("*.custom_key.ip", "IP"),
    to("*.custom_key.forwarded_ip", "ForwardedIP"),
    to("*.custom_key.http_method", "HTTPMethod"),
    many("*.rule_action_override", "RuleActionOverrides"),
    many("*.custom_key", "CustomKeys"),
    many("*.managed_rule_group_configs", "ManagedRuleGroupConfigs"),
    to("*.ip_set_reference_statement", "IPSetReferenceStatement"),
    to("*.ip_set_forwarded_ip_config", "IPSetForwardedIPConfig"),
    to("*.forwarded_ip_config", "ForwardedIPConfig"),
    to("*.cloudwatch_metrics_enabled", "CloudWatchMetricsEnabled"),
];
