//! Rules of one's own, in every form, through the real binary.

use super::project::{Project, Ran};
use insta::assert_snapshot;
use serde_json::Value;

const TEMPLATE: &str = "\
Parameters:
  Key: {Type: String}
  Env: {Type: String, Default: dev}
Conditions:
  Prod: !Equals [!Ref Env, prod]
Resources:
  Orders:
    Type: AWS::SQS::Queue
    Properties:
      MessageRetentionPeriod: !If [Prod, 60, 1209600]
  Other:
    Type: AWS::SQS::Queue
    Properties:
      KmsMasterKeyId: !Ref Key
      Tags: [{Key: owner, Value: ops}]
";

const FORM: &str = "\
rules:
  - id: queue-without-owner
    title: queue without an owner
    severity: high
    message: \"`{name}` has no tag `owner`\"
    why: nobody is called when it fills up
    aliases: [OPS-12]
    select: {types: 'AWS::SQS::*'}
    condition: \"!has(tags.owner)\"
  - id: short-retention
    title: queue that forgets early
    select: {types: AWS::SQS::Queue}
    path: MessageRetentionPeriod
    condition: value != null && value < 3600
  - id: default-key
    title: queue with the default key
    select: {types: AWS::SQS::Queue}
    path: KmsMasterKeyId
    condition: value == 'alias/aws/sqs'
";

const REGO: &str = "\
# METADATA
# title: queue without a key
# custom:
#   id: queue-without-key
#   severity: high
package tidegate.keys

import rego.v1

deny contains {\"msg\": sprintf(\"`%s` has no key\", [r.name]), \"resource\": r.id} if {
  some r in input.resources
  r.type == \"AWS::SQS::Queue\"
  not r.properties.KmsMasterKeyId
}

warn contains {\"msg\": \"the default key\", \"resource\": r, \"path\": \"KmsMasterKeyId\"} if {
  some r in input.resources
  r.type == \"AWS::SQS::Queue\"
  r.properties.KmsMasterKeyId == \"alias/aws/sqs\"
}
";

const OURS: [&str; 8] = [
    "check",
    "--rule",
    "queue-without-owner",
    "--rule",
    "short-retention",
    "--rule",
    "default-key",
    "--full",
];

fn project() -> Project {
    Project::with("template.yaml", TEMPLATE)
        .file("tidegate.toml", "[rules]\nload = [\"policies\"]\n")
        .file("policies/queues.yaml", FORM)
        .file("policies/keys.rego", REGO)
}

fn findings(ran: &Ran) -> Vec<String> {
    let found = ran.json()["findings"].as_array().unwrap().clone();
    let text = |f: &Value, key: &str| f[key].as_str().unwrap().to_string();
    found
        .iter()
        .map(|f| format!("{} {}: {}", text(f, "rule"), text(f, "resource"), text(f, "message")))
        .collect()
}

fn messages(ran: &Ran, list: &str) -> Vec<String> {
    let list = ran.json()[list].as_array().unwrap().clone();
    list.iter().map(|p| p["message"].as_str().unwrap().to_string()).collect()
}

#[test]
fn yaml_with_conditions() {
    assert_snapshot!(project().run(&OURS).all());
}

#[test]
fn rego_over_resources() {
    assert_snapshot!(project().run(&["check", "--rule", "queue-without-key", "--full"]).all());
}

