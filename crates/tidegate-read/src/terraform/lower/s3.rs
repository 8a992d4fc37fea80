//! S3. Since version 4 of the provider a bucket is a dozen resources; here they are one again.

use super::table::{Field, How, Join, Split, Type, document, many, object, omit, one, to, words};
use tidegate_graph::{Data, Field as Entry, Map, Value};

pub(super) const TYPES: &[Type] = &[
    Type::new("aws_s3_bucket", "AWS::S3::Bucket")
        .names(&["bucket"])
        .attributes(&[
            ("bucket", ""),
            ("bucket_domain_name", "DomainName"),
            ("bucket_regional_domain_name", "RegionalDomainName"),
            ("website_endpoint", "WebsiteURL"),
        ])
        .fields(BUCKET)
        .finish(bucket)
        .splits(&[Split {
            property: "Policy",
            cloudformation: "AWS::S3::BucketPolicy",
            to: "PolicyDocument",
            owner: "Bucket",
            attribute: "",
        }]),
    Type::new("aws_s3_bucket_policy", "AWS::S3::BucketPolicy")
        .fields(&[document("policy", "PolicyDocument")]),
    Type::part("aws_s3_bucket_acl", &[of_bucket(ACL).finish(grants)]),
    Type::part(
        "aws_s3_bucket_public_access_block",
        &[of_bucket(PART).under("PublicAccessBlockConfiguration")],
    ),
    Type::part(
        "aws_s3_bucket_server_side_encryption_configuration",
        &[of_bucket(&[
            omit("bucket"),
            omit("expected_bucket_owner"),
            many("rule", "BucketEncryption.ServerSideEncryptionConfiguration"),
            one("rule.apply_server_side_encryption_by_default", "ServerSideEncryptionByDefault"),
            to("*.sse_algorithm", "SSEAlgorithm"),
            to("*.kms_master_key_id", "KMSMasterKeyID"),
        ])],
    ),
    Type::part(
        "aws_s3_bucket_versioning",
        &[of_bucket(&[
            omit("bucket"),
            omit("mfa"),
            omit("expected_bucket_owner"),
            one("versioning_configuration", "VersioningConfiguration"),
            unless_disabled("versioning_configuration.status"),
            // CloudFormation can't say it; rules on Terraform ask for it all the same.
            to("versioning_configuration.mfa_delete", "MfaDelete"),
        ])],
    ),
    Type::part(
        "aws_s3_bucket_logging",
        &[of_bucket(&[
            omit("bucket"),
            omit("expected_bucket_owner"),
            to("target_bucket", "LoggingConfiguration.DestinationBucketName"),
            to("target_prefix", "LoggingConfiguration.LogFilePrefix"),
            one("target_object_key_format", "LoggingConfiguration.TargetObjectKeyFormat"),
        ])],
    ),
    Type::part("aws_s3_bucket_notification", &[of_bucket(NOTIFICATION).finish(notifications)]),
    Type::part(
        "aws_s3_bucket_website_configuration",
        &[of_bucket(WEBSITE).under("WebsiteConfiguration").finish(website)],
    ),
    Type::part(
        "aws_s3_bucket_cors_configuration",
        &[of_bucket(&[
            omit("bucket"),
            omit("expected_bucket_owner"),
            many("cors_rule", "CorsConfiguration.CorsRules"),
            to("cors_rule.expose_headers", "ExposedHeaders"),
            to("cors_rule.max_age_seconds", "MaxAge"),
        ])],
    ),
    Type::part(
        "aws_s3_bucket_replication_configuration",
        &[of_bucket(REPLICATION).under("ReplicationConfiguration")],
    ),
    Type::part(
        "aws_s3_bucket_lifecycle_configuration",
        &[of_bucket(&[
            omit("bucket"),
            omit("expected_bucket_owner"),
            many("rule", "LifecycleConfiguration.Rules"),
        ])],
    ),
    Type::part(
        "aws_s3_bucket_ownership_controls",
        &[of_bucket(&[omit("bucket"), many("rule", "OwnershipControls.Rules")])],
    ),
    Type::part(
        "aws_s3_bucket_accelerate_configuration",
        &[of_bucket(&[
            omit("bucket"),
            omit("expected_bucket_owner"),
            to("status", "AccelerateConfiguration.AccelerationStatus"),
        ])],
    ),
    Type::part(
        "aws_s3_bucket_object_lock_configuration",
        &[of_bucket(&[
            omit("bucket"),
            omit("expected_bucket_owner"),
            omit("token"),
            to("object_lock_enabled", "ObjectLockConfiguration.ObjectLockEnabled"),
            one("rule", "ObjectLockConfiguration.Rule"),
            one("rule.default_retention", "DefaultRetention"),
        ])],
    ),
    Type::ignored("aws_s3_bucket_request_payment_configuration"),
    Type::new("aws_s3_access_point", "AWS::S3::AccessPoint").attributes(&[("name", "")]).fields(&[
        document("policy", "Policy"),
        one("public_access_block_configuration", "PublicAccessBlockConfiguration"),
        one("vpc_configuration", "VpcConfiguration"),
    ]),
    Type::new("aws_s3_directory_bucket", "AWS::S3Express::DirectoryBucket")
        .names(&["bucket"])
        .attributes(&[("bucket", "")])
        .fields(&[to("bucket", "BucketName")]),
    Type::new("aws_s3control_object_lambda_access_point", "AWS::S3ObjectLambda::AccessPoint").fields(&[
        one("configuration", "ObjectLambdaConfiguration"),
        many("configuration.transformation_configuration", "TransformationConfigurations"),
        one("*.aws_lambda", "AwsLambda"),
    ]),
];

