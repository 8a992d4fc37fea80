//! Findings that people accept: every way to say it, with and without a reason, before and after its day.

use super::formats::validate;
use super::project::{OPEN_URL, Project, Ran};
use serde_json::Value;

const RULE: &str = "queue-encryption-off";

/// A template with the words above the resource, beside its header, first in it, above the property and beside it.
fn yaml([above, beside, first, over, on]: [&str; 5]) -> String {
    format!(
        "Resources:\n  {above}\n  Queue: {beside}\n    {first}\n    Type: AWS::SQS::Queue\n    Properties:\n      {over}\n      SqsManagedSseEnabled: false {on}\n\n  Other:\n    Type: AWS::SQS::Queue\n    Properties:\n      SqsManagedSseEnabled: false\n"
    )
}

fn hcl([above, beside, first, over, on]: [&str; 5]) -> String {
    format!(
        "{above}\nresource \"aws_sqs_queue\" \"queue\" {{ {beside}\n  {first}\n  name = \"q\"\n  {over}\n  sqs_managed_sse_enabled = false {on}\n}}\n\nresource \"aws_sqs_queue\" \"other\" {{\n  name                    = \"other\"\n  sqs_managed_sse_enabled = false\n}}\n"
    )
}

fn check(project: &Project, more: &[&str]) -> Ran {
    project.run(&[&["check", "--rule", RULE, "--fail-on", "medium", "--today", "2027-01-31"], more].concat())
}

/// States by resource, the tail of its id.
fn states(document: &Value) -> Vec<String> {
    let mut out: Vec<String> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            let name = f["resource"].as_str().unwrap().rsplit(['/', '.']).next().unwrap().to_lowercase();
            format!("{name} {}", f["state"].as_str().unwrap())
        })
        .collect();
    out.sort();
    out
}

const ONE: [&str; 2] = ["other open", "queue accepted"];
const NONE: [&str; 2] = ["other open", "queue open"];

#[test]
fn comments_count_wherever_they_belong() {
    // What is written, and the places where it counts: above, beside the header, first, above the property, beside it.
    let matrix: [(&str, [bool; 5]); 16] = [
        ("# tidegate: allow queue-encryption-off reason=\"x\"", [true; 5]),
        ("# tidegate: allow TG-SQS-001 until=2027-01-31 reason=\"x\"", [true; 5]),
        ("# tidegate: allow shared-role, CKV_AWS_27 reason=\"x\"", [true; 5]),
        ("# tidegate: allow queue-encryption-off", [true; 5]),
        ("# tidegate: allow queue-encryption-off until=2027-01-30 reason=\"x\"", [false; 5]),
        ("# tidegate: allow shared-role reason=\"x\"", [false; 5]),
        ("# tidegate: allow queue-encryption-of reason=\"x\"", [false; 5]),
        ("# tidegate: allow queue-encryption-off until=soon", [false; 5]),
        ("# checkov:skip=CKV_AWS_27:no personal data", [true; 5]),
        ("# checkov:skip=CKV_AWS_28:another one", [false; 5]),
        ("# trivy:ignore:AVD-AWS-0096", [true; 5]),
        ("# tfsec:ignore:aws-sqs-enable-queue-encryption", [true; 5]),
        ("# trivy:ignore:AWS-0096:exp:2027-01-30", [false; 5]),
        ("# trivy:ignore:*", [true; 5]),
        ("# kics-scan ignore-line", [false, false, false, true, false]),
        ("# kics-scan ignore-block", [true; 5]),
    ];
    for (words, counts) in matrix {
        for (place, counts) in counts.into_iter().enumerate() {
            let mut at = ["# -"; 5];
            at[place] = words;
            for (file, text) in [("template.yaml", yaml(at)), ("main.tf", hcl(at))] {
                let document = check(&Project::with(file, &text), &["--format", "json"]).json();
                assert_eq!(states(&document), if counts { ONE } else { NONE }, "{file} {place} {words}");
            }
        }
    }
}