#[test]
fn they_are_rules_like_every_other() {
    let project = project();
    let list = project.run(&["check", "--list-rules"]).stdout;
    for id in ["queue-without-owner", "queue-without-key"] {
        assert!(list.contains(id), "{list}");
    }
    let page = project.run(&["check", "--explain", "OPS-12"]).stdout;
    assert!(page.contains("queue without an owner") && page.contains("nobody is called"), "{page}");
    let all = project.run(&["check", "--format", "json"]);
    assert_eq!(all.code, Some(10), "they are in the baseline, and high");
    assert!(findings(&all).iter().any(|f| f.starts_with("queue-without-owner")));
    assert!(findings(&all).iter().all(|f| !f.contains("policies")), "rules are no templates");
    let off = project.run(&["check", "--format", "json", "--without", "OPS-12"]);
    assert!(findings(&off).iter().all(|f| !f.starts_with("queue-without-owner")));
    let sarif = project.run(&["check", "--rule", "OPS-12", "--format", "sarif"]).json();
    let driver = &sarif["runs"][0]["tool"]["driver"]["rules"][0];
    assert_eq!(driver["id"], "queue-without-owner");
    assert_eq!(driver["shortDescription"]["text"], "queue without an owner");
    let graph = project.run(&["graph", "--format", "json"]);
    assert_eq!(graph.code, Some(0), "{}", graph.all());
}

#[test]
fn they_can_be_suppressed_and_keep_their_fingerprints() {
    let project = project();
    let before = project.run(&["check", "--rule", "OPS-12", "--format", "json"]);
    let allowed =
        TEMPLATE.replace("  Orders:\n", "  # tidegate: allow OPS-12 reason=\"moves soon\"\n  Orders:\n");
    let project = project.file("template.yaml", &allowed);
    let after = project.run(&["check", "--rule", "OPS-12", "--format", "json"]);
    assert_eq!((before.code, after.code), (Some(10), Some(0)));
    let (before, after) = (before.json(), after.json());
    assert_eq!(after["findings"][0]["state"], "accepted");
    assert_eq!(before["findings"][0]["fingerprint"], after["findings"][0]["fingerprint"]);
}

#[test]
fn the_command_line_names_folders_too() {
    let project = Project::with("template.yaml", TEMPLATE).file("elsewhere/queues.yaml", FORM);
    let ran = project.run(&["check", "--rules", "elsewhere", "--rule", "OPS-12", "--format", "json"]);
    assert_eq!(findings(&ran).len(), 1, "{}", ran.all());
    let missing = project.run(&["check", "--rules", "nowhere"]);
    assert_eq!(
        (missing.code, missing.stderr.lines().next()),
        (Some(2), Some("error: there is no `nowhere`"))
    );
}

#[test]
fn everything_wrong_with_a_file_is_underlined() {
    let broken = "\
rules:
  - id: Bad_Id
    titel: typo
    severity: hgih
    select: {type: 'AWS::SQS::*'}
    condition: proprties.A == 1
  - id: no-condition
    title: nothing to ask
  - id: shared-role
    title: taken
    condition: value.startswith('x')
";
    let project = Project::with("template.yaml", TEMPLATE)
        .file("tidegate.toml", "[rules]\nload = [\"policies\"]\n")
        .file("policies/broken.yaml", broken)
        .file("policies/broken.rego", "package tidegate\n\ndeny contains msg if {\n  msg := \n}\n");
    assert_snapshot!(project.run(&["check"]).all());
}

#[test]
fn ids_that_are_taken() {
    let rule = |id: &str| format!("id: {id}\ntitle: t\ncondition: 'true'\n");
    let project = Project::with("template.yaml", TEMPLATE)
        .file("policies/a.yaml", &rule("shared-role"))
        .file("policies/b.yaml", &rule("mine"))
        .file("policies/c.yaml", &rule("mine"));
    let ran = project.run(&["check", "--rules", "policies"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("there is a rule `shared-role` already"), "{}", ran.stderr);
    assert!(ran.stderr.contains("in policies/b.yaml"), "{}", ran.stderr);
}

#[test]
fn what_is_not_known_is_never_silent() {
    let ran = project().run(&["check", "--rule", "default-key,queue-without-key", "--format", "json"]);
    let warnings = messages(&ran, "warnings");
    assert!(
        warnings.iter().any(|w| w.starts_with("`default-key` can't be decided on `Other`")),
        "{warnings:?}"
    );
    assert!(warnings.iter().any(|w| w.starts_with("`queue-without-key` can't be decided on `Other`")));
    let known = project().run(&[
        "check",
        "--rule",
        "default-key,queue-without-key",
        "--param",
        "Key=alias/aws/sqs",
        "--format",
        "json",
    ]);
    assert_eq!(messages(&known, "warnings"), Vec::<String>::new());
    assert!(findings(&known).iter().any(|f| f.starts_with("default-key")), "{}", known.stdout);
    assert!(findings(&known).iter().any(|f| f.contains("the default key")), "{}", known.stdout);
}

#[test]
fn a_condition_that_does_not_fit_is_a_problem() {
    let rule = "id: odd\ntitle: odd\nselect: {types: AWS::SQS::Queue}\ncondition: properties.Missing == 1\n";
    let project = Project::with("template.yaml", TEMPLATE).file("policies/odd.yaml", rule);
    let ran = project.run(&["check", "--rules", "policies", "--rule", "odd", "--format", "json"]);
    let problems = messages(&ran, "problems");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("there is no `Missing`, 2 times"), "{problems:?}");
    assert_eq!(ran.json()["problems"][0]["file"], "policies/odd.yaml");
}