const fn of_bucket(fields: &'static [Field]) -> Join {
    Join::new("aws_s3_bucket", &["bucket"]).fields(fields)
}

const fn unless_disabled(from: &'static str) -> Field {
    Field { from, to: "Status", how: How::Unless("Disabled") }
}

const PART: &[Field] = &[omit("bucket"), omit("expected_bucket_owner"), omit("skip_destroy")];

const CANNED: &[(&str, &str)] = &[
    ("private", "Private"),
    ("public-read", "PublicRead"),
    ("public-read-write", "PublicReadWrite"),
    ("authenticated-read", "AuthenticatedRead"),
    ("log-delivery-write", "LogDeliveryWrite"),
    ("bucket-owner-read", "BucketOwnerRead"),
    ("bucket-owner-full-control", "BucketOwnerFullControl"),
    ("aws-exec-read", "AwsExecRead"),
];

const ACL: &[Field] = &[
    omit("bucket"),
    omit("expected_bucket_owner"),
    words("acl", "AccessControl", CANNED),
    one("access_control_policy", "AccessControlPolicy"),
    many("access_control_policy.grant", "Grants"),
    one("access_control_policy.grant.grantee", "Grantee"),
];

// What versions before 4 kept within the bucket.
const BUCKET: &[Field] = &[
    to("bucket", "BucketName"),
    omit("bucket_prefix"),
    omit("force_destroy"),
    document("policy", "Policy"),
    words("acl", "AccessControl", CANNED),
    many("grant", "AccessControlPolicy.Grants"),
    one("versioning", "VersioningConfiguration"),
    words("versioning.enabled", "Status", &[("true", "Enabled"), ("false", "Suspended")]),
    words("versioning.mfa_delete", "MfaDelete", &[("true", "Enabled"), ("false", "Disabled")]),
    one("server_side_encryption_configuration", "BucketEncryption"),
    many("server_side_encryption_configuration.rule", "ServerSideEncryptionConfiguration"),
    one(
        "server_side_encryption_configuration.rule.apply_server_side_encryption_by_default",
        "ServerSideEncryptionByDefault",
    ),
    to("*.sse_algorithm", "SSEAlgorithm"),
    to("*.kms_master_key_id", "KMSMasterKeyID"),
    one("logging", "LoggingConfiguration"),
    to("logging.target_bucket", "DestinationBucketName"),
    to("logging.target_prefix", "LogFilePrefix"),
    one("website", "WebsiteConfiguration"),
    many("cors_rule", "CorsConfiguration.CorsRules"),
    to("cors_rule.expose_headers", "ExposedHeaders"),
    to("cors_rule.max_age_seconds", "MaxAge"),
    many("lifecycle_rule", "LifecycleConfiguration.Rules"),
    one("replication_configuration", "ReplicationConfiguration"),
    many("replication_configuration.rules", "Rules"),
    to("acceleration_status", "AccelerateConfiguration.AccelerationStatus"),
    one("object_lock_configuration", "ObjectLockConfiguration"),
    omit("request_payer"),
];

const NOTIFICATION: &[Field] = &[
    omit("bucket"),
    many("lambda_function", "NotificationConfiguration.LambdaConfigurations"),
    to("lambda_function.lambda_function_arn", "Function"),
    many("queue", "NotificationConfiguration.QueueConfigurations"),
    to("queue.queue_arn", "Queue"),
    many("topic", "NotificationConfiguration.TopicConfigurations"),
    to("topic.topic_arn", "Topic"),
    omit("*.id"),
    to("eventbridge", "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled"),
];

