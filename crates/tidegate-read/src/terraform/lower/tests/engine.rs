use super::*;

#[test]
fn a_queue_with_its_policy_and_redrive() {
    let policy = r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}]}"#;
    check(
        vec![
            instance("aws_sqs_queue", "q")
                .with("name", "orders")
                .with("visibility_timeout_seconds", 60)
                .with("policy", policy)
                .with("tags", map(vec![("team", "a".into())])),
            instance("aws_sqs_queue", "dlq"),
            instance("aws_sqs_queue_redrive_policy", "r")
                .with("queue_url", reference("aws_sqs_queue.q", "id"))
                .with(
                    "redrive_policy",
                    Lit(Value::new(
                        Data::Json(Box::new(
                            map(vec![("deadLetterTargetArn", reference("aws_sqs_queue.dlq", "arn"))]).0,
                        )),
                        Span::default(),
                    )),
                ),
        ],
        &[
            (
                "AWS::SQS::Queue",
                "aws_sqs_queue.q",
                "{QueueName: orders, VisibilityTimeout: 60, Tags: [{Key: team, Value: a}], \
                 RedrivePolicy: json({deadLetterTargetArn: ${aws_sqs_queue.dlq.Arn}})}",
            ),
            (
                "AWS::SQS::QueuePolicy",
                "aws_sqs_queue.q.policy",
                "{Queues: [${aws_sqs_queue.q}], PolicyDocument: \
                 json({Statement: [{Effect: Allow, Principal: *, Action: sqs:*}]})}",
            ),
            ("AWS::SQS::Queue", "aws_sqs_queue.dlq", "{}"),
        ],
    );
}

#[test]
fn a_part_under_a_condition_is_a_choice() {
    check(
        vec![
            instance("aws_iam_role", "r").with("managed_policy_arns", list(["a"])),
            instance("aws_iam_role_policy_attachment", "p")
                .with("role", reference("aws_iam_role.r", "name"))
                .with("policy_arn", "b")
                .when("prod"),
        ],
        &[("AWS::IAM::Role", "aws_iam_role.r", "{ManagedPolicyArns: [a, (b | -)]}")],
    );
}

#[test]
fn a_part_under_a_condition_leaves_what_stands_otherwise() {
    check(
        vec![
            instance("aws_s3_bucket", "b").with("acl", "private"),
            instance("aws_s3_bucket_acl", "a")
                .with("bucket", reference("aws_s3_bucket.b", "id"))
                .with("acl", "public-read")
                .when("open"),
        ],
        &[("AWS::S3::Bucket", "aws_s3_bucket.b", "{AccessControl: (PublicRead | Private)}")],
    );
}

#[test]
fn a_part_of_something_that_was_not_read_stands_alone() {
    check(
        vec![instance("aws_iam_role_policy_attachment", "p").with("role", "other").with("policy_arn", "b")],
        &[(
            "aws_iam_role_policy_attachment",
            "aws_iam_role_policy_attachment.p",
            "{ManagedPolicyArns: [b], role: other}",
        )],
    );
}

#[test]
fn parts_find_their_owner_by_literal_name_and_through_other_parts() {
    check(
        vec![
            instance("aws_s3_bucket", "b").with("bucket", "data"),
            instance("aws_s3_bucket_versioning", "v")
                .with("bucket", "data")
                .with("versioning_configuration", block(vec![("status", "Enabled".into())])),
            instance("aws_s3_bucket_public_access_block", "p")
                .with("bucket", reference("aws_s3_bucket_versioning.v", "bucket"))
                .with("block_public_acls", false),
            instance("aws_lambda_function", "f").with(
                "environment",
                block(vec![(
                    "variables",
                    map(vec![("BUCKET_NAME", reference("aws_s3_bucket_public_access_block.p", "bucket"))]),
                )]),
            ),
        ],
        &[
            (
                "AWS::S3::Bucket",
                "aws_s3_bucket.b",
                "{BucketName: data, VersioningConfiguration: {Status: Enabled}, \
                 PublicAccessBlockConfiguration: {BlockPublicAcls: false}}",
            ),
            (
                "AWS::Lambda::Function",
                "aws_lambda_function.f",
                "{Environment: {Variables: {BUCKET_NAME: ${aws_s3_bucket.b}}}}",
            ),
        ],
    );
}