#[test]
fn a_file_can_be_left_alone_at_its_head() {
    let id = "12726829-93ed-4d51-9cbe-13423f4299e1";
    for (head, both) in [
        (format!("# kics-scan disable=0-0,{id}\n"), true),
        ("# kics-scan ignore\n".to_string(), true),
        ("# kics-scan disable=0-0\n".to_string(), false),
    ] {
        let text = yaml(["# -"; 5]);
        let at_head =
            check(&Project::with("template.yaml", &format!("{head}{text}")), &["--format", "json"]).json();
        let expected = if both { ["other accepted", "queue accepted"] } else { NONE };
        assert_eq!(states(&at_head), expected, "{head}");
        let at_end =
            check(&Project::with("template.yaml", &format!("{text}{head}")), &["--format", "json"]).json();
        assert_eq!(states(&at_end), NONE, "{head}");
    }
}

#[test]
fn metadata_of_a_resource_counts() {
    for (metadata, expected) in [
        ("{tidegate: {allow: [{rule: queue-encryption-off, reason: x, until: 2027-01-31}]}}", ONE),
        ("{tidegate: {allow: {rule: [shared-role, TG-SQS-001], reason: x}}}", ONE),
        ("{tidegate: {allow: [{rule: queue-encryption-off, reason: x, until: '2027-01-30'}]}}", NONE),
        ("{tidegate: {allow: [{rule: queue-encryption-off, reason: x, untill: '2028-01-30'}]}}", NONE),
        ("{tidegate: {allow: [{reason: x}]}}", NONE),
        ("{tidegate: {allow: [queue-encryption-off]}}", NONE),
        ("{tidegate: 3}", NONE),
        ("{checkov: {skip: [{id: CKV_AWS_27, comment: x}]}}", ONE),
        ("{checkov: {skip: [{id: CKV_AWS_28, comment: x}]}}", NONE),
        ("{cfn_nag: {rules_to_suppress: [{id: W48, reason: x}]}}", ONE),
        ("{cdk_nag: {rules_to_suppress: [{id: AwsSolutions-SQS2, reason: x}]}}", ONE),
    ] {
        let text = yaml(["# -", "", &format!("Metadata: {metadata}"), "# -", ""]);
        let document = check(&Project::with("template.yaml", &text), &["--format", "json"]).json();
        assert_eq!(states(&document), expected, "{metadata}");
    }
    let json = r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"SqsManagedSseEnabled": false},
        "Metadata": {"tidegate": {"allow": [{"rule": "queue-encryption-off", "reason": "x"}]}}}}}"#;
    let document = check(&Project::with("template.json", json), &["--format", "json"]).json();
    assert_eq!(states(&document), ["queue accepted"]);
}

#[test]
fn metadata_of_a_template_counts() {
    const BOTH: [&str; 2] = ["other accepted", "queue accepted"];
    for (metadata, expected) in [
        ("{tidegate: {allow: [{rule: queue-encryption-off, reason: x, until: 2027-01-31}]}}", BOTH),
        ("{tidegate: {allow: [{rule: queue-encryption-off, resource: Q*, reason: x}]}}", ONE),
        ("{tidegate: {allow: [{rule: queue-encryption-off, resource: [Q], reason: x}]}}", NONE),
        ("{tidegate: {allow: [{rule: queue-encryption-off, reason: x, until: '2027-01-30'}]}}", NONE),
        ("{tidegate: {allow: [{rule: shared-role, reason: x}]}}", NONE),
        ("{cdk_nag: {rules_to_suppress: [{id: AwsSolutions-SQS2, reason: x}]}}", BOTH),
        // These two look at resources alone, and so do we on their behalf.
        ("{checkov: {skip: [{id: CKV_AWS_27, comment: x}]}}", NONE),
        ("{cfn_nag: {rules_to_suppress: [{id: W48, reason: x}]}}", NONE),
        ("{cfn-lint: {config: {ignore_checks: [W2531]}}}", NONE),
        ("[tidegate]", NONE),
    ] {
        let text = format!("Metadata: {metadata}\n{}", yaml(["# -"; 5]));
        let project = Project::with("template.yaml", &text).file(
            "another.yaml",
            "Resources: {Third: {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: false}}}",
        );
        let document = check(&project, &["--format", "json"]).json();
        validate("../../docs/schemas/check.json", &document);
        let expected: Vec<&str> = expected.iter().copied().chain(["third open"]).collect();
        assert_eq!(states(&document), expected, "{metadata}");
    }
}

