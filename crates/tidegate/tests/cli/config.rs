//! `tidegate.toml`.

use super::project::{OPEN_URL, Project};
use insta::assert_snapshot;

#[test]
fn it_is_found_above_what_is_read() {
    let project = Project::with("a/b/template.yaml", OPEN_URL).file("tidegate.toml", "fail-on = \"never\"\n");
    assert_eq!(project.run(&["check", "a/b"]).code, Some(0));
    assert_eq!(project.run(&["check", "a/b/template.yaml"]).code, Some(0));
    assert_eq!(project.run(&["check", "a/b", "--fail-on", "high"]).code, Some(10), "the command line wins");
}

#[test]
fn it_is_not_looked_for_beyond_the_work_tree() {
    let project =
        Project::with("inner/template.yaml", OPEN_URL).file("tidegate.toml", "fail-on = \"never\"\n");
    std::fs::create_dir(project.path("inner/.git")).unwrap();
    assert_eq!(project.run(&["check", "inner"]).code, Some(10));
    assert_eq!(project.run(&["check", "inner", "--config", "tidegate.toml"]).code, Some(0));
}

#[test]
fn its_errors_are_underlined() {
    let text = "# ours\nprofil = \"baseline\"\nfail-on = \"hgih\"\n\n[rules]\noff = [\"function-url-without-auht\", 3]\n";
    let project = Project::with("template.yaml", OPEN_URL).file("tidegate.toml", text);
    assert_snapshot!(project.run(&["check"]).all());
}

#[test]
fn broken_toml_is_underlined() {
    let project = Project::with("template.yaml", OPEN_URL)
        .file("tidegate.toml", "stage = \"prod\"\nexclude = [\"a\"\n");
    assert_snapshot!(project.run(&["graph"]).all());
}

#[test]
fn a_missing_file_that_was_named() {
    let ran = Project::with("template.yaml", OPEN_URL).run(&["check", "--config", "other.toml"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(2), "error: there is no file `other.toml`\n"));
}

#[test]
fn rules_and_profiles() {
    let project = Project::with("template.yaml", OPEN_URL)
        .file("tidegate.toml", "profile = \"all\"\n[rules]\noff = \"TG-FN-009\"\n");
    let ran = project.run(&["check", "--format", "json"]);
    assert!(!ran.stdout.contains("function-url-without-auth"), "{}", ran.stdout);
    let asked = project.run(&["check", "--rule", "TG-FN-009", "--format", "json"]);
    assert!(
        asked.stdout.contains("function-url-without-auth"),
        "asked for by name it runs: {}",
        asked.stdout
    );
}

#[test]
fn excluded_files_are_not_looked_for() {
    let project = Project::with("infra/vendor/template.yaml", OPEN_URL)
        .file("infra/vendor/broken.yaml", "Resources:\n  A: [\n")
        .file("infra/own.yaml", OPEN_URL)
        .file("tidegate.toml", "exclude = [\"infra/vendor\"]\n");
    for folder in ["infra", "."] {
        let ran = project.run(&["check", folder, "--rule", "function-url-without-auth"]);
        assert_eq!(ran.code, Some(10));
        assert!(ran.stdout.contains("in 1 file ("), "{}", ran.stdout);
        assert!(
            ran.stdout.contains("what `exclude` of tidegate.toml fits was not looked for"),
            "{}",
            ran.stdout
        );
        assert!(ran.stdout.contains("infra/own.yaml") && !ran.stdout.contains("vendor"), "{}", ran.stdout);
    }
    // A file that is named is meant.
    let ran = project.run(&["check", "infra/vendor/template.yaml"]);
    assert_eq!(ran.code, Some(10), "{}", ran.stdout);
}

#[test]
fn what_is_drawn_in_from_an_excluded_folder_is_read_and_counted() {
    let parent = "\
Resources:
  Nested:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: vendor/child.yaml}
";
    let project = Project::with("parent.yaml", parent)
        .file("vendor/child.yaml", OPEN_URL)
        .file("tidegate.toml", "exclude = \"vendor\"\n");
    let ran = project.run(&["check", "--rule", "function-url-without-auth"]);
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stdout.contains("1 finding in files that are excluded, but drawn in by others, not shown"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_parameter_that_nothing_has_is_a_warning() {
    let text = OPEN_URL.replace("Resources:", "Parameters:\n  Environment: {Type: String}\nResources:");
    let project = Project::with("template.yaml", &text);
    let ran = project.run(&["check", "--param", "Enviroment=prod"]);
    assert_eq!(
        ran.stderr.lines().next(),
        Some("warning: nothing that was read has a parameter `Enviroment`")
    );
    assert_eq!(project.run(&["check", "--param", "Environment=prod"]).stderr, "");
    assert_eq!(project.run(&["check", "--quiet", "--param", "Nothing=prod"]).stderr, "");
}

#[test]
fn parameters_decide_conditions() {
    let text = "\
Parameters:
  Env: {Type: String}
Conditions:
  IsDev: !Equals [!Ref Env, dev]
Resources:
  Url:
    Type: AWS::Lambda::Url
    Condition: IsDev
    Properties: {TargetFunctionArn: a, AuthType: NONE}
";
    let project =
        Project::with("template.yaml", text).file("tidegate.toml", "[parameters]\nEnv = \"prod\"\n");
    let args = ["check", "--rule", "function-url-without-auth"];
    assert_eq!(project.run(&args).code, Some(0));
    assert_eq!(project.run(&[&args[..], &["--param", "Env=dev"]].concat()).code, Some(10));
}
