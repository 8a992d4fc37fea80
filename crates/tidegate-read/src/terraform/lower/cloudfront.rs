//! CloudFront.

use super::shape::wrap;
use super::table::{Field, Type, many, omit, one, to};
use tidegate_graph::Map;

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_cloudfront_distribution", "AWS::CloudFront::Distribution")
        .attributes(&[("domain_name", "DomainName")])
        .fields(DISTRIBUTION)
        .finish(|map: &mut Map| wrap(map, "DistributionConfig", &["Tags"])),
    Type::new("aws_cloudfront_origin_access_identity", "AWS::CloudFront::CloudFrontOriginAccessIdentity")
        .attributes(&[("s3_canonical_user_id", "S3CanonicalUserId")])
        .fields(&[to("comment", "CloudFrontOriginAccessIdentityConfig.Comment")]),
    Type::new("aws_cloudfront_origin_access_control", "AWS::CloudFront::OriginAccessControl")
        .finish(|map: &mut Map| wrap(map, "OriginAccessControlConfig", &[])),
    Type::new("aws_cloudfront_function", "AWS::CloudFront::Function").fields(&[
        to("code", "FunctionCode"),
        to("runtime", "FunctionConfig.Runtime"),
        to("comment", "FunctionConfig.Comment"),
        to("publish", "AutoPublish"),
    ]),
    Type::new("aws_cloudfront_cache_policy", "AWS::CloudFront::CachePolicy")
        .finish(|map: &mut Map| wrap(map, "CachePolicyConfig", &[])),
    Type::new("aws_cloudfront_origin_request_policy", "AWS::CloudFront::OriginRequestPolicy")
        .finish(|map: &mut Map| wrap(map, "OriginRequestPolicyConfig", &[])),
    Type::new("aws_cloudfront_response_headers_policy", "AWS::CloudFront::ResponseHeadersPolicy")
        .finish(|map: &mut Map| wrap(map, "ResponseHeadersPolicyConfig", &[])),
    Type::new("aws_cloudfront_key_group", "AWS::CloudFront::KeyGroup")
        .finish(|map: &mut Map| wrap(map, "KeyGroupConfig", &[])),
    Type::new("aws_cloudfront_public_key", "AWS::CloudFront::PublicKey")
        .finish(|map: &mut Map| wrap(map, "PublicKeyConfig", &[])),
];

const DISTRIBUTION: &[Field] = &[
    many("origin", "Origins"),
    to("origin.origin_id", "Id"),
    many("origin.custom_header", "OriginCustomHeaders"),
    to("origin.custom_header.name", "HeaderName"),
    to("origin.custom_header.value", "HeaderValue"),
    one("origin.s3_origin_config", "S3OriginConfig"),
    one("origin.custom_origin_config", "CustomOriginConfig"),
    one("origin.origin_shield", "OriginShield"),
    to("*.http_port", "HTTPPort"),
    to("*.https_port", "HTTPSPort"),
    to("*.origin_ssl_protocols", "OriginSSLProtocols"),
    many("origin_group", "OriginGroups.Items"),
    one("default_cache_behavior", "DefaultCacheBehavior"),
    many("ordered_cache_behavior", "CacheBehaviors"),
    one("*.forwarded_values", "ForwardedValues"),
    one("*.cookies", "Cookies"),
    many("*.lambda_function_association", "LambdaFunctionAssociations"),
    to("*.lambda_arn", "LambdaFunctionARN"),
    many("*.function_association", "FunctionAssociations"),
    to("*.function_association.function_arn", "FunctionARN"),
    to("*.min_ttl", "MinTTL"),
    to("*.max_ttl", "MaxTTL"),
    to("*.default_ttl", "DefaultTTL"),
    to("*.error_caching_min_ttl", "ErrorCachingMinTTL"),
    one("viewer_certificate", "ViewerCertificate"),
    to("*.cloudfront_default_certificate", "CloudFrontDefaultCertificate"),
    one("restrictions", "Restrictions"),
    one("restrictions.geo_restriction", "GeoRestriction"),
    one("logging_config", "Logging"),
    many("custom_error_response", "CustomErrorResponses"),
    to("web_acl_id", "WebACLId"),
    to("is_ipv6_enabled", "IPV6Enabled"),
    omit("retain_on_delete"),
    omit("wait_for_deployment"),
];