#[test]
fn checks_of_cfn_lint_count() {
    let function = |more: &str, head: &str| {
        format!(
            "{head}Resources:\n  F:\n    Type: AWS::Lambda::Function\n    {more}\n    Properties: {{Runtime: nodejs12.x, Handler: a.b, Role: 'arn:aws:iam::123456789012:role/f', Code: {{ZipFile: x}}}}\n"
        )
    };
    let metadata = "Metadata: {cfn-lint: {config: {ignore_checks: [W2531, E3012]}}}";
    for (text, expected) in [
        (function("# -", ""), "f open"),
        (function(metadata, ""), "f accepted"),
        (function("# -", &format!("{metadata}\n")), "f accepted"),
        (function(&metadata.replace("W2531", "W2532"), ""), "f open"),
    ] {
        let project = Project::with("template.yaml", &text);
        let ran = project.run(&["check", "--rule", "deprecated-runtime", "--format", "json"]);
        assert_eq!(states(&ran.json()), [expected], "{text}");
        assert!(!ran.stderr.contains("no reason"), "it has no place for one");
    }
}

#[test]
fn the_configuration_counts() {
    let text = yaml(["# -"; 5]);
    for (allow, expected) in [
        ("rule = 'TG-SQS-001'\nresource = 'Queue'\nreason = 'x'\nuntil = 2027-01-31", ONE),
        ("rule = ['shared-role', 'queue-encryption-off']\nresource = 'infra-*/Q*'\nreason = 'x'", NONE),
        ("rule = 'queue-encryption-off'\nresource = 'template/Queue'\npath = 'infra/**'\nreason = 'x'", ONE),
        ("rule = 'queue-encryption-off'\nresource = 'Queue'\npath = 'other/**'\nreason = 'x'", NONE),
        ("rule = 'queue-encryption-off'\nreason = 'x'\nuntil = '2027-01-30'", NONE),
        ("rule = 'queue-encryption-off'\npath = 'infra'\nreason = 'x'", ["other accepted", "queue accepted"]),
    ] {
        let project = Project::with("infra/template.yaml", &text)
            .file("tidegate.toml", &format!("[[allow]]\n{allow}\n"));
        let document = check(&project, &["infra", "--format", "json"]).json();
        assert_eq!(states(&document), expected, "{allow}");
    }
}

#[test]
fn a_wrong_configuration_is_underlined() {
    let project = Project::with("template.yaml", OPEN_URL).file(
        "tidegate.toml",
        "[[allow]]\nrule = 'nope'\nuntil = 'soon'\nwhy = 'x'\n[[allow]]\nreason = 'x'\n",
    );
    insta::assert_snapshot!(project.run(&["check"]).all());
}

#[test]
fn accepted_findings_are_counted_and_do_not_fail() {
    let words = "# tidegate: allow queue-encryption-off until=2027-06-30 reason=\"holds no personal data\"";
    let text = yaml([words, "", "# -", "# -", ""]).split("\n\n").next().unwrap().to_string() + "\n";
    let project = Project::with("template.yaml", &text);
    let ran = check(&project, &[]);
    insta::assert_snapshot!(ran.all());
    let document = check(&project, &["--format", "json"]).json();
    assert_eq!(document["findings"][0]["suppression"]["reason"], "holds no personal data");
    assert_eq!(document["summary"]["accepted"], 1);
    assert_eq!(document["suppressions"][0]["standing"], "active");
    let log = check(&project, &["--format", "sarif"]).json();
    validate("tests/schemas/sarif-2.1.0.json", &log);
    validate("../../docs/schemas/check.json", &document);
    let suppression = &log["runs"][0]["results"][0]["suppressions"][0];
    assert_eq!(
        (suppression["kind"].as_str(), suppression["status"].as_str()),
        (Some("inSource"), Some("accepted"))
    );
    assert!(suppression["justification"].as_str().unwrap().contains("personal data"));
}

#[test]
fn what_is_over_is_open_again_and_says_so() {
    let words = "# tidegate: allow queue-encryption-off until=2027-01-30 reason=\"until the move\"";
    let text = yaml([words, "", "# -", "# -", ""]).split("\n\n").next().unwrap().to_string() + "\n";
    let project = Project::with("template.yaml", &text);
    insta::assert_snapshot!(check(&project, &[]).all());
    assert_eq!(check(&project, &["--format", "json"]).json()["suppressions"][0]["standing"], "expired");
}