const WEBSITE: &[Field] = &[
    omit("bucket"),
    omit("expected_bucket_owner"),
    one("index_document", "IndexDocument"),
    one("error_document", "ErrorDocument"),
    one("redirect_all_requests_to", "RedirectAllRequestsTo"),
    many("routing_rule", "RoutingRules"),
    document("routing_rules", "RoutingRules"),
];

const REPLICATION: &[Field] = &[
    omit("bucket"),
    omit("token"),
    many("rule", "Rules"),
    one("rule.destination", "Destination"),
    object("rule.filter", "Filter"),
];

fn bucket(map: &mut Map) {
    grants(map);
    if let Some(website) = map.get_mut("WebsiteConfiguration").and_then(Value::as_map_mut)
        && let Some(Value { data: Data::Text(_), .. }) = website.get("RoutingRules")
        && let Some(rules) = website.remove("RoutingRules")
    {
        website.insert("RoutingRules", super::shape::encoded(rules));
    }
}

/// A document each, which CloudFormation names by a string.
fn website(map: &mut Map) {
    for (document, key) in [("IndexDocument", "Suffix"), ("ErrorDocument", "Key")] {
        if let Some(name) = map.get(document).and_then(|v| v.get(key)).cloned() {
            map.insert(document, name);
        }
    }
}

/// Grants to the groups of everyone and of every AWS account are what CloudFormation knows as canned lists. The grants
/// stay beside them: they say more.
fn grants(map: &mut Map) {
    let Some(policy) = map.get("AccessControlPolicy") else { return };
    let span = policy.span;
    let mut canned = None;
    for branch in policy.branches() {
        for grant in branch.get("Grants").map(Value::items).unwrap_or_default() {
            let uri = grant.get("Grantee").and_then(|g| g.get("Uri")).or_else(|| grant.get("Uri"));
            let uri = uri.and_then(Value::as_text).unwrap_or_default();
            let permissions = grant.get("Permission").or_else(|| grant.get("Permissions"));
            let permissions = permissions.map(Value::items).unwrap_or_default();
            let writes =
                permissions.iter().any(|p| p.as_str().is_none_or(|p| p != "READ" && p != "READ_ACP"));
            let found = match uri.rsplit('/').next() {
                Some("AllUsers") if writes => Some("PublicReadWrite"),
                Some("AllUsers") => Some("PublicRead"),
                Some("AuthenticatedUsers") => Some("AuthenticatedRead"),
                _ => None,
            };
            // In the order of the alphabet the worst comes last.
            canned = canned.max(found.map(|word| (word, grant.span)));
        }
    }
    match canned {
        Some((word, at)) => drop(map.insert("AccessControl", Value::text(word, at))),
        None if map.contains_key("AccessControl") => {}
        None => drop(map.insert("AccessControl", Value::text("Private", span))),
    }
}

/// One configuration for each event, with the filter where CloudFormation has it.
fn notifications(map: &mut Map) {
    let Some(all) = map.get_mut("NotificationConfiguration").and_then(Value::as_map_mut) else { return };
    for kind in ["LambdaConfigurations", "QueueConfigurations", "TopicConfigurations"] {
        let Some(list) = all.get_mut(kind) else { continue };
        let Data::List(items) = &mut list.data else { continue };
        *items = std::mem::take(items).into_iter().flat_map(notification).collect();
    }
}

fn notification(mut value: Value) -> Vec<Value> {
    let span = value.span;
    let Some(map) = value.as_map_mut() else { return vec![value] };
    let mut rules = Vec::new();
    for (key, name) in [("FilterPrefix", "prefix"), ("FilterSuffix", "suffix")] {
        let Some(filter) = map.remove(key) else { continue };
        if filter.as_str() == Some("") {
            continue;
        }
        let at = filter.span;
        rules.push(Value::object([("Name", Value::text(name, at)), ("Value", filter)], at));
    }
    if !rules.is_empty() {
        super::shape::put(map, "Filter.S3Key.Rules", Entry { key: span, value: Value::list(rules, span) });
    }
    if map.get("Events").is_none_or(|events| events.items().len() > super::shape::MAX_ENTRIES) {
        return vec![value];
    }
    let Some(events) = map.remove("Events") else { return vec![value] };
    let map = map.clone();
    let with = |event: &Value| {
        let mut map = map.clone();
        map.insert("Event", event.clone());
        Value::map(map, span)
    };
    events.items().iter().map(with).collect()
}