#[test]
fn references_speak_cloudformation() {
    let attribute = |ty: &str, raw: &str| references::attribute(table_of(ty).unwrap(), raw).to_string();
    for (ty, raw, expected) in [
        ("aws_lambda_function", "arn", "Arn"),
        ("aws_lambda_function", "invoke_arn", "Arn"),
        ("aws_lambda_function", "function_name", ""),
        ("aws_sqs_queue", "id", ""),
        ("aws_sqs_queue", "url", ""),
        ("aws_sqs_queue", "name", "QueueName"),
        ("aws_sns_topic", "arn", ""),
        ("aws_dynamodb_table", "stream_arn", "StreamArn"),
        ("aws_dynamodb_table", "name", ""),
        ("aws_iam_role", "arn", "Arn"),
        ("aws_iam_role", "name", ""),
        ("aws_api_gateway_rest_api", "execution_arn", "ExecutionArn"),
        ("aws_lambda_function", "memory_size", "MemorySize"),
        ("aws_lambda_function", "vpc_config[0].vpc_id", "VpcConfig.VpcId"),
    ] {
        assert_eq!(attribute(ty, raw), expected, "{ty}.{raw}");
    }
}

#[test]
fn other_providers_and_unknown_types_stay_as_they_are() {
    check(
        vec![
            instance("google_pubsub_topic", "t").with("kms_key_name", "k"),
            instance("google_pubsub_subscription", "s")
                .with("topic", reference("google_pubsub_topic.t", "id")),
            instance("aws_something_new", "n").with("some_arn", reference("aws_sqs_queue.q", "arn")),
            instance("aws_sqs_queue", "q"),
        ],
        &[
            ("google_pubsub_topic", "google_pubsub_topic.t", "{kms_key_name: k}"),
            (
                "google_pubsub_subscription",
                "google_pubsub_subscription.s",
                "{topic: ${google_pubsub_topic.t.id}}",
            ),
            ("aws_something_new", "aws_something_new.n", "{some_arn: ${aws_sqs_queue.q.Arn}}"),
            ("AWS::SQS::Queue", "aws_sqs_queue.q", "{}"),
        ],
    );
}

#[test]
fn data_sources_declare_nothing() {
    let data = |name: &str, value: &str| {
        let mut data = instance("aws_sqs_queue", name).with("name", value);
        data.0.data = true;
        data.0.id = format!("s/data.aws_sqs_queue.{name}").into();
        data.0.address = format!("data.aws_sqs_queue.{name}").into();
        data
    };
    check(
        vec![
            data("there", "elsewhere"),
            data("here", "orders"),
            instance("aws_sqs_queue", "q").with("name", "orders"),
            instance("aws_lambda_event_source_mapping", "a")
                .with("event_source_arn", reference("data.aws_sqs_queue.there", "arn")),
            instance("aws_lambda_event_source_mapping", "b")
                .with("event_source_arn", reference("data.aws_sqs_queue.here", "arn")),
        ],
        &[
            ("AWS::SQS::Queue", "aws_sqs_queue.q", "{QueueName: orders}"),
            (
                "AWS::Lambda::EventSourceMapping",
                "aws_lambda_event_source_mapping.a",
                "{EventSourceArn: ${data.aws_sqs_queue.there.arn}}",
            ),
            (
                "AWS::Lambda::EventSourceMapping",
                "aws_lambda_event_source_mapping.b",
                "{EventSourceArn: ${aws_sqs_queue.q.Arn}}",
            ),
        ],
    );
}

#[test]
fn deep_values_and_circles_end() {
    let mut value: Lit = "end".into();
    for _ in 0..200 {
        value = block(vec![("statement", value)]);
    }
    let part = |name: &str, other: &str| {
        instance("aws_s3_bucket_versioning", name)
            .with("bucket", reference(&format!("aws_s3_bucket_versioning.{other}"), "bucket"))
    };
    let seen = lowered(vec![instance("aws_sqs_queue", "q").with("x", value), part("a", "b"), part("b", "a")]);
    assert_eq!(seen.len(), 3);
}

#[test]
fn each_terraform_type_has_one_table() {
    let mut names: Vec<_> = tables().map(|t| t.terraform).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn long_lists_are_not_taken_apart() {
    let statements = vec![r#"{"Sid": "a"}"#; 2000].join(",");
    let policy = format!(r#"{{"Statement": [{statements}]}}"#);
    let bus = instance("aws_cloudwatch_event_bus_policy", "p").with("policy", policy.as_str());
    let cidrs = list(vec!["c"; 2000]);
    let group = instance("aws_security_group", "g").with("ingress", block(vec![("cidr_blocks", cidrs)]));
    assert_eq!(lowered(vec![bus, group]).len(), 2);
}