#[test]
fn what_is_wrong_with_a_suppression_is_said() {
    let text = yaml([
        "# tidegate: allow queue-encryption-off",
        "# tidegate: ignore queue-encryption-off",
        "# tidegate: allow queue-encryption-of reason=\"x\"",
        "# -",
        "",
    ]);
    let text = text
        .replace("  Other:\n", "  # tidegate: allow function-url-without-auth reason=\"gone\"\n  Other:\n");
    let project = Project::with("template.yaml", &text);
    let all =
        ["check", "--profile", "all", "--rule", "queue-encryption-off,function-url-without-auth", "--full"];
    insta::assert_snapshot!(project.run(&all).stdout);
    let short = project.run(&all[..5]).stdout;
    assert!(!short.contains("suppresses nothing"), "only with --full: {short}");
}

#[test]
fn text_that_is_no_comment_counts_for_nothing() {
    let text = "\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: '# tidegate: allow queue-encryption-off'
      SqsManagedSseEnabled: false
    Description: |
      # tidegate: allow queue-encryption-off reason=\"x\"
";
    let document = check(&Project::with("template.yaml", text), &["--format", "json"]).json();
    assert_eq!(states(&document), ["queue open"]);
    assert_eq!(document["suppressions"].as_array().unwrap().len(), 0);
}

/// A policy within a text, with words above the resource, above the property, above the statement in the text and in it.
fn policy_in_text(file: &str, [above, over, within, inner]: [&str; 4]) -> String {
    let document = |margin: &str| {
        [
            "{",
            "  \"Version\": \"2012-10-17\",",
            "  \"Statement\": [",
            within,
            "    {",
            "      \"Effect\": \"Allow\",",
            inner,
            "      \"Action\": \"*\",",
            "      \"Resource\": \"*\"",
            "    }",
            "  ]",
            "}",
        ]
        .into_iter()
        .filter(|line| !line.is_empty())
        .map(|line| format!("{margin}{line}\n"))
        .collect::<String>()
    };
    if file == "main.tf" {
        let json = document("    ");
        return format!(
            "{above}\nresource \"aws_iam_policy\" \"all\" {{\n  name = \"all\"\n  {over}\n  policy = <<-EOT\n{json}  EOT\n}}\n"
        );
    }
    let json = document("          ");
    format!(
        "Resources:\n  {above}\n  All:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      {over}\n      PolicyDocument: |\n{json}"
    )
}

#[test]
fn a_comment_above_a_text_is_about_what_is_written_in_it() {
    let words = "# tidegate: allow admin-policy reason=\"x\"";
    for file in ["main.tf", "template.yaml"] {
        let found = |at: [&str; 4]| {
            let text = policy_in_text(file, at);
            let document = Project::with(file, &text)
                .run(&["check", "--rule", "admin-policy", "--today", "2027-01-31", "--format", "json"])
                .json();
            let [finding] = document["findings"].as_array().unwrap().as_slice() else {
                panic!("{file}: {document:#}")
            };
            let line = finding["location"]["line"].as_u64().unwrap() as usize;
            let state = finding["state"].as_str().unwrap().to_string();
            (text.lines().nth(line - 1).unwrap().trim().to_string(), state)
        };
        // The finding points at the statement, and is accepted where comments can stand.
        assert_eq!(found(["# -", "# -", "", ""]), ("{".to_string(), "open".to_string()), "{file}");
        for at in [[words, "# -", "", ""], ["# -", words, "", ""], ["# -", "# kics-scan ignore-line", "", ""]]
        {
            assert_eq!(found(at).1, "accepted", "{file} {at:?}");
        }
        // JSON has no comments: AWS would refuse it.
        for at in [["# -", "# -", words, ""], ["# -", "# -", "", words]] {
            assert_eq!(found(at).1, "open", "{file} {at:?}");
        }
    }
}