#[test]
fn runaway_rules_end_and_the_others_go_on() {
    let endless = "package tidegate.endless\nimport rego.v1\ndeny contains \"x\" if {\n  \
                   some a in numbers.range(1, 4000)\n  some b in numbers.range(1, 4000)\n  \
                   some c in numbers.range(1, 4000)\n  ((a * b) * c) == -1\n}\n";
    let mut hungry = "package tidegate.hungry\nimport rego.v1\n".to_string();
    hungry.push_str("s0 := \"0123456789abcdef\"\n");
    for n in 1..=34 {
        hungry.push_str(&format!("s{n} := concat(\"\", [s{0}, s{0}])\n", n - 1));
    }
    hungry.push_str("deny contains \"x\" if count(s34) == 1\n");
    let busy = "id: busy\ntitle: busy\ncondition: >-\n  [1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, \
                [1,2,3,4,5,6,7,8,9].all(c, [1,2,3,4,5,6,7,8,9].all(d, [1,2,3,4,5,6,7,8,9].all(e, \
                [1,2,3,4,5,6,7,8,9].all(f, [1,2,3,4,5,6,7,8,9].all(g, [1,2,3,4,5,6,7,8,9].all(h, a + h > 0))))))))\n";
    let project = project()
        .file("policies/endless.rego", endless)
        .file("policies/hungry.rego", &hungry)
        .file("policies/busy.yaml", busy);
    let rules = "endless,hungry,busy,queue-without-key,OPS-12";
    let ran = project.run(&["check", "--rule", rules, "--format", "json"]);
    let problems = messages(&ran, "problems");
    let said =
        |id: &str, what: &str| problems.iter().any(|p| p.contains(&format!("`{id}`")) && p.contains(what));
    assert!(said("endless", "longer than 5 seconds"), "{problems:?}");
    assert!(said("hungry", if cfg!(target_os = "linux") { "of memory" } else { "" }), "{problems:?}");
    assert!(said("busy", "more work or memory"), "{problems:?}");
    let found = findings(&ran);
    assert!(found.iter().any(|f| f.starts_with("queue-without-key")), "{found:?}");
    assert!(found.iter().any(|f| f.starts_with("queue-without-owner")), "{found:?}");
}

#[test]
fn hostile_files_are_refused() {
    let deep = format!("id: deep\ntitle: t\ncondition: \"{}1{}\"\n", "(".repeat(3000), ")".repeat(3000));
    let rego = format!("package tidegate\ndeny contains {} if true\n", "[".repeat(5000));
    for (name, text) in
        [("deep.yaml", deep.as_str()), ("deep.rego", rego.as_str()), ("x.yaml", "a: [\n"), ("y.yaml", "")]
    {
        let project = Project::with("template.yaml", TEMPLATE).file(format!("policies/{name}"), text);
        let ran = project.run(&["check", "--rules", "policies"]);
        assert_eq!(ran.code, Some(2), "{name}: {}", ran.all());
    }
}

