//! What `check` says, and how it ends.

use super::project::{CLOSED_URL, OPEN_URL, Project};
use insta::assert_snapshot;

#[test]
fn no_findings() {
    assert_snapshot!(Project::with("template.yaml", CLOSED_URL).run(&["check", "--rule", "TG-FN-009"]).all());
}

#[test]
fn a_finding_is_underlined_and_explained() {
    let project = Project::with("infra/template.yaml", OPEN_URL);
    assert_snapshot!(project.run(&["check", "infra", "--rule", "function-url-without-auth"]).all());
}

#[test]
fn a_finding_that_depends_on_a_parameter() {
    let text = "\
Parameters:
  Env: {Type: String, AllowedValues: [dev, prod], Default: prod}
Conditions:
  IsDev: !Equals [!Ref Env, dev]
Resources:
  Url:
    Type: AWS::Lambda::Url
    Properties:
      TargetFunctionArn: arn:aws:lambda:eu-west-1:123456789012:function:handler
      AuthType: !If [IsDev, NONE, AWS_IAM]
";
    let project = Project::with("template.yaml", text);
    let args = ["check", "--rule", "function-url-without-auth"];
    let ran = project.run(&args);
    assert_eq!(ran.code, Some(10));
    assert!(ran.stdout.contains("fails when Env=dev"), "{}", ran.stdout);
    // Fixed from outside it is decided.
    assert_eq!(project.run(&[&args[..], &["--param", "Env=prod"]].concat()).code, Some(0));
    let dev = project.run(&[&args[..], &["--param", "Env=dev"]].concat());
    assert_eq!(dev.code, Some(10));
    assert!(!dev.stdout.contains("fails when"), "{}", dev.stdout);
}

#[test]
fn fail_on_decides_between_clean_and_findings() {
    let project = Project::with("template.yaml", OPEN_URL);
    let code = |severity: &str| {
        project.run(&["check", "--rule", "function-url-without-auth", "--fail-on", severity]).code
    };
    assert_eq!(code("critical"), Some(0));
    assert_eq!(code("high"), Some(10));
    assert_eq!(code("info"), Some(10));
    assert_eq!(code("never"), Some(0));
    assert_eq!(project.run(&["check"]).code, Some(10), "high is the default");
}

#[test]
fn a_rule_can_be_left_out() {
    let project = Project::with("template.yaml", OPEN_URL);
    for name in ["function-url-without-auth", "TG-FN-009"] {
        let ran = project.run(&["check", "--format", "json", "--without", name]);
        assert!(!ran.stdout.contains("function-url-without-auth"), "{}", ran.stdout);
    }
}

#[test]
fn broken_yaml_is_a_problem_and_the_rest_is_checked() {
    let project =
        Project::with("broken.yaml", "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n  - nonsense: [\n")
            .file("template.yaml", OPEN_URL);
    let ran = project.run(&["check", "--rule", "function-url-without-auth"]);
    assert_snapshot!(ran.all());
}

#[test]
fn problems_do_not_change_the_exit_code() {
    let project =
        Project::with("broken.yaml", "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n  - nonsense: [\n");
    let ran = project.run(&["check"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.ends_with("no findings in what was read\n"), "{}", ran.stdout);
}

#[test]
fn many_findings_are_summed_up_on_one_screen() {
    let mut text = String::from("Resources:\n");
    for i in 0..80 {
        text.push_str(&format!(
            "  Url{i}:\n    Type: AWS::Lambda::Url\n    Properties: {{TargetFunctionArn: a, AuthType: NONE}}\n"
        ));
    }
    let project = Project::with("template.yaml", &text);
    let ran = project.run(&["check", "--rule", "function-url-without-auth"]);
    assert_snapshot!(ran.all());
    let full = project.run(&["check", "--rule", "function-url-without-auth", "--full"]);
    assert_eq!(full.stdout.matches("high[function-url-without-auth]").count(), 80);
}

#[test]
fn wide_tabbed_and_foreign_lines_stay_readable() {
    let long = format!(
        "{{\"Resources\": {{\"Größe\": {{\"Type\": \"AWS::SNS::Topic\", \"Metadata\": {{\"x\": \"{}\"}}}},\t\"Url\": {{\"Type\": \
         \"AWS::Lambda::Url\", \"Properties\": {{\"TargetFunctionArn\": \"a\", \"AuthType\": \"NONE\"}}}}, \"Z\": {{\"Type\": \
         \"AWS::SNS::Topic\", \"Metadata\": {{\"x\": \"{}\"}}}}}}}}",
        "ä".repeat(5000),
        "z".repeat(5000)
    );
    let ran = Project::with("template.json", &long).run(&["check", "--rule", "function-url-without-auth"]);
    assert_eq!(ran.code, Some(10), "{}", ran.all());
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 130), "{}", ran.stdout);
    assert!(ran.stdout.contains("\"AuthType\": \"NONE\""), "{}", ran.stdout);
    let column = long.chars().take_while(|c| *c != '\t').count();
    let place = ran.stdout.lines().find(|l| l.contains("--> template.json:1:")).unwrap();
    let shown: usize = place.rsplit(':').next().unwrap().parse().unwrap();
    assert!(shown > column && shown < column + 120, "{place}, tab at {column}");
}