#[test]
fn a_comment_in_a_document_of_yaml_counts() {
    let rule = "operation-without-authorizer";
    let words = format!("# tidegate: allow {rule} reason=\"x\"");
    let integration = "x-amazon-apigateway-integration: {type: http_proxy, uri: \"https://example.com\"}";
    for (on_orders, expected) in [("# -", ["open", "open"]), (&words, ["accepted", "open"])] {
        let text = format!(
            "resource \"aws_api_gateway_rest_api\" \"web\" {{\n  name = \"web\"\n  body = <<-EOT\n    openapi: 3.0.1\n    paths:\n      /orders:\n        {on_orders}\n        get:\n          {integration}\n      /bills:\n        get:\n          {integration}\n  EOT\n}}\n"
        );
        let document = Project::with("main.tf", &text)
            .run(&["check", "--rule", rule, "--today", "2027-01-31", "--format", "json"])
            .json();
        let mut found: Vec<_> = document["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| (f["location"]["line"].as_u64().unwrap(), f["state"].as_str().unwrap()))
            .collect();
        found.sort_unstable();
        assert_eq!(found, [(8, expected[0]), (11, expected[1])], "{document:#}");
    }
}

#[test]
fn nobody_means_every_resource_of_a_file() {
    let text = format!("# tidegate: allow queue-encryption-off reason=\"x\"\n{}", yaml(["# -"; 5]));
    let document = check(&Project::with("template.yaml", &text), &["--format", "json"]).json();
    assert_eq!(states(&document), NONE);
}

#[test]
fn what_a_transform_makes_belongs_to_what_was_written() {
    let function = |name: &str, above: &str, first: &str, on: &str| {
        format!(
            "  {above}\n  {name}:\n    {first}\n    Type: AWS::Serverless::Function\n    Properties:\n      Handler: a.b\n      Runtime: nodejs22.x\n      FunctionUrlConfig:\n        AuthType: NONE {on}\n"
        )
    };
    let words = "# tidegate: allow function-url-without-auth reason=\"signed\"";
    let text = format!(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n{}{}{}{}{}{}",
        function("Above", words, "# -", ""),
        function("First", "# -", words, ""),
        function("On", "# -", "# -", words),
        function("Skip", "# -", "# checkov:skip=CKV_AWS_258:signed", ""),
        function("Meta", "# -", "Metadata: {checkov: {skip: {id: CKV_AWS_258, comment: signed}}}", ""),
        function("Plain", "# -", "# -", ""),
    );
    let module = "resource \"aws_lambda_function_url\" \"terraform\" {\n  # checkov:skip=CKV_AWS_258:signed\n  function_name      = \"x\"\n  authorization_type = \"NONE\"\n}\n";
    let service = "service: x\nprovider: {name: aws, runtime: nodejs22.x}\nfunctions:\n  # tidegate: allow TG-FN-009 reason=\"signed\"\n  hello:\n    handler: a.b\n    url: true\n";
    let project = Project::with("template.yaml", &text)
        .file("tf/main.tf", "module \"m\" {\n  source = \"./m\"\n}\n")
        .file("tf/m/main.tf", module)
        .file("sls/serverless.yml", service);
    let document = project.run(&["check", "--rule", "function-url-without-auth", "--format", "json"]).json();
    assert_eq!(
        states(&document),
        [
            "aboveurl accepted",
            "firsturl accepted",
            "hellolambdafunctionurl accepted",
            "metaurl accepted",
            "onurl accepted",
            "plainurl open",
            "skipurl accepted",
            "terraform accepted"
        ]
    );
}

#[test]
fn a_wish_of_the_configuration_has_a_place_too() {
    let project = Project::with("a/infra/template.yaml", OPEN_URL)
        .file("a/tidegate.toml", "stage = 'x'\n[[allow]]\nrule = 'TG-FN-009'\nuntil = 2027-01-30\n");
    let args = ["check", "a/infra", "--rule", "TG-FN-009", "--today", "2027-01-31"];
    let ran = project.run(&args);
    assert!(ran.stdout.contains("ended on 2027-01-30"), "{}", ran.stdout);
    assert!(ran.stdout.contains("--> a/tidegate.toml:2"), "{}", ran.stdout);
    let ran = project.run(&[&args[..], &["--format", "github"]].concat());
    assert!(ran.stdout.contains("::warning file=a/tidegate.toml,line=2,title"), "{}", ran.stdout);
}