#[test]
fn packs_are_switched_and_overridden() {
    let pack = "name = \"acme\"\nversion = \"1.2.0\"\nrules = [\"rules\"]\nprofile = [\"regulated\"]\n\
                severity = { queue-without-owner = \"critical\" }\n";
    let with = |more: &str| {
        Project::with("template.yaml", TEMPLATE)
            .file("policies/acme/pack.toml", pack)
            .file("policies/acme/rules/queues.yaml", FORM)
            .file("policies/acme/drafts/not-yet.yaml", "id: draft\ntitle: t\ncondition: 'true'\n")
            .file("tidegate.toml", &format!("[rules]\nload = [\"policies\"]\n{more}"))
    };
    let listed = |project: &Project| {
        let rules = project.run(&["check", "--list-rules", "--format", "json"]).json()["rules"].clone();
        let found = rules.as_array().unwrap().iter().find(|r| r["rule"] == "queue-without-owner").cloned();
        assert!(rules.as_array().unwrap().iter().all(|r| r["rule"] != "draft"));
        found.map(|r| format!("{} {}", r["severity"].as_str().unwrap(), r["profiles"]))
    };
    assert_eq!(listed(&with("")).as_deref(), Some("critical [\"regulated\"]"));
    assert!(with("").run(&["check", "--explain", "OPS-12"]).stdout.contains("acme 1.2.0"));
    let over = "[packs.acme]\nprofile = \"baseline\"\nseverity = { queue-without-owner = \"low\" }\n";
    assert_eq!(listed(&with(over)).as_deref(), Some("low [\"baseline\"]"));
    assert_eq!(listed(&with("[packs.acme]\noff = true\n")), None);
    let wrong = with("[packs.acne]\noff = true\n").run(&["check"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("did you mean `acme`?"), "{}", wrong.stderr);
    let odd = with("").file("policies/acme/pack.toml", "nam = 'x'\n").run(&["check"]);
    assert_eq!(odd.code, Some(2));
    assert!(odd.stderr.contains("did you mean `name`?"), "{}", odd.stderr);
}

#[test]
fn tests_beside_rules() {
    let rule = |extra: &str| {
        format!(
            "id: short\ntitle: t\npath: MessageRetentionPeriod\ncondition: value != null && value < 60\n{extra}"
        )
    };
    let bad = "Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {MessageRetentionPeriod: 5}}}\n";
    let good = "Resources: {Q: {Type: 'AWS::SQS::Queue'}}\n";
    let project = Project::new()
        .file("policies/short.yaml", &rule(""))
        .file("policies/good/a.yaml", good)
        .file("policies/bad/b.yaml", bad);
    let ran = project.run(&["check", "--test-rules", "policies"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "2 tests of 1 rule: 2 passed, 0 failed\n"),
        "{}",
        ran.all()
    );

    let project = project.file("policies/bad/c.yaml", good);
    let ran = project.run(&["check", "--test-rules", "policies"]);
    assert_eq!(ran.code, Some(10));
    assert_snapshot!(ran.stdout);

    let none = Project::with("policies/short.yaml", &rule("")).run(&["check", "--test-rules", "policies"]);
    assert_eq!(none.code, Some(10), "{}", none.all());
    assert!(none.stdout.contains("there are no tests"), "{}", none.stdout);

    let unknown = "tests:\n  pass: [\"{Parameters: {P: {Type: String}}, Resources: {Q: {Type: 'AWS::SQS::Queue', \
                   Properties: {MessageRetentionPeriod: {Ref: P}}}}}\"]\n";
    let ran =
        Project::with("policies/short.yaml", &rule(unknown)).run(&["check", "--test-rules", "policies"]);
    assert!(ran.stdout.contains("it can't be decided: it hangs on P"), "{}", ran.stdout);
}

#[test]
fn tests_in_rego() {
    let tests = "package tidegate.keys_test\n\nimport rego.v1\nimport data.tidegate.keys\n\n\
                 queue := {\"id\": \"q\", \"name\": \"q\", \"type\": \"AWS::SQS::Queue\", \"properties\": {}}\n\n\
                 test_found if count(keys.deny) == 1 with input as {\"resources\": [queue]}\n\n\
                 test_wrong if count(keys.deny) == 7 with input as {\"resources\": [queue]}\n";
    let project = project().file("policies/keys_test.rego", tests);
    let ran = project.run(&["check", "--test-rules", "policies/"]);
    assert_eq!(ran.code, Some(10));
    assert!(ran.stdout.contains("`test_wrong`: it is not true"), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 passed, 1 failed"), "{}", ran.stdout);
}

/// The examples of the guide are a folder of rules whose tests pass.
#[test]
fn the_guide_is_true() {
    let guide = include_str!("../../../../docs/guides/your-own-rules.md");
    let mut project = Project::new();
    let mut blocks = 0;
    for block in guide.split("```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').unwrap();
        let path = match (language, text.lines().next().unwrap().strip_prefix("# ")) {
            ("yaml", Some(path)) => path.to_string(),
            ("rego", _) => "policies/consumers.rego".to_string(),
            ("guard", _) if cfg!(feature = "guard-rules") => "policies/queues.guard".to_string(),
            ("toml", Some(_)) => {
                assert!(text.contains("[\"rules\"]"), "{text}");
                continue;
            }
            _ => continue,
        };
        blocks += 1;
        project = project.file(path, text);
    }
    assert!(blocks >= 3);
    let ran = project.run(&["check", "--test-rules", "policies"]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert!(!ran.stdout.contains("without a test") || cfg!(feature = "guard-rules"), "{}", ran.stdout);
}

#[test]
fn guard_needs_its_engine() {
    let guard = "rule SQS_KEY when Resources.*[ Type == 'AWS::SQS::Queue' ] !empty {\n  \
                 Resources.*[ Type == 'AWS::SQS::Queue' ].Properties.KmsMasterKeyId exists <<no key>>\n}\n\n\
                 rule DEFAULT_KEY {\n  Resources.*[ Type == 'AWS::SQS::Queue' ].Properties.KmsMasterKeyId != 'alias/aws/sqs'\n}\n";
    let project = Project::with("template.yaml", TEMPLATE).file("policies/keys.guard", guard);
    let ran = project.run(&["check", "--rules", "policies", "--format", "json"]);
    if !cfg!(feature = "guard-rules") {
        let problems = messages(&ran, "problems");
        assert!(problems.iter().any(|p| p.contains("--features guard-rules")), "{problems:?}");
        return;
    }
    let found = findings(&ran);
    assert!(found.iter().any(|f| f == "sqs-key template/Orders: no key"), "{found:?}");
    assert!(found.iter().all(|f| !f.starts_with("sqs-key template/Other")), "{found:?}");
    let warnings = messages(&ran, "warnings");
    assert!(
        warnings.iter().any(|w| w.starts_with("`default-key` can't be decided on `Other`")),
        "{warnings:?}"
    );
    let found = &ran.json()["findings"];
    let at = found.as_array().unwrap().iter().find(|f| f["rule"] == "sqs-key").unwrap();
    assert_eq!(at["location"]["line"], 7, "{at}");

    let tests = "- name: no key\n  input: {Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {}}}}\n  \
                 expectations: {rules: {SQS_KEY: FAIL, DEFAULT_KEY: FAIL}}\n- name: nothing\n  input: {Resources: {}}\n  \
                 expectations: {rules: {SQS_KEY: SKIP}}\n";
    let project = project.file("policies/tests/keys_tests.yaml", tests);
    let ran = project.run(&["check", "--test-rules", "policies"]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert!(ran.stdout.contains("3 passed, 0 failed"), "{}", ran.stdout);

    let broken =
        Project::with("template.yaml", TEMPLATE).file("policies/b.guard", "rule X {\n  Resources.*[ \n}\n");
    let ran = broken.run(&["check", "--rules", "policies"]);
    assert_eq!(ran.code, Some(2), "{}", ran.all());
    assert!(ran.stderr.contains("policies/b.guard"), "{}", ran.stderr);
}
