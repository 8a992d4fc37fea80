use super::*;
use crate::terraform::tests::show;

fn read_plan(text: &str) -> Vec<Instance> {
    let (root, problems) = crate::yaml::parse_one(FileId(0), text);
    assert!(problems.is_empty());
    instances(&"plan".into(), &root.unwrap())
}

fn shows(instances: &[Instance], address: &str, attribute: &str) -> String {
    show(instances.iter().find(|i| i.address == address).unwrap().attributes.get(attribute).unwrap())
}

const PLAN: &str = r#"{
  "format_version": "1.2",
  "planned_values": {"root_module": {
    "resources": [
      {"address": "aws_sqs_queue.q", "mode": "managed", "type": "aws_sqs_queue", "name": "q", "values": {"name": "orders", "kms": null, "policies": []}},
      {"address": "aws_lambda_event_source_mapping.m[\"a\"]", "mode": "managed", "type": "aws_lambda_event_source_mapping", "name": "m", "index": "a",
       "values": {"batch_size": 10, "filter": [{"pattern": "x"}]}},
      {"address": "aws_iam_policy.p", "mode": "managed", "type": "aws_iam_policy", "name": "p", "values": {"name": "p"}},
      {"address": "data.aws_iam_policy_document.d", "mode": "data", "type": "aws_iam_policy_document", "name": "d",
       "values": {"statement": [{"actions": ["sqs:*"], "effect": "Allow", "resources": [null]}]}}
    ],
    "child_modules": [{"address": "module.f[0]", "resources": [
      {"address": "module.f[0].aws_lambda_function.f", "mode": "managed", "type": "aws_lambda_function", "name": "f", "values": {"function_name": "f"}}]}]
  }},
  "resource_changes": [
    {"address": "aws_sqs_queue.q", "change": {"after_unknown": {"arn": true, "id": true}}},
    {"address": "aws_lambda_event_source_mapping.m[\"a\"]", "change": {"after_unknown": {"event_source_arn": true, "function_name": true, "filter": [{"arn": true}]}}},
    {"address": "aws_iam_policy.p", "change": {"after_unknown": {"policy": true}}},
    {"address": "data.aws_iam_policy_document.d", "change": {"after_unknown": {"json": true, "statement": [{"resources": [true]}]}}},
    {"address": "module.f[0].aws_lambda_function.f", "change": {"after_unknown": {"role": true}}}
  ],
  "configuration": {"root_module": {
    "resources": [
      {"address": "aws_lambda_event_source_mapping.m", "expressions": {
        "event_source_arn": {"references": ["aws_sqs_queue.q.arn", "aws_sqs_queue.q"]},
        "function_name": {"references": ["module.f[0].arn", "module.f[0]", "module.f"]},
        "filter": [{"arn": {"references": ["aws_sqs_queue.q.arn", "aws_sqs_queue.q", "aws_iam_policy.p.arn", "aws_iam_policy.p"]}}]}},
      {"address": "aws_iam_policy.p", "expressions": {"policy": {"references": ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]}}},
      {"address": "data.aws_iam_policy_document.d", "expressions": {"statement": [{"resources": {"references": ["aws_sqs_queue.q.arn", "aws_sqs_queue.q"]}}]}}
    ],
    "module_calls": {"f": {"expressions": {"q": {"references": ["aws_sqs_queue.q.url", "aws_sqs_queue.q"]}}, "module": {
      "outputs": {"arn": {"expression": {"references": ["aws_lambda_function.f.arn", "aws_lambda_function.f"]}}},
      "resources": [{"address": "aws_lambda_function.f", "expressions": {"role": {"references": ["var.q"]}}}]}}}
  }}
}"#;

#[test]
fn unknown_values_of_a_plan_are_what_they_refer_to() {
    let instances = read_plan(PLAN);
    let mapping = "aws_lambda_event_source_mapping.m[\"a\"]";
    assert_eq!(instances.len(), 4);
    assert_eq!(shows(&instances, mapping, "event_source_arn"), "'${aws_sqs_queue.q.arn}'");
    assert_eq!(shows(&instances, mapping, "function_name"), "'${module.f[0].aws_lambda_function.f.arn}'");
    assert_eq!(
        shows(&instances, mapping, "filter"),
        format!(
            "[{{pattern: 'x', arn: '${{{mapping}.filter.0.arn}}${{aws_sqs_queue.q.arn}}${{{mapping}.filter.0.arn}}${{aws_iam_policy.p.arn}}'}}]"
        )
    );
    assert_eq!(shows(&instances, "module.f[0].aws_lambda_function.f", "role"), "'${aws_sqs_queue.q.url}'");
    assert_eq!(
        shows(&instances, "aws_iam_policy.p", "policy"),
        "json {Version: '2012-10-17', Statement: [{Effect: 'Allow', Action: 'sqs:*', Resource: '${aws_sqs_queue.q.arn}'}]}"
    );
    assert!(
        instances[0].attributes.get("kms").is_none() && instances[0].attributes.get("policies").is_none()
    );
}

#[test]
fn identifiers_of_a_state_are_references() {
    let state = r#"{"format_version": "1.0", "terraform_version": "1.9", "values": {"root_module": {"resources": [
        {"address": "aws_sqs_queue.q", "mode": "managed", "type": "aws_sqs_queue", "name": "q", "values": {"arn": "arn:aws:sqs:eu-west-1:1:orders", "name": "orders"}},
        {"address": "a.m", "mode": "managed", "type": "a", "name": "m", "values": {"source": ["arn:aws:sqs:eu-west-1:1:orders"], "tags": {"x": "arn:aws:sqs:eu-west-1:1:orders"}}}]}}}"#;
    let instances = read_plan(state);
    assert_eq!(shows(&instances, "a.m", "source"), "['${aws_sqs_queue.q.arn}']");
    assert_eq!(shows(&instances, "a.m", "tags"), "{x: 'arn:aws:sqs:eu-west-1:1:orders'}");
    assert_eq!(shows(&instances, "aws_sqs_queue.q", "arn"), "'arn:aws:sqs:eu-west-1:1:orders'");
}

#[test]
fn what_is_no_plan_gives_nothing() {
    for text in ["{}", "{\"planned_values\": 1}", "{\"values\": {\"root_module\": {\"resources\": [1, {}]}}}"]
    {
        assert!(read_plan(text).is_empty());
    }
}
