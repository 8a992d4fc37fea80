//! Every resource of Terraform whose policy the reader takes over: an account that isn't allowed is found in it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use tidegate_check::{Guardrails, Selection, check};

/// Resources, with `POLICY` for a document and `ACCOUNT` for the account alone.
const RESOURCES: &[&str] = &[
    r#"resource "aws_api_gateway_rest_api" "x" {
  name   = "x"
  policy = POLICY
}"#,
    r#"resource "aws_api_gateway_rest_api" "x" { name = "x" }
resource "aws_api_gateway_rest_api_policy" "x" {
  rest_api_id = aws_api_gateway_rest_api.x.id
  policy      = POLICY
}"#,
    r#"resource "aws_api_gateway_domain_name" "x" {
  domain_name = "x.example"
  policy      = POLICY
}"#,
    r#"resource "aws_cloudwatch_event_bus_policy" "x" { policy = POLICY }"#,
    r#"resource "aws_cloudwatch_event_permission" "x" {
  principal    = "ACCOUNT"
  statement_id = "x"
}"#,
    r#"resource "aws_schemas_registry_policy" "x" {
  registry_name = "x"
  policy        = POLICY
}"#,
    r#"resource "aws_kms_key" "x" { policy = POLICY }"#,
    r#"resource "aws_kms_external_key" "x" { policy = POLICY }"#,
    r#"resource "aws_kms_replica_key" "x" {
  primary_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1"
  policy          = POLICY
}"#,
    r#"resource "aws_kms_key" "x" { description = "x" }
resource "aws_kms_key_policy" "x" {
  key_id = aws_kms_key.x.id
  policy = POLICY
}"#,
    r#"resource "aws_secretsmanager_secret" "x" {
  name   = "x"
  policy = POLICY
}"#,
    r#"resource "aws_secretsmanager_secret" "x" { name = "x" }
resource "aws_secretsmanager_secret_policy" "x" {
  secret_arn = aws_secretsmanager_secret.x.arn
  policy     = POLICY
}"#,
    r#"resource "aws_s3_access_point" "x" {
  bucket = "x"
  name   = "x"
  policy = POLICY
}"#,
    r#"resource "aws_s3_bucket" "x" {
  bucket = "x"
  policy = POLICY
}"#,
    r#"resource "aws_s3_bucket_policy" "x" {
  bucket = "x"
  policy = POLICY
}"#,
    r#"resource "aws_cloudwatch_log_resource_policy" "x" {
  policy_name     = "x"
  policy_document = POLICY
}"#,
    r#"resource "aws_cloudwatch_log_destination" "x" {
  name       = "x"
  role_arn   = "arn:aws:iam::111122223333:role/x"
  target_arn = "arn:aws:kinesis:eu-west-1:111122223333:stream/x"
}
resource "aws_cloudwatch_log_destination_policy" "x" {
  destination_name = aws_cloudwatch_log_destination.x.name
  access_policy    = POLICY
}"#,
    r#"resource "aws_ecr_repository" "x" { name = "x" }
resource "aws_ecr_repository_policy" "x" {
  repository = aws_ecr_repository.x.name
  policy     = POLICY
}"#,
    r#"resource "aws_ecr_registry_policy" "x" { policy = POLICY }"#,
    r#"resource "aws_dynamodb_table" "x" {
  name     = "x"
  hash_key = "id"
}
resource "aws_dynamodb_resource_policy" "x" {
  resource_arn = aws_dynamodb_table.x.arn
  policy       = POLICY
}"#,
    r#"resource "aws_opensearch_domain" "x" {
  domain_name     = "x"
  access_policies = POLICY
}"#,
    r#"resource "aws_opensearch_domain" "x" { domain_name = "x" }
resource "aws_opensearch_domain_policy" "x" {
  domain_name     = aws_opensearch_domain.x.domain_name
  access_policies = POLICY
}"#,
    r#"resource "aws_elasticsearch_domain" "x" {
  domain_name     = "x"
  access_policies = POLICY
}"#,
    r#"resource "aws_elasticsearch_domain" "x" { domain_name = "x" }
resource "aws_elasticsearch_domain_policy" "x" {
  domain_name     = aws_elasticsearch_domain.x.domain_name
  access_policies = POLICY
}"#,
    r#"resource "aws_sns_topic" "x" {
  name   = "x"
  policy = POLICY
}"#,
    r#"resource "aws_sns_topic_policy" "x" {
  arn    = "arn:aws:sns:eu-west-1:111122223333:x"
  policy = POLICY
}"#,
    r#"resource "aws_sqs_queue" "x" {
  name   = "x"
  policy = POLICY
}"#,
    r#"resource "aws_sqs_queue_policy" "x" {
  queue_url = "https://sqs.eu-west-1.amazonaws.com/111122223333/x"
  policy    = POLICY
}"#,
    r#"resource "aws_kinesis_resource_policy" "x" {
  resource_arn = "arn:aws:kinesis:eu-west-1:111122223333:stream/x"
  policy       = POLICY
}"#,
    r#"resource "aws_msk_cluster_policy" "x" {
  cluster_arn = "arn:aws:kafka:eu-west-1:111122223333:cluster/x/1"
  policy      = POLICY
}"#,
    r#"resource "aws_vpc_endpoint" "x" {
  vpc_id       = "vpc-1"
  service_name = "com.amazonaws.eu-west-1.sqs"
  policy       = POLICY
}"#,
    r#"resource "aws_efs_file_system" "x" { encrypted = true }
resource "aws_efs_file_system_policy" "x" {
  file_system_id = aws_efs_file_system.x.id
  policy         = POLICY
}"#,
    r#"resource "aws_lambda_permission" "x" {
  action        = "lambda:InvokeFunction"
  function_name = "x"
  principal     = "ACCOUNT"
}"#,
    r#"resource "aws_lambda_layer_version_permission" "x" {
  layer_name     = "x"
  version_number = 1
  statement_id   = "x"
  action         = "lambda:GetLayerVersion"
  principal      = "ACCOUNT"
}"#,
    r#"resource "aws_iam_role" "x" {
  name               = "x"
  assume_role_policy = POLICY
}"#,
];

#[test]
fn every_resource_with_a_policy_is_looked_into() {
    let guardrails =
        Guardrails { allowed_external_accounts: Some(vec!["111122223333".into()]), ..Guardrails::default() };
    let selection = Selection { only: vec!["broken-guardrail".into()], guardrails, ..Selection::default() };
    let folder = std::env::temp_dir().join(format!("tidegate-letting-in-{}", std::process::id()));
    for resource in RESOURCES {
        for (account, expected) in [("111122223333", 0), ("999988887777", 1)] {
            let policy = format!(
                r#"jsonencode({{ Version = "2012-10-17", Statement = [{{ Effect = "Allow", Principal = {{ AWS = "arn:aws:iam::{account}:root" }}, Action = "*", Resource = "*" }}] }})"#
            );
            fs::create_dir_all(&folder).unwrap();
            let text = resource.replace("POLICY", &policy).replace("ACCOUNT", account);
            fs::write(folder.join("main.tf"), &text).unwrap();
            let system = tidegate_read::read(&folder, &tidegate_read::Options::default());
            let found = check(&system, &tidegate_read::link(&system), &selection);
            let _ = fs::remove_dir_all(&folder);
            assert_eq!(found.len(), expected, "{text}\n{found:?}");
        }
    }
}
