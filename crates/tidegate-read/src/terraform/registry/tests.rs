//! Condensed modules: what calls of them declare, and where it is shown.

use super::*;
use crate::terraform::tests::{Read, read};
use tidegate_graph::{FileId, Span, Value};

const BUCKET: &str = r#"
module "invoices" {
  source  = "terraform-aws-modules/s3-bucket/aws"
  version = "3.7.0"

  bucket              = "invoices"
  acl                 = "public-read"
  block_public_policy = true
  versioning = {
    enabled    = true
    mfa_delete = false
  }
  policy = <<JSON
{"Statement": []}
JSON
}
"#;

/// The text that a value is shown at.
fn shown(text: &str, value: &Value) -> String {
    text.get(value.span.start as usize..value.span.end as usize).unwrap().to_string()
}

fn of(call: &str) -> Read {
    read(&[("main.tf", call)])
}

#[test]
fn every_condensed_module_is_well_formed() {
    for (name, text) in MODULES {
        let (body, faults) = parse::parse_fixed(&at_version(text, ""), Span::new(FileId(0), 0, 1));
        assert!(faults.is_empty(), "{name}: {faults:?}");
        assert!(body.blocks("resource").count() > 0 && body.blocks("output").count() > 0, "{name}");
    }
}

#[test]
fn a_call_declares_what_the_module_makes() {
    let read = of(BUCKET);
    for part in [
        "s3_bucket",
        "s3_bucket_acl",
        "s3_bucket_public_access_block",
        "s3_bucket_versioning",
        "s3_bucket_policy",
    ] {
        read.instance(&format!("module.invoices.aws_{part}.this[0]"));
    }
    let block = |key| read.value("module.invoices.aws_s3_bucket_public_access_block.this[0]", key).as_bool();
    assert_eq!((block("block_public_acls"), block("block_public_policy")), (Some(false), Some(true)));
}

#[test]
fn defaults_are_those_of_the_version() {
    let acls = |version: &str| {
        let call =
            format!("module \"b\" {{\n  source = \"terraform-aws-modules/s3-bucket/aws\"\n  {version}\n}}\n");
        of(&call).value("module.b.aws_s3_bucket_public_access_block.this[0]", "block_public_acls").as_bool()
    };
    assert_eq!(acls("version = \"~> 3.0\""), Some(true));
    assert_eq!(acls("version = \"3.8.2\""), Some(false));
    assert_eq!(acls(""), Some(true));
}

#[test]
fn a_value_is_shown_at_its_argument_and_a_default_at_the_call() {
    let read = of(BUCKET);
    let at = |part: &str, key: &str| {
        shown(BUCKET, read.value(&format!("module.invoices.aws_s3_bucket{part}.this[0]"), key))
    };
    assert_eq!(at("_acl", "acl"), "\"public-read\"");
    assert_eq!(at("_public_access_block", "block_public_policy"), "true");
    assert_eq!(at("_public_access_block", "ignore_public_acls"), "module \"invoices\"");
    assert!(at("_policy", "policy").starts_with("<<JSON"));
    let versioning =
        read.value("module.invoices.aws_s3_bucket_versioning.this[0]", "versioning_configuration");
    let block = &versioning.as_list().unwrap()[0];
    // What is made of an argument is shown at the argument, too.
    assert_eq!(shown(BUCKET, block.get("status").unwrap()), "true");
    assert_eq!(shown(BUCKET, block.get("mfa_delete").unwrap()), "false");
}

#[test]
fn arguments_may_be_written_as_blocks() {
    let call = "module \"b\" {\n  source = \"terraform-aws-modules/s3-bucket/aws\"\n  versioning {\n    enabled = true\n  }\n}\n";
    let read = of(call);
    let versioning = read.value("module.b.aws_s3_bucket_versioning.this[0]", "versioning_configuration");
    assert_eq!(versioning.as_list().unwrap()[0].get("status").unwrap().as_str(), Some("Enabled"));
}

#[test]
fn outputs_lead_to_the_resources() {
    let read = of(r#"
module "queue" {
  source = "terraform-aws-modules/sqs/aws"
  name   = "orders"
}
module "worker" {
  source        = "terraform-aws-modules/lambda/aws"
  function_name = "worker"
  event_source_mapping = {
    queue = { event_source_arn = module.queue.queue_arn }
  }
}
"#);
    let source =
        read.value("module.worker.aws_lambda_event_source_mapping.this[\"queue\"]", "event_source_arn");
    assert_eq!(source.as_reference().unwrap().target, "terraform/module.queue.aws_sqs_queue.this[0]");
}

#[test]
fn an_output_that_is_not_told_is_unknown() {
    let read = of(
        "module \"q\" {\n  source = \"terraform-aws-modules/sqs/aws\"\n}\nresource \"t\" \"r\" {\n  v = module.q.something\n}\n",
    );
    assert!(matches!(&read.value("t.r", "v").data, tidegate_graph::Data::Unknown(_)));
    assert!(read.problems().is_empty());
}

#[test]
fn a_written_policy_counts_unless_it_is_kept_off() {
    let attached = |line: &str| {
        let call = format!(
            "module \"b\" {{\n  source = \"terraform-aws-modules/s3-bucket/aws\"\n  policy = \"{{}}\"\n  {line}\n}}\n"
        );
        of(&call).addresses().iter().any(|a| a.contains("aws_s3_bucket_policy"))
    };
    assert!(attached("") && attached("attach_policy = true"));
    assert!(!attached("attach_policy = false"));
}

#[test]
fn sources_of_the_registry_and_of_the_repository() {
    let name = |source| name_of(source).map(|(name, tag)| (name, tag.unwrap_or_default().to_string()));
    let is = |name: &str, tag: &str| Some((name.to_string(), tag.to_string()));
    assert_eq!(name("terraform-aws-modules/sqs/aws"), is("sqs", ""));
    assert_eq!(name("registry.terraform.io/terraform-aws-modules/sqs/aws"), is("sqs", ""));
    assert_eq!(name("terraform-aws-modules/lambda/aws//modules/alias"), is("lambda//modules/alias", ""));
    assert_eq!(
        name("git::https://github.com/terraform-aws-modules/terraform-aws-sqs.git?ref=v3.1.0"),
        is("sqs", "v3.1.0")
    );
    assert_eq!(
        name("github.com/terraform-aws-modules/terraform-aws-iam//modules/iam-user"),
        is("iam//modules/iam-user", "")
    );
    assert_eq!(name("example/sqs/aws"), None);
    assert_eq!(name("./modules/terraform-aws-modules/sqs/aws"), None);
}

#[test]
fn other_modules_stay_unknown() {
    let read =
        of("module \"x\" {\n  source = \"example/queue/aws\"\n}\noutput \"arn\" { value = module.x.arn }\n");
    assert!(read.addresses().is_empty());
}