#[test]
fn secrets_are_not_spread_by_excerpts() {
    let text = "Resources:\n  Url: {Type: AWS::Lambda::Url, Metadata: {DbPassword: hunter2}, Properties: {AuthType: NONE}}\n";
    let ran = Project::with("template.yaml", text).run(&["check", "--rule", "function-url-without-auth"]);
    assert_eq!(ran.code, Some(10));
    assert!(ran.stdout.contains("DbPassword: ****") && !ran.stdout.contains("hunter2"), "{}", ran.stdout);
    let column = text.lines().nth(1).unwrap().find("AuthType").unwrap() + 1;
    assert!(ran.stdout.contains(&format!("template.yaml:2:{column}\n")), "{}", ran.stdout);
}

#[test]
fn explain_shows_the_page_by_id_and_by_alias() {
    let project = Project::new();
    let ran = project.run(&["check", "--explain", "function-url-without-auth"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.starts_with("# ") && ran.stdout.contains("\n## Why it matters\n"), "{}", ran.stdout);
    assert_eq!(project.run(&["check", "--explain", "TG-FN-009"]).stdout, ran.stdout);
}

#[test]
fn the_list_of_rules_holds_every_profile() {
    let ran = Project::new().run(&["check", "--list-rules"]);
    assert_eq!(ran.code, Some(0));
    let line = ran.stdout.lines().find(|l| l.starts_with("function-url-without-auth ")).unwrap();
    assert_eq!(
        line.split_whitespace().collect::<Vec<_>>(),
        ["function-url-without-auth", "high", "TG-FN-009", "baseline"]
    );
}

#[test]
fn a_folder_where_a_file_is_expected_is_no_harm() {
    let project = Project::with("template.yaml", CLOSED_URL)
        .file("samtemplate.yaml/inner.txt", "x")
        .file("main.tf/x.txt", "x");
    let ran = project.run(&["check", "--rule", "function-url-without-auth", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert_eq!(ran.json()["coverage"]["resources"], 1);
}

#[cfg(unix)]
#[test]
fn a_file_without_permission_is_a_problem() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::with("template.yaml", CLOSED_URL).file("locked.yaml", OPEN_URL);
    let locked = project.path("locked.yaml");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read(&locked).is_ok() {
        eprintln!("SKIPPED: this user may read files without permission (root), so there is nothing to see");
        return;
    }
    let ran = project.run(&["check", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    assert_eq!(ran.json()["problems"][0]["file"], "locked.yaml");
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf8_are_read() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let name = OsStr::from_bytes(b"tempor\xe4r.yaml");
    let project = Project::new().file(name, OPEN_URL);
    let ran = project.run(&["check", "--rule", "function-url-without-auth"]);
    assert_eq!(ran.code, Some(10), "{}", ran.all());
    assert!(ran.stdout.contains("--> tempor\u{fffd}r.yaml:"), "{}", ran.stdout);
    let alone = project.run(&[OsStr::new("check"), name]);
    assert_eq!(alone.code, Some(10), "{}", alone.all());
}
